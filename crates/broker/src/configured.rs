//! The covenants of the settings: one way to bring versions in, beside proposing them over gRPC.

use anyhow::Context as _;
use covenant::signoff::{
    Envelope, History, PartyPins, Pins, Proposal, Signed, SignoffError, propose,
};
use identity::VerifyingKey;
use model::{CovenantId, Digest, Oin, PartyId, Timestamp};
use std::collections::BTreeMap;
use store::{ActiveVersion, BrokerStore, KeptVersion};

use crate::config::{Config, CovenantConfig, PinConfig};

/// A version that the settings name, signed by all of its parties.
#[derive(Debug)]
pub(crate) struct Configured {
    /// The version.
    pub(crate) proposal: Proposal,
    /// Its file.
    pub(crate) bytes: Vec<u8>,
    /// Every party's envelope, with the id of what was signed.
    pub(crate) envelopes: Vec<(Signed, Envelope, Vec<u8>)>,
}

/// Loads every covenant of the settings. One that can't be verified stops the broker: it must not
/// run with fewer covenants than its operator wrote down. One whose dates are not now is kept.
///
/// # Errors
/// Names the file and what is wrong with it.
pub(crate) fn load(config: &Config, now: Timestamp) -> anyhow::Result<Vec<Configured>> {
    let pins = pins(&config.pins)?;
    let mut all: Vec<Configured> = Vec::new();
    for entry in &config.covenants {
        let file = entry.file.display();
        let one = load_one(entry, &pins, now).with_context(|| format!("{file}"))?;
        let covenant = one.proposal.covenant();
        let twice = all
            .iter()
            .any(|other| other.proposal.covenant().digest() == covenant.digest());
        anyhow::ensure!(
            !twice,
            "version {} of covenant {} is configured twice: keep one",
            covenant.version(),
            covenant.id()
        );
        all.push(one);
    }
    all.sort_by_key(|one| one.proposal.covenant().version());
    Ok(all)
}

fn load_one(entry: &CovenantConfig, pins: &Pins, now: Timestamp) -> anyhow::Result<Configured> {
    let bytes = std::fs::read(&entry.file).context("read the covenant")?;
    let proposal = propose(&bytes, pins, None).context("it is not in force here")?;
    let mut envelopes = Vec::new();
    for path in &entry.signatures {
        let file = path.display();
        let text = std::fs::read(path).with_context(|| format!("read the signature {file}"))?;
        let envelope = Envelope::parse(&text).with_context(|| format!("the signature {file}"))?;
        let signed = Signed::verify(&proposal, &envelope, now)
            .with_context(|| format!("the signature {file}: it is not in force here"))?;
        envelopes.push((signed, envelope, text));
    }
    let sign_offs: Vec<Envelope> = envelopes
        .iter()
        .filter(|(signed, _, _)| matches!(signed, Signed::Off(_)))
        .map(|(_, envelope, _)| envelope.clone())
        .collect();
    match proposal.activate(&sign_offs, now) {
        Ok(_) => {}
        Err(why @ (SignoffError::NotYetValid | SignoffError::Expired)) => {
            let covenant = proposal.covenant();
            let parties = covenant.parties().len();
            anyhow::ensure!(
                sign_offs.len() == parties,
                "it has {} signatures of {parties}; all parties must sign",
                sign_offs.len()
            );
            tracing::warn!(covenant = %covenant.id(), version = covenant.version(), %why, "a configured covenant is not in force");
        }
        Err(why) => return Err(why).context("it is not in force here"),
    }
    Ok(Configured {
        proposal,
        bytes,
        envelopes,
    })
}

impl Configured {
    /// The version as the store keeps it.
    pub(crate) fn kept(&self, now: Timestamp) -> KeptVersion {
        let covenant = self.proposal.covenant();
        KeptVersion {
            covenant: covenant.id().clone(),
            number: covenant.version(),
            digest: covenant.digest(),
            proposed_by: None,
            received_at: now,
            ended: false,
        }
    }
}

/// Holds what is configured against the versions that were in force before: an older one, or
/// another one of the same number, does not come in, and a newer one names the one before it. A
/// version that was in force itself is no news.
///
/// # Errors
/// Names the covenant and what does not follow.
pub(crate) fn follows_on_history(
    configured: &[Configured],
    config: &Config,
    store: &BrokerStore,
) -> anyhow::Result<()> {
    let pins = pins(&config.pins)?;
    let mut last: BTreeMap<CovenantId, (u32, Digest)> = BTreeMap::new();
    for one in configured {
        let covenant = one.proposal.covenant();
        let past = store.read(|view| view.covenant_history(covenant.id()))?;
        let digest = covenant.digest();
        let before = last.get(covenant.id()).copied().or_else(|| {
            past.last()
                .map(|last: &ActiveVersion| (last.version, last.digest))
        });
        let known = past.iter().any(|version| version.digest == digest);
        if let Some((version, before)) = before.filter(|_| !known) {
            let history = History {
                covenant: covenant.id().clone(),
                version,
                digest: before,
            };
            propose(&one.bytes, &pins, Some(&history)).with_context(|| {
                format!(
                    "covenant {} does not follow the version before it",
                    covenant.id()
                )
            })?;
        }
        if !known {
            last.insert(covenant.id().clone(), (covenant.version(), digest));
        }
    }
    Ok(())
}

/// The keys that this process pins, by party.
pub(crate) fn pins(config: &BTreeMap<String, PinConfig>) -> anyhow::Result<Pins> {
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

/// The witness keys of the settings.
///
/// # Errors
/// Names the setting.
pub(crate) fn pinned_witnesses(
    pins: &BTreeMap<String, PinConfig>,
) -> anyhow::Result<BTreeMap<PartyId, [u8; 32]>> {
    let mut keys = BTreeMap::new();
    for (party, pin) in pins {
        let Some(text) = &pin.witness else { continue };
        let key = VerifyingKey::parse(text).with_context(|| format!("pins.{party}.witness"))?;
        let party = PartyId::parse(party).context("pins")?;
        keys.insert(party, key.to_bytes());
    }
    Ok(keys)
}

/// The organisations that this process pins, for the parties of which it pins one.
pub(crate) fn pinned_oins(
    config: &BTreeMap<String, PinConfig>,
) -> anyhow::Result<BTreeMap<PartyId, Oin>> {
    let mut all = BTreeMap::new();
    for (party, pin) in config {
        if let Some(oin) = &pin.oin {
            let oin = Oin::parse(oin).with_context(|| format!("pins.{party}.oin"))?;
            all.insert(PartyId::parse(party).context("pins")?, oin);
        }
    }
    Ok(all)
}
