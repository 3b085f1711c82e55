//! A covenant key on its way from the party that made it to the others, and their confirmations.
//!
//! The package is a DSSE envelope, carried by hand or by the broker. Its payload names covenant
//! (id and digest), epoch, maker and the key's commitment, and holds the key sealed (HPKE) to each
//! recipient. The maker's node signs all of it: otherwise a broker could seal a key of its own to
//! everyone, and nobody would notice, since all would agree.

use data_encoding::BASE64;
use model::{CovenantId, Digest, KeyEpoch, PartyId, Secret};
use serde::{Deserialize, Serialize};

use crate::dsse::{self, DsseError};
use crate::sealing::SealError;
use crate::{SealingKey, SealingPublicKey, SigningKey, VerifyingKey};

/// The DSSE payload type of a package.
pub const PACKAGE_TYPE: &str = "application/vnd.covenant.key-package.v1+json";
/// The DSSE payload type of a confirmation.
pub const CONFIRMATION_TYPE: &str = "application/vnd.covenant.key-confirmation.v1+json";

/// HPKE's `info`: what the key exchange is for.
const INFO: &[u8] = b"covenant-broker/key-package/v1";

/// Which key of which covenant: what maker and recipients must agree on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeySubject {
    /// The covenant.
    pub covenant: CovenantId,
    /// SHA-256 of the covenant's exact bytes.
    pub covenant_digest: Digest,
    /// The key's epoch.
    pub epoch: KeyEpoch,
}

impl KeySubject {
    /// HPKE's associated data: digest, then the epoch in four bytes, big-endian.
    fn associated_data(&self) -> Vec<u8> {
        let mut aad = self.covenant_digest.as_bytes().to_vec();
        aad.extend(self.epoch.get().to_be_bytes());
        aad
    }
}

/// Makes a package and signs it as `maker`. The sealing keys are those that the maker's own
/// configuration pins, never what the broker says. `commitment` is the key's
/// (`pseudonym::CovenantKey::commitment`).
///
/// # Errors
/// [`KeyPackageError::Recipients`] when nobody or somebody twice is a recipient,
/// [`KeyPackageError::Seal`] when a sealing key can't be sealed to.
pub fn make(
    subject: &KeySubject,
    maker: &PartyId,
    key: &Secret,
    commitment: &Digest,
    recipients: &[(PartyId, SealingPublicKey)],
    signer: &SigningKey,
) -> Result<String, KeyPackageError> {
    let aad = subject.associated_data();
    let sealed = recipients
        .iter()
        .map(|(party, sealing_key)| {
            Ok(RecipientText {
                party: party.to_string(),
                sealing_key: sealing_key.to_string(),
                sealed: BASE64.encode(&sealing_key.seal(INFO, &aad, key.expose())?),
            })
        })
        .collect::<Result<Vec<_>, SealError>>()?;
    let text = PackageText {
        covenant: subject.covenant.to_string(),
        covenant_digest: subject.covenant_digest.to_hex(),
        epoch: subject.epoch.get(),
        commitment: commitment.to_hex(),
        maker: maker.to_string(),
        recipients: sealed,
    };
    // Reads it back as a recipient will.
    KeyPackage::from_text(&text)?;
    let payload = serde_json::to_vec(&text).map_err(|_| KeyPackageError::Malformed)?;
    Ok(dsse::sign(PACKAGE_TYPE, &payload, maker.as_str(), signer))
}

/// A package whose signature was verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyPackage {
    /// Which key it is.
    pub subject: KeySubject,
    /// What the key commits to.
    pub commitment: Digest,
    /// Who made and signed it.
    pub maker: PartyId,
    recipients: Vec<Recipient>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Recipient {
    party: PartyId,
    sealing_key: SealingPublicKey,
    sealed: Vec<u8>,
}

