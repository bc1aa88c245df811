//! A letter as a mail client reads it, its headers, and what is refused.

use std::fmt::Write as _;

use mail_parser::MessageParser;
use proptest::prelude::*;

use super::*;

fn letter() -> Letter {
    Letter {
        from_name: "Example Running Clinic".into(),
        from_address: "check-in@mail.clinic.example".into(),
        reply_to: Some("frontdesk@clinic.example".into()),
        to_name: "Zoë B".into(),
        to_address: "zoe@example.org".into(),
        subject: "Your check-in for Tuesday 24 November".into(),
        text: "Hello Zoë,\nhow does your body feel today?\n.\nhttps://clinic.example/c/x\n".into(),
        html: Some("<p>Hello Zo\u{eb},</p>\r\n<p>how does your body feel today?</p>".into()),
        message_id: "<ci.7f3a@mail.clinic.example>".into(),
        date: "2026-11-24T07:00:00Z".parse().unwrap(),
        language: "en".into(),
        list_id: Some("check-ins.clinic.example".into()),
        unsubscribe_url: Some("https://clinic.example/u/TOKEN".into()),
        feedback_id: Some("check-in:clinic".into()),
        in_reply_to: None,
        references: Some("<plan.91c2@mail.clinic.example>".into()),
    }
}

/// The bytes as text, with the boundary replaced by a fixed word.
fn readable(bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec()).unwrap().replace("\r\n", "\n");
    match text.split_once("boundary=\"") {
        Some((_, rest)) => text.replace(rest.split('"').next().unwrap(), "BOUNDARY"),
        None => text,
    }
}

#[test]
fn a_full_letter() {
    insta::assert_snapshot!(readable(&build(&letter()).unwrap()));
}

#[test]
fn a_text_only_letter_with_the_least_headers() {
    let least = Letter {
        reply_to: None,
        to_name: String::new(),
        html: None,
        list_id: None,
        unsubscribe_url: None,
        feedback_id: None,
        references: None,
        text: "plain".into(),
        ..letter()
    };
    insta::assert_snapshot!(readable(&build(&least).unwrap()));
}

#[test]
fn the_same_letter_gives_the_same_bytes_but_for_the_boundary_of_a_short_id() {
    let (one, two) = (build(&letter()).unwrap(), build(&letter()).unwrap());
    assert_eq!(readable(&one), readable(&two));
    let long_id = Letter { message_id: "<q7-Wk_3vN0pXe5tYbR2a@mail.clinic.example>".into(), ..letter() };
    let bytes = build(&long_id).unwrap();
    assert_eq!(bytes, build(&long_id).unwrap());
    assert!(String::from_utf8(bytes).unwrap().contains("boundary=\"q7Wk3vN0pXe5\"\r\n"));
}

#[test]
fn a_text_of_ascii_goes_as_it_is_while_its_lines_are_short_enough() {
    let page = |length: usize| {
        let html = format!("<p>\n<a href=\"https://clinic.example/?x={}\">a=b</a>\n</p>", "y".repeat(length));
        let longest = html.lines().map(str::len).max().unwrap();
        let ascii = Letter { text: "Hello".into(), html: Some(html.clone()), ..letter() };
        let bytes = build(&ascii).unwrap();
        let message = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(message.body_html(0).unwrap().replace("\r\n", "\n"), html);
        (longest, String::from_utf8(bytes).unwrap())
    };
    for (length, plainly) in [(60, true), (954, true), (955, false)] {
        let (longest, mail) = page(length);
        assert_eq!(longest <= crate::LINE_BYTES, plainly, "{longest}");
        assert_eq!(mail.matches("Content-Transfer-Encoding: 7bit").count(), if plainly { 2 } else { 1 });
        assert_eq!(mail.contains("href=\"https"), plainly, "{mail}");
    }
}

