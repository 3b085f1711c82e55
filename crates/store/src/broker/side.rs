//! Side records: what opens request, answer and outcome of an entry, each encrypted under a key of its
//! own. The key stands in a row of its own; without it the record says nothing, also where an old
//! copy of the record is still on disk.

use ledger::{Opening, Part, Salt, Sealed};
use model::Secret;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::layout::{Key, OLD_OUTCOME, SIDE, SIDE_KEY, last_u64};
use crate::tx::Tx;

const LABEL: &[u8] = b"covenant-broker/side/v1";
/// The length of a row's key before format 2: space and number, without the part.
const OLD_KEY: usize = 9;

pub(super) fn put_all(tx: &mut Tx, seq: u64, sealed: &Sealed) -> Result<(), StoreError> {
    put(tx, seq, Part::Request, &sealed.request)?;
    put(tx, seq, Part::Answer, &sealed.answer)?;
    put(tx, seq, Part::Outcome, &sealed.outcome)
}

/// What opens a part; `None` when it was erased.
pub(super) fn opening(tx: &Tx, seq: u64, part: Part) -> Result<Option<Opening>, StoreError> {
    let (Some(key), Some(record)) = (
        tx.get(&row(SIDE_KEY, seq, part))?,
        tx.get(&row(SIDE, seq, part))?,
    ) else {
        return Ok(None);
    };
    let damaged = StoreError::Damaged {
        what: "side record",
    };
    let mut body = record;
    let plain = cipher(&key)?
        .open_in_place(nonce(), Aad::from(name(seq, part)), &mut body)
        .map_err(|_| damaged)?;
    let mut take = Take::new(plain, "side record");
    Ok(Some(Opening {
        salt: Salt::new(take.array()?),
        bytes: take.rest().to_vec(),
    }))
}

/// Erases key and record. `false` when they were gone.
pub(super) fn erase(tx: &mut Tx, seq: u64, part: Part) -> Result<bool, StoreError> {
    let key = row(SIDE_KEY, seq, part);
    let was = tx.has(&key)?;
    tx.delete(key)?;
    tx.delete(row(SIDE, seq, part))?;
    Ok(was)
}

/// Encrypts what format 1 kept in clear. What that left on disk goes with the next compaction.
pub(crate) fn migrate(tx: &mut Tx) -> Result<(), StoreError> {
    for (key, record) in tx.rows(&[SIDE], &[SIDE], usize::MAX)? {
        old(tx, key, &record, &[Part::Request, Part::Answer])?;
    }
    for (key, record) in tx.rows(&[OLD_OUTCOME], &[OLD_OUTCOME], usize::MAX)? {
        old(tx, key, &record, &[Part::Outcome])?;
    }
    Ok(())
}

fn old(tx: &mut Tx, key: Vec<u8>, record: &[u8], parts: &[Part]) -> Result<(), StoreError> {
    let damaged = StoreError::Damaged {
        what: "side record",
    };
    if key.len() != OLD_KEY {
        return Err(damaged);
    }
    let seq = last_u64(&key).ok_or(damaged)?;
    let mut take = Take::new(record, "side record");
    tx.delete(key)?;
    for part in parts {
        if take.u8()? == 1 {
            let opening = Opening {
                salt: Salt::new(take.array()?),
                bytes: take.bytes()?.to_vec(),
            };
            put(tx, seq, *part, &opening)?;
        }
    }
    Ok(())
}

fn put(tx: &mut Tx, seq: u64, part: Part, opening: &Opening) -> Result<(), StoreError> {
    let key = Secret::new(model::id::random_32());
    let mut body = Put::default()
        .raw(opening.salt.as_bytes())
        .raw(&opening.bytes)
        .done();
    cipher(key.expose())?
        .seal_in_place_append_tag(nonce(), Aad::from(name(seq, part)), &mut body)
        .map_err(|_| StoreError::Entry {
            detail: "the cipher refused to encrypt a side record".to_owned(),
        })?;
    tx.put_small(row(SIDE_KEY, seq, part), key.expose())?;
    tx.put(row(SIDE, seq, part), &body)
}

fn cipher(key: &[u8]) -> Result<LessSafeKey, StoreError> {
    let key = UnboundKey::new(&CHACHA20_POLY1305, key).map_err(|_| StoreError::Damaged {
        what: "key of a side record",
    })?;
    Ok(LessSafeKey::new(key))
}

/// A key encrypts one record, once: its nonce may be any.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

/// So that no record can be put in another's place.
fn name(seq: u64, part: Part) -> Vec<u8> {
    let mut name = LABEL.to_vec();
    name.extend_from_slice(&row(SIDE, seq, part));
    name
}

fn row(space: u8, seq: u64, part: Part) -> Vec<u8> {
    let part = match part {
        Part::Request => 1,
        Part::Answer => 2,
        Part::Outcome => 3,
    };
    Key::of(space).u64(seq).raw(&[part]).done()
}
