//! What the side-by-side benches share: a clinic whose daemon runs inside the bench, processor time, a table.

#![expect(dead_code, reason = "each bench is a program of its own and uses its part")]

pub mod http;
pub mod queues;
pub mod sink;
pub mod taker;

use std::{fs, path::Path, str::FromStr, sync::Arc, time::Instant};

use afterrun::{
    app::{App, Parts},
    clock::SimulatedClock,
    config::Config,
};
use afterrun_mail::Transport;
use afterrun_store::{Options, Sqlite, Store};
use afterrun_tests::{crowd, daemon};
use anyhow::Context;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use tempfile::TempDir;

/// A size or a port from the environment, so that a bench can be tried out small.
pub fn number<T: FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A clinic on disk, its daemon assembled here, its clock standing still.
pub struct Clinic {
    pub app: Arc<App>,
    pub store: Arc<dyn Store>,
    pub clock: SimulatedClock,
    _folder: TempDir,
}

/// When the runners of the benches have run, in UTC, which is their zone.
pub const RAN: &str = "2026-05-04T09:00:00Z";
/// When they are enrolled.
pub const ENROLLED: &str = "2026-05-04T12:00:00Z";
/// When all their check-ins are due at once.
pub const MORNING: &str = "2026-05-05T07:00:00Z";

/// An instant.
pub fn at(text: &str) -> anyhow::Result<DateTime<Utc>> {
    Ok(DateTime::parse_from_rfc3339(text)?.to_utc())
}

impl Clinic {
    /// Runners who ran a half marathon the day before, their recovery plans written and handed to `transport`.
    pub async fn with_runners(count: usize, transport: Arc<dyn Transport>) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let rules = folder.path().join("rules");
        copy_rules(&rules)?;
        let database = folder.path().join("afterrun.db");
        let store: Arc<dyn Store> = Arc::new(Sqlite::open(&database, Options::daemon())?);
        let now = at(ENROLLED)?;
        let clock = SimulatedClock::new(now);
        let config = Config { rules, data: folder.path().to_owned(), ..Config::default() };
        let parts = Parts {
            steady: None,
            config,
            store: store.clone(),
            transport,
            clock: Arc::new(clock.clone()),
            base_url: "http://127.0.0.1:1".to_owned(),
        };
        let app = App::assemble(parts).await?;
        crowd::enrol_at(&store, count, address, &[Tz::UTC], at(RAN)?, now).await;
        app.settle(now).await?;
        Ok(Self { app, store, clock, _folder: folder })
    }

    /// Goes on to the morning without doing what is due then.
    pub fn wait_for_morning(&self) -> anyhow::Result<DateTime<Utc>> {
        let morning = at(MORNING)?;
        self.clock.set(morning);
        Ok(morning)
    }

    /// Takes every turn that is due; how many.
    pub async fn take_turns(&self, now: DateTime<Utc>) -> anyhow::Result<u32> {
        let mut turns = 0;
        loop {
            let ticked = self.app.scheduler.tick(now).await?;
            anyhow::ensure!(ticked.failed == 0, "{} turns failed", ticked.failed);
            turns += ticked.turns;
            if !ticked.more {
                return Ok(turns);
            }
        }
    }
}

/// Mail domains of a clinic's runners. The delivery lets four mails at a time go to one domain, so eight connections
/// are busy only if there are some.
const DOMAINS: usize = 40;

fn address(number: usize) -> String {
    format!("runner-{number}@{}.runner.example", number % self::number("DOMAINS", DOMAINS).max(1))
}

/// The shipped rules with the one limit raised that a crowd would run into.
fn copy_rules(to: &Path) -> anyhow::Result<()> {
    daemon::copy_folder(&daemon::shipped_rules(), to);
    let path = to.join("clinic.ron");
    let text = fs::read_to_string(&path)?;
    let raised = text.replace("all_per_hour: 2000", "all_per_hour: 1000000");
    anyhow::ensure!(raised != text, "clinic.ron no longer says all_per_hour: 2000");
    Ok(fs::write(&path, raised)?)
}

/// Wall clock and processor time of this process, all threads, since `start`.
pub struct Stopwatch {
    began: Instant,
    cpu: f64,
}

/// What a stopwatch shows, in seconds.
#[derive(Clone, Copy)]
pub struct Spent {
    pub wall: f64,
    pub cpu: f64,
}

impl Stopwatch {
    pub fn start() -> anyhow::Result<Self> {
        Ok(Self { cpu: cpu_seconds("self")?, began: Instant::now() })
    }

    pub fn stop(&self) -> anyhow::Result<Spent> {
        Ok(Spent { wall: self.began.elapsed().as_secs_f64(), cpu: cpu_seconds("self")? - self.cpu })
    }
}

impl Spent {
    pub fn per_second(&self, count: usize) -> f64 {
        count as f64 / self.wall
    }

    /// Microseconds of processor time for each.
    pub fn cpu_each(&self, count: usize) -> f64 {
        self.cpu * 1e6 / count as f64
    }
}

/// Processor seconds of a process so far (proc(5): fields 14 and 15 of `stat`, in hundredths of a second).
pub fn cpu_seconds(process: &str) -> anyhow::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, after_name) = stat.rsplit_once(')').context("a line of /proc/*/stat")?;
    let ticks: u64 =
        after_name.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
    Ok(ticks as f64 / 100.0)
}

/// The same to the microsecond, for short spans in which no thread ends (the first field of each thread's
/// `schedstat`, in nanoseconds).
pub fn thread_seconds(process: &str) -> anyhow::Result<f64> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let spent = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanoseconds +=
            spent.split_whitespace().next().and_then(|n| n.parse::<u64>().ok()).context("schedstat")?;
    }
    Ok(nanoseconds as f64 / 1e9)
}

/// Resident memory of a process in mebibytes.
pub fn resident_mib(process: &str) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1024.0)
}

/// Prints one line: what, how much, and a remark such as a ratio.
#[expect(clippy::print_stdout, reason = "a bench prints what it found")]
pub fn line(what: &str, figure: &str, remark: &str) {
    println!("{what:<62} {figure:>16}  {remark}");
}

/// The median.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The value below which 99 in 100 lie.
pub fn p99(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() * 99 / 100).copied().unwrap_or(f64::NAN)
}
