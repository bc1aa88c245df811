//! One conversation with the server, stage by stage, and what each answer means.

use std::{
    error::Error as _,
    future::poll_fn,
    net::SocketAddr,
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use lettre::transport::smtp::{
    Error,
    client::AsyncSmtpConnection,
    commands::{Data, Mail, Rcpt, Rset},
    extension::{MailParameter, RcptParameter},
    response::{Response, Severity},
};
use tokio::time::{Instant, timeout, timeout_at};

use super::{config::Limits, door::Door, not_sent, wire::Notes};
use crate::{
    outcome::{Outcome, Stage},
    reply::{fit_to_keep, split_enhanced},
    transport::Envelope,
};

/// How long a goodbye may take: nothing depends on it.
const QUIT: Duration = Duration::from_secs(1);

/// An open, greeted and logged in connection.
pub(super) struct Session {
    connection: AsyncSmtpConnection,
    notes: Notes,
    limits: Limits,
    peer: SocketAddr,
    born: Instant,
    messages: u32,
    quick: Duration,
    /// The server let the last message come that quickly.
    is_quick: bool,
    /// The server waits for something that will not come.
    broken: bool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("peer", &self.peer).field("messages", &self.messages).finish()
    }
}

impl Session {
    pub(super) fn new(
        connection: AsyncSmtpConnection,
        notes: Notes,
        limits: Limits,
        quick: Duration,
        peer: SocketAddr,
    ) -> Self {
        Self {
            connection,
            notes,
            limits,
            peer,
            born: Instant::now(),
            messages: 0,
            quick,
            is_quick: false,
            broken: false,
        }
    }

    pub(super) fn born(&self) -> Instant {
        self.born
    }

    pub(super) fn messages(&self) -> u32 {
        self.messages
    }

    pub(super) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Everything up to the server's leave to send the message. A quick server is spoken to while the gate is asked:
    /// both take about as long, and neither depends on the other.
    pub(super) async fn announce(
        &mut self,
        envelope: &Envelope,
        door: &mut Door<'_>,
        deadline: Instant,
    ) -> Result<(), Outcome> {
        self.messages += 1;
        let is_quick = self.is_quick;
        let announcing = pin!(self.announce_timed(envelope, deadline));
        if is_quick { meanwhile(announcing, door).await } else { announcing.await }
    }

    async fn announce_timed(&mut self, envelope: &Envelope, deadline: Instant) -> Result<(), Outcome> {
        let begun = Instant::now();
        let announced = self.say_announcement(envelope, deadline).await;
        self.is_quick = announced.is_ok() && begun.elapsed() < self.quick;
        announced
    }

    /// MAIL FROM, RCPT TO and DATA. In one go if the server takes that (RFC 2920), which saves two round trips.
    async fn say_announcement(&mut self, envelope: &Envelope, deadline: Instant) -> Result<(), Outcome> {
        let (mail, rcpt) = self.commands(envelope);
        if self.notes.offers_pipelining() {
            return self.announce_at_once(&mail, &rcpt, deadline).await;
        }
        let limit = self.command_by(deadline);
        let reply = command(Stage::MailFrom, limit, self.connection.command(mail)).await?;
        expect_positive(Stage::MailFrom, &reply)?;
        let limit = self.command_by(deadline);
        let reply = command(Stage::Recipient, limit, self.connection.command(rcpt)).await?;
        expect_positive(Stage::Recipient, &reply)?;
        let limit = self.command_by(deadline);
        let reply = command(Stage::Data, limit, self.connection.command(Data)).await?;
        expect_go_on(&reply)
    }

    fn commands(&self, envelope: &Envelope) -> (Mail, Rcpt) {
        let (mut of_mail, mut of_rcpt) = (Vec::new(), Vec::new());
        if self.notes.offers_dsn() {
            // Headers only: the text of a mail to a patient does not travel back through third parties.
            let value = Some("HDRS".to_owned());
            of_mail.push(MailParameter::Other { keyword: "RET".to_owned(), value });
            let value = Some("FAILURE,DELAY".to_owned());
            of_rcpt.push(RcptParameter::Other { keyword: "NOTIFY".to_owned(), value });
        }
        (Mail::new(Some(envelope.from.clone()), of_mail), Rcpt::new(envelope.to.clone(), of_rcpt))
    }

