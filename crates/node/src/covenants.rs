//! The covenants that this party signed: read, verified with this party's own pins, and looked up.
//!
//! Nothing is done under a covenant that is not in force here and now, but what is owed: to data
//! subjects, and to who takes back what it let this party know ([`Answerable`]). What the broker says
//! of a covenant counts for nothing here: every file, signature and event is verified anew.

mod answerable;
mod epochs;
mod history;
mod loading;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use covenant::decide::Standing;
use covenant::signoff::{ActiveCovenant, Pins};
use covenant::{Covenant, Lang};
use identity::VerifyingKey;
use model::{CovenantId, Digest, KeyEpoch, Oin, PartyId, Timestamp};
use store::KeptVersion;

use crate::intake::Findings;
use crate::keys::{Epoch, LookUpEpoch};
use crate::refusal::{Reason, Refused};
use crate::versions::Carried;

pub use self::answerable::Answerable;

/// Every covenant of the settings, by id.
#[derive(Debug)]
pub struct Covenants {
    by_id: RwLock<BTreeMap<CovenantId, Carried>>,
    files: BTreeMap<Digest, Configured>,
    signing_keys: BTreeMap<PartyId, VerifyingKey>,
    pins: Pins,
    party: PartyId,
    oin: Oin,
}

/// A version as the settings gave it.
#[derive(Debug)]
struct Configured {
    bytes: Vec<u8>,
    envelopes: Vec<(Digest, Vec<u8>)>,
}

/// A covenant in force, with this party's keys of it.
#[derive(Debug, Clone)]
pub struct Active {
    covenant: ActiveCovenant,
    epochs: Arc<[Epoch]>,
    look_up_epochs: Arc<[LookUpEpoch]>,
}

impl Active {
    pub(crate) const fn new(
        covenant: ActiveCovenant,
        epochs: Arc<[Epoch]>,
        look_up_epochs: Arc<[LookUpEpoch]>,
    ) -> Self {
        Self {
            covenant,
            epochs,
            look_up_epochs,
        }
    }

    /// What the parties signed.
    #[must_use]
    pub const fn signed(&self) -> &ActiveCovenant {
        &self.covenant
    }

    /// What it says.
    #[must_use]
    pub fn covenant(&self) -> &Covenant {
        self.covenant.covenant()
    }

    /// The epochs of which this node has the key, oldest first.
    #[must_use]
    pub fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }

    /// The epochs that are over of which this node has the key for a desk's look-ups, oldest first.
    #[must_use]
    pub fn look_up_epochs(&self) -> &[LookUpEpoch] {
        &self.look_up_epochs
    }
}

impl Covenants {
    /// The ids of all of them.
    #[must_use]
    pub fn ids(&self) -> Vec<CovenantId> {
        self.read(|all| all.keys().cloned().collect())
    }

    /// This party.
    pub(crate) const fn party(&self) -> &PartyId {
        &self.party
    }

    pub(crate) const fn pins(&self) -> &Pins {
        &self.pins
    }

    /// The node signing key that this party pins for another.
    #[must_use]
    pub fn signing_key(&self, party: &PartyId) -> Option<&VerifyingKey> {
        self.signing_keys.get(party)
    }

    /// A covenant that is not over, suspended or not: what narrows is done under it still.
    #[must_use]
    pub fn carried(&self, id: &CovenantId, now: Timestamp) -> Option<Active> {
        self.look(id, now, |carried| {
            let version = carried.current()?;
            let covenant = version.covenant();
            let today = now.day();
            let in_time = covenant.valid_from() <= today && !version.is_over(now);
            carried.active.clone().filter(|_| in_time)
        })?
    }

    /// A covenant in force now.
    ///
    /// # Errors
    /// `COVENANT_UNKNOWN`, or `COVENANT_NOT_ACTIVE` with its dates and how it stands.
    pub fn active(&self, id: &CovenantId, now: Timestamp) -> Result<Active, Refused> {
        let active = self.carried(id, now);
        self.look(id, now, |carried| {
            let version = carried.current().ok_or(Reason::CovenantNotActive)?;
            let standing = &version.standing;
            let closed = standing.is_wholly_suspended(now) || standing.is_rejected();
            active.filter(|_| !closed).ok_or_else(|| {
                let status = version.status(now);
                let covenant = version.covenant();
                let en = format!(
                    "{} ({})",
                    Reason::CovenantNotActive.message_en(),
                    status.sentence(Lang::En)
                );
                let nl = format!(
                    "{} ({})",
                    Reason::CovenantNotActive.message_nl(),
                    status.sentence(Lang::Nl)
                );
                Refused::told(Reason::CovenantNotActive, &en, &nl)
                    .with("covenant", id)
                    .with("valid_from", covenant.valid_from())
                    .with("valid_until", covenant.valid_until())
            })
        })
        .ok_or(Reason::CovenantUnknown)?
    }

