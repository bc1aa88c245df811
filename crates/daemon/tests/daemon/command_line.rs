//! The binary as a clinic meets it: exit codes, the daemon driven through standard input, how it stops.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio},
};

use tempfile::TempDir;

/// A folder with the shipped rules and a configuration that takes a free port.
pub fn clinic() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    afterrun::shipped::write_to(&folder.path().join("rules")).unwrap();
    fs::write(folder.path().join("afterrun.ron"), "Config(listen: \"127.0.0.1:0\")").unwrap();
    folder
}

pub fn afterrun(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_afterrun")).current_dir(folder).args(arguments).output().unwrap()
}

pub fn check(folder: &Path, arguments: &[&str], code: i32, says: &[&str]) {
    let output = afterrun(folder, arguments);
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{said}");
    for words in says {
        assert!(said.contains(words), "{arguments:?} does not say `{words}`:\n{said}");
    }
}

#[test]
fn exit_codes_say_how_it_went() {
    let clinic = clinic();
    let folder = clinic.path();
    check(folder, &["check"], 0, &["0 errors"]);
    check(folder, &["check", "--format", "json"], 0, &["["]);
    check(folder, &["test"], 0, &["all as written"]);
    check(folder, &["check", "nowhere"], 2, &["nowhere"]);
    check(folder, &["check", "--explain", "unknown-message"], 0, &["message"]);
    check(folder, &["check", "--explain", "no-such"], 2, &["no finding is called `no-such`"]);
    check(folder, &["fly"], 2, &["unrecognized subcommand"]);
    check(folder, &["patient", "show", "nobody@example.org"], 2, &["no runner is enrolled"]);
    let flags = folder.join("rules/red-flags.ron");
    let sound = fs::read_to_string(&flags).unwrap();
    fs::write(&flags, sound.replace("after_days: 3, min_reports: 2", "after_days: 4, min_reports: 2"))
        .unwrap();
    check(folder, &["test"], 1, &["not as written", "day by day"]);
    fs::write(&flags, sound.replace("send: \"pain-heads-up\"", "send: \"pain-headsup\"")).unwrap();
    check(
        folder,
        &["check"],
        1,
        &["error[unknown-message]", "rules/red-flags.ron:", "did you mean `pain-heads-up`?"],
    );
    fs::write(folder.join("afterrun.ron"), "(\n  lisen: 1,\n)").unwrap();
    check(folder, &["serve"], 2, &["there is no field `lisen` here"]);
}

#[test]
fn what_a_clinician_enters_is_explained() {
    let clinic = clinic();
    let on = |day: u32, arguments: &[&str], code: i32, says: &[&str]| {
        let now = format!("2026-05-{day:02}T14:00:00Z");
        check(clinic.path(), &[arguments, &["--now", &now]].concat(), code, says);
    };
    on(4, &["patient", "add", "--name", "Zoe Berg", "--email", "zoe@example.org", "--confirmed"], 0, &[]);
    let pain = ["answer", "add", "zoe@example.org", "--value", "feeling=pain", "--value", "worst_pain=5"];
    for day in 5..=7 {
        on(day, &pain, 0, &[]);
    }
    on(
        7,
        &["why", "zoe@example.org", "pain-lasting"],
        0,
        &["day 2", "worst pain 5", "stage `heads-up` still needs"],
    );
    on(8, &pain, 0, &["patient/stage/pain-lasting/heads-up/2026-05-08"]);
    on(8, &["why", "zoe@example.org", "no-such"], 2, &["no flag is called `no-such`"]);
    on(8, &["work", "list"], 0, &["Zoe Berg"]);
    on(8, &["message", "list", "zoe@example.org"], 0, &["patient/stage/pain-lasting/heads-up/2026-05-08"]);
    on(8, &["describe", "pain-lasting"], 0, &["3 calendar days after the first report"]);
    on(8, &["answer", "add", "zoe@example.org", "--value", "worst_pain=11"], 2, &["11 is outside 0 to 10"]);
    on(
        8,
        &["run", "add", "zoe@example.org", "--distance", "5", "--started", "2026-05-08T06:00"],
        2,
        &["miles or kilometres"],
    );
}

#[test]
fn a_replay_prints_every_decision() {
    let clinic = clinic();
    let chart = r#"{"patient": {"id": "p1", "time_zone": "Europe/London", "enrolled_at": "2026-03-20T09:00:00Z"},
        "events": [{"at": "2026-03-27T10:05:00Z", "run": {"id": "r1", "started_at": "2026-03-27T08:00:00Z",
        "distance_m": 21097, "kind": {"race": "half-marathon"}}}], "until": "2026-03-27T12:00:00Z"}"#;
    fs::write(clinic.path().join("chart.json"), chart).unwrap();
    let plan = r#"{"at":"2026-03-27T10:05:00Z","do":"send","message":"recovery-plan""#;
    check(clinic.path(), &["replay", "chart.json", "--format", "jsonl"], 0, &[plan]);
    fs::write(clinic.path().join("chart.json"), chart.replace("\"until\"", "\"untill\"")).unwrap();
    check(clinic.path(), &["replay", "chart.json"], 2, &["chart.json", "untill"]);
}

