//! One group's changes over the engine: reads see them, a unit that fails takes its own back.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use model::Digest;

use crate::engine::{Batch, Engine, LARGEST_VALUE, Row};
use crate::error::StoreError;
use crate::files::{FileId, Files, LARGEST_PAYLOAD, Pointer};
use crate::layout::{FILE, key_end};

const INLINE: u8 = 0;
const IN_FILE: u8 = 1;

/// What [`Tx::mark`] remembers, to go back to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    undo: usize,
    dead: usize,
}

/// A key with the change that it had before, if any.
#[derive(Debug)]
struct Undo {
    key: Vec<u8>,
    before: Option<Change>,
}

/// What a batch does to a key: put or delete.
type Change = Option<Vec<u8>>;

/// Reads through the changes of the group to the engine. With no changes it is a plain view.
#[derive(Debug)]
pub(crate) struct Tx {
    engine: Arc<dyn Engine>,
    files: Arc<Files>,
    changes: Batch,
    undo: Vec<Undo>,
    staged: BTreeMap<FileId, Vec<u8>>,
    dead: Vec<FileId>,
}

impl Tx {
    pub(crate) fn new(engine: Arc<dyn Engine>, files: Arc<Files>) -> Self {
        Self {
            engine,
            files,
            changes: Batch::new(),
            undo: Vec::new(),
            staged: BTreeMap::new(),
            dead: Vec::new(),
        }
    }

    /// A view of what is durable, without this group's changes.
    pub(crate) fn fresh(&self) -> Self {
        Self::new(Arc::clone(&self.engine), Arc::clone(&self.files))
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.stored(key)? {
            Some(stored) => self.resolve(&stored).map(Some),
            None => Ok(None),
        }
    }

    pub(crate) fn has(&self, key: &[u8]) -> Result<bool, StoreError> {
        Ok(self.stored(key)?.is_some())
    }

    /// Puts a value, inline or in a file of its own by its size.
    pub(crate) fn put(&mut self, key: Vec<u8>, value: &[u8]) -> Result<(), StoreError> {
        if value.len() > LARGEST_PAYLOAD {
            return Err(StoreError::TooLarge {
                what: "record",
                bytes: value.len(),
                limit: LARGEST_PAYLOAD,
            });
        }
        self.let_go_of_file(&key)?;
        if value.len() < LARGEST_VALUE {
            let mut stored = Vec::with_capacity(value.len() + 1);
            stored.push(INLINE);
            stored.extend_from_slice(value);
            self.set(key, Some(stored));
            return Ok(());
        }
        let pointer = Pointer::to(value);
        let mut stored = vec![IN_FILE];
        stored.extend_from_slice(&pointer.id);
        stored.extend_from_slice(pointer.hash.as_bytes());
        self.staged.insert(pointer.id, value.to_vec());
        self.set(file_key(&pointer.id), Some(vec![INLINE]));
        self.set(key, Some(stored));
        Ok(())
    }

    /// Puts a small value under a key that never held a large one: no look-up first.
    pub(crate) fn put_small(&mut self, key: Vec<u8>, value: &[u8]) -> Result<(), StoreError> {
        if value.len() >= LARGEST_VALUE {
            return self.put(key, value);
        }
        let mut stored = Vec::with_capacity(value.len() + 1);
        stored.push(INLINE);
        stored.extend_from_slice(value);
        self.set(key, Some(stored));
        Ok(())
    }

    pub(crate) fn delete(&mut self, key: Vec<u8>) -> Result<(), StoreError> {
        self.let_go_of_file(&key)?;
        self.set(key, None);
        Ok(())
    }

    /// Visits keys from `from` (included) to `to` (excluded) in order.
    pub(crate) fn range(
        &self,
        from: &[u8],
        to: &[u8],
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        if from >= to {
            return Ok(());
        }
        if self.changes.is_empty() {
            return self.engine.range(from, to, &mut |key, stored| {
                self.show(key, stored, &mut visit)
            });
        }
        let mut changed = self
            .changes
            .range::<[u8], _>((
                std::ops::Bound::Included(from),
                std::ops::Bound::Excluded(to),
            ))
            .peekable();
        let mut stopped = false;
        self.engine.range(from, to, &mut |key, stored| {
            while let Some((k, v)) = changed.next_if(|(k, _)| k.as_slice() < key) {
                if let Some(v) = v
                    && self.show(k, v, &mut visit)?.is_break()
                {
                    stopped = true;
                    return Ok(ControlFlow::Break(()));
                }
            }
            let step = match changed.next_if(|(k, _)| k.as_slice() == key) {
                Some((_, None)) => ControlFlow::Continue(()),
                Some((k, Some(v))) => self.show(k, v, &mut visit)?,
                None => self.show(key, stored, &mut visit)?,
            };
            stopped = step.is_break();
            Ok(step)
        })?;
        if stopped {
            return Ok(());
        }
        for (key, value) in changed {
            if let Some(value) = value
                && self.show(key, value, &mut visit)?.is_break()
            {
                break;
            }
        }
        Ok(())
    }

