//! There is one "no": whatever the reason in the subject, the asker can't tell one from another,
//! by the answer, the receipt, the log, its growth or a notice. What depends on the asker is
//! refused openly instead.

mod limits;

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use journeys::realm::{Realm, quick, today};
use journeys::voice::{Voice, covenant_key};
use model::KeyEpoch;
use model::clock::{ManualClock, SystemClock};
use prost::Message as _;
use pseudonym::Deriver;
use pseudonym::raw::{RawIdentifier, RawSubject};
use sandbox::Plan;
use sandbox::messages::{Home, home, signal, visit};
use tonic::Status;
use wire::audit_v1::{Entry, EntryFilter, ExportRequest, GetEntryRequest, ListEntriesRequest};
use wire::node_v1::{
    CheckVisitRequest, CheckVisitResponse, ListNoticesRequest, Protection, ProtectionStatement,
    Signal, Subject, WithdrawSignalRequest,
};
use wire::type_v1::{Attestation, Certainty, PoliceArticle, Receipt, WithdrawalReason};

const VISITS: &str = "veilig-op-bezoek-roosdonk";
const VISIT: &str = "bezoekveiligheid";
const CARETAKER: &str = "corporatie.huismeester";
const LEADER: &str = "corporatie.teamleider";
const ATTACKED: &str = "AGR.FYS";

/// The safe visit with a threshold of two signals, so that there is a "below it".
fn plan() -> Plan {
    let mut plan = quick();
    for covenant in &mut plan.covenants {
        if covenant.contains(VISITS) {
            *covenant = covenant
                .replacen(
                    "voorwaarde.treffers    = 1",
                    "voorwaarde.treffers    = 2",
                    1,
                )
                .replace("feiten   = { treffers = 1", "feiten   = { treffers = 2");
        }
    }
    plan
}

fn about(number: u32, minor: Attestation, shielded: Attestation) -> Subject {
    let mut subject = home(Home {
        postcode: "9999ZZ",
        number,
        shielded: false,
    });
    let statement = |protection: Protection, attestation: Attestation| ProtectionStatement {
        protection: protection.into(),
        attestation: attestation.into(),
    };
    subject.protections = vec![
        statement(Protection::Minor, minor),
        statement(Protection::ShieldedAddress, shielded),
    ];
    subject
}

fn plain(number: u32) -> Subject {
    about(number, Attestation::Absent, Attestation::Absent)
}

fn attacked(subject: Subject) -> Signal {
    signal(VISITS, VISIT, ATTACKED, subject)
}

/// A question by its own employee, so that no limit is in the way.
fn question(role: &str, number: u32, subject: Subject) -> CheckVisitRequest {
    CheckVisitRequest {
        actor: format!("medewerker-{number:04}"),
        ..visit(VISITS, VISIT, role, subject)
    }
}

async fn ask(realm: &Realm, asked: CheckVisitRequest) -> Result<CheckVisitResponse, Status> {
    let kind = asked
        .role
        .split_once('.')
        .map_or("", |(_, role)| role)
        .to_owned();
    let client = realm
        .client("corporatie", &kind)
        .map_err(|error| Status::internal(format!("{error:#}")))?;
    Ok(client.checks().check_visit(asked).await?.into_inner())
}

/// What the asker holds of one question, everything that is random or a running number blotted
/// out.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    answer: Vec<u8>,
    receipt: Vec<Shape>,
    listed: Vec<Vec<u8>>,
    exported: Vec<String>,
    growth: u64,
    notices: usize,
}

/// A receipt's entry, without what is random; its length beside that of the proof, which the size
/// of the log alone decides.
#[derive(Debug, PartialEq, Eq)]
struct Shape {
    leaf: String,
    length_without_proof: usize,
    proof_is_as_long_as_it_must: bool,
    request: usize,
    answer: Vec<u8>,
}

/// A leaf with its fresh and running fields blotted out.
fn blotted(leaf: &[u8]) -> Result<String> {
    let mut leaf: serde_json::Value = serde_json::from_slice(leaf)?;
    for path in [
        "/seq",
        "/at",
        "/n",
        "/request",
        "/answer",
        "/outcome",
        "/counters/recipient",
        "/counters/source",
        "/counters/purpose",
    ] {
        let place = leaf
            .pointer_mut(path)
            .with_context(|| format!("a leaf has {path}"))?;
        let length = place.as_str().map_or(0, str::len);
        *place = serde_json::Value::String(format!("{length} bytes"));
    }
    Ok(leaf.to_string())
}

