//! Writes and removes files of the rules folder: each whole or not at all, never outside of it, never over somebody
//! else's change.
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

/// Rights of a folder that is made here, beside those that it gets from the one above.
const NEW_FOLDER_MODE: u32 = 0o775;

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

/// Puts each text in the place of the file at its path below `rules`, makes the folders that a new file needs, and
/// removes the files without a text. [`SaveFile::opened`] is the content that must be there until then.
///
/// All are written beside their places first and moved there at the end, one right after the other; what is to go goes
/// last. Should the power go in between, the folder holds a mixture, which the gate judges as any other edit; the rules
/// in force are in the database and stay. Of a file that gets another name, that mixture holds both.
///
/// # Errors
/// See [`NotWritten`]; every file is as it was, unless moving itself failed. A new folder may have stayed, empty.
pub fn replace(rules: &Path, files: &[SaveFile]) -> Result<(), NotWritten> {
    for file in files {
        may_be(rules, file)?;
    }
    let mut ready = Vec::new();
    for file in files {
        ready.push((Place::of(rules, file)?, file));
    }
    let mut written = Vec::new();
    for (place, file) in &ready {
        if let Some(text) = &file.text {
            written.push((place.write_beside(file, text)?, place.name));
        }
    }
    // Once more: making the new files durable takes a while, and somebody may have written meanwhile.
    for (place, file) in &ready {
        place.look(file)?;
    }
    for (temporary, name) in written {
        temporary.replace(name)?;
    }
    for (place, _) in ready.iter().filter(|(_, file)| file.text.is_none()) {
        place.dir.remove_file(place.name)?;
    }
    for (place, _) in &ready {
        make_durable(&place.dir);
    }
    Ok(())
}

/// A name is durable once its folder is. That it may not be is no reason to say that nothing was written.
fn make_durable(dir: &Dir) {
    if let Err(error) = dir.open(".").and_then(|folder| folder.sync_all()) {
        tracing::warn!(%error, "the rules folder could not be made durable; the rules in force are stored all the same");
    }
}

/// Looks, before anything is made, whether this could be written.
fn may_be(rules: &Path, file: &SaveFile) -> Result<(), NotWritten> {
    if !folder::takes(&file.file) || (file.opened.is_none() && file.text.is_none()) {
        return Err(NotWritten::NoSuchFile);
    }
    match parent_of(rules, &file.file, Missing::IsNone)? {
        Some((dir, name)) => look(&dir, name, file).map(|_| ()),
        None if file.opened.is_none() => Ok(()),
        None => Err(NotWritten::Changed(file.file.clone())),
    }
}

/// A file's folder and its name in it.
struct Place<'a> {
    dir: Dir,
    name: &'a str,
}

impl<'a> Place<'a> {
    fn of(rules: &Path, file: &'a SaveFile) -> Result<Self, NotWritten> {
        let missing = if file.text.is_some() { Missing::IsMade } else { Missing::IsNone };
        let (dir, name) = parent_of(rules, &file.file, missing)?.ok_or(NotWritten::NoSuchFile)?;
        let place = Self { dir, name };
        place.look(file)?;
        Ok(place)
    }

    /// The new content, durable, under a name that nobody reads.
    fn write_beside(&self, file: &SaveFile, text: &str) -> Result<TempFile<'_>, NotWritten> {
        let permissions = self.look(file)?.unwrap_or(Permissions::from_mode(NEW_FILE_MODE));
        let mut temporary = TempFile::new(&self.dir)?;
        temporary.write_all(text.as_bytes())?;
        temporary.as_file().set_permissions(permissions)?;
        temporary.as_file().sync_all()?;
        Ok(temporary)
    }

    fn look(&self, file: &SaveFile) -> Result<Option<Permissions>, NotWritten> {
        look(&self.dir, self.name, file)
    }
}

/// What a folder is that is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    IsNone,
    IsMade,
}

