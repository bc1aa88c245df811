//! The work-list: one row a patient, raised by work items, changed by people.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use afterrun_rules::ids::PatientId;

use super::{
    charts,
    columns::{Word, instant, maybe_instant, micros},
    fault::{Answer, Fault},
    messages,
    patients::page,
    settings,
};
use crate::{
    Contact, NewWorkItem, Page, Resolution, RuleScore, Urgency, UserKey, WorkChange, WorkFilter, WorkLine,
    WorkRow, WorkState,
};

impl Word for WorkState {
    const WHAT: &'static str = "state of work";
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::New, "new"),
        (Self::Acknowledged, "acknowledged"),
        (Self::Contacted, "contacted"),
        (Self::Resolved, "resolved"),
        (Self::Snoozed, "snoozed"),
    ];
}

impl Word for Contact {
    const WHAT: &'static str = "contact";
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Spoke, "spoke"),
        (Self::Visit, "visit"),
        (Self::Wrote, "wrote"),
        (Self::LeftMessage, "left-message"),
        (Self::NoAnswer, "no-answer"),
    ];
}

impl Word for Resolution {
    const WHAT: &'static str = "resolution";
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Advised, "advised"),
        (Self::Seen, "seen"),
        (Self::Referred, "referred"),
        (Self::Settled, "settled"),
        (Self::NotNeeded, "not-needed"),
        (Self::Acted, "acted"),
        (Self::AlreadyKnown, "already-known"),
    ];
}

/// The reason code of a spell that ended in silence.
const LAPSED: &str = "lapsed";

