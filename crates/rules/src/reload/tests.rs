//! The decisions of the watch, without a real folder where none is needed and without real time.

use std::{
    fs, iter,
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, Instant},
};

use notify::{
    Event, EventKind,
    event::{AccessKind, AccessMode, CreateKind, DataChange, Flag, ModifyKind, RenameMode},
};

use super::{
    Eyes, Options, Verdict, Watch,
    hints::{Hints, Meaning, Notify, meaning},
    mailbox::{Mailbox, Told},
    places,
    rhythm::{Rhythm, Watches},
    standing::{Gate, Next, Standing},
    start,
};
use crate::{
    folder::{self, Visited},
    source::Sources,
};

/// Settle 100 ms, at most 1 s, poll 2 s.
struct Clockwork {
    rhythm: Rhythm,
    start: Instant,
}

impl Clockwork {
    /// The first read was at 0 and found nothing new.
    fn new() -> Self {
        let start = Instant::now();
        let mut rhythm = Rhythm::new(&Options::default(), start);
        assert_eq!(rhythm.due(), start, "the first read is due at once");
        assert_eq!(rhythm.reading(start), Watches::Keep);
        rhythm.decided();
        Self { rhythm, start }
    }

    fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }

    fn hear(&mut self, ms: u64, told: Told) {
        self.rhythm.hear(&told, self.at(ms));
    }

    fn touched(&mut self, ms: u64) {
        let at = self.at(ms);
        self.hear(ms, Told { touched: Some((at, at)), ..Told::default() });
    }

    fn due(&self) -> u128 {
        self.rhythm.due().saturating_duration_since(self.start).as_millis()
    }

    /// Reads when it is due and finds something that must be confirmed.
    fn read_news(&mut self) -> Watches {
        let now = self.rhythm.due();
        let watches = self.rhythm.reading(now);
        self.rhythm.again(now);
        watches
    }
}

#[test]
fn nothing_heard_means_the_poll() {
    assert_eq!(Clockwork::new().due(), 2000);
}

#[test]
fn a_hint_settles_and_news_are_confirmed() {
    let mut clock = Clockwork::new();
    clock.touched(500);
    assert_eq!(clock.due(), 600);
    clock.touched(550);
    assert_eq!(clock.due(), 650, "every further hint puts it off");
    clock.read_news();
    assert_eq!(clock.due(), 750);
    clock.touched(700);
    assert_eq!(clock.due(), 800, "a hint between the two reads puts off the second");
    clock.rhythm.reading(clock.at(800));
    clock.rhythm.decided();
    assert_eq!(clock.due(), 2800);
}

#[test]
fn what_never_rests_is_read_after_a_second_and_confirmed_all_the_same() {
    let mut clock = Clockwork::new();
    (0..40).for_each(|n| clock.touched(500 + n * 50));
    assert_eq!(clock.due(), 1500);
    clock.read_news();
    (0..4).for_each(|n| clock.touched(1510 + n * 50));
    assert_eq!(clock.due(), 1600, "patience has ended: only the time between two reads is kept");
    clock.read_news();
    clock.touched(1690);
    assert_eq!(clock.due(), 1700);
    clock.rhythm.reading(clock.at(1700));
    clock.rhythm.decided();
    clock.touched(1710);
    assert_eq!(clock.due(), 1810, "once decided, patience begins anew");
}

#[test]
fn hints_heard_during_a_long_gate_have_settled_already() {
    let mut clock = Clockwork::new();
    clock.rhythm.reading(clock.at(600));
    clock.rhythm.decided();
    let touched = Some((clock.at(650), clock.at(700)));
    clock.hear(5000, Told { touched, ..Told::default() });
    assert_eq!(clock.due(), 800);
}

#[test]
fn asked_means_at_once_but_confirms_nothing() {
    let mut clock = Clockwork::new();
    clock.hear(300, Told { check: true, ..Told::default() });
    assert_eq!(clock.due(), 300);
    clock.read_news();
    clock.hear(310, Told { check: true, ..Told::default() });
    assert_eq!(clock.due(), 400);
}

#[test]
fn lost_hints_renew_all_watches_once() {
    let mut clock = Clockwork::new();
    let touched = Some((clock.at(300), clock.at(300)));
    clock.hear(300, Told { touched, lost: true, ..Told::default() });
    assert_eq!(clock.due(), 400);
    assert_eq!(clock.read_news(), Watches::Renew);
    assert_eq!(clock.read_news(), Watches::Keep);
}

fn content(text: &str) -> Sources {
    Sources::from_texts([("a.ron", text)])
}

