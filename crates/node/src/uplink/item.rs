//! One thing that waits in the outbox, as bytes: tokens only, nothing raw.
//!
//! `kind (1) || accepted at, ms (8) || own id (16) || outside id (16) || body`; the body of a push
//! is its message, that of a withdrawal its reason.

use model::{CovenantId, KeyEpoch, MatchKeyId, Signal, SignalId, Timestamp};
use prost::Message as _;
use wire::broker_v1 as pb;
use wire::signal::PushBatch;
use wire::word::{self, WithdrawalReason};

use super::signed::Speaker;

const PUSH: u8 = 1;
const WITHDRAW: u8 = 2;

/// What waits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    /// When the node accepted it.
    pub(crate) accepted_at: Timestamp,
    /// The partner system's id of the signal.
    pub(crate) own: SignalId,
    /// Its id outside.
    pub(crate) outside: SignalId,
    /// What to do with it.
    pub(crate) errand: Errand,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Errand {
    Push(Box<pb::PseudonymousSignal>),
    Withdraw(WithdrawalReason),
}

/// The queue of one covenant and epoch: what blocks it holds up no other.
#[must_use]
pub(crate) fn queue(covenant: &CovenantId, epoch: KeyEpoch) -> String {
    format!("{covenant}/{epoch}")
}

/// A signal to push, as it waits.
pub(crate) fn push(
    speaker: &Speaker,
    signal: Signal,
    own: SignalId,
    accepted_at: Timestamp,
) -> Vec<u8> {
    let (covenant, epoch, outside) = (signal.covenant.clone(), signal.epoch, signal.id);
    // Only the signal is kept: the header is made, and signed, when it leaves.
    let header = speaker.header(
        &covenant,
        signal.content_commitment,
        model::RequestId::fresh(),
    );
    let mut batch: pb::PushBatch = PushBatch {
        header,
        epoch,
        signals: vec![signal],
    }
    .into();
    let message = batch.signals.pop().unwrap_or_default();
    encode(PUSH, accepted_at, own, outside, &message.encode_to_vec())
}

/// A withdrawal, as it waits.
pub(crate) fn withdraw(
    own: SignalId,
    outside: SignalId,
    reason: WithdrawalReason,
    accepted_at: Timestamp,
) -> Vec<u8> {
    let reason = word::withdrawal_reason_number(reason).to_be_bytes();
    encode(WITHDRAW, accepted_at, own, outside, &reason)
}

/// Whether what waits is a withdrawal.
pub(crate) fn is_withdrawal(bytes: &[u8]) -> bool {
    bytes.first() == Some(&WITHDRAW)
}

impl Item {
    /// Reads what [`push`] or [`withdraw`] wrote.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let (at, rest) = rest.split_first_chunk::<8>()?;
        let (own, rest) = rest.split_first_chunk::<16>()?;
        let (outside, body) = rest.split_first_chunk::<16>()?;
        let errand = match *kind {
            PUSH => Errand::Push(Box::new(pb::PseudonymousSignal::decode(body).ok()?)),
            WITHDRAW => {
                let number = i32::from_be_bytes(body.try_into().ok()?);
                Errand::Withdraw(word::withdrawal_reason(number, "reason").ok()?)
            }
            _ => return None,
        };
        Some(Self {
            accepted_at: Timestamp::from_millis(i64::from_be_bytes(*at)),
            own: SignalId::from_slice(own)?,
            outside: SignalId::from_slice(outside)?,
            errand,
        })
    }

    /// Whether it needs one of `blocked`.
    pub(crate) fn needs_any(&self, blocked: &std::collections::BTreeSet<MatchKeyId>) -> bool {
        match &self.errand {
            Errand::Withdraw(_) => false,
            Errand::Push(signal) => signal
                .subjects
                .iter()
                .flat_map(|subject| &subject.pseudonyms)
                .any(|p| blocked.iter().any(|key| key.as_str() == p.match_key)),
        }
    }

    /// When it may leave. The random part comes from the random id, so it is the same after a
    /// restart.
    pub(crate) fn due(&self, delay_ms: u64, jitter_ms: u64) -> Timestamp {
        let id = self.outside.as_bytes();
        let spread = id
            .first_chunk::<8>()
            .map_or(0, |bytes| u64::from_be_bytes(*bytes))
            .checked_rem(jitter_ms.saturating_add(1))
            .unwrap_or(0);
        let wait = match self.errand {
            Errand::Push(_) => delay_ms.saturating_add(spread),
            Errand::Withdraw(_) => 0,
        };
        let wait = i64::try_from(wait).unwrap_or(i64::MAX);
        Timestamp::from_millis(self.accepted_at.as_millis().saturating_add(wait))
    }
}

fn encode(
    kind: u8,
    accepted_at: Timestamp,
    own: SignalId,
    outside: SignalId,
    body: &[u8],
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(41 + body.len());
    bytes.push(kind);
    bytes.extend_from_slice(&accepted_at.as_millis().to_be_bytes());
    bytes.extend_from_slice(own.as_bytes());
    bytes.extend_from_slice(outside.as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn item(errand: Errand) -> Item {
        Item {
            accepted_at: Timestamp::from_millis(1_000),
            own: SignalId::fresh(),
            outside: SignalId::fresh(),
            errand,
        }
    }

    #[test]
    fn a_withdrawal_is_read_back_and_never_waits() {
        let (own, outside) = (SignalId::fresh(), SignalId::fresh());
        let at = Timestamp::from_millis(5);
        let bytes = withdraw(own, outside, WithdrawalReason::Erasure, at);
        let read = Item::decode(&bytes).unwrap();
        assert_eq!(read.errand, Errand::Withdraw(WithdrawalReason::Erasure));
        assert_eq!((read.own, read.outside), (own, outside));
        assert_eq!(read.due(1000, 1000), at);
        assert!(is_withdrawal(&bytes) && !is_withdrawal(&[PUSH]) && !is_withdrawal(&[]));
        assert_eq!(Item::decode(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Item::decode(&[9; 60]), None);
    }

    #[test]
    fn a_push_leaves_between_the_delay_and_the_delay_with_jitter() {
        let push = item(Errand::Push(Box::default()));
        let due = push.due(2_000, 500).as_millis();
        assert!((3_000..=3_500).contains(&due), "{due}");
        assert_eq!(push.due(2_000, 500), push.due(2_000, 500));
        assert_eq!(push.due(0, 0), push.accepted_at);
    }

    #[test]
    fn a_blocked_match_key_holds_up_only_what_needs_it() {
        let blocked = BTreeSet::from([MatchKeyId::parse("persoon/bsn").unwrap()]);
        let with = |key: &str| {
            item(Errand::Push(Box::new(pb::PseudonymousSignal {
                subjects: vec![pb::PseudonymousSubject {
                    pseudonyms: vec![pb::Pseudonym {
                        match_key: key.to_owned(),
                        value: vec![1; 32].into(),
                    }],
                    ..pb::PseudonymousSubject::default()
                }],
                ..pb::PseudonymousSignal::default()
            })))
        };
        assert!(with("persoon/bsn").needs_any(&blocked));
        assert!(!with("adres/postcode+huisnummer").needs_any(&blocked));
        assert!(!item(Errand::Withdraw(WithdrawalReason::Erasure)).needs_any(&blocked));
    }
}
