//! Reading a rules folder: every `.ron` file in it and in the folders below, and every `.md` file below a
//! folder named `messages`, as bytes. Other files (a README, a chart) are no part of the rules: editing them
//! makes no new rule book.
//!
//! Nothing is understood here, and nothing is hidden: a file that counts but cannot be read is reported as
//! [`Source::Unreadable`], because a rule that silently stops is worse than an edit that is refused. Editor
//! droppings and dot files are left out. Links are followed. The same folder gives the same [`Sources`].
//!
//! Whatever lies in the folder, reading it ends: there are limits on depth, entries and bytes, and nothing
//! but a regular file is ever opened (a named pipe would block for good).

#[cfg(test)]
mod tests;

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File, Metadata},
    io::{self, ErrorKind, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::source::{Source, Sources};

/// Largest file that is read, in bytes. The largest rule file seen in use is below 100 KiB.
pub const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Most bytes that are read from one folder, so that a wrong folder cannot exhaust the memory.
pub const MAX_FOLDER_BYTES: u64 = 64 * 1024 * 1024;

/// Most files and folders that are looked at, whatever their names. Ends a maze of links as well.
pub const MAX_ENTRIES: usize = 20_000;

/// Deepest nesting of folders below the rules folder.
pub const MAX_DEPTH: usize = 32;

/// What one walk through a rules folder found.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The files.
    pub sources: Sources,
    /// The rules folder itself and every folder below it that was looked into, in the order of the walk.
    pub folders: Vec<Visited>,
}

/// A folder by its path and by what it is: a folder replaced by another of the same name is another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Visited {
    /// Where it was found, links not resolved.
    pub path: PathBuf,
    /// What it is.
    pub identity: Identity,
}

/// Device and inode number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// The identity of what lies at a path, links followed; `None` if there is nothing to be seen.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().as_ref().map(Self::from)
    }
}

