//! The log in the words of two standards: every record has exactly the fields that the standard has,
//! and nothing that the log must not tell.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test fails by panicking"
)]

#[expect(dead_code, reason = "each test crate uses a part of it")]
mod past;

use std::collections::BTreeSet;

use ledger::verify::Seen;
use ledger::{Decided, Kind, Outcome};
use past::log::Log;
use past::log_some;
use past::world::Random;
use replay::logius::{Entry, Opened, adl, ldv};
use serde_json::Value;

const ORIGIN: &str = "log.delinde.example/proef";

fn seen(seed: u64) -> Vec<Seen> {
    let mut random = Random::new(seed);
    let mut log = Log::new();
    for _ in 0..8 {
        log_some(&mut log, &mut random, 60);
    }
    let mut all = Vec::new();
    log.each_seen(|seen| all.push(seen));
    assert!(all.len() >= 480, "{}", all.len());
    all
}

fn entries(seed: u64) -> Vec<Entry> {
    seen(seed)
        .into_iter()
        .map(|seen| Entry::of(ORIGIN, seen).unwrap())
        .collect()
}

fn outcome(entry: &Entry) -> &Outcome {
    match &entry.outcome {
        Opened::Outcome(outcome) => outcome,
        Opened::Hidden | Opened::Erased => panic!("the log's owner gets every outcome"),
    }
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

fn is_hex(value: &Value, digits: usize) -> bool {
    let text = value.as_str().unwrap();
    text.len() == digits
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        && text.bytes().any(|b| b != b'0')
}

fn register() -> ldv::Register {
    ldv::Register {
        base: Some("https://register.delinde.example/verwerkingen/".to_owned()),
        activities: [].into(),
    }
}

/// The record's own form, and the standard's rule that a part stands in one place only.
fn check_adl(record: &Value) {
    let fields = [
        "trace_id",
        "span_id",
        "event_name",
        "timestamp",
        "status",
        "attributes",
        "resource",
        "body",
    ];
    assert_eq!(keys(record), BTreeSet::from(fields));
    assert!(is_hex(&record["trace_id"], 32) && is_hex(&record["span_id"], 16));
    assert_eq!(record["event_name"], "adl.access_evaluation");
    assert_eq!(record["status"], "Unset");
    assert!(record["timestamp"].as_u64().unwrap() > 1_700_000_000_000);
    let known = [
        "adl.core.request",
        "adl.core.response",
        "adl.core.policies",
        "adl.core.information",
        "adl.core.configuration",
    ];
    for name in keys(&record["attributes"])
        .into_iter()
        .chain(keys(&record["body"]))
    {
        assert!(
            known.contains(&name) || name.starts_with("covenant."),
            "{name}"
        );
    }
    for part in known {
        let in_body = record["body"].get(part).is_some();
        let referred = record["attributes"].get(part).is_some();
        assert!(!(in_body && referred), "{part} stands twice");
        let omitted = record["attributes"]["covenant.omitted"].get(part).is_some();
        assert!(
            in_body || referred || omitted,
            "{part} is neither there nor said to be omitted"
        );
    }
}

#[test]
fn every_decision_is_one_record_of_level_four() {
    let entries = entries(1);
    let mut spans = BTreeSet::new();
    let (mut yes, mut no) = (0, 0);
    for entry in &entries {
        let written = serde_json::to_string(&adl::record(entry).unwrap()).unwrap();
        assert!(!written.contains('\n'));
        let record: Value = serde_json::from_str(&written).unwrap();
        check_adl(&record);
        let outcome = outcome(entry);
        assert_eq!(record["attributes"]["covenant.adl_level"], 4);
        assert_eq!(
            record["attributes"]["covenant.log"]["index"],
            entry.leaf.seq
        );

        let request = &record["body"]["adl.core.request"];
        assert_eq!(
            keys(request),
            BTreeSet::from(["subject", "action", "resource", "context"])
        );
        assert!(request["subject"]["type"].is_string() && request["subject"]["id"].is_string());
        assert!(request["resource"]["type"].is_string() && request["resource"]["id"].is_string());
        assert!(request["action"]["name"].is_string());
        assert_eq!(
            request["action"]["properties"]["purpose"],
            outcome.purpose.as_ref().unwrap().as_str()
        );
        let response = &record["body"]["adl.core.response"];
        assert_eq!(keys(response), BTreeSet::from(["decision", "context"]));
        let revealed = outcome.decision == Some(Decided::Revealed);
        assert_eq!(response["decision"], revealed);
        if revealed {
            yes += 1;
        } else {
            no += 1;
            assert!(
                !response["context"]["reasons"]
                    .as_array()
                    .unwrap()
                    .is_empty()
            );
        }
        // With this the decision is made again: it is what the outcome has, to the letter.
        let logged: Value = serde_json::from_slice(&outcome.to_json()).unwrap();
        for part in ["facts", "standing", "judged"] {
            assert_eq!(record["body"]["adl.core.information"][part], logged[part]);
        }
        let table = outcome.engine.table_digest.unwrap();
        assert_eq!(
            record["attributes"]["adl.core.configuration"]["table"],
            format!("sha256:{table}")
        );
        assert!(spans.insert(record["span_id"].as_str().unwrap().to_owned()));
        // The same entry is the same record, whenever it is exported.
        assert_eq!(
            written,
            serde_json::to_string(&adl::record(entry).unwrap()).unwrap()
        );
    }
    assert!(yes > 30 && no > 100, "{yes} and {no}");
}

#[test]
fn what_is_not_opened_is_referred_to_and_marked() {
    for (state, word) in [
        (Opened::Hidden, "not-for-this-reader"),
        (Opened::Erased, "erased"),
    ] {
        let mut entry = entries(2).remove(0);
        entry.outcome = state;
        let record = serde_json::to_value(adl::record(&entry).unwrap()).unwrap();
        check_adl(&record);
        assert_eq!(keys(&record["body"]), BTreeSet::new());
        let attributes = &record["attributes"];
        assert_eq!(attributes["covenant.adl_level"], 0);
        assert_eq!(attributes["covenant.omitted"]["adl.core.response"], word);
        assert_eq!(
            attributes["adl.core.response"]["covenant.log"]["leaf_hash"],
            format!("sha256:{}", entry.leaf_hash.to_hex())
        );
        assert_eq!(ldv::line(&entry, &register()), Err(ldv::Left::Unopened));
    }
}

#[test]
fn an_outcome_without_its_standing_is_no_level_three() {
    let mut entry = entries(3).remove(0);
    let mut older = outcome(&entry).clone();
    older.standing = None;
    entry.outcome = Opened::Outcome(Box::new(older));
    let record = serde_json::to_value(adl::record(&entry).unwrap()).unwrap();
    assert_eq!(record["attributes"]["covenant.adl_level"], 2);
    assert_eq!(
        record["attributes"]["covenant.omitted"]["adl.core.information.standing"],
        "not-recorded"
    );
}

#[test]
fn events_are_no_decisions_about_access_and_about_nobody() {
    let mut entry = entries(4).remove(0);
    let mut event = outcome(&entry).clone();
    event.kind = Kind::KeyChanged;
    entry.leaf.class = Kind::KeyChanged.class();
    entry.outcome = Opened::Outcome(Box::new(event));
    assert_eq!(adl::record(&entry), None);
    assert_eq!(ldv::line(&entry, &register()), Err(ldv::Left::NoPerson));
}

#[test]
fn every_decision_is_one_line_about_one_subject() {
    let entries = entries(5);
    let allowed = [
        "dpl.core.processing_activity_id",
        "dpl.core.data_subject_id",
        "dpl.core.data_subject_id_type",
        "covenant.kind",
        "covenant.purpose",
        "covenant.decision",
        "covenant.recipient",
        "covenant.source",
        "covenant.clause",
        "covenant.digest",
        "covenant.transaction_id",
        "covenant.log.leaf_hash",
        "covenant.log.index",
    ];
    let (mut spans, mut subjects, mut refused) = (BTreeSet::new(), BTreeSet::new(), 0);
    for entry in &entries {
        let line = ldv::line(entry, &register()).unwrap();
        let line = serde_json::to_value(&line).unwrap();
        let fields = [
            "trace_id",
            "span_id",
            "status",
            "name",
            "start_time",
            "end_time",
            "resource",
            "attributes",
        ];
        assert_eq!(keys(&line), BTreeSet::from(fields));
        assert!(is_hex(&line["trace_id"], 32) && is_hex(&line["span_id"], 16));
        assert_eq!(line["status"], "Unset", "a refusal is no error");
        assert!(
            line["start_time"].is_u64() && line["end_time"].as_u64() >= line["start_time"].as_u64()
        );
        assert!(!line["name"].as_str().unwrap().is_empty());
        let attributes = &line["attributes"];
        for name in keys(attributes) {
            assert!(allowed.contains(&name), "{name}");
        }
        let outcome = outcome(entry);
        refused += usize::from(outcome.decision == Some(Decided::Refused));
        let purpose = outcome.purpose.as_ref().unwrap();
        assert_eq!(
            attributes["dpl.core.processing_activity_id"],
            format!("https://register.delinde.example/verwerkingen/{purpose}")
        );
        assert_eq!(
            attributes["dpl.core.data_subject_id_type"],
            "covenant.log_entry"
        );
        subjects.insert(
            attributes["dpl.core.data_subject_id"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
        spans.insert(line["span_id"].as_str().unwrap().to_owned());
    }
    assert!(refused > 10, "{refused}");
    // No stable pseudonym: two lines never share a subject.
    assert_eq!(
        (spans.len(), subjects.len()),
        (entries.len(), entries.len())
    );
}

#[test]
fn the_trace_commitment_and_activity_are_those_of_the_outcome_and_nobody_asks() {
    let mut entry = entries(6).remove(0);
    let mut with = outcome(&entry).clone();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    with.trace_id = Some(trace.parse().unwrap());
    let salt = ledger::Salt::new([9; 32]);
    let commitment = ledger::opening::content_commitment(&salt, b"x");
    with.subject_commitment = Some(commitment.into());
    let actor = model::ActorId::parse("mw-7f3a").unwrap();
    with.recipient.as_mut().unwrap().actor = Some(actor);
    let purpose = with.purpose.clone().unwrap().to_string();
    entry.outcome = Opened::Outcome(Box::new(with));
    let mut register = register();
    let own = "https://register.delinde.example/vertrouwelijk/1".to_owned();
    register.activities.insert(purpose.clone(), own.clone());
    let line = serde_json::to_value(ldv::line(&entry, &register).unwrap()).unwrap();
    assert_eq!(line["trace_id"], trace);
    assert_eq!(
        line["attributes"]["dpl.core.data_subject_id"],
        commitment.to_hex()
    );
    assert_eq!(
        line["attributes"]["dpl.core.data_subject_id_type"],
        "covenant.subject_commitment"
    );
    assert_eq!(line["attributes"]["dpl.core.processing_activity_id"], own);
    let record = serde_json::to_value(adl::record(&entry).unwrap()).unwrap();
    assert_eq!(record["trace_id"], trace);
    assert_ne!(record["span_id"], line["span_id"]);
    for written in [&line, &record] {
        assert!(
            !written.to_string().contains("mw-7f3a"),
            "no employee is named"
        );
    }
    let none = ldv::Register::default();
    assert_eq!(ldv::line(&entry, &none), Err(ldv::Left::Activity(purpose)));
}
