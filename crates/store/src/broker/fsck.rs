//! What a database can say about its own health.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ledger::counters::{AudienceKey, Audiences};
use ledger::{Skeleton, tree};

use super::BrokerView;
use super::signals::index_rows;
use crate::error::StoreError;
use crate::expiry::{count, number};
use crate::layout::{COUNTER, INDEX, Key, LEAF, NOTICE, SIGNAL, WORK, key_end, last_u64};

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
pub(crate) fn check(view: &BrokerView) -> Result<Checked, StoreError> {
    let signed = view.checkpoint();
    let damaged = StoreError::Damaged { what: "log" };
    let mut leaves = 0;
    let mut nodes = BTreeMap::new();
    let mut counted = Counted::default();
    view.tx.range(&[LEAF], &key_end(&[LEAF]), |key, leaf| {
        let place = last_u64(key) == Some(leaves);
        let skeleton = Skeleton::from_leaf(leaf).map_err(|_| damaged.clone())?;
        if !place || skeleton.seq != leaves {
            return Err(damaged.clone());
        }
        counted.follow(&skeleton)?;
        let made = tree::append(leaves, tree::leaf_hash(leaf), |id| nodes.get(&id).copied());
        nodes.extend(made.map_err(|_| damaged.clone())?);
        leaves += 1;
        Ok(ControlFlow::Continue(()))
    })?;
    let root = tree::root(leaves, |id| nodes.get(&id).copied());
    if leaves != signed.size || root != Ok(signed.root) || view.root(leaves)? != signed.root {
        return Err(damaged);
    }
    counted.agrees_with(view)?;
    work_resolves(view)?;
    index_resolves(view)?;
    Ok(Checked {
        leaves,
        signals: count(&view.tx, &[SIGNAL])?,
        work: count(&view.tx, &[WORK])?,
        notices: count(&view.tx, &[NOTICE])?,
    })
}

/// The numbers of the parties that leaves name, followed over the whole log.
#[derive(Default)]
struct Counted(BTreeMap<AudienceKey, u64>);

impl Counted {
    fn follow(&mut self, leaf: &Skeleton) -> Result<(), StoreError> {
        let audiences = Audiences::of(
            leaf.covenant.as_ref(),
            leaf.recipient.as_ref(),
            leaf.source.as_ref(),
            None,
        );
        let numbers = [
            (audiences.recipient, leaf.counters.recipient),
            (audiences.source, leaf.counters.source),
        ];
        for (audience, number) in numbers {
            let Some(audience) = audience else { continue };
            let last = self.0.entry(audience).or_default();
            *last = last.saturating_add(1);
            if number != Some(*last) {
                return Err(StoreError::Damaged {
                    what: "number in the log",
                });
            }
        }
        Ok(())
    }

    /// The next entry gets the next number.
    fn agrees_with(&self, view: &BrokerView) -> Result<(), StoreError> {
        for (audience, last) in &self.0 {
            let key = Key::of(COUNTER).raw(audience.as_bytes()).done();
            if number(&view.tx, &key)? != *last {
                return Err(StoreError::Damaged {
                    what: "counter of the log",
                });
            }
        }
        Ok(())
    }
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
