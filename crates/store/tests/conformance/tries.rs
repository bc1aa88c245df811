//! How often somebody tried to sign in.

use afterrun_store::{TRIES_KEPT, Try};
use chrono::TimeDelta;

use super::sample::*;

const WINDOW: TimeDelta = TimeDelta::hours(2);

fn of(number: u32, at_most: u32) -> Try {
    let mut key = [0; 32];
    key[..4].copy_from_slice(&number.to_be_bytes());
    Try { key, at_most }
}

async fn may(store: &AnyStore, one: Try, at: i64) -> bool {
    store.count_tries(&[one], WINDOW, hour(at)).await.unwrap().is_none()
}

pub async fn run_out_and_come_back(store: AnyStore) {
    let mut let_in = Vec::new();
    for at in [0, 1, 1, 2, 3, 3] {
        let_in.push(may(&store, of(1, 2), at).await);
    }
    assert_eq!(let_in, [true, true, false, true, true, false], "the second window began at 2");
    assert!(may(&store, of(2, 2), 3).await, "somebody else's are counted apart");
}

pub async fn stop_at_the_first_too_many(store: AnyStore) {
    let both = [of(1, 1), of(2, 1)];
    assert_eq!(store.count_tries(&both, WINDOW, hour(0)).await.unwrap(), None);
    assert_eq!(store.count_tries(&[of(3, 1), both[1]], WINDOW, hour(0)).await.unwrap(), Some(1));
    assert_eq!(store.count_tries(&[both[0], of(4, 1)], WINDOW, hour(0)).await.unwrap(), Some(0));
    assert!(may(&store, of(4, 1), 0).await, "what came after was not counted");
}

pub async fn are_forgotten_one_key_at_a_time(store: AnyStore) {
    assert!(may(&store, of(1, 1), 0).await && may(&store, of(2, 1), 0).await);
    store.forget_tries(&of(1, 1).key).await.unwrap();
    assert!(may(&store, of(1, 1), 0).await);
    assert!(!may(&store, of(2, 1), 0).await);
}

pub async fn survive_a_clock_put_back(store: AnyStore) {
    assert!(may(&store, of(1, 1), 90).await);
    assert!(may(&store, of(1, 1), 0).await, "nobody is shut out until the clock has come back");
    assert!(!may(&store, of(1, 1), 1).await);
}

pub async fn are_kept_in_bounds(store: AnyStore) {
    assert!(may(&store, of(0, 1), 0).await && !may(&store, of(0, 1), 0).await);
    let flood: Vec<_> = (1..=TRIES_KEPT + 10).map(|number| of(number, 1)).collect();
    assert_eq!(store.count_tries(&flood, WINDOW, hour(1)).await.unwrap(), None);
    assert!(!may(&store, of(0, 1), 1).await, "a flood of names washes no count away");
    assert!(!may(&store, of(TRIES_KEPT + 10, 1), 1).await, "the newest is remembered");
    let mut again = 0;
    for number in 1..=20 {
        again += u32::from(may(&store, of(number, 1), 1).await);
    }
    assert!(again >= 10, "of those tried once some had to go: {again}");
}

pub async fn by_many_at_once_are_each_counted(store: AnyStore) {
    let one_more = |store: AnyStore| tokio::spawn(async move { may(&store, of(1, 5), 0).await });
    let tries: Vec<_> = (0..20).map(|_| one_more(store.clone())).collect();
    let mut let_in = 0;
    for one in tries {
        let_in += u32::from(one.await.unwrap());
    }
    assert_eq!(let_in, 5);
}
