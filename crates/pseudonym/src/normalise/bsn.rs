//! Citizen service number (burgerservicenummer): 9 digits, left-padded, 11-test, not all zeros.
//! Wet algemene bepalingen burgerservicenummer; the rule as in the BRP API.

use super::Kind;
use crate::eleven::nine_digits;
use crate::refusal::Rule;

pub(super) const KIND: Kind = Kind {
    longest: 20,
    normal,
};

fn normal(text: &str) -> Result<String, Rule> {
    nine_digits(text, Rule::BsnForm, Rule::BsnCheck)
}
