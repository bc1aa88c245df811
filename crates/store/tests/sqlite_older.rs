//! A database of an earlier release: what people have in their mailboxes still works.

#[cfg(test)]
mod sqlite_older {
    use std::path::Path;

    use afterrun_store::{LinkScope, MailPlace, MessageKey, Options, Sqlite, Store};
    use chrono::{DateTime, Utc};
    use sha2::{Digest, Sha256};

    /// As they were before links of one mail were kept in one row.
    const SCHEMAS: [&str; 11] = [
        include_str!("../src/sqlite/schema/0001.sql"),
        include_str!("../src/sqlite/schema/0002.sql"),
        include_str!("../src/sqlite/schema/0003.sql"),
        include_str!("../src/sqlite/schema/0004.sql"),
        include_str!("../src/sqlite/schema/0005.sql"),
        include_str!("../src/sqlite/schema/0006.sql"),
        include_str!("../src/sqlite/schema/0007.sql"),
        include_str!("../src/sqlite/schema/0008.sql"),
        include_str!("../src/sqlite/schema/0009.sql"),
        include_str!("../src/sqlite/schema/0010.sql"),
        include_str!("../src/sqlite/schema/0011.sql"),
    ];

    /// What a mail of schema 11 left in the tables.
    const ROWS: &str = "
        INSERT INTO patients (key, id, name, email, email_key, language, units, enrolled_at, initial_time_zone,
            initial_reach, time_zone, reach)
            VALUES (1, 'p1', 'Sam', 'sam@runner.example', 'sam@runner.example', 'en', 'miles', 0, 'UTC', 'confirmed',
                'UTC', 'confirmed');
        INSERT INTO messages (key, patient, identity, recipient, audience, state, attempt, decided_at, at, urgent, rank,
            due_at, first_due_at, reason_code, reason_text, facts, settled_at)
            VALUES (7, 1, 'a', 'sam@runner.example', 'patient', 'accepted', 1, 0, 0, 0, 3, 0, 0, '', '', '{}', 1),
                (8, 1, 'b', 'sam@runner.example', 'patient', 'cancelled', 1, 0, 0, 0, 3, 0, 0, '', '', '{}', 1);
        INSERT INTO mails (message, message_id, envelope_from, subject, bytes) VALUES
            (7, '<7>', 'b+69c40001ff020304aabbccddee.macmacmac@clinic.example', '', x''),
            (8, '<8>', 'b+bm90IGhleGFkZWNpbWFs.macmacmac@clinic.example', '', x'');";

    /// Tokens of three releases: with place and number, with a time, and random throughout; and how many bytes of the
    /// hash the key has in front of it.
    const TOKENS: [(&str, usize, &str); 3] = [
        ("AQID_wQF5555555555555555555555555555555555555555555", 6, "stop"),
        ("AQID_wQF5555555555555555555555555555555555555555", 4, "my_page"),
        ("5555555555555555555555555555555555555555555", 0, "confirm"),
    ];

    fn key(token: &str, placed: usize) -> [u8; 32] {
        let mut key: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        key[..placed].copy_from_slice(&[1, 2, 3, 0xff, 4, 5][..placed]);
        key
    }

    fn write(path: &Path) {
        let older = rusqlite::Connection::open(path).unwrap();
        SCHEMAS.iter().for_each(|schema| older.execute_batch(schema).unwrap());
        older.execute_batch(ROWS).unwrap();
        for (token, placed, scope) in TOKENS {
            older
                .execute(
                    "INSERT INTO links (token_hash, patient, scope) VALUES (?1, 1, ?2)",
                    rusqlite::params![key(token, placed), scope],
                )
                .unwrap();
        }
        older.pragma_update(None, "user_version", SCHEMAS.len() as i64).unwrap();
    }

    fn noon() -> DateTime<Utc> {
        "2026-03-27T12:00:00Z".parse().unwrap()
    }

    #[tokio::test]
    async fn links_and_return_paths_of_old_mails_still_lead_where_they_led() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("afterrun.db");
        write(&path);
        let store = Sqlite::open(&path, Options::daemon()).unwrap();
        assert_eq!(TOKENS.map(|(token, ..)| token.len()), [51, 48, 43]);
        for ((token, placed, _), scope) in
            TOKENS.into_iter().zip([LinkScope::Stop, LinkScope::MyPage, LinkScope::Confirm])
        {
            let (link, chart) = store.open_link(&key(token, placed)).await.unwrap().unwrap();
            assert_eq!((link.scope, link.revoked, chart.unwrap().patient.id), (scope, false, "p1".into()));
        }
        let found = async |id: &str| {
            let local = format!("b+{id}.macmacmac");
            let found = store.message_by_return_path(MailPlace::of_id(id), &local).await.unwrap();
            found.map(|message| message.key)
        };
        // One id looks as if it began with a place, the other one does not.
        assert_eq!(found("69c40001ff020304aabbccddee").await, Some(MessageKey(7)));
        assert_eq!(found("bm90IGhleGFkZWNpbWFs").await, Some(MessageKey(8)));
        assert_eq!(found("69c40001ff020304aabbccddef").await, None);
        store.erase_patient(&"p1".into(), noon()).await.unwrap();
        assert_eq!(found("69c40001ff020304aabbccddee").await, None);
        assert_eq!(store.link(&key(TOKENS[0].0, 6)).await.unwrap(), None);
    }
}
