//! The check-in form and what is recorded from it.

use std::sync::Arc;

use afterrun_rules::{
    Event,
    book::Condition,
    chart::{AnswerEvent, Value},
};
use insta::assert_snapshot;

use crate::support::{Browser, Failure, Fake, at, book, day, gate, token, word};

const PATH: &str = "/c/tok-check-in-6f2c";

fn browser(fake: &Arc<Fake>) -> Browser {
    Browser(fake.router())
}

/// Everything good, as four taps give it, plus the run's score.
const GREEN: &[(&str, &str)] = &[("q.feeling", "fine"), ("none", "1"), ("q.pain_on_run", "0")];

const PAINFUL: &[(&str, &str)] = &[
    ("q.feeling", "pain"),
    ("q.worst_pain", "5"),
    ("q.swelling", "none"),
    ("q.walking", "normal"),
    ("q.pain_on_run", "3"),
    ("none", "1"),
];

#[tokio::test]
async fn the_form() {
    let fake = Fake::new();
    let page = browser(&fake).get(PATH).await;
    page.is(200);
    assert_snapshot!(page.pretty());
    assert!(fake.is_untouched());
}

#[tokio::test]
async fn a_good_morning_takes_the_first_answer_none_of_these_and_send() {
    let fake = Fake::new();
    let page = browser(&fake).post(PATH, GREEN).await;
    assert_snapshot!(fake.recorded());
    assert_snapshot!(page.pretty());
}

#[tokio::test]
async fn pain_is_recorded_with_the_run_apart() {
    let fake = Fake::new();
    browser(&fake).post(PATH, PAINFUL).await.is(200);
    assert_snapshot!(fake.recorded());
}

#[tokio::test]
async fn what_is_missing_is_said_at_the_field_and_nothing_is_recorded() {
    let fake = Fake::new();
    let page = browser(&fake).post(PATH, &[("q.feeling", "pain"), ("q.note", "left knee")]).await;
    page.is(422).says("left knee");
    assert_snapshot!(page.pretty());
    assert!(fake.is_untouched());
}

#[tokio::test]
async fn an_empty_form_as_a_scanner_sends_it_is_refused() {
    let fake = Fake::new();
    browser(&fake).post(PATH, &[]).await.is(422);
    assert!(fake.is_untouched());
}

#[tokio::test]
async fn values_off_the_scale_or_the_list_are_refused() {
    for (field, value, words) in [
        ("q.worst_pain", "11", "Please choose a number from 0 to 10."),
        ("q.worst_pain", "-1", "Please choose a number from 0 to 10."),
        ("q.worst_pain", "five", "Please choose a number from 0 to 10."),
        ("q.swelling", "everywhere", "Please choose one."),
        ("q.feeling", "FINE", "Please choose one."),
    ] {
        let fake = Fake::new();
        let fields: Vec<_> =
            PAINFUL.iter().map(|pair| if pair.0 == field { (field, value) } else { *pair }).collect();
        browser(&fake).post(PATH, &fields).await.is(422).says(words);
        assert!(fake.is_untouched(), "{field}={value}");
    }
}

#[tokio::test]
async fn a_text_is_counted_in_characters() {
    let fake = Fake::new();
    let fits = "é".repeat(500);
    let mut fields = GREEN.to_vec();
    fields.push(("q.note", &fits));
    browser(&fake).post(PATH, &fields).await.is(200);
    let long = "é".repeat(501);
    fields.pop();
    fields.push(("q.note", &long));
    browser(&fake).post(PATH, &fields).await.is(422).says("This has 501 characters. Please keep it to 500.");
}

#[tokio::test]
async fn fields_the_form_does_not_have_are_ignored() {
    let fake = Fake::new();
    let mut fields = GREEN.to_vec();
    fields.extend([("q.unknown", "1"), ("admin", "true"), ("sign", "no-such-sign"), ("q.", "")]);
    browser(&fake).post(PATH, &fields).await.is(200);
    let lean = Fake::new();
    browser(&lean).post(PATH, GREEN).await.is(200);
    assert_eq!(fake.recorded(), lean.recorded());
}

