//! What a bundle says that it holds.

use std::collections::{BTreeMap, BTreeSet};

use model::Digest;
use serde::{Deserialize, Serialize};

use super::{FORMAT, Item, pretty};
use crate::counters::Reader;
use crate::export::json::{self, Object, ReaderJson};
use crate::verify::read_reader;

/// The manifest of a bundle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Manifest {
    /// The log's name.
    pub origin: String,
    /// The log's key in text form.
    pub vkey: String,
    /// For whom the entries were exported.
    pub reader: Reader,
    /// The covenants whose bytes are in the bundle.
    pub covenants: BTreeSet<Digest>,
    /// Every file but the manifest.
    pub files: BTreeMap<String, Listed>,
}

/// What the manifest says of one file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Its length in bytes.
    pub length: u64,
    /// SHA-256 of its bytes; of the entries, of what they show ([`crate::Report::shows`]).
    pub digest: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Json {
    format: String,
    origin: String,
    vkey: String,
    reader: Object<ReaderJson>,
    covenants: Vec<String>,
    files: Vec<Object<FileJson>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileJson {
    path: String,
    length: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shows: Option<String>,
}

impl Manifest {
    /// The bytes of the file: there is one way to write a manifest.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let files = self.files.iter().map(|(path, listed)| {
            let digest = Some(listed.digest.to_hex());
            let (sha256, shows) = match Item::parse(path) {
                Some(Item::Entries) => (None, digest),
                _ => (digest, None),
            };
            Object(FileJson {
                path: path.clone(),
                length: listed.length,
                sha256,
                shows,
            })
        });
        pretty(&Json {
            format: FORMAT.to_owned(),
            origin: self.origin.clone(),
            vkey: self.vkey.clone(),
            reader: Object(ReaderJson::from(&self.reader)),
            covenants: self.covenants.iter().map(Digest::to_hex).collect(),
            files: files.collect(),
        })
    }

    /// Reads a manifest. `None` unless these are the bytes that [`Self::to_bytes`] writes of it, it
    /// lists what every bundle holds, and the covenants are those whose files it lists.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let json: Json = json::read(bytes)?;
        let mut files = BTreeMap::new();
        let mut covenants = BTreeSet::new();
        for Object(file) in json.files {
            if let Item::Covenant(digest) = Item::parse(&file.path)? {
                covenants.insert(digest);
            }
            let listed = Listed {
                length: file.length,
                digest: Digest::from_hex(&file.sha256.or(file.shows)?)?,
            };
            files.insert(file.path, listed);
        }
        let manifest = Self {
            origin: json.origin,
            vkey: json.vkey,
            reader: read_reader(&json.reader.0)?,
            covenants,
            files,
        };
        let whole = Item::ALWAYS
            .iter()
            .all(|item| manifest.files.contains_key(&item.path()));
        (whole && manifest.to_bytes() == bytes).then_some(manifest)
    }
}
