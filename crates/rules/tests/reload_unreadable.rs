//! What cannot be read in a rules folder keeps the whole folder from going live: no rule stops unnoticed.

#[cfg(test)]
mod unreadable {
    use std::{
        fs::{self, File},
        os::unix::fs::symlink,
        path::Path,
    };

    use afterrun_rules::{folder, load::load};

    /// The sample folder is sound; with what `spoil` does to it, it is refused with these words.
    fn check(spoil: impl FnOnce(&Path), words: &str) {
        let place = tempfile::tempdir().unwrap();
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sample");
        copy(&sample, place.path());
        let sound = load(&folder::read(place.path()).unwrap());
        assert!(sound.book.is_some(), "{:?}", sound.diagnostics);
        spoil(place.path());
        let spoilt = load(&folder::read(place.path()).unwrap());
        assert!(spoilt.book.is_none(), "{words}");
        let messages: Vec<_> = spoilt.diagnostics.iter().map(|diagnostic| &diagnostic.message).collect();
        assert!(messages.iter().any(|message| message.contains(words)), "{words}: {messages:?}");
    }

    fn copy(from: &Path, to: &Path) {
        for entry in fs::read_dir(from).unwrap() {
            let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
            if from.is_dir() {
                fs::create_dir(&to).unwrap();
                copy(&from, &to);
            } else {
                fs::copy(from, to).unwrap();
            }
        }
    }

    #[test]
    fn a_link_to_a_pack_that_is_gone() {
        check(
            |folder| symlink("gone", folder.join("pack")).unwrap(),
            "a link to something that does not exist",
        );
    }

    #[test]
    fn a_link_to_a_file_that_is_gone() {
        check(
            |folder| symlink("gone", folder.join("a.ron")).unwrap(),
            "a link to something that does not exist",
        );
    }

    #[test]
    fn endings_as_another_system_writes_them() {
        for name in ["FLAGS.RON", "red-flags.Ron", "messages/CHECK-IN.MD", "messages/more.Md"] {
            let spoil = |folder: &Path| fs::write(folder.join(name), "x").unwrap();
            check(spoil, &format!("`{name}` cannot be read: the ending must be in small letters"));
        }
    }

    /// As they may stand in a store or an upload: bytes, without a folder reader that looked at the name.
    #[test]
    fn such_endings_are_refused_wherever_the_bytes_come_from() {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sample");
        let mut sources = folder::read(&sample).unwrap();
        let flags = sources.files.remove("red-flags.ron").unwrap();
        sources.files.insert("RED-FLAGS.RON".into(), flags);
        let loaded = load(&sources);
        assert!(loaded.book.is_none());
        let found: Vec<_> =
            loaded.diagnostics.iter().filter(|found| found.code == "unreadable-file").collect();
        assert_eq!(found.len(), 1, "{:?}", loaded.diagnostics);
        assert_eq!(found[0].help.as_deref(), Some("rename the file to `RED-FLAGS.ron`"));
        let others = loaded.diagnostics.len() - found.len();
        assert_eq!(others, 0, "nothing is called missing that may stand in there: {:?}", loaded.diagnostics);
    }

    /// What the folder reader takes as a rule file, loading must not leave out.
    #[test]
    fn a_name_that_begins_with_a_hash() {
        check(|folder| fs::write(folder.join("#hash.ron"), "x").unwrap(), "`x` is not a kind of rule file");
    }

    #[test]
    fn a_device() {
        check(|folder| symlink("/dev/null", folder.join("a.ron")).unwrap(), "not a regular file");
    }

    #[test]
    fn a_message_that_is_too_large() {
        let spoil = |folder: &Path| {
            File::create(folder.join("messages/large.md"))
                .unwrap()
                .set_len(folder::MAX_FILE_BYTES + 1)
                .unwrap();
        };
        check(spoil, "larger than 1 MiB");
    }

    #[test]
    fn folders_nested_without_end() {
        let spoil =
            |folder: &Path| fs::create_dir_all(folder.join("d/".repeat(folder::MAX_DEPTH + 1))).unwrap();
        check(spoil, "nested more than 32 deep");
    }
}
