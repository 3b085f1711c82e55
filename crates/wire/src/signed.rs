//! Signing and verifying around a payload's exact bytes. The key and the algorithm are the
//! caller's: nothing here computes a signature.

use prost::{Message, Name};

use crate::broker_v1::Signed;
use crate::field;
use crate::malformed::{Malformed, Problem};

/// Why a signed message was not opened.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OpenError {
    /// It is absent, or what was signed can't be read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The signature is not the pinned key's over these bytes.
    #[error("{field}: the signature does not fit; sign with the key that the parties pinned")]
    Forged {
        /// The field that holds the signed message.
        field: String,
    },
}

/// Serialises `message` and has it signed: `sign` gets the payload type and the payload, and makes
/// an Ed25519 signature over their DSSE pre-authentication encoding.
pub fn seal<M: Message + Name>(message: &M, sign: impl FnOnce(&str, &[u8]) -> [u8; 64]) -> Signed {
    let payload = message.encode_to_vec();
    let signature = sign(&M::full_name(), &payload);
    Signed {
        payload: payload.into(),
        signature: signature.to_vec().into(),
    }
}

/// Verifies and then reads the signed message in `field`: `verify` gets the payload type, the
/// payload and the signature. What does not verify is not read.
///
/// # Errors
/// [`OpenError`].
pub fn open<M: Message + Name + Default>(
    signed: Option<&Signed>,
    field: &str,
    verify: impl FnOnce(&str, &[u8], &[u8; 64]) -> bool,
) -> Result<M, OpenError> {
    let Signed { payload, signature } = field::required(signed, field)?;
    let signature = field::bytes(signature, "signature").map_err(|m| m.within(field))?;
    if !verify(&M::full_name(), payload, &signature) {
        return Err(OpenError::Forged {
            field: field.to_owned(),
        });
    }
    M::decode(payload.clone()).map_err(|_| {
        Malformed::new("payload", Problem::Unreadable)
            .within(field)
            .into()
    })
}