/// The folder that holds a file, reached without following a link, and the file's name in it; none: it is missing.
fn parent_of<'a>(
    rules: &Path,
    file: &'a str,
    missing: Missing,
) -> Result<Option<(Dir, &'a str)>, NotWritten> {
    let mut dir = Dir::open_ambient_dir(rules, ambient_authority())?;
    let mut rest = file;
    while let Some((part, below)) = rest.split_once('/') {
        match dir.symlink_metadata(part) {
            Ok(metadata) if metadata.is_symlink() => return Err(NotWritten::IsLink),
            Ok(_) => {}
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(no_folder(error)),
            Err(_) if missing == Missing::IsNone => return Ok(None),
            Err(_) => make_folder(&dir, part)?,
        }
        dir = dir.open_dir(part).map_err(no_folder)?;
        rest = below;
    }
    Ok(Some((dir, rest)))
}

fn make_folder(above: &Dir, name: &str) -> Result<(), NotWritten> {
    match above.create_dir(name) {
        // Somebody else was faster.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        made => made?,
    }
    // The group's bit of the folder above, if it has one, was handed down and stays.
    let mode = above.symlink_metadata(name)?.permissions().mode() | NEW_FOLDER_MODE;
    above.set_permissions(name, Permissions::from_mode(mode))?;
    make_durable(above);
    Ok(())
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

fn no_folder(error: io::Error) -> NotWritten {
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
        SaveFile { file: file.to_owned(), opened, text: Some("after".to_owned()) }
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
    }

    #[test]
    fn a_new_file_brings_its_folder_if_all_can_be_written() {
        let place = place();
        let rules = place.path().join("rules");
        fs::set_permissions(&rules, fs::Permissions::from_mode(0o2755)).unwrap();
        let refused = replace(&rules, &[save("packs/tens/b.ron", None), save("clinic.ron", Some("another"))]);
        assert!(matches!(refused, Err(NotWritten::Changed(file)) if file == "clinic.ron"));
        assert!(!rules.join("packs").exists(), "no folder is made for nothing");
        assert!(matches!(write(&place, "packs/b.ron", Some("before")), Err(NotWritten::Changed(_))));
        write(&place, "packs/tens/b.ron", None).unwrap();
        assert_eq!(read(&place, "rules/packs/tens/b.ron"), "after");
        let mode = fs::metadata(rules.join("packs/tens")).unwrap().permissions().mode();
        assert_eq!(mode & 0o775, 0o775, "its group can edit it");
    }

    #[test]
    fn a_file_without_a_text_is_removed() {
        let place = place();
        let rules = place.path().join("rules");
        let gone = |file: &str, opened| SaveFile { text: None, ..save(file, opened) };
        for opened in [Some("another"), None] {
            let found = replace(&rules, &[gone("messages/a.md", opened)]);
            assert!(matches!(found, Err(NotWritten::Changed(_) | NotWritten::NoSuchFile)), "{found:?}");
        }
        let other_changed =
            replace(&rules, &[gone("messages/a.md", Some("before")), save("clinic.ron", Some("another"))]);
        assert!(matches!(other_changed, Err(NotWritten::Changed(file)) if file == "clinic.ron"));
        assert!(rules.join("messages/a.md").exists());
        assert!(matches!(
            replace(&rules, &[gone("messages/none.md", Some("before"))]),
            Err(NotWritten::Changed(_))
        ));
        symlink("../secret.ron", rules.join("link.ron")).unwrap();
        assert!(matches!(replace(&rules, &[gone("link.ron", Some("before"))]), Err(NotWritten::IsLink)));
        assert!(matches!(
            replace(&rules, &[gone("../secret.ron", Some("before"))]),
            Err(NotWritten::NoSuchFile)
        ));
        assert_eq!(read(&place, "secret.ron"), "before");

        // Another name: the old one goes when the new one is there.
        replace(&rules, &[save("messages/more/b.md", None), gone("messages/a.md", Some("before"))]).unwrap();
        assert_eq!(read(&place, "rules/messages/more/b.md"), "after");
        assert!(!rules.join("messages/a.md").exists());
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
        fs::write(rules.join("messages/b.ron"), "before").unwrap();
        for path in ["link.ron", "up/secret.ron", "inside/b.ron"] {
            let found = write(&place, path, Some("before"));
            assert!(matches!(found, Err(NotWritten::IsLink)), "{path}: {found:?}");
        }
        assert_eq!(
            (read(&place, "secret.ron"), read(&place, "rules/messages/b.ron")),
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
