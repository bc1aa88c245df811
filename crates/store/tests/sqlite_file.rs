//! The database as a file: who may open it, what is refused, what a backup holds.

#[cfg(test)]
mod sqlite_file {
    use std::{
        fs,
        os::unix::fs::PermissionsExt,
        path::{Path, PathBuf},
        sync::Arc,
    };

    use afterrun_rules::{
        BookHash, Reason, TimedEvent,
        chart::Reach,
        decision::{Audience, Facts},
        ids::PatientId,
    };
    use afterrun_store::{
        Claim, Mail, MessageState, NewMessage, NewPatient, Options, Sqlite, Store, StoreError, Turn, Units,
    };
    use chrono::{DateTime, Utc};

    fn noon() -> DateTime<Utc> {
        "2026-03-27T12:00:00Z".parse().unwrap()
    }

    fn runner(id: &str) -> NewPatient {
        NewPatient {
            id: Some(id.into()),
            name: id.to_owned(),
            email: format!("{id}@runner.example"),
            time_zone: chrono_tz::UTC,
            language: "en".to_owned(),
            units: Units::Kilometres,
            reach: Reach::Confirmed,
        }
    }

    struct Place {
        folder: tempfile::TempDir,
    }

    impl Place {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap() }
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("data/afterrun.db")
        }

        fn daemon(&self) -> afterrun_store::Result<Sqlite> {
            Sqlite::open(&self.path(), Options::daemon())
        }

        /// A sound database with one patient, closed.
        async fn with_patient() -> Self {
            let place = Self::new();
            place.daemon().unwrap().add_patient(runner("p1"), noon()).await.unwrap();
            place
        }
    }

    async fn names(store: &Sqlite) -> Vec<PatientId> {
        store.patients(None, 10).await.unwrap().rows.into_iter().map(|patient| patient.id).collect()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn what_was_written_is_there_after_a_restart() {
        let place = Place::with_patient().await;
        assert_eq!(names(&place.daemon().unwrap()).await, ["p1"]);
    }

    #[tokio::test]
    async fn nobody_else_can_read_it() {
        let place = Place::new();
        let store = place.daemon().unwrap();
        store.add_patient(runner("p1"), noon()).await.unwrap();
        let folder = place.path().parent().unwrap().to_owned();
        assert_eq!(mode(&folder), 0o700);
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        let found: Vec<_> = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(found, ["afterrun.db", "afterrun.db-shm", "afterrun.db-wal", "afterrun.db.lock"]);
        assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");
    }

    #[tokio::test]
    async fn two_daemons_do_not_share_it() {
        let place = Place::with_patient().await;
        let first = place.daemon().unwrap();
        let second = place.daemon().unwrap_err();
        assert!(matches!(&second, StoreError::Locked(path) if path.ends_with("afterrun.db")), "{second}");
        drop(first);
        assert_eq!(names(&place.daemon().unwrap()).await, ["p1"]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn tools_write_while_the_daemon_does() {
        let place = Place::new();
        let daemon = Arc::new(place.daemon().unwrap());
        let tool = Arc::new(Sqlite::open(&place.path(), Options::tool()).unwrap());
        let mut writing = Vec::new();
        for number in 0..20 {
            for (who, store) in [("daemon", &daemon), ("tool", &tool)] {
                let store = Arc::clone(store);
                writing.push(tokio::spawn(async move {
                    store.add_patient(runner(&format!("{who}-{number}")), noon()).await
                }));
            }
        }
        for write in writing {
            write.await.unwrap().unwrap();
        }
        assert_eq!(daemon.patients(None, 100).await.unwrap().rows.len(), 40);
        assert_eq!(tool.patients(None, 100).await.unwrap().rows.len(), 40);
    }

    #[tokio::test]
    async fn a_tool_may_come_first() {
        let place = Place::new();
        let tool = Sqlite::open(&place.path(), Options::tool()).unwrap();
        tool.add_patient(runner("p1"), noon()).await.unwrap();
        assert_eq!(names(&place.daemon().unwrap()).await, ["p1"]);
    }

    #[tokio::test]
    async fn many_tools_may_come_first_at_once() {
        let place = Place::new();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| Sqlite::open(&place.path(), Options::tool()).unwrap());
            }
        });
        assert!(names(&place.daemon().unwrap()).await.is_empty());
    }

    #[tokio::test]
    async fn a_newer_schema_is_refused() {
        let place = Place::with_patient().await;
        let other = rusqlite::Connection::open(place.path()).unwrap();
        other.pragma_update(None, "user_version", 99).unwrap();
        drop(other);
        for options in [Options::daemon(), Options::tool()] {
            let refused = Sqlite::open(&place.path(), options).unwrap_err();
            assert!(matches!(refused, StoreError::NewerSchema { found: 99, known: 13 }), "{refused}");
        }
    }

    #[test]
    fn what_is_no_database_is_refused_and_kept() {
        let cases: [(&str, &[u8]); 3] = [
            ("empty", b""),
            (
                "text",
                b"this is a letter, not a database; it is long enough to have a header of its own......\n",
            ),
            (
                "almost",
                b"SQLite format 3\0 and then something else altogether, which no page could look like",
            ),
        ];
        for (name, bytes) in cases {
            let place = Place::new();
            fs::create_dir(place.path().parent().unwrap()).unwrap();
            fs::write(place.path(), bytes).unwrap();
            for options in [Options::daemon(), Options::tool()] {
                let refused = Sqlite::open(&place.path(), options).unwrap_err();
                assert!(matches!(refused, StoreError::Damaged { .. }), "{name}: {refused}");
                assert!(!refused.is_transient());
            }
            assert_eq!(fs::read(place.path()).unwrap(), bytes, "{name}");
        }
    }

    #[test]
    fn somebody_elses_database_is_refused() {
        let place = Place::new();
        fs::create_dir(place.path().parent().unwrap()).unwrap();
        let other = rusqlite::Connection::open(place.path()).unwrap();
        other.execute_batch("CREATE TABLE theirs (x)").unwrap();
        drop(other);
        let refused = place.daemon().unwrap_err();
        assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
    }

    #[tokio::test]
    async fn a_damaged_database_is_refused_and_kept() {
        let place = Place::new();
        let store = place.daemon().unwrap();
        for number in 0..200 {
            store.add_patient(runner(&format!("patient-{number}")), noon()).await.unwrap();
        }
        drop(store);
        let mut bytes = fs::read(place.path()).unwrap();
        let page = 4096;
        // Every page but the first, which holds the schema's root.
        bytes[page..].chunks_mut(page).for_each(|page| page[..64].fill(0xA5));
        fs::write(place.path(), &bytes).unwrap();
        let refused = place.daemon().unwrap_err();
        assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
        assert_eq!(fs::read(place.path()).unwrap(), bytes);
    }

    #[tokio::test]
    async fn a_stored_value_nobody_understands_is_damage_without_its_content() {
        let place = Place::with_patient().await;
        let store = place.daemon().unwrap();
        let other = rusqlite::Connection::open(place.path()).unwrap();
        let row = "INSERT INTO events VALUES (1, 1, 0, 'run', '{\"secret\": 5}', x'00')";
        other.execute_batch(row).unwrap();
        let told = store.chart(&"p1".into()).await.unwrap_err();
        assert!(matches!(told, StoreError::Unreadable(_)), "{told}");
        assert!(told.to_string().ends_with("a stored event cannot be read"), "{told}");
    }

    #[tokio::test]
    async fn the_audit_log_has_every_line() {
        let place = Place::new();
        let store = place.daemon().unwrap();
        store.audit(noon(), "operator", "hold", "").await.unwrap();
        store.audit(noon(), "operator", "patient-add", "p1").await.unwrap();
        let other = rusqlite::Connection::open(place.path()).unwrap();
        let mut lines = other.prepare("SELECT at, actor, action, subject FROM audit ORDER BY id").unwrap();
        let lines = lines.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
        let lines: Vec<(i64, String, String, String)> = lines.unwrap().map(Result::unwrap).collect();
        let line = |action: &str, subject: &str| {
            (noon().timestamp_micros(), "operator".to_owned(), action.to_owned(), subject.to_owned())
        };
        assert_eq!(lines, [line("hold", ""), line("patient-add", "p1")]);
    }

    #[tokio::test]
    async fn one_message_nobody_can_read_does_not_hold_up_the_others() {
        let place = Place::with_patient().await;
        let store = place.daemon().unwrap();
        for identity_text in ["digest/a", "digest/b", "digest/c"] {
            let mail = Mail {
                recipient: "team@clinic.example".to_owned(),
                due_at: noon(),
                stale_at: None,
                place: None,
                message_id: format!("<{identity_text}>"),
                envelope_from: "return@clinic.example".to_owned(),
                subject: "Digest".to_owned(),
                bytes: (*b"Subject: Digest\r\n\r\n").into(),
                like: None,
            };
            let message = NewMessage {
                entry: None,
                identity_text: identity_text.to_owned(),
                audience: Audience::Clinic,
                reason: Reason::new("digest", "the digest was due"),
                facts: Facts::default(),
                mail: Some(mail),
            };
            assert!(store.add_clinic_message(message, noon()).await.unwrap());
        }
        let other = rusqlite::Connection::open(place.path()).unwrap();
        other.execute_batch("UPDATE messages SET subject = '{' WHERE identity = 'digest/b'").unwrap();
        let lease_until = noon() + chrono::Duration::minutes(10);
        let claim = Claim {
            worker: "w".to_owned(),
            now: noon(),
            lease_until,
            limit: 10,
            pressing_limit: 0,
            hold_patients: false,
            only_emergencies: false,
        };
        let taken = store.claim(claim).await.unwrap();
        let taken: Vec<_> = taken.iter().map(|message| message.mail.message_id.as_str()).collect();
        assert_eq!(taken, ["<digest/a>", "<digest/c>"]);
        assert_eq!(store.queue_depth(noon()).await.unwrap().quarantined, 1);
        let listed = store.messages(None, None, 10).await.unwrap().rows;
        assert_eq!(listed[1].state, MessageState::Quarantined);
        assert_eq!(listed[1].end_reason.as_deref(), Some("unreadable: its subject cannot be read"));
    }

    #[test]
    fn events_are_never_changed() {
        let place = Place::new();
        drop(place.daemon().unwrap());
        let other = rusqlite::Connection::open(place.path()).unwrap();
        let rows = "INSERT INTO audit VALUES (1, 0, 'operator', 'hold', '');
            INSERT INTO patients VALUES (1, 'p1', '', '', '', 'en', 'miles', 0, 'UTC', 'confirmed', 'UTC',
                'confirmed', NULL, NULL, 0, NULL, 0);
            INSERT INTO events VALUES (1, 1, 0, 'stop', '{}', x'00')";
        other.execute_batch(rows).unwrap();
        for change in ["UPDATE events SET at = 1", "UPDATE audit SET at = 1", "DELETE FROM audit"] {
            let refused = other.execute_batch(change).unwrap_err();
            assert!(refused.to_string().contains("never changed"), "{change}: {refused}");
        }
    }

    /// Every file beside the database, and the database itself.
    fn bytes_on_disk(place: &Place) -> Vec<u8> {
        let files = fs::read_dir(place.path().parent().unwrap()).unwrap();
        files.flat_map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
    }

    fn found(bytes: &[u8], planted: &str) -> bool {
        bytes.windows(planted.len()).any(|window| window == planted.as_bytes())
    }

    #[tokio::test]
    async fn nothing_of_an_erased_patient_is_left_on_the_disk() {
        const PLANTED: [&str; 4] =
            ["Zoe Planted", "planted@runner.example", "planted-answer", "planted bytes"];
        let place = Place::new();
        // The daemon stays open, as it is when an operator erases somebody.
        let daemon = place.daemon().unwrap();
        // Neighbours on the same pages, so that pages are split and merged.
        for number in 0..200 {
            daemon.add_patient(runner(&format!("p{number}")), noon()).await.unwrap();
        }
        let planted =
            NewPatient { name: PLANTED[0].to_owned(), email: PLANTED[1].to_owned(), ..runner("planted") };
        let id = daemon.add_patient(planted, noon()).await.unwrap();
        let stored = daemon.chart(&id).await.unwrap();
        let answer =
            r#"{"answer":{"check_in":"c","about_day":"2026-03-27","values":{"note":"planted-answer"}}}"#;
        let event = TimedEvent { at: noon(), event: serde_json::from_str(answer).unwrap() };
        let message = NewMessage {
            entry: None,
            identity_text: "plan/r1".to_owned(),
            audience: Audience::Patient,
            reason: Reason::new("run-logged", "because of planted-answer"),
            facts: Facts::default(),
            mail: Some(Mail {
                recipient: PLANTED[1].to_owned(),
                due_at: noon(),
                stale_at: None,
                place: None,
                message_id: "<plan@clinic.example>".to_owned(),
                envelope_from: "b+x.y@clinic.example".to_owned(),
                subject: "For Zoe Planted".to_owned(),
                bytes: (*b"Subject: x\r\n\r\nplanted bytes\r\n").into(),
                like: None,
            }),
        };
        daemon
            .commit(Turn {
                patient: id.clone(),
                version: stored.version,
                now: noon(),
                book: BookHash([1; 32]),
                events: vec![event],
                waits: Vec::new(),
                takes_in: false,
                check_ins: Vec::new(),
                links: Vec::new(),
                messages: vec![message],
                cancels: Vec::new(),
                work_items: Vec::new(),
                next_due: None,
            })
            .await
            .unwrap();
        let before = bytes_on_disk(&place);
        assert!(PLANTED.iter().all(|planted| found(&before, planted)), "the test would notice");
        let tool = Sqlite::open(&place.path(), Options::tool()).unwrap();
        tool.erase_patient(&id, noon()).await.unwrap();
        tool.scrub().await.unwrap();
        let after = bytes_on_disk(&place);
        for planted in PLANTED {
            assert!(!found(&after, planted), "{planted}");
        }
        assert!(found(&after, "p199@runner.example"), "the others are still there");
        daemon.add_patient(runner("later"), noon()).await.unwrap();
        assert_eq!(names(&tool).await.len(), 10);
    }

    #[tokio::test]
    async fn a_backup_is_a_database_of_its_own() {
        let place = Place::with_patient().await;
        let store = place.daemon().unwrap();
        let copy = place.folder.path().join("copy.db");
        store.backup(&copy).await.unwrap();
        assert_eq!(mode(&copy), 0o600);
        store.add_patient(runner("p2"), noon()).await.unwrap();
        let copied = Sqlite::open(&copy, Options::daemon()).unwrap();
        assert_eq!(names(&copied).await, ["p1"]);
        assert_eq!(names(&store).await, ["p1", "p2"]);
    }

    #[tokio::test]
    async fn a_backup_overwrites_nothing_and_leaves_nothing_half_done() {
        let place = Place::with_patient().await;
        let store = place.daemon().unwrap();
        let kept = place.folder.path().join("kept");
        fs::write(&kept, "kept").unwrap();
        let refused = store.backup(&kept).await.unwrap_err();
        assert!(matches!(refused, StoreError::Exists { what: "file", .. }), "{refused}");
        assert_eq!(fs::read_to_string(&kept).unwrap(), "kept");
        let nowhere = place.folder.path().join("no/such/folder.db");
        assert!(matches!(store.backup(&nowhere).await, Err(StoreError::Backend(_))));
        let memory = Sqlite::in_memory().unwrap();
        let copy = place.folder.path().join("copy.db");
        assert!(matches!(memory.backup(&copy).await, Err(StoreError::Backend(_))));
        assert!(!copy.exists());
    }

    #[tokio::test]
    async fn a_file_that_vanished_does_not_come_back_empty() {
        let place = Place::with_patient().await;
        let store = place.daemon().unwrap();
        fs::remove_file(place.path()).unwrap();
        let copy = place.folder.path().join("copy.db");
        assert!(store.backup(&copy).await.is_err());
        assert!(!place.path().exists() && !copy.exists());
    }
}
