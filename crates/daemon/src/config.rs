//! `afterrun.ron`: where things are, how mail leaves, which address the links carry. Nothing about care,
//! which is the rules folder's business, and no secrets, which are files of their own.
//!
//! Every field has a default; a relative path is meant from the folder of the configuration file.

mod mistakes;

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use ron::{error::SpannedError, extensions::Extensions};
use serde::Deserialize;

/// Largest configuration file read, in bytes: a few hundred lines fit many times over.
const LARGEST_BYTES: u64 = 256 * 1024;

/// Name of the systemd credential that holds the mail server's password.
const PASSWORD_CREDENTIAL: &str = "smtp-password";

/// The configuration.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Folder for everything Afterrun writes.
    pub data: PathBuf,
    /// The clinic's rules folder.
    pub rules: PathBuf,
    /// The database file; none: `afterrun.db` in the data folder.
    pub database: Option<PathBuf>,
    /// Address and port to listen on. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// What links in mails begin with, such as `https://runners.clinic.example`; none: the address listened on.
    pub base_url: Option<String>,
    /// The mail server; none: mails are written to the capture folder.
    pub smtp: Option<Smtp>,
    /// Where mails are written when there is no mail server; none: `mail` in the data folder.
    pub capture: Option<PathBuf>,
    /// Who mails come from.
    pub from: From,
    /// Domain of the envelope sender, to which undeliverable mail is returned; none: the sender's own.
    pub bounce_domain: Option<String>,
    /// Whether patients' mail goes to the patients.
    pub mode: Mode,
    /// Where the rules may be edited.
    pub edit_rules: EditRules,
    /// Addresses and networks of reverse proxies on other machines, whose word about where a request comes from is
    /// taken. This machine is always one.
    pub trusted_proxies: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: "data".into(),
            rules: "rules".into(),
            database: None,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            base_url: None,
            smtp: None,
            capture: None,
            from: From::default(),
            bounce_domain: None,
            mode: Mode::Live,
            edit_rules: EditRules::InFolder,
            trusted_proxies: Vec::new(),
        }
    }
}

/// Who mails come from.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct From {
    /// The address.
    pub address: String,
    /// The name shown; none: the clinic's name from the rule book.
    pub name: Option<String>,
    /// Where replies go: a mailbox that a person reads. None: the sender's address.
    pub reply_to: Option<String>,
}

impl Default for From {
    fn default() -> Self {
        Self { address: "afterrun@localhost".into(), name: None, reply_to: None }
    }
}

/// The mail server.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Host name or address.
    pub host: String,
    /// Port; none: what the security calls for (465, 587 or 25).
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is protected.
    #[serde(default)]
    pub security: Security,
    /// User to log in as; none: no login.
    #[serde(default)]
    pub user: Option<String>,
    /// File that holds the password; none: the systemd credential `smtp-password`.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// The name to greet the server with: this machine's full name. None: the sender's domain.
    #[serde(default)]
    pub hello_name: Option<String>,
    /// Connections at a time, 1 to 100; none: four. After a crash so many messages may be in doubt.
    #[serde(default)]
    pub connections: Option<u32>,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
pub enum Security {
    /// TLS from the first byte.
    #[default]
    Tls,
    /// TLS after STARTTLS, never without.
    StartTls,
    /// None: for a relay on the same machine.
    Plain,
}

/// Whether patients' mail goes to the patients.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
pub enum Mode {
    /// Yes.
    #[default]
    Live,
    /// No: to the clinic instead, for a first week.
    Shadow,
}

