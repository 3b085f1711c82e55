//! What may not be kept any longer goes: every day at a fixed time, and at every start.
//!
//! Own signals go some days after they ended, so that a late withdrawal still finds them; notices
//! when what their clause promises (`bewaren`) is over, counted from the day of the decision. The
//! work is done in batches; one that is cut off goes on at the next start, and what had gone is
//! still counted. A node has no disclosure log: what went is written down in its own state.

mod due;
mod steps;

use std::sync::Arc;
use std::time::Duration;

use model::clock::Clock;
use process::daily::TimeOfDay;
use store::{NodePurge, NodePurged, NodeStore, NodeTx, StoreError};
use tokio_util::sync::CancellationToken;

use self::steps::{Place, Rules, step};
use crate::checks::Checks;
use crate::config::RetentionConfig;
use crate::metrics::NodeMetrics;
use crate::vault::Vault;

pub(crate) use self::due::{history, lines};

const DAY_SECONDS: i64 = 86_400;
/// How often it is looked whether the time of day has come.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many purges the operator is shown.
const SHOWN: usize = 30;

/// Removes what is due.
#[derive(Debug, Clone)]
pub(crate) struct Retention {
    pub(crate) settings: RetentionConfig,
    pub(crate) at: TimeOfDay,
    pub(crate) store: NodeStore,
    pub(crate) vault: Arc<Vault>,
    pub(crate) metrics: NodeMetrics,
    pub(crate) clock: Arc<dyn Clock>,
}

/// What a purge came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Swept {
    /// What went, also in an earlier purge that was cut off.
    pub(crate) purged: Vec<NodePurged>,
    /// Whether the database was rewritten after it.
    pub(crate) compacted: bool,
}

/// Why a rehearsed step was undone.
enum Rehearsed {
    Went(Place, Vec<NodePurged>),
    Failed(StoreError),
}

impl From<StoreError> for Rehearsed {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl Retention {
    /// By these settings, with what the node's checks work with.
    ///
    /// # Errors
    /// When the settings name no time of day.
    pub(crate) fn of(settings: &RetentionConfig, node: &Checks) -> anyhow::Result<Self> {
        Ok(Self {
            at: settings.time_of_day()?,
            settings: settings.clone(),
            store: node.store.clone(),
            vault: Arc::clone(&node.vault),
            metrics: node.metrics.clone(),
            clock: Arc::clone(&node.clock),
        })
    }

