//! The shipped rule pack: it loads, its messages read well, and its reference is valid notation.

#![expect(clippy::expect_used, reason = "a helper that fails ends its test")]

use std::{fs, path::Path, sync::Arc};

use afterrun_rules::{
    Diagnostic, RuleBook, Severity,
    decision::Facts,
    load::load,
    message::{Links, PLACEHOLDERS, Person, fill, placeholders_used, reading_grade::grade, render, sample},
    source::{Source, Sources},
};

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules"))
}

fn read_into(sources: &mut Sources, folder: &Path, below: &str) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = format!("{below}{}", entry.file_name().to_str().expect("a plain name"));
        if entry.path().is_dir() {
            read_into(sources, &entry.path(), &format!("{name}/"));
        } else {
            let bytes = fs::read(entry.path()).expect("a file");
            sources.files.insert(Arc::from(name), Source::Bytes(bytes.into()));
        }
    }
}

fn shipped() -> Sources {
    let mut sources = Sources::default();
    read_into(&mut sources, folder(), "");
    sources
}

fn shown(diagnostics: &[Diagnostic]) -> String {
    let line = |found: &Diagnostic| {
        let Diagnostic { code, severity, file, line, column, message, help, .. } = found;
        format!("{severity:?}[{code}] {file}:{line}:{column} {message} ({help:?})")
    };
    diagnostics.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn book() -> RuleBook {
    let loaded = load(&shipped());
    let problems = shown(&loaded.diagnostics);
    loaded.book.expect(&problems)
}

#[test]
fn the_pack_loads_and_only_the_sign_off_is_missing() {
    let loaded = load(&shipped());
    let unexpected: Vec<Diagnostic> = loaded
        .diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error || found.code != "not-approved")
        .cloned()
        .collect();
    assert!(unexpected.is_empty(), "{}", shown(&unexpected));
    let book = loaded.book.expect("no error, so a book");
    let flags: Vec<&str> = book.flags.iter().map(|flag| flag.id.as_str()).collect();
    assert_eq!(flags, ["pain-lasting", "limping", "swelling", "worse-each-run", "severe-pain"]);
    assert_eq!(book.recovery.windows.len(), 9);
    assert_eq!(book.emergencies.len(), 9);
}

/// Words that would tell a stranger looking over a shoulder what the mail is about.
const HEALTH_WORDS: [&str; 16] = [
    "pain",
    "injur",
    "swell",
    "swoll",
    "limp",
    "red flag",
    "hurt",
    "ache",
    "sore",
    "recover",
    "health",
    "symptom",
    "therap",
    "doctor",
    "urgent",
    "emergency",
];

#[test]
fn subjects_and_previews_say_nothing_about_health() {
    for text in book().messages.values() {
        for line in [Some(&text.subject), text.preview.as_ref()].into_iter().flatten() {
            let lower = line.to_lowercase();
            let found: Vec<_> = HEALTH_WORDS.iter().filter(|word| lower.contains(**word)).collect();
            assert!(found.is_empty(), "{}: {line}: {found:?}", text.id);
        }
        let body = text.subject.len() + text.preview.as_ref().map_or(0, |preview| preview.len());
        for (name, range) in placeholders_used(text).expect("it parses") {
            let in_header = range.start < body;
            assert!(
                !in_header || ["about_day", "first_name"].contains(&&*name),
                "{}: `{name}` tells of answers",
                text.id
            );
        }
        assert!(text.subject.chars().count() <= 50, "{}: `{}` is cut on a phone", text.id, text.subject);
    }
}

#[test]
fn every_message_is_easy_to_read() {
    let book = book();
    for text in book.messages.values() {
        let mail = render(&book, text, &sample(&book)).expect("it renders");
        let found = grade(&mail.text);
        assert!(found <= 8.0, "{}: grade {found:.1}", text.id);
        for sentence in mail.text.replace('\n', " ").split_inclusive(['.', '!', '?', ':']) {
            let words = sentence.split_whitespace().count();
            assert!(words <= 32, "{}: {words} words: {sentence}", text.id);
        }
    }
}

