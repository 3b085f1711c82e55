//! Who may see and do what.

use anyhow::{Context as _, Result, ensure};
use covenant::signoff::{EventKind, Scope};
use journeys::realm::{Realm, quick, today};
use journeys::voice::reason;
use model::clock::SystemClock;
use sandbox::clients::connect;
use wire::broker_v1 as pb;

use crate::{VISITS, event, next, propose, read, sign_off, suspend, text};

#[tokio::test(flavor = "multi_thread")]
async fn strangers_see_nothing_and_auditors_only_look() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let file = text(&realm, VISITS)?;
    let second = next(&file)?;
    let get = pb::GetCovenantRequest {
        covenant_id: VISITS.to_owned(),
        ..pb::GetCovenantRequest::default()
    };
    let (world, stranger) = (&realm.world, &realm.world.outsider);
    let channel = connect(&world.broker.grpc, &world.ca, &stranger.cert, &stranger.key)?;
    let mut outside = wire::client::covenants(channel);
    let refused = outside
        .get_covenant(get.clone())
        .await
        .err()
        .context("seen")?;
    let unknown = pb::GetCovenantRequest {
        covenant_id: "bestaat-niet".to_owned(),
        ..pb::GetCovenantRequest::default()
    };
    let nothing = outside.get_covenant(unknown).await.err().context("seen")?;
    assert_eq!(
        (refused.code(), refused.message(), refused.details()),
        (nothing.code(), nothing.message(), nothing.details())
    );
    assert_eq!(reason(&refused), "COVENANT_UNKNOWN");
    let list = outside
        .list_covenants(pb::ListCovenantsRequest::default())
        .await?;
    ensure!(list.into_inner().versions.is_empty(), "a stranger lists");
    let request = pb::ProposeCovenantRequest {
        file: second.clone().into_bytes().into(),
    };
    let refused = outside
        .propose_covenant(request.clone())
        .await
        .err()
        .context("proposed")?;
    assert_eq!(reason(&refused), "NOT_A_PARTY");

    let auditor = &realm.world.auditor;
    let channel = connect(&world.broker.grpc, &world.ca, &auditor.cert, &auditor.key)?;
    let mut auditor = wire::client::covenants(channel);
    let got = auditor.get_covenant(get).await?.into_inner();
    assert_eq!(got.file, file.as_bytes());
    assert_eq!(got.envelopes.len(), read(&file)?.parties().len());
    let refused = auditor
        .propose_covenant(request)
        .await
        .err()
        .context("proposed")?;
    assert_eq!(reason(&refused), "NOT_A_PARTY");
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_speaks_for_another_and_nothing_malformed_is_taken() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let file = text(&realm, VISITS)?;
    let second = next(&file)?;
    propose(&realm, "gemeente", &second).await?;
    let stop = event(
        &realm,
        &file,
        "politie",
        &SystemClock,
        EventKind::Suspend(Scope::Whole),
    )?;
    let refused = suspend(&realm, "gemeente", stop.clone())
        .await
        .err()
        .context("taken")?;
    assert_eq!(reason(&refused), "PARTY_NOT_YOURS");
    // A sign-off is no suspension, and a signature that was tampered with is none at all.
    let signed = sign_off(&realm, &second, "politie", today())?;
    let refused = suspend(&realm, "politie", signed)
        .await
        .err()
        .context("taken")?;
    assert_eq!(reason(&refused), "ENVELOPE_REFUSED");
    let tampered = String::from_utf8(stop)?.replacen("\"sig\":\"", "\"sig\":\"AAAA", 1);
    let refused = suspend(&realm, "politie", tampered.into_bytes())
        .await
        .err()
        .context("taken")?;
    assert_eq!(reason(&refused), "ENVELOPE_REFUSED");
    let violations = wire::status::read(&refused).violations;
    assert_eq!(
        violations.first().map(|v| v.field.as_str()),
        Some("envelope")
    );
    for (file, expected) in [
        (Vec::new(), "FIELD_REQUIRED"),
        (vec![b'#'; 256 * 1024 + 1], "FIELD_INVALID"),
        (b"titel = 1".to_vec(), "COVENANT_REFUSED"),
    ] {
        let request = pb::ProposeCovenantRequest { file: file.into() };
        let mut client = crate::life(&realm, "gemeente")?;
        let refused = client
            .propose_covenant(request)
            .await
            .err()
            .context("taken")?;
        assert_eq!(reason(&refused), expected);
    }
    realm.stop_all().await
}
