//! The rule pack that the binary carries, for a demonstration without a rules folder and for a clinic's
//! first day.

use std::{fs, io, path::Path, sync::Arc};

use afterrun_rules::source::{Source, Sources};

/// Path below the rules folder, and bytes.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/shipped_rules.rs"));

/// The shipped files as `load` takes them.
#[must_use]
pub fn sources() -> Sources {
    let file = |(path, bytes): &(&str, &[u8])| -> (Arc<str>, Source) {
        (Arc::from(*path), Source::Bytes(Arc::from(*bytes)))
    };
    Sources { files: FILES.iter().map(file).collect() }
}

/// Writes the shipped files below `folder`, which is made if it is not there.
///
/// # Errors
/// If a folder or file cannot be written.
pub fn write_to(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (path, bytes) in FILES {
        let target = folder.join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(target, bytes)?;
    }
    Ok(())
}
