//! A Postfix of the test's own: its configuration, queue and mailboxes lie in a temporary folder, it listens on a
//! free port of the loopback interface, and dropping it stops it and leaves nothing.
//!
//! It takes mail for the example domains and delivers all of it to one Maildir; an address that begins with
//! `gone` does not exist. It takes mail for `elsewhere.example` too and then finds that nobody there wants it, as a
//! relay does: it comes back. What comes back to us it hands to the script that [`Postfix::hand_bounces_to`] wrote.
//! It passes nothing on to anybody.

use std::{
    fs::{self, Permissions},
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// Where Debian has the program.
const PROGRAM: &str = "/usr/sbin/postfix";

/// Ports tried: between finding a free one and Postfix taking it another test may be faster.
const PORTS_TRIED: u32 = 10;

/// How long a delivery may take. Only ever waited for in full when something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// Pause between two looks into the Maildir: there is nothing else to wait on.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What Postfix must run to take mail and to deliver it (master(5)); nothing that reaches another host.
const SERVICES: &str = "\
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
";

/// The user whose rights the bounce script has; Postfix refuses to run one as root.
pub const BOUNCE_USER: &str = "nobody";

/// A running Postfix.
#[derive(Debug)]
pub struct Postfix {
    folder: TempDir,
    port: u16,
}

/// Why there is none.
#[must_use]
pub fn missing() -> Option<&'static str> {
    if !Path::new(PROGRAM).exists() {
        return Some("Postfix is not installed");
    }
    let is_root = fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0);
    (!is_root).then_some("Postfix can be started by root alone")
}

impl Postfix {
    /// Starts one.
    ///
    /// # Panics
    ///
    /// It does not start.
    #[must_use]
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut postfix = Self { folder, port: 0 };
        let mut said = String::new();
        for _ in 0..PORTS_TRIED {
            let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
            postfix.port = free.expect("a free port").port();
            postfix.configure();
            match postfix.command("start") {
                Ok(()) => return postfix,
                Err(why) => said = format!("{why}\n{}", postfix.log()),
            }
        }
        assert_eq!(said, "", "Postfix does not start");
        postfix
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits until so many mails are in the Maildir and returns all that are, in order of arrival, as the
    /// bytes a mail client reads.
    ///
    /// # Panics
    ///
    /// Fewer arrive.
    #[must_use]
    pub fn mails(&self, count: usize) -> Vec<Vec<u8>> {
        let since = Instant::now();
        loop {
            let mut paths = self.delivered();
            if paths.len() >= count {
                // Maildir names begin with the second and the microsecond of the delivery.
                paths.sort();
                return paths.iter().filter_map(|path| fs::read(path).ok()).collect();
            }
            let late = since.elapsed() > PATIENCE;
            assert!(!late, "{} of {count} mails have arrived\n{}", paths.len(), self.log());
            sleep(LOOK_EVERY);
        }
    }

    /// Hands what comes back to return paths to this shell script, one at a time on standard input, the address it came
    /// back to being `$1`. It runs as [`BOUNCE_USER`].
    ///
    /// # Panics
    ///
    /// It cannot be written.
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn hand_bounces_to(&self, script: &str) {
        fs::write(self.path("config/bounced"), script).expect("the script can be written");
    }

    /// Waits until its queue is empty.
    ///
    /// # Panics
    ///
    /// Something stays in it.
    pub fn wait_until_idle(&self) {
        let since = Instant::now();
        while self.queued() > 0 {
            assert!(since.elapsed() < PATIENCE, "{} mails stay in the queue\n{}", self.queued(), self.log());
            sleep(LOOK_EVERY);
        }
    }

    /// How many mails are in its queue, neither delivered nor returned.
    ///
    /// # Panics
    ///
    /// The queue cannot be read.
    #[must_use]
    pub fn queued(&self) -> usize {
        let folder = self.path("queue");
        let queues = ["maildrop", "incoming", "active", "deferred", "hold", "corrupt"];
        queues.iter().map(|queue| files_below(&folder.join(queue))).sum()
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log/mail")).unwrap_or_default()
    }

    fn path(&self, part: &str) -> PathBuf {
        self.folder.path().join(part)
    }

