//! What an operator sees of the broker: counts by party, method and outcome. No identifier, no
//! actor, no clause with few matches.

use std::collections::BTreeMap;

use model::PartyId;
use process::metrics::Metrics;
use process::metrics::prometheus_client::encoding::EncodeLabelSet;
use process::metrics::prometheus_client::metrics::counter::Counter;
use process::metrics::prometheus_client::metrics::family::Family;
use process::metrics::prometheus_client::metrics::gauge::Gauge;

/// A party and an outcome.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByParty {
    party: String,
    outcome: &'static str,
}

/// A party.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfParty {
    party: String,
}

/// An outcome.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByOutcome {
    outcome: &'static str,
}

/// A kind of record.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByKind {
    kind: &'static str,
}

/// A covenant, by its id.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByCovenant {
    covenant: String,
}

/// One of our own certificates, by the setting that names it.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByCertificate {
    certificate: &'static str,
}

/// The broker's counters.
#[derive(Debug, Clone, Default)]
pub(crate) struct BrokerMetrics {
    signals: Family<ByParty, Counter>,
    decisions: Family<ByOutcome, Counter>,
    notices: Family<ByOutcome, Counter>,
    probes: Family<ByParty, Counter>,
    purged: Family<ByKind, Counter>,
    recalls: Family<ByOutcome, Counter>,
    unanswered: Family<OfParty, Gauge>,
    cosignatures: Family<ByOutcome, Counter>,
    unwitnessed: Family<ByCovenant, Gauge>,
    log_size: Gauge,
    connected: Gauge,
    certificates: Family<ByCertificate, Gauge>,
}

impl BrokerMetrics {
    /// A witness answered: `taken` or `refused`.
    pub(crate) fn cosignature(&self, outcome: &'static str) {
        self.cosignatures
            .get_or_create(&ByOutcome { outcome })
            .inc();
    }

    /// How old the oldest entry is that a covenant's witnesses have not seen.
    pub(crate) fn unwitnessed(&self, covenant: &str, seconds: i64) {
        let label = ByCovenant {
            covenant: covenant.to_owned(),
        };
        self.unwitnessed.get_or_create(&label).set(seconds);
    }

    /// Registers the counters.
    #[must_use]
    pub(crate) fn register(metrics: &Metrics) -> Self {
        let all = Self::default();
        metrics.register(|registry| {
            registry.register("signals", "Signals pushed by nodes", all.signals.clone());
            registry.register(
                "decisions",
                "Decisions in the disclosure log",
                all.decisions.clone(),
            );
            registry.register("notices", "Notices to nodes", all.notices.clone());
            registry.register(
                "cosignatures",
                "What witnesses said of offered checkpoints",
                all.cosignatures.clone(),
            );
            registry.register(
                "unwitnessed_seconds",
                "Age of the oldest entry that no quorum of the covenant has witnessed",
                all.unwitnessed.clone(),
            );
            registry.register(
                "withdrawn_after_match",
                "Signals that were withdrawn soon after they matched",
                all.probes.clone(),
            );
            registry.register(
                "purged_records",
                "Records that might not be kept any longer and are gone, logged as such",
                all.purged.clone(),
            );
            registry.register(
                "recalls",
                "Recalls, by what became of them: sent (reminders included), acknowledged",
                all.recalls.clone(),
            );
            registry.register(
                "recalls_unanswered",
                "Recalls that were repeated and of which the recipient has not said what was done",
                all.unanswered.clone(),
            );
            registry.register(
                "log_size",
                "Leaves in the disclosure log",
                all.log_size.clone(),
            );
            registry.register(
                "nodes_connected",
                "Nodes with an open stream",
                all.connected.clone(),
            );
            registry.register(
                "certificate_seconds_left",
                "How long an own certificate is still valid; below 0 when it has expired",
                all.certificates.clone(),
            );
        });
        all
    }

    pub(crate) fn certificate(&self, certificate: &'static str, seconds_left: i64) {
        self.certificates
            .get_or_create(&ByCertificate { certificate })
            .set(seconds_left);
    }

    pub(crate) fn pushed(&self, party: &PartyId, taken: u32, refused: usize) {
        let count = |outcome, more: u64| {
            let labels = ByParty {
                party: party.as_str().to_owned(),
                outcome,
            };
            self.signals.get_or_create(&labels).inc_by(more);
        };
        count("taken", u64::from(taken));
        count("refused", u64::try_from(refused).unwrap_or(u64::MAX));
    }

    pub(crate) fn probed(&self, party: &PartyId) {
        let labels = ByParty {
            party: party.as_str().to_owned(),
            outcome: "alarm",
        };
        self.probes.get_or_create(&labels).inc();
    }

    pub(crate) fn decided(&self, outcome: &'static str) {
        self.decisions.get_or_create(&ByOutcome { outcome }).inc();
    }

    pub(crate) fn notices(&self, outcome: &'static str, count: u64) {
        self.notices
            .get_or_create(&ByOutcome { outcome })
            .inc_by(count);
    }

    pub(crate) fn purged(&self, kind: &'static str, count: u64) {
        self.purged.get_or_create(&ByKind { kind }).inc_by(count);
    }

    pub(crate) fn recalls(&self, outcome: &'static str, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.recalls
            .get_or_create(&ByOutcome { outcome })
            .inc_by(count);
    }

    pub(crate) fn unanswered_recalls(&self, repeated: &BTreeMap<PartyId, u64>) {
        self.unanswered.clear();
        for (party, count) in repeated {
            let party = party.to_string();
            let gauge = self.unanswered.get_or_create(&OfParty { party });
            gauge.set(i64::try_from(*count).unwrap_or(i64::MAX));
        }
    }

    pub(crate) fn log_size(&self, size: u64) {
        self.log_size.set(i64::try_from(size).unwrap_or(i64::MAX));
    }

    pub(crate) fn connected(&self) -> Connected {
        self.connected.inc();
        Connected(self.connected.clone())
    }
}

/// Counts a node as connected while it lives.
#[derive(Debug)]
pub(crate) struct Connected(Gauge);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.dec();
    }
}
