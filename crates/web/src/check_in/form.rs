//! The check-in form.
//!
//! Order: the first question, the emergency tick-list (quick to clear, and never below the fold of a long
//! form), the rest, Send. Good news takes four taps: open, first answer, none of these, send.

use axum::{http::StatusCode, response::Response};
use maud::{Markup, html};

use super::{
    answers::{Entered, Faults},
    gates, on_behalf, question_field,
    sheet::Sheet,
};
use crate::{
    layout,
    link::Open,
    site::Site,
    text,
    words::{self, day_and_time},
};

/// Element id of the tick-list.
pub(crate) const SIGNS_ID: &str = "signs";

/// Nothing was recorded although the form was good.
pub(crate) struct Trouble<'a> {
    pub status: StatusCode,
    pub words: &'a str,
}

/// The form with what stands in it and what is wrong with it.
pub(crate) fn page(
    site: &Site,
    open: &Open,
    sheet: &Sheet<'_>,
    entered: &Entered<'_>,
    faults: &Faults,
    trouble: Option<&Trouble<'_>>,
) -> Response {
    let status = match trouble {
        Some(trouble) => trouble.status,
        None if faults.is_empty() => StatusCode::OK,
        None => StatusCode::UNPROCESSABLE_ENTITY,
    };
    // A question with a fault stays visible, whatever its gate says.
    let gated = |position: &usize| {
        let asked = &sheet.asked[*position];
        asked.gate.is_some() && !faults.questions.contains_key(&asked.ix)
    };
    let gated: Vec<usize> = (0..sheet.asked.len()).filter(gated).collect();
    let today = open.chart.local_date(open.now);
    let question = |position: usize| {
        question_field::markup(
            sheet,
            position,
            entered,
            faults,
            (open.patient.units, open.book.clinic.locale),
            today,
        )
    };
    let main = html! {
        @if open.on_behalf.is_some() { (on_behalf::note(site, open)) }
        (heading(open, sheet))
        @if let Some(trouble) = trouble {
            div.alert role="alert" tabindex="-1" autofocus { p { strong { (trouble.words) } } }
        }
        @if !faults.is_empty() { (summary(sheet, faults)) }
        form.ask method="post" novalidate {
            @if let Some(on_behalf) = &open.on_behalf { (on_behalf::token(on_behalf)) }
            @if !sheet.asked.is_empty() { (question(0)) }
            (tick_list(sheet, entered, faults))
            @for position in 1..sheet.asked.len() { (question(position)) }
            div.send {
                button.main type="submit" { (text::SEND) }
                @if open.on_behalf.is_none() { p.small { (text::where_answers_go(&open.book.clinic.name)) } }
            }
        }
    };
    let title = text::CHECK_IN_TITLE;
    layout::page(site, layout::Sheet { status, title, style: gates::style(sheet, &gated), main })
}

fn heading(open: &Open, sheet: &Sheet<'_>) -> Markup {
    let zone = open.chart.zone_at(open.now);
    let today = open.chart.local_date(open.now);
    let about = sheet.check_in.about_day;
    let closes = open.link.expires_at.unwrap_or(sheet.check_in.expires_at);
    html! {
        div.intro {
            h1 { (text::check_in_for(&words::date(about, today, open.book.clinic.locale))) }
            @if about != today { p.about { (text::about_past_day(&words::day(about, today, open.book.clinic.locale))) } }
            @if let Some(earlier) = sheet.earlier {
                p.amend { (text::answered_already(&day_and_time(earlier.received_at, zone, today, open.book.clinic.locale))) }
            }
            @if open.on_behalf.is_none() { p.small { (text::open_until(&day_and_time(closes, zone, today, open.book.clinic.locale))) } }
        }
    }
}

fn summary(sheet: &Sheet<'_>, faults: &Faults) -> Markup {
    let first = sheet.asked.first().map(|asked| asked.ix);
    let line = |position: usize| {
        let asked = &sheet.asked[position];
        let fault = faults.questions.get(&asked.ix)?;
        Some(html! { li { a href={ "#q" (position) } { (asked.question.ask) } ": " (fault) } })
    };
    html! {
        div.alert role="alert" tabindex="-1" autofocus {
            h2 { (text::NOT_SENT_YET) }
            ul {
                @if first.is_some() { @if let Some(line) = line(0) { (line) } }
                @if let Some(fault) = faults.signs {
                    li { a href={ "#" (SIGNS_ID) } { (text::SIGNS_ASK) } ": " (fault) }
                }
                @for position in 1..sheet.asked.len() { @if let Some(line) = line(position) { (line) } }
            }
        }
    }
}

/// Each sign's advice follows its box, so that ticking it shows it at once, before anything is sent.
fn tick_list(sheet: &Sheet<'_>, entered: &Entered<'_>, faults: &Faults) -> Markup {
    let described = faults.signs.map(|_| "signs-error");
    html! {
        fieldset.card.signs id=(SIGNS_ID) aria-describedby=[described] {
            legend { (text::SIGNS_ASK) }
            p.hint { (text::SIGNS_HINT) }
            @if let Some(fault) = faults.signs { p.fault id="signs-error" { (fault) } }
            @for (row, sign) in sheet.signs.iter().enumerate() {
                div.sign {
                    input type="checkbox" name="sign" value=(sign.id) id={ "sign-" (row) }
                        checked[entered.signs.contains(&sign.id)];
                    label for={ "sign-" (row) } { (sign.ask) }
                    p.do-now role="alert" { strong { (sign.do_now) } }
                }
            }
            div.sign.none {
                input type="checkbox" name="none" value="1" id="sign-none" checked[entered.none_of_these];
                label for="sign-none" { (text::NONE_OF_THESE) }
            }
        }
    }
}
