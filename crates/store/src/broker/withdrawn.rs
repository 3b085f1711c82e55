//! Withdrawals that the log does not have yet: they are logged with the next batch of matching, so
//! that its growth does not tell whoever withdrew whether the signal had matched.

use model::{CovenantId, Digest, KeyEpoch, PartyId, SignalId};

use super::signals::{id_key, id_taken_until};
use super::{BrokerTx, BrokerView};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::expiry::{next_number, put_until};
use crate::layout::{Key, WITHDRAWN, WITHDRAWN_FOR, last_u64};

/// A withdrawal that waits to be logged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotedWithdrawal {
    /// For [`BrokerTx::withdrawal_logged`].
    pub no: u64,
    /// The alarm, where the signal had matched shortly before.
    pub alarm: Option<ProbeAlarm>,
    /// What a data subject had done, where that is why.
    pub right: Option<UsedRight>,
}

/// A right of a data subject was used by withdrawing a signal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UsedRight {
    /// SHA-256 of the covenant's file.
    pub covenant: Digest,
    /// Whose signal it was.
    pub party: PartyId,
    /// Which right: a word of the broker's.
    pub right: String,
}

/// A signal was withdrawn so soon after it matched that it may have been pushed only to look.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProbeAlarm {
    /// SHA-256 of the covenant's file.
    pub covenant: Digest,
    /// Who withdrew.
    pub party: PartyId,
    /// How many minutes after the match.
    pub minutes: u32,
}

impl BrokerView {
    /// The oldest withdrawals that wait to be logged, at most `limit`.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn noted_withdrawals(&self, limit: usize) -> Result<Vec<NotedWithdrawal>, StoreError> {
        let mut noted = Vec::new();
        for (key, value) in self.tx.rows(&[WITHDRAWN], &[WITHDRAWN], limit)? {
            let damaged = StoreError::Damaged {
                what: "noted withdrawal",
            };
            let no = last_u64(&key).ok_or(damaged)?;
            let (alarm, right) = read(&value)?;
            noted.push(NotedWithdrawal { no, alarm, right });
        }
        Ok(noted)
    }
}

impl BrokerTx {
    /// Takes note of a withdrawal, in the same unit in which the signal ends.
    ///
    /// # Errors
    /// When the store fails.
    pub fn note_withdrawal(
        &mut self,
        alarm: Option<&ProbeAlarm>,
        right: Option<&UsedRight>,
    ) -> Result<(), StoreError> {
        let no = next_number(&mut self.view.tx, "withdrawn")?;
        let record = match alarm {
            None => Put::default().u8(0),
            Some(alarm) => Put::default()
                .u8(1)
                .raw(alarm.covenant.as_bytes())
                .text(alarm.party.as_str())
                .u32(alarm.minutes),
        };
        let record = match right {
            None => record,
            Some(right) => record
                .raw(right.covenant.as_bytes())
                .text(right.party.as_str())
                .text(&right.right),
        };
        let key = Key::of(WITHDRAWN).u64(no).done();
        self.view.tx.put_small(key, &record.done())
    }

    /// Takes note that a signal was withdrawn for this reason, for as long as its id stays taken.
    /// `false` when that is known (a node sends again what it got no answer to), and where nothing is
    /// left of the signal.
    ///
    /// # Errors
    /// When the store fails.
    pub fn withdrawn_for(
        &mut self,
        (covenant, epoch, party, id): (&CovenantId, KeyEpoch, &PartyId, SignalId),
        reason: &str,
    ) -> Result<bool, StoreError> {
        let Some(until) = id_taken_until(&self.tx, &id_key(covenant, epoch, party, id))? else {
            return Ok(false);
        };
        let key = Key::of(WITHDRAWN_FOR)
            .text(covenant.as_str())
            .u32(epoch.get())
            .text(party.as_str())
            .raw(id.as_bytes())
            .text(reason)
            .done();
        if self.tx.has(&key)? {
            return Ok(false);
        }
        put_until(&mut self.view.tx, key, until, &[])?;
        Ok(true)
    }

    /// Takes a withdrawal out of the queue, in the unit that logs it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn withdrawal_logged(&mut self, no: u64) -> Result<(), StoreError> {
        self.view.tx.delete(Key::of(WITHDRAWN).u64(no).done())
    }
}

fn read(record: &[u8]) -> Result<(Option<ProbeAlarm>, Option<UsedRight>), StoreError> {
    let mut take = Take::new(record, "noted withdrawal");
    let alarm = match take.u8()? {
        0 => None,
        _ => Some(ProbeAlarm {
            covenant: take.digest()?,
            party: take.name()?,
            minutes: take.u32()?,
        }),
    };
    // Format 2 ended here.
    if take.is_empty() {
        return Ok((alarm, None));
    }
    let right = UsedRight {
        covenant: take.digest()?,
        party: take.name()?,
        right: take.text()?.to_owned(),
    };
    Ok((alarm, Some(right)))
}
