//! What is kept of one mail for the next: everything but the values in it.

#![expect(clippy::expect_used, reason = "a helper that fails ends its test")]

use std::{path::Path, sync::LazyLock, thread};

use afterrun_rules::{
    RuleBook,
    decision::Facts,
    folder,
    ids::MessageId,
    load::load,
    message::{Filling, Links, Person, Rendered, fill, render},
};
use chrono::DateTime;
use proptest::{collection::vec, option, prelude::*};

/// A body in which values stand wherever they might do harm.
const BODY: &str = "\
# {{ first_name }}

{% if flag_title %}**{{ flag_title }}** and `{{ flag_title|upper }}`{% else %}nothing{% endif %}, {{ first_name }}{{ also }}.

[{{ first_name }}]({{ page_link }})

- [{{ page_link }}]({{ check_in_link }}), [{{ also }}]
- > {{ also }}

[{{ also }}]: https://clinic.example/{{ first_name }}

    {{ first_name }} {{ clinic_name }}
";

fn shipped() -> RuleBook {
    let shipped = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules"));
    let sources = folder::read(shipped).expect("the rules folder");
    let mut book = load(&sources).book.expect("a book");
    let message = book.messages.get_mut(&MessageId::from("check-in")).expect("the check-in's message");
    message.subject = "For {{ first_name }}".into();
    message.body = BODY.into();
    book
}

fn book() -> &'static RuleBook {
    static BOOK: LazyLock<RuleBook> = LazyLock::new(shipped);
    &BOOK
}

/// Someone a message is for, with words that others wrote.
#[derive(Clone, Debug)]
struct Someone {
    name: String,
    page: String,
    link: String,
    flag: Option<String>,
    also: Vec<String>,
}

fn filling(book: &RuleBook, someone: &Someone) -> Filling {
    let person =
        Person { first_name: &someone.name, zone: chrono_tz::America::Chicago, language: "en", miles: true };
    let links = Links {
        check_in: Some(someone.link.clone()),
        page: Some(someone.page.clone()),
        stop: Some("https://clinic.example/s/x".to_owned()),
    };
    let facts = Facts {
        flag_title: someone.flag.as_deref().map(Into::into),
        also: someone.also.iter().map(|also| also.as_str().into()).collect(),
        ..Facts::default()
    };
    fill(book, &person, &facts, &links, DateTime::UNIX_EPOCH)
}

fn mail(book: &RuleBook, someone: &Someone) -> Rendered {
    let message = &book.messages[&MessageId::from("check-in")];
    render(book, message, &filling(book, someone)).expect("every placeholder has a value")
}

/// Words with Markdown, HTML, templates, the characters that values travel as, and nothing at all.
fn words() -> impl Strategy<Value = String> {
    let hostile =
        "[*_`#>\\[\\]()<&\"'{}%|~:/.\\-\\\\ \na1\u{e9}\u{f0000}\u{f0001}\u{f0041}\u{10fffd}\u{202e}]{0,12}";
    prop_oneof![Just(String::new()), Just("same".to_owned()), "[A-Z][a-z]{1,9}", hostile, "\\PC{0,30}"]
}

fn addresses() -> impl Strategy<Value = String> {
    prop_oneof!["https://clinic\\.example/[a-z]{1,9}", "javascript:[a-z]{1,9}", "tel:[0-9]{1,9}", words()]
}

fn someone() -> impl Strategy<Value = Someone> {
    (words(), addresses(), addresses(), option::of(words()), vec(words(), 0..3))
        .prop_map(|(name, page, link, flag, also)| Someone { name, page, link, flag, also })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_mail_is_the_same_whoever_was_written_to_before(crowd in vec(someone(), 2..8)) {
        let book = book();
        for someone in &crowd {
            // A thread of its own has kept nothing yet.
            let alone = thread::scope(|scope| scope.spawn(|| mail(book, someone)).join()).expect("a mail");
            let after_others = mail(book, someone);
            prop_assert_eq!(&after_others.subject, &alone.subject);
            prop_assert_eq!(&after_others.preview, &alone.preview);
            prop_assert_eq!(&after_others.text, &alone.text);
            prop_assert_eq!(&after_others.html, &alone.html);
            // Nor does it matter whether the text is one that is kept.
            let draft = book.messages[&MessageId::from("check-in")].clone();
            let once = render(book, &draft, &filling(book, someone)).expect("the same");
            prop_assert_eq!(&after_others.text, &once.text);
            prop_assert_eq!(&after_others.html, &once.html);
        }
    }

    #[test]
    fn nobody_reads_what_was_for_another(crowd in vec(someone(), 1..4)) {
        let book = book();
        let own = |word: &str, someone: &Someone| Someone {
            name: format!("{word}{}", someone.name),
            flag: Some(word.to_owned()),
            also: vec![word.to_owned()],
            ..someone.clone()
        };
        for someone in &crowd {
            prop_assert!(mail(book, &own("Secretname", someone)).text.contains("Secretname"));
            let next = mail(book, &own("Other", someone));
            prop_assert!(!next.text.contains("Secretname") && !next.html.contains("Secretname"));
            prop_assert!(!next.text.contains("SECRETNAME") && !next.html.contains("SECRETNAME"));
        }
    }
}
