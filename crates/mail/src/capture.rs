//! A folder that takes mail instead of a server: for trying Afterrun out, for the demo, and for looking at what
//! would be sent. It is a Maildir, so any mail client can read it.
//!
//! A mail is written under `tmp/`, flushed to the disk and linked into `new/`, so a reader sees it whole or not at
//! all. Names are numbers in order of arrival: no clock and no host name are needed.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;

use crate::{
    outcome::{Outcome, Stage},
    transport::{Envelope, Gate, Transport},
    wire_form::check_wire_form,
};

/// Most bytes read from one file: far above any letter.
const READ_BYTES: u64 = 4 * 1024 * 1024;
/// How often a number that another process has just taken is tried again with the next.
const TAKEN: u32 = 10_000;

/// A Maildir that captures mail. Clones share the folder.
#[derive(Clone, Debug)]
pub struct CaptureFolder {
    path: PathBuf,
    next: Arc<AtomicU64>,
}

/// One captured mail in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturedMail {
    /// Its name, for `read`.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
}

impl CaptureFolder {
    /// Opens a folder, or makes it, readable by its owner alone.
    ///
    /// # Errors
    ///
    /// It cannot be made or read.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        for part in ["", "tmp", "new", "cur"] {
            DirBuilder::new().recursive(true).mode(0o700).create(path.join(part))?;
        }
        let folder = Self { path, next: Arc::default() };
        let last = folder.names()?.iter().filter_map(|name| number(name)).max().unwrap_or(0);
        folder.next.store(last.saturating_add(1), Ordering::Relaxed);
        Ok(folder)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The newest mails, newest first, `limit` at most.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn list(&self, limit: usize) -> io::Result<Vec<CapturedMail>> {
        let mut names = self.names()?;
        names.sort_by_key(|name| std::cmp::Reverse(number(name)));
        let mut list = Vec::new();
        for name in names.into_iter().take(limit) {
            // One that was deleted meanwhile is left out.
            if let Some(path) = self.find(&name)
                && let Ok(about) = fs::metadata(path)
            {
                list.push(CapturedMail { name, bytes: about.len() });
            }
        }
        Ok(list)
    }

    /// One mail as stored: the message with `Return-Path` and `Delivered-To` in front, as Maildirs have it. None
    /// if there is no mail of this name.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let Some(path) = self.find(name) else { return Ok(None) };
        let mut bytes = Vec::new();
        File::open(path)?.take(READ_BYTES).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Where the mail of this name lies; only names of our own form are looked up, so none leads elsewhere.
    fn find(&self, name: &str) -> Option<PathBuf> {
        number(name)?;
        ["new", "cur"].iter().map(|part| self.path.join(part).join(name)).find(|path| path.is_file())
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for part in ["new", "cur"] {
            for entry in fs::read_dir(self.path.join(part))? {
                names.extend(entry?.file_name().into_string().ok().filter(|name| number(name).is_some()));
            }
        }
        Ok(names)
    }

    fn store(&self, head: &[u8], bytes: &[u8]) -> Outcome {
        let failed = |error: io::Error| Outcome::NotSent {
            stage: Stage::Body,
            why: format!("the capture folder: {error}"),
        };
        let new = self.path.join("new");
        for _ in 0..TAKEN {
            let name = format!("{:012}.afterrun", self.next.fetch_add(1, Ordering::Relaxed));
            let waiting = self.path.join("tmp").join(&name);
            match write_new(&waiting, head, bytes) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => {
                    // Half a mail is of no use; if it cannot be removed either, no reader looks in `tmp`.
                    let _ = fs::remove_file(&waiting);
                    return failed(error);
                }
                Ok(()) => {}
            }
            // Unlike a rename, a link never replaces the mail of another process that took the same number.
            let linked = fs::hard_link(&waiting, new.join(&name));
            let removed = fs::remove_file(&waiting);
            match linked {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return failed(error),
                Ok(()) => {}
            }
            return match removed.and_then(|()| File::open(&new)?.sync_all()) {
                Ok(()) => Outcome::Accepted { said: format!("captured as {name}") },
                Err(error) => Outcome::Unknown { why: format!("the capture folder: {error}") },
            };
        }
        failed(io::Error::other("no free name in the folder"))
    }
}

/// A file that was not there before, on the disk when this returns.
fn write_new(path: &Path, head: &[u8], bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(head)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The number in a name of our own: twelve digits or more, `.afterrun`, and what a mail client adds behind a `:`.
fn number(name: &str) -> Option<u64> {
    let (digits, rest) = name.split_once('.')?;
    let flags = rest.strip_prefix("afterrun")?;
    let plain = flags.is_empty() || (flags.starts_with(":2,") && !flags.contains(['/', '\0']));
    if plain && digits.len() >= 12 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        digits.parse().ok()
    } else {
        None
    }
}

