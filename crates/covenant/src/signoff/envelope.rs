//! DSSE envelopes (<https://github.com/secure-systems-lab/dsse>, protocol and envelope v1).

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use model::Secret;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::SignoffError;

/// The payload type of in-toto statements.
pub(super) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// More than any envelope of ours needs.
const MAX_BYTES: usize = 64 * 1024;

/// DSSE's pre-authentication encoding: `"DSSEv1" SP len(type) SP type SP len(payload) SP payload`,
/// lengths in decimal ASCII.
#[must_use]
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    );
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// A DSSE envelope with exactly one signature. What it says is not to be believed before it has
/// been verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    payload_type: String,
    payload: Vec<u8>,
    key_id: String,
    signature: [u8; 64],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Json {
    payload_type: String,
    payload: String,
    signatures: Vec<JsonSignature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonSignature {
    #[serde(default)]
    keyid: String,
    sig: String,
}

impl Envelope {
    /// Reads the JSON form. A field that is unknown or stands twice is an error.
    ///
    /// # Errors
    /// [`SignoffError::EnvelopeMalformed`], or [`SignoffError::NotOneSignature`].
    pub fn parse(bytes: &[u8]) -> Result<Self, SignoffError> {
        if bytes.len() > MAX_BYTES {
            return Err(SignoffError::EnvelopeMalformed);
        }
        let json: Json =
            serde_json::from_slice(bytes).map_err(|_| SignoffError::EnvelopeMalformed)?;
        let [signature] = json.signatures.as_slice() else {
            return Err(SignoffError::NotOneSignature);
        };
        let decode = |text: &str| {
            BASE64
                .decode(text.as_bytes())
                .map_err(|_| SignoffError::EnvelopeMalformed)
        };
        Ok(Self {
            payload: decode(&json.payload)?,
            key_id: signature.keyid.clone(),
            signature: decode(&signature.sig)?
                .try_into()
                .map_err(|_| SignoffError::EnvelopeMalformed)?,
            payload_type: json.payload_type,
        })
    }

    /// The JSON form, one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = Json {
            payload_type: self.payload_type.clone(),
            payload: BASE64.encode(&self.payload),
            signatures: vec![JsonSignature {
                keyid: self.key_id.clone(),
                sig: BASE64.encode(&self.signature),
            }],
        };
        // Strings in a struct always serialise.
        serde_json::to_string(&json).unwrap_or_default()
    }

    /// The signed bytes, unverified.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Signs `payload` as `payload_type`. `keyid` is a hint for people and never trusted.
    pub(super) fn seal(payload_type: &str, payload: Vec<u8>, key: &Secret) -> Self {
        let key = SigningKey::from_bytes(key.expose());
        let signature = key.sign(&pae(payload_type, &payload)).to_bytes();
        let fingerprint = Sha256::digest(key.verifying_key().as_bytes());
        Self {
            payload_type: payload_type.to_owned(),
            payload,
            key_id: HEXLOWER.encode(fingerprint.get(..8).unwrap_or_default()),
            signature,
        }
    }

    /// Whether the payload is an in-toto statement that `key` signed: strictly (RFC 8032, no small
    /// order, canonical scalar), over the payload type too.
    pub(super) fn open(&self, key: &[u8; 32]) -> Result<&[u8], SignoffError> {
        if self.payload_type != PAYLOAD_TYPE {
            return Err(SignoffError::PayloadType);
        }
        let key = VerifyingKey::from_bytes(key).map_err(|_| SignoffError::SignatureInvalid)?;
        let signature = ed25519_dalek::Signature::from_bytes(&self.signature);
        key.verify_strict(&pae(&self.payload_type, &self.payload), &signature)
            .map_err(|_| SignoffError::SignatureInvalid)?;
        Ok(&self.payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the DSSE specification's `protocol.md`.
    #[test]
    fn the_encoding_is_that_of_the_specification() {
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn an_envelope_is_read_back() {
        let key = Secret::new([7; 32]);
        let envelope = Envelope::seal(PAYLOAD_TYPE, b"{}".to_vec(), &key);
        let again = Envelope::parse(envelope.to_json().as_bytes()).unwrap();
        assert_eq!(again, envelope);
        let public = SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes();
        assert_eq!(again.open(&public), Ok(b"{}".as_slice()));
    }

    #[test]
    fn fields_that_stand_twice_or_are_unknown_are_refused() {
        let good = Envelope::seal(PAYLOAD_TYPE, b"{}".to_vec(), &Secret::new([7; 32])).to_json();
        let twice = good.replacen('{', r#"{"payload":"e30=","#, 1);
        let unknown = good.replacen('{', r#"{"note":"x","#, 1);
        let none =
            r#"{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[]}"#;
        assert_eq!(
            Envelope::parse(twice.as_bytes()),
            Err(SignoffError::EnvelopeMalformed)
        );
        assert_eq!(
            Envelope::parse(unknown.as_bytes()),
            Err(SignoffError::EnvelopeMalformed)
        );
        assert_eq!(
            Envelope::parse(none.as_bytes()),
            Err(SignoffError::NotOneSignature)
        );
    }
}
