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
