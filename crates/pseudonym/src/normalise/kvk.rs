//! Chamber of Commerce number: 8 digits, no check digit, hence no padding either: a lost digit
//! could not be told from a lost zero.

use super::Kind;
use crate::eleven::digits;
use crate::refusal::Rule;

pub(super) const KIND: Kind = Kind {
    longest: 20,
    normal,
};

fn normal(text: &str) -> Result<String, Rule> {
    digits(text, 8).ok_or(Rule::KvkForm)
}
