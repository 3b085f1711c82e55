//! Records that end on a day, for broker and node alike.
//!
//! Such a record begins with its day. A row under [`EXPIRY`] points at it; when the record moved
//! to a later day, the earlier row finds that out and does nothing.

use model::Day;

use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::layout::{EXPIRY, Key, key_end};
use crate::tx::Tx;

/// Puts `record` under `key` until the first moment of `ends`.
pub(crate) fn put_until(
    tx: &mut Tx,
    key: Vec<u8>,
    ends: Day,
    record: &[u8],
) -> Result<(), StoreError> {
    tx.put_small(Key::of(EXPIRY).day(ends).raw(&key).done(), &[])?;
    tx.put(key, &Put::default().day(ends).raw(record).done())
}

/// The same for what moves to another day again and again: nothing is left that points at it from
/// the day before.
pub(crate) fn move_until(
    tx: &mut Tx,
    key: Vec<u8>,
    ends: Day,
    record: &[u8],
) -> Result<(), StoreError> {
    if let Some((before, _)) = get_until(tx, &key)? {
        tx.delete(Key::of(EXPIRY).day(before).raw(&key).done())?;
    }
    put_until(tx, key, ends, record)
}

/// The record under `key` without its day, whether or not it should have ended.
pub(crate) fn get_until(tx: &Tx, key: &[u8]) -> Result<Option<(Day, Vec<u8>)>, StoreError> {
    let Some(bytes) = tx.get(key)? else {
        return Ok(None);
    };
    let mut take = Take::new(&bytes, "record with an end");
    let day = take.day()?;
    Ok(Some((day, take.rest().to_vec())))
}

/// Takes at most `limit` records whose day has come and gives each, with its day, to `end`, which
/// deletes it.
/// Answers how many rows were handled: fewer than `limit` means that all is done.
pub(crate) fn purge(
    tx: &mut Tx,
    today: Day,
    limit: usize,
    mut end: impl FnMut(&mut Tx, &[u8], Day) -> Result<(), StoreError>,
) -> Result<usize, StoreError> {
    let due_until = Key::of(EXPIRY).day(today.plus_days(1)).done();
    let rows = tx.rows(&[EXPIRY], &[EXPIRY], limit)?;
    let due: Vec<Vec<u8>> = rows
        .into_iter()
        .map(|(key, _)| key)
        .take_while(|key| key < &due_until)
        .collect();
    for row in &due {
        let target = row.get(5..).unwrap_or_default();
        if let Some((day, _)) = get_until(tx, target)?
            && day <= today
        {
            end(tx, target, day)?;
        }
        tx.delete(row.clone())?;
    }
    Ok(due.len())
}

/// The next number of a sequence, counted from 1.
pub(crate) fn next_number(tx: &mut Tx, sequence: &str) -> Result<u64, StoreError> {
    next_after(tx, Key::of(crate::layout::SEQUENCE).text(sequence).done())
}

/// Adds one to the number under `key`, and gives it.
pub(crate) fn next_after(tx: &mut Tx, key: Vec<u8>) -> Result<u64, StoreError> {
    let number = number(tx, &key)?.saturating_add(1);
    tx.put_small(key, &number.to_be_bytes())?;
    Ok(number)
}

/// The number under `key`, 0 when there is none.
pub(crate) fn number(tx: &Tx, key: &[u8]) -> Result<u64, StoreError> {
    match tx.get(key)? {
        Some(bytes) => Take::new(&bytes, "number").u64(),
        None => Ok(0),
    }
}

/// Counts the keys that begin with `prefix`.
pub(crate) fn count(tx: &Tx, prefix: &[u8]) -> Result<u64, StoreError> {
    let mut count: u64 = 0;
    tx.range(prefix, &key_end(prefix), |_, _| {
        count = count.saturating_add(1);
        Ok(std::ops::ControlFlow::Continue(()))
    })?;
    Ok(count)
}
