//! What nodes sign, in the words of `model`: the payloads of `covenant.broker.v1`.
//!
//! Every message is taken apart field by field, so a field that is added to a proto does not
//! compile until it is mapped, and nothing that is absent becomes a default.

use model::{
    ActorId, Digest, KeyEpoch, NoticeId, PartyId, PurposeId, RoleRef, SignalId, Subject, Token,
};

use crate::field::{self, Read};
use crate::header::Header;
use crate::limit;
use crate::malformed::{Malformed, Problem};
use crate::signal::{read_subject, subject_message};
use crate::word::{self, AssuranceLevel, WithdrawalReason};
use crate::{Bytes, broker_v1};

/// Takes back signals. As it is read, each withdrawal stands on its own: one that is malformed
/// does not stop the others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WithdrawalBatch<W> {
    /// What it is bound to.
    pub header: Header,
    /// The key's epoch.
    pub epoch: KeyEpoch,
    /// 1 to [`limit::BATCH`].
    pub withdrawals: Vec<W>,
}

/// Takes back one signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Withdrawal {
    /// The id under which it was pushed.
    pub signal: SignalId,
    /// Why.
    pub reason: WithdrawalReason,
}

/// A question before a visit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckQuestion {
    /// What it is bound to.
    pub header: Header,
    /// The key's epoch.
    pub epoch: KeyEpoch,
    /// Who asks.
    pub actor: ActorId,
    /// What for.
    pub purpose: PurposeId,
    /// In which role.
    pub role: RoleRef,
    /// Whether a file number was given.
    pub file_number_given: bool,
    /// Whether a reason was given.
    pub reason_given: bool,
    /// How surely the actor was authenticated.
    pub login_level: AssuranceLevel,
    /// Whom or what it is about.
    pub subject: Subject,
    /// Salted commitment to the question in clear, made by the node, which keeps the salt.
    pub request_commitment: Digest,
}

/// What a node holds for one covenant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CovenantHello {
    /// What it is bound to.
    pub header: Header,
    /// The epochs of which it has the key, at most [`limit::EPOCHS`], each once.
    pub epochs: Vec<EpochKey>,
}

/// What shows that two nodes hold the same key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EpochKey {
    /// The epoch.
    pub epoch: KeyEpoch,
    /// What parties compare aloud.
    pub fingerprint: [u8; 8],
    /// Commitment to the key.
    pub commitment: Digest,
    /// Version of the normalising rules.
    pub normaliser_version: u32,
    /// The probe subjects' pseudonyms.
    pub probes: Vec<Token>,
}

/// Which key an epoch has, said by the node that made it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyAnnouncement {
    /// What it is bound to.
    pub header: Header,
    /// The key; its epoch is the one that the header is bound to.
    pub key: EpochKey,
    /// For whom it was sealed, each party once.
    pub sealed: Vec<SealedKey>,
}

/// One party's sealed copy of a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SealedKey {
    /// The party.
    pub party: PartyId,
    /// SHA-256 of the ciphertext.
    pub ciphertext_digest: Digest,
}

/// A party opened its copy of a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyConfirmation {
    /// What it is bound to.
    pub header: Header,
    /// The key's epoch.
    pub epoch: KeyEpoch,
    /// Commitment to the key that was opened.
    pub key_commitment: Digest,
    /// SHA-256 of the announcement's payload.
    pub announcement_digest: Digest,
}

/// The node stored these notices durably.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoticeAcknowledgement {
    /// What it is bound to.
    pub header: Header,
    /// 1 to [`limit::BATCH`].
    pub notices: Vec<NoticeId>,
}

/// The node's own copy of the covenant is active.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StillValid {
    /// What it is bound to.
    pub header: Header,
    /// The covenant's version.
    pub covenant_version: u32,
}

impl TryFrom<broker_v1::WithdrawalBatch> for WithdrawalBatch<Read<Withdrawal>> {
    type Error = Malformed;

    fn try_from(message: broker_v1::WithdrawalBatch) -> Result<Self, Malformed> {
        let broker_v1::WithdrawalBatch {
            header,
            withdrawals,
        } = message;
        let (header, epoch) = Header::keyed(header)?;
        field::bounded(withdrawals.len(), "withdrawals", (1, limit::BATCH))?;
        let read = |(index, item): (usize, broker_v1::Withdrawal)| {
            read_withdrawal(&item).map_err(|m| m.within_item("withdrawals", index))
        };
        Ok(Self {
            header,
            epoch,
            withdrawals: withdrawals.into_iter().enumerate().map(read).collect(),
        })
    }
}

