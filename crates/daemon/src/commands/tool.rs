//! What commands that work on the store share: configuration, store, rules, and how to name a runner.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use afterrun_rules::{RuleBook, TimedEvent, chart::Event, folder, load, replay};
use afterrun_store::{Options, Patient, Sqlite, Store};
use anyhow::{Context, bail};
use chrono::{DateTime, Utc};

use crate::{
    app::{BASE_URL, no_rules, return_key},
    belief::Belief,
    clock::{Clock, SystemClock},
    clock_guard::CLOCK_HOLD,
    compose::Letterhead,
    config::Config,
    reloading::{gate, refusal, sources_of, stored_book},
    rules_live::LiveRules,
    turn::{Extras, Taken, Turns},
    unreadable::LeftAlone,
};

/// The configuration's name when none is given.
const CONFIG_NAME: &str = "afterrun.ron";

/// Arguments that every command takes.
pub(super) struct Shared {
    pub config: Option<PathBuf>,
    pub now: Option<DateTime<Utc>>,
}

impl Shared {
    /// The configuration.
    pub(super) fn config(&self) -> anyhow::Result<Config> {
        match self.config_path() {
            Some(path) => Ok(Config::read(path)?),
            None => Ok(Config::default()),
        }
    }

    /// The configuration's file, if there is one.
    pub(super) fn config_path(&self) -> Option<&Path> {
        let here = Path::new(CONFIG_NAME);
        self.config.as_deref().or_else(|| here.exists().then_some(here))
    }

    /// The time to act at.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.now.unwrap_or_else(|| SystemClock.now())
    }

    /// The store and the rules in force, for a command that may run beside the daemon.
    pub(super) async fn open(&self) -> anyhow::Result<Tool> {
        let config = self.config()?;
        let now = self.now();
        if !config.database_path().exists() {
            // In the wrong folder nothing is made by looking.
            folder::read(&config.rules).with_context(|| no_rules(&config.rules))?;
        }
        let store = open_store(&config, Options::tool())?;
        let rules = Arc::new(rules(&config, &*store, now).await?);
        let base_url = store.setting(BASE_URL).await?.unwrap_or_else(|| format!("http://{}", config.listen));
        let letterhead = Letterhead::new(&config, &base_url, return_key(&*store).await?);
        let belief = Belief::default();
        belief.set_held(store.setting(CLOCK_HOLD).await?.is_some());
        Ok(Tool {
            turns: Turns {
                store,
                rules,
                letterhead,
                belief: Arc::new(belief),
                left_alone: LeftAlone::default(),
            },
            config,
            now,
        })
    }
}

/// Opens the database of the configuration.
pub(super) fn open_store(config: &Config, options: Options) -> anyhow::Result<Arc<dyn Store>> {
    Ok(Arc::new(Sqlite::open(&config.database_path(), options)?))
}

/// Opens the database with this URL, `sqlite:PATH` or a path. It must exist: nothing is made by looking.
///
/// # Errors
///
/// If there is no such file, it is no database of ours, or the URL is one of another kind of database.
pub(super) fn open_named_store(url: &str) -> anyhow::Result<Arc<dyn Store>> {
    let path = match url.split_once(':') {
        Some(("sqlite", path)) => path.strip_prefix("//").unwrap_or(path),
        Some((kind, _)) if kind.len() > 1 && kind.chars().all(|char| char.is_ascii_alphanumeric()) => {
            bail!("databases of the kind `{kind}` cannot be read; name a file: sqlite:PATH")
        }
        _ => url,
    };
    if !Path::new(path).is_file() {
        bail!("there is no database {path}");
    }
    Ok(Arc::new(Sqlite::open(Path::new(path), Options::tool())?))
}

/// The rules the daemon goes by: the newest it accepted, or those of the folder if it never ran.
async fn rules(config: &Config, store: &dyn Store, now: DateTime<Utc>) -> anyhow::Result<LiveRules> {
    if let Some(stored) = store.last_good_book().await? {
        let book = load::load(&sources_of(&stored)).book;
        let book = book.context("the rules in force are from another release and no longer load")?;
        return Ok(LiveRules::new(book, stored.live_since));
    }
    let sources = folder::read(&config.rules).with_context(|| no_rules(&config.rules))?;
    match gate(&sources, None) {
        Ok(book) => {
            let since = store.save_book(stored_book(&sources, &book, now)).await?;
            Ok(LiveRules::new(book, since))
        }
        Err(found) => bail!("the rules have mistakes\n{}", refusal(&found, &sources)),
    }
}

/// A store and what is needed to take turns.
pub(super) struct Tool {
    pub turns: Turns,
    pub config: Config,
    pub now: DateTime<Utc>,
}

impl Tool {
    /// The rules in force.
    pub(super) fn book(&self) -> Arc<RuleBook> {
        self.turns.rules.current().book.clone()
    }

    /// A runner by id or address.
    pub(super) async fn patient(&self, named: &str) -> anyhow::Result<Patient> {
        find_patient(&*self.turns.store, named).await
    }

    /// Refuses what would bear a time of a clock that is in doubt: an enrolment says from when on somebody is asked.
    pub(super) fn needs_the_clock(&self, what: &str) -> anyhow::Result<()> {
        if self.turns.belief.is_in_doubt(self.now) {
            bail!(
                "the clock of this machine is in doubt, so {what} has to wait and nothing has been changed; set the clock \
                 right, or say with `afterrun release` that it is right, and do this again"
            );
        }
        Ok(())
    }

    /// Records one event after asking whether it makes sense. `action` names it in the audit log.
    pub(super) async fn record(
        &self,
        patient: &Patient,
        event: Event,
        action: &'static str,
    ) -> anyhow::Result<Taken> {
        self.record_all(patient, vec![event], action).await
    }

    /// Records events in one turn after asking whether each makes sense after those before it.
    pub(super) async fn record_all(
        &self,
        patient: &Patient,
        events: Vec<Event>,
        action: &'static str,
    ) -> anyhow::Result<Taken> {
        let events: Vec<_> = events.into_iter().map(|event| TimedEvent { at: self.now, event }).collect();
        let mut chart = self.turns.store.chart(&patient.id).await?.chart;
        for timed in &events {
            if let Some(problem) = replay::problem_with(&self.book(), &chart, timed) {
                bail!("{problem}");
            }
            chart.apply(timed);
        }
        let taken = self.turns.take(&patient.id, &events, &Extras::default(), self.now).await?;
        self.turns.store.audit(self.now, "command line", action, patient.id.as_str()).await?;
        Ok(taken)
    }
}

/// A runner by id or address.
pub(super) async fn find_patient(store: &dyn Store, named: &str) -> anyhow::Result<Patient> {
    if !named.contains('@') {
        return Ok(store.patient(&named.into()).await?);
    }
    store.patient_by_email(named).await?.with_context(|| format!("no runner is enrolled as `{named}`"))
}

/// A line on standard output.
pub(super) fn say(line: impl std::fmt::Display) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}

/// What a turn decided, one line each.
pub(super) fn say_decisions(taken: &Taken) -> anyhow::Result<()> {
    if taken.waits {
        say("recorded; it is decided on when the clock is believed again (`afterrun release`)")?;
    }
    for decision in &taken.decisions {
        say(format_args!("{} at {}: {}", decision.identity, decision.at, decision.reason.text))?;
    }
    Ok(())
}

/// Runs a command's future to its end.
pub(super) fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(future)
}
