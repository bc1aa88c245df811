//! A clinic's people at work in a real browser without scripts: by keyboard from the sign-in to a resolved item, two
//! clinicians and somebody who may only look, and a runner's page on one sheet of paper.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

use afterrun_tests::{
    browser::{Browser, Scripts, missing},
    console_day::{ConsoleDay, PASSWORD},
    crowd,
    daemon::binary,
    story::local,
};
use chrono::TimeDelta;

/// Whether to go on: on a developer's machine the browser may be missing, in CI it may not.
fn is_ready() -> bool {
    let Some(why) = missing() else { return true };
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}, and CI must not skip this");
    println!("skipped: {why}");
    false
}

fn browser(name: &str) -> Browser {
    let folder: PathBuf = binary().parent().unwrap_or(Path::new(".")).join("pictures").join(name);
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    println!("pictures: {}", folder.display());
    let browser = Browser::start(Scripts::Blocked, &folder);
    browser.size(1280, 900);
    browser
}

#[test]
fn an_item_is_resolved_without_a_mouse() {
    if !is_ready() {
        return;
    }
    let day = ConsoleDay::new();
    let ann = day.add_user("ann", "clinician");
    let browser = browser("keyboard");

    browser.open(&day.day.url("/console"));
    assert_eq!(
        browser.ask("return document.activeElement.id", &[]),
        "email",
        "the first field has the focus"
    );
    browser.press(&ann);
    let passed = browser.tab_to("#password");
    assert_eq!(passed.len(), 1, "one Tab from field to field: {passed:?}");
    browser.press(PASSWORD);
    browser.enter();

    // The list: skip link, navigation, filters, then the rows, most urgent first.
    let passed = browser.tab_to("a.runner");
    assert_eq!(passed.first().map(String::as_str), Some("Skip to the page"), "{passed:?}");
    let place = |words: &str| passed.iter().position(|one| one == words).unwrap_or(usize::MAX);
    assert!(place("Work-list") < place("Sign out") && place("Sign out") < place("Mine"), "{passed:?}");
    browser.picture("1-focus-on-a-row");
    browser.enter();
    assert!(browser.words("h1").contains("Runner1x"), "the emergency stands first");

    // The skip link leads past the navigation.
    browser.tab_to(".skip");
    browser.press("\u{e007}");
    let passed = browser.tab_to("main a, main button, main summary, main [tabindex]");
    assert_eq!(passed.len(), 1, "{passed:?}");

    browser.tab_to("button[value='take']");
    browser.picture("2-focus-on-a-button");
    browser.enter();
    assert!(browser.words(".done").contains("You see to this runner."), "{}", browser.words("main"));
    browser.tab_to("button[name='how'][value='spoke']");
    browser.enter();
    browser.tab_to("button[name='how'][value='seen']");
    browser.enter();
    assert!(browser.words(".done").contains("Done, and off the work-list."), "{}", browser.words("main"));
    assert!(browser.words(".history").contains("Seen, or booked"), "{}", browser.words(".history"));
    browser.open(&day.day.url("/console"));
    assert!(!browser.words("main").contains("Runner1x"), "{}", browser.words("main"));
    // And one tap from the list.
    browser.tab_to("button[value='already-known']");
    browser.enter();
    assert!(browser.words(".done").contains("off the work-list"), "{}", browser.words("main"));
    assert_eq!(browser.ask("return document.querySelectorAll('a.runner').length", &[]), 1);
}

