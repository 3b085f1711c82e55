//! What a party's desk signs for the rights of data subjects, and what it is answered, in the words
//! of `model`.

use model::{ActorId, CaseId, Day, Digest, KeyEpoch, PartyId, Subject};

use crate::field::{self, Read};
use crate::header::Header;
use crate::malformed::{Malformed, Problem};
use crate::notice::{self, Opening, Receipt, ReceiptEntry};
use crate::signal::{read_subject, subject_message};
use crate::word::{self, EntryRole, IdentityCheck, RightsKind};
use crate::{Bytes, broker_v1, limit};

/// A question of a desk after entries about data subjects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LookUpQuestion {
    /// What it is bound to.
    pub header: Header,
    /// The key's epoch.
    pub epoch: KeyEpoch,
    /// Who is at work.
    pub desk: Desk,
    /// How the identity was verified.
    pub identity: IdentityCheck,
    /// About whom or what, 1 to [`limit::CASE_SUBJECTS`].
    pub subjects: Vec<LookUpSubject>,
    /// Only entries from this place in the log on.
    pub from_index: u64,
    /// Salted commitment to the request in clear.
    pub commitment: Digest,
}

/// Who is at work at a desk, on what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Desk {
    /// The case.
    pub case: CaseId,
    /// The employee who acts.
    pub actor: ActorId,
    /// The employee who confirmed: another one.
    pub second_actor: ActorId,
    /// Which right.
    pub kind: RightsKind,
}

/// Whom or what, and when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LookUpSubject {
    /// The pseudonyms.
    pub subject: Subject,
    /// From this day on.
    pub from: Option<Day>,
    /// Before this day.
    pub until: Option<Day>,
}

/// An entry that a look-up found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LookedUp {
    /// The leaf, its proof, and its openings.
    pub entry: ReceiptEntry,
    /// How the party stands to it.
    pub role: EntryRole,
    /// Opens the outcome, for the source.
    pub outcome: Option<Opening>,
    /// How its recall stands: the day it was sent, and the day it was acknowledged.
    pub recall: Option<(Option<Day>, Option<Day>)>,
    /// Places of the question's subjects, at least one.
    pub subjects: Vec<u32>,
}

/// What a look-up found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LookUpAnswer {
    /// The entries, by their place in the log.
    pub entries: Vec<LookedUp>,
    /// Where to ask on; `None` when there are no more.
    pub next: Option<u64>,
    /// The proof that the look-up is logged.
    pub receipt: Receipt,
}

/// That a request was answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RightsAnswer {
    /// What it is bound to.
    pub header: Header,
    /// Who is at work.
    pub desk: Desk,
    /// How the identity was verified.
    pub identity: IdentityCheck,
    /// How many items were told.
    pub told: u32,
    /// How many items were held back.
    pub held_back: u32,
    /// On which grounds, each once.
    pub grounds: Vec<String>,
    /// Salted commitment to the answer.
    pub commitment: Digest,
}

/// Erases links.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unlinking {
    /// What it is bound to.
    pub header: Header,
    /// Who is at work; the right is erasure.
    pub desk: Desk,
    /// Places in the log, 1 to [`limit::BATCH`].
    pub indices: Vec<u64>,
}

/// Passes a request on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PassingOn {
    /// What it is bound to.
    pub header: Header,
    /// Who is at work.
    pub desk: Desk,
    /// For whom, each once, and the request sealed to its key.
    pub sealed: Vec<(PartyId, Vec<u8>)>,
}

impl Desk {
    fn read(case: &str, actor: ActorId, second: &str, kind: i32) -> Read<Self> {
        let second_actor = field::name(second, "second_actor", ActorId::parse)?;
        if second_actor == actor {
            return Err(Malformed::new("second_actor", Problem::Twice));
        }
        Ok(Self {
            case: field::uuid(case, "case_id", CaseId::parse)?,
            actor,
            second_actor,
            kind: word::rights_kind(kind, "kind")?,
        })
    }
}

impl TryFrom<broker_v1::LookUpQuestion> for LookUpQuestion {
    type Error = Malformed;

    fn try_from(message: broker_v1::LookUpQuestion) -> Result<Self, Malformed> {
        let broker_v1::LookUpQuestion {
            header,
            case_id,
            second_actor,
            kind,
            identity,
            subjects,
            from_index,
            request_commitment,
        } = message;
        let (header, epoch, actor) = Header::acted(header)?;
        let subject = |item: broker_v1::LookUpSubject| {
            let broker_v1::LookUpSubject {
                subject,
                from,
                until,
            } = item;
            let subject = field::required(subject, "subject")?;
            Ok(LookUpSubject {
                subject: read_subject(subject).map_err(|m| m.within("subject"))?,
                from: field::optional_day(from, "from")?,
                until: field::optional_day(until, "until")?,
            })
        };
        Ok(Self {
            header,
            epoch,
            desk: Desk::read(&case_id, actor, &second_actor, kind)?,
            identity: word::identity_check(identity, "identity")?,
            subjects: field::list(subjects, "subjects", (1, limit::CASE_SUBJECTS), subject)?,
            from_index,
            commitment: field::digest(&request_commitment, "request_commitment")?,
        })
    }
}

