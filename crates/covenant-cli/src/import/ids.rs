//! Ids that follow from a file, so that an import can be repeated.

use model::Day;
use sha2::{Digest as _, Sha256};
use wire::node_v1::Signal;

use super::table::{Row, Table};

/// The id of a row's signal: the same row of the same file has the same id, so that an import can
/// be repeated. A UUIDv7 (RFC 9562) whose time is the day of observation.
pub(super) fn signal_id(table: &Table, row: &Row<'_>, day: Option<Day>) -> uuid::Uuid {
    let hash = hash(&[
        b"covenant-broker/import/signal/v1",
        &table.digest,
        &place(row),
    ]);
    let random = hash.first_chunk::<10>().copied().unwrap_or_default();
    let millis = day.map_or(0, |day| day.start().as_millis());
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(millis).unwrap_or(0), &random)
        .into_uuid()
}

/// The id of the request that submits a row's signal: the same for the same file, row and content,
/// so that a repeated import is answered as the first was. A UUIDv8 (RFC 9562).
pub(super) fn request_id(table: &Table, row: &Row<'_>, signal: &Signal) -> uuid::Uuid {
    let content = prost::Message::encode_to_vec(signal);
    let hash = hash(&[
        b"covenant-broker/import/request/v1",
        &table.digest,
        &place(row),
        &content,
    ]);
    let bytes = hash.first_chunk::<16>().copied().unwrap_or_default();
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn place(row: &Row<'_>) -> [u8; 8] {
    u64::try_from(row.place).unwrap_or(u64::MAX).to_be_bytes()
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
