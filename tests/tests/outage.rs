//! What happens around an outage, ours or the mail server's: nothing stale, nothing in a burst, nothing lost,
//! and nobody's address suffers for it.

use std::collections::BTreeMap;

use afterrun_rules::Event;
use afterrun_store::{Message, MessageState};
use afterrun_tests::{
    clinic_day::ClinicDay,
    crowd,
    daemon::{Clinic, get, post},
    smtp_server::{At, Fault},
    story::{local, pain},
};
use chrono::{NaiveDate, TimeDelta, Timelike};
use chrono_tz::Tz;

const TEAM: &str = "team@clinic.example";
const HOUR: TimeDelta = TimeDelta::hours(1);

/// Zones on both sides of the date line.
const ZONES: [Tz; 4] =
    [Tz::Europe__London, Tz::America__Los_Angeles, Tz::Asia__Kolkata, Tz::Pacific__Auckland];

fn unchanged(_: &Clinic) {}

/// A small clinic in London, on the day of the run.
fn small(fields: &str, change: impl FnOnce(&Clinic), runners: usize) -> ClinicDay {
    let times = (local("2026-03-27", "07:00"), local("2026-03-27", "10:00"));
    ClinicDay::new(fields, change, runners, &[Tz::Europe__London], times)
}

/// The about-day of a check-in; none for any other message.
fn about_day(message: &Message) -> Option<NaiveDate> {
    let about = message.identity_text.strip_prefix("patient/check-in/")?;
    about.rsplit('/').next()?.get(..10)?.parse().ok()
}

#[test]
fn two_days_off_with_a_thousand_runners() {
    const RUNNERS: usize = 1_000;
    let times = (local("2026-03-26", "16:00"), local("2026-03-26", "20:00"));
    let mut day = ClinicDay::new("", unchanged, RUNNERS, &ZONES, times);
    day.pass(local("2026-03-28", "12:00"), HOUR);
    day.off();
    let back = local("2026-03-30", "12:30");
    let before = day.arrived().len();
    day.step_to(back);
    // A day has passed everywhere: the check-in after the first one on return has come too.
    day.pass(back + TimeDelta::hours(24), HOUR);

    let outbox = day.outbox();
    let mut on_return: BTreeMap<&str, Vec<NaiveDate>> = BTreeMap::new();
    for (at, mail) in &day.arrived()[before..] {
        let message = day.message_of(&outbox, mail);
        let Some(number) = number_of(&mail.to[0]) else { continue };
        let local = at.with_timezone(&ZONES[number % ZONES.len()]);
        assert!((7..20).contains(&local.hour()), "{} left at {local}", message.identity_text);
        if let Some(about) = about_day(message) {
            assert_eq!(about, local.date_naive(), "a stale check-in on {local}");
            on_return.entry(&mail.to[0]).or_default().push(about);
        }
    }
    assert_eq!(on_return.len(), RUNNERS, "everybody is asked again");
    for (who, days) in &on_return {
        let mut once = days.clone();
        once.dedup();
        assert_eq!(&once, days, "{who} is asked twice about a day");
    }

    // The days without a check-in are nobody's silence: each lies in an excuse, and nobody is told off for them.
    let mut missed = 0;
    for number in 0..RUNNERS {
        let zone = ZONES[number % ZONES.len()];
        let asked: Vec<NaiveDate> = outbox
            .values()
            .filter(|message| {
                is_to(message, &crowd::address(number)) && message.state == MessageState::Accepted
            })
            .filter_map(about_day)
            .collect();
        let mut date = NaiveDate::from_ymd_opt(2026, 3, 28).unwrap();
        while date < back.with_timezone(&zone).date_naive() {
            if !asked.contains(&date) {
                missed += 1;
                assert!(
                    is_excused(&day.events(number), date),
                    "runner {number} in {zone}: {date}, {asked:?}"
                );
            }
            date = date.succ_opt().unwrap();
        }
    }
    assert!(missed >= RUNNERS, "the outage took a check-in from everybody, not {missed} in all");
    let nudges = outbox
        .values()
        .filter(|message| message.identity_text.starts_with("patient/nudge") && message.decided_at >= back);
    assert_eq!(nudges.count(), 0, "nobody is nudged for days on which nobody asked");
    day.off();
}

fn number_of(address: &str) -> Option<usize> {
    address.strip_prefix("runner-")?.split('@').next()?.parse().ok()
}

