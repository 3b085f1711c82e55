//! What the parties' nodes say of the log: the last checkpoint each saw, and cosignatures.

use model::{Digest, Oin};

use super::{BrokerTx, BrokerView};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::expiry::put_until;
use crate::layout::{COSIGNATURE, Key, WITNESSED};

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

/// A checkpoint that enough parties of a covenant version cosigned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Witnessed {
    /// The digest of the covenant's file.
    pub covenant: Digest,
    /// The size of the log in it.
    pub size: u64,
    /// The signed note with its cosignatures, exact bytes.
    pub note: Vec<u8>,
}

impl BrokerView {
    /// The newest witnessed checkpoint of every covenant version that has one.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn witnessed(&self) -> Result<Vec<Witnessed>, StoreError> {
        self.tx
            .rows(&[WITNESSED], &[WITNESSED], usize::MAX)?
            .iter()
            .map(|(_, record)| {
                let mut take = Take::new(record, "witnessed checkpoint");
                Ok(Witnessed {
                    covenant: take.digest()?,
                    size: take.u64()?,
                    note: take.rest().to_vec(),
                })
            })
            .collect()
    }
}

impl BrokerTx {
    /// Keeps the newest witnessed checkpoint of a covenant version.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_witnessed(&mut self, witnessed: &Witnessed) -> Result<(), StoreError> {
        let key = Key::of(WITNESSED).raw(witnessed.covenant.as_bytes()).done();
        let record = Put::default()
            .raw(witnessed.covenant.as_bytes())
            .u64(witnessed.size)
            .raw(&witnessed.note)
            .done();
        self.view.tx.put(key, &record)
    }

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
