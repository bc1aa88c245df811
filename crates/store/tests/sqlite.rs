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
