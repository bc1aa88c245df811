//! The daemon's parts, as a library so that tests can drive them; `main.rs` is the command line over it.
//!
//! The shell around the pure rules: it reads the clock, stores, sends and serves, and decides nothing about
//! care.

mod account_mail;
mod address;
pub mod app;
pub mod belief;
mod carried_through;
pub mod circuit;
mod clinic_mail;
pub mod clock;
pub mod clock_guard;
pub mod clock_watch;
pub mod commands;
mod compare_history;
mod comparisons;
pub mod compose;
pub mod config;
pub mod delivery;
pub mod demo;
mod desk;
pub mod draft;
pub mod entry;
pub mod escalation;
pub mod excuse;
mod export;
pub mod figures;
pub mod health;
pub mod heartbeat;
pub mod imports;
mod mail_bases;
pub mod outage;
pub mod reconciliation;
pub mod recorder;
pub mod reloading;
mod rules_desk;
pub mod rules_live;
pub mod rules_write;
pub mod scenarios;
pub mod scheduler;
pub mod shipped;
pub mod token;
pub mod transport;
pub mod turn;
pub mod unreadable;
mod waiting;
pub mod wake;
pub mod watcher;