/// A work item came: its patient's row opens, or becomes more urgent. What is as urgent as the row, or more,
/// opens it anew, whatever somebody had made of it; what is less leaves it as it is.
pub(super) fn raise(
    db: &Connection,
    patient: i64,
    item: i64,
    new: &NewWorkItem,
    now: DateTime<Utc>,
) -> Answer<()> {
    let urgency = Urgency::of(new.level, &new.reason);
    let before = db
        .prepare_cached("SELECT open, urgency, state FROM work_list WHERE patient = ?1")?
        .query_row([patient], |row| {
            Ok((row.get::<_, bool>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
        })
        .optional()?;
    let opens = match &before {
        None => true,
        Some((open, was, _)) => !open || rank(urgency) <= *was,
    };
    if opens {
        db.prepare_cached(
            "INSERT INTO work_list (patient, open, urgency, due_at, raised_at, item, state, quiet)
             VALUES (?1, 1, ?2, ?3, ?4, ?5, 'new', 0)
             ON CONFLICT (patient) DO UPDATE SET open = 1, item = ?5, state = 'new', snoozed_until = NULL,
                 raised_at = ?4, urgency = ?2,
                 due_at = CASE WHEN open = 1 AND urgency = ?2 AND state = 'new' THEN due_at ELSE ?3 END",
        )?
        .execute(params![
            patient,
            rank(urgency),
            micros(now + urgency.within()),
            micros(now),
            item
        ])?;
    } else {
        db.prepare_cached("UPDATE work_list SET raised_at = ?2 WHERE patient = ?1")?
            .execute(params![patient, micros(now)])?;
    }
    if opens && before.is_some_and(|(_, _, state)| state != "new") {
        note(db, patient, None, "reopen", &new.reason.text, now)?;
    }
    if &*new.reason.code == LAPSED {
        db.prepare_cached("UPDATE work_list SET quiet = 1 WHERE patient = ?1")?.execute([patient])?;
    }
    if let Some(flag) = &new.flag {
        db.prepare_cached(
            "INSERT INTO rule_scores (flag, raised) VALUES (?1, 1)
             ON CONFLICT (flag) DO UPDATE SET raised = raised + 1",
        )?
        .execute([flag.as_str()])?;
    }
    Ok(())
}

/// The patient has answered.
pub(super) fn answered(db: &Connection, patient: i64) -> Answer<()> {
    db.prepare_cached("UPDATE work_list SET quiet = 0 WHERE patient = ?1 AND quiet = 1")?
        .execute([patient])?;
    Ok(())
}

const SELECT: &str = "SELECT p.id, p.name, p.reach, w.urgency, w.due_at, w.raised_at, i.flag, i.reason_code,
    i.reason_text, (SELECT count(*) FROM work_items o WHERE o.patient = w.patient AND o.state <> 'resolved'),
    w.state, u.id, u.email, w.snoozed_until, w.quiet, w.patient,
    (SELECT h.detail FROM work_history h WHERE h.patient = w.patient
        AND h.what = CASE w.state WHEN 'contacted' THEN 'contact' WHEN 'snoozed' THEN 'snooze' END
        ORDER BY h.id DESC LIMIT 1)
    FROM work_list w JOIN patients p ON p.key = w.patient JOIN work_items i ON i.id = w.item
    LEFT JOIN users u ON u.id = w.owner";

/// A page, most urgent first, then those that wait for somebody (and of these the longest due, so the overdue ones),
/// then those somebody has been in touch about.
pub(super) fn list(
    db: &Connection,
    filter: WorkFilter,
    after: Option<&str>,
    limit: u32,
    now: DateTime<Utc>,
) -> Answer<Page<WorkRow>> {
    let awake = "(w.snoozed_until IS NULL OR w.snoozed_until <= ?5)";
    // `w.owner IS ?6` finds a user's rows, and nobody's, by the same index.
    let (which, value): (String, Box<dyn ToSql>) = match filter {
        WorkFilter::Open => (format!("{awake} AND ?6 IS NULL"), Box::new(None::<i64>)),
        WorkFilter::Of(user) => (format!("{awake} AND w.owner IS ?6"), Box::new(user.0)),
        WorkFilter::Unowned => (format!("{awake} AND w.owner IS ?6"), Box::new(None::<i64>)),
        WorkFilter::Quiet => (format!("{awake} AND w.quiet = ?6"), Box::new(1)),
        WorkFilter::Bounced => (format!("{awake} AND p.reach = ?6"), Box::new("dead")),
        WorkFilter::Since(since) => (format!("{awake} AND w.raised_at > ?6"), Box::new(micros(since))),
        WorkFilter::Snoozed => ("w.snoozed_until > ?5 AND ?6 IS NULL".to_owned(), Box::new(None::<i64>)),
    };
    let query = format!(
        "{SELECT} WHERE w.open = 1 AND (w.urgency, w.contacted, w.due_at, w.patient) > (?1, ?7, ?2, ?3) AND {which}
         ORDER BY w.urgency, w.contacted, w.due_at, w.patient LIMIT ?4"
    );
    let (urgency, contacted, due_at, patient) = after.and_then(cursor).unwrap_or((-1, 0, 0, 0));
    let mut statement = db.prepare_cached(&query)?;
    let rows = statement.query_map(
        params![urgency, due_at, patient, i64::from(limit) + 1, micros(now), value, contacted],
        |row| Ok(row_and_key(row)),
    )?;
    let rows = rows.map(|row| row?).collect::<Answer<Vec<_>>>()?;
    let page = page(rows, limit, |(row, key)| {
        let contacted = i64::from(row.state == WorkState::Contacted);
        format!("{}.{contacted}.{}.{key}", rank(row.urgency), micros(row.due_at))
    });
    Ok(Page { rows: page.rows.into_iter().map(|(row, _)| row).collect(), next: page.next })
}

fn cursor(text: &str) -> Option<(i64, i64, i64, i64)> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next()??, parts.next()??))
}

/// One patient's row, resolved or not.
pub(super) fn of_patient(db: &Connection, patient: i64) -> Answer<Option<WorkRow>> {
    let query = format!("{SELECT} WHERE w.patient = ?1");
    let found = db.prepare_cached(&query)?.query_row([patient], |row| Ok(row_and_key(row))).optional()?;
    found.transpose().map(|row| row.map(|(row, _)| row))
}

