//! What can go wrong inside one job, before it is told to a caller as a [`StoreError`].

use rusqlite::ErrorCode;

use crate::StoreError;

/// Result of a job on a connection.
pub(super) type Answer<T> = std::result::Result<T, Fault>;

/// Why a job failed.
#[derive(Debug)]
pub(super) enum Fault {
    /// An answer of the store itself: conflict, not known, exists.
    Store(StoreError),
    /// SQLite's doing.
    Sql(rusqlite::Error),
    /// A stored value cannot be read back. Names table and column, never the value.
    Unreadable(&'static str),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Fault {
    /// As told to callers. `path` names the database.
    pub(super) fn told(self, path: &str) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Unreadable(what) => StoreError::Unreadable(what),
            Self::Sql(error) => match &error {
                rusqlite::Error::SqliteFailure(failure, _)
                    if matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) =>
                {
                    StoreError::Damaged { path: path.to_owned(), found: error.to_string() }
                }
                _ => StoreError::Backend(error.to_string()),
            },
        }
    }

    /// The disk failed under SQLite: the connection is not to be trusted with another write.
    pub(super) fn is_disk_trouble(&self) -> bool {
        matches!(self, Self::Sql(error) if is_disk_trouble(error))
    }
}

/// See [`Fault::is_disk_trouble`].
pub(super) fn is_disk_trouble(error: &rusqlite::Error) -> bool {
    use ErrorCode::{DatabaseCorrupt, DiskFull, SystemIoFailure};
    matches!(error.sqlite_error_code(), Some(SystemIoFailure | DatabaseCorrupt | DiskFull))
}
