//! What has become of a matter on the work-list since it was raised. A hint only: a row is closed by a person.

use afterrun_rules::{Chart, RuleBook, assess, assess::End, chart::Reach};
use afterrun_store::WorkRow;
use chrono::{DateTime, NaiveDate, Utc};

use super::{dates, text_patient as text};
use crate::words;

/// Says that the matter has settled, if it has.
pub(super) fn settled(book: &RuleBook, chart: &Chart, row: &WorkRow, now: DateTime<Utc>) -> Option<String> {
    let today = chart.local_date(now);
    let since = |day: NaiveDate| {
        let way = Some(dates::way(book));
        if (today - day).num_days() < 2 {
            words::day(day, today, way)
        } else {
            words::weekday(day, today, way)
        }
    };
    let Some(flag) = &row.flag else { return without_flag(chart, row, since) };
    let assessment = assess(book, chart, now);
    let found = book.flags.iter().zip(&assessment.flags).find(|(known, _)| known.is_called(flag.as_str()));
    let Some(newest) = found?.1.newest() else { return Some(text::NO_LONGER_SO.to_owned()) };
    match newest.end {
        End::Resolved(on) => Some(text::settled_since(&since(on))),
        // Silence settles nothing.
        End::Open | End::Lapsed(_) => None,
    }
}

/// Somebody was silent, or mail did not arrive.
fn without_flag(chart: &Chart, row: &WorkRow, since: impl Fn(NaiveDate) -> String) -> Option<String> {
    match &*row.reason.code {
        "lost-touch" | "missed-in-a-row" => {
            let later =
                chart.answers.iter().map(|answer| answer.received_at).filter(|at| *at > row.raised_at);
            later.min().map(|at| text::answered_again(&since(chart.local_date(at))))
        }
        "address-dead" if row.reach == Reach::Confirmed => Some(text::ARRIVES_AGAIN.to_owned()),
        _ => None,
    }
}
