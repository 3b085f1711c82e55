//! Who takes part: the covenants that this broker carries, their parties, and the keys that it
//! pins for them.
//!
//! A party is known by the OIN in its certificate and by nothing that it says of itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use covenant::signoff::{ActiveCovenant, Envelope, History, PartyPins, Pins};
use identity::VerifyingKey;
use model::{CovenantId, Oin, PartyId, Timestamp};
use store::{BrokerStore, CovenantFile};
use wire::header::Header;
use wire::reason::Reason;

use crate::config::{Config, PinConfig};
use crate::refusal::Refused;

/// The covenants in force here, and the keys of their parties.
#[derive(Debug)]
pub(crate) struct Members {
    covenants: BTreeMap<CovenantId, Arc<ActiveCovenant>>,
    keys: BTreeMap<PartyId, VerifyingKey>,
    files: BTreeMap<CovenantId, CovenantFile>,
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
    /// Loads every covenant of the settings. One that can't be verified stops the broker: it must
    /// not run with fewer covenants than its operator wrote down.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub(crate) fn load(config: &Config, now: Timestamp) -> anyhow::Result<Self> {
        let pins = pins(&config.pins)?;
        let mut keys = BTreeMap::new();
        for (party, pin) in &config.pins {
            let party = PartyId::parse(party).context("pins")?;
            let key = VerifyingKey::parse(&pin.node_signing)
                .with_context(|| format!("pins.{party}.node_signing"))?;
            keys.insert(party, key);
        }
        let mut covenants = BTreeMap::new();
        let mut files = BTreeMap::new();
        for entry in &config.covenants {
            let file = entry.file.display();
            let bytes = std::fs::read(&entry.file).with_context(|| format!("read {file}"))?;
            let mut envelopes = Vec::new();
            let mut texts = Vec::new();
            for path in &entry.signatures {
                let text = std::fs::read(path)
                    .with_context(|| format!("read the signature {}", path.display()))?;
                let envelope = Envelope::parse(&text)
                    .with_context(|| format!("the signature {}", path.display()))?;
                envelopes.push(envelope);
                texts.push(text);
            }
            let active = covenant::signoff::verify(&bytes, &envelopes, &pins, None, now)
                .with_context(|| format!("{file} is not in force here"))?;
            let id = active.covenant().id().clone();
            tracing::info!(covenant = %id, version = active.covenant().version(), "covenant loaded");
            files.insert(
                id.clone(),
                CovenantFile {
                    bytes,
                    envelopes: texts,
                },
            );
            let twice = covenants.insert(id.clone(), Arc::new(active)).is_some();
            anyhow::ensure!(
                !twice,
                "covenant {id} is configured twice: keep one version"
            );
        }
        Ok(Self {
            covenants,
            keys,
            files,
        })
    }

    /// Holds every covenant against the versions that were in force before: an older one, or
    /// another one of the same number, does not come back, and a newer one names the one before it.
    ///
    /// # Errors
    /// Names the covenant and what does not follow.
    pub(crate) fn continue_history(
        &self,
        config: &Config,
        store: &BrokerStore,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let pins = pins(&config.pins)?;
        for (id, file) in &self.files {
            let past = store.read(|view| view.covenant_history(id))?;
            let Some(last) = past.last() else { continue };
            let active = self
                .covenants
                .get(id)
                .context("a covenant that was loaded")?;
            if last.digest == active.covenant().digest() {
                continue;
            }
            let history = History {
                covenant: id.clone(),
                version: last.version,
                digest: last.digest,
            };
            let envelopes = file
                .envelopes
                .iter()
                .map(|text| Envelope::parse(text))
                .collect::<Result<Vec<_>, _>>()?;
            covenant::signoff::verify(&file.bytes, &envelopes, &pins, Some(&history), now)
                .with_context(|| format!("covenant {id} does not follow the version before it"))?;
        }
        Ok(())
    }

    /// Every covenant.
    pub(crate) fn covenants(&self) -> impl Iterator<Item = &Arc<ActiveCovenant>> {
        self.covenants.values()
    }

    /// A covenant's file with its signatures, as they were read.
    #[must_use]
    pub(crate) fn file(&self, id: &CovenantId) -> Option<&CovenantFile> {
        self.files.get(id)
    }

    /// Whether an organisation is a party to any covenant here.
    #[must_use]
    pub(crate) fn is_party(&self, oin: &Oin) -> bool {
        self.covenants
            .values()
            .any(|c| c.covenant().party_by_oin(oin).is_some())
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

/// The keys that this process pins, by party.
fn pins(config: &BTreeMap<String, PinConfig>) -> anyhow::Result<Pins> {
    config
        .iter()
        .map(|(party, pin)| {
            let party = PartyId::parse(party).context("pins")?;
            let key = |text: &str, name: &str| -> anyhow::Result<[u8; 32]> {
                let key =
                    VerifyingKey::parse(text).with_context(|| format!("pins.{party}.{name}"))?;
                Ok(key.to_bytes())
            };
            let keys = PartyPins {
                signer: key(&pin.signer, "signer")?,
                emergency: pin
                    .emergency
                    .iter()
                    .map(|text| key(text, "emergency"))
                    .collect::<Result<_, _>>()?,
                node_signing: Some(key(&pin.node_signing, "node_signing")?),
            };
            Ok((party, keys))
        })
        .collect()
}
