//! Legal entity number (RSIN): 9 digits with the 11-test. It shares its number space with the BSN,
//! which is why field names are inside the keyed hash.

use super::Kind;
use crate::eleven::nine_digits;
use crate::refusal::Rule;

pub(super) const KIND: Kind = Kind {
    longest: 20,
    normal,
};

fn normal(text: &str) -> Result<String, Rule> {
    nine_digits(text, Rule::RsinForm, Rule::RsinCheck)
}
