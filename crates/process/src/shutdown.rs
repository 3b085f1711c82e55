//! The beginning and the end of a process: its runtime, and the signals that ask it to stop.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;

/// A runtime with at least two workers, whatever the machine has: on a single worker the trace
/// exporter's last flush waits for a task that can't run, and loses every span.
///
/// # Errors
/// When the operating system refuses threads.
pub fn runtime() -> io::Result<tokio::runtime::Runtime> {
    let workers = std::thread::available_parallelism().map_or(2, |n| n.get().max(2));
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
}

/// Waits for tasks that were told to stop; what has not ended after `limit` is broken off, so that a
/// peer that holds a call open can't keep the store from being closed well.
///
/// # Errors
/// When a task panicked.
pub async fn within(limit: Duration, tasks: Vec<JoinHandle<()>>) -> Result<(), JoinError> {
    let stop: Vec<_> = tasks.iter().map(JoinHandle::abort_handle).collect();
    let all = async {
        for task in tasks {
            task.await?;
        }
        Ok(())
    };
    if let Ok(ended) = tokio::time::timeout(limit, all).await {
        return ended;
    }
    tracing::warn!("open calls did not end in time; they are broken off");
    for task in stop {
        task.abort();
    }
    Ok(())
}

/// A token that is cancelled at SIGTERM or SIGINT. Its holder then says "not ready", stops taking
/// new calls, finishes the running ones, and makes everything durable.
///
/// Must be called on a tokio runtime. A second signal is not caught specially: the supervisor's
/// SIGKILL ends what doesn't end by itself.
///
/// # Errors
/// When the signals can't be caught.
pub fn on_signal() -> io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
            () = token.cancelled() => return,
        };
        tracing::info!(signal = name, "stopping");
        token.cancel();
    });
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_does_not_end_is_broken_off() {
        let (alive, ended) = tokio::sync::oneshot::channel::<()>();
        let holds_on = tokio::spawn(async move {
            let _alive = alive;
            std::future::pending::<()>().await;
        });
        let quick = tokio::spawn(async {});
        let limit = Duration::from_millis(50);
        within(limit, vec![quick, holds_on]).await.unwrap();
        assert!(ended.await.is_err(), "the task is gone");
        let ends = tokio::spawn(async {});
        within(Duration::from_secs(60), vec![ends]).await.unwrap();
    }
}
