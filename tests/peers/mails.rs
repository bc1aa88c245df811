//! How many mails a second leave through the durable delivery loop, into a sink that takes everything.
//!
//! Each of ours is claimed, judged again, marked as being sent before its final dot, and settled, all durable.
//! Beside it, in the same run and into the same sink, without any durability: Postfix's `smtp-source`, lettre's
//! commands over connections with TCP_NODELAY, lettre's pool as published, and nodemailer's pool (`NODE_MODULES`
//! names a folder that holds it). And once more lettre's commands, with one row stored before each mail by the same
//! group commit: no connection can do better on this disk and be sure of what it has sent.

mod support;

use std::{
    net::SocketAddr,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use afterrun_mail::{Security, Smtp, SmtpConfig};
use afterrun_store::Store;
use anyhow::Context;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    address::Envelope,
    transport::smtp::{PoolConfig, client::AsyncSmtpConnection, extension::ClientId},
};
use tokio::{net::TcpStream, sync::watch, task::JoinSet};

use self::support::{Clinic, Stopwatch, line, number, sink::Sink};

/// Connections of everybody.
const CONNECTIONS: usize = 8;

/// Bytes of a mail, as ours are.
const MAIL_BYTES: usize = 2_900;

fn main() -> anyhow::Result<()> {
    let count = number("MAILS", 10_000);
    let slow = number("MAILS_SLOW", 400).min(count);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let sink = Sink::start()?;
    let (ours, cpu) = runtime.block_on(afterrun(count, &sink))?;
    line("mails", &count.to_string(), &format!("over {CONNECTIONS} connections into one sink"));
    line(
        "Afterrun, every message durable",
        &format!("{ours:.0}/s"),
        &format!("{cpu:.0} us CPU each, sink included"),
    );
    let durable = runtime.block_on(lettre_durable(count, &sink));
    let nodelay_watch = Stopwatch::start()?;
    let nodelay = runtime.block_on(lettre_nodelay(count, &sink, None));
    let nodelay_cpu = nodelay_watch.stop()?.cpu_each(count);
    let beside = |what: &str, rate: anyhow::Result<Option<f64>>| match rate {
        Ok(Some(rate)) => {
            line(what, &format!("{rate:.0}/s"), &format!("ours is {:.2} times that", ours / rate))
        }
        Ok(None) => line(what, "skipped", "it is not installed here"),
        Err(why) => line(what, "skipped", &format!("{why:#}")),
    };
    beside("Postfix smtp-source, nothing durable", smtp_source(count, &sink));
    beside("lettre with TCP_NODELAY, one row stored before each", durable.map(Some));
    beside("lettre with TCP_NODELAY, nothing durable", nodelay.map(Some));
    line(
        "    its processor time, sink included",
        &format!("{nodelay_cpu:.0} us"),
        &format!("ours is {:.1} times that", cpu / nodelay_cpu),
    );
    beside(
        "lettre's pool as published, nothing durable",
        runtime.block_on(lettre_pool(slow, &sink)).map(Some),
    );
    beside("nodemailer's pool, nothing durable", nodemailer(count, &sink));
    Ok(())
}

/// Mails a second and microseconds of processor time for each, of the check-in mails of so many runners.
async fn afterrun(count: usize, sink: &Sink) -> anyhow::Result<(f64, f64)> {
    let mut config = SmtpConfig::new("127.0.0.1", sink.port, "clinic.example");
    config.security = Security::PlainLoopbackOnly;
    config.max_connections = CONNECTIONS;
    let clinic = Clinic::with_runners(count, Arc::new(Smtp::new(config)?)).await?;
    let morning = clinic.wait_for_morning()?;
    clinic.take_turns(morning).await?;
    sink.taken();
    let (stop, stopped) = watch::channel(false);
    let app = clinic.app.clone();
    let watch = Stopwatch::start()?;
    // As in service: the loops run, until the last outcome is stored.
    let loops = tokio::spawn(async move { app.run(stopped).await });
    while sink.so_far() < count {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stop.send_replace(true);
    loops.await?;
    let spent = watch.stop()?;
    all_taken(sink, count)?;
    let left = clinic.store.queue_depth(morning).await?;
    anyhow::ensure!(left.due + left.in_flight == 0, "not everything is settled: {left:?}");
    Ok((spent.per_second(count), spent.cpu_each(count)))
}

fn all_taken(sink: &Sink, count: usize) -> anyhow::Result<()> {
    let taken = sink.taken();
    anyhow::ensure!(taken == count, "the sink took {taken} mails, not {count}");
    Ok(())
}

fn smtp_source(count: usize, sink: &Sink) -> anyhow::Result<Option<f64>> {
    let mut command = Command::new("smtp-source");
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    // -d keeps the connections, as the others do.
    command.args(["-d", "-s", &CONNECTIONS.to_string(), "-m", &count.to_string()]);
    command.args(["-l", &MAIL_BYTES.to_string(), "-f", "a@clinic.example", "-t", "b@runner.example"]);
    command.arg(format!("127.0.0.1:{}", sink.port));
    let began = Instant::now();
    let status = match command.status() {
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        status => status?,
    };
    let seconds = began.elapsed().as_secs_f64();
    anyhow::ensure!(status.success(), "smtp-source: {status}");
    all_taken(sink, count)?;
    Ok(Some(count as f64 / seconds))
}

fn mail(number: usize) -> anyhow::Result<(Envelope, Vec<u8>)> {
    let to = format!("runner-{number}@runner.example");
    let envelope = Envelope::new(Some("checkin@clinic.example".parse()?), vec![to.parse()?])?;
    let mut text = format!("From: checkin@clinic.example\r\nTo: {to}\r\nSubject: a check-in\r\n\r\n");
    while text.len() < MAIL_BYTES {
        text.push_str("A line of text as long as lines of mails are wont to be, more or less so.\r\n");
    }
    Ok((envelope, text.into_bytes()))
}

async fn lettre_durable(count: usize, sink: &Sink) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("bare.db");
    let store = afterrun_store::Sqlite::open(&database, afterrun_store::Options::daemon())?;
    lettre_nodelay(count, sink, Some(Arc::new(store))).await
}

