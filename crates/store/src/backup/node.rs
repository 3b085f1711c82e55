//! Putting a node's backup back: read to its end, opened, checked and brought up to what is known
//! besides it, and only then installed, all at once.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use super::restore::{Stage, is_occupied, read_into};
use super::{NODE, damaged, refuse};
use crate::engine::{Engine as _, SledEngine, SledSettings};
use crate::error::StoreError;
use crate::expiry::count;
use crate::files::Files;
use crate::layout::{Key, OUTBOX, OUTSIDE, OWN, RECEIVED, RECEIVED_ID, key_end, last_u64};
use crate::node::{NodeSettings, NodeStore, NodeTx, NodeView, OutboxTotals};

/// What was checked of a node's state, and how much of it there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NodeChecked {
    /// Own signals, each found again by its ids outside.
    pub signals: u64,
    /// Items that wait for the broker; the totals agree with them.
    pub waiting: u64,
    /// Notices, each found by its id.
    pub notices: u64,
}

/// Verifies a node's backup and, unless `verify_only`, makes it the state in `state_dir`, which
/// must not exist or be empty. `amend` sees the state before it is installed: what it refuses is
/// not installed, and what it writes is part of the state. It needs room for the database beside
/// `state_dir` while it runs.
///
/// # Errors
/// [`StoreError::NotRestored`] with what does not hold and the remedy, and what `amend` refuses;
/// nothing is installed then.
pub fn restore_node<T, E>(
    from: &Path,
    state_dir: &Path,
    verify_only: bool,
    amend: impl FnOnce(&mut NodeTx) -> Result<T, E> + Send + 'static,
) -> Result<(NodeChecked, T), E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    if !verify_only && is_occupied(state_dir) {
        return Err(refuse(
            "there is a state already: stop the node and move the folder of state_dir away, so \
             that nothing of it is lost",
        )
        .into());
    }
    let stage = Stage::beside(state_dir)?;
    load(from, &stage)?;
    let store = NodeStore::open(stage.path(), NodeSettings::default())?;
    let done = store
        .read(check)
        .map_err(E::from)
        .and_then(|checked| Ok((checked, store.write_blocking(amend)?)));
    let closed = store.close();
    let done = done?;
    closed?;
    drop(store);
    if !verify_only {
        fs::remove_file(stage.path().join("lock"))
            .map_err(StoreError::io("removing the lock of the restored state"))?;
        stage.install(state_dir)?;
    }
    Ok(done)
}

fn load(from: &Path, stage: &Stage) -> Result<(), StoreError> {
    let engine = SledEngine::open(stage.path(), SledSettings::default())?;
    let files = Files::in_directory(stage.path().join("files"))?;
    let read = read_into(from, NODE, &engine, &files);
    let closed = engine.close();
    if read?.is_some() {
        return Err(damaged());
    }
    closed
}

/// Every record that points at another one finds it.
fn check(view: &NodeView) -> Result<NodeChecked, StoreError> {
    let tx = &view.tx;
    let wrong = |what| StoreError::Damaged { what };
    let mut totals = OutboxTotals::default();
    tx.range(&[OUTBOX], &key_end(&[OUTBOX]), |_, body| {
        totals.items = totals.items.saturating_add(1);
        let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
        totals.bytes = totals.bytes.saturating_add(bytes);
        Ok(ControlFlow::Continue(()))
    })?;
    if totals != view.outbox_totals()? {
        return Err(wrong("outbox total"));
    }
    tx.range(&[OUTSIDE], &key_end(&[OUTSIDE]), |_, id| {
        match tx.has(&Key::of(OWN).raw(id).done())? {
            true => Ok(ControlFlow::Continue(())),
            false => Err(wrong("id of an own signal")),
        }
    })?;
    tx.range(&[RECEIVED_ID], &key_end(&[RECEIVED_ID]), |_, number| {
        let number = last_u64(number).ok_or(wrong("notice id"))?;
        match tx.has(&Key::of(RECEIVED).u64(number).done())? {
            true => Ok(ControlFlow::Continue(())),
            false => Err(wrong("notice id")),
        }
    })?;
    let notices = count(tx, &[RECEIVED])?;
    if notices != count(tx, &[RECEIVED_ID])? {
        return Err(wrong("notice"));
    }
    Ok(NodeChecked {
        signals: count(tx, &[OWN])?,
        waiting: totals.items,
        notices,
    })
}
