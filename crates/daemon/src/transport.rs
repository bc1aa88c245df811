//! From the configuration to whatever takes the mails: a submission server, or a folder.

use std::{path::Path, sync::Arc};

use afterrun_mail::{CaptureFolder, Secret, Smtp, SmtpConfig, Transport};
use anyhow::Context;

use crate::config::{self, Config};

/// What takes the mails. `credentials` is the folder systemd hands secrets over in.
///
/// # Errors
/// When the configuration of the mail server does not hold together, or the capture folder cannot be made.
pub fn transport(config: &Config, credentials: Option<&Path>) -> anyhow::Result<Arc<dyn Transport>> {
    match smtp_config(config, credentials)? {
        Some(smtp) => Ok(Arc::new(Smtp::new(smtp).context("the mail server of the configuration")?)),
        None => {
            let folder = config.capture_path();
            let capture = CaptureFolder::open(&folder)
                .with_context(|| format!("the folder for captured mail, {}", folder.display()))?;
            Ok(Arc::new(capture))
        }
    }
}

/// The mail server as `afterrun_mail` wants it; none if mails are captured.
///
/// # Errors
/// When there is no password for the user.
pub fn smtp_config(config: &Config, credentials: Option<&Path>) -> anyhow::Result<Option<SmtpConfig>> {
    let Some(smtp) = &config.smtp else { return Ok(None) };
    let hello_name = smtp.hello_name.as_deref().unwrap_or_else(|| config.from_domain());
    let mut wanted = SmtpConfig::new(&smtp.host, smtp.port(), hello_name);
    wanted.security = match smtp.security {
        config::Security::Tls => afterrun_mail::Security::ImplicitTls,
        config::Security::StartTls => afterrun_mail::Security::StartTls,
        config::Security::Plain => afterrun_mail::Security::PlainLoopbackOnly,
    };
    let password = smtp.password(credentials)?;
    wanted.user = smtp.user.clone().zip(password).map(|(user, password)| (user, Secret::from(password)));
    if let Some(connections) = smtp.connections {
        wanted.max_connections = connections.try_into()?;
    }
    Ok(Some(wanted))
}
