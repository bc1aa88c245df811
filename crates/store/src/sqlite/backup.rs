//! A copy of the database while it is in use.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use super::{fault::Answer, open};
use crate::StoreError;

/// Writes a compact copy to a new file, readable by its owner alone and safe on disk when this returns.
///
/// # Errors
/// [`StoreError::Exists`] if there is such a file; a backup that fails half-way leaves none.
pub(super) fn backup(from: &Path, to: &Path) -> Answer<()> {
    let shown = to.display().to_string();
    let failed = |error: io::Error| StoreError::Backend(format!("cannot write {shown}: {error}"));
    match OpenOptions::new().create_new(true).write(true).mode(0o600).open(to) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(StoreError::Exists { what: "file", id: shown }.into());
        }
        Err(error) => return Err(failed(error).into()),
    }
    let copied =
        copy(from, to).and_then(|()| Ok(File::open(to).and_then(|file| file.sync_all()).map_err(failed)?));
    if copied.is_err() {
        // The error that counts is the first one.
        drop(std::fs::remove_file(to));
    }
    copied
}

fn copy(from: &Path, to: &Path) -> Answer<()> {
    let name =
        to.to_str().ok_or_else(|| StoreError::Backend("the name of the backup is not UTF-8".to_owned()))?;
    // SQLite takes an existing file for the target as long as it is empty.
    open::connect(from)?.execute("VACUUM INTO ?1", [name])?;
    Ok(())
}
