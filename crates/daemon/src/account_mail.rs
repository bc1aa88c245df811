//! The mail that says what has changed about somebody's account of the console.

use afterrun_rules::{Reason, decision::Audience};
use afterrun_store::{NewMessage, Role, StoreError};
use afterrun_web::{AccountChange, AccountMail, PasswordChange};

use crate::{
    clinic_mail::{self, AccountChanged},
    compose::When,
    token::random_text,
    turn::{TurnError, Turns},
};

/// A mail of its own for every change; none for an address that cannot be written to. It is never stale: whoever did
/// not make the change wants to know however late it is.
pub(crate) fn written(turns: &Turns, ask: &AccountMail<'_>) -> Result<Option<NewMessage>, StoreError> {
    let live = turns.rules.current();
    let (book, letterhead) = (&*live.book, &turns.letterhead);
    let (way, local) = (book.clinic.way(), ask.now.with_timezone(&book.clinic.time_zone));
    let when = format!(
        "{}, {} ({})",
        way.date_with_year(local.date_naive()),
        way.time(local.time()),
        local.format("%Z")
    );
    let changed = match ask.change {
        AccountChange::Password(how) => AccountChanged::Password(how_in_words(how)),
        AccountChange::Role { to, by } => AccountChanged::Role { to: role_in_words(to), by },
    };
    let text = clinic_mail::account_changed(&changed, &book.clinic.name, &when);
    let failed = |why: TurnError| StoreError::Backend(why.to_string());
    let due = When { due_at: ask.now, stale_at: None };
    let mail = letterhead.to_clinic(book, &[ask.to.into()], &text, due).map_err(failed)?.pop();
    let name = random_text::<15>().map_err(|why| StoreError::Backend(why.to_string()))?;
    Ok(mail.map(|mail| NewMessage {
        entry: None,
        identity_text: format!("user-news/{name}"),
        audience: Audience::Clinic,
        reason: Reason::new("account-changed", "Something about an account of the console was changed."),
        facts: Default::default(),
        mail: Some(mail),
    }))
}

fn how_in_words(how: PasswordChange) -> &'static str {
    match how {
        PasswordChange::SignedIn => "by somebody who was signed in and knew the old one",
        PasswordChange::Link => "by a link that was mailed to this address",
        PasswordChange::CommandLine => "by whoever runs Afterrun, with the command “afterrun user password”",
    }
}

fn role_in_words(role: Role) -> &'static str {
    match role {
        Role::Viewer => "a viewer, who may look",
        Role::Clinician => "a clinician, who may look after runners",
        Role::Admin => "an admin, who may look after runners and change users",
    }
}
