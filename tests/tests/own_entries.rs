//! A party's node has the log list its own entries, and finds what the broker leaves out: by the
//! numbers, also of a refusal that has no receipt, and by the receipts that it holds.

use anyhow::{Context as _, Result, ensure};
use journeys::liar::{Liar, Lie, leaves, naming};
use journeys::processes::get;
use journeys::realm::{Realm, eventually, quick, set, today};
use ledger::{Outcome, Skeleton};
use model::clock::SystemClock;
use sandbox::messages::{Home, home, visit};
use serde_json::Value;
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

/// Everything that was kept as evidence.
fn evidence(realm: &Realm) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&realm.node(PARTY)?.state)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("log-omission-") {
            found.push(serde_json::from_slice(&std::fs::read(&path)?)?);
        }
    }
    Ok(found)
}

/// An entry of the evidence, proved by nothing but what is in it and the log's key.
fn proved(realm: &Realm, kept: &Value) -> Result<Skeleton> {
    let text = |name: &str| kept[name].as_str().context("a text");
    let key = ledger::LogVerifier::parse(&realm.world.broker.log_key)?;
    let checkpoint = key.verify(text("checkpoint")?.as_bytes())?;
    let proof = kept["proof"].as_array().context("a proof")?.iter();
    let proof: Option<Vec<model::Digest>> = proof
        .map(|hash| model::Digest::from_hex(hash.as_str()?))
        .collect();
    let (leaf, index) = (text("leaf")?.as_bytes(), kept["index"].as_u64());
    let (size, root) = (checkpoint.size, &checkpoint.root);
    let (hash, index) = (ledger::tree::leaf_hash(leaf), index.context("an index")?);
    ledger::tree::verify_inclusion(hash, index, size, &proof.context("hashes")?, root)?;
    Ok(Skeleton::from_leaf(leaf)?)
}

/// A world in which one party asked six questions and was refused one; how many entries name it,
/// and the place of the refusal.
async fn eventful() -> Result<(Realm, Liar, u64, u64)> {
    let (realm, liar) = realm().await?;
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
    let mut refused = None;
    for entry in entries.iter().filter(|entry| own.contains(&entry.index)) {
        if is_refusal(entry)? {
            refused = Some(entry.index);
        }
    }
    let count = u64::try_from(own.len())?;
    ensure!(count > 6, "{own:?}");
    Ok((realm, liar, count, refused.context("it is an entry")?))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_leaves_out_a_partys_entry_is_named() -> Result<()> {
    let (mut realm, liar, count, refused) = eventful().await?;
    reviewed(&realm, "all is listed", count, 0).await?;
    ensure!(evidence(&realm)?.is_empty(), "there is nothing to keep");

    liar.lies(Lie::Omits(vec![refused]));
    reviewed(&realm, "the refusal is missed", count - 1, 1).await?;
    let kept = evidence(&realm)?;
    let kept = kept.first().context("the evidence is kept")?;
    assert_eq!(kept["numbers"][0]["counter"], "recipient");
    assert_eq!(kept["unlisted"], serde_json::json!([]));
    // What is kept proves by itself that there is an entry before it.
    let after = proved(&realm, &kept["after"][0])?;
    let missing = kept["numbers"][0]["last"].as_u64();
    assert_eq!(after.counters.recipient, missing.map(|last| last + 1));

    // The last one leaves no gap: its receipt shows it.
    liar.lies(Lie::OmitsLast);
    let by_receipt = eventually("the last one is missed", async || {
        let kept = evidence(&realm)?;
        let none = serde_json::json!([]);
        Ok(kept.into_iter().find(|kept| kept["numbers"] == none))
    })
    .await?;
    reviewed(&realm, "it is told", count - 1, 1).await?;
    let last = proved(&realm, &by_receipt["receipts"][0])?;
    assert_eq!(Some(last.seq), by_receipt["unlisted"][0].as_u64());
    let kept = evidence(&realm)?.len();
    assert_eq!(kept, 2, "the same finding is kept once");

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
