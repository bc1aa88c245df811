//! `afterrun demo`: a clinic with a handful of runners, a clock one turns by hand, the real rules and the real
//! daemon, all in a temporary folder. Nothing leaves the machine: mail goes to a mailbox on the page.
//!
//! The demonstration drives the same parts as `serve`; it adds runners who answer by themselves (`cast`), the
//! turning of the clock (`clockwork`) and one page (`page`).

mod cast;
mod clockwork;
mod letter;
mod page;
mod page_parts;
mod routes;
mod snapshot;
mod strip;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use afterrun_mail::CaptureFolder;
use afterrun_store::{NewUser, Options, Role, Sqlite, Store};
use afterrun_web::hash_password;
use anyhow::Context;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use tokio::{net::TcpListener, sync::watch};

use crate::{
    app::{App, Parts},
    clock::SimulatedClock,
    config::Config,
    shipped,
};
use cast::Cast;

/// The Monday on which every demonstration begins: no clock changes, no holiday in sight.
const FIRST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(2026, 5, 4) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// The hour at which it begins, on the clinic's clock.
const FIRST_HOUR: NaiveTime = match NaiveTime::from_hms_opt(9, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// The rules folder that is taken when there is one.
const RULES_HERE: &str = "rules";

/// Who the demonstration's clinician is. No secret: only this computer can reach the console, and all in it is made
/// up.
const CLINICIAN: (&str, &str) = ("robin@clinic.example", "made up for the demo");

/// A demonstration under way.
pub struct Demo {
    app: Arc<App>,
    clock: SimulatedClock,
    cast: Cast,
    rules: PathBuf,
    base_url: String,
    /// The clock is turned by one request at a time.
    turning: tokio::sync::Mutex<()>,
}

/// Where to look, and which files are whose.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The page.
    pub url: String,
    /// The rules folder in force.
    pub rules: PathBuf,
    /// Whether that folder goes away with the demonstration.
    pub rules_are_a_copy: bool,
}

impl Demo {
    /// Sets the stage below `folder` and serves it on the loopback interface until `stop` says so. `announce`
    /// is told where to look once there is something to see.
    ///
    /// # Errors
    /// When the folder cannot be written, the port is taken, or the rules have mistakes.
    pub async fn run(
        folder: &Path,
        port: u16,
        announce: impl FnOnce(&Stage) -> anyhow::Result<()>,
        mut stop: watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener =
            TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let (rules, rules_are_a_copy) = rules_folder(folder)?;
        let demo = Self::begin(folder, rules.clone(), base_url.clone()).await?;
        let _watch = demo.app.reloading.watch().context("cannot watch the rules folder")?;
        announce(&Stage { url: base_url, rules, rules_are_a_copy })?;
        let router = demo.router();
        let stopped = async move {
            // An error means that whoever could say stop is gone, which says the same.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        // A browser that keeps its connection open must not keep the program alive: no graceful wait.
        tokio::select! {
            served = axum::serve(listener, router) => served?,
            () = demo.keep_settled() => {}
            () = stopped => {}
        }
        Ok(())
    }

    /// What an answer on a runner's page or an edit of the rules brings is done at once, the clock standing.
    async fn keep_settled(&self) {
        loop {
            self.app.woken().await;
            if let Err(why) = self.settle_in_turn().await {
                tracing::error!(error = format!("{why:#}"), "the demonstration is in trouble");
            }
        }
    }

    /// Settles when nobody turns the clock.
    async fn settle_in_turn(&self) -> anyhow::Result<()> {
        let _turn = self.turning.lock().await;
        self.settle().await
    }

    async fn begin(folder: &Path, rules: PathBuf, base_url: String) -> anyhow::Result<Arc<Self>> {
        let database = folder.join("afterrun.db");
        let store: Arc<dyn Store> = Arc::new(Sqlite::open(&database, Options::daemon())?);
        let config = Config { data: folder.to_owned(), rules: rules.clone(), ..Config::default() };
        let transport = Arc::new(CaptureFolder::open(folder.join("mail"))?);
        // Rules in force since long before: what the runners report later counts.
        let clock = SimulatedClock::new(DateTime::UNIX_EPOCH);
        let parts = Parts {
            config,
            store,
            transport,
            clock: Arc::new(clock.clone()),
            base_url: base_url.clone(),
            steady: None,
        };
        let app = App::assemble(parts).await?;
        let clinic_zone = app.turns.rules.current().book.clinic.time_zone;
        let begins = afterrun_rules::schedule::instant(clinic_zone, FIRST_DAY.and_time(FIRST_HOUR));
        clock.set(begins);
        let password_hash = hash_password(CLINICIAN.1).context("the password could not be hashed")?;
        let clinician = NewUser { email: CLINICIAN.0.to_owned(), role: Role::Admin, password_hash };
        app.turns.store.add_user(clinician, begins).await?;
        let cast = Cast::enrol(&app, begins).await?;
        app.settle(begins).await?;
        Ok(Arc::new(Self { app, clock, cast, rules, base_url, turning: tokio::sync::Mutex::new(()) }))
    }

    fn now(&self) -> DateTime<Utc> {
        crate::clock::Clock::now(&self.clock)
    }
}

/// The folder here if there is one, else a copy of the shipped rules beside the database.
fn rules_folder(folder: &Path) -> anyhow::Result<(PathBuf, bool)> {
    let here = Path::new(RULES_HERE);
    if here.is_dir() {
        return Ok((std::path::absolute(here)?, false));
    }
    let copy = folder.join(RULES_HERE);
    shipped::write_to(&copy).with_context(|| format!("cannot write {}", copy.display()))?;
    Ok((copy, true))
}
