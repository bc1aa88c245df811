//! Folders as they are found in the world, and what is read of them.

use std::{
    fs::{self, File, Permissions},
    io::ErrorKind,
    os::unix::{
        ffi::OsStrExt,
        fs::{PermissionsExt, symlink},
        net::UnixListener,
    },
    path::Path,
    process::Command,
};

use super::*;

/// What is read of a folder that `make` fills: a line a file, `path = text` or `path ! why`.
fn check(make: impl FnOnce(&Path), expected: &[&str]) {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("rules");
    fs::create_dir(&folder).unwrap();
    make(&folder);
    let first = read(&folder).unwrap();
    assert_eq!(lines(&first), expected);
    assert_eq!(read(&folder).unwrap(), first, "the same folder reads the same");
}

fn lines(sources: &Sources) -> Vec<String> {
    let line = |(path, source): (&Arc<str>, &Source)| match source {
        Source::Bytes(bytes) => format!("{path} = {}", String::from_utf8_lossy(bytes)),
        Source::Unreadable(why) => format!("{path} ! {why}"),
    };
    sources.files.iter().map(line).collect()
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn nested_files_by_path_and_nothing_else() {
    let make = |folder: &Path| {
        let ours = ["b.ron", "a.ron", "messages/a.md", "packs/hip/a.ron", "packs/hip/messages/more/b.md"];
        let others = [
            "README",
            "README.md",
            "packs/a.md",
            "a.json",
            "a.ron.bak",
            "a.ron.orig",
            "ron",
            "messages/a.txt",
        ];
        ours.iter().for_each(|name| write(folder, name, "x"));
        others.iter().for_each(|name| write(folder, name, "not ours"));
    };
    let expected = [
        "a.ron = x",
        "b.ron = x",
        "messages/a.md = x",
        "packs/hip/a.ron = x",
        "packs/hip/messages/more/b.md = x",
    ];
    check(make, &expected);
}

#[test]
fn droppings_and_dot_folders_are_left_out() {
    let make = |folder: &Path| {
        let files =
            [".a.ron.swp", ".a.ron", "a.ron~", ".#a.ron", "#a.ron#", "4913", "a.ron.tmp", "a.ron.swp"];
        let folders = [".git/a.ron", "old~/a.ron", "new.tmp/a.ron"];
        files.iter().chain(&folders).for_each(|name| write(folder, name, "dropping"));
        symlink("gone", folder.join(".#b.ron")).unwrap();
        write(folder, "#hash.ron", "x");
    };
    check(make, &["#hash.ron = x"]);
}

#[test]
fn a_folder_called_like_a_file_is_a_folder() {
    check(|folder| write(folder, "x.ron/y.ron", "x"), &["x.ron/y.ron = x"]);
}

#[test]
fn links_are_followed() {
    let make = |folder: &Path| {
        let outside = folder.parent().unwrap();
        write(outside, "outside/b.ron", "x");
        symlink(outside.join("outside/b.ron"), folder.join("a.ron")).unwrap();
        symlink("../outside", folder.join("pack")).unwrap();
    };
    check(make, &["a.ron = x", "pack/b.ron = x"]);
}

#[test]
fn loops_of_links_are_survived() {
    let make = |folder: &Path| {
        write(folder, "a.ron", "x");
        write(folder, "one/b.ron", "x");
        symlink(".", folder.join("here")).unwrap();
        symlink("..", folder.join("one/up")).unwrap();
        symlink("one", folder.join("two")).unwrap();
        symlink("self.ron", folder.join("self.ron")).unwrap();
    };
    let expected = [
        "a.ron = x",
        "one/b.ron = x",
        "self.ron ! this is a link that leads nowhere, perhaps back to itself",
        "two/b.ron = x",
    ];
    check(make, &expected);
}

#[test]
fn a_maze_of_links_ends() {
    let place = tempfile::tempdir().unwrap();
    for room in 0..25 {
        let folder = place.path().join(format!("room-{room}"));
        fs::create_dir(&folder).unwrap();
        write(&folder, "a.ron", "x");
        for door in ["left", "right"] {
            symlink(format!("../room-{}", room + 1), folder.join(door)).unwrap();
        }
    }
    let sources = walk_within(&place.path().join("room-0"), 1000).unwrap().sources;
    let told: Vec<_> =
        lines(&sources).into_iter().filter(|line| line.contains("more than 1000 files")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(sources.files.len() <= 1000);
}

#[test]
fn what_is_no_regular_file_is_not_opened() {
    let make = |folder: &Path| {
        fs::create_dir(folder.join("messages")).unwrap();
        let made = Command::new("mkfifo").arg(folder.join("pipe.ron")).status().unwrap();
        assert!(made.success());
        drop(UnixListener::bind(folder.join("messages/socket.md")).unwrap());
        symlink("/dev/zero", folder.join("zero.ron")).unwrap();
        symlink("missing.ron", folder.join("dangling.ron")).unwrap();
        symlink("missing", folder.join("dangling-folder")).unwrap();
        symlink("missing", folder.join("dangling.txt")).unwrap();
    };
    let expected = [
        "dangling-folder/*.ron ! this is a link to something that does not exist",
        "dangling.ron ! this is a link to something that does not exist",
        "messages/socket.md ! this is not a regular file but a device, a pipe or a socket",
        "pipe.ron ! this is not a regular file but a device, a pipe or a socket",
        "zero.ron ! this is not a regular file but a device, a pipe or a socket",
    ];
    check(make, &expected);
}

/// Whoever may read everything (root) reads these too.
#[test]
fn what_is_not_permitted_is_reported() {
    let forbid = |path: &Path| fs::set_permissions(path, Permissions::from_mode(0o000)).unwrap();
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "a.ron", "x");
    write(place.path(), "pack/b.ron", "x");
    forbid(&place.path().join("a.ron"));
    forbid(&place.path().join("pack"));
    let expected = match File::open(place.path().join("a.ron")) {
        Ok(_) => ["a.ron = x", "pack/b.ron = x"],
        Err(_) => [
            "a.ron ! Afterrun has no permission to read it",
            "pack/*.ron ! Afterrun has no permission to read it",
        ],
    };
    assert_eq!(lines(&read(place.path()).unwrap()), expected);
}

#[test]
fn names_that_would_be_overlooked_are_reported() {
    let make = |folder: &Path| {
        write(folder, "FLAGS.RON", "x");
        fs::write(folder.join(OsStr::from_bytes(b"caf\xe9.ron")), "x").unwrap();
        fs::write(folder.join(OsStr::from_bytes(b"caf\xe9.txt")), "x").unwrap();
    };
    let expected = [
        "FLAGS.RON ! the ending must be in small letters, `.ron` or `.md`",
        "caf\u{fffd}.ron ! the file's name is not valid UTF-8",
    ];
    check(make, &expected);
}

#[test]
fn a_file_of_a_mebibyte_and_not_a_byte_more() {
    let place = tempfile::tempdir().unwrap();
    let make = |name: &str, bytes| File::create(place.path().join(name)).unwrap().set_len(bytes).unwrap();
    make("full.ron", MAX_FILE_BYTES);
    make("over.ron", MAX_FILE_BYTES + 1);
    make("vast.ron", 1 << 40);
    let sources = read(place.path()).unwrap();
    assert!(
        matches!(&sources.files["full.ron"], Source::Bytes(bytes) if bytes.len() as u64 == MAX_FILE_BYTES)
    );
    for name in ["over.ron", "vast.ron"] {
        assert_eq!(sources.files[name], Source::Unreadable(TOO_LARGE.into()), "{name}");
    }
}

#[test]
fn a_file_that_grows_is_cut_off() {
    assert_eq!(read_at_most(Path::new("/dev/zero"), 1000).unwrap(), None);
}

#[test]
fn all_files_together_have_a_limit() {
    let place = tempfile::tempdir().unwrap();
    for n in 0..70 {
        File::create(place.path().join(format!("{n:02}.ron"))).unwrap().set_len(MAX_FILE_BYTES).unwrap();
    }
    let sources = read(place.path()).unwrap();
    assert_eq!(sources.files.len(), 65, "read as far as the limit, then told once");
    let expected = Source::Unreadable("the files up to here are larger than 64 MiB together".into());
    assert_eq!(sources.files["64.ron"], expected);
}

#[test]
fn the_number_of_entries_has_a_limit() {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "a.ron", "x");
    fs::create_dir(place.path().join("b")).unwrap();
    (0..8).for_each(|n| write(place.path(), &format!("b/{n}.ron"), "x"));
    write(place.path(), "c.ron", "x");
    let within = |most| walk_within(place.path(), most).unwrap().sources;
    assert_eq!(within(11).files.len(), 10, "`b` is an entry as well");
    let expected = ["a.ron = x", "b/*.ron ! there are more than 10 files and folders up to here"];
    assert_eq!(lines(&within(10)), expected);
    assert_eq!(lines(&within(2)), ["*.ron ! there are more than 2 files and folders up to here"]);
    assert_eq!(read(place.path()).unwrap(), within(MAX_ENTRIES));
}