impl KeyPackage {
    /// Reads a package that `maker` signed with the key that *our own* configuration pins for it.
    ///
    /// # Errors
    /// [`KeyPackageError`] when it is malformed, not signed by `maker_key`, or names another maker.
    pub fn verify(
        envelope: &[u8],
        maker: &PartyId,
        maker_key: &VerifyingKey,
    ) -> Result<Self, KeyPackageError> {
        let payload = dsse::verify(envelope, PACKAGE_TYPE, maker_key)?;
        let text: PackageText =
            serde_json::from_slice(&payload).map_err(|_| KeyPackageError::Malformed)?;
        let package = Self::from_text(&text)?;
        if package.maker != *maker {
            return Err(KeyPackageError::OtherMaker);
        }
        Ok(package)
    }

    /// Who can open it, the maker aside.
    pub fn recipients(&self) -> impl Iterator<Item = &PartyId> {
        self.recipients.iter().map(|r| &r.party)
    }

    /// Every recipient with what is sealed for it: the encapsulated key and the ciphertext.
    pub fn sealed(&self) -> impl Iterator<Item = (&PartyId, &[u8])> {
        self.recipients
            .iter()
            .map(|r| (&r.party, r.sealed.as_slice()))
    }

    /// Opens the key for `party`, when the package is of the `expected` key. `commitment_of` is
    /// `pseudonym::CovenantKey::commitment`.
    ///
    /// # Errors
    /// [`KeyPackageError`] when the package is of another key, not for this party or not for this
    /// sealing key, was altered, or holds another key than it commits to.
    pub fn open(
        &self,
        expected: &KeySubject,
        party: &PartyId,
        sealing_key: &SealingKey,
        commitment_of: impl FnOnce(&Secret) -> Digest,
    ) -> Result<Secret, KeyPackageError> {
        if self.subject.covenant != expected.covenant
            || self.subject.covenant_digest != expected.covenant_digest
        {
            return Err(KeyPackageError::OtherCovenant);
        }
        if self.subject.epoch != expected.epoch {
            return Err(KeyPackageError::OtherEpoch);
        }
        let recipient = self
            .recipients
            .iter()
            .find(|r| r.party == *party)
            .ok_or(KeyPackageError::NotRecipient)?;
        if recipient.sealing_key != sealing_key.public_key() {
            return Err(KeyPackageError::OtherSealingKey);
        }
        let opened = sealing_key
            .open(INFO, &expected.associated_data(), &recipient.sealed)
            .ok_or(KeyPackageError::NotOpened)?;
        let key = Secret::from_slice(&opened).ok_or(KeyPackageError::NotOpened)?;
        if commitment_of(&key) != self.commitment {
            return Err(KeyPackageError::Commitment);
        }
        Ok(key)
    }

    fn from_text(text: &PackageText) -> Result<Self, KeyPackageError> {
        let mut recipients = Vec::new();
        for one in &text.recipients {
            let party = PartyId::parse(&one.party).map_err(|_| KeyPackageError::Malformed)?;
            if recipients.iter().any(|r: &Recipient| r.party == party) {
                return Err(KeyPackageError::Recipients);
            }
            recipients.push(Recipient {
                party,
                sealing_key: SealingPublicKey::parse(&one.sealing_key)
                    .map_err(|_| KeyPackageError::Malformed)?,
                sealed: BASE64
                    .decode(one.sealed.as_bytes())
                    .map_err(|_| KeyPackageError::Malformed)?,
            });
        }
        if recipients.is_empty() {
            return Err(KeyPackageError::Recipients);
        }
        Ok(Self {
            subject: subject_of(&text.covenant, &text.covenant_digest, text.epoch)?,
            commitment: digest_of(&text.commitment)?,
            maker: PartyId::parse(&text.maker).map_err(|_| KeyPackageError::Malformed)?,
            recipients,
        })
    }
}

/// A party's signed word that it holds a key: an epoch is not activated without everyone's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyConfirmation {
    /// Which key.
    pub subject: KeySubject,
    /// What the key that this party holds commits to.
    pub commitment: Digest,
    /// Who confirms.
    pub party: PartyId,
}

