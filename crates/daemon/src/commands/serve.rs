//! `afterrun serve`: the daemon.

use std::{
    io::{self, Write},
    path::Path,
    sync::Arc,
    time::Duration,
};

use afterrun_store::Options;
use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

use super::{
    Ended,
    tool::{Shared, block_on, open_store, say},
};
use crate::{
    app::{App, Parts},
    clock::{Clock, MonotonicClock, SimulatedClock, SteadyClock, SystemClock},
    config::Config,
    figures,
    reloading::Looked,
    transport::transport,
};

/// The setting that holds where a simulated clock stood.
const SIMULATED_CLOCK: &str = "simulated-clock";

/// How long requests under way may take to be finished when the program ends.
const PAGES_STOP_WITHIN: Duration = Duration::from_secs(10);

/// Runs until told to stop.
#[derive(Args, Debug)]
pub(super) struct Serve {
    /// Where the time comes from.
    #[arg(long, hide = true, value_enum, default_value_t = ClockArgument::System)]
    clock: ClockArgument,
    /// The port to listen on, instead of the configuration's. 0 takes a free one.
    #[arg(long)]
    port: Option<u16>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum ClockArgument {
    System,
    Stdin,
}

impl Serve {
    pub(super) fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let mut config = shared.config()?;
        if let Some(port) = self.port {
            config.listen.set_port(port);
        }
        block_on(self.serve(config))
    }

    async fn serve(self, config: Config) -> anyhow::Result<Ended> {
        let signals = StopSignals::listen()?;
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY");
        let transport = transport(&config, credentials.as_deref().map(Path::new))?;
        let store = open_store(&config, Options::daemon())?;
        let listen = config.listen;
        let listener =
            TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let base_url = format!("http://{}", listener.local_addr()?);
        if config.smtp.is_none() {
            let folder = config.capture_path();
            tracing::warn!(folder = %folder.display(), "no mail server is configured: mail is written to a folder");
        }
        let simulated = match self.clock {
            ClockArgument::System => None,
            ClockArgument::Stdin => Some(SimulatedClock::new(left_at(&*store).await?)),
        };
        let (clock, steady): (Arc<dyn Clock>, Option<Arc<dyn SteadyClock>>) = match &simulated {
            Some(clock) => (Arc::new(clock.clone()), None),
            None => (Arc::new(SystemClock), Some(Arc::new(MonotonicClock::default()))),
        };
        figures::begin(SystemClock.now());
        let parts = Parts { config, store, transport, clock, base_url: base_url.clone(), steady };
        let app = App::assemble(parts).await?;
        let _watch = app.reloading.watch().context("cannot watch the rules folder")?;
        let (stop, stopped) = watch::channel(false);
        let pages = serve_pages(listener, &app, stopped.clone());
        say(format_args!("listening on {base_url}"))?;
        if let Some(link) = app.set_up_link().await? {
            // On standard error, past the log: whoever reads it may make the first account.
            writeln!(io::stderr(), "nobody can use the console yet; make the first account at {link}")?;
        }
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        match simulated {
            None => {
                let work = app.run(stopped);
                tokio::join!(work, signals.told_to_stop(stop));
            }
            Some(clock) => {
                tokio::select! {
                    ended = follow(&app, &clock) => ended?,
                    () = signals.told_to_stop(stop.clone()) => {}
                }
                stop.send_replace(true);
            }
        }
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        match tokio::time::timeout(PAGES_STOP_WITHIN, pages).await {
            Ok(ended) => ended??,
            Err(_) => tracing::warn!("a browser kept its connection; it is cut"),
        }
        tracing::info!("stopped");
        Ok(Ended::Well)
    }
}

/// Serves the pages until stopped; requests under way are finished.
pub(super) fn serve_pages(
    listener: TcpListener,
    app: &Arc<App>,
    mut stop: watch::Receiver<bool>,
) -> tokio::task::JoinHandle<io::Result<()>> {
    let router = app.router();
    let stopped = async move {
        // An error means that whoever could say stop is gone, which says the same.
        let _ = stop.wait_for(|stop| *stop).await;
    };
    // With each browser's address, by which the console counts tries to sign in.
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).with_graceful_shutdown(stopped).await })
}

/// The signals by which an operator or a service manager ends the program.
///
/// Listened to before anything is announced: a signal in between would kill the program on the spot.
pub(super) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// From now on the program ends by itself instead of being killed.
    pub(super) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen to the signals that end the program");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Ends when one has come, and passes it on.
    pub(super) async fn told_to_stop(mut self, stop: watch::Sender<bool>) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        tracing::info!("told to stop: what is in flight is finished, nothing new is begun");
        stop.send_replace(true);
    }
}

async fn left_at(store: &dyn afterrun_store::Store) -> anyhow::Result<DateTime<Utc>> {
    let left = store.setting(SIMULATED_CLOCK).await?.and_then(|text| text.parse().ok());
    Ok(left.unwrap_or(DateTime::UNIX_EPOCH))
}

/// Lets standard input drive the clock. A line is an instant (everything due by then is done, then
/// `settled INSTANT` is printed) or `reload` (the rules folder is looked at, then `reloaded HASH` or
/// `rejected` is printed). Ends with the input.
async fn follow(app: &Arc<App>, clock: &SimulatedClock) -> anyhow::Result<()> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let line = line.trim();
        let answer = match line {
            "" => continue,
            "reload" => match app.reloading.look_now().await {
                Looked::InForce(hash) => format!("reloaded {}", hash.short()),
                Looked::Rejected => "rejected".to_owned(),
            },
            _ => match DateTime::parse_from_rfc3339(line) {
                Ok(at) => {
                    clock.set(at.to_utc());
                    app.settle(clock.now()).await?;
                    app.turns.store.set_setting(SIMULATED_CLOCK, Some(&at.to_utc().to_rfc3339())).await?;
                    format!("settled {line}")
                }
                Err(_) => format!("error: `{line}` is neither an RFC 3339 instant nor `reload`"),
            },
        };
        let mut out = io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}
