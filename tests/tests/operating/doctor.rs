//! The doctor: a clinic that is well, and what it says of each ill.

use std::process::Output;

use afterrun_tests::{
    daemon::Clinic,
    smtp_server::{ServerOptions, SmtpServer},
    story::local,
};
use tokio::runtime::Runtime;

use super::sample::*;

const SECRET: &str = "correct-horse-battery";

struct Scene {
    clinic: Clinic,
    server: SmtpServer,
    _runtime: Runtime,
}

/// A clinic whose mail server asks for a login; its password file holds `password`.
fn scene(password: &str) -> Scene {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let account = Some(("afterrun".to_owned(), SECRET.to_owned()));
    let options = ServerOptions { account, ..ServerOptions::default() };
    let server = runtime.block_on(SmtpServer::start(options)).unwrap();
    let scene = Scene { clinic: Clinic::new(None), server, _runtime: runtime };
    let path = file(&scene.clinic, "password", format!("{password}\n"));
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    scene.configure("data", scene.server.port());
    scene
}

impl Scene {
    fn configure(&self, data: &str, port: u16) {
        file(
            &self.clinic,
            "afterrun.ron",
            format!(
                "(data: \"{data}\", base_url: \"https://runners.clinic.example\", from: (address: \"a@clinic.example\"), \
                 smtp: (host: \"127.0.0.1\", port: {port}, security: Plain, user: \"afterrun\", password_file: \"password\"))"
            ),
        );
    }

    fn doctor(&self, more: &[&str]) -> Output {
        let output = self.clinic.try_run(friday(), &[&["doctor"], more].concat());
        for secret in [SECRET, "a-wrong-password"] {
            assert!(!stdout(&output).contains(secret) && !stderr(&output).contains(secret));
        }
        output
    }

    /// What the doctor says of one topic: the verdict, the finding and the advice below it.
    fn says(&self, topic: &str) -> (Option<i32>, String) {
        let output = self.doctor(&[]);
        let text = stdout(&output);
        let lines: Vec<_> = text.lines().collect();
        let at = lines.iter().position(|line| line.get(9..).is_some_and(|rest| rest.starts_with(topic)));
        let at = at.unwrap_or_else(|| panic!("nothing on {topic}:\n{text}{}", stderr(&output)));
        let advice = lines.get(at + 1).filter(|line| line.contains(" -> ")).copied().unwrap_or_default();
        (output.status.code(), format!("{}\n{advice}", lines[at]))
    }
}

#[test]
fn a_clinic_that_is_well_is_told_so() {
    let scene = scene(SECRET);
    let output = scene.doctor(&["--send-to", "me@clinic.example"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    for expected in [
        "ok       configuration  afterrun.ron",
        "ok       password file",
        "-        database",
        ", not encrypted, logged in",
        "-        names          `clinic.example` is nobody's domain",
        "ok       test mail",
        "\n0 to fix, ",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert_eq!(scene.server.count_for("me@clinic.example"), 1);
    let patient = ["patient", "add", "--name", "Sam", "--email", "sam@runner.example"];
    scene.clinic.run(friday(), &patient);
    let (code, said) = scene.says("database");
    assert!(said.starts_with("ok ") && code == Some(0), "{said}");
}

#[test]
fn each_ill_is_named_with_what_to_do() {
    let check = |topic: &str, expected: &[&str], make: &dyn Fn(&Scene)| {
        let scene = scene(SECRET);
        make(&scene);
        let (code, said) = scene.says(topic);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.starts_with("bad "), "{said}");
        for words in expected {
            assert!(said.contains(words), "{words}: {said}");
        }
    };
    check("mail server", &["refused", "is the server running"], &|scene| {
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        scene.configure("data", port);
    });
    check("mail server", &["535", "user and password"], &|scene| {
        file(&scene.clinic, "password", "a-wrong-password\n");
    });
    check("mail server", &["password", "LoadCredential"], &|scene| {
        std::fs::remove_file(scene.clinic.folder().join("password")).unwrap();
    });
    check("data folder", &["cannot be written", "give the service's user"], &|scene| {
        // A file is in the way: even root cannot make a folder below it.
        scene.configure("password/data", scene.server.port());
    });
    check("database", &["damaged", "restore"], &|scene| {
        std::fs::create_dir(scene.clinic.folder().join("data")).unwrap();
        file(&scene.clinic, "data/afterrun.db", "");
    });
    check("rules", &["errors", "afterrun check"], &|scene| {
        std::fs::remove_file(scene.clinic.folder().join("rules/messages/check-in.md")).unwrap();
    });
    check("configuration", &["base_url"], &|scene| {
        let port = scene.server.port();
        file(
            &scene.clinic,
            "afterrun.ron",
            format!("(smtp: (host: \"127.0.0.1\", port: {port}, security: Plain))"),
        );
    });
    check("clock", &["recorded at 2026-03-28", "timedatectl"], &|scene| {
        scene.clinic.run(local("2026-03-28", "10:00"), &["hold", "the clock was ahead"]);
    });
}

#[test]
fn what_others_can_read_is_told() {
    let scene = scene(SECRET);
    let password = scene.clinic.folder().join("password");
    std::fs::set_permissions(password, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let (code, said) = scene.says("password file");
    assert_eq!(code, Some(0));
    assert!(said.starts_with("warning ") && said.contains("chmod 600"), "{said}");
}
