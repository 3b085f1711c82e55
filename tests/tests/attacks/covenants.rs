//! What keeps covenants, their keys and their texts apart.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use identity::SigningKey;
use identity::covenant_key::{Protection, StoredKey};
use identity::key_package::{self, KeyPackage, KeySubject};
use journeys::processes::get;
use journeys::realm::{Realm, eventually, quick, today};
use journeys::tape::{Tape, listen_in};
use journeys::voice::{ADDRESS, Voice, covenant_key, reason};
use model::clock::SystemClock;
use model::{CovenantId, Digest, KeyEpoch, MatchKeyId, PartyId, Secret};
use prost::Message as _;
use pseudonym::{CovenantKey, Deriver, NORMALISER_VERSION};
use sandbox::messages::{Home, fresh_id, home, signal, visit};
use tokio_util::sync::CancellationToken;
use wire::broker_v1::{self as pb, KeyState, connect_request, connect_response};
use wire::node_v1::SubmitSignalRequest;

use crate::{ATTACKED, CARETAKER, INTIMIDATED, NUISANCE, STOP_NUISANCE, VISIT, VISITS};

const HOME: Home = Home {
    postcode: "9999ZZ",
    number: 12,
    shielded: false,
};

/// Everything in a party's pushes under one covenant that could be recognised elsewhere: ids,
/// nonces, pseudonyms, commitments.
fn marks(tape: &Tape, covenant: &str) -> Result<(usize, BTreeSet<Vec<u8>>)> {
    let mut bytes = Vec::new();
    for piece in tape.pieces() {
        if piece.to_broker && piece.path.ends_with("/PushSignals") {
            bytes.extend(piece.bytes);
        }
    }
    // Header lines stand before the first message; a message begins with 0, uncompressed.
    let begin = bytes
        .iter()
        .position(|byte| *byte == 0)
        .context("no message was pushed")?;
    let mut rest = bytes.get(begin..).unwrap_or_default();
    let (mut signals, mut found) = (0, BTreeSet::new());
    while let Some((head, body)) = rest.split_first_chunk::<5>() {
        let [_, length @ ..] = *head;
        let length = usize::try_from(u32::from_be_bytes(length))?;
        let (message, after) = body.split_at_checked(length).context("a whole message")?;
        rest = after;
        let signed = pb::PushSignalsRequest::decode(message)?
            .batch
            .context("a signed batch")?;
        let batch = pb::PushBatch::decode(signed.payload)?;
        let header = batch.header.context("a header")?;
        if header.covenant_id != covenant {
            continue;
        }
        found.insert(header.request_id.into_bytes());
        found.insert(header.nonce.to_vec());
        for signal in batch.signals {
            signals += 1;
            found.insert(signal.id.into_bytes());
            found.insert(signal.content_commitment.to_vec());
            for subject in signal.subjects {
                found.extend(subject.pseudonyms.iter().map(|p| p.value.to_vec()));
            }
        }
    }
    Ok((signals, found))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_covenants_share_nothing_that_links() -> Result<()> {
    let stop = CancellationToken::new();
    let mut realm = Realm::laid_out(&quick(), today())?;
    let tape = listen_in(&realm, "gemeente", stop.clone()).await?;
    realm.start_all().await?;
    // One system reports the same home under both, in one trace.
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let partner = realm.client("gemeente", "partner")?;
    for (covenant, purpose, code) in [
        (VISITS, VISIT, ATTACKED),
        (NUISANCE, STOP_NUISANCE, INTIMIDATED),
    ] {
        let submit = SubmitSignalRequest {
            request_id: fresh_id(),
            signal: Some(signal(covenant, purpose, code, home(HOME))),
            validate_only: false,
        };
        let mut request = tonic::Request::new(submit);
        let parent = format!("00-{trace}-b7ad6b7169203331-01");
        request
            .metadata_mut()
            .insert("traceparent", parent.parse()?);
        partner.signals().submit_signal(request).await?;
    }
    realm.delivered("gemeente").await?;
    let (visits, in_visits) = marks(&tape, VISITS)?;
    let (nuisance, in_nuisance) = marks(&tape, NUISANCE)?;
    assert_eq!((visits, nuisance), (1, 1));
    ensure!(
        in_visits.len() >= 5 && in_nuisance.len() >= 5,
        "too little was looked at"
    );
    let shared: Vec<_> = in_visits.intersection(&in_nuisance).collect();
    assert_eq!(
        shared,
        Vec::<&Vec<u8>>::new(),
        "both covenants carry the same"
    );
    let sent = String::from_utf8_lossy(&tape.to_broker()).into_owned();
    ensure!(sent.contains("content-type"), "the tape has no headers");
    ensure!(
        !sent.contains(trace),
        "the caller's trace goes on at the broker"
    );
    // The sender's own ids stay inside.
    realm.stop_all().await?;
    stop.cancel();
    Ok(())
}

/// Puts another covenant key in a party's place, sealed like the right one.
fn swap_key(realm: &Realm, party: &str, covenant: &str) -> Result<()> {
    let home = realm.home(party)?;
    let protection = identity::secret_file::read(&home.join("protection.key"))?;
    let protection = Protection::key(&protection).context("a protection key")?;
    let file = home.join(format!("{covenant}.1.key.json"));
    let stored = StoredKey::read(&file, &protection)?;
    let key = Secret::new(model::id::random_32());
    let commitment = CovenantKey::from_secret(key.clone()).commitment();
    std::fs::remove_file(&file)?;
    StoredKey {
        key,
        commitment,
        ..stored
    }
    .write_new(&file, &protection)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_covenant_key_is_refused_by_name() -> Result<()> {
    let mut realm = Realm::laid_out(&quick(), today())?;
    // The corporation made neither key: the first party by name announces its own.
    swap_key(&realm, "politie", VISITS)?;
    let clock = Arc::new(SystemClock);
    realm.start_broker(clock.clone()).await?;
    for party in ["corporatie", "gemeente", "politie", "zorg"] {
        realm.start_node(party, clock.clone()).await?;
    }
    let police = realm.running("politie")?;
    // And of nothing else, once the keys of the other covenant are announced.
    let told = [format!("{VISITS} epoch 1: another key for {ADDRESS}")];
    eventually("the police's node is told", async || {
        Ok((police.link().obstacles() == told).then_some(()))
    })
    .await?;

    // The broker takes nothing that was made with it, and says why by name.
    let voice = Voice::of(&realm, "politie", VISITS)?;
    let batch = voice.batch(VISIT, ATTACKED, [7; 32]);
    assert_eq!(voice.push(&batch).await?, Err("KEY_MISMATCH".to_owned()));
    let refused = voice
        .ask(&voice.question("politie.infodesk", VISIT, [7; 32]))
        .await
        .err();
    let refused = refused.context("a question with another key was answered")?;
    assert_eq!(reason(&refused), "KEY_MISMATCH");
    let named = wire::status::read(&refused).metadata;
    assert_eq!(named.get("match_key").map(String::as_str), Some(ADDRESS));

    // Readiness names it for the operator.
    let admin = realm.node("politie")?.admin.clone();
    let ready = eventually("readiness names the match key", async || {
        let page = get(&admin, "/readyz").await?;
        Ok(page.contains(ADDRESS).then_some(page))
    })
    .await?;
    ensure!(
        ready.starts_with("HTTP/1.1 503") && ready.contains(VISITS),
        "{ready}"
    );

    // The party's other covenant goes on, and so do the other parties in this one.
    let mut police = signal(NUISANCE, STOP_NUISANCE, INTIMIDATED, home(HOME));
    police.police_article = wire::type_v1::PoliceArticle::PoliceArticle8.into();
    realm.push("politie", police).await?;
    realm
        .push("gemeente", signal(VISITS, VISIT, ATTACKED, home(HOME)))
        .await?;
    let caretaker = realm.client("corporatie", "huismeester")?;
    let asked = visit(VISITS, VISIT, CARETAKER, home(HOME));
    let answer = caretaker.checks().check_visit(asked).await?.into_inner();
    assert_eq!(answer.advice, "ga-met-twee");
    realm.stop_all().await
}

/// Connects as a party's node with a hello of this version of the rules, and reads what the broker
/// says of its key.
async fn greet(voice: &Voice, probes: &[model::Token], version: u32) -> Result<pb::KeyStatus> {
    let hello = pb::CovenantHello {
        header: Some(pb::Header {
            epoch: None,
            ..voice.header()
        }),
        epochs: vec![pb::EpochKey {
            epoch: 1,
            key_fingerprint: vec![1; 8].into(),
            key_commitment: vec![2; 32].into(),
            normaliser_version: version,
            probes: probes
                .iter()
                .map(|token| pb::Pseudonym {
                    match_key: token.key.as_str().to_owned(),
                    value: token.pseudonym.as_bytes().to_vec().into(),
                })
                .collect(),
        }],
    };
    let hello = pb::Hello {
        software: "covenant-node/9.9.9".to_owned(),
        covenants: vec![voice.sign(&hello)],
        last_checkpoint: Vec::new().into(),
    };
    let hello = pb::ConnectRequest {
        message: Some(connect_request::Message::Hello(hello)),
    };
    let mut down = voice
        .exchange()
        .connect(tokio_stream::once(hello))
        .await?
        .into_inner();
    let first = down.message().await?.and_then(|first| first.message);
    let Some(connect_response::Message::Welcome(welcome)) = first else {
        anyhow::bail!("no welcome but {first:?}");
    };
    let covenant = welcome
        .covenants
        .into_iter()
        .next()
        .context("a welcome for the covenant")?;
    ensure!(
        covenant.refusal.is_none(),
        "refused: {:?}",
        covenant.refusal
    );
    covenant
        .keys
        .into_iter()
        .next()
        .context("the key's standing")
}

#[tokio::test(flavor = "multi_thread")]
async fn another_normaliser_version_is_refused_by_name() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    realm.stop_node("zorg").await?;
    let voice = Voice::of(&realm, "zorg", NUISANCE)?;
    let place = realm
        .world
        .covenants
        .iter()
        .find(|place| place.id == NUISANCE);
    let source = std::fs::read_to_string(&place.context("the covenant")?.file)?;
    let covenant = covenant::check(&source)
        .covenant
        .context("a good covenant")?;
    let key = covenant_key(&realm, "zorg", NUISANCE)?;
    let deriver = Deriver::new(&key, covenant.id(), KeyEpoch::FIRST, covenant.match_keys())?;
    let probes = deriver.probes();

    let blocked = greet(&voice, &probes, NORMALISER_VERSION + 1).await?;
    assert_eq!(blocked.state(), KeyState::Blocked);
    let declared: BTreeSet<String> = covenant
        .match_keys()
        .iter()
        .flat_map(|spec| spec.keys.iter().map(|key| key.id.as_str().to_owned()))
        .collect();
    assert_eq!(
        blocked
            .blocked_match_keys
            .into_iter()
            .collect::<BTreeSet<_>>(),
        declared
    );
    let batch = voice.batch(STOP_NUISANCE, INTIMIDATED, [7; 32]);
    assert_eq!(voice.push(&batch).await?, Err("KEY_MISMATCH".to_owned()));

    // One probe that differs blocks its own match key and no other.
    let mut one = probes.clone();
    let differing = MatchKeyId::parse(ADDRESS)?;
    for token in one.iter_mut().filter(|token| token.key == differing) {
        token.pseudonym = model::Pseudonym::from_bytes([9; 32]);
    }
    let blocked = greet(&voice, &one, NORMALISER_VERSION).await?;
    assert_eq!(blocked.blocked_match_keys, [ADDRESS]);
    assert_eq!(voice.push(&batch).await?, Err("KEY_MISMATCH".to_owned()));

    // Positive control: the right probes under the right version.
    assert_eq!(
        greet(&voice, &probes, NORMALISER_VERSION).await?.state(),
        KeyState::Agreed
    );
    assert_eq!(voice.push(&batch).await?, Ok(1));
    realm.stop_all().await
}

#[test]
fn a_substituted_key_package_is_refused() -> Result<()> {
    let realm = Realm::laid_out(&quick(), today())?;
    let subject = KeySubject {
        covenant: CovenantId::parse(VISITS)?,
        covenant_digest: Digest::new([3; 32]),
        epoch: KeyEpoch::FIRST,
    };
    let maker = PartyId::parse("corporatie")?;
    let recipient = PartyId::parse("gemeente")?;
    let read = |party: &str| -> Result<SigningKey> {
        Ok(SigningKey::read(
            &realm.home(party)?.join("node-signing.pem"),
        )?)
    };
    let (own, pinned) = (read("corporatie")?, read("corporatie")?.verifying_key());
    let sealing = identity::SealingKey::read(&realm.home("gemeente")?.join("node-sealing.pem"))?;
    let commit = |key: &Secret| CovenantKey::from_secret(key.clone()).commitment();
    let sealed_by = |signer: &SigningKey| {
        let secret = Secret::new(model::id::random_32());
        let to = [(recipient.clone(), sealing.public_key())];
        key_package::make(&subject, &maker, &secret, &commit(&secret), &to, signer)
    };
    // Positive control.
    let honest = sealed_by(&own)?;
    let package = KeyPackage::verify(honest.as_bytes(), &maker, &pinned)?;
    package.open(&subject, &recipient, &sealing, commit)?;
    // The broker can seal a key of its own to everybody, but not sign as the maker.
    let broker = SigningKey::generate();
    let substituted = sealed_by(&broker)?;
    ensure!(
        KeyPackage::verify(substituted.as_bytes(), &maker, &pinned).is_err(),
        "taken"
    );
    // Nor pass off the package as one for another covenant text or epoch.
    let other = KeySubject {
        covenant_digest: Digest::new([4; 32]),
        ..subject.clone()
    };
    ensure!(
        package.open(&other, &recipient, &sealing, commit).is_err(),
        "of another text"
    );
    // Nor may another party of the covenant sign for the maker.
    let colluding = sealed_by(&read("politie")?)?;
    ensure!(
        KeyPackage::verify(colluding.as_bytes(), &maker, &pinned).is_err(),
        "collusion"
    );
    Ok(())
}
