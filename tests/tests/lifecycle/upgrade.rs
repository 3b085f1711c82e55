//! Upgrades: a covenant that was signed for an older table, a party that joins, and a party that
//! somebody tries to leave out.

use anyhow::{Context as _, Result, ensure};
use covenant::signoff::{Statement, sign};
use covenant::table::{Encoding, digest_in};
use identity::{SealingKey, SigningKey};
use journeys::realm::{Realm, eventually, quick, today};
use journeys::voice::reason;
use model::PartyId;
use sandbox::clients::connect;
use sandbox::layout::OUTSIDER_OIN;
use wire::broker_v1::{self as pb, CovenantState};
use wire::node_v1::ListNoticesRequest;

use crate::{
    NUISANCE, VISITS, ask, attacked, comes_to, everybody_signs, hand_in_signature, next, noise,
    propose, read, sign_off, signer, state, status, text,
};

/// Signs the world's covenant as it was before the table had a second encoding.
fn sign_as_before(realm: &Realm, id: &str) -> Result<()> {
    let file = text(realm, id)?;
    let covenant = read(&file)?;
    let place = realm.world.covenants.iter().find(|place| place.id == id);
    for path in &place.context("the covenant")?.signatures {
        let name = path
            .file_name()
            .context("a name")?
            .to_string_lossy()
            .into_owned();
        let party = name.rsplit('.').nth(2).context("a party")?;
        let party_id = PartyId::parse(party)?;
        let mut statement = Statement::new(
            &covenant,
            &party_id,
            today(),
            file.as_bytes(),
            "covenant/0.1.0",
        )?;
        statement.encoding = Encoding::V1;
        statement.table = digest_in(&covenant, Encoding::V1)?;
        let envelope = sign(&covenant, &statement, &signer(realm, party)?.to_secret())?;
        std::fs::write(path, envelope.to_json())?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_signed_for_an_older_table_loads_and_is_followed() -> Result<()> {
    let mut realm = Realm::laid_out(&quick(), today())?;
    sign_as_before(&realm, VISITS)?;
    realm.start_all().await?;
    realm.push("gemeente", attacked()).await?;
    assert_eq!(ask(&realm).await?, Ok("ga-met-twee".to_owned()));
    let second = next(&text(&realm, VISITS)?)?;
    propose(&realm, "gemeente", &second).await?;
    everybody_signs(&realm, &second, today()).await?;
    comes_to(&realm, Ok("ga-met-twee")).await?;
    let told = status(&realm, "gemeente", &second).await?;
    assert_eq!(state(&told), CovenantState::Active);
    realm.stop_all().await
}

/// The keys of a party that joins.
struct Joining {
    signer: SigningKey,
    block: String,
    pin: toml::Table,
}

fn joining() -> Result<Joining> {
    let (signer, emergency, node, witness) = (
        SigningKey::generate(),
        SigningKey::generate(),
        SigningKey::generate(),
        SigningKey::generate(),
    );
    let sealing = SealingKey::generate();
    let block = format!(
        "[partij.stadsbank]\nnaam = \"Stadsbank Roosdonk\"\nsoort = \"zorgaanbieder\"\noin = \
         \"{OUTSIDER_OIN}\"\nondertekenaar = {{ functie = \"functionaris gegevensbescherming\", \
         sleutel = \"{}\" }}\nnoodstop = [\"{}\"]\nknooppunt = {{ ondertekening = \"{}\", \
         verzegeling = \"{}\", getuige = \"{}\" }}\nrol.meldpunt = \"meldpunt schulden\"\n\n",
        signer.verifying_key(),
        emergency.verifying_key(),
        node.verifying_key(),
        sealing.public_key(),
        witness.verifying_key()
    );
    let mut pin = toml::Table::new();
    pin.insert(
        "signer".to_owned(),
        signer.verifying_key().to_string().into(),
    );
    pin.insert(
        "node_signing".to_owned(),
        node.verifying_key().to_string().into(),
    );
    Ok(Joining { signer, block, pin })
}

fn pin(settings: &mut toml::Table, joining: &Joining) {
    if let Some(toml::Value::Table(pins)) = settings.get_mut("pins") {
        pins.insert("stadsbank".to_owned(), joining.pin.clone().into());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fifth_party_joins_with_version_two() -> Result<()> {
    let mut realm = Realm::laid_out(&quick(), today())?;
    let joining = joining()?;
    realm.configure_broker(|settings| pin(settings, &joining))?;
    for party in ["corporatie", "gemeente", "politie", "zorg"] {
        realm.configure_node(party, |settings| pin(settings, &joining))?;
    }
    realm.start_all().await?;
    let second = next(&text(&realm, NUISANCE)?)?;
    let (head, tail) = second.split_once("[auditor.").context("an auditor")?;
    let second = format!("{head}{}[auditor.{tail}", joining.block);
    let covenant = read(&second)?;
    propose(&realm, "gemeente", &second).await?;
    for party in ["corporatie", "gemeente", "politie", "zorg"] {
        let envelope = sign_off(&realm, &second, party, today())?;
        hand_in_signature(&realm, party, envelope).await?;
    }
    let told = status(&realm, "gemeente", &second).await?;
    assert_eq!(
        (told.signed.len(), told.awaited.as_slice()),
        (4, ["stadsbank".to_owned()].as_slice())
    );
    // The newcomer speaks for itself, with its own certificate and its own key.
    let (world, own) = (&realm.world, &realm.world.outsider);
    let channel = connect(&world.broker.grpc, &world.ca, &own.cert, &own.key)?;
    let party = PartyId::parse("stadsbank")?;
    let statement = Statement::new(&covenant, &party, today(), second.as_bytes(), "t/1")?;
    let envelope = sign(&covenant, &statement, &joining.signer.to_secret())?;
    let request = pb::SignCovenantRequest {
        envelope: envelope.to_json().into_bytes().into(),
    };
    let told = wire::client::covenants(channel)
        .sign_covenant(request)
        .await?;
    let told = told.into_inner().status.context("the status")?;
    assert_eq!(state(&told), CovenantState::Active);
    // What the four do goes on under version 2.
    realm.push("gemeente", noise()).await?;
    realm.push("corporatie", noise()).await?;
    let handler = realm.client("gemeente", "regisseur")?;
    let notice = eventually("the municipality is told", async || {
        let request = ListNoticesRequest::default();
        let page = handler.notices().list_notices(request).await?.into_inner();
        Ok(page.notices.into_iter().next())
    })
    .await?;
    let notice = notice.notice.unwrap_or_default();
    assert_eq!(
        notice.covenant_digest,
        covenant.digest().as_bytes().as_slice()
    );
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_a_covenant_over_by_leaving_a_party_out() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let first = text(&realm, VISITS)?;
    let police = realm.node("politie")?.oin.clone();
    let second = next(&first)?.replacen(&police, OUTSIDER_OIN, 1);
    propose(&realm, "gemeente", &second).await?;
    for party in ["corporatie", "gemeente"] {
        let envelope = sign_off(&realm, &second, party, today())?;
        hand_in_signature(&realm, party, envelope).await?;
    }
    // Even with the signature of the key that is pinned for the party.
    let (world, own) = (&realm.world, &realm.world.outsider);
    let channel = connect(&world.broker.grpc, &world.ca, &own.cert, &own.key)?;
    let request = pb::SignCovenantRequest {
        envelope: sign_off(&realm, &second, "politie", today())?.into(),
    };
    let told = wire::client::covenants(channel)
        .sign_covenant(request)
        .await?;
    let told = told.into_inner().status.context("the status")?;
    assert_eq!(state(&told), CovenantState::Signed);
    assert_eq!(
        state(&status(&realm, "gemeente", &first).await?),
        CovenantState::Active
    );
    ensure!(ask(&realm).await?.is_ok(), "the covenant in force goes on");
    // And who is no party of the version in force proposes nothing that follows on it.
    let channel = connect(&world.broker.grpc, &world.ca, &own.cert, &own.key)?;
    let request = pb::ProposeCovenantRequest {
        file: second.replacen("uitleg", "uitleg ", 1).into_bytes().into(),
    };
    let refused = wire::client::covenants(channel)
        .propose_covenant(request)
        .await;
    assert_eq!(reason(&refused.err().context("taken")?), "NOT_A_PARTY");
    realm.stop_all().await
}
