//! Dutch postcode: 4 digits not starting with 0, 2 letters but not SA, SD or SS; upper-case, no
//! space.

use super::Kind;
use crate::eleven::strip;
use crate::refusal::Rule;

pub(super) const KIND: Kind = Kind {
    longest: 12,
    normal,
};

fn normal(text: &str) -> Result<String, Rule> {
    let code = strip(text, &[' ', '\u{a0}']).to_ascii_uppercase();
    let (digits, letters) = code.split_at_checked(4).ok_or(Rule::PostcodeForm)?;
    let well_formed = digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0')
        && letters.len() == 2
        && letters.bytes().all(|b| b.is_ascii_uppercase());
    match letters {
        _ if !well_formed => Err(Rule::PostcodeForm),
        "SA" | "SD" | "SS" => Err(Rule::PostcodeLetters),
        _ => Ok(code),
    }
}
