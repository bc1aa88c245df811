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
