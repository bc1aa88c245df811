//! `afterrun patient ...`: add runners, look at them, pause, resume and stop.

use afterrun_mail::check_address;
use afterrun_rules::chart::Reach;
use afterrun_store::{NewPatient, Patient as Stored, Units};
use anyhow::{Context, bail};
use chrono::SecondsFormat;
use chrono_tz::Tz;
use clap::{Args, Subcommand, ValueEnum};

use super::{
    Ended,
    patient_erase::Erase,
    patient_export::Export,
    patient_import::{Import, check_language, check_name},
    patient_pause::{self, Pause},
    rules_folder::counted,
    tool::{Shared, Tool, say, say_decisions},
};
use crate::{recorder::enrolment, token::random_id, turn::Extras};

/// Rows asked for at a time.
const PAGE: u32 = 200;

/// Runners.
#[derive(Subcommand, Debug)]
pub(super) enum Patient {
    /// Add a runner; prints the id. The runner gets one mail that asks to confirm the address.
    Add(Add),
    /// Enrol the runners of a CSV file, all or none.
    Import(Import),
    /// List all runners.
    List,
    /// Show one runner: what is known, and what was decided and why.
    Show(Named),
    /// Another mail address: its owner is asked to confirm it, and the old one gets nothing any more.
    Address(Address),
    /// No check-ins for a while.
    Pause(Pause),
    /// Check-ins again.
    Resume(Named),
    /// No more mail: ends the enrolment.
    Stop(Named),
    /// Everything that is known of a runner, as JSON.
    Export(Export),
    /// Erase a runner: person and answers go for good, numbers stay.
    Erase(Erase),
}

#[derive(Args, Debug)]
pub(super) struct Add {
    /// Name, as the runner wants to be called.
    #[arg(long)]
    name: String,
    /// Mail address.
    #[arg(long)]
    email: String,
    /// Zone the runner lives by, such as `Europe/London`; without it the clinic's.
    #[arg(long, value_name = "ZONE", value_parser = time_zone)]
    time_zone: Option<Tz>,
    /// Language of mails, such as `en`.
    #[arg(long, default_value = "en")]
    language: String,
    /// Units for distances.
    #[arg(long, value_enum, default_value_t = UnitsArgument::Miles)]
    units: UnitsArgument,
    /// The runner has confirmed the address in person: no confirmation is asked for.
    #[arg(long)]
    confirmed: bool,
}

fn time_zone(text: &str) -> Result<Tz, String> {
    text.parse().map_err(|_| format!("`{text}` is no time zone: write it like `Europe/London`"))
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum UnitsArgument {
    Miles,
    Kilometres,
}

#[derive(Args, Debug)]
pub(super) struct Named {
    /// Id or mail address.
    patient: String,
}

#[derive(Args, Debug)]
pub(super) struct Address {
    /// Id or mail address until now.
    patient: String,
    /// The new mail address.
    new: String,
}

impl Patient {
    pub(super) async fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        match self {
            Self::Add(add) => add.execute(&shared.open().await?).await?,
            Self::Import(import) => return import.execute(shared).await,
            Self::List => list(&shared.open().await?).await?,
            Self::Show(named) => {
                let tool = shared.open().await?;
                show(&tool, &tool.patient(&named.patient).await?).await?;
            }
            Self::Address(address) => {
                let tool = shared.open().await?;
                tool.needs_the_clock("a new address")?;
                let patient = tool.patient(&address.patient).await?;
                let taken = tool.turns.change_address(&patient.id, &address.new, tool.now).await?;
                tool.turns
                    .store
                    .audit(tool.now, "command line", "patient-address", patient.id.as_str())
                    .await?;
                say_decisions(&taken)?;
                say("the new address gets nothing about health before its owner has confirmed it")?;
            }
            Self::Pause(pause) => pause.execute(shared).await?,
            Self::Resume(named) => patient_pause::resume(shared, &named.patient).await?,
            Self::Stop(named) => patient_pause::stop(shared, &named.patient).await?,
            Self::Export(export) => return export.execute(shared).await,
            Self::Erase(erase) => return erase.execute(shared).await,
        }
        Ok(Ended::Well)
    }
}

