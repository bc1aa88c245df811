//! The one place where everything is put together, and the loops that keep it going.
//!
//! Leaves out the command line (`commands`). Tests and the demonstration assemble the same parts with another
//! clock and another transport.

use std::{path::Path, sync::Arc, time::Duration};

use afterrun_mail::Transport;
use afterrun_rules::{folder, load};
use afterrun_store::{Store, StoreError};
use afterrun_web::{Console, Site, TrustedProxies, console_routes, new_set_up_token, runner_routes};
use anyhow::Context;
use axum::Router;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    belief::Belief,
    clock::{Clock, SteadyClock},
    clock_guard::CLOCK_HOLD,
    compose::Letterhead,
    config::{Config, EditRules, Mode},
    delivery::{Delivery, HOLD, Round},
    desk::AtTheDesk,
    health,
    recorder::Recording,
    reloading::{Reloading, gate, refusal, sources_of, stored_book},
    rules_desk::AtTheRulesDesk,
    rules_live::LiveRules,
    scheduler::{Scheduler, Ticked},
    token::random_text,
    turn::{TurnError, Turns},
    unreadable::LeftAlone,
    wake::Wake,
    watcher::Watcher,
};

/// Longest sleep of a loop. A command may have added a message meanwhile; this is how soon it is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// Shortest sleep of a loop, also when the bell rings all the time: one look serves everything that was recorded in
/// the meantime.
const SHORTEST_SLEEP: Duration = Duration::from_millis(20);

/// Sleep after the store failed: it is not made better by asking all the time.
const SLEEP_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// How long messages in flight may take to be finished when the program ends.
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// Rounds of tick and delivery until all is quiet. Two are usual; the bound is for mistakes of ours.
const ROUNDS_AT_MOST: u32 = 100;

/// The setting that holds the key of the return paths' MAC.
const RETURN_KEY: &str = "return-path-key";

/// The setting that holds the address the daemon last listened on, for links that commands make.
pub(crate) const BASE_URL: &str = "base-url";

/// What differs between a clinic's daemon, a test and the demonstration.
pub struct Parts {
    /// The configuration.
    pub config: Config,
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// What takes the mails.
    pub transport: Arc<dyn Transport>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// What links begin with unless the configuration says.
    pub base_url: String,
    /// What the clock is compared with; none when somebody drives it.
    pub steady: Option<Arc<dyn SteadyClock>>,
}

/// Everything, put together.
pub struct App {
    /// How anything happens to a patient.
    pub turns: Arc<Turns>,
    /// What time brings.
    pub scheduler: Scheduler,
    /// How mail leaves.
    pub delivery: Arc<Delivery>,
    /// What the pages ask for.
    pub recording: Arc<Recording>,
    /// What follows from an edit of the rules.
    pub reloading: Arc<Reloading>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// What watches all this.
    pub watcher: Watcher,
    /// Wakes the loops.
    pub(crate) wake: Arc<Wake>,
    standing_notice: Option<String>,
    rules_desk: AtTheRulesDesk,
    proxies: TrustedProxies,
}

