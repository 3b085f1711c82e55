//! House number addition (toevoeging): 1 to 4 letters or digits. The BRP also knows space and
//! hyphen and the BAG does not, so both are removed; upper-case.

use super::Kind;
use crate::eleven::strip;
use crate::refusal::Rule;

pub(super) const KIND: Kind = Kind {
    longest: 12,
    normal,
};

fn normal(text: &str) -> Result<String, Rule> {
    let addition = strip(text, &[' ', '\u{a0}', '-']).to_ascii_uppercase();
    let well_formed =
        (1..=4).contains(&addition.len()) && addition.bytes().all(|b| b.is_ascii_alphanumeric());
    if well_formed {
        Ok(addition)
    } else {
        Err(Rule::AdditionForm)
    }
}
