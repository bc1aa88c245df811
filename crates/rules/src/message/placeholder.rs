//! What a message may speak of: the placeholders, where each has a value, and how it is put in words.
//!
//! English words for dates and lists; the clinic's own sentences around them are its own business.

use std::{borrow::Cow, fmt, sync::Arc};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use minijinja::{Value, value::Object};

use crate::{
    book::{Locale, RuleBook},
    decision::Facts,
};

/// What a message is used as; decides which placeholders have a value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Use {
    /// The mail of a check-in, and its reminder.
    CheckIn,
    /// The friendly word after several misses.
    Nudge,
    /// A stage of a flag, and its reminders.
    Stage,
    /// The all-clear of a flag.
    Resolved,
    /// Lost touch: the end of a flag in silence.
    Lapsed,
    /// The recovery plan after a run.
    RecoveryPlan,
    /// Running may start again.
    RunAgain,
}

impl Use {
    /// Every use.
    pub const ALL: [Self; 7] = [
        Self::CheckIn,
        Self::Nudge,
        Self::Stage,
        Self::Resolved,
        Self::Lapsed,
        Self::RecoveryPlan,
        Self::RunAgain,
    ];
}

/// A name that a message text may use between `{{` and `}}`.
#[derive(Clone, Copy, Debug)]
pub struct Placeholder {
    /// The name.
    pub name: &'static str,
    /// What it stands for, for the reference and for previews.
    pub description: &'static str,
    /// Where it can be used.
    pub available: &'static [Use],
    /// What it says in a preview.
    pub example: &'static str,
}

const EVERYWHERE: &[Use] = &Use::ALL;
const ASKING: &[Use] = &[Use::CheckIn, Use::Nudge];
const ASKING_OR_LAPSED: &[Use] = &[Use::CheckIn, Use::Nudge, Use::Lapsed];
const FLAG: &[Use] = &[Use::Stage, Use::Resolved, Use::Lapsed];
const FLAG_OR_ASKING: &[Use] = &[Use::CheckIn, Use::Nudge, Use::Stage, Use::Resolved, Use::Lapsed];
const PLAN: &[Use] = &[Use::RecoveryPlan];
const RUN: &[Use] = &[Use::RecoveryPlan, Use::RunAgain];

/// Shorthand for the table.
const fn placeholder(
    name: &'static str,
    available: &'static [Use],
    example: &'static str,
    description: &'static str,
) -> Placeholder {
    Placeholder { name, description, available, example }
}

/// Every placeholder. A name that is not here is an error at load.
pub const PLACEHOLDERS: &[Placeholder] = &[
    placeholder("first_name", EVERYWHERE, "Sam", "the runner's first name; empty if none is known"),
    placeholder("clinic_name", EVERYWHERE, "Example Running Clinic", "the clinic's name"),
    placeholder("clinic_phone", EVERYWHERE, "555-0100", "the clinic's telephone number"),
    placeholder("booking_link", EVERYWHERE, "https://clinic.example/book", "where to book an appointment"),
    placeholder("emergency_line", EVERYWHERE, "Call 911.", "what to do in an emergency"),
    placeholder("stop_link", EVERYWHERE, "https://clinic.example/stop/x", "the page that stops all messages"),
    placeholder("page_link", EVERYWHERE, "https://clinic.example/me/x", "the runner's own page"),
    placeholder("check_in_link", ASKING_OR_LAPSED, "https://clinic.example/c/x", "the page of the check-in"),
    placeholder("about_day", ASKING, "Tuesday 24 November", "the day the check-in asks about"),
    placeholder("closes_at", ASKING, "19:00 on Wednesday 25 November", "when the check-in closes"),
    placeholder("last_report_day", FLAG_OR_ASKING, "Monday 23 November", "the day of the newest answer"),
    placeholder("flag_title", FLAG, "Pain lasting more than 3 to 5 days", "the title of the flag"),
    placeholder(
        "also",
        FLAG,
        "Swelling in a joint or tendon",
        "titles of other flags told with it, or empty",
    ),
    placeholder("onset_day", FLAG, "Friday 20 November", "the first day of this spell"),
    placeholder(
        "days",
        FLAG,
        "3",
        "calendar days from the first day of this spell to the newest report of it",
    ),
    placeholder("run_title", RUN, "Half marathon", "the kind of run"),
    placeholder("rest_days_min", PLAN, "3", "rest days at least"),
    placeholder("rest_days_max", PLAN, "5", "rest days at most"),
    placeholder("first_running_day", RUN, "Friday 27 November", "the first day on which running is possible"),
    placeholder("refuel_by", PLAN, "10:40", "until when to eat and drink; empty once that has passed"),
];