    /// At most `limit` rows whose key begins with `prefix`, from `from` on (`prefix` for all).
    pub(crate) fn rows(
        &self,
        prefix: &[u8],
        from: &[u8],
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        if limit == 0 {
            return Ok(rows);
        }
        self.range(from.max(prefix), &key_end(prefix), |key, value| {
            rows.push((key.to_vec(), value.to_vec()));
            Ok(if rows.len() < limit {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            })
        })?;
        Ok(rows)
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark {
            undo: self.undo.len(),
            dead: self.dead.len(),
        }
    }

    pub(crate) fn back_to(&mut self, mark: Mark) {
        for Undo { key, before } in self.undo.drain(mark.undo..).rev() {
            match before {
                Some(change) => self.changes.insert(key, change),
                None => self.changes.remove(&key),
            };
        }
        self.dead.truncate(mark.dead);
    }

    /// Whether the group changed anything.
    pub(crate) fn is_unchanged(&self) -> bool {
        self.changes.is_empty()
    }

    /// Makes the changes durable: files first, then the batch, then old files go.
    pub(crate) fn persist(&mut self) -> Result<(), StoreError> {
        let changes = &self.changes;
        self.staged
            .retain(|id, _| matches!(changes.get(&file_key(id)), Some(Some(_))));
        if !self.staged.is_empty() {
            self.files.write(&self.staged)?;
        }
        self.engine.apply(&self.changes)?;
        if !self.dead.is_empty() {
            self.files.remove(&self.dead);
        }
        self.clear();
        Ok(())
    }

    /// Forgets the changes.
    pub(crate) fn clear(&mut self) {
        self.changes.clear();
        self.undo.clear();
        self.staged.clear();
        self.dead.clear();
    }

    /// Removes payload files that no record names.
    pub(crate) fn sweep_files(&self) -> Result<usize, StoreError> {
        self.files
            .sweep(|id| Ok(self.engine.get(&file_key(id))?.is_some()))
    }

    /// Every row as the engine has it, where nothing is pending.
    pub(crate) fn stored_rows(
        &self,
        visit: &mut crate::engine::Visit<'_>,
    ) -> Result<(), StoreError> {
        self.engine.range(&[], &[u8::MAX; 64], visit)
    }

    /// Every payload that a record names, one after another.
    pub(crate) fn payloads(
        &self,
    ) -> Result<impl Iterator<Item = (FileId, Result<Vec<u8>, StoreError>)> + '_, StoreError> {
        let ids: Vec<FileId> = self
            .rows(&[FILE], &[FILE], usize::MAX)?
            .into_iter()
            .filter_map(|(key, _)| FileId::try_from(key.get(1..)?).ok())
            .collect();
        Ok(ids
            .into_iter()
            .map(|id| (id, self.files.read_unchecked(&id))))
    }

    /// Rewrites the database without what was deleted.
    pub(crate) fn compact(&self) -> Result<(), StoreError> {
        self.sweep_files()?;
        self.engine.compact()
    }

    /// Keeps a copy of the database as it is now.
    pub(crate) fn keep_copy(&self, name: &str) -> Result<(), StoreError> {
        self.engine.keep_copy(name)
    }

    pub(crate) fn close(&self) -> Result<(), StoreError> {
        self.engine.close()
    }

    fn set(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        let before = self.changes.insert(key.clone(), value);
        self.undo.push(Undo { key, before });
    }

    fn stored(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.changes.get(key) {
            Some(change) => Ok(change.clone()),
            None => self.engine.get(key),
        }
    }

    fn show(
        &self,
        key: &[u8],
        stored: &[u8],
        visit: &mut impl FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<ControlFlow<()>, StoreError> {
        match stored.split_first() {
            Some((&INLINE, value)) => visit(key, value),
            _ => visit(key, &self.resolve(stored)?),
        }
    }

    fn resolve(&self, stored: &[u8]) -> Result<Vec<u8>, StoreError> {
        if let Some((&INLINE, value)) = stored.split_first() {
            return Ok(value.to_vec());
        }
        let pointer = pointer(stored).ok_or(StoreError::Damaged { what: "record" })?;
        match self.staged.get(&pointer.id) {
            Some(bytes) => Ok(bytes.clone()),
            None => self.files.read(&pointer),
        }
    }

    fn let_go_of_file(&mut self, key: &[u8]) -> Result<(), StoreError> {
        if let Some(old) = self.stored(key)?.as_deref().and_then(pointer) {
            self.set(file_key(&old.id), None);
            self.dead.push(old.id);
        }
        Ok(())
    }
}

fn pointer(stored: &[u8]) -> Option<Pointer> {
    let (&kind, rest) = stored.split_first()?;
    let (id, hash) = rest.split_first_chunk::<16>()?;
    (kind == IN_FILE).then_some(())?;
    Some(Pointer {
        id: *id,
        hash: Digest::from_slice(hash)?,
    })
}

fn file_key(id: &FileId) -> Vec<u8> {
    let mut key = vec![FILE];
    key.extend_from_slice(id);
    key
}
