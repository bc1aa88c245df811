//! Mails in the file: how little of each is kept, that a base which is not the right one makes no other mail, and what
//! erasing leaves.

#[cfg(test)]
#[expect(dead_code, reason = "shared with the conformance suite, of which this uses a part")]
mod conformance {
    pub mod mails;
    pub mod sample;
}

#[cfg(test)]
mod sqlite_mails {
    use std::{path::PathBuf, sync::Arc};

    use afterrun_store::{MailBase, MessageKey, Options, Sqlite, StoreError};
    use rusqlite::{Connection, params};

    use crate::conformance::{
        mails::{base, text, with_bytes},
        sample::{AnyStore, claim, enrol, hour, take_turn},
    };

    struct Place(tempfile::TempDir);

    impl Place {
        fn path(&self) -> PathBuf {
            self.0.path().join("afterrun.db")
        }

        fn open(&self) -> AnyStore {
            Arc::new(Sqlite::open(&self.path(), Options::daemon()).unwrap())
        }

        fn beside(&self) -> Connection {
            Connection::open(self.path()).unwrap()
        }

        /// A closed database with one mail in it that has a base.
        async fn with_mail() -> Self {
            let place = Self(tempfile::tempdir().unwrap());
            let store = place.open();
            let id = enrol(&store).await;
            take_turn(&store, &id, hour(1), |turn| {
                turn.messages = vec![with_bytes("r1", &text("Alexandra"), Some(base()))];
            })
            .await;
            place
        }

        /// What the file holds is spoiled so; the mail cannot be read, and is not sent.
        async fn check_unreadable(spoil: impl Fn(&Connection)) {
            let place = Self::with_mail().await;
            spoil(&place.beside());
            let store = place.open();
            let shown = store.message(MessageKey(1)).await.unwrap_err();
            assert!(matches!(shown, StoreError::Unreadable("mail")), "{shown}");
            assert_eq!(store.claim(claim("w", hour(1))).await.unwrap(), []);
            assert_eq!(store.queue_depth(hour(1)).await.unwrap().quarantined, 1);
        }
    }

    #[tokio::test]
    async fn little_is_kept_of_each_and_the_base_once() {
        let place = Place::with_mail().await;
        let store = place.open();
        let id = "p1".into();
        for (run, name) in [("r2", "Zoe"), ("r3", "Jo")] {
            take_turn(&store, &id, hour(1), |turn| {
                turn.messages = vec![with_bytes(run, &text(name), Some(base()))];
            })
            .await;
        }
        let kept =
            "SELECT max(length(bytes)), count(DISTINCT base), (SELECT count(*) FROM mail_bases) FROM mails";
        let kept: (i64, i64, i64) =
            place.beside().query_row(kept, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        assert!(kept.0 < 60, "{} of {}", kept.0, text("Alexandra").len());
        assert_eq!((kept.1, kept.2), (1, 1));
    }

    #[tokio::test]
    async fn a_mail_kept_whole_reads_as_before() {
        let place = Place::with_mail().await;
        place.beside().execute("UPDATE mails SET bytes = ?1, base = NULL", [b"Subject: x\r\n\r\n"]).unwrap();
        let shown = place.open().message(MessageKey(1)).await.unwrap();
        assert_eq!(*shown.mail.unwrap().bytes, *b"Subject: x\r\n\r\n");
    }

    #[tokio::test]
    async fn another_base_makes_no_other_mail() {
        Place::check_unreadable(|db| {
            // Sound in itself, and of a message that says something else.
            let drinks = MailBase::new(
                &String::from_utf8(text("somebody")).unwrap().replace("three", "seven").into_bytes(),
            );
            let drinks = drinks.unwrap();
            db.execute(
                "INSERT INTO mail_bases (key, bytes) VALUES (?1, ?2)",
                params![drinks.key(), drinks.bytes()],
            )
            .unwrap();
            db.execute("UPDATE mails SET base = ?1", [drinks.key()]).unwrap();
        })
        .await;
    }

    #[tokio::test]
    async fn a_base_that_was_changed_or_lost_makes_no_other_mail() {
        Place::check_unreadable(|db| {
            let changed = String::from_utf8(text("somebody")).unwrap().replace("three", "seven");
            db.execute("UPDATE mail_bases SET bytes = ?1", [changed.as_bytes()]).unwrap();
        })
        .await;
        Place::check_unreadable(|db| {
            db.execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM mail_bases").unwrap();
        })
        .await;
    }

    #[tokio::test]
    async fn a_difference_that_was_changed_makes_no_other_mail() {
        let place = Place::with_mail().await;
        let query = "SELECT bytes FROM mails";
        let kept: Vec<u8> = place.beside().query_row(query, [], |row| row.get(0)).unwrap();
        let store = place.open();
        let mut refused = 0;
        for at in 0..kept.len() {
            let mut changed = kept.clone();
            changed[at] ^= 1;
            place.beside().execute("UPDATE mails SET bytes = ?1", [changed]).unwrap();
            match store.message(MessageKey(1)).await {
                // Copied from another place that says the same.
                Ok(message) => assert_eq!(*message.mail.unwrap().bytes, *text("Alexandra"), "{at}"),
                Err(error) => {
                    assert!(matches!(error, StoreError::Unreadable("mail")), "{error}");
                    refused += 1;
                }
            }
        }
        assert!(refused > kept.len() * 3 / 4, "{refused} of {}", kept.len());
    }

    #[tokio::test]
    async fn a_base_outlives_an_erased_patient_and_nothing_of_the_person_is_in_it() {
        let place = Place::with_mail().await;
        let store = place.open();
        store.erase_patient(&"p1".into(), hour(2)).await.unwrap();
        store.scrub().await.unwrap();
        let mut on_disk: Vec<u8> = Vec::new();
        for file in std::fs::read_dir(place.0.path()).unwrap() {
            on_disk.extend(std::fs::read(file.unwrap().path()).unwrap());
        }
        let found = |text: &str| on_disk.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(found("within the hour"), "the base stays");
        assert!(found("somebody"));
        for of_the_person in ["Alexandra", "Runner p1", "p1@runner.example"] {
            assert!(!found(of_the_person), "{of_the_person}");
        }
        let id = store.add_patient(crate::conformance::sample::runner("p2"), hour(3)).await.unwrap();
        take_turn(&store, &id, hour(3), |turn| {
            turn.messages = vec![with_bytes("r1", &text("Jo"), Some(base()))];
        })
        .await;
        let taken = store.claim(claim("w", hour(3))).await.unwrap();
        assert_eq!(*taken[0].mail.bytes, *text("Jo"));
    }
}