impl KeyConfirmation {
    /// Signs it with the party's node key.
    ///
    /// # Errors
    /// [`KeyPackageError::Malformed`] when it can't be written.
    pub fn sign(&self, signer: &SigningKey) -> Result<String, KeyPackageError> {
        let text = ConfirmationText {
            covenant: self.subject.covenant.to_string(),
            covenant_digest: self.subject.covenant_digest.to_hex(),
            epoch: self.subject.epoch.get(),
            commitment: self.commitment.to_hex(),
            party: self.party.to_string(),
        };
        let payload = serde_json::to_vec(&text).map_err(|_| KeyPackageError::Malformed)?;
        Ok(dsse::sign(
            CONFIRMATION_TYPE,
            &payload,
            self.party.as_str(),
            signer,
        ))
    }

    /// Reads a confirmation that `party` signed with the key pinned for it.
    ///
    /// # Errors
    /// [`KeyPackageError`] when it is malformed, not signed by `key`, or another party's.
    pub fn verify(
        envelope: &[u8],
        party: &PartyId,
        key: &VerifyingKey,
    ) -> Result<Self, KeyPackageError> {
        let payload = dsse::verify(envelope, CONFIRMATION_TYPE, key)?;
        let text: ConfirmationText =
            serde_json::from_slice(&payload).map_err(|_| KeyPackageError::Malformed)?;
        if text.party != party.as_str() {
            return Err(KeyPackageError::OtherMaker);
        }
        Ok(Self {
            subject: subject_of(&text.covenant, &text.covenant_digest, text.epoch)?,
            commitment: digest_of(&text.commitment)?,
            party: party.clone(),
        })
    }
}

