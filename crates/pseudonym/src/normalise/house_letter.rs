//! House letter: one letter, upper-case.

use super::Kind;
use crate::refusal::Rule;

pub(super) const KIND: Kind = Kind { longest: 4, normal };

fn normal(text: &str) -> Result<String, Rule> {
    match text.as_bytes() {
        [letter] if letter.is_ascii_alphabetic() => Ok(text.to_ascii_uppercase()),
        _ => Err(Rule::HouseLetterForm),
    }
}
