//! The first record of every database: its format, and whose state it is.

use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::layout::{FORMAT, FORMAT_RECORD};
use crate::tx::Tx;

/// What a database said of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// It was empty.
    New,
    /// It is of the format that this program writes.
    Known,
    /// It is of an older format, and has to be migrated before it is written to.
    Older(u32),
}

/// Reads the format record; refuses a newer format and the other kind of state.
pub(crate) fn read(tx: &Tx, kind: &'static str) -> Result<Found, StoreError> {
    let Some(record) = tx.get(&[FORMAT_RECORD])? else {
        return Ok(Found::New);
    };
    let mut take = Take::new(&record, "format record");
    let found = take.u32()?;
    if found > FORMAT {
        return Err(StoreError::NewerFormat {
            found,
            known: FORMAT,
        });
    }
    let found_kind = take.text()?;
    if found_kind != kind {
        return Err(StoreError::OtherKind {
            found: found_kind.to_owned(),
            expected: kind,
        });
    }
    match found {
        FORMAT => Ok(Found::Known),
        1.. => Ok(Found::Older(found)),
        // Never written by a release.
        0 => Err(take.damaged()),
    }
}

/// Writes the format record into an empty database.
pub(crate) fn write(tx: &mut Tx, kind: &'static str) -> Result<(), StoreError> {
    let record = Put::default().u32(FORMAT).text(kind).done();
    tx.put_small(vec![FORMAT_RECORD], &record)?;
    tx.persist()
}

/// Brings an older format to the present one: a copy first, then one batch.
pub(crate) fn migrate(
    tx: &mut Tx,
    kind: &'static str,
    from: u32,
    change: impl FnOnce(&mut Tx) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    tracing::warn!(from, to = FORMAT, "migrating the database, after a copy");
    tx.keep_copy(&format!("format-{from}"))?;
    change(tx)?;
    write(tx, kind)
}
