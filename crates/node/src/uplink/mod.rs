//! The connection to the broker: one task that says hello, pushes what waits, takes notices in,
//! and begins again with patience when the connection is lost.
//!
//! Only signed messages leave, and only tokens are in them.

mod client;
mod desk;
mod drain;
mod hello;
pub(crate) mod item;
mod lifecycle;
mod rights;
mod session;
mod signed;
#[cfg(test)]
mod test_broker;
#[cfg(test)]
mod tests;
mod witness;

use std::sync::Arc;
use std::time::Duration;

use ledger::Cosigner;
use model::clock::{Clock, Stopwatch};
use store::NodeStore;
use tokio_util::sync::CancellationToken;

use crate::config::OutboxConfig;
use crate::covenants::Covenants;
use crate::link::Link;
use crate::log::Log;
use crate::metrics::NodeMetrics;
use crate::notices::Inbox;
use crate::refusal::Reason;
use crate::rights::Desk;

pub(crate) use lifecycle::Lifecycle;

pub use client::{
    Answered, Broker, ListedEntry, Listing, notice_bytes, read_notice, read_recall, read_receipt,
    recall_bytes, receipt_bytes,
};
pub use signed::Speaker;

/// The first wait before connecting again; doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// A connection that lasted so long was a good one: after it the waits begin anew.
const LASTED: Duration = Duration::from_secs(1);

/// What the uplink works with.
#[derive(Debug, Clone)]
pub struct Uplink {
    /// The broker.
    pub broker: Broker,
    /// The covenants with their keys.
    pub covenants: Arc<Covenants>,
    /// Durable state.
    pub store: NodeStore,
    /// The log.
    pub log: Arc<Log>,
    /// Cosigns the log, if this party has a witness.
    pub cosigner: Option<Arc<Cosigner>>,
    /// Where notices go.
    pub inbox: Inbox,
    /// Where requests of data subjects go that others pass on.
    pub(crate) desk: Desk,
    /// What the others know of the connection.
    pub link: Link,
    /// How signals leave.
    pub outbox: OutboxConfig,
    /// The longest wait before connecting again.
    pub longest_wait: Duration,
    /// Counters.
    pub metrics: NodeMetrics,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Why a connection ended.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Lost {
    #[error("the broker can't be reached or closed the connection ({0})")]
    Unreachable(String),
    #[error("the broker refuses this node: {0}")]
    Refused(String),
    #[error("the broker does not keep to the protocol: {0}")]
    Protocol(&'static str),
    #[error("the disclosure log does not hold: {0}")]
    Log(String),
    #[error("the broker's log is not the one that was seen before, and the broker says so itself")]
    Behind,
    #[error("this node's own store failed: {0}")]
    Store(String),
}

impl From<tonic::Status> for Lost {
    fn from(status: tonic::Status) -> Self {
        let told = wire::status::read(&status);
        match told.reason {
            Some(Reason::LogInconsistent) => Self::Behind,
            Some(reason) => Self::Refused(format!("{reason}: {}", told.message_en)),
            // The text of a transport error names addresses and causes, and nothing of a request.
            None => Self::Unreachable(causes(&status)),
        }
    }
}

/// What is under a status, outermost first, each text once: the operator needs the innermost, such
/// as "connection refused" or "certificate expired".
fn causes(status: &tonic::Status) -> String {
    let mut texts = vec![format!("{:?}", status.code())];
    let mut next: Option<&dyn std::error::Error> = std::error::Error::source(status);
    while let Some(error) = next {
        let text = error.to_string();
        if texts.last() != Some(&text) {
            texts.push(text);
        }
        next = error.source();
    }
    texts.join(": ")
}

impl From<store::StoreError> for Lost {
    fn from(error: store::StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

impl Uplink {
    /// Keeps the connection until `stop` is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        let mut wait = FIRST_WAIT;
        while !stop.is_cancelled() {
            let watch = Stopwatch::start();
            let lost = tokio::select! {
                lost = self.session(&stop) => lost,
                () = stop.cancelled() => Ok(()),
            };
            // A fault that comes back right after each welcome must not be tried ten times a second.
            let lasted = self.link.is_connected() && watch.elapsed() >= LASTED;
            self.link.set_connected(false);
            self.metrics.link(&self.link);
            match lost {
                Ok(()) => {}
                Err(why) => {
                    tracing::warn!(%why, "the connection to the broker is gone");
                    if matches!(why, Lost::Behind) {
                        self.keep_what_is_behind().await;
                    }
                }
            }
            wait = if lasted { FIRST_WAIT } else { wait };
            tokio::select! {
                () = tokio::time::sleep(jittered(wait)) => {}
                () = stop.cancelled() => return,
            }
            wait = wait.saturating_mul(2).min(self.longest_wait);
        }
    }
}

/// Between half of `wait` and all of it, so that nodes do not come back all at once.
fn jittered(wait: Duration) -> Duration {
    let mut random = [0; 2];
    model::id::fill_random(&mut random);
    let share = f64::from(u16::from_be_bytes(random)) / f64::from(u16::MAX);
    wait.mul_f64(0.5 + share / 2.0)
}

#[cfg(test)]
mod waiting {
    use super::*;

    #[test]
    fn waits_are_between_half_and_whole() {
        for _ in 0..100 {
            let wait = jittered(Duration::from_millis(1000));
            assert!((500..=1000).contains(&wait.as_millis()), "{wait:?}");
        }
    }
}