#[test]
fn depth_has_a_limit() {
    let deep = ["d"; MAX_DEPTH].join("/");
    let make = |folder: &Path| {
        write(folder, &format!("{deep}/a.ron"), "x");
        write(folder, &format!("{deep}/e/b.ron"), "x");
    };
    let expected =
        [format!("{deep}/a.ron = x"), format!("{deep}/e/*.ron ! folders are nested more than 32 deep")];
    check(make, &[&expected[0], &expected[1]]);
}

#[test]
fn the_folder_itself_missing_or_none() {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "file", "x");
    assert_eq!(read(&place.path().join("gone")).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(read(&place.path().join("file")).unwrap_err().kind(), ErrorKind::NotADirectory);
    assert_eq!(read(place.path()).unwrap(), Sources::default());
}

#[test]
fn the_folders_gone_through_are_named() {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "b/c/a.ron", "x");
    write(place.path(), "a/a.ron", "x");
    write(place.path(), ".git/a.ron", "x");
    symlink("a", place.path().join("l")).unwrap();
    let reading = walk(place.path()).unwrap();
    let paths: Vec<_> = reading.folders.iter().map(|folder| folder.path.clone()).collect();
    assert_eq!(paths, ["", "a", "b", "b/c", "l"].map(|below| place.path().join(below)));
    assert_eq!(reading.folders[1].identity, reading.folders[4].identity);
    assert_eq!(Some(reading.folders[0].identity), Identity::of(place.path()));
}

#[test]
fn a_path_is_taken_if_reading_the_folder_would_take_it() {
    for path in ["red-flags.ron", "packs/achilles/a.ron", "messages/a.md", "de/messages/x/a.md"] {
        assert!(takes(path), "{path}");
    }
    let refused = [
        "",
        "a.txt",
        "README.md",
        "a.RON",
        "/etc/a.ron",
        "../a.ron",
        "a/../../b.ron",
        "./a.ron",
        "a//b.ron",
        "a/",
        ".a.ron",
        ".git/a.ron",
        "a.ron~",
        "a\\b.ron",
        "a\0.ron",
        "a\n.ron",
        "messages/.ron",
    ];
    for path in refused {
        assert!(!takes(path), "{path}");
    }
}
