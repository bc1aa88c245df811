//! SQLite keeps every promise of a store, in a file and in memory.

#[cfg(test)]
#[macro_use]
mod conformance;

#[cfg(test)]
mod sqlite {
    use std::sync::Arc;

    use afterrun_store::{Options, Sqlite};

    use crate::conformance::sample::AnyStore;

    fn in_a_file() -> (tempfile::TempDir, AnyStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&folder.path().join("afterrun.db"), Options::daemon()).unwrap();
        (folder, Arc::new(store))
    }

    fn in_memory() -> ((), AnyStore) {
        ((), Arc::new(Sqlite::in_memory().unwrap()))
    }

    mod file {
        conformance!(crate::sqlite::in_a_file);
    }

    mod memory {
        conformance!(crate::sqlite::in_memory);
    }
}

#[cfg(test)]
mod scripts {
    //! Any sequence of turns leaves the same chart in the store as in memory.

    use std::sync::Arc;

    use afterrun_rules::{
        Action,
        book::TellClinic,
        decision::{Audience, Identity, Subject},
    };
    use afterrun_store::Sqlite;
    use proptest::{collection::vec, prelude::*, sample::select};

    use crate::conformance::{
        charts::{EVENTS, Step, play},
        sample::{event, hour, plan_of, to_clinic},
    };

    fn identity() -> impl Strategy<Value = Identity> {
        let day = |number: u32| format!("2026-03-{:02}", 28 + number).parse().unwrap();
        let plan = (0..4u32).prop_map(|run| plan_of(&format!("r{run}")));
        let stage = (0..3u32, 1..3u32).prop_map(move |(number, attempt)| Identity {
            subject: Subject::Stage {
                flag: "pain/lasting \"é\"".into(),
                stage: "heads-up".into(),
                evidence_day: day(number),
            },
            audience: Audience::Patient,
            attempt,
        });
        let check_in = (0..4u32).prop_map(move |number| Identity {
            subject: Subject::CheckIn { check_in: "morning-after".into(), about_day: day(number) },
            audience: Audience::Patient,
            attempt: 1,
        });
        let emergency = (0..1_000_000i64).prop_map(|micros| Identity {
            subject: Subject::Emergency { received_at: hour(0) + chrono::Duration::microseconds(micros) },
            audience: Audience::Clinic,
            attempt: 1,
        });
        prop_oneof![4 => plan, 3 => stage, 3 => check_in, 1 => emergency]
    }

    fn decision() -> impl Strategy<Value = (Identity, Action)> {
        let open = |urgent| match urgent {
            true => vec!["feeling".into(), "worst_pain".into()],
            false => Vec::new(),
        };
        let send = (identity(), any::<bool>()).prop_map(move |(identity, urgent)| {
            let message = "a-message".into();
            let action = match identity.subject {
                Subject::CheckIn { .. } => Action::OpenCheckIn {
                    message,
                    expires_at: hour(36),
                    questions: open(urgent),
                    about_run: urgent.then(|| "r1".into()),
                    probe: urgent,
                },
                Subject::Emergency { .. } => Action::TellClinic { level: TellClinic::Now },
                _ => Action::Send { message, urgent },
            };
            (identity, action)
        });
        let tell = identity()
            .prop_map(|identity| (to_clinic(identity), Action::TellClinic { level: TellClinic::Digest }));
        let cancel = identity().prop_map(|identity| (identity, Action::Cancel));
        let covered = (identity(), identity()).prop_map(|(identity, by)| (identity, Action::Covered { by }));
        prop_oneof![4 => send, 1 => tell, 2 => cancel, 2 => covered]
    }

    fn step() -> impl Strategy<Value = Step> {
        let events = vec(select(EVENTS).prop_map(|json| event(hour(0), json).event), 0..4);
        (events, vec(decision(), 0..5), vec(0..12usize, 0..4))
            .prop_map(|(events, decisions, accepted)| Step { events, decisions, accepted })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
        #[test]
        fn the_store_and_memory_agree(script in vec(step(), 1..10)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(play(Arc::new(Sqlite::in_memory().unwrap()), &script));
        }
    }
}

#[cfg(test)]
mod unreadable {
    //! A row that cannot be read is somebody's business: it comes on the work-list.

    use afterrun_store::{MessageState, Options, Sqlite, Store, StoreError};

    use crate::conformance::sample::{claim, hour, message, plan_of, runner, turn};

    #[tokio::test]
    async fn mail_is_put_aside_and_on_the_work_list() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("afterrun.db");
        let store = Sqlite::open(&path, Options::daemon()).unwrap();
        let patient = store.add_patient(runner("p1"), hour(0)).await.unwrap();
        let mut turn = turn(&store.chart(&patient).await.unwrap(), hour(1));
        turn.messages = vec![message(&plan_of("r1"), hour(1))];
        turn.next_due = Some(hour(30));
        store.commit(turn).await.unwrap();
        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute_batch("UPDATE messages SET subject = '{'").unwrap();
        assert_eq!(store.claim(claim("w", hour(1))).await.unwrap(), []);
        assert_eq!(store.messages(None, None, 9).await.unwrap().rows[0].state, MessageState::Quarantined);
        let items = store.unreadable(9).await.unwrap();
        assert_eq!((items.len(), &items[0].patient), (1, &patient));
        assert!(items[0].reason.text.contains("call the runner"), "{}", items[0].reason.text);
        assert_eq!(store.work_items(None, 9).await.unwrap().rows, items);
        let due = store.patient(&patient).await.unwrap().next_due;
        assert_eq!(due, Some(hour(1)), "somebody looks again");
        let unread = store.chart(&patient).await.unwrap_err();
        assert!(matches!(unread, StoreError::Unreadable("subject")), "{unread}");
    }
}
