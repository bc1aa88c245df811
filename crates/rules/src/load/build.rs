//! Turns what was written, checked before, into the rule book. Every `?` here stands for something a check
//! has already refused; a none from here on a folder without errors is our mistake and is reported as such.

use std::{collections::BTreeMap, sync::Arc};

use chrono::NaiveTime;

use super::{
    build_care, build_scenarios,
    written::{Item, Written},
};
use crate::{
    book::{
        About, AnswerKind, BookHash, Clinic, Condition, Escalate, Limits, MessageText, OfficeHours, Question,
        QuestionIx, RuleBook, SendWindow,
    },
    chart::Value,
    ids::MessageId,
    notation::{self, Checked, Text, clinic::ClinicFile, message::Message, questions},
    schedule::Schedule,
};

/// The nudge and lapse time of a clinic that names none: after most people's working day.
const TIME_MESSAGES_AT: (u32, u32) = (18, 0);
/// The digest of a clinic that names none: before the working day.
const DIGEST: &str = "0 30 7 * * Mon-Fri";
/// Budgets of a clinic that names none: a check-in and one more a day, and one an emergency leaves room for.
const LIMITS: Limits = Limits { normal_per_patient_day: 2, urgent_per_patient_day: 2, all_per_hour: 2000 };

/// Puts the book together.
pub(super) fn build(written: &Written, hash: BookHash) -> Option<RuleBook> {
    let book = RuleBook {
        hash,
        clinic: clinic(&written.clinics.first()?.value)?,
        questions: written.questions.iter().map(|item| question(written, item)).collect::<Option<_>>()?,
        recovery: build_care::recovery(written)?,
        check_ins: written
            .check_ins
            .iter()
            .map(|item| build_care::check_in(written, item))
            .collect::<Option<_>>()?,
        flags: written.flags.iter().map(|item| build_care::flag(written, item)).collect::<Option<_>>()?,
        emergencies: written
            .signs
            .iter()
            .map(|item| build_care::sign(written, item))
            .collect::<Option<_>>()?,
        messages: messages(written),
        scenarios: written
            .scenarios
            .iter()
            .map(|item| build_scenarios::scenario(written, item))
            .collect::<Option<_>>()?,
    };
    Some(book)
}

/// A text leaf as the shared text the book holds.
pub(super) trait Shared {
    /// The text.
    fn shared(&self) -> Option<Arc<str>>;
}

macro_rules! shared {
    ($($name:ident),+) => {$(
        impl Shared for Checked<notation::leaf::$name> {
            fn shared(&self) -> Option<Arc<str>> {
                self.value.as_ref().map(|value| value.0.as_str().into())
            }
        }
    )+};
}
shared!(Id, Line, Words, Link, Address);

/// An id leaf as text.
pub(super) fn id(id: &Checked<notation::leaf::Id>) -> Option<&str> {
    id.value.as_ref().map(|id| id.0.as_str())
}

fn clinic(file: &ClinicFile) -> Option<Clinic> {
    let addresses = |list: &[Checked<notation::leaf::Address>]| {
        list.iter().map(Shared::shared).collect::<Option<Vec<_>>>()
    };
    let office_hours = file.office_hours.0.iter().map(|row| {
        Some(OfficeHours { days: row.days.value.clone()?.0, from: row.from.value?, until: row.until.value? })
    });
    let escalate = match &file.escalate {
        Some(escalate) => {
            Some(Escalate { after_minutes: escalate.after_minutes.value, to: addresses(&escalate.to)? })
        }
        None => None,
    };
    Some(Clinic {
        name: file.name.shared()?,
        phone: file.phone.shared()?,
        booking_link: file.booking_link.shared()?,
        emergency_line: file.emergency_line.shared()?,
        time_zone: file.time_zone.value?,
        locale: match &file.locale {
            Some(locale) => Some(locale.value?),
            None => None,
        },
        office_hours: office_hours.collect::<Option<_>>()?,
        send_window: SendWindow { from: file.send_window.from.value?, until: file.send_window.until.value? },
        time_messages_at: match &file.time_messages_at {
            Some(time) => time.value?,
            None => NaiveTime::from_hms_opt(TIME_MESSAGES_AT.0, TIME_MESSAGES_AT.1, 0)?,
        },
        alerts_to: addresses(&file.alerts_to)?,
        escalate,
        editors: addresses(file.editors.as_deref().unwrap_or_default())?,
        digest: match &file.digest {
            Some(written) => schedule(written)?,
            None => Schedule::cron(DIGEST).ok()?,
        },
        limits: file.limits.as_ref().map_or(LIMITS, |limits| Limits {
            normal_per_patient_day: limits.normal_per_patient_day.value,
            urgent_per_patient_day: limits.urgent_per_patient_day.value,
            all_per_hour: limits.all_per_hour.value,
        }),
    })
}

