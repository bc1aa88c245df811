//! Edits as people and programs make them, on a real file system: each brings exactly one verdict, in time.
//!
//! Nothing here sleeps: a test waits for a verdict. That none follows is shown by one more edit: its verdict is
//! the next to come, and the gate has been asked about nothing else.

#![cfg(feature = "reload")]

#[cfg(test)]
mod scene;

#[cfg(test)]
mod edits {
    use std::{
        fs::{self, File},
        io::Write,
        os::unix::fs::symlink,
        sync::mpsc::channel,
        time::{Duration, Instant},
    };

    use super::scene::{Outcome, PROMPT, Scene};

    /// An edit in a loaded folder of these files makes it these other files, with one verdict.
    fn check(name: &str, before: &[(&str, &str)], edit: impl FnOnce(&Scene), after: &[(&str, &str)]) {
        check_within(PROMPT, name, before, edit, after);
    }

    fn check_within(
        bound: Duration,
        name: &str,
        before: &[(&str, &str)],
        edit: impl FnOnce(&Scene),
        after: &[(&str, &str)],
    ) {
        let scene = Scene::with(before);
        edit(&scene);
        scene.expect(name, Instant::now(), bound, &Outcome::loaded(after));
        scene.expect_nothing_more(name);
    }

    #[test]
    fn saved_in_place() {
        check("in place", &[("a.ron", "1")], |scene| scene.write("a.ron", "2"), &[("a.ron", "2")]);
    }

    #[test]
    fn saved_by_rename_with_droppings() {
        let save = |scene: &Scene| {
            scene.write(".a.ron.swp", "swap");
            scene.write("4913", "");
            fs::remove_file(scene.path("4913")).unwrap();
            fs::rename(scene.path("a.ron"), scene.path("a.ron~")).unwrap();
            scene.write("a.ron.tmp", "2");
            fs::rename(scene.path("a.ron.tmp"), scene.path("a.ron")).unwrap();
        };
        check("by rename", &[("a.ron", "1")], save, &[("a.ron", "2")]);
    }

    #[test]
    fn saved_by_rename_again_and_again() {
        let scene = Scene::with(&[("a.ron", "0")]);
        for round in ["1", "2", "3"] {
            scene.write("a.tmp", round);
            fs::rename(scene.path("a.tmp"), scene.path("a.ron")).unwrap();
            scene.expect("by rename, again", Instant::now(), PROMPT, &Outcome::loaded(&[("a.ron", round)]));
        }
        scene.expect_nothing_more("by rename, again");
    }

    #[test]
    fn removed_and_made_again() {
        let save = |scene: &Scene| {
            fs::remove_file(scene.path("a.ron")).unwrap();
            scene.write("a.ron", "2");
        };
        check("made again", &[("a.ron", "1")], save, &[("a.ron", "2")]);
    }

    #[test]
    fn a_file_removed() {
        let remove = |scene: &Scene| fs::remove_file(scene.path("b.ron")).unwrap();
        check("removed", &[("a.ron", "1"), ("b.ron", "1")], remove, &[("a.ron", "1")]);
    }

    #[test]
    fn a_file_renamed() {
        let rename = |scene: &Scene| fs::rename(scene.path("a.ron"), scene.path("b.ron")).unwrap();
        check("renamed", &[("a.ron", "1")], rename, &[("b.ron", "1")]);
    }

    #[test]
    fn droppings_and_the_same_bytes_bring_no_verdict() {
        let scene = Scene::known(&[("a.ron", "1")], || {});
        for name in [".a.ron.swp", "a.ron~", ".#a.ron", "#a.ron#", "4913", "a.ron.tmp", ".hidden.ron"] {
            scene.write(name, "dropping");
        }
        scene.write("README.md", "no rule");
        scene.write("a.ron", "1");
        scene.write(".git/x.ron", "dropping");
        scene.expect_nothing_more("droppings");
    }

    #[test]
    fn a_thousand_files_rewritten() {
        let names: Vec<String> = (0..1000).map(|n| format!("part-{}/rule-{n}.ron", n % 10)).collect();
        let before: Vec<_> = names.iter().map(|name| (name.as_str(), "before")).collect();
        let after: Vec<_> = names.iter().map(|name| (name.as_str(), "after")).collect();
        let checkout = |scene: &Scene| {
            for name in &names {
                fs::remove_file(scene.path(name)).unwrap();
                scene.write(name, "after");
            }
        };
        check_within(Duration::from_secs(2), "1,000 files", &before, checkout, &after);
    }

