//! What the console's pages about the rules ask of the rest of the program: the folder's files, the gate, saving,
//! comparing. The daemon implements this.

use std::{collections::BTreeMap, sync::Arc};

use afterrun_rules::{
    BookHash, Diagnostic, RuleBook,
    compare::Comparison,
    scenario_run::Failure,
    source::{Source, Sources},
};
use afterrun_store::UserKey;
use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::rules_text as text;

/// What the gate says about the files of a folder.
#[derive(Clone, Debug)]
pub struct Tried {
    /// Their hash.
    pub hash: BookHash,
    /// The book, as far as the files make one; it may still be refused for its scenarios.
    pub book: Option<Arc<RuleBook>>,
    /// Every finding, failed scenarios included.
    pub diagnostics: Vec<Diagnostic>,
    /// Scenarios that do not come out as written, with their story day by day.
    pub failures: Vec<Failure>,
    /// Whether the files would go live.
    pub is_accepted: bool,
}

/// What somebody wants to write into the folder: files that go live together, or not at all.
#[derive(Clone, Debug)]
pub struct Save {
    /// The files, at least one.
    pub files: Vec<SaveFile>,
    /// Who.
    pub by: UserKey,
    /// Why, in the user's words.
    pub reason: String,
}

/// One of the files to be written.
#[derive(Clone, Debug)]
pub struct SaveFile {
    /// Its path below the folder.
    pub file: String,
    /// The content it had when it was opened, by [`file_hash`]; none: there was no such file, nor a folder for it.
    pub opened: Option<String>,
    /// The content it is to have; none: it is to go.
    pub text: Option<String>,
}

impl Save {
    /// The names of the files, for people.
    #[must_use]
    pub fn names(&self) -> String {
        let name = |file: &SaveFile| match file.text {
            Some(_) => file.file.clone(),
            None => text::file_gone(&file.file),
        };
        self.files.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// A folder as it will be.
    #[must_use]
    pub fn within(&self, folder: &Sources) -> Sources {
        within(&self.files, folder)
    }
}

/// A folder with these files written or removed.
pub(super) fn within(files: &[SaveFile], folder: &Sources) -> Sources {
    let mut changed = folder.clone();
    for SaveFile { file, text, .. } in files {
        match text {
            Some(text) => changed.files.insert(file.as_str().into(), Source::Bytes(text.as_bytes().into())),
            None => changed.files.remove(&**file),
        };
    }
    changed
}

/// Why nothing was written.
#[derive(Debug)]
pub enum NotSaved {
    /// The configuration does not allow it.
    NotAllowed,
    /// There is no such file among the rules, or no file may be called so.
    NoSuchFile,
    /// The file is, or lies behind, a link that leads elsewhere.
    IsLink,
    /// A file has another content than the one opened.
    Changed {
        /// Which.
        file: String,
    },
    /// Each file holds its content already.
    Nothing,
    /// The gate refuses it.
    Refused(Box<Tried>),
    /// Too much to do at the moment.
    Busy,
    /// The folder cannot be read or written, or the database does not answer.
    Failed(String),
}

/// Rules that might replace those in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Candidate {
    /// The folder as it is.
    Folder,
    /// A book that was in force or refused.
    Book(BookHash),
    /// Files somebody sent, by the name of the archive.
    Upload(String),
    /// The folder with one file as somebody is writing it.
    Draft(String),
}

/// A comparison to be made.
#[derive(Clone, Debug)]
pub struct NewComparison {
    /// What the rules in force are compared with.
    pub candidate: Candidate,
    /// Its files.
    pub sources: Sources,
    /// Who asks, by address.
    pub by: String,
}

/// Why no comparison was begun.
#[derive(Debug)]
pub enum NotCompared {
    /// The files make no book.
    Refused(Box<Tried>),
    /// They are what is in force.
    Same,
    /// Too many are waiting.
    Busy,
}

/// A comparison as it stands.
#[derive(Clone, Debug)]
pub struct ComparisonSeen {
    /// Its id in addresses.
    pub id: String,
    /// What the rules in force were compared with.
    pub candidate: Candidate,
    /// Who asked, by address.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The rules in force then.
    pub old: BookHash,
    /// The rules they are compared with.
    pub new: BookHash,
    /// Titles of the flags of both, by id.
    pub titles: BTreeMap<String, String>,
    /// How far it is.
    pub state: ComparisonState,
}

/// How far a comparison is.
#[derive(Clone, Debug)]
pub enum ComparisonState {
    /// Others come first.
    Waiting,
    /// So many charts of so many.
    Running {
        /// Charts done.
        done: u64,
        /// Charts there are.
        total: u64,
    },
    /// Finished.
    Done(Arc<Comparison>),
    /// Somebody, or the end of the program, stopped it.
    Cancelled,
    /// It could not be finished.
    Failed(String),
}

impl ComparisonState {
    /// Whether it goes on by itself.
    #[must_use]
    pub fn is_going_on(&self) -> bool {
        matches!(self, Self::Waiting | Self::Running { .. })
    }
}

/// Knows the rules folder. Nothing it does sends anything.
#[async_trait]
pub trait RulesDesk: Send + Sync + 'static {
    /// Whether the configuration lets clinicians edit the folder in the console.
    fn may_edit(&self) -> bool;
    /// The folder's files as they are now.
    ///
    /// # Errors
    /// Why the folder cannot be read.
    async fn folder(&self) -> Result<Sources, String>;
    /// Lets files pass the gate that an edit of the folder passes; none: too much to do at the moment.
    async fn try_out(&self, sources: Sources) -> Option<Tried>;
    /// Writes and removes files of the folder, if they would go live, and puts the rules in force. The answer says whether they
    /// are: somebody else may have changed another file at the same moment.
    ///
    /// # Errors
    /// See [`NotSaved`]; nothing has been written.
    async fn save(&self, save: Save) -> Result<(BookHash, bool), NotSaved>;
    /// Begins to compare the rules in force with others over the clinic's own charts, in the background.
    ///
    /// # Errors
    /// See [`NotCompared`].
    async fn compare(&self, wanted: NewComparison) -> Result<String, NotCompared>;
    /// A comparison of late.
    fn comparison(&self, id: &str) -> Option<ComparisonSeen>;
    /// The comparisons of late, newest first.
    fn comparisons(&self) -> Vec<ComparisonSeen>;
    /// Stops a comparison; false: there is none that goes on.
    fn cancel(&self, id: &str) -> bool;
}

/// How a form names the content of a file it was opened with.
#[must_use]
pub fn file_hash(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    super::desk::hex(&Sha256::digest(bytes))
}
