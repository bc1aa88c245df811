//! What the mails of one message are like: each written once for nobody, so that the store keeps of every real one only
//! what differs.
//!
//! INVARIANT: nothing of a person goes into a base. It is made from the rule book, the letterhead and the language
//! alone, with the same stand-ins for all.

use std::sync::{Arc, Mutex, PoisonError};

use afterrun_rules::{
    RuleBook,
    book::{BookHash, MessageText},
    decision::Facts,
    ids::MessageId,
    message::{Links, Person, fill, render},
};
use afterrun_store::MailBase;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::{
    compose::{Addressed, Letterhead},
    config::Mode,
};

/// Bases kept, some 20 kB each: more than the messages that are sent in a morning. Then it begins anew.
const KEPT_AT_MOST: usize = 64;

/// For whom a base is written. Anybody may be called so; it is nobody's name here.
const NAME: &str = "Sam";
const ADDRESS: &str = "sam@runner.example";

/// Characters of a link's token and of a Message-ID before its `@`. Others would cost a few bytes a mail.
const TOKEN_CHARS: usize = 54;
const ID_CHARS: usize = 20;

/// What bases have been made.
#[derive(Clone, Debug, Default)]
pub(crate) struct MailBases(Arc<Mutex<Vec<Kept>>>);

#[derive(Debug)]
struct Kept {
    book: BookHash,
    message: MessageId,
    language: String,
    base: Option<Arc<MailBase>>,
}

impl MailBases {
    /// The base of a message's mails in a language; none if it cannot be written.
    pub(crate) fn of(
        &self,
        letterhead: &Letterhead,
        book: &RuleBook,
        text: &MessageText,
        language: &str,
        list: &'static str,
    ) -> Option<Arc<MailBase>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same =
            |kept: &&Kept| kept.message == text.id && kept.language == language && kept.book == book.hash;
        if let Some(found) = kept.iter().find(same) {
            return found.base.clone();
        }
        if kept.len() >= KEPT_AT_MOST {
            kept.clear();
        }
        let base = written(letterhead, book, text, language, list)
            .and_then(|bytes| MailBase::new(&bytes))
            .map(Arc::new);
        kept.push(Kept {
            book: book.hash,
            message: text.id.clone(),
            language: language.to_owned(),
            base: base.clone(),
        });
        base
    }
}

/// The message written for nobody.
fn written(
    letterhead: &Letterhead,
    book: &RuleBook,
    text: &MessageText,
    language: &str,
    list: &'static str,
) -> Option<Vec<u8>> {
    let now = DateTime::UNIX_EPOCH;
    let token = "A".repeat(TOKEN_CHARS);
    let link = |page| Some(letterhead.url(page, &token));
    let links = Links { check_in: link('c'), page: link('p'), stop: link('s') };
    let person = Person { first_name: NAME, zone: book.clinic.time_zone, language, miles: false };
    let rendered = render(book, text, &fill(book, &person, &facts(now), &links, now)).ok()?;
    let shadow = letterhead.mode == Mode::Shadow;
    let to = Addressed {
        to_name: NAME,
        to_address: ADDRESS,
        language,
        unsubscribe_url: links.stop.filter(|_| !shadow),
        list: Some(list),
    };
    letterhead.written(book, rendered, &to, now, &letterhead.message_id(&"A".repeat(ID_CHARS))).ok()
}

/// Something for everything a message may speak of.
fn facts(now: DateTime<Utc>) -> Facts {
    let day = NaiveDate::default();
    Facts {
        flag_title: Some("title".into()),
        also: Vec::new(),
        onset: Some(day),
        evidence_day: Some(day),
        last_report_day: Some(day),
        run: None,
        window_title: Some("title".into()),
        rest_days: Some((1, 2)),
        first_running_day: Some(day),
        refuel_by: Some(now + TimeDelta::hours(1)),
        check_in: Some(("check-in".into(), day)),
        expires_at: Some(now + TimeDelta::days(1)),
    }
}

#[cfg(test)]
mod tests;
