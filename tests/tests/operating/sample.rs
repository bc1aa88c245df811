//! A clinic to operate, and looks at what is on its disk.

use std::process::Output;

use afterrun_store::{Message, Options, Sqlite, Store};
use afterrun_tests::{daemon::Clinic, story::local};
use chrono::{DateTime, Utc};

/// Friday morning on the runners' clock.
pub fn friday() -> DateTime<Utc> {
    local("2026-03-27", "10:30")
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Writes a file into the clinic's folder and returns its path as text.
pub fn file(clinic: &Clinic, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = clinic.folder().join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Every byte of the data folder: database, its log, captured mail.
pub fn bytes_on_disk(clinic: &Clinic) -> Vec<u8> {
    let mut all = Vec::new();
    let mut folders = vec![clinic.folder().join("data")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                all.extend(std::fs::read(path).unwrap());
            }
        }
    }
    all
}

pub fn holds(bytes: &[u8], planted: &[u8]) -> bool {
    bytes.windows(planted.len()).any(|window| window == planted)
}

/// Asks the clinic's store.
pub fn ask<T>(clinic: &Clinic, question: impl AsyncFnOnce(Sqlite) -> T) -> T {
    let store = Sqlite::open(&clinic.folder().join("data/afterrun.db"), Options::tool()).unwrap();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(question(store))
}

/// All messages with their mail, oldest first.
pub fn messages(clinic: &Clinic) -> Vec<Message> {
    let mut all = ask(clinic, async |store| {
        let mut all = Vec::new();
        for listed in store.messages(None, None, 500).await.unwrap().rows {
            all.push(store.message(listed.key).await.unwrap());
        }
        all
    });
    all.reverse();
    all
}
