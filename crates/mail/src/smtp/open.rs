//! From a host name to a session that is greeted, encrypted and logged in.
//!
//! What is said in the clear is said here rather than by lettre: its STARTTLS keeps bytes that an attacker put
//! behind the server's answer and reads them as if they had come encrypted.

use std::{io, net::SocketAddr};

use lettre::transport::smtp::{
    authentication::{Credentials, Mechanism},
    client::AsyncSmtpConnection,
    extension::ClientId,
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpStream, lookup_host},
    time::{Instant, timeout_at},
};
use tokio_rustls::{TlsConnector, client::TlsStream, rustls::pki_types::ServerName};

use super::{
    config::{ConfigError, Limits, Security, SmtpConfig},
    not_sent,
    session::{Session, command, expect_positive},
    tls,
    wire::{Duplex, Wire},
};
use crate::{
    outcome::{Outcome, Stage},
    reply::{Reply, read_reply, split_enhanced},
};

/// A checked configuration and what is made of it once.
#[derive(Debug)]
pub(super) struct Setup {
    config: SmtpConfig,
    hello: ClientId,
    protection: Protection,
}

enum Protection {
    Implicit(TlsConnector, ServerName<'static>),
    StartTls(TlsConnector, ServerName<'static>),
    LoopbackOnly,
}

impl std::fmt::Debug for Protection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Implicit(..) => "Implicit",
            Self::StartTls(..) => "StartTls",
            Self::LoopbackOnly => "LoopbackOnly",
        })
    }
}

impl Setup {
    pub(super) fn new(config: SmtpConfig) -> Result<Self, ConfigError> {
        if !(1..=100).contains(&config.max_connections) {
            return Err(ConfigError::Connections(config.max_connections));
        }
        if let Some((user, password)) = &config.user {
            let plain = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
            if !plain(user) || !plain(password.expose()) {
                return Err(ConfigError::Credentials);
            }
        }
        let name =
            ServerName::try_from(config.host.clone()).map_err(|_| ConfigError::Host(config.host.clone()))?;
        let connector = || tls::connector(&config.extra_root_certificates);
        let protection = match config.security {
            Security::ImplicitTls => Protection::Implicit(connector()?, name),
            Security::StartTls => Protection::StartTls(connector()?, name),
            Security::PlainLoopbackOnly => Protection::LoopbackOnly,
        };
        let hello = hello_name(&config.hello_name)?;
        Ok(Self { config, hello, protection })
    }

    pub(super) fn connections(&self) -> u32 {
        // The range is checked with the rest of the configuration.
        u32::try_from(self.config.max_connections).unwrap_or(1)
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// A session ready for its first message.
    pub(super) async fn open(&self, deadline: Instant) -> Result<Session, Outcome> {
        let limits = self.limits();
        let tcp = self.connect(deadline).await?;
        let peer = tcp.peer_addr().map_err(|error| not_sent(Stage::Connect, error.to_string()))?;
        // lettre sends body and dot in two writes: without this each message waits 40 ms for the peer's delayed
        // acknowledgement (23 messages a second instead of 2,900).
        tcp.set_nodelay(true).map_err(|error| not_sent(Stage::Connect, error.to_string()))?;
        let stream = self.protect(tcp, deadline).await?;

        let (wire, notes) = Wire::new(stream, peer);
        let limit = deadline.min(Instant::now() + limits.command);
        let hello = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &self.hello);
        let mut connection = command(Stage::Hello, limit, hello).await?;
        if let Some((user, password)) = &self.config.user {
            let limit = deadline.min(Instant::now() + limits.command);
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            let reply = command(Stage::Auth, limit, connection.auth(&mechanisms, &credentials)).await?;
            expect_positive(Stage::Auth, &reply)?;
        }
        Ok(Session::new(connection, notes, *limits, self.config.quick, peer))
    }

    /// An open TCP connection. Each address of the name gets its share of the time, so that one that swallows
    /// packets does not use up the others'.
    async fn connect(&self, deadline: Instant) -> Result<TcpStream, Outcome> {
        let limit = deadline.min(Instant::now() + self.limits().connect);
        let target = (self.config.host.as_str(), self.config.port);
        let found: Vec<SocketAddr> = match timeout_at(limit, lookup_host(target)).await {
            Ok(Ok(addresses)) => addresses.collect(),
            Ok(Err(error)) => return Err(not_sent(Stage::Connect, format!("the host's name: {error}"))),
            Err(_) => return Err(not_sent(Stage::Connect, "the host's name was not found in time")),
        };
        if self.config.security == Security::PlainLoopbackOnly
            && found.iter().any(|at| !at.ip().is_loopback())
        {
            return Err(not_sent(Stage::Tls, "without TLS, mail goes only to a server on this machine"));
        }
        let mut why = "the host's name has no address".to_owned();
        for (tried, address) in found.iter().enumerate() {
            let left = limit.saturating_duration_since(Instant::now());
            let share = Instant::now() + left / (found.len() - tried) as u32;
            match timeout_at(share, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => return Ok(tcp),
                Ok(Err(error)) => why = error.to_string(),
                Err(_) => why = "no connection in time".to_owned(),
            }
        }
        Err(not_sent(Stage::Connect, why))
    }

