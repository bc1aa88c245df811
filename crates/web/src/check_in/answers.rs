//! From what was entered to what is recorded.
//!
//! A ticked emergency sign is never refused: whatever else is missing or wrong is left blank, so that the
//! clinic hears and the page says what to do now. For the same reason a sign beats "none of these".

use std::{borrow::Cow, collections::BTreeMap};

use afterrun_rules::{
    Event,
    book::{About, AnswerKind, Question, QuestionIx, Sign},
    chart::{AnswerEvent, Value, Values},
    ids::SignId,
};

use super::{
    gates,
    sheet::{Asked, FIELD_OF_QUESTION, Sheet},
};
use crate::{fields::Fields, text};

/// What stands in the form, valid or not.
#[derive(Default)]
pub(crate) struct Entered<'a> {
    values: Vec<(QuestionIx, Cow<'a, str>)>,
    pub signs: Vec<SignId>,
    pub none_of_these: bool,
}

impl<'a> Entered<'a> {
    /// What was posted. Fields the form does not have are ignored.
    pub(crate) fn from_fields(sheet: &Sheet<'_>, fields: &'a Fields) -> Self {
        let mut entered = Self { values: Vec::with_capacity(sheet.asked.len()), ..Self::default() };
        let mut ticks = false;
        // Of a field that comes twice the last counts.
        for (name, value) in fields.pairs().rev() {
            match name {
                "sign" => ticks = true,
                "none" => entered.none_of_these = true,
                name => {
                    let Some(id) = name.strip_prefix(FIELD_OF_QUESTION) else { continue };
                    let asked = sheet.asked.iter().find(|asked| asked.question.id == *id);
                    if let Some(ix) = asked.map(|asked| asked.ix).filter(|ix| !entered.has(*ix)) {
                        entered.values.push((ix, Cow::Borrowed(value.trim())));
                    }
                }
            }
        }
        if ticks {
            let ticked = |sign: &&Sign| fields.all("sign").any(|id| id == sign.id.as_str());
            entered.signs = sheet.signs.iter().filter(ticked).map(|sign| sign.id.clone()).collect();
        }
        entered
    }

    /// The answer in force. The tick-list is asked anew each time.
    pub(crate) fn from_earlier(sheet: &Sheet<'_>) -> Self {
        let value = |asked: &Asked<'_>| {
            let answer = match asked.question.about {
                About::Day => sheet.earlier,
                About::Run => sheet.earlier_run,
            };
            Some((asked.ix, Cow::Owned(form_text(answer?.values.get(asked.question.id.as_str())?))))
        };
        Self { values: sheet.asked.iter().filter_map(value).collect(), ..Self::default() }
    }

    pub(crate) fn value(&self, ix: QuestionIx) -> &str {
        self.values.iter().find(|(known, _)| *known == ix).map_or("", |(_, value)| value)
    }

    fn has(&self, ix: QuestionIx) -> bool {
        self.values.iter().any(|(known, _)| *known == ix)
    }
}

/// A value as a form field carries it.
pub(crate) fn form_text(value: &Value) -> String {
    match value {
        Value::YesNo(true) => "yes".to_owned(),
        Value::YesNo(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Word(word) => word.to_string(),
    }
}

/// What is wrong, by place.
#[derive(Default, Debug, PartialEq, Eq)]
pub(crate) struct Faults {
    pub questions: BTreeMap<QuestionIx, String>,
    /// Neither a sign nor "none of these" is ticked.
    pub signs: Option<&'static str>,
}

impl Faults {
    pub(crate) fn is_empty(&self) -> bool {
        self.questions.is_empty() && self.signs.is_none()
    }
}

/// A complete, valid set of answers.
#[derive(Debug)]
pub(crate) struct Given {
    /// By position on the form.
    values: Vec<Option<Value>>,
    pub emergencies: Vec<SignId>,
}

/// Checks what was entered against the book.
pub(crate) fn read(sheet: &Sheet<'_>, entered: &Entered<'_>) -> Result<Given, Faults> {
    let mut values = Vec::with_capacity(sheet.asked.len());
    let mut faults = Faults::default();
    for asked in &sheet.asked {
        values.push(match parse(asked.question, entered.value(asked.ix)) {
            Ok(value) => value,
            Err(words) => {
                faults.questions.insert(asked.ix, words);
                None
            }
        });
    }
    let gates = gates::settle(sheet, &mut values);
    for (asked, gate) in sheet.asked.iter().zip(gates) {
        match (asked.gate, gate) {
            // Hidden on the page: whatever was left in it is of no account.
            (Some(_), Some(false)) => {
                faults.questions.remove(&asked.ix);
            }
            (None, _) | (Some(_), Some(true))
                if !asked.question.optional && entered.value(asked.ix).is_empty() =>
            {
                faults.questions.insert(asked.ix, missing(asked.question).to_owned());
            }
            _ => {}
        }
    }
    if entered.signs.is_empty() && !entered.none_of_these {
        faults.signs = Some(text::MISSING_SIGNS);
    }
    if faults.is_empty() || !entered.signs.is_empty() {
        Ok(Given { values, emergencies: entered.signs.clone() })
    } else {
        Err(faults)
    }
}

fn missing(question: &Question) -> &'static str {
    match question.answer {
        AnswerKind::Scale { .. } => text::MISSING_SCALE,
        AnswerKind::Choice(_) | AnswerKind::YesNo => text::MISSING_CHOICE,
        AnswerKind::Text { .. } => text::MISSING_TEXT,
    }
}

