//! Certificates that are not good enough, at the broker and at a node.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use journeys::realm::{Realm, quick, set, today};
use journeys::voice::reason;
use model::clock::SystemClock;
use model::{Oin, RoleRef};
use sandbox::authority::{Authority, Credential, Request, Usage};
use sandbox::clients::connect;
use sandbox::layout::OUTSIDER_OIN;
use tonic::{Code, Status};
use wire::audit_v1::GetCheckpointRequest;
use wire::node_v1::{ListNoticesRequest, ListSignalsRequest};

const CORPORATION: &str = "00000099000000001000";
const MUNICIPALITY: &str = "00000099000000002000";

/// Issues a certificate of a test's own authority.
fn issue(
    authority: &Authority,
    folder: &Path,
    oin: &str,
    usage: Usage,
    role: Option<&str>,
    valid_days: (i64, i64),
) -> Result<Credential> {
    let oin = Oin::parse(oin)?;
    let roles: Vec<RoleRef> = role.map(RoleRef::parse).transpose()?.into_iter().collect();
    let name = format!("{}", model::RequestId::fresh());
    let request = Request {
        oin: &oin,
        name: "proef",
        usage,
        roles: &roles,
        valid_days,
    };
    authority.issue(&request, &folder.join(name))
}

/// A world whose broker and corporation trust one more authority, and that authority; and one that
/// nobody trusts.
async fn with_another_authority() -> Result<(Realm, Authority, Authority)> {
    let mut realm = Realm::laid_out(&quick(), today())?;
    let trusted = Authority::make("Tweede", &realm.folder().join("second.pem"), today())?;
    let unknown = Authority::make("Onbekend", &realm.folder().join("unknown.pem"), today())?;
    let anchors = |settings: &mut toml::Table, path: &str| {
        let all = [&realm.world.ca, &trusted.certificate];
        let all: Vec<String> = all.iter().map(|path| path.display().to_string()).collect();
        set(settings, path, all);
    };
    realm.configure_broker(|settings| anchors(settings, "tls.trust_anchors"))?;
    realm.configure_node("corporatie", |settings| {
        anchors(settings, "tls.trust_anchors")
    })?;
    realm.start_all().await?;
    Ok((realm, trusted, unknown))
}

