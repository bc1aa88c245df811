//! The pages about the rules: history, messages, comparing, editing, and who may do what.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use afterrun_rules::{
    BookHash,
    compare::{Change, Changes, Comparison, SkippedCharts, Volume},
    source::Source,
};
use afterrun_store::{NewRefusedBook, NewRuleEdit, StoredBook, UserKey};
use afterrun_web::{Candidate, ComparisonSeen, ComparisonState, file_hash};
use axum::http::{Request, header};

use crate::clinic::{Browser, Clinic, start};

const FILE: &str = "red-flags.ron";
const TEXT: &str = "RedFlags(\n    flags: [],\n)\n";

fn hash(number: u8) -> BookHash {
    BookHash([number; 32])
}

async fn live(clinic: &Clinic, number: u8, text: &str) {
    let files = [(FILE.to_owned(), text.as_bytes().into())].into();
    clinic.store.save_book(StoredBook { hash: hash(number), files, live_since: start() }).await.unwrap();
}

fn edit_of<'a>(text: &'a str, opened: &'a str, reason: &'a str, what: &'a str) -> [(&'a str, &'a str); 5] {
    [("file", FILE), ("text", text), ("opened", opened), ("reason", reason), ("do", what)]
}

async fn with_folder() -> (Arc<Clinic>, Browser) {
    let clinic = Clinic::new().await;
    clinic.rules.holds(&[(FILE, TEXT)]);
    let browser = clinic.signed_in("clinician").await;
    (clinic, browser)
}

fn done() -> Comparison {
    let change = Change {
        patient: "p-17".into(),
        flag: "pain".into(),
        stage: "see-us".into(),
        before: Some("2026-03-20".parse().unwrap()),
        after: None,
        reason: "because of worst pain 5".into(),
        missing: Some("one report is missing".to_owned()),
    };
    let erased = Change { patient: "p-gone".into(), reason: "a secret".into(), ..change.clone() };
    Comparison {
        old: hash(1).short(),
        new: hash(2).short(),
        charts: 2,
        no_longer_flagged: Changes { count: 2, listed: vec![change, erased] },
        newly_flagged: Changes::default(),
        later: Changes::default(),
        earlier: Changes::default(),
        stages: Vec::new(),
        patient_weeks: 4.0,
        before: Volume { messages: 12, check_ins: 8, clinic: 2 },
        after: Volume { messages: 10, check_ins: 8, clinic: 0 },
        skipped: SkippedCharts::default(),
    }
}

pub fn seen(state: ComparisonState) -> ComparisonSeen {
    ComparisonSeen {
        id: "c1".to_owned(),
        candidate: Candidate::Folder,
        by: "clinician@clinic.example".to_owned(),
        at: start(),
        old: hash(1),
        new: hash(2),
        titles: BTreeMap::from([("pain".to_owned(), "Pain that stays".to_owned())]),
        state,
    }
}

#[tokio::test]
async fn the_history_names_who_changed_what_and_why() {
    let clinic = Clinic::new().await;
    live(&clinic, 1, TEXT).await;
    let edit = NewRuleEdit {
        hash: hash(2),
        by: UserKey(2),
        at: start(),
        file: FILE.to_owned(),
        reason: "fewer <calls>".to_owned(),
    };
    clinic.store.note_edit(edit).await.unwrap();
    live(&clinic, 2, "RedFlags(\n    flags: [], // none\n)\n").await;
    let mut browser = clinic.signed_in("viewer").await;
    browser
        .get("/console/rules/books")
        .await
        .is(200)
        .says("clinician@clinic.example")
        .says("fewer &lt;calls&gt;");
    let book = browser.get(&format!("/console/rules/books/{}", hash(2))).await;
    book.is(200).says("Against the book before it").says("<ins> // none</ins>").says("tr class=\"removed\"");
    book.lacks("Compare with the rules in force");
    browser.get(&format!("/console/rules/books/{}", hash(9))).await.is(404);
    browser.get("/console/rules/books/none").await.is(404);
    let sent = browser.get(&format!("/console/rules/books/{}/messages", hash(2))).await;
    sent.is(200).says("Nothing was decided under this book.");
}