    /// The covenant in force that a field names.
    ///
    /// # Errors
    /// As [`Covenants::active`], with the field's path where the name is wrong.
    pub fn named(&self, text: &str, path: &str, now: Timestamp) -> Result<Active, Refused> {
        let mut found = Findings::default();
        let Some(id) = self.id_named(text, path, &mut found) else {
            return Err(found.into());
        };
        self.active(&id, now)
    }

    /// The id of a covenant of the settings.
    fn id_named(&self, text: &str, path: &str, found: &mut Findings) -> Option<CovenantId> {
        if text.is_empty() {
            found.required(path);
            return None;
        }
        let id = found.named(path, CovenantId::parse(text))?;
        if self.read(|all| !all.contains_key(&id)) {
            found.reason(path, Reason::CovenantUnknown);
            return None;
        }
        Some(id)
    }

    /// How a covenant stands by what this node knows.
    #[must_use]
    pub fn standing(&self, covenant: &Covenant) -> Standing {
        let known = self.read(|all| {
            let version = all.get(covenant.id())?.versions.get(&covenant.digest())?;
            Some(version.standing.clone())
        });
        known.unwrap_or_else(|| Standing::new(covenant))
    }

    /// Everything in force now.
    #[must_use]
    pub fn all_active(&self, now: Timestamp) -> Vec<Active> {
        let ids = self.ids();
        ids.iter()
            .filter_map(|id| self.active(id, now).ok())
            .collect()
    }

    /// Everything that is not over: in force, or suspended.
    #[must_use]
    pub fn all_carried(&self, now: Timestamp) -> Vec<Active> {
        let ids = self.ids();
        ids.iter().filter_map(|id| self.carried(id, now)).collect()
    }

    /// Everything that this node says is in force: not while the broker lacks an event by which
    /// this party narrowed it.
    #[must_use]
    pub fn confirmed(&self, now: Timestamp) -> Vec<Active> {
        let mut all = self.all_active(now);
        all.retain(|active| {
            let covenant = active.covenant();
            self.read(|all| {
                let version = all
                    .get(covenant.id())
                    .and_then(|carried| carried.versions.get(&covenant.digest()));
                version.is_some_and(|version| version.to_forward().next().is_none())
            })
        });
        all
    }

    /// Covenants that are not in force now, for health.
    #[must_use]
    pub fn inactive(&self, now: Timestamp) -> Vec<CovenantId> {
        let mut ids = self.ids();
        ids.retain(|id| self.active(id, now).is_err());
        ids
    }

    /// Covenants that are over for good.
    #[must_use]
    pub fn over(&self, now: Timestamp) -> Vec<CovenantId> {
        self.read(|all| {
            all.iter()
                .filter(|(_, carried)| carried.current().is_some_and(|v| v.is_over(now)))
                .map(|(id, _)| id.clone())
                .collect()
        })
    }

    /// Whether any version of a covenant ever was in force here: only then something was told.
    pub(crate) fn was_in_force(&self, id: &CovenantId) -> bool {
        self.read(|all| all.get(id).is_some_and(|carried| carried.last.is_some()))
    }

    /// The epochs of a covenant of which this node has the key, whether or not it is in force.
    #[must_use]
    pub fn epochs(&self, id: &CovenantId) -> Vec<KeyEpoch> {
        self.read(|all| {
            let epochs = all.get(id).map(|carried| carried.epochs.iter());
            epochs.into_iter().flatten().map(Epoch::number).collect()
        })
    }

    /// The versions of a covenant that this node verified, in force or not.
    #[must_use]
    pub fn digests(&self, id: &CovenantId) -> BTreeSet<Digest> {
        self.read(|all| {
            let versions = all.get(id).map(|carried| carried.versions.keys());
            versions.into_iter().flatten().copied().collect()
        })
    }

    /// Covenants in force of which this node has no key, for health.
    #[must_use]
    pub fn without_key(&self, now: Timestamp) -> Vec<CovenantId> {
        let without = |active: &Active| active.epochs().is_empty();
        let all = self.all_active(now);
        all.iter()
            .filter(|a| without(a))
            .map(|a| a.covenant().id().clone())
            .collect()
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&BTreeMap<CovenantId, Carried>) -> T) -> T {
        look(&self.by_id.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn write<T>(
        &self,
        change: impl FnOnce(&mut BTreeMap<CovenantId, Carried>) -> T,
    ) -> T {
        change(&mut self.by_id.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at a covenant; its first day may have come meanwhile.
    fn look<T>(
        &self,
        id: &CovenantId,
        now: Timestamp,
        look: impl FnOnce(&Carried) -> T,
    ) -> Option<T> {
        let waits = self.read(|all| all.get(id).is_some_and(|carried| carried.active.is_none()));
        if waits {
            self.write(|all| {
                if let Some(carried) = all.get_mut(id) {
                    carried.follow(now);
                }
            });
        }
        self.read(|all| all.get(id).map(look))
    }
}

/// A version as the store keeps it.
pub(crate) fn kept(covenant: &Covenant, now: Timestamp) -> KeptVersion {
    KeptVersion {
        covenant: covenant.id().clone(),
        number: covenant.version(),
        digest: covenant.digest(),
        proposed_by: None,
        received_at: now,
        ended: false,
    }
}
