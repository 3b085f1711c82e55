//! What the node remembers of a signal of its own: its state in clear words, its content sealed.

use model::{CovenantId, Day, KeyEpoch, SignalId, Timestamp};
use serde::{Deserialize, Serialize};
use wire::word::{RecallReason, WithdrawalReason};

use crate::refusal::Refused;
use crate::vault::{Vault, VaultError};

/// What became of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Stored here, waiting for the broker.
    Queued,
    /// The broker has it.
    Delivered,
    /// The broker refused it.
    Refused,
    /// The party withdrew it.
    Withdrawn,
    /// Its time under the covenant is over.
    Expired,
    /// Its processing is restricted (GDPR article 18): kept here, and out of the broker.
    Restricted,
}

impl State {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Restricted => "restricted",
        }
    }
}

/// A signal's state as it is stored. No identifier, no attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) covenant: String,
    pub(crate) day: i32,
    pub(crate) expires_on: i32,
    pub(crate) accepted_at: i64,
    pub(crate) state: State,
    /// Keyed hash of the content: the same id with other content is refused.
    pub(crate) content: String,
    pub(crate) comparisons: Vec<String>,
    /// Outbox items that the broker does not have yet: queue and number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) waiting: Vec<(String, u64)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refusal: Option<Refusal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) withdrawn_at: Option<i64>,
    /// Why it was withdrawn or restricted, in the log's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) withdrawn_for: Option<String>,
    /// Tallies that count this signal, to be counted back when it is withdrawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tallies: Vec<String>,
}

/// Why the broker refused a signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) reason: String,
    pub(crate) en: String,
    pub(crate) nl: String,
}

impl Record {
    pub(crate) fn encode(&self) -> Vec<u8> {
        // A struct of texts and numbers always serialises.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Refused> {
        serde_json::from_slice(bytes).map_err(|_| {
            tracing::error!("a stored signal's state does not read back: restore a backup");
            Refused::failed()
        })
    }

    pub(crate) fn covenant(&self) -> Option<CovenantId> {
        CovenantId::parse(&self.covenant).ok()
    }

    pub(crate) const fn expires_on(&self) -> Day {
        Day::from_days(self.expires_on)
    }

    pub(crate) const fn accepted_at(&self) -> Timestamp {
        Timestamp::from_millis(self.accepted_at)
    }

    /// Whether it was withdrawn for this reason.
    pub(crate) fn withdrawn_for(&self, reason: WithdrawalReason) -> bool {
        self.withdrawn_for.as_deref() == Some(RecallReason::from(reason).as_str())
    }

    /// The first day on which it does not match any more: because it expired, or was withdrawn. One
    /// that is restricted is kept as long as if it were not (AVG 18): it may match again.
    pub(crate) fn ended_on(&self) -> Day {
        if self.state == State::Restricted {
            return self.expires_on();
        }
        let withdrawn = self.withdrawn_at.map(|at| Timestamp::from_millis(at).day());
        withdrawn.map_or(self.expires_on(), |day| day.min(self.expires_on()))
    }

    /// Its state on `today`: what would still match has expired by itself.
    pub(crate) fn state_on(&self, today: Day) -> State {
        match self.state {
            State::Queued | State::Delivered if self.expires_on() <= today => State::Expired,
            state => state,
        }
    }

    /// The broker has one of the waiting items.
    pub(crate) fn arrived(&mut self, queue: &str, number: u64) {
        self.waiting.retain(|(q, n)| !(q == queue && *n == number));
        if self.waiting.is_empty() && self.state == State::Queued {
            self.state = State::Delivered;
        }
    }

    /// The broker refused one of the waiting items.
    pub(crate) fn refused(&mut self, queue: &str, number: u64, refusal: Refusal) {
        self.waiting.retain(|(q, n)| !(q == queue && *n == number));
        if !matches!(self.state, State::Withdrawn | State::Restricted) {
            self.state = State::Refused;
        }
        self.refusal = Some(refusal);
    }
}

/// The name of a signal's content in the vault. In order of name the newest comes first.
pub(crate) fn vault_name(accepted_at: Timestamp, id: SignalId) -> Vec<u8> {
    let newest_first = i64::MAX.saturating_sub(accepted_at.as_millis());
    let mut name = vec![b's'];
    name.extend_from_slice(&newest_first.to_be_bytes());
    name.extend_from_slice(id.as_bytes());
    name
}

