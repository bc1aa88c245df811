//! What a clinician can do on a runner's page: about the work, for the runner, and instead of the rules.

use maud::{Markup, html};

use super::{
    frame::token, patient_show::View, text, text_patient, work_item_list, work_item_settled::settled,
};

/// What the work-list says, and the buttons for it.
pub(super) fn work(view: &View<'_>) -> Markup {
    let Some(row) = view.open_row() else {
        return html! {
            section.card {
                h2 { (text::WORK) }
                p { (text::NO_WORK) }
                // Somebody may have pressed the wrong button.
                @if view.me.may_act() && view.row.is_some() {
                    form method="post" action=(view.path()) {
                        (token(view.me))
                        button.secondary name="do" value="open-again" { (text_patient::OPEN_AGAIN) }
                    }
                }
            }
        };
    };
    let mine = row.owner.as_ref().is_some_and(|(key, _)| *key == view.me.user.key);
    html! {
        section.card.work {
            h2 { (text::WORK) }
            p.reason { (text::plain(&row.reason.text)) }
            @if let Some(words) = settled(&view.book, &view.chart, row, view.me.now) { p.settled { (words) } }
            p { (work_item_list::state(row, view.me.now, &view.book)) }
            @if view.me.may_act() {
                form.row method="post" action=(view.path()) {
                    (token(view.me))
                    @if mine {
                        button.secondary name="do" value="hand-back" { (text::HAND_BACK) }
                    } @else {
                        button.primary name="do" value="take" { (text::TAKE) }
                    }
                }
                form method="post" action=(view.path()) {
                    (token(view.me))
                    input type="hidden" name="do" value="contact";
                    fieldset {
                        legend { (text::CONTACT) }
                        div.row { @for (word, _, words) in text::CONTACTS { button.secondary name="how" value=(word) { (words) } } }
                    }
                }
                form method="post" action=(view.path()) {
                    (token(view.me))
                    input type="hidden" name="do" value="resolve";
                    fieldset {
                        legend { (text::RESOLVE) }
                        div.row { @for (word, _, words) in text::RESOLUTIONS { button.secondary name="how" value=(word) { (words) } } }
                    }
                }
                details {
                    summary { (text::SNOOZE) }
                    form.stack method="post" action=(view.path()) {
                        (token(view.me))
                        label for="snooze-until" { (text::SNOOZE_UNTIL) }
                        input #snooze-until type="date" name="until" required;
                        label for="snooze-why" { (text::SNOOZE_WHY) }
                        input #snooze-why name="why" required maxlength="200";
                        button.secondary name="do" value="snooze" { (text::SNOOZE) }
                    }
                }
            }
        }
    }
}