impl From<WithdrawalBatch<Withdrawal>> for broker_v1::WithdrawalBatch {
    fn from(batch: WithdrawalBatch<Withdrawal>) -> Self {
        let WithdrawalBatch {
            header,
            epoch,
            withdrawals,
        } = batch;
        let message = |Withdrawal { signal, reason }: Withdrawal| broker_v1::Withdrawal {
            signal_id: signal.to_string(),
            reason: word::withdrawal_reason_number(reason),
        };
        Self {
            header: header.message(Some(epoch), None),
            withdrawals: withdrawals.into_iter().map(message).collect(),
        }
    }
}

impl TryFrom<broker_v1::CheckQuestion> for CheckQuestion {
    type Error = Malformed;

    fn try_from(message: broker_v1::CheckQuestion) -> Result<Self, Malformed> {
        let broker_v1::CheckQuestion {
            header,
            purpose,
            role,
            file_number_given,
            reason_given,
            login_level,
            subject,
            request_commitment,
        } = message;
        let (header, epoch, actor) = Header::acted(header)?;
        let subject = field::required(subject, "subject")?;
        Ok(Self {
            header,
            epoch,
            actor,
            purpose: field::name(&purpose, "purpose", PurposeId::parse)?,
            role: field::name(&role, "role", RoleRef::parse)?,
            file_number_given,
            reason_given,
            login_level: word::assurance_level(login_level, "login_level")?,
            subject: read_subject(subject).map_err(|m| m.within("subject"))?,
            request_commitment: field::digest(&request_commitment, "request_commitment")?,
        })
    }
}

impl From<CheckQuestion> for broker_v1::CheckQuestion {
    fn from(question: CheckQuestion) -> Self {
        let CheckQuestion {
            header,
            epoch,
            actor,
            purpose,
            role,
            file_number_given,
            reason_given,
            login_level,
            subject,
            request_commitment,
        } = question;
        Self {
            header: header.message(Some(epoch), Some(actor)),
            purpose: purpose.as_str().to_owned(),
            role: role.as_str().to_owned(),
            file_number_given,
            reason_given,
            login_level: word::assurance_level_number(login_level),
            subject: Some(subject_message(&subject)),
            request_commitment: field::digest_message(&request_commitment),
        }
    }
}

impl TryFrom<broker_v1::CovenantHello> for CovenantHello {
    type Error = Malformed;

    fn try_from(message: broker_v1::CovenantHello) -> Result<Self, Malformed> {
        let broker_v1::CovenantHello { header, epochs } = message;
        let header = Header::plain(header)?;
        let epochs = field::list(epochs, "epochs", (0, limit::EPOCHS), read_epoch_key)?;
        unique(epochs.iter().map(|key| key.epoch), "epochs")?;
        Ok(Self { header, epochs })
    }
}

impl From<CovenantHello> for broker_v1::CovenantHello {
    fn from(hello: CovenantHello) -> Self {
        let CovenantHello { header, epochs } = hello;
        Self {
            header: header.message(None, None),
            epochs: epochs.iter().map(epoch_key_message).collect(),
        }
    }
}

impl TryFrom<broker_v1::KeyAnnouncement> for KeyAnnouncement {
    type Error = Malformed;

    fn try_from(message: broker_v1::KeyAnnouncement) -> Result<Self, Malformed> {
        let broker_v1::KeyAnnouncement {
            header,
            key,
            sealed,
        } = message;
        let (header, epoch) = Header::keyed(header)?;
        let key = read_epoch_key(field::required(key, "key")?).map_err(|m| m.within("key"))?;
        if key.epoch != epoch {
            return Err(Malformed::new("key.epoch", Problem::NotAllowed));
        }
        let read = |item: broker_v1::SealedKey| {
            let broker_v1::SealedKey {
                party,
                ciphertext_digest,
            } = item;
            Ok(SealedKey {
                party: field::name(&party, "party", PartyId::parse)?,
                ciphertext_digest: field::digest(&ciphertext_digest, "ciphertext_digest")?,
            })
        };
        let sealed = field::list(sealed, "sealed", (0, limit::PARTIES), read)?;
        unique(sealed.iter().map(|item| &item.party), "sealed")?;
        Ok(Self {
            header,
            key,
            sealed,
        })
    }
}

impl From<KeyAnnouncement> for broker_v1::KeyAnnouncement {
    fn from(announcement: KeyAnnouncement) -> Self {
        let KeyAnnouncement {
            header,
            key,
            sealed,
        } = announcement;
        let message = |SealedKey {
                           party,
                           ciphertext_digest,
                       }: SealedKey| broker_v1::SealedKey {
            party: party.as_str().to_owned(),
            ciphertext_digest: field::digest_message(&ciphertext_digest),
        };
        Self {
            header: header.message(Some(key.epoch), None),
            key: Some(epoch_key_message(&key)),
            sealed: sealed.into_iter().map(message).collect(),
        }
    }
}

