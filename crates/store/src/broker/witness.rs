//! What the parties' nodes say of the log: the last checkpoint each saw, and cosignatures.

use model::Oin;

use super::{BrokerTx, BrokerView};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::expiry::put_until;
use crate::layout::{COSIGNATURE, Key};

impl BrokerView {
    /// Cosignatures of the checkpoint of this size: who, and the signature line's bytes.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn cosignatures(&self, size: u64) -> Result<Vec<(Oin, Vec<u8>)>, StoreError> {
        let prefix = Key::of(COSIGNATURE).u64(size).done();
        self.tx
            .rows(&prefix, &prefix, usize::MAX)?
            .iter()
            .map(|(_, record)| {
                let mut take = Take::new(record, "cosignature");
                take.day()?;
                Ok((take.name()?, take.rest().to_vec()))
            })
            .collect()
    }
}

impl BrokerTx {
    /// Keeps a cosignature that was verified, until the first moment of `ends`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_cosignature(
        &mut self,
        size: u64,
        by: &Oin,
        line: &[u8],
        ends: model::Day,
    ) -> Result<(), StoreError> {
        let key = Key::of(COSIGNATURE).u64(size).text(by.as_str()).done();
        let record = Put::default().text(by.as_str()).raw(line).done();
        put_until(&mut self.view.tx, key, ends, &record)
    }
}
