//! Check-ins of all patients, by the time at which they were opened. A patient's own are in `charts`.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::{
    columns::{instant, micros},
    fault::{Answer, Fault},
    patients::page,
};
use crate::{OpenedCheckIn, Page};

/// Parts of a cursor: instant, patient, number.
type Cursor = (i64, i64, i64);

/// A page in the order they were opened.
pub(super) fn opened(
    db: &Connection,
    since: DateTime<Utc>,
    after: Option<&str>,
    limit: u32,
) -> Answer<Page<OpenedCheckIn>> {
    let (at, patient, seq) = after.and_then(cursor).unwrap_or((micros(since), -1, -1));
    let mut statement = db.prepare_cached(
        "SELECT p.id, c.check_in, c.about_day, c.opened_at, c.patient, c.seq
         FROM check_ins c JOIN patients p ON p.key = c.patient
         WHERE (c.opened_at, c.patient, c.seq) > (?1, ?2, ?3)
         ORDER BY c.opened_at, c.patient, c.seq LIMIT ?4",
    )?;
    let rows = statement.query_map(params![at, patient, seq, i64::from(limit) + 1], |row| {
        let place: Cursor = (row.get(3)?, row.get(4)?, row.get(5)?);
        let names: (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok((names, place))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let ((patient, check_in, about_day), place) = row?;
        let about_day = about_day.parse().map_err(|_| Fault::Unreadable("about-day"))?;
        let opened_at = instant(place.0)?;
        let opened =
            OpenedCheckIn { patient: patient.into(), check_in: check_in.into(), about_day, opened_at };
        found.push((opened, place));
    }
    let page = page(found, limit, |(_, (at, patient, seq))| format!("{at}.{patient}.{seq}"));
    Ok(Page { rows: page.rows.into_iter().map(|(opened, _)| opened).collect(), next: page.next })
}

fn cursor(text: &str) -> Option<Cursor> {
    let mut parts = text.split('.').map(str::parse);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(Ok(at)), Some(Ok(patient)), Some(Ok(seq))) => Some((at, patient, seq)),
        _ => None,
    }
}
