//! A signal ends the process in order.
use std::process::Command;
use std::time::Duration;

#[test]
fn sigterm_cancels_the_token() {
    let runtime = process::shutdown::runtime().unwrap();
    assert!(runtime.metrics().num_workers() >= 2);
    runtime.block_on(async {
        let stop = process::shutdown::on_signal().unwrap();
        assert!(!stop.is_cancelled());
        let own = std::process::id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &own])
                .status()
                .unwrap()
                .success()
        );
        let ended = tokio::time::timeout(Duration::from_secs(10), stop.cancelled()).await;
        assert!(ended.is_ok(), "the signal was caught");
    });
}