/// The signal's id in the name of its content.
pub(crate) fn id_in_name(name: &[u8]) -> Option<SignalId> {
    let (_, id) = name.split_at_checked(9)?;
    SignalId::from_slice(id)
}

/// A signal's content with the salts of its commitments, one per epoch.
pub(crate) struct Content {
    pub(crate) salts: Vec<(KeyEpoch, [u8; 32])>,
    pub(crate) message: Vec<u8>,
}

impl Content {
    pub(crate) fn seal(&self, vault: &Vault, name: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut plain = vec![u8::try_from(self.salts.len()).unwrap_or(u8::MAX)];
        for (epoch, salt) in self.salts.iter().take(usize::from(u8::MAX)) {
            plain.extend_from_slice(&epoch.get().to_be_bytes());
            plain.extend_from_slice(salt);
        }
        plain.extend_from_slice(&self.message);
        vault.seal(name, &plain)
    }

    pub(crate) fn open(vault: &Vault, name: &[u8], sealed: &[u8]) -> Result<Self, VaultError> {
        let plain = vault.open(name, sealed)?;
        let (count, mut rest) = plain.split_first().ok_or(VaultError::Form)?;
        let mut salts = Vec::new();
        for _ in 0..*count {
            let (epoch, more) = rest.split_first_chunk::<4>().ok_or(VaultError::Form)?;
            let (salt, more) = more.split_first_chunk::<32>().ok_or(VaultError::Form)?;
            let epoch = KeyEpoch::new(u32::from_be_bytes(*epoch)).ok_or(VaultError::Form)?;
            salts.push((epoch, *salt));
            rest = more;
        }
        Ok(Self {
            salts,
            message: rest.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Secret;

    fn record() -> Record {
        Record {
            covenant: "veilig".to_owned(),
            day: 20_000,
            expires_on: 20_100,
            accepted_at: 7,
            state: State::Queued,
            content: String::new(),
            comparisons: vec!["adres".to_owned()],
            waiting: vec![("veilig/1".to_owned(), 4), ("veilig/2".to_owned(), 5)],
            refusal: None,
            withdrawn_at: None,
            withdrawn_for: None,
            tallies: Vec::new(),
        }
    }

    #[test]
    fn it_is_delivered_when_every_epoch_has_it() {
        let mut record = record();
        record.arrived("veilig/1", 4);
        assert_eq!(record.state, State::Queued);
        record.arrived("veilig/2", 4);
        assert_eq!(record.state, State::Queued, "another item's number");
        record.arrived("veilig/2", 5);
        assert_eq!(record.state, State::Delivered);
        assert_eq!(record.state_on(Day::from_days(20_099)), State::Delivered);
        assert_eq!(record.state_on(Day::from_days(20_100)), State::Expired);
        assert_eq!(Record::decode(&record.encode()), Ok(record));
    }

    #[test]
    fn a_refusal_stays_with_the_signal_and_does_not_undo_a_withdrawal() {
        let refusal = Refusal {
            reason: "SOURCE_NOT_NAMED".to_owned(),
            en: String::new(),
            nl: String::new(),
        };
        let mut one = record();
        one.refused("veilig/1", 4, refusal.clone());
        assert_eq!(one.state, State::Refused);
        one.arrived("veilig/2", 5);
        assert_eq!(one.state, State::Refused);
        let mut two = record();
        two.state = State::Withdrawn;
        two.refused("veilig/1", 4, refusal);
        assert_eq!(two.state, State::Withdrawn);
    }

    #[test]
    fn content_is_read_back_with_its_salts() {
        let vault = Vault::new(Secret::new([1; 32]));
        let name = vault_name(Timestamp::from_millis(5), SignalId::fresh());
        let content = Content {
            salts: vec![(KeyEpoch::FIRST, [3; 32])],
            message: b"raw".to_vec(),
        };
        let sealed = content.seal(&vault, &name).unwrap();
        let read = Content::open(&vault, &name, &sealed).unwrap();
        assert_eq!(read.salts, content.salts);
        assert_eq!(read.message, b"raw");
        assert!(Content::open(&vault, b"other", &sealed).is_err());
    }

    #[test]
    fn the_newest_comes_first_by_name() {
        let id = SignalId::fresh();
        let old = vault_name(Timestamp::from_millis(1), id);
        let new = vault_name(Timestamp::from_millis(2), id);
        assert!(new < old);
        assert_eq!(id_in_name(&new), Some(id));
    }
}