impl Placeholder {
    /// The placeholder of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        PLACEHOLDERS.iter().find(|known| known.name == name)
    }

    /// Whether a message used so can print it.
    #[must_use]
    pub fn available_in(&self, used_as: Use) -> bool {
        self.available.contains(&used_as)
    }
}

/// The person a message is for.
#[derive(Clone, Copy)]
pub struct Person<'a> {
    /// First name; may be empty.
    pub first_name: &'a str,
    /// Zone of the person's wall clock.
    pub zone: Tz,
    /// BCP 47 tag, for the `lang` of the HTML part.
    pub language: &'a str,
    /// Distances in miles rather than kilometres. No placeholder shows a distance yet.
    pub miles: bool,
}

/// Links made for one message.
#[derive(Clone, Default)]
pub struct Links {
    /// To the check-in.
    pub check_in: Option<String>,
    /// To the person's page.
    pub page: Option<String>,
    /// To the page that stops all messages.
    pub stop: Option<String>,
}

/// Placeholder names with their values, ready for [`super::render`].
#[derive(Clone)]
pub struct Filling {
    values: Arc<Values>,
    language: String,
}

/// The value of each of [`PLACEHOLDERS`], none for those that have none here: `{% if %}` may ask for any,
/// printing one is an error.
#[derive(Clone)]
struct Values([Value; PLACEHOLDERS.len()]);

impl Values {
    fn named(&self, name: &str) -> Option<&Value> {
        PLACEHOLDERS.iter().position(|known| known.name == name).map(|at| &self.0[at])
    }
}

impl fmt::Debug for Values {
    /// Names only: the values are a patient's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let some = PLACEHOLDERS.iter().zip(&self.0).filter(|(_, value)| !value.is_none());
        f.debug_list().entries(some.map(|(known, _)| known.name)).finish()
    }
}

impl Object for Values {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.named(key.as_str()?).cloned()
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.named(key).cloned()
    }
}

impl fmt::Debug for Filling {
    /// Names only: the values are a patient's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Filling").field(&self.values).finish()
    }
}

impl Filling {
    /// Whether this placeholder has a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values.named(name).is_some_and(|value| !value.is_none())
    }

    pub(super) fn language(&self) -> &str {
        &self.language
    }

    /// The value of the placeholder at this place of [`PLACEHOLDERS`].
    pub(super) fn numbered(&self, number: usize) -> &Value {
        &self.values.0[number]
    }

    pub(super) fn values(&self) -> Value {
        Value::from_dyn_object(Arc::clone(&self.values))
    }

    fn empty(language: &str) -> Self {
        let values = std::array::from_fn(|_| Value::from(()));
        Self { values: Arc::new(Values(values)), language: clean(language).into_owned() }
    }

    fn set(&mut self, name: &'static str, value: Option<impl AsRef<str>>) {
        if let Some(value) = value {
            self.put(name, Value::from(&clean(value.as_ref())));
        }
    }

    /// The same without a copy, if the value may stand as it is.
    fn share(&mut self, name: &'static str, value: Option<&Arc<str>>) {
        if let Some(value) = value {
            self.put(
                name,
                match clean(value) {
                    Cow::Borrowed(_) => Value::from(value),
                    Cow::Owned(cleaned) => Value::from(cleaned),
                },
            );
        }
    }

    fn number(&mut self, name: &'static str, value: Option<i64>) {
        if let Some(value) = value {
            self.put(name, Value::from(value));
        }
    }

    fn put(&mut self, name: &'static str, value: Value) {
        if let Some(at) = PLACEHOLDERS.iter().position(|known| known.name == name) {
            Arc::make_mut(&mut self.values).0[at] = value;
        }
    }
}

