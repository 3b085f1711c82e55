//! BAG id of an address (nummeraanduiding): 16 digits, of which 5 and 6 are the type 20.

use super::Kind;
use crate::eleven::digits;
use crate::refusal::Rule;

pub(super) const KIND: Kind = Kind {
    longest: 24,
    normal,
};

fn normal(text: &str) -> Result<String, Rule> {
    let id = digits(text, 16).ok_or(Rule::BagForm)?;
    if object_type(&id) == Some("20") {
        Ok(id)
    } else {
        Err(Rule::BagAddressType)
    }
}

/// Digits 5 and 6 of a BAG id: what kind of object it names.
pub(super) fn object_type(id: &str) -> Option<&str> {
    id.get(4..6)
}
