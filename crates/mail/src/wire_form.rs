//! Whether bytes are fit to be sent over SMTP as they are. Stored messages are checked again before each attempt:
//! the sender adds dots only behind CRLF, so a stray CR or LF could end a message early (SMTP smuggling).

/// Longest line, in octets, without its CRLF (RFC 5322 section 2.1.1).
pub const LINE_BYTES: usize = 998;

/// What is wrong with a message's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireFormError {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// A CR without LF, or an LF without CR.
    #[error("line {0} has a CR or LF that is not part of a CRLF")]
    BareLineEnd(usize),
    /// Longer than allowed.
    #[error("line {0} is longer than {LINE_BYTES} octets")]
    LongLine(usize),
    /// NUL, or a byte above 127: what we send needs no 8BITMIME.
    #[error("line {0} has a byte that is not ASCII text")]
    NotAscii(usize),
    /// The last line does not end with CRLF.
    #[error("the last line does not end with CRLF")]
    Unfinished,
    /// No empty line between headers and body.
    #[error("there is no empty line after the headers")]
    NoBody,
}

/// Checks a whole message. Lines are counted from 1.
///
/// # Errors
///
/// The first thing wrong, with its line.
pub fn check_wire_form(bytes: &[u8]) -> Result<(), WireFormError> {
    if is_fit(bytes) { Ok(()) } else { first_fault(bytes) }
}

/// Whether nothing is wrong. Nearly always so, and the whole is looked at faster than its lines one by one.
fn is_fit(bytes: &[u8]) -> bool {
    let [first, .., last] = bytes else { return false };
    // Each byte beside the next: CR before every LF, LF after every CR. Without an early end, so that many are
    // looked at at once.
    let paired = bytes.iter().zip(&bytes[1..]).fold(true, |paired, (byte, next)| {
        paired & ((*byte == b'\r') == (*next == b'\n')) & (*byte != 0) & byte.is_ascii()
    });
    let has_body = || bytes.starts_with(b"\r\n") || has_empty_line(bytes);
    paired && *first != b'\n' && *last == b'\n' && has_body() && all_short(bytes)
}

/// Whether there is one among lines whose ends are sound, other than the first. It comes early, behind the headers.
fn has_empty_line(bytes: &[u8]) -> bool {
    let from_third = bytes.get(2..).unwrap_or_default();
    // An LF and the next but one; each piece without an early end, so that many are looked at at once.
    bytes.chunks(256).zip(from_third.chunks(256)).any(|(bytes, next_but_one)| {
        let pairs = bytes.iter().zip(next_but_one);
        pairs.fold(false, |found, (one, other)| found | ((*one == b'\n') & (*other == b'\n')))
    })
}

/// Whether no line is too long: from the start, and from each end found so, a line ends within reach.
fn all_short(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while rest.len() > LINE_BYTES + 2 {
        match rest[..LINE_BYTES + 2].iter().rposition(|byte| *byte == b'\n') {
            Some(end) => rest = &rest[end + 1..],
            None => return false,
        }
    }
    true
}

fn first_fault(bytes: &[u8]) -> Result<(), WireFormError> {
    if bytes.is_empty() {
        return Err(WireFormError::Empty);
    }
    let mut has_body = false;
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate();
    lines.try_for_each(|(index, line)| {
        let number = index + 1;
        let unfinished = if line.ends_with(b"\n") {
            WireFormError::BareLineEnd(number)
        } else {
            WireFormError::Unfinished
        };
        let line = line.strip_suffix(b"\r\n").ok_or(unfinished)?;
        has_body |= line.is_empty();
        if line.contains(&b'\r') {
            return Err(WireFormError::BareLineEnd(number));
        }
        if line.iter().any(|byte| *byte == 0 || !byte.is_ascii()) {
            return Err(WireFormError::NotAscii(number));
        }
        if line.len() > LINE_BYTES {
            return Err(WireFormError::LongLine(number));
        }
        Ok(())
    })?;
    if has_body { Ok(()) } else { Err(WireFormError::NoBody) }
}

#[cfg(test)]
mod tests {
    use super::{WireFormError::*, *};

    #[test]
    fn what_is_not_fit_for_the_wire_is_named_with_its_line() {
        let long = format!("A: b\r\n\r\n{}\r\n", "x".repeat(LINE_BYTES + 1));
        let fits = format!("A: b\r\n\r\n{}\r\n", "x".repeat(LINE_BYTES));
        let cases: [(&[u8], Result<(), WireFormError>); 12] = [
            (b"A: b\r\n\r\nhello\r\n.\r\n", Ok(())),
            (fits.as_bytes(), Ok(())),
            (b"", Err(Empty)),
            (b"A: b\r\n\r\nhello", Err(Unfinished)),
            (b"A: b\r\n\r\nhello\r", Err(Unfinished)),
            (b"A: b\n\r\nhello\r\n", Err(BareLineEnd(1))),
            (b"A: b\r\n\r\nhello\n.\r\n", Err(BareLineEnd(3))),
            (b"A: b\r\n\r\nhel\rlo\r\n", Err(BareLineEnd(3))),
            (b"A: b\r\n\r\nhel\0lo\r\n", Err(NotAscii(3))),
            ("A: b\r\n\r\nhélo\r\n".as_bytes(), Err(NotAscii(3))),
            (long.as_bytes(), Err(LongLine(3))),
            (b"A: b\r\nC: d\r\n", Err(NoBody)),
        ];
        for (bytes, expected) in cases {
            assert_eq!(check_wire_form(bytes), expected, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    proptest::proptest! {
        #[test]
        fn the_quick_look_and_the_close_one_agree(
            pieces in proptest::collection::vec(0..9_usize, 0..40), spoiled in proptest::bool::ANY,
        ) {
            let pieces: Vec<&[u8]> = pieces.iter().map(|piece| match piece {
                0..=3 => b"\r\n".as_slice(),
                4 | 5 => b"text of a line",
                6 if spoiled => b"\r",
                7 if spoiled => b"\n",
                8 if spoiled => b"\xc3\xa9\0",
                _ => &[b'x'; 250],
            }).collect();
            let bytes = pieces.concat();
            proptest::prop_assert_eq!(is_fit(&bytes), first_fault(&bytes).is_ok());
        }
    }
}
