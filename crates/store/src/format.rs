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
    /// It is of the format that this program writes, possibly after a migration.
    Known,
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
    migrate(found)?;
    Ok(Found::Known)
}

/// Writes the format record into an empty database.
pub(crate) fn write(tx: &mut Tx, kind: &'static str) -> Result<(), StoreError> {
    let record = Put::default().u32(FORMAT).text(kind).done();
    tx.put_small(vec![FORMAT_RECORD], &record)?;
    tx.persist()
}

/// Older formats are brought here, each step one batch after a copy. Format 1 is the first, so
/// anything lower was never written by a release.
fn migrate(found: u32) -> Result<(), StoreError> {
    match found {
        FORMAT => Ok(()),
        _ => Err(StoreError::Damaged {
            what: "format record",
        }),
    }
}
