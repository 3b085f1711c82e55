//! Who may read the log of each covenant version that was ever carried here: also after a newer
//! version has taken its place, for as long as its entries are kept.

use model::{CovenantId, Digest, Oin, PartyId};

use super::{BrokerTx, BrokerView};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::layout::{Key, READERS};

/// The readers of one covenant version's entries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CovenantReaders {
    /// The covenant.
    pub covenant: CovenantId,
    /// SHA-256 of its file.
    pub digest: Digest,
    /// Its parties.
    pub parties: Vec<(Oin, PartyId)>,
    /// Its auditors.
    pub auditors: Vec<Oin>,
}

impl BrokerView {
    /// The readers of every covenant version that was ever carried here.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn covenant_readers(&self) -> Result<Vec<CovenantReaders>, StoreError> {
        self.tx
            .rows(&[READERS], &[READERS], usize::MAX)?
            .iter()
            .map(|(_, record)| {
                let mut take = Take::new(record, "covenant readers");
                Ok(CovenantReaders {
                    covenant: take.name()?,
                    digest: take.digest()?,
                    parties: take.list(|take| Ok((take.name()?, take.name()?)))?,
                    auditors: take.list(Take::name)?,
                })
            })
            .collect()
    }
}

impl BrokerTx {
    /// Keeps who reads the entries of a covenant version.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_covenant_readers(&mut self, readers: &CovenantReaders) -> Result<(), StoreError> {
        let record = Put::default()
            .text(readers.covenant.as_str())
            .raw(readers.digest.as_bytes())
            .list(&readers.parties, |out, (oin, party)| {
                out.text(oin.as_str()).text(party.as_str())
            })
            .list(&readers.auditors, |out, oin| out.text(oin.as_str()))
            .done();
        let key = Key::of(READERS).raw(readers.digest.as_bytes()).done();
        self.view.tx.put(key, &record)
    }
}
