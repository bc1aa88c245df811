//! The configuration, the folders and their rights, the database, the rules.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    sync::Arc,
};

use afterrun_rules::{diagnostic::Severity, folder, load};
use afterrun_store::{Options, Sqlite, Store};

use super::{
    super::{rules_folder::counted, tool::Shared},
    Finding,
};
use crate::config::{Config, EditRules, Mode};

/// Rights that others than the owner have.
const OTHERS: u32 = 0o077;

/// Where the configuration is, and what in it cannot be right for a clinic.
pub(super) fn configuration(shared: &Shared, config: &Config) -> Finding {
    let topic = "configuration";
    let place = match shared.config_path() {
        Some(path) => path.display().to_string(),
        None => {
            return Finding::doubtful(
                topic,
                "there is none: everything is at its default",
                "copy deploy/afterrun.ron to `afterrun.ron`, or name one with --config",
            );
        }
    };
    if config.smtp.is_some() && config.mode == Mode::Live {
        match &config.base_url {
            None => {
                return Finding::bad(
                    topic,
                    format!("{place}: `base_url` is missing, so links in mails lead to {}", config.listen),
                    "set `base_url` to the address of the reverse proxy, such as `https://runners.clinic.example`",
                );
            }
            Some(url) if url.starts_with("http://") => {
                return Finding::doubtful(
                    topic,
                    format!("{place}: `base_url` is not encrypted"),
                    "use `https://`: links are keys",
                );
            }
            Some(_) => {}
        }
    }
    if config.mode == Mode::Shadow {
        return Finding::well(topic, format!("{place}; mode Shadow: runners' mail goes to the clinic"));
    }
    Finding::well(topic, place)
}

/// The data folder, where mail is captured, and the password's file.
pub(super) fn look(config: &Config) -> Vec<Finding> {
    let mut findings = vec![writable("data folder", &config.data)];
    if config.smtp.is_none() {
        findings.push(writable("capture folder", &config.capture_path()));
    }
    if config.edit_rules == EditRules::InConsole {
        findings.push(editable(&config.rules));
    }
    if let Some(path) = config.smtp.as_ref().and_then(|smtp| smtp.password_file.as_deref()) {
        findings.push(secret(path));
    }
    findings
}

/// Whether this user can write there, and nobody else look in.
fn writable(topic: &'static str, folder: &Path) -> Finding {
    let shown = folder.display();
    // The nearest folder there is: what is missing below it is made at the first start.
    let Some(there) = folder.ancestors().find(|path| path.exists() || path.as_os_str().is_empty()) else {
        return Finding::bad(
            topic,
            format!("{shown} cannot be made"),
            "name another folder in the configuration",
        );
    };
    let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
    if let Err(why) = tempfile::Builder::new().prefix(".afterrun-doctor-").tempfile_in(there) {
        return Finding::bad(
            topic,
            format!("{shown} cannot be written: {why}"),
            format!("give the service's user the folder {}", there.display()),
        );
    }
    let mode = fs::metadata(folder).map(|found| found.permissions().mode());
    match mode {
        Ok(mode) if mode & OTHERS != 0 => {
            Finding::doubtful(topic, format!("{shown} is open to other users"), format!("chmod 700 {shown}"))
        }
        Ok(_) if runs_as_root() => Finding::doubtful(
            topic,
            format!("{shown} can be written, as root can everywhere"),
            "run the doctor as the service's user: `sudo -u afterrun afterrun doctor`",
        ),
        Ok(_) => Finding::well(topic, shown.to_string()),
        Err(_) => Finding::well(topic, format!("{shown} is made at the first start")),
    }
}

/// Whether this user can write the rules, as the console's editor has to. Others may as well: they are no secret.
fn editable(rules: &Path) -> Finding {
    let topic = "editing rules";
    let shown = rules.display();
    match tempfile::Builder::new().prefix(".afterrun-doctor-").tempfile_in(rules) {
        Ok(_) => Finding::well(topic, format!("{shown} can be written")),
        Err(why) => Finding::bad(
            topic,
            format!("`edit_rules: InConsole`, and {shown} cannot be written: {why}"),
            "let the service's group write the folder, and name it in `ReadWritePaths=` of the unit",
        ),
    }
}

