//! Dutch licence plate (kenteken): 6 letters and digits in the order of one of the 14 series
//! (sidecodes). Letters are not judged further: special series such as AA and CD exist.

use super::Kind;
use crate::eleven::strip;
use crate::refusal::Rule;

pub(super) const KIND: Kind = Kind {
    longest: 16,
    normal,
};

/// The 14 series in order: X for a letter, 9 for a digit.
const SERIES: [&str; 14] = [
    "XX9999", "9999XX", "99XX99", "XX99XX", "XXXX99", "99XXXX", "99XXX9", "9XXX99", "XX999X",
    "X999XX", "XXX99X", "X99XXX", "9XX999", "999XX9",
];

fn normal(text: &str) -> Result<String, Rule> {
    let plate = strip(text, &[' ', '\u{a0}', '-']).to_ascii_uppercase();
    if plate.len() != 6 || !plate.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(Rule::PlateForm);
    }
    let order: String = plate
        .chars()
        .map(|c| if c.is_ascii_digit() { '9' } else { 'X' })
        .collect();
    if SERIES.contains(&order.as_str()) {
        Ok(plate)
    } else {
        Err(Rule::PlatePattern)
    }
}