impl From<LookUpQuestion> for broker_v1::LookUpQuestion {
    fn from(question: LookUpQuestion) -> Self {
        let LookUpQuestion {
            header,
            epoch,
            desk,
            identity,
            subjects,
            from_index,
            commitment,
        } = question;
        let subject = |item: LookUpSubject| {
            let LookUpSubject {
                subject,
                from,
                until,
            } = item;
            broker_v1::LookUpSubject {
                subject: Some(subject_message(&subject)),
                from: from.map(field::date),
                until: until.map(field::date),
            }
        };
        Self {
            header: header.message(Some(epoch), Some(desk.actor)),
            case_id: desk.case.to_string(),
            second_actor: desk.second_actor.as_str().to_owned(),
            kind: word::rights_kind_number(desk.kind),
            identity: word::identity_check_number(identity),
            subjects: subjects.into_iter().map(subject).collect(),
            from_index,
            request_commitment: field::digest_message(&commitment),
        }
    }
}

impl TryFrom<broker_v1::LookUpResponse> for LookUpAnswer {
    type Error = Malformed;

    fn try_from(message: broker_v1::LookUpResponse) -> Result<Self, Malformed> {
        let broker_v1::LookUpResponse {
            request_id: _,
            entries,
            next_index,
            receipt,
            padding: _,
        } = message;
        let receipt = field::required(receipt, "receipt")?;
        Ok(Self {
            entries: field::list(entries, "entries", (0, limit::LOOKED_UP), read_looked_up)?,
            next: (next_index > 0).then_some(next_index),
            receipt: receipt
                .try_into()
                .map_err(|m: Malformed| m.within("receipt"))?,
        })
    }
}

fn read_looked_up(message: broker_v1::LookedUpEntry) -> Read<LookedUp> {
    let broker_v1::LookedUpEntry {
        entry,
        role,
        outcome,
        recall,
        subjects,
    } = message;
    let entry = field::required(entry, "entry")?;
    field::bounded(subjects.len(), "subjects", (1, limit::CASE_SUBJECTS))?;
    let recall = recall
        .map(|standing| {
            let broker_v1::RecallStanding {
                sent_on,
                acknowledged_on,
            } = standing;
            Ok((
                field::optional_day(sent_on, "recall.sent_on")?,
                field::optional_day(acknowledged_on, "recall.acknowledged_on")?,
            ))
        })
        .transpose()?;
    Ok(LookedUp {
        entry: notice::read_entry(entry).map_err(|m| m.within("entry"))?,
        role: word::entry_role(role, "role")?,
        outcome: outcome
            .map(Opening::try_from)
            .transpose()
            .map_err(|m| m.within("outcome"))?,
        recall,
        subjects,
    })
}

impl From<LookedUp> for broker_v1::LookedUpEntry {
    fn from(found: LookedUp) -> Self {
        let LookedUp {
            entry,
            role,
            outcome,
            recall,
            subjects,
        } = found;
        Self {
            entry: Some(notice::entry_message(entry)),
            role: word::entry_role_number(role),
            outcome: outcome.map(Into::into),
            recall: recall.map(|(sent, acknowledged)| broker_v1::RecallStanding {
                sent_on: sent.map(field::date),
                acknowledged_on: acknowledged.map(field::date),
            }),
            subjects,
        }
    }
}

impl TryFrom<broker_v1::RightsAnswer> for RightsAnswer {
    type Error = Malformed;

    fn try_from(message: broker_v1::RightsAnswer) -> Result<Self, Malformed> {
        let broker_v1::RightsAnswer {
            header,
            case_id,
            second_actor,
            kind,
            identity,
            told,
            held_back,
            grounds,
            answer_commitment,
        } = message;
        let (header, actor) = Header::by_employee(header)?;
        let ground = |text: String| {
            if is_ground(&text) {
                Ok(text)
            } else {
                Err(Malformed::new("", Problem::NameForm))
            }
        };
        Ok(Self {
            header,
            desk: Desk::read(&case_id, actor, &second_actor, kind)?,
            identity: word::identity_check(identity, "identity")?,
            told,
            held_back,
            grounds: field::list(grounds, "grounds", (0, limit::GROUNDS), ground)?,
            commitment: field::digest(&answer_commitment, "answer_commitment")?,
        })
    }
}