fn is_to(message: &Message, address: &str) -> bool {
    message.mail.as_ref().is_some_and(|mail| mail.recipient == address)
}

fn is_excused(events: &[Event], date: NaiveDate) -> bool {
    let covers =
        |event: &Event| matches!(event, Event::Excuse(excuse) if excuse.from <= date && date <= excuse.to);
    events.iter().any(covers)
}

/// A day on which the mail server does not work, told by how it fails.
#[track_caller]
fn check_mail_down_for_a_day(fault: Fault) {
    const RUNNERS: usize = 40;
    let mut day = small("", unchanged, RUNNERS);
    day.pass(local("2026-03-28", "08:00"), HOUR);
    let hurt = crowd::address(7);
    let check_in = day.link(&hurt, "/c/");
    let before = day.arrived().len();

    day.smtp.always(At::Greeting, Some(fault));
    day.smtp.always(At::Hello, Some(Fault::Close));
    day.smtp.always(At::MailFrom, Some(Fault::Close));
    let connections = day.smtp.connections();
    // Severe pain while nothing leaves: the page says what to do all the same.
    let page = post(&check_in, &pain("9"));
    assert_eq!(page.status, 200, "{}", page.words());
    assert!(page.body.contains("555-0100"));
    day.pass(local("2026-03-29", "08:00"), TimeDelta::minutes(5));
    assert_eq!(day.arrived().len(), before);
    let tries = day.smtp.connections() - connections;
    // One probe each ten minutes, and the few failures that it takes to see that the server is down.
    assert!((20..=150).contains(&tries), "{tries} connections within a day");
    let ready = get(&day.url("/readyz"));
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("does not take our mail"), "{}", ready.body);

    for at in [At::Greeting, At::Hello, At::MailFrom] {
        day.smtp.always(at, None);
    }
    day.pass(local("2026-03-30", "12:00"), TimeDelta::minutes(30));
    assert_eq!(get(&day.url("/readyz")).status, 200);
    let outbox = day.outbox();
    let first_day = NaiveDate::from_ymd_opt(2026, 3, 29);
    for (at, mail) in &day.arrived()[before..] {
        let message = day.message_of(&outbox, mail);
        let stale = message.mail.as_ref().and_then(|mail| mail.stale_at).is_some_and(|stale| stale <= *at);
        assert!(!stale, "{} left at {at}", message.identity_text);
        assert!(about_day(message) >= first_day || about_day(message).is_none(), "{}", message.identity_text);
    }
    for message in outbox.values() {
        let ended = match message.state {
            MessageState::Accepted | MessageState::Covered | MessageState::Shown => true,
            MessageState::Cancelled => message.end_reason.is_some(),
            _ => false,
        };
        assert!(ended, "{} {:?}: {:?}", message.identity_text, message.state, message.end_reason);
    }
    // The alert and the advice got through, late and once.
    let about_pain = |audience: &str| {
        let told = outbox.values().filter(|message| {
            message.identity_text.starts_with(&format!("{audience}/stage/severe-pain"))
                && message.state == MessageState::Accepted
        });
        told.count()
    };
    assert_eq!((about_pain("clinic"), about_pain("patient")), (1, 1));
    let list = day.clinic.run(day.now(), &["patient", "list"]);
    assert!(!list.contains("does not take mail"), "{list}");
    day.off();
}

#[test]
fn a_busy_server_for_a_day_loses_nothing_and_is_not_pestered() {
    check_mail_down_for_a_day(Fault::SayAndClose("421 4.3.2 shutting down\r\n".to_owned()));
}

#[test]
fn a_server_that_hangs_up_for_a_day_loses_nothing_and_is_not_pestered() {
    check_mail_down_for_a_day(Fault::Close);
}

