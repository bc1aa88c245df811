//! Due against sent, hour by hour: a picture, and the same as a table.

use afterrun_rules::book::Locale;
use afterrun_store::MailHour;
use chrono::{DateTime, Timelike, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};

use super::{dates, hours, text_operations as text};

/// Width of an hour, and what is left and right of all of them, in pixels.
const HOUR: i64 = 15;
const LEFT: i64 = 34;
const RIGHT: i64 = 12;

/// Height of the bars, and what is above and below.
const HEIGHT: i64 = 120;
const TOP: i64 = 10;
const BOTTOM: i64 = 34;

/// Hours between two ticks of the axis.
const TICKS: u32 = 6;

type Hours<'a> = &'a [(DateTime<Utc>, MailHour)];

/// The picture; words only when there is nothing to draw.
pub(crate) fn drawing(hours: Hours<'_>, zone: Tz, way: Locale) -> Markup {
    let most = hours.iter().map(|(_, hour)| hour.due.max(all_ended(hour))).max().unwrap_or(0);
    if most == 0 {
        return html! { p { (text::HOURS_NONE) } };
    }
    let scale = Scale { top: round_up(most) };
    let width = LEFT + HOUR * hours::HOURS + RIGHT;
    let all = hours::sum(hours);
    html! {
        div.plot tabindex="0" {
            svg width=(width) height=(TOP + HEIGHT + BOTTOM) viewBox={ "0 0 " (width) " " (TOP + HEIGHT + BOTTOM) }
                role="img" aria-label=(text::hours_label(all.due, all.sent)) {
                @for step in [0, scale.top / 2, scale.top] {
                    line.grid x1=(LEFT) x2=(width - RIGHT) y1=(scale.y(step)) y2=(scale.y(step)) {}
                    text.tick x=(LEFT - 6) y=(scale.y(step) + 4) text-anchor="end" { (step) }
                }
                @for (index, (from, hour)) in (0_i64..).zip(hours) { (bar(&scale, LEFT + index * HOUR, *from, hour, zone, way)) }
            }
        }
        p.hint { (text::HOURS_HINT) }
    }
}

struct Scale {
    top: u64,
}

impl Scale {
    fn height(&self, count: u64) -> i64 {
        let height = i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(HEIGHT);
        let height = height / i64::try_from(self.top).unwrap_or(i64::MAX).max(1);
        // One mail among thousands is still to be seen.
        height.max(i64::from(count > 0) * 2)
    }

    fn y(&self, count: u64) -> i64 {
        TOP + HEIGHT
            - i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(HEIGHT)
                / i64::try_from(self.top).unwrap_or(i64::MAX).max(1)
    }
}

fn bar(scale: &Scale, x: i64, from: DateTime<Utc>, hour: &MailHour, zone: Tz, way: Locale) -> Markup {
    let local = from.with_timezone(&zone);
    let lost = scale.height(hour.refused + hour.given_up);
    let (sent, due) = (scale.height(hour.sent), scale.height(hour.due));
    let foot = TOP + HEIGHT;
    let at = dates::day_and_hour(from, zone, way);
    let words = text::hour_in_words(&at, hour.due, hour.sent, hour.refused + hour.given_up);
    html! {
        g {
            title { (words) }
            @if sent > 0 { rect.sent x=(x + 2) y=(foot - sent) width=(HOUR - 4) height=(sent) {} }
            @if lost > 0 { rect.lost x=(x + 2) y=(foot - sent - lost) width=(HOUR - 4) height=(lost) {} }
            @if due > 0 { rect.due x=(x + 1) y=(foot - due) width=(HOUR - 2) height=(due) {} }
        }
        @if local.hour().is_multiple_of(TICKS) {
            line.grid x1=(x) x2=(x) y1=(foot) y2=(foot + 5) {}
            text.tick x=(x) y=(foot + 17) text-anchor="middle" { (dates::hour(from, zone, way)) }
            @if local.hour() == 0 { text.tick x=(x) y=(foot + 30) text-anchor="middle" { (way.weekday_and_month(local.date_naive())) } }
        }
    }
}

/// The same as a table, newest first, without the hours in which nothing happened.
pub(crate) fn table(hours: Hours<'_>, zone: Tz, way: Locale) -> Markup {
    let busy = || hours.iter().rev().filter(|(_, hour)| *hour != MailHour::default());
    html! {
        @if busy().next().is_some() {
            details {
                summary { (text::HOURS_TABLE) }
                table.plain {
                    thead { tr { th scope="col" { (text::COLUMN_HOUR) } (headings()) } }
                    tbody {
                        @for (from, hour) in busy() {
                            tr {
                                th scope="row" { (dates::day_and_hour(*from, zone, way)) }
                                (counts(hour))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn headings() -> Markup {
    html! {
        @for words in [text::COLUMN_DUE, text::COLUMN_SENT, text::COLUMN_REFUSED, text::COLUMN_GIVEN_UP, text::COLUMN_CANCELLED] {
            th.number scope="col" { (words) }
        }
    }
}

fn counts(hour: &MailHour) -> Markup {
    html! {
        @for count in [hour.due, hour.sent, hour.refused, hour.given_up, hour.cancelled] { td.number { (count) } }
    }
}

fn all_ended(hour: &MailHour) -> u64 {
    hour.sent + hour.refused + hour.given_up
}

/// The next number that halves into a whole one and is easy to read.
fn round_up(most: u64) -> u64 {
    let mut power = 1;
    loop {
        for step in [2, 4, 10] {
            let top: u64 = power * step;
            if top >= most || top >= u64::MAX / 100 {
                return top;
            }
        }
        power *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::round_up;

    #[test]
    fn the_axis_ends_at_a_round_number() {
        for (most, top) in
            [(1, 2), (2, 2), (3, 4), (5, 10), (11, 20), (37, 40), (40, 40), (41, 100), (6500, 10_000)]
        {
            assert_eq!(round_up(most), top, "{most}");
        }
        assert!(round_up(u64::MAX) > 0);
    }
}
