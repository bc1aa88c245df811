//! Bases hold nothing of whom the mails are for, are the same for all, and leave little of a mail to be kept.

use std::collections::BTreeMap;

use afterrun_rules::{chart::Reach, load};
use afterrun_store::{Mail, NewPatient, Sqlite, Units};

use super::*;
use crate::{
    config::Config,
    rules_live::LiveRules,
    shipped,
    turn::{
        Extras, Turns,
        together::{half_marathon, noon},
    },
};

const BASE_URL: &str = "https://clinic.example";

fn turns() -> Turns {
    let folder = tempfile::tempdir().unwrap();
    shipped::write_to(folder.path()).unwrap();
    let book = load::load(&afterrun_rules::folder::read(folder.path()).unwrap()).book.unwrap();
    Turns {
        store: Arc::new(Sqlite::in_memory().unwrap()),
        rules: Arc::new(LiveRules::new(book, noon() - TimeDelta::days(9))),
        letterhead: Letterhead::new(&Config::default(), BASE_URL, vec![7; 32]),
        belief: Arc::default(),
        left_alone: Default::default(),
    }
}

/// The mails of a runner who raced and has not answered since, by message.
async fn mails_of(turns: &Turns, name: &str, email: &str) -> BTreeMap<String, Mail> {
    let new = NewPatient {
        id: None,
        name: name.into(),
        email: email.into(),
        time_zone: chrono_tz::America::Chicago,
        language: "en".into(),
        units: Units::Miles,
        reach: Reach::Confirmed,
    };
    let id = turns.store.add_patient(new, noon()).await.unwrap();
    let (mut now, mut events) = (noon(), vec![half_marathon()]);
    let mut mails = BTreeMap::new();
    for _ in 0..20 {
        let stored = turns.store.chart(&id).await.unwrap();
        let (turn, taken) = turns.prepare(stored, &events, &Extras::default(), now).unwrap();
        events.clear();
        for message in turn.iter().flat_map(|turn| &turn.messages) {
            if let (Some(mail), Some(entry)) = (&message.mail, &message.entry)
                && mail.recipient == email
            {
                mails.insert(entry.message.as_ref().unwrap().to_string(), mail.clone());
            }
        }
        if let Some(turn) = turn {
            turns.store.commit(turn).await.unwrap();
        }
        now = taken.next_due.unwrap();
    }
    mails
}

/// What is a mail's own: its ids, and the tokens of its links.
fn own(mail: &Mail) -> Vec<String> {
    let text = String::from_utf8(mail.bytes.to_vec()).unwrap();
    let tokens = text.split(BASE_URL).skip(1).filter_map(|rest| rest.get(3..3 + TOKEN_CHARS));
    let tokens: Vec<String> = tokens.map(str::to_owned).collect();
    assert!(tokens.len() >= 3, "{text}");
    [tokens, vec![mail.message_id.clone(), mail.envelope_from.clone(), mail.recipient.clone()]].concat()
}

#[tokio::test]
async fn nothing_of_a_person_is_in_a_base_and_all_share_it() {
    let turns = turns();
    let zebedee = mails_of(&turns, "Zebedee Quill", "zq77@runner.example").await;
    let ottoline = mails_of(&turns, "Ottoline Vane", "ov88@runner.example").await;
    assert!(zebedee.len() >= 2, "{:?}", zebedee.keys());
    for (message, mail) in &zebedee {
        let (base, others) = (mail.like.as_ref().unwrap(), ottoline[message].like.as_ref().unwrap());
        assert!(Arc::ptr_eq(base, others), "{message}: one for all");
        let text = String::from_utf8(base.bytes().to_vec()).unwrap();
        for (mail, name) in [(mail, ["Zebedee", "Quill"]), (&ottoline[message], ["Ottoline", "Vane"])] {
            let plain = String::from_utf8(mail.bytes.to_vec()).unwrap();
            assert!(plain.contains(name[0]), "{message}: the test would notice");
            for own in own(mail).iter().map(String::as_str).chain(name) {
                assert!(!text.contains(own), "{message}: {own}");
            }
        }
    }
}

#[tokio::test]
async fn little_of_a_mail_is_left_to_keep() {
    let turns = turns();
    for (message, mail) in mails_of(&turns, "Alexandra Berg", "alexandra.berg@runner.example").await {
        let kept = mail.like.unwrap().difference(&mail.bytes).unwrap().len();
        assert!(kept < 700 && kept * 4 < mail.bytes.len(), "{message}: {kept} of {}", mail.bytes.len());
    }
}

#[test]
fn every_message_of_the_shipped_book_has_one() {
    let turns = turns();
    let (live, letterhead) = (turns.rules.current(), &turns.letterhead);
    for text in live.book.messages.values() {
        let base = letterhead.bases.of(letterhead, &live.book, text, "en", "recovery");
        assert!(base.is_some(), "{}", text.id);
    }
    let kept = letterhead.bases.0.lock().unwrap().len();
    assert_eq!(kept, live.book.messages.len());
}

#[test]
fn another_language_has_another_and_there_are_never_too_many() {
    let turns = turns();
    let (live, letterhead) = (turns.rules.current(), &turns.letterhead);
    let text = live.book.messages.values().next().unwrap();
    let of =
        |language: &str| letterhead.bases.of(letterhead, &live.book, text, language, "recovery").unwrap();
    assert_ne!(of("en").key(), of("nl").key());
    for number in 0..200 {
        assert!(!of(&format!("x-{number}")).bytes().is_empty());
        assert!(letterhead.bases.0.lock().unwrap().len() <= KEPT_AT_MOST);
    }
}
