//! What may not be kept any longer goes: every day at a fixed time, and at every start.
//!
//! The covenants say how long: a signal until its last day (`vervalt_na`), the side records of an
//! entry as long as `bewaren_logboek` of the version that it stands under, and of a covenant that
//! is over no signal at all. What went is an entry of the log, numbers by kind only. The work is done
//! in batches; one that is cut off goes on at the next start, and what had gone is still counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use covenant::language::span::Span;
use ledger::outcome::Fact;
use ledger::word::Code;
use ledger::{Kind, NewEntry, Outcome};
use model::{CovenantId, Day, Digest, Timestamp};
use store::{BrokerTx, Decided, Purged, Step, StoreError};

use crate::Broker;
use crate::entries::own_engine;
use crate::refusal::Refused;

/// How long one version of a covenant has its entries kept.
#[derive(Debug, Clone)]
struct Term {
    covenant: CovenantId,
    number: u32,
    digest: Digest,
    span: Span,
}

/// One part of a purge: takes at most so many records, and says how many it took.
type PurgeStep = Arc<dyn Fn(&mut BrokerTx, usize) -> Result<usize, StoreError> + Send + Sync>;

/// Why a rehearsal was undone.
enum Rehearsed {
    Due(Vec<Purged>),
    Failed(StoreError),
}

impl From<StoreError> for Rehearsed {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// What a purge came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Swept {
    /// How many records went, of all kinds, also those of an earlier purge that was cut off.
    pub(crate) records: u64,
    /// Whether the database was rewritten after it.
    pub(crate) compacted: bool,
}

impl Broker {
    /// Purges at the start, and then every day at its time, until the process stops.
    pub(crate) async fn keep_retention(self: Arc<Self>) {
        let mut tick = tokio::time::interval(LOOK_EVERY);
        let mut at_start = true;
        loop {
            tokio::select! {
                () = self.stopping().cancelled() => return,
                _ = tick.tick() => {}
            }
            if !at_start && !self.is_purge_due() {
                continue;
            }
            match self.purge().await {
                Ok(swept) => {
                    at_start = false;
                    if swept.records > 0 || swept.compacted {
                        tracing::info!(
                            records = swept.records,
                            compacted = swept.compacted,
                            "what may not be kept any longer is gone"
                        );
                    }
                }
                Err(refused) => {
                    tracing::error!(
                        reason = %refused.reason(),
                        "what may not be kept any longer can't be removed: trying again"
                    );
                }
            }
        }
    }

    /// Whether the time of day has come since the last purge.
    fn is_purge_due(&self) -> bool {
        match self.store().read(|view| view.last_purge()) {
            Ok(last) => self.purge_at.has_come(last, self.clock().now()),
            Err(error) => {
                tracing::error!(%error, "when the last purge was can't be read");
                false
            }
        }
    }

    /// Removes everything that is due, logs how much it was, and rewrites the database when that
    /// is due as well.
    ///
    /// # Errors
    /// [`Refused`] when the store can't be written: what was removed stays so, and is logged by
    /// the next purge.
    pub(crate) async fn purge(&self) -> Result<Swept, Refused> {
        let now = self.clock().now();
        let terms = self.terms();
        for step in self.steps(&terms, now) {
            self.in_batches(move |tx, limit| step(tx, limit)).await?;
        }
        self.finish_epoch_purges().await?;
        let records = self.report(&terms, now).await?;
        let compacted = self.compact_if_due(now).await?;
        Ok(Swept { records, compacted })
    }

    /// What the next purge would remove: the same steps, in a unit of work that is undone.
    ///
    /// # Errors
    /// [`Refused`] when the store can't be read.
    pub(crate) async fn purge_due(&self) -> Result<Vec<Purged>, Refused> {
        let now = self.clock().now();
        let steps = self.steps(&self.terms(), now);
        let undone = self
            .store()
            .write(move |tx: &mut BrokerTx| -> Result<(), Rehearsed> {
                // What an earlier purge removed and did not log yet is no news here.
                tx.purge_reported(now)?;
                for step in steps {
                    while step(tx, REHEARSED)? == REHEARSED {}
                }
                Err(Rehearsed::Due(tx.purged()?))
            })
            .await;
        match undone {
            Ok(()) => Ok(Vec::new()),
            Err(Rehearsed::Due(due)) => Ok(due),
            Err(Rehearsed::Failed(error)) => Err(error.into()),
        }
    }

