//! Street: letters and digits only, folded. In a Dutch street the usual abbreviations are written
//! out (NEN 5825 lets registers shorten to 24 characters, each in its own way).

use super::Kind;
use crate::fold::{fold, solid};
use crate::refusal::Rule;

pub(super) const DUTCH: Kind = Kind {
    longest: 80,
    normal: dutch,
};
pub(super) const ABROAD: Kind = Kind {
    longest: 80,
    normal: abroad,
};

/// Endings of a whole word, and the word that they stand for.
const ENDINGS: [(&str, &str); 4] = [
    ("str", "straat"),
    ("pln", "plein"),
    ("ln", "laan"),
    ("wg", "weg"),
];

/// First words, and what they stand for.
const BEGINNINGS: [(&str, &str); 3] = [("burg", "burgemeester"), ("st", "sint"), ("dr", "doctor")];

fn abroad(text: &str) -> Result<String, Rule> {
    let street = solid(&fold(text).ok_or(Rule::StreetForm)?);
    if street.is_empty() {
        Err(Rule::StreetForm)
    } else {
        Ok(street)
    }
}

fn dutch(text: &str) -> Result<String, Rule> {
    let folded = fold(text).ok_or(Rule::StreetForm)?;
    let words: Vec<String> = folded.split_whitespace().map(solid).collect();
    let last = words.len().saturating_sub(1);
    let whole: String = words
        .iter()
        .enumerate()
        .map(|(i, word)| {
            let word = if i == 0 && last > 0 {
                beginning(word)
            } else {
                word.clone()
            };
            if i == last { ending(&word) } else { word }
        })
        .collect();
    if whole.is_empty() {
        Err(Rule::StreetForm)
    } else {
        Ok(whole)
    }
}

/// The first five letters of a normal form; `None` when it has no letter.
pub(super) fn start(street: &str) -> Option<String> {
    let letters = street.chars().filter(char::is_ascii_lowercase);
    let start: String = letters.take(5).collect();
    (!start.is_empty()).then_some(start)
}

fn beginning(word: &str) -> String {
    let found = BEGINNINGS.iter().find(|(short, _)| word == *short);
    found.map_or(word, |(_, long)| long).to_owned()
}

fn ending(word: &str) -> String {
    for (short, long) in ENDINGS {
        if let Some(stem) = word.strip_suffix(short) {
            return format!("{stem}{long}");
        }
    }
    word.to_owned()
}