/// Does what a person wants; false if there is no open row to do it to.
pub(super) fn change(
    db: &Connection,
    id: &PatientId,
    by: UserKey,
    change: &WorkChange,
    now: DateTime<Utc>,
) -> Answer<bool> {
    let patient = charts::key(db, id)?;
    let set = |columns: &str, value: &dyn ToSql| -> Answer<bool> {
        let update = format!("UPDATE work_list SET {columns} WHERE patient = ?1 AND open = 1");
        Ok(db.prepare_cached(&update)?.execute(params![patient, value])? > 0)
    };
    let (done, what, detail) = match change {
        WorkChange::Take => {
            let columns = "owner = ?2, snoozed_until = NULL,
                state = CASE WHEN state IN ('new', 'snoozed') THEN 'acknowledged' ELSE state END";
            (set(columns, &by.0)?, "take", String::new())
        }
        WorkChange::HandBack => {
            (set("owner = NULL, state = ?2", &WorkState::New.word())?, "hand-back", String::new())
        }
        WorkChange::Contact(contact) => {
            let columns = "state = 'contacted', owner = coalesce(owner, ?2), snoozed_until = NULL";
            let done = set(columns, &by.0)?;
            if done && contact.is_in_touch() {
                contact_items(db, patient, now)?;
            }
            (done, "contact", contact.word().to_owned())
        }
        WorkChange::Resolve(resolution) => {
            let columns = "state = 'resolved', open = 0, owner = coalesce(owner, ?2), snoozed_until = NULL";
            let done = set(columns, &by.0)?;
            if done {
                resolve_items(db, patient, *resolution, now)?;
            }
            (done, "resolve", resolution.word().to_owned())
        }
        WorkChange::Snooze { until, why } => {
            (set("state = 'snoozed', snoozed_until = ?2", &micros(*until))?, "snooze", why.clone())
        }
        WorkChange::Reopen => (reopen(db, patient, by)?, "open-again", String::new()),
        WorkChange::Note(words) => (true, "note", words.clone()),
        WorkChange::Did(what, words) => (true, *what, words.clone()),
    };
    if done {
        note(db, patient, Some(by), what, &detail, now)?;
        // Whoever did it has it in the audit log already, from before it was done.
        if !matches!(change, WorkChange::Did(..)) {
            settings::audit(db, now, &format!("user {}", by.0), &format!("work-{what}"), id.as_str())?;
        }
    }
    Ok(done)
}

/// Notes that somebody has been in touch about what is open.
fn contact_items(db: &Connection, patient: i64, now: DateTime<Utc>) -> Answer<()> {
    db.prepare_cached(
        "UPDATE work_items SET contacted_at = ?2
         WHERE patient = ?1 AND state <> 'resolved' AND contacted_at IS NULL",
    )?
    .execute(params![patient, micros(now)])?;
    Ok(())
}

/// Closes the work items and counts them for their rules.
fn resolve_items(db: &Connection, patient: i64, resolution: Resolution, now: DateTime<Utc>) -> Answer<()> {
    if resolution.is_useful() {
        contact_items(db, patient, now)?;
    }
    let column = if resolution.is_useful() { "useful" } else { "not_needed" };
    let count = format!("UPDATE rule_scores SET {column} = {column} + 1 WHERE flag = ?1");
    let mut open = db.prepare_cached(
        "SELECT flag FROM work_items WHERE patient = ?1 AND state <> 'resolved' AND flag IS NOT NULL",
    )?;
    let flags = open.query_map([patient], |row| row.get::<_, String>(0))?;
    for flag in flags.collect::<rusqlite::Result<Vec<_>>>()? {
        db.prepare_cached(&count)?.execute([flag])?;
    }
    db.prepare_cached(
        "UPDATE work_items SET state = 'resolved', outcome = ?2, outcome_at = ?3
         WHERE patient = ?1 AND state <> 'resolved'",
    )?
    .execute(params![patient, resolution.word(), micros(now)])?;
    Ok(())
}

/// Opens what was resolved last, and takes back what it counted for the rules. False: the row is open, or there is
/// none.
fn reopen(db: &Connection, patient: i64, by: UserKey) -> Answer<bool> {
    let opened = db
        .prepare_cached(
            "UPDATE work_list SET open = 1, state = 'acknowledged', owner = ?2, snoozed_until = NULL
             WHERE patient = ?1 AND open = 0",
        )?
        .execute(params![patient, by.0])?;
    if opened == 0 {
        return Ok(false);
    }
    let mut last = db.prepare_cached(
        "SELECT id, flag, outcome FROM work_items WHERE patient = ?1
             AND outcome_at = (SELECT max(outcome_at) FROM work_items WHERE patient = ?1)",
    )?;
    let items = last.query_map([patient], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, String>(2)?))
    })?;
    for item in items.collect::<rusqlite::Result<Vec<_>>>()? {
        let (id, flag, outcome) = item;
        db.prepare_cached(
            "UPDATE work_items SET state = 'new', outcome = NULL, outcome_at = NULL WHERE id = ?1",
        )?
        .execute([id])?;
        let column = if Resolution::read(&outcome)?.is_useful() { "useful" } else { "not_needed" };
        let uncount = format!("UPDATE rule_scores SET {column} = max(0, {column} - 1) WHERE flag = ?1");
        db.prepare_cached(&uncount)?.execute([flag])?;
    }
    Ok(true)
}

