//! Taking a signal back: durable here at once, at the broker as soon as it can be reached.

use model::{Digest, SignalId, Timestamp};
use serde::{Deserialize, Serialize};
use store::{NodeTx, RequestKey};

use super::record::{Record, State, vault_name};
use super::{Choice, Findings, Intake, rehearse, request_key};
use crate::caller::Caller;
use crate::refusal::{Reason as Why, Refused};
use crate::uplink::item;

pub use wire::word::WithdrawalReason as Reason;

const METHOD: &str = "covenant.node.v1.SignalService/WithdrawSignal";

/// A withdrawal as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// `request_id`.
    pub request_id: String,
    /// `signal_id`.
    pub signal_id: String,
    /// `reason`.
    pub reason: Choice<Reason>,
    /// Only check.
    pub validate_only: bool,
}

/// A signal that was withdrawn, or could be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    id: [u8; 16],
    at: Option<i64>,
}

impl Withdrawn {
    /// The signal's id.
    #[must_use]
    pub fn id(&self) -> Option<SignalId> {
        SignalId::from_slice(&self.id)
    }

    /// When the withdrawal was stored; `None` when it was only checked.
    #[must_use]
    pub fn at(&self) -> Option<Timestamp> {
        self.at.map(Timestamp::from_millis)
    }
}

impl Intake {
    /// Withdraws one signal of this party.
    ///
    /// # Errors
    /// [`Refused`]: wrong fields, no such signal, or a full outbox.
    pub async fn withdraw(
        &self,
        caller: &Caller,
        withdrawal: Withdrawal,
    ) -> Result<Withdrawn, Refused> {
        self.permit(caller)?;
        let mut found = Findings::default();
        let request = found.request_id("request_id", &withdrawal.request_id);
        let id = signal_id(&mut found, &withdrawal.signal_id);
        let reason = found.choice("reason", withdrawal.reason);
        let (Some(request), Some(id), Some(reason)) = (request, id, reason) else {
            return Err(found.into());
        };
        let word = format!("{reason:?}");
        let hash = self
            .vault
            .recognise(&[b"withdraw", id.as_bytes(), word.as_bytes()]);
        let key = request_key(caller, METHOD, request);
        let now = self.clock.now();
        let only_check = withdrawal.validate_only;
        let unit =
            move |tx: &mut NodeTx| store_withdrawal(tx, &key, &Digest::new(hash), id, reason, now);
        let mut withdrawn = rehearse::run(&self.store, only_check, unit).await?;
        if only_check {
            withdrawn.at = None;
        } else {
            self.metrics.withdrawn();
            self.link.wake();
        }
        Ok(withdrawn)
    }
}

fn store_withdrawal(
    tx: &mut NodeTx,
    key: &RequestKey,
    hash: &Digest,
    id: SignalId,
    reason: Reason,
    now: Timestamp,
) -> Result<Withdrawn, Refused> {
    if let Some(remembered) = tx.answered(key, hash)? {
        return serde_json::from_slice(remembered.answer()).map_err(|_| Refused::failed());
    }
    let record = take_back(tx, id, reason, now)?;
    let answer = Withdrawn {
        id: *id.as_bytes(),
        at: record.withdrawn_at,
    };
    let bytes = serde_json::to_vec(&answer).map_err(|_| Refused::failed())?;
    tx.remember(key, hash, &bytes, now)?;
    Ok(answer)
}

/// Takes a signal back within a unit of work: it stops to match at the broker. A restricted one keeps
/// its content and can come back; of an erased one nothing is left but that it was there. What was
/// done before is not done again.
pub(crate) fn take_back(
    tx: &mut NodeTx,
    id: SignalId,
    reason: Reason,
    now: Timestamp,
) -> Result<Record, Refused> {
    let mut own = tx.own(id)?.ok_or_else(signal_unknown)?;
    let mut record = Record::decode(&own.state)?;
    let then = match reason {
        Reason::Restriction => State::Restricted,
        _ => State::Withdrawn,
    };
    if record.state != State::Withdrawn && record.state != then {
        // What the broker does not have yet need not go there; what is on its way right now is
        // followed by the withdrawal.
        for (queue, number) in std::mem::take(&mut record.waiting) {
            tx.outbox_done(&queue, number)?;
        }
        for outside in &own.outside {
            let queue = item::queue(&outside.covenant, outside.epoch);
            let number = tx.put_outbox(&queue, &item::withdraw(id, outside.id, reason, now))?;
            record.waiting.push((queue, number));
        }
        for tally in std::mem::take(&mut record.tallies) {
            tx.add_to_tally(tally.as_bytes(), -1)?;
        }
        record.state = then;
        record.withdrawn_at = Some(now.as_millis());
        let why = wire::word::RecallReason::from(reason);
        record.withdrawn_for = Some(why.as_str().to_owned());
    }
    if reason == Reason::Erasure {
        tx.delete_vault(&vault_name(record.accepted_at(), id))?;
    }
    own.state = record.encode();
    tx.put_own(id, &own)?;
    Ok(record)
}

/// Reads `signal_id`.
pub(super) fn signal_id(found: &mut Findings, text: &str) -> Option<SignalId> {
    found.uuid("signal_id", text, SignalId::parse)
}

pub(super) fn signal_unknown() -> Refused {
    Refused::told(
        Why::NotFound,
        "signal_id: this party has no signal with this id; check the id",
        "signal_id: deze partij heeft geen signaal met dit nummer; controleer het nummer",
    )
}
