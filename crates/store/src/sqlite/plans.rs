//! Every statement that any promise of the store needs finds its rows by an index: cost follows what is
//! asked for, not how much is stored.
//!
//! The conformance suite runs once more on a connection that notes its statements; each is then explained.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use rusqlite::{
    Connection,
    trace::{TraceEvent, TraceEventCodes},
};

use super::{Sqlite, open, writer::Writer};
use crate::{StoreError, conformance::sample::AnyStore};

/// What may be walked through whole, and why.
const WALKED: &[&str] = &[
    // No table.
    "SCAN CONSTANT ROW",
    // The names of the workers alive.
    "SCAN json_each VIRTUAL TABLE INDEX 1:",
    // Partial indexes that hold only what the statement is about.
    "SCAN messages USING INDEX messages_leased",
    "SCAN messages USING COVERING INDEX messages_leased",
    "SCAN messages USING COVERING INDEX messages_queued",
    "SCAN messages USING COVERING INDEX messages_quarantined",
    "SCAN patients USING INDEX patients_waiting",
    // Its last row only.
    "SCAN rule_books_live",
    // A few rows (`REFUSED_KEPT`), of them the last.
    "SCAN rule_books_refused",
    // At most `TRIES_KEPT`, to leave no more than these.
    "SCAN tries USING COVERING INDEX tries_count",
    // All running enrolments are meant.
    "SCAN patients USING INDEX patients_active_email",
];

/// Explains, when the promise has been kept, what was noted meanwhile.
pub(crate) struct Explained(Arc<Mutex<BTreeSet<String>>>);

impl Drop for Explained {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let noted = self.0.lock().unwrap();
        let fresh = open::connect_in_memory().unwrap();
        let found: Vec<_> = noted.iter().flat_map(|sql| walks(&fresh, sql)).collect();
        assert!(found.is_empty(), "not found by an index:\n{}", found.join("\n"));
    }
}

/// The parts of a statement's plan that walk through a table or sort what they found.
fn walks(connection: &Connection, sql: &str) -> Vec<String> {
    let Ok(mut statement) = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")) else {
        return Vec::new();
    };
    let nothing = vec![rusqlite::types::Null; statement.parameter_count()];
    let plan =
        statement.query_map(rusqlite::params_from_iter(nothing), |row| row.get::<_, String>(3)).unwrap();
    plan.map(Result::unwrap)
        .filter(|step| step.starts_with("SCAN") || step.contains("TEMP B-TREE"))
        .filter(|step| !WALKED.contains(&step.as_str()))
        .map(|step| format!("{step}\n    {sql}"))
        .collect()
}

/// A store in memory that notes its statements.
pub(crate) fn noted() -> (Explained, AnyStore) {
    let noted = Arc::new(Mutex::new(BTreeSet::new()));
    let notes = Arc::clone(&noted);
    let mut connection = open::connect_in_memory().unwrap();
    let note = move |event: TraceEvent<'_>| {
        if let TraceEvent::Stmt(statement, _) = event {
            notes.lock().unwrap().insert(statement.sql().into_owned());
        }
    };
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note)).unwrap();
    let lost = || Err(StoreError::Backend("in memory".to_owned()).into());
    let writer = Writer::start(connection, Box::new(lost), "in memory".to_owned()).unwrap();
    let store = Sqlite { checker: None, writer, look_ups: None, readers: None, path: None, _lock: None };
    (Explained(noted), Arc::new(store))
}

conformance!(crate::sqlite::plans::noted);