#[tokio::test]
async fn a_refused_book_says_why() {
    let clinic = Clinic::new().await;
    let files = [(FILE.to_owned(), TEXT.as_bytes().into())].into();
    let findings = "error[syntax]: expected `,` <here>".to_owned();
    let refused = NewRefusedBook { hash: hash(3), at: start(), findings, files };
    clinic.store.save_refused(refused).await.unwrap();
    let mut browser = clinic.signed_in("viewer").await;
    browser.get("/console/rules/books").await.says("expected `,` &lt;here&gt;");
    browser
        .get(&format!("/console/rules/books/{}", hash(3)))
        .await
        .says("Why it was refused")
        .says("refused");
}

#[tokio::test]
async fn editing_is_off_unless_it_is_allowed_and_not_for_viewers() {
    let clinic = Clinic::new().await;
    clinic.rules.closed.store(true, Ordering::Relaxed);
    let mut clinician = clinic.signed_in("clinician").await;
    clinician.get("/console/rules/edit").await.is(200).says("edit_rules: InConsole");
    clinician.post("/console/rules/edit", &edit_of(TEXT, "", "why", "save")).await.is(403);
    clinician.post("/console/rules/edit/draft", &edit_of(TEXT, "", "", "")).await.is(403);
    clinic.rules.holds(&[(FILE, TEXT)]);
    let mut viewer = clinic.signed_in("viewer").await;
    viewer.get("/console/rules/edit").await.is(403);
    viewer.get("/console/rules/edit?file=red-flags.ron").await.is(403).lacks("RedFlags");
    let opened = file_hash(TEXT.as_bytes());
    viewer.post("/console/rules/edit", &edit_of("RedFlags()", &opened, "why", "save")).await.is(403);
    viewer.post("/console/rules/edit/draft", &edit_of("RedFlags()", &opened, "", "")).await.is(403);
    clinician.post_bare("/console/rules/edit", &edit_of("RedFlags()", &opened, "why", "save")).await.is(403);
    assert!(clinic.rules.saved.lock().unwrap().is_empty());
    clinic.signed_in("admin").await.get("/console/rules/edit?file=red-flags.ron").await.is(200);
}

#[tokio::test]
async fn a_text_goes_through_the_form_unharmed() {
    let (clinic, mut browser) = with_folder().await;
    let odd = "\n\n  </textarea><b>&amp; „x“\n\tend  \n\n";
    clinic.rules.holds(&[(FILE, odd)]);
    let page = browser.get("/console/rules/edit?file=red-flags.ron").await;
    let escaped = "\n\n\n  &lt;/textarea&gt;&lt;b&gt;&amp;amp; „x“\n\tend  \n\n</textarea>";
    page.is(200).says(escaped).says(&file_hash(odd.as_bytes()));
    // Browsers send CR LF.
    let sent = format!("{}more", odd.replace('\n', "\r\n"));
    let opened = file_hash(odd.as_bytes());
    browser.post("/console/rules/edit", &edit_of(&sent, &opened, "why", "save")).await.is(303);
    assert_eq!(clinic.rules.saved.lock().unwrap()[0].files[0].text, format!("{odd}more"));
    clinic.rules.holds(&[(FILE, "a\r\nb\r\n")]);
    let opened = file_hash(b"a\r\nb\r\n");
    browser.post("/console/rules/edit", &edit_of("a\r\nc\r\n", &opened, "why", "save")).await.is(303);
    assert_eq!(
        clinic.rules.saved.lock().unwrap()[1].files[0].text,
        "a\r\nc\r\n",
        "a file keeps its line ends"
    );
}

#[tokio::test]
async fn checking_says_what_is_wrong_and_keeps_the_text() {
    let (clinic, mut browser) = with_folder().await;
    let opened = file_hash(TEXT.as_bytes());
    let bad = "RedFlags(flag: [])";
    let page = browser.post("/console/rules/edit", &edit_of(bad, &opened, "why <b>", "check")).await;
    page.is(200).says("would be refused").says("unknown-field").says("flag: []").says("why &lt;b&gt;");
    let piece = browser.post("/console/rules/edit/draft", &edit_of(bad, &opened, "", "")).await;
    piece.is(200).says("unknown-field").lacks("<html");
    assert!(clinic.rules.saved.lock().unwrap().is_empty());
}

