//! The page after an answer: made from what was decided.

use afterrun_rules::{
    Action, Decision, Event, Reason,
    book::TellClinic,
    chart::{AnswerEvent, Value},
    decision::{Audience, Facts, Identity, Subject},
};
use insta::assert_snapshot;

use crate::support::{Browser, Fake, at, book, day, told, word};

const PATH: &str = "/c/tok-check-in-6f2c";

const PAINFUL: &[(&str, &str)] = &[
    ("q.feeling", "pain"),
    ("q.worst_pain", "5"),
    ("q.swelling", "none"),
    ("q.walking", "normal"),
    ("q.pain_on_run", "3"),
    ("none", "1"),
];

const GREEN: &[(&str, &str)] = &[("q.feeling", "fine"), ("none", "1"), ("q.pain_on_run", "0")];

fn clinic_hears(level: TellClinic) -> Decision {
    let mut decision = told("pain-lasting", "Pain lasting more than 3 to 5 days", "2026-03-25", "2026-03-30");
    decision.identity.audience = Audience::Clinic;
    decision.action = Action::TellClinic { level };
    decision
}

fn run_again() -> Decision {
    Decision {
        identity: Identity {
            subject: Subject::RunAgain { run: "r1".into(), about_day: day("2026-04-01") },
            audience: Audience::Patient,
            attempt: 1,
        },
        at: at("2026-04-01T12:30:00Z"),
        action: Action::Send { message: "run-again".into(), urgent: false },
        reason: Reason::new("green", "green at the end of the window"),
        facts: Facts { first_running_day: Some(day("2026-04-02")), ..Facts::default() },
    }
}

/// The text of the page's main part.
async fn outcome(fake: &std::sync::Arc<Fake>, fields: &[(&str, &str)], decisions: Vec<Decision>) -> String {
    *fake.decisions.lock().unwrap() = decisions;
    let page = Browser(fake.router()).post(PATH, fields).await;
    page.is(200).says("Your answers are stored");
    let main = page.html.split_once("<main").unwrap().1.split_once("</main>").unwrap().0.to_owned();
    let mut text = String::new();
    let mut inside = true;
    for c in main.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                if !text.ends_with('\n') {
                    text.push('\n');
                }
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text.replace("&amp;", "&")
}

/// Pain since Wednesday, still there today.
fn in_pain() -> std::sync::Arc<Fake> {
    let fake = Fake::new();
    let days = ["2026-03-25", "2026-03-26", "2026-03-27", "2026-03-28", "2026-03-29"];
    fake.reported(&days, &[("feeling", word("pain")), ("worst_pain", Value::Number(5))]);
    fake
}

#[tokio::test]
async fn a_stage_of_which_the_clinic_hears_today() {
    let told = told("pain-lasting", "Pain lasting more than 3 to 5 days", "2026-03-25", "2026-03-30");
    let decisions = vec![told, clinic_hears(TellClinic::Today)];
    assert_snapshot!(outcome(&in_pain(), PAINFUL, decisions).await);
}

#[tokio::test]
async fn a_stage_that_waits_for_the_digest_and_the_send_window() {
    let mut told = told("pain-lasting", "Pain lasting more than 3 to 5 days", "2026-03-25", "2026-03-30");
    told.at = at("2026-03-31T12:00:00Z");
    let decisions = vec![told, clinic_hears(TellClinic::Digest)];
    assert_snapshot!(outcome(&in_pain(), PAINFUL, decisions).await);
}

#[tokio::test]
async fn a_stage_told_before_and_not_over_still_holds() {
    let fake = in_pain();
    let told = told("pain-lasting", "Pain lasting more than 3 to 5 days", "2026-03-25", "2026-03-28");
    fake.chart.lock().unwrap().record(&told, at("2026-03-28T15:00:00Z"));
    assert_snapshot!(outcome(&fake, PAINFUL, Vec::new()).await);
}

#[tokio::test]
async fn a_problem_too_new_to_be_told() {
    assert_snapshot!(outcome(&Fake::new(), PAINFUL, Vec::new()).await);
}

#[tokio::test]
async fn running_may_start_again() {
    let fake = Fake::new();
    *fake.now.lock().unwrap() = at("2026-04-01T12:30:00Z");
    fake.link_mut("tok-check-in-6f2c", |link| link.expires_at = Some(at("2026-04-02T00:00:00Z")));
    assert_snapshot!(outcome(&fake, GREEN, vec![run_again()]).await);
}

#[tokio::test]
async fn everything_clear() {
    assert_snapshot!(outcome(&Fake::new(), GREEN, Vec::new()).await);
}

#[tokio::test]
async fn an_answer_that_says_neither() {
    let mut book = book();
    book.questions.iter_mut().for_each(|question| question.optional = true);
    let fake = std::sync::Arc::new(Fake::from(book));
    let text = outcome(&fake, &[("none", "1"), ("q.note", "nothing much")], Vec::new()).await;
    assert!(text.contains("We have nothing new to tell you today."), "{text}");
    assert!(!text.contains("look fine"), "{text}");
}

#[tokio::test]
async fn a_sign_ticked_earlier_that_nobody_has_dealt_with_comes_first() {
    let fake = Fake::new();
    let ticked = AnswerEvent {
        check_in: Some("morning-after".into()),
        run: None,
        about_day: day("2026-03-29"),
        values: Default::default(),
        emergencies: Some(vec!["swollen-calf".into()]),
    };
    fake.happened("2026-03-29T20:00:00Z", Event::Answer(ticked));
    let text = outcome(&fake, GREEN, Vec::new()).await;
    assert!(text.contains("Get seen by a doctor today"), "{text}");
    assert!(!text.contains("Keep going"), "{text}");
    fake.happened("2026-03-30T13:59:00Z", Event::EmergencyResolved {});
    let text = outcome(&fake, GREEN, Vec::new()).await;
    assert!(!text.contains("Get seen by a doctor today"), "{text}");
}

#[tokio::test]
async fn while_the_clock_is_in_doubt_answers_are_stored_and_nothing_else_is_said_of_them() {
    let fake = Fake::new();
    *fake.doubted.lock().unwrap() = true;
    // By that clock the check-in closed long ago.
    *fake.now.lock().unwrap() = at("2026-04-09T14:00:00Z");
    Browser(fake.router()).get(PATH).await.is(200);
    let text = outcome(&fake, PAINFUL, Vec::new()).await;
    assert!(text.contains("Something is wrong with the clock"), "{text}");
    for promise in ["We ask again", "next", "Keep going", "Do this first"] {
        assert!(!text.contains(promise), "`{promise}` in {text}");
    }
    assert!(!fake.events.lock().unwrap().is_empty());
}

#[tokio::test]
async fn while_the_clock_is_in_doubt_ticked_signs_are_answered_with_what_to_do_now() {
    let fake = Fake::new();
    *fake.doubted.lock().unwrap() = true;
    let text = outcome(&fake, &[("q.feeling", "pain"), ("sign", "chest-pain")], Vec::new()).await;
    assert!(text.contains("Get help now"), "{text}");
    assert!(text.contains("Do what it says above"), "{text}");
}