#[test]
fn two_clinicians_see_each_others_work_and_a_viewer_only_looks() {
    if !is_ready() {
        return;
    }
    let day = ConsoleDay::new();
    let ann = day.add_user("ann", "clinician");
    let bob = day.add_user("bob", "clinician");
    let vic = day.add_user("vic", "viewer");
    let anns = browser("work");
    day.sign_in(&anns, &ann);
    anns.open(&day.day.url("/console?show=unowned"));
    anns.follow(&format!("form[action='{}'] button[value='take']", day.page_of(0)));
    anns.open(&day.day.url("/console?show=mine"));
    assert!(anns.words("main").contains("Runner0x"), "{}", anns.words("main"));

    let bobs = browser("work");
    day.sign_in(&bobs, &bob);
    let row = bobs.words("main table.work");
    assert!(row.contains("Acknowledged") && row.contains("ann@clinic.example"), "{row}");
    bobs.open(&day.day.url("/console?show=unowned"));
    assert!(!bobs.words("main").contains("Runner0x"), "{}", bobs.words("main"));
    bobs.open(&day.day.url(&day.page_of(0)));
    bobs.follow("button[name='how'][value='no-answer']");
    // Put off, with a reason: it leaves the list of both.
    bobs.tap(".work details summary");
    bobs.write("#snooze-until", "04-10-2026");
    bobs.write("#snooze-why", "On holiday until then");
    bobs.follow("button[value='snooze']");
    anns.open(&day.day.url("/console"));
    assert!(!anns.words("main").contains("Runner0x"), "{}", anns.words("main"));
    anns.open(&day.day.url(&day.page_of(0)));
    let history = anns.words(".history");
    for words in ["No answer", "On holiday until then", "bob@clinic.example", "ann@clinic.example"] {
        assert!(history.contains(words), "`{words}` is missing in {history}");
    }
    drop(anns);

    // By telephone: the runner's own form in a clinician's hands.
    bobs.tap(".care details summary");
    bobs.follow(".care form[action$='/answer'] button");
    assert!(bobs.words("main").contains("You enter what Runner0x Example says"), "{}", bobs.words("main"));
    for (question, answer) in [
        ("feeling", "sore"),
        ("worst_pain", "2"),
        ("quality", "dull"),
        ("with_movement", "better"),
        ("swelling", "none"),
        ("walking", "normal"),
    ] {
        let choice = format!("[name='q.{question}'][value='{answer}']");
        if bobs.shows(&choice) {
            bobs.tap(&choice);
        }
    }
    bobs.tap("[name='none']");
    if bobs.shows("[name='q.pain_on_run']") {
        bobs.tap("[name='q.pain_on_run'][value='1']");
    }
    bobs.picture("telephone");
    bobs.follow("button[type='submit']");
    assert!(bobs.words(".done").contains("The answers are stored."), "{}", bobs.words("main"));
    assert!(bobs.words(".answers").contains("by telephone"), "{}", bobs.words(".answers"));
    drop(bobs);

    let vics = browser("work");
    day.sign_in(&vics, &vic);
    vics.open(&day.day.url(&day.page_of(0)));
    assert!(vics.words("h1").contains("Runner0x"));
    let buttons = vics.ask("return document.querySelectorAll('main button').length", &[]);
    assert_eq!(buttons, 0, "a viewer has nothing to press");
    // A message is shown as it was sent, but for what opens the runner's own pages.
    vics.follow(".messages a[href*='/console/messages/']");
    let letter = vics.words(".letter");
    let stop = day.day.link(&crowd::address(0), "/s/");
    let key = stop.rsplit('/').next().unwrap_or_default();
    assert!(letter.contains("/s/...") && key.len() > 20 && !letter.contains(key), "{letter}");
}

