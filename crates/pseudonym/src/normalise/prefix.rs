//! Prefix of a surname (voorvoegsel, BRP 02.30): one to ten letters and spaces, kept apart from
//! the surname. Prefixes are also recognised in front of a surname, and behind it after a comma,
//! since many registers have no field for them.

use super::Kind;
use crate::fold::{fold, has_letter};
use crate::refusal::Rule;

pub(super) const KIND: Kind = Kind {
    longest: 16,
    normal,
};

/// Prefixes that occur in the Dutch registers (after national table 36), folded, apostrophes as
/// spaces, with the usual abbreviations. Sorted.
const KNOWN: [&str; 151] = [
    "a",
    "aan",
    "aan de",
    "aan den",
    "aan der",
    "aan het",
    "aan t",
    "af",
    "al",
    "am",
    "auf",
    "auf dem",
    "auf der",
    "auf m",
    "auf ter",
    "aus",
    "aus dem",
    "aus der",
    "aus m",
    "ben",
    "bij",
    "bij de",
    "bij den",
    "bij het",
    "bij t",
    "bin",
    "boven d",
    "d",
    "da",
    "dal",
    "dalla",
    "das",
    "de",
    "de die",
    "de die le",
    "de l",
    "de la",
    "de las",
    "de le",
    "de van der",
    "degli",
    "dei",
    "del",
    "della",
    "den",
    "der",
    "des",
    "di",
    "die le",
    "do",
    "don",
    "dos",
    "du",
    "el",
    "het",
    "i",
    "im",
    "in",
    "in de",
    "in den",
    "in der",
    "in het",
    "in t",
    "l",
    "la",
    "las",
    "le",
    "les",
    "lo",
    "los",
    "of",
    "onder",
    "onder de",
    "onder den",
    "onder het",
    "onder t",
    "op",
    "op de",
    "op den",
    "op der",
    "op gen",
    "op het",
    "op t",
    "op ten",
    "over",
    "over de",
    "over den",
    "over het",
    "over t",
    "s",
    "t",
    "te",
    "ten",
    "ter",
    "tho",
    "thoe",
    "thoe van",
    "to",
    "toe",
    "tot",
    "uijt",
    "uijt de",
    "uijt den",
    "uijt te de",
    "uijt ten",
    "uit",
    "uit de",
    "uit den",
    "uit der",
    "uit het",
    "uit t",
    "uit te de",
    "uit ten",
    "unter",
    "v",
    "v d",
    "v den",
    "v der",
    "v h",
    "van",
    "van de",
    "van den",
    "van der",
    "van gen",
    "van het",
    "van la",
    "van t",
    "van ter",
    "van van de",
    "vand",
    "vande",
    "vanden",
    "vander",
    "vd",
    "ver",
    "vom",
    "von",
    "von dem",
    "von den",
    "von der",
    "von t",
    "voor",
    "voor de",
    "voor den",
    "voor in t",
    "voor t",
    "vor",
    "vor der",
    "zu",
    "zum",
    "zur",
];

fn normal(text: &str) -> Result<String, Rule> {
    let prefix = words(&fold(text).ok_or(Rule::PrefixForm)?).join(" ");
    let letters = has_letter(&prefix) && !prefix.contains(|c: char| c.is_ascii_digit() || c == '-');
    if letters && prefix.len() <= 10 {
        Ok(prefix)
    } else {
        Err(Rule::PrefixForm)
    }
}

/// The words of folded text, with an apostrophe as the end of a word, and the hyphen of `'s-` too.
/// Any other hyphen stands inside a double name.
pub(super) fn words(folded: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for part in folded.split(' ') {
        for (index, piece) in part.split('\'').enumerate() {
            match piece.split_once('-') {
                Some((letter, rest)) if index > 0 && letter.len() == 1 => {
                    words.extend([letter, rest]);
                }
                _ => words.push(piece),
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether words, joined by single spaces, are a known prefix.
pub(super) fn is_known(words: &str) -> bool {
    KNOWN.binary_search(&words).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_in_normal_form() {
        assert!(KNOWN.is_sorted());
        for prefix in KNOWN {
            assert_eq!(normal(prefix).as_deref(), Ok(prefix));
        }
    }
}
