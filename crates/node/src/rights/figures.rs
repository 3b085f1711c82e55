//! What an operator sees of the desk: counts. No case, no employee, no data subject.

use process::Metrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use crate::refusal::{Reason, Refused};

/// An outcome: `accepted`, or a reason of the catalogue.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByOutcome {
    outcome: &'static str,
}

/// The desk's counters; cloning shares them.
#[derive(Debug, Clone, Default)]
pub(crate) struct RightsMetrics {
    opened: Family<ByOutcome, Counter>,
    limited: Counter,
    passed_refused: Counter,
    reviews_due: Gauge,
    recalls_open: Gauge,
}

impl RightsMetrics {
    /// Registers the counters.
    pub(crate) fn register(metrics: &Metrics) -> Self {
        let all = Self::default();
        metrics.register(|to| {
            to.register(
                "desk_cases_opened",
                "Cases of data subjects by outcome of taking them in",
                all.opened.clone(),
            );
            to.register(
                "desk_limit_reached",
                "Cases that were not taken in, because the limits of the day were reached",
                all.limited.clone(),
            );
            to.register(
                "desk_passed_requests_refused",
                "Requests that others passed on and that did not open or read",
                all.passed_refused.clone(),
            );
            to.register(
                "desk_reviews_due",
                "Entries held back of which the day to look again has come",
                all.reviews_due.clone(),
            );
            to.register(
                "recalls_unacknowledged",
                "Recalls about which nobody said yet what was done",
                all.recalls_open.clone(),
            );
        });
        all
    }

    pub(super) fn opened(&self, refused: Option<&Refused>) {
        let reason = refused.map(Refused::reason);
        let outcome = reason.map_or("accepted", Reason::as_str);
        self.opened.get_or_create(&ByOutcome { outcome }).inc();
        if reason == Some(Reason::LimitReached) {
            self.limited.inc();
        }
    }

    pub(super) fn passed_refused(&self) {
        self.passed_refused.inc();
    }

    pub(super) fn waiting(&self, reviews: u64, recalls: u64) {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.reviews_due.set(number(reviews));
        self.recalls_open.set(number(recalls));
    }

    #[cfg(test)]
    pub(crate) fn limit_reached(&self) -> u64 {
        self.limited.get()
    }
}
