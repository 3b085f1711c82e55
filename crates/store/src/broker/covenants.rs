//! Covenants, their standing, key announcements and probe references.
//!
//! Files, envelopes, suspensions and announcements are kept as the exact bytes that were signed;
//! what they mean is `covenant`'s to say.

use model::{CovenantId, Digest, KeyEpoch, MatchKeyId, PartyId, Pseudonym, Timestamp};

use super::{BrokerTx, BrokerView};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::layout::{COVENANT, KEY, Key, PROBE, STANDING};

const VALID: u8 = 1;
const SUSPENSION: u8 = 2;

/// A covenant's file with what was signed over it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CovenantFile {
    /// The exact bytes of the file.
    pub bytes: Vec<u8>,
    /// The parties' envelopes, as they were received.
    pub envelopes: Vec<Vec<u8>>,
}

impl BrokerView {
    /// The file with this digest.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn covenant_file(&self, digest: &Digest) -> Result<Option<CovenantFile>, StoreError> {
        let key = Key::of(COVENANT).raw(digest.as_bytes()).done();
        let Some(record) = self.tx.get(&key)? else {
            return Ok(None);
        };
        let mut take = Take::new(&record, "covenant file");
        Ok(Some(CovenantFile {
            bytes: take.bytes()?.to_vec(),
            envelopes: take.list(|take| take.bytes().map(<[u8]>::to_vec))?,
        }))
    }

    /// Until when each party last said that its own copy is active, as it was put.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn still_valid(&self, covenant: &Digest) -> Result<Vec<(PartyId, Timestamp)>, StoreError> {
        let rows = self.standing_rows(covenant, VALID)?;
        rows.iter()
            .map(|record| {
                let mut take = Take::new(record, "still-valid statement");
                Ok((take.name()?, take.time()?))
            })
            .collect()
    }

    /// Suspension and resumption events of a covenant, as they were signed, by name.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn suspensions(&self, covenant: &Digest) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let rows = self.standing_rows(covenant, SUSPENSION)?;
        rows.iter()
            .map(|record| {
                let mut take = Take::new(record, "suspension");
                Ok((take.text()?.to_owned(), take.rest().to_vec()))
            })
            .collect()
    }

    /// The signed announcement of an epoch's key.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn key_announcement(
        &self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.tx.get(&epoch_key(KEY, covenant, epoch).done())
    }

    /// What the published probe subjects look like under the epoch's true key, per match key;
    /// `None` until the key's maker has announced it.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn probe_reference(
        &self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
        key: &MatchKeyId,
    ) -> Result<Option<Vec<Pseudonym>>, StoreError> {
        let key = epoch_key(PROBE, covenant, epoch).text(key.as_str()).done();
        let Some(record) = self.tx.get(&key)? else {
            return Ok(None);
        };
        let mut take = Take::new(&record, "probe reference");
        take.list(|take| take.array().map(Pseudonym::from_bytes))
            .map(Some)
    }

    fn standing_rows(&self, covenant: &Digest, kind: u8) -> Result<Vec<Vec<u8>>, StoreError> {
        let prefix = standing_key(covenant, kind).done();
        let rows = self.tx.rows(&prefix, &prefix, usize::MAX)?;
        Ok(rows.into_iter().map(|(_, record)| record).collect())
    }
}

impl BrokerTx {
    /// Keeps a covenant's file and envelopes, in place of what was kept for the same bytes.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_covenant_file(
        &mut self,
        digest: &Digest,
        file: &CovenantFile,
    ) -> Result<(), StoreError> {
        let record = Put::default()
            .bytes(&file.bytes)
            .list(&file.envelopes, |out, envelope| out.bytes(envelope))
            .done();
        let key = Key::of(COVENANT).raw(digest.as_bytes()).done();
        self.view.tx.put(key, &record)
    }

    /// Keeps the newest "still valid" statement of a party; an older one changes nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_still_valid(
        &mut self,
        covenant: &Digest,
        party: &PartyId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let known = self.still_valid(covenant)?;
        if known.iter().any(|(p, t)| p == party && *t >= at) {
            return Ok(());
        }
        let key = standing_key(covenant, VALID).text(party.as_str()).done();
        let record = Put::default().text(party.as_str()).time(at).done();
        self.view.tx.put(key, &record)
    }

    /// Keeps a signed suspension or resumption under a name that tells it from others.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_suspension(
        &mut self,
        covenant: &Digest,
        name: &str,
        signed: &[u8],
    ) -> Result<(), StoreError> {
        let key = standing_key(covenant, SUSPENSION).text(name).done();
        let record = Put::default().text(name).raw(signed).done();
        self.view.tx.put(key, &record)
    }

    /// Keeps the signed announcement of an epoch's key.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_key_announcement(
        &mut self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
        signed: &[u8],
    ) -> Result<(), StoreError> {
        let key = epoch_key(KEY, covenant, epoch).done();
        self.view.tx.put(key, signed)
    }

    /// Keeps the probe of the key's maker as the reference for one match key.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_probe_reference(
        &mut self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
        key: &MatchKeyId,
        probe: &[Pseudonym],
    ) -> Result<(), StoreError> {
        let key = epoch_key(PROBE, covenant, epoch).text(key.as_str()).done();
        let record = Put::default()
            .list(probe, |out, p| out.raw(p.as_bytes()))
            .done();
        self.view.tx.put(key, &record)
    }
}

fn standing_key(covenant: &Digest, kind: u8) -> Key {
    Key::of(STANDING).raw(covenant.as_bytes()).raw(&[kind])
}

fn epoch_key(space: u8, covenant: &CovenantId, epoch: KeyEpoch) -> Key {
    Key::of(space).text(covenant.as_str()).u32(epoch.get())
}
