//! Two things of one kind have the same id.
//!
//! Ids are how rules find each other, and how the record of what was sent finds its rule: the same id twice makes one
//! of the two unreachable.
//!
//! ```ron
//! (id: "swelling", ask: "Do you see swelling?", answer: YesNo),
//! (id: "swelling", ask: "Is a joint swollen?", answer: YesNo),
//! ```
//!
//! Give one of them another id. Ids count across all files of the folder, and an id that a flag lists under `formerly`
//! is taken as well. Messages are named by their file, wherever it lies.

use std::collections::BTreeMap;

use super::{FoundBy, Input};
use crate::{
    load::{
        findings::Findings,
        written::{At, Item, Written},
    },
    notation::{Checked, leaf::Id, questions::Answer, wording::quote},
};

check!("duplicate-id", Error, "duplicate_id.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    let written = input.written;
    let mut ids = Ids { findings, written };
    ids.look_at("question", of(&written.questions, |question| &question.id));
    ids.look_at("recovery window", of(&written.windows, |window| &window.id));
    ids.look_at("check-in", of(&written.check_ins, |check_in| &check_in.id));
    ids.look_at("sign", of(&written.signs, |sign| &sign.id));
    let former = written.flags.iter().flat_map(|flag| flag.formerly.iter().filter_map(|id| named(flag, id)));
    ids.look_at("flag", of(&written.flags, |flag| &flag.id).into_iter().chain(former).collect());
    for flag in &written.flags {
        ids.look_at("stage", flag.stages.0.iter().filter_map(|stage| named(flag, &stage.id)).collect());
    }
    for question in &written.questions {
        if let Answer::Choice(choices) = &question.answer.value {
            ids.look_at("choice", choices.iter().filter_map(|(value, _)| named(question, value)).collect());
        }
    }
    let names = written.scenarios.iter().filter_map(|story| {
        story.name.value.as_ref().map(|name| (name.0.as_str(), story.at(&story.name.span)))
    });
    ids.look_at("scenario", names.collect());
    let messages = written.messages.iter().map(|message| (message.id.as_str(), message.at(&message.subject.span)));
    ids.look_at("message", messages.collect());
}

fn named<'a, T>(item: &Item<T>, id: &'a Checked<Id>) -> Option<(&'a str, At)> {
    id.value.as_ref().map(|known| (known.0.as_str(), item.at(&id.span)))
}

fn of<T>(items: &[Item<T>], id: impl Fn(&T) -> &Checked<Id>) -> Vec<(&str, At)> {
    items.iter().filter_map(|item| named(item, id(&item.value))).collect()
}

struct Ids<'a> {
    findings: &'a mut Findings,
    written: &'a Written,
}

impl Ids<'_> {
    fn look_at(&mut self, what: &str, ids: Vec<(&str, At)>) {
        let mut first: BTreeMap<&str, At> = BTreeMap::new();
        for (id, at) in ids {
            let Some(before) = first.get(id) else {
                first.insert(id, at);
                continue;
            };
            let place = self.written.place(before);
            let mut help = format!("the first is at {place}");
            if before.file == at.file {
                "give one of the two another id".clone_into(&mut help);
            }
            self.findings
                .report("duplicate-id", at, format!("two things of the kind {what} are called {}", quote(id)))
                .label("the same id again")
                .also(before, "first used here")
                .help(help);
        }
    }
}