    /// Everything that a purge does, each to be repeated until it finds less than it may take.
    fn steps(&self, terms: &[Term], now: Timestamp) -> Vec<PurgeStep> {
        let today = now.day();
        let days = i64::from(self.retention.undelivered_notices_days);
        let taken_back = now.plus_seconds(-days.saturating_mul(DAY_SECONDS));
        let mut steps: Vec<PurgeStep> = vec![
            Arc::new(move |tx, limit| tx.purge(today, limit)),
            Arc::new(move |tx, limit| tx.purge_notices(taken_back, limit)),
        ];
        for id in self.covenants_over(now) {
            steps.push(Arc::new(move |tx, limit| tx.purge_covenant(&id, limit)));
        }
        let mut longest: Option<Timestamp> = None;
        for term in terms {
            let before = kept_since(term.span, today);
            longest = Some(longest.map_or(before, |longest| longest.min(before)));
            let (id, digest) = (term.covenant.clone(), term.digest);
            steps.push(Arc::new(move |tx, limit| {
                tx.purge_entries(&id, &digest, before, limit)
            }));
        }
        // What belongs to no covenant is kept as long as that of any covenant.
        if let Some(before) = longest {
            steps.push(Arc::new(move |tx, limit| tx.purge_padding(before, limit)));
            steps.push(Arc::new(move |tx, limit| tx.purge_accesses(before, limit)));
        }
        steps
    }

    /// Purges and rewrites the database now, whenever it was done last. Answers how many records
    /// went.
    ///
    /// # Errors
    /// As [`Broker::purge`].
    pub(crate) async fn purge_and_compact(&self) -> Result<u64, Refused> {
        let swept = self.purge().await?;
        if !swept.compacted {
            self.store().compact().await?;
            let now = self.clock().now();
            self.store().write(move |tx| tx.compacted(now)).await?;
        }
        Ok(swept.records)
    }

    /// Runs a step until it finds less than it may take.
    pub(crate) async fn in_batches(
        &self,
        step: impl Fn(&mut BrokerTx, usize) -> Result<usize, StoreError> + Clone + Send + 'static,
    ) -> Result<(), Refused> {
        let limit = self.retention.batch.max(1);
        while !self.stopping().is_cancelled() {
            let step = step.clone();
            let handled = self.store().write(move |tx| step(tx, limit)).await?;
            if handled < limit {
                return Ok(());
            }
        }
        Err(wire::reason::Reason::BrokerFailed.into())
    }

    /// Logs what went, one entry for each covenant, and one for what belongs to none.
    async fn report(&self, terms: &[Term], now: Timestamp) -> Result<u64, Refused> {
        let mut newest: BTreeMap<CovenantId, (u32, Digest)> = BTreeMap::new();
        for term in terms {
            let this = (term.number, term.digest);
            let last = newest.entry(term.covenant.clone()).or_insert(this);
            *last = (*last).max(this);
        }
        let logged = self
            .store()
            .commit_step(
                move |tx: &mut BrokerTx| -> Result<Step<Vec<Purged>>, StoreError> {
                    let purged = tx.purged()?;
                    tx.purge_reported(now)?;
                    let entries = entries(&purged, &newest);
                    Ok(if entries.is_empty() {
                        Step::Nothing
                    } else {
                        Step::Decided(Decided::new(entries, purged))
                    })
                },
            )
            .await?;
        let mut records = 0_u64;
        for purged in logged.iter().flat_map(|logged| logged.disclosure()) {
            records = records.saturating_add(purged.count);
            self.metrics().purged(purged.what.as_str(), purged.count);
        }
        Ok(records)
    }

    async fn compact_if_due(&self, now: Timestamp) -> Result<bool, Refused> {
        let days = i64::from(self.retention.compact_every_days);
        if days == 0 {
            return Ok(false);
        }
        let Some(last) = self.store().read(|view| view.last_compaction())? else {
            // A new database has nothing to let go of: it counts from here.
            self.store().write(move |tx| tx.compacted(now)).await?;
            return Ok(false);
        };
        if now < last.plus_seconds(days.saturating_mul(DAY_SECONDS)) {
            return Ok(false);
        }
        self.store().compact().await?;
        self.store().write(move |tx| tx.compacted(now)).await?;
        Ok(true)
    }

    /// Every version that was ever in force here, with how long its entries are kept.
    fn terms(&self) -> Vec<Term> {
        self.versions().read(|all| {
            all.values()
                .map(|version| Term {
                    covenant: version.kept().covenant.clone(),
                    number: version.kept().number,
                    digest: version.kept().digest,
                    span: version.covenant().log().retention,
                })
                .collect()
        })
    }

