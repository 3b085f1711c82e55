//! What a broker takes as a party's cosignature, and what it makes of a refusal.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use identity::SigningKey;
use journeys::realm::{Realm, eventually, quick};
use journeys::spoken::Spoken;
use journeys::witnesses::newest;
use ledger::{Cosigner, Kind, LogVerifier};
use model::Secret;
use model::clock::{Clock as _, SystemClock};
use sandbox::messages::{Home, home, visit};
use wire::audit_v1::{EntryFilter, ListEntriesRequest};
use wire::broker_v1::{self as pb, connect_request};

async fn cosign(spoken: &mut Spoken, size: u64, line: String) -> Result<String> {
    let cosignature = pb::Cosignature { size, line };
    let message = connect_request::Message::Cosignature(cosignature);
    spoken.say(message).await
}

fn witness(realm: &Realm, party: &str, name: &str) -> Result<Cosigner> {
    let key = SigningKey::read(&realm.home(party)?.join("witness.pem"))?;
    Ok(Cosigner::from_seed(name, &key.to_secret())?)
}

/// The name of a party's witness, as it stands on a note that it cosigned.
fn name_of(realm: &Realm, party: &str) -> Result<String> {
    let home = realm.home(party)?;
    let settings: toml::Table = std::fs::read_to_string(home.join("node.toml"))?.parse()?;
    let oin = settings.get("oin").and_then(toml::Value::as_str);
    Ok(format!("getuige/{}", oin.context("a node has an oin")?))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_witness_of_the_party_cosigns_and_only_what_was_offered() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let name = name_of(&realm, "politie")?;
    realm.stop_node("politie").await?;
    // The node has perhaps cosigned what there was, and the first cosignature of a size stays.
    let asker = realm.client("corporatie", "huismeester")?;
    let about = home(Home {
        postcode: "9999ZZ",
        number: 1,
        shielded: false,
    });
    let (covenant, purpose) = ("veilig-op-bezoek-roosdonk", "bezoekveiligheid");
    let question = visit(covenant, purpose, &asker.role, about);
    asker.checks().check_visit(question).await?;
    let mut politie = Spoken::open(&realm, "politie").await?;
    let note = politie.offered().await?;
    let log = LogVerifier::parse(&realm.world.broker.log_key)?;
    let size = log.verify(&note)?.size;
    let now = u64::try_from(SystemClock.now().as_millis() / 1_000)?;
    let own = witness(&realm, "politie", &name)?;
    let good = own.cosign(&note, now)?.to_text();

    let stranger = Cosigner::from_seed(&name, &Secret::new([7; 32]))?;
    let other = witness(&realm, "corporatie", &name_of(&realm, "corporatie")?)?;
    let otherwise = witness(&realm, "corporatie", &name)?;
    let mut changed = good.clone();
    changed.replace_range(good.len() - 8..good.len() - 6, "zz");
    let cases = [
        (
            "another key",
            stranger.cosign(&note, now)?.to_text(),
            "SIGNATURE_INVALID",
        ),
        (
            "another party",
            other.cosign(&note, now)?.to_text(),
            "SIGNATURE_INVALID",
        ),
        (
            "under this name",
            otherwise.cosign(&note, now)?.to_text(),
            "SIGNATURE_INVALID",
        ),
        ("changed", changed, "SIGNATURE_INVALID"),
        (
            "long ago",
            own.cosign(&note, now - 600)?.to_text(),
            "CLOCK_SKEW",
        ),
        ("no line", "getuige".to_owned(), "FIELD_INVALID"),
        ("long", "x".repeat(600), "FIELD_INVALID"),
    ];
    for (what, line, expected) in cases {
        assert_eq!(cosign(&mut politie, size, line).await?, expected, "{what}");
    }
    let never = cosign(&mut politie, size + 1_000, good.clone()).await?;
    assert_eq!(never, "FIELD_INVALID", "it was never offered");
    assert_eq!(cosign(&mut politie, size, good.clone()).await?, "");
    assert_eq!(
        cosign(&mut politie, size, good.clone()).await?,
        "",
        "once more"
    );
    let text = String::from_utf8(newest(&realm).await?)?;
    assert_eq!(text.matches(&good).count(), 1, "{text}");
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_without_a_contradiction_is_an_entry_and_once() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    realm.stop_node("politie").await?;
    let mut politie = Spoken::open(&realm, "politie").await?;
    let note = politie.offered().await?;
    let refusal = |seen: Vec<u8>| {
        connect_request::Message::WitnessRefusal(pb::WitnessRefusal {
            offered: note.clone().into(),
            seen: seen.into(),
        })
    };
    // What the log did not sign proves nothing, and is no entry.
    let forged = politie.say(refusal(b"made up".to_vec())).await?;
    assert_eq!(forged, "LOG_INCONSISTENT");
    for _ in 0..3 {
        assert_eq!(politie.say(refusal(note.clone())).await?, "");
    }
    let entries = eventually("the refusal is an entry", async || {
        let filter = EntryFilter {
            kind: Kind::WitnessRefused.as_str().to_owned(),
            ..EntryFilter::default()
        };
        let request = ListEntriesRequest {
            filter: Some(filter),
            page_size: 10,
            ..ListEntriesRequest::default()
        };
        let page = realm.auditor()?.list_entries(request).await?.into_inner();
        Ok((!page.entries.is_empty()).then_some(page.entries))
    })
    .await?;
    assert_eq!(entries.len(), 1, "{entries:?}");
    let opened = entries.first().and_then(|entry| entry.outcome.as_ref());
    let outcome = ledger::Outcome::from_json(&opened.context("the auditor reads it")?.content)?;
    let facts: BTreeSet<String> = outcome
        .facts
        .iter()
        .map(|fact| format!("{fact:?}"))
        .collect();
    ensure!(
        facts.iter().any(|fact| fact.contains("politie")),
        "{facts:?}"
    );
    realm.stop_all().await
}
