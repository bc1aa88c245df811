//! The quick way to read a sound rule file: one pass, places included.
//!
//! ron has no notion of a place that derived code could ask for, so [`super::spanned`] reads every piece once to
//! find its end and once more for each level it lies in. That gives good words for a mistake and costs ten times
//! the reading itself. Nearly every file has no mistake: this reader takes those, and **gives up without a word**
//! at whatever it does not know, be it a mistake, a limit exceeded or a notation seldom used (raw texts,
//! hexadecimal numbers, block comments). ron then reads the file from its beginning and says what is to be said.
//!
//! So nothing here decides what a file may say. It has to keep one promise: a file it takes means the same to
//! ron, to the byte of each place. `quick/tests.rs` and the fuzzing
//! hold both readers against each other.

#[cfg(any(test, fuzzing))]
pub mod beside_ron;
#[cfg(test)]
mod tests;

use std::{fmt, ops::Range};

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor, value::StrDeserializer,
};
use serde::{Deserialize, forward_to_deserialize_any};

use super::{
    scan::{MAX_DEPTH, MAX_WORDS},
    spanned::place,
};

/// The name under which [`super::Spanned`] asks for a value together with its place: the value itself, then
/// start and end.
pub(super) const PLACED: &str = "afterrun: value, start, end";

/// Reads a file's text (without a byte order mark). None: ask ron.
pub fn parse<'de, T: Deserialize<'de>>(text: &'de str) -> Option<T> {
    let mut reader = Reader { text, at: 0, depth: 0, words: 0 };
    reader.blank().ok()?;
    let value = T::deserialize(&mut reader).ok()?;
    reader.blank().ok()?;
    (reader.at == text.len()).then_some(value)
}

/// Why is for ron to say.
#[derive(Debug)]
pub(super) struct GiveUp;

impl fmt::Display for GiveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not for the quick reader")
    }
}

impl std::error::Error for GiveUp {}

impl serde::de::Error for GiveUp {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
    // The words would be made for nobody.
    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
}

type Result<T> = std::result::Result<T, GiveUp>;

struct Reader<'de> {
    text: &'de str,
    at: usize,
    /// Brackets open.
    depth: usize,
    /// Names, numbers and texts so far, as the scan counts them.
    words: usize,
}