impl From<&Metadata> for Identity {
    fn from(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// All rule and message files of a folder.
///
/// # Errors
/// Only the rules folder itself is a reason to fail: missing ([`ErrorKind::NotFound`]), not a folder, not
/// permitted. Trouble with what lies in it is a [`Source::Unreadable`].
pub fn read(folder: &Path) -> io::Result<Sources> {
    walk(folder).map(|reading| reading.sources)
}

/// As [`read`], and names the folders it went through, for whoever wants to watch them.
///
/// # Errors
/// As [`read`].
pub fn walk(folder: &Path) -> io::Result<Reading> {
    walk_within(folder, MAX_ENTRIES)
}

fn walk_within(folder: &Path, most_entries: usize) -> io::Result<Reading> {
    let metadata = fs::metadata(folder)?;
    let mut walk = Walk { most_entries, ..Walk::default() };
    let names = list(folder, most_entries)?;
    walk.enter(folder, "", &metadata, names);
    Ok(walk.reading)
}

#[derive(Default)]
struct Walk {
    most_entries: usize,
    reading: Reading,
    /// From the rules folder down to where we are: a link back to any of these is a loop.
    above: Vec<Identity>,
    entries: usize,
    bytes: u64,
    /// A limit for the whole folder was met and told.
    full: bool,
}

/// The names in a folder, or that there are too many.
enum Listing {
    Names(Vec<OsString>),
    TooMany,
}

impl Walk {
    /// Looks at everything in one folder. `below` is its path below the rules folder, "" for that itself.
    fn enter(&mut self, path: &Path, below: &str, metadata: &Metadata, listing: Listing) {
        let identity = Identity::from(metadata);
        self.reading.folders.push(Visited { path: path.to_owned(), identity });
        let Listing::Names(names) = listing else {
            let why = format!("there are more than {} files and folders up to here", self.most_entries);
            return self.stop(&all_of(below), why);
        };
        self.entries += names.len();
        self.above.push(identity);
        for name in names {
            if self.full {
                break;
            }
            self.entry(&path.join(&name), below, &name);
        }
        self.above.pop();
    }

    fn entry(&mut self, path: &Path, below: &str, name: &OsStr) {
        let text = name.to_string_lossy();
        let place = if below.is_empty() { text.to_string() } else { format!("{below}/{text}") };
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.folder(path, &place, &metadata, name),
            Ok(metadata) if counts(below, name) => self.file(path, &place, &metadata, name),
            Ok(_) => {}
            // Gone since the folder was listed: somebody is at work, and whoever reads twice sees it.
            Err(error) if error.kind() == ErrorKind::NotFound && !path.is_symlink() => {}
            Err(error) if counts(below, name) => self.unreadable(&place, trouble(&error, path.is_symlink())),
            // Without an ending: this may be, or lead to, a folder of rules.
            Err(error) if Path::new(name).extension().is_none() => {
                self.unreadable(&all_of(&place), trouble(&error, path.is_symlink()));
            }
            Err(_) => {}
        }
    }

    fn folder(&mut self, path: &Path, place: &str, metadata: &Metadata, name: &OsStr) {
        if name.to_str().is_none() {
            return self.unreadable(&all_of(place), "the folder's name is not valid UTF-8");
        }
        if self.above.contains(&Identity::from(metadata)) {
            return;
        }
        if self.above.len() > MAX_DEPTH {
            return self.unreadable(&all_of(place), format!("folders are nested more than {MAX_DEPTH} deep"));
        }
        match list(path, self.most_entries - self.entries) {
            Ok(listing) => self.enter(path, place, metadata, listing),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => self.unreadable(&all_of(place), trouble(&error, false)),
        }
    }

    fn file(&mut self, path: &Path, place: &str, metadata: &Metadata, name: &OsStr) {
        if name.to_str().is_none() {
            return self.unreadable(place, "the file's name is not valid UTF-8");
        }
        if !metadata.is_file() {
            return self.unreadable(place, "this is not a regular file but a device, a pipe or a socket");
        }
        if !place.ends_with(".ron") && !place.ends_with(".md") {
            return self.unreadable(place, ENDING_NOT_SMALL);
        }
        if metadata.len() > MAX_FILE_BYTES {
            return self.unreadable(place, TOO_LARGE);
        }
        if self.bytes + metadata.len() > MAX_FOLDER_BYTES {
            return self.stop(place, "the files up to here are larger than 64 MiB together");
        }
        match read_at_most(path, MAX_FILE_BYTES) {
            Ok(Some(bytes)) => {
                self.bytes += bytes.len() as u64;
                self.reading.sources.files.insert(place.into(), Source::Bytes(bytes.into()));
            }
            Ok(None) => self.unreadable(place, TOO_LARGE),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => self.unreadable(place, trouble(&error, false)),
        }
    }

    fn unreadable(&mut self, place: &str, why: impl Into<Arc<str>>) {
        self.reading.sources.files.insert(place.into(), Source::Unreadable(why.into()));
    }

    /// A limit for the whole folder: say so once, where it was met, and read no further.
    fn stop(&mut self, place: &str, why: impl Into<Arc<str>>) {
        self.unreadable(place, why);
        self.full = true;
    }
}

/// Whether a file at this path below a rules folder is one of its rule or message files: parts separated by `/`, none
/// of them empty, a dot file or a dropping, and an ending that counts.
#[must_use]
pub fn takes(path: &str) -> bool {
    let (below, name) = path.rsplit_once('/').unwrap_or(("", path));
    let parts_count = path.split('/').all(|part| !part.is_empty() && !is_dropping(OsStr::new(part)));
    let plain = !path.chars().any(|c| c.is_control() || c == '\\');
    let ending = name.ends_with(".ron") || name.ends_with(".md");
    parts_count && plain && ending && path.split('/').count() <= MAX_DEPTH && counts(below, OsStr::new(name))
}

/// The rule files of a folder, when none of them can be told by name. Whoever picks rule files by their ending
/// must not overlook that there may be some.
fn all_of(folder: &str) -> String {
    if folder.is_empty() { "*.ron".to_owned() } else { format!("{folder}/*.ron") }
}

/// Why `FLAGS.RON` is not read. It would do no harm to read it; but a folder that goes from one system to
/// another must not come to hold `flags.ron` and `FLAGS.RON` as two files here and one there.
pub const ENDING_NOT_SMALL: &str = "the ending must be in small letters, `.ron` or `.md`";

const TOO_LARGE: &str = "the file is larger than 1 MiB, more than a rule file may be";

/// Names in a folder, droppings left out, in byte order: the order the system lists them in means nothing.
fn list(folder: &Path, at_most: usize) -> io::Result<Listing> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if is_dropping(&name) {
            continue;
        }
        if names.len() == at_most {
            return Ok(Listing::TooMany);
        }
        names.push(name);
    }
    names.sort_unstable();
    Ok(Listing::Names(names))
}

/// Dot files and dot folders, and what editors leave beside a file while or after they write it.
fn is_dropping(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b".")
        || name.ends_with(b"~")
        || (name.starts_with(b"#") && name.ends_with(b"#"))
        || name == b"4913"
        || [b".swp", b".swo", b".swx", b".tmp"].iter().any(|ending| name.ends_with(*ending))
}

/// Whether a file of this name in this folder is a rule or message file, however the ending is written.
fn counts(below: &str, name: &OsStr) -> bool {
    match Path::new(name).extension() {
        Some(ending) if ending.eq_ignore_ascii_case("ron") => true,
        Some(ending) if ending.eq_ignore_ascii_case("md") => below.split('/').any(|part| part == "messages"),
        _ => false,
    }
}

/// The bytes of a file; `None` if it has more than `limit`, even when it grew since somebody asked its size.
fn read_at_most(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

/// Why something cannot be read, in words a clinician can act on.
fn trouble(error: &io::Error, is_link: bool) -> String {
    match error.kind() {
        ErrorKind::NotFound if is_link => "this is a link to something that does not exist".to_owned(),
        ErrorKind::PermissionDenied => "Afterrun has no permission to read it".to_owned(),
        _ if is_link => "this is a link that leads nowhere, perhaps back to itself".to_owned(),
        _ => format!("it cannot be read: {error}"),
    }
}
