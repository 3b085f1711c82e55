//! BAG id of what one can live or work in: 16 digits, of which 5 and 6 are the type: 01 dwelling or
//! other unit (verblijfsobject), 02 berth (ligplaats), 03 pitch (standplaats).

use super::Kind;
use super::bag_address::object_type;
use crate::eleven::digits;
use crate::refusal::Rule;

pub(super) const KIND: Kind = Kind {
    longest: 24,
    normal,
};

fn normal(text: &str) -> Result<String, Rule> {
    let id = digits(text, 16).ok_or(Rule::BagForm)?;
    match object_type(&id) {
        Some("01" | "02" | "03") => Ok(id),
        _ => Err(Rule::BagObjectType),
    }
}
