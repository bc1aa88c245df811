//! The byte stream under lettre's connection, which holds the conversation to its order: we speak, the server
//! answers once, we speak again.
//!
//! A reply too many would be taken for the answer to the next command, and a "250" meant for nobody would count
//! as an accepted message. lettre cannot see such a reply while it is buffered; here every byte passes by. The
//! stream also knows whether the final dot has gone out, which decides between "not sent" and "in doubt".

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use crate::reply::REPLY_BYTES;

/// A TCP or TLS stream.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug> Duplex for S {}

/// Bytes of a message that are held until its dot is there. Ours are a tenth of it; what is longer goes its way at
/// once.
const HELD_AT_MOST: usize = 64 * 1024;

/// What lettre reads first. The real greeting was read before lettre got the stream, so that it has a limit of
/// its own; after STARTTLS there is none at all, though lettre waits for one.
const GREETING: &[u8] = b"220 ready\r\n";

/// What the session wants to know of its stream, and tell it.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    offers_dsn: bool,
    offers_pipelining: bool,
    /// Answers that our next word brings.
    replies: usize,
    in_message: bool,
    dot_is_next: bool,
    dot_out_at: Option<Instant>,
}

impl Notes {
    fn lock(&self) -> MutexGuard<'_, Noted> {
        // A poisoned lock holds plain values: there is nothing half done in them.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the server's EHLO answer offered delivery status notifications (RFC 3461).
    pub(super) fn offers_dsn(&self) -> bool {
        self.lock().offers_dsn
    }

    /// Whether it offered to take several commands at once (RFC 2920).
    pub(super) fn offers_pipelining(&self) -> bool {
        self.lock().offers_pipelining
    }

    /// What is said next holds so many commands.
    pub(super) fn expect_replies(&self, replies: usize) {
        self.lock().replies = replies;
    }

    /// A new message begins: no dot yet.
    pub(super) fn begin_message(&self) {
        let mut noted = self.lock();
        noted.in_message = true;
        noted.dot_is_next = false;
        noted.dot_out_at = None;
    }

    /// All of the message is written: what follows is the dot.
    pub(super) fn dot_is_next(&self) {
        self.lock().dot_is_next = true;
    }

    /// The dot has been said.
    fn end_message(&self) {
        let mut noted = self.lock();
        noted.dot_is_next = false;
        noted.in_message = false;
    }

    /// Since when at least a part of the final dot may be with the server.
    pub(super) fn dot_out_at(&self) -> Option<Instant> {
        self.lock().dot_out_at
    }
}

/// The stream handed to lettre.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Box<dyn Duplex>,
    peer: SocketAddr,
    greeting: &'static [u8],
    turn: Turn,
    notes: Notes,
    held: Held,
}

/// A message kept back until its dot is there: lettre flushes between the two, and a packet for five bytes costs both
/// sides as much as one for all.
#[derive(Debug, Default)]
struct Held {
    bytes: Vec<u8>,
    /// Where the dot begins, once it is there.
    dot_at: Option<usize>,
    /// How much the stream has taken.
    taken: usize,
}

/// Whose turn it is.
#[derive(Debug, Default)]
struct Turn {
    /// Answers still to come, or to be completed, to what we have said.
    awaiting: usize,
    /// The server said something nobody asked for.
    surplus: bool,
    /// The reply line being read.
    line: Vec<u8>,
    /// Bytes since we last spoke.
    heard: usize,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Duplex>, peer: SocketAddr) -> (Self, Notes) {
        let notes = Notes::default();
        (
            Self {
                stream,
                peer,
                greeting: GREETING,
                turn: Turn::default(),
                notes: notes.clone(),
                held: Held::default(),
            },
            notes,
        )
    }

    /// Fails if it is not our turn to speak: when bytes wait that nobody asked for, or the server has hung up.
    fn check_turn(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let mut byte = [0_u8; 1];
        let mut buf = ReadBuf::new(&mut byte);
        if !self.turn.surplus {
            match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Ok(())) if buf.filled().is_empty() => return Err(closed()),
                Poll::Ready(Ok(())) => self.turn.surplus = true,
                Poll::Ready(Err(error)) => return Err(error),
            }
        }
        Err(io::Error::other("the server spoke out of turn"))
    }
}

impl Turn {
    /// Notes what the server says.
    fn hear(&mut self, bytes: &[u8], notes: &Notes) -> io::Result<()> {
        self.heard += bytes.len();
        if self.heard > REPLY_BYTES {
            return Err(io::Error::other("the answer is longer than any mail server's"));
        }
        for byte in bytes {
            if self.awaiting == 0 {
                // Not an error yet: the reply before it is sound. Our next word will be refused.
                self.surplus = true;
                return Ok(());
            }
            self.line.push(*byte);
            if *byte == b'\n' {
                self.awaiting -= usize::from(self.line.get(3) != Some(&b'-'));
                let offers = |what: &[u8]| {
                    self.line.get(4..).is_some_and(|text| text.trim_ascii().eq_ignore_ascii_case(what))
                };
                if offers(b"DSN") {
                    notes.lock().offers_dsn = true;
                } else if offers(b"PIPELINING") {
                    notes.lock().offers_pipelining = true;
                }
                self.line.clear();
            }
        }
        Ok(())
    }

    fn spoke(&mut self, notes: &Notes) {
        if self.awaiting == 0 {
            self.awaiting = std::mem::take(&mut notes.lock().replies).max(1);
        }
        self.heard = 0;
        self.line.clear();
    }
}

impl Wire {
    /// Lets go what was held, as soon as the dot is there.
    fn poll_let_go(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(dot_at) = self.held.dot_at else { return Poll::Ready(Ok(())) };
        if self.held.taken == 0 {
            self.check_turn(cx)?;
        }
        while let Some(rest) = self.held.bytes.get(self.held.taken..).filter(|rest| !rest.is_empty()) {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.turn.spoke(&self.notes);
            self.held.taken += written;
            if self.held.taken > dot_at {
                self.notes.lock().dot_out_at.get_or_insert_with(Instant::now);
            }
        }
        self.held.bytes.clear();
        self.held.dot_at = None;
        self.held.taken = 0;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.greeting.is_empty() {
            let some = self.greeting.len().min(buf.remaining());
            buf.put_slice(&self.greeting[..some]);
            self.greeting = &self.greeting[some..];
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let Self { turn, notes, .. } = &mut *self;
        Poll::Ready(turn.hear(&buf.filled()[before..], notes))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let noted = self.notes.lock();
        let (in_message, dot_is_next) = (noted.in_message, noted.dot_is_next);
        drop(noted);
        let holding = !self.held.bytes.is_empty();
        if in_message && (holding || (!dot_is_next && bytes.len() <= HELD_AT_MOST)) {
            if dot_is_next {
                self.held.dot_at = Some(self.held.bytes.len());
                self.notes.end_message();
            }
            self.held.bytes.extend_from_slice(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        if self.turn.awaiting == 0 || dot_is_next {
            self.check_turn(cx)?;
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        if written > 0 {
            let Self { turn, notes, .. } = &mut *self;
            turn.spoke(notes);
            if dot_is_next {
                notes.end_message();
                notes.lock().dot_out_at.get_or_insert_with(Instant::now);
            }
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_let_go(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the server closed the connection")
}
