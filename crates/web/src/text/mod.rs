//! Every word that a page says and that is neither the clinic's own nor a person's, in one folder. A translation
//! replaces these files and touches nothing else.
//!
//! `runner` is what runners read; the others are the clinic's console, `console` what many of its pages share.

pub(crate) mod console;
pub(crate) mod operations;
pub(crate) mod patient;
pub(crate) mod rules;
pub(crate) mod runner;
pub(crate) mod users;

pub(crate) use self::runner::*;