/// The length of the audit path of a leaf (RFC 6962 section 2.1.1).
fn path_length(index: u64, size: u64) -> usize {
    if size <= 1 {
        return 0;
    }
    let split = (size.next_power_of_two() / 2).max(1);
    1 + if index < split {
        path_length(index, split)
    } else {
        path_length(index - split, size - split)
    }
}

fn shapes(receipt: &Receipt, log_key: &str) -> Result<Vec<Shape>> {
    let size = ledger::LogVerifier::parse(log_key)?
        .verify(&receipt.checkpoint)?
        .size;
    let mut shapes = Vec::new();
    for entry in &receipt.entries {
        let mut bare = entry.clone();
        bare.inclusion_proof.clear();
        bare.index = 1;
        shapes.push(Shape {
            leaf: blotted(&entry.leaf)?,
            length_without_proof: bare.encoded_len(),
            proof_is_as_long_as_it_must: entry.inclusion_proof.len()
                == path_length(entry.index, size),
            request: entry.request.clone().unwrap_or_default().encoded_len(),
            answer: entry.answer.clone().unwrap_or_default().content.to_vec(),
        });
    }
    Ok(shapes)
}

/// An entry as the party may fetch it, blotted.
fn entry_shape(entry: &Entry) -> Result<Vec<u8>> {
    let mut bare = entry.clone();
    bare.index = 1;
    bare.leaf_hash = vec![0; entry.leaf_hash.len()].into();
    if !entry.leaf.is_empty() {
        bare.leaf = blotted(&entry.leaf)?.into_bytes().into();
    }
    let parts = [&mut bare.request, &mut bare.answer, &mut bare.outcome];
    for opening in parts.into_iter().flatten() {
        opening.salt = vec![0; opening.salt.len()].into();
    }
    // The request opens to a commitment of the node, which is random.
    if let Some(request) = &mut bare.request {
        request.content = vec![0; request.content.len()].into();
    }
    Ok(bare.encode_to_vec())
}

/// Asks, and gathers all that the corporation can fetch about it afterwards.
async fn held(realm: &Realm, asked: CheckVisitRequest) -> Result<Held> {
    let before = realm.log_size().await?;
    let mut answer = ask(realm, asked)
        .await
        .map_err(|status| anyhow::anyhow!("refused: {}", status.message()))?;
    let growth = realm.log_size().await? - before;
    let receipt = answer.receipt.take().context("an answer has a receipt")?;
    let mut log = realm.log_of("corporatie")?;
    let mut listed = Vec::new();
    let mut exported = Vec::new();
    for entry in &receipt.entries {
        let request = GetEntryRequest { index: entry.index };
        let got = log
            .get_entry(request)
            .await?
            .into_inner()
            .entry
            .context("an entry")?;
        listed.push(entry_shape(&got)?);
        let export = ExportRequest {
            from_index: entry.index,
            covenant: VISITS.to_owned(),
        };
        let mut pieces = log.export(export).await?.into_inner();
        let piece = pieces.message().await?.context("an export")?;
        let lines = String::from_utf8(piece.lines.to_vec())?;
        let line: serde_json::Value =
            serde_json::from_str(lines.lines().nth(1).context("a record")?)?;
        let bytes = line.pointer("/answer/bytes").cloned().unwrap_or_default();
        let length = line
            .pointer("/request/bytes")
            .and_then(|b| b.as_str())
            .map(str::len);
        let leaf = line
            .get("leaf")
            .and_then(|leaf| leaf.as_str())
            .context("a leaf")?;
        let outcome = line.get("outcome").cloned().unwrap_or_default();
        exported.push(format!(
            "{} {bytes} {length:?} {outcome}",
            blotted(leaf.as_bytes())?
        ));
    }
    // Everything that lists for this party from there on: the same entries and nothing more.
    let filter = EntryFilter {
        covenant: VISITS.to_owned(),
        ..EntryFilter::default()
    };
    let request = ListEntriesRequest {
        filter: Some(filter),
        page_size: 1000,
        ..Default::default()
    };
    let page = log.list_entries(request).await?.into_inner();
    for entry in page.entries.iter().filter(|entry| entry.index >= before) {
        listed.push(entry_shape(entry)?);
    }
    let notices = realm.client("corporatie", "huismeester")?;
    let notices = notices
        .notices()
        .list_notices(ListNoticesRequest::default())
        .await?;
    Ok(Held {
        answer: answer.encode_to_vec(),
        receipt: shapes(&receipt, &realm.world.broker.log_key)?,
        listed,
        exported,
        growth,
        notices: notices.into_inner().notices.len(),
    })
}

