//! An engine in memory: for tests, and the second implementation that keeps the trait honest.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::{Arc, PoisonError, RwLock};

use super::{Batch, Engine, Visit};
use crate::error::StoreError;
use crate::files::Files;

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// Ordered bytes in memory. [`MemoryEngine::reopen`] gives an engine over the same bytes, as a
/// restart would; the bytes are gone when the last engine over them is.
pub struct MemoryEngine {
    bytes: Arc<RwLock<Map>>,
    /// Large payloads, which stay with the bytes that name them.
    files: Arc<Files>,
    closed: RwLock<bool>,
}

impl MemoryEngine {
    /// An empty engine.
    #[must_use]
    pub fn new() -> Self {
        Self {
            bytes: Arc::default(),
            files: Arc::new(Files::in_memory()),
            closed: RwLock::new(false),
        }
    }

    /// An open engine over the same bytes.
    #[must_use]
    pub fn reopen(&self) -> Self {
        Self {
            bytes: Arc::clone(&self.bytes),
            files: Arc::clone(&self.files),
            closed: RwLock::new(false),
        }
    }

    pub(crate) fn files(&self) -> Arc<Files> {
        Arc::clone(&self.files)
    }

    fn check_open(&self) -> Result<(), StoreError> {
        let closed = self.closed.read().unwrap_or_else(PoisonError::into_inner);
        if *closed {
            Err(StoreError::Closed)
        } else {
            Ok(())
        }
    }
}

impl Default for MemoryEngine {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for MemoryEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryEngine(..)")
    }
}

impl Engine for MemoryEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.check_open()?;
        let bytes = self.bytes.read().unwrap_or_else(PoisonError::into_inner);
        Ok(bytes.get(key).cloned())
    }

    fn range(&self, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.check_open()?;
        if from >= to {
            return Ok(());
        }
        let bytes = self.bytes.read().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in bytes.range::<[u8], _>((Bound::Included(from), Bound::Excluded(to))) {
            if let ControlFlow::Break(()) = visit(key, value)? {
                break;
            }
        }
        Ok(())
    }

    fn apply(&self, batch: &Batch) -> Result<(), StoreError> {
        self.check_open()?;
        let mut bytes = self.bytes.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in batch {
            match value {
                Some(value) => bytes.insert(key.clone(), value.clone()),
                None => bytes.remove(key),
            };
        }
        Ok(())
    }

    /// A map keeps nothing that was deleted.
    fn compact(&self) -> Result<(), StoreError> {
        self.check_open()
    }

    /// What is in memory has no place for a copy that would outlive it.
    fn keep_copy(&self, _name: &str) -> Result<(), StoreError> {
        self.check_open()
    }

    fn close(&self) -> Result<(), StoreError> {
        *self.closed.write().unwrap_or_else(PoisonError::into_inner) = true;
        Ok(())
    }
}
