//! A schedule that cannot be read, never comes round, or may not mean what it says.
//!
//! A cron expression has six fields: second, minute, hour, day of the month, month, weekday. Weekdays are written by
//! name, because the two common ways of numbering them differ by one. If both a day of the month and a weekday are
//! given, both must be met.
//!
//! ```ron
//! schedule: Cron("0 7 * * *"),          // five fields
//! schedule: Cron("0 0 7 * * 1-5"),      // numbers for weekdays
//! schedule: Cron("0 0 7 30 2 *"),       // 30 February
//! ```
//!
//! Write `Cron("0 0 7 * * *")`, `Cron("0 0 7 * * Mon-Fri")` and a day that exists; or simply `Daily(at: "07:00")`.

use chrono::{NaiveDate, Weekday};

use super::{FoundBy, Input};
use crate::{
    load::{
        findings::Findings,
        written::{At, Written},
    },
    notation::{leaf::weekday, schedule::Schedule as Notation, wording::quote},
    schedule::Schedule,
};

check!("bad-schedule", Error, "bad_schedule.rs", FoundBy::Looking(look));

/// Most days between two check-ins of `EveryDays`.
const MAX_EVERY_DAYS: u32 = 366;

fn look(input: &Input<'_>, findings: &mut Findings) {
    for (at, schedule) in schedules(input.written) {
        match schedule {
            Notation::Cron(expression) => {
                let at = At { file: at.file, span: expression.span.clone() };
                if let Err((message, help)) = cron(expression) {
                    findings.report("bad-schedule", at, message).label("does not come round").help(help);
                }
            }
            Notation::EveryDays { n, .. } if !(1..=MAX_EVERY_DAYS).contains(&n.value) => {
                findings
                    .report("bad-schedule", At { file: at.file, span: n.span.clone() }, format!("every {} days is no schedule", n.value))
                    .label("does not come round")
                    .help(format!("write a number from 1 to {MAX_EVERY_DAYS}"));
            }
            Notation::EveryDays { .. } | Notation::Daily { .. } => {}
        }
    }
}

/// Every schedule of a folder: check-ins, then the digest.
pub(super) fn schedules(written: &Written) -> impl Iterator<Item = (At, &Notation)> {
    let check_ins = written.check_ins.iter().map(|item| (item.at(&item.schedule.span), &item.schedule.value));
    let digests = written.clinics.iter().filter_map(|clinic| {
        clinic.digest.as_ref().map(|digest| (clinic.at(&digest.span), &digest.value))
    });
    check_ins.chain(digests)
}

fn cron(expression: &str) -> Result<(), (String, String)> {
    let fields: Vec<&str> = expression.split_whitespace().collect();
    let six = "write six fields: second minute hour day-of-month month weekday";
    match fields[..] {
        [_, _, _, _, _] => {
            let help = format!("seconds come first: write \"0 {}\"", by_name(&fields.join(" ")));
            return Err((format!("{} has five fields", quote(expression)), help));
        }
        [_, _, _, _, _, weekdays] => weekdays_by_name(weekdays)?,
        _ => return Err((format!("{} does not have six fields", quote(expression)), six.into())),
    }
    let schedule = Schedule::cron(expression).map_err(|error| {
        // The parser's own text is several lines with a caret of its own; its last words say what is wrong.
        let words = error.lines().map(str::trim).rfind(|line| line.contains(' ') && !line.contains('^'));
        let why = words.filter(|words| *words != expression.trim());
        let message = format!("{} is not a schedule", quote(expression));
        (why.map_or_else(|| message.clone(), |why| format!("{message}: {}", lower_first(why))), six.into())
    })?;
    // Any date will do: what does not come round within the horizon never does.
    let from = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or_default();
    match schedule.first_on_or_after(from, None, from) {
        Some(_) => Ok(()),
        None => Err((
            format!("{} never comes round", quote(expression)),
            "name a date that exists; day of the month and weekday must both be met".into(),
        )),
    }
}

fn weekdays_by_name(field: &str) -> Result<(), (String, String)> {
    let named = |name: &str| name == "*" || name == "?" || weekday(name).is_some();
    if field.split([',', '-']).all(named) {
        return Ok(());
    }
    let help = format!("write days by name: \"{}\"", names(field));
    Err((format!("{} are not weekdays by name", quote(field)), help))
}

/// A five-field expression with the weekday, numbered from Sunday as 0, by name.
fn by_name(expression: &str) -> String {
    match expression.rsplit_once(' ') {
        Some((rest, weekdays)) => format!("{rest} {}", names(weekdays)),
        None => expression.to_owned(),
    }
}

/// Numbers of weekdays, 0 or 7 being Sunday as on Unix, as names.
fn names(field: &str) -> String {
    let name = |part: &str| match part.parse::<u8>() {
        Ok(number @ 0..=7) => Weekday::try_from((number + 6) % 7).map_or_else(|_| part.to_owned(), |day| day.to_string()),
        _ => part.to_owned(),
    };
    let range = |part: &str| part.split('-').map(name).collect::<Vec<_>>().join("-");
    field.split(',').map(range).collect::<Vec<_>>().join(",")
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