#[test]
fn no_message_diagnoses_soothes_or_promises_a_reader() {
    let never = [
        "don't worry",
        "do not worry",
        "no need to worry",
        "nothing to worry",
        "diagnos",
        "fracture",
        "tendinitis",
        "tendinopathy",
        "sprain",
        "tear",
        "we will call",
        "we'll call",
        "somebody will",
        "someone will",
        "red flag",
        "algorithm",
        "score",
    ];
    for text in book().messages.values() {
        let lower = text.body.to_lowercase();
        let found: Vec<_> = never.iter().filter(|words| lower.contains(**words)).collect();
        assert!(found.is_empty(), "{}: {found:?}", text.id);
    }
}

#[test]
fn every_message_can_be_stopped_and_every_stage_says_what_to_do_in_an_emergency() {
    let book = book();
    let uses = |id: &str| -> Vec<String> {
        let used = placeholders_used(&book.messages[id]).expect("it parses");
        used.into_iter().map(|(name, _)| name).collect()
    };
    for id in book.messages.keys() {
        let used = uses(id.as_str());
        assert!(used.iter().any(|name| name == "stop_link"), "{id}");
        assert!(used.iter().any(|name| name == "emergency_line"), "{id}");
    }
    for stage in book.flags.iter().flat_map(|flag| &flag.stages) {
        assert!(uses(stage.send.as_str()).iter().any(|name| name == "also"), "{}", stage.send);
    }
}

/// What is left of a message when nothing optional is known: no name, no other flag, no open check-in, too late
/// to refuel.
#[test]
fn messages_render_without_what_is_optional() {
    let book = book();
    let date = |text: &str| text.parse().expect("a date");
    let facts = Facts {
        flag_title: Some("Swelling in a joint or tendon".into()),
        onset: Some(date("2026-11-20")),
        evidence_day: Some(date("2026-11-24")),
        last_report_day: Some(date("2026-11-24")),
        window_title: Some("Run of 3 to 5 miles".into()),
        rest_days: Some((1, 1)),
        first_running_day: Some(date("2026-11-26")),
        ..Facts::default()
    };
    let person = Person { first_name: "", zone: book.clinic.time_zone, language: "en", miles: true };
    let links = Links {
        check_in: None,
        page: Some("https://clinic.example/p/x".to_owned()),
        stop: Some("https://clinic.example/s/x".to_owned()),
    };
    let filling = fill(&book, &person, &facts, &links, "2026-11-24T15:00:00Z".parse().expect("an instant"));
    for (id, text) in &book.messages {
        if id.as_str() == "check-in" {
            continue; // a check-in always has its link, day and time
        }
        let mail = render(&book, text, &filling).expect("it renders");
        for line in mail.text.lines().map(str::trim) {
            let gap = ["  ", " ,", " .", "()", ": ."].iter().find(|gap| line.contains(**gap));
            assert_eq!(gap, None, "{id}: {line}");
        }
        assert!(!mail.text.contains("also show"), "{id}: {}", mail.text);
    }
}

#[test]
fn mails_as_they_arrive() {
    let book = book();
    for (id, text) in &book.messages {
        let mail = render(&book, text, &sample(&book)).expect("it renders");
        assert!(mail.html.len() < 15_000, "{id}: {} bytes", mail.html.len());
        let preview = mail.preview.unwrap_or_default();
        insta::assert_snapshot!(
            format!("mail_{id}"),
            format!("{}\n[{preview}]\n\n{}", mail.subject, mail.text)
        );
    }
}

fn reference() -> String {
    fs::read_to_string(folder().join("README.md")).expect("the reference")
}

