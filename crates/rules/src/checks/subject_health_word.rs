//! A subject or preview line that says something about the patient's health.
//!
//! Subjects show on locked screens, in lists and in logs of mail servers, where others may read them.
//!
//! ```text
//! Subject: Your pain has lasted {{ days }} days
//! ```
//!
//! Write what any message of yours could say: `Subject: A word from {{ clinic_name }}`. The text of the message is the
//! place for the rest.

use std::ops::Range;

use super::{
    FoundBy, Input,
    placeholders::{self, ABOUT_HEALTH},
};
use crate::{load::findings::Findings, notation::{Text, wording::quote}};

check!("subject-health-word", Error, "subject_health_word.rs", FoundBy::Looking(look));

/// Words, and beginnings of words where marked with `*`, that say something about health.
const WORDS: &[&str] = &[
    "ache*", "aching", "achilles", "ankle*", "bleed*", "calf", "calves", "chest", "diagnos*", "doctor*", "emergenc*", "fever*", "flag",
    "flags", "foot", "fractur*", "groin", "hamstring*", "heel*", "hip", "hips", "hurt*", "ill", "illness", "inflam*",
    "injur*", "joint*", "knee*", "leg", "legs", "limp*", "muscle*", "numb*", "pain*", "physio*",
    "rehab*", "shin*", "sick*", "sore*", "sprain*", "strain*", "stress*", "swell*", "swollen", "symptom*", "tendon*",
    "therap*", "treatment*", "urine", "worse*", "wound*",
];

fn look(input: &Input<'_>, findings: &mut Findings) {
    for message in &input.written.messages {
        for line in std::iter::once(&message.value.subject).chain(&message.value.preview) {
            let tags = placeholders::tags(line);
            for tag in &tags {
                for (word, place) in placeholders::words(line, tag) {
                    if ABOUT_HEALTH.contains(&word) {
                        let at = placeholders::at(message, line, place);
                        findings
                            .report("subject-health-word", at, format!("{} says something about health", quote(word)))
                            .label("others may read this line")
                            .help("leave it out here: the text of the message is the place for it");
                    }
                }
            }
            for (word, place) in plain_words(line, &tags) {
                if is_about_health(&word.to_lowercase()) {
                    let at = placeholders::at(message, line, place);
                    findings
                        .report("subject-health-word", at, format!("{} says something about health", quote(word)))
                        .label("others may read this line")
                        .help("write what any message of yours could say, such as `A word from {{ clinic_name }}`");
                }
            }
        }
    }
}

fn is_about_health(word: &str) -> bool {
    WORDS.iter().any(|known| match known.strip_suffix('*') {
        Some(beginning) => word.starts_with(beginning),
        None => word == *known,
    })
}

/// The words of a line outside its placeholders.
fn plain_words<'a>(line: &'a Text, tags: &[placeholders::Tag]) -> Vec<(&'a str, Range<usize>)> {
    let start = line.as_ptr() as usize;
    line.split(|c: char| !c.is_alphanumeric())
        .map(|word| {
            let at = word.as_ptr() as usize - start;
            (word, at..at + word.len())
        })
        .filter(|(word, place)| !word.is_empty() && !tags.iter().any(|tag| tag.inside.contains(&place.start)))
        .collect()
}
