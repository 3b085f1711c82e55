//! Who takes part: the covenants that are in force here, their parties, and the keys that this
//! broker pins for them.
//!
//! A party is known by the OIN in its certificate and by nothing that it says of itself. A covenant
//! that is over is of another type than one in force: what decides, compares or takes signals can't
//! be handed one by mistake.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context as _;
use covenant::Covenant;
use covenant::signoff::{ActiveCovenant, Proposal};
use identity::VerifyingKey;
use model::{CovenantId, Digest, Oin, PartyId};
use wire::header::Header;
use wire::reason::Reason;

use crate::config::PinConfig;
use crate::refusal::Refused;

/// The covenants in force here, those that are over, and the keys of their parties. Another version
/// makes another one of these; who holds one sees one state of affairs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members {
    covenants: BTreeMap<CovenantId, Arc<ActiveCovenant>>,
    over: BTreeMap<CovenantId, Over>,
    /// Versions that were over when another one, of other parties perhaps, took their place.
    left_behind: BTreeMap<Digest, Over>,
    keys: BTreeMap<PartyId, VerifyingKey>,
    parties: BTreeSet<Oin>,
}

/// A covenant that was in force here and is over. It is known for what outlives it and for nothing
/// else: the rights of data subjects, recalls, and the log that tells of it.
#[derive(Debug, Clone)]
pub(crate) struct Over(Proposal);

impl Over {
    /// What is left of a covenant after its end.
    pub(crate) fn after(active: &ActiveCovenant) -> Self {
        Self(active.proposal().clone())
    }

    /// What the parties signed.
    pub(crate) fn covenant(&self) -> &Covenant {
        self.0.covenant()
    }
}

/// A party that a certificate and a covenant in force agree on.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// The covenant.
    pub(crate) covenant: Arc<ActiveCovenant>,
    /// The party in it.
    pub(crate) party: PartyId,
    /// Its OIN.
    pub(crate) oin: Oin,
}

/// A party of a covenant that is in force or over: it answers to data subjects for what was done
/// under it, and takes back what it let others know. Nothing is disclosed to anybody else by it.
#[derive(Debug, Clone)]
pub(crate) struct Answerable {
    version: Proposal,
    /// The party in it.
    pub(crate) party: PartyId,
    /// Its OIN.
    pub(crate) oin: Oin,
}

impl Answerable {
    /// What the parties signed.
    pub(crate) fn covenant(&self) -> &Covenant {
        self.version.covenant()
    }
}

impl Members {
    /// Nobody yet, with the node signing keys of the settings.
    ///
    /// # Errors
    /// Names the setting.
    pub(crate) fn pinned(pins: &BTreeMap<String, PinConfig>) -> anyhow::Result<Self> {
        let mut keys = BTreeMap::new();
        for (party, pin) in pins {
            let party = PartyId::parse(party).context("pins")?;
            let key = VerifyingKey::parse(&pin.node_signing)
                .with_context(|| format!("pins.{party}.node_signing"))?;
            keys.insert(party, key);
        }
        Ok(Self {
            keys,
            ..Self::default()
        })
    }

    /// The same with other covenants in force and over, and with everybody who is party to any
    /// version.
    #[must_use]
    pub(crate) fn with(
        &self,
        covenants: BTreeMap<CovenantId, Arc<ActiveCovenant>>,
        over: BTreeMap<CovenantId, Over>,
        left_behind: BTreeMap<Digest, Over>,
        parties: BTreeSet<Oin>,
    ) -> Self {
        Self {
            covenants,
            over,
            left_behind,
            keys: self.keys.clone(),
            parties,
        }
    }

    /// Every covenant in force.
    pub(crate) fn covenants(&self) -> impl Iterator<Item = &Arc<ActiveCovenant>> {
        self.covenants.values()
    }

    /// What every covenant says by the version that is in force here, or was the last to be: for what
    /// the log tells of it.
    pub(crate) fn known(&self) -> impl Iterator<Item = &Covenant> {
        let in_force = self.covenants.values().map(|active| active.covenant());
        in_force.chain(self.over.values().map(Over::covenant))
    }

    /// The same with every version by which somebody answers who is party to no later one.
    pub(crate) fn answered_for(&self) -> impl Iterator<Item = &Covenant> {
        self.known()
            .chain(self.left_behind.values().map(Over::covenant))
    }

    /// A version that was over when another one took its place.
    #[must_use]
    pub(crate) fn left_behind(&self, version: &Digest) -> Option<&Over> {
        self.left_behind.get(version)
    }

