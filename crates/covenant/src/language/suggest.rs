//! "Did you mean".

use crate::lint::Lint;

/// A hostile file must not make a mistake expensive.
const MOST_WORDS: usize = 300;

/// The nearest of some words, when it is near enough to be meant.
pub(crate) fn nearest<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let plain = fold(word);
    let length = plain.chars().count();
    let (distance, found) = words
        .take(MOST_WORDS)
        .map(|w| {
            let other = fold(w);
            let apart = other.chars().count().abs_diff(length);
            // Words of so different a length are at least as far apart; only parts matter then.
            let distance = if apart > length.max(3) {
                apart
            } else {
                strsim::osa_distance(&plain, &other)
            };
            (distance, w)
        })
        .min_by_key(|(distance, w)| (*distance, w.len()))?;
    let longest = length.max(found.chars().count());
    let near = distance <= (longest / 3).max(1) && distance < longest;
    // A word that begins or ends with the other was probably abbreviated.
    let part = plain.len() >= 4 && (fold(found).contains(&plain) || plain.contains(&fold(found)));
    (near || part).then_some(found)
}

/// What to say beneath: what was probably meant, or what there is to choose from.
pub(crate) fn help(likely: Option<&str>, words: &[&str], lint: &Lint) -> (String, String) {
    if let Some(likely) = likely {
        return (
            format!("Bedoelde u `{likely}`?"),
            format!("Did you mean `{likely}`?"),
        );
    }
    if words.is_empty() {
        return (lint.help_nl.into(), lint.help_en.into());
    }
    let shown: Vec<String> = words.iter().take(12).map(|w| format!("`{w}`")).collect();
    let more = if words.len() > 12 { ", …" } else { "" };
    let list = shown.join(", ");
    (
        format!("Kies uit: {list}{more}."),
        format!("Choose from: {list}{more}."),
    )
}

/// A stray word may be long; a message stays short.
pub(crate) fn shorten(word: &str) -> String {
    let mut short: String = word.chars().take(48).filter(|c| !c.is_control()).collect();
    if word.chars().count() > 48 {
        short.push('…');
    }
    short
}

/// Lower-case, without marks, one kind of separator.
fn fold(word: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let separated = |c: char| if c == '_' || c == ' ' { '-' } else { c };
    if word.is_ascii() {
        let plain = word.chars().take(64).map(|c| c.to_ascii_lowercase());
        return plain.map(separated).collect();
    }
    word.chars()
        .take(64)
        .nfd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(separated)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let words = ["opsporing", "huurbeeindiging", "incasso"];
        let near = |w| nearest(w, words.into_iter());
        assert_eq!(near("opsporign"), Some("opsporing"));
        assert_eq!(near("huurbeëindiging één"), Some("huurbeeindiging"));
        assert_eq!(near("Incasso"), Some("incasso"));
        assert_eq!(near("xyz"), None);
        assert_eq!(near(""), None);
    }
}
