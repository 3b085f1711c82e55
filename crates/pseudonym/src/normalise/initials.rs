//! Initials: lower-case letters without dots, `J.P.` as `jp`. An abbreviated name is one initial
//! (`Th.`, `Chr.`), and so is `IJ.` with its dot; a run of capitals without dots is one each.

use super::Kind;
use crate::fold::fold;
use crate::refusal::Rule;

pub(super) const KIND: Kind = Kind {
    longest: 40,
    normal,
};

/// How many initials are kept.
pub(super) const MOST: usize = 12;

fn normal(text: &str) -> Result<String, Rule> {
    let mut initials = String::new();
    for segment in text.split_inclusive(['.', ' ', '-', ',']) {
        let dotted = segment.ends_with('.');
        let run = segment.trim_end_matches(['.', ' ', '-', ',']);
        let letters: Option<Vec<char>> = run.chars().map(letter).collect();
        let letters = letters.ok_or(Rule::InitialsForm)?;
        let abbreviated = abbreviates(run).ok_or(Rule::InitialsForm)?;
        let one = abbreviated || (dotted && matches!(run, "IJ" | "Ij"));
        initials.extend(letters.iter().take(if one { 1 } else { letters.len() }));
    }
    if (1..=MOST).contains(&initials.len()) {
        Ok(initials)
    } else {
        Err(Rule::InitialsForm)
    }
}

/// The first letter that a character folds to.
fn letter(c: char) -> Option<char> {
    let folded = fold(c.encode_utf8(&mut [0; 4]))?;
    folded.chars().next().filter(char::is_ascii_lowercase)
}

/// Whether a capital is followed by small letters; `None` when there are so many that this is a
/// name.
fn abbreviates(run: &str) -> Option<bool> {
    let mut chars = run.chars();
    let capital = chars.next().is_some_and(char::is_uppercase);
    let small = chars.clone().count();
    let abbreviates = capital && small > 0 && chars.all(char::is_lowercase);
    (!abbreviates || small <= 3).then_some(abbreviates)
}
