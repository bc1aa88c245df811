//! From a verdict on the rules folder to what follows: swap and remember the book, or keep the last good one
//! and tell everybody who has to know.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use afterrun_rules::{
    BookHash, Diagnostic, Reason, RuleBook, Severity,
    decision::{Audience, Facts},
    folder, load,
    reload::{Options, Verdict, Watch, watch},
    render_diagnostic::{self, Style},
    scenario_run::Failure,
    source::{Source, Sources},
};
use afterrun_store::{BookFiles, NewMessage, NewRefusedBook, StoredBook};
use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use crate::{
    clinic_mail,
    clock::Clock,
    compose::When,
    rules_live::{Live, Rejected},
    scenarios,
    scheduler::Scheduler,
    turn::{TurnError, Turns},
    wake::Wake,
};

/// Verdicts waiting to be acted on. The watch blocks when there are more.
const VERDICTS: usize = 4;

/// Ticks before new rules count, some thousand patients each: enough for a million of them. What is left after that
/// is due under the new rules.
const TICKS_BEFORE_A_CHANGE: u32 = 256;

/// The gate an edit has to pass: it parses, type-checks, passes every check (those against `before`, the book in
/// force, included), and its own scenarios.
///
/// # Errors
/// Every finding, warnings included, when at least one is an error.
pub fn gate(sources: &Sources, before: Option<&RuleBook>) -> Result<RuleBook, Vec<Diagnostic>> {
    let loaded = load::load_after(sources, None, before);
    let Some(book) = loaded.book else { return Err(loaded.diagnostics) };
    let failures = scenarios::run_all(&book, sources)?;
    if failures.is_empty() {
        return Ok(book);
    }
    let mut diagnostics = loaded.diagnostics;
    diagnostics.extend(failures.iter().map(|failure| failed_scenario(failure, sources)));
    Err(diagnostics)
}

/// A failed scenario as a finding at the place where it was written.
#[must_use]
pub fn failed_scenario(failure: &Failure, sources: &Sources) -> Diagnostic {
    let file = failure.place.file.clone();
    let line = usize::try_from(failure.place.line).unwrap_or(1).saturating_sub(1);
    let text = text_of(sources, &file).unwrap_or_default();
    let start = text.split_inclusive('\n').take(line).map(str::len).sum::<usize>();
    let rest = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let indent = rest.len() - rest.trim_start().len();
    let listed = |messages: &[(i64, afterrun_rules::ids::MessageId)]| {
        let each: Vec<_> = messages.iter().map(|(day, id)| format!("day {day} `{id}`")).collect();
        if each.is_empty() { "nothing".to_owned() } else { each.join(", ") }
    };
    let differs = |(day, flag, wanted, found): &(u32, _, _, _)| {
        format!("on day {day} `{flag}` should be {wanted:?} and is {found:?}")
    };
    let mut help = failure.states.iter().map(differs).collect::<Vec<_>>();
    help.extend(failure.clinic_in_words());
    if failure.expected != failure.sent {
        help.insert(0, format!("expected {}; sent {}", listed(&failure.expected), listed(&failure.sent)));
    }
    help.push("`afterrun test` shows it day by day".to_owned());
    Diagnostic {
        code: "scenario-failed",
        severity: Severity::Error,
        file,
        span: start + indent..start + rest.trim_end().len(),
        line: failure.place.line,
        column: u32::try_from(indent).unwrap_or(0) + 1,
        message: format!("the scenario `{}` no longer comes out as written", failure.name),
        label: "these rules do something else".to_owned(),
        help: Some(help.join("; ")),
        also: Vec::new(),
    }
}

/// Why files are refused, as `check` shows it in plain text: every error. Warnings keep no edit from going live
/// and would only hide what does, so they are counted.
#[must_use]
pub fn refusal(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let (errors, warnings): (Vec<_>, Vec<_>) =
        diagnostics.iter().partition(|finding| finding.severity == Severity::Error);
    let shown = errors.into_iter().map(|finding| {
        let text = text_of(sources, &finding.file);
        render_diagnostic::render(finding, text.as_deref(), "rules/", Style::Plain)
    });
    let mut findings = shown.collect::<Vec<_>>().join("\n");
    if !warnings.is_empty() {
        let count = warnings.len();
        let noun = if count == 1 { "warning" } else { "warnings" };
        findings.push_str(&format!("\n{count} {noun} besides; `afterrun check` shows all\n"));
    }
    findings
}