    fn delivered(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.path("mail/all/new")) else { return Vec::new() };
        entries.flatten().map(|entry| entry.path()).collect()
    }

    #[expect(clippy::expect_used, reason = "support code of tests")]
    fn configure(&self) {
        let open = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode));
        // Its processes run as other users, each of which has to get into its own part.
        open(self.folder.path(), 0o755).expect("the folder can be opened");
        for part in ["config", "queue", "data", "mail", "log"] {
            fs::create_dir_all(self.path(part)).expect("a folder");
        }
        std::os::unix::fs::chown(self.path("data"), Some(user_id("postfix")), None).expect("root may");
        let mailboxes = user_id("nobody");
        std::os::unix::fs::chown(self.path("mail"), Some(mailboxes), None).expect("root may");

        let base = self.folder.path().display();
        let main = format!(
            "compatibility_level = 3.6\n\
             queue_directory = {base}/queue\n\
             data_directory = {base}/data\n\
             maillog_file = {base}/log/mail\n\
             maillog_file_prefixes = {base}\n\
             inet_interfaces = 127.0.0.1\n\
             inet_protocols = ipv4\n\
             myhostname = mail.test.example\n\
             mydestination =\n\
             local_recipient_maps =\n\
             mynetworks = 127.0.0.0/8\n\
             smtpd_relay_restrictions = reject_unauth_destination\n\
             default_transport = error:this server passes nothing on\n\
             relay_transport = error:this server passes nothing on\n\
             alias_maps =\n\
             alias_database =\n\
             relay_domains = elsewhere.example\n\
             relay_recipient_maps =\n\
             transport_maps = regexp:{base}/config/transports\n\
             bounces_destination_recipient_limit = 1\n\
             virtual_mailbox_domains = runner.example, clinic.example\n\
             virtual_mailbox_base = {base}/mail\n\
             virtual_mailbox_maps = regexp:{base}/config/mailboxes\n\
             virtual_minimum_uid = 1\n\
             virtual_uid_maps = static:{mailboxes}\n\
             virtual_gid_maps = static:{mailboxes}\n"
        );
        let bounces = format!(
            "bounces unix - n n - 1 pipe\n    \
             flags=RX user={BOUNCE_USER} argv=/bin/sh {base}/config/bounced ${{original_recipient}}\n\
             elsewhere unix - n n - - pipe\n    user={BOUNCE_USER} argv=/bin/sh {base}/config/elsewhere\n"
        );
        let master = format!("127.0.0.1:{} inet n - n - - smtpd\n{SERVICES}{bounces}", self.port);
        let mailboxes = "!/^gone/ all/\n";
        let transports = "/@elsewhere\\.example$/ elsewhere:\n/^b\\+/ bounces:\n";
        for (name, text) in [
            ("main.cf", main.as_str()),
            ("master.cf", &master),
            ("mailboxes", mailboxes),
            ("transports", transports),
            // EX_NOUSER of sysexits(3).
            ("elsewhere", "exit 67\n"),
        ] {
            fs::write(self.path("config").join(name), text).expect("the configuration can be written");
        }
    }

    /// A command of its own, such as `start`; waits until it is done.
    fn command(&self, word: &str) -> Result<(), String> {
        let mut command = Command::new(PROGRAM);
        let output = command.arg("-c").arg(self.path("config")).arg(word).output();
        let output = output.map_err(|why| why.to_string())?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(()) } else { Err(said) }
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // If it never started there is nothing to stop, and nobody is left to complain to.
        let _ = self.command("stop");
    }
}

/// A user's number.
///
/// # Panics
///
/// There is no such user.
#[must_use]
#[expect(clippy::expect_used, reason = "support code of tests")]
pub fn user_id(name: &str) -> u32 {
    let users = fs::read_to_string("/etc/passwd").expect("the list of users");
    let line = users.lines().find(|line| line.split(':').next() == Some(name));
    let number = line.and_then(|line| line.split(':').nth(2)).and_then(|number| number.parse().ok());
    number.expect("Debian's Postfix and base system bring these users")
}

fn files_below(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let count = |path: PathBuf| if path.is_dir() { files_below(&path) } else { 1 };
    entries.flatten().map(|entry| count(entry.path())).sum()
}
