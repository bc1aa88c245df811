//! Files of the rules made, renamed and deleted in the console of the real binary: each is one edit that passes the gate,
//! says who and why, and reaches nothing beyond the folder.

#[cfg(test)]
mod console_files {
    use std::{os::unix::fs::symlink, path::PathBuf};

    use afterrun_tests::{
        daemon::{Clinic, Daemon},
        forms::{Answer, Forms, value_of},
        story::local,
    };

    const PASSWORD: &str = "one two three four five";

    struct Place {
        clinic: Clinic,
        daemon: Daemon,
    }

    impl Place {
        fn new() -> Self {
            let now = local("2026-03-30", "10:00");
            let clinic = Clinic::configured("edit_rules: InConsole,");
            let mut daemon = clinic.serve();
            daemon.at(now);
            std::fs::write(clinic.folder().join("password"), PASSWORD).unwrap();
            for role in ["viewer", "clinician", "admin"] {
                let email = format!("{role}@clinic.example");
                clinic.run(now, &["user", "add", &email, "--role", role, "--password-file", "password"]);
            }
            Self { clinic, daemon }
        }

        fn signed_in(&self, role: &str) -> Forms {
            let mut forms = Forms::new(&self.daemon);
            forms.sign_in(&format!("{role}@clinic.example"), PASSWORD).is(303);
            forms
        }

        fn path(&self, file: &str) -> PathBuf {
            self.clinic.folder().join("rules").join(file)
        }

        fn text(&self, file: &str) -> String {
            std::fs::read_to_string(self.path(file)).unwrap()
        }
    }

    /// The editor's form for a file as it is, with a button and what goes with it.
    fn press(forms: &mut Forms, file: &str, text: &str, button: &str, more: &[(&str, &str)]) -> Answer {
        let opened = value_of(&forms.get(&format!("/console/rules/edit?file={file}")).is(200).body, "opened");
        press_with(forms, file, text, button, &opened, more)
    }

    fn press_with(
        forms: &mut Forms,
        file: &str,
        text: &str,
        button: &str,
        opened: &str,
        more: &[(&str, &str)],
    ) -> Answer {
        let mut fields = vec![("file", file), ("text", text), ("opened", opened), ("do", button)];
        fields.extend(more);
        forms.post("/console/rules/edit", &fields)
    }

    const WHY: (&str, &str) = ("reason", "tidier");

    #[test]
    fn files_are_made_renamed_and_deleted_each_as_one_edit() {
        let mut place = Place::new();
        let mut forms = place.signed_in("clinician");
        let story = place.text("scenarios/severe-pain.ron");

        // A new file in a new folder.
        forms
            .get("/console/rules/edit?file=messages/notes/hello.md")
            .is(200)
            .says("new")
            .lacks("Delete the file");
        let hello = &*place.text("messages/pain-settled.md");
        let made = press(&mut forms, "messages/notes/hello.md", hello, "save", &[WHY]);
        forms
            .get(&made.is(303).location)
            .is(200)
            .says("Saved, and in force.")
            .says("messages/notes/hello.md");
        assert_eq!(place.text("messages/notes/hello.md"), hello);

        // Another name, in another new folder, with a change on the way.
        let longer = format!("{story}// the same story\n");
        let to = ("new-name", "scenarios/urgent/severe-pain.ron");
        let moved = press(&mut forms, "scenarios/severe-pain.ron", &longer, "rename", &[WHY, to]);
        forms
            .get(&moved.is(303).location)
            .is(200)
            .says("Saved, and in force.")
            .says("scenarios/urgent/severe-pain.ron, scenarios/severe-pain.ron (removed)")
            .says("tidier");
        assert_eq!(place.text("scenarios/urgent/severe-pain.ron"), longer);
        assert!(!place.path("scenarios/severe-pain.ron").exists());

        // Away with it.
        let gone = press(&mut forms, "messages/notes/hello.md", hello, "delete", &[WHY]);
        forms.get(&gone.is(303).location).is(200).says("Saved, and in force.");
        assert!(!place.path("messages/notes/hello.md").exists());
        assert!(!place.daemon.reload().contains("rejected"), "the folder is what is in force");

        let audit = place.signed_in("admin").get("/console/audit").body;
        for line in [
            "messages/notes/hello.md)",
            "scenarios/urgent/severe-pain.ron, scenarios/severe-pain.ron (removed))",
            "messages/notes/hello.md (removed))",
        ] {
            assert!(audit.contains(line), "`{line}` is not in the audit log");
        }
        assert!(place.daemon.stop());
    }

