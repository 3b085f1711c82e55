//! The central process: matches pseudonymised signals across parties, decides by the covenant what
//! each may learn, logs every decision, and only then tells.
//!
//! This crate is *not* able to name a raw identifier: it does not depend on the code that
//! pseudonymises, and holds no key to do so. It is also not trusted alone: nodes sign what they
//! send and verify the proof of what they get.

mod activation;
mod command;
pub mod config;
mod configured;
mod control;
mod covenant_entries;
mod delivery;
mod disclose;
mod due;
mod entries;
mod grpc;
mod ingest;
mod key_life;
mod keys;
mod linking;
mod match_state;
mod match_up;
mod members;
mod metrics;
mod oversight;
mod proposing;
mod recalls;
mod refusal;
mod retention;
mod rights;
mod running;
mod standing;
mod tiles;
mod versions;
mod watchers;
mod witness;
mod witnesses;

pub use command::Arguments;
pub use control::{back_up_to, purge_epoch, purge_now, restore, retention};
pub use running::{RunningBroker, check_config, load, log_key, run, start, start_with};

use std::collections::BTreeMap;
use std::sync::atomic::AtomicI32;
use std::sync::{Arc, PoisonError, RwLock};

use covenant::signoff::Pins;
use ledger::LogVerifier;
use model::clock::Clock;
use model::{Oin, PartyId};
use process::daily::TimeOfDay;
use store::BrokerStore;
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

use crate::config::{LimitsConfig, NoticesConfig, RecallsConfig, RetentionConfig};
use crate::keys::KeyDesk;
use crate::match_state::MatchState;
use crate::members::Members;
use crate::metrics::BrokerMetrics;
use crate::versions::Versions;
use crate::watchers::Watchers;
use crate::witnesses::Witnesses;

/// What every use case of the broker shares.
#[derive(Debug)]
pub(crate) struct Broker {
    oin: Oin,
    members: RwLock<Arc<Members>>,
    versions: Arc<Versions>,
    pins: Pins,
    pinned_oins: BTreeMap<PartyId, Oin>,
    reconsidering: Mutex<()>,
    store: BrokerStore,
    log: LogVerifier,
    clock: Arc<dyn Clock>,
    notices: NoticesConfig,
    limits: LimitsConfig,
    retention: RetentionConfig,
    recalls: RecallsConfig,
    /// Seconds after midnight (UTC) of the first batch of recalls of a day, and between two.
    recall_times: (i64, i64),
    /// The day on which it was last counted how many recalls wait, since one went out or was answered.
    recalls_counted: AtomicI32,
    /// When the purge runs.
    purge_at: TimeOfDay,
    metrics: BrokerMetrics,
    desk: KeyDesk,
    matching: MatchState,
    witnesses: Witnesses,
    pinned_witnesses: BTreeMap<PartyId, [u8; 32]>,
    news: watch::Sender<u64>,
    watchers: Watchers,
    stopping: CancellationToken,
}

impl Broker {
    pub(crate) const fn oin(&self) -> &Oin {
        &self.oin
    }

    /// Who takes part now. Another version may come into force meanwhile: ask again for what is
    /// done later.
    pub(crate) fn members(&self) -> Arc<Members> {
        let members = self.members.read();
        Arc::clone(&members.unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_members(&self, members: Members) {
        *self.members.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(members);
    }

    /// Every version of every covenant, with how it stands.
    pub(crate) const fn versions(&self) -> &Arc<Versions> {
        &self.versions
    }

    /// The keys that this broker holds to be the parties'.
    pub(crate) const fn pins(&self) -> &Pins {
        &self.pins
    }

    pub(crate) const fn pinned_oins(&self) -> &BTreeMap<PartyId, Oin> {
        &self.pinned_oins
    }

    /// What comes into force is looked at by one at a time.
    pub(crate) const fn reconsidering(&self) -> &Mutex<()> {
        &self.reconsidering
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

    pub(crate) const fn witnesses(&self) -> &Witnesses {
        &self.witnesses
    }

    /// The witness keys of the settings.
    pub(crate) const fn pinned_witnesses(&self) -> &BTreeMap<PartyId, [u8; 32]> {
        &self.pinned_witnesses
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

    /// Who follows the log, and how often.
    pub(crate) const fn watchers(&self) -> &Watchers {
        &self.watchers
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
