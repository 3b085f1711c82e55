//! What an operator sees of the node: counts by outcome. No identifier, no actor, no case.

use model::Timestamp;
use process::Metrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

use crate::link::Link;
use crate::refusal::Refused;

/// An outcome: `accepted`, or a reason of the catalogue.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByOutcome {
    outcome: &'static str,
}

/// A kind of record that has an end.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByKind {
    kind: &'static str,
}

/// A blocked match key: covenant, epoch and the key's name, all words of a covenant.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByMatchKey {
    covenant: String,
    epoch: u32,
    match_key: String,
}

/// One of our own certificates, by the setting that names it.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByCertificate {
    certificate: &'static str,
}

/// The node's counters; cloning shares them.
#[derive(Debug, Clone)]
pub struct NodeMetrics {
    submitted: Family<ByOutcome, Counter>,
    withdrawn: Counter,
    left_out: Counter,
    pushed: Family<ByOutcome, Counter>,
    checks: Family<ByOutcome, Counter>,
    check_seconds: Histogram,
    notices: Counter,
    outbox_items: Gauge,
    outbox_bytes: Gauge,
    connected: Gauge,
    keys_agreed: Gauge,
    blocked: Family<ByMatchKey, Gauge>,
    log_size: Gauge,
    cosigned: Counter,
    log_refused: Counter,
    own_entries: Gauge,
    own_entries_missing: Gauge,
    own_entries_reviewed: Gauge,
    certificates: Family<ByCertificate, Gauge>,
    purged: Family<ByKind, Counter>,
}

impl NodeMetrics {
    fn register_witness_and_purges(&self, metrics: &Metrics) {
        metrics.register(|to| {
            to.register(
                "checkpoints_cosigned",
                "Checkpoints of the log that this node cosigned",
                self.cosigned.clone(),
            );
            to.register(
                "log_refused",
                "Checkpoints that contradict what this node saw before",
                self.log_refused.clone(),
            );
            to.register(
                "purged",
                "Records that went because they may not be kept any longer, by kind",
                self.purged.clone(),
            );
            to.register(
                "own_entries_listed",
                "Entries of this party that the log listed at the last review",
                self.own_entries.clone(),
            );
            to.register(
                "own_entries_missing",
                "Entries of this party that the log left out, or that do not hold, at the last review",
                self.own_entries_missing.clone(),
            );
            to.register(
                "own_entries_reviewed_seconds",
                "Unix time of the last review that could be finished; 0 before the first one",
                self.own_entries_reviewed.clone(),
            );
        });
    }

    /// Registers the counters.
    #[must_use]
    pub fn register(metrics: &Metrics) -> Self {
        let all = Self::fresh();
        all.register_witness_and_purges(metrics);
        metrics.register(|to| {
            to.register(
                "signals_submitted",
                "Signals by outcome",
                all.submitted.clone(),
            );
            to.register(
                "signals_withdrawn",
                "Signals withdrawn",
                all.withdrawn.clone(),
            );
            to.register(
                "tokens_left_out",
                "Tokens left out, because own signals have them too often (te_vaak)",
                all.left_out.clone(),
            );
            to.register("outbox_sent", "Outbox items by outcome", all.pushed.clone());
            to.register(
                "checks",
                "Checks by outcome of the asking",
                all.checks.clone(),
            );
            to.register(
                "check_seconds",
                "Duration of checks",
                all.check_seconds.clone(),
            );
            to.register("notices_received", "Notices received", all.notices.clone());
            to.register(
                "outbox_items",
                "Items waiting for the broker",
                all.outbox_items.clone(),
            );
            to.register(
                "outbox_bytes",
                "Bytes waiting for the broker",
                all.outbox_bytes.clone(),
            );
            to.register(
                "broker_connected",
                "1 while connected",
                all.connected.clone(),
            );
            to.register(
                "keys_agreed",
                "Covenant keys that agree with the reference, one for each covenant and epoch",
                all.keys_agreed.clone(),
            );
            to.register(
                "match_key_blocked",
                "1 for a blocked match key",
                all.blocked.clone(),
            );
            to.register(
                "log_size_seen",
                "Size of the log as last verified",
                all.log_size.clone(),
            );
            to.register(
                "certificate_seconds_left",
                "How long an own certificate is still valid; below 0 when it has expired",
                all.certificates.clone(),
            );
        });
        all
    }

