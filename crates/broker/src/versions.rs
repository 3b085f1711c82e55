//! Every version of every covenant that this broker knows of, with how it stands.
//!
//! A version is in here once it was verified with the keys that this broker pins; what was signed
//! over it, likewise. The store has the same bytes, and at every start all of it is verified anew.

#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{PoisonError, RwLock};

use covenant::Covenant;
use covenant::decide::Standing;
use covenant::signoff::{
    ActiveCovenant, Envelope, Pins, Proposal, Signed, SignoffError, State, Status, propose,
};
use model::{ClauseNo, CovenantId, Digest, Oin, PartyId, Timestamp};
use store::{ActiveVersion, BrokerStore, BrokerView, KeptVersion, StoreError};

/// A version, and everything that was signed over it.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    kept: KeptVersion,
    proposal: Proposal,
    standing: Standing,
    /// A sign-off of each party that signed: one that verifies is as good as another.
    sign_offs: BTreeMap<PartyId, Envelope>,
    counts: BTreeMap<PartyId, usize>,
    ids: BTreeSet<Digest>,
    replaced_by: Option<u32>,
    was_active: bool,
    /// Whether it was said that what was in force does not hold any more.
    said_to_fail: bool,
}

impl Version {
    /// A version over which nothing was signed yet.
    pub(crate) fn new(kept: KeptVersion, proposal: Proposal) -> Self {
        Self {
            standing: Standing::new(proposal.covenant()),
            kept,
            proposal,
            sign_offs: BTreeMap::new(),
            counts: BTreeMap::new(),
            ids: BTreeSet::new(),
            replaced_by: None,
            was_active: false,
            said_to_fail: false,
        }
    }

    pub(crate) const fn kept(&self) -> &KeptVersion {
        &self.kept
    }

    pub(crate) const fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    pub(crate) fn covenant(&self) -> &Covenant {
        self.proposal.covenant()
    }

    pub(crate) const fn standing(&self) -> &Standing {
        &self.standing
    }

    /// The digest of its compiled cell table, in the encoding that is written now.
    pub(crate) fn table_digest(&self) -> Option<Digest> {
        Some(
            self.proposal
                .table_digest(covenant::table::Encoding::NEWEST),
        )
    }

    /// How many envelopes there are over it.
    pub(crate) fn envelopes(&self) -> u32 {
        u32::try_from(self.ids.len()).unwrap_or(u32::MAX)
    }

    /// How many of them are of one party.
    pub(crate) fn envelopes_of(&self, party: &PartyId) -> usize {
        self.counts.get(party).copied().unwrap_or(0)
    }

    pub(crate) fn has(&self, id: &Digest) -> bool {
        self.ids.contains(id)
    }

    /// Whether every party signed, and none of them refused later.
    pub(crate) fn is_signed(&self) -> bool {
        let mut parties = self.covenant().parties().keys();
        parties.all(|party| self.sign_offs.contains_key(party)) && !self.standing.is_rejected()
    }

    /// How it stands.
    pub(crate) fn status(&self, now: Timestamp) -> Status {
        Status::of(&self.proposal, &self.standing, self.replaced_by, now)
    }

    /// Whether it is, or was, the one in force here.
    pub(crate) const fn was_active(&self) -> bool {
        self.was_active
    }

    /// Whether it still waits for something.
    pub(crate) fn is_open(&self, now: Timestamp) -> bool {
        let waits = matches!(
            self.status(now).state(),
            State::Proposed | State::NotYetValid { .. }
        );
        waits && !self.was_active && !self.standing.is_rejected()
    }

