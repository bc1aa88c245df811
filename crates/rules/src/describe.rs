//! The rule book read back in plain English, good enough to sign.
//!
//! Every number of the rules appears once, with what it means; nothing is said that the rules do not say.
//! Leaves out layout: paragraphs of plain text, for terminal, console and print alike.

mod condition;
mod schedule;

pub use condition::{clear_condition, condition, question_name};

use std::fmt::Write as _;

use chrono::{NaiveDate, Weekday};

use crate::book::{
    AnswerKind, Basis, CheckInRule, Clinic, Flag, FlagEvidence, Lasts, Place, Question, RuleBook, RunMatch,
    Sign, SignLevel, Stage, Starts, TellClinic, Window,
};

/// One rule read back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Described {
    /// What kind of thing it is, such as `flag`.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// Where it was written; none for the clinic as a whole.
    pub place: Option<Place>,
    /// The rule in English: one or more sentences, paragraphs separated by a line break.
    pub text: String,
}

/// Reads every rule back, in the order clinic, questions, recovery, check-ins, flags, emergencies.
#[must_use]
pub fn describe(book: &RuleBook) -> Vec<Described> {
    let of = |kind, id: &str, place: &Place, text| Described {
        kind,
        id: id.to_owned(),
        place: Some(place.clone()),
        text,
    };
    let mut all =
        vec![Described { kind: "clinic", id: "clinic".to_owned(), place: None, text: clinic(&book.clinic) }];
    all.extend(book.questions.iter().map(|q| of("question", q.id.as_str(), &q.place, question(book, q))));
    all.extend(book.recovery.windows.iter().map(|w| of("window", w.id.as_str(), &w.place, window(book, w))));
    all.extend(book.check_ins.iter().map(|c| of("check-in", c.id.as_str(), &c.place, check_in(book, c))));
    all.extend(book.flags.iter().map(|f| of("flag", f.id.as_str(), &f.place, flag(book, f))));
    all.extend(book.emergencies.iter().map(|s| of("emergency", s.id.as_str(), &s.place, sign(s))));
    all
}

fn plural(count: u32, one: &str) -> String {
    if count == 1 { format!("{count} {one}") } else { format!("{count} {one}s") }
}

