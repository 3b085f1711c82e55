//! Given names (voornamen, BRP 02.10): the first, folded, letters and digits only; and the
//! initials of all. A first name of one letter is an initial and no name.

use super::Kind;
use crate::fold::{fold, has_letter, solid};
use crate::refusal::Rule;

pub(super) const KIND: Kind<GivenNames> = Kind {
    longest: 200,
    normal,
};

/// The parts of given names that are compared.
pub(super) struct GivenNames {
    pub(super) first: Option<String>,
    pub(super) initials: String,
}

fn normal(text: &str) -> Result<GivenNames, Rule> {
    let folded = fold(text).ok_or(Rule::NameScript)?;
    if !has_letter(&folded) {
        return Err(Rule::NameForm);
    }
    let first = folded
        .split_whitespace()
        .map(solid)
        .find(|word| has_letter(word));
    let initials = folded
        .split([' ', '-'])
        .filter_map(|word| word.chars().find(char::is_ascii_lowercase))
        .take(super::initials::MOST)
        .collect();
    Ok(GivenNames {
        first: first.filter(|name| name.len() > 1),
        initials,
    })
}
