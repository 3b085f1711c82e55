//! What systemd is told, where the process runs under it (`Type=notify`, `WatchdogSec=`): that it
//! has started, and every so often that its runtime still turns. Elsewhere nothing happens.

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

/// Says that the process has started, and goes on saying that it lives, until `stop`; then that it
/// stops. Whether it can *serve* is another question, which readiness answers: a node without its
/// broker must not be restarted for that.
pub(crate) async fn keep_informed(stop: CancellationToken) {
    tell(NotifyState::Ready);
    match sd_notify::watchdog_enabled() {
        None => stop.cancelled().await,
        Some(limit) => {
            let mut turns = tokio::time::interval(limit / 3);
            loop {
                tokio::select! {
                    _ = turns.tick() => tell(NotifyState::Watchdog),
                    () = stop.cancelled() => break,
                }
            }
        }
    }
    tell(NotifyState::Stopping);
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!(kind = ?error.kind(), "the supervisor can't be told");
    }
}
