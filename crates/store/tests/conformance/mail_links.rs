//! Links and return paths of mails that have a place.

use afterrun_rules::ids::PatientId;
use afterrun_store::{
    Enrolment, Link, LinkScope, Mail, MailPlace, MessageKey, NewLink, NewMessage, NewPatient, Turn,
};

use super::sample::*;

const PLACE: MailPlace = MailPlace([0x69, 0xc4, 0, 1, 0xff, 2, 3, 4]);
/// Its first byte says "a negative number" to a store whose numbers have a sign.
const LATER: MailPlace = MailPlace([0xff; 8]);

/// The key of a link at a place, with a secret of its own.
fn key(place: MailPlace, secret: u8) -> [u8; 32] {
    let mut key = [secret; 32];
    key[..8].copy_from_slice(&place.0);
    key
}

fn check_in() -> LinkScope {
    LinkScope::CheckIn { check_in: "morning-after".into(), about_day: "2026-03-27".parse().unwrap() }
}

/// A link of each kind, with secrets from a number on; no two of them end at the same time.
fn links(place: MailPlace, first: u8) -> Vec<NewLink> {
    let scopes = [LinkScope::Stop, check_in(), LinkScope::Confirm, LinkScope::MyPage];
    let ends = [Some(hour(90)), Some(hour(36)), None, Some(hour(80))];
    let made = scopes.into_iter().zip(ends).zip(first..);
    made.map(|((scope, expires_at), secret)| NewLink { token_hash: key(place, secret), scope, expires_at })
        .collect()
}

/// A message with a mail at this place, its return path made of `local`.
fn placed(run: &str, place: MailPlace, local: &str) -> NewMessage {
    let message = message(&plan_of(run), hour(1));
    let mail = message.mail.map(|mail| Mail {
        place: Some(place),
        envelope_from: format!("{local}@clinic.example"),
        ..mail
    });
    NewMessage { mail, ..message }
}

fn with_mail(turn: &mut Turn, place: MailPlace, local: &str, first: u8) {
    turn.messages.push(placed(local, place, local));
    turn.links.extend(links(place, first));
}

/// `p1` with a mail at [`PLACE`], its return path `one`, its secrets from 1 on.
async fn sent(store: &AnyStore) -> PatientId {
    let id = enrol(store).await;
    take_turn(store, &id, hour(1), |turn| with_mail(turn, PLACE, "one", 1)).await;
    id
}

async fn found(store: &AnyStore, place: MailPlace, secret: u8) -> Option<Link> {
    store.link(&key(place, secret)).await.unwrap()
}

async fn message_at(store: &AnyStore, place: Option<MailPlace>, local: &str) -> Option<MessageKey> {
    store.message_by_return_path(place, local).await.unwrap().map(|message| message.key)
}

async fn all_open(store: &AnyStore, patient: &PatientId, place: MailPlace, first: u8) {
    for link in links(place, first) {
        let NewLink { token_hash, scope, expires_at } = link;
        let expected = Link { patient: patient.clone(), scope, expires_at, revoked: false };
        assert_eq!(store.link(&token_hash).await.unwrap(), Some(expected));
    }
}

pub async fn open_each_with_a_secret_of_its_own(store: AnyStore) {
    let id = sent(&store).await;
    all_open(&store, &id, PLACE, 1).await;
    let (link, chart) = store.open_link(&key(PLACE, 2)).await.unwrap().unwrap();
    assert_eq!((link.scope, chart.unwrap()), (check_in(), store.chart(&id).await.unwrap()));
    // Whoever has seen one knows the place of all, and nothing that opens another.
    assert_eq!(found(&store, PLACE, 5).await, None);
    assert_eq!(found(&store, LATER, 1).await, None);
    for byte in 8..24 {
        let mut other = key(PLACE, 1);
        other[byte] ^= 1;
        assert_eq!(store.link(&other).await.unwrap(), None, "byte {byte}");
    }
}

pub async fn come_with_an_enrolment(store: AnyStore) {
    let enrolment = |id: &str, place, first| Enrolment {
        patient: runner(id),
        messages: vec![placed(id, place, id)],
        links: links(place, first),
    };
    store.enrol(vec![enrolment("p1", PLACE, 1), enrolment("p2", LATER, 11)], hour(1)).await.unwrap();
    all_open(&store, &"p1".into(), PLACE, 1).await;
    all_open(&store, &"p2".into(), LATER, 11).await;
}

pub async fn lie_beside_links_without_a_mail(store: AnyStore) {
    let id = enrol(&store).await;
    take_turn(&store, &id, hour(1), |turn| {
        with_mail(turn, PLACE, "one", 1);
        with_mail(turn, LATER, "two", 11);
        // Of no mail, and a second one of a kind.
        turn.links.extend(links(MailPlace([9; 8]), 21));
        turn.links.extend(links(PLACE, 31));
    })
    .await;
    for (place, first) in [(PLACE, 1), (LATER, 11), (MailPlace([9; 8]), 21), (PLACE, 31)] {
        all_open(&store, &id, place, first).await;
    }
}

