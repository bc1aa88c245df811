//! An SMTP server that does exactly what a test tells it to: well-behaved unless a fault is scripted for a stage.
//!
//! It listens on a free port of the loopback interface, speaks TLS with a certificate of its own, keeps to the
//! order of commands as RFC 5321 has it (so that a client which has lost step is found out), and records what it
//! was told and what it took. It knows nothing of Afterrun.

mod certificate;
mod conversation;

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

pub use certificate::Certificate;

/// A point of the conversation at which the server would answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    /// After the connection is made, or after the handshake with implicit TLS.
    Greeting,
    /// EHLO or HELO.
    Hello,
    /// STARTTLS.
    StartTls,
    /// The TLS handshake.
    Handshake,
    /// AUTH.
    Auth,
    /// MAIL FROM.
    MailFrom,
    /// RCPT TO.
    Recipient,
    /// DATA.
    Data,
    /// After 354, before the message is read.
    Body,
    /// After the final dot.
    Dot,
    /// RSET.
    Reset,
    /// QUIT.
    Quit,
}

/// What the server does instead of the right thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Sends these bytes and goes on as if it had answered.
    Say(String),
    /// Sends these bytes and closes.
    SayAndClose(String),
    /// Says nothing and reads nothing, for ever.
    Silence,
    /// Closes at once.
    Close,
    /// Sends these bytes one at a time, with a pause after each.
    Drip(String, Duration),
    /// Sends these bytes when `release` is called, and not before.
    Held(String),
}

impl Fault {
    /// One reply line; the line end is added.
    #[must_use]
    pub fn reply(line: &str) -> Self {
        Self::Say(format!("{line}\r\n"))
    }

    /// What is sent, if anything.
    fn text(&self) -> &str {
        match self {
            Self::Say(text) | Self::SayAndClose(text) | Self::Drip(text, _) | Self::Held(text) => text,
            Self::Silence | Self::Close => "",
        }
    }

    /// Whether this amounts to a reply of 2yz.
    fn is_positive(&self) -> bool {
        self.text().starts_with('2') && self.text().ends_with("\r\n")
    }
}

/// How the server protects its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ServerTls {
    /// Not at all.
    #[default]
    None,
    /// From the first byte.
    Implicit,
    /// STARTTLS offered.
    StartTls,
}

/// What kind of server.
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    /// TLS.
    pub tls: ServerTls,
    /// The certificate it shows.
    pub certificate: Certificate,
    /// User and password it asks for; none: mail is taken from anybody.
    pub account: Option<(String, String)>,
    /// More EHLO keywords, such as `DSN`.
    pub keywords: Vec<String>,
}

/// A message that came in whole, final dot and all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenMail {
    /// Return path.
    pub from: String,
    /// Recipients.
    pub to: Vec<String>,
    /// The bytes, dot stuffing undone.
    pub bytes: Vec<u8>,
    /// Whether the server answered 2yz: only then may the client count it as accepted.
    pub accepted: bool,
    /// The connection it came over, counted from 1.
    pub connection: usize,
}

/// A command line as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The line.
    pub line: String,
    /// Whether it came over TLS.
    pub encrypted: bool,
    /// The connection, counted from 1.
    pub connection: usize,
}

/// A running server. Dropping it closes everything.
#[derive(Debug)]
pub struct SmtpServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    root_certificate: String,
    listening: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    options: ServerOptions,
    release: Semaphore,
    closed: Semaphore,
    /// Commands heard and messages taken so far.
    events: watch::Sender<usize>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    once: HashMap<At, VecDeque<Fault>>,
    always: HashMap<At, Fault>,
    taken: Vec<TakenMail>,
    heard: Vec<Heard>,
    connections: usize,
}

impl SmtpServer {
    /// Starts a server on a free port.
    ///
    /// # Errors
    ///
    /// No port, or no certificate.
    pub async fn start(options: ServerOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (acceptor, root_certificate) = certificate::acceptor(options.certificate)?;
        let shared = Arc::new(Shared {
            options,
            release: Semaphore::new(0),
            closed: Semaphore::new(0),
            events: watch::Sender::new(0),
            state: Mutex::default(),
        });
        let listening = tokio::spawn(listen(listener, acceptor, Arc::clone(&shared)));
        Ok(Self { address, shared, root_certificate, listening })
    }

    /// Its port on 127.0.0.1; the certificate is for `localhost`.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The root its certificate is signed by (PEM), to be trusted by the client.
    #[must_use]
    pub fn root_certificate(&self) -> &str {
        &self.root_certificate
    }

    /// The next time the conversation gets there, do this. Several for one point are done one after the other.
    pub fn once(&self, at: At, fault: Fault) {
        self.shared.lock().once.entry(at).or_default().push_back(fault);
    }

    /// Every time the conversation gets there, do this; `None` ends it.
    pub fn always(&self, at: At, fault: Option<Fault>) {
        let mut state = self.shared.lock();
        match fault {
            Some(fault) => state.always.insert(at, fault),
            None => state.always.remove(&at),
        };
    }

    /// Lets one held reply go.
    pub fn release(&self) {
        self.shared.release.add_permits(1);
    }

    /// Waits until one more connection has been closed by the server.
    pub async fn connection_closed(&self) {
        if let Ok(permit) = self.shared.closed.acquire().await {
            permit.forget();
        }
    }

    /// How much has happened: commands heard and messages that came in whole.
    #[must_use]
    pub fn events(&self) -> usize {
        *self.shared.events.borrow()
    }

    /// Waits until so much has happened. A message counts before it is answered, so this may be the moment in
    /// which the client does not know yet.
    pub async fn happened(&self, events: usize) {
        // The sender lives as long as this server does.
        let _ = self.shared.events.subscribe().wait_for(|so_far| *so_far >= events).await;
    }

    /// Every message that came in whole, in order of arrival.
    #[must_use]
    pub fn taken(&self) -> Vec<TakenMail> {
        self.shared.lock().taken.clone()
    }

    /// Those that were answered with 2yz.
    #[must_use]
    pub fn accepted(&self) -> Vec<TakenMail> {
        self.taken().into_iter().filter(|mail| mail.accepted).collect()
    }

    /// How many messages to this recipient were answered with 2yz.
    #[must_use]
    pub fn count_for(&self, recipient: &str) -> usize {
        self.accepted().iter().filter(|mail| mail.to.iter().any(|to| to == recipient)).count()
    }

    /// How many connections have been made.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.lock().connections
    }

    /// Every command line, in order of arrival.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        self.shared.lock().heard.clone()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count_event(&self) {
        self.events.send_modify(|events| *events += 1);
    }

    fn fault(&self, at: At) -> Option<Fault> {
        let mut state = self.lock();
        let once = state.once.get_mut(&at).and_then(VecDeque::pop_front);
        once.or_else(|| state.always.get(&at).cloned())
    }
}

async fn listen(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    // The set ends its conversations when this task is aborted.
    let mut conversations = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { return };
                let connection = {
                    let mut state = shared.lock();
                    state.connections += 1;
                    state.connections
                };
                let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
                conversations.spawn(async move {
                    // A broken conversation is what tests are about: the client's view of it is what they check.
                    let _ = conversation::hold(stream, &acceptor, &shared, connection).await;
                    shared.closed.add_permits(1);
                });
            }
            Some(_) = conversations.join_next() => {}
        }
    }
}
