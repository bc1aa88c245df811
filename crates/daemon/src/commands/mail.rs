//! `afterrun mail test`: does mail leave?

use std::path::Path;

use afterrun_mail::{Class, Envelope, OpenGate, check_address, probe};
use anyhow::Context;
use clap::{Args, Subcommand};

use super::{
    Ended,
    mail_bounce::MailBounce,
    tool::{Shared, say},
};
use crate::{
    clinic_mail,
    compose::When,
    transport::{smtp_config, transport},
};

/// Mail.
#[derive(Subcommand, Debug)]
pub(super) enum Mail {
    /// Connect to the mail server and send one mail that says nothing.
    Test(Test),
    /// Take one notification of non-delivery from standard input.
    Bounce(MailBounce),
}

#[derive(Args, Debug)]
pub(super) struct Test {
    /// Who gets it.
    #[arg(long, value_name = "ADDRESS")]
    to: String,
}

impl Mail {
    pub(super) async fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        match self {
            Self::Test(test) => send_test(shared, &test.to).await,
            Self::Bounce(bounce) => bounce.execute(shared).await,
        }
    }
}

/// Connects and sends one mail that says nothing; what came of it is said line by line.
pub(super) async fn send_test(shared: &Shared, to: &str) -> anyhow::Result<Ended> {
    let to = check_address(to)?;
    let tool = shared.open().await?;
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY");
    let credentials = credentials.as_deref().map(Path::new);
    match smtp_config(&tool.config, credentials)? {
        Some(smtp) => {
            let report = probe(&smtp).await;
            if let Some(why) = report.failure {
                say(format_args!("the mail server does not take us: {why}"))?;
                return Ok(Ended::WithFindings);
            }
            let how = if report.encrypted { "encrypted" } else { "not encrypted" };
            let login = if report.logged_in { ", logged in" } else { "" };
            say(format_args!("the mail server answers ({how}{login})"))?;
        }
        None => say(format_args!(
            "no mail server is configured: writing to {}",
            tool.config.capture_path().display()
        ))?,
    }
    let book = tool.book();
    let when = When { due_at: tool.now, stale_at: None };
    let addresses = [to.as_str().into()];
    let mails = tool.turns.letterhead.to_clinic(&book, &addresses, &clinic_mail::test_mail(), when)?;
    let mail = mails.first().context("the mail could not be written")?;
    let envelope = Envelope::new(&mail.envelope_from, &mail.recipient)?;
    let outcome = transport(&tool.config, credentials)?.deliver(&envelope, &mail.bytes, &mut OpenGate).await;
    say(&outcome)?;
    Ok(if outcome.class() == Class::Accepted { Ended::Well } else { Ended::WithFindings })
}
