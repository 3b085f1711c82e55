//! The covenants that this party signed: read, verified with this party's own pins, and looked up.
//!
//! Nothing is done under a covenant that is not in force here and now. What the broker says of a
//! covenant counts for nothing here: every file, signature and event is verified anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context as _, Result, ensure};
use covenant::decide::Standing;
use covenant::signoff::{
    ActiveCovenant, Envelope, History, PartyPins, Pins, SignoffError, propose,
};
use covenant::{Covenant, Lang};
use identity::VerifyingKey;
use model::{CovenantId, Digest, KeyEpoch, Oin, PartyId, Timestamp};
use store::{KeptVersion, NodeStore, NodeTx, StoreError};

use crate::config::{Config, CovenantConfig, PinConfig};
use crate::intake::Findings;
use crate::keys::{Epoch, Expected, Keys};
use crate::refusal::{Reason, Refused};
use crate::versions::{Carried, Signed, Version};

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
}

impl Active {
    pub(crate) const fn new(covenant: ActiveCovenant, epochs: Arc<[Epoch]>) -> Self {
        Self { covenant, epochs }
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
}

impl Covenants {
    /// Reads and verifies every covenant of the settings. One that is not valid *yet*, or no
    /// longer, is kept and refused openly; anything else that is wrong stops the node.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn load(config: &Config, keys: &Keys, now: Timestamp) -> Result<Self> {
        let mut covenants = Self {
            by_id: RwLock::default(),
            files: BTreeMap::new(),
            signing_keys: BTreeMap::new(),
            pins: pins(&config.pins)?,
            party: PartyId::parse(&config.party).context("party")?,
            oin: Oin::parse(&config.oin).context("oin")?,
        };
        let mut by_id = BTreeMap::new();
        for entry in &config.covenants {
            let file = entry.file.display();
            let (id, carried) = covenants
                .load_one(entry, keys, now)
                .with_context(|| format!("{file}"))?;
            let twice = by_id.insert(id.clone(), carried).is_some();
            ensure!(
                !twice,
                "covenant {id} is configured twice: keep one version"
            );
        }
        covenants.by_id = RwLock::new(by_id);
        for (party, pin) in &config.pins {
            if let Some(text) = &pin.node_signing {
                let key = VerifyingKey::parse(text)
                    .with_context(|| format!("pins.{party}.node_signing"))?;
                let party = PartyId::parse(party).context("pins")?;
                covenants.signing_keys.insert(party, key);
            }
        }
        Ok(covenants)
    }

    fn load_one(
        &mut self,
        entry: &CovenantConfig,
        keys: &Keys,
        now: Timestamp,
    ) -> Result<(CovenantId, Carried)> {
        let bytes = std::fs::read(&entry.file).context("read the covenant")?;
        let proposal = propose(&bytes, &self.pins, None).context("it is not in force here")?;
        let covenant = proposal.covenant();
        self.names_us(covenant)?;
        let (id, digest) = (covenant.id().clone(), covenant.digest());
        let epochs = epochs(entry, covenant, &self.party, keys)?;
        let mut version = Version::new(kept(covenant, now), proposal);
        let mut envelopes = Vec::new();
        for path in &entry.signatures {
            let file = path.display();
            let text = std::fs::read(path).with_context(|| format!("read the signature {file}"))?;
            let envelope =
                Envelope::parse(&text).with_context(|| format!("the signature {file}"))?;
            let signed = Signed::verify(&version.proposal, &envelope, now)
                .with_context(|| format!("the signature {file}: it is not in force here"))?;
            version.take(&self.party, &signed, &envelope, now);
            envelopes.push((signed.id(), text));
        }
        match version.activate(now) {
            Ok(_) => {}
            Err(why @ (SignoffError::NotYetValid | SignoffError::Expired)) => {
                tracing::warn!(covenant = %id, %why, "the covenant is not in force");
            }
            Err(why) => return Err(why).context("it is not in force here"),
        }
        self.files.insert(digest, Configured { bytes, envelopes });
        let mut carried = Carried {
            versions: BTreeMap::from([(digest, version)]),
            last: None,
            active: None,
            epochs: epochs.into(),
        };
        carried.follow(now);
        Ok((id, carried))
    }

