//! What a database can say about its own health.

use std::ops::ControlFlow;

use ledger::{Skeleton, tree};

use super::BrokerView;
use super::signals::index_rows;
use crate::error::StoreError;
use crate::expiry::count;
use crate::layout::{INDEX, Key, LEAF, NOTICE, SIGNAL, WORK, key_end, last_u64};

/// What was checked, and how much of it there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Checked {
    /// Leaves, each hashed and compared with the tree.
    pub leaves: u64,
    /// Signals.
    pub signals: u64,
    /// Signals that wait to be matched.
    pub work: u64,
    /// Notices that wait to be delivered.
    pub notices: u64,
}

/// Every leaf is the one that the tree has at its place, the tree has the root that was signed,
/// and nothing is beyond it.
pub(super) fn check(view: &BrokerView) -> Result<Checked, StoreError> {
    let signed = view.checkpoint();
    let damaged = StoreError::Damaged { what: "log" };
    let mut leaves = 0;
    let mut nodes = std::collections::BTreeMap::new();
    view.tx.range(&[LEAF], &key_end(&[LEAF]), |key, leaf| {
        let place = last_u64(key) == Some(leaves);
        let seq = Skeleton::from_leaf(leaf).map(|s| s.seq);
        if !place || seq != Ok(leaves) {
            return Err(damaged.clone());
        }
        let made = tree::append(leaves, tree::leaf_hash(leaf), |id| nodes.get(&id).copied());
        nodes.extend(made.map_err(|_| damaged.clone())?);
        leaves += 1;
        Ok(ControlFlow::Continue(()))
    })?;
    let root = tree::root(leaves, |id| nodes.get(&id).copied());
    if leaves != signed.size || root != Ok(signed.root) || view.root(leaves)? != signed.root {
        return Err(damaged);
    }
    work_resolves(view)?;
    index_resolves(view)?;
    Ok(Checked {
        leaves,
        signals: count(&view.tx, &[SIGNAL])?,
        work: count(&view.tx, &[WORK])?,
        notices: count(&view.tx, &[NOTICE])?,
    })
}

/// Every signal that waits to be matched is there.
fn work_resolves(view: &BrokerView) -> Result<(), StoreError> {
    let damaged = StoreError::Damaged { what: "work row" };
    view.tx.range(&[WORK], &key_end(&[WORK]), |key, _| {
        let no = last_u64(key).ok_or(damaged.clone())?;
        match view.tx.has(&Key::of(SIGNAL).u64(no).done())? {
            true => Ok(ControlFlow::Continue(())),
            false => Err(damaged.clone()),
        }
    })
}

/// Every row of the match index is one that its signal has, and every signal has all of its rows.
fn index_resolves(view: &BrokerView) -> Result<(), StoreError> {
    let damaged = StoreError::Damaged {
        what: "match index row",
    };
    view.tx.range(&[INDEX], &key_end(&[INDEX]), |key, _| {
        let no = last_u64(key).ok_or(damaged.clone())?;
        let signal = view.signal_by_no(no)?.ok_or(damaged.clone())?;
        match index_rows(&signal, no).contains_key(key) {
            true => Ok(ControlFlow::Continue(())),
            false => Err(damaged.clone()),
        }
    })?;
    view.tx.range(&[SIGNAL], &key_end(&[SIGNAL]), |key, _| {
        let no = last_u64(key).ok_or(damaged.clone())?;
        let signal = view.signal_by_no(no)?.ok_or(damaged.clone())?;
        for row in index_rows(&signal, no).keys() {
            if !view.tx.has(row)? {
                return Err(damaged.clone());
            }
        }
        Ok(ControlFlow::Continue(()))
    })
}
