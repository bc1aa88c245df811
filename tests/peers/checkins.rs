//! How many due check-ins a second are planned, rendered and committed, and what one costs.
//!
//! Beside it, in the same run: a bare queue in SQLite with an index on the due time, 500 jobs a transaction, whose
//! jobs do nothing; and jobs that do nothing in job queues that many use, their server included (`NODE_MODULES` names
//! a folder that holds pg-boss and bullmq; PostgreSQL and Redis are started here). A check-in is a chart loaded,
//! assessed and planned, a mail rendered with three links of its own, and a durable commit.

mod support;

use std::{path::Path, sync::Arc};

use anyhow::Context;
use rusqlite::{Connection, params};

use self::support::{Clinic, Spent, Stopwatch, line, number, queues::Queue, taker::Taker};

/// Processor time of an empty job in general job queues, in microseconds, their server included; measured before,
/// on another machine of this kind, 20,000 due among 1,000,000.
const MEASURED_BEFORE: [(&str, f64); 3] = [("pg-boss", 60.0), ("BullMQ", 102.0), ("graphile-worker", 218.0)];

/// Jobs a transaction of the bare queue.
const BATCH: usize = 500;

fn main() -> anyhow::Result<()> {
    let count = number("RUNNERS", 20_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ours = runtime.block_on(check_ins(count))?;
    let bare = bare_queue(count)?;
    line("check-ins due at once", &count.to_string(), "");
    line("planned, rendered and committed", &format!("{:.0}/s", ours.per_second(count)), "");
    let each = ours.cpu_each(count);
    line("processor time for each, everything included", &format!("{each:.0} us"), "");
    let empty = bare.cpu_each(count);
    let remark = format!("ours is {:.0} times that", each / empty);
    line("bare SQLite queue, an empty job", &format!("{empty:.1} us"), &remark);
    let beside = |name: &str, when: &str, queue: f64| {
        let remark = format!("ours is {:.2} times that", each / queue);
        line(&format!("{name}, an empty job{when}"), &format!("{queue:.0} us"), &remark);
    };
    for queue in [Queue::PgBoss, Queue::BullMq] {
        match queue.empty_job(count)? {
            Some(job) => beside(queue.name(), "", job),
            None => line(&format!("{}, an empty job", queue.name()), "skipped", "not on this machine"),
        }
    }
    for (name, queue) in MEASURED_BEFORE {
        beside(name, " (measured before)", queue);
    }
    Ok(())
}

async fn check_ins(count: usize) -> anyhow::Result<Spent> {
    let clinic = Clinic::with_runners(count, Arc::new(Taker::default())).await?;
    let morning = clinic.wait_for_morning()?;
    let before = clinic.store.queue_depth(morning).await?.due;
    let watch = Stopwatch::start()?;
    clinic.take_turns(morning).await?;
    let spent = watch.stop()?;
    let written = clinic.store.queue_depth(morning).await?.due - before;
    anyhow::ensure!(written == count as u64, "{written} check-ins were written, not {count}");
    Ok(spent)
}

/// Takes `count` due jobs off a queue and puts each back for the next day.
fn bare_queue(count: usize) -> anyhow::Result<Spent> {
    let folder = tempfile::tempdir()?;
    let mut db = open(&folder.path().join("queue.db"))?;
    db.execute_batch(
        "CREATE TABLE jobs (id INTEGER PRIMARY KEY, next_at INTEGER NOT NULL, what TEXT NOT NULL) STRICT;
         CREATE INDEX jobs_next ON jobs (next_at);",
    )?;
    let filling = db.transaction()?;
    for id in 0..count {
        filling
            .execute("INSERT INTO jobs VALUES (?1, ?2, 'check-in')", params![id as i64, id as i64 % 60])?;
    }
    filling.commit()?;
    let watch = Stopwatch::start()?;
    let mut done = 0;
    loop {
        let batch = db.transaction()?;
        let due: Vec<i64> = batch
            .prepare_cached("SELECT id FROM jobs WHERE next_at <= 60 ORDER BY next_at LIMIT ?1")?
            .query_map([BATCH as i64], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        if due.is_empty() {
            break;
        }
        for id in &due {
            batch.prepare_cached("UPDATE jobs SET next_at = next_at + 86400 WHERE id = ?1")?.execute([id])?;
        }
        batch.commit()?;
        done += due.len();
    }
    let spent = watch.stop()?;
    anyhow::ensure!(done == count, "{done} jobs were done, not {count}");
    Ok(spent)
}

/// As durable as Afterrun's own store.
fn open(path: &Path) -> anyhow::Result<Connection> {
    let db = Connection::open(path).context("a database")?;
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "FULL")?;
    Ok(db)
}
