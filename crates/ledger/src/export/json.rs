//! The lines of an export as JSON: strict, so that every reader reads the same. Objects are
//! objects (serde would take a list for a struct too), no field is unknown, none stands twice, and
//! nothing is nested deeper than 64.

use std::borrow::Cow;
use std::marker::PhantomData;

use model::Digest;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::counters::Reader;

/// Reads one line that must be a JSON object.
pub(crate) fn read<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Option<T> {
    let text = std::str::from_utf8(line).ok()?;
    if nests_deeper_than(64, text) {
        return None;
    }
    serde_json::from_str::<Object<T>>(text)
        .ok()
        .map(|object| object.0)
}

fn nests_deeper_than(limit: u32, text: &str) -> bool {
    // What opens no more often than that can't nest deeper: so it is with all but a few.
    if opened(text) <= limit {
        return false;
    }
    let (mut depth, mut inside, mut escaped) = (0_u32, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            b'{' | b'[' if !inside => depth += 1,
            b'}' | b']' if !inside => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            return true;
        }
    }
    false
}

/// How many of its bytes open an object or a list, those inside of texts counted too.
fn opened(text: &str) -> u32 {
    // Small sums over short pieces are what a processor adds up many at a time.
    let pieces = text.as_bytes().chunks(128).map(|piece| {
        let opens = |byte: &u8| u8::from(byte | 0x20 == b'{');
        u32::from(piece.iter().map(opens).sum::<u8>())
    });
    pieces.sum()
}

/// A `T` that was read from an object.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_map(ObjectVisitor(PhantomData))
            .map(Object)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// The header.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    pub(crate) format: String,
    pub(crate) origin: String,
    pub(crate) vkey: String,
    pub(crate) checkpoint: String,
    pub(crate) from: u64,
    pub(crate) prefix: Vec<String>,
    pub(crate) reader: Object<ReaderJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum ReaderJson {
    Operator {},
    Auditor { covenants: Vec<String> },
    Party { names: Vec<Object<NameJson>> },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NameJson {
    pub(crate) covenant: String,
    pub(crate) party: String,
}

impl From<&Reader> for ReaderJson {
    fn from(reader: &Reader) -> Self {
        match reader {
            Reader::Operator => Self::Operator {},
            Reader::Auditor(covenants) => Self::Auditor {
                covenants: covenants.iter().map(Digest::to_hex).collect(),
            },
            Reader::Party(names) => {
                let names = names.iter().map(|(covenant, party)| {
                    Object(NameJson {
                        covenant: covenant.to_hex(),
                        party: party.to_string(),
                    })
                });
                Self::Party {
                    names: names.collect(),
                }
            }
        }
    }
}

/// A text of a line. It stays where it was read, unless it is written with escapes.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

/// One leaf.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry<'a> {
    pub(crate) index: u64,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(crate) hash: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(crate) leaf: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) proof: Vec<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<DisclosedJson<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(crate) answer: Option<DisclosedJson<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<DisclosedJson<'a>>,
}

/// An opening, or a word in its place.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum DisclosedJson<'a> {
    Word(String),
    Open(OpenJson<'a>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenJson<'a> {
    #[serde(borrow)]
    pub(crate) salt: Text<'a>,
    #[serde(borrow)]
    pub(crate) bytes: Text<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for DisclosedJson<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DisclosedVisitor)
    }
}

struct DisclosedVisitor;

impl<'de> Visitor<'de> for DisclosedVisitor {
    type Value = DisclosedJson<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an opening or a word")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<DisclosedJson<'de>, E> {
        Ok(DisclosedJson::Word(word.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<DisclosedJson<'de>, A::Error> {
        OpenJson::deserialize(MapAccessDeserializer::new(map)).map(DisclosedJson::Open)
    }
}
