//! What the MIME of one mail takes: the headers, text and page of a check-in.
//!
//! Instructions of one letter are counted as those of a message's text are: see `crates/rules/benches/render`.

#![expect(clippy::expect_used, reason = "what a benchmark cannot set up ends it")]

use afterrun_mail::{Letter, build, return_path};
use divan::Bencher;

fn main() {
    divan::main();
}

/// A letter of ASCII, as nearly all are.
#[divan::bench]
fn check_in(bencher: Bencher<'_, '_>) {
    let letter = letter("Sam Berg");
    bencher.counter(1_usize).bench_local(|| build(&letter).expect("a sound letter"));
}

/// One to somebody whose name has to be encoded, in headers and parts.
#[divan::bench]
fn check_in_to_zoe(bencher: Bencher<'_, '_>) {
    let letter = letter("Zo\u{eb} Berg");
    bencher.counter(1_usize).bench_local(|| build(&letter).expect("a sound letter"));
}

/// The envelope sender.
#[divan::bench]
fn envelope_sender(bencher: Bencher<'_, '_>) {
    let bench = || return_path(&[7; 32], "6a1f3c0000012b77aa01c4d5e6", "bounces.clinic.example", "b");
    bencher.counter(1_usize).bench_local(bench);
}

fn letter(name: &str) -> Letter {
    let first_name = name.split(' ').next().unwrap_or_default();
    let link = |page| format!("https://clinic.example/{page}/{}", "x".repeat(51));
    let paragraphs = [
        format!("Hello {first_name},"),
        "Here is your check-in for Tuesday 24 November. It takes about a minute.".to_owned(),
        "Nobody reads your answers right away. If it is an emergency, call 911.".to_owned(),
        "Did you run, or do you need a break? Log a run or take a break.".to_owned(),
        "You get this mail because you signed up for check-ins with Example Clinic.".to_owned(),
    ];
    let mut text = format!("Start my check-in:\n{}\n", link('c'));
    let mut html =
        "<table role=\"presentation\" width=\"100%\"><tr><td style=\"max-width:560px\">\n".repeat(15);
    for paragraph in &paragraphs {
        text.push_str(&format!("\n{paragraph}\n{}\n", link('p')));
        html.push_str(&format!(
            "<p style=\"margin:0 0 16px\">{paragraph}<a href=\"{}\">here</a></p>\n",
            link('p')
        ));
    }
    Letter {
        from_name: "Example Running Clinic".into(),
        from_address: "check-in@clinic.example".into(),
        reply_to: Some("desk@clinic.example".into()),
        to_name: name.into(),
        to_address: "sam.berg@example.org".into(),
        subject: "Your check-in for Tuesday 24 November".into(),
        text,
        html: Some(html),
        message_id: "<q7Wk3vN0pXe5tYbR2a-9@clinic.example>".into(),
        date: "2026-11-24T13:00:00Z".parse().expect("an instant"),
        language: "en".into(),
        list_id: Some("check-ins.clinic.example".into()),
        unsubscribe_url: Some(link('s')),
        feedback_id: None,
        in_reply_to: None,
        references: None,
    }
}
