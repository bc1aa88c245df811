//! What the mails of one message have in common, and a mail as its difference from that.
//!
//! Mails of one message differ in a name, an address, links, dates and ids: a few hundred bytes of some thousand.
//! A difference is a block of LZ4 (lz4_Block_format.md of the LZ4 project) with the base as its dictionary, so that
//! every LZ4 library reads it, and one of them does it here. It is written here, and not by one of them, because they
//! index the dictionary for each block, which takes longer than all the rest; here that is done once for each base.

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
const NOWHERE: u32 = u32::MAX;

/// The bytes of a mail that was written for nobody, from which mails of the same message differ little. Holds
/// nothing of a person, so that it may stay when a person is erased.
pub struct MailBase {
    key: i64,
    bytes: Box<[u8]>,
    /// Where a run of bytes begins in the base, by its hash: the first place of several.
    index: Box<[u32; BASE_ENTRIES]>,
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
        for (at, run) in bytes.windows(RUN).enumerate().rev() {
            let hash = hash(run);
            index[hash.slot::<BASE_ENTRIES>()] = hash.entry(at);
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
        let last = bytes.len().saturating_sub(NO_COPY_BEGINS);
        let mut at = 0;
        'copies: while at < last {
            for (there, run) in bytes[at..].windows(RUN).enumerate().take(last - at) {
                let here = at + there;
                let hash = hash(run);
                let in_base = self.index[hash.slot::<BASE_ENTRIES>()];
                let in_mail = std::mem::replace(&mut own[hash.slot::<OWN_ENTRIES>()], hash.entry(here));
                // Most places lead nowhere, and are found out here.
                if (hash.may_lead(in_base) || hash.may_lead(in_mail))
                    && let Some(copy) = block.longest(hash.place(in_base), hash.place(in_mail), here)
                {
                    at = block.copy(&copy);
                    continue 'copies;
                }
            }
            break;
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
    lz4_flex::block::decompress_with_dict(difference, length, base).ok().filter(|mail| mail.len() == length)
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
    /// The longer of the copies from a place in the base and from one in the mail.
    fn longest(&self, in_base: Option<usize>, in_mail: Option<usize>, at: usize) -> Option<Copy> {
        let from_base = in_base.and_then(|there| self.copy_of(Source::Base, there, at));
        match in_mail.and_then(|there| self.copy_of(Source::Mail, there, at)) {
            Some(own) if from_base.as_ref().is_none_or(|base| base.length < own.length) => Some(own),
            _ => from_base,
        }
    }

    /// The copy of what stands at `at` from another place, as long as it can be in both directions.
    fn copy_of(&self, from: Source, there: usize, at: usize) -> Option<Copy> {
        let source = match from {
            Source::Base => self.base,
            Source::Mail => &self.bytes[..at],
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
    let (ones, others) = (one.as_chunks::<32>().0, other.as_chunks::<32>().0);
    let same = 32 * ones.iter().zip(others).take_while(|(one, other)| one == other).count();
    let (ones, others) = (one[same..].as_chunks::<8>().0, other[same..].as_chunks::<8>().0);
    let same = same + 8 * ones.iter().zip(others).take_while(|(one, other)| one == other).count();
    same + one[same..].iter().zip(&other[same..]).take_while(|(one, other)| one == other).count()
}

/// The hash of a run (Fibonacci hashing: Knuth, volume 3, section 6.4).
#[derive(Clone, Copy)]
struct Hash(u64);

fn hash(run: &[u8]) -> Hash {
    let run = run.first_chunk().map_or(0, |run| u64::from_le_bytes(*run));
    Hash(run.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

impl Hash {
    /// Where in an index of so many entries the run belongs.
    fn slot<const ENTRIES: usize>(self) -> usize {
        (self.0 >> (64 - ENTRIES.trailing_zeros())) as usize
    }

    /// An entry of an index: 16 other bits of the hash, and a place.
    fn entry(self, place: usize) -> u32 {
        (self.0 >> 20) as u32 & 0xffff_0000 | place as u32 & 0xffff
    }

    /// Whether it may be a run of this hash that an entry leads to.
    fn may_lead(self, entry: u32) -> bool {
        (self.entry(0) ^ entry) < 0x1_0000
    }

    /// The place an entry leads to, if it may be of this hash.
    fn place(self, entry: u32) -> Option<usize> {
        (entry != NOWHERE && self.may_lead(entry)).then_some((entry & 0xffff) as usize)
    }
}

#[cfg(test)]
mod tests;
