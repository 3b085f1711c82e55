//! A backup of a broker or a node: one file with every row, every payload and, of a broker, the
//! checkpoint over them, as they were at one moment between two groups of writes.
//!
//! `covenant-broker backup 1` or `covenant-node backup 1`, a line feed, then records: a byte for the kind, and parts with their
//! length (32 bits, big-endian) before them. The last record is the SHA-256 of everything before.
//! It holds what the state folder holds, and is to be guarded like it.

mod node;
mod restore;

pub use self::node::{NodeChecked, restore_node};
pub use self::restore::{Restored, Restoring, check_backup, restore, verify_backup};

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::ops::ControlFlow;

use sha2::{Digest as _, Sha256};

use crate::broker::BrokerTx;
use crate::engine::LARGEST_VALUE;
use crate::error::StoreError;
use crate::files::{FileId, LARGEST_PAYLOAD};
use crate::node::NodeTx;
use crate::tx::Tx;
use crate::writer::Group as _;

const BROKER: &str = "covenant-broker backup 1\n";
const NODE: &str = "covenant-node backup 1\n";
const CHECKPOINT: u8 = 1;
const ROW: u8 = 2;
const PAYLOAD: u8 = 3;
const END: u8 = 0;
/// No first line is longer than this.
const LONGEST_FORM: usize = 32;
/// No key is longer than this.
const LARGEST_KEY: usize = 64 * 1024;

/// What a backup holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BackedUp {
    /// Rows of the database.
    pub rows: u64,
    /// Payloads with a file of their own.
    pub payloads: u64,
    /// Leaves of the log; none in a node's.
    pub leaves: u64,
}

/// Writes a broker's backup to `out` and makes it durable.
pub(crate) fn write(group: &mut BrokerTx, out: &File) -> Result<BackedUp, StoreError> {
    let signed = group.checkpoint();
    let mut writer = Writing::begin(out, BROKER)?;
    writer.record(CHECKPOINT, &[&signed.note])?;
    let held = write_rows(writer, group.tx(), out)?;
    Ok(BackedUp {
        leaves: signed.size,
        ..held
    })
}

/// Writes a node's backup to `out` and makes it durable.
pub(crate) fn write_node(group: &mut NodeTx, out: &File) -> Result<BackedUp, StoreError> {
    write_rows(Writing::begin(out, NODE)?, group.tx(), out)
}

fn write_rows(mut writer: Writing<'_>, tx: &Tx, out: &File) -> Result<BackedUp, StoreError> {
    let mut held = BackedUp::default();
    tx.stored_rows(&mut |key, stored| {
        writer.record(ROW, &[key, stored])?;
        held.rows = held.rows.saturating_add(1);
        Ok(ControlFlow::Continue(()))
    })?;
    for (id, bytes) in tx.payloads()? {
        writer.record(PAYLOAD, &[&id, &bytes?])?;
        held.payloads = held.payloads.saturating_add(1);
    }
    writer.raw(&[END])?;
    let hash = writer.hash.clone().finalize();
    writer.raw(&hash)?;
    writer.out.flush().map_err(writing())?;
    out.sync_all().map_err(writing())?;
    Ok(held)
}

fn writing() -> impl FnOnce(std::io::Error) -> StoreError {
    StoreError::io("writing the backup (is the disk full?)")
}

struct Writing<'a> {
    out: BufWriter<&'a File>,
    hash: Sha256,
}

impl<'a> Writing<'a> {
    fn begin(out: &'a File, form: &str) -> Result<Self, StoreError> {
        let mut writer = Self {
            out: BufWriter::new(out),
            hash: Sha256::new(),
        };
        writer.raw(form.as_bytes())?;
        Ok(writer)
    }

    fn raw(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.hash.update(bytes);
        self.out.write_all(bytes).map_err(writing())
    }

    fn record(&mut self, kind: u8, parts: &[&[u8]]) -> Result<(), StoreError> {
        self.raw(&[kind])?;
        for part in parts {
            let length = u32::try_from(part.len()).map_err(|_| StoreError::TooLarge {
                what: "record of a backup",
                bytes: part.len(),
                limit: LARGEST_PAYLOAD,
            })?;
            self.raw(&length.to_be_bytes())?;
            self.raw(part)?;
        }
        Ok(())
    }
}

/// One record of a backup as it is read.
enum Record {
    Checkpoint(Vec<u8>),
    Row(Vec<u8>, Vec<u8>),
    Payload(FileId, Vec<u8>),
}

struct Reading<R> {
    from: R,
    hash: Sha256,
}

impl<R: Read> Reading<R> {
    /// Begins to read a backup of one of these forms.
    fn begin(from: R, forms: &[&str]) -> Result<Self, StoreError> {
        let mut reading = Self {
            from,
            hash: Sha256::new(),
        };
        let mut first = Vec::new();
        while first.len() < LONGEST_FORM && first.last() != Some(&b'\n') {
            first.extend(reading.exactly(1)?);
        }
        if forms.iter().any(|form| form.as_bytes() == first) {
            return Ok(reading);
        }
        let program = match forms {
            [form] if *form == NODE => "covenant-node",
            _ => "covenant-broker",
        };
        Err(refuse(&format!(
            "the file is no backup of this form: give one that {program} backup wrote"
        )))
    }

    /// The next record; `None` at the end, when the sum over everything is right.
    fn next(&mut self) -> Result<Option<Record>, StoreError> {
        let kind = self.exactly(1)?;
        match kind.first() {
            Some(&CHECKPOINT) => Ok(Some(Record::Checkpoint(self.part(LARGEST_VALUE)?))),
            Some(&ROW) => {
                let key = self.part(LARGEST_KEY)?;
                Ok(Some(Record::Row(key, self.part(LARGEST_VALUE)?)))
            }
            Some(&PAYLOAD) => {
                let id = FileId::try_from(self.part(16)?).map_err(|_| damaged())?;
                Ok(Some(Record::Payload(id, self.part(LARGEST_PAYLOAD)?)))
            }
            Some(&END) => {
                let sum = self.hash.clone().finalize();
                if self.exactly(sum.len())? != sum.as_slice() {
                    return Err(damaged());
                }
                let mut more = [0];
                match self.from.read(&mut more) {
                    Ok(0) => Ok(None),
                    _ => Err(damaged()),
                }
            }
            _ => Err(damaged()),
        }
    }

    fn part(&mut self, most: usize) -> Result<Vec<u8>, StoreError> {
        let length = self.exactly(4)?;
        let length = length.first_chunk().map(|n| u32::from_be_bytes(*n));
        let length = length.and_then(|n| usize::try_from(n).ok());
        match length {
            Some(length) if length <= most => self.exactly(length),
            _ => Err(damaged()),
        }
    }

    fn exactly(&mut self, length: usize) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![0; length];
        match self.from.read_exact(&mut bytes) {
            Ok(()) => {
                self.hash.update(&bytes);
                Ok(bytes)
            }
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(damaged()),
            Err(error) => Err(StoreError::io("reading the backup")(error)),
        }
    }
}

fn refuse(why: &str) -> StoreError {
    StoreError::NotRestored { why: why.into() }
}

fn damaged() -> StoreError {
    refuse("the file is cut off or was changed since it was written: take another copy of it")
}
