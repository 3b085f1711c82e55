//! `covenant policy` with a broker: from a proposal to a suspension, as people do it.

use std::path::{Path, PathBuf};
use std::process::Output;

use sandbox::{Plan, Running, World};

use super::{code, complained, covenant, said, text};

const VISITS: &str = "veilig-op-bezoek-roosdonk";

/// Runs the program while the world runs.
async fn run(arguments: Vec<String>) -> Output {
    tokio::task::spawn_blocking(move || covenant(arguments))
        .await
        .unwrap()
}

fn home(world: &World, party: &str) -> PathBuf {
    world.nodes[party].config.parent().unwrap().to_path_buf()
}

/// The words that name the broker and a party's certificate.
fn broker(world: &World, party: &str) -> Vec<String> {
    let home = home(world, party);
    [
        "--broker",
        &world.broker.grpc,
        "--ca",
        &text(&world.ca),
        "--cert",
        &text(&home.join("client.pem")),
        "--cert-key",
        &text(&home.join("client.key")),
    ]
    .map(str::to_owned)
    .to_vec()
}

/// One command of a party about a file, with the broker.
async fn does(
    world: &World,
    command: &str,
    file: &Path,
    party: &str,
    out: Option<&Path>,
) -> Output {
    let mut words = vec!["policy".to_owned(), command.to_owned(), text(file)];
    if let Some(out) = out {
        let key = text(&home(world, party).join("signer.pem"));
        let more = ["--party", party, "--key", &key, "--out", &text(out)];
        words.extend(more.map(str::to_owned));
    }
    words.extend(broker(world, party));
    run(words).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_proposed_signed_and_suspended_at_the_broker() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&folder.path().join("world"), &Plan::demo())
        .await
        .unwrap();
    let world = &running.world;
    let place = world.covenants.iter().find(|c| c.id == VISITS).unwrap();
    let first = std::fs::read_to_string(&place.file).unwrap();
    let before = covenant::check(&first).covenant.unwrap();
    let replaces = format!(
        "versie       = 2\nvervangt     = \"sha256:{}\"",
        before.digest()
    );
    let second = folder.path().join("versie-2.toml");
    let changed = first.replacen("versie       = 1", &replaces, 1);
    std::fs::write(&second, changed).unwrap();

    let proposed = does(world, "propose", &second, "gemeente", None).await;
    assert_eq!(code(&proposed), 0, "{}", complained(&proposed));
    assert!(said(&proposed).contains("versie 2"), "{}", said(&proposed));
    for party in ["corporatie", "gemeente", "politie"] {
        let out = folder.path().join(format!("{party}.dsse.json"));
        let signed = does(world, "sign", &second, party, Some(&out)).await;
        assert_eq!(code(&signed), 0, "{}", complained(&signed));
        assert!(
            said(&signed).contains("Makelaar: versie 2"),
            "{}",
            said(&signed)
        );
    }
    // The same envelope again is no error: a connection may break after it was taken.
    let mut again = vec!["policy".to_owned(), "send".to_owned()];
    again.push(text(&folder.path().join("gemeente.dsse.json")));
    again.extend(broker(world, "gemeente"));
    let sent = run(again).await;
    assert_eq!(code(&sent), 0, "{}", complained(&sent));

    let stop = folder.path().join("noodstop.json");
    let suspended = does(world, "suspend", &second, "politie", Some(&stop)).await;
    assert_eq!(code(&suspended), 0, "{}", complained(&suspended));
    let told = said(&suspended);
    assert!(
        told.contains("opgeschort") && !told.contains("Breng"),
        "{told}"
    );
    let status = does(world, "status", &second, "corporatie", None).await;
    assert!(said(&status).contains("opgeschort"), "{}", said(&status));

    what_is_wrong_is_said(world, &second, folder.path()).await;
    running.stop().await.unwrap();
}

async fn what_is_wrong_is_said(world: &World, second: &Path, folder: &Path) {
    // Another party's certificate, and no broker at all.
    let out = folder.join("ander.json");
    let mut words = [
        "policy",
        "reject",
        &text(second),
        "--party",
        "politie",
        "--key",
    ]
    .map(str::to_owned)
    .to_vec();
    words.push(text(&home(world, "politie").join("signer.pem")));
    words.extend(["--out".to_owned(), text(&out)]);
    words.extend(broker(world, "gemeente"));
    let refused = run(words).await;
    assert_eq!(code(&refused), 2);
    assert!(
        complained(&refused).contains("PARTY_NOT_YOURS"),
        "{}",
        complained(&refused)
    );
    let nowhere = run(vec![
        "policy".to_owned(),
        "propose".to_owned(),
        text(second),
    ])
    .await;
    assert_eq!(code(&nowhere), 2);
    assert!(
        complained(&nowhere).contains("--broker"),
        "{}",
        complained(&nowhere)
    );
}
