//! The life of a covenant, from a proposal to its end, over the broker and the nodes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod closing;
mod nodes;
mod upgrade;
mod versions;

use anyhow::{Context as _, Result};
use covenant::Covenant;
use covenant::signoff::{Event, EventKind, KeyRole, Statement, sign, sign_event};
use identity::SigningKey;
use journeys::realm::Realm;
use journeys::voice::reason;
use model::clock::Clock;
use model::{Day, PartyId};
use sandbox::messages::{Home, home, signal, visit};
use tonic::Status;
use tonic::transport::Channel;
use wire::broker_v1::covenant_service_client::CovenantServiceClient;
use wire::broker_v1::{self as pb, CovenantState};
use wire::node_v1::Signal;

pub(crate) const VISITS: &str = "veilig-op-bezoek-roosdonk";
pub(crate) const VISIT: &str = "bezoekveiligheid";
pub(crate) const CARETAKER: &str = "corporatie.huismeester";
pub(crate) const NUISANCE: &str = "woonoverlast-roosdonk";

pub(crate) fn place() -> Home {
    Home {
        postcode: "9999ZZ",
        number: 12,
        shielded: false,
    }
}

pub(crate) fn attacked() -> Signal {
    signal(VISITS, VISIT, "AGR.FYS", home(place()))
}

pub(crate) fn noise() -> Signal {
    signal(NUISANCE, "woonoverlast", "OVE.GEL", home(place()))
}

/// The covenant as it lies in the world's folder.
pub(crate) fn text(realm: &Realm, id: &str) -> Result<String> {
    let place = realm.world.covenants.iter().find(|place| place.id == id);
    Ok(std::fs::read_to_string(
        &place.context("the covenant")?.file,
    )?)
}

pub(crate) fn read(text: &str) -> Result<Covenant> {
    covenant::check(text).covenant.context("a good covenant")
}

/// The next version of a text, with one thing changed that everybody sees.
pub(crate) fn next(before: &str) -> Result<String> {
    let covenant = read(before)?;
    let number = covenant.version();
    let after = before.replacen(
        &format!("versie       = {number}"),
        &format!(
            "versie       = {}\nvervangt     = \"sha256:{}\"",
            number + 1,
            covenant.digest()
        ),
        1,
    );
    // A third version replaces the second, not the first as well.
    let mut seen = false;
    let lines = after.lines().filter(|line| {
        let replaces = line.starts_with("vervangt");
        let keep = !replaces || !seen;
        seen |= replaces;
        keep
    });
    Ok(lines.map(|line| format!("{line}\n")).collect())
}

pub(crate) fn signer(realm: &Realm, party: &str) -> Result<SigningKey> {
    Ok(SigningKey::read(&realm.home(party)?.join("signer.pem"))?)
}

pub(crate) fn sign_off(realm: &Realm, text: &str, party: &str, day: Day) -> Result<Vec<u8>> {
    let covenant = read(text)?;
    let party_id = PartyId::parse(party)?;
    let statement = Statement::new(&covenant, &party_id, day, text.as_bytes(), "t/1")?;
    let envelope = sign(&covenant, &statement, &signer(realm, party)?.to_secret())?;
    Ok(envelope.to_json().into_bytes())
}

/// An event that the party's signer signs now.
pub(crate) fn event(
    realm: &Realm,
    text: &str,
    party: &str,
    clock: &dyn Clock,
    kind: EventKind,
) -> Result<Vec<u8>> {
    let covenant = read(text)?;
    let party_id = PartyId::parse(party)?;
    let event = Event::new(&covenant, party_id, KeyRole::Signer, clock.now(), kind);
    let envelope = sign_event(&event, &signer(realm, party)?.to_secret());
    Ok(envelope.to_json().into_bytes())
}

pub(crate) fn life(realm: &Realm, party: &str) -> Result<CovenantServiceClient<Channel>> {
    Ok(wire::client::covenants(realm.to_broker(party)?))
}

pub(crate) async fn propose(realm: &Realm, party: &str, text: &str) -> Result<pb::CovenantVersion> {
    let request = pb::ProposeCovenantRequest {
        file: text.as_bytes().to_vec().into(),
    };
    let answer = life(realm, party)?.propose_covenant(request).await;
    let answer = answer.map_err(|status| anyhow::anyhow!("{}", status.message()))?;
    answer.into_inner().version.context("the version")
}

pub(crate) async fn hand_in_signature(
    realm: &Realm,
    party: &str,
    envelope: Vec<u8>,
) -> Result<pb::CovenantStatus, Status> {
    let request = pb::SignCovenantRequest {
        envelope: envelope.into(),
    };
    let answer = life(realm, party).unwrap().sign_covenant(request).await?;
    Ok(answer.into_inner().status.unwrap())
}

pub(crate) async fn suspend(
    realm: &Realm,
    party: &str,
    envelope: Vec<u8>,
) -> Result<pb::CovenantStatus, Status> {
    let request = pb::SuspendCovenantRequest {
        envelope: envelope.into(),
    };
    let answer = life(realm, party)
        .unwrap()
        .suspend_covenant(request)
        .await?;
    Ok(answer.into_inner().status.unwrap())
}

pub(crate) async fn resume(
    realm: &Realm,
    party: &str,
    envelope: Vec<u8>,
) -> Result<pb::CovenantStatus, Status> {
    let request = pb::ResumeCovenantRequest {
        envelope: envelope.into(),
    };
    let answer = life(realm, party).unwrap().resume_covenant(request).await?;
    Ok(answer.into_inner().status.unwrap())
}

pub(crate) async fn status(realm: &Realm, party: &str, text: &str) -> Result<pb::CovenantStatus> {
    let covenant = read(text)?;
    let request = pb::GetCovenantStatusRequest {
        covenant_id: covenant.id().to_string(),
        digest: covenant.digest().as_bytes().to_vec().into(),
    };
    let answer = life(realm, party)?.get_covenant_status(request).await;
    let answer = answer.map_err(|status| anyhow::anyhow!("{}", status.message()))?;
    answer.into_inner().status.context("the status")
}

pub(crate) fn state(status: &pb::CovenantStatus) -> CovenantState {
    status.version.as_ref().unwrap().state()
}

/// Everybody signs a version, and it comes into force.
pub(crate) async fn everybody_signs(realm: &Realm, text: &str, day: Day) -> Result<()> {
    let covenant = read(text)?;
    for party in covenant.parties().keys() {
        let envelope = sign_off(realm, text, party.as_str(), day)?;
        hand_in_signature(realm, party.as_str(), envelope)
            .await
            .map_err(|status| anyhow::anyhow!("{party}: {}", status.message()))?;
    }
    Ok(())
}

/// A caretaker asks: the advice, or the reason of the refusal.
pub(crate) async fn ask(realm: &Realm) -> Result<Result<String, String>> {
    let client = realm.client("corporatie", "huismeester")?;
    let request = visit(VISITS, VISIT, CARETAKER, home(place()));
    Ok(match client.checks().check_visit(request).await {
        Ok(answer) => Ok(answer.into_inner().advice),
        Err(status) => Err(reason(&status)),
    })
}

/// Asks now and then until the answer is this one. A caretaker may ask so many times a day only.
pub(crate) async fn comes_to(realm: &Realm, expected: Result<&str, &str>) -> Result<()> {
    let expected = expected.map(str::to_owned).map_err(str::to_owned);
    let mut last = None;
    for _ in 0..15 {
        let answer = ask(realm).await?;
        if answer == expected {
            return Ok(());
        }
        last = Some(answer);
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    }
    anyhow::bail!("{last:?} in place of {expected:?}")
}
