//! A template that does not need minijinja comes out as minijinja has it, whatever stands in it.

use chrono::DateTime;
use proptest::prelude::*;

use super::*;
use crate::{
    decision::Facts,
    ids::CheckInId,
    message::{Links, PLACEHOLDERS, Person, fill},
};

/// A filling in which some placeholders have no value, and some an empty one.
fn filling(first_name: &str, page: Option<String>, days: Option<i64>) -> Filling {
    let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules"));
    thread_local! {
        static BOOK: RefCell<Option<std::rc::Rc<crate::RuleBook>>> = RefCell::default();
    }
    let book = BOOK.with_borrow_mut(|kept| {
        let load = || {
            let sources = crate::folder::read(folder).unwrap();
            std::rc::Rc::new(crate::load::load(&sources).book.unwrap())
        };
        std::rc::Rc::clone(kept.get_or_insert_with(load))
    });
    let day: chrono::NaiveDate = "2026-11-20".parse().unwrap();
    let facts = Facts {
        onset: days.map(|_| day),
        evidence_day: days.map(|days| day + chrono::TimeDelta::days(days)),
        check_in: days.map(|_| (CheckInId::from("c"), day)),
        ..Facts::default()
    };
    let person = Person { first_name, zone: chrono_tz::UTC, language: "en", miles: true };
    let links = Links { page, ..Links::default() };
    fill(&book, &person, &facts, &links, DateTime::UNIX_EPOCH)
}

/// What came out: the text with its slots, and what they stand for.
fn shown(expanded: Result<Expanded, Refused>) -> Result<(String, Vec<String>, usize), String> {
    match expanded {
        Ok(Expanded { text, printed }) => Ok((text, printed.values, printed.length)),
        Err(Refused::Statement(line)) => Err(format!("statement on line {line}")),
        Err(Refused::Failed(error)) => Err(format!("{:?} on line {:?}", error.kind(), error.line())),
    }
}

fn source() -> impl Strategy<Value = String> {
    let name = || proptest::sample::select(PLACEHOLDERS.iter().map(|known| known.name).collect::<Vec<_>>());
    let piece = prop_oneof![
        4 => "[a-z ]{1,9}",
        3 => name().prop_map(|name| format!("{{{{ {name} }}}}")),
        2 => name().prop_map(|name| format!("{{% if {name} %}}")),
        3 => Just("{% endif %}".to_owned()),
        1 => name().prop_map(|name| format!("a{{% if {name} %}} b {{{{ {name} }}}}{{% endif %}}c")),
        1 => name().prop_map(|name| format!("{{{{{name}|upper}}}}")),
        1 => name().prop_map(|name| format!("{{{{- {name} -}}}}")),
        2 => proptest::sample::select(vec![
            "\n", "\r\n", "\n\n", " ", "\t", "{", "}", "}}", "%}", "{#", "#}", "{{", "{%", "{% else %}", "{{ nobody }}",
            "{% if nobody %}", "{{ \"}}\" }}", "{{}}", "{%endif%}", "{% for x in also %}", "\u{e9}", "\u{F0001}", "{ {",
            "{{ first_name\n}}", "{% if not also %}", "{%- endif -%}", "{{ 'x' }}", "{%if first_name%}",
        ]).prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn quickly_or_not_it_is_the_same(
        source in source(), first_name in "|Sam|[a-z]{0,600}", page in proptest::option::of("[a-z]{0,9}"),
        days in proptest::option::of(0..3_i64),
    ) {
        let filling = filling(&first_name, page, days);
        let (kept, once) = (render(&source, &filling, true), render(&source, &filling, false));
        prop_assert_eq!(shown(kept), shown(once));
    }
}

#[test]
fn what_follows_an_if_is_not_part_of_it() {
    for source in [
        "{% if first_name %}}{% endif %}a",
        "a{% if first_name %}{ b{% endif %}{ c",
        "{% if also %}b{% endif %}c",
    ] {
        let filling = filling("", None, None);
        let (quick, once) = (render_quickly(source, &filling), render(source, &filling, false));
        assert_eq!(shown(quick.ok_or_else(|| unreachable!("{source}"))), shown(once), "{source}");
    }
}

#[test]
fn every_part_of_the_shipped_check_in_is_quick() {
    let sources = [
        "Your check-in for {{ about_day }}",
        "Hello{% if first_name %} {{ first_name }}{% endif %},\n\nStart [here]({{ page_link }}).\n",
    ];
    for source in sources {
        let filling = filling("Sam", Some("https://x.example/".into()), Some(1));
        assert!(render_quickly(source, &filling).is_some(), "{source}");
    }
}
