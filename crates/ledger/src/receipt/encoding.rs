//! A receipt as bytes. The layout stands in the module above.

use model::Digest;

use super::{MAX_ENTRIES, Receipt, ReceiptEntry, ReceiptError};
use crate::checkpoint::{Checkpoint, MAX_NOTE, Note};
use crate::entry::LEAF_LEN;
use crate::opening::{MAX_CONTENT, Opening, Salt};

const MAGIC: &[u8; 4] = b"CLR1";
const BLOCK: usize = 512;
const HASH: usize = 32;

pub(super) fn write(receipt: &Receipt) -> Result<Vec<u8>, ReceiptError> {
    let slots = slots(&receipt.checkpoint)?;
    let count = receipt.entries.len();
    if count == 0 || count > MAX_ENTRIES {
        return Err(ReceiptError::Entries);
    }
    let mut out = MAGIC.to_vec();
    out.extend(short(receipt.checkpoint.len(), "note")?);
    out.extend(&receipt.checkpoint);
    out.push(slots);
    out.extend(short(count, "entries")?);
    for entry in &receipt.entries {
        if entry.leaf.len() != LEAF_LEN {
            return Err(ReceiptError::Encoding("leaf"));
        }
        let hashes = u8::try_from(entry.proof.len()).unwrap_or(u8::MAX);
        if hashes > slots {
            return Err(ReceiptError::Encoding("proof"));
        }
        out.extend(entry.index.to_be_bytes());
        out.extend(&entry.leaf);
        out.push(hashes);
        out.extend(entry.proof.iter().flat_map(Digest::as_bytes));
        out.resize(out.len() + usize::from(slots - hashes) * HASH, 0);
        opening(&mut out, entry.request.as_ref())?;
        opening(&mut out, entry.answer.as_ref())?;
    }
    Ok(out)
}

pub(super) fn read(bytes: &[u8]) -> Result<Receipt, ReceiptError> {
    let mut input = Input(bytes);
    if input.array("magic")? != *MAGIC {
        return Err(ReceiptError::Encoding("it does not begin with CLR1"));
    }
    let note = usize::from(u16::from_be_bytes(input.array("note")?));
    let checkpoint = input.take(note, "note")?.to_vec();
    let [slots] = input.array("slots")?;
    if slots != self::slots(&checkpoint)? {
        return Err(ReceiptError::Encoding("slots"));
    }
    let count = usize::from(u16::from_be_bytes(input.array("entries")?));
    if count == 0 || count > MAX_ENTRIES {
        return Err(ReceiptError::Entries);
    }
    let mut entries = Vec::new();
    for _ in 0..count {
        let index = u64::from_be_bytes(input.array("index")?);
        let leaf = input.take(LEAF_LEN, "leaf")?.to_vec();
        let [hashes] = input.array("proof")?;
        let empty = slots
            .checked_sub(hashes)
            .ok_or(ReceiptError::Encoding("proof"))?;
        let proof = (0..hashes).map(|_| input.array("proof").map(Digest::new));
        let proof = proof.collect::<Result<Vec<_>, _>>()?;
        input.zeroes(usize::from(empty) * HASH, "proof")?;
        let (request, answer) = (input.opening("request")?, input.opening("answer")?);
        entries.push(ReceiptEntry {
            index,
            leaf,
            proof,
            request,
            answer,
        });
    }
    if !input.0.is_empty() {
        return Err(ReceiptError::Encoding("something stands behind the end"));
    }
    Ok(Receipt {
        entries,
        checkpoint,
    })
}

/// The longest audit path of a tree of the size that the note says.
fn slots(note: &[u8]) -> Result<u8, ReceiptError> {
    if note.len() > MAX_NOTE {
        return Err(ReceiptError::Encoding("note"));
    }
    let size = Checkpoint::parse_body(&Note::parse(note)?.body)?.size;
    let last = size.saturating_sub(1);
    Ok(u8::try_from(u64::BITS - last.leading_zeros()).unwrap_or(u8::MAX))
}

fn short(length: usize, what: &'static str) -> Result<[u8; 2], ReceiptError> {
    u16::try_from(length)
        .map(u16::to_be_bytes)
        .map_err(|_| ReceiptError::Encoding(what))
}

fn opening(out: &mut Vec<u8>, opening: Option<&Opening>) -> Result<(), ReceiptError> {
    let Some(opening) = opening else {
        out.push(0);
        return Ok(());
    };
    let length = opening.bytes.len();
    let short = u32::try_from(length).ok().filter(|_| length <= MAX_CONTENT);
    let short = short.ok_or(ReceiptError::Encoding("opening"))?;
    out.push(1);
    out.extend(opening.salt.as_bytes());
    out.extend(short.to_be_bytes());
    out.extend(&opening.bytes);
    out.resize(out.len() + filling(length), 0);
    Ok(())
}

fn filling(length: usize) -> usize {
    length.next_multiple_of(BLOCK).max(BLOCK) - length
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize, what: &'static str) -> Result<&'a [u8], ReceiptError> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(ReceiptError::Encoding(what))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], ReceiptError> {
        let (taken, rest) = self
            .0
            .split_first_chunk::<N>()
            .ok_or(ReceiptError::Encoding(what))?;
        self.0 = rest;
        Ok(*taken)
    }

    fn zeroes(&mut self, length: usize, what: &'static str) -> Result<(), ReceiptError> {
        let zero = self.take(length, what)?.iter().all(|b| *b == 0);
        if zero {
            Ok(())
        } else {
            Err(ReceiptError::Encoding(what))
        }
    }

    fn opening(&mut self, what: &'static str) -> Result<Option<Opening>, ReceiptError> {
        match self.array(what)? {
            [0] => return Ok(None),
            [1] => {}
            _ => return Err(ReceiptError::Encoding(what)),
        }
        let salt = Salt::new(self.array(what)?);
        let length = usize::try_from(u32::from_be_bytes(self.array(what)?)).unwrap_or(usize::MAX);
        if length > MAX_CONTENT {
            return Err(ReceiptError::Encoding(what));
        }
        let bytes = self.take(length, what)?.to_vec();
        self.zeroes(filling(length), what)?;
        Ok(Some(Opening { salt, bytes }))
    }
}
