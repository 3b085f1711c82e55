//! Telephone number in E.164: `+`, country code, at most 15 digits. `00` at the front means
//! abroad, a single `0` the Netherlands. Which numbers can exist comes from the metadata of
//! libphonenumber (crate `phonenumber`).

use phonenumber::Mode;

use super::Kind;
use crate::refusal::Rule;

pub(super) const KIND: Kind = Kind {
    longest: 32,
    normal,
};

fn normal(text: &str) -> Result<String, Rule> {
    let international = international(text).ok_or(Rule::PhoneForm)?;
    let number = phonenumber::parse(None, &international).map_err(|_| Rule::PhoneNumber)?;
    let written = number.format().mode(Mode::E164).to_string();
    // The parser strips what it takes for a trunk prefix; a number that it changed is not the one
    // that was typed.
    if number.is_valid() && written == international {
        Ok(written)
    } else {
        Err(Rule::PhoneNumber)
    }
}

/// `+` and digits. The crate is given no other form: it reads letters as digits, and strips the
/// Dutch trunk zero from Italian numbers when it is told that the caller is Dutch.
fn international(text: &str) -> Option<String> {
    let text = text.replace("(0)", "");
    let plus = text.starts_with('+');
    let mut digits = String::with_capacity(text.len());
    for c in text.chars().skip(usize::from(plus)) {
        match c {
            '0'..='9' => digits.push(c),
            ' ' | '\u{a0}' | '-' | '‐' | '‑' | '–' | '.' | '/' | '(' | ')' => {}
            _ => return None,
        }
    }
    let number = if plus {
        digits
    } else if let Some(abroad) = digits.strip_prefix("00") {
        abroad.to_owned()
    } else {
        format!("31{}", digits.strip_prefix('0')?)
    };
    let well_formed = (2..=15).contains(&number.len()) && !number.starts_with('0');
    well_formed.then(|| format!("+{number}"))
}
