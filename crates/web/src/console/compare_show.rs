//! One comparison: how far it is, or who would be flagged otherwise; no longer flagged comes first.

use afterrun_rules::compare::{Change, Changes, Comparison, StageCounts, Volume};
use afterrun_store::StoreError;
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use chrono::NaiveDate;
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    ComparisonSeen, ComparisonState, Room, Shared, compare_list, frame,
    frame::Tab,
    rules_frame::{self, Way, book_link, when},
    rules_policy, rules_text as text,
    session::{Posted, SignedIn},
};

/// Changes shown of each kind; all of one kind have pages of their own.
const ROWS: usize = 25;

/// Seconds until the page looks again by itself where no script may run.
const LOOK_AGAIN_SECONDS: u32 = 3;

/// What is asked for in the address.
#[derive(Deserialize)]
pub(crate) struct Asked {
    /// One kind of change only.
    kind: Option<String>,
    /// From which row on.
    from: Option<usize>,
}

/// One change with the runner's name; none: erased since.
struct Row<'a> {
    change: &'a Change,
    name: Option<String>,
}

/// A kind of change with the rows to be shown.
struct Section<'a> {
    kind: &'static str,
    title: &'static str,
    changes: &'a Changes,
    rows: Vec<Row<'a>>,
    from: usize,
}

/// GET.
pub(crate) async fn show(
    State(room): State<Shared>,
    Path(id): Path<String>,
    me: SignedIn,
    Query(asked): Query<Asked>,
) -> Response {
    let Some(seen) = room.rules.comparison(&id) else {
        return frame::says(&room, StatusCode::NOT_FOUND, text::NOT_FOUND_TITLE, text::COMPARISON_GONE);
    };
    let ComparisonState::Done(done) = &seen.state else { return page(&room, &me, &seen, html! {}) };
    match result(&room, &me, &seen, done, &asked).await {
        Ok(result) => page(&room, &me, &seen, result),
        Err(error) => frame::unavailable(&room, &error),
    }
}

/// POST: cancel.
pub(crate) async fn cancel(
    State(room): State<Shared>,
    Path(id): Path<String>,
    Posted { me, fields }: Posted,
) -> Response {
    if !me.may_act() {
        return frame::not_allowed(&room);
    }
    if room.rules.comparison(&id).is_none() {
        return frame::says(&room, StatusCode::NOT_FOUND, text::NOT_FOUND_TITLE, text::COMPARISON_GONE);
    }
    if fields.what() != "cancel" {
        return frame::says(
            &room,
            StatusCode::UNPROCESSABLE_ENTITY,
            text::NOT_DONE_TITLE,
            text::NOTHING_TO_DO,
        );
    }
    if let Err(error) = room.store.audit(me.now, &me.actor(), "rules-compare-cancel", &id).await {
        return frame::unavailable(&room, &error);
    }
    room.rules.cancel(&id);
    frame::see_other(&room, &format!("/console/rules/compare/{id}"))
}

fn page(room: &Room, me: &SignedIn, seen: &ComparisonSeen, result: Markup) -> Response {
    let here = room.href(&format!("/console/rules/compare/{}", seen.id));
    let goes_on = seen.state.is_going_on();
    let head = html! {
        @if goes_on { noscript { meta http-equiv="refresh" content=(LOOK_AGAIN_SECONDS); } }
        (rules_policy::script(room))
    };
    let main = html! {
        (rules_frame::ways(room, Way::Compare))
        div.heading {
            h1 { (text::compared_with(&text::candidate(&seen.candidate))) }
            p.hint { (text::asked_by(&seen.by, &when(room, seen.at))) }
        }
        p.hint.under { (book_link(room, &seen.old)) " → " code { (seen.new.short()) } }
        @if goes_on || !matches!(seen.state, ComparisonState::Done(_)) {
            section.card #progress data-goes-on=[goes_on.then_some("yes")] {
                (progress(&seen.state))
                @if goes_on {
                    div.row.after {
                        @if me.may_act() {
                            form method="post" action=(here) {
                                (frame::token(me))
                                button.secondary name="do" value="cancel" { (text::CANCEL) }
                            }
                        }
                        a.button.quiet href=(here) { (text::LOOK_AGAIN) }
                    }
                }
            }
        }
        (result)
    };
    let title = text::compared_with(&text::candidate(&seen.candidate));
    let shown = Some((me, Tab::Rules));
    rules_policy::with_script(frame::sheet_with(room, StatusCode::OK, shown, &title, head, main))
}

