//! Withdrawals that the log does not have yet: they are logged with the next batch of matching, so
//! that its growth does not tell whoever withdrew whether the signal had matched.

use model::{Digest, PartyId};

use super::{BrokerTx, BrokerView};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::expiry::next_number;
use crate::layout::{Key, WITHDRAWN, last_u64};

/// A withdrawal that waits to be logged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotedWithdrawal {
    /// For [`BrokerTx::withdrawal_logged`].
    pub no: u64,
    /// The alarm, where the signal had matched shortly before.
    pub alarm: Option<ProbeAlarm>,
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
            noted.push(NotedWithdrawal {
                no,
                alarm: read(&value)?,
            });
        }
        Ok(noted)
    }
}

impl BrokerTx {
    /// Takes note of a withdrawal, in the same unit in which the signal ends.
    ///
    /// # Errors
    /// When the store fails.
    pub fn note_withdrawal(&mut self, alarm: Option<&ProbeAlarm>) -> Result<(), StoreError> {
        let no = next_number(&mut self.view.tx, "withdrawn")?;
        let record = match alarm {
            None => Put::default().u8(0),
            Some(alarm) => Put::default()
                .u8(1)
                .raw(alarm.covenant.as_bytes())
                .text(alarm.party.as_str())
                .u32(alarm.minutes),
        };
        let key = Key::of(WITHDRAWN).u64(no).done();
        self.view.tx.put_small(key, &record.done())
    }

    /// Takes a withdrawal out of the queue, in the unit that logs it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn withdrawal_logged(&mut self, no: u64) -> Result<(), StoreError> {
        self.view.tx.delete(Key::of(WITHDRAWN).u64(no).done())
    }
}

fn read(record: &[u8]) -> Result<Option<ProbeAlarm>, StoreError> {
    let mut take = Take::new(record, "noted withdrawal");
    if take.u8()? == 0 {
        return Ok(None);
    }
    Ok(Some(ProbeAlarm {
        covenant: take.digest()?,
        party: take.name()?,
        minutes: take.u32()?,
    }))
}
