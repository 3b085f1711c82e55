//! Which key epochs this node had, and of which it has no key any more: what was decided under those
//! can't be looked up, and "unknown" must not be told as "nothing".
//!
//! An epoch is remembered until nothing of it stands in the log. Without its key this party asks and
//! pushes nothing under it; what it pushed before can be told to others until it expires, and the
//! log keeps that for its own time.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use model::{CovenantId, Day, KeyEpoch, Timestamp};
use store::{KeyEpochKept, NodeStore, NodeTx, NodeView, StoreError};

use super::Covenants;
use crate::config::CovenantConfig;
use crate::keys::{Epoch, LookUpEpoch};
use crate::versions::Carried;

/// How many epochs below a first one are thought of: keys are replaced yearly, not daily.
const MOST_BELOW: usize = 100;

/// An epoch that this node had, or may have had, and has no key of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MissingEpoch {
    pub(crate) covenant: CovenantId,
    pub(crate) epoch: KeyEpoch,
    /// The last day on which anything of this party's can have come under it.
    pub(crate) last_day: Day,
}

/// What changes of what is remembered.
#[derive(Default)]
struct Change {
    epochs: Vec<KeyEpochKept>,
    highest: Option<KeyEpoch>,
}

impl Covenants {
    /// Remembers which epochs' keys this node has today, and how long that matters. Nothing is
    /// written where nothing has changed.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn remember_epochs(
        &self,
        store: &NodeStore,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let changes = store.read(|view| {
            let mut changes = BTreeMap::new();
            for id in self.ids() {
                let (known, highest) = (view.key_epochs(&id)?, view.highest_key_epoch(&id)?);
                let change =
                    self.read(|all| Some(all.get(&id)?.to_remember(&known, highest, now.day())));
                changes.extend(change.map(|change| (id, change)));
            }
            Ok::<_, StoreError>(changes)
        })?;
        if changes
            .values()
            .all(|change| change.epochs.is_empty() && change.highest.is_none())
        {
            return Ok(());
        }
        store
            .write(move |tx: &mut NodeTx| {
                for (id, change) in changes {
                    for kept in &change.epochs {
                        tx.put_key_epoch(&id, kept)?;
                    }
                    if let Some(highest) = change.highest {
                        tx.put_highest_key_epoch(&id, highest)?;
                    }
                }
                Ok::<_, StoreError>(())
            })
            .await
    }

    /// The epochs of a covenant that can't be looked up, in their order.
    ///
    /// # Errors
    /// When the store can't read.
    pub(crate) fn missing_epochs(
        &self,
        view: &NodeView,
        id: &CovenantId,
        today: Day,
    ) -> Result<Vec<MissingEpoch>, StoreError> {
        let known = view.key_epochs(id)?;
        let missing = self.read(|all| {
            let carried = all.get(id)?;
            let held = carried.held();
            let missing = known.into_iter().filter(|kept| {
                let was_here = kept.had || kept.epoch >= carried.first_epoch;
                was_here && today < kept.ends && !held.contains(&kept.epoch)
            });
            let missing = missing.map(|kept| MissingEpoch {
                covenant: id.clone(),
                epoch: kept.epoch,
                last_day: kept.until.plus_days(-1),
            });
            Some(missing.collect())
        });
        Ok(missing.unwrap_or_default())
    }

    /// The same of every covenant of the settings.
    ///
    /// # Errors
    /// When the store can't read.
    pub(crate) fn all_missing_epochs(
        &self,
        view: &NodeView,
        today: Day,
    ) -> Result<Vec<MissingEpoch>, StoreError> {
        let mut all = Vec::new();
        for id in self.ids() {
            all.extend(self.missing_epochs(view, &id, today)?);
        }
        Ok(all)
    }

    /// At a start: remembers what there is, and says what is missing.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn recall_epochs(&self, store: &NodeStore, now: Timestamp) -> Result<()> {
        self.remember_epochs(store, now).await?;
        for missing in store.read(|view| self.all_missing_epochs(view, now.day()))? {
            tracing::warn!(
                covenant = %missing.covenant, epoch = missing.epoch.get(),
                "there is no key of this epoch: what was decided under it is told to data subjects \
                 as unknown; give its key under look_up_keys, or first_epoch where this party came later"
            );
        }
        Ok(())
    }
}

impl Carried {
    /// The epochs of which there is a key, live or for look-ups.
    pub(super) fn held(&self) -> BTreeSet<KeyEpoch> {
        let live = self.epochs.iter().map(Epoch::number);
        let over = self.look_up_epochs.iter().map(LookUpEpoch::number);
        live.chain(over).collect()
    }

    fn to_remember(&self, known: &[KeyEpochKept], highest: Option<KeyEpoch>, today: Day) -> Change {
        let held = self.held();
        let until = self.signals_end(today);
        let before = |epoch: KeyEpoch| known.iter().find(|kept| kept.epoch == epoch);
        let mut all: Vec<KeyEpochKept> = Vec::new();
        for &epoch in &held {
            all.push(self.kept(epoch, true, before(epoch), until));
        }
        for kept in known.iter().filter(|kept| !held.contains(&kept.epoch)) {
            all.push(self.kept(kept.epoch, kept.had, Some(kept), kept.until));
        }
        let top = held.last().copied();
        // Epochs below the first ones that this node knows: it can't know whether it had them.
        let from = highest.map_or(1, |highest| highest.get().saturating_add(1));
        let below = (from..top.map_or(0, KeyEpoch::get)).rev().take(MOST_BELOW);
        for epoch in below.filter_map(KeyEpoch::new) {
            if !held.contains(&epoch) && before(epoch).is_none() {
                all.push(self.kept(epoch, false, None, until));
            }
        }
        all.retain(|kept| before(kept.epoch) != Some(kept));
        Change {
            epochs: all,
            highest: top.filter(|top| highest.is_none_or(|highest| highest < *top)),
        }
    }

    /// What is remembered never ends earlier than was thought before.
    fn kept(
        &self,
        epoch: KeyEpoch,
        had: bool,
        before: Option<&KeyEpochKept>,
        until: Day,
    ) -> KeyEpochKept {
        let until = before.map_or(until, |before| before.until.max(until));
        let ends = self.log_ends(until);
        KeyEpochKept {
            epoch,
            had: had || before.is_some_and(|before| before.had),
            until,
            ends: before.map_or(ends, |before| before.ends.max(ends)),
        }
    }

    /// When the last signal of `day` has expired, by any version.
    fn signals_end(&self, day: Day) -> Day {
        let versions = self.versions.values();
        let signals = versions.flat_map(|version| version.covenant().signals().values());
        let ends = signals.map(|signal| signal.expires_after.after(day));
        // The day itself is not over.
        ends.max().unwrap_or(day).max(day.plus_days(1))
    }

    /// When the log has let go of what was written on `day`, by any version.
    fn log_ends(&self, day: Day) -> Day {
        let versions = self.versions.values();
        let ends = versions.map(|version| version.covenant().log().retention.after(day));
        ends.max().unwrap_or(day)
    }
}

/// The first epoch of which this party ever had the key, by the settings.
///
/// # Errors
/// When it is none.
pub(super) fn first_epoch(entry: &CovenantConfig) -> Result<KeyEpoch> {
    KeyEpoch::new(entry.first_epoch).context("first_epoch: epochs count from 1")
}
