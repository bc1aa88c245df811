//! What the mails of one message have in common, and a mail as its difference from that.
//!
//! Mails of one message differ in a name, an address, links, dates and ids: a few hundred bytes of some thousand.
//! A difference is a block of LZ4 (lz4_Block_format.md of the LZ4 project) with the base as its dictionary, so that
//! every LZ4 library reads it. It is written here, and not by one of them, because they index the dictionary for
//! each block, which takes longer than all the rest; here that is done once for each base.

use std::fmt;

use sha2::{Digest, Sha256};

/// Bytes of base and mail together. LZ4 looks back 65,535 bytes at most; from the last byte of a mail to the first
/// of its base must be nearer.
const TOGETHER_AT_MOST: usize = 65_535;

/// Bytes that have to be the same for a copy to be looked for: fewer are the same by chance all the time, and copying
/// them saves nothing.
const RUN: usize = 8;

/// Bytes at the end of a block in which no copy begins, and those no copy reaches (the format's end conditions).
const NO_COPY_BEGINS: usize = 12;
const NO_COPY_REACHES: usize = 5;

/// Entries of the index of a base, and of what a mail itself has said; a power of two each. About one for each byte
/// of a check-in, and for each byte of it that is not in the base.
const BASE_ENTRIES: usize = 4096;
const OWN_ENTRIES: usize = 512;

/// No place in an index.
const NOWHERE: u16 = u16::MAX;

/// The bytes of a mail that was written for nobody, from which mails of the same message differ little. Holds
/// nothing of a person, so that it may stay when a person is erased.
pub struct MailBase {
    key: i64,
    bytes: Box<[u8]>,
    /// Where a run of bytes begins in the base, by its hash: the first place of several.
    index: Box<[u16; BASE_ENTRIES]>,
}

impl fmt::Debug for MailBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailBase").field("key", &self.key).field("length", &self.bytes.len()).finish()
    }
}

impl MailBase {
    /// A base of these bytes; none if they are too many to leave room for a mail.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > TOGETHER_AT_MOST / 2 {
            return None;
        }
        let mut index = Box::new([NOWHERE; BASE_ENTRIES]);
        for at in (0..(bytes.len() + 1).saturating_sub(RUN)).rev() {
            if let Some(run) = run_at(bytes, at) {
                index[slot::<BASE_ENTRIES>(run)] = place(at);
            }
        }
        Some(Self { key: key_of(bytes), bytes: bytes.into(), index })
    }

    /// Made from the bytes, so that the same base has the same key wherever it is stored and no other one ever has it.
    #[must_use]
    pub fn key(&self) -> i64 {
        self.key
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How these bytes differ from the base; none if they are too many, or hardly any shorter that way.
    #[must_use]
    pub fn difference(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.difference_behind(b"", bytes)
    }

    /// The same behind a head.
    pub(crate) fn difference_behind(&self, head: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
        if self.bytes.len() + bytes.len() > TOGETHER_AT_MOST {
            return None;
        }
        let mut block = Block { base: &self.bytes, bytes, out: Vec::with_capacity(1024), written: 0 };
        block.out.extend_from_slice(head);
        let mut own = [NOWHERE; OWN_ENTRIES];
        let mut at = 0;
        while at + NO_COPY_BEGINS < bytes.len()
            && let Some(run) = run_at(bytes, at)
        {
            let in_base = block.copy_of(Source::Base, self.index[slot::<BASE_ENTRIES>(run)], at);
            let said = std::mem::replace(&mut own[slot::<OWN_ENTRIES>(run)], place(at));
            let copy = match block.copy_of(Source::Mail, said, at) {
                Some(own) if in_base.as_ref().is_none_or(|base| base.length < own.length) => Some(own),
                _ => in_base,
            };
            at = match copy {
                Some(copy) => block.copy(&copy),
                None => at + 1,
            };
        }
        block.end();
        (block.out.len() < bytes.len() - bytes.len() / 4).then_some(block.out)
    }
}

/// The key of a base of these bytes.
pub(crate) fn key_of(bytes: &[u8]) -> i64 {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    hash.first_chunk().map_or(0, |first| i64::from_be_bytes(*first))
}

/// The bytes that differ so from the base; none if the difference is none of a mail of this length.
pub(crate) fn restored(base: &[u8], difference: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut out: Vec<u8> = Vec::with_capacity(length);
    let mut rest = difference;
    loop {
        let token = usize::from(take(&mut rest)?);
        let literals = counted(token >> 4, &mut rest)?;
        let (said, after) = rest.split_at_checked(literals)?;
        out.extend_from_slice(said);
        rest = after;
        if out.len() > length {
            return None;
        }
        if rest.is_empty() {
            return (out.len() == length).then_some(out);
        }
        let back = usize::from(u16::from_le_bytes([take(&mut rest)?, take(&mut rest)?]));
        let copied = counted(token & 15, &mut rest)? + 4;
        if back == 0 || out.len() + copied > length {
            return None;
        }
        copy_back(base, &mut out, back, copied)?;
    }
}