#[test]
fn control_characters_are_refused_and_the_field_is_named() {
    type Set = fn(&mut Letter, String);
    let fields: [(&str, Set); 8] = [
        ("subject", |letter, value| letter.subject = value),
        ("message id", |letter, value| letter.message_id = value),
        ("list id", |letter, value| letter.list_id = Some(value)),
        ("unsubscribe url", |letter, value| letter.unsubscribe_url = Some(value)),
        ("feedback id", |letter, value| letter.feedback_id = Some(value)),
        ("in reply to", |letter, value| letter.in_reply_to = Some(value)),
        ("references", |letter, value| letter.references = Some(value)),
        ("language", |letter, value| letter.language = value),
    ];
    for bad in ["\r\n", "\r", "\n", "\0", "\u{1b}", "\u{7f}", "\u{85}", "\u{2028}"] {
        for (field, set) in fields {
            let mut letter = letter();
            set(&mut letter, format!("x{bad}Bcc: eve@example.net"));
            let error = build(&letter).unwrap_err();
            let expected = if field == "language" { "not a language tag" } else { "control character" };
            assert!(error.to_string().starts_with(field), "{field} {bad:?}: {error}");
            assert!(error.to_string().contains(expected), "{field} {bad:?}: {error}");
        }
    }
    let nul = build(&Letter { text: "a\0b".into(), ..letter() });
    assert_eq!(nul, Err(BuildError::Control("text")));
    let escape = build(&Letter { html: Some("a\u{9b}b".into()), ..letter() });
    assert_eq!(escape, Err(BuildError::Control("html")));
}

#[test]
fn names_are_cleaned_not_refused() {
    let cases = [
        ("Zo\u{eb}\r\nBcc: eve@example.net", "Zo\u{eb} Bcc: eve@example.net"),
        ("\0A\u{202e}B\u{85}C", "AB C"),
        ("  \t ", ""),
        ("O'Neil, \"Pat\" <x@y.z>", "O'Neil, \"Pat\" <x@y.z>"),
        ("=?utf-8?q?hi?=", "=?utf-8?q?hi?="),
        ("\u{1f3c3} Runner", "\u{1f3c3} Runner"),
        ("\\", "\\"),
    ];
    for (name, expected) in cases {
        let bytes = build(&Letter { to_name: name.into(), ..letter() }).unwrap();
        let message = MessageParser::default().parse(&bytes).unwrap();
        let to = message.to().unwrap().first().unwrap();
        assert_eq!(to.address(), Some("zoe@example.org"), "{name:?}");
        assert_eq!(to.name().unwrap_or_default(), expected, "{name:?}");
        assert_eq!(message.header("Bcc"), None, "{name:?}");
    }
}

