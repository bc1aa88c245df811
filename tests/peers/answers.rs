//! How many answers a second are durable over HTTP with 64 connections: chart loaded, form read and judged,
//! chart assessed and planned, everything committed, the page with what to do next made.
//!
//! Beside it, in the same run, with the same client: a bare axum handler that inserts one row through the same
//! group commit.

mod support;

use std::{net::SocketAddr, sync::Arc};

use afterrun_store::Store;
use axum::{Router, extract::State, http::StatusCode, routing::post};
use tokio::{net::TcpListener, sync::watch};

use self::support::{
    Clinic, Spent, Stopwatch,
    http::{Answered, post_all},
    line, median, number, p99,
    taker::Taker,
};

/// Connections of the client.
const CONNECTIONS: usize = 64;

/// What every runner answers: sore in the usual way, after a run that hurt a little.
const FORM: &str = "q.feeling=sore&q.worst_pain=2&q.swelling=none&q.walking=normal&q.pain_on_run=2&\
                    q.slept_well=yes&q.note=&none=1";

/// Ours and the bare handler take turns so often, so that both have the machine as it is at the time.
const ROUNDS: usize = 5;

fn main() -> anyhow::Result<()> {
    let count = number("ANSWERS", 20_000) / ROUNDS * ROUNDS;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    line(
        "answers",
        &count.to_string(),
        &format!("over {CONNECTIONS} connections, client on the same processors"),
    );
    let (ours, bare) = runtime.block_on(in_turns(count))?;
    let ratio = format!("{:.2} of the bare handler", ours.per_second() / bare.per_second());
    show("Afterrun", &ours, &ratio);
    show("bare axum handler, one row, the same group commit", &bare, "");
    Ok(())
}

/// All rounds of one of the two.
#[derive(Default)]
struct Sum {
    each: Vec<f64>,
    wall: f64,
    cpu: f64,
}

impl Sum {
    fn add(&mut self, (answered, spent): (Answered, Spent)) {
        self.wall += answered.wall.as_secs_f64();
        self.cpu += spent.cpu;
        self.each.extend(answered.each);
    }

    fn per_second(&self) -> f64 {
        self.each.len() as f64 / self.wall
    }
}

fn show(what: &str, sum: &Sum, remark: &str) {
    line(what, &format!("{:.0}/s", sum.per_second()), remark);
    let (half, slow) = (median(sum.each.clone()), p99(sum.each.clone()));
    line("    half of them within", &format!("{half:.2} ms"), "");
    line("    99 in 100 within", &format!("{slow:.2} ms"), "");
    let cpu = sum.cpu * 1e6 / sum.each.len() as f64;
    line("    processor time for each, client included", &format!("{cpu:.0} us"), "");
}

async fn in_turns(count: usize) -> anyhow::Result<(Sum, Sum)> {
    let taker = Arc::new(Taker::default());
    let clinic = Clinic::with_runners(count, taker.clone()).await?;
    taker.check_in_paths();
    let morning = clinic.wait_for_morning()?;
    clinic.app.settle(morning).await?;
    let paths = taker.check_in_paths();
    anyhow::ensure!(paths.len() == count, "{} links to check-ins came, not {count}", paths.len());
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("bare.db");
    let store: Arc<dyn Store> =
        Arc::new(afterrun_store::Sqlite::open(&database, afterrun_store::Options::daemon())?);
    let bare_router = Router::new().route("/insert/{number}", post(insert)).with_state(store);
    let (mut ours, mut bare) = (Sum::default(), Sum::default());
    // As in service: the loops run, and are woken by every answer. With nothing to do they cost next to nothing.
    let (stop, stopped) = watch::channel(false);
    let app = clinic.app.clone();
    let loops = tokio::spawn(async move { app.run(stopped).await });
    for (round, share) in paths.chunks(count / ROUNDS).enumerate() {
        ours.add(measure(clinic.app.router(), share.to_vec()).await?);
        let numbers = (0..share.len()).map(|number| format!("/insert/{}", round * share.len() + number));
        bare.add(measure(bare_router.clone(), numbers.collect()).await?);
    }
    stop.send_replace(true);
    loops.await?;
    Ok((ours, bare))
}

/// One line for the audit log: the smallest row there is.
async fn insert(State(store): State<Arc<dyn Store>>, form: String) -> Result<String, StatusCode> {
    let now = support::at(support::MORNING).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let inserted = store.audit(now, "runner", "answer", &form).await;
    inserted.map(|()| form).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

/// Serves a router and posts the form to each of the paths.
async fn measure(router: Router, paths: Vec<String>) -> anyhow::Result<(Answered, Spent)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let server: SocketAddr = listener.local_addr()?;
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let watch = Stopwatch::start()?;
    let answered = tokio::task::spawn_blocking(move || post_all(server, paths, FORM, CONNECTIONS)).await??;
    let spent = watch.stop()?;
    serving.abort();
    Ok((answered, spent))
}
