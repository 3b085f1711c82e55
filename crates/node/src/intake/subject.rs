//! One subject of a signal or question: its protections, and its identifiers in normal form.

use model::{Protection, ProtectionStatement};
use pseudonym::NormalSubject;
use wire::malformed::Problem;

use super::draft::SubjectDraft;
use super::findings::Findings;

/// A subject that passed every check.
#[derive(Debug, Clone)]
pub struct Described {
    /// Its identifiers in normal form.
    pub normal: NormalSubject,
    /// What the sender attests about minority.
    pub minor: ProtectionStatement,
    /// What the sender attests about a shielded address.
    pub shielded_address: ProtectionStatement,
}

/// Checks one subject; findings get `path` in front.
pub fn check_subject(draft: &SubjectDraft, path: &str, found: &mut Findings) -> Option<Described> {
    let (minor, shielded_address) = check_protections(draft, path, found);
    let Some(raw) = &draft.raw else {
        found.told(&format!("{path}.kind"), Problem::Required,
            "say what it is: person, address, address_abroad, organisation, vehicle, contact or account",
            "geef aan wat het is: person, address, address_abroad, organisation, vehicle, contact of account",
        );
        return None;
    };
    match pseudonym::normalise(raw) {
        Ok(normal) => Some(Described {
            normal,
            minor,
            shielded_address,
        }),
        Err(refusals) => {
            for refusal in &refusals {
                found.identifier(path, refusal);
            }
            None
        }
    }
}

fn check_protections(
    draft: &SubjectDraft,
    path: &str,
    found: &mut Findings,
) -> (ProtectionStatement, ProtectionStatement) {
    let (mut minor, mut shielded) = (None, None);
    for (index, (protection, statement)) in draft.protections.iter().enumerate() {
        let path = format!("{path}.protections[{index}]");
        let protection = found.choice(&format!("{path}.protection"), *protection);
        let statement = found.choice(&format!("{path}.attestation"), *statement);
        let slot = match protection {
            Some(Protection::Minor) => &mut minor,
            Some(Protection::ShieldedAddress) => &mut shielded,
            None => continue,
        };
        if slot.is_some() {
            found.duplicate(&path);
        }
        *slot = statement;
    }
    (minor.unwrap_or_default(), shielded.unwrap_or_default())
}
