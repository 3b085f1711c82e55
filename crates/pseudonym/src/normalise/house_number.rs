//! House number: 1 to 99999 without leading zeros. Letter and addition typed behind it are split
//! off where that can be done in one way only:
//!
//! | typed | number | letter | addition |
//! |---|---|---|---|
//! | `12a`, `12 A` | 12 | A | |
//! | `12-2`, `12 2`, `12/2`, `12bis`, `12 hs` | 12 | | 2, BIS, HS |
//! | `12a-2`, `12 A 2`, `12a/bis` | 12 | A | 2, BIS |
//! | `12-a`, `12a2`, `12-14-16` | refused: another split would be as good | | |

use super::{Kind, addition};
use crate::refusal::Rule;

pub(super) const KIND: Kind<HouseNumber> = Kind {
    longest: 16,
    normal,
};

/// A house number, and what was typed behind it.
pub(super) struct HouseNumber {
    pub(super) number: String,
    pub(super) letter: Option<String>,
    pub(super) addition: Option<String>,
}

fn normal(text: &str) -> Result<HouseNumber, Rule> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).ok_or(Rule::HouseNumberForm)?;
    let number = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Err(Rule::HouseNumberForm);
    }
    if number.is_empty() || number.len() > 5 {
        return Err(Rule::HouseNumberRange);
    }
    let (letter, addition) = behind(&rest.to_ascii_uppercase())?;
    Ok(HouseNumber {
        number: number.to_owned(),
        letter,
        addition,
    })
}

type Behind = (Option<String>, Option<String>);

fn behind(rest: &str) -> Result<Behind, Rule> {
    let separator = |c: char| matches!(c, ' ' | '\u{a0}' | '-' | '/');
    let parts: Vec<&str> = rest.split(separator).filter(|p| !p.is_empty()).collect();
    if !parts
        .iter()
        .all(|p| p.bytes().all(|b| b.is_ascii_alphanumeric()))
    {
        return Err(Rule::HouseNumberForm);
    }
    let is_letter = |part: &str| part.len() == 1 && part.bytes().all(|b| b.is_ascii_uppercase());
    let addition = |part: &str| (addition::KIND.normal)(part).map(Some);
    match parts.as_slice() {
        [] => Ok((None, None)),
        // A letter behind a hyphen or slash is as often an addition.
        [one] if is_letter(one) && rest.contains(['-', '/']) => Err(Rule::HouseNumberAmbiguous),
        [one] if is_letter(one) => Ok((Some((*one).to_owned()), None)),
        [one] if starts_like_letter(one) => Err(Rule::HouseNumberAmbiguous),
        [one] => Ok((None, addition(one)?)),
        [first, second] if is_letter(first) => Ok((Some((*first).to_owned()), addition(second)?)),
        _ => Err(Rule::HouseNumberAmbiguous),
    }
}

/// `A2` may be letter A with addition 2, or addition A2.
fn starts_like_letter(part: &str) -> bool {
    let mut bytes = part.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_uppercase())
        && bytes.next().is_some_and(|b| b.is_ascii_digit())
}
