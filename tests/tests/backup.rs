//! Three in the morning: the broker's disk is gone. A backup that was made while it ran is put
//! back, and an old one is not.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use journeys::processes::BROKER;
use journeys::world::{NUISANCE, World, of, plan};
use sandbox::Plan;
use sandbox::messages::{Home, home};
use wire::node_v1::Subject;

const PARTY: &str = env!("CARGO_BIN_EXE_party");
const PARTIES: [&str; 2] = ["gemeente", "corporatie"];

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_comes_back_from_its_newest_backup_and_from_no_other() {
    let quiet = Plan {
        log_filter: "off".to_owned(),
        ..plan()
    };
    let mut world = World::processes_of(PARTY, &quiet, &[]).await.unwrap();
    let config = world.place.broker.config.clone();
    let state = world.place.broker.state.clone();
    let folder = world.folder();
    push(&world, 1..=10).await;

    // Under load: what was acknowledged before the backup began is in it.
    let (old, newest) = (folder.join("old.backup"), folder.join("newest.backup"));
    let making = tokio::task::spawn_blocking({
        let (config, old) = (config.clone(), old.clone());
        move || broker::back_up_to(&[config], &[], &old)
    });
    push(&world, 11..=30).await;
    making.await.unwrap().unwrap();
    assert!(notices(&world, 30).await >= 30);
    let told = back_up(&config, &newest).await.unwrap();
    assert!(told.contains("entries of the log"), "{told}");
    assert_eq!(mode(&newest), 0o600);
    let again = back_up(&config, &newest).await.unwrap_err().to_string();
    assert!(again.contains("exists"), "{again}");
    let export = world.export().await.unwrap();

    world.control().unwrap().kill(BROKER).unwrap();
    let seen = folder.join("seen.checkpoint");
    std::fs::copy(state.join("checkpoint"), &seen).unwrap();
    let restore = |from: &Path, witnessed: &[PathBuf], verify| {
        broker::restore(std::slice::from_ref(&config), &[], from, witnessed, verify)
    };
    let over = restore(&newest, &[], false).unwrap_err().to_string();
    assert!(over.contains("there is a state already"), "{over}");
    std::fs::rename(&state, folder.join("lost")).unwrap();

    let behind = restore(&old, std::slice::from_ref(&seen), true).unwrap_err();
    assert!(behind.to_string().contains("behind"), "{behind:#}");
    let behind = restore(&old, std::slice::from_ref(&seen), false).unwrap_err();
    assert!(behind.to_string().contains("behind"), "{behind:#}");
    assert!(!state.exists(), "nothing of it is installed");
    let verified = restore(&newest, std::slice::from_ref(&seen), true).unwrap();
    assert!(!state.exists(), "only verified");
    assert!(verified.witnessed.is_some() && verified.checked.signals >= 60);
    restore(&newest, std::slice::from_ref(&seen), false).unwrap();

    world.control().unwrap().start(BROKER).unwrap();
    world.control().unwrap().connected().await.unwrap();
    // All that was proved is still proved, and it goes on.
    let after = world.export().await.unwrap();
    world.verify(&after).unwrap();
    let lines = |bytes: &[u8]| -> Vec<String> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let entries = text.lines().skip(1).map(str::to_owned);
        entries.filter(|line| line.contains("\"leaf")).collect()
    };
    let (before, after) = (lines(&export), lines(&after));
    assert!(!before.is_empty());
    assert_eq!(before, after[..before.len()], "the log is the same");
    push(&world, 31..=32).await;
    assert!(notices(&world, 32).await >= 32, "new matches are told");

    // Somebody puts the old one back and gives no checkpoint: the nodes have seen more.
    world.control().unwrap().kill(BROKER).unwrap();
    std::fs::rename(&state, folder.join("moved")).unwrap();
    let restored = restore(&old, &[], false).unwrap();
    assert_eq!(restored.witnessed, None);
    world.control().unwrap().start(BROKER).unwrap();
    world
        .control()
        .unwrap()
        .admin_says(BROKER, "/readyz", |text| {
            text.contains("a node has seen a checkpoint")
        })
        .await
        .unwrap();
}

async fn push(world: &World, numbers: std::ops::RangeInclusive<u32>) {
    for number in numbers {
        for party in PARTIES {
            let signal = of(party, NUISANCE, "OVE.GEL", place_of(number));
            world.push_signal(party, signal).await.unwrap();
        }
    }
    for party in PARTIES {
        world.delivered(party).await.unwrap();
    }
}

/// How many notices the municipality has, once there are so many and the log stands still.
async fn notices(world: &World, count: usize) -> usize {
    let found = world.noticed("gemeente", "regisseur", count).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    found.len()
}

async fn back_up(config: &Path, out: &Path) -> anyhow::Result<String> {
    let (config, out) = (config.to_owned(), out.to_owned());
    tokio::task::spawn_blocking(move || broker::back_up_to(&[config], &[], &out))
        .await
        .unwrap()
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn place_of(number: u32) -> Subject {
    home(Home {
        postcode: "9999ZZ",
        number,
        shielded: false,
    })
}