fn progress(state: &ComparisonState) -> Markup {
    html! {
        @match state {
            ComparisonState::Running { done, total } => {
                progress max=(total.max(&1)) value=(done) aria-label=(text::charts_done(*done, *total)) {}
                p role="status" { (text::charts_done(*done, *total)) }
            },
            ComparisonState::Cancelled => p { (text::IS_CANCELLED) },
            other => p role="status" { (compare_list::state(other)) },
        }
    }
}

async fn result(
    room: &Room,
    me: &SignedIn,
    seen: &ComparisonSeen,
    done: &Comparison,
    asked: &Asked,
) -> Result<Markup, StoreError> {
    let all = [&done.no_longer_flagged, &done.newly_flagged, &done.later, &done.earlier];
    let mut sections = Vec::new();
    for ((kind, title), changes) in text::CHANGE_KINDS.into_iter().zip(all) {
        if asked.kind.as_deref().is_none_or(|wanted| wanted == kind) {
            let from = asked.kind.as_ref().and(asked.from).unwrap_or(0).min(changes.listed.len());
            let mut rows = Vec::new();
            for change in changes.listed.iter().skip(from).take(ROWS) {
                rows.push(Row { change, name: name_of(room, change).await? });
            }
            sections.push(Section { kind, title, changes, rows, from });
        }
    }
    if sections.iter().any(|section| !section.rows.is_empty()) {
        // Who is flagged and why is a look into charts.
        room.store.audit(me.now, &me.actor(), "rules-compare-view", &seen.id).await?;
    }
    Ok(html! {
        p { (text::charts_compared(done.charts)) }
        @for section in &sections { (changes(room, seen, section)) }
        @if asked.kind.is_none() {
            (volume(done))
            @if !done.stages.is_empty() { (stages(seen, &done.stages)) }
            @if done.skipped.count > 0 { (skipped(done)) }
        }
    })
}