fn note(
    db: &Connection,
    patient: i64,
    by: Option<UserKey>,
    what: &str,
    detail: &str,
    now: DateTime<Utc>,
) -> Answer<()> {
    db.prepare_cached(
        "INSERT INTO work_history (patient, at, user, what, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![patient, micros(now), by.map(|user| user.0), what, detail])?;
    Ok(())
}

/// What people did about a patient, newest first.
pub(super) fn history(
    db: &Connection,
    patient: i64,
    after: Option<&str>,
    limit: u32,
) -> Answer<Page<WorkLine>> {
    let before: i64 = after.map_or(i64::MAX, |cursor| cursor.parse().unwrap_or(i64::MAX));
    let mut statement = db.prepare_cached(
        "SELECT h.id, h.at, u.email, h.what, h.detail FROM work_history h LEFT JOIN users u ON u.id = h.user
         WHERE h.patient = ?1 AND h.id < ?2 ORDER BY h.id DESC LIMIT ?3",
    )?;
    let rows = statement.query_map(params![patient, before, i64::from(limit) + 1], |row| {
        Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
    })?;
    let rows = rows.map(|row| {
        let (id, at, by, what, detail) = row?;
        Ok((id, WorkLine { at: instant(at)?, by, what, detail }))
    });
    let page = page(rows.collect::<Answer<Vec<_>>>()?, limit, |(id, _)| id.to_string());
    Ok(Page { rows: page.rows.into_iter().map(|(_, line)| line).collect(), next: page.next })
}

/// How each rule fares, by id. As many rows as there ever were flags.
pub(super) fn scores(db: &Connection) -> Answer<Vec<RuleScore>> {
    let mut statement = db.prepare_cached(
        "SELECT flag, raised, useful, not_needed FROM rule_scores WHERE flag > '' ORDER BY flag",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(RuleScore {
            flag: row.get::<_, String>(0)?.into(),
            raised: row.get(1)?,
            useful: row.get(2)?,
            not_needed: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn rank(urgency: Urgency) -> i64 {
    urgency as i64
}

fn row_and_key(row: &Row<'_>) -> Answer<(WorkRow, i64)> {
    let urgency = usize::try_from(row.get::<_, i64>(3)?).ok().and_then(|rank| Urgency::ALL.get(rank));
    let owner = match (row.get::<_, Option<i64>>(11)?, row.get::<_, Option<String>>(12)?) {
        (Some(key), Some(email)) => Some((UserKey(key), email)),
        _ => None,
    };
    let state = Word::read(&row.get::<_, String>(10)?)?;
    let said: Option<String> = row.get(16)?;
    let shown = WorkRow {
        patient: row.get::<_, String>(0)?.into(),
        patient_name: row.get(1)?,
        reach: Word::read(&row.get::<_, String>(2)?)?,
        urgency: *urgency.ok_or(Fault::Unreadable("urgency"))?,
        due_at: instant(row.get(4)?)?,
        raised_at: instant(row.get(5)?)?,
        flag: row.get::<_, Option<String>>(6)?.map(Into::into),
        reason: messages::reason(row.get(7)?, row.get(8)?),
        open_items: row.get(9)?,
        state,
        owner,
        snoozed_until: maybe_instant(row.get(13)?)?,
        quiet: row.get(14)?,
        contact: said.as_deref().filter(|_| state == WorkState::Contacted).map(Word::read).transpose()?,
        snoozed_why: said.filter(|_| state == WorkState::Snoozed),
    };
    Ok((shown, row.get(15)?))
}