/// A file's text, if it is one.
#[must_use]
pub fn text_of<'a>(sources: &'a Sources, file: &str) -> Option<Cow<'a, str>> {
    match sources.files.get(file)? {
        Source::Bytes(bytes) => Some(String::from_utf8_lossy(bytes)),
        Source::Unreadable(_) => None,
    }
}

/// What became of a look at the folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Looked {
    /// This book is in force.
    InForce(BookHash),
    /// The folder's content was refused, or cannot be read; the book before stays in force.
    Rejected,
}

/// Acts on verdicts.
pub struct Reloading {
    turns: Arc<Turns>,
    clock: Arc<dyn Clock>,
    folder: PathBuf,
    wake: Arc<Wake>,
    /// Verdicts are acted on one at a time, whoever asked for them.
    one_at_a_time: tokio::sync::Mutex<()>,
    /// There was something to put in force while the clock was in doubt.
    postponed: AtomicBool,
}

impl Reloading {
    /// For the rules in `folder`.
    #[must_use]
    pub fn new(turns: Arc<Turns>, clock: Arc<dyn Clock>, folder: &Path, wake: Arc<Wake>) -> Arc<Self> {
        let one_at_a_time = tokio::sync::Mutex::new(());
        let postponed = AtomicBool::new(false);
        Arc::new(Self { turns, clock, folder: folder.to_owned(), wake, one_at_a_time, postponed })
    }

    /// Watches the folder until the returned value is dropped. Needs a tokio runtime.
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn watch(self: &Arc<Self>) -> std::io::Result<Watch> {
        let (send, mut verdicts) = mpsc::channel(VERDICTS);
        let this = self.clone();
        tokio::spawn(async move {
            while let Some(verdict) = verdicts.recv().await {
                this.act(verdict).await;
            }
        });
        let options = Options { note: Arc::new(|note| tracing::warn!("{note}")), ..Options::default() };
        let known = Some(self.turns.rules.current().book.hash);
        let sink = move |verdict| {
            // Fails only when the program is ending.
            let _ = send.blocking_send(verdict);
        };
        let rules = self.turns.rules.clone();
        let gate = move |sources: &Sources| gate(sources, Some(&rules.current().book));
        watch(self.folder.clone(), options, known, gate, sink)
    }

    /// Looks at the folder if something in it could not come into force because the clock was in doubt.
    pub async fn look_if_postponed(&self) {
        if self.postponed.swap(false, Ordering::SeqCst) {
            self.look_now().await;
        }
    }

    /// Looks at the folder now and acts on what is there, without waiting for it to come to rest.
    pub async fn look_now(&self) -> Looked {
        let verdict = match folder::read(&self.folder) {
            Err(why) => Verdict::Unreadable { why: why.to_string() },
            Ok(sources) if sources.hash() == self.turns.rules.current().book.hash => Verdict::Restored,
            Ok(sources) => match gate(&sources, Some(&self.turns.rules.current().book)) {
                Ok(value) => Verdict::Loaded { sources, value },
                Err(diagnostics) => Verdict::Rejected { sources, diagnostics },
            },
        };
        self.act(verdict).await
    }

    async fn act(&self, verdict: Verdict<RuleBook>) -> Looked {
        let _turn = self.one_at_a_time.lock().await;
        let rules = &self.turns.rules;
        match verdict {
            Verdict::Loaded { sources, value } => {
                let differs = rules.current().book.hash != value.hash;
                if differs && self.turns.belief.is_in_doubt(self.clock.now()) {
                    // From when on a book counts must not be a time that nobody believes: evidence before it tells
                    // nobody anything.
                    tracing::warn!("new rules wait until the clock is believed again");
                    self.postponed.store(true, Ordering::SeqCst);
                } else if differs {
                    self.put_in_force(&sources, value).await;
                }
                Looked::InForce(rules.current().book.hash)
            }
            Verdict::Restored => {
                if rules.rejected().is_some() {
                    tracing::info!("the rules folder holds again what is in force");
                }
                rules.set_rejected(None);
                Looked::InForce(rules.current().book.hash)
            }
            Verdict::Rejected { sources, diagnostics } => {
                self.refuse(Some(&sources), refusal(&diagnostics, &sources)).await;
                Looked::Rejected
            }
            Verdict::Unreadable { why } => {
                self.refuse(None, why).await;
                Looked::Rejected
            }
        }
    }

