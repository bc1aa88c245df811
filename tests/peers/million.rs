//! Whether cost follows what is due rather than how many runners there are: start, an idle time, and a morning
//! with ten due, of a daemon with a thousand runners and of one with a million.
//!
//! The daemon is a process of its own. Runners are written into its database in bulk: nothing else about them
//! matters here than that they are there.

mod support;

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use afterrun_store::{Options, Sqlite};
use afterrun_tests::{crowd, daemon};
use anyhow::Context;
use chrono_tz::Tz;
use rusqlite::{Connection, params};

use self::support::{at, cpu_seconds, line, number, resident_mib, thread_seconds};

/// Runners who are due in the morning.
const DUE: usize = 10;

struct Figures {
    start: f64,
    after_start: f64,
    idle_cpu: f64,
    tick_cpu: f64,
    tick_wall: f64,
    resident: f64,
}

fn main() -> anyhow::Result<()> {
    let (few, many) = (number("FEW", 1_000), number("MANY", 1_000_000));
    let idle = Duration::from_secs(number("IDLE_SECONDS", 60));
    let small = measure(few, idle)?;
    let large = measure(many, idle)?;
    line("runners", &few.to_string(), &many.to_string());
    let show = |what: &str, figure: fn(&Figures) -> f64, unit: &str| {
        let (small, large) = (figure(&small), figure(&large));
        line(what, &format!("{small:.3} {unit}"), &format!("{large:.3} {unit}"));
    };
    show("start to ready", |figures| figures.start, "s");
    show("CPU of the start, with what it leaves to the background", |figures| figures.after_start, "s");
    show(&format!("CPU of {} idle seconds", idle.as_secs()), |figures| figures.idle_cpu, "s");
    show(&format!("CPU of a morning with {DUE} due"), |figures| figures.tick_cpu, "s");
    show("that morning", |figures| figures.tick_wall, "s");
    show("resident memory", |figures| figures.resident, "MiB");
    Ok(())
}

fn measure(runners: usize, idle: Duration) -> anyhow::Result<Figures> {
    let folder = tempfile::tempdir()?;
    let path = folder.path();
    daemon::copy_folder(&daemon::shipped_rules(), &path.join("rules"));
    let config = "(data: \"data\", rules: \"rules\", listen: \"127.0.0.1:0\", \
                  from: (address: \"checkin@clinic.example\"))";
    fs::write(path.join("afterrun.ron"), config)?;
    // The first start takes the rules in, which is no part of the question.
    Running::start(path, &["--clock", "stdin"])?.stop()?;
    fill(&path.join("data/afterrun.db"), runners)?;

    let mut stepped = Running::start(path, &["--clock", "stdin"])?;
    let id = stepped.child.id().to_string();
    stepped.step_to(support::ENROLLED)?;
    let before = thread_seconds(&id)?;
    let began = Instant::now();
    stepped.step_to(support::MORNING)?;
    let tick_wall = began.elapsed().as_secs_f64();
    let tick_cpu = thread_seconds(&id)? - before;
    let after_morning = resident_mib(&id)?;
    stepped.stop()?;
    let mails = fs::read_dir(path.join("data/mail/new"))?.count();
    anyhow::ensure!(mails >= DUE, "only {mails} mails were written for {DUE} runners");

    let began = Instant::now();
    let serving = Running::start(path, &[])?;
    let start = began.elapsed().as_secs_f64();
    let id = serving.child.id().to_string();
    let after_start = quiet(&id)?;
    let before = cpu_seconds(&id)?;
    std::thread::sleep(idle);
    let idle_cpu = cpu_seconds(&id)? - before;
    let resident = after_morning.max(resident_mib(&id)?);
    serving.stop()?;
    Ok(Figures { start, after_start, idle_cpu, tick_cpu, tick_wall, resident })
}

/// Waits until what the start left to do is done (a large database is read whole, once, some seconds later); the
/// processor seconds that the daemon has taken by then.
fn quiet(process: &str) -> anyhow::Result<f64> {
    const BUSY: f64 = 0.05;
    std::thread::sleep(Duration::from_secs(8));
    let mut so_far = cpu_seconds(process)?;
    loop {
        std::thread::sleep(Duration::from_secs(2));
        let now = cpu_seconds(process)?;
        if now - so_far < BUSY {
            return Ok(now);
        }
        so_far = now;
    }
}

/// Ten runners as they are, the others beside them: enrolled, and due years from now.
fn fill(database: &Path, runners: usize) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let store: std::sync::Arc<dyn afterrun_store::Store> =
            std::sync::Arc::new(Sqlite::open(database, Options::tool())?);
        crowd::enrol(&store, DUE, &[Tz::UTC], at(support::RAN)?, at(support::ENROLLED)?).await;
        anyhow::Ok(())
    })?;
    let db = Connection::open(database)?;
    db.pragma_update(None, "synchronous", "OFF")?;
    let (enrolled, due) = (at(support::ENROLLED)?, at("2099-01-01T07:00:00Z")?);
    db.execute(
        "INSERT INTO patients (id, name, email, email_key, language, units, enrolled_at, initial_time_zone,
             initial_reach, time_zone, reach, next_due)
         WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?1)
         SELECT lower(hex(randomblob(16))), 'Runner ' || n, 'many-' || n || '@runner.example',
             'many-' || n || '@runner.example', language, units, ?2, initial_time_zone, initial_reach, time_zone,
             reach, ?3
         FROM number, (SELECT * FROM patients LIMIT 1)",
        params![(runners - DUE) as i64, enrolled.timestamp_micros(), due.timestamp_micros()],
    )?;
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// A daemon in a process of its own.
struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Running {
    /// Started, and ready when this returns.
    fn start(folder: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let log = fs::File::create(folder.join("log"))?;
        let binary: PathBuf = env!("CARGO_BIN_EXE_afterrun-under-test").into();
        let mut child = Command::new(binary)
            .current_dir(folder)
            .args(["serve", "--port", "0"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let stdout = child.stdout.take().context("its output is piped")?;
        let mut running = Self { child, lines: BufReader::new(stdout).lines() };
        let said = running.answer()?;
        anyhow::ensure!(said.starts_with("listening on"), "the daemon said `{said}`");
        Ok(running)
    }

    fn step_to(&mut self, instant: &str) -> anyhow::Result<()> {
        let stdin = self.child.stdin.as_mut().context("its input is piped")?;
        writeln!(stdin, "{instant}")?;
        let said = self.answer()?;
        anyhow::ensure!(said.starts_with("settled"), "the daemon said `{said}`");
        Ok(())
    }

    fn answer(&mut self) -> anyhow::Result<String> {
        Ok(self.lines.next().context("the daemon ended")??)
    }

    fn stop(mut self) -> anyhow::Result<()> {
        drop(self.child.stdin.take());
        let status = Command::new("kill").arg(self.child.id().to_string()).status()?;
        anyhow::ensure!(status.success(), "kill: {status}");
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