async fn twice(realm: &Realm, party: &str, made: impl Fn() -> Signal) -> Result<Vec<String>> {
    Ok(vec![
        realm.push(party, made()).await?,
        realm.push(party, made()).await?,
    ])
}

/// Signals that are less certain than the covenant asks: a node refuses them, so a node that does
/// not is played here.
async fn less_certain(realm: &Realm, number: u32) -> Result<()> {
    let key = covenant_key(realm, "gemeente", VISITS)?;
    let place = realm
        .world
        .covenants
        .iter()
        .find(|place| place.id == VISITS);
    let source = std::fs::read_to_string(&place.context("the covenant")?.file)?;
    let covenant = covenant::check(&source)
        .covenant
        .context("a good covenant")?;
    let deriver = Deriver::new(&key, covenant.id(), KeyEpoch::FIRST, covenant.match_keys())?;
    let number = number.to_string();
    let fields = [
        ("address.postcode", "9999ZZ"),
        ("address.house_number", number.as_str()),
    ];
    let fields = fields.map(|(path, value)| (path, RawIdentifier::new(value)));
    let normal = pseudonym::normalise(&RawSubject::from_fields(fields)?);
    let normal = normal.map_err(|refusals| anyhow::anyhow!("{refusals:?}"))?;
    let token = deriver
        .derive(&normal)
        .into_iter()
        .next()
        .context("a token")?;
    let voice = Voice::of(realm, "gemeente", VISITS)?;
    for _ in 0..2 {
        let mut batch = voice.batch(VISIT, ATTACKED, *token.pseudonym.as_bytes());
        for signal in &mut batch.signals {
            signal.certainty = Certainty::Reported.into();
        }
        assert_eq!(voice.push(&batch).await?, Ok(1));
    }
    Ok(())
}

/// Withdraws signals of the municipality, and waits until the broker knows.
async fn withdraw(realm: &Realm, signals: Vec<String>) -> Result<()> {
    for signal_id in signals {
        let request = WithdrawSignalRequest {
            request_id: sandbox::messages::fresh_id(),
            signal_id,
            reason: WithdrawalReason::NoLongerApplies.into(),
            validate_only: false,
        };
        realm
            .client("gemeente", "partner")?
            .signals()
            .withdraw_signal(request)
            .await?;
    }
    realm.delivered("gemeente").await
}

