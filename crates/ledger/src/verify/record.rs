//! A line of an export, from text to values. Nothing is judged here.

use model::{Digest, PartyId, PurposeId};
use serde::Deserialize;

use crate::counters::Reader;
use crate::entry::Skeleton;
use crate::export::json::{self, DisclosedJson, Entry, ReaderJson};
use crate::export::{Disclosed, ERASED};
use crate::kind::Kind;
use crate::opening::{MAX_CONTENT, Opening, Salt};
use crate::tree::leaf_hash;

/// A line that was read, not yet judged.
pub(super) struct Record {
    pub(super) index: u64,
    pub(super) hash: Digest,
    pub(super) proof: Vec<Digest>,
    pub(super) leaf: Option<(Vec<u8>, [Read; 3])>,
}

pub(super) enum Read {
    Hidden,
    Erased,
    Open(Opening),
}

impl From<Read> for Disclosed {
    fn from(read: Read) -> Self {
        match read {
            Read::Hidden => Self::Hidden,
            Read::Erased => Self::Erased,
            Read::Open(opening) => Self::Open(opening),
        }
    }
}

impl Record {
    pub(super) fn read(entry: Entry) -> Option<Self> {
        let Entry {
            index,
            hash,
            leaf,
            proof,
            request,
            answer,
            outcome,
        } = entry;
        let openings = [
            read_opening(request)?,
            read_opening(answer)?,
            read_opening(outcome)?,
        ];
        let proof = digests(&proof)?;
        match (hash, leaf) {
            (Some(hash), None) => {
                let hidden = openings.iter().all(|o| matches!(o, Read::Hidden));
                let hash = Digest::from_hex(&hash)?;
                hidden.then_some(Self {
                    index,
                    hash,
                    proof,
                    leaf: None,
                })
            }
            (None, Some(leaf)) => {
                let leaf = leaf.into_bytes();
                let hash = leaf_hash(&leaf);
                Some(Self {
                    index,
                    hash,
                    proof,
                    leaf: Some((leaf, openings)),
                })
            }
            _ => None,
        }
    }
}

fn read_opening(json: Option<DisclosedJson>) -> Option<Read> {
    match json {
        None => Some(Read::Hidden),
        Some(DisclosedJson::Word(word)) => (word == ERASED).then_some(Read::Erased),
        Some(DisclosedJson::Open(open)) => {
            let salt = Salt::new(*Digest::from_hex(&open.salt)?.as_bytes());
            let bytes = data_encoding::BASE64.decode(open.bytes.as_bytes()).ok()?;
            (bytes.len() <= MAX_CONTENT).then_some(Read::Open(Opening { salt, bytes }))
        }
    }
}

pub(super) fn digests(texts: &[String]) -> Option<Vec<Digest>> {
    texts.iter().map(|text| Digest::from_hex(text)).collect()
}

pub(crate) fn read_reader(json: &ReaderJson) -> Option<Reader> {
    Some(match json {
        ReaderJson::Operator {} => Reader::Operator,
        ReaderJson::Auditor { covenants } => {
            Reader::Auditor(digests(covenants)?.into_iter().collect())
        }
        ReaderJson::Party { names } => Reader::Party(
            names
                .iter()
                .map(|n| {
                    Some((
                        Digest::from_hex(&n.0.covenant)?,
                        PartyId::parse(&n.0.party).ok()?,
                    ))
                })
                .collect::<Option<_>>()?,
        ),
    })
}

/// The purpose that an opened outcome names, or what is wrong with it. Only the fields that a
/// verifier needs are read, so that an older verifier can read a newer outcome.
pub(super) fn read_outcome(
    opening: &Opening,
    leaf: &Skeleton,
) -> Result<Option<PurposeId>, &'static str> {
    #[derive(Deserialize)]
    struct Head {
        kind: String,
        purpose: Option<String>,
    }
    let head: Head = json::read(&opening.bytes).ok_or("it is not an outcome")?;
    let kind = Kind::parse(&head.kind).ok_or("its kind is not in the catalogue")?;
    if kind.class() != leaf.class {
        return Err("its kind is not of the leaf's class");
    }
    let purpose = head.purpose.map(|p| PurposeId::parse(&p)).transpose();
    purpose.map_err(|_| "its purpose is not well formed")
}