    /// Purges at the start, and then every day at its time, until the process stops.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut tick = tokio::time::interval(LOOK_EVERY);
        let mut at_start = true;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
            }
            if !at_start && !self.is_due() {
                continue;
            }
            // A batch that is under way is finished; the rest goes at the next start.
            let swept = tokio::select! {
                () = stop.cancelled() => return,
                swept = self.purge() => swept,
            };
            match swept {
                Ok(swept) => {
                    at_start = false;
                    say(&swept);
                }
                Err(error) => {
                    tracing::error!(%error, "what may not be kept any longer can't be removed: trying again");
                }
            }
        }
    }

    fn is_due(&self) -> bool {
        match self.store.read(|view| view.last_purge()) {
            Ok(last) => self.at.has_come(last, self.clock.now()),
            Err(error) => {
                tracing::error!(%error, "when the last purge was can't be read");
                false
            }
        }
    }

    /// Removes everything that is due, writes down how much it was, and rewrites the database when
    /// that is due as well.
    ///
    /// # Errors
    /// When the store fails: what was removed stays so, and is counted by the next purge.
    pub(crate) async fn purge(&self) -> Result<Swept, StoreError> {
        let rules = self.rules();
        let mut next = Some(Place::default());
        while let Some(place) = next {
            let rules = rules.clone();
            next = self
                .store
                .write(move |tx: &mut NodeTx| step(&rules, tx, &place))
                .await?;
        }
        let now = self.clock.now();
        let purged = self.store.write(move |tx| tx.purge_ended(now)).await?;
        for one in &purged {
            self.metrics.purged(one.what.as_str(), one.count);
        }
        let compacted = self.compact_if_due().await?;
        Ok(Swept { purged, compacted })
    }

    /// Purges and rewrites the database now, whenever it was done last.
    ///
    /// # Errors
    /// As [`Retention::purge`].
    pub(crate) async fn purge_and_compact(&self) -> Result<Swept, StoreError> {
        let mut swept = self.purge().await?;
        if !swept.compacted {
            self.compact().await?;
            swept.compacted = true;
        }
        say(&swept);
        Ok(swept)
    }

    /// What the next purge would remove: the same steps, each in a unit of work that is undone.
    ///
    /// # Errors
    /// When the store can't be read.
    pub(crate) async fn due(&self) -> Result<Vec<NodePurged>, StoreError> {
        let rules = self.rules();
        let mut due: Vec<NodePurged> = Vec::new();
        let mut next = Some(Place::default());
        while let Some(place) = next {
            let rules = rules.clone();
            let undone = self
                .store
                .write(move |tx: &mut NodeTx| -> Result<(), Rehearsed> {
                    let now = rules.today.start();
                    // What an earlier purge removed and did not write down is no news here.
                    tx.purge_ended(now)?;
                    let mut place = place;
                    let first = place.kind();
                    // What has gone is not found again, so that a step that is undone would find it
                    // for ever: those are done to their end here.
                    while let Some(next) = step(&rules, tx, &place)? {
                        let stays = next.kind() == first && !next.has_cursor();
                        place = next;
                        if !stays {
                            return Err(Rehearsed::Went(place, tx.purged()?));
                        }
                    }
                    Err(Rehearsed::Went(Place::Done, tx.purged()?))
                })
                .await;
            match undone {
                Ok(()) => next = None,
                Err(Rehearsed::Failed(error)) => return Err(error),
                Err(Rehearsed::Went(place, more)) => {
                    next = Some(place).filter(|place| *place != Place::Done);
                    due::add_up(&mut due, &more);
                }
            }
        }
        Ok(due)
    }

    /// The newest purges, newest first.
    ///
    /// # Errors
    /// When the store can't be read.
    pub(crate) fn purges(&self) -> Result<Vec<NodePurge>, StoreError> {
        self.store.read(|view| view.purges(SHOWN))
    }

    fn rules(&self) -> Arc<Rules> {
        Arc::new(Rules {
            today: self.clock.now().day(),
            own_signals_days: i32::from(self.settings.own_signals_days),
            notices_days: i32::from(self.settings.notices_days),
            batch: self.settings.batch.max(1),
            vault: Arc::clone(&self.vault),
        })
    }

    async fn compact_if_due(&self) -> Result<bool, StoreError> {
        let days = i64::from(self.settings.compact_every_days);
        if days == 0 {
            return Ok(false);
        }
        let now = self.clock.now();
        let Some(last) = self.store.read(|view| view.last_compaction())? else {
            // A new database has nothing to let go of: it counts from here.
            self.store.write(move |tx| tx.compacted(now)).await?;
            return Ok(false);
        };
        if now < last.plus_seconds(days.saturating_mul(DAY_SECONDS)) {
            return Ok(false);
        }
        self.compact().await?;
        Ok(true)
    }

    async fn compact(&self) -> Result<(), StoreError> {
        self.store.compact().await?;
        let now = self.clock.now();
        self.store.write(move |tx| tx.compacted(now)).await
    }
}

fn say(swept: &Swept) {
    if swept.purged.is_empty() && !swept.compacted {
        return;
    }
    let counts = due::in_words(swept.purged.iter().map(|one| (one.what, one.count)));
    tracing::info!(
        %counts,
        compacted = swept.compacted,
        "what may not be kept any longer is gone"
    );
}

#[cfg(test)]
mod tests;
