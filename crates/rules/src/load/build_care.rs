//! The parts of a book that say when to rest, when to ask and what to worry about.

use super::{
    build::{Shared as _, condition, id, question_ix, schedule},
    written::{Item, Written},
};
use crate::{
    book::{
        Basis, CheckInRule, Flag, FlagEvidence, Lasts, Nudge, OnLapsed, Recovery, Remind, RunMatch, Sign,
        SignLevel, Stage, Starts, TellClinic, Window, WorsensEachRun,
    },
    notation::{
        self, Spanned, check_ins, condition::Condition, emergencies, recovery, recovery::metres, red_flags,
    },
};

pub(super) fn recovery(written: &Written) -> Option<Recovery> {
    Some(Recovery {
        on_run: written.on_run.first()?.send.as_str().into(),
        on_cleared: written.on_cleared.first()?.send.as_str().into(),
        windows: written.windows.iter().map(|item| window(written, item)).collect::<Option<_>>()?,
    })
}

fn window(written: &Written, item: &Item<recovery::Window>) -> Option<Window> {
    Some(Window {
        id: id(&item.id)?.into(),
        title: item.title.shared()?,
        when: run_match(&item.when)?,
        min_days: item.rest_days.min.value,
        max_days: item.rest_days.max.value,
        basis: basis(&item.basis),
        place: written.place(&item.at),
    })
}

/// The runs a window is for, in metres; none if an end is given in two units.
pub(crate) fn run_match(when: &recovery::RunMatch) -> Option<RunMatch> {
    match when {
        recovery::RunMatch::Race(race) => Some(RunMatch::Race(id(race)?.into())),
        recovery::RunMatch::Distance { from_miles, from_km, from_m, below_miles, below_km, below_m } => {
            let from = metres(from_miles.as_ref(), from_km.as_ref(), from_m.as_ref());
            let below = metres(below_miles.as_ref(), below_km.as_ref(), below_m.as_ref());
            let fits = from.len() <= 1 && below.len() <= 1;
            let value = |ends: Vec<Spanned<f64>>| ends.first().map(|end| end.value);
            fits.then(|| RunMatch::Distance { from_m: value(from).unwrap_or(0.0), below_m: value(below) })
        }
    }
}

fn basis(basis: &notation::Basis) -> Basis {
    match basis {
        notation::Basis::Seed => Basis::Seed,
        notation::Basis::Convention(name) => Basis::Convention(name.as_str().into()),
        notation::Basis::ClinicToConfirm => Basis::ClinicToConfirm,
    }
}

pub(super) fn check_in(written: &Written, item: &Item<check_ins::CheckIn>) -> Option<CheckInRule> {
    Some(CheckInRule {
        id: id(&item.id)?.into(),
        starts: match item.starts.value {
            check_ins::Starts::AfterRun => Starts::AfterRun,
            check_ins::Starts::WhileFlagged => Starts::WhileFlagged,
            check_ins::Starts::OnEnrolment => Starts::OnEnrolment,
        },
        schedule: schedule(&item.schedule)?,
        lasts: match item.lasts.value {
            check_ins::Lasts::UntilRecovered { extra_days } => Lasts::UntilRecovered { extra_days },
            check_ins::Lasts::UntilClear => Lasts::UntilClear,
            check_ins::Lasts::Weeks(weeks) => Lasts::Weeks(weeks),
            check_ins::Lasts::Days(days) => Lasts::Days(days),
        },
        ask: item.ask.iter().map(|question| question_ix(written, question)).collect::<Option<_>>()?,
        send: item.send.as_str().into(),
        remind_after_hours: item.remind_after_hours.as_ref().map(|hours| hours.value),
        expires_after_hours: item.expires_after_hours.value,
        nudge: item
            .nudge
            .as_ref()
            .map(|nudge| Nudge { after_missed: nudge.after_missed.value, send: nudge.send.as_str().into() }),
        place: written.place(&item.at),
    })
}

pub(super) fn flag(written: &Written, item: &Item<red_flags::Flag>) -> Option<Flag> {
    Some(Flag {
        id: id(&item.id)?.into(),
        formerly: item.formerly.iter().map(|former| Some(id(former)?.into())).collect::<Option<_>>()?,
        title: item.title.shared()?,
        basis: basis(&item.basis),
        evidence: evidence(written, item)?,
        bridge_silent_days: item.bridge_silent_days.value,
        clear_reports: item.clear_reports.value,
        stages: item.stages.0.iter().map(|stage| self::stage(written, item, stage)).collect::<Option<_>>()?,
        on_resolved: item.on_resolved.as_ref().map(|resolved| resolved.send.as_str().into()),
        on_lapsed: item.on_lapsed.as_ref().map(|lapsed| OnLapsed {
            send: lapsed.send.as_ref().map(|send| send.as_str().into()),
            tell_clinic: lapsed.tell_clinic.unwrap_or(TellClinic::Digest),
        }),
        outranks: item.outranks.iter().map(|flag| flag.as_str().into()).collect(),
        place: written.place(&item.at),
    })
}

fn evidence(written: &Written, item: &Item<red_flags::Flag>) -> Option<FlagEvidence> {
    if let Condition::WorsensEachRun { question, runs, rise_by, ends_at_least, ties_allowed, within_days } =
        &item.when.value
    {
        return Some(FlagEvidence::Runs(WorsensEachRun {
            question: question_ix(written, question)?,
            runs: runs.value,
            rise_by: rise_by.value,
            ends_at_least: ends_at_least.value,
            ties_allowed: ties_allowed.value,
            within_days: within_days.value,
        }));
    }
    let clear_when = match &item.clear_when {
        Some(clear) => Some(condition(written, clear)?),
        None => None,
    };
    Some(FlagEvidence::Days { when: condition(written, &item.when)?, clear_when })
}

fn stage(
    written: &Written,
    flag: &Item<red_flags::Flag>,
    stage: &Spanned<red_flags::Stage>,
) -> Option<Stage> {
    Some(Stage {
        id: id(&stage.id)?.into(),
        after_days: stage.after_days.value,
        min_reports: stage.min_reports.value,
        send: stage.send.as_str().into(),
        urgent: stage.urgent,
        tell_clinic: stage.tell_clinic.unwrap_or(TellClinic::Digest),
        remind: stage
            .remind
            .as_ref()
            .map(|remind| Remind { every_days: remind.every_days.value, at_most: remind.at_most.value }),
        place: written.place(&flag.at(&stage.span)),
    })
}

pub(super) fn sign(written: &Written, item: &Item<emergencies::Sign>) -> Option<Sign> {
    Some(Sign {
        id: id(&item.id)?.into(),
        ask: item.ask.shared()?,
        do_now: item.do_now.shared()?,
        level: match item.level {
            emergencies::Level::SameDay => SignLevel::SameDay,
            emergencies::Level::CallNow => SignLevel::CallNow,
        },
        place: written.place(&item.at),
    })
}