    /// All three commands, then all three answers: whatever the first ones say, the others are still to come.
    async fn announce_at_once(&mut self, mail: &Mail, rcpt: &Rcpt, deadline: Instant) -> Result<(), Outcome> {
        self.notes.expect_replies(3);
        let limit = self.command_by(deadline);
        let all = format!("{mail}{rcpt}{Data}");
        let mail = command(Stage::MailFrom, limit, self.connection.command(all)).await;
        let mail = mail.and_then(|reply| expect_positive(Stage::MailFrom, &reply));
        if mail.as_ref().is_err_and(|refused| !leaves_in_step(refused)) {
            return mail;
        }
        let limit = self.command_by(deadline);
        let rcpt = command(Stage::Recipient, limit, self.connection.read_response()).await;
        let rcpt = rcpt.and_then(|reply| expect_positive(Stage::Recipient, &reply));
        if rcpt.as_ref().is_err_and(|refused| !leaves_in_step(refused)) {
            self.broken = true;
            return mail.and(rcpt);
        }
        let limit = self.command_by(deadline);
        let data = command(Stage::Data, limit, self.connection.read_response()).await;
        let data = data.and_then(|reply| expect_go_on(&reply));
        // After a refusal the last answer must be one, too. Leave to send a message to nobody, or an answer that is
        // still to come, would be taken for the answer to what is said next.
        let in_step = data.as_ref().is_err_and(leaves_in_step);
        self.broken = (mail.is_err() || rcpt.is_err()) && !in_step;
        mail.and(rcpt).and(data)
    }

    /// The message, after the server's leave. What the server said to the dot, if that was 2yz.
    pub(super) async fn transmit(
        &mut self,
        bytes: &[u8],
        door: &mut Door<'_>,
        deadline: Instant,
    ) -> Result<String, Outcome> {
        if !door.is_open().await {
            return Err(not_sent(Stage::Body, "held back at the last moment"));
        }
        if Instant::now() >= deadline {
            return Err(not_sent(Stage::Body, "the time for the whole attempt was over"));
        }
        self.body_and_dot(bytes, deadline).await
    }

    /// The message and its final dot, with a limit for each, and the answer.
    async fn body_and_dot(&mut self, bytes: &[u8], deadline: Instant) -> Result<String, Outcome> {
        // lettre adds the CRLF before the dot.
        let body = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
        self.notes.begin_message();
        let notes = self.notes.clone();
        // lettre asks for the next part when the one before is written: that is the moment before the dot.
        let end = std::iter::from_fn(move || {
            notes.dot_is_next();
            None
        });
        let sending = self.connection.message_iter(std::iter::once(body).chain(end));
        tokio::pin!(sending);

        let limit = deadline.min(Instant::now() + self.limits.data);
        let mut result = timeout_at(limit, &mut sending).await;
        if result.is_err()
            && let Some(since) = self.notes.dot_out_at()
        {
            result = timeout_at(deadline.min(since + self.limits.dot), &mut sending).await;
        }

        let dot_out = self.notes.dot_out_at().is_some();
        let unclear = |why: String| {
            if dot_out { Outcome::Unknown { why } } else { not_sent(Stage::Body, why) }
        };
        match result {
            Err(_) if dot_out => Err(unclear("no answer to the final dot in time".to_owned())),
            Err(_) => Err(unclear("the server did not take the message in time".to_owned())),
            Ok(Err(error)) => match rejection(Stage::Dot, &error) {
                Some(rejected) => Err(rejected),
                None => Err(unclear(describe(&error))),
            },
            Ok(Ok(reply)) if reply.code().severity == Severity::PositiveCompletion => Ok(text(&reply)),
            Ok(Ok(reply)) => Err(unclear(format!("unexpected answer {} to the final dot", reply.code()))),
        }
    }

