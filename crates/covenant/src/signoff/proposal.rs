//! A version that was checked and whose keys agree with the pins: it can be signed, rejected and
//! told about, and once every party signed it can be put in force.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Digest, PartyId, Timestamp};

use super::active::Compiled;
use super::event::{self, VerifiedEvent};
use super::keys::{self, PartyKeys};
use super::statement::VerifiedStatement;
use super::verify::{all_signed, clean, follows, in_time, signed};
use super::{ActiveCovenant, Envelope, History, Pins, SignoffError};
use crate::language::covenant::Covenant;
use crate::table::{Encoding, Table};

/// A checked covenant with its cell table, and the keys that file and pins agree on. It comes from
/// [`propose`] alone; cloning it is cheap. It decides nothing.
#[derive(Clone, Debug)]
pub struct Proposal {
    compiled: Arc<Compiled>,
    keys: Arc<BTreeMap<PartyId, PartyKeys>>,
}

/// Takes a version as a proposal, as strictly as [`super::verify`] but for signatures and for
/// today's date: the bytes check without errors, every example holds, no comparison needs a key
/// holder, every party is pinned with the key in the file, no key is used twice, and the version
/// follows on the last in force (with a history).
///
/// # Errors
/// [`SignoffError`].
pub fn propose(
    bytes: &[u8],
    pins: &Pins,
    history: Option<&History>,
) -> Result<Proposal, SignoffError> {
    let covenant = clean(bytes)?;
    if let Some(history) = history {
        follows(&covenant, history)?;
    }
    Proposal::agreed(covenant, pins)
}

impl Proposal {
    pub(super) fn agreed(covenant: Covenant, pins: &Pins) -> Result<Self, SignoffError> {
        let keys = keys::agree(&covenant, pins)?;
        Self::of(covenant, keys)
    }

    pub(super) fn of(
        covenant: Covenant,
        keys: BTreeMap<PartyId, PartyKeys>,
    ) -> Result<Self, SignoffError> {
        let table = Table::compile(&covenant)?;
        Ok(Self {
            compiled: Arc::new(Compiled { covenant, table }),
            keys: Arc::new(keys),
        })
    }

    /// The covenant.
    #[must_use]
    pub fn covenant(&self) -> &Covenant {
        &self.compiled.covenant
    }

    /// The digest of its compiled cell table in an encoding.
    #[must_use]
    pub fn table_digest(&self, encoding: Encoding) -> Digest {
        self.compiled.table.digest_in(encoding)
    }

    /// Verifies one party's sign-off. `now` only bounds the day of signing: at most tomorrow, since
    /// the signer's calendar may be ahead of UTC.
    ///
    /// # Errors
    /// [`SignoffError`] when it is malformed, of another party, file, version or table, or not
    /// signed by the pinned signer's key.
    pub fn verify_envelope(
        &self,
        envelope: &Envelope,
        now: Timestamp,
    ) -> Result<VerifiedStatement, SignoffError> {
        signed(self, &self.keys, envelope, now)
    }

    /// Verifies an event. It may be old: a suspension that was held back still counts. `now` is
    /// when it was received.
    ///
    /// # Errors
    /// [`SignoffError`] when it is malformed, about another file, of a party or key that may not,
    /// not signed by the pinned key, or dated more than 120 seconds ahead of `now`.
    pub fn verify_event(
        &self,
        envelope: &Envelope,
        now: Timestamp,
    ) -> Result<VerifiedEvent, SignoffError> {
        event::verify(envelope, self.covenant(), &self.keys, now)
    }

    /// Puts it in force: today lies in its validity, and for every party there is exactly one
    /// envelope, with exactly one signature, that verifies.
    ///
    /// # Errors
    /// [`SignoffError`]; whatever is not exactly right is refused, also an envelope too many.
    pub fn activate(
        &self,
        envelopes: &[Envelope],
        now: Timestamp,
    ) -> Result<ActiveCovenant, SignoffError> {
        in_time(self.covenant(), now)?;
        all_signed(self, envelopes, now)?;
        Ok(ActiveCovenant::new(self.clone()))
    }

    pub(crate) const fn compiled(&self) -> &Arc<Compiled> {
        &self.compiled
    }
}