impl App {
    /// Puts everything together and takes over from a process that ended badly.
    ///
    /// # Errors
    /// When the store fails, or there are neither sound rules in the folder nor a last good book in the store.
    pub async fn assemble(parts: Parts) -> anyhow::Result<Arc<Self>> {
        let Parts { config, store, transport, clock, base_url, steady } = parts;
        let now = clock.now();
        let rules = Arc::new(rules_to_begin_with(&config.rules, &*store, now).await?);
        let return_key = return_key(&*store).await?;
        store.set_setting(BASE_URL, Some(&base_url)).await?;
        let letterhead = Letterhead::new(&config, &base_url, return_key);
        let turns = Arc::new(Turns {
            store: store.clone(),
            rules,
            letterhead,
            belief: Arc::new(Belief::of(clock.clone())),
            left_alone: LeftAlone::default(),
        });
        let wake = Arc::new(Wake::default());
        let worker = format!("{}-{}", std::process::id(), random_text::<9>()?);
        let (queued, in_doubt) = store.recover(std::slice::from_ref(&worker), now).await?;
        if queued + in_doubt > 0 {
            tracing::warn!(
                queued,
                in_doubt,
                "took over messages from a process that ended before they were settled"
            );
        }
        let recording = Arc::new(Recording::new(turns.clone(), clock.clone(), wake.clone()));
        let delivery = Delivery::new(turns.clone(), transport, clock.clone(), worker);
        let reloading = Reloading::new(turns.clone(), clock.clone(), &config.rules, wake.clone());
        let app = Self {
            rules_desk: AtTheRulesDesk::new(
                turns.clone(),
                reloading.clone(),
                clock.clone(),
                config.rules.clone(),
                config.edit_rules == EditRules::InConsole,
            ),
            watcher: Watcher::begin(turns.clone(), delivery.clone(), steady, now).await?,
            scheduler: Scheduler { turns: turns.clone() },
            delivery,
            reloading,
            standing_notice: standing_notice(&config),
            proxies: TrustedProxies::read(&config.trusted_proxies)?,
            recording,
            turns,
            clock,
            wake,
        };
        app.refresh_notice().await;
        app.reloading.look_now().await;
        tracing::info!(rules = %app.turns.rules.current().book.hash.short(), "rules in force");
        Ok(Arc::new(app))
    }

    /// The runner's pages, the clinic's console and the two health addresses.
    pub fn router(self: &Arc<Self>) -> Router {
        let base_url = self.turns.letterhead.base_url.clone();
        let (store, recorder) = (self.turns.store.clone(), self.recording.clone());
        let site = Site::new(store, recorder, base_url.clone(), base_url.starts_with("https://"));
        let console = Console {
            store: self.turns.store.clone(),
            recorder: self.recording.clone(),
            desk: Arc::new(AtTheDesk {
                turns: self.turns.clone(),
                delivery: self.delivery.clone(),
                app: self.clone(),
            }),
            rules: Arc::new(self.rules_desk.clone()),
            base_url,
            proxies: self.proxies.clone(),
        };
        runner_routes(site).merge(console_routes(console)).merge(health::routes(self.clone()))
    }

    /// The link at which the first user of the console makes an account: a new one at each start, none once
    /// there is a user.
    ///
    /// # Errors
    /// When the store fails, or the system gives no randomness.
    pub async fn set_up_link(&self) -> anyhow::Result<Option<String>> {
        let store = &self.turns.store;
        if !store.users(None, 1).await?.rows.is_empty() {
            return Ok(None);
        }
        let made = new_set_up_token().map_err(|why| anyhow::anyhow!("the system gives no randomness: {why}"));
        let (setting, value, path) = made?;
        store.set_setting(setting, Some(&value)).await?;
        Ok(Some(format!("{}{path}", self.turns.letterhead.base_url)))
    }

