//! Lists that go on after a bad item, and maps that keep every key they were given.

use std::{fmt, marker::PhantomData};

use ron::value::RawValue;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};

use super::{
    Spanned, Text,
    spanned::{is_full, is_quick, nested, note_broken, recorded},
};

/// Items of one list in one file: far more than a clinic writes, and little enough to stay small in memory.
pub const MAX_ITEMS: usize = 2_000;

/// A list of which each bad item is reported and left out.
#[derive(Debug)]
pub struct List<T>(pub Vec<Spanned<T>>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit<T> {
            is_quick: bool,
            of: PhantomData<T>,
        }
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Visit<T> {
            type Value = List<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list in square brackets")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List<T>, A::Error> {
                let mut list = Vec::new();
                if self.is_quick {
                    while let Some(item) = items.next_element()? {
                        if list.len() == MAX_ITEMS {
                            return Err(recorded());
                        }
                        list.push(item);
                    }
                    return Ok(List(list));
                }
                let mut count = 0;
                while let Some(raw) = items.next_element::<&'de RawValue>()? {
                    count += 1;
                    if count > MAX_ITEMS {
                        return Err(too_large(format!("a list has more than {MAX_ITEMS} items")));
                    }
                    match nested(raw.get_ron()) {
                        Ok(item) => list.push(item),
                        Err(_) => note_broken(raw.get_ron()),
                    }
                    if is_full() {
                        return Err(recorded());
                    }
                }
                Ok(List(list))
            }
        }
        let is_quick = is_quick(&deserializer);
        deserializer.deserialize_seq(Visit { is_quick, of: PhantomData })
    }
}

/// Entries of a short list: choices, addresses, parts of a condition. What exceeds this is a mistake.
pub const MAX_FEW: usize = 500;

/// A short list; reading stops at its first bad entry.
#[derive(Debug)]
pub struct Few<T>(Vec<T>);

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> std::ops::Deref for Few<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'a, T> IntoIterator for &'a Few<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Visit<T> {
            type Value = Few<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list in square brackets")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Few<T>, A::Error> {
                let mut few = Vec::new();
                while let Some(entry) = entries.next_element()? {
                    if few.len() == MAX_FEW {
                        return Err(too_large(format!("a list has more than {MAX_FEW} entries")));
                    }
                    few.push(entry);
                }
                Ok(Few(few))
            }
        }
        deserializer.deserialize_seq(Visit(PhantomData))
    }
}

/// The error that says that something exceeds a limit.
fn too_large<E: serde::de::Error>(message: String) -> E {
    E::custom(format!(
        "too-large\u{2}{message}\u{2}split it, or look whether this is what you meant to write"
    ))
}

/// A map as written, in order, repeated keys included: ron's own maps silently keep the last.
#[derive(Debug)]
pub struct Pairs<V>(pub Vec<(Text, Spanned<V>)>);

impl<V> Default for Pairs<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Visit<V> {
            type Value = Pairs<V>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map in braces, such as {\"worst_pain\": \"5 5 _ 4\"}")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<V>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                    if pairs.len() > MAX_ITEMS {
                        return Err(too_large(format!("a map has more than {MAX_ITEMS} entries")));
                    }
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Visit(PhantomData))
    }
}
