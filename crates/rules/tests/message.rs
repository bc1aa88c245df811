//! What a rendered message looks like, and what it must never let through.

#![expect(clippy::expect_used, reason = "a helper that fails ends its test")]

use std::sync::Arc;

use afterrun_rules::{
    book::{BookHash, Clinic, Limits, MessageText, Place, Recovery, RuleBook, SendWindow},
    decision::Facts,
    ids::CheckInId,
    message::{
        Filling, Links, PLACEHOLDERS, Part, Person, RenderProblem, Rendered, Use, fill, placeholders_used,
        render, sample,
    },
    schedule::Schedule,
};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

fn book() -> RuleBook {
    let at = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a whole hour");
    RuleBook {
        hash: BookHash([0; 32]),
        clinic: Clinic {
            name: "Example Running Clinic".into(),
            phone: "555-0100".into(),
            booking_link: "https://clinic.example/book".into(),
            emergency_line: "If this is an emergency, call 911.".into(),
            locale: None,
            time_zone: chrono_tz::America::Chicago,
            office_hours: Vec::new(),
            send_window: SendWindow { from: at(7), until: at(20) },
            time_messages_at: at(18),
            alerts_to: Vec::new(),
            escalate: None,
            editors: Vec::new(),
            digest: Schedule::Daily { at: at(7) },
            limits: Limits { normal_per_patient_day: 2, urgent_per_patient_day: 2, all_per_hour: 2000 },
        },
        questions: Vec::new(),
        recovery: Recovery { on_run: "plan".into(), on_cleared: "again".into(), windows: Vec::new() },
        check_ins: Vec::new(),
        flags: Vec::new(),
        emergencies: Vec::new(),
        messages: Default::default(),
        scenarios: Vec::new(),
    }
}

fn text(subject: &str, preview: Option<&str>, body: &str) -> MessageText {
    let place = Place { file: Arc::from("messages/test.md"), line: 1 };
    MessageText {
        id: "test".into(),
        subject: subject.into(),
        preview: preview.map(Into::into),
        body: body.into(),
        place,
    }
}

fn instant(rfc3339: &str) -> DateTime<Utc> {
    rfc3339.parse().expect("an instant")
}

fn filling_for(first_name: &str, facts: &Facts, now: &str) -> Filling {
    let person = Person { first_name, zone: chrono_tz::America::Chicago, language: "en", miles: true };
    let links = Links {
        check_in: Some("https://clinic.example/c/abc".to_owned()),
        page: Some("https://clinic.example/me/abc".to_owned()),
        stop: Some("https://clinic.example/stop/abc".to_owned()),
    };
    fill(&book(), &person, facts, &links, instant(now))
}

fn rendered(body: &str, first_name: &str) -> Rendered {
    let filling = filling_for(first_name, &Facts::default(), "2026-11-24T13:00:00Z");
    render(&book(), &text("Hello {{ first_name }}", Some("For {{ first_name }}"), body), &filling)
        .expect("the message renders")
}

