//! From a decision to the finished mail: the clinic's text filled in, its links made, the headers around it.
//!
//! A message is rendered once, by the turn that decides it, and stored with its Message-ID; every attempt
//! sends the same bytes. Leaves out what the clinic's own mails say (`clinic_mail`).

use afterrun_mail::{BuildError, Letter, build, return_path};
use afterrun_rules::{
    Action, Decision, RuleBook,
    book::TellClinic,
    chart::Chart,
    decision::Subject,
    ids::MessageId,
    message::{Links, Person, Rendered, fill, render},
};
use afterrun_store::{LinkScope, Mail, MailPlace, NewLink, Patient, Units, WorkItem};

pub use afterrun_store::initials;
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    clinic_mail,
    config::{Config, Mode},
    mail_bases::MailBases,
    rules_live::Live,
    token::{Token, next_place, placed_id, random_text},
    turn::TurnError,
};

/// Days a link to the runner's own page, or to stop, works: longer than any care plan, and a mail that old is
/// not expected to be used.
const PAGE_LINK_DAYS: TimeDelta = TimeDelta::days(180);

/// Hours after which a recovery plan or a friendly word is no longer worth sending.
const DAY_BOUND_HOURS: TimeDelta = TimeDelta::hours(24);

/// Begins the envelope sender of every mail.
pub const RETURN_PATH_PREFIX: &str = "b";

/// What every mail needs beside its text.
#[derive(Clone, Debug)]
pub struct Letterhead {
    /// What links begin with, without a slash at the end.
    pub base_url: String,
    /// Address mails come from.
    pub from_address: String,
    /// Name mails come from; none: the clinic's.
    pub from_name: Option<String>,
    /// Where replies go.
    pub reply_to: Option<String>,
    /// Domain of the envelope sender.
    pub returns_to: String,
    /// Key of the envelope sender's MAC.
    pub return_key: Vec<u8>,
    /// Whether patients' mail goes to the patients.
    pub mode: Mode,
    /// What mails of one message have in common.
    pub(crate) bases: MailBases,
}

/// Where a mail goes and what goes with it.
pub(crate) struct Addressed<'a> {
    pub to_name: &'a str,
    pub to_address: &'a str,
    pub language: &'a str,
    pub unsubscribe_url: Option<String>,
    pub list: Option<&'static str>,
}

impl Letterhead {
    /// As configured; `base_url` is what links begin with when the configuration does not say.
    #[must_use]
    pub fn new(config: &Config, base_url: &str, return_key: Vec<u8>) -> Self {
        Self {
            base_url: config.base_url.as_deref().unwrap_or(base_url).trim_end_matches('/').to_owned(),
            from_address: config.from.address.clone(),
            from_name: config.from.name.clone(),
            reply_to: config.from.reply_to.clone(),
            returns_to: config.returns_to().to_owned(),
            return_key,
            mode: config.mode,
            bases: MailBases::default(),
        }
    }

