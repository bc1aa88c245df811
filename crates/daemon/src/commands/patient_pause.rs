//! `afterrun patient pause`, `resume` and `stop`: what would change nothing, or mislead, is refused.

use afterrun_rules::chart::{Chart, Event, PauseEvent};
use anyhow::bail;
use chrono::NaiveDate;
use clap::Args;

use super::tool::{Shared, Tool, say, say_decisions};

/// No check-ins for a while.
#[derive(Args, Debug)]
pub(super) struct Pause {
    /// Id or mail address.
    patient: String,
    /// The day on which check-ins start again; without it, when resumed.
    #[arg(long, value_name = "DATE")]
    until: Option<NaiveDate>,
}

impl Pause {
    pub(super) async fn execute(self, shared: &Shared) -> anyhow::Result<()> {
        let until = self.until;
        let done = match until {
            Some(until) => format!("check-ins are paused and start again on {until}"),
            None => "check-ins are paused until `afterrun patient resume`".to_owned(),
        };
        let event = Event::Pause(PauseEvent { until });
        change(shared, &self.patient, event, "patient-pause", done, |_, today| match until {
            Some(until) if until <= today => bail!("{until} is not after today, {today}: name a day to come"),
            _ => Ok(()),
        })
        .await
    }
}

/// Check-ins again.
pub(super) async fn resume(shared: &Shared, patient: &str) -> anyhow::Result<()> {
    let done = "check-ins go on".to_owned();
    change(shared, patient, Event::Resume {}, "patient-resume", done, |chart, today| {
        if !chart.is_paused(today) {
            bail!("check-ins are not paused; nothing has been changed");
        }
        Ok(())
    })
    .await
}

/// No more mail.
pub(super) async fn stop(shared: &Shared, patient: &str) -> anyhow::Result<()> {
    let done = "stopped: no more mail; only the runner can start again, by a personal link".to_owned();
    change(shared, patient, Event::Stop {}, "patient-stop", done, |_, _| Ok(())).await
}

/// Records one event unless `refuse` knows better, given the chart with what still waits and today on the runner's clock.
async fn change(
    shared: &Shared,
    named: &str,
    event: Event,
    action: &'static str,
    done: String,
    refuse: impl FnOnce(&Chart, NaiveDate) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let tool = shared.open().await?;
    let patient = tool.patient(named).await?;
    let chart = with_waiting(&tool, &patient.id).await?;
    if chart.stopped_at.is_some() {
        bail!("{} has stopped all messages, so there is nothing to change", patient.name);
    }
    refuse(&chart, chart.local_date(tool.now))?;
    let taken = tool.record(&patient, event, action).await?;
    say(done)?;
    say_decisions(&taken)
}

/// The chart as it will be once what waits is taken in.
async fn with_waiting(tool: &Tool, patient: &afterrun_rules::ids::PatientId) -> anyhow::Result<Chart> {
    let stored = tool.turns.store.chart(patient).await?;
    let mut chart = stored.chart;
    stored.waiting.iter().for_each(|waiting| chart.apply(&waiting.event));
    Ok(chart)
}