    async fn put_in_force(&self, sources: &Sources, book: RuleBook) {
        let now = self.clock.now();
        let hash = book.hash;
        self.finish_under_the_old_rules(now).await;
        let stored = stored_book(sources, &book, now);
        let since = match self.turns.store.save_book(stored).await {
            Ok(since) => since,
            Err(why) => {
                // The rules are good; that a restart may not find them is the lesser trouble.
                tracing::error!(error = %why, "the new rules are in force but could not be stored");
                now
            }
        };
        self.turns.rules.replace(book, since);
        tracing::info!(rules = %hash.short(), "new rules are in force");
        match self.turns.store.make_all_due(now).await {
            Ok(patients) => tracing::info!(patients, "every chart is assessed anew"),
            Err(why) => tracing::error!(error = %why, "charts could not be made due"),
        }
        self.wake.ring();
    }

    /// What is due by now is done by the rules it was due under. The new book counts from now on; without this
    /// an edit in the middle of a morning's check-ins, or during a restart, would lose those not yet opened.
    async fn finish_under_the_old_rules(&self, now: DateTime<Utc>) {
        let scheduler = Scheduler { turns: self.turns.clone() };
        for _ in 0..TICKS_BEFORE_A_CHANGE {
            match scheduler.tick(now).await {
                Ok(ticked) if ticked.more => {}
                Ok(_) => return,
                Err(why) => {
                    tracing::error!(error = %why, "what was due could not be finished before the rules changed");
                    return;
                }
            }
        }
    }

    async fn refuse(&self, sources: Option<&Sources>, findings: String) {
        let rules = &self.turns.rules;
        let hash = sources.map(Sources::hash);
        let known = rules.rejected().is_some_and(|before| before.hash == hash && before.findings == findings);
        if known {
            return;
        }
        let live = rules.current();
        let in_force = live.book.hash.short();
        tracing::error!(
            "an edit of the rules did not go live, {in_force} stays in force\n{}",
            findings.trim_end()
        );
        let now = self.clock.now();
        rules.set_rejected(Some(Rejected { hash, at: now, findings: findings.clone() }));
        if let Some(sources) = sources {
            let (hash, files) = (sources.hash(), files_of(sources));
            let refused = NewRefusedBook { hash, at: now, findings: findings.clone(), files };
            if let Err(why) = self.turns.store.save_refused(refused).await {
                tracing::error!(error = %why, "the refused edit could not be stored");
            }
        }
        if let Err(why) = self.tell_editors(&live, hash, &findings).await {
            tracing::error!(error = %why, "the editors could not be told of the refused edit");
        }
        self.wake.ring();
    }

    /// One mail an editor and refused content.
    async fn tell_editors(
        &self,
        live: &Live,
        hash: Option<BookHash>,
        findings: &str,
    ) -> Result<(), TurnError> {
        let Some(hash) = hash else { return Ok(()) };
        let now = self.clock.now();
        let text = clinic_mail::rules_rejected(findings);
        let when = When { due_at: now, stale_at: None };
        let mails = self.turns.letterhead.to_clinic(&live.book, &live.book.clinic.editors, &text, when)?;
        for mail in mails {
            let message = NewMessage {
                entry: None,
                identity_text: format!("rules-rejected/{}", hash.short()),
                audience: Audience::Clinic,
                reason: Reason::new("rules-rejected", "An edit of the rules did not go live."),
                facts: Facts::default(),
                mail: Some(mail),
            };
            self.turns.store.add_clinic_message(message, now).await?;
        }
        Ok(())
    }
}

/// A book as the store keeps it.
#[must_use]
pub fn stored_book(sources: &Sources, book: &RuleBook, now: chrono::DateTime<chrono::Utc>) -> StoredBook {
    StoredBook { hash: book.hash, files: files_of(sources), live_since: now }
}

/// The files that could be read.
fn files_of(sources: &Sources) -> BookFiles {
    let bytes = |(path, source): (&Arc<str>, &Source)| match source {
        Source::Bytes(bytes) => Some((path.to_string(), bytes.clone())),
        Source::Unreadable(_) => None,
    };
    sources.files.iter().filter_map(bytes).collect()
}

/// The files of a stored book as `load` takes them.
#[must_use]
pub fn sources_of(stored: &StoredBook) -> Sources {
    let file = |(path, bytes): (&String, &Arc<[u8]>)| (path.as_str().into(), Source::Bytes(bytes.clone()));
    Sources { files: stored.files.iter().map(file).collect() }
}