    /// Holds the settings against what was in force here before, and takes up what came since: an
    /// older version, or another one of the same number, does not come back.
    ///
    /// # Errors
    /// Names the covenant that does not follow; or when the store fails.
    pub async fn recall(&self, store: &NodeStore, now: Timestamp) -> Result<()> {
        let ids = self.ids();
        for id in &ids {
            self.follows_on_history(store, id)?;
        }
        let read = store.read(|view| {
            let mut all = Vec::new();
            for kept in view.versions()? {
                let file = view.version_file(&kept.digest)?.unwrap_or_default();
                let over = view.signed_over(&kept.digest)?;
                all.push((kept, file, over));
            }
            Ok::<_, StoreError>(all)
        })?;
        let mut histories = BTreeMap::new();
        for id in &ids {
            let history = store.read(|view| view.covenant_history(id))?;
            histories.extend(history.last().map(|last| (id.clone(), last.clone())));
        }
        self.write(|all| {
            for (kept, file, over) in read {
                let Some(carried) = all.get_mut(&kept.covenant) else {
                    continue;
                };
                let Ok(proposal) = propose(&file, &self.pins, None) else {
                    tracing::error!(covenant = %kept.covenant, version = kept.number, "a version that was kept does not hold any more");
                    continue;
                };
                let digest = kept.digest;
                let version = carried
                    .versions
                    .entry(digest)
                    .or_insert_with(|| Version::new(kept, proposal));
                for one in over {
                    let Ok(envelope) = Envelope::parse(&one.bytes) else {
                        continue;
                    };
                    match Signed::verify(&version.proposal, &envelope, one.received_at) {
                        Ok(signed) => {
                            version.take(&self.party, &signed, &envelope, one.received_at);
                        }
                        Err(why) => tracing::error!(covenant = %version.kept.covenant, %why, "what was signed over a version does not hold any more"),
                    }
                }
            }
            for (id, carried) in all.iter_mut() {
                if let Some(last) = histories.remove(id) {
                    // What the settings hold may be older than what has come since.
                    if carried.last.as_ref().is_none_or(|own| own.version <= last.version) {
                        carried.last = Some(last);
                        carried.active = None;
                    }
                }
                carried.follow(now);
            }
        });
        self.keep(store, now).await?;
        Ok(())
    }

    /// The version of the settings is one that was in force here, or follows on the last one.
    fn follows_on_history(&self, store: &NodeStore, id: &CovenantId) -> Result<()> {
        let past = store.read(|view| view.covenant_history(id))?;
        let Some(last) = past.last() else {
            return Ok(());
        };
        let history = History {
            covenant: id.clone(),
            version: last.version,
            digest: last.digest,
        };
        for (digest, configured) in &self.files {
            let is_of = self.read(|all| {
                all.get(id)
                    .is_some_and(|carried| carried.versions.contains_key(digest))
            });
            if !is_of || past.iter().any(|version| version.digest == *digest) {
                continue;
            }
            propose(&configured.bytes, &self.pins, Some(&history))
                .with_context(|| format!("covenant {id} does not follow the version before it"))?;
        }
        Ok(())
    }

