//! The commands that read, test, replay, compare and explain rules, on the real binary: every exit code, and what
//! people see.

#![expect(clippy::expect_used, reason = "a helper that fails ends its test")]

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use afterrun_rules::checks;
use afterrun_tests::daemon::{Clinic, binary, copy_folder, shipped_rules};
use tempfile::TempDir;

#[path = "commands/exit_codes.rs"]
#[cfg(test)]
mod exit_codes;
#[path = "commands/shown.rs"]
#[cfg(test)]
mod shown;

/// A folder with the shipped rules, a broken copy, an edited copy and the example charts.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let desk = Self { folder };
        copy_folder(&shipped_rules(), &desk.path("rules"));
        copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("charts"), &desk.path("charts"));
        desk.copy_edited("broken", &[("send: \"pain-heads-up\"", "send: \"pain-headsup\"")]);
        desk.copy_edited("stricter", &[("AtLeast(\"worst_pain\", 3)", "AtLeast(\"worst_pain\", 5)")]);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The shipped rules with other words in `red-flags.ron`.
    fn copy_edited(&self, name: &str, edits: &[(&str, &str)]) {
        copy_folder(&shipped_rules(), &self.path(name));
        let file = self.path(name).join("red-flags.ron");
        let mut text = fs::read_to_string(&file).expect("the red flags");
        for (from, to) in edits {
            assert!(text.contains(from), "the pack says `{from}`");
            text = text.replacen(from, to, 1);
        }
        fs::write(&file, text).expect("the copy can be written");
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file can be written");
    }

    fn chart(&self, name: &str) -> String {
        fs::read_to_string(self.path("charts").join(format!("{name}.json"))).expect("a chart")
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = Command::new(binary())
            .current_dir(self.folder.path())
            .env_remove("AFTERRUN_CONFIG")
            .args(["--now", "2026-05-20T12:00:00Z"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        // A command that does not read its input closes it early, which is its right.
        let _ = child.stdin.take().expect("its input is piped").write_all(input.as_bytes());
        Ran::from(child.wait_with_output().expect("it ends"))
    }
}

/// How a command ended and what it said.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}
