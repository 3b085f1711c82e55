//! What waits for people: reviews of what is held back, and recalls. Nobody is waiting for it by
//! themselves, so that the operator is told; and of which key epochs nothing can be looked up.

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
                _ = tick.tick() => {}
            }
            let now = self.clock.now();
            if let Err(error) = self.covenants.remember_epochs(&self.store, now).await {
                tracing::error!(%error, "which key epochs this node has can't be written down");
            }
            self.look(&health);
        }
    }

    /// Looks once. Recalls that wait, and epochs without a key, are mentioned, and do not make the
    /// node unready.
    pub(crate) fn look(&self, health: &Health) {
        self.look_at_epochs(health);
        match self.figures() {
            Ok(0) => health.remark("recalls", None),
            Ok(open) => {
                let text = format!("{open} wait until somebody says what was done about them");
                health.remark("recalls", Some(text));
            }
            Err(error) => tracing::error!(%error, "the figures of the desk can't be read"),
        }
    }
    fn look_at_epochs(&self, health: &Health) {
        let today = self.clock.now().day();
        let missing = self
            .store
            .read(|view| self.covenants.all_missing_epochs(view, today));
        let missing = match missing {
            Ok(missing) => missing,
            Err(error) => {
                tracing::error!(%error, "which key epochs this node had can't be read");
                return;
            }
        };
        let named = missing.iter().map(|one| {
            let (covenant, epoch) = (&one.covenant, one.epoch.get());
            format!("{covenant} epoch {epoch}")
        });
        let named: Vec<String> = named.collect();
        let text = (!named.is_empty()).then(|| {
            format!(
                "no key of {}: data subjects are told \"unknown\" of what was decided under it; give it under look_up_keys",
                named.join(", ")
            )
        });
        health.remark("key epochs", text);
    }
}
