//! Rest after runs: which window is in force, and whether the patient has been cleared to run.

use chrono::{Days, NaiveDate};

use crate::{
    book::{RuleBook, RunMatch, Window},
    chart::{Chart, LoggedRun, Run, RunKind},
    decision::{Audience, Subject},
    ids::RunId,
    ledger::Kind,
};

/// Days after the latest end at which a patient counts as recovered without having been cleared.
const RECOVERED_AFTER_MAX_DAYS: u64 = 7;

/// One stretch of rest: a run, and the runs that followed before the patient had recovered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecoveryState {
    /// The run whose window ends last.
    pub run: RunId,
    /// That window's position in [`crate::book::Recovery::windows`].
    pub window: usize,
    /// Local date of the first run.
    pub first_run_day: NaiveDate,
    /// Local date of the newest run.
    pub last_run_day: NaiveDate,
    /// When the newest run became known.
    pub last_logged_at: chrono::DateTime<chrono::Utc>,
    /// Last day of rest at least.
    pub min_day: NaiveDate,
    /// Last day of rest at most.
    pub max_day: NaiveDate,
    /// About-day of the report that cleared the patient.
    pub cleared_on: Option<NaiveDate>,
    /// Positions in [`Chart::runs`] of the first and the newest run.
    runs: (usize, usize),
}

impl RecoveryState {
    /// The day on which the patient counts as recovered: cleared, or a week past the latest end.
    #[must_use]
    pub fn recovered_on(&self) -> NaiveDate {
        self.cleared_on.unwrap_or(self.max_day + Days::new(RECOVERED_AFTER_MAX_DAYS))
    }

    fn starting_with(logged: &LoggedRun, at: usize, window: usize, rest: &Window) -> Self {
        Self {
            run: logged.run.id.clone(),
            window,
            first_run_day: logged.day,
            last_run_day: logged.day,
            last_logged_at: logged.logged_at,
            min_day: logged.day + Days::new(u64::from(rest.min_days)),
            max_day: logged.day + Days::new(u64::from(rest.max_days)),
            cleared_on: None,
            runs: (at, at),
        }
    }

    /// The latest end wins: a jog never shortens a marathon's window.
    fn join(&mut self, later: Self) {
        if later.max_day >= self.max_day {
            self.run = later.run;
            self.window = later.window;
        }
        self.last_run_day = later.last_run_day;
        self.last_logged_at = self.last_logged_at.max(later.last_logged_at);
        self.min_day = self.min_day.max(later.min_day);
        self.max_day = self.max_day.max(later.max_day);
        self.runs.1 = later.runs.1;
    }

    /// Looks up in the ledger whether a report has cleared this stretch. Being cleared stays, unless a run
    /// that became known afterwards has moved the end of rest beyond it.
    fn note_clearance(&mut self, chart: &Chart) {
        let (first, newest) = self.runs;
        let is_of_this_stretch = |run: &RunId| chart.runs[first..=newest].iter().any(|of| of.run.id == *run);
        self.cleared_on =
            chart.ledger.of_kind(Kind::RunAgain).find_map(|entry| match &entry.identity.subject {
                Subject::RunAgain { run, about_day }
                    if entry.identity.audience == Audience::Patient
                        && entry.counts_as_told()
                        && is_of_this_stretch(run)
                        && (*about_day >= self.min_day || self.last_logged_at <= entry.decided_at) =>
                {
                    Some(*about_day)
                }
                _ => None,
            });
    }
}

/// The window a run falls into, with its position: a race beats a distance, then file order.
#[must_use]
pub fn window_of<'a>(book: &'a RuleBook, run: &Run) -> Option<(usize, &'a Window)> {
    let windows = || book.recovery.windows.iter().enumerate();
    let race = |window: &Window| match (&window.when, &run.kind) {
        (RunMatch::Race(race), RunKind::Race(kind)) => race == kind,
        _ => false,
    };
    let distance = |window: &Window| match window.when {
        RunMatch::Distance { from_m, below_m } => {
            run.distance_m >= from_m && below_m.is_none_or(|below| run.distance_m < below)
        }
        RunMatch::Race(_) => false,
    };
    windows().find(|(_, window)| race(window)).or_else(|| windows().find(|(_, window)| distance(window)))
}

/// The newest stretch of rest as of a day.
pub(super) fn of_chart(
    book: &RuleBook,
    chart: &Chart,
    as_of: NaiveDate,
    rule_errors: &mut Vec<String>,
) -> Option<RecoveryState> {
    let mut current: Option<RecoveryState> = None;
    for (at, logged) in chart.runs.iter().enumerate().filter(|(_, logged)| logged.day <= as_of) {
        let Some((position, window)) = window_of(book, &logged.run) else {
            rule_errors.push(format!("no recovery window fits run `{}`", logged.run.id));
            continue;
        };
        let new = RecoveryState::starting_with(logged, at, position, window);
        let current_ends = current.as_ref().map(|state| (state.recovered_on(), state.cleared_on.is_some()));
        match (&mut current, current_ends) {
            (Some(state), Some((recovered_on, cleared)))
                if logged.day < recovered_on || (logged.day == recovered_on && !cleared) =>
            {
                state.join(new);
            }
            _ => current = Some(new),
        }
        if let Some(state) = &mut current {
            state.note_clearance(chart);
        }
    }
    current
}
