//! The central process: matches pseudonymised signals across parties, decides by the covenant what
//! each may learn, logs every decision, and only then tells.
//!
//! This crate is *not* able to name a raw identifier: it does not depend on the code that
//! pseudonymises, and holds no key to do so. It is also not trusted alone: nodes sign what they
//! send and verify the proof of what they get.

pub mod config;
mod delivery;
mod disclose;
mod entries;
mod grpc;
mod ingest;
mod keys;
mod match_state;
mod match_up;
mod members;
mod metrics;
mod oversight;
mod refusal;
mod running;
mod standing;
mod witness;

pub use running::{RunningBroker, check_config, load, log_key, run, start, start_with};

use std::sync::Arc;

use ledger::LogVerifier;
use model::Oin;
use model::clock::Clock;
use store::BrokerStore;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::{LimitsConfig, NoticesConfig};
use crate::keys::KeyDesk;
use crate::match_state::MatchState;
use crate::members::Members;
use crate::metrics::BrokerMetrics;
use crate::standing::Standings;

/// What every use case of the broker shares.
#[derive(Debug)]
pub(crate) struct Broker {
    oin: Oin,
    members: Members,
    store: BrokerStore,
    log: LogVerifier,
    clock: Arc<dyn Clock>,
    notices: NoticesConfig,
    limits: LimitsConfig,
    metrics: BrokerMetrics,
    desk: KeyDesk,
    standings: Standings,
    matching: MatchState,
    news: watch::Sender<u64>,
    stopping: CancellationToken,
}

impl Broker {
    pub(crate) const fn oin(&self) -> &Oin {
        &self.oin
    }

    pub(crate) const fn members(&self) -> &Members {
        &self.members
    }

    pub(crate) const fn store(&self) -> &BrokerStore {
        &self.store
    }

    pub(crate) const fn log_verifier(&self) -> &LogVerifier {
        &self.log
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    pub(crate) const fn limits(&self) -> &LimitsConfig {
        &self.limits
    }

    pub(crate) const fn metrics(&self) -> &BrokerMetrics {
        &self.metrics
    }

    pub(crate) const fn desk(&self) -> &KeyDesk {
        &self.desk
    }

    pub(crate) const fn matching(&self) -> &MatchState {
        &self.matching
    }

    pub(crate) const fn standings(&self) -> &Standings {
        &self.standings
    }

    /// The most notices under way to one node.
    pub(crate) fn window(&self) -> usize {
        self.notices.window.clamp(1, wire::limit::NOTICES_UNDER_WAY)
    }

    /// Ends when the process does.
    pub(crate) const fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Changes whenever notices or keys did.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// Tells every open stream to look again.
    pub(crate) fn tell(&self) {
        self.news
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(crate) fn keys_changed(&self) {
        self.tell();
    }
}
