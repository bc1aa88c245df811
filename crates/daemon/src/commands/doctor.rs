//! `afterrun doctor`: what stands in the way of mail and care on this machine, and what to do about it.
//!
//! Looks and changes nothing, but for a file that it writes into the data folder and takes away again, and a test
//! mail if one is asked for. Never shows a secret.

mod dns;
mod files;
mod mail;
mod time;

use std::fmt;

use clap::Args;

use super::{
    Ended,
    rules_folder::counted,
    tool::{Shared, say},
};

/// Looks at everything Afterrun needs and says what to fix.
#[derive(Args, Debug)]
pub(super) struct Doctor {
    /// Send a test mail to this address too.
    #[arg(long, value_name = "ADDRESS")]
    send_to: Option<String>,
    /// Ask no name server.
    #[arg(long)]
    no_dns: bool,
}

/// How something was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    Well,
    /// Could not be looked at, or does not apply.
    Skipped,
    /// Works, and somebody should know.
    Doubtful,
    /// Does not work.
    Bad,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Well => "ok",
            Self::Skipped => "-",
            Self::Doubtful => "warning",
            Self::Bad => "bad",
        })
    }
}

/// One finding.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Finding {
    verdict: Verdict,
    /// What was looked at.
    topic: &'static str,
    /// What was found.
    found: String,
    /// What to do about it.
    advice: Option<String>,
}

impl Finding {
    fn well(topic: &'static str, found: impl Into<String>) -> Self {
        Self { verdict: Verdict::Well, topic, found: found.into(), advice: None }
    }

    fn skipped(topic: &'static str, found: impl Into<String>) -> Self {
        Self { verdict: Verdict::Skipped, topic, found: found.into(), advice: None }
    }

    fn doubtful(topic: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { verdict: Verdict::Doubtful, topic, found: found.into(), advice: Some(advice.into()) }
    }

    fn bad(topic: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { verdict: Verdict::Bad, topic, found: found.into(), advice: Some(advice.into()) }
    }
}

/// Findings as they are made: each is shown at once, since some take seconds.
#[derive(Default)]
struct Report {
    doubtful: usize,
    bad: usize,
}

impl Report {
    fn add(&mut self, finding: &Finding) -> anyhow::Result<()> {
        match finding.verdict {
            Verdict::Doubtful => self.doubtful += 1,
            Verdict::Bad => self.bad += 1,
            Verdict::Well | Verdict::Skipped => {}
        }
        say(format_args!("{:<8} {:<14} {}", finding.verdict, finding.topic, finding.found))?;
        if let Some(advice) = &finding.advice {
            say(format_args!("{:<8} {:<14} -> {advice}", "", ""))?;
        }
        Ok(())
    }
}

impl Doctor {
    pub(super) async fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let mut report = Report::default();
        // Without a configuration nothing else makes sense; its mistakes are shown with their places.
        let config = shared.config()?;
        report.add(&files::configuration(shared, &config))?;
        for finding in files::look(&config) {
            report.add(&finding)?;
        }
        let (finding, store) = files::database(&config).await;
        report.add(&finding)?;
        if let Some(store) = &store {
            report.add(&files::unreadable(&**store).await)?;
        }
        report.add(&files::rules(&config))?;
        for finding in time::look(store.as_deref(), shared.now()).await {
            report.add(&finding)?;
        }
        for finding in mail::look(&config).await {
            report.add(&finding)?;
        }
        if self.no_dns {
            report.add(&Finding::skipped("names", "not asked for"))?;
        } else {
            for finding in dns::look(&config).await {
                report.add(&finding)?;
            }
        }
        if let Some(to) = self.send_to {
            report.add(&mail::send(shared, &to).await)?;
        }
        say(format_args!("{} to fix, {}", report.bad, counted(report.doubtful, "warning")))?;
        Ok(if report.bad > 0 { Ended::WithFindings } else { Ended::Well })
    }
}