/// Whether a text is a ground to hold back: `UAVG 41.1.a` to `.j`, or `Wpg 27.1.a` to `.f`.
#[must_use]
pub fn is_ground(text: &str) -> bool {
    let letter = |rest: &str, last: char| {
        let mut chars = rest.chars();
        let first = chars.next();
        chars.next().is_none() && first.is_some_and(|c| ('a'..=last).contains(&c))
    };
    text.strip_prefix("UAVG 41.1.")
        .is_some_and(|rest| letter(rest, 'j'))
        || text
            .strip_prefix("Wpg 27.1.")
            .is_some_and(|rest| letter(rest, 'f'))
}

impl From<RightsAnswer> for broker_v1::RightsAnswer {
    fn from(answer: RightsAnswer) -> Self {
        let RightsAnswer {
            header,
            desk,
            identity,
            told,
            held_back,
            grounds,
            commitment,
        } = answer;
        Self {
            header: header.message(None, Some(desk.actor)),
            case_id: desk.case.to_string(),
            second_actor: desk.second_actor.as_str().to_owned(),
            kind: word::rights_kind_number(desk.kind),
            identity: word::identity_check_number(identity),
            told,
            held_back,
            grounds,
            answer_commitment: field::digest_message(&commitment),
        }
    }
}

impl TryFrom<broker_v1::Unlinking> for Unlinking {
    type Error = Malformed;

    fn try_from(message: broker_v1::Unlinking) -> Result<Self, Malformed> {
        let broker_v1::Unlinking {
            header,
            case_id,
            second_actor,
            indices,
        } = message;
        let (header, actor) = Header::by_employee(header)?;
        field::bounded(indices.len(), "indices", (1, limit::BATCH))?;
        let kind = word::rights_kind_number(RightsKind::Erasure);
        Ok(Self {
            header,
            desk: Desk::read(&case_id, actor, &second_actor, kind)?,
            indices,
        })
    }
}

impl From<Unlinking> for broker_v1::Unlinking {
    fn from(unlinking: Unlinking) -> Self {
        let Unlinking {
            header,
            desk,
            indices,
        } = unlinking;
        Self {
            header: header.message(None, Some(desk.actor)),
            case_id: desk.case.to_string(),
            second_actor: desk.second_actor.as_str().to_owned(),
            indices,
        }
    }
}

impl TryFrom<broker_v1::PassingOn> for PassingOn {
    type Error = Malformed;

    fn try_from(message: broker_v1::PassingOn) -> Result<Self, Malformed> {
        let broker_v1::PassingOn {
            header,
            case_id,
            second_actor,
            kind,
            sealed,
        } = message;
        let (header, actor) = Header::by_employee(header)?;
        let read = |item: broker_v1::SealedRequest| {
            let broker_v1::SealedRequest { party, sealed } = item;
            field::bounded(sealed.len(), "sealed", (1, limit::SEALED_REQUEST_BYTES))?;
            Ok((
                field::name(&party, "party", PartyId::parse)?,
                sealed.to_vec(),
            ))
        };
        let sealed = field::list(sealed, "sealed", (1, limit::PARTIES), read)?;
        let mut parties: Vec<&PartyId> = sealed.iter().map(|(party, _)| party).collect();
        parties.sort();
        parties.dedup();
        if parties.len() != sealed.len() {
            return Err(Malformed::new("sealed", Problem::Twice));
        }
        Ok(Self {
            header,
            desk: Desk::read(&case_id, actor, &second_actor, kind)?,
            sealed,
        })
    }
}

impl From<PassingOn> for broker_v1::PassingOn {
    fn from(passing: PassingOn) -> Self {
        let PassingOn {
            header,
            desk,
            sealed,
        } = passing;
        let message = |(party, sealed): (PartyId, Vec<u8>)| broker_v1::SealedRequest {
            party: party.as_str().to_owned(),
            sealed: Bytes::from(sealed),
        };
        Self {
            header: header.message(None, Some(desk.actor)),
            case_id: desk.case.to_string(),
            second_actor: desk.second_actor.as_str().to_owned(),
            kind: word::rights_kind_number(desk.kind),
            sealed: sealed.into_iter().map(message).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grounds_are_those_of_the_law_and_no_other() {
        for good in ["UAVG 41.1.a", "UAVG 41.1.j", "Wpg 27.1.a", "Wpg 27.1.f"] {
            assert!(is_ground(good), "{good}");
        }
        for bad in [
            "",
            "UAVG 41.1.k",
            "UAVG 41.1.",
            "Wpg 27.1.g",
            "Wpg 27.1.ab",
            "AVG 6.1.e",
        ] {
            assert!(!is_ground(bad), "{bad}");
        }
    }
}
