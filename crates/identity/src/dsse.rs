//! DSSE envelopes (v1, JSON) with one Ed25519 signature: how signed statements lie in files.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::{SigningKey, VerifyingKey};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    keyid: String,
    sig: String,
}

/// Why an envelope is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DsseError {
    /// It can't be read.
    #[error("the signed file is malformed: expected a dsse envelope in json")]
    Malformed,
    /// It is a statement of another kind.
    #[error("the signed file holds another kind of statement: check which file it is")]
    OtherType,
    /// It has no signature, or none by the pinned key.
    #[error(
        "the file is not signed by the key that is pinned for its maker: compare that key with the maker's, and ask for the file again"
    )]
    NotSigned,
}

/// Signs `payload` and wraps it. `key_id` is a hint for people and proves nothing.
#[must_use]
pub fn sign(payload_type: &str, payload: &[u8], key_id: &str, key: &SigningKey) -> String {
    let envelope = serde_json::json!({
        "payload": BASE64.encode(payload),
        "payloadType": payload_type,
        "signatures": [{
            "keyid": key_id,
            "sig": BASE64.encode(&key.sign(payload_type, payload)),
        }],
    });
    format!("{envelope:#}\n")
}

/// The payload of an envelope that `key` has signed as `payload_type`.
///
/// # Errors
/// [`DsseError`] when it is malformed, of another type, or not signed by `key`.
pub fn verify(
    envelope: &[u8],
    payload_type: &str,
    key: &VerifyingKey,
) -> Result<Vec<u8>, DsseError> {
    let envelope: Envelope = serde_json::from_slice(envelope).map_err(|_| DsseError::Malformed)?;
    if envelope.payload_type != payload_type {
        return Err(DsseError::OtherType);
    }
    let payload = BASE64
        .decode(envelope.payload.as_bytes())
        .map_err(|_| DsseError::Malformed)?;
    let signed = envelope.signatures.iter().any(|signature| {
        BASE64
            .decode(signature.sig.as_bytes())
            .is_ok_and(|sig| key.verify_slice(payload_type, &payload, &sig))
    });
    if signed {
        Ok(payload)
    } else {
        Err(DsseError::NotSigned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pinned_key_and_type_are_accepted() {
        let (maker, broker) = (SigningKey::generate(), SigningKey::generate());
        let file = sign("application/x-test", b"{}", "gemeente", &maker);
        let pinned = maker.verifying_key();
        assert_eq!(
            verify(file.as_bytes(), "application/x-test", &pinned),
            Ok(b"{}".to_vec())
        );
        assert_eq!(
            verify(file.as_bytes(), "application/x-other", &pinned),
            Err(DsseError::OtherType)
        );
        assert_eq!(
            verify(
                file.as_bytes(),
                "application/x-test",
                &broker.verifying_key()
            ),
            Err(DsseError::NotSigned)
        );
        let unsigned = r#"{"payload":"e30=","payloadType":"application/x-test","signatures":[]}"#;
        assert_eq!(
            verify(unsigned.as_bytes(), "application/x-test", &pinned),
            Err(DsseError::NotSigned)
        );
        // The same signature over other bytes.
        let altered = file.replace("e30=", "W10=");
        assert_ne!(altered, file);
        assert_eq!(
            verify(altered.as_bytes(), "application/x-test", &pinned),
            Err(DsseError::NotSigned)
        );
        assert_eq!(
            verify(b"{", "application/x-test", &pinned),
            Err(DsseError::Malformed)
        );
    }
}
