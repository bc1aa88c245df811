//! Rows that cannot be read: what they were about is known from the columns beside them, and a person has to know.

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use afterrun_rules::{
    book::TellClinic,
    decision::{Audience, Reason},
};

use super::{fault::Answer, work_items};
use crate::{NewWorkItem, UNREADABLE};

/// A mail that was put aside because it cannot be read. Goes into a digest at once: nobody else tells of it.
pub(super) fn mail_put_aside(
    db: &Connection,
    patient: i64,
    message: i64,
    audience: Audience,
    now: DateTime<Utc>,
) -> Answer<()> {
    let text = match audience {
        Audience::Patient => {
            "Afterrun could not read a stored mail to this runner and did not send it. Please call the runner if \
             nothing else has told them what to do."
        }
        Audience::Clinic => {
            "Afterrun could not read a stored mail to the clinic about this runner and did not send it. Please look \
             at the chart, and call the runner if it asks for it."
        }
    };
    let item = NewWorkItem {
        identity_text: format!("{UNREADABLE}/mail/{message}"),
        flag: None,
        level: TellClinic::Today,
        reason: Reason::new(UNREADABLE, text),
        digest_due: Some(now),
    };
    work_items::insert(db, patient, &item, now)
}