/// A world of which everything is known that makes a "no": what expires was reported a month ago.
async fn world_of_noes() -> Result<Realm> {
    let long_ago = today().plus_days(-30);
    let mut realm = Realm::laid_out(&plan(), long_ago)?;
    let then = Arc::new(ManualClock::at(
        long_ago.plus_days(1).start().plus_seconds(12 * 3600),
    ));
    realm.start_all_at(then.clone()).await?;
    let old = long_ago.plus_months(-24).plus_days(5).start();
    twice(&realm, "gemeente", || Signal {
        observed_at: Some(wire::field::timestamp(old)),
        ..attacked(plain(20))
    })
    .await?;
    realm.stop_all().await?;
    realm.start_all_at(Arc::new(SystemClock)).await?;

    let absent = Attestation::Absent;
    twice(&realm, "gemeente", || attacked(plain(12))).await?;
    realm.push("gemeente", attacked(plain(21))).await?;
    let gone = twice(&realm, "gemeente", || attacked(plain(22))).await?;
    for (number, minor, shielded) in [
        (23, absent, Attestation::Present),
        (24, absent, Attestation::Unknown),
        (25, Attestation::Present, absent),
        (26, Attestation::Unknown, absent),
    ] {
        twice(&realm, "gemeente", || {
            attacked(about(number, minor, shielded))
        })
        .await?;
    }
    twice(&realm, "corporatie", || attacked(plain(27))).await?;
    twice(&realm, "gemeente", || Signal {
        reviewed_by_person: false,
        ..attacked(plain(28))
    })
    .await?;
    less_certain(&realm, 29).await?;
    twice(&realm, "politie", || Signal {
        police_article: PoliceArticle::PoliceArticle8.into(),
        ..attacked(plain(30))
    })
    .await?;
    twice(&realm, "gemeente", || attacked(plain(31))).await?;
    withdraw(&realm, gone).await?;
    let size = realm.log_size().await?;
    realm
        .push(
            "zorg",
            signal(
                "woonoverlast-roosdonk",
                "woonoverlast",
                "WAN.INT",
                plain(99),
            ),
        )
        .await?;
    // Batches of matching are over: from here on only questions make the log grow.
    realm.grown_beyond(size).await?;
    Ok(realm)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_no_is_the_same_to_the_asker() -> Result<()> {
    let mut realm = world_of_noes().await?;
    for role in [CARETAKER, LEADER] {
        let nothing = held(&realm, question(role, 11, plain(11))).await?;
        let plainly = CheckVisitResponse::decode(nothing.answer.as_slice())?;
        assert_eq!(plainly.advice, "geen-advies");
        assert_eq!(nothing.notices, 0);
        for shape in &nothing.receipt {
            ensure!(
                shape.proof_is_as_long_as_it_must,
                "a proof of another length"
            );
        }
        // One leaf per source in scope of role and purpose: the municipality, or the police too.
        let sources = if role == CARETAKER { 1 } else { 2 };
        assert_eq!(nothing.growth, sources);
        for (number, why) in [
            (20, "expired"),
            (21, "one signal where two are asked"),
            (22, "withdrawn"),
            (23, "shielded"),
            (24, "perhaps shielded"),
            (25, "a minor"),
            (26, "perhaps a minor"),
            (27, "only own signals"),
            (28, "not reviewed"),
            (29, "less certain"),
            (30, "known to the police, and not approved"),
        ] {
            let no = held(&realm, question(role, number, plain(number))).await?;
            assert_eq!(no, nothing, "{role}: {why}");
        }
        // The asker says that it is about a minor, or can't say whether the address is shielded.
        let minor = about(31, Attestation::Present, Attestation::Absent);
        assert_eq!(
            held(&realm, question(role, 31, minor)).await?,
            nothing,
            "{role}: asked as minor"
        );

        // Positive control: the same way of looking tells a yes from a no.
        let yes = held(&realm, question(role, 12, plain(12))).await?;
        ensure!(
            yes.answer != nothing.answer && yes.listed != nothing.listed,
            "{yes:?}"
        );
        assert_eq!(yes.growth, nothing.growth);
        let lengths = |held: &Held| -> Vec<usize> {
            held.receipt
                .iter()
                .map(|shape| shape.length_without_proof)
                .collect()
        };
        assert_eq!(
            lengths(&yes),
            lengths(&nothing),
            "the receipt's length tells a yes from a no"
        );
    }
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_brokers_answer_is_exactly_16_kib() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let source = Voice::of(&realm, "gemeente", VISITS)?;
    let asker = Voice::of(&realm, "corporatie", VISITS)?;
    let known = model::id::random_32();
    assert_eq!(
        source.push(&source.batch(VISIT, ATTACKED, known)).await?,
        Ok(1)
    );
    let mut advice = Vec::new();
    for (role, pseudonym) in [
        (CARETAKER, known),
        (CARETAKER, [7; 32]),
        (LEADER, known),
        (LEADER, [8; 32]),
    ] {
        let answer = asker.ask(&asker.question(role, VISIT, pseudonym)).await?;
        assert_eq!(answer.encoded_len(), 16 * 1024, "{role}");
        ensure!(answer.receipt.is_some(), "no receipt");
        advice.push(answer.advice);
    }
    assert_eq!(
        advice,
        ["ga-met-twee", "geen-advies", "ga-met-twee", "geen-advies"]
    );
    realm.stop_all().await
}
