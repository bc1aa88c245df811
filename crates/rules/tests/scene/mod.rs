//! A watched folder in a temporary place, a gate that is asked aloud, and a channel of verdicts.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    time::{Duration, Instant},
};

use afterrun_rules::{
    BookHash, Diagnostic, Severity,
    reload::{Options, Verdict, Watch, watch},
    source::{Source, Sources},
};
use tempfile::TempDir;

/// How soon a clinician sees what became of an edit.
pub const PROMPT: Duration = Duration::from_secs(1);

/// So long that only a verdict that never comes takes it.
const NEVER: Duration = Duration::from_secs(30);

/// A file whose edit shows that nothing was on its way before it.
const SENTINEL: &str = "sentinel.ron";

type Files = BTreeMap<String, String>;

/// A verdict as tests state it.
#[derive(PartialEq, Eq, Debug)]
pub enum Outcome {
    Loaded(Files),
    /// The file that the first diagnostic names.
    Rejected(String),
    Unreadable,
    Restored,
}

impl Outcome {
    pub fn loaded(files: &[(&str, &str)]) -> Self {
        Self::Loaded(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }
}

/// A watched folder. What is handed to `new`, `loaded` and `known` makes the place before the watch begins.
pub struct Scene {
    pub folder: PathBuf,
    place: TempDir,
    watch: Option<Watch>,
    verdicts: Receiver<(Verdict<Files>, Instant)>,
    asked: Receiver<()>,
}

impl Scene {
    /// A place that is watched from nothing.
    pub fn new(prepare: impl FnOnce(&Self)) -> Self {
        Self::open(prepare, None, || {})
    }

    /// A folder whose first content has been loaded.
    pub fn loaded(prepare: impl FnOnce(&Self)) -> Self {
        let scene = Self::new(prepare);
        let (first, _) = scene.next("the first content");
        assert!(matches!(first, Outcome::Loaded(_)), "{first:?}");
        scene
    }

    /// A folder of these files, loaded.
    pub fn with(files: &[(&str, &str)]) -> Self {
        Self::loaded(|scene| scene.write_all(files))
    }

    /// A folder of these files, which are live already. The gate does something of its own first.
    pub fn known(files: &[(&str, &str)], first: impl Fn() + Send + 'static) -> Self {
        let hash = Sources::from_texts(files.iter().copied()).hash();
        Self::open(|scene| scene.write_all(files), Some(hash), first)
    }

    fn open(prepare: impl FnOnce(&Self), known: Option<BookHash>, first: impl Fn() + Send + 'static) -> Self {
        let place = tempfile::tempdir().unwrap();
        let (tell, verdicts) = channel();
        let (ask, asked) = channel();
        let folder = place.path().join("rules");
        let mut scene = Self { folder, place, watch: None, verdicts, asked };
        prepare(&scene);
        scene.watch = Some(observe(&scene.folder, known, first, ask, tell));
        scene
    }

    /// A path below the watched folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A path beside the watched folder.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        write(&self.path(name), text);
    }

    pub fn write_beside(&self, name: &str, text: &str) {
        write(&self.beside(name), text);
    }

    pub fn write_all(&self, files: &[(&str, &str)]) {
        files.iter().for_each(|(name, text)| self.write(name, text));
    }

    pub fn check_now(&self) {
        self.watch.as_ref().unwrap().check_now();
    }

    /// The next verdict, which must be this one and come soon enough after `written`.
    pub fn expect(&self, name: &str, written: Instant, bound: Duration, expected: &Outcome) {
        let (outcome, at) = self.next(name);
        let took = at.saturating_duration_since(written);
        eprintln!("{name}: {} ms after the last write", took.as_millis());
        assert_eq!(outcome, *expected, "{name}");
        assert!(took <= bound, "{name}: the verdict took {took:?}, more than {bound:?}");
    }

    /// Makes another edit: its verdict is the next to come, and the gate has been asked about nothing else.
    pub fn expect_nothing_more(&self, name: &str) {
        let asked_before = self.asked.try_iter().count();
        let (sentinel, text) = (SENTINEL.to_owned(), format!("{asked_before}"));
        self.write(SENTINEL, &text);
        match self.next(name).0 {
            Outcome::Loaded(files) => {
                assert_eq!(files.get(&sentinel), Some(&text), "{name}: one verdict too many")
            }
            other => panic!("{name}: one verdict too many: {other:?}"),
        }
        assert_eq!(self.asked.try_iter().count(), 1, "{name}: the gate was asked too often");
    }

    /// Ends the watch; the verdicts then end as well.
    pub fn end(mut self) -> bool {
        drop(self.watch.take());
        matches!(self.verdicts.recv_timeout(NEVER), Err(RecvTimeoutError::Disconnected))
    }

    fn next(&self, name: &str) -> (Outcome, Instant) {
        match self.verdicts.recv_timeout(NEVER) {
            Ok((verdict, at)) => (outcome(verdict), at),
            Err(error) => panic!("{name}: no verdict: {error}"),
        }
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn observe(
    folder: &Path,
    known: Option<BookHash>,
    first: impl Fn() + Send + 'static,
    ask: Sender<()>,
    tell: Sender<(Verdict<Files>, Instant)>,
) -> Watch {
    let gate = move |sources: &Sources| {
        ask.send(()).unwrap();
        first();
        judge(sources)
    };
    // A test that is done may be gone before the last verdict.
    let sink = move |verdict| tell.send((verdict, Instant::now())).unwrap_or_default();
    watch(folder.to_owned(), Options::default(), known, gate, sink).unwrap()
}

/// The files as text, unless one of them cannot be read or says `broken`.
fn judge(sources: &Sources) -> Result<Files, Vec<Diagnostic>> {
    let text = |(path, source): (&std::sync::Arc<str>, &Source)| match source {
        Source::Bytes(bytes) if **bytes == *b"panic" => panic!("a gate with a mistake"),
        Source::Bytes(bytes) if **bytes != *b"broken" => {
            Ok((path.to_string(), String::from_utf8_lossy(bytes).into_owned()))
        }
        _ => Err(vec![Diagnostic {
            code: "broken",
            severity: Severity::Error,
            file: path.clone(),
            span: 0..0,
            line: 1,
            column: 1,
            message: "broken".to_owned(),
            label: String::new(),
            help: None,
            also: Vec::new(),
        }]),
    };
    sources.files.iter().map(text).collect()
}

fn outcome(verdict: Verdict<Files>) -> Outcome {
    match verdict {
        Verdict::Loaded { value, .. } => Outcome::Loaded(value),
        Verdict::Rejected { diagnostics, .. } => Outcome::Rejected(diagnostics[0].file.to_string()),
        Verdict::Unreadable { why } => {
            assert!(why.contains("does not exist"), "{why}");
            Outcome::Unreadable
        }
        Verdict::Restored => Outcome::Restored,
    }
}