fn values(fake: &Fake) -> AnswerEvent {
    match fake.events.lock().unwrap().first() {
        Some(Event::Answer(answer)) => answer.clone(),
        other => panic!("no answer but {other:?}"),
    }
}

#[tokio::test]
async fn answers_left_in_hidden_questions_are_dropped() {
    let fake = Fake::new();
    let mut fields = GREEN.to_vec();
    fields.extend([("q.worst_pain", "9"), ("q.swelling", "joint"), ("q.woke", "yes")]);
    browser(&fake).post(PATH, &fields).await.is(200);
    let answer = values(&fake);
    assert_eq!(answer.values.get("worst_pain"), None);
    assert_eq!(answer.values.get("swelling"), None);
    assert_eq!(answer.values.get("woke"), None);
    assert_eq!(answer.values.get("feeling"), Some(&Value::Word("fine".into())));
}

#[tokio::test]
async fn a_gate_on_two_answers_opens_only_with_both() {
    for (pain, swelling, status) in [("5", "joint", 422), ("3", "joint", 200), ("5", "none", 200)] {
        let fake = Fake::new();
        let fields = [
            ("q.feeling", "pain"),
            ("q.worst_pain", pain),
            ("q.swelling", swelling),
            ("q.walking", "limp"),
            ("q.pain_on_run", "3"),
            ("none", "1"),
        ];
        browser(&fake).post(PATH, &fields).await.is(status);
    }
}

#[tokio::test]
async fn a_gate_the_page_cannot_judge_shows_its_question_and_does_not_insist() {
    let mut book = book();
    let (rose, _) = book.question("worst_pain").unwrap();
    book.questions[4].only_if = Some(Condition::RoseBy { question: rose, points: 2, within_days: 3 });
    let fake = Arc::new(Fake::from(book));
    browser(&fake).get(PATH).await.says("form.ask:is(*) #q4{display:block}");
    browser(&fake).post(PATH, GREEN).await.is(200);
}

#[tokio::test]
async fn what_an_open_episode_needs_is_asked_whatever_its_gate() {
    let fake = Fake::new();
    fake.reported(&["2026-03-29"], &[("feeling", word("pain")), ("swelling", word("joint"))]);
    let page = browser(&fake).get(PATH).await;
    page.lacks("#q2{display:none}").says("#q1{display:none}");
    browser(&fake).post(PATH, GREEN).await.is(422).says("Do you see swelling?");
}

#[tokio::test]
async fn a_ticked_sign_is_recorded_whatever_else_is_missing_or_wrong() {
    for fields in [
        vec![("sign", "chest-pain")],
        vec![("sign", "chest-pain"), ("none", "1"), ("q.feeling", "fine"), ("q.pain_on_run", "0")],
        vec![("sign", "chest-pain"), ("q.worst_pain", "99"), ("q.feeling", "pain")],
    ] {
        let fake = Fake::new();
        let page = browser(&fake).post(PATH, &fields).await;
        page.is(200).says("Get help now. Do not wait for us.").says("Call 911 now.");
        assert_eq!(values(&fake).emergencies, Some(vec!["chest-pain".into()]));
        assert_eq!(values(&fake).values.get("worst_pain"), None);
    }
}

#[tokio::test]
async fn after_a_ticked_sign_the_page_begins_with_what_to_do_now() {
    let fake = Fake::new();
    let fields = [("sign", "swollen-calf"), ("sign", "chest-pain"), ("q.feeling", "pain")];
    assert_snapshot!(browser(&fake).post(PATH, &fields).await.pretty());
}

#[tokio::test]
async fn a_signs_advice_stands_on_the_page_before_anything_is_sent() {
    let fake = Fake::new();
    let page = browser(&fake).get(PATH).await;
    let (advice, send) = (page.html.find("Call 911 now."), page.html.find("Send my answers"));
    assert!(advice.unwrap() < send.unwrap());
}

#[tokio::test]
async fn an_answer_can_be_amended_and_the_form_shows_it() {
    let fake = Fake::new();
    browser(&fake).post(PATH, PAINFUL).await.is(200);
    let page = browser(&fake).get(PATH).await;
    assert_snapshot!(page.pretty());
    // The tick-list is asked anew.
    page.lacks("id=\"sign-none\" checked");
    // Pain was reported, so pain is asked whatever the first answer says.
    let mut better = GREEN.to_vec();
    better.push(("q.worst_pain", "1"));
    browser(&fake).post(PATH, &better).await.is(200);
    assert_eq!(fake.chart.lock().unwrap().answers.iter().map(|a| a.revision).collect::<Vec<_>>(), [2, 2]);
}