/// A schedule as written, made ready.
pub(crate) fn schedule(written: &notation::schedule::Schedule) -> Option<Schedule> {
    use notation::schedule::Schedule as Written;
    match written {
        Written::Daily { at } => Some(Schedule::Daily { at: at.value? }),
        Written::EveryDays { n, at } => Some(Schedule::EveryDays { days: n.value, at: at.value? }),
        Written::Cron(expression) => Schedule::cron(expression).ok(),
    }
}

/// The position of a question in the book.
pub(super) fn question_ix(written: &Written, id: &Text) -> Option<QuestionIx> {
    written.question_position(id).and_then(|at| u16::try_from(at).ok()).map(QuestionIx)
}

fn question(written: &Written, item: &Item<questions::Question>) -> Option<Question> {
    let answer = match &item.answer.value {
        questions::Answer::Scale { from, to, low, high } => AnswerKind::Scale {
            from: from.value,
            to: to.value,
            low: low.as_str().into(),
            high: high.as_str().into(),
        },
        questions::Answer::Choice(choices) => AnswerKind::Choice(
            choices
                .iter()
                .map(|(value, words)| Some((value.shared()?, words.shared()?)))
                .collect::<Option<_>>()?,
        ),
        questions::Answer::YesNo => AnswerKind::YesNo,
        questions::Answer::Text { max_chars } => AnswerKind::Text { max_chars: max_chars.value },
    };
    let only_if = match &item.only_if {
        Some(written_condition) => Some(condition(written, written_condition)?),
        None => None,
    };
    Some(Question {
        id: id(&item.id)?.into(),
        about: match item.about {
            Some(questions::About::Run) => About::Run,
            Some(questions::About::Day) | None => About::Day,
        },
        ask: item.ask.shared()?,
        answer,
        only_if,
        skipped_means: item.skipped_means.as_ref().map(|skipped| match &skipped.value {
            questions::Skipped::Number(number) => Value::Number(*number),
            questions::Skipped::Choice(choice) => Value::Word(choice.as_str().into()),
            questions::Skipped::YesNo(yes) => Value::YesNo(*yes),
        }),
        optional: item.optional,
        place: written.place(&item.at),
    })
}

/// A condition with its questions found.
pub(super) fn condition(written: &Written, from: &notation::condition::Condition) -> Option<Condition> {
    use notation::condition::Condition as Written;
    let ix = |id: &Text| question_ix(written, id);
    let all =
        |parts: &[Written]| parts.iter().map(|part| condition(written, part)).collect::<Option<Vec<_>>>();
    Some(match from {
        Written::AtLeast(question, value) => Condition::AtLeast(ix(question)?, value.value),
        Written::AtMost(question, value) => Condition::AtMost(ix(question)?, value.value),
        Written::OneOf(question, choices) => {
            Condition::OneOf(ix(question)?, choices.iter().map(|choice| choice.as_str().into()).collect())
        }
        Written::Yes(question) => Condition::Yes(ix(question)?),
        Written::No(question) => Condition::No(ix(question)?),
        Written::AllOf(parts) => Condition::AllOf(all(parts)?),
        Written::AnyOf(parts) => Condition::AnyOf(all(parts)?),
        Written::Not(part) => Condition::Not(Box::new(condition(written, part)?)),
        Written::RoseBy { question, points, within_days } => Condition::RoseBy {
            question: ix(question)?,
            points: points.value,
            within_days: within_days.value,
        },
        Written::WorsensEachRun { .. } => return None,
    })
}

fn messages(written: &Written) -> BTreeMap<MessageId, MessageText> {
    let text = |item: &Item<Message>| MessageText {
        id: item.id.as_str().into(),
        subject: item.subject.as_str().into(),
        preview: item.preview.as_ref().map(|preview| preview.as_str().into()),
        body: item.body.as_str().into(),
        place: written.place(&item.at),
    };
    written.messages.iter().map(|item| (item.id.as_str().into(), text(item))).collect()
}
