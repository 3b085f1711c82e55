//! `docs/disclosure-log.md` and `verify.py` say what the code does: kinds, fields, promises, lengths.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[expect(dead_code, reason = "each test crate uses a part of the builder")]
mod log_builder;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ledger::export::{FORMAT, MAX_LINE};
use ledger::outcome::{Basis, Cell, Exception, Fact, Judged, Reason, Recipient, Standing};
use ledger::word::{Code, Reference, TraceId, TransactionId};
use ledger::{Decided, Kind, LEAF_LEN, Outcome, Part, Promise};
use log_builder::{busy_log, check, code, covenant, engine};
use model::{ClauseNo, Day, PartyId};
use serde_json::Value;

fn read(path: &str) -> String {
    std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(path),
    )
    .unwrap()
}

/// The rows of the table whose first header is `first`, as cells without back quotes.
fn table(first: &str) -> Vec<Vec<String>> {
    let page = read("docs/disclosure-log.md");
    let head = format!("| {first} |");
    let rows: Vec<Vec<String>> = page
        .lines()
        .skip_while(|line| !line.starts_with(&head))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells = line.trim_matches('|').split('|');
            cells.map(|cell| cell.trim().replace('`', "")).collect()
        })
        .collect();
    assert!(!rows.is_empty(), "no table begins with {first}");
    rows
}

fn first_cells(table: Vec<Vec<String>>) -> Vec<String> {
    table
        .into_iter()
        .map(|row| row.into_iter().next().unwrap())
        .collect()
}

#[test]
fn the_catalogue_of_kinds_is_that_of_the_code() {
    let expected: Vec<Vec<String>> = Kind::ALL
        .iter()
        .map(|kind| {
            let number = kind.number().to_string();
            vec![
                number,
                kind.as_str().to_owned(),
                kind.class().as_str().to_owned(),
                kind.meaning().to_owned(),
            ]
        })
        .collect();
    assert_eq!(table("no"), expected);
}

#[test]
fn the_python_program_knows_the_same_kinds_and_promises() {
    let program = read("tests/independent/verify.py");
    let kinds: Vec<(String, String)> = program
        .lines()
        .skip_while(|line| *line != "KINDS = {")
        .skip(1)
        .take_while(|line| *line != "}")
        .map(|line| {
            let (kind, class) = line.trim().trim_end_matches(',').split_once(": ").unwrap();
            (
                kind.trim_matches('"').to_owned(),
                class.trim_matches('"').to_owned(),
            )
        })
        .collect();
    let expected: Vec<(String, String)> = Kind::ALL
        .iter()
        .map(|kind| (kind.as_str().to_owned(), kind.class().as_str().to_owned()))
        .collect();
    assert_eq!(kinds, expected);
    let promises: Vec<&str> = Promise::ALL.iter().map(|p| p.as_str()).collect();
    let line = format!("PROMISES = [\"{}\"]", promises.join("\", \""));
    assert!(program.contains(&line), "{line}");
}

#[test]
fn the_leaf_table_has_every_field_with_its_length() {
    let log = busy_log();
    let leaf: Value = serde_json::from_slice(log.leaves.first().unwrap()).unwrap();
    let mut expected = BTreeMap::new();
    paths(&leaf, "", &mut |path, value| {
        let length = value
            .as_str()
            .map_or_else(|| value.to_string().len(), str::len);
        expected.insert(path.to_owned(), length.to_string());
    });
    let found: BTreeMap<String, String> = table("leaf field")
        .into_iter()
        .map(|row| {
            let mut cells = row.into_iter();
            (cells.next().unwrap(), cells.next().unwrap())
        })
        .collect();
    assert_eq!(found, expected);
    let page = read("docs/disclosure-log.md");
    assert!(page.contains(&format!("**{LEAF_LEN} bytes**")));
    assert!(page.contains(&format!("leaf ({LEAF_LEN})")));
}