    fn fresh() -> Self {
        Self {
            submitted: Family::default(),
            withdrawn: Counter::default(),
            left_out: Counter::default(),
            pushed: Family::default(),
            checks: Family::default(),
            check_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
            notices: Counter::default(),
            outbox_items: Gauge::default(),
            outbox_bytes: Gauge::default(),
            connected: Gauge::default(),
            keys_agreed: Gauge::default(),
            blocked: Family::default(),
            log_size: Gauge::default(),
            cosigned: Counter::default(),
            log_refused: Counter::default(),
            own_entries: Gauge::default(),
            own_entries_missing: Gauge::default(),
            own_entries_reviewed: Gauge::default(),
            certificates: Family::default(),
            purged: Family::default(),
        }
    }

    pub(crate) fn submitted(&self, refused: Option<&Refused>) {
        self.submitted.get_or_create(&outcome(refused)).inc();
    }

    pub(crate) fn withdrawn(&self) {
        self.withdrawn.inc();
    }

    pub(crate) fn certificate(&self, certificate: &'static str, seconds_left: i64) {
        self.certificates
            .get_or_create(&ByCertificate { certificate })
            .set(seconds_left);
    }

    pub(crate) fn left_out(&self, count: usize) {
        self.left_out
            .inc_by(u64::try_from(count).unwrap_or(u64::MAX));
    }

    pub(crate) fn sent(&self, outcome: &'static str, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.pushed
            .get_or_create(&ByOutcome { outcome })
            .inc_by(count);
    }

    /// A check was answered or refused openly. What was answered is not counted apart.
    pub(crate) fn checked(&self, refused: Option<&Refused>, seconds: f64) {
        self.checks.get_or_create(&outcome(refused)).inc();
        self.check_seconds.observe(seconds);
    }

    pub(crate) fn notices(&self, count: usize) {
        self.notices
            .inc_by(u64::try_from(count).unwrap_or(u64::MAX));
    }

    pub(crate) fn outbox(&self, items: u64, bytes: u64) {
        self.outbox_items
            .set(i64::try_from(items).unwrap_or(i64::MAX));
        self.outbox_bytes
            .set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    pub(crate) fn link(&self, link: &Link) {
        self.connected.set(i64::from(link.is_connected()));
        self.keys_agreed
            .set(i64::try_from(link.agreed()).unwrap_or(i64::MAX));
        self.blocked.clear();
        for (covenant, epoch, key) in link.blocked() {
            let labels = ByMatchKey {
                covenant: covenant.to_string(),
                epoch: epoch.get(),
                match_key: key.to_string(),
            };
            self.blocked.get_or_create(&labels).set(1);
        }
    }

    pub(crate) fn cosigned(&self) {
        self.cosigned.inc();
    }

    pub(crate) fn log_refused(&self) {
        self.log_refused.inc();
    }

    pub(crate) fn purged(&self, kind: &'static str, count: u64) {
        self.purged.get_or_create(&ByKind { kind }).inc_by(count);
    }

    /// A review at this moment listed and missed so many.
    pub(crate) fn own_entries(&self, listed: u64, missing: u64, now: Timestamp) {
        self.own_entries_reviewed.set(now.as_millis() / 1_000);
        let gauge = |count| i64::try_from(count).unwrap_or(i64::MAX);
        self.own_entries.set(gauge(listed));
        self.own_entries_missing.set(gauge(missing));
    }

    pub(crate) fn log_size(&self, size: u64) {
        self.log_size.set(i64::try_from(size).unwrap_or(i64::MAX));
    }
}

fn outcome(refused: Option<&Refused>) -> ByOutcome {
    ByOutcome {
        outcome: refused.map_or("accepted", |refused| refused.reason().as_str()),
    }
}
