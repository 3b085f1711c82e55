//! The demo's key ceremony: every party's keys, and the covenant keys that one party makes, seals
//! to the others, and the others open.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use identity::covenant_key::{Protection, StoredKey};
use identity::key_package::{self, KeyPackage, KeySubject};
use identity::secret_file::write_new;
use identity::{SealingKey, SigningKey};
use model::{CovenantId, KeyEpoch, PartyId, Secret};
use pseudonym::CovenantKey;

use crate::filling::PublicKeys;
use crate::layout::SignedCovenant;

/// Every secret key of a party, which is also on disk in the party's folder.
pub(crate) struct PartyKeys {
    pub(crate) home: PathBuf,
    pub(crate) signer: SigningKey,
    emergency: SigningKey,
    pub(crate) node_signing: SigningKey,
    pub(crate) node_sealing: SealingKey,
    witness: SigningKey,
}

impl PartyKeys {
    /// Makes a party's keys and writes them to its folder.
    pub(crate) fn make(home: &Path) -> anyhow::Result<Self> {
        let keys = Self {
            home: home.to_path_buf(),
            signer: SigningKey::generate(),
            emergency: SigningKey::generate(),
            node_signing: SigningKey::generate(),
            node_sealing: SealingKey::generate(),
            witness: SigningKey::generate(),
        };
        write_new(&home.join("signer.pem"), keys.signer.to_pem().as_bytes())?;
        write_new(
            &home.join("emergency.pem"),
            keys.emergency.to_pem().as_bytes(),
        )?;
        write_new(
            &home.join("node-signing.pem"),
            keys.node_signing.to_pem().as_bytes(),
        )?;
        write_new(
            &home.join("node-sealing.pem"),
            keys.node_sealing.to_pem().as_bytes(),
        )?;
        write_new(&home.join("witness.pem"), keys.witness.to_pem().as_bytes())?;
        write_new(&home.join("vault.key"), &model::id::random_32())?;
        // The key file under which covenant keys lie sealed.
        write_new(&home.join("protection.key"), &model::id::random_32())?;
        Ok(keys)
    }

    /// The public halves.
    pub(crate) fn public(&self) -> PublicKeys {
        PublicKeys {
            signer: self.signer.verifying_key().to_string(),
            emergency: self.emergency.verifying_key().to_string(),
            node_signing: self.node_signing.verifying_key().to_string(),
            node_sealing: self.node_sealing.public_key().to_string(),
            node_witness: self.witness.verifying_key().to_string(),
        }
    }

    fn protection(&self) -> anyhow::Result<Protection> {
        let bytes = identity::secret_file::read(&self.home.join("protection.key"))?;
        Protection::key(&bytes).context("the protection key is long enough")
    }
}

/// Where a party keeps the key of a covenant's first epoch.
pub(crate) fn key_file(home: &Path, covenant: &CovenantId) -> PathBuf {
    home.join(format!("{covenant}.1.key.json"))
}

/// Where the signed package of a covenant's first key is.
pub(crate) fn package_file(folder: &Path, covenant: &CovenantId) -> PathBuf {
    folder
        .join("covenants")
        .join(format!("{covenant}.1.keys.json"))
}

/// The party that makes a covenant's first key: the first by name.
pub(crate) fn maker(covenant: &SignedCovenant) -> anyhow::Result<PartyId> {
    covenant
        .covenant
        .parties()
        .keys()
        .next()
        .cloned()
        .context("a covenant has parties")
}

/// Makes the key of a covenant's first epoch at its maker, seals it to the others, and opens it
/// there, as `covenant keys make | seal | open` do.
pub(crate) fn write_covenant_keys(
    folder: &Path,
    signed: &SignedCovenant,
    keys: &BTreeMap<PartyId, PartyKeys>,
) -> anyhow::Result<()> {
    let covenant = &signed.covenant;
    let maker = maker(signed)?;
    let subject = KeySubject {
        covenant: covenant.id().clone(),
        covenant_digest: covenant.digest(),
        epoch: KeyEpoch::FIRST,
    };
    let secret = Secret::new(model::id::random_32());
    let commitment = CovenantKey::from_secret(secret.clone()).commitment();
    let of = |party: &PartyId| {
        keys.get(party)
            .with_context(|| format!("party {party} has keys"))
    };
    let mut recipients = Vec::new();
    for party in covenant.parties().keys().filter(|party| **party != maker) {
        recipients.push((party.clone(), of(party)?.node_sealing.public_key()));
    }
    let made_by = of(&maker)?;
    let package = key_package::make(
        &subject,
        &maker,
        &secret,
        &commitment,
        &recipients,
        &made_by.node_signing,
    )?;
    crate::files::write_private(&package_file(folder, covenant.id()), package.as_bytes())?;
    let store = |party: &PartyKeys, key: Secret| -> anyhow::Result<()> {
        let stored = StoredKey {
            covenant: covenant.id().clone(),
            epoch: KeyEpoch::FIRST,
            commitment,
            key,
        };
        let path = key_file(&party.home, covenant.id());
        Ok(stored.write_new(&path, &party.protection()?)?)
    };
    store(made_by, secret)?;
    let maker_key = made_by.node_signing.verifying_key();
    for (party, _) in &recipients {
        let mine = of(party)?;
        let package = KeyPackage::verify(package.as_bytes(), &maker, &maker_key)?;
        let opened = package.open(&subject, party, &mine.node_sealing, |key| {
            CovenantKey::from_secret(key.clone()).commitment()
        })?;
        store(mine, opened)?;
    }
    Ok(())
}
