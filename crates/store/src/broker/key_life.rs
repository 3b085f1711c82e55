//! The life of keys: whose node has joined under which keys, who has shown that it holds an
//! epoch's key, and when an epoch came into use and was purged.
//!
//! Beside the announcements, and like them it goes when its covenant is over.

use std::collections::BTreeSet;

use model::{CovenantId, Digest, KeyEpoch, PartyId, Timestamp};

use super::{BrokerTx, BrokerView};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::layout::{KEY, Key, PROBE};

const JOINED: u8 = 1;
const PARTY_KEY: u8 = 2;
const HOLDER: u8 = 3;
const STARTED: u8 = 4;
const PURGED: u8 = 5;

/// How far the purge of an epoch is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EpochPurge {
    /// When it was asked for. From then on nothing is taken under the epoch.
    pub at: Timestamp,
    /// How many signals it has removed.
    pub signals: u64,
    /// Whether it came to its end, and the log says so.
    pub logged: bool,
}

impl BrokerView {
    /// Whether a party's node has ever connected under a covenant.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn has_joined(&self, covenant: &CovenantId, party: &PartyId) -> Result<bool, StoreError> {
        self.tx.has(&party_key(covenant, JOINED, party).done())
    }

    /// What a key of a party was known by when it was last looked at (`which` names the key).
    ///
    /// # Errors
    /// When the store can't read.
    pub fn party_key(
        &self,
        covenant: &CovenantId,
        party: &PartyId,
        which: &str,
    ) -> Result<Option<Digest>, StoreError> {
        let key = party_key(covenant, PARTY_KEY, party).text(which).done();
        match self.tx.get(&key)? {
            Some(record) => Take::new(&record, "key of a party").digest().map(Some),
            None => Ok(None),
        }
    }

    /// The parties whose nodes have shown that they hold the key of an epoch.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn key_holders(
        &self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
    ) -> Result<BTreeSet<PartyId>, StoreError> {
        let prefix = epoch_key(covenant, epoch, HOLDER).done();
        let rows = self.tx.rows(&prefix, &prefix, usize::MAX)?;
        rows.iter()
            .map(|(key, _)| {
                Take::new(
                    key.get(prefix.len()..).unwrap_or_default(),
                    "holder of a key",
                )
                .name()
            })
            .collect()
    }

    /// When an epoch's key came into use; `None` before that.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn epoch_started(
        &self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
    ) -> Result<Option<Timestamp>, StoreError> {
        match self.tx.get(&epoch_key(covenant, epoch, STARTED).done())? {
            Some(record) => Take::new(&record, "start of an epoch").time().map(Some),
            None => Ok(None),
        }
    }

    /// When a later epoch of a covenant first came into use; `None` when none has.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn later_epoch_started(
        &self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
    ) -> Result<Option<Timestamp>, StoreError> {
        let mut first = None;
        for (later, what, record) in self.epoch_rows(covenant)? {
            if later > epoch && what == STARTED {
                let at = Take::new(&record, "start of an epoch").time()?;
                first = Some(first.map_or(at, |first: Timestamp| first.min(at)));
            }
        }
        Ok(first)
    }

    /// How far the purge of an epoch is; `None` when it was not asked for.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn epoch_purge(
        &self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
    ) -> Result<Option<EpochPurge>, StoreError> {
        let record = self.tx.get(&epoch_key(covenant, epoch, PURGED).done())?;
        record.as_deref().map(take_purge).transpose()
    }

    /// The epochs of a covenant whose purge was asked for.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn purged_epochs(&self, covenant: &CovenantId) -> Result<Vec<KeyEpoch>, StoreError> {
        let rows = self.epoch_rows(covenant)?;
        let purged = rows.into_iter().filter(|(_, what, _)| *what == PURGED);
        Ok(purged.map(|(epoch, _, _)| epoch).collect())
    }

    /// What is known of the epochs of a covenant: epoch, which record, its bytes.
    fn epoch_rows(
        &self,
        covenant: &CovenantId,
    ) -> Result<Vec<(KeyEpoch, u8, Vec<u8>)>, StoreError> {
        let prefix = Key::of(KEY).text(covenant.as_str()).done();
        let rows = self.tx.rows(&prefix, &prefix, usize::MAX)?;
        Ok(rows
            .into_iter()
            .filter_map(|(key, record)| {
                let (epoch, rest) = key.get(prefix.len()..)?.split_first_chunk::<4>()?;
                let epoch = KeyEpoch::new(u32::from_be_bytes(*epoch))?;
                Some((epoch, *rest.first()?, record))
            })
            .collect())
    }
}

