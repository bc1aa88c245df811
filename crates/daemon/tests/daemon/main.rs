//! The daemon's parts together: what only shows when store, rules, mail and clock meet.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so best by failing here")]

mod attacks;
mod budgets;
mod command_line;
mod delivery;
mod demo;
mod doubted;
mod doubted_commands;
mod kept_back;
mod outage;
mod refused;
mod reload;
mod runner;
mod story;
mod support;
mod unreadable;
mod unreadable_told;
mod waiting;
mod watching;
