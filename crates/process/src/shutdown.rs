//! The beginning and the end of a process: its runtime, and the signals that ask it to stop.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
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