#[test]
fn a_stage_told_by_a_person_is_mailed_once() {
    if !is_ready() {
        return;
    }
    let mut day = ConsoleDay::new();
    let ann = day.add_user("ann", "clinician");
    let browser = browser("override");
    day.sign_in(&browser, &ann);
    let decide = |day: &ConsoleDay, stage: &str, word: &str, because: &str| {
        browser.open(&day.day.url(&day.page_of(0)));
        browser.tap(".care details:has(#override-stage) summary");
        browser.tap(&format!("#override-stage option[value='{stage}']"));
        browser.write("#override-because", because);
        browser.picture(word);
        browser.follow(&format!("button[name='word'][value='{word}']"));
        assert!(
            browser.words(".done").contains("Your word about the stage is stored."),
            "{}",
            browser.words("main")
        );
    };
    let runner = crowd::address(0);
    // What became of the stage, as the operator sees it.
    let told = |day: &ConsoleDay| {
        let shown = day.day.clinic.run(day.day.now(), &["patient", "show", &runner]);
        let of_stage = shown.lines().filter(|line| line.contains("patient/stage/limping/persists"));
        of_stage.map(str::to_owned).collect::<Vec<_>>()
    };
    // The rule asks for `persists` of limping tomorrow; the clinician wants it told now.
    let now = day.day.now();
    assert!(told(&day).is_empty(), "nothing yet: {:?}", told(&day));
    decide(&day, "limping/persists", "send", "She leaves for a race tomorrow");
    day.day.step_to(now);
    // Two messages have gone out today: the limits of a day hold for a person's word too.
    assert!(told(&day).len() == 1 && told(&day)[0].contains("queued"), "{:?}", told(&day));
    browser.open(&day.day.url(&day.page_of(0)));
    let why = browser.words(".messages");
    assert!(
        why.contains("a clinician asked for stage persists") && why.contains("She leaves for a race"),
        "{why}"
    );
    assert!(browser.words(".history").contains("Tell the runner now. She leaves for a race tomorrow"));
    day.pass(local("2026-04-03", "08:00"), TimeDelta::hours(1));
    let once = told(&day);
    assert!(once.len() == 1 && once[0].contains("accepted"), "{once:?}");
    // The limp goes on, the rule reaches the stage: it has been told.
    let answer = ["answer", "add", &runner, "--value", "feeling=pain", "--value", "walking=limp"];
    day.day
        .clinic
        .run(day.day.now(), &[&answer[..], &["--value", "worst_pain=2", "--no-emergency"]].concat());
    day.pass(local("2026-04-04", "07:00"), TimeDelta::hours(1));
    assert_eq!(told(&day), once, "told once");
}

#[test]
fn a_runners_page_prints_on_one_sheet() {
    if !is_ready() {
        return;
    }
    let day = ConsoleDay::new();
    let ann = day.add_user("ann", "clinician");
    let browser = browser("paper");
    day.sign_in(&browser, &ann);
    for number in 0..4 {
        browser.open(&day.day.url(&day.page_of(number)));
        let sheets = browser.print(&format!("runner-{number}"));
        assert_eq!(sheets, 1, "the page of runner {number}");
        assert_eq!(browser.cut_off_on_paper("main"), 0, "nothing of runner {number} is cut off");
    }
}

/// Where the names of the plot's rows and its newest day are, moved to one end and to the other.
const PLOT: &str = "
    const plot = document.querySelector('.plot');
    const edges = () => {
        const at = (one) => one.getBoundingClientRect();
        const [outer, names, days] = [at(plot), at(plot.querySelector('.names')), at(plot.querySelector('.days'))];
        return [names.left - outer.left, days.right - outer.right].map(Math.round);
    };
    const first = edges();
    plot.scrollLeft = -100000;
    return [plot.scrollWidth > plot.clientWidth, ...first, ...edges()];";

#[test]
fn the_names_of_the_plots_rows_stay_in_sight_on_a_telephone() {
    if !is_ready() {
        return;
    }
    let day = ConsoleDay::new();
    let ann = day.add_user("ann", "viewer");
    let browser = browser("plot");
    day.sign_in(&browser, &ann);
    for width in [320, 390] {
        browser.size(width, 800);
        browser.open(&day.day.url(&day.page_of(0)));
        assert_eq!(browser.too_wide(), 0, "the page is too wide for a window of {width}");
        let found = browser.ask(PLOT, &[]);
        let [moves, names, newest, names_moved, newest_moved] =
            found.as_array().map_or(&[][..], Vec::as_slice)
        else {
            panic!("{found}");
        };
        assert_eq!(moves, true, "{width}: {found}");
        assert_eq!([names, newest], [0, 0], "{width}: the names and the newest day are in sight at first");
        assert_eq!(names_moved, 0, "{width}: the names stay when the days are moved");
        assert!(newest_moved.as_i64().is_some_and(|right| right > 50), "{width}: {found}");
    }
}
