//! Aanduiding bij huisnummer (BRP 11.50): `to` opposite the number, `by` near it. It becomes part
//! of the number's normal form, since a houseboat opposite number 12 is not number 12.

use super::Kind;
use crate::refusal::Rule;

pub(super) const KIND: Kind = Kind {
    longest: 16,
    normal,
};

fn normal(text: &str) -> Result<String, Rule> {
    let word = text.to_ascii_lowercase();
    if matches!(word.as_str(), "to" | "by") {
        Ok(word)
    } else {
        Err(Rule::IndicationForm)
    }
}
