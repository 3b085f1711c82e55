//! When a signal last matched: a signal that is withdrawn soon after may have been pushed to look.

use model::{CovenantId, Day, KeyEpoch, PartyId, SignalId, Timestamp};

use super::{BrokerTx, BrokerView};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::expiry::{get_until, put_until};
use crate::layout::{Key, MATCHED};

impl BrokerView {
    /// When a signal last matched one of another party, whatever was decided.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn matched_at(
        &self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
        party: &PartyId,
        id: SignalId,
    ) -> Result<Option<Timestamp>, StoreError> {
        match get_until(&self.tx, &key(covenant, epoch, party, id))? {
            Some((_, record)) => Take::new(&record, "match time").time().map(Some),
            None => Ok(None),
        }
    }
}

impl BrokerTx {
    /// Takes note that a signal matched, until the first moment of `ends`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_matched(
        &mut self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
        party: &PartyId,
        id: SignalId,
        at: Timestamp,
        ends: Day,
    ) -> Result<(), StoreError> {
        let record = Put::default().time(at).done();
        put_until(
            &mut self.view.tx,
            key(covenant, epoch, party, id),
            ends,
            &record,
        )
    }
}

fn key(covenant: &CovenantId, epoch: KeyEpoch, party: &PartyId, id: SignalId) -> Vec<u8> {
    Key::of(MATCHED)
        .text(covenant.as_str())
        .u32(epoch.get())
        .text(party.as_str())
        .raw(id.as_bytes())
        .done()
}
