//! The real binary, driven as an operator and a runner would, on a clock the test sets.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Output, Stdio},
    sync::{OnceLock, mpsc},
    time::Duration,
};

use afterrun_store::{Options, Sqlite};
use chrono::{DateTime, SecondsFormat, Utc};
use tempfile::TempDir;

/// The longest a step of the daemon may take before the test gives up on it. Only ever waited for in full when
/// something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// The path of the `afterrun` binary, which cargo builds together with the tests.
///
/// # Panics
///
/// The test does not lie where cargo puts tests.
#[must_use]
#[expect(clippy::expect_used, reason = "support code of tests")]
pub fn binary() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let test = std::env::current_exe().expect("the test knows its own path");
        let profile = test.ancestors().nth(2).expect("tests lie in target/<profile>/deps");
        profile.join("afterrun-under-test")
    })
}

/// The shipped rule pack.
#[must_use]
pub fn shipped_rules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules")
}

/// Copies a folder.
///
/// # Panics
///
/// It cannot be copied.
#[expect(clippy::expect_used, reason = "support code of tests")]
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder can be made");
    for entry in std::fs::read_dir(from).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("the file can be copied");
        }
    }
}

/// A clinic on disk: rules, configuration, database. Outlives the daemons that serve it.
pub struct Clinic {
    folder: TempDir,
}

impl Clinic {
    /// A clinic with the shipped rules whose mail goes to a server on this port; without one it is captured.
    ///
    /// # Panics
    ///
    /// Its folder cannot be written.
    #[must_use]
    pub fn new(smtp_port: Option<u16>) -> Self {
        Self::configured(&smtp_port.map_or_else(String::new, plain_smtp))
    }

    /// A clinic with the shipped rules and these fields in its configuration, beside its folders and its sender.
    ///
    /// # Panics
    ///
    /// Its folder cannot be written.
    #[must_use]
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn configured(fields: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        copy_folder(&shipped_rules(), &folder.path().join("rules"));
        let config = format!(
            "(data: \"data\", rules: \"rules\", listen: \"127.0.0.1:0\", {fields} \
             from: (address: \"checkin@clinic.example\"))"
        );
        std::fs::write(folder.path().join("afterrun.ron"), config).expect("the configuration can be written");
        Self { folder }
    }

