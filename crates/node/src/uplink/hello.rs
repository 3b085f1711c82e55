//! What the node says of itself when it connects: which keys it holds, shown by probes.

use model::RequestId;
use pseudonym::NORMALISER_VERSION;
use wire::broker_v1 as pb;
use wire::statement::{
    CovenantHello, EpochKey, KeyAnnouncement, KeyConfirmation, SealedKey, StillValid,
};

use super::signed::Speaker;
use crate::covenants::Active;
use crate::keys::{Announcement, Epoch};

/// Name and version of this software.
const SOFTWARE: &str = concat!("covenant-node/", env!("CARGO_PKG_VERSION"));

/// The first message of the stream.
pub(super) fn hello(speaker: &Speaker, active: &[Active], last_checkpoint: Vec<u8>) -> pb::Hello {
    let covenants = active.iter().map(|active| {
        let covenant = active.covenant();
        let request = RequestId::fresh();
        let message: pb::CovenantHello = CovenantHello {
            header: speaker.header(covenant.id(), covenant.digest(), request),
            epochs: active.epochs().iter().map(epoch_key).collect(),
        }
        .into();
        speaker.sign(&message)
    });
    pb::Hello {
        software: SOFTWARE.to_owned(),
        covenants: covenants.collect(),
        last_checkpoint: last_checkpoint.into(),
    }
}

/// "My copy of this covenant is in force now."
pub(super) fn still_valid(speaker: &Speaker, active: &Active) -> pb::Signed {
    let covenant = active.covenant();
    let message: pb::StillValid = StillValid {
        header: speaker.header(covenant.id(), covenant.digest(), RequestId::fresh()),
        covenant_version: covenant.version(),
    }
    .into();
    speaker.sign(&message)
}

/// What the maker of a key says of it.
pub(super) fn announcement(
    speaker: &Speaker,
    active: &Active,
    epoch: &Epoch,
    announcement: &Announcement,
) -> pb::Signed {
    let covenant = active.covenant();
    let sealed = announcement.sealed.iter().map(|(party, digest)| SealedKey {
        party: party.clone(),
        ciphertext_digest: *digest,
    });
    let message: pb::KeyAnnouncement = KeyAnnouncement {
        header: speaker.header(covenant.id(), covenant.digest(), RequestId::fresh()),
        key: epoch_key(epoch),
        sealed: sealed.collect(),
    }
    .into();
    speaker.sign(&message)
}

/// "The key that I opened is the one that was announced."
pub(super) fn confirmation(
    speaker: &Speaker,
    active: &Active,
    epoch: &Epoch,
    announced: &[u8],
) -> pb::Signed {
    use sha2::{Digest as _, Sha256};
    let covenant = active.covenant();
    let message: pb::KeyConfirmation = KeyConfirmation {
        header: speaker.header(covenant.id(), covenant.digest(), RequestId::fresh()),
        epoch: epoch.number(),
        key_commitment: epoch.commitment(),
        announcement_digest: model::Digest::new(Sha256::digest(announced).into()),
    }
    .into();
    speaker.sign(&message)
}

fn epoch_key(epoch: &Epoch) -> EpochKey {
    EpochKey {
        epoch: epoch.number(),
        fingerprint: epoch.fingerprint(),
        commitment: epoch.commitment(),
        normaliser_version: NORMALISER_VERSION,
        probes: epoch.probes(),
    }
}