#[test]
fn the_outcome_table_has_every_field() {
    let outcome: Value = serde_json::from_slice(&full_outcome().to_json()).unwrap();
    let mut expected = BTreeSet::new();
    paths(&outcome, "", &mut |path, _| {
        expected.insert(path.to_owned());
    });
    let rows = first_cells(table("outcome field"));
    assert_eq!(rows.len(), expected.len());
    assert_eq!(rows.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn the_promise_table_is_that_of_the_code() {
    let expected: Vec<String> = Promise::ALL.iter().map(|p| p.as_str().to_owned()).collect();
    assert_eq!(first_cells(table("promise")), expected);
}

#[test]
fn header_and_record_tables_have_every_field() {
    let log = busy_log();
    let lines = log.lines(ledger::counters::Reader::Operator, 0, |i| log.shown(i));
    let keys = |line: &String| -> BTreeSet<String> {
        let json: Value = serde_json::from_str(line).unwrap();
        json.as_object().unwrap().keys().cloned().collect()
    };
    let header = first_cells(table("header field"));
    assert_eq!(
        header.into_iter().collect::<BTreeSet<_>>(),
        keys(lines.first().unwrap())
    );
    let record: BTreeSet<String> = first_cells(table("record field"))
        .iter()
        .flat_map(|cell| cell.split(", ").map(str::to_owned).collect::<Vec<_>>())
        .filter(|name| name != "hash")
        .collect();
    assert_eq!(record, keys(lines.last().unwrap()));
}

#[test]
fn labels_and_limits_stand_on_the_page() {
    let page = read("docs/disclosure-log.md");
    for part in Part::ALL {
        assert!(
            page.contains(&format!("`{}`", part.label())),
            "{}",
            part.label()
        );
    }
    assert!(page.contains(&format!("| `format` | `{FORMAT}` |")));
    assert!(page.contains(&format!("At most {} KiB a line", MAX_LINE / 1024)));
}

#[test]
fn an_outcome_reads_back_and_knows_no_other_field() {
    let full = full_outcome();
    assert_eq!(Outcome::from_json(&full.to_json()).unwrap(), full);
    let empty = Outcome::of(Kind::Padding, engine());
    assert_eq!(Outcome::from_json(&empty.to_json()).unwrap(), empty);
    let mut json: Value = serde_json::from_slice(&full.to_json()).unwrap();
    for name in ["name", "bsn", "note"] {
        json[name] = Value::from("x");
        assert!(Outcome::from_json(json.to_string().as_bytes()).is_err());
        json.as_object_mut().unwrap().remove(name);
    }
    assert!(Outcome::from_json(json.to_string().as_bytes()).is_ok());
    json["facts"]["treffers"] = Value::from("Jan Jansen, Dorpsstraat 1");
    assert!(
        Outcome::from_json(json.to_string().as_bytes()).is_err(),
        "no free text in facts"
    );
}

/// Outcomes that were written before standing and judgements were recorded stay in the log.
#[test]
fn an_outcome_of_before_the_record_of_judgements_reads() {
    let mut json: Value = serde_json::from_slice(&full_outcome().to_json()).unwrap();
    let fields = json.as_object_mut().unwrap();
    fields.remove("standing");
    fields.remove("judged");
    fields.remove("shown");
    let old = Outcome::from_json(json.to_string().as_bytes()).unwrap();
    assert!(old.standing.is_none() && old.judged.is_empty());
}

fn paths(value: &Value, path: &str, found: &mut impl FnMut(&str, &Value)) {
    match value {
        // The names of facts come from the covenant language: they are no fields of the format.
        Value::Object(fields) if path != "facts" && path != "judged.facts" => {
            for (key, value) in fields {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                paths(value, &path, found);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            items.iter().for_each(|item| paths(item, path, found));
        }
        other => found(path, other),
    }
}

fn full_outcome() -> Outcome {
    let reference = |text: &str| Reference::parse(text).unwrap();
    let clause = Some(ClauseNo::parse("3.1").unwrap());
    let outcome = check("politie", false).outcome;
    let role = outcome.recipient.as_ref().unwrap().role.clone();
    let word = |text: &str| Fact::Word(Code::parse(text).unwrap());
    Outcome {
        transaction_id: Some(TransactionId::parse("0197f0a2-0000-7000-8000-000000000001").unwrap()),
        trace_id: Some(TraceId::parse("4bf92f3577b34da6a3ce929d0e0e4736").unwrap()),
        clause: clause.clone(),
        cell: Some(Cell {
            signal: Some(model::SignalTypeId::parse("gevaarlijk-dier").unwrap()),
            ..outcome.cell.clone().unwrap()
        }),
        recipient: Some(Recipient {
            role,
            actor: Some(model::ActorId::parse("a-1").unwrap()),
        }),
        basis: Some(Basis {
            provide: reference("Wpg 20"),
            receive: reference("AVG 6.1.c"),
            exception: Exception {
                provide: vec![reference("UAVG 33.2.b")],
                receive: vec![reference("UAVG 33.2.b")],
            },
            decision_ref: Some(reference("2026-WPG20-0001")),
        }),
        facts: BTreeMap::from([
            (code("treffers"), Fact::Number(0)),
            (code("dossier"), Fact::Flag(true)),
            (code("inlogniveau"), word("hoog")),
        ]),
        standing: Some(Standing {
            day: Day::parse("2026-11-23").unwrap(),
            over: false,
            confirmed: vec![PartyId::parse("corporatie").unwrap()],
            suspended: vec![code("clause:4.1")],
        }),
        judged: vec![Judged {
            clause: ClauseNo::parse("3.1").unwrap(),
            roles: vec![model::RoleRef::parse("corporatie.huismeester").unwrap()],
            shows: vec![code("handelingsadvies")],
            found: vec![model::SignalTypeId::parse("gevaarlijk-dier").unwrap()],
            counted: Vec::new(),
            facts: BTreeMap::from([(code("of_cell"), Fact::Number(0))]),
        }],
        decision: Some(Decided::Withheld),
        reasons: vec![Reason {
            code: code("treffers"),
            clause,
            fact: Some(Fact::Number(0)),
            threshold: Some(Fact::Number(1)),
        }],
        output_kind: Some(code("handelingsadvies")),
        shown: vec![code("handelingsadvies")],
        subject_commitment: Some(covenant().into()),
        content_commitment: Some(covenant().into()),
        ..outcome
    }
}

/// The page says when each kind that is about keys and nodes is written, and with which facts: as
/// the broker makes them.
#[test]
fn the_page_says_when_what_is_about_keys_is_written() {
    let made = read("crates/broker/src/entries.rs") + &read("crates/broker/src/retention.rs");
    let keys = read("crates/broker/src/key_life.rs");
    let rows = table("event");
    let told: BTreeSet<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    let expected = [
        (Kind::EpochStarted, "EpochStarted"),
        (Kind::EpochPurged, "EpochPurged"),
        (Kind::RetentionPurged, "RetentionPurged"),
        (Kind::NodeJoined, "NodeJoined"),
        (Kind::KeyChanged, "KeyChanged"),
    ];
    let codes: BTreeSet<&str> = expected.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(told, codes);
    for (kind, name) in expected {
        let name = format!("Kind::{name}");
        assert!(made.contains(&name), "{kind} is made nowhere");
    }
    let key_changed = rows.iter().find(|row| row[0] == "key-changed").unwrap();
    for which in ["signer", "emergency", "node_signing", "witness"] {
        assert!(key_changed[2].contains(which), "{which}");
        assert!(keys.contains(&format!("add(\"{which}\"")), "{which}");
    }
    for (row, facts) in [
        ("epoch-started", ["epoch"].as_slice()),
        ("epoch-purged", &["epoch", "signals"]),
        ("node-joined", &["party"]),
        ("key-changed", &["party", "key"]),
    ] {
        let row = rows.iter().find(|one| one[0] == row).unwrap();
        for fact in facts {
            assert!(row[2].contains(fact), "{row:?}");
            assert!(made.contains(&format!("(\"{fact}\"")), "{fact}");
        }
    }
}
