//! The crate `cel` on the same eight stages, and on the recovery window of the newest run. It has no notion of days
//! that follow one another, so it is given the aggregates ready made; making them is not counted.

use std::sync::Arc;

use cel::{
    Context, Env, Program, Value,
    common::{
        types::{CelBool, CelDouble, CelInt},
        value::{CowVal, Val},
    },
    context::VariableResolver,
};

use crate::by_hand::{Aggregates, STAGES, Said, Spell};

/// By position in [`STAGES`]. A plain yes or no comes first, and where that is no `cel` looks no further: the least
/// that can be asked of it.
const YES_OR_NO_FIRST: [&str; STAGES.len()] = [
    "pain && pain_days >= 3 && pain_reports >= 2",
    "pain && pain_days >= 5 && pain_reports >= 3",
    "limp && limp_days >= 0 && limp_reports >= 1",
    "limp && limp_days >= 3 && limp_reports >= 2",
    "swelling && swelling_days >= 0 && swelling_reports >= 1",
    "swelling && swelling_days >= 3 && swelling_reports >= 2",
    "runs >= 3 && !fell && ties <= 0 && rise >= 2 && last >= 3 && span <= 21",
    "severe && severe_days >= 0 && severe_reports >= 1",
];

/// The same over numbers, as a rule reads ("three days, two reports"), the yes or no last.
const NUMBERS_FIRST: [&str; STAGES.len()] = [
    "pain_days >= 3 && pain_reports >= 2 && pain",
    "pain_days >= 5 && pain_reports >= 3 && pain",
    "limp_days >= 0 && limp_reports >= 1 && limp",
    "limp_days >= 3 && limp_reports >= 2 && limp",
    "swelling_days >= 0 && swelling_reports >= 1 && swelling",
    "swelling_days >= 3 && swelling_reports >= 2 && swelling",
    "runs >= 3 && rise >= 2 && last >= 3 && span <= 21 && ties <= 0 && !fell",
    "severe_days >= 0 && severe_reports >= 1 && severe",
];

/// The recovery window of the newest run: the shipped table, the first row that fits, by its position.
const WINDOW: &str = "race == 1 ? 0 : race == 2 ? 1 : race == 3 ? 2 : race == 4 ? 3 : race == 5 ? 4 : \
    metres < 0.0 ? -1 : metres < 4828.032 ? 5 : metres < 8046.72 ? 6 : metres < 16093.44 ? 7 : 8";

/// The compiled expressions.
pub struct Expressions {
    env: Arc<Env>,
    stages: Vec<Program>,
    window: Option<Program>,
}

impl Expressions {
    /// Eight stages, as little work as can be.
    pub fn least() -> Self {
        Self::compile(&YES_OR_NO_FIRST, false)
    }

    /// The window and eight stages: what the decision takes that the figure of two microseconds is known of.
    pub fn whole() -> Self {
        Self::compile(&NUMBERS_FIRST, true)
    }

    fn compile(stages: &[&str], with_window: bool) -> Self {
        let env = Arc::new(Env::stdlib());
        let compile = |text: &str| env.compile(text).expect("an expression");
        let stages = stages.iter().map(|text| compile(text)).collect();
        let window = with_window.then(|| compile(WINDOW));
        Self { env, stages, window }
    }

    /// Variables are asked for by name when needed: the quicker of the two ways to hand them over. The context is
    /// made for each patient, as it must be.
    pub fn with_resolver(&self, of: &Aggregates) -> Said {
        let variables = Variables::of(of);
        let mut context = Context::with_env(self.env.clone());
        context.set_variable_resolver(&variables);
        self.said(&context)
    }

    /// All variables are put into the context beforehand.
    pub fn with_variables_added(&self, of: &Aggregates) -> Said {
        let variables = Variables::of(of);
        let mut context = Context::with_env(self.env.clone());
        for name in NAMES {
            if let Some(value) = variables.get(name) {
                context.add_variable_as_val(name, value.clone_as_boxed());
            }
        }
        self.said(&context)
    }

    fn said(&self, context: &Context<'_, '_>) -> Said {
        let stages = self.stages.iter().enumerate().fold(0, |bits, (at, program)| {
            let reached = matches!(program.execute(context), Ok(Value::Bool(true)));
            bits | u8::from(reached) << at
        });
        let window = self.window.as_ref().and_then(|program| match program.execute(context) {
            Ok(Value::Int(at)) => u8::try_from(at).ok(),
            _ => None,
        });
        Said { stages, window }
    }
}

struct Variables {
    pain: Named,
    limp: Named,
    swelling: Named,
    severe: Named,
    runs: CelInt,
    fell: CelBool,
    ties: CelInt,
    rise: CelInt,
    last: CelInt,
    span: CelInt,
    race: CelInt,
    metres: CelDouble,
}

struct Named {
    present: CelBool,
    days: CelInt,
    reports: CelInt,
}

impl From<Spell> for Named {
    fn from(spell: Spell) -> Self {
        Self {
            present: spell.present.into(),
            days: i64::from(spell.days).into(),
            reports: i64::from(spell.reports).into(),
        }
    }
}

impl Variables {
    fn of(of: &Aggregates) -> Self {
        Self {
            pain: of.pain.into(),
            limp: of.limp.into(),
            swelling: of.swelling.into(),
            severe: of.severe.into(),
            runs: i64::from(of.runs.runs).into(),
            fell: of.runs.fell.into(),
            ties: i64::from(of.runs.ties).into(),
            rise: i64::from(of.runs.rise).into(),
            last: i64::from(of.runs.last).into(),
            span: i64::from(of.runs.span).into(),
            race: of.newest_run.map_or(-1, |run| i64::from(run.race)).into(),
            metres: of.newest_run.map_or(-1.0, |run| run.metres).into(),
        }
    }

    fn get(&self, name: &str) -> Option<&dyn Val> {
        Some(match name {
            "pain" => &self.pain.present,
            "pain_days" => &self.pain.days,
            "pain_reports" => &self.pain.reports,
            "limp" => &self.limp.present,
            "limp_days" => &self.limp.days,
            "limp_reports" => &self.limp.reports,
            "swelling" => &self.swelling.present,
            "swelling_days" => &self.swelling.days,
            "swelling_reports" => &self.swelling.reports,
            "severe" => &self.severe.present,
            "severe_days" => &self.severe.days,
            "severe_reports" => &self.severe.reports,
            "runs" => &self.runs,
            "fell" => &self.fell,
            "ties" => &self.ties,
            "rise" => &self.rise,
            "last" => &self.last,
            "span" => &self.span,
            "race" => &self.race,
            "metres" => &self.metres,
            _ => return None,
        })
    }
}

/// Every name that [`Variables::get`] knows.
const NAMES: [&str; 20] = [
    "pain",
    "pain_days",
    "pain_reports",
    "limp",
    "limp_days",
    "limp_reports",
    "swelling",
    "swelling_days",
    "swelling_reports",
    "severe",
    "severe_days",
    "severe_reports",
    "runs",
    "fell",
    "ties",
    "rise",
    "last",
    "span",
    "race",
    "metres",
];

impl VariableResolver for Variables {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        self.get(name).map(CowVal::Borrowed)
    }
}