    #[test]
    fn what_the_gate_refuses_changes_no_file() {
        let mut place = Place::new();
        let in_force = place.daemon.reload();
        let mut forms = place.signed_in("clinician");
        let file = "messages/we-missed-you.md";
        let text = place.text(file);

        // A rule sends this message.
        let to = ("new-name", "messages/are-you-there.md");
        let page = press(&mut forms, file, &text, "rename", &[WHY, to]);
        page.is(422).says("unknown-message").says("value=\"messages/are-you-there.md\"");
        press(&mut forms, file, &text, "delete", &[WHY]).is(422).says("Not saved").says("unknown-message");
        // Looked at before: what deleting it would lead to, and what another name would.
        let as_deleted = ("fate", "delete");
        press(&mut forms, file, &text, "check", &[as_deleted])
            .is(200)
            .says("These rules would be refused")
            .says("unknown-message")
            .says("value=\"delete\" checked");
        press(&mut forms, file, &text, "check", &[("fate", "rename"), to]).is(200).says("unknown-message");
        press(&mut forms, file, &text, "check", &[to]).is(200).lacks("unknown-message");
        let taken = ("new-name", "messages/check-in.md");
        press(&mut forms, file, &text, "check", &[("fate", "rename"), taken]).is(200).says("There is a file");
        let story = "scenarios/severe-pain.ron";
        let told = place.text(story);
        press(&mut forms, story, &told, "check", &[as_deleted]).is(200).says("These rules would go live");
        // What was looked at does not change what a button does.
        press(&mut forms, file, &text, "save", &[WHY, as_deleted])
            .is(422)
            .says("The file holds this text already.");
        // Without a reason, and over somebody else's change.
        press(&mut forms, file, &text, "delete", &[]).is(422);
        press_with(&mut forms, file, &text, "delete", &"0".repeat(64), &[WHY])
            .is(422)
            .says("has been changed");
        press_with(&mut forms, file, &text, "rename", &"0".repeat(64), &[WHY, to]).is(422);
        // Onto another file, and out of the folder.
        let taken = ("new-name", "messages/check-in.md");
        press(&mut forms, file, &text, "rename", &[WHY, taken]).is(422).says("There is a file");
        let secret = place.clinic.folder().join("secret.ron");
        std::fs::write(&secret, "secret").unwrap();
        for out in
            ["../secret2.ron", "messages/../../x.ron", "/tmp/x.ron", "", "messages/x.txt", "no/messages.md"]
        {
            press(&mut forms, file, &text, "rename", &[WHY, ("new-name", out)]).is(422);
        }
        press_with(&mut forms, "../secret.ron", "secret", "delete", "", &[WHY]).is(404);
        // Through a link to another folder.
        let away = place.clinic.folder().join("away");
        std::fs::create_dir(&away).unwrap();
        symlink(&away, place.path("linked")).unwrap();
        let through = ("new-name", "linked/severe-pain.ron");
        let story = place.text("scenarios/severe-pain.ron");
        press(&mut forms, "scenarios/severe-pain.ron", &story, "rename", &[WHY, through]).is(422);
        std::fs::remove_file(place.path("linked")).unwrap();
        assert_eq!(std::fs::read_dir(&away).unwrap().count(), 0);
        // By somebody who may only look.
        let opened = value_of(&forms.get(&format!("/console/rules/edit?file={file}")).body, "opened");
        let mut viewer = place.signed_in("viewer");
        press_with(&mut viewer, file, &text, "delete", &opened, &[WHY]).is(403);
        press_with(&mut viewer, file, &text, "rename", &opened, &[WHY, to]).is(403);

        assert_eq!(place.text(file), text);
        assert_eq!(std::fs::read_to_string(&secret).unwrap(), "secret");
        assert!(!place.clinic.folder().join("secret2.ron").exists());
        assert_eq!(place.daemon.reload(), in_force);
        let audit = place.signed_in("admin").get("/console/audit").body;
        assert!(!audit.contains("(removed)"), "nothing was done");
    }
}
