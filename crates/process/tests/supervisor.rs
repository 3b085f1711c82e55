//! Under systemd the process says that it has started, lives, and stops. Its environment can't be
//! changed while it runs, so this test starts itself again with another one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use process::{AdminServer, AdminSettings, Health, Metrics};
use tokio_util::sync::CancellationToken;

#[test]
fn systemd_is_told() {
    if std::env::var_os("NOTIFY_SOCKET").is_some() {
        serve_for_a_moment();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let supervisor = UnixDatagram::bind(&path).unwrap();
    supervisor
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "systemd_is_told"])
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "300000")
        .spawn()
        .unwrap();
    let mut told = Vec::new();
    while told.last().is_none_or(|last| last != "STOPPING=1") {
        let mut message = [0; 64];
        let length = supervisor
            .recv(&mut message)
            .expect("a message before the time-out");
        told.push(
            String::from_utf8_lossy(&message[..length])
                .trim()
                .to_owned(),
        );
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(told[0], "READY=1");
    let alive = told
        .iter()
        .filter(|message| *message == "WATCHDOG=1")
        .count();
    assert!((3..=20).contains(&alive), "{told:?}");
    assert_eq!(told.len(), alive + 2, "{told:?}");
}

fn serve_for_a_moment() {
    process::shutdown::runtime().unwrap().block_on(async {
        let settings = AdminSettings {
            listen: "127.0.0.1:0".parse().unwrap(),
        };
        let metrics = Metrics::new("covenant_test");
        let admin = AdminServer::bind(&settings, Health::new(), metrics)
            .await
            .unwrap();
        let stop = CancellationToken::new();
        let served = tokio::spawn(admin.serve(stop.clone()));
        tokio::time::sleep(Duration::from_millis(600)).await;
        stop.cancel();
        served.await.unwrap().unwrap();
    });
}
