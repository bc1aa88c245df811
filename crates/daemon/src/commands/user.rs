//! `afterrun user ...`: who may use the clinic's console.
//!
//! A password comes from a prompt or a file, never from the command line, where every other process could read
//! it and the shell would remember it.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use afterrun_mail::check_address;
use afterrun_store::{NewMessage, NewUser, Options, Role, Store};
use afterrun_web::{
    AccountChange, AccountMail, PASSWORD_BYTES, PasswordChange, examine_password, hash_password,
};
use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};

use super::{
    Ended,
    tool::{Shared, open_store, say},
};
use crate::account_mail;

/// Rows asked for at a time.
const PAGE: u32 = 200;

/// Users of the console.
#[derive(Subcommand, Debug)]
pub(super) enum User {
    /// Add a user; the password is asked for, or read from a file.
    Add(Add),
    /// Set a user's password, which ends the user's sessions: for when no mail with a link can be sent.
    Password(Password),
    /// List all users.
    List,
}

#[derive(Args, Debug)]
pub(super) struct Password {
    /// Mail address.
    email: String,
    /// File that holds the password; `-` for standard input. Without it the password is asked for.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Add {
    /// Mail address, which is the name to log in with.
    email: String,
    /// What the user may do.
    #[arg(long, value_enum)]
    role: RoleArgument,
    /// File that holds the password; `-` for standard input. Without it the password is asked for.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum RoleArgument {
    /// Look.
    Viewer,
    /// Look after runners.
    Clinician,
    /// That, and users and settings.
    Admin,
}

impl From<RoleArgument> for Role {
    fn from(role: RoleArgument) -> Self {
        match role {
            RoleArgument::Viewer => Self::Viewer,
            RoleArgument::Clinician => Self::Clinician,
            RoleArgument::Admin => Self::Admin,
        }
    }
}

impl User {
    pub(super) async fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let store = || open_store(&shared.config()?, Options::tool());
        match self {
            Self::Add(add) => add.execute(&*store()?, shared).await?,
            Self::Password(password) => password.execute(shared).await?,
            Self::List => list(&*store()?).await?,
        }
        Ok(Ended::Well)
    }
}

impl Add {
    async fn execute(self, store: &dyn Store, shared: &Shared) -> anyhow::Result<()> {
        let email = check_address(&self.email)?;
        if store.user_by_email(&email).await?.is_some() {
            bail!("there is a user with this address already");
        }
        let password_hash = new_password(self.password_file.as_deref())?;
        let user = NewUser { email, role: self.role.into(), password_hash };
        let key = store.add_user(user, shared.now()).await?;
        store.audit(shared.now(), "command line", "user-add", &format!("user {}", key.0)).await?;
        say(format_args!("added user {}", key.0))
    }
}

impl Password {
    async fn execute(self, shared: &Shared) -> anyhow::Result<()> {
        let store = open_store(&shared.config()?, Options::tool())?;
        let Some(user) = store.user_by_email(&self.email).await? else {
            bail!("there is no user with this address");
        };
        let password_hash = new_password(self.password_file.as_deref())?;
        let who = format!("user {}", user.key.0);
        // Rules that do not load must not keep anybody out.
        let notice = match notice(&user.email, shared).await {
            Ok(notice) => notice,
            Err(why) => {
                say(format_args!(
                    "the mail that says so cannot be written, so tell {}: {why:#}",
                    user.email
                ))?;
                None
            }
        };
        store.set_password(user.key, None, &password_hash, "command line", notice, shared.now()).await?;
        say(format_args!("{who} has a new password; all sessions have ended"))
    }
}

/// The mail that tells a user of the new password.
async fn notice(email: &str, shared: &Shared) -> anyhow::Result<Option<NewMessage>> {
    let tool = shared.open().await?;
    let change = AccountChange::Password(PasswordChange::CommandLine);
    Ok(account_mail::written(&tool.turns, &AccountMail { to: email, change, now: tool.now })?)
}

/// A password from a file or a prompt, hashed.
fn new_password(file: Option<&Path>) -> anyhow::Result<String> {
    let password = match file {
        Some(path) => read(path)?,
        None => ask()?,
    };
    examine_password(&password)?;
    hash_password(&password).context("the password could not be hashed")
}

fn read(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let limit = PASSWORD_BYTES as u64 + 2;
    let read = if path == Path::new("-") {
        std::io::stdin().take(limit).read_to_string(&mut text)
    } else {
        fs::File::open(path).and_then(|file| file.take(limit).read_to_string(&mut text))
    };
    read.with_context(|| format!("the password of {}", path.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn ask() -> anyhow::Result<String> {
    let prompt = |what: &str| {
        rpassword::prompt_password(what)
            .context("there is no terminal to ask for the password; give --password-file")
    };
    let password = prompt("Password: ")?;
    if password != prompt("The same again: ")? {
        bail!("the two passwords differ");
    }
    Ok(password)
}

async fn list(store: &dyn Store) -> anyhow::Result<()> {
    let mut after: Option<String> = None;
    loop {
        let page = store.users(after.as_deref(), PAGE).await?;
        for user in &page.rows {
            let role = format!("{:?}", user.role).to_lowercase();
            let access = match (user.deactivated_at, user.is_invited()) {
                (Some(_), _) => ", no access",
                (None, true) => ", invited",
                (None, false) => "",
            };
            say(format_args!(
                "{:>4}  {role:<10} {}  since {}{access}",
                user.key.0,
                user.email,
                user.added_at.date_naive()
            ))?;
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}