/// Who is refused in the handshake gets no word of this protocol, only a broken connection.
fn in_the_handshake(outcome: &Result<(), Status>) -> bool {
    let broken = [Code::Unavailable, Code::Unknown, Code::Cancelled];
    match outcome {
        Ok(()) => false,
        Err(status) => broken.contains(&status.code()) && reason(status).is_empty(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_refuses_wrong_certificates() -> Result<()> {
    let (mut realm, trusted, unknown) = with_another_authority().await?;
    let folder = realm.folder().to_path_buf();
    let of = |authority: &Authority, oin: &str, usage: Usage, days: (i64, i64)| {
        issue(authority, &folder, oin, usage, None, days)
    };
    let (address, ca) = (realm.world.broker.grpc.clone(), realm.world.ca.clone());
    let call = async |files: &Credential| -> Result<Result<(), Status>> {
        let channel = connect(&address, &ca, &files.cert, &files.key)?;
        let mut client = wire::client::disclosure_log(channel);
        Ok(client
            .get_checkpoint(GetCheckpointRequest {})
            .await
            .map(|_| ()))
    };
    let good = of(&trusted, CORPORATION, Usage::Client, (-1, 30))?;
    call(&good)
        .await?
        .context("positive control: a certificate of the second authority")?;
    for (what, files) in [
        (
            "expired",
            of(&trusted, CORPORATION, Usage::Client, (-30, -1))?,
        ),
        (
            "not yet valid",
            of(&trusted, CORPORATION, Usage::Client, (2, 30))?,
        ),
        (
            "for servers only",
            of(&trusted, CORPORATION, Usage::Server, (-1, 30))?,
        ),
        (
            "of an unknown authority",
            of(&unknown, CORPORATION, Usage::Client, (-1, 30))?,
        ),
    ] {
        let outcome = call(&files).await?;
        ensure!(in_the_handshake(&outcome), "{what}: {outcome:?}");
    }
    let wrong = of(&trusted, OUTSIDER_OIN, Usage::Client, (-1, 30))?;
    let refused = call(&wrong)
        .await?
        .err()
        .context("an unknown organisation was let in")?;
    assert_eq!(reason(&refused), "AUDITOR_ONLY");
    // A party's certificate with no key of a party: it reads, but says nothing.
    let channel = connect(&address, &ca, &good.cert, &good.key)?;
    let mut voice = journeys::voice::Voice::of(&realm, "corporatie", crate::VISITS)?;
    voice.channel = channel;
    voice.key = identity::SigningKey::generate();
    let batch = voice.batch(crate::VISIT, crate::ATTACKED, [7; 32]);
    assert_eq!(
        voice.push(&batch).await?,
        Err("SIGNATURE_INVALID".to_owned())
    );
    // Another party's OIN makes the corporation's messages somebody else's.
    let other = of(&trusted, MUNICIPALITY, Usage::Client, (-1, 30))?;
    let mut voice = journeys::voice::Voice::of(&realm, "corporatie", crate::VISITS)?;
    voice.channel = connect(&address, &ca, &other.cert, &other.key)?;
    let batch = voice.batch(crate::VISIT, crate::ATTACKED, [7; 32]);
    assert_eq!(
        voice.push(&batch).await?,
        Err("SIGNATURE_INVALID".to_owned())
    );
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn a_node_refuses_wrong_certificates() -> Result<()> {
    let (mut realm, trusted, unknown) = with_another_authority().await?;
    let folder = realm.folder().to_path_buf();
    let role = Some("corporatie.systeem");
    let of = |authority: &Authority, oin: &str, usage: Usage, days: (i64, i64)| {
        issue(authority, &folder, oin, usage, role, days)
    };
    let (address, ca) = (
        realm.node("corporatie")?.grpc.clone(),
        realm.world.ca.clone(),
    );
    let call = async |files: &Credential| -> Result<Result<(), Status>> {
        let channel = connect(&address, &ca, &files.cert, &files.key)?;
        let mut client = wire::client::signals(channel);
        Ok(client
            .list_signals(ListSignalsRequest::default())
            .await
            .map(|_| ()))
    };
    let good = of(&trusted, CORPORATION, Usage::Client, (-1, 30))?;
    call(&good)
        .await?
        .context("positive control: a certificate of the second authority")?;
    for (what, files) in [
        (
            "expired",
            of(&trusted, CORPORATION, Usage::Client, (-30, -1))?,
        ),
        (
            "not yet valid",
            of(&trusted, CORPORATION, Usage::Client, (2, 30))?,
        ),
        (
            "of an unknown authority",
            of(&unknown, CORPORATION, Usage::Client, (-1, 30))?,
        ),
    ] {
        let outcome = call(&files).await?;
        ensure!(in_the_handshake(&outcome), "{what}: {outcome:?}");
    }
    let server = issue(
        &trusted,
        &folder,
        CORPORATION,
        Usage::Server,
        None,
        (-1, 30),
    )?;
    let outcome = call(&server).await?;
    ensure!(in_the_handshake(&outcome), "for servers only: {outcome:?}");
    let wrong = of(&trusted, MUNICIPALITY, Usage::Client, (-1, 30))?;
    let refused = call(&wrong)
        .await?
        .err()
        .context("another organisation was let in")?;
    assert_eq!(reason(&refused), "OTHER_ORGANISATION");
    // The right organisation in no role, and in another one.
    for role in [None, Some("corporatie.huismeester")] {
        let files = issue(
            &trusted,
            &folder,
            CORPORATION,
            Usage::Client,
            role,
            (-1, 31),
        )?;
        let refused = call(&files)
            .await?
            .err()
            .context("a certificate without the role")?;
        assert_eq!(reason(&refused), "ROLE_NOT_YOURS");
        let channel = connect(&address, &ca, &files.cert, &files.key)?;
        let mut client = wire::client::notices(channel);
        let mine = client
            .list_notices(ListNoticesRequest::default())
            .await?
            .into_inner();
        assert_eq!(mine.notices, []);
    }
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_does_not_talk_to_another_organisation() -> Result<()> {
    let mut realm = Realm::laid_out(&quick(), today())?;
    let clock = Arc::new(SystemClock);
    realm.start_broker(clock.clone()).await?;
    // The node expects another broker than the one that answers, with a good certificate.
    realm.configure_node("gemeente", |settings| {
        set(settings, "broker.oin", OUTSIDER_OIN)
    })?;
    realm.start_node("gemeente", clock.clone()).await?;
    realm.start_node("corporatie", clock).await?;
    for _ in 0..400 {
        if realm.running("corporatie")?.link().is_connected() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    ensure!(
        realm.running("corporatie")?.link().is_connected(),
        "positive control"
    );
    tokio::time::sleep(Duration::from_millis(500)).await;
    ensure!(
        !realm.running("gemeente")?.link().is_connected(),
        "it talks to another broker"
    );
    realm.stop_all().await
}
