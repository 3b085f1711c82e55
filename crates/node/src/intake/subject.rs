//! One subject of a signal or question: its protections, and its identifiers in normal form.

use model::{FieldName, Protection, ProtectionStatement, Timestamp};
use pseudonym::NormalSubject;
use wire::malformed::Problem;

use super::draft::SubjectDraft;
use super::findings::Findings;
use super::rule::Rule;

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

/// The Netherlands is two hours ahead of UTC at most: whoever is born there today may be reported.
const AHEAD_SECONDS: i64 = 2 * 3_600;

/// Checks one subject at the time `now`; findings get `path` in front.
pub fn check_subject(
    draft: &SubjectDraft,
    path: &str,
    now: Timestamp,
    found: &mut Findings,
) -> Option<Described> {
    let (minor, shielded_address) = check_protections(draft, path, found);
    let Some(raw) = &draft.raw else {
        found.told(&format!("{path}.kind"), Problem::Required,
            "say what it is: person, address, address_abroad, organisation, vehicle, contact or account",
            "geef aan wat het is: person, address, address_abroad, organisation, vehicle, contact of account",
        );
        return None;
    };
    match pseudonym::normalise(raw) {
        Ok(normal) if is_to_be_born(&normal, now) => {
            found.rule(&format!("{path}.person.birth_date"), Rule::BirthDateFuture);
            None
        }
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

/// Whether any known part of the birth date is after today.
fn is_to_be_born(subject: &NormalSubject, now: Timestamp) -> bool {
    let (year, month, day) = now.plus_seconds(AHEAD_SECONDS).day().ymd();
    let today = format!("{year:04}{month:02}{day:02}");
    [
        FieldName::BirthYear,
        FieldName::BirthMonth,
        FieldName::BirthDate,
    ]
    .into_iter()
    .flat_map(|field| subject.values(field))
    .any(|known| today.get(..known.len()).is_some_and(|today| known > today))
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