/// What a standing makes of readings: `gate` answers with `Refused` for content that says `broken`.
fn tell(known: Option<&str>, readings: &[Result<&str, &str>]) -> Vec<String> {
    let mut standing = Standing::new(known.map(|text| content(text).hash()));
    let mut read =
        |reading: &Result<&str, &str>| match standing.read(reading.map(content).map_err(str::to_owned)) {
            Next::Rest => "rest".to_owned(),
            Next::Again => "again".to_owned(),
            Next::Restored => "restored".to_owned(),
            Next::Unreadable(why) => why,
            Next::Judge(sources, hash) => {
                assert_eq!(sources.hash(), hash);
                let gate = if sources == content("broken") { Gate::Refused } else { Gate::Passed };
                standing.judged(hash, gate);
                format!("{gate:?}")
            }
        };
    readings.iter().map(&mut read).collect()
}

#[test]
fn what_readings_mean() {
    let check = |name: &str, known, readings: &[Result<&str, &str>], expected: &[&str]| {
        assert_eq!(tell(known, readings), expected, "{name}");
    };
    check("live already", Some("1"), &[Ok("1"), Ok("1")], &["rest", "rest"]);
    check("first content", None, &[Ok("1"), Ok("1"), Ok("1")], &["again", "Passed", "rest"]);
    let writing = [Ok("1"), Ok("2"), Ok("3"), Ok("3"), Ok("3")];
    check("still being written", None, &writing, &["again", "again", "again", "Passed", "rest"]);
    check("written and undone", Some("1"), &[Ok("2"), Ok("1"), Ok("2")], &["again", "rest", "again"]);
    let refused = [Ok("broken"), Ok("broken"), Ok("broken"), Ok("2"), Ok("2")];
    check("refused once", Some("1"), &refused, &["again", "Refused", "rest", "again", "Passed"]);
    let undone = [Ok("broken"), Ok("broken"), Ok("1"), Ok("1"), Ok("1")];
    check("undone", Some("1"), &undone, &["again", "Refused", "again", "restored", "rest"]);
    let gone = [Err("gone"), Err("gone"), Err("gone"), Ok("1"), Ok("1")];
    check("gone and back", Some("1"), &gone, &["again", "gone", "rest", "again", "restored"]);
    check("gone for a moment", Some("1"), &[Err("gone"), Ok("2"), Ok("2")], &["again", "again", "Passed"]);
    let refused_again = [Ok("broken"), Ok("broken"), Err("gone"), Err("gone"), Ok("broken"), Ok("broken")];
    let expected = ["again", "Refused", "again", "gone", "again", "Refused"];
    check("back from being gone it is told anew", Some("1"), &refused_again, &expected);
}

#[test]
fn what_events_mean() {
    let folder = Path::new("/srv/rules");
    let check = |kind: EventKind, path: &str, expected: Meaning| {
        let event = Event::new(kind).add_path(path.into());
        assert_eq!(meaning(Ok(event), folder), expected, "{kind:?} {path}");
    };
    let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
    let modified = EventKind::Modify(ModifyKind::Data(DataChange::Any));
    let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::To));
    check(written, "/srv/rules/a.ron", Meaning::Touched);
    check(modified, "/srv/rules/packs/a.ron", Meaning::Touched);
    check(renamed, "/srv/rules/..data", Meaning::Touched);
    check(EventKind::Create(CreateKind::Folder), "/srv/rules", Meaning::Touched);
    check(EventKind::Access(AccessKind::Open(AccessMode::Any)), "/srv/rules/a.ron", Meaning::Nothing);
    check(EventKind::Access(AccessKind::Close(AccessMode::Read)), "/srv/rules/a.ron", Meaning::Nothing);
    check(modified, "/srv/afterrun.db-wal", Meaning::Nothing);
    check(modified, "/srv/rules.old/a.ron", Meaning::Nothing);
    let overflow = Event::new(EventKind::Other).set_flag(Flag::Rescan);
    assert_eq!(meaning(Ok(overflow), folder), Meaning::Lost);
    assert_eq!(meaning(Err(notify::Error::generic("?")), folder), Meaning::Lost);
}