/// Every example is a complete small file that works in the shipped folder: a `Clinic` in place of the shipped
/// one, all others beside what is there.
#[test]
fn every_example_of_the_reference_is_valid() {
    let reference = reference();
    let examples: Vec<&str> = reference
        .split("```ron\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default())
        .collect();
    let kinds = ["Clinic", "Questions", "Recovery", "CheckIns", "RedFlags", "Emergencies", "Scenarios"];
    for kind in kinds {
        assert!(
            examples.iter().any(|example| example.starts_with(&format!("{kind}("))),
            "no example of {kind}"
        );
    }
    for example in examples {
        let mut sources = shipped();
        let file = if example.starts_with("Clinic(") { "clinic.ron" } else { "zz-example.ron" };
        sources.files.insert(Arc::from(file), Source::Bytes(example.as_bytes().into()));
        let errors: Vec<Diagnostic> = load(&sources)
            .diagnostics
            .into_iter()
            .filter(|found| found.severity == Severity::Error)
            .collect();
        assert!(errors.is_empty(), "{example}\n{}", shown(&errors));
    }
}

/// The reader who follows "Your first rule" to the letter ends with a folder that loads.
#[test]
fn the_first_rule_of_the_reference_loads() {
    let reference = reference();
    let steps = reference.split("## Your first rule").nth(1).expect("the chapter");
    let mut snippets =
        steps.split("```text\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    let (question, flag) = (snippets.next().expect("a question"), snippets.next().expect("a flag"));
    let mut texts: Vec<(String, String)> = shipped()
        .files
        .iter()
        .filter_map(|(path, source)| match source {
            Source::Bytes(bytes) => Some((path.to_string(), String::from_utf8(bytes.to_vec()).ok()?)),
            Source::Unreadable(_) => None,
        })
        .collect();
    let heads_up =
        texts.iter().find(|(path, _)| path == "messages/pain-heads-up.md").expect("the mail").1.clone();
    for (path, text) in &mut texts {
        let (before, after) = match path.as_str() {
            "questions.ron" => ("        (\n            id: \"worst_pain\"", question),
            "check-ins.ron" => ("\"note\"", "\"woken_by_pain\", "),
            "red-flags.ron" => ("        (\n            id: \"limping\"", flag),
            _ => continue,
        };
        assert!(text.contains(before), "{path} has changed");
        *text = text.replace(before, &format!("{after}{before}"));
    }
    texts.push(("messages/night-pain.md".to_owned(), heads_up));
    let loaded = load(&Sources::from_texts(texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))));
    let book = loaded.book.unwrap_or_else(|| panic!("{}", shown(&loaded.diagnostics)));
    assert!(book.flag("night-pain").is_some() && book.question("woken_by_pain").is_some());
}

#[test]
fn the_reference_lists_every_placeholder_and_every_word_of_the_notation() {
    let reference = reference();
    for known in PLACEHOLDERS {
        assert!(
            reference.contains(&format!("| `{}` | {} |", known.name, known.description)),
            "{}",
            known.name
        );
    }
    let words = [
        "AtLeast",
        "AtMost",
        "OneOf",
        "Yes",
        "No",
        "AllOf",
        "AnyOf",
        "Not",
        "RoseBy",
        "WorsensEachRun",
        "Daily",
        "EveryDays",
        "Cron",
        "AfterRun",
        "WhileFlagged",
        "OnEnrolment",
        "UntilRecovered",
        "UntilClear",
        "Weeks",
        "Days",
        "Scale",
        "Choice",
        "YesNo",
        "Text",
        "Race",
        "Distance",
        "Seed",
        "Convention",
        "ClinicToConfirm",
        "Now",
        "Today",
        "Digest",
        "Nobody",
        "CallNow",
        "SameDay",
        "Late",
        "Correct",
        "Withdraw",
        "Excuse",
        "NewRules",
        "Restart",
        "Pause",
        "StopMessages",
        "Quiet",
        "Watching",
        "Told",
        "Resolved",
        "Lapsed",
        "approved",
        "allow",
        "formerly",
        "outranks",
        "urgent",
        "remind",
        "optional",
        "skipped_means",
        "only_if",
        "about",
        "ignore",
    ];
    let missing: Vec<_> = words.iter().filter(|word| !reference.contains(**word)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