impl<'de> Reader<'de> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Skips white space and line comments.
    fn blank(&mut self) -> Result<()> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(b'/') if bytes.get(self.at + 1) == Some(&b'/') => {
                    let end = bytes[self.at..].iter().position(|byte| *byte == b'\n');
                    self.at += end.ok_or(GiveUp)?;
                }
                Some(b'/') => return Err(GiveUp),
                _ => return Ok(()),
            }
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn open(&mut self, bracket: u8) -> Result<()> {
        self.depth += 1;
        (self.depth <= MAX_DEPTH && self.take(bracket)).then_some(()).ok_or(GiveUp)
    }

    fn close(&mut self, bracket: u8) -> Result<()> {
        self.blank()?;
        self.depth -= 1;
        self.take(bracket).then_some(()).ok_or(GiveUp)
    }

    fn count_word(&mut self) -> Result<()> {
        self.words += 1;
        (self.words <= MAX_WORDS).then_some(()).ok_or(GiveUp)
    }

    /// A plain name: ASCII letters, digits and `_`, not followed by what ron takes for more of it.
    fn name(&mut self) -> Result<&'de str> {
        self.count_word()?;
        let rest = &self.text.as_bytes()[self.at..];
        let len = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        let starts = rest.first().is_some_and(|byte| !byte.is_ascii_digit());
        let ends =
            !rest.get(len).is_some_and(|byte| matches!(byte, b'.' | b'+' | b'-' | b'"' | b'#' | 0x80..));
        if len == 0 || !starts || !ends {
            return Err(GiveUp);
        }
        let name = &self.text[self.at..self.at + len];
        self.at += len;
        Ok(name)
    }

    /// A decimal number, `.` allowed or not.
    fn number(&mut self, with_point: bool) -> Result<&'de str> {
        self.count_word()?;
        let rest = &self.text.as_bytes()[self.at..];
        let sign = usize::from(rest.first() == Some(&b'-'));
        let digits = |from: usize| rest[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let whole = digits(sign);
        let mut len = sign + whole;
        if with_point && rest.get(len) == Some(&b'.') {
            let after = digits(len + 1);
            if after == 0 {
                return Err(GiveUp);
            }
            len += 1 + after;
        }
        let ends = matches!(rest.get(len), Some(b',' | b')' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t'));
        // Other than in ordinary numbers, ron and the standard library may read a leading zero otherwise.
        let zero_leads = rest.get(sign) == Some(&b'0') && (sign > 0 || whole > 1);
        if whole == 0 || !ends || zero_leads {
            return Err(GiveUp);
        }
        let number = &self.text[self.at..self.at + len];
        self.at += len;
        Ok(number)
    }

    fn whole<T: std::str::FromStr>(&mut self) -> Result<T> {
        self.number(false)?.parse().map_err(|_| GiveUp)
    }

    /// A text in quotes, as it stands there or with its escapes replaced.
    fn quoted<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        self.count_word()?;
        if !self.take(b'"') {
            return Err(GiveUp);
        }
        let (start, bytes) = (self.at, self.text.as_bytes());
        let len = bytes[start..].iter().position(|byte| matches!(byte, b'"' | b'\\')).ok_or(GiveUp)?;
        if bytes[start + len] == b'"' {
            self.at = start + len + 1;
            return visitor.visit_borrowed_str(&self.text[start..start + len]);
        }
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let len = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\')).ok_or(GiveUp)?;
            text.push_str(&rest[..len]);
            self.at += len + 1;
            if rest.as_bytes()[len] == b'"' {
                return visitor.visit_string(text);
            }
            text.push(match rest.as_bytes().get(len + 1) {
                Some(c @ (b'"' | b'\\' | b'\'')) => char::from(*c),
                Some(b'n') => '\n',
                Some(b'r') => '\r',
                Some(b't') => '\t',
                _ => return Err(GiveUp),
            });
            self.at += 1;
        }
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = GiveUp;

    /// Tells our own types apart from ron: see [`PLACED`].
    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.peek() {
            Some(b'"') => self.quoted(visitor),
            Some(b'-' | b'0'..=b'9') => visitor.visit_i64(self.whole()?),
            _ => self.deserialize_bool(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.name()? {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(GiveUp),
        }
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_i32(self.whole()?)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_u32(self.whole()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_f64(self.number(true)?.parse().map_err(|_| GiveUp)?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.quoted(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.quoted(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_borrowed_str(self.name()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let rest = &self.text.as_bytes()[self.at..];
        if rest.starts_with(b"None") || rest.starts_with(b"Some") {
            return Err(GiveUp);
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
        if name != PLACED {
            return Err(GiveUp);
        }
        visitor.visit_seq(Placed { span: self.at..self.at, reader: self, told: 0 })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.open(b'[')?;
        let value = visitor.visit_seq(Parts::until(b']', self))?;
        self.close(b']')?;
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.open(b'(')?;
        let value = visitor.visit_seq(Parts::until(b')', self))?;
        self.close(b')')?;
        Ok(value)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.open(b'{')?;
        let value = visitor.visit_map(Parts::until(b'}', self))?;
        self.close(b'}')?;
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if self.peek() != Some(b'(') {
            if self.name()? != name {
                return Err(GiveUp);
            }
            self.blank()?;
        }
        self.fields(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(self)
    }

    forward_to_deserialize_any! {
        i8 i16 i64 i128 u8 u16 u64 u128 f32 char bytes byte_buf unit unit_struct tuple_struct ignored_any
    }
}

impl<'de> Reader<'de> {
    fn fields<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        self.open(b'(')?;
        let value = visitor.visit_map(Parts::until(b')', self))?;
        self.close(b')')?;
        Ok(value)
    }
}

impl<'de> EnumAccess<'de> for &mut Reader<'de> {
    type Error = GiveUp;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self)> {
        let name: StrDeserializer<'_, GiveUp> = self.name()?.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Reader<'de> {
    type Error = GiveUp;

    fn unit_variant(self) -> Result<()> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value> {
        self.blank()?;
        self.open(b'(')?;
        self.blank()?;
        let value = seed.deserialize(&mut *self)?;
        self.blank()?;
        self.take(b',');
        self.close(b')')?;
        Ok(value)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        self.blank()?;
        self.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value> {
        self.blank()?;
        self.fields(visitor)
    }
}

/// What stands between two brackets, parted by commas; one more may follow the last.
struct Parts<'a, 'de> {
    reader: &'a mut Reader<'de>,
    closing: u8,
    had_comma: bool,
}

impl<'a, 'de> Parts<'a, 'de> {
    fn until(closing: u8, reader: &'a mut Reader<'de>) -> Self {
        Self { reader, closing, had_comma: true }
    }

    fn has_more(&mut self) -> Result<bool> {
        self.reader.blank()?;
        let more = self.reader.peek() != Some(self.closing);
        if more && !self.had_comma { Err(GiveUp) } else { Ok(more) }
    }

    fn comma(&mut self) -> Result<()> {
        self.reader.blank()?;
        self.had_comma = self.reader.take(b',');
        Ok(())
    }
}

impl<'de> SeqAccess<'de> for Parts<'_, 'de> {
    type Error = GiveUp;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        if !self.has_more()? {
            return Ok(None);
        }
        let value = seed.deserialize(&mut *self.reader)?;
        self.comma()?;
        Ok(Some(value))
    }
}

impl<'de> MapAccess<'de> for Parts<'_, 'de> {
    type Error = GiveUp;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        if !self.has_more()? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        self.reader.blank()?;
        if !self.reader.take(b':') {
            return Err(GiveUp);
        }
        self.reader.blank()?;
        let value = seed.deserialize(&mut *self.reader)?;
        self.comma()?;
        Ok(value)
    }
}

/// The answer to [`PLACED`].
struct Placed<'a, 'de> {
    reader: &'a mut Reader<'de>,
    span: Range<usize>,
    told: u8,
}

impl<'de> SeqAccess<'de> for Placed<'_, 'de> {
    type Error = GiveUp;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        self.told += 1;
        match self.told {
            1 => {
                let value = seed.deserialize(&mut *self.reader)?;
                self.span = place(self.reader.text, self.span.start..self.reader.at);
                Ok(Some(value))
            }
            2 => seed.deserialize(self.span.start.into_deserializer()).map(Some),
            3 => seed.deserialize(self.span.end.into_deserializer()).map(Some),
            _ => Ok(None),
        }
    }
}
