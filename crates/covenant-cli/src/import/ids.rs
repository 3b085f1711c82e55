//! Ids that follow from what a row says, so that an import can be repeated.
//!
//! They are keyed: a node keeps ids in clear beside its encrypted vault, and a bare hash of an
//! address or a number would let whoever reads them try guesses.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use model::Day;
use sha2::{Digest as _, Sha256};
use wire::node_v1::Signal;

/// Makes the ids of one file's signals: the same content has the same id, whatever else the file
/// holds and in whatever order; the second row with that content has another, and so on.
pub(crate) struct Ids {
    keyed: Hmac<Sha256>,
    /// How many rows had this content so far.
    seen: HashMap<[u8; 32], u64>,
}

impl Ids {
    /// Ids that the same key file makes again. How its lines end makes no difference.
    ///
    /// # Errors
    /// When the file can't be read, or is open to others than its owner.
    pub(super) fn of_key_file(path: &Path) -> anyhow::Result<Self> {
        let text = identity::secret_file::read(path).context("the key that ids are made with")?;
        let mut hash = Sha256::new();
        hash.update(b"covenant-broker/import/ids/v1");
        for word in text.split(u8::is_ascii_whitespace) {
            hash.update(word);
        }
        Self::of(&hash.finalize())
    }

    /// Ids that nobody makes again, for what is not kept.
    pub(crate) fn throw_away() -> anyhow::Result<Self> {
        Self::of(&model::id::random_32())
    }

    fn of(key: &[u8]) -> anyhow::Result<Self> {
        Ok(Self {
            keyed: Hmac::new_from_slice(key).context("the key that ids are made with")?,
            seen: HashMap::new(),
        })
    }

    /// The id of the next row that says what `content` says, which has no id yet. A UUIDv7
    /// (RFC 9562) whose time is the day of observation.
    pub(super) fn signal(&mut self, content: &Signal, day: Option<Day>) -> uuid::Uuid {
        let content = self.hash(&prost::Message::encode_to_vec(content));
        let before = self.seen.entry(content).or_default();
        let place = before.to_be_bytes();
        *before += 1;
        let hash = self.hash(&[content.as_slice(), &place].concat());
        let random = hash.first_chunk::<10>().copied().unwrap_or_default();
        let millis = day.map_or(0, |day| day.start().as_millis());
        uuid::Builder::from_unix_timestamp_millis(u64::try_from(millis).unwrap_or(0), &random)
            .into_uuid()
    }

    fn hash(&self, message: &[u8]) -> [u8; 32] {
        let mut mac = self.keyed.clone();
        mac.update(message);
        mac.finalize().into_bytes().into()
    }
}

/// The id of the request that submits a signal. It follows from the signal's id, which stands for
/// the content too: a repeated import is answered as the first was. A UUIDv8 (RFC 9562).
pub(super) fn request_id(signal: &Signal) -> uuid::Uuid {
    let mut hash = Sha256::new();
    hash.update(b"covenant-broker/import/request/v2");
    hash.update(signal.id.as_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    let bytes = hash.first_chunk::<16>().copied().unwrap_or_default();
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_follows_from_key_content_and_occurrence() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            identity::secret_file::write_new(&path, text.as_bytes()).unwrap();
            path
        };
        let path = file("a.key", "-----BEGIN-----\nabc\n");
        let mut ids = Ids::of_key_file(&path).unwrap();
        let signal = |covenant: &str| Signal {
            covenant: covenant.to_owned(),
            ..Signal::default()
        };
        let day = Day::from_ymd(2026, 11, 2);
        let first = ids.signal(&signal("proef"), day);
        let other = ids.signal(&signal("ander"), day);
        let second = ids.signal(&signal("proef"), day);
        assert!(first != second && first != other && other != second);
        assert_eq!(first.get_version_num(), 7);
        let crlf = file("b.key", "-----BEGIN-----\r\nabc\r\n");
        let mut again = Ids::of_key_file(&crlf).unwrap();
        assert_eq!(again.signal(&signal("ander"), day), other);
        assert_eq!(again.signal(&signal("proef"), day), first);
        assert_eq!(again.signal(&signal("proef"), day), second);
        let mut elsewhere = Ids::throw_away().unwrap();
        assert_ne!(elsewhere.signal(&signal("proef"), day), first);
    }
}
