//! Every kind of reader fetches all that it can over every method of the disclosure log, and gets
//! exactly what the table of who reads what says; and every read is on record.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use journeys::realm::{LogClient, Realm, quick};
use journeys::voice::reason;
use ledger::{Decided, Outcome, Skeleton};
use model::clock::SystemClock;
use sandbox::clients::connect;
use sandbox::messages::{Home, home, signal, visit};
use store::{BrokerSettings, BrokerStore};
use wire::audit_v1::{
    Entry, EntryFilter, ExportRequest, GetCheckpointRequest, GetConsistencyProofRequest,
    GetEntryRequest, GetInclusionProofRequest, ListEntriesRequest, WatchEntriesRequest,
};

const VISITS: (&str, &str) = ("veilig-op-bezoek-roosdonk", "bezoekveiligheid");
const NUISANCE: (&str, &str) = ("woonoverlast-roosdonk", "woonoverlast");

/// Leaf, request, answer, outcome: which of them a reader gets of an entry.
type Parts = [bool; 4];

fn about(number: u32) -> wire::node_v1::Subject {
    home(Home {
        postcode: "9999ZZ",
        number,
        shielded: false,
    })
}

/// Lets the world decide: an advice, none, and a match between two parties. About others each time,
/// since nobody may be asked about too often.
async fn live(realm: &Realm, time: u32) -> Result<()> {
    let first = 10 * time;
    let before = realm.log_size().await?;
    realm
        .push(
            "gemeente",
            signal(VISITS.0, VISITS.1, "AGR.FYS", about(first + 1)),
        )
        .await?;
    for party in ["gemeente", "corporatie"] {
        realm
            .push(
                party,
                signal(NUISANCE.0, NUISANCE.1, "OVE.GEL", about(first + 2)),
            )
            .await?;
    }
    let asker = realm.client("corporatie", "huismeester")?;
    for number in [first + 1, first + 3] {
        let question = visit(VISITS.0, VISITS.1, &asker.role, about(number));
        asker.checks().check_visit(question).await?;
    }
    realm.grown_beyond(before).await?;
    Ok(())
}

fn parts(entry: &Entry) -> Parts {
    [
        !entry.leaf.is_empty(),
        entry.request.is_some(),
        entry.answer.is_some(),
        entry.outcome.is_some(),
    ]
}

/// By the table: what a party of this name gets of an entry that the auditor reads whole.
fn owed(whole: &Entry, party: &str) -> Parts {
    if whole.leaf.is_empty() {
        return [false; 4];
    }
    let leaf = Skeleton::from_leaf(&whole.leaf).unwrap();
    let is = |name: Option<&model::PartyId>| name.is_some_and(|name| name.as_str() == party);
    let (recipient, source) = (is(leaf.recipient.as_ref()), is(leaf.source.as_ref()));
    let outcome = Outcome::from_json(&whole.outcome.as_ref().unwrap().content).unwrap();
    let revealed = outcome.decision == Some(Decided::Revealed);
    [
        recipient || source,
        recipient,
        recipient,
        source && revealed,
    ]
}

async fn listed(log: &mut LogClient, filter: EntryFilter) -> Result<BTreeMap<u64, Parts>> {
    let mut all = BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let request = ListEntriesRequest {
            filter: Some(filter.clone()),
            page_size: 7,
            page_token,
            with_proofs: true,
        };
        let page = log.list_entries(request).await?.into_inner();
        assert_eq!(page.proofs.len(), page.entries.len());
        for entry in &page.entries {
            let again = all.insert(entry.index, parts(entry));
            assert_eq!(again, None, "entry {} stands on two pages", entry.index);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(all);
        }
    }
}

async fn got(log: &mut LogClient, size: u64) -> Result<BTreeMap<u64, Parts>> {
    let mut all = BTreeMap::new();
    for index in 0..size {
        let entry = log.get_entry(GetEntryRequest { index }).await?.into_inner();
        all.insert(index, parts(&entry.entry.context("an entry")?));
    }
    Ok(all)
}

async fn exported(log: &mut LogClient) -> Result<BTreeMap<u64, Parts>> {
    let mut text = Vec::new();
    let mut pieces = log.export(ExportRequest::default()).await?.into_inner();
    while let Some(piece) = pieces.message().await? {
        text.extend_from_slice(&piece.lines);
    }
    let mut all = BTreeMap::new();
    for line in std::str::from_utf8(&text)?.lines().skip(1) {
        let line: serde_json::Value = serde_json::from_str(line)?;
        let open = |name: &str| line.get(name).is_some_and(serde_json::Value::is_object);
        let shown = [
            line.get("leaf").is_some_and(serde_json::Value::is_string),
            open("request"),
            open("answer"),
            open("outcome"),
        ];
        all.insert(line["index"].as_u64().context("an index")?, shown);
    }
    Ok(all)
}

