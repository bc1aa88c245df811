//! Writes files of the rules folder: each whole or not at all, never outside of it, never over somebody else's change.
//!
//! The folder is opened once as a capability: whatever the path says, and whatever links appear meanwhile, nothing
//! beyond it can be reached. Leaves out whether the content is any good (`draft`) and who may ask (`rules_desk`).

use std::{
    io::{self, ErrorKind, Read, Write},
    path::Path,
};

use afterrun_rules::folder;
use afterrun_web::{SaveFile, file_hash};
use cap_std::{
    ambient_authority,
    fs::{Dir, Permissions, PermissionsExt},
};
use cap_tempfile::TempFile;

/// Rights of a file that is made here: the group that edits the folder has to be able to.
const NEW_FILE_MODE: u32 = 0o664;

/// Why nothing was written.
#[derive(Debug)]
pub enum NotWritten {
    /// No such file, or not a regular one, or no file may be called so.
    NoSuchFile,
    /// The file, or a folder above it, is a link.
    IsLink,
    /// This file's content is another than the one that was opened.
    Changed(String),
    /// The system says no.
    Failed(io::Error),
}

impl From<io::Error> for NotWritten {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// Puts each text in the place of the file at its path below `rules`. [`SaveFile::opened`] is the content that must be
/// there until then.
///
/// All are written beside their places first and moved there at the end, one right after the other. Should the power go
/// in between, the folder holds a mixture, which the gate judges as any other edit; the rules in force are in the
/// database and stay.
///
/// # Errors
/// See [`NotWritten`]; every file is as it was, unless moving itself failed.
pub fn replace(rules: &Path, files: &[SaveFile]) -> Result<(), NotWritten> {
    let mut ready = Vec::new();
    for file in files {
        ready.push((Place::of(rules, file)?, file));
    }
    let mut written = Vec::new();
    for (place, file) in &ready {
        written.push(place.write_beside(file)?);
    }
    // Once more: making the new files durable takes a while, and somebody may have written meanwhile.
    for (place, file) in &ready {
        place.look(file)?;
    }
    for (temporary, (place, _)) in written.into_iter().zip(&ready) {
        temporary.replace(place.name)?;
    }
    // A name is durable once its folder is. That it may not be is no reason to say that nothing was written.
    for (place, _) in &ready {
        if let Err(error) = place.dir.open(".").and_then(|folder| folder.sync_all()) {
            tracing::warn!(%error, "the rules folder could not be made durable; the rules in force are stored all the same");
        }
    }
    Ok(())
}

/// A file's folder and its name in it.
struct Place<'a> {
    dir: Dir,
    name: &'a str,
}

impl<'a> Place<'a> {
    fn of(rules: &Path, file: &'a SaveFile) -> Result<Self, NotWritten> {
        if !folder::takes(&file.file) {
            return Err(NotWritten::NoSuchFile);
        }
        let (dir, name) = parent_of(rules, &file.file)?;
        let place = Self { dir, name };
        place.look(file)?;
        Ok(place)
    }

    /// The new content, durable, under a name that nobody reads.
    fn write_beside(&self, file: &SaveFile) -> Result<TempFile<'_>, NotWritten> {
        let permissions = self.look(file)?.unwrap_or(Permissions::from_mode(NEW_FILE_MODE));
        let mut temporary = TempFile::new(&self.dir)?;
        temporary.write_all(file.text.as_bytes())?;
        temporary.as_file().set_permissions(permissions)?;
        temporary.as_file().sync_all()?;
        Ok(temporary)
    }

    fn look(&self, file: &SaveFile) -> Result<Option<Permissions>, NotWritten> {
        look(&self.dir, self.name, file)
    }
}

/// The folder that holds a file, reached without following a link, and the file's name in it.
fn parent_of<'a>(rules: &Path, file: &'a str) -> Result<(Dir, &'a str), NotWritten> {
    let mut dir = Dir::open_ambient_dir(rules, ambient_authority())?;
    let mut rest = file;
    while let Some((part, below)) = rest.split_once('/') {
        let metadata = dir.symlink_metadata(part).map_err(missing)?;
        if metadata.is_symlink() {
            return Err(NotWritten::IsLink);
        }
        dir = dir.open_dir(part).map_err(missing)?;
        rest = below;
    }
    Ok((dir, rest))
}

/// Whether the file is as it was opened; its rights, if there is one.
fn look(dir: &Dir, name: &str, file: &SaveFile) -> Result<Option<Permissions>, NotWritten> {
    let changed = || NotWritten::Changed(file.file.clone());
    let metadata = match dir.symlink_metadata(name) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return if file.opened.is_none() { Ok(None) } else { Err(changed()) };
        }
        Err(error) => return Err(error.into()),
    };
    if metadata.is_symlink() {
        return Err(NotWritten::IsLink);
    }
    if !metadata.is_file() {
        return Err(NotWritten::NoSuchFile);
    }
    let mut bytes = Vec::new();
    dir.open(name)?.take(folder::MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if file.opened != Some(file_hash(&bytes)) {
        return Err(changed());
    }
    Ok(Some(metadata.permissions()))
}