/// The process's own folder belongs to the user it runs as.
fn runs_as_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn secret(path: &Path) -> Finding {
    let topic = "password file";
    match fs::metadata(path) {
        Ok(found) if found.permissions().mode() & OTHERS != 0 => Finding::doubtful(
            topic,
            format!("{} can be read by others", path.display()),
            format!("chmod 600 {}", path.display()),
        ),
        Ok(_) => Finding::well(topic, path.display().to_string()),
        Err(why) => Finding::bad(
            topic,
            format!("{}: {why}", path.display()),
            "write the password into that file, or leave `password_file` out and give systemd the credential `smtp-password`",
        ),
    }
}

/// Whether the database can be opened; one that is not there is not made.
pub(super) async fn database(config: &Config) -> (Finding, Option<Arc<dyn Store>>) {
    let topic = "database";
    let path = config.database_path();
    if !path.exists() {
        return (Finding::skipped(topic, format!("{} is made at the first start", path.display())), None);
    }
    let advice = "keep the file as it is, and restore the newest backup beside it: deploy/README.md says how";
    let store = match Sqlite::open(&path, Options::tool()) {
        Ok(store) => store,
        Err(why) => return (Finding::bad(topic, why.to_string(), advice), None),
    };
    if let Err(why) = store.ping().await {
        return (Finding::bad(topic, why.to_string(), advice), None);
    }
    let others = fs::metadata(&path).is_ok_and(|found| found.permissions().mode() & OTHERS != 0);
    let finding = if others {
        let shown = path.display();
        Finding::doubtful(topic, format!("{shown} can be read by others"), format!("chmod 600 {shown}"))
    } else {
        Finding::well(topic, path.display().to_string())
    };
    (finding, Some(Arc::new(store)))
}

/// Items named at most; the count says how many there are.
const NAMED_AT_MOST: usize = 10;

/// Whether something stored could not be read when it was wanted.
pub(super) async fn unreadable(store: &dyn Store) -> Finding {
    let topic = "stored rows";
    let items = match store.unreadable(1000).await {
        Ok(items) => items,
        Err(why) => return Finding::bad(topic, why.to_string(), "look at the log"),
    };
    if items.is_empty() {
        return Finding::well(topic, "all that was wanted could be read");
    }
    let patients: BTreeSet<&str> = items.iter().map(|item| item.patient.as_str()).collect();
    let named: Vec<&str> = patients.iter().copied().take(NAMED_AT_MOST).collect();
    Finding::bad(
        topic,
        format!("{} on the work-list about what cannot be read: {}", items.len(), named.join(", ")),
        "restore what they had from the newest backup (deploy/README.md), then close the items in the console",
    )
}

/// Whether the rules load.
pub(super) fn rules(config: &Config) -> Finding {
    let topic = "rules";
    let shown = config.rules.display();
    let sources = match folder::read(&config.rules) {
        Ok(sources) => sources,
        Err(why) => {
            return Finding::bad(
                topic,
                format!("{shown}: {why}"),
                "name the clinic's rules folder in `rules`",
            );
        }
    };
    let loaded = load::load(&sources);
    let (errors, warnings): (Vec<_>, Vec<_>) =
        loaded.diagnostics.iter().partition(|diagnostic| diagnostic.severity == Severity::Error);
    let advice = format!("afterrun check {shown}");
    match loaded.book {
        None => Finding::bad(topic, format!("{shown}: {}", counted(errors.len().max(1), "error")), advice),
        Some(_) if !errors.is_empty() => {
            Finding::bad(topic, format!("{shown}: {}", counted(errors.len(), "error")), advice)
        }
        Some(book) if !warnings.is_empty() => {
            let found =
                format!("{shown}: {} (book {})", counted(warnings.len(), "warning"), book.hash.short());
            Finding::doubtful(topic, found, advice)
        }
        Some(book) => Finding::well(topic, format!("{shown} (book {})", book.hash.short())),
    }
}
