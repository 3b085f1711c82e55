//! The rules of a covenant, held against rows before anything is sent, by the node's own code.

use std::path::Path;

use anyhow::Context as _;
use covenant::{Checking, Covenant};
use model::clock::{Clock as _, SystemClock};
use model::{Certainty, KeyEpoch, PartyId, PoliceArticle, Protection, Secret, Timestamp};
use node::intake::{Against, Choice, Draft, Provenance, SubjectDraft, check};
use pseudonym::{CovenantKey, Deriver, RawSubject, normalise};
use wire::Violation;
use wire::node_v1::{self as pb, Signal};
use wire::type_v1;

use super::finding::{Finding, Problem};
use super::row::ReadRow;
use super::send::by_name;
use crate::answer::Language;

/// A covenant, and the party that would share under it.
#[derive(Debug)]
pub(super) struct Rules {
    covenant: Covenant,
    party: PartyId,
    deriver: Deriver,
    now: Timestamp,
}

impl Rules {
    /// Reads the covenant; a model text will do.
    pub(super) fn read(file: &Path, party: &str, lang: Language) -> anyhow::Result<Self> {
        let covenant = crate::policy::read(file, Checking::Template, lang)?;
        let party = covenant
            .parties()
            .keys()
            .find(|id| id.as_str() == party)
            .cloned()
            .context("--party: the covenant has no such party")?;
        // Any key will do: only whether a token can be made is looked at.
        let key = CovenantKey::from_secret(Secret::new(model::id::random_32()));
        let deriver = Deriver::new(&key, covenant.id(), KeyEpoch::FIRST, covenant.match_keys())?;
        Ok(Self {
            covenant,
            party,
            deriver,
            now: SystemClock.now(),
        })
    }

    /// What the node would say about a row that reads well.
    pub(super) fn judge(&self, row: &ReadRow) -> Vec<Finding> {
        if row.signal.covenant != self.covenant.id().as_str() {
            return vec![Finding::new("signal.covenant", &Problem::OtherCovenant)];
        }
        let against = Against {
            party: &self.party,
            covenant: &self.covenant,
            now: self.now,
        };
        if let Err(found) = check(&draft(&row.signal, &row.raw), against) {
            let named = |violation: &Violation| Finding {
                path: by_name(&violation.field, Some(&row.signal)),
                ..Finding::from(violation.clone())
            };
            return found.violations().iter().map(named).collect();
        }
        let compares = row.raw.iter().any(|raw| {
            normalise(raw).is_ok_and(|subject| !self.deriver.derive(&subject).is_empty())
        });
        if compares {
            Vec::new()
        } else {
            vec![Finding::new("signal.subjects", &Problem::NothingToCompare)]
        }
    }
}

/// The signal as the node reads it out of the message.
fn draft(signal: &Signal, raw: &[RawSubject]) -> Draft {
    Draft {
        id: signal.id.clone(),
        covenant: signal.covenant.clone(),
        purposes: signal.purposes.clone(),
        category: signal
            .category
            .as_ref()
            .map(|c| (c.scheme.clone(), c.code.clone())),
        subjects: signal
            .subjects
            .iter()
            .zip(raw)
            .map(|(subject, raw)| SubjectDraft {
                raw: Some(raw.clone()),
                protections: subject.protections.iter().filter_map(protection).collect(),
            })
            .collect(),
        observed_at: signal
            .observed_at
            .map(|at| Ok(Timestamp::from_millis(at.seconds.saturating_mul(1000)))),
        neighbourhood: signal.neighbourhood.clone(),
        certainty: match signal.certainty() {
            type_v1::Certainty::Unspecified => Choice::Unspecified,
            type_v1::Certainty::Reported => Choice::Is(Certainty::Reported),
            type_v1::Certainty::Confirmed => Choice::Is(Certainty::Confirmed),
        },
        reviewed_by_person: signal.reviewed_by_person,
        provenance: Choice::Is(Provenance::OwnObservation),
        attributes: signal
            .attributes
            .iter()
            .map(|a| (a.name.clone(), a.value.clone()))
            .collect(),
        police_article: match signal.police_article() {
            type_v1::PoliceArticle::Unspecified => Choice::Unspecified,
            type_v1::PoliceArticle::PoliceArticle8 => Choice::Is(PoliceArticle::Art8),
            type_v1::PoliceArticle::PoliceArticle9 => Choice::Is(PoliceArticle::Art9),
            type_v1::PoliceArticle::PoliceArticle10 => Choice::Is(PoliceArticle::Art10),
            type_v1::PoliceArticle::PoliceArticle13 => Choice::Is(PoliceArticle::Art13),
        },
        source_reference: signal.source_reference.clone(),
    }
}

fn protection(
    statement: &pb::ProtectionStatement,
) -> Option<(Choice<Protection>, Choice<model::ProtectionStatement>)> {
    let protection = match statement.protection() {
        pb::Protection::Unspecified => return None,
        pb::Protection::Minor => Protection::Minor,
        pb::Protection::ShieldedAddress => Protection::ShieldedAddress,
    };
    let attested = match statement.attestation() {
        type_v1::Attestation::Unspecified => return None,
        type_v1::Attestation::Unknown => model::ProtectionStatement::Unknown,
        type_v1::Attestation::Absent => model::ProtectionStatement::Absent,
        type_v1::Attestation::Present => model::ProtectionStatement::Present,
    };
    Some((Choice::Is(protection), Choice::Is(attested)))
}