    /// Whether its end has come: withdrawn, lapsed, or past its dates. An end that was seen stays:
    /// a clock that is set back does not undo it.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.kept.ended || self.standing.is_over(now) || now.day() >= self.covenant().valid_until()
    }

    /// Whether nothing closes a clause for a recipient. Which kind of signal is asked about is not
    /// known here: all that the clause is about must be open.
    pub(crate) fn opens(&self, number: &ClauseNo, recipient: &PartyId, now: Timestamp) -> bool {
        let closed = |signal| {
            self.standing
                .is_suspended(Some(number), signal, recipient, now)
        };
        let clause = self.covenant().clause(number);
        clause.is_some_and(|clause| {
            !self.is_over(now) && !self.standing.is_rejected() && !clause.about.iter().any(closed)
        })
    }

    /// The covenant in force that it can be now.
    ///
    /// # Errors
    /// [`SignoffError`] with what is missing.
    pub(crate) fn activate(&self, now: Timestamp) -> Result<ActiveCovenant, SignoffError> {
        let envelopes: Vec<Envelope> = self.sign_offs.values().cloned().collect();
        self.proposal.activate(&envelopes, now)
    }

    /// Whether nothing but its place in the history keeps it from coming into force.
    fn is_ready(&self, now: Timestamp) -> bool {
        self.is_signed()
            && !self.is_over(now)
            && !self.standing.is_wholly_suspended(now)
            && self.activate(now).is_ok()
    }

    /// Closes what an event closes, before it is durable. It is not known here for that: if it can't
    /// be kept, who hands it in again is not told that it was.
    pub(crate) fn narrow(&mut self, signed: &Signed, received: Timestamp) {
        match signed {
            Signed::Event(event) if signed.narrows() => self.standing.apply(event, received),
            Signed::Event(_) | Signed::Off(_) => {}
        }
    }

    /// Adds what was verified. `false` when it was there before.
    pub(crate) fn take(
        &mut self,
        signed: &Signed,
        envelope: &Envelope,
        received: Timestamp,
    ) -> bool {
        if !self.ids.insert(signed.id()) {
            return false;
        }
        let count = self.counts.entry(signed.party().clone()).or_default();
        *count = count.saturating_add(1);
        match signed {
            Signed::Off(statement) => {
                self.standing.sign(statement, Some(received));
                self.sign_offs
                    .entry(statement.party().clone())
                    .or_insert_with(|| envelope.clone());
            }
            Signed::Event(event) => self.standing.apply(event, received),
        }
        true
    }
}

/// All versions, by digest.
#[derive(Debug, Default)]
pub(crate) struct Versions(RwLock<BTreeMap<Digest, Version>>);

impl Versions {
    /// Reads and verifies everything that the store has. What no longer holds, since other keys
    /// are pinned now, is left out and said in the log.
    ///
    /// # Errors
    /// When the store can't be read.
    pub(crate) fn load(store: &BrokerStore, pins: &Pins) -> Result<Self, StoreError> {
        store.read(|view| {
            let mut all = BTreeMap::new();
            for kept in view.versions()? {
                let Some(file) = view.version_file(&kept.digest)? else {
                    continue;
                };
                match propose(&file, pins, None) {
                    Ok(proposal) => {
                        let version = read_back(view, Version::new(kept, proposal))?;
                        all.insert(version.kept.digest, version);
                    }
                    Err(why) => tracing::error!(
                        covenant = %kept.covenant, version = kept.number, %why,
                        "a version that was taken before does not hold any more"
                    ),
                }
            }
            Ok(Self(RwLock::new(all)))
        })
    }

    /// Looks at all versions.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&BTreeMap<Digest, Version>) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut BTreeMap<Digest, Version>) -> T) -> T {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// A copy of one version.
    pub(crate) fn get(&self, digest: &Digest) -> Option<Version> {
        self.read(|all| all.get(digest).cloned())
    }

    /// Adds a version; one that is there stays as it is.
    pub(crate) fn insert(&self, version: Version) {
        self.write(|all| {
            all.entry(version.kept.digest).or_insert(version);
        });
    }

    /// Adds what was verified over a version.
    pub(crate) fn take(
        &self,
        digest: &Digest,
        signed: &Signed,
        envelope: &Envelope,
        received: Timestamp,
    ) {
        self.write(|all| {
            if let Some(version) = all.get_mut(digest) {
                version.take(signed, envelope, received);
            }
        });
    }

    /// Closes what an event closes, before it is durable.
    pub(crate) fn narrow(&self, digest: &Digest, signed: &Signed, received: Timestamp) {
        self.write(|all| {
            if let Some(version) = all.get_mut(digest) {
                version.narrow(signed, received);
            }
        });
    }

    /// The standing of a covenant now.
    #[must_use]
    pub(crate) fn standing(&self, covenant: &Covenant) -> Standing {
        self.read(|all| all.get(&covenant.digest()).map(|v| v.standing.clone()))
            .unwrap_or_else(|| Standing::new(covenant))
    }

