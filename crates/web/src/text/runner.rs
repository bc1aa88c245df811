//! What the pages say to runners.
//!
//! Short sentences, no jargon, no diagnosis, nothing that sounds as if somebody were watching.

use afterrun_store::Units;

pub(crate) const LANGUAGE: &str = "en";

// Dates (strftime).
pub(crate) const SHORT_WEEKDAY: &str = "%a";
pub(crate) const TODAY: &str = "today";
pub(crate) const YESTERDAY: &str = "yesterday";
pub(crate) const TOMORROW: &str = "tomorrow";

pub(crate) fn at(day: &str, time: &str) -> String {
    format!("{day} at {time}")
}

// Runs.
pub(crate) fn unit(units: Units) -> &'static str {
    match units {
        Units::Miles => "mile",
        Units::Kilometres => "km",
    }
}

pub(crate) fn run(distance: &str, units: Units, is_race: bool) -> String {
    format!("{distance} {} {}", unit(units), if is_race { "race" } else { "run" })
}

pub(crate) fn run_on(run: &str, day: &str) -> String {
    format!("{run} on {day}")
}

pub(crate) fn about_your(run_on: &str) -> String {
    format!("About your {run_on}")
}

// The frame.
pub(crate) const SKIP: &str = "Skip to the page";
pub(crate) const CALL: &str = "Call";
pub(crate) const NOT_WATCHED: &str = "We do not read answers right away.";
pub(crate) const FOOT: &str = "Sent by rules that our therapists wrote. It is not a diagnosis.";

// Links that do not open.
pub(crate) const UNKNOWN_TITLE: &str = "We cannot find this page";
pub(crate) const UNKNOWN: &str = "The link may have been cut short. Please open it again from the email, \
    or copy the whole line into your browser.";
pub(crate) const UNKNOWN_HELP: &str = "If it still does not work, use the newest email we sent you.";
pub(crate) const REVOKED_TITLE: &str = "This link no longer works";
pub(crate) const REVOKED: &str =
    "It was turned off, because you stopped our messages or your address changed.";
pub(crate) const REVOKED_AGAIN: &str = "To start again, follow the link to stop in any of our mails: it leads back in as \
     well. Or ring us.";
pub(crate) const EXPIRED_TITLE: &str = "This link has closed";
pub(crate) const EXPIRED: &str = "It is too late to answer this one. You need not make up for it.";
pub(crate) const FRESH_BUTTON: &str = "Mail me a fresh link";
pub(crate) const FRESH_TITLE: &str = "Look in your mail";
pub(crate) const FRESH: &str = "If something is open for you, a fresh link is on its way to the address we have \
    on file. It can take a few minutes.";
pub(crate) const FRESH_FAILED: &str = "We could not send a link just now. If you asked a moment ago, it is on its \
    way: please look in your mail first.";
pub(crate) const WORSE_CALL: &str = "Is it getting worse, or do you need help? Call us:";
pub(crate) const WRONG_METHOD_TITLE: &str = "That did not work";
pub(crate) const WRONG_METHOD: &str = "Please open the link from the email again.";

// Failures.
pub(crate) const TOO_LARGE_TITLE: &str = "That was too much text";
pub(crate) const TOO_LARGE: &str = "What you sent was NOT stored. Please go back and shorten it.";
pub(crate) const FAILED_TITLE: &str = "Something went wrong on our side";
pub(crate) const FAILED: &str = "We cannot say whether what you sent was stored. Please open the link again and \
    check. Sending twice does no harm.";
pub(crate) const BUSY_TITLE: &str = "Please try again in a moment";
pub(crate) const NOT_STORED: &str = "What you sent was NOT stored. Please go back and send it again.";
pub(crate) const NOT_STORED_SEND_AGAIN: &str = "Your answers were NOT stored: our system is not working right now. \
    They are still below. Please press Send again in a minute, or call us.";
pub(crate) const MAYBE_STORED: &str = "This took too long, and we cannot say whether what you sent was stored. \
    Please open the link again and check. Sending twice does no harm.";
pub(crate) const NOTHING_SHOWN: &str = "Our system is not working right now. Nothing was stored.";
pub(crate) const REFUSED_TITLE: &str = "That was not stored";