/// Why a package or confirmation is not accepted. Never shows a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyPackageError {
    /// The envelope is not what it should be, or not signed by the pinned key.
    #[error(transparent)]
    Dsse(#[from] DsseError),
    /// Signed, but not in the form of a package.
    #[error("the key package is malformed: ask its maker to make it anew")]
    Malformed,
    /// It names another maker than the one whose key verified it.
    #[error("the key package names another party than the one that signed it")]
    OtherMaker,
    /// Nobody, or one party twice.
    #[error("the recipients are not each named once: name every other party exactly once")]
    Recipients,
    /// It is of another covenant, or of another text of it.
    #[error(
        "the key package is of another covenant text: compare the covenant's digest with the maker's"
    )]
    OtherCovenant,
    /// It is of another epoch.
    #[error("the key package is of another epoch: ask for the package of this epoch")]
    OtherEpoch,
    /// We are not among the recipients.
    #[error("the key package is not for this party: ask its maker to seal it to this party too")]
    NotRecipient,
    /// It is sealed to another key than ours.
    #[error(
        "the key package is sealed to another sealing key of this party: give its maker the present one"
    )]
    OtherSealingKey,
    /// It can't be opened.
    #[error(
        "the key package can't be opened: it was altered, or sealed for another covenant or epoch"
    )]
    NotOpened,
    /// The key inside is not the key that was announced.
    #[error(
        "the key inside is not the one that the package announces: do not use it, tell its maker"
    )]
    Commitment,
    /// A sealing key can't be sealed to.
    #[error(transparent)]
    Seal(#[from] SealError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackageText {
    covenant: String,
    covenant_digest: String,
    epoch: u32,
    commitment: String,
    maker: String,
    recipients: Vec<RecipientText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecipientText {
    party: String,
    sealing_key: String,
    sealed: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfirmationText {
    covenant: String,
    covenant_digest: String,
    epoch: u32,
    commitment: String,
    party: String,
}

fn subject_of(covenant: &str, digest: &str, epoch: u32) -> Result<KeySubject, KeyPackageError> {
    Ok(KeySubject {
        covenant: CovenantId::parse(covenant).map_err(|_| KeyPackageError::Malformed)?,
        covenant_digest: digest_of(digest)?,
        epoch: KeyEpoch::new(epoch).ok_or(KeyPackageError::Malformed)?,
    })
}

fn digest_of(hex: &str) -> Result<Digest, KeyPackageError> {
    Digest::from_hex(hex).ok_or(KeyPackageError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::id::random_32;
    use sha2::{Digest as _, Sha256};

    fn party(id: &str) -> PartyId {
        PartyId::parse(id).unwrap()
    }

    fn subject(epoch: u32) -> KeySubject {
        KeySubject {
            covenant: CovenantId::parse("veilig-op-bezoek").unwrap(),
            covenant_digest: Digest::new([3; 32]),
            epoch: KeyEpoch::new(epoch).unwrap(),
        }
    }

    fn commitment(key: &Secret) -> Digest {
        Digest::new(Sha256::digest(key.expose()).into())
    }

    /// The municipality makes a key for the corporation and the police.
    struct World {
        maker: SigningKey,
        corporation: SealingKey,
        police: SealingKey,
        key: Secret,
    }

    impl World {
        fn new() -> Self {
            Self {
                maker: SigningKey::generate(),
                corporation: SealingKey::generate(),
                police: SealingKey::generate(),
                key: Secret::new(random_32()),
            }
        }

        fn recipients(&self) -> Vec<(PartyId, SealingPublicKey)> {
            vec![
                (party("corporatie"), self.corporation.public_key()),
                (party("politie"), self.police.public_key()),
            ]
        }

        fn package(&self, signer: &SigningKey, key: &Secret) -> String {
            let recipients = self.recipients();
            let maker = party("gemeente");
            make(
                &subject(1),
                &maker,
                key,
                &commitment(key),
                &recipients,
                signer,
            )
            .unwrap()
        }

        /// What the corporation does with a package.
        fn open(&self, envelope: &str, expected: &KeySubject) -> Result<Secret, KeyPackageError> {
            let pinned = self.maker.verifying_key();
            KeyPackage::verify(envelope.as_bytes(), &party("gemeente"), &pinned)?.open(
                expected,
                &party("corporatie"),
                &self.corporation,
                commitment,
            )
        }
    }

    #[test]
    fn every_recipient_opens_the_same_key() {
        let world = World::new();
        let envelope = world.package(&world.maker, &world.key);
        assert_eq!(world.open(&envelope, &subject(1)), Ok(world.key.clone()));
        let pinned = world.maker.verifying_key();
        let package = KeyPackage::verify(envelope.as_bytes(), &party("gemeente"), &pinned).unwrap();
        assert_eq!(package.recipients().count(), 2);
        let texts: Vec<&[u8]> = package.sealed().map(|(_, sealed)| sealed).collect();
        assert!(texts.iter().all(|sealed| sealed.len() == 32 + 32 + 16));
        assert_ne!(texts[0], texts[1], "sealed to each by itself");
        let opened = package.open(&subject(1), &party("politie"), &world.police, commitment);
        assert_eq!(opened, Ok(world.key.clone()));
    }

    #[test]
    fn a_broker_can_not_put_its_own_key_in() {
        let world = World::new();
        let (broker, own_key) = (SigningKey::generate(), Secret::new(random_32()));
        // Its own key, sealed to everyone, signed by itself.
        let forged = world.package(&broker, &own_key);
        let not_signed = Err(KeyPackageError::Dsse(DsseError::NotSigned));
        assert_eq!(world.open(&forged, &subject(1)), not_signed);
        // The maker's signature over the broker's payload.
        let genuine = world.package(&world.maker, &world.key);
        let field = |text: &str, name: &str| {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            value[name].clone()
        };
        let mut mixed: serde_json::Value = serde_json::from_str(&genuine).unwrap();
        mixed["payload"] = field(&forged, "payload");
        assert_eq!(world.open(&mixed.to_string(), &subject(1)), not_signed);
        // No signature at all.
        let mut unsigned: serde_json::Value = serde_json::from_str(&genuine).unwrap();
        unsigned["signatures"] = serde_json::json!([]);
        assert_eq!(world.open(&unsigned.to_string(), &subject(1)), not_signed);
    }

    #[test]
    fn another_covenant_text_or_epoch_is_refused() {
        let world = World::new();
        let envelope = world.package(&world.maker, &world.key);
        assert_eq!(
            world.open(&envelope, &subject(2)),
            Err(KeyPackageError::OtherEpoch)
        );
        let mut other = subject(1);
        other.covenant_digest = Digest::new([4; 32]);
        assert_eq!(
            world.open(&envelope, &other),
            Err(KeyPackageError::OtherCovenant)
        );
        let mut other = subject(1);
        other.covenant = CovenantId::parse("overlast").unwrap();
        assert_eq!(
            world.open(&envelope, &other),
            Err(KeyPackageError::OtherCovenant)
        );
    }

    #[test]
    fn a_maker_that_announces_another_key_is_caught() {
        let world = World::new();
        let announced = commitment(&Secret::new(random_32()));
        let recipients = world.recipients();
        let maker = party("gemeente");
        let envelope = make(
            &subject(1),
            &maker,
            &world.key,
            &announced,
            &recipients,
            &world.maker,
        )
        .unwrap();
        assert_eq!(
            world.open(&envelope, &subject(1)),
            Err(KeyPackageError::Commitment)
        );
    }

    #[test]
    fn only_who_is_named_opens() {
        let world = World::new();
        let envelope = world.package(&world.maker, &world.key);
        let pinned = world.maker.verifying_key();
        let read = |maker| KeyPackage::verify(envelope.as_bytes(), &party(maker), &pinned);
        assert_eq!(read("politie"), Err(KeyPackageError::OtherMaker));
        let package = read("gemeente").unwrap();
        let other_key = SealingKey::generate();
        let open = |who| package.open(&subject(1), &party(who), &other_key, commitment);
        assert_eq!(open("zorg"), Err(KeyPackageError::NotRecipient));
        assert_eq!(open("corporatie"), Err(KeyPackageError::OtherSealingKey));
    }

    #[test]
    fn recipients_are_each_named_once() {
        let world = World::new();
        let twice = vec![world.recipients()[0].clone(), world.recipients()[0].clone()];
        for recipients in [twice, vec![]] {
            let made = make(
                &subject(1),
                &party("gemeente"),
                &world.key,
                &commitment(&world.key),
                &recipients,
                &world.maker,
            );
            assert_eq!(made, Err(KeyPackageError::Recipients));
        }
    }

    #[test]
    fn the_key_is_nowhere_in_the_clear() {
        let world = World::new();
        let envelope = world.package(&world.maker, &world.key);
        let value: serde_json::Value = serde_json::from_str(&envelope).unwrap();
        let payload = BASE64
            .decode(value["payload"].as_str().unwrap().as_bytes())
            .unwrap();
        let text = String::from_utf8(payload).unwrap();
        assert!(text.contains("corporatie"));
        assert!(!text.contains(&BASE64.encode(world.key.expose())));
        assert!(!text.contains(&data_encoding::HEXLOWER.encode(world.key.expose())));
    }

    #[test]
    fn a_confirmation_is_its_party_s_own() {
        let (police, broker) = (SigningKey::generate(), SigningKey::generate());
        let confirmation = KeyConfirmation {
            subject: subject(1),
            commitment: Digest::new([5; 32]),
            party: party("politie"),
        };
        let envelope = confirmation.sign(&police).unwrap();
        let verify = |who: &str, key: &SigningKey| {
            KeyConfirmation::verify(envelope.as_bytes(), &party(who), &key.verifying_key())
        };
        assert_eq!(verify("politie", &police), Ok(confirmation.clone()));
        assert_eq!(verify("zorg", &police), Err(KeyPackageError::OtherMaker));
        let not_signed = Err(KeyPackageError::Dsse(DsseError::NotSigned));
        assert_eq!(verify("politie", &broker), not_signed);
    }
}
