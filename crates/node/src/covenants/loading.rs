//! The covenants of the settings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::RwLock;

use anyhow::{Context as _, Result, ensure};
use covenant::Covenant;
use covenant::signoff::{Envelope, PartyPins, Pins, Signed, SignoffError, propose};
use identity::VerifyingKey;
use model::{CovenantId, KeyEpoch, Oin, PartyId, Timestamp};

use super::epochs::first_epoch;
use super::{Configured, Covenants, kept};
use crate::config::{Config, CovenantConfig, PinConfig};
use crate::keys::{Epoch, Expected, Keys, LookUpEpoch};
use crate::versions::{Carried, Version};

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
        let (epochs, look_up_epochs) = epochs(entry, covenant, &self.party, keys)?;
        let mut version = Version::new(kept(covenant, now), proposal);
        let mut envelopes = Vec::new();
        let mut sign_offs = Vec::new();
        for path in &entry.signatures {
            let file = path.display();
            let text = std::fs::read(path).with_context(|| format!("read the signature {file}"))?;
            let envelope =
                Envelope::parse(&text).with_context(|| format!("the signature {file}"))?;
            let signed = Signed::verify(&version.proposal, &envelope, now)
                .with_context(|| format!("the signature {file}: it is not in force here"))?;
            version.take(&self.party, &signed, &envelope, now);
            envelopes.push((signed.id(), text));
            if let Signed::Off(_) = signed {
                sign_offs.push(envelope);
            }
        }
        // All of them: one too many is as wrong as one too few.
        match version.proposal.activate(&sign_offs, now) {
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
            former: None,
            said_not_to_hold: false,
            epochs: epochs.into(),
            look_up_epochs: look_up_epochs.into(),
            first_epoch: first_epoch(entry)?,
        };
        carried.follow(now);
        Ok((id, carried))
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
}

fn epochs(
    entry: &CovenantConfig,
    covenant: &Covenant,
    party: &PartyId,
    keys: &Keys,
) -> Result<(Vec<Epoch>, Vec<LookUpEpoch>)> {
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
    let mut over = Vec::new();
    for key in &entry.look_up_keys {
        over.push(LookUpEpoch::read(key, expected, keys).context("look_up_keys")?);
    }
    epochs.sort_by_key(Epoch::number);
    over.sort_by_key(LookUpEpoch::number);
    let live = epochs.iter().map(Epoch::number);
    let all: Vec<KeyEpoch> = live.chain(over.iter().map(LookUpEpoch::number)).collect();
    let once: BTreeSet<&KeyEpoch> = all.iter().collect();
    ensure!(
        once.len() == all.len(),
        "an epoch is given twice; keep one key file per epoch, in keys or in look_up_keys"
    );
    Ok((epochs, over))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LookUpKeyConfig;

    #[test]
    fn an_epoch_is_live_or_over_and_not_both() {
        let files = tempfile::tempdir().unwrap();
        let mut config = crate::testing::config(files.path(), "corporatie", &[1, 2]);
        let keys = Keys::read(&config.keys).unwrap();
        let now = crate::testing::today().start();
        let over = |config: &Config, place: usize| LookUpKeyConfig {
            epoch: config.covenants[0].keys[place].epoch,
            file: config.covenants[0].keys[place].file.clone(),
        };
        config.covenants[0].look_up_keys = vec![over(&config, 0)];
        let twice = format!("{:#}", Covenants::load(&config, &keys, now).unwrap_err());
        assert!(twice.contains("an epoch is given twice"), "{twice}");
        let first = over(&config, 0);
        config.covenants[0].keys.remove(0);
        config.covenants[0].look_up_keys = vec![LookUpKeyConfig {
            epoch: 3,
            ..first.clone()
        }];
        let other = format!("{:#}", Covenants::load(&config, &keys, now).unwrap_err());
        assert!(other.contains("another covenant or epoch"), "{other}");
        config.covenants[0].look_up_keys = vec![first];
        let loaded = Covenants::load(&config, &keys, now).unwrap();
        let id = CovenantId::parse("proef").unwrap();
        let live: Vec<u32> = loaded.epochs(&id).iter().map(|e| e.get()).collect();
        assert_eq!(live, [2]);
        let active = loaded.active(&id, now).unwrap();
        let over = active.look_up_epochs().iter().map(|e| e.number().get());
        assert_eq!(over.collect::<Vec<_>>(), [1]);
    }
}