/// Facts a clinician can enter.
pub(super) fn care(view: &View<'_>) -> Markup {
    if view.patient.stopped_at.is_some() {
        return html! { section.card { h2 { (text::CARE) } p { (text::STOPPED_WORDS) } } };
    }
    html! {
        section.card.care {
            h2 { (text::CARE) }
            details { summary { (text_patient::TELEPHONE) } (telephone_form(view)) }
            details { summary { (text::LOG_RUN) } (run_form(view)) }
            @if let Some(form) = override_form(view) { details { summary { (text_patient::OVERRIDE) } (form) } }
            details {
                summary { (text::PAUSE) }
                form.stack method="post" action=(view.path()) {
                    (token(view.me))
                    label for="pause-until" { (text::PAUSE_UNTIL) }
                    input #pause-until type="date" name="until" required;
                    button.secondary name="do" value="pause" { (text::PAUSE) }
                }
                @if view.chart.is_paused(view.assessment.day) {
                    form method="post" action=(view.path()) {
                        (token(view.me))
                        button.secondary name="do" value="resume" { (text::RESUME) }
                    }
                }
            }
            details {
                summary { (text::CHANGE_ZONE) }
                form.stack method="post" action=(view.path()) {
                    (token(view.me))
                    label for="zone" { (text::ZONE) }
                    input #zone name="zone" required value=(view.chart.zone_at(view.me.now).name()) aria-describedby="zone-hint";
                    p.hint #zone-hint { (text::ZONE_HINT) }
                    button.secondary name="do" value="time-zone" { (text::CHANGE_ZONE) }
                }
            }
            details {
                summary { (text_patient::ADDRESS) }
                form.stack method="post" action=(view.path()) {
                    (token(view.me))
                    label for="new-address" { (text_patient::NEW_ADDRESS) }
                    input #new-address type="email" name="email" required autocomplete="off" aria-describedby="address-hint";
                    p.hint #address-hint { (text_patient::ADDRESS_HINT) }
                    button.secondary name="do" value="address" { (text_patient::ADDRESS) }
                }
            }
            form.export method="post" action={ (view.path()) "/export" } {
                (token(view.me))
                button.secondary { (text_patient::EXPORT) }
            }
            details {
                summary { (text::STOP) }
                form.stack method="post" action=(view.path()) {
                    (token(view.me))
                    p { (text::STOP_WORDS) }
                    label.tick { input type="checkbox" name="surely" value="yes" required; " " (text::STOP_SURELY) }
                    button.danger name="do" value="stop" { (text::STOP) }
                }
            }
        }
    }
}

/// Which day the clinician and the runner talk about; the questions follow on a page of their own.
fn telephone_form(view: &View<'_>) -> Markup {
    let today = view.assessment.day;
    html! {
        form.stack method="get" action={ (view.path()) "/answer" } {
            p.hint #telephone-hint { (text_patient::TELEPHONE_HINT) }
            label for="answer-day" { (text_patient::TELEPHONE_DAY) }
            input #answer-day type="date" name="day" required value=(today) max=(today) aria-describedby="telephone-hint";
            button.secondary { (text_patient::TELEPHONE_BUTTON) }
        }
    }
}

/// A word about a stage of something that goes on.
fn override_form(view: &View<'_>) -> Option<Markup> {
    let open =
        || view.book.flags.iter().zip(&view.assessment.flags).filter(|(_, found)| found.open().is_some());
    open().next()?;
    Some(html! {
        form.stack method="post" action=(view.path()) {
            (token(view.me))
            input type="hidden" name="do" value="override";
            label for="override-stage" { (text_patient::STAGE) }
            select #override-stage name="stage" aria-describedby="override-hint" {
                @for (flag, _) in open() {
                    @for stage in &flag.stages { option value={ (flag.id) "/" (stage.id) } { (stage.id) ": " (flag.title) } }
                }
            }
            label for="override-because" { (text_patient::BECAUSE) }
            input #override-because name="because" required maxlength="200";
            p.hint #override-hint { (text_patient::OVERRIDE_HINT) }
            div.row { @for (word, _, words) in text_patient::OVERRIDES { button.secondary name="word" value=(word) { (words) } } }
        }
    })
}

fn run_form(view: &View<'_>) -> Markup {
    html! {
        form.stack method="post" action=(view.path()) {
            (token(view.me))
            label for="run-date" { (text::RUN_DATE) }
            input #run-date type="date" name="date" required value=(view.chart.local_date(view.me.now).format("%Y-%m-%d"));
            label for="run-time" { (text::RUN_TIME) }
            input #run-time type="time" name="time" required;
            label for="run-distance" { (crate::text::distance_label(super::dates::units(&view.book, &view.patient))) }
            input #run-distance name="distance" inputmode="decimal" required;
            label for="run-kind" { (text::RUN_KIND) }
            select #run-kind name="kind" {
                option value="training" { (text::TRAINING) }
                @for (race, title) in view.book.races() { option value={ "race:" (race) } { (title) } }
            }
            button.secondary name="do" value="log-run" { (text::LOG_RUN) }
        }
    }
}
