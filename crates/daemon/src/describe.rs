//! A rule book read back in plain English, so that a clinician sees what the files say rather than what they
//! were meant to say. One paragraph a rule, each with the place where it was written.

mod condition;

use afterrun_rules::{
    RuleBook,
    book::{
        Basis, CheckInRule, Flag, FlagEvidence, Lasts, RunMatch, SignLevel, Stage, Starts, TellClinic, Window,
    },
    schedule::Schedule,
};
use chrono::{Days, NaiveDate};

use condition::{in_words, worsens_in_words};

/// Metres in an international mile.
const METRES_PER_MILE: f64 = 1609.344;

/// A Monday, to say on which weekday a stage could first be reached.
const A_MONDAY: NaiveDate = match NaiveDate::from_ymd_opt(2026, 5, 4) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// One rule in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Paragraph {
    /// The rule's id.
    pub id: String,
    /// A heading.
    pub title: String,
    /// The words.
    pub text: String,
    /// File and line.
    pub place: String,
}

/// Every rule of a book: clinic, windows, check-ins, flags, emergency signs, in file order.
#[must_use]
pub fn describe(book: &RuleBook) -> Vec<Paragraph> {
    let mut all = vec![clinic(book)];
    all.extend(book.recovery.windows.iter().map(|window| recovery(book, window)));
    all.extend(book.check_ins.iter().map(|rule| check_in(book, rule)));
    all.extend(book.flags.iter().map(|rule| flag(book, rule)));
    all.extend(book.emergencies.iter().map(|sign| {
        let level = match sign.level {
            SignLevel::CallNow => "to be acted on at once",
            SignLevel::SameDay => "to be seen on the same day",
        };
        Paragraph {
            id: sign.id.to_string(),
            title: sign.ask.to_string(),
            text: format!(
                "An emergency sign, {level}. When it is ticked the page says before anything is sent: \u{201c}{}\
                 \u{201d} The clinic is told at once, and nothing that encourages running is sent until a \
                 clinician has resolved it.",
                sign.do_now
            ),
            place: sign.place.to_string(),
        }
    }));
    all
}

fn clinic(book: &RuleBook) -> Paragraph {
    let clinic = &book.clinic;
    let hours: Vec<String> = clinic
        .office_hours
        .iter()
        .map(|hours| {
            let days: Vec<String> = hours.days.iter().map(ToString::to_string).collect();
            format!(
                "{} from {} to {}",
                days.join(", "),
                hours.from.format("%H:%M"),
                hours.until.format("%H:%M")
            )
        })
        .collect();
    let text = format!(
        "Runners get mail from {} to {} on their own clock, at most {} a day (urgent ones: {} a day, at any \
         hour). What only silence can tell goes out at {}. Office hours ({}): {}. Alerts go to {}; a digest goes \
         there {}. No more than {} messages to runners leave within an hour.",
        clinic.send_window.from.format("%H:%M"),
        clinic.send_window.until.format("%H:%M"),
        clinic.limits.normal_per_patient_day,
        clinic.limits.urgent_per_patient_day,
        clinic.time_messages_at.format("%H:%M"),
        clinic.time_zone,
        if hours.is_empty() { "none".to_owned() } else { hours.join("; ") },
        if clinic.alerts_to.is_empty() { "nobody".to_owned() } else { clinic.alerts_to.join(" and ") },
        schedule(&clinic.digest),
        clinic.limits.all_per_hour,
    );
    Paragraph { id: "clinic".into(), title: clinic.name.to_string(), text, place: "clinic".into() }
}

fn recovery(book: &RuleBook, window: &Window) -> Paragraph {
    let runs = match &window.when {
        RunMatch::Race(race) => format!("a race of kind `{race}`"),
        RunMatch::Distance { from_m, below_m: Some(below_m) } => {
            format!("any other run from {} up to, but not including, {}", miles(*from_m), miles(*below_m))
        }
        RunMatch::Distance { from_m, below_m: None } => {
            format!("any other run of {} or more", miles(*from_m))
        }
    };
    let days = if window.min_days == window.max_days {
        counted(window.min_days, "day")
    } else {
        format!("{} to {} days", window.min_days, window.max_days)
    };
    let text = format!(
        "After {runs}: {days} without running. The runner gets *{}* when the run is logged, and *{}* once \
         the answers allow it, at the earliest on day {} and for milder trouble on day {}. {}.",
        book.recovery.on_run,
        book.recovery.on_cleared,
        window.min_days,
        window.max_days,
        basis(&window.basis),
    );
    paragraph(window.id.as_str(), &window.title, text, &window.place)
}

