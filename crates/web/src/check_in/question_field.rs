//! One question as a group of big buttons, a text box, or a scale.

use afterrun_rules::book::{About, AnswerKind};
use afterrun_store::Units;
use chrono::NaiveDate;
use maud::{Markup, html};

use super::{
    answers::{Entered, Faults, form_text},
    gates::{option_id, options},
    sheet::{Asked, Sheet},
};
use crate::{text, words};

/// More choices than this stand in two columns.
const ONE_COLUMN: usize = 8;

/// The question at a position of the form.
pub(crate) fn markup(
    sheet: &Sheet<'_>,
    position: usize,
    entered: &Entered<'_>,
    faults: &Faults,
    (units, way): (Units, words::Way),
    today: NaiveDate,
) -> Markup {
    let asked = &sheet.asked[position];
    let fault = faults.questions.get(&asked.ix);
    let error_id = fault.map(|_| format!("q{position}-error"));
    let run = sheet.run.filter(|_| asked.question.about == About::Run);
    let about = run.map(|run| text::about_your(&words::run_on(run, units, today, way)));
    let field = Field { asked, position, entered: entered.value(asked.ix), error_id: error_id.as_deref() };
    if let AnswerKind::Text { max_chars } = &asked.question.answer {
        return text_box(&field, *max_chars, fault);
    }
    html! {
        fieldset.card.question.gated[asked.gate.is_some()] id={ "q" (position) } aria-describedby=[error_id.as_deref()] {
            legend {
                @if let Some(about) = &about { span.about { (about) } }
                (asked.question.ask)
                @if asked.question.optional { " " span.optional { (text::OPTIONAL) } }
            }
            @if let Some(fault) = fault { p.fault id=[error_id.as_deref()] { (fault) } }
            @match &asked.question.answer {
                AnswerKind::Scale { from, to, low, high } => (scale(&field, *from, *to, low, high)),
                AnswerKind::Choice(choices) => (rows(&field, choices.iter().map(|(_, shown)| &**shown))),
                _ => (rows(&field, [text::YES, text::NO].into_iter())),
            }
        }
    }
}

struct Field<'a> {
    asked: &'a Asked<'a>,
    position: usize,
    entered: &'a str,
    error_id: Option<&'a str>,
}

impl Field<'_> {
    /// A radio button behind a big label.
    fn option(&self, option: usize, value: &str, shown: &Markup) -> Markup {
        let id = option_id(self.position, option);
        html! {
            label.option for=(id) {
                input type="radio" name=(self.asked.field()) value=(value) id=(id) checked[self.entered == value];
                span { (shown) }
            }
        }
    }

    fn values(&self) -> Vec<String> {
        options(self.asked.question).iter().map(form_text).collect()
    }
}

fn rows<'a>(field: &Field<'_>, shown: impl Iterator<Item = &'a str>) -> Markup {
    let values = field.values();
    html! {
        div.rows.many[values.len() > ONE_COLUMN] {
            @for (option, (value, shown)) in values.iter().zip(shown).enumerate() {
                (field.option(option, value, &html! { (shown) }))
            }
        }
    }
}

/// The words of both ends stand above the numbers, and are read out with the end numbers.
fn scale(field: &Field<'_>, from: i32, to: i32, low: &str, high: &str) -> Markup {
    let values = field.values();
    html! {
        p.ends { span { (from) " = " (low) } span { (to) " = " (high) } }
        div.scale {
            @for (option, value) in values.iter().enumerate() {
                (field.option(option, value, &html! {
                    (value)
                    @if option == 0 { span.unseen { ", " (low) } }
                    @if option + 1 == values.len() { span.unseen { ", " (high) } }
                }))
            }
        }
    }
}

fn text_box(field: &Field<'_>, max_chars: u32, fault: Option<&String>) -> Markup {
    let question = field.asked.question;
    let id = format!("q{}-text", field.position);
    let hint_id = format!("q{}-hint", field.position);
    let described = field.error_id.map_or_else(|| hint_id.clone(), |error| format!("{error} {hint_id}"));
    html! {
        div.card.question.gated[field.asked.gate.is_some()] id={ "q" (field.position) } {
            label.legend for=(id) {
                (question.ask)
                @if question.optional { " " span.optional { (text::OPTIONAL) } }
            }
            @if let Some(fault) = fault { p.fault id=[field.error_id] { (fault) } }
            textarea name=(field.asked.field()) id=(id) rows="3" maxlength=(max_chars) aria-describedby=(described)
                { (field.entered) }
            p.hint id=(hint_id) { (text::up_to(max_chars)) }
        }
    }
}