    /// What the version of a covenant says that an organisation answers by: the newest one to which it
    /// is party, and for everybody else the newest of all.
    #[must_use]
    pub(crate) fn newest_for(&self, id: &CovenantId, oin: &Oin) -> Option<&Covenant> {
        let is_party = |covenant: &&Covenant| covenant.party_by_oin(oin).is_some();
        let newest = self.last_known(id);
        let left = self.left_behind.values().map(Over::covenant);
        let left = left.filter(|covenant| covenant.id() == id).filter(is_party);
        newest
            .filter(is_party)
            .or_else(|| left.max_by_key(|covenant| covenant.version()))
            .or(newest)
    }

    /// The version of a covenant that is in force.
    #[must_use]
    pub(crate) fn covenant(&self, id: &CovenantId) -> Option<&Arc<ActiveCovenant>> {
        self.covenants.get(id)
    }

    /// The version of a covenant that was the last in force, where it is over.
    #[must_use]
    pub(crate) fn over(&self, id: &CovenantId) -> Option<&Over> {
        self.over.get(id)
    }

    /// What the version of a covenant says that is in force, or was the last to be.
    #[must_use]
    pub(crate) fn last_known(&self, id: &CovenantId) -> Option<&Covenant> {
        self.last_version(id).map(Proposal::covenant)
    }

    fn last_version(&self, id: &CovenantId) -> Option<&Proposal> {
        let in_force = self.covenant(id).map(|active| active.proposal());
        in_force.or_else(|| self.over(id).map(|over| &over.0))
    }

    /// Whether an organisation is a party to any version of a covenant here.
    #[must_use]
    pub(crate) fn is_party(&self, oin: &Oin) -> bool {
        self.parties.contains(oin)
    }

    /// The pinned node signing keys that may speak for an organisation: one, unless covenants name
    /// it differently.
    #[must_use]
    pub(crate) fn signing_keys(&self, oin: &Oin) -> Vec<VerifyingKey> {
        let mut keys: Vec<VerifyingKey> = Vec::new();
        for covenant in self.answered_for() {
            let party = covenant.party_by_oin(oin);
            if let Some(key) = party.and_then(|party| self.keys.get(&party.id))
                && !keys.contains(key)
            {
                keys.push(*key);
            }
        }
        keys
    }

    /// Admits what an organisation signed: the covenant is in force here, the organisation is a
    /// party to it under the name that it gave, and works by the same file.
    ///
    /// # Errors
    /// [`Refused`] with the reason.
    pub(crate) fn admit(&self, oin: &Oin, header: &Header) -> Result<Member, Refused> {
        let Some(active) = self.covenant(&header.covenant) else {
            let reason = match self.over(&header.covenant) {
                Some(_) => Reason::CovenantNotActive,
                None => Reason::CovenantUnknown,
            };
            return Err(Refused::at(reason, "header.covenant_id"));
        };
        Ok(Member {
            party: party_of(active.covenant(), oin, header)?,
            covenant: Arc::clone(active),
            oin: oin.clone(),
        })
    }

    /// Admits what an organisation signed about a right or a recall: as [`Members::admit`], also
    /// where the covenant is over, and by a version that was over before one came without it.
    ///
    /// # Errors
    /// [`Refused`] with the reason.
    pub(crate) fn admit_to_answer(
        &self,
        oin: &Oin,
        header: &Header,
    ) -> Result<Answerable, Refused> {
        let version = self
            .last_version(&header.covenant)
            .ok_or_else(|| Refused::at(Reason::CovenantUnknown, "header.covenant_id"))?;
        let left = self
            .left_behind(&header.covenant_digest)
            .map(|over| &over.0);
        let version = left
            .filter(|left| left.covenant().id() == &header.covenant)
            .filter(|_| version.covenant().party_by_oin(oin).is_none())
            .unwrap_or(version);
        Ok(Answerable {
            party: party_of(version.covenant(), oin, header)?,
            version: version.clone(),
            oin: oin.clone(),
        })
    }
}

/// The name of an organisation in a covenant, where it gave that name and works by that file.
fn party_of(covenant: &Covenant, oin: &Oin, header: &Header) -> Result<PartyId, Refused> {
    let party = covenant
        .party_by_oin(oin)
        .ok_or_else(|| Refused::from(Reason::NotAParty))?;
    if party.id != header.party {
        return Err(Refused::at(Reason::PartyNotYours, "header.party"));
    }
    if covenant.digest() != header.covenant_digest {
        return Err(Refused::at(
            Reason::CovenantDiffers,
            "header.covenant_digest",
        ));
    }
    Ok(party.id.clone())
}
