//! Pushed signals, in the words of `model`.

use model::{KeyEpoch, Neighbourhood, PurposeId, Signal, SignalId, Subject};

use crate::field::{self, Read};
use crate::header::Header;
use crate::limit;
use crate::malformed::{Malformed, Problem};
use crate::{Bytes, broker_v1, word};

/// Signals of one covenant and epoch. As it is read, each signal stands on its own: one that is
/// malformed does not stop the others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PushBatch<S> {
    /// What it is bound to.
    pub header: Header,
    /// The key's epoch.
    pub epoch: KeyEpoch,
    /// 1 to [`limit::BATCH`]. Their covenant, party and epoch are the header's.
    pub signals: Vec<S>,
}

impl TryFrom<broker_v1::PushBatch> for PushBatch<Read<Signal>> {
    type Error = Malformed;

    fn try_from(message: broker_v1::PushBatch) -> Result<Self, Malformed> {
        let broker_v1::PushBatch { header, signals } = message;
        let (header, epoch) = Header::keyed(header)?;
        field::bounded(signals.len(), "signals", (1, limit::BATCH))?;
        let signals = signals
            .into_iter()
            .enumerate()
            .map(|(index, signal)| {
                read_signal(&header, epoch, signal).map_err(|m| m.within_item("signals", index))
            })
            .collect();
        Ok(Self {
            header,
            epoch,
            signals,
        })
    }
}

impl From<PushBatch<Signal>> for broker_v1::PushBatch {
    fn from(batch: PushBatch<Signal>) -> Self {
        let PushBatch {
            header,
            epoch,
            signals,
        } = batch;
        Self {
            header: header.message(Some(epoch), None),
            signals: signals.into_iter().map(signal_message).collect(),
        }
    }
}

fn read_signal(
    header: &Header,
    epoch: KeyEpoch,
    message: broker_v1::PseudonymousSignal,
) -> Read<Signal> {
    let broker_v1::PseudonymousSignal {
        id,
        category,
        purposes,
        day,
        neighbourhood,
        certainty,
        reviewed_by_person,
        police_article,
        expires_on,
        subjects,
        content_commitment,
    } = message;
    let purpose = |text: String| field::name(&text, "", PurposeId::parse);
    Ok(Signal {
        id: field::uuid(&id, "id", SignalId::parse)?,
        party: header.party.clone(),
        covenant: header.covenant.clone(),
        epoch,
        category: field::category(category, "category")?,
        purposes: field::list(purposes, "purposes", (1, limit::PURPOSES), purpose)?,
        day: field::day(day, "day")?,
        neighbourhood: field::optional_name(&neighbourhood, "neighbourhood", Neighbourhood::parse)?,
        certainty: word::certainty(certainty, "certainty")?,
        reviewed_by_person,
        police_article: word::police_article(police_article, "police_article")?,
        expires_on: field::day(expires_on, "expires_on")?,
        subjects: field::list(subjects, "subjects", (1, limit::SUBJECTS), read_subject)?,
        content_commitment: field::digest(&content_commitment, "content_commitment")?,
    })
}

fn signal_message(signal: Signal) -> broker_v1::PseudonymousSignal {
    let Signal {
        id,
        party: _,    // the header's
        covenant: _, // the header's
        epoch: _,    // the header's
        category,
        purposes,
        day,
        neighbourhood,
        certainty,
        reviewed_by_person,
        police_article,
        expires_on,
        subjects,
        content_commitment,
    } = signal;
    broker_v1::PseudonymousSignal {
        id: id.to_string(),
        category: Some(field::category_message(&category)),
        purposes: purposes.iter().map(|p| p.as_str().to_owned()).collect(),
        day: Some(field::date(day)),
        neighbourhood: neighbourhood.map_or_else(String::new, |n| n.as_str().to_owned()),
        certainty: word::certainty_number(certainty),
        reviewed_by_person,
        police_article: word::police_article_number(police_article),
        expires_on: Some(field::date(expires_on)),
        subjects: subjects.iter().map(subject_message).collect(),
        content_commitment: Bytes::copy_from_slice(content_commitment.as_bytes()),
    }
}

/// Reads a subject's pseudonyms.
///
/// # Errors
/// [`Malformed`], with paths from the subject on.
pub fn read_subject(message: broker_v1::PseudonymousSubject) -> Read<Subject> {
    let broker_v1::PseudonymousSubject {
        kind,
        minor,
        shielded_address,
        pseudonyms,
    } = message;
    let subject = Subject {
        kind: word::subject_kind(kind, "kind")?,
        minor: word::attestation(minor, "minor")?,
        shielded_address: word::attestation(shielded_address, "shielded_address")?,
        tokens: field::list(
            pseudonyms,
            "pseudonyms",
            (0, limit::PSEUDONYMS),
            field::token,
        )?,
    };
    for (index, pair) in subject.tokens.windows(2).enumerate() {
        if let [first, second] = pair {
            let problem = match first.cmp(second) {
                std::cmp::Ordering::Less => continue,
                std::cmp::Ordering::Equal => Problem::Twice,
                std::cmp::Ordering::Greater => Problem::Unsorted,
            };
            let place = index.saturating_add(1);
            return Err(Malformed::new("", problem).within_item("pseudonyms", place));
        }
    }
    Ok(subject)
}

/// The subject as a message. Its tokens are sorted and each is sent once.
#[must_use]
pub fn subject_message(subject: &Subject) -> broker_v1::PseudonymousSubject {
    let Subject {
        kind,
        minor,
        shielded_address,
        tokens,
    } = subject;
    let mut tokens: Vec<_> = tokens.iter().collect();
    tokens.sort();
    tokens.dedup();
    broker_v1::PseudonymousSubject {
        kind: word::subject_kind_number(*kind),
        minor: word::attestation_number(*minor),
        shielded_address: word::attestation_number(*shielded_address),
        pseudonyms: tokens.into_iter().map(field::pseudonym_message).collect(),
    }
}
