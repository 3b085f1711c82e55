//! The parties' nodes as witnesses of the log: who cosigns, what waits for them under `strikt` and
//! `uitgesteld`, and the log as another client reads it.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use journeys::realm::{Realm, eventually, quick, set, strict, today};
use journeys::voice::reason;
use journeys::witnesses::{all_cosign, cosigners, newest};
use ledger::LogVerifier;
use model::clock::{Clock as _, ManualClock, SystemClock};
use sandbox::messages::{Home, home, signal, visit};
use tonic::Status;
use wire::node_v1::CheckVisitResponse;

const VISIT: &str = "bezoekveiligheid";
const VISITS: &str = "veilig-op-bezoek-roosdonk";
/// Something is known of this address, and nothing of the other one.
const KNOWN: u32 = 12;
const UNKNOWN: u32 = 14;

fn at(number: u32) -> wire::node_v1::Subject {
    home(Home {
        postcode: "9999ZZ",
        number,
        shielded: false,
    })
}

async fn ask(realm: &Realm, number: u32) -> Result<Result<CheckVisitResponse, Status>> {
    let client = realm.client("corporatie", "huismeester")?;
    let request = visit(VISITS, VISIT, "corporatie.huismeester", at(number));
    let answer = client.checks().check_visit(request).await;
    Ok(answer.map(tonic::Response::into_inner))
}

async fn advice(realm: &Realm, number: u32) -> Result<String> {
    let answer = ask(realm, number).await?;
    Ok(answer
        .map_err(|s| anyhow::anyhow!("{}: {}", reason(&s), s.message()))?
        .advice)
}

/// Asks about both addresses: each is refused for want of witnesses, in the same words.
async fn both_refused(realm: &Realm) -> Result<()> {
    let mut said = Vec::new();
    for number in [KNOWN, UNKNOWN] {
        let status = ask(realm, number).await?.err().context("it is answered")?;
        assert_eq!(reason(&status), "NOT_WITNESSED", "{}", status.message());
        said.push((
            status.code(),
            status.message().to_owned(),
            status.details().to_vec(),
        ));
    }
    ensure!(
        said.first() == said.last(),
        "found and not found differ: {said:?}"
    );
    assert_eq!(
        said.first().map(|(code, ..)| *code),
        Some(tonic::Code::Unavailable)
    );
    Ok(())
}

async fn known(realm: &Realm) -> Result<()> {
    let danger = signal(VISITS, VISIT, "AGR.FYS", at(KNOWN));
    realm.push("gemeente", danger).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_party_cosigns_and_the_cosignatures_outlive_a_restart() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    known(&realm).await?;
    all_cosign(&realm).await?;
    LogVerifier::parse(&realm.world.broker.log_key)?.verify(&newest(&realm).await?)?;
    // Without one of them there is no quorum, and only two names are on the next checkpoint.
    realm.stop_node("politie").await?;
    let before = realm.log_size().await?;
    assert_eq!(advice(&realm, KNOWN).await?, "ga-met-twee");
    ensure!(realm.log_size().await? > before, "the log did not grow");
    eventually("two cosign", async || {
        let by = cosigners(&realm, &newest(&realm).await?)?;
        Ok((by == ["corporatie", "gemeente"]).then_some(()))
    })
    .await?;
    realm.stop_all().await?;
    realm.start_all().await?;
    all_cosign(&realm).await?;
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn under_uitgesteld_nothing_is_told_after_fifteen_minutes_without_a_quorum() -> Result<()> {
    let mut realm = Realm::laid_out(&quick(), today())?;
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    realm.start_all_at(clock.clone()).await?;
    known(&realm).await?;
    all_cosign(&realm).await?;
    realm.stop_node("politie").await?;
    // The first entry that nobody can witness fully starts the count.
    assert_eq!(advice(&realm, KNOWN).await?, "ga-met-twee");
    clock.advance_seconds(14 * 60);
    assert_eq!(advice(&realm, UNKNOWN).await?, "geen-advies");
    clock.advance_seconds(2 * 60);
    let before = realm.log_size().await?;
    both_refused(&realm).await?;
    assert_eq!(realm.log_size().await?, before, "something was decided");
    realm.start_node("politie", clock).await?;
    eventually("the quorum is there again", async || {
        Ok(ask(&realm, KNOWN).await?.ok().map(|answer| answer.advice))
    })
    .await
    .map(|told| assert_eq!(told, "ga-met-twee"))?;
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn under_strikt_only_what_is_witnessed_is_told() -> Result<()> {
    let mut realm = Realm::start(&strict()).await?;
    known(&realm).await?;
    // The node shows an answer under `strikt` only if its receipt carries the cosignatures.
    assert_eq!(advice(&realm, KNOWN).await?, "ga-met-twee");
    assert_eq!(advice(&realm, UNKNOWN).await?, "geen-advies");
    realm.stop_node("politie").await?;
    let watch = model::clock::Stopwatch::start();
    both_refused(&realm).await?;
    ensure!(watch.elapsed() >= Duration::from_secs(4), "it did not wait");
    realm.start_node("politie", Arc::new(SystemClock)).await?;
    realm.connected().await?;
    assert_eq!(advice(&realm, KNOWN).await?, "ga-met-twee");
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_client_reads_the_log_from_tiles_and_no_leaf_of_it() -> Result<()> {
    let mut realm = Realm::laid_out(&quick(), today())?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    realm.configure_broker(|settings| set(settings, "tiles.listen", port.to_string()))?;
    realm.start_all().await?;
    known(&realm).await?;
    for number in 1..6 {
        advice(&realm, number).await?;
    }
    all_cosign(&realm).await?;
    let home = realm.home("gemeente")?;
    let read = |certificate: &str, extra: &[&str]| -> Result<(bool, String)> {
        let output = Command::new("python3")
            .arg(journeys::repository::root().join("tests/independent/tiles.py"))
            .arg(format!("https://{port}"))
            .args(["--server-name", "localhost"])
            .arg("--ca")
            .arg(&realm.world.ca)
            .arg("--cert")
            .arg(home.join(format!("{certificate}.pem")))
            .arg("--key")
            .arg(home.join(format!("{certificate}.key")))
            .args(["--vkey", &realm.world.broker.log_key])
            .args(extra)
            .output()?;
        let text = [output.stdout, output.stderr].concat();
        Ok((output.status.success(), String::from_utf8(text)?))
    };
    let (good, said) = read("client", &["--covenant", VISITS])?;
    ensure!(good, "{said}");
    ensure!(said.contains("the tiles make the signed root"), "{said}");
    ensure!(said.contains("witnessed by 3 of 3"), "{said}");
    // Whole leaves are not for everybody: no entry bundle, and nothing beside the spec's paths.
    let (good, said) = read("client", &["--refused", "/tile/entries/000"])?;
    ensure!(good && said.contains("403"), "{said}");
    for path in [
        "/tile/0/999",
        "/tile/0/000.p/256",
        "/tile/9/000",
        "/policy/geen",
    ] {
        let (good, said) = read("client", &["--refused", path])?;
        ensure!(good && said.contains("404"), "{path}: {said}");
    }
    realm.stop_all().await
}
