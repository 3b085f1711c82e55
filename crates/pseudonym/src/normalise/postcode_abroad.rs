//! Postcode of another country: 1 to 12 letters or digits, upper-case, everything else removed. The
//! country goes in front of it.

use super::Kind;
use crate::fold::{fold, solid};
use crate::refusal::Rule;

pub(super) const KIND: Kind = Kind {
    longest: 24,
    normal,
};

fn normal(text: &str) -> Result<String, Rule> {
    let code = solid(&fold(text).ok_or(Rule::PostcodeAbroadForm)?).to_ascii_uppercase();
    if (1..=12).contains(&code.len()) {
        Ok(code)
    } else {
        Err(Rule::PostcodeAbroadForm)
    }
}