impl BrokerTx {
    /// Notes that a party's node connected under a covenant. `false` when it had before.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_joined(
        &mut self,
        covenant: &CovenantId,
        party: &PartyId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        if self.has_joined(covenant, party)? {
            return Ok(false);
        }
        let key = party_key(covenant, JOINED, party).done();
        self.view
            .tx
            .put_small(key, &Put::default().time(at).done())?;
        Ok(true)
    }

    /// Notes what a key of a party is known by. Answers whether it was another one before.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_party_key(
        &mut self,
        covenant: &CovenantId,
        party: &PartyId,
        which: &str,
        known_by: &Digest,
    ) -> Result<bool, StoreError> {
        let before = self.party_key(covenant, party, which)?;
        if before == Some(*known_by) {
            return Ok(false);
        }
        let key = party_key(covenant, PARTY_KEY, party).text(which).done();
        self.view.tx.put_small(key, known_by.as_bytes())?;
        Ok(before.is_some())
    }

    /// Notes that a party's node has shown that it holds the key of an epoch.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_key_holder(
        &mut self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
        party: &PartyId,
    ) -> Result<(), StoreError> {
        let key = epoch_key(covenant, epoch, HOLDER).text(party.as_str());
        self.view.tx.put_small(key.done(), &[])
    }

    /// Notes that an epoch's key came into use. `false` when it was noted before.
    ///
    /// # Errors
    /// When the store fails.
    pub fn start_epoch(
        &mut self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        if self.epoch_started(covenant, epoch)?.is_some() {
            return Ok(false);
        }
        let key = epoch_key(covenant, epoch, STARTED).done();
        self.view
            .tx
            .put_small(key, &Put::default().time(at).done())?;
        Ok(true)
    }

    /// Closes an epoch for good: its announcement and its probes go, so that no node agrees with
    /// anything under it, and its purge begins. A second time changes nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub fn close_epoch(
        &mut self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if self.epoch_purge(covenant, epoch)?.is_some() {
            return Ok(());
        }
        for space in [PROBE, KEY] {
            let of_epoch = Key::of(space).text(covenant.as_str()).u32(epoch.get());
            let exact = of_epoch.clone().done();
            for (key, _) in self.tx.rows(&exact, &exact, usize::MAX)? {
                if space == PROBE || key == exact {
                    self.view.tx.delete(key)?;
                }
            }
        }
        self.put_epoch_purge(
            covenant,
            epoch,
            EpochPurge {
                at,
                signals: 0,
                logged: false,
            },
        )
    }

    /// Removes at most `limit` signals of an epoch that was closed, and counts them; fewer removed
    /// means that none are left.
    ///
    /// # Errors
    /// When the store fails.
    pub fn purge_closed_epoch(
        &mut self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let Some(mut purge) = self.epoch_purge(covenant, epoch)? else {
            return Ok(0);
        };
        let removed = self.purge_epoch(covenant, epoch, limit)?;
        if removed > 0 {
            let more = u64::try_from(removed).unwrap_or(u64::MAX);
            purge.signals = purge.signals.saturating_add(more);
            self.put_epoch_purge(covenant, epoch, purge)?;
        }
        Ok(removed)
    }

    /// Notes that the purge of an epoch came to its end, in the unit that logs it. Answers how many
    /// signals it removed; `None` when it was noted before, or never asked for.
    ///
    /// # Errors
    /// When the store fails.
    pub fn epoch_purge_logged(
        &mut self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
    ) -> Result<Option<u64>, StoreError> {
        let purge = self.epoch_purge(covenant, epoch)?;
        let Some(purge) = purge.filter(|purge| !purge.logged) else {
            return Ok(None);
        };
        let logged = EpochPurge {
            logged: true,
            ..purge
        };
        self.put_epoch_purge(covenant, epoch, logged)?;
        Ok(Some(purge.signals))
    }

    fn put_epoch_purge(
        &mut self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
        purge: EpochPurge,
    ) -> Result<(), StoreError> {
        let record = Put::default()
            .time(purge.at)
            .u64(purge.signals)
            .u8(u8::from(purge.logged))
            .done();
        let key = epoch_key(covenant, epoch, PURGED).done();
        self.view.tx.put_small(key, &record)
    }
}

fn take_purge(record: &[u8]) -> Result<EpochPurge, StoreError> {
    let mut take = Take::new(record, "purge of an epoch");
    Ok(EpochPurge {
        at: take.time()?,
        signals: take.u64()?,
        logged: take.u8()? == 1,
    })
}

/// No epoch is number 0: there stands what belongs to none.
fn party_key(covenant: &CovenantId, what: u8, party: &PartyId) -> Key {
    Key::of(KEY)
        .text(covenant.as_str())
        .u32(0)
        .raw(&[what])
        .text(party.as_str())
}

fn epoch_key(covenant: &CovenantId, epoch: KeyEpoch, what: u8) -> Key {
    Key::of(KEY)
        .text(covenant.as_str())
        .u32(epoch.get())
        .raw(&[what])
}
