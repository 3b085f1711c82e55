//! Place (woonplaats): letters and digits only, folded; two cities have two official names.

use super::Kind;
use crate::fold::{fold, has_letter, solid};
use crate::refusal::Rule;

pub(super) const KIND: Kind = Kind {
    longest: 80,
    normal,
};

fn normal(text: &str) -> Result<String, Rule> {
    let place = solid(
        &fold(text)
            .filter(|f| has_letter(f))
            .ok_or(Rule::PlaceForm)?,
    );
    Ok(match place.as_str() {
        "denhaag" => "sgravenhage".to_owned(),
        "denbosch" => "shertogenbosch".to_owned(),
        _ => place,
    })
}
