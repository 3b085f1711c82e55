//! A new version of a covenant takes the place of the one before it, and takes nothing away from
//! who reads that one's entries.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use covenant::signoff::{Statement, sign};
use identity::SigningKey;
use journeys::realm::{LogClient, Realm, quick, today};
use model::clock::SystemClock;
use sandbox::messages::{Home, home, signal, visit};
use wire::audit_v1::{EntryClass, EntryFilter, ListEntriesRequest};

const VISITS: &str = "veilig-op-bezoek-roosdonk";
const VISIT: &str = "bezoekveiligheid";

async fn entries(mut log: LogClient) -> Result<usize> {
    let request = ListEntriesRequest {
        filter: Some(EntryFilter {
            covenant: VISITS.to_owned(),
            // Version 2 adds entries of its own: who signed it, and that it came into force.
            class: EntryClass::Decision.into(),
            ..EntryFilter::default()
        }),
        page_size: 1000,
        ..ListEntriesRequest::default()
    };
    let page = log.list_entries(request).await?.into_inner();
    let readable = page.entries.iter().filter(|e| e.answer.is_some()).count();
    Ok(readable)
}

/// Writes version 2 over version 1, signed by everybody.
fn sign_version_2(realm: &Realm) -> Result<()> {
    let place = realm.world.covenants.iter().find(|c| c.id == VISITS);
    let place = place.context("the covenant")?;
    let first = std::fs::read_to_string(&place.file)?;
    let before = covenant::check(&first).covenant.context("version 1")?;
    let header = format!(
        "versie       = 2\nvervangt     = \"sha256:{}\"",
        before.digest().to_hex()
    );
    let second = first.replacen("versie       = 1", &header, 1);
    let covenant = covenant::check(&second).covenant.context("version 2")?;
    std::fs::write(&place.file, &second)?;
    let signature = |party: &str| -> Option<&PathBuf> {
        let end = format!(".{party}.dsse.json");
        let mut all = place.signatures.iter();
        all.find(|path| path.display().to_string().ends_with(&end))
    };
    for party in covenant.parties().keys() {
        let statement = Statement::new(&covenant, party, today(), second.as_bytes(), "t/1")?;
        let key = SigningKey::read(&realm.home(party.as_str())?.join("signer.pem"))?;
        let envelope = sign(&covenant, &statement, &key.to_secret())?;
        let path = signature(party.as_str()).context("a signature")?;
        std::fs::write(path, envelope.to_json())?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_read_the_log_of_a_version_reads_it_under_the_next() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let place = || {
        home(Home {
            postcode: "9999ZZ",
            number: 12,
            shielded: false,
        })
    };
    realm
        .push("gemeente", signal(VISITS, VISIT, "AGR.FYS", place()))
        .await?;
    let asker = realm.client("corporatie", "huismeester")?;
    let question = visit(VISITS, VISIT, "corporatie.huismeester", place());
    asker.checks().check_visit(question).await?;
    let before = [
        entries(realm.auditor()?).await?,
        entries(realm.log_of("corporatie")?).await?,
    ];
    ensure!(before.iter().all(|count| *count > 0), "{before:?}");

    realm.stop_all().await?;
    sign_version_2(&realm)?;
    realm.start_broker(Arc::new(SystemClock)).await?;
    let after = [
        entries(realm.auditor()?).await?,
        entries(realm.log_of("corporatie")?).await?,
    ];
    assert_eq!(after, before, "a new version took entries away");
    realm.stop_all().await
}