impl Add {
    async fn execute(self, tool: &Tool) -> anyhow::Result<()> {
        tool.needs_the_clock("an enrolment")?;
        let email =
            check_address(&self.email).with_context(|| format!("`{}` is no mail address", self.email))?;
        let name = self.name.trim();
        if name.is_empty() {
            bail!("a name is needed");
        }
        check_name(name)?;
        check_language(&self.language)?;
        let new = NewPatient {
            id: Some(random_id()?.into()),
            name: name.to_owned(),
            email,
            time_zone: self.time_zone.unwrap_or(tool.book().clinic.time_zone),
            language: self.language,
            units: match self.units {
                UnitsArgument::Miles => Units::Miles,
                UnitsArgument::Kilometres => Units::Kilometres,
            },
            reach: if self.confirmed { Reach::Confirmed } else { Reach::Unconfirmed },
        };
        let store = &tool.turns.store;
        // In one: nobody is enrolled without the mail that asks to confirm the address.
        let ids = store.enrol(vec![enrolment(&tool.turns, new, tool.now)?], tool.now).await?;
        let id = ids.first().context("nobody was enrolled; this is a bug")?;
        tool.turns.take(id, &[], &Extras::default(), tool.now).await?;
        store.audit(tool.now, "command line", "patient-add", id.as_str()).await?;
        say(id)
    }
}

async fn list(tool: &Tool) -> anyhow::Result<()> {
    let mut after: Option<String> = None;
    loop {
        let page = tool.turns.store.patients(after.as_deref(), PAGE).await?;
        for patient in &page.rows {
            say(format_args!(
                "{}  {:<24} {:<32} {:<20} {}",
                patient.id,
                patient.name,
                patient.email,
                patient.time_zone,
                standing(patient)
            ))?;
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

fn standing(patient: &Stored) -> String {
    match (patient.stopped_at, patient.reach) {
        (Some(at), _) => format!("stopped on {}", at.date_naive()),
        (None, Reach::Confirmed) => "active".to_owned(),
        (None, Reach::Unconfirmed) => "address not confirmed".to_owned(),
        (None, Reach::Dead) => "address does not take mail".to_owned(),
    }
}

async fn show(tool: &Tool, patient: &Stored) -> anyhow::Result<()> {
    let stored = tool.turns.store.chart(&patient.id).await?;
    let chart = stored.chart;
    let at = |at: chrono::DateTime<chrono::Utc>| {
        at.with_timezone(&patient.time_zone).to_rfc3339_opts(SecondsFormat::Secs, true)
    };
    say(format_args!("{} ({}), {}", patient.name, patient.id, patient.email))?;
    say(format_args!(
        "{}; enrolled {}; lives by {}",
        standing(patient),
        at(patient.enrolled_at),
        patient.time_zone
    ))?;
    if let Some(due) = patient.next_due {
        say(format_args!("next look: {}", at(due)))?;
    }
    say(format_args!("\nruns ({})", chart.runs.len()))?;
    for logged in &chart.runs {
        say(format_args!(
            "  {}  {:.1} km  {:?}",
            at(logged.run.started_at),
            logged.run.distance_m / 1000.0,
            logged.run.kind
        ))?;
    }
    say(format_args!("\nanswers ({})", chart.answers.len()))?;
    for answer in &chart.answers {
        let values = serde_json::to_string(&answer.values)?;
        say(format_args!("  about {}: {values}", answer.about_day))?;
    }
    if !stored.waiting.is_empty() {
        let waits = counted(stored.waiting.len(), "event");
        say(format_args!(
            "\n{waits} told while the clock was in doubt, decided on when it is believed again"
        ))?;
    }
    say("\nmessages, newest first")?;
    let page = tool.turns.store.messages(Some(&patient.id), None, PAGE).await?;
    for message in page.rows {
        let state = serde_json::to_value(message.state)?;
        say(format_args!(
            "  {}  {:<10} {}: {}",
            at(message.decided_at),
            state.as_str().unwrap_or(""),
            message.identity_text,
            message.end_reason.as_deref().unwrap_or(&message.reason.text),
        ))?;
    }
    Ok(())
}