#[test]
fn what_is_out_of_form_is_refused() {
    type Spoil = fn(&mut Letter);
    let cases: [(Spoil, &str); 12] = [
        (|letter| letter.to_address = "zoe".into(), "to: an address has exactly one @"),
        (|letter| letter.from_address = String::new(), "from: the address is empty"),
        (|letter| letter.reply_to = Some("a@b".into()), "reply to: the part after the @ has no dot"),
        (|letter| letter.subject = " ".into(), "subject: is empty"),
        (|letter| letter.text = "\n".into(), "text: is empty"),
        (|letter| letter.html = Some(String::new()), "html: is empty"),
        (|letter| letter.message_id = "ci@x".into(), "message id: is not a message id"),
        (|letter| letter.references = Some("<a@b> <c>".into()), "references: is not a message id"),
        (
            |letter| letter.unsubscribe_url = Some("mailto:x@y.z".into()),
            "unsubscribe url: is not a web address",
        ),
        (
            |letter| letter.date = "1969-12-31T00:00:00Z".parse().unwrap(),
            "date: is not between 1970 and 9999",
        ),
        (|letter| letter.subject = "x".repeat(901), "subject: is too long"),
        (|letter| letter.text = "x".repeat(LETTER_BYTES), "text and html: is too long"),
    ];
    for (spoil, expected) in cases {
        let mut letter = letter();
        spoil(&mut letter);
        let error = build(&letter).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn long_lines_and_scripts_of_all_kinds_come_through() {
    let mut text = String::new();
    for (word, times) in [("x", 5_000), ("äöü ", 600), ("跑步", 700), ("🏃", 300)] {
        writeln!(text, "{}", word.repeat(times)).unwrap();
    }
    let subject = "跑步后的检查 Überprüfung 🏃 ".repeat(8);
    let bytes = build(&Letter { text: text.clone(), subject: subject.clone(), ..letter() }).unwrap();
    let message = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(message.body_text(0).unwrap().replace("\r\n", "\n").trim_end(), text.trim_end());
    assert_eq!(message.subject().unwrap().trim(), subject.trim());
}

proptest! {
    #[test]
    fn no_letter_panics_and_what_is_built_reads_back(
        name in "\\PC{0,120}|(?s:.{0,20})",
        subject in "\\PC{1,60}|(?s:.{0,20})",
        text in "(?s:.{0,200})",
        html in proptest::option::of("(?s:.{0,200})"),
    ) {
        let letter = Letter { from_name: name.clone(), to_name: name, subject, text, html, ..letter() };
        if let Ok(bytes) = build(&letter) {
            check_wire_form(&bytes).unwrap();
            let message = MessageParser::default().parse(&bytes).unwrap();
            prop_assert_eq!(message.to().unwrap().first().unwrap().address(), Some("zoe@example.org"));
            let text = letter.text.replace("\r\n", "\n").replace('\r', "\n");
            let read = message.body_text(0).unwrap().replace("\r\n", "\n");
            prop_assert_eq!(read.trim_end_matches('\n'), text.trim_end_matches('\n'));
        }
    }
}

/// Letters of all kinds: short and long names, values that are encoded, quoted or folded, and such as are refused.
fn any_letter() -> impl Strategy<Value = Letter> {
    let name = prop_oneof![
        3 => "[A-Z][a-z]{1,12}( [A-Z][a-z]{1,12}){0,3}",
        1 => "[A-Za-z._-]{0,110}",
        1 => "[A-Za-z ,.\"\\\\'_-]{0,90}",
        1 => "\\PC{0,120}|(?s:.{0,20})",
    ];
    let text = prop_oneof![
        3 => "[ -~]{1,70}",
        1 => "( |[a-z]|=\\?){0,100}",
        1 => "[!-~]{60,200}",
        1 => "\\PC{1,90}|(?s:.{0,20})",
    ];
    let address = prop_oneof![
        9 => "[a-z]{1,12}@[a-z]{1,20}\\.example",
        2 => "[a-z.+-]{1,60}@[a-zA-Zü-]{1,40}\\.example",
    ];
    let id = prop_oneof![
        6 => "<[a-zA-Z0-9_-]{20}@[a-z.]{1,70}>",
        1 => "<[a-z0-9_-]{1,14}@[a-z.]{1,20}>( <[a-z]{1,40}@[a-z]{1,40}>){0,3}",
    ];
    let url = proptest::option::of("https://[a-z.]{1,40}/s/[A-Za-z0-9_-]{0,60}|http://\\PC{0,10}");
    let body = prop_oneof![
        3 => "([ -~]{0,76}\n){1,20}",
        1 => "([ -~]{0,1100}(\r\n|\n|\r)){1,4}",
        1 => "(?s:.{0,200})",
        1 => "([ -~é€]{0,76}\n){0,6}",
    ];
    let seconds = -10_000_000_000_i64..300_000_000_000;
    let first = (name.clone(), address.clone(), name, address.clone(), text.clone(), body.clone());
    let second = (proptest::option::of(body), id.clone(), seconds, proptest::option::of(text), url);
    let third = (proptest::option::of(id.clone()), proptest::option::of(id), proptest::option::of(address));
    (first, second, third, "[a-z]{2}(-[A-Z]{2})?|.{0,3}").prop_map(|(first, second, third, language)| {
        Letter {
            from_name: first.0,
            from_address: first.1,
            to_name: first.2,
            to_address: first.3,
            subject: first.4,
            text: first.5,
            html: second.0,
            message_id: second.1,
            date: DateTime::from_timestamp(second.2, 0).unwrap(),
            list_id: second.3.clone(),
            unsubscribe_url: second.4,
            feedback_id: second.3,
            in_reply_to: third.0,
            references: third.1,
            reply_to: third.2,
            language,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn each_letter_is_what_lettre_makes_of_it(letter in any_letter()) {
        let (ours, theirs) = (build(&letter), by_lettre::build(&letter));
        let readable = |built: Result<Vec<u8>, BuildError>| built.map(|bytes| readable(&bytes));
        prop_assert_eq!(readable(ours), readable(theirs));
    }
}