pub async fn at_one_place_are_told_apart(store: AnyStore) {
    let id = sent(&store).await;
    let other = store.add_patient(runner("p2"), hour(0)).await.unwrap();
    // Another process drew the same place.
    take_turn(&store, &other, hour(1), |turn| with_mail(turn, PLACE, "two", 11)).await;
    let mut more = clinic_mail("digest", "team@clinic.example", hour(1));
    let mail = more.mail.as_mut().unwrap();
    (mail.place, mail.envelope_from) = (Some(PLACE), "three@clinic.example".to_owned());
    store.add_clinic_message(more, hour(1)).await.unwrap();
    all_open(&store, &id, PLACE, 1).await;
    all_open(&store, &other, PLACE, 11).await;
    for (number, local) in [(1, "one"), (2, "two"), (3, "three")] {
        assert_eq!(message_at(&store, Some(PLACE), local).await, Some(MessageKey(number)), "{local}");
    }
    take_turn(&store, &other, hour(2), |turn| turn.events = vec![event(hour(2), r#"{"stop":{}}"#)]).await;
    assert!(!found(&store, PLACE, 2).await.unwrap().revoked);
    assert!(found(&store, PLACE, 12).await.unwrap().revoked);
    store.erase_patient(&other, hour(3)).await.unwrap();
    all_open(&store, &id, PLACE, 1).await;
    assert_eq!(message_at(&store, Some(PLACE), "one").await, Some(MessageKey(1)));
    assert_eq!(message_at(&store, Some(PLACE), "two").await, None);
    assert_eq!(found(&store, PLACE, 12).await, None);
}

/// Whether stop, check-in, confirming and page are revoked.
async fn revoked(store: &AnyStore, place: MailPlace, first: u8) -> [bool; 4] {
    let mut revoked = [false; 4];
    for (revoked, secret) in revoked.iter_mut().zip(first..) {
        *revoked = found(store, place, secret).await.unwrap().revoked;
    }
    revoked
}

pub async fn are_revoked_by_stop_but_for_stop(store: AnyStore) {
    let id = sent(&store).await;
    let other = store.add_patient(runner("p2"), hour(0)).await.unwrap();
    take_turn(&store, &other, hour(1), |turn| with_mail(turn, LATER, "two", 11)).await;
    take_turn(&store, &id, hour(2), |turn| turn.events = vec![event(hour(2), r#"{"stop":{}}"#)]).await;
    assert_eq!(revoked(&store, PLACE, 1).await, [false, true, true, true]);
    assert_eq!(revoked(&store, LATER, 11).await, [false; 4]);
    let again = NewPatient { id: Some("p9".into()), ..runner("p1") };
    let now = store.add_patient(again, hour(3)).await.unwrap();
    assert_eq!(found(&store, PLACE, 1).await.unwrap().patient, now, "it follows the address");
    assert_eq!(found(&store, PLACE, 4).await.unwrap().patient, id);
}

pub async fn are_revoked_by_another_address(store: AnyStore) {
    let id = sent(&store).await;
    let mut moving = turn(&store.chart(&id).await.unwrap(), hour(2));
    moving.events = vec![event(hour(2), r#"{"address_changed":{}}"#)];
    with_mail(&mut moving, LATER, "two", 11);
    store.commit_address(moving, "new@runner.example").await.unwrap();
    assert_eq!(revoked(&store, PLACE, 1).await, [true; 4]);
    assert_eq!(revoked(&store, LATER, 11).await, [false; 4]);
}

pub async fn go_with_an_erased_patient(store: AnyStore) {
    let id = sent(&store).await;
    store.erase_patient(&id, hour(2)).await.unwrap();
    for secret in 1..5 {
        assert_eq!(found(&store, PLACE, secret).await, None);
    }
    assert_eq!(message_at(&store, Some(PLACE), "one").await, None);
}

pub async fn find_their_message_by_its_return_path(store: AnyStore) {
    sent(&store).await;
    let mut digest = clinic_mail("digest", "team@clinic.example", hour(1));
    let mail = digest.mail.as_mut().unwrap();
    (mail.place, mail.envelope_from) = (Some(LATER), "two@clinic.example".to_owned());
    store.add_clinic_message(digest, hour(1)).await.unwrap();
    assert_eq!(message_at(&store, Some(PLACE), "one").await, Some(MessageKey(1)));
    assert_eq!(message_at(&store, Some(LATER), "two").await, Some(MessageKey(2)));
    for (place, local) in
        [(Some(LATER), "one"), (Some(PLACE), "on"), (Some(PLACE), "one@"), (Some(PLACE), "")]
    {
        assert_eq!(message_at(&store, place, local).await, None, "{local}");
    }
}