#[async_trait]
impl Transport for CaptureFolder {
    async fn deliver(&self, envelope: &Envelope, bytes: &[u8], gate: &mut dyn Gate) -> Outcome {
        if let Err(error) = check_wire_form(bytes) {
            return Outcome::NotSent { stage: Stage::Body, why: format!("the message {error}") };
        }
        if !gate.before_dot().await {
            return Outcome::NotSent { stage: Stage::Body, why: "held back at the last moment".to_owned() };
        }
        let head = format!("Return-Path: <{}>\r\nDelivered-To: {}\r\n", envelope.from(), envelope.to());
        let (folder, bytes) = (self.clone(), bytes.to_vec());
        let stored = tokio::task::spawn_blocking(move || folder.store(head.as_bytes(), &bytes)).await;
        stored.unwrap_or_else(|_| Outcome::Unknown {
            why: "the capture folder: writing was interrupted".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::transport::OpenGate;

    const MAIL: &[u8] = b"Subject: x\r\n\r\nhello\r\n";

    fn envelope() -> Envelope {
        Envelope::new("b+1@bounce.example", "zoe@example.org").unwrap()
    }

    struct Shut;

    #[async_trait]
    impl Gate for Shut {
        async fn before_dot(&mut self) -> bool {
            false
        }
    }

    #[tokio::test]
    async fn mails_are_kept_in_order_and_only_for_the_owner() {
        let place = tempfile::tempdir().unwrap();
        let folder = CaptureFolder::open(place.path().join("mail")).unwrap();
        for number in 1..=3 {
            let mail = format!("Subject: {number}\r\n\r\nhello\r\n");
            let outcome = folder.deliver(&envelope(), mail.as_bytes(), &mut OpenGate).await;
            assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome}");
        }
        let again = CaptureFolder::open(folder.path()).unwrap();
        again.deliver(&envelope(), MAIL, &mut OpenGate).await;

        let list = folder.list(3).unwrap();
        let names: Vec<&str> = list.iter().map(|mail| mail.name.as_str()).collect();
        assert_eq!(names, ["000000000004.afterrun", "000000000003.afterrun", "000000000002.afterrun"]);
        let newest = folder.read(names[0]).unwrap().unwrap();
        let head = "Return-Path: <b+1@bounce.example>\r\nDelivered-To: zoe@example.org\r\n";
        assert_eq!(newest, [head.as_bytes(), MAIL].concat());
        assert_eq!(list[0].bytes, newest.len() as u64);

        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(folder.path()), 0o700);
        assert_eq!(mode(&folder.path().join("new")), 0o700);
        assert_eq!(mode(&folder.path().join("new").join(names[0])), 0o600);
        assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn two_writers_share_a_folder_without_loss() {
        let place = tempfile::tempdir().unwrap();
        let one = CaptureFolder::open(place.path()).unwrap();
        let two = CaptureFolder::open(place.path()).unwrap();
        let to = envelope();
        for number in 0..20 {
            let [left, right] =
                ["left", "right"].map(|side| format!("Subject: {side} {number}\r\n\r\nhello\r\n"));
            let (mut gate_left, mut gate_right) = (OpenGate, OpenGate);
            let (left, right) = tokio::join!(
                one.deliver(&to, left.as_bytes(), &mut gate_left),
                two.deliver(&to, right.as_bytes(), &mut gate_right)
            );
            assert!(
                matches!((&left, &right), (Outcome::Accepted { .. }, Outcome::Accepted { .. })),
                "{left} {right}"
            );
        }
        let mut subjects: Vec<String> = Vec::new();
        for mail in one.list(100).unwrap() {
            let bytes = one.read(&mail.name).unwrap().unwrap();
            subjects.push(String::from_utf8(bytes).unwrap().lines().nth(2).unwrap().to_owned());
        }
        subjects.sort();
        subjects.dedup();
        assert_eq!(subjects.len(), 40);
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_no_doubt() {
        let place = tempfile::tempdir().unwrap();
        let folder = CaptureFolder::open(place.path()).unwrap();
        fs::remove_dir(place.path().join("tmp")).unwrap();
        let outcome = folder.deliver(&envelope(), MAIL, &mut OpenGate).await;
        assert!(matches!(outcome, Outcome::NotSent { stage: Stage::Body, .. }), "{outcome}");
    }

    #[tokio::test]
    async fn a_shut_gate_or_a_spoilt_message_leaves_no_file() {
        let place = tempfile::tempdir().unwrap();
        let folder = CaptureFolder::open(place.path()).unwrap();
        let held = folder.deliver(&envelope(), MAIL, &mut Shut).await;
        let spoilt = folder.deliver(&envelope(), b"Subject: x\n\nhello\n", &mut OpenGate).await;
        for outcome in [held, spoilt] {
            assert!(matches!(outcome, Outcome::NotSent { stage: Stage::Body, .. }), "{outcome}");
        }
        assert_eq!(folder.list(10).unwrap(), []);
    }

    #[test]
    fn a_mail_client_may_move_mail_and_no_name_leads_out() {
        let place = tempfile::tempdir().unwrap();
        let folder = CaptureFolder::open(place.path()).unwrap();
        fs::write(place.path().join("cur/000000000007.afterrun:2,S"), MAIL).unwrap();
        fs::write(place.path().join("new/README"), "not a mail").unwrap();
        assert_eq!(folder.list(10).unwrap().len(), 1);
        assert_eq!(folder.read("000000000007.afterrun:2,S").unwrap().as_deref(), Some(MAIL));
        for name in [
            "",
            "README",
            "../new/README",
            "/etc/passwd",
            "000000000008.afterrun",
            "000000000007.afterrun:2,/..",
        ] {
            assert_eq!(folder.read(name).unwrap(), None, "{name}");
        }
    }
}
