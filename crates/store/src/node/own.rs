//! Own signals: encrypted vault records, their state, and the ids they have outside.

use model::{CovenantId, KeyEpoch, SignalId};

use super::{NodeTx, NodeView};
use crate::codec::{Put, Take};
use crate::engine::Row;
use crate::error::StoreError;
use crate::expiry;
use crate::layout::{Key, NOTE, OUTSIDE, OWN, TALLY, VAULT};

/// The id that a signal has across the party's border: fresh per covenant and epoch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutsideId {
    /// The covenant.
    pub covenant: CovenantId,
    /// The epoch.
    pub epoch: KeyEpoch,
    /// The id there.
    pub id: SignalId,
}

/// What the node knows of a signal of its own besides its content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnSignal {
    /// The node's own words on it (state, category, day): opaque here.
    pub state: Vec<u8>,
    /// Its ids outside.
    pub outside: Vec<OutsideId>,
}

impl NodeView {
    /// An encrypted record of the vault, by name.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn vault(&self, name: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.tx.get(&Key::of(VAULT).raw(name).done())
    }

    /// A page of the vault in order of name: records after `after`.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn vault_after(&self, after: Option<&[u8]>, limit: usize) -> Result<Vec<Row>, StoreError> {
        let rows = self.after(VAULT, after, limit)?;
        Ok(rows
            .into_iter()
            .map(|(key, record)| (key.get(1..).unwrap_or_default().to_vec(), record))
            .collect())
    }

    /// A signal of the party's own, by the sender's id.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn own(&self, id: SignalId) -> Result<Option<OwnSignal>, StoreError> {
        let record = self.tx.get(&Key::of(OWN).raw(id.as_bytes()).done())?;
        record.as_deref().map(take_own).transpose()
    }

    /// A page of own signals in order of id: those after `after`.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn own_after(
        &self,
        after: Option<SignalId>,
        limit: usize,
    ) -> Result<Vec<(SignalId, OwnSignal)>, StoreError> {
        let after = after.map(|id| id.as_bytes().to_vec());
        self.after(OWN, after.as_deref(), limit)?
            .into_iter()
            .map(|(key, record)| {
                let id = SignalId::from_slice(key.get(1..).unwrap_or_default());
                let id = id.ok_or(StoreError::Damaged { what: "own signal" })?;
                Ok((id, take_own(&record)?))
            })
            .collect()
    }

    /// The sender's id of the signal that is known outside under this one.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn inside_id(&self, outside: &OutsideId) -> Result<Option<SignalId>, StoreError> {
        Ok(self
            .tx
            .get(&outside_key(outside))?
            .and_then(|id| SignalId::from_slice(&id)))
    }

    /// A tally kept by [`NodeTx::add_to_tally`]; 0 when there is none.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn tally(&self, name: &[u8]) -> Result<u64, StoreError> {
        expiry::number(&self.tx, &Key::of(TALLY).raw(name).done())
    }

    /// A small piece of the node's own state, by name.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn note(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.tx.get(&Key::of(NOTE).text(name).done())
    }

    pub(super) fn after(
        &self,
        space: u8,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        // The first key after `after` is `after` with a zero byte behind it.
        let from = after.map_or_else(
            || vec![space],
            |after| Key::of(space).raw(after).raw(&[0]).done(),
        );
        self.tx.rows(&[space], &from, limit)
    }
}

impl NodeTx {
    /// Puts an encrypted record into the vault, in place of the one with that name.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_vault(&mut self, name: &[u8], sealed: &[u8]) -> Result<(), StoreError> {
        self.view.tx.put(Key::of(VAULT).raw(name).done(), sealed)
    }

    /// Removes a record from the vault.
    ///
    /// # Errors
    /// When the store fails.
    pub fn delete_vault(&mut self, name: &[u8]) -> Result<(), StoreError> {
        self.view.tx.delete(Key::of(VAULT).raw(name).done())
    }

    /// Puts an own signal's state and outside ids, in place of what was known.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_own(&mut self, id: SignalId, own: &OwnSignal) -> Result<(), StoreError> {
        for outside in &own.outside {
            self.view
                .tx
                .put_small(outside_key(outside), id.as_bytes())?;
        }
        let record = Put::default()
            .list(&own.outside, |out, o| {
                out.text(o.covenant.as_str())
                    .u32(o.epoch.get())
                    .raw(o.id.as_bytes())
            })
            .raw(&own.state)
            .done();
        self.view
            .tx
            .put(Key::of(OWN).raw(id.as_bytes()).done(), &record)
    }

    /// Forgets an own signal and its outside ids.
    ///
    /// # Errors
    /// When the store fails.
    pub fn delete_own(&mut self, id: SignalId) -> Result<(), StoreError> {
        if let Some(own) = self.own(id)? {
            for outside in &own.outside {
                self.view.tx.delete(outside_key(outside))?;
            }
        }
        self.view.tx.delete(Key::of(OWN).raw(id.as_bytes()).done())
    }

    /// Adds to a tally (how many own signals have a token) and says what it is then; it does not
    /// fall below 0, and a tally of 0 is not kept.
    ///
    /// # Errors
    /// When the store fails.
    pub fn add_to_tally(&mut self, name: &[u8], more: i64) -> Result<u64, StoreError> {
        let key = Key::of(TALLY).raw(name).done();
        let tally = expiry::number(&self.tx, &key)?.saturating_add_signed(more);
        if tally == 0 {
            self.view.tx.delete(key)?;
        } else {
            self.view.tx.put_small(key, &tally.to_be_bytes())?;
        }
        Ok(tally)
    }

    /// Puts a small piece of the node's own state, in place of what had that name.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_note(&mut self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.view.tx.put(Key::of(NOTE).text(name).done(), bytes)
    }
}

fn take_own(record: &[u8]) -> Result<OwnSignal, StoreError> {
    let mut take = Take::new(record, "own signal");
    let outside = take.list(|take| {
        Ok(OutsideId {
            covenant: take.name()?,
            epoch: KeyEpoch::new(take.u32()?).ok_or(take.damaged())?,
            id: SignalId::from_slice(&take.array::<16>()?).ok_or(take.damaged())?,
        })
    })?;
    Ok(OwnSignal {
        outside,
        state: take.rest().to_vec(),
    })
}

fn outside_key(outside: &OutsideId) -> Vec<u8> {
    Key::of(OUTSIDE)
        .text(outside.covenant.as_str())
        .u32(outside.epoch.get())
        .raw(outside.id.as_bytes())
        .done()
}
