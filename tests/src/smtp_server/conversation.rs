//! The server's side of one connection, with the scripted faults in it.

use std::io;

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
};
use tokio_rustls::TlsAcceptor;

use super::{At, Fault, Heard, ServerTls, Shared, TakenMail};

/// Longest command line (RFC 5321 section 4.5.3.1.4, doubled for AUTH).
const LINE_BYTES: u64 = 1024;
/// Largest message: more than any test sends.
const MESSAGE_BYTES: usize = 64 * 1024 * 1024;

/// Holds a whole conversation, TLS included.
pub(super) async fn hold(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    shared: &Shared,
    connection: usize,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let plain = |stream| Talk::new(stream, shared, connection, false);
    match shared.options.tls {
        ServerTls::None => plain(stream).converse(true).await.map(|_| ()),
        ServerTls::Implicit => handshake(stream, acceptor, shared, connection, true).await,
        ServerTls::StartTls => match plain(stream).converse(true).await? {
            Some(stream) => handshake(stream, acceptor, shared, connection, false).await,
            None => Ok(()),
        },
    }
}

async fn handshake(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    shared: &Shared,
    connection: usize,
    greet: bool,
) -> io::Result<()> {
    let mut talk = Talk::new(stream, shared, connection, false);
    if let Some(fault) = shared.fault(At::Handshake)
        && !talk.perform(fault).await?
    {
        return Ok(());
    }
    let stream = acceptor.accept(talk.stream.into_inner()).await?;
    Talk::new(stream, shared, connection, true).converse(greet).await.map(|_| ())
}

/// One side of a conversation, plain or encrypted.
struct Talk<'s, S> {
    stream: BufReader<S>,
    shared: &'s Shared,
    connection: usize,
    encrypted: bool,
    logged_in: bool,
    from: Option<String>,
    to: Vec<String>,
}

impl<'s, S: AsyncRead + AsyncWrite + Unpin> Talk<'s, S> {
    fn new(stream: S, shared: &'s Shared, connection: usize, encrypted: bool) -> Self {
        let stream = BufReader::new(stream);
        Self { stream, shared, connection, encrypted, logged_in: false, from: None, to: Vec::new() }
    }

    /// Until the end, or until the client may begin TLS: then the stream is handed back.
    async fn converse(mut self, greet: bool) -> io::Result<Option<S>> {
        if greet && !self.answer(At::Greeting, "220 test.example ESMTP\r\n").await? {
            return Ok(None);
        }
        loop {
            let Some(line) = self.line().await? else { return Ok(None) };
            let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            let go_on = match verb.as_str() {
                "EHLO" | "HELO" => self.answer(At::Hello, &self.keywords()).await?,
                "STARTTLS" if self.shared.options.tls == ServerTls::StartTls && !self.encrypted => {
                    if !self.answer(At::StartTls, "220 2.0.0 go ahead\r\n").await? {
                        return Ok(None);
                    }
                    return Ok(Some(self.stream.into_inner()));
                }
                "AUTH" => self.auth(&line).await?,
                "MAIL" => self.mail(&line).await?,
                "RCPT" => self.rcpt(&line).await?,
                "DATA" => self.data().await?,
                "RSET" => {
                    (self.from, self.to) = (None, Vec::new());
                    self.answer(At::Reset, "250 2.0.0 ok\r\n").await?
                }
                "NOOP" => self.say("250 2.0.0 ok\r\n").await?,
                "QUIT" => {
                    self.answer(At::Quit, "221 2.0.0 bye\r\n").await?;
                    return Ok(None);
                }
                _ => self.say("500 5.5.2 what?\r\n").await?,
            };
            if !go_on {
                return Ok(None);
            }
        }
    }

    fn keywords(&self) -> String {
        let options = &self.shared.options;
        let mut words =
            vec!["test.example".to_owned(), "8BITMIME".to_owned(), "ENHANCEDSTATUSCODES".to_owned()];
        if options.tls == ServerTls::StartTls && !self.encrypted {
            words.push("STARTTLS".to_owned());
        }
        if options.account.is_some() {
            words.push("AUTH PLAIN LOGIN".to_owned());
        }
        words.extend(options.keywords.iter().cloned());
        let last = words.len() - 1;
        let line = |(index, word): (usize, &String)| {
            format!("250{}{word}\r\n", if index == last { ' ' } else { '-' })
        };
        words.iter().enumerate().map(line).collect()
    }

    async fn auth(&mut self, line: &str) -> io::Result<bool> {
        let right = self.shared.options.account.as_ref().is_some_and(|(user, password)| {
            line.strip_prefix("AUTH PLAIN ")
                == Some(base64(format!("\0{user}\0{password}").as_bytes()).as_str())
        });
        self.logged_in = right;
        let reply = if right { "235 2.7.0 welcome\r\n" } else { "535 5.7.8 wrong user or password\r\n" };
        self.answer(At::Auth, reply).await
    }

    async fn mail(&mut self, line: &str) -> io::Result<bool> {
        if self.from.is_some() {
            return self.say("503 5.5.1 nested MAIL\r\n").await;
        }
        if self.shared.options.account.is_some() && !self.logged_in {
            return self.say("530 5.7.0 log in first\r\n").await;
        }
        let fault = self.shared.fault(At::MailFrom);
        if fault.as_ref().is_none_or(Fault::is_positive) {
            self.from = Some(address(line));
        }
        self.perform_or_say(fault, "250 2.1.0 ok\r\n").await
    }

