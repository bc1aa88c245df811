//! A server's reply as text: reading one off a byte stream, and making it fit to be stored and logged.
//!
//! lettre reads the replies of the conversation proper; this reads those that come before lettre is handed the
//! connection (greeting, and EHLO and STARTTLS in the clear).

use tokio::io::{AsyncRead, AsyncReadExt};

/// Longest reply text that is kept, in characters: enough for the wordiest refusal with its help link.
const KEPT_CHARS: usize = 500;

/// Most bytes one reply may have. A long EHLO answer has some 600; what is longer is no mail server.
pub(crate) const REPLY_BYTES: usize = 16 * 1024;

/// One reply, all of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// 200 to 599.
    pub(crate) code: u16,
    /// Texts of the lines, without code and line end.
    pub(crate) lines: Vec<String>,
}

/// Why there was no reply.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplyError {
    #[error("the server closed the connection")]
    Closed,
    #[error("the answer is not an SMTP reply")]
    Junk,
    #[error("the answer is longer than {REPLY_BYTES} bytes")]
    TooLong,
    #[error("the server sent more than its reply")]
    Surplus,
    #[error("{0}")]
    Network(#[from] std::io::Error),
}

impl Reply {
    /// The lines as one text.
    pub(crate) fn text(&self) -> String {
        self.lines.join(" ")
    }

    /// Whether an EHLO answer offers this keyword.
    pub(crate) fn offers(&self, keyword: &str) -> bool {
        let word =
            |line: &String| line.split(' ').next().is_some_and(|first| first.eq_ignore_ascii_case(keyword));
        self.lines.iter().skip(1).any(word)
    }
}

/// Reads exactly one reply. Bytes behind it are an error: a server speaks when spoken to, and what stands behind
/// the answer to STARTTLS was put there by somebody else (CVE-2011-0411 and its relatives).
pub(crate) async fn read_reply(stream: &mut (impl AsyncRead + Unpin)) -> Result<Reply, ReplyError> {
    let mut bytes = Vec::with_capacity(256);
    loop {
        if let Some(reply) = parse(&bytes)? {
            return Ok(reply);
        }
        if bytes.len() > REPLY_BYTES {
            return Err(ReplyError::TooLong);
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(ReplyError::Closed);
        }
    }
}

/// A complete reply, or none yet.
fn parse(bytes: &[u8]) -> Result<Option<Reply>, ReplyError> {
    let mut lines = Vec::new();
    let mut code = None;
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        rest = &rest[end + 1..];
        let line = str::from_utf8(line).map_err(|_| ReplyError::Junk)?;
        let (digits, text) = line.split_at_checked(3).ok_or(ReplyError::Junk)?;
        let this: u16 = digits.parse().map_err(|_| ReplyError::Junk)?;
        if !(200..600).contains(&this) || *code.get_or_insert(this) != this {
            return Err(ReplyError::Junk);
        }
        let last = !text.starts_with('-');
        if last && !text.is_empty() && !text.starts_with(' ') {
            return Err(ReplyError::Junk);
        }
        lines.push(text.get(1..).unwrap_or_default().to_owned());
        if last {
            return if rest.is_empty() {
                Ok(Some(Reply { code: this, lines }))
            } else {
                Err(ReplyError::Surplus)
            };
        }
    }
    Ok(None)
}

/// Takes the enhanced status code off the front of a reply's text, if its class agrees with the code (RFC 2034).
pub(crate) fn split_enhanced(code: u16, text: &str) -> (Option<String>, String) {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    if is_status(first) && first.as_bytes()[0] == b'0' + (code / 100) as u8 {
        (Some(first.to_owned()), fit_to_keep(rest))
    } else {
        (None, fit_to_keep(text))
    }
}

