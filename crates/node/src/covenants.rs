//! The covenants that this party signed: read, verified with this party's own pins, and looked up.
//!
//! Nothing is done under a covenant that is not in force here and now.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context as _, Result, ensure};
use covenant::Covenant;
use covenant::signoff::{ActiveCovenant, Envelope, PartyPins, Pins, SignoffError, verify};
use identity::VerifyingKey;
use model::{CovenantId, Day, KeyEpoch, Oin, PartyId, Timestamp};

use crate::config::{Config, CovenantConfig, PinConfig};
use crate::intake::Findings;
use crate::keys::{Epoch, Expected, Keys};
use crate::refusal::{Reason, Refused};

/// Every covenant of the settings, by id.
#[derive(Debug, Default)]
pub struct Covenants {
    by_id: BTreeMap<CovenantId, Loaded>,
    signing_keys: BTreeMap<PartyId, VerifyingKey>,
}

#[derive(Debug)]
struct Loaded {
    bytes: Vec<u8>,
    envelopes: Vec<Envelope>,
    pins: Arc<Pins>,
    valid: (Day, Day),
    active: RwLock<Option<Active>>,
    epochs: Arc<[Epoch]>,
}

/// A covenant in force, with this party's keys of it.
#[derive(Debug, Clone)]
pub struct Active {
    covenant: ActiveCovenant,
    epochs: Arc<[Epoch]>,
}

impl Active {
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
        let party = PartyId::parse(&config.party).context("party")?;
        let oin = Oin::parse(&config.oin).context("oin")?;
        let pins = Arc::new(pins(&config.pins)?);
        let mut by_id = BTreeMap::new();
        for entry in &config.covenants {
            let file = entry.file.display();
            let (id, loaded) = load_one(entry, &party, &oin, &pins, keys, now)
                .with_context(|| format!("{file}"))?;
            let twice = by_id.insert(id.clone(), loaded).is_some();
            ensure!(
                !twice,
                "covenant {id} is configured twice: keep one version"
            );
        }
        let mut signing_keys = BTreeMap::new();
        for (party, pin) in &config.pins {
            if let Some(text) = &pin.node_signing {
                let key = VerifyingKey::parse(text)
                    .with_context(|| format!("pins.{party}.node_signing"))?;
                signing_keys.insert(PartyId::parse(party).context("pins")?, key);
            }
        }
        Ok(Self {
            by_id,
            signing_keys,
        })
    }

    /// The ids of all of them.
    pub fn ids(&self) -> impl Iterator<Item = &CovenantId> {
        self.by_id.keys()
    }

    /// The node signing key that this party pins for another.
    #[must_use]
    pub fn signing_key(&self, party: &PartyId) -> Option<&VerifyingKey> {
        self.signing_keys.get(party)
    }

    /// A covenant in force now.
    ///
    /// # Errors
    /// `COVENANT_UNKNOWN`, or `COVENANT_NOT_ACTIVE` with its dates.
    pub fn active(&self, id: &CovenantId, now: Timestamp) -> Result<Active, Refused> {
        let loaded = self.by_id.get(id).ok_or(Reason::CovenantUnknown)?;
        let today = now.day();
        let (from, until) = loaded.valid;
        let active = loaded
            .current(now)
            .filter(|_| from <= today && today < until);
        active.ok_or_else(|| {
            Refused::from(Reason::CovenantNotActive)
                .with("covenant", id)
                .with("valid_from", from)
                .with("valid_until", until)
        })
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
        if !self.by_id.contains_key(&id) {
            found.reason(path, Reason::CovenantUnknown);
            return Err(found.into());
        }
        self.active(&id, now)
    }

    /// Everything in force now.
    #[must_use]
    pub fn all_active(&self, now: Timestamp) -> Vec<Active> {
        self.by_id
            .keys()
            .filter_map(|id| self.active(id, now).ok())
            .collect()
    }

    /// Covenants that are not in force now, for health.
    #[must_use]
    pub fn inactive(&self, now: Timestamp) -> Vec<&CovenantId> {
        self.by_id
            .keys()
            .filter(|id| self.active(id, now).is_err())
            .collect()
    }

    /// Covenants that are over for good, with the epochs of which this node has the key.
    #[must_use]
    pub fn over(&self, now: Timestamp) -> Vec<(CovenantId, Vec<KeyEpoch>)> {
        let today = now.day();
        self.by_id
            .iter()
            .filter(|(_, loaded)| loaded.valid.1 <= today)
            .map(|(id, loaded)| {
                (
                    id.clone(),
                    loaded.epochs.iter().map(Epoch::number).collect(),
                )
            })
            .collect()
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
}

impl Loaded {
    /// As verified; verified now when its first day has come meanwhile.
    fn current(&self, now: Timestamp) -> Option<Active> {
        let known = self
            .active
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if known.is_some() || now.day() < self.valid.0 {
            return known;
        }
        self.verify(now).ok()
    }

    fn verify(&self, now: Timestamp) -> Result<Active, SignoffError> {
        let active = Active {
            covenant: verify(&self.bytes, &self.envelopes, &self.pins, None, now)?,
            epochs: Arc::clone(&self.epochs),
        };
        let mut place = self.active.write().unwrap_or_else(PoisonError::into_inner);
        *place = Some(active.clone());
        Ok(active)
    }
}

fn load_one(
    entry: &CovenantConfig,
    party: &PartyId,
    oin: &Oin,
    pins: &Arc<Pins>,
    keys: &Keys,
    now: Timestamp,
) -> Result<(CovenantId, Loaded)> {
    let bytes = std::fs::read(&entry.file).context("read the covenant")?;
    let mut envelopes = Vec::new();
    for path in &entry.signatures {
        let file = path.display();
        let text = std::fs::read(path).with_context(|| format!("read the signature {file}"))?;
        let envelope = Envelope::parse(&text).with_context(|| format!("the signature {file}"))?;
        envelopes.push(envelope);
    }
    let source = std::str::from_utf8(&bytes).context("a covenant is utf-8 text")?;
    let checked = covenant::check(source);
    let covenant = checked
        .covenant
        .context("it has errors; see `covenant policy check`")?;
    let own = covenant
        .party(party)
        .with_context(|| format!("it does not name party {party}"))?;
    ensure!(
        own.oin == *oin,
        "it gives party {party} another oin than the settings do"
    );
    let valid = (covenant.valid_from(), covenant.valid_until());
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
    let loaded = Loaded {
        bytes,
        envelopes,
        pins: Arc::clone(pins),
        valid,
        active: RwLock::new(None),
        epochs: epochs.into(),
    };
    match loaded.verify(now) {
        Ok(_) => {}
        Err(why @ (SignoffError::NotYetValid | SignoffError::Expired)) => {
            tracing::warn!(covenant = %covenant.id(), %why, "the covenant is not in force");
        }
        Err(why) => return Err(why).context("it is not in force here"),
    }
    tracing::info!(
        covenant = %covenant.id(), version = covenant.version(), epochs = loaded.epochs.len(),
        "covenant loaded"
    );
    Ok((covenant.id().clone(), loaded))
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