/// Where the rules may be edited.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
pub enum EditRules {
    /// In their folder, with any editor.
    #[default]
    InFolder,
    /// In the console as well, by clinicians and admins: the service writes the folder.
    InConsole,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read the configuration {}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// The file says something that is not understood.
    #[error("the configuration has mistakes\n{0}")]
    Mistakes(String),
    /// The password is not there.
    #[error("no password for the mail server: {0}")]
    NoPassword(String),
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// If it cannot be read, or says something that is not understood.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |why| ConfigError::Unreadable { path: path.to_owned(), why };
        let size = fs::metadata(path).map_err(unreadable)?.len();
        if size > LARGEST_BYTES {
            return Err(unreadable(io::Error::other(format!("larger than {LARGEST_BYTES} bytes"))));
        }
        let text = fs::read_to_string(path).map_err(unreadable)?;
        let mut config = Self::parse(path, &text)?;
        config.rebase(path.parent().unwrap_or(Path::new("")));
        Ok(config)
    }

    /// Reads a configuration from its text; `path` is for messages alone.
    ///
    /// # Errors
    /// If it says something that is not understood.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        // A byte order mark counts for nothing, also not for the places of mistakes.
        let text = text.trim_start_matches('\u{feff}');
        let found = mistakes::find(text);
        match read(text) {
            Ok(config) if found.is_empty() => Ok(config),
            _ => Err(ConfigError::Mistakes(mistakes::shown(path, text, found))),
        }
    }

    fn rebase(&mut self, folder: &Path) {
        let paths = [
            Some(&mut self.data),
            Some(&mut self.rules),
            self.database.as_mut(),
            self.capture.as_mut(),
            self.smtp.as_mut().and_then(|smtp| smtp.password_file.as_mut()),
        ];
        for path in paths.into_iter().flatten() {
            *path = folder.join(&*path);
        }
    }

    /// The database file.
    #[must_use]
    pub fn database_path(&self) -> PathBuf {
        self.database.clone().unwrap_or_else(|| self.data.join("afterrun.db"))
    }

    /// The folder that mails are written to when there is no mail server.
    #[must_use]
    pub fn capture_path(&self) -> PathBuf {
        self.capture.clone().unwrap_or_else(|| self.data.join("mail"))
    }

    /// The domain that undeliverable mail is returned to.
    #[must_use]
    pub fn returns_to(&self) -> &str {
        self.bounce_domain.as_deref().unwrap_or_else(|| self.from_domain())
    }

    /// The domain that mails come from.
    #[must_use]
    pub fn from_domain(&self) -> &str {
        self.from.address.rsplit_once('@').map_or("localhost", |(_, domain)| domain)
    }
}

impl Smtp {
    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            Security::Tls => 465,
            Security::StartTls => 587,
            Security::Plain => 25,
        })
    }

    /// The password, from its file or from the systemd credential in `credentials` (the value of
    /// `CREDENTIALS_DIRECTORY`); none if there is no user to log in as.
    ///
    /// # Errors
    /// If a user is named and there is no password to be read.
    pub fn password(&self, credentials: Option<&Path>) -> Result<Option<String>, ConfigError> {
        if self.user.is_none() {
            return Ok(None);
        }
        let credential = || credentials.map(|folder| folder.join(PASSWORD_CREDENTIAL));
        let Some(path) = self.password_file.clone().or_else(credential) else {
            return Err(ConfigError::NoPassword(
                "name a `password_file`, or give systemd the credential `smtp-password`".into(),
            ));
        };
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned())),
            Err(why) => Err(ConfigError::NoPassword(format!("{}: {why}", path.display()))),
        }
    }
}

/// What the parser makes of a text.
fn read(text: &str) -> Result<Config, SpannedError> {
    ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME).from_str(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&Config, &str>) {
        let found = Config::parse(Path::new("afterrun.ron"), text).map_err(|mistake| mistake.to_string());
        assert_eq!(found.as_ref().map_err(String::as_str), expected, "{text}");
    }

    #[test]
    fn an_empty_configuration_is_the_default() {
        check("()", Ok(&Config::default()));
        check("Config()", Ok(&Config::default()));
    }

    #[test]
    fn options_need_no_some() {
        let expected = Config {
            base_url: Some("https://runners.clinic.example".into()),
            smtp: Some(Smtp {
                host: "mail.clinic.example".into(),
                port: None,
                security: Security::StartTls,
                user: Some("afterrun".into()),
                password_file: Some("password".into()),
                hello_name: None,
                connections: Some(8),
            }),
            mode: Mode::Shadow,
            edit_rules: EditRules::InConsole,
            ..Config::default()
        };
        let text = r#"Config(
            base_url: "https://runners.clinic.example",
            smtp: (host: "mail.clinic.example", security: StartTls, user: "afterrun", password_file: "password",
                connections: 8),
            mode: Shadow,
            edit_rules: InConsole,
        )"#;
        check(text, Ok(&expected));
    }

    #[test]
    fn paths_are_meant_from_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("afterrun.ron");
        fs::write(&path, "(data: \"state\", rules: \"/etc/afterrun/rules\")").unwrap();
        let config = Config::read(&path).unwrap();
        assert_eq!(config.database_path(), folder.path().join("state/afterrun.db"));
        assert_eq!(config.rules, Path::new("/etc/afterrun/rules"));
    }

    #[test]
    fn the_password_comes_from_a_file_or_a_credential() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(PASSWORD_CREDENTIAL), "secret\n").unwrap();
        let smtp = Smtp {
            host: "h".into(),
            port: None,
            security: Security::Tls,
            user: Some("u".into()),
            password_file: None,
            hello_name: None,
            connections: None,
        };
        assert_eq!(smtp.password(Some(folder.path())).unwrap().as_deref(), Some("secret"));
        assert!(smtp.password(None).unwrap_err().to_string().contains("password_file"));
        assert_eq!(Smtp { user: None, ..smtp }.password(None).unwrap(), None);
    }
}