    async fn rcpt(&mut self, line: &str) -> io::Result<bool> {
        if self.from.is_none() {
            return self.say("503 5.5.1 MAIL first\r\n").await;
        }
        let fault = self.shared.fault(At::Recipient);
        if fault.as_ref().is_none_or(Fault::is_positive) {
            self.to.push(address(line));
        }
        self.perform_or_say(fault, "250 2.1.5 ok\r\n").await
    }

    async fn data(&mut self) -> io::Result<bool> {
        if self.to.is_empty() {
            return self.say("503 5.5.1 RCPT first\r\n").await;
        }
        match self.shared.fault(At::Data) {
            Some(fault) => {
                let wants_message = fault.text().starts_with('3');
                let go_on = self.perform(fault).await?;
                if !go_on || !wants_message {
                    return Ok(go_on);
                }
            }
            None => {
                self.say("354 go\r\n").await?;
            }
        }
        if let Some(fault) = self.shared.fault(At::Body)
            && !self.perform(fault).await?
        {
            return Ok(false);
        }
        let Some(bytes) = self.message().await? else { return Ok(false) };
        self.take(bytes).await
    }

    /// Records the message, answers, and notes whether the answer was positive.
    async fn take(&mut self, bytes: Vec<u8>) -> io::Result<bool> {
        let (from, to) = (self.from.take().unwrap_or_default(), std::mem::take(&mut self.to));
        let index = {
            let mut state = self.shared.lock();
            state.taken.push(TakenMail { from, to, bytes, accepted: false, connection: self.connection });
            state.taken.len() - 1
        };
        self.shared.count_event();
        let fault = self.shared.fault(At::Dot);
        let positive = fault.as_ref().is_none_or(Fault::is_positive);
        // Noted before the answer goes out: the client may look as soon as it has read it.
        let held = matches!(fault, Some(Fault::Held(_) | Fault::Drip(..)));
        self.shared.lock().taken[index].accepted = positive && !held;
        let go_on = self.perform_or_say(fault, &format!("250 2.0.0 queued as {}\r\n", index + 1)).await?;
        self.shared.lock().taken[index].accepted = positive;
        Ok(go_on)
    }

    /// The message up to its dot, dot stuffing undone; none if the client went away before.
    async fn message(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        loop {
            let start = bytes.len();
            let ended = self.stream.read_until(b'\n', &mut bytes).await? == 0;
            if ended || bytes.len() > MESSAGE_BYTES {
                return Ok(None);
            }
            if &bytes[start..] == b".\r\n" {
                bytes.truncate(start);
                return Ok(Some(bytes));
            }
            if bytes[start] == b'.' {
                bytes.remove(start);
            }
        }
    }

    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        (&mut self.stream).take(LINE_BYTES).read_until(b'\n', &mut bytes).await?;
        if !bytes.ends_with(b"\n") {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        let heard = Heard { line: line.clone(), encrypted: self.encrypted, connection: self.connection };
        self.shared.lock().heard.push(heard);
        self.shared.count_event();
        Ok(Some(line))
    }

    /// The fault scripted for this point, or the right answer. False: the conversation is over.
    async fn answer(&mut self, at: At, right: &str) -> io::Result<bool> {
        let fault = self.shared.fault(at);
        self.perform_or_say(fault, right).await
    }

    async fn perform_or_say(&mut self, fault: Option<Fault>, right: &str) -> io::Result<bool> {
        match fault {
            Some(fault) => self.perform(fault).await,
            None => self.say(right).await,
        }
    }

    async fn perform(&mut self, fault: Fault) -> io::Result<bool> {
        match fault {
            Fault::Say(text) => self.say(&text).await,
            Fault::SayAndClose(text) => self.say(&text).await.map(|_| false),
            Fault::Close => Ok(false),
            Fault::Silence => std::future::pending().await,
            Fault::Drip(text, pause) => {
                for byte in text.bytes() {
                    self.stream.get_mut().write_all(&[byte]).await?;
                    self.stream.get_mut().flush().await?;
                    tokio::time::sleep(pause).await;
                }
                Ok(true)
            }
            Fault::Held(text) => {
                if let Ok(permit) = self.shared.release.acquire().await {
                    permit.forget();
                }
                self.say(&text).await
            }
        }
    }

    async fn say(&mut self, text: &str) -> io::Result<bool> {
        self.stream.get_mut().write_all(text.as_bytes()).await?;
        self.stream.get_mut().flush().await?;
        Ok(true)
    }
}

/// What stands between `<` and `>`.
fn address(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map(|(address, _)| address.to_owned()).unwrap_or_default()
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let number = (0..3).fold(0_u32, |number, at| (number << 8) | u32::from(*group.get(at).unwrap_or(&0)));
        for at in 0..4 {
            let letter = ALPHABET[(number >> (18 - 6 * at)) as usize & 63] as char;
            text.push(if at <= group.len() { letter } else { '=' });
        }
    }
    text
}