/// Words joined as a sentence joins them: `a, b and c`.
fn joined(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

fn basis(basis: &Basis) -> String {
    match basis {
        Basis::Seed => "from the clinic's recovery article".to_owned(),
        Basis::Convention(which) => format!("a convention: {which}"),
        Basis::ClinicToConfirm => "our own filling of a gap, for the clinic to confirm".to_owned(),
    }
}

fn clinic(clinic: &Clinic) -> String {
    let way = clinic.way();
    let hours: Vec<_> = clinic
        .office_hours
        .iter()
        .map(|hours| format!("{} {} to {}", days(&hours.days), way.time(hours.from), way.time(hours.until)))
        .collect();
    let people =
        |of: &[std::sync::Arc<str>]| joined(&of.iter().map(ToString::to_string).collect::<Vec<_>>(), "and");
    let mut text = format!(
        "{}, telephone {}, time zone {}. Somebody is there {}. Mail to a runner goes out between {} and {} on the \
         runner's own clock; what only time can tell goes out at {}. A runner gets at most {} a day, and at most {} \
         urgent ones; the whole clinic sends at most {} messages an hour. Alerts go to {}; the digest goes out {}.",
        clinic.name,
        clinic.phone,
        clinic.time_zone,
        joined(&hours, "and"),
        way.time(clinic.send_window.from),
        way.time(clinic.send_window.until),
        way.time(clinic.time_messages_at),
        plural(clinic.limits.normal_per_patient_day, "message"),
        clinic.limits.urgent_per_patient_day,
        clinic.limits.all_per_hour,
        people(&clinic.alerts_to),
        schedule::words(&clinic.digest, "the clinic's", way),
    );
    if let Some(escalate) = &clinic.escalate {
        let _ = write!(
            text,
            " An urgent alert that nobody has acknowledged after {} goes to {}.",
            plural(escalate.after_minutes, "minute"),
            people(&escalate.to)
        );
    }
    text
}

fn days(of: &[Weekday]) -> String {
    let in_a_row = of.len() > 2 && of.windows(2).all(|pair| pair[0].succ() == pair[1]);
    match of {
        [first, .., last] if in_a_row => format!("{first} to {last}"),
        _ => joined(&of.iter().map(ToString::to_string).collect::<Vec<_>>(), "and"),
    }
}

fn question(book: &RuleBook, question: &Question) -> String {
    let answer = match &question.answer {
        AnswerKind::Scale { from, to, low, high } => {
            format!("a number from {from} (\u{201c}{low}\u{201d}) to {to} (\u{201c}{high}\u{201d})")
        }
        AnswerKind::Choice(choices) => {
            let of: Vec<_> =
                choices.iter().map(|(id, words)| format!("{id} (\u{201c}{words}\u{201d})")).collect();
            format!("one of {}", joined(&of, "or"))
        }
        AnswerKind::YesNo => "yes or no".to_owned(),
        AnswerKind::Text { max_chars } => format!("words, at most {max_chars} characters"),
    };
    let mut text = format!("\u{201c}{}\u{201d} is answered with {answer}", question.ask);
    if question.about == crate::book::About::Run {
        text.push_str(", about the newest run without a score");
    }
    if question.optional {
        text.push_str(", and may be left blank");
    }
    text.push('.');
    if let Some(gate) = &question.only_if {
        let _ = write!(text, " It is asked only if {}", condition(book, gate));
        match &question.skipped_means {
            Some(meant) => {
                let _ = write!(text, "; otherwise it counts as {}.", condition::value(meant));
            }
            None => text.push_str("; otherwise nothing is known about it."),
        }
    }
    text
}

fn window(book: &RuleBook, window: &Window) -> String {
    let what = match &window.when {
        RunMatch::Race(race) => format!("a race of the kind {race}"),
        RunMatch::Distance { from_m, below_m } => match below_m {
            Some(below) if *from_m <= 0.0 => format!("a run shorter than {}", distance(*below)),
            Some(below) => {
                format!("a run of {} up to, but not including, {}", distance(*from_m), distance(*below))
            }
            None => format!("a run of {} or more", distance(*from_m)),
        },
    };
    let rest = if window.min_days == window.max_days {
        plural(window.min_days, "day")
    } else {
        format!("{} to {} days", window.min_days, window.max_days)
    };
    format!(
        "{}: after {what}, rest {rest} before running again ({}). The runner gets *{}* when the run is logged. On the \
         first good report about day {} or later, or the first middling one about day {} or later, the runner gets \
         *{}*, which names the next day as the first running day.",
        window.title,
        basis(&window.basis),
        book.recovery.on_run,
        window.min_days,
        window.max_days,
        book.recovery.on_cleared,
    )
}

fn distance(metres: f64) -> String {
    format!("{} miles ({} km)", number(metres / 1609.344), number(metres / 1000.0))
}

/// At most two decimals, none where none are needed.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn check_in(book: &RuleBook, rule: &CheckInRule) -> String {
    let asked: Vec<_> = rule.ask.iter().map(|question| question_name(book, *question)).collect();
    let starts = match rule.starts {
        Starts::AfterRun => "from the first such time after the day of a run",
        Starts::WhileFlagged => "from the day after a flag that uses these questions was first reported",
        Starts::OnEnrolment => "from the day of enrolment",
    };
    let lasts = match rule.lasts {
        Lasts::UntilRecovered { extra_days: 0 } => "until the runner has recovered".to_owned(),
        Lasts::UntilRecovered { extra_days } => {
            format!("until {} after the runner has recovered", plural(extra_days, "day"))
        }
        Lasts::UntilClear => "while that lasts, at most 28 days".to_owned(),
        Lasts::Weeks(weeks) => format!("for {}", plural(weeks, "week")),
        Lasts::Days(days) => format!("for {}", plural(days, "day")),
    };
    let mut text = format!(
        "The runner is asked about {} {}, {starts}, {lasts}. The message is *{}*; its link works for {}.",
        joined(&asked, "and"),
        schedule::words(&rule.schedule, "the runner's", book.clinic.way()),
        rule.send,
        plural(rule.expires_after_hours, "hour"),
    );
    if let Some(hours) = rule.remind_after_hours {
        let _ = write!(text, " Unanswered after {}, it is sent once more that day.", plural(hours, "hour"));
    }
    if let Some(nudge) = &rule.nudge {
        let _ = write!(
            text,
            " On the day after {} in a row were missed, the runner gets *{}*, once in each silence.",
            plural(nudge.after_missed, "check-in"),
            nudge.send
        );
    }
    text
}

fn flag(book: &RuleBook, flag: &Flag) -> String {
    let mut text = format!("{} ({}).\n", flag.title, basis(&flag.basis));
    match &flag.evidence {
        FlagEvidence::Days { when, clear_when } => {
            let _ = write!(
                text,
                "The problem counts as there on a day when {}, and as gone when {}. It is the same spell as long as no \
                 more than {} lie between two reports; a spell ends {}.",
                condition(book, when),
                clear_condition(book, when, clear_when.as_ref()),
                plural(flag.bridge_silent_days, "silent day"),
                after_clear(flag.clear_reports, "clear report"),
            );
        }
        FlagEvidence::Runs(rule) => {
            let _ = write!(
                text,
                "The problem counts as there after a run when {} has not fallen over the last {} scored runs, with {}, \
                 rises by {} or more from the first to the last, ends at {} or more, and all of them lie within {}. A \
                 spell goes on as long as no more than {} lie between two such runs; it ends {}.",
                question_name(book, rule.question),
                rule.runs,
                if rule.ties_allowed == 0 {
                    "no two neighbours equal".to_owned()
                } else {
                    format!("at most {} between neighbours", plural(rule.ties_allowed, "tie"))
                },
                rule.rise_by,
                rule.ends_at_least,
                plural(rule.within_days, "day"),
                plural(flag.bridge_silent_days, "day"),
                after_clear(flag.clear_reports, "clear result"),
            );
        }
    }
    for one in &flag.stages {
        let _ = write!(text, "\n{}", stage(one));
    }
    text.push_str(&ends(flag));
    text
}