fn check_in(book: &RuleBook, rule: &CheckInRule) -> Paragraph {
    let starts = match rule.starts {
        Starts::AfterRun => "from the first time after a run",
        Starts::WhileFlagged => "from the day after a flag's first report, while that flag is open",
        Starts::OnEnrolment => "from the enrolment on",
    };
    let lasts = match rule.lasts {
        Lasts::UntilRecovered { extra_days: 0 } => "until the runner has recovered".to_owned(),
        Lasts::UntilRecovered { extra_days } => {
            format!("until {} after the runner has recovered", counted(extra_days, "day"))
        }
        Lasts::UntilClear => "until it is clear".to_owned(),
        Lasts::Weeks(weeks) => format!("for {}", counted(weeks, "week")),
        Lasts::Days(days) => format!("for {}", counted(days, "day")),
    };
    let asked: Vec<String> = rule
        .ask
        .iter()
        .filter_map(|ix| book.questions.get(usize::from(ix.0)))
        .map(|question| format!("`{}`", question.id))
        .collect();
    let mut text = format!(
        "Asks {} {}, {starts}, {lasts}. The link comes with *{}* and closes after {}.",
        asked.join(", "),
        schedule(&rule.schedule),
        rule.send,
        counted(rule.expires_after_hours, "hour"),
    );
    if let Some(hours) = rule.remind_after_hours {
        text.push_str(&format!(" Without an answer it is sent once more after {}.", counted(hours, "hour")));
    }
    if let Some(nudge) = &rule.nudge {
        text.push_str(&format!(
            " After {} missed in a row the runner gets *{}*.",
            nudge.after_missed, nudge.send
        ));
    }
    paragraph(rule.id.as_str(), rule.id.as_str(), text, &rule.place)
}

fn flag(book: &RuleBook, flag: &Flag) -> Paragraph {
    let mut text = match &flag.evidence {
        FlagEvidence::Days { when, clear_when } => {
            let clear = clear_when.as_ref().map_or_else(
                || "any other answer".to_owned(),
                |clear| format!("a day on which {}", in_words(book, clear)),
            );
            format!(
                "The problem is reported on a day when {}. It is over after {} in a row; clear is {clear}.",
                in_words(book, when),
                counted(flag.clear_reports, "clear report"),
            )
        }
        FlagEvidence::Runs(rule) => format!(
            "The problem is there when {}. It is over after {} that are not so.",
            worsens_in_words(book, rule),
            counted(flag.clear_reports, "look"),
        ),
    };
    for rule in &flag.stages {
        text.push(' ');
        text.push_str(&stage(flag, rule));
    }
    if let Some(message) = &flag.on_resolved {
        text.push_str(&format!(
            " When it has settled, and the runner had been told of it, *{message}* follows."
        ));
    }
    text.push_str(&format!(
        " More than {} without an answer end{} it without a verdict",
        counted(flag.bridge_silent_days, "silent day"),
        if flag.bridge_silent_days == 1 { "s" } else { "" },
    ));
    match &flag.on_lapsed {
        Some(lapsed) => {
            let send =
                lapsed.send.as_ref().map_or_else(String::new, |id| format!(" the runner gets *{id}* and"));
            text.push_str(&format!(": if the runner had been told,{send} {}.", told(lapsed.tell_clinic)));
        }
        None => text.push_str("; the clinic reads of it in the next digest."),
    }
    if !flag.outranks.is_empty() {
        let others: Vec<String> = flag.outranks.iter().map(|id| format!("`{id}`")).collect();
        text.push_str(&format!(" While it is open it speaks for {}.", others.join(" and ")));
    }
    text.push_str(&format!(" {}.", basis(&flag.basis)));
    paragraph(flag.id.as_str(), &flag.title, text, &flag.place)
}

fn stage(flag: &Flag, stage: &Stage) -> String {
    let when = if stage.after_days == 0 {
        "On the first report".to_owned()
    } else {
        let weekday = (A_MONDAY + Days::new(u64::from(stage.after_days))).format("%A");
        let week = if stage.after_days >= 7 { ", a week or more later," } else { "" };
        format!(
            "If it is still reported {} after the first report (a Monday onset: {weekday}{week} at the earliest)",
            counted(stage.after_days, "calendar day"),
        )
    };
    let reports = if stage.min_reports > 1 {
        format!(
            ", with at least {} and no more than {} between two of them",
            counted(stage.min_reports, "reported day"),
            counted(flag.bridge_silent_days, "silent day"),
        )
    } else {
        String::new()
    };
    let urgent = if stage.urgent { ", at any hour" } else { "" };
    let remind = stage.remind.map_or_else(String::new, |remind| {
        format!(
            " It is repeated on a new report {} or more later, {} at most.",
            counted(remind.every_days, "day"),
            times(remind.at_most)
        )
    });
    format!(
        "{when}{reports}, the runner gets *{}* once{urgent}, and {} (stage `{}`).{remind}",
        stage.send,
        told(stage.tell_clinic),
        stage.id,
    )
}

