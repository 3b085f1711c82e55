//! Which key epochs of a covenant the node had, for as long as the log keeps what was made under
//! them: so that it knows later what it can't look up any more. No key is kept here.

use model::{CovenantId, Day, KeyEpoch};

use super::{NodeTx, NodeView};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::expiry::move_until;
use crate::layout::{KEY_EPOCH, Key};

/// A key epoch that is remembered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyEpochKept {
    /// The epoch.
    pub epoch: KeyEpoch,
    /// Whether the node had its key; `false` when it only was below another one from the beginning.
    pub had: bool,
    /// The first day on which nothing can come to be under it any more.
    pub until: Day,
    /// The first day on which it is not remembered any more.
    pub ends: Day,
}

impl NodeView {
    /// The epochs of a covenant that are remembered, in their order.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn key_epochs(&self, covenant: &CovenantId) -> Result<Vec<KeyEpochKept>, StoreError> {
        let prefix = Key::of(KEY_EPOCH).text(covenant.as_str()).done();
        self.tx
            .rows(&prefix, &prefix, usize::MAX)?
            .into_iter()
            .map(|(_, record)| {
                let mut take = Take::new(&record, "key epoch");
                let ends = take.day()?;
                let epoch = KeyEpoch::new(take.u32()?).ok_or(take.damaged())?;
                let had = take.u8()? == 1;
                let until = take.day()?;
                Ok(KeyEpochKept {
                    epoch,
                    had,
                    until,
                    ends,
                })
            })
            .collect()
    }

    /// The highest epoch of a covenant whose key the node ever had.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn highest_key_epoch(&self, covenant: &CovenantId) -> Result<Option<KeyEpoch>, StoreError> {
        let Some(record) = self.note(&highest(covenant))? else {
            return Ok(None);
        };
        let mut take = Take::new(&record, "highest key epoch");
        let epoch = KeyEpoch::new(take.u32()?).ok_or(take.damaged())?;
        Ok(Some(epoch))
    }
}

impl NodeTx {
    /// Remembers an epoch, in place of what was known of it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_key_epoch(
        &mut self,
        covenant: &CovenantId,
        kept: &KeyEpochKept,
    ) -> Result<(), StoreError> {
        let key = Key::of(KEY_EPOCH).text(covenant.as_str());
        let key = key.u32(kept.epoch.get()).done();
        let record = Put::default()
            .u32(kept.epoch.get())
            .u8(u8::from(kept.had))
            .day(kept.until)
            .done();
        move_until(&mut self.view.tx, key, kept.ends, &record)
    }

    /// Notes the highest epoch of a covenant whose key the node ever had; this stays when the
    /// epochs themselves are forgotten.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_highest_key_epoch(
        &mut self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
    ) -> Result<(), StoreError> {
        let record = Put::default().u32(epoch.get()).done();
        self.put_note(&highest(covenant), &record)
    }
}

fn highest(covenant: &CovenantId) -> String {
    format!("highest key epoch/{covenant}")
}
