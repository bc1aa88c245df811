//! Lists that go on after a bad item, and maps that keep every key they were given.

use std::{fmt, marker::PhantomData};

use ron::value::RawValue;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};

use super::{
    Spanned, Text,
    spanned::{is_full, nested, note_broken, recorded},
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
        struct Visit<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Visit<T> {
            type Value = List<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list in square brackets")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List<T>, A::Error> {
                let mut list = Vec::new();
                let mut count = 0;
                while let Some(raw) = items.next_element::<&'de RawValue>()? {
                    count += 1;
                    if count > MAX_ITEMS {
                        return Err(A::Error::custom(format!(
                            "too-large\u{2}a list has more than {MAX_ITEMS} items\u{2}split it over several files"
                        )));
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
        deserializer.deserialize_seq(Visit(PhantomData))
    }
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
                        return Err(A::Error::custom(format!(
                            "too-large\u{2}a map has more than {MAX_ITEMS} entries\u{2}split it"
                        )));
                    }
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Visit(PhantomData))
    }
}