fn after_clear(count: u32, what: &str) -> String {
    if count == 1 {
        format!("with the first {what}")
    } else {
        format!("after {} in a row", plural(count, what))
    }
}

fn stage(stage: &Stage) -> String {
    let mut text = if stage.after_days == 0 {
        "As soon as it is reported".to_owned()
    } else {
        format!(
            "If it is still reported {} after the first report (a Monday onset: {} at the earliest)",
            plural(stage.after_days, "calendar day"),
            weekday_after_monday(stage.after_days),
        )
    };
    if stage.min_reports > 1 {
        let _ = write!(text, ", with at least {}", plural(stage.min_reports, "report"));
    }
    let _ = write!(text, ", the runner gets *{}* once (stage `{}`)", stage.send, stage.id);
    text.push_str(if stage.urgent { ", at any hour." } else { ", within the hours for mail." });
    text.push_str(match stage.tell_clinic {
        TellClinic::Now => " The clinic is told at once.",
        TellClinic::Today => " The clinic is told at once in office hours, else at the next opening.",
        TellClinic::Digest => " The clinic reads it in the next digest.",
        TellClinic::Nobody => " The clinic is not told.",
    });
    if let Some(remind) = stage.remind {
        let _ = write!(
            text,
            " While it goes on, the message is repeated on a new report at least {} after the last, at most {}, and no \
             more once a clinician has been in touch.",
            plural(remind.every_days, "day"),
            plural(remind.at_most, "time"),
        );
    }
    text
}

/// Monday and so many days: the weekday, and the week if it is not the same one.
fn weekday_after_monday(days: u32) -> String {
    let monday = NaiveDate::from_ymd_opt(2026, 1, 5).unwrap_or_default();
    let on = monday + chrono::Days::new(u64::from(days));
    let name = on.format("%A").to_string();
    if days < 7 { name } else { format!("{name} of the {} week after", ordinal(days / 7)) }
}

fn ordinal(count: u32) -> String {
    let ending = match (count % 10, count % 100) {
        (1, hundred) if hundred != 11 => "st",
        (2, hundred) if hundred != 12 => "nd",
        (3, hundred) if hundred != 13 => "rd",
        _ => "th",
    };
    format!("{count}{ending}")
}

fn ends(flag: &Flag) -> String {
    let mut text = String::new();
    if let Some(message) = &flag.on_resolved {
        let _ = write!(
            text,
            "\nWhen a spell ends clear after the runner was told, the runner gets *{message}*, once."
        );
    }
    match &flag.on_lapsed {
        Some(on_lapsed) => {
            text.push_str("\nWhen a spell ends in silence after the runner was told, ");
            if let Some(message) = &on_lapsed.send {
                let _ = write!(text, "the runner gets *{message}* and ");
            }
            text.push_str(match on_lapsed.tell_clinic {
                TellClinic::Now => "the clinic is told at once.",
                TellClinic::Today => "the clinic is told in office hours.",
                TellClinic::Digest | TellClinic::Nobody => "the clinic reads it in the next digest.",
            });
            text.push_str(" Any other spell that ends in silence is in the next digest.");
        }
        None => text.push_str("\nEvery spell that ends in silence is in the next digest."),
    }
    if !flag.outranks.is_empty() {
        let others: Vec<_> = flag.outranks.iter().map(|id| format!("`{id}`")).collect();
        let _ = write!(text, "\nWhile it is open and told, it speaks for {} too.", joined(&others, "and"));
    }
    if !flag.formerly.is_empty() {
        let others: Vec<_> = flag.formerly.iter().map(|id| format!("`{id}`")).collect();
        let _ = write!(
            text,
            "\nIt was called {} before; what was sent under that name counts.",
            joined(&others, "and")
        );
    }
    text
}

fn sign(sign: &Sign) -> String {
    let level = match sign.level {
        SignLevel::CallNow => "It calls for help now",
        SignLevel::SameDay => "It calls for care on the same day",
    };
    format!(
        "Whoever ticks \u{201c}{}\u{201d} reads at once, before sending: \u{201c}{}\u{201d} {level}; the clinic is told \
         at once, and good news is held back until a clinician has dealt with it.",
        sign.ask, sign.do_now
    )
}