// The check-in.
pub(crate) const CHECK_IN_TITLE: &str = "Your check-in";
pub(crate) const SEND: &str = "Send my answers";
pub(crate) const OPTIONAL: &str = "(you may skip this)";
pub(crate) const YES: &str = "Yes";
pub(crate) const NO: &str = "No";
pub(crate) const SIGNS_ASK: &str = "Do you have any of these, or did you since your last check-in?";
pub(crate) const SIGNS_HINT: &str = "Tick all that fit. If none does, tick the last one.";
pub(crate) const NONE_OF_THESE: &str = "None of these";
pub(crate) const MISSING_SIGNS: &str = "Please tick what fits, or \u{201c}None of these\u{201d}.";
pub(crate) const MISSING_SCALE: &str = "Please tap a number.";
pub(crate) const MISSING_CHOICE: &str = "Please choose one.";
pub(crate) const MISSING_TEXT: &str = "Please write a few words.";
pub(crate) const NOT_SENT_YET: &str = "Not sent yet. Please look at this:";

pub(crate) fn check_in_for(day: &str) -> String {
    format!("Your check-in for {day}")
}

pub(crate) fn about_past_day(day: &str) -> String {
    format!("Please answer for how it was {day}.")
}

pub(crate) fn open_until(when: &str) -> String {
    format!("It takes about a minute. Open until {when}.")
}

pub(crate) fn answered_already(when: &str) -> String {
    format!("You answered this {when}. You can change your answers below and send them again.")
}

pub(crate) fn where_answers_go(clinic: &str) -> String {
    format!("Your answers go to your care team at {clinic}. Nobody reads them right away.")
}

pub(crate) fn off_scale(from: i32, to: i32) -> String {
    format!("Please choose a number from {from} to {to}.")
}

pub(crate) fn too_long(count: usize, most: u32) -> String {
    format!("This has {count} characters. Please keep it to {most}.")
}

pub(crate) fn up_to(most: u32) -> String {
    format!("Up to {most} characters. Do not use this box for emergencies.")
}

// After a check-in.
pub(crate) const STORED: &str = "Your answers are stored";
pub(crate) const WAITS_TITLE: &str = "We look at them a little later";
pub(crate) const WAITS: &str = "Something is wrong with the clock of our system, so nothing else follows from your \
    answers before it is put right. You need not send them again. If you had to stop running, stay with that.";
pub(crate) const HELP_NOW: &str = "Get help now. Do not wait for us.";
pub(crate) const CARE_TODAY: &str = "Get seen by a doctor today. Do not wait for us.";
pub(crate) const HELP_NOW_STORED_TITLE: &str = "Do this first, now";
pub(crate) const HELP_NOW_STORED: &str = "Do what it says above. Storing your answers does not mean that anybody \
    has read them. Do not run.";
pub(crate) const CALL_US_TITLE: &str = "Please call us";
pub(crate) const CALL_US: &str = "Your answers show something our therapists should look at. It may be nothing \
    serious. Please call or book a visit today or tomorrow. Do not wait for us to call.";
pub(crate) const NO_RUNNING: &str = "Do not run for now. Easy walking is fine if it does not hurt.";
pub(crate) const STEP_BACK_TITLE: &str = "Please step back for now";
pub(crate) const STEP_BACK: &str =
    "Keep answering the check-ins. Call us if it gets worse, or if you are not sure.";
pub(crate) const RUN_AGAIN_TITLE: &str = "You may run again";
pub(crate) const RUN_AGAIN: &str = "Start short and easy. If it hurts, stop and walk.";
pub(crate) const STILL_HOLDS: &str = "What we wrote to you about this still holds. If it said to call us and you have not yet, \
    please call now.";
pub(crate) const WATCHING: &str =
    "We ask again and see whether it lasts. Call us if it gets worse, or if you are not sure.";
pub(crate) const KEEP_GOING_TITLE: &str = "Good. Keep going.";
pub(crate) const KEEP_GOING: &str = "Your answers look fine. What we told you before still holds.";
pub(crate) const NOTED_TITLE: &str = "Thank you";
pub(crate) const NOTED: &str = "We have nothing new to tell you today. What we told you before still holds.";
pub(crate) const WATCH_FOR: &str = "Sharp pain, pain in one spot, swelling or a limp means: do not run, rest it, \
    and call us if it stays.";
pub(crate) const WHY: &str = "Why";
pub(crate) const MAIL_WHAT_TO_DO: &str = "what to do now";
pub(crate) const MAIL_SETTLED: &str = "that this has settled";
pub(crate) const MAIL_RUN_AGAIN: &str = "about running again";
pub(crate) const MAIL_PLAN: &str = "your recovery plan";
pub(crate) const WE_WILL_SAY_WHEN: &str = "We write to you when your check-ins say you may run again.";
pub(crate) const MEANWHILE: &str =
    "Until then walk, swim, bike or do light mobility work, as long as it feels good.";
