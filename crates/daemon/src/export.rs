//! Everything that is known of a runner, as JSON: for the command and for the console.
//!
//! `chart` of each enrolment is what `afterrun replay` reads. `waiting_events` were told while the clock was in doubt and are
//! not part of the chart yet; their times are those that the clock showed.

use afterrun_mail::show_mail;
use afterrun_rules::replay::event_to_json;
use afterrun_store::{Message, Patient, Result, Store, WorkLine};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Rows asked for at a time.
const PAGE: u32 = 200;

/// Lengths of the secret part of a link, as base64url: 256 bits behind the place of their mail; as once, behind their
/// place among all links, behind the second they were made in, and without either.
const TOKEN_CHARACTERS: [usize; 4] = [54, 51, 48, 43];

/// Every enrolment of the runner's address.
///
/// # Errors
/// When the store fails.
pub(crate) async fn everything(store: &dyn Store, patient: &Patient, now: DateTime<Utc>) -> Result<Value> {
    let mut exported = Vec::new();
    for enrolment in enrolments(store, patient).await? {
        exported.push(one(store, &enrolment).await?);
    }
    Ok(json!({ "format": 1, "exported_at": now, "enrolments": exported }))
}

/// All enrolments of the same address, by id.
///
/// # Errors
/// When the store fails.
pub(crate) async fn enrolments(store: &dyn Store, patient: &Patient) -> Result<Vec<Patient>> {
    let mut found = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store.patients(after.as_deref(), PAGE).await?;
        found.extend(
            page.rows.into_iter().filter(|other| other.email.to_lowercase() == patient.email.to_lowercase()),
        );
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(found),
        }
    }
}

async fn one(store: &dyn Store, patient: &Patient) -> Result<Value> {
    let stored = store.chart(&patient.id).await?;
    let zone = stored.chart.zones.first().map_or(patient.time_zone, |(_, zone)| *zone);
    let events = store.events(&patient.id).await?;
    let check_ins = stored.chart.check_ins.iter().map(|check_in| {
        json!({
            "check_in": check_in.id,
            "about_day": check_in.about_day,
            "opened_at": check_in.opened_at,
            "expires_at": check_in.expires_at,
            "questions": check_in.questions,
            "run": check_in.about_run,
            "probe": check_in.probe,
        })
    });
    Ok(json!({
        "person": patient,
        "chart": {
            "patient": {
                "id": patient.id,
                "time_zone": zone.name(),
                "enrolled_at": patient.enrolled_at,
                "language": patient.language,
            },
            "events": events.iter().map(event_to_json).collect::<Vec<_>>(),
        },
        "waiting_events": stored.waiting.iter().map(|waiting| event_to_json(&waiting.event)).collect::<Vec<_>>(),
        "check_ins": check_ins.collect::<Vec<_>>(),
        "messages": messages(store, patient).await?,
        "work_items": work_items(store, patient).await?,
        "work_history": work_history(store, patient).await?,
        "audit": audit(store, patient).await?,
    }))
}

/// Oldest first, with the text as a reader sees it and every attempt.
async fn messages(store: &dyn Store, patient: &Patient) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store.messages(Some(&patient.id), after.as_deref(), PAGE).await?;
        for listed in page.rows {
            all.push(message(store, store.message(listed.key).await?).await?);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    all.reverse();
    Ok(all)
}

async fn message(store: &dyn Store, message: Message) -> Result<Value> {
    let attempts = store.attempts(message.key).await?;
    let attempts: Vec<_> =
        attempts.into_iter().map(|attempt| json!({ "at": attempt.at, "outcome": attempt.outcome })).collect();
    let mail = message.mail.as_ref().map(|mail| {
        let shown = show_mail(&mail.bytes);
        json!({
            "to": mail.recipient,
            "subject": mail.subject,
            "text": shown.map(|shown| without_keys(&shown.text)),
            "due_at": mail.due_at,
            "message_id": mail.message_id,
        })
    });
    Ok(json!({
        "number": message.key,
        "identity": message.identity_text,
        "to": message.audience,
        "message": message.message,
        "state": message.state,
        "decided_at": message.decided_at,
        "reason": message.reason,
        "ended": message.end_reason,
        "settled_at": message.settled_at,
        "rules": message.book,
        "mail": mail,
        "attempts": attempts,
    }))
}

/// Cuts the secret part out of personal links: whoever reads the file must not be able to answer as the runner.
pub(crate) fn without_keys(text: &str) -> String {
    let is_key = |word: &str| TOKEN_CHARACTERS.contains(&word.len()) && word.bytes().all(is_of_token);
    let pieces = text.split_inclusive(|c: char| !(c.is_ascii() && is_of_token(c as u8)));
    pieces
        .map(|piece| {
            let word = piece.trim_end_matches(|c: char| !(c.is_ascii() && is_of_token(c as u8)));
            if is_key(word) { piece.replacen(word, "...", 1) } else { piece.to_owned() }
        })
        .collect()
}

fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

async fn work_items(store: &dyn Store, patient: &Patient) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store.patient_work_items(&patient.id, after.as_deref(), PAGE).await?;
        all.extend(page.rows.into_iter().map(|item| {
            json!({
                "number": item.id,
                "identity": item.identity_text,
                "flag": item.flag,
                "reason": item.reason,
                "created_at": item.created_at,
                "state": item.state,
            })
        }));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    all.reverse();
    Ok(all)
}

/// What people did about the runner, oldest first.
async fn work_history(store: &dyn Store, patient: &Patient) -> Result<Vec<WorkLine>> {
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store.work_history(&patient.id, after.as_deref(), PAGE).await?;
        all.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    all.reverse();
    Ok(all)
}

async fn audit(store: &dyn Store, patient: &Patient) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store.audit_log(Some(patient.id.as_str()), after.as_deref(), PAGE).await?;
        for line in page.rows {
            all.push(json!({ "at": line.at, "who": line.actor, "what": line.action }));
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    all.reverse();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{Token, next_place};

    #[test]
    fn keys_are_cut_out_of_links() {
        let place = next_place("2026-11-24T12:00:00Z".parse().unwrap()).unwrap();
        let token = Token::new(place).unwrap();
        let key = token.as_str();
        let text = format!("See https://run.example/p/{key}\nor (https://run.example/s/{key}). Well-rested?");
        let cut = "See https://run.example/p/...\nor (https://run.example/s/...). Well-rested?";
        assert_eq!(without_keys(&text), cut);
    }
}