#[test]
fn a_whole_message() {
    let body = "\
# Your plan

Hello {{ first_name }}, here is what to do **today**. It is a long sentence so that the line has to be broken somewhere before column 72.

[Start my check-in]({{ check_in_link }})

1. Drink some water.
2. Walk for ten minutes, then
   read [our page](https://clinic.example/walk) or call [555-0100](tel:+15550100).

- One
- Two

> {{ emergency_line }}

To stop, use [this link]({{ stop_link }}) or [your page]({{ page_link }}).
";
    let mail = rendered(body, "Sam");
    assert_eq!(mail.subject, "Hello Sam");
    assert_eq!(mail.preview.as_deref(), Some("For Sam"));
    insta::assert_snapshot!("whole_message_text", mail.text);
    insta::assert_snapshot!("whole_message_html", mail.html);
    assert!(mail.html.len() < 15_000);
    assert!(mail.text.lines().all(|line| line.chars().count() <= 72 || line.starts_with("https://")));
}

#[test]
fn a_name_cannot_inject_anything() {
    let names = [
        "<b>*x*</b> [a](javascript:alert(1))",
        "# heading",
        "- item",
        "1. item",
        "> quote",
        "`code`",
        "![i](https://evil.example/i.png)",
        "<https://evil.example>",
        "https://evil.example/",
        "</td><script>alert(1)</script>",
        "&lt;b&gt; &amp;",
        "{{ clinic_phone }} {% if 1 %}",
        "a\\*b __c__",
        "| a | b |",
        "\" onload=\"x",
    ];
    for name in names {
        for body in ["Dear {{ first_name }},\n", "{{ first_name }}\n", "- **{{ first_name }}**\n"] {
            let mail = rendered(body, name);
            let squeezed = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(squeezed.contains(name), "{name:?} in text of {body:?}: {}", mail.text);
            let escaped = name
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .replace('\'', "&#39;");
            assert!(mail.html.contains(&escaped), "{name:?} in HTML of {body:?}: {}", mail.html);
            for tag in ["<a ", "<b>", "<script", "<img", "<code", "<blockquote", "<ol", "<h1"] {
                assert!(!mail.html.contains(tag), "{name:?} made {tag} of {body:?}");
            }
        }
    }
}

#[test]
fn marks_in_a_name_or_a_text_are_not_taken_for_ours() {
    // The characters that stand for values on their way, and their like.
    assert_eq!(rendered("Dear {{ first_name }},", "S\u{F0041}am").text, "Dear S\u{F0041}am,\n");
    assert_eq!(rendered("De\u{F0041}ar {{ first_name }},", "Sam").text, "Dear Sam,\n");
}

#[test]
fn an_edited_message_says_what_it_says_now_however_many_there_were() {
    for edit in 0..1000 {
        let mail = rendered(&format!("Edit {edit} for {{{{ first_name }}}}."), "Sam");
        assert!(mail.text.contains(&format!("Edit {edit} for Sam.")), "{}", mail.text);
    }
}

#[test]
fn a_subject_is_one_line() {
    let mail = rendered("x", "Sam\r\nBcc: a@evil.example\u{2028}\u{202e}\u{0}");
    assert_eq!(mail.subject, "Hello Sam Bcc: a@evil.example");
    assert_eq!(mail.preview.as_deref(), Some("For Sam Bcc: a@evil.example"));
}

#[test]
fn raw_html_is_shown_as_typed_and_bad_links_lead_nowhere() {
    let mail = rendered(
        "<script>alert(1)</script>\n\nA <b onclick=\"x\">word</b>, [click](javascript:alert(1)), \
         [data](data:text/html,x), ![alt](https://evil.example/i.png) and [ok](https://clinic.example/a?b=1&c=2).\n",
        "Sam",
    );
    assert!(!mail.html.contains("<script") && !mail.html.contains("<b ") && !mail.html.contains("<img"));
    assert!(!mail.html.contains("javascript:") && !mail.html.contains("data:text"));
    assert!(mail.html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(mail.html.contains("href=\"https://clinic.example/a?b=1&amp;c=2\""));
    assert_eq!(
        mail.text,
        "<script>alert(1)</script>\n\nA <b onclick=\"x\">word</b>, click, data, alt and ok.\n\
         https://clinic.example/a?b=1&c=2\n"
    );
}

#[test]
fn a_link_is_not_taken_from_a_value_with_another_scheme() {
    let person = Person { first_name: "Sam", zone: chrono_tz::UTC, language: "en", miles: false };
    let links = Links { check_in: Some("javascript:alert(1)".to_owned()), ..Links::default() };
    let filling = fill(&book(), &person, &Facts::default(), &links, instant("2026-11-24T13:00:00Z"));
    let mail = render(&book(), &text("x", None, "[Go]({{ check_in_link }})"), &filling).expect("it renders");
    assert_eq!(mail.text, "Go\n");
    assert!(!mail.html.contains("javascript"));
}

#[test]
fn nothing_remote_and_the_language_is_named() {
    let mail = rendered("Hello", "Sam");
    for forbidden in ["<img", "<link", "src=", "url(", "@import", "<script"] {
        assert!(!mail.html.contains(forbidden), "{forbidden}");
    }
    assert!(mail.html.contains("<html lang=\"en\">"));
    assert!(mail.html.contains("<title>Hello Sam</title>"));
    assert!(mail.html.contains("color-scheme") && mail.html.contains("prefers-color-scheme:dark"));
}

#[test]
fn values_in_words() {
    let date = |text: &str| text.parse::<NaiveDate>().expect("a date");
    let facts = Facts {
        flag_title: Some("Pain".into()),
        also: vec!["one".into(), "two".into(), "three".into()],
        onset: Some(date("2026-11-20")),
        evidence_day: Some(date("2026-11-23")),
        last_report_day: Some(date("2026-11-23")),
        window_title: Some("Half marathon".into()),
        rest_days: Some((3, 5)),
        first_running_day: Some(date("2026-11-27")),
        refuel_by: Some(instant("2026-11-24T16:40:00Z")),
        check_in: Some((CheckInId::from("morning-after"), date("2026-11-24"))),
        expires_at: Some(instant("2026-11-26T01:00:00Z")),
        run: None,
    };
    let cases = [
        ("{{ also }}", "one, two and three"),
        ("{{ onset_day }}", "Friday 20 November"),
        ("{{ days }}", "3"),
        ("{% if days > 2 %}long{% endif %}", "long"),
        ("{{ run_title|lower }}", "half marathon"),
        ("{{ rest_days_min }} to {{ rest_days_max }}", "3 to 5"),
        ("{{ first_running_day }}", "Friday 27 November"),
        ("{{ about_day }}", "Tuesday 24 November"),
        ("{{ closes_at }}", "19:00 on Wednesday 25 November"),
        ("{% if refuel_by %}by {{ refuel_by }}{% else %}late{% endif %}", "by 10:40"),
        ("{{ first_name|upper }}!", "SØREN!"),
        ("{{ run_title|title }}, {{ run_title|upper|capitalize }}", "Half Marathon, Half marathon"),
        ("{{ ' a '|trim }}{{ first_name|default('you') }}", "aSøren"),
        ("{% if refuel_by is none %}late{% elif first_name == 'Søren' %}hej{% endif %}", "hej"),
    ];
    let filling = filling_for("Søren", &facts, "2026-11-24T13:00:00Z");
    for (body, expected) in cases {
        let mail = render(&book(), &text("x", None, body), &filling).expect(body);
        assert_eq!(mail.text, format!("{expected}\n"), "{body}");
    }

    let late = filling_for("Sam", &facts, "2026-11-24T16:40:00Z");
    for body in
        ["{% if refuel_by %}by {{ refuel_by }}{% else %}late{% endif %}", "{{ refuel_by|default('late') }}"]
    {
        assert_eq!(render(&book(), &text("x", None, body), &late).expect(body).text, "late\n");
    }
}

const ONLY_IF: &str = "`{% if %}` is the only statement messages have";

#[test]
fn what_cannot_be_rendered_says_so_without_values() {
    let filling = filling_for("Secretname", &Facts::default(), "2026-11-24T13:00:00Z");
    let cases = [
        ("{{ nobody }}", RenderProblem::NoValue(vec!["nobody".to_owned()]), 3),
        ("a\n\n{{ onset_day }}", RenderProblem::NoValue(vec!["onset_day".to_owned()]), 5),
        ("{{ first_name|sparkle }}", RenderProblem::Template("no such filter"), 3),
        ("{{ range(3) }}", RenderProblem::Template("no such function"), 3),
        ("{{ debug() }}", RenderProblem::Template("no such function"), 3),
        ("\n{% if %}", RenderProblem::Template("not a valid template"), 4),
        ("{{ first_name + 1 }}", RenderProblem::Template("the template cannot be carried out"), 3),
        ("{% include 'other' %}", RenderProblem::Template(ONLY_IF), 3),
        ("a\n{% set x = first_name %}", RenderProblem::Template(ONLY_IF), 4),
        ("{%- for a in first_name -%}{{ a }}{% endfor %}", RenderProblem::Template(ONLY_IF), 3),
    ];
    for (body, why, line) in cases {
        let error = render(&book(), &text("x", None, body), &filling).expect_err(body);
        assert_eq!((error.part, error.line, &error.why), (Part::Body, Some(line), &why), "{body}");
        let shown = format!("{error} {error:?} {filling:?}");
        assert!(!shown.contains("Secretname"), "{shown}");
    }
    let error = render(&book(), &text("{{ '' }}", None, "x"), &filling).expect_err("no subject");
    assert_eq!(error.why, RenderProblem::EmptySubject);
    for long in ["{{ 'x' * 100000 }}".to_owned(), "{{ first_name }}".repeat(7000)] {
        let error = render(&book(), &text("x", None, &long), &filling).expect_err("too long");
        assert_eq!(error.why, RenderProblem::TooLong);
    }
}

#[test]
fn placeholders_are_found_with_their_place() {
    let cases: &[(&str, Option<&str>, &str, &[&str])] = &[
        ("Hi {{ first_name }}", None, "See {{ page_link }}.", &["first_name", "page_link"]),
        ("x", Some("{{ a }}"), "{% if b %}{{ b|upper }}{% endif %}{# {{ c }} #}", &["a", "b", "b"]),
        ("x", None, "{% if z %}{{ 'w' }} {{ z.w }} {{w}}{% endif %}", &["z", "z", "w"]),
        ("x", None, "ü {{- first_name -}} { {{ range(3) }}", &["first_name", "range"]),
        ("x", None, "nothing", &[]),
    ];
    for (subject, preview, body, expected) in cases {
        let message = text(subject, *preview, body);
        let preview_line = preview.map(|preview| format!("Preview: {preview}\n")).unwrap_or_default();
        let file = format!("Subject: {subject}\n{preview_line}\n{body}");
        let found = placeholders_used(&message).expect("it parses");
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(&names, expected, "{file}");
        for (name, range) in found {
            assert_eq!(file.get(range), Some(name.as_str()), "{file}");
        }
    }
    let error = placeholders_used(&text("x", Some("p"), "fine\n{{ open")).expect_err("unclosed");
    assert_eq!(error.line, 5, "{error}");
    assert!(error.message.contains("unexpected end"), "{error}");
    let error = placeholders_used(&text("x", None, "a\n{% for b in c %}{% endfor %}")).expect_err("a loop");
    assert_eq!(error.to_string(), "line 4: messages have no `{% for %}`, only `{% if %}`");
}

#[test]
fn every_placeholder_has_an_example_that_prints() {
    let filling = sample(&book());
    for known in PLACEHOLDERS {
        let body = format!("{{{{ {} }}}}", known.name);
        let mail = render(&book(), &text("x", None, &body), &filling).expect(known.name);
        assert!(!mail.text.trim().is_empty(), "{}", known.name);
        assert!(!known.available.is_empty() && !known.description.is_empty());
    }
    let stage: Vec<&str> =
        PLACEHOLDERS.iter().filter(|known| known.available_in(Use::Stage)).map(|known| known.name).collect();
    assert_eq!(
        stage,
        [
            "first_name",
            "clinic_name",
            "clinic_phone",
            "booking_link",
            "emergency_line",
            "stop_link",
            "page_link",
            "last_report_day",
            "flag_title",
            "also",
            "onset_day",
            "days"
        ]
    );
}

#[test]
fn deep_nesting_is_flattened_not_followed() {
    let body = format!("{} deep", ">".repeat(20_000));
    assert!(rendered(&body, "Sam").text.contains("deep"));
}

#[test]
fn dates_and_times_are_written_as_the_clinic_says() {
    use afterrun_rules::book::Locale;
    use chrono::{NaiveDate, NaiveTime};
    let day = NaiveDate::from_ymd_opt(2026, 3, 29).unwrap();
    let evening = NaiveTime::from_hms_opt(19, 5, 0).unwrap();
    let written = |way: Locale| {
        [
            way.date(day),
            way.date_with_year(day),
            way.short_date(day),
            way.day_and_month(day),
            way.time(evening),
        ]
    };
    assert_eq!(
        written(Locale::EnGb),
        ["Sunday 29 March", "Sunday 29 March 2026", "Sun 29 Mar 2026", "29 Mar", "19:05"]
    );
    assert_eq!(
        written(Locale::EnUs),
        ["Sunday, March 29", "Sunday, March 29, 2026", "Sun, Mar 29, 2026", "Mar 29", "7:05 pm"]
    );
}

#[test]
fn a_mail_writes_dates_as_its_clinic_does() {
    let closes = |locale| {
        let mut book = book();
        book.clinic.locale = locale;
        let person =
            Person { first_name: "Sam", zone: chrono_tz::America::Chicago, language: "en", miles: true };
        let facts = Facts { expires_at: Some(instant("2026-11-25T23:05:00Z")), ..Facts::default() };
        let filling = fill(&book, &person, &facts, &Links::default(), instant("2026-11-24T13:00:00Z"));
        render(&book, &text("s", None, "{{ closes_at }}"), &filling)
            .expect("a message")
            .text
            .trim()
            .to_owned()
    };
    use afterrun_rules::book::Locale;
    assert_eq!(closes(None), "17:05 on Wednesday 25 November");
    assert_eq!(closes(Some(Locale::EnGb)), "17:05 on Wednesday 25 November");
    assert_eq!(closes(Some(Locale::EnUs)), "5:05 pm on Wednesday, November 25");
}

#[test]
fn sample_values_are_written_as_the_clinic_does() {
    use afterrun_rules::book::Locale;
    let shown = |locale| {
        let mut book = book();
        book.clinic.locale = locale;
        let words = text("s", None, "{{ about_day }}, {{ closes_at }}");
        render(&book, &words, &sample(&book)).expect("a message").text.trim().to_owned()
    };
    assert_eq!(shown(None), "Tuesday 24 November, 19:00 on Wednesday 25 November");
    assert_eq!(shown(Some(Locale::EnUs)), "Tuesday, November 24, 7:00 pm on Wednesday, November 25");
}