pub(crate) const NEXT_TITLE: &str = "What comes next";
pub(crate) const NO_NEXT_ASK: &str = "No check-in is planned right now. Log your next run, and we ask again.";
pub(crate) const CHANGE_UNTIL_CLOSED: &str = "Something to correct? Open the same link again; you can change your \
    answers until it closes.";
pub(crate) const REACH_US: &str = "How to reach us";
pub(crate) const BOOK: &str = "Book a visit";

pub(crate) fn you_ticked(sign: &str) -> String {
    format!("You ticked: {sign}")
}

pub(crate) fn first_told_us(day: &str) -> String {
    format!("(since {day})")
}

pub(crate) fn mail_now(what: &str) -> String {
    format!("We are mailing you {what}.")
}

pub(crate) fn mail_later(what: &str, when: &str) -> String {
    format!("We will mail you {what} {when}.")
}

pub(crate) fn recovering_from(run: &str) -> String {
    format!("Recovering from your {run}")
}

pub(crate) fn rest_days(least: u32, most: u32, last_day: &str) -> String {
    let days = if least == most { format!("{least}") } else { format!("{least} to {most}") };
    let noun = if most == 1 { "day" } else { "days" };
    format!("Rest from running for {days} {noun}: at least through {last_day}.")
}

pub(crate) fn run_from(day: &str) -> String {
    format!("You may run again from {day} on. Start short and easy.")
}

pub(crate) fn next_ask(when: &str) -> String {
    format!("We expect to ask you again {when}.")
}

// My page.
pub(crate) const MY_PAGE_TITLE: &str = "Your page";
pub(crate) const NO_REST_TITLE: &str = "Between runs";
pub(crate) const NO_REST: &str =
    "No rest days are running. Log your next run here, and we tell you how to recover.";
pub(crate) const DAY_RUN: &str = "run";
pub(crate) const DAY_REST: &str = "rest";
pub(crate) const DAY_MAYBE: &str = "maybe";
pub(crate) const LOG_RUN_TITLE: &str = "Log a run";
pub(crate) const CORRECT_RUN_TITLE: &str = "Correct this run";
pub(crate) const RUN_DATE: &str = "Day";
pub(crate) const RUN_TIME: &str = "Started at";
pub(crate) const RUN_MINUTES: &str = "Minutes";
pub(crate) const RUN_KIND: &str = "What was it?";
pub(crate) const TRAINING: &str = "Not a race";
pub(crate) const LOG_RUN: &str = "Log this run";
pub(crate) const SAVE_RUN: &str = "Save the change";
pub(crate) const DO_NOT_CHANGE: &str = "Leave it as it was";
pub(crate) const RUN_LOGGED: &str = "Your run is stored.";
pub(crate) const RUN_DELETED: &str = "The run is deleted.";
pub(crate) const NO_SUCH_RUN: &str = "This run is not in your list any more. Nothing was changed.";
pub(crate) const FAULT_DATE: &str = "Please give the day of your run.";
pub(crate) const FAULT_TIME: &str = "Please give the time it started. About right is fine.";
pub(crate) const FAULT_FUTURE: &str = "This lies in the future. Log a run once you have run it.";
pub(crate) const FAULT_TOO_OLD: &str = "We take runs of the last 14 days.";
pub(crate) const FAULT_DISTANCE: &str = "Please give the distance as a number, such as 6.2.";
pub(crate) const FAULT_MINUTES: &str = "Please give whole minutes, or leave this blank.";
pub(crate) const NOT_STORED_LOOK: &str = "Not stored yet. Please look at this:";
pub(crate) const NOT_STORED_TRY_AGAIN: &str = "This was NOT stored: our system is not working right now. Please \
    try again in a minute, or call us.";
pub(crate) const NOTHING_TO_DO: &str = "Nothing was changed. Please use the buttons on this page.";
pub(crate) const RUNS_TITLE: &str = "Your runs";
pub(crate) const NO_RUNS: &str = "No run yet.";
pub(crate) const CORRECT: &str = "Correct";
pub(crate) const DELETE: &str = "Delete";
pub(crate) const DELETE_SURELY: &str = "Yes, delete it";
pub(crate) const PAUSE_TITLE: &str = "Pause";
pub(crate) const PAUSE_WORDS: &str = "No check-ins while you are away. You can go on any time.";
pub(crate) const PAUSE_FOR: &str = "How long?";
pub(crate) const PAUSE: &str = "Pause my check-ins";
pub(crate) const PAUSES: [(&str, &str); 4] =
    [("7", "1 week"), ("14", "2 weeks"), ("28", "4 weeks"), ("open", "Until I say so")];
