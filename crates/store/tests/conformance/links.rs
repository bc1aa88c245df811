//! Links.

use afterrun_store::{Link, LinkScope, NewLink, NewPatient};

use super::sample::*;

fn scopes() -> Vec<LinkScope> {
    let about_day = "2026-03-28".parse().unwrap();
    vec![
        LinkScope::CheckIn { check_in: "morning-after".into(), about_day },
        LinkScope::MyPage,
        LinkScope::Stop,
        LinkScope::Confirm,
    ]
}

async fn with_links(store: &AnyStore) -> afterrun_rules::ids::PatientId {
    let id = enrol(store).await;
    let links = scopes().into_iter().zip(1u8..).map(|(scope, number)| NewLink {
        token_hash: [number; 32],
        scope,
        expires_at: (number == 1).then(|| hour(36)),
    });
    take_turn(store, &id, hour(1), |turn| turn.links = links.collect()).await;
    id
}

pub async fn open_what_they_were_made_for(store: AnyStore) {
    let patient = with_links(&store).await;
    for (scope, number) in scopes().into_iter().zip(1u8..) {
        let expires_at = (number == 1).then(|| hour(36));
        let expected = Link { patient: patient.clone(), scope, expires_at, revoked: false };
        assert_eq!(store.link(&[number; 32]).await.unwrap(), Some(expected));
    }
    assert_eq!(store.link(&[99; 32]).await.unwrap(), None);
}

pub async fn open_with_the_chart_of_their_patient(store: AnyStore) {
    let patient = with_links(&store).await;
    let (link, chart) = store.open_link(&[2; 32]).await.unwrap().unwrap();
    assert_eq!(Some(link), store.link(&[2; 32]).await.unwrap());
    assert_eq!(chart.unwrap(), store.chart(&patient).await.unwrap());
    assert!(store.open_link(&[99; 32]).await.unwrap().is_none());
}

pub async fn that_expired_are_still_known(store: AnyStore) {
    let id = with_links(&store).await;
    take_turn(&store, &id, hour(999), |_| {}).await;
    let link = store.link(&[1; 32]).await.unwrap().unwrap();
    assert_eq!((link.expires_at, link.revoked), (Some(hour(36)), false));
}

pub async fn are_revoked_by_stop_but_for_stop(store: AnyStore) {
    let id = with_links(&store).await;
    let other = store.add_patient(runner("p2"), hour(0)).await.unwrap();
    let theirs = NewLink { token_hash: [50; 32], scope: LinkScope::MyPage, expires_at: None };
    take_turn(&store, &other, hour(1), |turn| turn.links = vec![theirs]).await;
    take_turn(&store, &id, hour(2), |turn| turn.events = vec![event(hour(2), r#"{"stop":{}}"#)]).await;
    let mut revoked = Vec::new();
    for number in [1, 2, 3, 4, 50] {
        revoked.push(store.link(&[number; 32]).await.unwrap().unwrap().revoked);
    }
    assert_eq!(revoked, [true, true, false, true, false]);
}

pub async fn that_stop_follow_their_address_into_the_newest_enrolment(store: AnyStore) {
    let before = with_links(&store).await;
    take_turn(&store, &before, hour(2), |turn| turn.events = vec![event(hour(2), r#"{"stop":{}}"#)]).await;
    assert_eq!(store.link(&[3; 32]).await.unwrap().unwrap().patient, before);
    let again = NewPatient { id: Some("p9".into()), ..runner("p1") };
    let now = store.add_patient(again, hour(3)).await.unwrap();
    assert_eq!(store.link(&[3; 32]).await.unwrap().unwrap().patient, now);
    assert_eq!(
        store.link(&[2; 32]).await.unwrap().unwrap().patient,
        before,
        "other links stay where they were"
    );
}
