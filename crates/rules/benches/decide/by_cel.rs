//! The crate `cel` on the same eight stages. It has no notion of days that follow one another, so it is given
//! the aggregates ready made; making them is not counted.

use std::sync::Arc;

use cel::{
    Context, Env, Program, Value,
    common::{
        types::{CelBool, CelInt},
        value::{CowVal, Val},
    },
    context::VariableResolver,
};

use crate::by_hand::{Aggregates, STAGES, Spell};

/// By position in [`STAGES`].
const EXPRESSIONS: [&str; STAGES.len()] = [
    "pain && pain_days >= 3 && pain_reports >= 2",
    "pain && pain_days >= 5 && pain_reports >= 3",
    "limp && limp_days >= 0 && limp_reports >= 1",
    "limp && limp_days >= 3 && limp_reports >= 2",
    "swelling && swelling_days >= 0 && swelling_reports >= 1",
    "swelling && swelling_days >= 3 && swelling_reports >= 2",
    "runs >= 3 && !fell && ties <= 0 && rise >= 2 && last >= 3 && span <= 21",
    "severe && severe_days >= 0 && severe_reports >= 1",
];

/// The compiled expressions.
pub struct Stages {
    env: Arc<Env>,
    programs: Vec<Program>,
}

impl Stages {
    pub fn compile() -> Self {
        let env = Arc::new(Env::stdlib());
        let programs = EXPRESSIONS.iter().map(|text| env.compile(text).expect("an expression")).collect();
        Self { env, programs }
    }

    /// The stages reached. The context is made for each patient, as it must be.
    pub fn reached(&self, of: &Aggregates) -> u8 {
        let variables = Variables::of(of);
        let mut context = Context::with_env(self.env.clone());
        context.set_variable_resolver(&variables);
        self.programs.iter().enumerate().fold(0, |bits, (at, program)| {
            let reached = matches!(program.execute(&context), Ok(Value::Bool(true)));
            bits | u8::from(reached) << at
        })
    }
}

/// The quicker of the two ways to hand over variables: they are asked for by name when needed.
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
        }
    }
}

impl VariableResolver for Variables {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        let value: &dyn Val = match name {
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
            _ => return None,
        };
        Some(CowVal::Borrowed(value))
    }
}