async fn lettre_nodelay(count: usize, sink: &Sink, store: Option<Arc<dyn Store>>) -> anyhow::Result<f64> {
    let address = SocketAddr::from(([127, 0, 0, 1], sink.port));
    let began = Instant::now();
    let mut senders: JoinSet<anyhow::Result<()>> = JoinSet::new();
    for sender in 0..CONNECTIONS {
        let store = store.clone();
        senders.spawn(async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let hello = ClientId::Domain("clinic.example".to_owned());
            let mut connection =
                AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello).await?;
            for number in (sender..count).step_by(CONNECTIONS) {
                let (envelope, bytes) = mail(number)?;
                if let Some(store) = &store {
                    store.audit(support::at(support::MORNING)?, "bench", "mail", "sent").await?;
                }
                connection.send(&envelope, &bytes).await?;
            }
            Ok(connection.quit().await.map(drop)?)
        });
    }
    finish(senders, count, began, sink).await
}

async fn lettre_pool(count: usize, sink: &Sink) -> anyhow::Result<f64> {
    let pool = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(sink.port)
        .pool_config(PoolConfig::new().max_size(CONNECTIONS as u32))
        .build();
    let began = Instant::now();
    let mut senders: JoinSet<anyhow::Result<()>> = JoinSet::new();
    for sender in 0..CONNECTIONS {
        let pool = pool.clone();
        senders.spawn(async move {
            for number in (sender..count).step_by(CONNECTIONS) {
                let (envelope, bytes) = mail(number)?;
                pool.send_raw(&envelope, &bytes).await?;
            }
            Ok(())
        });
    }
    finish(senders, count, began, sink).await
}

async fn finish(
    mut senders: JoinSet<anyhow::Result<()>>,
    count: usize,
    began: Instant,
    sink: &Sink,
) -> anyhow::Result<f64> {
    while let Some(sender) = senders.join_next().await {
        sender??;
    }
    let seconds = began.elapsed().as_secs_f64();
    all_taken(sink, count)?;
    Ok(count as f64 / seconds)
}

/// Prints mails a second.
const NODEMAILER: &str = "
const [port, count, bytes, connections] = process.argv.slice(1).map(Number);
const pool = require('nodemailer').createTransport({
    host: '127.0.0.1', port, secure: false, ignoreTLS: true, pool: true, maxConnections: connections,
    maxMessages: Infinity });
const began = process.hrtime.bigint();
const text = 'A line of text as long as lines of mails are wont to be, more or less so.\\n'.repeat(bytes / 75);
const send = n => pool.sendMail({ from: 'checkin@clinic.example', to: `runner-${n}@runner.example`,
    subject: 'a check-in', text });
Promise.all(Array.from({ length: count }, (_, n) => send(n))).then(() => {
    console.log(count / (Number(process.hrtime.bigint() - began) / 1e9));
    pool.close();
});";

fn nodemailer(count: usize, sink: &Sink) -> anyhow::Result<Option<f64>> {
    let Some(modules) = std::env::var_os("NODE_MODULES") else { return Ok(None) };
    let arguments = [usize::from(sink.port), count, MAIL_BYTES, CONNECTIONS].map(|number| number.to_string());
    let mut command = Command::new("node");
    command.env("NODE_PATH", modules).args(["-e", NODEMAILER, "--"]).args(arguments).stderr(Stdio::inherit());
    let output = command.output().context("node")?;
    anyhow::ensure!(output.status.success(), "node: {}", output.status);
    all_taken(sink, count)?;
    Ok(Some(String::from_utf8(output.stdout)?.trim().parse()?))
}