fn told(level: TellClinic) -> &'static str {
    match level {
        TellClinic::Nobody => "the clinic is not told",
        TellClinic::Digest => "the clinic reads of it in the next digest",
        TellClinic::Today => "the clinic is told in office hours the same day, or at the next opening",
        TellClinic::Now => "the clinic is told at once",
    }
}

fn basis(basis: &Basis) -> String {
    match basis {
        Basis::Seed => "The figures are those of the article the rules were made from".to_owned(),
        Basis::Convention(name) => format!("The figures are a convention: {name}"),
        Basis::ClinicToConfirm => "The figures are a guess that the clinic must confirm".to_owned(),
    }
}

fn schedule(schedule: &Schedule) -> String {
    match schedule {
        Schedule::Daily { at } => format!("every day at {}", at.format("%H:%M")),
        Schedule::EveryDays { days: 1, at } => format!("every day at {}", at.format("%H:%M")),
        Schedule::EveryDays { days, at } => format!("every {days} days at {}", at.format("%H:%M")),
        Schedule::Cron(cron) => cron_in_words(&cron.to_string()),
    }
}

/// The common shapes in words, the others as they stand: `second minute hour day-of-month month weekday`.
fn cron_in_words(expression: &str) -> String {
    let fields: Vec<&str> = expression.split_whitespace().collect();
    if let [second, minute, hour, "*", "*", weekdays] = fields[..]
        && let (Ok(0), Ok(minute), Ok(hour)) =
            (second.parse::<u8>(), minute.parse::<u8>(), hour.parse::<u8>())
    {
        let days = if weekdays == "*" { "every day".to_owned() } else { format!("on {weekdays}") };
        return format!("{days} at {hour:02}:{minute:02}");
    }
    format!("by the schedule `{expression}`")
}

fn miles(metres: f64) -> String {
    let miles = metres / METRES_PER_MILE;
    if (miles - miles.round()).abs() < 0.01 {
        format!("{miles:.0} miles")
    } else {
        format!("{miles:.1} miles")
    }
}

/// `1 day`, `3 days`.
fn counted(count: u32, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn times(count: u32) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}

fn paragraph(id: &str, title: &str, text: String, place: &afterrun_rules::book::Place) -> Paragraph {
    Paragraph { id: id.to_owned(), title: title.to_owned(), text, place: place.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(id: &str) -> String {
        let book = afterrun_rules::load::load(&crate::shipped::sources()).book.unwrap();
        describe(&book).into_iter().find(|paragraph| paragraph.id == id).unwrap().text
    }

    #[test]
    fn a_flag_says_when_who_hears_what() {
        let text = said("pain-lasting");
        for words in [
            "`worst_pain` is 3 or more",
            "still reported 3 calendar days after the first report (a Monday onset: Thursday at the earliest)",
            "the runner gets *pain-heads-up* once, and the clinic reads of it in the next digest",
            "still reported 5 calendar days after the first report (a Monday onset: Saturday at the earliest)",
        ] {
            assert!(text.contains(words), "`{words}` is not in: {text}");
        }
    }

    #[test]
    fn every_rule_of_the_shipped_pack_is_read_back() {
        let book = afterrun_rules::load::load(&crate::shipped::sources()).book.unwrap();
        let rules = 1
            + book.recovery.windows.len()
            + book.check_ins.len()
            + book.flags.len()
            + book.emergencies.len();
        assert_eq!(describe(&book).len(), rules);
    }

    #[test]
    fn common_schedules_are_put_in_words() {
        let cases = [
            ("0 0 7 * * *", "every day at 07:00"),
            ("0 30 18 * * Sun", "on Sun at 18:30"),
            ("0 0 7 1 * *", "by the schedule `0 0 7 1 * *`"),
            ("0 */5 7 * * *", "by the schedule `0 */5 7 * * *`"),
        ];
        for (expression, expected) in cases {
            assert_eq!(cron_in_words(expression), expected);
        }
    }

    #[test]
    fn a_window_says_its_runs_and_days() {
        let text = said("half-marathon");
        assert!(
            text.starts_with("After a race of kind `half-marathon`: 3 to 5 days without running."),
            "{text}"
        );
    }
}