#[tokio::test]
async fn saving_needs_a_reason_and_is_audited() {
    let (clinic, mut browser) = with_folder().await;
    let opened = file_hash(TEXT.as_bytes());
    browser.post("/console/rules/edit", &edit_of("RedFlags()", &opened, "", "save")).await.is(422);
    browser
        .post("/console/rules/edit", &edit_of("RedFlags()", "other", "why", "save"))
        .await
        .is(422)
        .says("has been changed since you opened it");
    assert!(clinic.rules.saved.lock().unwrap().is_empty());
    browser.post("/console/rules/edit", &edit_of("RedFlags()", &opened, "why", "save")).await.is(303);
    assert_eq!(clinic.rules.saved.lock().unwrap()[0].reason, "why");
    let audit = clinic.audit().await;
    assert!(audit.iter().any(|line| line.action == "rules-edit" && line.actor == "user 2"), "{audit:?}");
}

#[tokio::test]
async fn files_that_belong_together_are_saved_together() {
    let (clinic, mut browser) = with_folder().await;
    clinic.rules.holds(&[
        (FILE, TEXT),
        ("scenarios/a.ron", "Scenarios()"),
        ("scenarios/b.ron", "Scenarios()"),
    ]);
    let opened = file_hash(TEXT.as_bytes());
    let mut form = edit_of("RedFlags()", &opened, "why", "another").to_vec();
    form.push(("pick", "scenarios/a.ron"));
    let page = browser.post("/console/rules/edit", &form).await;
    page.is(200).says("Edit scenarios/a.ron").says("name=\"other-text\" value=\"RedFlags()\"");
    let scenarios = file_hash(b"Scenarios()");
    let form = [
        ("file", "scenarios/a.ron"),
        ("text", "Scenarios( )"),
        ("opened", &scenarios),
        ("other-file", FILE),
        ("other-text", "RedFlags()"),
        ("other-opened", &opened),
        ("reason", "why"),
    ];
    // A finding in a third file leads there; what was not changed is left behind on the way.
    let mut third = form.to_vec();
    third[1].1 = "Scenarios()";
    third.push(("another", "scenarios/b.ron"));
    let page = browser.post("/console/rules/edit", &third).await;
    page.is(200)
        .says("Edit scenarios/b.ron")
        .says("value=\"red-flags.ron\"")
        .lacks("name=\"other-file\" value=\"scenarios/a.ron\"");
    // Back to the first, with its text as written.
    let mut back = form.to_vec();
    back.push(("another", FILE));
    browser
        .post("/console/rules/edit", &back)
        .await
        .is(200)
        .says("Edit red-flags.ron")
        .says("RedFlags()</textarea>");
    let mut save = form.to_vec();
    save.push(("do", "save"));
    browser.post("/console/rules/edit", &save).await.is(303);
    let saved = clinic.rules.saved.lock().unwrap()[0].clone();
    let files: Vec<_> = saved.files.iter().map(|file| (file.file.as_str(), file.text.as_str())).collect();
    assert_eq!(files, [("scenarios/a.ron", "Scenarios( )"), (FILE, "RedFlags()")]);
    save[3].1 = "../x.ron";
    browser.post("/console/rules/edit", &save).await.is(404);
}

#[tokio::test]
async fn paths_that_lead_out_are_no_files() {
    let (clinic, mut browser) = with_folder().await;
    for path in ["../afterrun.ron", "/etc/passwd", "messages/../../x.ron", "README.md", ".git/x.ron"] {
        browser.get(&format!("/console/rules/edit?file={path}")).await.is(404);
        let fields = [("file", path), ("text", "x"), ("opened", ""), ("reason", "why"), ("do", "save")];
        browser.post("/console/rules/edit", &fields).await.is(404);
        browser.post("/console/rules/edit/draft", &fields).await.is(404);
    }
    assert!(clinic.rules.saved.lock().unwrap().is_empty());
    browser.get("/console/rules/edit?file=messages/new.md").await.is(200).says("new");
}

