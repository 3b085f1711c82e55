//! `covenant audit watch` and the proofs of `audit query`, against the broker of a real world.

use std::path::Path;
use std::process::Output;

use ledger::{LogSigner, WitnessVerifier};
use model::{Digest, Secret};
use sandbox::messages::{Home, home, signal, submit};
use sandbox::{Plan, Running, World};

use super::{code, complained, covenant, json, said, text};

async fn run(world: &World, command: &str, more: &[&str]) -> Output {
    let auditor = &world.auditor;
    let mut words: Vec<String> = [
        "audit",
        command,
        "--broker",
        &world.audit.grpc,
        "--ca",
        &text(&world.ca),
        "--cert",
        &text(&auditor.cert),
        "--key",
        &text(&auditor.key),
        "--lang",
        "en",
    ]
    .map(str::to_owned)
    .to_vec();
    words.extend(more.iter().map(|word| (*word).to_owned()));
    tokio::task::spawn_blocking(move || covenant(words))
        .await
        .unwrap()
}

async fn watch(world: &World, folder: &Path, more: &[&str]) -> Output {
    let (state, evidence) = (
        text(&folder.join("state.json")),
        text(&folder.join("evidence")),
    );
    let key = world.broker.log_key.clone();
    let mut words = vec![
        "--vkey",
        &key,
        "--state",
        &state,
        "--evidence",
        &evidence,
        "--once",
    ];
    words.extend(more);
    run(world, "watch", &words).await
}

async fn push(world: &World) {
    let client = sandbox::clients::NodeClient::of(world, "gemeente", "partner").unwrap();
    let about = home(Home {
        postcode: "9999ZZ",
        number: 7,
        shielded: false,
    });
    let made = signal(&world.covenants[0].id, "bezoekveiligheid", "AGR.FYS", about);
    client.signals().submit_signal(submit(made)).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
}

/// The log's own signer: the broker of this world gone bad.
fn signer(world: &World) -> LogSigner {
    let home = world.broker.config.parent().unwrap();
    let key = identity::SigningKey::read(&home.join("log-key.pem")).unwrap();
    let (origin, _) = world.broker.log_key.split_once('+').unwrap();
    LogSigner::from_seed(origin, &key.to_secret()).unwrap()
}

