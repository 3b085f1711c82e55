//! Which key epochs this node had, and of which it has no key any more: what was decided under those
//! can't be looked up, and "unknown" must not be told as "nothing".
//!
//! An epoch is remembered until nothing of it stands in the log. Without its key in use this party
//! asks and pushes nothing under it; what it pushed before can be told to others until it expires,
//! and the log keeps that for its own time.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use model::{CovenantId, Day, KeyEpoch, Timestamp};
use store::{KeyEpochKept, NodeStore, NodeTx, NodeView, StoreError};
use wire::limit;

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

    /// The epochs of a covenant under which something of this party's may wait or be at the broker:
    /// those of which it has a key, and those that it remembers. What is taken back needs no key, so
    /// that what the settings say of a first epoch counts for nothing.
    ///
    /// # Errors
    /// When the store can't read.
    pub(crate) fn outbox_epochs(
        &self,
        view: &NodeView,
        id: &CovenantId,
    ) -> Result<BTreeSet<KeyEpoch>, StoreError> {
        let held = self.read(|all| all.get(id).map(Carried::held));
        let mut epochs = held.unwrap_or_default();
        epochs.extend(view.key_epochs(id)?.iter().map(|kept| kept.epoch));
        Ok(epochs)
    }

    /// The epochs of a covenant that can't be looked up, though something could be found, in their
    /// order.
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
        // What was decided before is in no answer, with or without the key.
        let earliest = today.plus_days(-limit::LOOKED_BACK_DAYS);
        let missing = self.read(|all| {
            let carried = all.get(id)?;
            let held = carried.held();
            let missing = known.into_iter().filter(|kept| {
                let was_here = kept.had || kept.epoch >= carried.first_epoch;
                let in_time = today < kept.ends && earliest < kept.until;
                was_here && in_time && !held.contains(&kept.epoch)
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
        let live: BTreeSet<KeyEpoch> = self.epochs.iter().map(Epoch::number).collect();
        for &epoch in &held {
            let before = before(epoch);
            let is_known = highest.is_some_and(|highest| epoch <= highest);
            // Its time is over already: a key that is kept longer does not begin it anew.
            if before.is_none() && is_known && !live.contains(&epoch) {
                continue;
            }
            // With a key for look-ups nothing is pushed and nothing asked: its last day stays.
            let stays = before.filter(|_| !live.contains(&epoch));
            let until = stays.map_or(until, |before| before.until);
            all.push(self.kept(epoch, true, before, until));
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

#[cfg(test)]
mod tests {
    use store::{MemoryEngine, NodePurgeable, NodeSettings};

    use super::*;
    use crate::config::Config;
    use crate::keys::Keys;
    use crate::testing::{config, for_look_ups, today};

    /// A node that is started again and again with other keys in its settings.
    struct Node {
        files: tempfile::TempDir,
        engine: MemoryEngine,
        config: Config,
    }

    impl Node {
        fn with(epochs: &[u32]) -> Self {
            let files = tempfile::tempdir().unwrap();
            let config = config(files.path(), "corporatie", epochs);
            Self {
                files,
                engine: MemoryEngine::default(),
                config,
            }
        }

        /// Starts it on a day; gives the epochs that are missing then, and their last days.
        async fn started(&self, day: Day) -> (NodeStore, Vec<(u32, Day)>) {
            assert!(self.files.path().exists());
            let keys = Keys::read(&self.config.keys).unwrap();
            let now = day.start();
            let settings = NodeSettings::default();
            let store = NodeStore::in_memory(self.engine.reopen(), settings).unwrap();
            let covenants = Covenants::load(&self.config, &keys, now).unwrap();
            covenants.recall(&store, now).await.unwrap();
            let missing = store
                .read(|view| covenants.all_missing_epochs(view, day))
                .unwrap();
            let missing = missing.iter().map(|m| (m.epoch.get(), m.last_day));
            (store, missing.collect())
        }

        async fn missing(&self, day: Day) -> Vec<(u32, Day)> {
            let (store, missing) = self.started(day).await;
            store.close().unwrap();
            missing
        }

        fn keys(&mut self) -> &mut CovenantConfig {
            &mut self.config.covenants[0]
        }
    }

    /// The last day of the signals of a day, by the tests' covenant.
    fn last_day_of(day: Day) -> Day {
        day.plus_months(12).plus_days(-1)
    }

    #[tokio::test]
    async fn an_epoch_whose_key_is_taken_out_is_missing_over_restarts_until_it_comes_back() {
        let mut node = Node::with(&[1, 2]);
        assert!(node.missing(today()).await.is_empty());
        // The node ran on the next day too.
        let last = today().plus_days(1);
        assert!(node.missing(last).await.is_empty());
        let whole = node.config.clone();
        node.keys().keys.remove(0);
        for days in [2, 3, 500] {
            let missing = node.missing(today().plus_days(days)).await;
            assert_eq!(missing, [(1, last_day_of(last))], "after {days} days");
        }
        // A setting does not talk away what the node itself had.
        node.keys().first_epoch = 2;
        assert_eq!(node.missing(today().plus_days(501)).await.len(), 1);
        node.config = whole;
        for_look_ups(node.keys(), 1);
        assert!(node.missing(today().plus_days(502)).await.is_empty());
        node.keys().look_up_keys.clear();
        let missing = node.missing(today().plus_days(503)).await;
        assert_eq!(missing, [(1, last_day_of(last))], "nothing came under it");
    }

    #[tokio::test]
    async fn a_key_for_look_ups_moves_no_last_day() {
        let mut node = Node::with(&[1, 2]);
        let in_use = node.config.clone();
        for_look_ups(node.keys(), 1);
        for days in [0, 1, 30] {
            let missing = node.missing(today().plus_days(days)).await;
            assert!(missing.is_empty());
        }
        node.keys().look_up_keys.clear();
        // It may have been in use until the day on which it was first seen.
        let missing = node.missing(today().plus_days(31)).await;
        assert_eq!(missing, [(1, last_day_of(today()))]);
        // In use again it counts as before.
        node.config = in_use;
        let last = today().plus_days(32);
        assert!(node.missing(last).await.is_empty());
        node.keys().keys.remove(0);
        let missing = node.missing(last.plus_days(1)).await;
        assert_eq!(missing, [(1, last_day_of(last))]);
    }

    #[tokio::test]
    async fn an_epoch_is_missing_for_as_long_as_a_look_up_could_find_something_under_it() {
        let mut node = Node::with(&[1, 2]);
        node.missing(today()).await;
        node.keys().keys.remove(0);
        let last = last_day_of(today()).plus_days(4 * 365 + 1);
        assert_eq!(node.missing(last).await.len(), 1);
        assert!(node.missing(last.plus_days(1)).await.is_empty());
    }

    #[tokio::test]
    async fn an_epoch_is_forgotten_when_the_log_has_let_go_of_it_and_does_not_come_back() {
        // Also when its key was kept for look-ups, and longer than anybody needed it.
        for keeps in [false, true] {
            let mut node = Node::with(&[1, 2]);
            node.missing(today()).await;
            if keeps {
                for_look_ups(node.keys(), 1);
            } else {
                node.keys().keys.remove(0);
            }
            let ends = today().plus_months(12 + 60);
            let (store, _) = node.started(ends).await;
            let purge = async |day: Day| {
                let purged = store.write(move |tx| tx.purge(day, 100)).await;
                purged.unwrap();
            };
            let kept = || {
                let id = CovenantId::parse("proef").unwrap();
                let kept = store.read(|view| view.key_epochs(&id)).unwrap();
                kept.iter().map(|one| one.epoch.get()).collect::<Vec<_>>()
            };
            purge(ends.plus_days(-1)).await;
            assert_eq!(kept(), [1, 2]);
            purge(ends).await;
            assert_eq!(kept(), [2]);
            let purged = store.read(|view| view.purged()).unwrap();
            assert_eq!(purged[0].what, NodePurgeable::KeyEpochs);
            store.close().unwrap();
            assert!(node.missing(ends.plus_days(1)).await.is_empty());
            node.keys().look_up_keys.clear();
            assert!(node.missing(ends.plus_days(2)).await.is_empty());
        }
    }

    #[tokio::test]
    async fn what_may_have_been_before_a_first_start_is_unknown_unless_the_settings_say_otherwise()
    {
        let mut node = Node::with(&[3]);
        let last = last_day_of(today());
        assert_eq!(node.missing(today()).await, [(1, last), (2, last)]);
        let later = today().plus_days(9);
        node.keys().first_epoch = 2;
        assert_eq!(node.missing(later).await, [(2, last)]);
        node.keys().first_epoch = 3;
        assert!(node.missing(later).await.is_empty());
        // A later epoch that this node never had a key of.
        let mut skips = Node::with(&[1, 3]);
        assert_eq!(skips.missing(today()).await, [(2, last)]);
        skips.keys().first_epoch = 0;
        let keys = Keys::read(&skips.config.keys).unwrap();
        let wrong = Covenants::load(&skips.config, &keys, today().start());
        let wrong = format!("{:#}", wrong.unwrap_err());
        assert!(
            wrong.contains("first_epoch: epochs count from 1"),
            "{wrong}"
        );
    }

    #[tokio::test]
    async fn nothing_is_written_where_nothing_changed() {
        let node = Node::with(&[1, 2]);
        let (store, _) = node.started(today()).await;
        let keys = Keys::read(&node.config.keys).unwrap();
        let covenants = Covenants::load(&node.config, &keys, today().start()).unwrap();
        let known = |view: &NodeView| {
            let id = CovenantId::parse("proef").unwrap();
            Ok::<_, StoreError>((view.key_epochs(&id)?, view.highest_key_epoch(&id)?))
        };
        let (known, highest) = store.read(known).unwrap();
        let change = |day| {
            covenants.read(|all| {
                let carried = all.values().next().unwrap();
                carried.to_remember(&known, highest, day)
            })
        };
        let same = change(today());
        assert!(same.epochs.is_empty() && same.highest.is_none());
        assert_eq!(change(today().plus_days(1)).epochs.len(), 2);
    }
}
