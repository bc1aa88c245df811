//! Answered values.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::ids::QuestionId;

/// One answered value. Which of a scale, a choice, yes/no or text is meant is the question's business.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    YesNo(bool),
    /// A number on a scale.
    Number(i32),
    /// A choice, or free text. Choices are short and kept in place: reading one looks at no other memory.
    Word(SmolStr),
}

/// Answered values in the order given; a blank question is absent. Cheap to clone.
///
/// Questions and values lie apart, since most answers of a chart are to the same few lists of questions.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Values {
    questions: Arc<[QuestionId]>,
    /// By position in `questions`.
    given: Arc<[Value]>,
}

impl Values {
    /// The value given to a question.
    #[must_use]
    pub fn get(&self, question: &str) -> Option<&Value> {
        let at = self.questions.iter().position(|id| *id == *question)?;
        self.given.get(at)
    }

    /// Sets or replaces a value.
    pub fn set(&mut self, question: QuestionId, value: Value) {
        let before = self.iter().map(|(id, value)| (id.clone(), value.clone()));
        *self = before.chain([(question, value)]).collect();
    }

    /// All values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&QuestionId, &Value)> {
        self.questions.iter().zip(self.given.iter())
    }

    /// Whether these are the same values kept once, which says more than that they are equal and costs less to ask.
    #[must_use]
    pub fn are_one_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.given, &other.given) && self.answer_one_list_with(other)
    }

    /// Whether the list of questions is one that is kept once.
    pub(crate) fn answer_one_list_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.questions, &other.questions)
    }

    /// The questions answered, in order.
    pub(crate) fn questions(&self) -> &[QuestionId] {
        &self.questions
    }

    /// The values given, in the order of the questions.
    pub(crate) fn given(&self) -> &[Value] {
        &self.given
    }

    /// The same values, keeping once with others what they have in common: all of it, else the questions.
    pub(crate) fn shared_with<'a>(&self, others: impl Iterator<Item = &'a Self> + Clone) -> Self {
        if let Some(same) = others.clone().find(|other| *other == self) {
            return same.clone();
        }
        let like = others.into_iter().find(|other| other.questions == self.questions);
        let questions = like.map_or(&self.questions, |other| &other.questions);
        Self { questions: questions.clone(), given: self.given.clone() }
    }

    /// Nothing was answered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.questions.is_empty()
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
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
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

/// Values for which there is room from the first.
const ROOM_AT_MOST: usize = 16;

/// Of several values given to one question the last counts, in the place of the first.
impl FromIterator<(QuestionId, Value)> for Values {
    fn from_iter<I: IntoIterator<Item = (QuestionId, Value)>>(values: I) -> Self {
        let values = values.into_iter();
        // A form leaves few of its questions out; what is sent from elsewhere may claim any number.
        let room = values.size_hint().1.unwrap_or(0).min(ROOM_AT_MOST);
        let (mut questions, mut given) = (Vec::with_capacity(room), Vec::with_capacity(room));
        for (id, value) in values {
            match questions.iter().position(|known| *known == id) {
                Some(at) => given[at] = value,
                None => {
                    questions.push(id);
                    given.push(value);
                }
            }
        }
        Self { questions: questions.into(), given: given.into() }
    }
}
