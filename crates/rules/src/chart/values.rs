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

/// Answered values in the order given; a blank question is absent.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Values(Vec<(QuestionId, Value)>);

impl Values {
    /// The value given to a question.
    #[must_use]
    pub fn get(&self, question: &str) -> Option<&Value> {
        self.0.iter().find(|(id, _)| *id == *question).map(|(_, value)| value)
    }

    /// Sets or replaces a value.
    pub fn set(&mut self, question: QuestionId, value: Value) {
        match self.0.iter_mut().find(|(id, _)| *id == question) {
            Some(slot) => slot.1 = value,
            None => self.0.push((question, value)),
        }
    }

    /// All values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&QuestionId, &Value)> {
        self.0.iter().map(|(id, value)| (id, value))
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
                let mut values = Values::default();
                while let Some((id, value)) = map.next_entry::<QuestionId, Option<Value>>()? {
                    if let Some(value) = value {
                        values.set(id, value);
                    }
                }
                Ok(values)
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

impl FromIterator<(QuestionId, Value)> for Values {
    fn from_iter<I: IntoIterator<Item = (QuestionId, Value)>>(values: I) -> Self {
        let mut all = Self::default();
        values.into_iter().for_each(|(id, value)| all.set(id, value));
        all
    }
}