/// Whether this is an enhanced status code: class 2, 4 or 5, then two numbers of one to three digits.
pub(crate) fn is_status(text: &str) -> bool {
    let mut parts = text.split('.');
    let class = parts.next().is_some_and(|part| matches!(part, "2" | "4" | "5"));
    let number = |part: Option<&str>| {
        part.is_some_and(|part| {
            (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    class && number(parts.next()) && number(parts.next()) && parts.next().is_none()
}

/// Server text made fit to be stored, shown and logged: one line, bounded, and with addresses masked, since
/// servers love to echo the recipient and logs must not name a patient.
pub(crate) fn fit_to_keep(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let masked: Vec<String> = words.map(mask).collect();
    masked.join(" ").chars().take(KEPT_CHARS).collect()
}

/// A word, with what looks like an address in it replaced by `*`; the punctuation around it stays.
fn mask(word: &str) -> String {
    let quoting = |c: char| !c.is_alphanumeric();
    if !word.contains('@') {
        return word.to_owned();
    }
    let core = word.trim_matches(quoting);
    match word.find(core) {
        Some(start) if !core.is_empty() => format!("{}*{}", &word[..start], &word[start + core.len()..]),
        _ => "*".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn exactly_one_reply_is_read() {
        let read = async |bytes: &'static [u8]| {
            let mut stream = bytes;
            match read_reply(&mut stream).await {
                Ok(reply) => format!("{} {}", reply.code, reply.text()),
                Err(error) => error.to_string(),
            }
        };
        assert_eq!(read(b"220 mail.example ready\r\n").await, "220 mail.example ready");
        assert_eq!(read(b"220\r\n").await, "220 ");
        assert_eq!(read(b"250-one\r\n250-TWO x\r\n250 THREE\r\n").await, "250 one TWO x THREE");
        assert_eq!(read(b"220 go\r\n250 injected\r\n").await, "the server sent more than its reply");
        assert_eq!(read(b"220 go\r\nx").await, "the server sent more than its reply");
        assert_eq!(read(b"250-one\r\n550 two\r\n").await, "the answer is not an SMTP reply");
        assert_eq!(read(b"HTTP/1.1 400 Bad\r\n").await, "the answer is not an SMTP reply");
        assert_eq!(read(b"\xff\xfe\r\n").await, "the answer is not an SMTP reply");
        assert_eq!(read(b"99 no\r\n").await, "the answer is not an SMTP reply");
        assert_eq!(read(b"2500 no\r\n").await, "the answer is not an SMTP reply");
        assert_eq!(read(b"220 cut off").await, "the server closed the connection");
        assert_eq!(read(b"").await, "the server closed the connection");
    }

    #[tokio::test]
    async fn an_endless_reply_is_cut() {
        let endless = vec![b'2'; 3 * REPLY_BYTES];
        let error = read_reply(&mut &endless[..]).await.unwrap_err();
        assert!(matches!(error, ReplyError::TooLong), "{error}");
    }

    #[test]
    fn keywords_are_those_of_the_lines_after_the_first() {
        let reply = parse(b"250-STARTTLS\r\n250-starttls\r\n250 AUTH PLAIN\r\n").unwrap().unwrap();
        assert!(reply.offers("STARTTLS") && reply.offers("AUTH"));
        assert!(!parse(b"250-STARTTLS\r\n250 AUTHX PLAIN\r\n").unwrap().unwrap().offers("AUTH"));
        assert!(!parse(b"250-STARTTLS\r\n250 AUTH PLAIN\r\n").unwrap().unwrap().offers("STARTTLS"));
    }

    #[test]
    fn enhanced_codes_agree_with_the_reply_code() {
        let split = |code, text| split_enhanced(code, text).0;
        assert_eq!(split(550, "5.1.1 no").as_deref(), Some("5.1.1"));
        assert_eq!(split(550, "5.7.515").as_deref(), Some("5.7.515"));
        assert_eq!(split(450, "5.1.1 no"), None);
        assert_eq!(split(550, "5.1 no"), None);
        assert_eq!(split(550, "5.1.1.1 no"), None);
        assert_eq!(split(550, "5.1.1111 no"), None);
        assert_eq!(split(550, ""), None);
    }

    #[test]
    fn what_is_kept_names_nobody() {
        assert_eq!(
            fit_to_keep("<zoe.b@clinic.example>: Recipient\r\n address rejected"),
            "<*>: Recipient address rejected"
        );
        assert_eq!(fit_to_keep("user=zoe@x.org, try @ later"), "*, try * later");
        assert_eq!(fit_to_keep("a\u{0}b\u{85}c"), "a b c");
        assert_eq!(fit_to_keep(&"ä".repeat(9_999)).chars().count(), KEPT_CHARS);
    }
}
