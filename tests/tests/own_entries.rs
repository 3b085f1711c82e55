//! A party's node has the log list its own entries, and finds what the broker leaves out: by the
//! numbers, also of a refusal that has no receipt, and by the receipts that it holds.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use journeys::liar::{Liar, Lie, leaves, naming};
use journeys::processes::get;
use journeys::realm::{Realm, eventually, quick, set, today};
use ledger::Outcome;
use model::clock::SystemClock;
use sandbox::messages::{Home, home, visit};
use wire::audit_v1::Entry;

const VISITS: (&str, &str) = ("veilig-op-bezoek-roosdonk", "bezoekveiligheid");
const PARTY: &str = "corporatie";

/// The demo, with a liar between one party's node and the broker, and reviews at a test's pace.
async fn realm() -> Result<(Realm, Liar)> {
    let mut realm = Realm::laid_out(&quick(), today())?;
    realm.start_broker(std::sync::Arc::new(SystemClock)).await?;
    let liar = Liar::before(&realm.world, realm.to_broker(PARTY)?).await?;
    realm.configure_node(PARTY, |settings| {
        set(settings, "broker.address", liar.address.clone());
        set(settings, "broker.own_entries_every_ms", 200);
    })?;
    let parties: Vec<String> = realm.world.nodes.keys().cloned().collect();
    for party in parties {
        realm
            .start_node(&party, std::sync::Arc::new(SystemClock))
            .await?;
    }
    realm.connected().await?;
    Ok((realm, liar))
}

async fn ask(realm: &Realm, kind: &str, number: u32) -> Result<bool> {
    let client = realm.client(PARTY, kind)?;
    let about = home(Home {
        postcode: "9999ZZ",
        number,
        shielded: false,
    });
    let question = visit(VISITS.0, VISITS.1, &client.role, about);
    Ok(client.checks().check_visit(question).await.is_ok())
}

/// What the node's operator reads: whether it holds, and how much is listed and missing.
async fn told(realm: &Realm) -> Result<(bool, u64, u64)> {
    let admin = &realm.node(PARTY)?.admin;
    let page = get(admin, "/readyz").await?;
    let metrics = get(admin, "/metrics").await?;
    let gauge = |name: &str| -> Result<u64> {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        Ok(line.context("the metric is there")?.trim().parse()?)
    };
    Ok((
        page.contains("[+] own entries in the log ok"),
        gauge("covenant_node_own_entries_listed ")?,
        gauge("covenant_node_own_entries_missing ")?,
    ))
}

/// Waits until a review finds so many entries and so many missing.
async fn reviewed(realm: &Realm, what: &str, listed: u64, missing: u64) -> Result<()> {
    eventually(what, async || {
        let (holds, now, gone) = told(realm).await?;
        let same = (now, gone) == (listed, missing) && holds == (missing == 0);
        Ok(same.then_some(()))
    })
    .await
}

fn is_refusal(entry: &Entry) -> Result<bool> {
    let outcome = entry.outcome.as_ref().context("the auditor reads it")?;
    let outcome = Outcome::from_json(&outcome.content)?;
    Ok(outcome.kind == ledger::Kind::CheckRefused)
}

fn evidence(realm: &Realm) -> Result<Option<PathBuf>> {
    let mut found = None;
    for entry in std::fs::read_dir(&realm.node(PARTY)?.state)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("log-omission-") {
            found = Some(path);
        }
    }
    Ok(found)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_leaves_out_a_partys_entry_is_named() -> Result<()> {
    let (mut realm, liar) = realm().await?;
    for number in 1..4 {
        ensure!(ask(&realm, "huismeester", number).await?, "it is answered");
    }
    // A refusal has an entry and no receipt.
    ensure!(!ask(&realm, "leefbaarheid", 4).await?, "it is answered");
    for number in 5..8 {
        ensure!(ask(&realm, "huismeester", number).await?, "it is answered");
    }
    let size = realm.log_size().await?;
    let entries = leaves(&mut realm.auditor()?, size).await?;
    let own = naming(&entries, PARTY);
    let count = u64::try_from(own.len())?;
    ensure!(count > 6, "{own:?}");
    reviewed(&realm, "all is listed", count, 0).await?;
    ensure!(evidence(&realm)?.is_none(), "there is nothing to keep");

    let mut refused = None;
    for place in &own {
        let entry = entries.iter().find(|entry| entry.index == *place);
        if is_refusal(entry.context("an entry")?)? {
            refused = Some(*place);
        }
    }
    let refused = refused.context("the refusal is an entry")?;
    liar.lies(Lie::Omits(vec![refused]));
    reviewed(&realm, "the refusal is missed", count - 1, 1).await?;
    let kept = evidence(&realm)?.context("the evidence is kept")?;
    let kept: serde_json::Value = serde_json::from_slice(&std::fs::read(kept)?)?;
    assert_eq!(kept["numbers"][0]["counter"], "recipient");
    assert_eq!(kept["unlisted"], serde_json::json!([]));
    // What is kept proves by itself that there is an entry before it.
    let after = &kept["after"][0];
    let leaf = after["leaf"].as_str().context("a leaf")?;
    let note = after["checkpoint"].as_str().context("a checkpoint")?;
    let key = ledger::LogVerifier::parse(&realm.world.broker.log_key)?;
    let checkpoint = key.verify(note.as_bytes())?;
    let proof: Option<Vec<model::Digest>> = after["proof"]
        .as_array()
        .context("a proof")?
        .iter()
        .map(|hash| model::Digest::from_hex(hash.as_str()?))
        .collect();
    ledger::tree::verify_inclusion(
        ledger::tree::leaf_hash(leaf.as_bytes()),
        after["index"].as_u64().context("an index")?,
        checkpoint.size,
        &proof.context("hashes")?,
        &checkpoint.root,
    )?;
    let leaf = ledger::Skeleton::from_leaf(leaf.as_bytes())?;
    let missing = kept["numbers"][0]["last"].as_u64();
    assert_eq!(leaf.counters.recipient, missing.map(|last| last + 1));

    // The last one leaves no gap: its receipt shows it. With the one before it, both do.
    liar.lies(Lie::OmitsLast);
    reviewed(&realm, "the last one is missed", count - 1, 1).await?;
    liar.lies(Lie::Repeats);
    eventually("what stands twice is named", async || {
        let (holds, _, missing) = told(&realm).await?;
        Ok((!holds && missing > 0).then_some(()))
    })
    .await?;
    liar.lies(Lie::None);
    reviewed(&realm, "it is well again", count, 0).await?;
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_lays_out_its_newest_checkpoint_for_others() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    ensure!(ask(&realm, "huismeester", 1).await?, "it is answered");
    let config = realm.node(PARTY)?.config.clone();
    let key = ledger::LogVerifier::parse(&realm.world.broker.log_key)?;
    eventually("the newest checkpoint is laid out", async || {
        // Before the first one there is no file.
        let note = node::newest_checkpoint(std::slice::from_ref(&config), &[]);
        let size = note
            .ok()
            .and_then(|note| Some(key.verify(&note).ok()?.size));
        let newest = realm.log_size().await?;
        Ok((size == Some(newest)).then_some(()))
    })
    .await?;
    realm.stop_all().await
}
