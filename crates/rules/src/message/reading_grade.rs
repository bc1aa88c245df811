//! How many years of school a text asks for: the Flesch-Kincaid grade.
//!
//! A rough measure for English, good for one thing: to notice a sentence that has grown too long or too
//! learned. Syllables are counted from the spelling, so single words can be off by one.

use smallvec::SmallVec;

/// Flesch-Kincaid grade of a text: 0.39 words per sentence + 11.8 syllables per word - 15.59 (Kincaid,
/// Fishburne, Rogers, Chissom: Derivation of new readability formulas for Navy enlisted personnel, 1975).
///
/// Takes a message as written or as plain text: template tags count as a short word (`{{ }}`) or nothing
/// (`{% %}`), addresses and Markdown signs are left out, and a heading, list item or paragraph ends a
/// sentence. A text without words has grade 0.
#[must_use]
pub fn grade(text: &str) -> f64 {
    let Counts { words, syllables, sentences, .. } = count(&prose(text));
    if sentences == 0 {
        return 0.0;
    }
    let (words, syllables, sentences) = (f64::from(words), f64::from(syllables), f64::from(sentences));
    0.39 * (words / sentences) + 11.8 * (syllables / words) - 15.59
}

/// Replaces template tags and drops link targets: what is left is read aloud.
fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find(['{', ']']) {
        let (before, at) = rest.split_at(open);
        out.push_str(before);
        let (close, instead) = match at.get(..2) {
            Some("{{") => ("}}", "name"),
            Some("{%") => ("%}", ""),
            Some("{#") => ("#}", ""),
            Some("](") => (")", ""),
            _ => {
                out.push(' ');
                rest = &at[1..];
                continue;
            }
        };
        out.push_str(instead);
        rest = at.find(close).map_or("", |end| &at[end + close.len()..]);
    }
    out.push_str(rest);
    out
}

/// What is read aloud, in numbers.
#[derive(Default)]
struct Counts {
    words: u32,
    syllables: u32,
    /// Those with at least one word.
    sentences: u32,
    /// The sentence has had a word.
    begun: bool,
}

impl Counts {
    fn word(&mut self, word: &str) {
        self.words += 1;
        self.syllables += syllables_in(word);
        self.sentences += u32::from(!self.begun);
        self.begun = true;
    }

    fn end_sentence(&mut self) {
        self.begun = false;
    }
}

fn count(prose: &str) -> Counts {
    let mut counts = Counts::default();
    let mut word = String::new();
    for line in prose.lines() {
        let trimmed = line.trim();
        let numbered = trimmed
            .split_once(". ")
            .is_some_and(|(number, _)| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()));
        let starts_anew = trimmed.is_empty() || numbered || trimmed.starts_with(['#', '-', '*', '+', '>']);
        if starts_anew {
            counts.end_sentence();
        }
        let content =
            if numbered { trimmed.split_once(". ").map_or(trimmed, |(_, rest)| rest) } else { trimmed };
        for token in content.split_whitespace() {
            let address = token.contains("://");
            word.clear();
            word.extend(token.chars().filter(|c| c.is_alphanumeric() || matches!(c, '\'' | '-')));
            let spoken = word.trim_matches(['\'', '-']);
            if !spoken.is_empty() && !address {
                counts.word(spoken);
            }
            let end = token.trim_end_matches(['"', '\'', ')', '*', '_', '”', '’']);
            if end.ends_with(['.', '!', '?', ':', ';']) {
                counts.end_sentence();
            }
        }
        if trimmed.starts_with('#') {
            counts.end_sentence();
        }
    }
    counts
}

/// Syllables of an English word by its vowel groups.
fn syllables_in(word: &str) -> u32 {
    if word.chars().any(|c| c.is_ascii_digit()) {
        return 1;
    }
    word.split('-').map(syllables_in_part).sum::<u32>().max(1)
}

fn syllables_in_part(word: &str) -> u32 {
    let lower: SmallVec<[char; 32]> = word.to_lowercase().chars().filter(|c| c.is_alphabetic()).collect();
    let vowel = |c: &char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'á' | 'é' | 'í' | 'ó' | 'ú' | 'ü');
    let mut groups = 0_u32;
    let mut before = false;
    for c in &lower {
        let now = vowel(c);
        groups += u32::from(now && !before);
        before = now;
    }
    let ending = |text: &str| {
        let len = text.chars().count();
        lower.len() >= len && text.chars().eq(lower[lower.len() - len..].iter().copied())
    };
    let consonant_before = |back: usize| lower.len() > back && !vowel(&lower[lower.len() - back - 1]);
    // A final e is silent, and so is that of -es and -ed, unless it is needed to speak the consonant.
    let silent = (ending("e") && consonant_before(1) && !(ending("le") && consonant_before(2)))
        || (ending("es")
            && consonant_before(2)
            && !["ses", "zes", "xes", "ches", "shes", "ges", "ces"].iter().any(|s| ending(s)))
        || (ending("ed") && consonant_before(2) && !ending("ted") && !ending("ded"));
    if silent && groups > 1 { groups - 1 } else { groups }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syllables_of_common_words() {
        let cases = [
            ("run", 1),
            ("running", 2),
            ("recovery", 4),
            ("table", 2),
            ("rested", 2),
            ("walked", 1),
            ("houses", 2),
            ("times", 1),
            ("the", 1),
            ("electrolyte", 4),
            ("half-marathon", 4),
            ("555-0100", 1),
        ];
        for (word, expected) in cases {
            assert_eq!(syllables_in(word), expected, "{word}");
        }
    }

    #[test]
    fn markup_and_addresses_are_not_read() {
        let plain = grade("Tell us how you feel. It takes one minute.");
        let marked = grade(
            "Tell us how you **feel**.\n\n{% if x %}\n[It takes one minute](https://a.example/very/long?x=1).\n{% endif %}\n",
        );
        assert!((plain - marked).abs() < 1e-9, "{plain} {marked}");
    }

    #[test]
    fn long_learned_sentences_have_a_higher_grade() {
        let simple = grade("Do not run today. Take a walk. Drink some water.");
        let learned = grade(
            "Notwithstanding improvement, participation in vigorous activities necessitates individualised \
             evaluation by appropriately qualified professionals.",
        );
        assert!(simple < 3.0, "{simple}");
        assert!(learned > 15.0, "{learned}");
        assert_eq!(grade(" \n"), 0.0);
    }

    #[test]
    fn list_items_are_sentences_of_their_own() {
        let listed = grade("- Walk for ten minutes\n- Drink some water\n1. Eat a meal\n");
        let joined = grade("Walk for ten minutes Drink some water Eat a meal");
        assert!(listed < joined, "{listed} {joined}");
    }
}
