//! Branch number (vestigingsnummer): 12 digits, no check digit.

use super::Kind;
use crate::eleven::digits;
use crate::refusal::Rule;

pub(super) const KIND: Kind = Kind {
    longest: 24,
    normal,
};

fn normal(text: &str) -> Result<String, Rule> {
    digits(text, 12).ok_or(Rule::BranchForm)
}
