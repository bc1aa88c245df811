//! A scenario that tells a story which cannot happen.
//!
//! ```ron
//! series: {"worst_pain": "5 5 eleven"},        // not an answer to the question
//! runs: [(day: 0, at: "09:10")],               // how far?
//! messages: [(day: 9, send: "check-in")],      // until_day: 7
//! ```
//!
//! A series has one word a day, from day 0 on: an answer (a number, a choice, `y` or `n`), `_` for no report, `-` for a
//! report that leaves this question blank. A run has one distance (`miles`, `km` or `distance_m`), unless it is a race
//! whose name fixes it (5k, 10k, half-marathon, marathon).

use super::{FoundBy, Input};
use crate::{
    load::{
        build_scenarios::{fits, race_metres, token},
        findings::Findings,
        written::{At, Item, Written},
    },
    notation::{
        Number, Pairs, Spanned, Text,
        questions::About,
        recovery::metres,
        scenarios::{AnyValue, Event, Run, Scenario},
        wording::quote,
    },
};

check!("bad-scenario", Error, "bad_scenario.rs", FoundBy::Looking(look));

/// Longest distance of a run: the longest certified race is a little over 3,100 miles, run over weeks.
const MAX_METRES: f64 = 1_000_000.0;

fn look(input: &Input<'_>, findings: &mut Findings) {
    for story in &input.written.scenarios {
        let mut story = Story { written: input.written, story, findings };
        story.series();
        for run in &story.story.runs.0 {
            story.run(run);
        }
        for event in &story.story.events.0 {
            story.event(&event.value);
        }
        let expected = story.story.messages.iter().map(|message| &message.day);
        let states = story.story.states.iter().map(|state| &state.day);
        let heard = story.story.clinic.iter().flatten().map(|hears| &hears.day);
        for day in expected.chain(states).chain(heard) {
            story.day(day);
        }
    }
    for (folder, at) in &input.written.other_books {
        let below = |path: &str| path.strip_prefix(&**folder).is_some_and(|rest| rest.starts_with('/'));
        if !input.written.other_paths.iter().any(|path| below(path)) {
            findings
                .report("bad-scenario", at.clone(), format!("there are no rules in the folder {}", quote(folder)))
                .label("an empty folder")
                .help("name a folder below the rules folder that holds a whole set of rules");
        }
    }
}

struct Story<'a> {
    written: &'a Written,
    story: &'a Item<Scenario>,
    findings: &'a mut Findings,
}

impl Story<'_> {
    fn bad(&mut self, at: At, message: String, label: &str, help: String) {
        self.findings.report("bad-scenario", at, message).label(label).help(help);
    }

    fn series(&mut self) {
        for (question, tokens) in &self.story.series.0 {
            let Some(known) = self.written.question(question) else { continue };
            if known.about == Some(About::Run) {
                self.bad(self.story.at(&question.span), format!("{} is about a run", quote(question)), "not one answer a day", "give it under `answers` of a run".into());
                continue;
            }
            let start = tokens.value.as_ptr() as usize;
            for (day, word) in tokens.value.split_whitespace().enumerate() {
                let offset = word.as_ptr() as usize - start;
                let span = tokens.span.start + offset..tokens.span.start + offset + word.len();
                if token(word, &known.answer.value).is_none() {
                    self.bad(self.story.at(&span), format!("{} is no answer to {}", quote(word), quote(question)), &format!("day {day}"), "write an answer, `_` for no report or `-` for a blank".into());
                } else if day > self.story.until_day.value as usize {
                    self.bad(self.story.at(&span), format!("the story ends on day {}", self.story.until_day.value), &format!("day {day}"), "let `until_day` be later".into());
                    break;
                }
            }
        }
    }

    fn run(&mut self, run: &Spanned<Run>) {
        let given = metres(run.miles.as_ref(), run.km.as_ref(), run.distance_m.as_ref());
        match &given[..] {
            [] if run.race.as_ref().and_then(|race| race_metres(race)).is_none() => {
                self.bad(self.story.at(&run.span), "this run has no distance".into(), "how far?", "add `miles`, `km` or `distance_m`".into());
            }
            [one] if !(one.value > 0.0 && one.value <= MAX_METRES) => {
                self.bad(self.story.at(&one.span), "nobody runs this far".into(), "not a distance", "write a number above 0, in the unit the field names".into());
            }
            [_, second, ..] => {
                self.bad(self.story.at(&second.span), "this run has two distances".into(), "a second one", "keep one of them".into());
            }
            _ => {}
        }
        self.day(&run.day);
        if let Some(logged) = &run.logged_day {
            self.day(logged);
            self.in_order(&run.day, logged);
        }
        self.answers(&run.answers);
        let about_day = run.answers.0.iter().find(|(id, _)| {
            self.written.question(id).is_some_and(|question| question.about != Some(About::Run))
        });
        if let Some((id, _)) = about_day {
            self.bad(self.story.at(&id.span), format!("{} is about a day, not about a run", quote(id)), "not about this run", "give it in `series`".into());
        }
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Late { about_day, received_day, answers } | Event::Correct { about_day, received_day, answers } => {
                self.day(received_day);
                self.in_order(about_day, received_day);
                self.answers(answers);
            }
            Event::Withdraw { about_day, received_day } => {
                self.day(received_day);
                self.in_order(about_day, received_day);
            }
            Event::Excuse { from_day, to_day, .. } => {
                self.day(from_day);
                self.in_order(from_day, to_day);
            }
            Event::Pause { from_day, until_day } => {
                self.day(from_day);
                if let Some(until) = until_day {
                    self.in_order(from_day, until);
                }
            }
            Event::NewRules { day, folder } => {
                self.day(day);
                if folder.trim_matches('/').is_empty() {
                    self.bad(self.story.at(&folder.span), "no folder is named".into(), "which rules?", "name a folder below the rules folder".into());
                }
            }
            Event::Restart { day } | Event::StopMessages { day } => self.day(day),
        }
    }

    fn day(&mut self, day: &Number<u32>) {
        let last = self.story.until_day.value;
        if day.value > last {
            self.bad(self.story.at(&day.span), format!("the story ends on day {last}"), "after the end", "let `until_day` be later".into());
        }
    }

    fn in_order(&mut self, first: &Number<u32>, second: &Number<u32>) {
        if second.value < first.value {
            self.bad(self.story.at(&second.span), "this day comes before the other".into(), &format!("before day {}", first.value), "put the days in order".into());
        }
    }

    fn answers(&mut self, answers: &Pairs<AnyValue>) {
        let mut seen: Vec<&Text> = Vec::new();
        for (question, value) in &answers.0 {
            if seen.iter().any(|before| before.value == question.value) {
                self.bad(self.story.at(&question.span), format!("{} is answered twice", quote(question)), "again", "keep one of the two".into());
            }
            seen.push(question);
            let Some(known) = self.written.question(question) else { continue };
            if !fits(&value.value.0, &known.answer.value) {
                self.bad(self.story.at(&value.span), format!("this is no answer to {}", quote(question)), "cannot be answered", "write a number on its scale, one of its choices, or true or false".into());
            }
        }
    }
}