    /// Does everything that is due at `now`, until nothing is: every due message is tried once. For clocks that
    /// somebody else drives.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn settle(&self, now: DateTime<Utc>) -> anyhow::Result<()> {
        let in_doubt = self.watcher.clock_in_doubt(now).await?;
        self.refresh_notice().await;
        if in_doubt {
            // Nothing leaves but alerts of emergencies.
            self.delivery.run(now).await?;
            return Ok(());
        }
        self.reloading.look_if_postponed().await;
        for _ in 0..ROUNDS_AT_MOST {
            let ticked = self.scheduler.tick(now).await?;
            self.watcher.ticked(ticked, now).await?;
            let round = self.delivery.run(now).await?;
            self.watcher.delivered(now).await?;
            if ticked.turns == 0 && !ticked.more && round.claimed == 0 {
                self.watcher.reconcile_if_due(now).await?;
                self.refresh_notice().await;
                return Ok(());
            }
        }
        tracing::error!(rounds = ROUNDS_AT_MOST, "work does not come to an end");
        Ok(())
    }

    /// The next instant after `now` at which something could be due.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next_due(&self) -> anyhow::Result<Option<DateTime<Utc>>> {
        let patients = self.turns.store.next_due().await?;
        let messages = self.turns.store.next_message_due().await?;
        let messages = messages.map(|due| self.delivery.open_until().map_or(due, |open| due.max(open)));
        let escalate = self.turns.rules.current().book.clinic.escalate.clone();
        let waits = escalate.map(|escalate| TimeDelta::minutes(i64::from(escalate.after_minutes)));
        let work = self.turns.store.next_work_due(waits).await?;
        Ok(patients.into_iter().chain(messages).chain(work).min())
    }

    /// Waits until an event or an edit of the rules has brought something to do. For clocks that somebody else
    /// drives: `run` does this by itself.
    pub async fn woken(&self) {
        self.wake.scheduler().await;
    }

    /// Runs the scheduler's and the delivery's loop until `stop` says so, then finishes what is in flight.
    pub async fn run(self: &Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut loops = JoinSet::new();
        loops.spawn(self.clone().schedule(stop.clone()));
        loops.spawn(self.clone().deliver(stop.clone()));
        // An error means that whoever could say stop is gone, which says the same.
        let _ = stop.wait_for(|stop| *stop).await;
        self.delivery.stop();
        self.wake.ring();
        if timeout(STOP_WITHIN, async { while loops.join_next().await.is_some() {} }).await.is_err() {
            tracing::warn!("messages still in flight are left to the next start");
            loops.abort_all();
        }
    }

    async fn schedule(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let mut trouble = Trouble::default();
        while !*stop.borrow() {
            self.refresh_notice().await;
            let outcome = self.tick().await;
            if let Ok(ticked) = &outcome {
                // Only a scheduler that gets its work done keeps the watchdog quiet.
                let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
                if ticked.turns > 0 {
                    self.wake.ring_delivery();
                }
                if ticked.more {
                    continue;
                }
            }
            let failed = trouble.note("the scheduler", outcome.err().map(|why| why.to_string()));
            let due = self.turns.store.next_due().await.ok().flatten();
            sleep(SHORTEST_SLEEP).await;
            let _ = timeout(self.wait(due, failed), self.wake.scheduler()).await;
        }
    }

    /// One tick, unless the clock cannot be believed: then there is nothing to do, and that is done well.
    async fn tick(&self) -> Result<Ticked, TurnError> {
        let now = self.clock.now();
        if self.watcher.clock_in_doubt(now).await? {
            return Ok(Ticked::default());
        }
        self.reloading.look_if_postponed().await;
        let ticked = self.scheduler.tick(now).await?;
        self.watcher.ticked(ticked, now).await?;
        if !ticked.more {
            self.watcher.reconcile_if_due(now).await?;
        }
        Ok(ticked)
    }

    async fn deliver_once(&self) -> Result<Round, StoreError> {
        let now = self.clock.now();
        let in_doubt = self.watcher.clock_in_doubt(now).await?;
        let round = self.delivery.run(now).await?;
        if in_doubt {
            // Alerts of emergencies at most; no sign of life bears the time of such a clock.
            return Ok(round);
        }
        self.watcher.delivered(self.clock.now()).await?;
        Ok(round)
    }

    async fn deliver(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let mut trouble = Trouble::default();
        while !*stop.borrow() {
            let outcome = self.deliver_once().await;
            if outcome.as_ref().is_ok_and(|round| round.more) {
                continue;
            }
            let failed = trouble.note("the delivery", outcome.err().map(|why| why.to_string()));
            let due = self.turns.store.next_message_due().await.ok().flatten();
            sleep(SHORTEST_SLEEP).await;
            let _ = timeout(self.wait(due, failed), self.wake.delivery()).await;
        }
    }

    /// How long to wait for the bell: until something is due, at most a second.
    fn wait(&self, due: Option<DateTime<Utc>>, failed: bool) -> Duration {
        match due.and_then(|due| (due - self.clock.now()).to_std().ok()) {
            _ if failed => SLEEP_AFTER_FAILURE,
            // A message that is due and waits for the circuit, or is held, must not keep a processor busy.
            Some(time) => time.clamp(SHORTEST_SLEEP, LONGEST_SLEEP),
            None => LONGEST_SLEEP,
        }
    }

    /// What every page says above its content: that mail is held, cannot leave, or does not go where it seems to.
    pub(crate) async fn refresh_notice(&self) {
        let store = &self.turns.store;
        let (clock, by_hand) = tokio::join!(store.setting(CLOCK_HOLD), store.setting(HOLD));
        let held = |setting: Result<Option<String>, StoreError>| setting.is_ok_and(|held| held.is_some());
        let notice = if held(clock) {
            Some(
                "Messages are on hold at the moment: the clock of this service has to be looked at."
                    .to_owned(),
            )
        } else if held(by_hand) {
            Some("Messages are on hold at the moment.".to_owned())
        } else if self.delivery.trouble().is_some() {
            Some("Messages cannot be sent at the moment.".to_owned())
        } else {
            self.standing_notice.clone()
        };
        self.recording.notice.store(notice.map(Arc::new));
    }
}