impl TryFrom<broker_v1::KeyConfirmation> for KeyConfirmation {
    type Error = Malformed;

    fn try_from(message: broker_v1::KeyConfirmation) -> Result<Self, Malformed> {
        let broker_v1::KeyConfirmation {
            header,
            key_commitment,
            announcement_digest,
        } = message;
        let (header, epoch) = Header::keyed(header)?;
        Ok(Self {
            header,
            epoch,
            key_commitment: field::digest(&key_commitment, "key_commitment")?,
            announcement_digest: field::digest(&announcement_digest, "announcement_digest")?,
        })
    }
}

impl From<KeyConfirmation> for broker_v1::KeyConfirmation {
    fn from(confirmation: KeyConfirmation) -> Self {
        let KeyConfirmation {
            header,
            epoch,
            key_commitment,
            announcement_digest,
        } = confirmation;
        Self {
            header: header.message(Some(epoch), None),
            key_commitment: field::digest_message(&key_commitment),
            announcement_digest: field::digest_message(&announcement_digest),
        }
    }
}

impl TryFrom<broker_v1::NoticeAcknowledgement> for NoticeAcknowledgement {
    type Error = Malformed;

    fn try_from(message: broker_v1::NoticeAcknowledgement) -> Result<Self, Malformed> {
        let broker_v1::NoticeAcknowledgement { header, notice_ids } = message;
        let header = Header::plain(header)?;
        let read = |id: String| field::uuid(&id, "", NoticeId::parse);
        Ok(Self {
            header,
            notices: field::list(notice_ids, "notice_ids", (1, limit::BATCH), read)?,
        })
    }
}

impl From<NoticeAcknowledgement> for broker_v1::NoticeAcknowledgement {
    fn from(acknowledgement: NoticeAcknowledgement) -> Self {
        let NoticeAcknowledgement { header, notices } = acknowledgement;
        Self {
            header: header.message(None, None),
            notice_ids: notices.iter().map(NoticeId::to_string).collect(),
        }
    }
}

impl TryFrom<broker_v1::StillValid> for StillValid {
    type Error = Malformed;

    fn try_from(message: broker_v1::StillValid) -> Result<Self, Malformed> {
        let broker_v1::StillValid {
            header,
            covenant_version,
        } = message;
        let header = Header::plain(header)?;
        if covenant_version == 0 {
            return Err(Malformed::new("covenant_version", Problem::OutOfRange));
        }
        Ok(Self {
            header,
            covenant_version,
        })
    }
}

impl From<StillValid> for broker_v1::StillValid {
    fn from(statement: StillValid) -> Self {
        let StillValid {
            header,
            covenant_version,
        } = statement;
        Self {
            header: header.message(None, None),
            covenant_version,
        }
    }
}

fn read_withdrawal(message: &broker_v1::Withdrawal) -> Read<Withdrawal> {
    let broker_v1::Withdrawal { signal_id, reason } = message;
    Ok(Withdrawal {
        signal: field::uuid(signal_id, "signal_id", SignalId::parse)?,
        reason: word::withdrawal_reason(*reason, "reason")?,
    })
}

fn read_epoch_key(message: broker_v1::EpochKey) -> Read<EpochKey> {
    let broker_v1::EpochKey {
        epoch,
        key_fingerprint,
        key_commitment,
        normaliser_version,
        probes,
    } = message;
    if normaliser_version == 0 {
        return Err(Malformed::new("normaliser_version", Problem::OutOfRange));
    }
    Ok(EpochKey {
        epoch: field::epoch(epoch, "epoch")?,
        fingerprint: field::bytes(&key_fingerprint, "key_fingerprint")?,
        commitment: field::digest(&key_commitment, "key_commitment")?,
        normaliser_version,
        probes: field::list(probes, "probes", (1, limit::PROBES), field::token)?,
    })
}

fn epoch_key_message(key: &EpochKey) -> broker_v1::EpochKey {
    let EpochKey {
        epoch,
        fingerprint,
        commitment,
        normaliser_version,
        probes,
    } = key;
    broker_v1::EpochKey {
        epoch: epoch.get(),
        key_fingerprint: Bytes::copy_from_slice(fingerprint),
        key_commitment: field::digest_message(commitment),
        normaliser_version: *normaliser_version,
        probes: probes.iter().map(field::pseudonym_message).collect(),
    }
}

fn unique<T: Ord>(items: impl Iterator<Item = T>, field: &str) -> Read<()> {
    let mut seen = std::collections::BTreeSet::new();
    for (index, item) in items.enumerate() {
        if !seen.insert(item) {
            return Err(Malformed::new("", Problem::Twice).within_item(field, index));
        }
    }
    Ok(())
}