    /// As a Kubernetes ConfigMap is updated: the files are links through `..data`, and that one is replaced.
    #[test]
    fn a_link_swapped_under_all_files() {
        let swap = |scene: &Scene, version: &str, text: &str| {
            scene.write(&format!("{version}/a.ron"), text);
            symlink(version, scene.path("..data_tmp")).unwrap();
            fs::rename(scene.path("..data_tmp"), scene.path("..data")).unwrap();
        };
        let scene = Scene::loaded(|scene| {
            swap(scene, "..2026_1", "1");
            symlink("..data/a.ron", scene.path("a.ron")).unwrap();
        });
        for (version, text) in [("..2026_2", "2"), ("..2026_3", "3")] {
            swap(&scene, version, text);
            scene.expect("link swapped", Instant::now(), PROMPT, &Outcome::loaded(&[("a.ron", text)]));
        }
        scene.expect_nothing_more("link swapped");
    }

    #[test]
    fn a_linked_folder_below() {
        let scene = Scene::loaded(|scene| {
            scene.write_beside("one/a.ron", "1");
            scene.write_beside("two/a.ron", "2");
            fs::create_dir(&scene.folder).unwrap();
            symlink(scene.beside("one"), scene.path("pack")).unwrap();
        });
        let expect = |text| {
            let outcome = Outcome::loaded(&[("pack/a.ron", text)]);
            scene.expect("linked folder", Instant::now(), PROMPT, &outcome);
        };
        scene.write_beside("one/a.ron", "1 edited");
        expect("1 edited");
        symlink(scene.beside("two"), scene.path("pack.tmp")).unwrap();
        fs::rename(scene.path("pack.tmp"), scene.path("pack")).unwrap();
        expect("2");
        scene.write_beside("two/a.ron", "2 edited");
        expect("2 edited");
        scene.expect_nothing_more("linked folder");
    }

    #[test]
    fn the_folder_is_a_link_that_is_replaced() {
        let scene = Scene::loaded(|scene| {
            scene.write_beside("one/a.ron", "1");
            scene.write_beside("two/a.ron", "2");
            symlink(scene.beside("one"), &scene.folder).unwrap();
        });
        symlink(scene.beside("two"), scene.beside("new")).unwrap();
        fs::rename(scene.beside("new"), &scene.folder).unwrap();
        scene.expect("folder is a link", Instant::now(), PROMPT, &Outcome::loaded(&[("a.ron", "2")]));
        scene.write("a.ron", "3");
        scene.expect("folder is a link", Instant::now(), PROMPT, &Outcome::loaded(&[("a.ron", "3")]));
        scene.expect_nothing_more("folder is a link");
    }

    #[test]
    fn the_folder_replaced_by_rename() {
        let scene = Scene::with(&[("a.ron", "1")]);
        scene.write_beside("new/a.ron", "2");
        fs::rename(&scene.folder, scene.beside("old")).unwrap();
        fs::rename(scene.beside("new"), &scene.folder).unwrap();
        scene.expect("folder replaced", Instant::now(), PROMPT, &Outcome::loaded(&[("a.ron", "2")]));
        scene.write_beside("old/a.ron", "nobody looks here any more");
        scene.write("a.ron", "3");
        scene.expect("folder replaced", Instant::now(), PROMPT, &Outcome::loaded(&[("a.ron", "3")]));
        scene.expect_nothing_more("folder replaced");
    }

    #[test]
    fn the_folder_missing_and_appearing() {
        let scene = Scene::new(|_| {});
        let expect = |outcome| scene.expect("folder missing", Instant::now(), PROMPT, &outcome);
        expect(Outcome::Unreadable);
        scene.write("a.ron", "1");
        expect(Outcome::loaded(&[("a.ron", "1")]));
        fs::remove_dir_all(&scene.folder).unwrap();
        expect(Outcome::Unreadable);
        scene.write("a.ron", "1");
        expect(Outcome::Restored);
        scene.write("packs/b.ron", "1");
        expect(Outcome::loaded(&[("a.ron", "1"), ("packs/b.ron", "1")]));
    }