/// Lets the watcher remember another log than the broker shows.
fn remembers(folder: &Path, note: Vec<u8>) {
    let path = folder.join("state.json");
    let mut state: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    state["checkpoint"] = String::from_utf8(note).unwrap().into();
    std::fs::write(&path, state.to_string()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn growth_is_well_and_a_fork_a_rollback_and_silence_are_alarms() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&folder.path().join("world"), &Plan::demo())
        .await
        .unwrap();
    let world = running.world.clone();
    let here = folder.path();
    let first = watch(&world, here, &[]).await;
    assert_eq!(code(&first), 0, "{}", complained(&first));
    push(&world).await;
    let grown = watch(&world, here, &[]).await;
    assert_eq!(code(&grown), 0, "{}{}", said(&grown), complained(&grown));
    assert_ne!(said(&first), said(&grown));
    let good = std::fs::read(here.join("state.json")).unwrap();

    let key = ledger::LogVerifier::parse(&world.broker.log_key).unwrap();
    let state: serde_json::Value = serde_json::from_slice(&good).unwrap();
    let now = key
        .verify(state["checkpoint"].as_str().unwrap().as_bytes())
        .unwrap();
    let signer = signer(&world);
    for (size, word) in [
        (now.size + 1, "rollback"),
        (now.size, "fork"),
        (now.size - 1, "fork"),
    ] {
        std::fs::write(here.join("state.json"), &good).unwrap();
        let other = signer.sign(size, Digest::new([7; 32]));
        remembers(here, other.clone());
        let alarm = watch(&world, here, &[]).await;
        assert_eq!(code(&alarm), 1, "{}", complained(&alarm));
        assert!(said(&alarm).contains("ALARM"), "{}", said(&alarm));
        let mut kept: Vec<_> = std::fs::read_dir(here.join("evidence"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        let kept = kept.pop().unwrap();
        assert!(text(&kept).ends_with(word), "{}", text(&kept));
        assert_eq!(std::fs::read(kept.join("seen.note")).unwrap(), other);
        let given = std::fs::read(kept.join("given.note")).unwrap();
        assert!(key.verify(&given).unwrap().size >= now.size);
        std::fs::remove_dir_all(here.join("evidence")).unwrap();
        // What was seen stays what was seen.
        let state = std::fs::read_to_string(here.join("state.json")).unwrap();
        assert!(state.contains(String::from_utf8(other).unwrap().lines().nth(2).unwrap()));
    }

    std::fs::write(here.join("state.json"), &good).unwrap();
    running.stop().await.unwrap();
    let silent = watch(&world, here, &[]).await;
    assert_eq!(code(&silent), 2, "not stale yet: {}", said(&silent));
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let stale = watch(&world, here, &["--stale-after", "1"]).await;
    assert_eq!(code(&stale), 1, "{}", complained(&stale));
    assert!(
        said(&stale).contains("ALARM: no verified checkpoint"),
        "{}",
        said(&stale)
    );
}

/// Sets when a witness last cosigned what the watcher remembers.
fn cosigned(folder: &Path, seconds_ago: i64) {
    let path = folder.join("state.json");
    let mut state: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let now = model::clock::Clock::now(&model::clock::SystemClock);
    state["cosigned_at"] = now.plus_seconds(-seconds_ago).to_rfc3339().into();
    std::fs::write(&path, state.to_string()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_no_witness_cosigned_for_ten_minutes_is_an_alarm() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&folder.path().join("world"), &Plan::demo())
        .await
        .unwrap();
    let world = running.world.clone();
    let here = folder.path();
    // A witness that never cosigns, though the log itself is fresh and verified each time.
    let absent = ledger::Cosigner::from_seed("getuige/nobody", &Secret::new([4; 32]));
    let absent = absent.unwrap().verifier().to_vkey();
    let watched = ["--witness", absent.as_str()];
    let first = watch(&world, here, &watched).await;
    assert_eq!(code(&first), 0, "{}", complained(&first));
    for (ago, expected) in [(590, 0), (610, 1)] {
        cosigned(here, ago);
        let found = watch(&world, here, &watched).await;
        assert_eq!(code(&found), expected, "{ago}: {}", said(&found));
        let alarm = "ALARM: no checkpoint cosigned by a witness for more than 600 seconds";
        assert_eq!(
            said(&found).contains(alarm),
            expected == 1,
            "{}",
            said(&found)
        );
    }
    // A cosignature of one witness on the newest checkpoint ends it.
    let node = &world.nodes["gemeente"];
    let home = node.config.parent().unwrap();
    let key = identity::SigningKey::read(&home.join("witness.pem")).unwrap();
    let name = format!("getuige/{}", node.oin);
    let own = WitnessVerifier::new(&name, &key.verifying_key().to_bytes()).unwrap();
    let own = own.to_vkey();
    push(&world).await;
    let both = ["--witness", absent.as_str(), "--witness", own.as_str()];
    let mut fresh = None;
    for _ in 0..20 {
        cosigned(here, 610);
        let found = watch(&world, here, &both).await;
        if code(&found) == 0 {
            fresh = Some(said(&found));
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    assert!(fresh.unwrap().contains("in order"));
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_says_what_it_proved() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&folder.path().join("world"), &Plan::demo())
        .await
        .unwrap();
    let world = &running.world;
    push(world).await;
    let key = world.broker.log_key.clone();
    let proved = run(world, "query", &["--vkey", &key]).await;
    assert_eq!(code(&proved), 0, "{}", complained(&proved));
    assert!(
        said(&proved).contains("that your key signed"),
        "{}",
        said(&proved)
    );
    assert!(
        said(&proved).contains("covenant in force"),
        "{}",
        said(&proved)
    );
    let without = run(world, "query", &["--format", "json"]).await;
    assert!(complained(&without).contains("Not verified: who signed it"));
    let document = json(&without);
    assert!(!document["entries"].as_array().unwrap().is_empty());
    assert_eq!(
        (&document["signed"], &document["omissions"]),
        (&false.into(), &"gapless".into())
    );
    // Somebody else's key proves nothing, and nothing is shown.
    let other =
        LogSigner::from_seed(key.split_once('+').unwrap().0, &Secret::new([3; 32])).unwrap();
    let other = other.verifier().to_vkey();
    let refused = run(world, "query", &["--vkey", &other]).await;
    assert_eq!((code(&refused), said(&refused).as_str()), (2, ""));
}