/// Logs trouble of a loop once, not every few seconds.
#[derive(Default)]
struct Trouble(Option<String>);

impl Trouble {
    fn note(&mut self, what: &'static str, why: Option<String>) -> bool {
        if why != self.0 {
            match &why {
                Some(why) => tracing::error!(error = why.as_str(), "{what} cannot do its work"),
                None => tracing::warn!("{what} works again"),
            }
        }
        self.0 = why;
        self.0.is_some()
    }
}

fn standing_notice(config: &Config) -> Option<String> {
    (config.mode == Mode::Shadow).then(|| "Trial run: messages go to the clinic only.".to_owned())
}

/// The rules in force when the last process ended; at the very first start, the folder's.
///
/// Beginning with the folder's would make an edit during a restart an edit of the past: what was due under the
/// old rules and not yet done would be lost. `Reloading` finishes that first and then looks at the folder.
async fn rules_to_begin_with(
    path: &Path,
    store: &dyn Store,
    now: DateTime<Utc>,
) -> anyhow::Result<LiveRules> {
    if let Some(stored) = store.last_good_book().await? {
        match load::load(&sources_of(&stored)).book {
            Some(book) => return Ok(LiveRules::new(book, stored.live_since)),
            None => tracing::warn!("the last good rules are from another release and no longer load"),
        }
    }
    let sources = folder::read(path).with_context(|| no_rules(path))?;
    match gate(&sources, None) {
        Ok(book) => {
            let since = store.save_book(stored_book(&sources, &book, now)).await?;
            store.make_all_due(now).await?;
            Ok(LiveRules::new(book, since))
        }
        Err(found) => anyhow::bail!("there are no sound rules to begin with\n{}", refusal(&found, &sources)),
    }
}

/// What to say when the rules folder cannot be read.
pub(crate) fn no_rules(folder: &Path) -> String {
    format!(
        "cannot read the rules folder `{}` (start in the folder that holds it, or name the configuration with --config)",
        folder.display()
    )
}

/// The key of the return paths, made at the first start.
pub(crate) async fn return_key(store: &dyn Store) -> anyhow::Result<Vec<u8>> {
    if let Some(key) = store.setting(RETURN_KEY).await? {
        return Ok(key.into_bytes());
    }
    let key = random_text::<32>()?;
    store.set_setting(RETURN_KEY, Some(&key)).await?;
    Ok(key.into_bytes())
}
