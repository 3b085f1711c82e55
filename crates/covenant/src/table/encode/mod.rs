//! The encodings of the table, each frozen.
//!
//! Every text is preceded by its length in bytes (`u32`, big-endian), every list by its length in
//! items; numbers are `u32` big-endian; what may be absent is preceded by 0 or 1. Order is that of
//! the ids, or of the file where the file's order has a meaning.

mod v1;
mod v2;

use model::Digest;
use sha2::{Digest as _, Sha256};

use super::{Encoding, Ruling, Table};
use crate::language::covenant::Covenant;
use crate::language::span::Span;

pub(super) fn digest(encoding: Encoding, covenant: &Covenant, table: &Table) -> Digest {
    let mut out = Out(Sha256::new());
    match encoding {
        Encoding::V1 => v1::encode(&mut out, covenant, table),
        Encoding::V2 => v2::encode(&mut out, covenant, table),
    }
    Digest::new(out.0.finalize().into())
}

/// Every cell that is open or prohibited, with the number that says so.
fn rows(out: &mut Out, covenant: &Covenant, table: &Table) {
    let rows = table.rulings();
    out.list(rows.iter(), |out, (cell, ruling)| {
        out.text(cell.role.as_str());
        out.text(cell.purpose.as_str());
        out.text(cell.source.as_str());
        out.text(cell.signal.as_str());
        out.text(cell.shows.as_str());
        let number = match ruling {
            Ruling::Closed => None,
            Ruling::Prohibited(place) => covenant.prohibitions().get(*place).map(|p| &p.number),
            Ruling::Open(place) => covenant.clauses().get(*place).map(|c| &c.number),
        };
        out.flag(matches!(ruling, Ruling::Open(_)));
        out.text(number.map_or("", |n| n.as_str()));
    });
}

pub(super) struct Out(Sha256);

impl Out {
    pub(super) fn number(&mut self, number: u32) {
        self.0.update(number.to_be_bytes());
    }

    pub(super) fn length(&mut self, length: usize) {
        // Nothing in a file of 256 KiB is that long.
        self.number(u32::try_from(length).unwrap_or(u32::MAX));
    }

    pub(super) fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.update(text.as_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.update(bytes);
    }

    pub(super) fn flag(&mut self, flag: bool) {
        self.0.update([u8::from(flag)]);
    }

    pub(super) fn list<T>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) {
        self.length(items.len());
        for item in items {
            each(self, item);
        }
    }

    pub(super) fn texts<T: AsRef<str>>(&mut self, items: &[T]) {
        self.list(items.iter(), |out, item| out.text(item.as_ref()));
    }

    pub(super) fn option<T>(&mut self, item: Option<T>, each: impl FnOnce(&mut Self, T)) {
        self.flag(item.is_some());
        if let Some(item) = item {
            each(self, item);
        }
    }

    pub(super) fn span(&mut self, span: Span) {
        self.number(span.count);
        self.text(span.unit.as_str());
    }
}