    /// A party's node said that its own copy is in force.
    pub(crate) fn confirm(&self, covenant: &Covenant, party: &PartyId, at: Timestamp) {
        self.write(|all| {
            if let Some(version) = all.get_mut(&covenant.digest()) {
                version.standing.confirm(party, at);
            }
        });
    }

    /// The end of a version was seen.
    pub(crate) fn ended(&self, digest: &Digest) {
        self.write(|all| {
            if let Some(version) = all.get_mut(digest) {
                version.kept.ended = true;
            }
        });
    }

    /// Whether nobody was told yet that a version does not hold any more.
    pub(crate) fn is_first_to_fail(&self, digest: &Digest) -> bool {
        self.write(|all| {
            let version = all.get_mut(digest);
            version.is_some_and(|version| !std::mem::replace(&mut version.said_to_fail, true))
        })
    }

    /// Marks which versions were in force, and which later one took the place of each.
    pub(crate) fn note_history(&self, id: &CovenantId, history: &[ActiveVersion]) {
        let highest = history.last().map(|last| last.version);
        self.write(|all| {
            for version in all.values_mut().filter(|v| v.kept.covenant == *id) {
                let digest = version.kept.digest;
                version.was_active = history.iter().any(|past| past.digest == digest);
                let last = history.last().is_some_and(|last| last.digest == digest);
                version.replaced_by =
                    highest.filter(|number| !last && *number >= version.kept.number);
            }
        });
    }

    /// The version that may take the place of the last one that was in force.
    pub(crate) fn successor(
        &self,
        id: &CovenantId,
        last: Option<&ActiveVersion>,
        now: Timestamp,
    ) -> Option<Version> {
        self.read(|all| {
            let mut candidates: Vec<&Version> =
                all.values().filter(|v| v.kept.covenant == *id).collect();
            candidates.sort_by_key(|version| version.kept.number);
            let follows = |version: &&&Version| match last {
                None => true,
                Some(last) => {
                    version.kept.number > last.version
                        && version.covenant().replaces() == Some(last.digest)
                        && nobody_is_left_out(all.get(&last.digest), version, now)
                }
            };
            candidates
                .iter()
                .filter(follows)
                .find(|version| version.is_ready(now))
                .map(|version| (*version).clone())
        })
    }

    /// Whether the end of a version was seen.
    pub(crate) fn has_ended(&self, digest: &Digest) -> bool {
        self.read(|all| all.get(digest).is_some_and(|version| version.kept.ended))
    }

    /// The ids of all covenants.
    pub(crate) fn ids(&self) -> BTreeSet<CovenantId> {
        self.read(|all| all.values().map(|v| v.kept.covenant.clone()).collect())
    }

    /// Every organisation that is a party to a version here.
    pub(crate) fn parties(&self) -> BTreeSet<Oin> {
        self.read(|all| {
            let parties = all.values().flat_map(|v| v.covenant().parties().values());
            parties.map(|party| party.oin.clone()).collect()
        })
    }
}

/// A version names its own parties, and they alone sign it. So that nobody takes a covenant over by
/// leaving the others out, each party of the version before is a party of the next one as well,
/// under the same OIN, unless that version is over.
fn nobody_is_left_out(before: Option<&Version>, next: &Version, now: Timestamp) -> bool {
    let Some(before) = before.filter(|before| !before.is_over(now)) else {
        return true;
    };
    next.covenant().keeps_parties_of(before.covenant())
}

fn read_back(view: &BrokerView, mut version: Version) -> Result<Version, StoreError> {
    let digest = version.kept.digest;
    for kept in view.signed_over(&digest)? {
        let envelope = Envelope::parse(&kept.bytes);
        let signed = envelope.and_then(|envelope| {
            let signed = Signed::verify(&version.proposal, &envelope, kept.received_at)?;
            Ok((signed, envelope))
        });
        match signed {
            Ok((signed, envelope)) => {
                version.take(&signed, &envelope, kept.received_at);
            }
            Err(why) => tracing::error!(
                covenant = %version.kept.covenant, version = version.kept.number, %why,
                "what was signed over a version does not hold any more"
            ),
        }
    }
    for (party, at) in view.still_valid(&digest)? {
        version.standing.confirm(&party, at);
    }
    Ok(version)
}
