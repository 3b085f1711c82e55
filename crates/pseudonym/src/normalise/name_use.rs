//! Name use (aanduiding naamgebruik, BRP 61.10): which surname a person goes by.

use super::Kind;
use crate::refusal::Rule;

pub(super) const KIND: Kind<NameUse> = Kind { longest: 4, normal };

/// Which surname a person goes by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NameUse {
    /// `E`: the own name.
    Own,
    /// `P`, `V` or `N`: a name with the partner's in it.
    WithPartner,
}

fn normal(text: &str) -> Result<NameUse, Rule> {
    match text {
        "E" | "e" => Ok(NameUse::Own),
        "P" | "p" | "V" | "v" | "N" | "n" => Ok(NameUse::WithPartner),
        _ => Err(Rule::NameUseForm),
    }
}