#[tokio::test]
async fn comparing_takes_the_folder_a_book_a_draft_or_an_archive() {
    let (clinic, mut browser) = with_folder().await;
    live(&clinic, 1, TEXT).await;
    let begun = browser.post("/console/rules/compare", &[("do", "folder")]).await;
    assert_eq!(begun.is(303).header("location"), "/console/rules/compare/c1");
    let number = hash(1).to_string();
    browser.post("/console/rules/compare", &[("do", "book"), ("book", &number)]).await.is(303);
    let opened = file_hash(TEXT.as_bytes());
    browser.post("/console/rules/edit", &edit_of("RedFlags()", &opened, "", "compare")).await.is(303);
    let compared: Vec<_> =
        clinic.rules.compared.lock().unwrap().iter().map(|wanted| wanted.candidate.clone()).collect();
    assert_eq!(compared, [Candidate::Folder, Candidate::Book(hash(1)), Candidate::Draft(FILE.to_owned())]);
    let draft = clinic.rules.compared.lock().unwrap()[2].sources.files[FILE].clone();
    assert_eq!(draft, Source::Bytes(b"RedFlags()".as_slice().into()));
    let audit = clinic.audit().await;
    assert_eq!(audit.iter().filter(|line| line.action == "rules-compare").count(), 3);

    let token = browser.form_token().await;
    let form = |token: &str, archive: &str| {
        format!(
            "--b\r\ncontent-disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n\
             --b\r\ncontent-disposition: form-data; name=\"archive\"; filename=\"a.zip\"\r\n\r\n{archive}\r\n--b--\r\n"
        )
    };
    let post = |origin: &str| {
        Request::post("/console/rules/compare/upload")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
            .header(header::ORIGIN, origin)
            .header(header::HOST, "clinic.example")
    };
    let ours = "https://clinic.example";
    browser.send(post(ours), form(&token, "no zip")).await.is(422).says("no zip file that can be read");
    browser.send(post(ours), form(&token, "")).await.is(422).says("choose a zip file");
    browser.send(post(ours), form("guessed", "no zip")).await.is(403);
    browser.send(post("https://evil.example"), form(&token, "no zip")).await.is(403);
    browser.send(post(ours), form(&token, &"x".repeat(9 << 20))).await.is(413);
}

#[tokio::test]
async fn a_comparison_shows_its_progress_then_who_is_no_longer_flagged_first() {
    let (clinic, mut browser) = with_folder().await;
    browser.get("/console/rules/compare/c1").await.is(404);
    let running = ComparisonState::Running { done: 3, total: 8 };
    *clinic.rules.comparison.lock().unwrap() = Some(seen(running));
    let page = browser.get("/console/rules/compare/c1").await;
    page.is(200).says("3 of 8 charts").says("http-equiv=\"refresh\"").says("Cancel");
    browser.post("/console/rules/compare/c1", &[("do", "cancel")]).await.is(303);
    assert_eq!(*clinic.rules.cancelled.lock().unwrap(), ["c1"]);

    *clinic.rules.comparison.lock().unwrap() = Some(seen(ComparisonState::Done(Arc::new(done()))));
    let page = browser.get("/console/rules/compare/c1").await;
    page.is(200).lacks("http-equiv=\"refresh\"").says("Sam &lt;Rivera&gt;").says("Pain that stays");
    page.says("Under the other rules: one report is missing").says("erased").lacks("a secret");
    // 12 messages in 4 weeks of runners: 3 each; 2 runners, 6 a week.
    page.says("3.0").says("2.5").says("-0.5").says("6.0");
    let order: Vec<_> = ["No longer flagged", "Newly flagged", "Later", "Earlier"]
        .map(|words| page.html.find(&format!("<h2>{words}")).unwrap())
        .to_vec();
    assert!(order.is_sorted(), "{order:?}");
    let audit = clinic.audit().await;
    assert!(audit.iter().any(|line| line.action == "rules-compare-view" && line.subject == "c1"));

    let mut viewer = clinic.signed_in("viewer").await;
    viewer.get("/console/rules/compare").await.is(200).lacks("Compare with the folder");
    viewer.post("/console/rules/compare", &[("do", "folder")]).await.is(403);
    viewer.post("/console/rules/compare/c1", &[("do", "cancel")]).await.is(403);
}