    /// Makes durable what is known and in force.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn keep(&self, store: &NodeStore, now: Timestamp) -> Result<(), StoreError> {
        let mut configured = Vec::new();
        let mut last = Vec::new();
        self.read(|all| {
            for (id, carried) in all {
                last.extend(carried.last.clone().map(|last| (id.clone(), last)));
                for version in carried.versions.values() {
                    if let Some(files) = self.files.get(&version.kept.digest) {
                        let envelopes = files.envelopes.clone();
                        configured.push((version.kept.clone(), files.bytes.clone(), envelopes));
                    }
                }
            }
        });
        let known = store.read(|view| {
            let mut known = BTreeSet::new();
            for kept in view.versions()? {
                known.insert(kept.digest);
            }
            for (id, last) in &last {
                let history = view.covenant_history(id)?;
                if history
                    .last()
                    .is_some_and(|kept| kept.digest == last.digest)
                {
                    known.insert(last.digest);
                } else {
                    known.remove(&last.digest);
                }
            }
            Ok::<_, StoreError>(known)
        })?;
        configured.retain(|(kept, _, _)| !known.contains(&kept.digest));
        last.retain(|(_, last)| !known.contains(&last.digest));
        if configured.is_empty() && last.is_empty() {
            return Ok(());
        }
        store
            .write(move |tx: &mut NodeTx| {
                for (kept, file, envelopes) in configured {
                    tx.put_version(&kept, &file)?;
                    for (id, bytes) in envelopes {
                        tx.put_signed_over(&kept.digest, id, now, &bytes)?;
                    }
                }
                for (id, version) in last {
                    tx.put_active_version(&id, &version)?;
                }
                Ok::<_, StoreError>(())
            })
            .await
    }

    /// A covenant must name this party by the OIN of the settings.
    pub(crate) fn names_us(&self, covenant: &Covenant) -> Result<()> {
        let party = &self.party;
        let own = covenant
            .party(party)
            .with_context(|| format!("it does not name party {party}"))?;
        ensure!(
            own.oin == self.oin,
            "it gives party {party} another oin than the settings do"
        );
        Ok(())
    }

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
        if text.is_empty() {
            found.required(path);
            return Err(found.into());
        }
        let Some(id) = found.named(path, CovenantId::parse(text)) else {
            return Err(found.into());
        };
        if self.read(|all| !all.contains_key(&id)) {
            found.reason(path, Reason::CovenantUnknown);
            return Err(found.into());
        }
        self.active(&id, now)
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
                version.is_some_and(|version| version.to_forward.is_empty())
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

    /// Covenants that are over for good, with the epochs of which this node has the key.
    #[must_use]
    pub fn over(&self, now: Timestamp) -> Vec<(CovenantId, Vec<KeyEpoch>)> {
        self.read(|all| {
            all.iter()
                .filter(|(_, carried)| carried.current().is_some_and(|v| v.is_over(now)))
                .map(|(id, carried)| {
                    let epochs = carried.epochs.iter().map(Epoch::number).collect();
                    (id.clone(), epochs)
                })
                .collect()
        })
    }

    /// The epochs of a covenant of which this node has the key, whether or not it is in force.
    #[must_use]
    pub fn epochs(&self, id: &CovenantId) -> Vec<KeyEpoch> {
        self.read(|all| {
            let epochs = all.get(id).map(|carried| carried.epochs.iter());
            epochs.into_iter().flatten().map(Epoch::number).collect()
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

fn epochs(
    entry: &CovenantConfig,
    covenant: &Covenant,
    party: &PartyId,
    keys: &Keys,
) -> Result<Vec<Epoch>> {
    let expected = Expected {
        covenant: covenant.id(),
        digest: covenant.digest(),
        match_keys: covenant.match_keys(),
        party,
    };
    let mut epochs = Vec::new();
    for key in &entry.keys {
        epochs.push(Epoch::read(key, expected, keys)?);
    }
    epochs.sort_by_key(Epoch::number);
    let doubled = epochs
        .windows(2)
        .any(|w| matches!(w, [a, b] if a.number() == b.number()));
    ensure!(
        !doubled,
        "an epoch is given twice; keep one key file per epoch"
    );
    Ok(epochs)
}

/// The keys as this party knows them.
fn pins(config: &BTreeMap<String, PinConfig>) -> Result<Pins> {
    let mut pins = Pins::new();
    for (party, pin) in config {
        let key = |text: &str, name: &str| {
            let key = VerifyingKey::parse(text).with_context(|| format!("pins.{party}.{name}"))?;
            Ok::<_, anyhow::Error>(key.to_bytes())
        };
        let emergency = pin.emergency.iter().map(|text| key(text, "emergency"));
        let keys = PartyPins {
            signer: key(&pin.signer, "signer")?,
            emergency: emergency.collect::<Result<_>>()?,
            node_signing: match &pin.node_signing {
                Some(text) => Some(key(text, "node_signing")?),
                None => None,
            },
        };
        pins.insert(PartyId::parse(party).context("pins")?, keys);
    }
    Ok(pins)
}