    /// A link of this kind, made now, and its secret half for the store. Its place is that of a mail of its own.
    pub(crate) fn link(
        &self,
        now: DateTime<Utc>,
        scope: LinkScope,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<(String, NewLink), TurnError> {
        self.link_at(next_place(now)?, scope, expires_at)
    }

    /// The same for the mail at this place.
    fn link_at(
        &self,
        place: MailPlace,
        scope: LinkScope,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<(String, NewLink), TurnError> {
        let token = Token::new(place)?;
        let page = match scope {
            LinkScope::CheckIn { .. } => 'c',
            LinkScope::MyPage => 'p',
            LinkScope::Stop => 's',
            LinkScope::Confirm => 'a',
        };
        Ok((self.url(page, token.as_str()), NewLink { token_hash: token.key(), scope, expires_at }))
    }

    pub(crate) fn url(&self, page: char, token: &str) -> String {
        format!("{}/{page}/{token}", self.base_url)
    }

    /// The finished mail. The inner error says what is wrong with the text; it is our mistake.
    pub(crate) fn mail(
        &self,
        book: &RuleBook,
        rendered: Rendered,
        to: &Addressed<'_>,
        place: MailPlace,
        when: When,
    ) -> Result<Result<Mail, String>, TurnError> {
        let id = random_text::<15>()?;
        let message_id = self.message_id(&id);
        let subject = rendered.subject.clone();
        let bytes = match self.written(book, rendered, to, when.due_at, &message_id) {
            Ok(bytes) => bytes,
            Err(why) => return Ok(Err(why.to_string())),
        };
        let path_id = placed_id::<5>(place)?;
        Ok(Ok(Mail {
            recipient: to.to_address.to_owned(),
            due_at: when.due_at,
            stale_at: when.stale_at,
            place: Some(place),
            message_id,
            envelope_from: return_path(&self.return_key, &path_id, &self.returns_to, RETURN_PATH_PREFIX),
            subject,
            bytes: bytes.into(),
            like: None,
        }))
    }

    /// What stands behind the @ of the address mails come from.
    fn domain(&self) -> &str {
        self.from_address.rsplit_once('@').map_or("localhost", |(_, domain)| domain)
    }

    /// The Message-ID that begins so.
    pub(crate) fn message_id(&self, id: &str) -> String {
        format!("<{id}@{}>", self.domain())
    }

    /// The mail's bytes.
    pub(crate) fn written(
        &self,
        book: &RuleBook,
        rendered: Rendered,
        to: &Addressed<'_>,
        date: DateTime<Utc>,
        message_id: &str,
    ) -> Result<Vec<u8>, BuildError> {
        build(&Letter {
            from_name: self.from_name.clone().unwrap_or_else(|| book.clinic.name.to_string()),
            from_address: self.from_address.clone(),
            reply_to: self.reply_to.clone(),
            to_name: to.to_name.to_owned(),
            to_address: to.to_address.to_owned(),
            subject: rendered.subject,
            text: rendered.text,
            html: Some(rendered.html),
            message_id: message_id.to_owned(),
            date,
            language: to.language.to_owned(),
            list_id: to.list.map(|list| format!("{list}.{}", self.domain())),
            unsubscribe_url: to.unsubscribe_url.clone(),
            feedback_id: None,
            in_reply_to: None,
            references: None,
        })
    }
}

/// From when until when a mail is of use.
#[derive(Clone, Copy)]
pub(crate) struct When {
    pub due_at: DateTime<Utc>,
    pub stale_at: Option<DateTime<Utc>>,
}

/// A patient's mail and the links in it, or what is wrong with its text.
pub(crate) type Composed = Result<(Mail, Vec<NewLink>), String>;

/// Writes the mails of one turn.
pub(crate) struct Composer<'a> {
    pub live: &'a Live,
    pub letterhead: &'a Letterhead,
    pub patient: &'a Patient,
    pub now: DateTime<Utc>,
}

impl Composer<'_> {
    /// The mail of a `Send` or `OpenCheckIn`.
    pub(crate) fn patient_mail(&self, chart: &Chart, decision: &Decision) -> Result<Composed, TurnError> {
        let book = &*self.live.book;
        let Some(text) = message_of(decision).and_then(|id| book.messages.get(id)) else {
            return Ok(Err("the rule book has no such message".to_owned()));
        };
        let place = next_place(self.now)?;
        let (links, made) = self.links(place, decision)?;
        let person = Person {
            first_name: first_name(&self.patient.name),
            zone: chart.zone_at(self.now),
            language: &self.patient.language,
            miles: self.patient.units == Units::Miles,
        };
        // What lies in the past is judged by when the mail leaves, not by when it is written.
        let filling = fill(book, &person, &decision.facts, &links, decision.at.max(self.now));
        let rendered = match render(book, text, &filling) {
            Ok(rendered) => rendered,
            Err(why) => return Ok(Err(why.to_string())),
        };
        let when = When { due_at: decision.at, stale_at: stale_at(decision) };
        let list = if asks(&decision.identity.subject) { "check-ins" } else { "recovery" };
        let like = self.letterhead.bases.of(self.letterhead, book, text, person.language, list);
        let mail = self.to_patient(rendered, place, links.stop, Some(list), when)?;
        Ok(mail.map(|mail| (Mail { like, ..mail }, made)))
    }

    /// To the patient, or in shadow mode to the clinic, with the patient's initials before the subject.
    pub(crate) fn to_patient(
        &self,
        mut rendered: Rendered,
        place: MailPlace,
        mut unsubscribe_url: Option<String>,
        list: Option<&'static str>,
        when: When,
    ) -> Result<Result<Mail, String>, TurnError> {
        let book = &*self.live.book;
        let (mut to_name, mut to_address) = (self.patient.name.as_str(), self.patient.email.as_str());
        if self.letterhead.mode == Mode::Shadow {
            let Some(clinic) = book.clinic.alerts_to.first() else {
                return Ok(Err("shadow mode, and the clinic has no address in `alerts_to`".to_owned()));
            };
            (to_name, to_address) = (&book.clinic.name, clinic);
            // One click in the clinic's mailbox would stop the runner's enrolment.
            unsubscribe_url = None;
            rendered.subject = format!("[for {}] {}", initials(&self.patient.name), rendered.subject);
        }
        let to = Addressed { to_name, to_address, language: &self.patient.language, unsubscribe_url, list };
        self.letterhead.mail(book, rendered, &to, place, when)
    }

    /// What is told to the clinic at once or today: one mail for each of its addresses.
    pub(crate) fn alerts(&self, decision: &Decision) -> Result<Vec<Mail>, TurnError> {
        let Action::TellClinic { level } = &decision.action else { return Ok(Vec::new()) };
        let book = &*self.live.book;
        let flag = decision.identity.subject.flag().and_then(|flag| book.flag(flag.as_str()));
        let alert = clinic_mail::Alert {
            at_once: *level == TellClinic::Now,
            initials: &initials(&self.patient.name),
            title: flag.map(|flag| &*flag.title),
            subject: &decision.identity.subject,
            patient: &self.patient.id,
            base_url: &self.letterhead.base_url,
        };
        let when = When { due_at: decision.at, stale_at: None };
        self.letterhead.to_clinic(book, &book.clinic.alerts_to, &clinic_mail::alert(&alert), when)
    }