/// The server refuses us, not the runners: the circuit opens, no address suffers, everything leaves later.
#[track_caller]
fn check_our_fault(at: At, reply: &str) {
    const RUNNERS: usize = 20;
    let mut day = small("", unchanged, 0);
    day.smtp.always(at, Some(Fault::reply(reply)));
    let ran = local("2026-03-27", "07:00");
    day.enrol(RUNNERS, &[Tz::Europe__London], ran);
    day.step_to(day.now());
    assert!(day.smtp.connections() <= 8, "{reply}: {} connections at once", day.smtp.connections());
    day.pass(local("2026-03-27", "11:00"), TimeDelta::minutes(5));
    assert!(day.smtp.connections() <= 16, "{reply}: {} connections in an hour", day.smtp.connections());
    let opened = day.clinic.log().matches("the mail server does not take our mail").count();
    assert_eq!(opened, 1, "{reply}: the operator is told once");

    day.smtp.always(at, None);
    day.pass(local("2026-03-27", "14:00"), TimeDelta::minutes(10));
    for number in 0..RUNNERS {
        assert_eq!(day.count_to(&crowd::address(number)), 1, "{reply}: runner {number}");
    }
    let list = day.clinic.run(day.now(), &["patient", "list"]);
    assert_eq!(list.matches("active").count(), RUNNERS, "{reply}: {list}");
    day.off();
}

#[test]
fn a_wrong_password_or_a_policy_silences_no_runner() {
    for (at, reply) in [
        (At::Auth, "535 5.7.8 wrong user or password"),
        (At::MailFrom, "550 5.7.1 sender not allowed"),
        (At::Recipient, "550 5.7.26 unauthenticated mail"),
        (At::Dot, "554 5.7.515 access denied"),
    ] {
        check_our_fault(at, reply);
    }
}

#[test]
fn held_mail_waits_and_the_clinic_is_told_all_the_same() {
    let mut day = small("", unchanged, 3);
    day.pass(local("2026-03-28", "08:00"), HOUR);
    let runner = crowd::address(1);
    let (so_far, team) = (day.count_to(&runner), day.count_to(TEAM));
    day.clinic.run(day.now(), &["hold", "the wording is wrong"]);
    let check_in = day.link(&runner, "/c/");
    let page = post(&check_in, &pain("9"));
    assert_eq!(page.status, 200, "{}", page.words());
    day.step_to(day.now());
    assert_eq!(day.count_to(&runner), so_far, "nothing to runners while held");
    assert_eq!(day.count_to(TEAM), team + 1, "the clinic is told regardless");
    assert!(get(&check_in).body.contains("Messages are on hold at the moment."));
    assert!(get(&day.url("/readyz")).body.contains("\"held\":true"));

    // A restart does not release it.
    day.off();
    day.pass(local("2026-03-28", "12:00"), HOUR);
    assert_eq!(day.count_to(&runner), so_far);
    let said = day.clinic.run(day.now(), &["release"]);
    assert!(said.contains("the wording is wrong"), "{said}");
    day.step_to(day.now());
    assert_eq!(day.count_to(&runner), so_far + 1, "the advice has not lost its use");
    assert!(!get(&day.link(&runner, "/c/")).body.contains("Messages are on hold"));
    day.off();
}

#[test]
fn in_shadow_mode_no_runner_gets_anything() {
    let mut day = small("mode: Shadow,", unchanged, 3);
    day.pass(local("2026-03-28", "12:00"), HOUR);
    assert_eq!(day.arrived().len(), 6, "three plans and three check-ins");
    for (_, mail) in day.arrived() {
        assert_eq!(mail.to, [TEAM]);
        let read = afterrun_tests::mailbox::ReceivedMail::read(&mail.bytes);
        assert!(read.subject.starts_with("[for RE] "), "{}", read.subject);
        assert_eq!(read.header("List-Unsubscribe"), None, "the clinic cannot end a runner's enrolment by it");
        assert!(!read.to.contains("runner.example"), "{}", read.to);
    }
    assert!(get(&day.link(TEAM, "/c/")).body.contains("Trial run: messages go to the clinic only."));
    day.off();
}

#[test]
fn more_mail_than_an_hour_may_see_stops_for_a_human() {
    let few = |clinic: &Clinic| clinic.edit("rules/clinic.ron", "all_per_hour: 2000", "all_per_hour: 10");
    let mut day = small("", few, 30);
    assert_eq!(day.arrived().len(), 10);
    assert!(day.setting("hold").is_some_and(|why| why.contains("10 messages within an hour")));
    // Neither time nor a restart lets it go on.
    day.off();
    day.pass(local("2026-03-27", "14:00"), HOUR);
    assert_eq!(day.arrived().len(), 10);
    day.clinic.run(day.now(), &["release"]);
    day.step_to(day.now());
    assert_eq!(day.arrived().len(), 20, "the next hour's mail, and the brake again");
    day.off();
}