    /// Whether the next message may go over this connection: after a clean end, or a refusal of one recipient
    /// that the server lets us take back.
    pub(super) async fn recover(&mut self, result: &Result<String, Outcome>, deadline: Instant) -> bool {
        match result {
            _ if self.broken => false,
            Ok(_) => true,
            // RFC 5321 section 3.8: the server is about to hang up.
            Err(Outcome::Rejected { code: 421, .. }) => false,
            Err(Outcome::Rejected { stage: Stage::Dot, .. }) => true,
            Err(Outcome::Rejected { stage: Stage::Recipient, .. }) => {
                let limit = self.command_by(deadline);
                let reply = command(Stage::MailFrom, limit, self.connection.command(Rset)).await;
                reply.is_ok_and(|reply| expect_positive(Stage::MailFrom, &reply).is_ok())
            }
            Err(_) => false,
        }
    }

    /// Says goodbye, without insisting on an answer.
    pub(super) async fn quit(mut self, limits: &Limits) {
        // Dropping the connection afterwards closes it whatever was said.
        let _ = timeout(QUIT.min(limits.command), self.connection.quit()).await;
    }

    fn command_by(&self, deadline: Instant) -> Instant {
        deadline.min(Instant::now() + self.limits.command)
    }
}

/// Announces a message while its gate is asked; waits for both. A connection that is gone shows at the first word said
/// over it: then nothing is announced, and the gate is not asked.
async fn meanwhile<T>(mut announcing: Pin<&mut impl Future<Output = T>>, door: &mut Door<'_>) -> T {
    let at_once = poll_fn(|cx| match announcing.as_mut().poll(cx) {
        Poll::Ready(announced) => Poll::Ready(Some(announced)),
        Poll::Pending => Poll::Ready(None),
    });
    if let Some(announced) = at_once.await {
        return announced;
    }
    tokio::join!(announcing, door.is_open()).0
}

/// Waits for the answer to one command, until `limit` at most.
pub(super) async fn command<T>(
    stage: Stage,
    limit: Instant,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Outcome> {
    match timeout_at(limit, answer).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(rejection(stage, &error).unwrap_or_else(|| not_sent(stage, describe(&error)))),
        Err(_) => Err(not_sent(stage, "no answer in time")),
    }
}

/// lettre counts 3yz as success: only 2yz is one.
pub(super) fn expect_positive(stage: Stage, reply: &Response) -> Result<(), Outcome> {
    if reply.code().severity == Severity::PositiveCompletion {
        Ok(())
    } else {
        Err(not_sent(stage, format!("unexpected answer {}", reply.code())))
    }
}

/// 354: the message may come.
fn expect_go_on(reply: &Response) -> Result<(), Outcome> {
    if reply.has_code(354) {
        Ok(())
    } else {
        Err(not_sent(Stage::Data, format!("unexpected answer {}", reply.code())))
    }
}

/// Whether the answers to the commands sent together with a refused one can still be told apart.
fn leaves_in_step(refused: &Outcome) -> bool {
    matches!(refused, Outcome::Rejected { code, .. } if *code != 421)
}

fn text(reply: &Response) -> String {
    fit_to_keep(&reply.message().collect::<Vec<_>>().join(" "))
}

/// The refusal an error stands for, if the server gave one.
fn rejection(stage: Stage, error: &Error) -> Option<Outcome> {
    let code = u16::from(error.status()?);
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    let (enhanced, said) = split_enhanced(code, &text);
    Some(Outcome::Rejected { stage, code, enhanced, said })
}

/// Trouble other than a refusal, in words. What a parser says about a reply is left out: it quotes the reply.
fn describe(error: &Error) -> String {
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    match source.as_str() {
        "incomplete response" => "the server closed the connection".to_owned(),
        _ if error.is_response() => "the answer is not an SMTP reply".to_owned(),
        "" => fit_to_keep(&error.to_string()),
        source => fit_to_keep(source),
    }
}