/// Values for a message to one person about one decision. `now` decides what lies in the past and which
/// times need a day beside them.
#[must_use]
pub fn fill(
    book: &RuleBook,
    person: &Person<'_>,
    facts: &Facts,
    links: &Links,
    now: DateTime<Utc>,
) -> Filling {
    let clinic = &book.clinic;
    let locale = clinic.way();
    let mut filling = Filling::empty(person.language);
    filling.set("first_name", Some(person.first_name));
    filling.share("clinic_name", Some(&clinic.name));
    filling.share("clinic_phone", Some(&clinic.phone));
    filling.share("booking_link", Some(&clinic.booking_link));
    filling.share("emergency_line", Some(&clinic.emergency_line));
    filling.set("stop_link", links.stop.as_deref());
    filling.set("page_link", links.page.as_deref());
    filling.set("check_in_link", links.check_in.as_deref());

    filling.set("about_day", facts.check_in.as_ref().map(|(_, about_day)| date_in_words(*about_day, locale)));
    filling.set("closes_at", facts.expires_at.map(|at| time_in_words(at, person.zone, now, locale)));
    filling.set("last_report_day", facts.last_report_day.map(|day| date_in_words(day, locale)));

    filling.share("flag_title", facts.flag_title.as_ref());
    filling.set("also", Some(list_in_words(&facts.also)));
    filling.set("onset_day", facts.onset.map(|day| date_in_words(day, locale)));
    let days = facts.onset.zip(facts.evidence_day).map(|(onset, evidence)| (evidence - onset).num_days());
    filling.number("days", days);

    filling.share("run_title", facts.window_title.as_ref());
    filling.number("rest_days_min", facts.rest_days.map(|(min, _)| i64::from(min)));
    filling.number("rest_days_max", facts.rest_days.map(|(_, max)| i64::from(max)));
    filling.set("first_running_day", facts.first_running_day.map(|day| date_in_words(day, locale)));
    let refuel_by = facts.refuel_by.filter(|by| *by > now);
    filling.set("refuel_by", refuel_by.map(|by| time_in_words(by, person.zone, now, locale)));
    filling
}

/// Example values for every placeholder, with the book's own clinic: for previews and for checks at load.
#[must_use]
pub fn sample(book: &RuleBook) -> Filling {
    let person = Person { first_name: "Sam", zone: book.clinic.time_zone, language: "en", miles: true };
    let mut filling = fill(book, &person, &Facts::default(), &Links::default(), DateTime::UNIX_EPOCH);
    for known in PLACEHOLDERS {
        if let Ok(number) = known.example.parse() {
            filling.number(known.name, Some(number));
        } else if !known.name.starts_with("clinic_")
            && !["booking_link", "emergency_line"].contains(&known.name)
        {
            filling.set(known.name, Some(example(known.example, book.clinic.way())));
        }
    }
    filling
}

/// An example as the clinic writes dates and times; the list above writes `19:00 on Wednesday 25 November`.
fn example(text: &str, locale: Locale) -> String {
    // Any year in which the 25th of November is a Wednesday.
    let date = |text: &str| NaiveDate::parse_from_str(&format!("{text} 2026"), "%A %d %B %Y").ok();
    let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").ok();
    let (at, day) = text.split_once(" on ").unwrap_or(("", text));
    match (time(at), date(day)) {
        (Some(at), Some(day)) => format!("{} on {}", locale.time(at), date_in_words(day, locale)),
        (None, Some(day)) => date_in_words(day, locale),
        _ => time(text).map_or_else(|| text.to_owned(), |at| locale.time(at)),
    }
}

/// Longest value, in characters: far beyond any name or title, short of a nuisance.
const LONGEST_VALUE: usize = 500;

/// A value as it may stand in a message: one line, no control characters, not without end.
fn clean(value: &str) -> Cow<'_, str> {
    // Characters beyond U+009F are no controls; those before begin with a byte up to 0xC2.
    let may_be_control = |byte: u8| (byte < b' ') | (byte == 0x7f) | (byte == 0xc2);
    // Without an early end, so that many bytes are looked at at once.
    if value.len() <= LONGEST_VALUE && !value.bytes().fold(false, |some, byte| some | may_be_control(byte)) {
        return Cow::Borrowed(value);
    }
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    Cow::Owned(value.chars().map(printable).take(LONGEST_VALUE).collect())
}

/// `Tuesday 24 November`, if the clinic does not want it otherwise.
fn date_in_words(date: NaiveDate, locale: Locale) -> String {
    locale.date(date)
}

/// `10:40`, or `10:40 on Wednesday 25 November` if that is not today on the person's clock.
fn time_in_words(at: DateTime<Utc>, zone: Tz, now: DateTime<Utc>, locale: Locale) -> String {
    let local = at.with_timezone(&zone);
    let time = locale.time(local.time());
    if local.date_naive() == now.with_timezone(&zone).date_naive() {
        time
    } else {
        format!("{time} on {}", date_in_words(local.date_naive(), locale))
    }
}

/// `one`, `one and two`, `one, two and three`.
fn list_in_words<T: AsRef<str>>(parts: &[T]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [most @ .., last] => {
            let most: Vec<&str> = most.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", most.join(", "), last.as_ref())
        }
    }
}
