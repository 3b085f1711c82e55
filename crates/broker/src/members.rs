//! Who takes part: the covenants that are in force here, their parties, and the keys that this
//! broker pins for them.
//!
//! A party is known by the OIN in its certificate and by nothing that it says of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context as _;
use covenant::signoff::ActiveCovenant;
use identity::VerifyingKey;
use model::{CovenantId, Oin, PartyId};
use wire::header::Header;
use wire::reason::Reason;

use crate::config::PinConfig;
use crate::refusal::Refused;

/// The covenants in force here, and the keys of their parties. Another version makes another one
/// of these; who holds one sees one state of affairs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members {
    covenants: BTreeMap<CovenantId, Arc<ActiveCovenant>>,
    keys: BTreeMap<PartyId, VerifyingKey>,
    parties: BTreeSet<Oin>,
}

/// A party that a certificate and a covenant agree on.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// The covenant.
    pub(crate) covenant: Arc<ActiveCovenant>,
    /// The party in it.
    pub(crate) party: PartyId,
    /// Its OIN.
    pub(crate) oin: Oin,
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

    /// The same with other covenants in force, and with everybody who is party to any version.
    #[must_use]
    pub(crate) fn with(
        &self,
        covenants: BTreeMap<CovenantId, Arc<ActiveCovenant>>,
        parties: BTreeSet<Oin>,
    ) -> Self {
        Self {
            covenants,
            keys: self.keys.clone(),
            parties,
        }
    }

    /// Every covenant.
    pub(crate) fn covenants(&self) -> impl Iterator<Item = &Arc<ActiveCovenant>> {
        self.covenants.values()
    }

    /// The version of a covenant that is in force, or was the last to be.
    #[must_use]
    pub(crate) fn covenant(&self, id: &CovenantId) -> Option<&Arc<ActiveCovenant>> {
        self.covenants.get(id)
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
        for covenant in self.covenants.values() {
            let party = covenant.covenant().party_by_oin(oin);
            if let Some(key) = party.and_then(|party| self.keys.get(&party.id))
                && !keys.contains(key)
            {
                keys.push(*key);
            }
        }
        keys
    }

    /// Admits what an organisation signed: the covenant is carried here, the organisation is a
    /// party to it under the name that it gave, and works by the same file.
    ///
    /// # Errors
    /// [`Refused`] with the reason.
    pub(crate) fn admit(&self, oin: &Oin, header: &Header) -> Result<Member, Refused> {
        let covenant = self
            .covenants
            .get(&header.covenant)
            .ok_or_else(|| Refused::at(Reason::CovenantUnknown, "header.covenant_id"))?;
        let party = covenant
            .covenant()
            .party_by_oin(oin)
            .ok_or_else(|| Refused::from(Reason::NotAParty))?;
        if party.id != header.party {
            return Err(Refused::at(Reason::PartyNotYours, "header.party"));
        }
        if covenant.covenant().digest() != header.covenant_digest {
            return Err(Refused::at(
                Reason::CovenantDiffers,
                "header.covenant_digest",
            ));
        }
        Ok(Member {
            covenant: Arc::clone(covenant),
            party: party.id.clone(),
            oin: oin.clone(),
        })
    }
}
