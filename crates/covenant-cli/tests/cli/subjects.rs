//! `covenant audit query --subject` with a file that holds more pseudonyms than one question does.

use std::collections::BTreeSet;
use std::process::Output;

use journeys::desk::request;
use journeys::liar::{Liar, Lie};
use sandbox::clients::NodeClient;
use sandbox::messages::{Home, fresh_id, home, visit};
use sandbox::{Plan, Running, World};
use serde_json::{Value, json};
use wire::node_v1::{CaseKind, CasePseudonym, ConfirmCaseRequest, ListPseudonymsRequest};

use super::{code, complained, covenant, said, text};

fn house(number: u32) -> Home {
    Home {
        postcode: "1234AB",
        number,
        shielded: false,
    }
}

async fn ask(world: &World, number: u32) {
    let asker = NodeClient::of(world, "corporatie", "huismeester").unwrap();
    let id = &world.covenants[0].id;
    let question = visit(
        id,
        "bezoekveiligheid",
        "corporatie.huismeester",
        home(house(number)),
    );
    asker.checks().check_visit(question).await.unwrap();
}

/// What the corporation's desk gives to an auditor about a house.
async fn pseudonyms(world: &World, number: u32) -> Vec<CasePseudonym> {
    let mut desk = NodeClient::of(world, "corporatie", "officer")
        .unwrap()
        .desk();
    let now = model::clock::Clock::now(&model::clock::SystemClock);
    let request = request(
        &world.covenants[0].id,
        CaseKind::Access,
        home(house(number)),
        now.day().start(),
    );
    let opened = desk.open_case(request).await.unwrap().into_inner();
    let case_id = opened.case.unwrap().id;
    let actor = "balie-2".to_owned();
    let confirmation = ConfirmCaseRequest {
        request_id: fresh_id(),
        case_id: case_id.clone(),
        actor: actor.clone(),
    };
    desk.confirm_case(confirmation).await.unwrap();
    let request = ListPseudonymsRequest { case_id, actor };
    let listed = desk.list_pseudonyms(request).await.unwrap();
    listed.into_inner().pseudonyms
}

fn as_json(one: &CasePseudonym) -> Value {
    let value = data_encoding::HEXLOWER.encode(&one.value);
    json!({ "epoch": one.epoch, "match_key": one.match_key, "value": value })
}

/// Pseudonyms of nobody, each another one.
fn nobody(of: &CasePseudonym, count: u8, salt: u8) -> Vec<Value> {
    let other = |number: u8| {
        let mut one = of.clone();
        one.value = [[number; 31].as_slice(), &[salt]].concat().into();
        as_json(&one)
    };
    (0..count).map(other).collect()
}

/// The auditor asks after what stands in a file.
async fn query(world: &World, broker: &str, pseudonyms: Vec<Value>, more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("subject.json");
    let content = json!({ "format": "covenant-subject/1", "pseudonyms": pseudonyms });
    std::fs::write(&file, content.to_string()).unwrap();
    let mut words: Vec<String> = ["audit", "query", "--lang", "en", "--format", "json"]
        .map(str::to_owned)
        .to_vec();
    for (name, value) in [
        ("--broker", broker.to_owned()),
        ("--ca", text(&world.ca)),
        ("--cert", text(&world.auditor.cert)),
        ("--key", text(&world.auditor.key)),
        ("--vkey", world.broker.log_key.clone()),
        ("--subject", text(&file)),
    ] {
        words.extend([name.to_owned(), value]);
    }
    words.extend(more.iter().map(|word| (*word).to_owned()));
    tokio::task::spawn_blocking(move || covenant(words))
        .await
        .unwrap()
}

/// The places of the entries that an answer holds.
fn places(answer: &Output) -> Vec<u64> {
    assert_eq!(code(answer), 0, "{}{}", said(answer), complained(answer));
    let document: Value = serde_json::from_str(&said(answer)).unwrap();
    let entries = document["entries"].as_array().unwrap();
    entries
        .iter()
        .map(|entry| entry["index"].as_u64().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_does_not_fit_one_question_is_asked_in_several_and_told_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&folder.path().join("world"), &Plan::demo())
        .await
        .unwrap();
    let world = &running.world;
    for number in [1, 2, 1, 2, 3] {
        ask(world, number).await;
    }
    let (one, two) = (pseudonyms(world, 1).await, pseudonyms(world, 2).await);
    let (one, two) = (&one[0], &two[0]);
    let broker = &world.audit.grpc;
    let first = places(&query(world, broker, vec![as_json(one)], &[]).await);
    let second = places(&query(world, broker, vec![as_json(two)], &[]).await);
    let both: BTreeSet<u64> = first.iter().chain(&second).copied().collect();
    let both: Vec<u64> = both.into_iter().collect();
    assert!(first.len() > 1 && second.len() > 1, "{first:?} {second:?}");
    assert!(first[0] < second[0] && second[0] < first[first.len() - 1]);

    // 130 pseudonyms are three questions; the first house is asked after in two of them.
    let mut file = nobody(one, 63, 1);
    file.push(as_json(one));
    file.extend(nobody(one, 63, 2));
    file.extend([as_json(two), as_json(one), as_json(two)]);
    assert_eq!(file.len(), 130);
    let all = query(world, broker, file.clone(), &[]).await;
    assert_eq!(places(&all), both);
    let proved = format!("these {} entries stand in the log", both.len());
    assert!(complained(&all).contains(&proved), "{}", complained(&all));
    let some = query(world, broker, file.clone(), &["--limit", "2"]).await;
    assert_eq!(places(&some), both[..2]);
    assert!(said(&some).contains("\"more\": true"), "{}", said(&some));

    // A lie in one of the answers is found as ever.
    let at = (&world.ca, &world.auditor);
    let channel =
        sandbox::clients::connect(&world.audit.grpc, at.0, &at.1.cert, &at.1.key).unwrap();
    let liar = Liar::before(world, channel).await.unwrap();
    for (lie, word) in [
        (Lie::Reorders, "stands after entry"),
        (Lie::Repeats, "stands twice in the answer"),
    ] {
        liar.lies(lie.clone());
        let found = query(world, &liar.address, file.clone(), &[]).await;
        assert_eq!(code(&found), 1, "{lie:?}");
        assert!(complained(&found).contains(word), "{}", complained(&found));
        assert_eq!(said(&found), "");
    }
    running.stop().await.unwrap();
}
