//! Afterrun's heart: a clinic's rule files in, decisions with reasons out.
//!
//! Pure: no clock, network, database, randomness or async runtime. Time is an argument. Reading a folder is
//! one module (`folder`), watching it another (`reload`, behind a feature); all else takes text and values.

pub mod assess;
pub mod book;
pub mod chart;
pub mod checks;
pub mod compare;
pub mod decision;
pub mod describe;
pub mod diagnostic;
pub mod evidence;
pub mod explain;
pub mod folder;
pub mod ids;
pub mod ledger;
pub mod load;
pub mod message;
pub mod mutants;
pub mod notation;
pub mod plan;
#[cfg(feature = "reload")]
pub mod reload;
pub mod render_diagnostic;
pub mod replay;
pub mod scenario;
pub mod scenario_run;
pub mod schedule;
pub mod source;
pub mod story;

pub use assess::{Assessment, assess};
pub use book::{BookHash, RuleBook};
pub use chart::{Chart, Event, TimedEvent};
pub use decision::{Action, Decision, Plan, Reason};
pub use diagnostic::{Diagnostic, Severity};
pub use plan::plan;