pub(crate) const CHOOSE_HOW_LONG: &str = "Please choose how long. Nothing was changed.";
pub(crate) const PAUSED: &str = "Your check-ins are paused.";
pub(crate) const PAUSED_TITLE: &str = "Paused";
pub(crate) const PAUSED_OPEN: &str = "No check-ins until you go on.";
pub(crate) const RESUME: &str = "Go on with check-ins";
pub(crate) const RESUMED: &str = "Your check-ins go on.";
pub(crate) const ZONE_TITLE: &str = "Your time zone";
pub(crate) const ZONE_OTHER: &str = "I live by another clock now";
pub(crate) const ZONE_CHOOSE: &str = "Place with your clock";
pub(crate) const ZONE_CHANGE: &str = "Change my time zone";
pub(crate) const ZONE_CHANGED: &str = "Your time zone is changed. It counts from the next check-in on.";
pub(crate) const CHOOSE_ZONE: &str = "Please choose a place from the list. Nothing was changed.";

pub(crate) fn hello(first_name: &str) -> String {
    if first_name.is_empty() { "Hello".to_owned() } else { format!("Hello {first_name}") }
}

pub(crate) fn waits_for_you(day: &str, until: &str) -> String {
    format!("Your check-in for {day} is open until {until}. The link is in our newest email.")
}

pub(crate) fn distance_label(units: Units) -> &'static str {
    match units {
        Units::Miles => "Miles",
        Units::Kilometres => "Kilometres",
    }
}

pub(crate) fn unit_short(units: Units) -> &'static str {
    match units {
        Units::Miles => "mi",
        Units::Kilometres => "km",
    }
}

pub(crate) fn race(title: &str) -> String {
    format!("Race: {title}")
}

pub(crate) fn paused_until(day: &str) -> String {
    format!("No check-ins until {day}.")
}

pub(crate) fn zone_now(zone: &str) -> String {
    format!("We write by the clock of {zone}.")
}

// Stop.
pub(crate) const STOP_TITLE: &str = "Stop our emails";
pub(crate) const STOP_ASK: &str = "Press the button and we send you no more check-ins and no more advice. \
    You can start again later.";
pub(crate) const STOP: &str = "Stop all emails";
pub(crate) const STOPPED_TITLE: &str = "Our emails are stopped";
pub(crate) const STOPPED: &str =
    "We send you nothing more. An email that was already on its way may still arrive.";
pub(crate) const STOPPED_CARE: &str = "Your care goes on: call us whenever something hurts or worries you.";
pub(crate) const STOPPED_CHECK_IN: &str = "You stopped our emails, so this check-in is closed. To start again, use \
    the stop link in any of our emails.";
pub(crate) const STOPPED_MY_PAGE: &str =
    "You stopped our emails. To start again, use the stop link in any of them.";
pub(crate) const STOPPED_NOTHING_STORED: &str = "You stopped our emails, so nothing was stored.";
pub(crate) const START_AGAIN: &str = "Start again";
pub(crate) const STARTED_TITLE: &str = "Welcome back";
pub(crate) const STARTED: &str = "Our emails start again. The next one brings you a new link to your page.";

// Confirm my address.
pub(crate) const CONFIRM_TITLE: &str = "Is this your email address?";
pub(crate) const CONFIRM_ASK: &str = "We were given the address at which you got our email. We write to it only if \
    you say that it is yours.";
pub(crate) const CONFIRM: &str = "Yes, this is my address";
pub(crate) const NOT_ME: &str = "No, do not write to it";
pub(crate) const CONFIRMED_TITLE: &str = "Thank you";
pub(crate) const CONFIRMED: &str = "Your address is confirmed. You can close this page.";
pub(crate) const DECLINED_TITLE: &str = "We will not write to this address";
pub(crate) const DECLINED: &str = "Sorry for the trouble. You can close this page.";
pub(crate) const CONFIRM_CLOSED: &str =
    "This link has closed. If you expected to hear from us, please call us.";

// The same form in a clinician's hands.
pub(crate) const ON_BEHALF_BACK: &str = "Back without entering anything";

pub(crate) fn on_behalf_of(name: &str) -> String {
    format!("You enter what {name} says on the telephone.")
}
