//! Who read the log, when, and how: a record beside the log.

use model::{Oin, Timestamp};

use super::{BrokerTx, BrokerView};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::expiry::next_number;
use crate::layout::{ACCESS, Key};

/// One read of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Access {
    /// When.
    pub at: Timestamp,
    /// By which organisation.
    pub by: Oin,
    /// By which method, for example `ListEntries`.
    pub method: String,
}

impl BrokerView {
    /// Reads of the log, oldest first: at most `limit`, from number `from` (0 is the first).
    ///
    /// # Errors
    /// When the store can't read.
    pub fn accesses(&self, from: u64, limit: usize) -> Result<Vec<Access>, StoreError> {
        let start = Key::of(ACCESS).u64(from.saturating_add(1)).done();
        self.tx
            .rows(&[ACCESS], &start, limit)?
            .iter()
            .map(|(_, record)| {
                let mut take = Take::new(record, "access record");
                Ok(Access {
                    at: take.time()?,
                    by: take.name()?,
                    method: take.text()?.to_owned(),
                })
            })
            .collect()
    }
}

impl BrokerTx {
    /// Records a read of the log.
    ///
    /// # Errors
    /// When the store fails; then nothing may be read.
    pub fn put_access(&mut self, access: &Access) -> Result<(), StoreError> {
        let tx = &mut self.view.tx;
        let number = next_number(tx, "access")?;
        let record = Put::default()
            .time(access.at)
            .text(access.by.as_str())
            .text(&access.method)
            .done();
        tx.put_small(Key::of(ACCESS).u64(number).done(), &record)
    }
}