/// The runner's name; none if the runner has been erased meanwhile.
async fn name_of(room: &Room, change: &Change) -> Result<Option<String>, StoreError> {
    match room.store.patient(&change.patient).await {
        Ok(patient) => Ok(Some(patient.name)),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn changes(room: &Room, seen: &ComparisonSeen, section: &Section<'_>) -> Markup {
    let Section { kind, title, changes, rows, from } = section;
    let dangerous = *kind == "no-longer" && changes.count > 0;
    let here = format!("{}?kind={kind}", room.href(&format!("/console/rules/compare/{}", seen.id)));
    let next = from + rows.len();
    let is_more = next < changes.listed.len();
    html! {
        section.card.refusal[dangerous] {
            h2 { (title) " " span.chip.same-day[dangerous] { (changes.count) } }
            @if changes.count == 0 { p { (text::NOBODY_CHANGES) } }
            @else {
                table.plain.changes {
                    thead {
                        tr {
                            th scope="col" { (text::COLUMN_RUNNER) }
                            th scope="col" { (text::COLUMN_STAGE) }
                            th scope="col" { (text::COLUMN_BEFORE) }
                            th scope="col" { (text::COLUMN_AFTER) }
                            th scope="col" { (text::COLUMN_WHY) }
                        }
                    }
                    tbody { @for row in rows { (row_of(room, seen, row)) } }
                }
                @if changes.count > changes.listed.len() as u64 { p.hint { (text::and_others(changes.count)) } }
                @if is_more { p.more { a href={ (here) "&from=" (next) } { (text::MORE) } } }
            }
        }
    }
}

fn row_of(room: &Room, seen: &ComparisonSeen, row: &Row<'_>) -> Markup {
    let Row { change, name } = row;
    let day = |day: Option<NaiveDate>| {
        day.map_or_else(|| text::NEVER.to_owned(), |day| rules_frame::day(room, day))
    };
    let flag = seen.titles.get(change.flag.as_str()).map_or(change.flag.as_str(), String::as_str);
    html! {
        tr {
            th scope="row" {
                @match name {
                    Some(name) => a href=(room.href(&format!("/console/patients/{}", change.patient))) { (name) },
                    None => span.hint { (text::ERASED) },
                }
            }
            td { (flag) span.hint { (change.stage) } }
            td data-label=(text::COLUMN_BEFORE) { (day(change.before)) }
            td data-label=(text::COLUMN_AFTER) { (day(change.after)) }
            td {
                @if name.is_some() {
                    (change.reason)
                    @if let Some(missing) = &change.missing { span.hint { (text::INSTEAD) " " (missing) } }
                }
            }
        }
    }
}

fn volume(done: &Comparison) -> Markup {
    let weeks = if done.patient_weeks > 0.0 { done.patient_weeks } else { 1.0 };
    let runners = done.charts as f64;
    let each = |volume: &Volume| volume.messages as f64 / weeks;
    let per_week = |count: u64| count as f64 / weeks * runners;
    let rows = [
        (text::VOLUME_EACH, each(&done.before), each(&done.after)),
        (text::VOLUME_ALL, per_week(done.before.messages), per_week(done.after.messages)),
        (text::VOLUME_CHECK_INS, per_week(done.before.check_ins), per_week(done.after.check_ins)),
        (text::VOLUME_CLINIC, per_week(done.before.clinic), per_week(done.after.clinic)),
    ];
    html! {
        section.card {
            h2 { (text::VOLUME) }
            table.plain {
                thead {
                    tr {
                        th { span.unseen { (text::COLUMN_WHAT) } }
                        th.number scope="col" { (text::COLUMN_BEFORE) }
                        th.number scope="col" { (text::COLUMN_AFTER) }
                        th.number scope="col" { (text::COLUMN_CHANGE) }
                    }
                }
                tbody {
                    @for (words, before, after) in rows {
                        tr {
                            th scope="row" { (words) }
                            td.number { (format!("{before:.1}")) }
                            td.number { (format!("{after:.1}")) }
                            td.number { (format!("{:+.1}", after - before)) }
                        }
                    }
                }
            }
        }
    }
}

fn stages(seen: &ComparisonSeen, stages: &[StageCounts]) -> Markup {
    html! {
        section.card {
            h2 { (text::STAGES) }
            div.wide tabindex="0" {
                table.plain {
                    thead {
                        tr {
                            th scope="col" { (text::COLUMN_STAGE) }
                            th.number scope="col" { (text::NO_LONGER) }
                            th.number scope="col" { (text::NEWLY) }
                            th.number scope="col" { (text::LATER_FLAGGED) }
                            th.number scope="col" { (text::EARLIER_FLAGGED) }
                            th.number scope="col" { (text::COLUMN_SAME) }
                        }
                    }
                    tbody {
                        @for stage in stages {
                            tr {
                                th scope="row" {
                                    (seen.titles.get(stage.flag.as_str()).map_or(stage.flag.as_str(), String::as_str))
                                    span.hint { (stage.stage) }
                                }
                                td.number { (stage.counts.no_longer) }
                                td.number { (stage.counts.newly) }
                                td.number { (stage.counts.later) }
                                td.number { (stage.counts.earlier) }
                                td.number { (stage.counts.same) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn skipped(done: &Comparison) -> Markup {
    html! {
        section.card {
            h2 { (text::SKIPPED) " " span.chip { (done.skipped.count) } }
            ul.lines {
                @for one in done.skipped.listed.iter().take(ROWS) {
                    li { @if let Some(patient) = &one.patient { code { (patient) } " " } (one.problem) }
                }
            }
        }
    }
}
