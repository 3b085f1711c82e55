//! Surname (geslachtsnaam, BRP 02.40): letters and digits only, folded, without its prefix. With a
//! partner's surname there are up to four forms, each of which becomes a token of its own, since
//! another register may hold any one of them.

use super::Kind;
use super::name_use::NameUse;
use super::prefix::{is_known, words};
use crate::fold::{fold, has_letter, solid};
use crate::refusal::Rule;

/// `None` for the single full stop by which the BRP says that a surname is unknown.
pub(super) const KIND: Kind<Option<Folded>> = Kind {
    longest: 200,
    normal,
};

/// A folded surname, its words apart, with the prefix that stood after a comma.
pub(super) struct Folded {
    words: Vec<String>,
    behind_comma: Option<String>,
}

/// A surname with its prefix apart.
pub(super) struct Surname {
    prefix: String,
    stem: String,
}

fn normal(text: &str) -> Result<Option<Folded>, Rule> {
    if text == "." {
        return Ok(None);
    }
    let (name, behind_comma) = match text.split_once(',') {
        Some((name, rest)) => {
            let rest = words(&fold(rest).ok_or(Rule::NameScript)?).join(" ");
            if is_known(&rest) {
                (name, Some(rest))
            } else {
                (text, None)
            }
        }
        None => (text, None),
    };
    let folded = fold(name).ok_or(Rule::NameScript)?;
    if !has_letter(&folded) {
        return Err(Rule::NameForm);
    }
    let words = words(&folded).into_iter().map(str::to_owned).collect();
    Ok(Some(Folded {
        words,
        behind_comma,
    }))
}

impl Folded {
    /// Takes the prefix off: the one that is given where the name repeats it, otherwise the
    /// longest known one that leaves a name.
    pub(super) fn with_prefix(self, given: Option<&str>) -> Surname {
        let Self {
            words,
            behind_comma,
        } = self;
        let found = match (given, &behind_comma) {
            (None, Some(_)) => 0,
            (Some(given), _) => length_of(&words, |prefix| prefix == given),
            (None, None) => length_of(&words, is_known),
        };
        let (front, stem) = words.split_at_checked(found).unwrap_or((&[], &words));
        let prefix = given.map(str::to_owned).or(behind_comma);
        let prefix = prefix.unwrap_or_else(|| front.join(" "));
        Surname {
            prefix: solid(&prefix),
            stem: solid(&stem.concat()),
        }
    }
}

/// How many words at the front make a prefix that leaves at least one letter of name.
fn length_of(words: &[String], is_prefix: impl Fn(&str) -> bool) -> usize {
    let fits = |n: &usize| {
        words.split_at_checked(*n).is_some_and(|(front, rest)| {
            rest.iter().any(|w| has_letter(w)) && is_prefix(&front.join(" "))
        })
    };
    (1..words.len()).rev().find(fits).unwrap_or(0)
}

/// The forms of a name: own, partner's, partner's then own, own then partner's. The prefix in
/// front is left out, one in the middle is part of the name ("Jansen-de Vries"). Only the own name
/// where the partner's is not in use.
pub(super) fn forms(
    own: Option<&Surname>,
    partner: Option<&Surname>,
    name_use: Option<NameUse>,
) -> Vec<String> {
    let partner = partner.filter(|_| name_use != Some(NameUse::Own));
    let both = |first: &Surname, second: &Surname| {
        format!("{}{}{}", first.stem, second.prefix, second.stem)
    };
    match (own, partner) {
        (None, None) => vec![],
        (Some(one), None) | (None, Some(one)) => vec![one.stem.clone()],
        (Some(own), Some(partner)) => vec![
            own.stem.clone(),
            partner.stem.clone(),
            both(partner, own),
            both(own, partner),
        ],
    }
}