fn missing(error: io::Error) -> NotWritten {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => NotWritten::NoSuchFile,
        _ => NotWritten::Failed(error),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt, symlink},
    };

    use tempfile::TempDir;

    use super::*;

    /// A folder `rules` with one file in it and one below, and a file beside the folder.
    fn place() -> TempDir {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir_all(place.path().join("rules/messages")).unwrap();
        for file in ["rules/clinic.ron", "rules/messages/a.md", "secret.ron"] {
            fs::write(place.path().join(file), "before").unwrap();
        }
        place
    }

    fn save(file: &str, opened: Option<&str>) -> SaveFile {
        let opened = opened.map(|text| file_hash(text.as_bytes()));
        SaveFile { file: file.to_owned(), opened, text: "after".to_owned() }
    }

    fn write(place: &TempDir, file: &str, opened: Option<&str>) -> Result<(), NotWritten> {
        replace(&place.path().join("rules"), &[save(file, opened)])
    }

    fn read(place: &TempDir, file: &str) -> String {
        fs::read_to_string(place.path().join(file)).unwrap()
    }

    #[test]
    fn a_file_is_replaced_whole_and_keeps_its_rights() {
        let place = place();
        let path = place.path().join("rules/clinic.ron");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        write(&place, "clinic.ron", Some("before")).unwrap();
        write(&place, "messages/a.md", Some("before")).unwrap();
        assert_eq!(
            (read(&place, "rules/clinic.ron"), read(&place, "rules/messages/a.md")),
            ("after".into(), "after".into())
        );
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        let names = fs::read_dir(place.path().join("rules")).unwrap().count();
        assert_eq!(names, 2, "nothing is left beside it");
    }

    #[test]
    fn a_new_file_can_be_edited_by_its_group() {
        let place = place();
        write(&place, "messages/b.md", None).unwrap();
        let path = place.path().join("rules/messages/b.md");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o664);
        assert!(
            matches!(write(&place, "packs/b.ron", None), Err(NotWritten::NoSuchFile)),
            "no folder is made"
        );
    }

    #[test]
    fn what_changed_underneath_stays() {
        let place = place();
        assert!(matches!(write(&place, "clinic.ron", Some("another")), Err(NotWritten::Changed(_))));
        assert!(matches!(write(&place, "clinic.ron", None), Err(NotWritten::Changed(_))), "it exists");
        assert!(
            matches!(write(&place, "gone.ron", Some("before")), Err(NotWritten::Changed(_))),
            "it was removed"
        );
        assert_eq!(read(&place, "rules/clinic.ron"), "before");
    }

    #[test]
    fn of_several_files_all_are_written_or_none() {
        let place = place();
        let rules = place.path().join("rules");
        let second =
            replace(&rules, &[save("clinic.ron", Some("before")), save("messages/a.md", Some("another"))]);
        assert!(matches!(second, Err(NotWritten::Changed(file)) if file == "messages/a.md"));
        assert_eq!(read(&place, "rules/clinic.ron"), "before");
        assert_eq!(fs::read_dir(&rules).unwrap().count(), 2, "nothing is left beside it");
        replace(&rules, &[save("clinic.ron", Some("before")), save("messages/a.md", Some("before"))])
            .unwrap();
        assert_eq!(
            (read(&place, "rules/clinic.ron"), read(&place, "rules/messages/a.md")),
            ("after".into(), "after".into())
        );
    }

    #[test]
    fn no_path_leads_out() {
        let place = place();
        let outside = place.path().join("secret.ron").display().to_string();
        for path in ["../secret.ron", "messages/../../secret.ron", &outside, "./clinic.ron", "", "messages/"]
        {
            let found = write(&place, path, Some("before"));
            assert!(matches!(found, Err(NotWritten::NoSuchFile)), "{path}: {found:?}");
        }
        assert_eq!(read(&place, "secret.ron"), "before");
    }

    #[test]
    fn no_link_leads_out() {
        let place = place();
        let rules = place.path().join("rules");
        symlink("../secret.ron", rules.join("link.ron")).unwrap();
        symlink("..", rules.join("up")).unwrap();
        symlink("messages", rules.join("inside")).unwrap();
        for path in ["link.ron", "up/secret.ron", "inside/a.md"] {
            let found = write(&place, path, Some("before"));
            assert!(matches!(found, Err(NotWritten::IsLink)), "{path}: {found:?}");
        }
        assert_eq!(
            (read(&place, "secret.ron"), read(&place, "rules/messages/a.md")),
            ("before".into(), "before".into())
        );
        assert!(rules.join("link.ron").is_symlink());
    }

    #[test]
    fn the_rules_folder_itself_may_be_a_link() {
        let place = place();
        symlink("rules", place.path().join("current")).unwrap();
        replace(&place.path().join("current"), &[save("clinic.ron", Some("before"))]).unwrap();
        assert_eq!(read(&place, "rules/clinic.ron"), "after");
    }

    #[test]
    fn a_folder_or_a_pipe_is_no_file() {
        let place = place();
        fs::create_dir(place.path().join("rules/folder.ron")).unwrap();
        assert!(matches!(write(&place, "folder.ron", Some("before")), Err(NotWritten::NoSuchFile)));
    }
}