/// Copies from so far back, from the base first and on from the mail if it goes beyond.
fn copy_back(base: &[u8], out: &mut Vec<u8>, back: usize, mut copied: usize) -> Option<()> {
    if let Some(before) = back.checked_sub(out.len()).filter(|before| *before > 0) {
        let start = base.len().checked_sub(before)?;
        let from_base = copied.min(before);
        out.extend_from_slice(&base[start..start + from_base]);
        copied -= from_base;
    }
    while copied > 0 {
        // A copy may read what it writes: then in pieces as long as what is there.
        let start = out.len() - back;
        let piece = copied.min(back);
        out.extend_from_within(start..start + piece);
        copied -= piece;
    }
    Some(())
}

fn take(rest: &mut &[u8]) -> Option<u8> {
    rest.split_off_first().copied()
}

/// A count of which the token holds the first 15.
fn counted(in_token: usize, rest: &mut &[u8]) -> Option<usize> {
    let mut count = in_token;
    if in_token == 15 {
        loop {
            let more = take(rest)?;
            count += usize::from(more);
            if more < 255 {
                break;
            }
        }
    }
    Some(count)
}

/// Where a copy is taken from.
#[derive(Clone, Copy)]
enum Source {
    Base,
    Mail,
}

/// Bytes that stood before.
struct Copy {
    /// Where they stand in the mail.
    at: usize,
    length: usize,
    /// How far back they stood.
    back: usize,
}

/// A block in the making.
struct Block<'a> {
    base: &'a [u8],
    bytes: &'a [u8],
    out: Vec<u8>,
    /// How much of the mail is in it.
    written: usize,
}

impl Block<'_> {
    /// The copy of what stands at `at` from a place of an index, as long as it can be in both directions.
    fn copy_of(&self, from: Source, there: u16, at: usize) -> Option<Copy> {
        let (source, there) = match from {
            _ if there == NOWHERE => return None,
            Source::Base => (self.base, usize::from(there)),
            Source::Mail => (&self.bytes[..at], usize::from(there)),
        };
        let most = self.bytes.len() - NO_COPY_REACHES - at;
        let here = &self.bytes[at..at + most];
        let length = common(&source[there..], here);
        if length < RUN {
            return None;
        }
        let pairs = source[..there].iter().rev().zip(self.bytes[self.written..at].iter().rev());
        let earlier = pairs.take_while(|(one, other)| one == other).count();
        let back = match from {
            Source::Base => self.base.len() - there + at,
            Source::Mail => at - there,
        };
        Some(Copy { at: at - earlier, length: length + earlier, back })
    }

    /// Writes what stands before the copy, and the copy; where the mail goes on.
    fn copy(&mut self, copy: &Copy) -> usize {
        let literals = &self.bytes[self.written..copy.at];
        let copied = copy.length - 4;
        self.out.push((literals.len().min(15) << 4 | copied.min(15)) as u8);
        self.count(literals.len());
        self.out.extend_from_slice(literals);
        self.out.extend_from_slice(&(copy.back as u16).to_le_bytes());
        self.count(copied);
        self.written = copy.at + copy.length;
        self.written
    }

    /// Writes what is left.
    fn end(&mut self) {
        let literals = &self.bytes[self.written..];
        self.out.push((literals.len().min(15) << 4) as u8);
        self.count(literals.len());
        self.out.extend_from_slice(literals);
    }

    /// What a count has beyond the 15 in its token.
    fn count(&mut self, count: usize) {
        let Some(mut more) = count.checked_sub(15) else { return };
        while more >= 255 {
            self.out.push(255);
            more -= 255;
        }
        self.out.push(more as u8);
    }
}

/// How many bytes are the same from the beginning.
fn common(one: &[u8], other: &[u8]) -> usize {
    let (mut ones, mut others) = (one.as_chunks::<8>().0.iter(), other.as_chunks::<8>().0.iter());
    let mut same = 0;
    while let (Some(one), Some(other)) = (ones.next(), others.next()) {
        let differ = u64::from_le_bytes(*one) ^ u64::from_le_bytes(*other);
        if differ != 0 {
            return same + differ.trailing_zeros() as usize / 8;
        }
        same += 8;
    }
    let rest = one[same..].iter().zip(&other[same..]);
    same + rest.take_while(|(one, other)| one == other).count()
}

fn run_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..).and_then(|from| from.first_chunk::<RUN>()).map(|run| u64::from_le_bytes(*run))
}

/// Where in an index of so many entries a run belongs (Fibonacci hashing: Knuth, volume 3, section 6.4).
fn slot<const ENTRIES: usize>(run: u64) -> usize {
    (run.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - ENTRIES.trailing_zeros())) as usize
}

/// A place as an index has it; those beyond its reach are not entered (see `TOGETHER_AT_MOST`).
fn place(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(NOWHERE)
}

#[cfg(test)]
mod tests;