    /// When the next digest goes out.
    pub(crate) fn next_digest(&self) -> DateTime<Utc> {
        next_digest(&self.live.book, self.now)
    }

    fn links(&self, place: MailPlace, decision: &Decision) -> Result<(Links, Vec<NewLink>), TurnError> {
        let page_until = Some(self.now + PAGE_LINK_DAYS);
        let (page, page_link) = self.letterhead.link_at(place, LinkScope::MyPage, page_until)?;
        let (stop, stop_link) = self.letterhead.link_at(place, LinkScope::Stop, page_until)?;
        let mut links = Links { check_in: None, page: Some(page), stop: Some(stop) };
        let mut made = vec![page_link, stop_link];
        if let Some((check_in, about_day)) = check_in_of(decision) {
            let expires_at = match &decision.action {
                Action::OpenCheckIn { expires_at, .. } => Some(*expires_at),
                _ => decision.facts.expires_at,
            };
            let scope = LinkScope::CheckIn { check_in: check_in.clone(), about_day };
            let (url, link) = self.letterhead.link_at(place, scope, expires_at.or(page_until))?;
            links.check_in = Some(url);
            made.push(link);
        }
        Ok((links, made))
    }
}

impl Letterhead {
    /// The same text for several of the clinic's addresses, one mail each. An address that cannot be written
    /// to is logged and left out.
    pub(crate) fn to_clinic(
        &self,
        book: &RuleBook,
        addresses: &[std::sync::Arc<str>],
        text: &clinic_mail::Text,
        when: When,
    ) -> Result<Vec<Mail>, TurnError> {
        let rendered = match clinic_mail::render(book, text) {
            Ok(rendered) => rendered,
            Err(why) => {
                tracing::error!(error = %why, "a mail to the clinic could not be written; this is a bug");
                return Ok(Vec::new());
            }
        };
        let mut mails = Vec::new();
        for address in addresses {
            let to = Addressed {
                to_name: &book.clinic.name,
                to_address: address,
                language: "en",
                unsubscribe_url: None,
                list: None,
            };
            match self.mail(book, rendered.clone(), &to, next_place(when.due_at)?, when)? {
                Ok(mail) => mails.push(mail),
                Err(why) => tracing::error!(why, "a mail to the clinic could not be written"),
            }
        }
        Ok(mails)
    }
}

impl Letterhead {
    /// The digest of these work items, one mail for each of the clinic's addresses.
    pub(crate) fn digest(
        &self,
        book: &RuleBook,
        items: &[WorkItem],
        now: DateTime<Utc>,
    ) -> Result<Vec<Mail>, TurnError> {
        let text = clinic_mail::digest(items, book, &self.base_url);
        self.to_clinic(book, &book.clinic.alerts_to, &text, When { due_at: now, stale_at: None })
    }
}

/// When the next digest goes out.
pub(crate) fn next_digest(book: &RuleBook, now: DateTime<Utc>) -> DateTime<Utc> {
    let clinic = &book.clinic;
    let start = now.with_timezone(&clinic.time_zone).date_naive();
    // A digest that never comes is refused at load; a day's wait is better than none at all.
    clinic.digest.next_after(now, clinic.time_zone, start).unwrap_or(now + TimeDelta::days(1))
}

/// The first word of a name.
#[must_use]
pub fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or("")
}

fn message_of(decision: &Decision) -> Option<&MessageId> {
    match &decision.action {
        Action::Send { message, .. } | Action::OpenCheckIn { message, .. } => Some(message),
        _ => None,
    }
}

fn asks(subject: &Subject) -> bool {
    matches!(subject, Subject::CheckIn { .. } | Subject::Reminder { .. } | Subject::Nudge { .. })
}

fn check_in_of(decision: &Decision) -> Option<(&afterrun_rules::ids::CheckInId, chrono::NaiveDate)> {
    match &decision.identity.subject {
        Subject::CheckIn { check_in, about_day } | Subject::Reminder { check_in, about_day } => {
            Some((check_in, *about_day))
        }
        _ => decision.facts.check_in.as_ref().map(|(check_in, about_day)| (check_in, *about_day)),
    }
}

/// When a mail is past its usefulness. Advice never is.
fn stale_at(decision: &Decision) -> Option<DateTime<Utc>> {
    match (&decision.action, &decision.identity.subject) {
        (Action::OpenCheckIn { expires_at, .. }, _) => Some(*expires_at),
        (_, Subject::Reminder { .. }) => decision.facts.expires_at.or(Some(decision.at + DAY_BOUND_HOURS)),
        (_, Subject::RecoveryPlan { .. } | Subject::Nudge { .. }) => Some(decision.at + DAY_BOUND_HOURS),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_and_last_word() {
        let cases =
            [("Zoë Berg", "ZB"), ("ada", "A"), ("Jan van der Meer", "JM"), ("  ", "?"), ("élan vital", "ÉV")];
        for (name, expected) in cases {
            assert_eq!(initials(name), expected, "{name}");
        }
    }
}