#[tokio::test]
async fn amending_keeps_what_an_earlier_form_asked_about_the_run() {
    let fake = Fake::new();
    let earlier = AnswerEvent {
        check_in: None,
        run: Some("r1".into()),
        about_day: day("2026-03-29"),
        values: [("effort".into(), Value::Number(7))].into_iter().collect(),
        emergencies: None,
    };
    fake.happened("2026-03-29T20:00:00Z", Event::Answer(earlier));
    browser(&fake).post(PATH, GREEN).await.is(200);
    let chart = fake.chart.lock().unwrap();
    let about_run: Vec<_> = chart.answers.iter().filter(|a| a.about_day == day("2026-03-29")).collect();
    assert_eq!(about_run.len(), 1);
    assert_eq!(about_run[0].values.get("effort"), Some(&Value::Number(7)));
    assert_eq!(about_run[0].values.get("pain_on_run"), Some(&Value::Number(0)));
}

#[tokio::test]
async fn questions_no_longer_in_the_book_are_left_out() {
    let mut book = book();
    book.questions.retain(|question| question.id != *"note");
    let fake = Arc::new(Fake::from(book));
    fake.chart.lock().unwrap().check_ins[0].questions.push("note".into());
    browser(&fake).get(PATH).await.is(200).lacks("Anything else?");
}

#[tokio::test]
async fn a_deleted_run_is_not_asked_about() {
    let fake = Fake::new();
    fake.happened("2026-03-30T13:00:00Z", Event::RunRemoved { run: "r1".into() });
    browser(&fake).get(PATH).await.is(200).lacks("Worst pain during this run?");
    browser(&fake).post(PATH, &[("q.feeling", "fine"), ("none", "1")]).await.is(200);
    assert_eq!(fake.events.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn when_recording_fails_the_page_says_so_and_keeps_what_was_entered() {
    for (failure, status) in [(Failure::Busy, 503), (Failure::Unavailable, 503), (Failure::Refused, 422)] {
        let fake = Fake::new();
        fake.fail(failure);
        let page = browser(&fake).post(PATH, PAINFUL).await;
        page.is(status).says("555-0100").says("value=\"pain\" id=\"q0-2\" checked").lacks("are stored");
        match failure {
            Failure::Refused => page.says("This day is too long ago."),
            _ => page.says("NOT stored").lacks("disk full").lacks("queue full"),
        };
    }
}

#[tokio::test]
async fn an_answer_for_an_earlier_day_names_the_day() {
    let fake = Fake::new();
    *fake.now.lock().unwrap() = at("2026-03-31T14:00:00Z");
    browser(&fake).get(PATH).await.says("Please answer for how it was yesterday.");
}

#[tokio::test]
async fn markup_in_names_rules_and_answers_stays_text() {
    const EVIL: &str = "</style><script>alert(1)</script>\"'";
    let mut book = book();
    book.clinic.name = EVIL.into();
    book.clinic.phone = EVIL.into();
    book.questions[0].ask = EVIL.into();
    book.emergencies[0].do_now = EVIL.into();
    book.questions[1].only_if = Some(gate());
    let fake = Arc::new(Fake::from(book));
    fake.patient.lock().unwrap().name = EVIL.to_owned();
    *fake.notice.lock().unwrap() = Some(EVIL.to_owned());
    let browser = browser(&fake);
    let fields = [("q.feeling", EVIL), ("q.note", EVIL), ("sign", "x")];
    for page in [
        browser.get(PATH).await,
        browser.post(PATH, &fields).await,
        browser.post(PATH, &[("sign", "chest-pain"), ("q.note", EVIL)]).await,
        browser.get(PATH).await,
        browser.get(&format!("/p/{}", token::MY_PAGE)).await,
        browser.get(&format!("/s/{}", token::STOP)).await,
    ] {
        page.lacks("<script").says("&lt;script&gt;");
    }
}