    /// The covenants whose last version is over, with none that could follow.
    fn covenants_over(&self, now: Timestamp) -> Vec<CovenantId> {
        self.versions().read(|all| {
            let mut last: BTreeMap<CovenantId, (u32, bool)> = BTreeMap::new();
            for version in all.values() {
                let kept = version.kept();
                let over = version.is_over(now) || version.standing().is_rejected();
                let counts = version.was_active() || version.is_open(now);
                let place = last.entry(kept.covenant.clone()).or_insert((0, false));
                if counts && kept.number >= place.0 {
                    *place = (kept.number, over && version.was_active());
                }
            }
            last.into_iter()
                .filter(|(_, (_, over))| *over)
                .map(|(id, _)| id)
                .collect()
        })
    }
}

/// The moment since which entries are kept: those of a day go when that day is a whole span ago.
fn kept_since(span: Span, today: Day) -> Timestamp {
    // The last day whose entries go, found from one that is certainly too early.
    let mut day = today.plus_days(-MOST_DAYS);
    let mut step = MOST_DAYS;
    while step > 0 {
        while span.after(day.plus_days(step)) <= today && day.plus_days(step) < today {
            day = day.plus_days(step);
        }
        step /= 2;
    }
    day.plus_days(1).start()
}

fn entries(purged: &[Purged], newest: &BTreeMap<CovenantId, (u32, Digest)>) -> Vec<NewEntry> {
    let mut by_covenant: BTreeMap<Option<Digest>, BTreeMap<Code, Fact>> = BTreeMap::new();
    for one in purged {
        let version = one.covenant.as_ref().and_then(|id| newest.get(id));
        let facts = by_covenant
            .entry(version.map(|(_, digest)| *digest))
            .or_default();
        if let Ok(name) = Code::parse(one.what.as_str()) {
            let more = i64::try_from(one.count).unwrap_or(i64::MAX);
            let sum = match facts.get(&name) {
                Some(Fact::Number(before)) => before.saturating_add(more),
                _ => more,
            };
            facts.insert(name, Fact::Number(sum));
        }
    }
    by_covenant
        .into_iter()
        .map(|(covenant, facts)| {
            let mut outcome = Outcome::of(Kind::RetentionPurged, own_engine());
            outcome.facts = facts;
            NewEntry::unnamed(covenant, outcome)
        })
        .collect()
}

const DAY_SECONDS: i64 = 86_400;
/// More days than the longest span of a covenant (120 years).
const MOST_DAYS: i32 = 1 << 16;
/// How many records a step takes at once in a rehearsal.
const REHEARSED: usize = 1_000;
/// How often it is looked whether the time of day has come.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_go_when_their_day_is_a_whole_span_ago() {
        let day = |text: &str| Day::parse(text).unwrap();
        let since =
            |span: &str, today: &str| kept_since(Span::parse(span).unwrap(), day(today)).day();
        // The entries of 1 March 2021 go on 1 March 2026, those of the day after stay.
        assert_eq!(since("5 jaar", "2026-03-01"), day("2021-03-02"));
        assert_eq!(since("1 dag", "2026-03-02"), day("2026-03-02"));
        for span in ["5 jaar", "4 jaar", "18 maanden", "24 uur", "120 jaar"] {
            let span = Span::parse(span).unwrap();
            for today in (20_000..20_800).map(Day::from_days) {
                let since = kept_since(span, today).day();
                assert!(span.after(since.plus_days(-1)) <= today);
                assert!(span.after(since) > today || since == today);
            }
        }
    }

    #[test]
    fn what_went_is_said_by_kind_under_the_newest_version() {
        let id = CovenantId::parse("veilig-op-bezoek").unwrap();
        let one = |covenant: Option<&CovenantId>, what, count| Purged {
            covenant: covenant.cloned(),
            what,
            count,
            since: None,
        };
        let purged = [
            one(None, store::Purgeable::Answers, 3),
            one(Some(&id), store::Purgeable::Signals, 2),
            one(Some(&id), store::Purgeable::Entries, 5),
        ];
        let newest = BTreeMap::from([(id.clone(), (2, Digest::new([9; 32])))]);
        let made = entries(&purged, &newest);
        let facts = |entry: &NewEntry| {
            let facts = entry.outcome.facts.iter();
            facts
                .map(|(name, fact)| format!("{name} {fact:?}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(made.len(), 2);
        assert_eq!(
            (made[0].covenant, facts(&made[0])),
            (None, vec!["answers Number(3)".to_owned()])
        );
        assert_eq!(made[1].covenant, Some(Digest::new([9; 32])));
        assert_eq!(
            facts(&made[1]),
            ["entry_details Number(5)", "signals Number(2)"]
        );
        assert!(entries(&[], &newest).is_empty());
    }

    #[test]
    fn every_kind_has_a_word_for_the_log() {
        for what in [
            store::Purgeable::Signals,
            store::Purgeable::Parked,
            store::Purgeable::Entries,
            store::Purgeable::Other,
        ] {
            Code::parse(what.as_str()).unwrap();
        }
    }
}