/// One value; none if blank.
fn parse(question: &Question, raw: &str) -> Result<Option<Value>, String> {
    if raw.is_empty() {
        return Ok(None);
    }
    match &question.answer {
        AnswerKind::Scale { from, to, .. } => match raw.parse::<i32>() {
            Ok(number) if (*from..=*to).contains(&number) => Ok(Some(Value::Number(number))),
            _ => Err(text::off_scale(*from, *to)),
        },
        AnswerKind::Choice(choices) => match choices.iter().find(|(value, _)| **value == *raw) {
            Some((value, _)) => Ok(Some(Value::Word((&**value).into()))),
            None => Err(text::MISSING_CHOICE.to_owned()),
        },
        AnswerKind::YesNo => match raw {
            "yes" => Ok(Some(Value::YesNo(true))),
            "no" => Ok(Some(Value::YesNo(false))),
            _ => Err(text::MISSING_CHOICE.to_owned()),
        },
        AnswerKind::Text { max_chars } => {
            let clean = plain(raw);
            let count = clean.chars().count();
            if count > *max_chars as usize {
                return Err(text::too_long(count, *max_chars));
            }
            Ok((!clean.is_empty()).then(|| Value::Word(clean.into())))
        }
    }
}

/// Text with one kind of line end and without control characters.
fn plain(raw: &str) -> String {
    let lines = raw.replace("\r\n", "\n").replace('\r', "\n");
    lines.chars().filter(|c| *c == '\n' || !c.is_control()).collect::<String>().trim().to_owned()
}

/// The events of one submission: the day's answer, and the run's if there is anything to say about it.
pub(crate) fn events(sheet: &Sheet<'_>, given: &Given) -> Vec<Event> {
    let about = |about: About| {
        let asked = sheet.asked.iter().zip(&given.values);
        let asked = asked.filter(move |(asked, _)| asked.question.about == about);
        asked.filter_map(|(asked, value)| Some((asked.question.id.clone(), value.clone()?)))
    };
    let mut events = vec![Event::Answer(AnswerEvent {
        check_in: Some(sheet.check_in.id.clone()),
        run: None,
        about_day: sheet.check_in.about_day,
        values: about(About::Day).collect(),
        emergencies: Some(given.emergencies.clone()),
    })];
    let asks_about_run = sheet.asked.iter().any(|asked| asked.question.about == About::Run);
    if let Some(run) = sheet.run.filter(|_| asks_about_run) {
        // What an earlier form asked about this run stays: a newer answer replaces the older whole.
        let asked_here = |id: &str| sheet.asked.iter().any(|asked| asked.question.id == *id);
        let earlier = sheet.earlier_run.into_iter().flat_map(|answer| answer.values.iter());
        let kept =
            earlier.filter(|(id, _)| !asked_here(id.as_str())).map(|(id, value)| (id.clone(), value.clone()));
        let values: Values = kept.chain(about(About::Run)).collect();
        if !values.is_empty() || sheet.earlier_run.is_some() {
            events.push(Event::Answer(AnswerEvent {
                check_in: None,
                run: Some(run.run.id.clone()),
                about_day: sheet.earlier_run.map_or(run.day, |answer| answer.about_day),
                values,
                emergencies: None,
            }));
        }
    }
    events
}