/// What is streamed from a place until the log has this size.
async fn watched(log: &mut LogClient, from: u64, size: u64) -> Result<Vec<Entry>> {
    let request = WatchEntriesRequest {
        from_index: from,
        ..WatchEntriesRequest::default()
    };
    let mut answers = log.watch_entries(request).await?.into_inner();
    let mut all = Vec::new();
    let mut next = from;
    while next < size {
        let answer = answers.message().await?.context("the stream ended")?;
        ensure!(answer.entries.len() <= 100, "too much at once");
        let count = u64::try_from(answer.entries.len())?;
        assert_eq!(answer.next_index, next + count);
        next = answer.next_index;
        all.extend(answer.entries);
    }
    Ok(all)
}

fn by_index(entries: &[Entry]) -> BTreeMap<u64, Parts> {
    entries.iter().map(|one| (one.index, parts(one))).collect()
}

fn visible(all: &BTreeMap<u64, Parts>) -> BTreeMap<u64, Parts> {
    let seen = all.iter().filter(|(_, parts)| parts[0]);
    seen.map(|(index, parts)| (*index, *parts)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reader_gets_over_every_method_what_the_table_says() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    live(&realm, 1).await?;
    let size = realm.log_size().await?;
    let whole = watched(&mut realm.auditor()?, 0, size).await?;
    let audited = by_index(&whole);
    let mut revealed = 0;
    for party in ["auditor", "gemeente", "corporatie", "politie", "zorg"] {
        let (mut log, expected) = if party == "auditor" {
            (realm.auditor()?, audited.clone())
        } else {
            let owed = whole.iter().map(|one| (one.index, owed(one, party)));
            (realm.log_of(party)?, owed.collect())
        };
        let open = visible(&expected);
        revealed += open.values().filter(|parts| parts[3]).count();
        assert_eq!(
            listed(&mut log, EntryFilter::default()).await?,
            open,
            "{party} lists"
        );
        assert_eq!(got(&mut log, size).await?, expected, "{party} gets");
        assert_eq!(exported(&mut log).await?, expected, "{party} exports");
        let streamed = watched(&mut log, 0, size).await?;
        assert_eq!(by_index(&streamed), expected, "{party} watches");
        // Hashes, and so proofs, are for every reader the same.
        for (one, other) in streamed.iter().zip(&whole) {
            assert_eq!(one.leaf_hash, other.leaf_hash);
        }
        let request = GetInclusionProofRequest {
            index: 0,
            tree_size: size,
        };
        let proof = log.get_inclusion_proof(request).await?.into_inner();
        assert_eq!(proof.leaf_hash, whole[0].leaf_hash);
    }
    let (asker, source) = (by_name(&whole, "corporatie"), by_name(&whole, "gemeente"));
    ensure!(
        asker > 2 && source > 0 && revealed > 0,
        "{asker} {source} {revealed}"
    );
    ensure!(
        audited.values().any(|parts| !parts[0]),
        "padding is nobody's"
    );
    // A filter on what a reader may not see finds nothing: the asker does not get the outcome.
    let filter = EntryFilter {
        kind: "check-answered".to_owned(),
        ..EntryFilter::default()
    };
    assert_eq!(
        listed(&mut realm.log_of("corporatie")?, filter.clone()).await?,
        BTreeMap::new()
    );
    ensure!(!listed(&mut realm.auditor()?, filter).await?.is_empty());
    realm.stop_all().await
}

fn by_name(whole: &[Entry], party: &str) -> usize {
    whole.iter().filter(|one| owed(one, party)[0]).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_refused_everywhere_alike() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let (world, files) = (&realm.world, &realm.world.outsider);
    let channel = connect(&world.broker.grpc, &world.ca, &files.cert, &files.key)?;
    let mut log = wire::client::disclosure_log(channel);
    let proof = GetInclusionProofRequest {
        index: 0,
        tree_size: 1,
    };
    let consistency = GetConsistencyProofRequest {
        from_size: 1,
        to_size: 1,
    };
    let refused = [
        log.list_entries(ListEntriesRequest::default()).await.err(),
        log.get_entry(GetEntryRequest { index: 0 }).await.err(),
        log.get_checkpoint(GetCheckpointRequest {}).await.err(),
        log.get_inclusion_proof(proof).await.err(),
        log.get_consistency_proof(consistency).await.err(),
        log.export(ExportRequest::default()).await.err(),
        log.watch_entries(WatchEntriesRequest::default())
            .await
            .err(),
    ];
    for status in refused {
        assert_eq!(reason(&status.context("it was answered")?), "AUDITOR_ONLY");
    }
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_streams_have_no_hole_and_no_double_while_the_log_grows() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    live(&realm, 1).await?;
    let mut log = realm.auditor()?;
    let (mut seen, mut time) = (Vec::new(), 2);
    let mut token = String::new();
    let page = |page_token: String, purpose: &str| ListEntriesRequest {
        filter: Some(EntryFilter {
            purpose: purpose.to_owned(),
            ..EntryFilter::default()
        }),
        page_size: 2,
        page_token,
        ..ListEntriesRequest::default()
    };
    loop {
        let answer = log.list_entries(page(token, "")).await?.into_inner();
        seen.extend(answer.entries.iter().map(|entry| entry.index));
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
        // A token belongs to its filter.
        let other = log.list_entries(page(token.clone(), VISITS.1)).await;
        assert_eq!(reason(&other.err().context("taken")?), "PAGE_TOKEN_INVALID");
        if time < 4 {
            live(&realm, time).await?;
            time += 1;
        }
    }
    let all: Vec<u64> = listed(&mut log, EntryFilter::default())
        .await?
        .into_keys()
        .collect();
    let last = *seen.last().context("nothing was listed")?;
    let until: Vec<u64> = all.into_iter().filter(|index| *index <= last).collect();
    assert_eq!(seen, until);

    // A stream that broke off goes on where it was, and gets what is appended meanwhile.
    let size = realm.log_size().await?;
    let first = watched(&mut log, 0, size / 2).await?;
    let next = first.last().context("nothing was streamed")?.index + 1;
    let more = live(&realm, time);
    let (rest, lived) = tokio::join!(watched(&mut log, next, size + 1), more);
    lived?;
    let rest = rest?;
    let indices: Vec<u64> = first.iter().chain(&rest).map(|one| one.index).collect();
    let expected: Vec<u64> = (0..u64::try_from(indices.len())?).collect();
    assert_eq!(indices, expected);
    // Nobody opens streams without end, and who is beyond the log is told so.
    let mut streams = Vec::new();
    for _ in 0..4 {
        streams.push(log.watch_entries(WatchEntriesRequest::default()).await);
    }
    let taken = streams.iter().filter(|stream| stream.is_ok()).count();
    let refused = log
        .watch_entries(WatchEntriesRequest::default())
        .await
        .err();
    ensure!(taken > 0, "no stream was opened");
    assert_eq!(reason(&refused.context("a fifth was opened")?), "TOO_BUSY");
    let beyond = WatchEntriesRequest {
        from_index: 1 << 40,
        ..WatchEntriesRequest::default()
    };
    let refused = log.watch_entries(beyond).await.err().context("taken")?;
    assert_eq!(reason(&refused), "TREE_SIZE_UNKNOWN");
    drop(streams);
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_read_is_on_record() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let size = realm.log_size().await?;
    let mut log = realm.log_of("zorg")?;
    log.list_entries(ListEntriesRequest::default()).await?;
    log.get_entry(GetEntryRequest { index: 0 }).await?;
    log.get_checkpoint(GetCheckpointRequest {}).await?;
    let proof = GetInclusionProofRequest {
        index: 0,
        tree_size: size,
    };
    log.get_inclusion_proof(proof).await?;
    let consistency = GetConsistencyProofRequest {
        from_size: 1,
        to_size: size,
    };
    log.get_consistency_proof(consistency).await?;
    exported(&mut log).await?;
    watched(&mut log, 0, size).await?;
    drop(log);
    realm.stop_all().await?;

    let home = realm.world.broker.config.parent().context("a folder")?;
    let key = identity::SigningKey::read(&home.join("log-key.pem"))?;
    let (origin, _) = realm
        .world
        .broker
        .log_key
        .split_once('+')
        .context("a key")?;
    let signer = ledger::LogSigner::from_seed(origin, &key.to_secret())?;
    let clock = Arc::new(SystemClock);
    let state = &realm.world.broker.state;
    let store = BrokerStore::open(state, &BrokerSettings::default(), signer, clock)?;
    let all = store.read(|view| view.accesses(0, 10_000))?;
    let oin = |access: &store::Access| access.by.as_str().to_owned();
    let who = oin(&all
        .iter()
        .rfind(|a| a.method == "Export")
        .context("no export")?
        .clone());
    let methods: Vec<&str> = all
        .iter()
        .filter(|access| oin(access) == who)
        .map(|access| access.method.as_str())
        .collect();
    for method in [
        "ListEntries",
        "GetEntry",
        "GetCheckpoint",
        "GetInclusionProof",
        "GetConsistencyProof",
        "Export",
        "WatchEntries",
    ] {
        ensure!(
            methods.contains(&method),
            "{method} is not on record: {methods:?}"
        );
    }
    assert_eq!(methods.iter().filter(|m| **m == "Export").count(), 1);
    Ok(())
}
