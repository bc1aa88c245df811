//! Answered values.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::QuestionId;

/// One answered value. Which of a scale, a choice, yes/no or text is meant is the question's business.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    YesNo(bool),
    /// A number on a scale.
    Number(i32),
    /// A choice, or free text.
    Word(Arc<str>),
}

/// Answered values in the order given; a blank question is absent. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Values(Arc<[(QuestionId, Value)]>);

impl Values {
    /// The value given to a question.
    #[must_use]
    pub fn get(&self, question: &str) -> Option<&Value> {
        self.0.iter().find(|(id, _)| *id == *question).map(|(_, value)| value)
    }

    /// Sets or replaces a value.
    pub fn set(&mut self, question: QuestionId, value: Value) {
        *self = self.0.iter().cloned().chain([(question, value)]).collect();
    }

    /// All values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&QuestionId, &Value)> {
        self.0.iter().map(|(id, value)| (id, value))
    }

    /// Whether these are the same values kept once, which says more than that they are equal and costs less to ask.
    #[must_use]
    pub fn are_one_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether the same questions were answered in the same order.
    #[must_use]
    pub fn answer_the_same_as(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(other.0.iter()).all(|((one, _), (of, _))| one == of)
    }

    /// Nothing was answered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Values {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> serde::de::Visitor<'de> for Visit {
            type Value = Values;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map from question to value (a number, true, false, a text, or null)")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Values, A::Error> {
                let mut values = Vec::new();
                while let Some((id, value)) = map.next_entry::<QuestionId, Option<Value>>()? {
                    values.extend(value.map(|value| (id, value)));
                }
                Ok(values.into_iter().collect())
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

/// Of several values given to one question the last counts, in the place of the first.
impl FromIterator<(QuestionId, Value)> for Values {
    fn from_iter<I: IntoIterator<Item = (QuestionId, Value)>>(values: I) -> Self {
        let mut all: Vec<(QuestionId, Value)> = Vec::new();
        for (id, value) in values {
            match all.iter_mut().find(|(known, _)| *known == id) {
                Some(known) => known.1 = value,
                None => all.push((id, value)),
            }
        }
        Self(all.into())
    }
}
