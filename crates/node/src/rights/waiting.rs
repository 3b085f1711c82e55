//! What waits for people: reviews of what is held back, and recalls. Nobody is waiting for it by
//! themselves, so that the operator is told.

use std::time::Duration;

use process::health::Health;
use tokio_util::sync::CancellationToken;

use super::Desk;

/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

impl Desk {
    /// Keeps the figures up to date until `stop` is cancelled.
    pub(crate) async fn keep(self, health: Health, stop: CancellationToken) {
        let mut tick = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => self.look(&health),
            }
        }
    }

    /// Looks once. Recalls that wait are mentioned, and do not make the node unready.
    pub(crate) fn look(&self, health: &Health) {
        match self.figures() {
            Ok(0) => health.remark("recalls", None),
            Ok(open) => {
                let text = format!("{open} wait until somebody says what was done about them");
                health.remark("recalls", Some(text));
            }
            Err(error) => tracing::error!(%error, "the figures of the desk can't be read"),
        }
    }
}