    /// Changes a file of the clinic: every place where it says `from`.
    ///
    /// # Panics
    ///
    /// It says so nowhere.
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.folder.path().join(file);
        let text = std::fs::read_to_string(&path).expect("the file can be read");
        assert!(text.contains(from), "{file} nowhere says `{from}`");
        std::fs::write(&path, text.replace(from, to)).expect("the file can be written");
    }

    /// Its database, opened beside the daemon as a command does.
    ///
    /// # Panics
    ///
    /// It cannot be opened.
    #[must_use]
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn store(&self) -> Sqlite {
        Sqlite::open(&self.folder.path().join("data/afterrun.db"), Options::tool())
            .expect("the database opens")
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a command as the operator would, at an instant.
    ///
    /// # Panics
    ///
    /// It cannot be run, or fails.
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn run(&self, at: DateTime<Utc>, arguments: &[&str]) -> String {
        let output = self.try_run(at, arguments);
        assert!(
            output.status.success(),
            "afterrun {arguments:?}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("output is UTF-8").trim().to_owned()
    }

    /// As `run`, whatever comes of it.
    ///
    /// # Panics
    ///
    /// It cannot be run.
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn try_run(&self, at: DateTime<Utc>, arguments: &[&str]) -> Output {
        let mut command = Command::new(binary());
        command.current_dir(self.folder.path()).arg("--now").arg(text(at)).args(arguments);
        command.output().expect("the binary runs")
    }

    /// As `try_run`, with this on standard input.
    ///
    /// # Panics
    ///
    /// It cannot be run.
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn run_with_input(&self, at: DateTime<Utc>, arguments: &[&str], input: &[u8]) -> Output {
        let mut command = Command::new(binary());
        command.current_dir(self.folder.path()).arg("--now").arg(text(at)).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        // A command that refuses early reads nothing.
        let _ = child.stdin.take().expect("its input is piped").write_all(input);
        child.wait_with_output().expect("it ends")
    }

    /// Starts the daemon on a clock that the test sets.
    ///
    /// # Panics
    ///
    /// It does not say where it listens.
    #[must_use]
    pub fn serve(&self) -> Daemon {
        self.serve_with(&[])
    }

    /// Starts the daemon on a clock that the test sets, with these environment variables.
    ///
    /// # Panics
    ///
    /// It does not say where it listens.
    #[must_use]
    pub fn serve_with(&self, variables: &[(&str, &str)]) -> Daemon {
        self.start(&["--clock", "stdin"], variables)
    }

    /// Starts the daemon on the machine's clock, as a clinic does.
    ///
    /// # Panics
    ///
    /// It does not say where it listens.
    #[must_use]
    pub fn serve_by_itself(&self) -> Daemon {
        self.start(&[], &[])
    }

    #[expect(clippy::expect_used, clippy::panic, reason = "support code of tests")]
    fn start(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Daemon {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .expect("the log can be written");
        let mut child = Command::new(binary())
            .current_dir(self.folder.path())
            .args(["serve", "--port", "0"])
            .args(arguments)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the daemon starts");
        let stdout = BufReader::new(child.stdout.take().expect("its output is piped"));
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let stdin = child.stdin.take().expect("its input is piped");
        let mut daemon = Daemon { child, stdin: Some(stdin), lines, address: String::new() };
        let listening = daemon.answer();
        let address = listening.strip_prefix("listening on ");
        daemon.address = address.unwrap_or_else(|| panic!("the daemon said `{listening}`")).to_owned();
        daemon
    }

    /// What the daemon has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// The configuration of a mail server on this port of the loopback interface.
fn plain_smtp(port: u16) -> String {
    format!("smtp: (host: \"127.0.0.1\", port: {port}, security: Plain),")
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// A running daemon. Dropping it kills it, as a power cut would.
pub struct Daemon {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: mpsc::Receiver<String>,
    /// Where it listens, such as `http://127.0.0.1:40123`.
    pub address: String,
}

impl Daemon {
    /// Sets the clock and waits until everything due by then is done.
    ///
    /// # Panics
    ///
    /// The daemon does not settle.
    pub fn at(&mut self, at: DateTime<Utc>) {
        self.begin(at);
        let answer = self.answer();
        assert_eq!(answer, format!("settled {}", text(at)));
    }

    /// Sets the clock and does not wait: what is due is being done when this returns.
    pub fn begin(&mut self, at: DateTime<Utc>) {
        self.tell(&text(at));
    }

    /// Whether it has said, since `begin`, that everything due is done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.lines.try_recv().is_ok()
    }

    /// Has the rules folder looked at; returns what the daemon says of it.
    pub fn reload(&mut self) -> String {
        self.ask("reload")
    }

    /// Stops it as a service manager would and waits for it; true if it ended well.
    ///
    /// # Panics
    ///
    /// It cannot be waited for.
    #[must_use]
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn stop(mut self) -> bool {
        self.stdin = None;
        self.child.wait().expect("the daemon ends").success()
    }

    /// Tells it to stop, as a service manager does, and does not wait.
    ///
    /// # Panics
    ///
    /// There is no shell to tell it with.
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn terminate(&self) {
        let told = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", self.child.id())).status();
        assert!(told.expect("a shell").success(), "the daemon is gone");
    }

    /// Kills it on the spot.
    pub fn kill(self) {
        drop(self);
    }

    fn ask(&mut self, line: &str) -> String {
        self.tell(line);
        self.answer()
    }

    #[expect(clippy::expect_used, reason = "support code of tests")]
    fn tell(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("the daemon runs");
        writeln!(stdin, "{line}").expect("the daemon reads");
    }

    #[expect(clippy::panic, reason = "support code of tests")]
    fn answer(&mut self) -> String {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(why) => panic!("the daemon gives no answer: {why}"),
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A page as a browser without JavaScript gets it.
#[derive(Clone, Debug)]
pub struct Page {
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: String,
}

impl Page {
    /// What the page says, without markup, cut to what fits into a failing test's message.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = String::new();
        let mut rest = self.body.split_once("<main").map_or(self.body.as_str(), |(_, main)| main);
        while let Some((_, after)) = rest.split_once('>') {
            let (text, markup) = after.split_once('<').unwrap_or((after, ""));
            words.push_str(text);
            words.push(' ');
            rest = markup;
        }
        words.split_whitespace().take(80).collect::<Vec<_>>().join(" ")
    }
}

/// Fetches a page.
///
/// # Panics
///
/// There is no answer at all.
#[must_use]
pub fn get(url: &str) -> Page {
    page(agent().get(url).call())
}

/// Posts a form.
///
/// # Panics
///
/// There is no answer at all.
#[must_use]
pub fn post(url: &str, fields: &[(&str, &str)]) -> Page {
    page(agent().post(url).send_form(fields.iter().copied()))
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build().into()
}

#[expect(clippy::expect_used, reason = "support code of tests")]
fn page(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Page {
    let mut answer = answer.expect("the daemon answers");
    let headers = answer.headers().iter();
    let headers = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    Page {
        status: answer.status().as_u16(),
        headers: headers.collect(),
        body: answer.body_mut().read_to_string().expect("the page is text"),
    }
}