/// The daemon, its clock driven by the test.
pub struct Daemon {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    address: String,
}

impl Daemon {
    pub fn start(folder: &Path, clock: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_afterrun"))
            .current_dir(folder)
            .args(["serve", "--clock", clock])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut daemon = Self { child, input, output, address: String::new() };
        daemon.address = daemon.line().strip_prefix("listening on http://").unwrap().to_owned();
        daemon
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    pub fn say(&mut self, line: &str) -> String {
        writeln!(self.input, "{line}").unwrap();
        self.line()
    }

    pub fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

fn mails(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder.join("data/mail/new")).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names.iter().map(|name| fs::read_to_string(name).unwrap()).collect()
}

#[test]
fn a_name_that_no_header_can_carry_is_refused() {
    let clinic = clinic();
    for (name, language) in [("Zoe\nBcc: all@example.org", "en"), ("Zoe\u{7}", "en"), ("Zoe", "en\r\nX: y")] {
        let add = ["patient", "add", "--name", name, "--email", "zoe@example.org", "--language", language];
        check(clinic.path(), &add, 2, &[]);
    }
    check(clinic.path(), &["patient", "list"], 0, &[]);
}

#[test]
fn nothing_about_health_is_sent_before_the_address_is_confirmed() {
    let clinic = clinic();
    let now = ["--now", "2026-05-04T14:00:00Z"];
    let add = ["patient", "add", "--name", "Zoe Berg", "--email", "zoe@example.org"];
    check(clinic.path(), &[&add[..], &now].concat(), 0, &[]);
    let run = ["run", "add", "zoe@example.org", "--race", "half-marathon", "--started", "2026-05-04T06:00"];
    check(clinic.path(), &[&run[..], &now].concat(), 0, &[]);
    let mut daemon = Daemon::start(clinic.path(), "stdin");
    for instant in ["2026-05-04T14:00:00Z", "2026-05-05T13:00:00Z", "2026-05-06T13:00:00Z"] {
        assert_eq!(daemon.say(instant), format!("settled {instant}"));
    }
    let mails = mails(clinic.path());
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(mails[0].contains("Subject: Please confirm your email address"), "{}", mails[0]);
    assert!(mails[0].contains(&format!("http://{}/a/", daemon.address)) || mails[0].contains("/a/"));
    for word in ["recover", "pain", "injur", "half marathon", "rest"] {
        assert!(!mails[0].to_lowercase().contains(&format!(" {word}")), "`{word}` in {}", mails[0]);
    }
}

#[test]
fn standard_input_drives_the_clock_and_the_rules() {
    let clinic = clinic();
    let mut daemon = Daemon::start(clinic.path(), "stdin");
    assert!(daemon.get("/healthz").ends_with("ok\n"));
    assert_eq!(daemon.say("2026-05-04T14:00:00Z"), "settled 2026-05-04T14:00:00Z");
    assert!(daemon.get("/readyz").contains("\"ready\":true"));
    let reloaded = daemon.say("reload");
    assert!(reloaded.starts_with("reloaded ") && reloaded.len() == "reloaded ".len() + 12, "{reloaded}");
    fs::write(clinic.path().join("rules/red-flags.ron"), "RedFlags(flags: [").unwrap();
    assert_eq!(daemon.say("reload"), "rejected");
    assert!(daemon.get("/readyz").contains("\"rules_edit_rejected\":true"));
    assert!(daemon.say("tomorrow").starts_with("error: `tomorrow`"));
    assert_eq!(daemon.say("2026-05-04T15:00:00Z"), "settled 2026-05-04T15:00:00Z", "it goes on");
    let Daemon { mut child, input, .. } = daemon;
    drop(input);
    assert!(child.wait().unwrap().success(), "ends with its input");
}

#[test]
fn a_second_daemon_is_refused_and_the_first_stops_when_told() {
    let clinic = clinic();
    let mut daemon = Daemon::start(clinic.path(), "system");
    check(clinic.path(), &["serve"], 2, &["another afterrun uses"]);
    let told = Command::new("kill").arg(daemon.child.id().to_string()).status().unwrap();
    assert!(told.success());
    assert!(daemon.child.wait().unwrap().success());
}
