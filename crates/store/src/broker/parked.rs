//! Signals whose matches could not be decided for good: a party had not confirmed the covenant, or
//! it was suspended. They are matched anew when that changes.

use model::CovenantId;

use super::signals::{SignalNo, signal_by_no};
use super::{BrokerTx, BrokerView};
use crate::error::StoreError;
use crate::layout::{Key, PARKED, WORK, last_u64};

impl BrokerView {
    /// How many signals of a covenant are parked, counted up to `limit`.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn parked(&self, covenant: &CovenantId, limit: usize) -> Result<usize, StoreError> {
        let prefix = prefix(covenant);
        Ok(self.tx.rows(&prefix, &prefix, limit)?.len())
    }
}

impl BrokerTx {
    /// Keeps a signal for later, beside what was decided on it now.
    ///
    /// # Errors
    /// When the store fails.
    pub fn park(&mut self, covenant: &CovenantId, no: SignalNo) -> Result<(), StoreError> {
        let key = Key::of(PARKED).text(covenant.as_str()).u64(no.0).done();
        self.view.tx.put_small(key, &[])
    }

    /// Puts at most `limit` parked signals of a covenant back in the queue of what waits to be
    /// matched; fewer means that none are left. Those that ended meanwhile are let go.
    ///
    /// # Errors
    /// When the store fails.
    pub fn unpark(&mut self, covenant: &CovenantId, limit: usize) -> Result<usize, StoreError> {
        let prefix = prefix(covenant);
        let rows = self.tx.rows(&prefix, &prefix, limit)?;
        for (key, _) in &rows {
            let damaged = StoreError::Damaged { what: "parked row" };
            let no = last_u64(key).ok_or(damaged)?;
            if signal_by_no(&self.tx, no)?.is_some() {
                let work = Key::of(WORK).u64(no).done();
                self.view.tx.put_small(work, &[])?;
            }
            self.view.tx.delete(key.clone())?;
        }
        Ok(rows.len())
    }

    /// Lets go of at most `limit` parked signals of a covenant that is over; fewer means that none
    /// are left. Nothing of them is decided any more; the signals themselves live until they
    /// expire.
    ///
    /// # Errors
    /// When the store fails.
    pub fn drop_parked(
        &mut self,
        covenant: &CovenantId,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let prefix = prefix(covenant);
        let rows = self.tx.rows(&prefix, &prefix, limit)?;
        for (key, _) in &rows {
            self.view.tx.delete(key.clone())?;
        }
        Ok(rows.len())
    }
}

fn prefix(covenant: &CovenantId) -> Vec<u8> {
    Key::of(PARKED).text(covenant.as_str()).done()
}