    #[test]
    fn folders_added_below() {
        let scene = Scene::with(&[("a.ron", "1")]);
        fs::remove_file(scene.path("a.ron")).unwrap();
        scene.write("packs/achilles/new/a.ron", "1");
        let name = "folders added";
        scene.expect(name, Instant::now(), PROMPT, &Outcome::loaded(&[("packs/achilles/new/a.ron", "1")]));
        scene.write("packs/achilles/new/a.ron", "2");
        scene.expect(name, Instant::now(), PROMPT, &Outcome::loaded(&[("packs/achilles/new/a.ron", "2")]));
        scene.expect_nothing_more(name);
    }

    #[test]
    fn broken_and_repaired_and_undone() {
        let scene = Scene::with(&[("a.ron", "1")]);
        let expect = |name, outcome| scene.expect(name, Instant::now(), PROMPT, &outcome);
        scene.write("a.ron", "broken");
        expect("broken", Outcome::Rejected("a.ron".to_owned()));
        scene.write("a.ron", "broken");
        scene.check_now();
        scene.write("a.ron", "2");
        expect("repaired", Outcome::loaded(&[("a.ron", "2")]));
        scene.write("a.ron", "broken");
        expect("broken", Outcome::Rejected("a.ron".to_owned()));
        scene.write("a.ron", "2");
        expect("undone", Outcome::Restored);
        scene.write("a.ron", "3");
        expect("after that", Outcome::loaded(&[("a.ron", "3")]));
        scene.expect_nothing_more("broken");
    }

    #[test]
    fn an_edit_while_the_gate_is_busy() {
        let (enter, entered) = channel();
        let (open, opened) = channel();
        let scene = Scene::known(&[("a.ron", "1")], move || {
            enter.send(()).unwrap();
            opened.recv().unwrap_or_default();
        });
        scene.write("a.ron", "2");
        entered.recv().unwrap();
        scene.write("a.ron", "3");
        open.send(()).unwrap();
        scene.expect("gate busy", Instant::now(), PROMPT, &Outcome::loaded(&[("a.ron", "2")]));
        open.send(()).unwrap();
        scene.expect("then", Instant::now(), PROMPT, &Outcome::loaded(&[("a.ron", "3")]));
        drop(open);
        scene.expect_nothing_more("gate busy");
    }

    #[test]
    fn a_write_that_takes_its_time() {
        let scene = Scene::with(&[("a.ron", "1")]);
        let mut file = File::create(scene.path("a.ron")).unwrap();
        let (begun, mut text) = (Instant::now(), String::new());
        while begun.elapsed() < Duration::from_millis(400) {
            file.write_all(b"x").unwrap();
            text.push('x');
            std::thread::yield_now();
        }
        drop(file);
        scene.expect("slow write", Instant::now(), PROMPT, &Outcome::loaded(&[("a.ron", &text)]));
        scene.expect_nothing_more("slow write");
    }

    #[test]
    fn a_hard_link_elsewhere_is_found_by_the_poll() {
        let scene = Scene::with(&[("a.ron", "1")]);
        fs::hard_link(scene.path("a.ron"), scene.beside("outside")).unwrap();
        let mut file = File::options().append(true).open(scene.beside("outside")).unwrap();
        file.write_all(b" more").unwrap();
        let bound = Duration::from_secs(2) + PROMPT;
        scene.expect("hard link", Instant::now(), bound, &Outcome::loaded(&[("a.ron", "1 more")]));
        scene.expect_nothing_more("hard link");
    }

    #[test]
    fn what_is_live_already_brings_no_verdict() {
        let scene = Scene::known(&[("a.ron", "1")], || {});
        scene.expect_nothing_more("known");
    }

    #[test]
    fn asked_to_look_now() {
        let scene = Scene::with(&[("a.ron", "1")]);
        scene.write("a.ron", "2");
        scene.check_now();
        scene.expect("asked", Instant::now(), PROMPT, &Outcome::loaded(&[("a.ron", "2")]));
        scene.check_now();
        scene.expect_nothing_more("asked");
    }

    #[test]
    fn a_gate_that_panics_refuses_and_the_watch_goes_on() {
        let scene = Scene::with(&[("a.ron", "1")]);
        scene.write("a.ron", "panic");
        // Printing where it happened may take longer than all the rest.
        scene.expect("panic", Instant::now(), 10 * PROMPT, &Outcome::Rejected(".".to_owned()));
        scene.write("a.ron", "2");
        scene.expect("after it", Instant::now(), PROMPT, &Outcome::loaded(&[("a.ron", "2")]));
        scene.expect_nothing_more("panic");
    }

    #[test]
    fn dropping_the_watch_ends_it() {
        assert!(Scene::with(&[("a.ron", "1")]).end());
    }
}