/// Events come in order: had the reads made hints, the first hint would be older than the write.
#[test]
fn reading_makes_no_hints_and_writing_does() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("rules");
    fs::create_dir_all(folder.join("below")).unwrap();
    fs::write(folder.join("below/a.ron"), "1").unwrap();
    let mailbox = Arc::<Mailbox>::default();
    let mut hints = Notify::new(folder.clone(), mailbox.clone());
    hints.arm(&places(&folder, &folder::walk(&folder).unwrap().folders)).unwrap();
    (0..300).for_each(|_| drop(folder::walk(&folder).unwrap()));
    fs::write(place.path().join("beside.ron"), "1").unwrap();
    let written = Instant::now();
    fs::write(folder.join("below/a.ron"), "2").unwrap();
    let told = mailbox.wait(written + Duration::from_secs(30));
    assert!(told.touched.is_some_and(|(first, _)| first >= written), "{told:?}");
}

#[test]
fn many_hints_are_one() {
    let (mailbox, start) = (Mailbox::default(), Instant::now());
    (0..10_000).for_each(|n| mailbox.touched(start + Duration::from_millis(n)));
    mailbox.lost(start + Duration::from_secs(20));
    let told = mailbox.wait(start);
    assert_eq!(told.touched, Some((start, start + Duration::from_secs(20))));
    assert!(told.lost && !told.check && !told.stop);
    assert_eq!(mailbox.wait(start), Told::default(), "taken once");
    mailbox.stop();
    assert!(mailbox.wait(start + Duration::from_secs(3600)).stop);
    assert!(mailbox.wait(start + Duration::from_secs(3600)).stop, "a stop is never taken back");
}

/// Hints that never come. Says what it is asked to watch, and answers as it is told.
struct Deaf {
    asked: Sender<Vec<Visited>>,
    answers: Receiver<Result<(), String>>,
}

impl Hints for Deaf {
    fn arm(&mut self, places: &[Visited]) -> Result<(), String> {
        self.asked.send(places.to_vec()).unwrap();
        self.answers.recv().unwrap_or(Ok(()))
    }
}

/// A watch of a folder with deaf hints.
struct Stage {
    mailbox: Arc<Mailbox>,
    asked: Receiver<Vec<Visited>>,
    notes: Receiver<String>,
    verdicts: Receiver<Verdict<Sources>>,
    _watch: Watch,
}

fn stage(folder: &Path, poll: Duration, answers: Receiver<Result<(), String>>) -> Stage {
    let (ask, asked) = channel();
    let (note, notes) = channel();
    let (sink, verdicts) = channel();
    let note = Arc::new(move |words: &str| note.send(words.to_owned()).unwrap_or_default());
    let options = Options { settle: Duration::from_millis(10), poll, note, ..Options::default() };
    let mailbox = Arc::<Mailbox>::default();
    let hints = Box::new(Deaf { asked: ask, answers });
    let eyes = Eyes::new(folder.to_owned(), hints, options.note.clone());
    let gate = |sources: &Sources| Ok(sources.clone());
    let sink = move |verdict| sink.send(verdict).unwrap_or_default();
    let watch = start(eyes, mailbox.clone(), &options, None, gate, sink).unwrap();
    Stage { mailbox, asked, notes, verdicts, _watch: watch }
}

impl Stage {
    fn loaded(&self) -> Sources {
        match self.verdicts.recv_timeout(Duration::from_secs(30)).unwrap() {
            Verdict::Loaded { sources, .. } => sources,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn without_watches_the_poll_alone_must_do_and_says_so_once() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("a.ron"), "1").unwrap();
    let (answer, answers) = channel();
    iter::repeat_n((), 5).for_each(|()| answer.send(Err("no more watches".to_owned())).unwrap());
    let stage = stage(place.path(), Duration::from_millis(20), answers);
    assert_eq!(stage.loaded(), content("1"));
    fs::write(place.path().join("a.ron"), "2").unwrap();
    assert_eq!(stage.loaded(), content("2"));
    drop(answer);
    let notes: Vec<_> = stage.notes.iter().take(2).collect();
    let expected = [
        "the rules folder cannot be watched, only polled: no more watches",
        "the rules folder is watched again",
    ];
    assert_eq!(notes, expected);
}

#[test]
fn lost_hints_set_up_all_watches_anew_and_read() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("a.ron"), "1").unwrap();
    let stage = stage(place.path(), Duration::from_secs(3600), channel().1);
    assert_eq!(stage.loaded(), content("1"));
    let watched = places(place.path(), &folder::walk(place.path()).unwrap().folders);
    assert_eq!(watched.len(), 2, "the parent and the folder");
    assert_eq!(stage.asked.try_iter().collect::<Vec<_>>(), [&watched[..]]);
    fs::write(place.path().join("a.ron"), "2").unwrap();
    stage.mailbox.lost(Instant::now());
    assert_eq!(stage.loaded(), content("2"));
    assert_eq!(stage.asked.try_iter().collect::<Vec<_>>(), [&watched[..]]);
}
