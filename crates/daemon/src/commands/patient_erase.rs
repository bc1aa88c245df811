//! `afterrun patient erase`: the person and all answers go, for good. Numbers and a line in the audit log stay.

use afterrun_store::{Options, Patient, Store};
use clap::Args;

use super::{
    Ended,
    rules_folder::counted,
    tool::{Shared, find_patient, open_store, say},
};
use crate::export::enrolments;

/// Erases a runner: every enrolment of the address.
#[derive(Args, Debug)]
pub(super) struct Erase {
    /// Id or mail address.
    patient: String,
    /// Do it. Without this it is only said what would be erased.
    #[arg(long)]
    yes: bool,
}

impl Erase {
    pub(super) async fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let store = open_store(&shared.config()?, Options::tool())?;
        let patient = find_patient(&*store, &self.patient).await?;
        if !self.yes {
            return preview(&*store, &patient).await;
        }
        let erased = store.erase_patient(&patient.id, shared.now()).await?;
        for enrolment in &erased {
            store.audit(shared.now(), "command line", "patient-erase", enrolment.id.as_str()).await?;
            say(format_args!(
                "erased {}: {}, {}, {}, {}",
                enrolment.id,
                counted(enrolment.events as usize, "event"),
                counted(enrolment.check_ins as usize, "check-in"),
                counted(enrolment.messages as usize, "message"),
                counted(enrolment.work_items as usize, "work item"),
            ))?;
        }
        store.scrub().await?;
        say("nothing of it is left in the database; backups made before still hold it until they expire")?;
        Ok(Ended::Well)
    }
}

async fn preview(store: &dyn Store, patient: &Patient) -> anyhow::Result<Ended> {
    for enrolment in enrolments(store, patient).await? {
        let events = store.events(&enrolment.id).await?.len();
        say(format_args!(
            "would erase {} ({}), enrolled {}: {}",
            enrolment.name,
            enrolment.id,
            enrolment.enrolled_at.date_naive(),
            counted(events, "event"),
        ))?;
    }
    say("nothing has been changed; `patient export` keeps a copy, `--yes` erases")?;
    Ok(Ended::Well)
}