    /// The stream on which EHLO may be said, the greeting read and TLS in place.
    async fn protect(&self, mut tcp: TcpStream, deadline: Instant) -> Result<Box<dyn Duplex>, Outcome> {
        let limits = self.limits();
        let greeting_by = || deadline.min(Instant::now() + limits.greeting);
        match &self.protection {
            Protection::LoopbackOnly => {
                hear(Stage::Greeting, greeting_by(), &mut tcp).await?;
                Ok(Box::new(tcp))
            }
            Protection::Implicit(connector, name) => {
                let mut stream = self.handshake(connector, name, tcp, deadline).await?;
                hear(Stage::Greeting, greeting_by(), &mut stream).await?;
                Ok(Box::new(stream))
            }
            Protection::StartTls(connector, name) => {
                hear(Stage::Greeting, greeting_by(), &mut tcp).await?;
                let command_by = || deadline.min(Instant::now() + limits.command);
                let hello = format!("EHLO {}\r\n", self.hello);
                let offered = ask(Stage::Hello, command_by(), &mut tcp, hello.as_bytes()).await?;
                if !offered.offers("STARTTLS") {
                    return Err(not_sent(Stage::Tls, "the server does not offer STARTTLS"));
                }
                let go = ask(Stage::Tls, command_by(), &mut tcp, b"STARTTLS\r\n").await?;
                if go.code != 220 {
                    return Err(not_sent(Stage::Tls, format!("unexpected answer {} to STARTTLS", go.code)));
                }
                Ok(Box::new(self.handshake(connector, name, tcp, deadline).await?))
            }
        }
    }

    async fn handshake(
        &self,
        connector: &TlsConnector,
        name: &ServerName<'static>,
        tcp: TcpStream,
        deadline: Instant,
    ) -> Result<TlsStream<TcpStream>, Outcome> {
        let limit = deadline.min(Instant::now() + self.limits().connect);
        match timeout_at(limit, connector.connect(name.clone(), tcp)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(not_sent(Stage::Tls, "the server closed the connection during the handshake"))
            }
            Ok(Err(error)) => Err(not_sent(Stage::Tls, error.to_string())),
            Err(_) => Err(not_sent(Stage::Tls, "no handshake in time")),
        }
    }
}

/// Sends one line in the clear and reads its reply.
async fn ask(stage: Stage, limit: Instant, stream: &mut TcpStream, line: &[u8]) -> Result<Reply, Outcome> {
    match timeout_at(limit, stream.write_all(line)).await {
        Ok(Ok(())) => hear(stage, limit, stream).await,
        Ok(Err(error)) => Err(not_sent(stage, error.to_string())),
        Err(_) => Err(not_sent(stage, "no answer in time")),
    }
}

/// Reads one reply that must be 2yz.
async fn hear<S: Duplex>(stage: Stage, limit: Instant, stream: &mut S) -> Result<Reply, Outcome> {
    let reply = match timeout_at(limit, read_reply(stream)).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(error)) => return Err(not_sent(stage, error.to_string())),
        Err(_) => return Err(not_sent(stage, "no answer in time")),
    };
    match reply.code {
        200..300 => Ok(reply),
        400.. => {
            let (enhanced, said) = split_enhanced(reply.code, &reply.text());
            Err(Outcome::Rejected { stage, code: reply.code, enhanced, said })
        }
        code => Err(not_sent(stage, format!("unexpected answer {code}"))),
    }
}

fn hello_name(name: &str) -> Result<ClientId, ConfigError> {
    if let Ok(address) = name.parse() {
        return Ok(ClientId::Ipv4(address));
    }
    if let Ok(address) = name.parse() {
        return Ok(ClientId::Ipv6(address));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    if name.is_empty() || name.len() > 253 || !name.bytes().all(plain) {
        return Err(ConfigError::HelloName(name.to_owned()));
    }
    Ok(ClientId::Domain(name.to_owned()))
}
