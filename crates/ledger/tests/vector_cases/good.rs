//! Exports in which every promise holds.

use std::collections::BTreeSet;

use ledger::Kind;
use ledger::counters::Reader;
use ledger::export::{Disclosed, Shown};

use super::Vector;
use crate::log_builder::{Log, busy_log, covenant, event, other_covenant, party};

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(crate) fn vectors() -> Vec<Vector> {
    let log = busy_log();
    let all = |index| log.shown(index);
    let operator = |from| log.lines(Reader::Operator, from, all);
    let mut unfinished = operator(0);
    let last = unfinished.pop().unwrap();
    let mut vectors = vec![
        Vector::good(
            "good-operator",
            "the whole log, everything opened",
            "records=11 leaves=11 opened=33 erased=0",
            &log,
            &operator(0),
        ),
        Vector::good(
            "good-from-the-middle",
            "the leaves from 5 on",
            "records=6 leaves=6 opened=18 erased=0",
            &log,
            &operator(5),
        ),
        Vector::good(
            "good-from-the-last",
            "the last leaf",
            "records=1 leaves=1 opened=3 erased=0",
            &log,
            &operator(10),
        ),
        Vector::good(
            "good-from-the-end",
            "no leaf, and the tree before it",
            "records=0 leaves=0 opened=0 erased=0",
            &log,
            &operator(11),
        ),
        Vector::good(
            "good-hashes-only",
            "a reader that may see no leaf",
            "records=11 leaves=0 opened=0 erased=0",
            &log,
            &log.lines(Reader::Party(BTreeSet::new()), 0, |i| {
                Shown::Hash(log.hashes[i])
            }),
        ),
        Vector::good(
            "good-auditor",
            "the auditor of one covenant; the rest is hashes",
            "records=11 leaves=6 opened=18 erased=0",
            &log,
            &log.lines(Reader::Auditor(BTreeSet::from([covenant()])), 0, |i| {
                only(
                    &log,
                    i,
                    log.entries[i].skeleton.covenant == Some(covenant()),
                )
            }),
        ),
        Vector::good(
            "good-recipient",
            "the party that asked: request and answer opened",
            "records=11 leaves=4 opened=8 erased=0",
            &log,
            &recipient(&log),
        ),
        Vector::good(
            "good-source",
            "the party whose signals were in question, under two covenants",
            "records=11 leaves=4 opened=2 erased=0",
            &log,
            &source(&log),
        ),
        Vector::good(
            "good-erased",
            "two salts and one side record erased",
            "records=11 leaves=11 opened=28 erased=5",
            &log,
            &erased(&log),
        ),
    ];
    let mut without_line_feed = Vector::good(
        "good-no-last-line-feed",
        "the last line has no line feed",
        "records=11 leaves=11 opened=33 erased=0",
        &log,
        &unfinished,
    );
    without_line_feed.body.extend(last.as_bytes());
    vectors.push(without_line_feed);
    let spaced: Vec<String> = operator(0)
        .iter()
        .map(|line| format!(" {line}\t\r"))
        .collect();
    vectors.push(Vector::good(
        "good-white-space",
        "white space around the JSON of each line",
        "records=11 leaves=11 opened=33 erased=0",
        &log,
        &spaced,
    ));
    let reordered: Vec<String> = operator(0).iter().map(|line| backwards(line)).collect();
    vectors.push(Vector::good(
        "good-other-key-order",
        "the keys of each object in another order",
        "records=11 leaves=11 opened=33 erased=0",
        &log,
        &reordered,
    ));

    let empty = Log::new();
    vectors.push(Vector::good(
        "good-empty",
        "a log without leaves",
        "records=0 leaves=0 opened=0 erased=0",
        &empty,
        &empty.lines(Reader::Operator, 0, |i| empty.shown(i)),
    ));
    let mut one = Log::new();
    one.append(event(Kind::NodeJoined, None));
    vectors.push(Vector::good(
        "good-one",
        "a log with one leaf",
        "records=1 leaves=1 opened=3 erased=0",
        &one,
        &one.lines(Reader::Operator, 0, |i| one.shown(i)),
    ));
    let mut padded = Log::new();
    (0..64).for_each(|_| padded.append(event(Kind::Padding, None)));
    vectors.push(Vector::good(
        "good-padding",
        "64 dummies, a full tree, hashes only but the last",
        "records=64 leaves=1 opened=0 erased=0",
        &padded,
        &padded.lines(Reader::Party(BTreeSet::new()), 0, |i| {
            let closed = |d| {
                matches!(d, Disclosed::Open(_))
                    .then_some(Disclosed::Hidden)
                    .unwrap()
            };
            match padded.shown(i) {
                Shown::Leaf {
                    leaf,
                    request,
                    answer,
                    outcome,
                } if i == 63 => Shown::Leaf {
                    leaf,
                    request: closed(request),
                    answer: closed(answer),
                    outcome: closed(outcome),
                },
                _ => Shown::Hash(padded.hashes[i]),
            }
        }),
    ));
    vectors
}

fn only(log: &Log, index: usize, visible: bool) -> Shown {
    if visible {
        log.shown(index)
    } else {
        Shown::Hash(log.hashes[index])
    }
}

fn recipient(log: &Log) -> Vec<String> {
    let reader = Reader::Party(BTreeSet::from([(covenant(), party("corporatie"))]));
    log.lines(reader, 0, |i| {
        match only(log, i, log.entries[i].skeleton.names(&party("corporatie"))) {
            Shown::Leaf {
                leaf,
                request,
                answer,
                ..
            } => Shown::Leaf {
                leaf,
                request,
                answer,
                outcome: Disclosed::Hidden,
            },
            hash @ Shown::Hash(_) => hash,
        }
    })
}

fn source(log: &Log) -> Vec<String> {
    let name = party("politie");
    let reader = Reader::Party(BTreeSet::from([
        (covenant(), name.clone()),
        (other_covenant(), name.clone()),
    ]));
    log.lines(reader, 0, |i| {
        match only(log, i, log.entries[i].skeleton.names(&name)) {
            Shown::Leaf { leaf, outcome, .. } => {
                let revealed = log.entries[i].skeleton.covenant == Some(other_covenant());
                let outcome = if revealed { outcome } else { Disclosed::Hidden };
                Shown::Leaf {
                    leaf,
                    request: Disclosed::Hidden,
                    answer: Disclosed::Hidden,
                    outcome,
                }
            }
            hash @ Shown::Hash(_) => hash,
        }
    })
}

fn erased(log: &Log) -> Vec<String> {
    log.lines(Reader::Operator, 0, |i| match log.shown(i) {
        Shown::Leaf { leaf, .. } if i == 2 => Shown::Leaf {
            leaf,
            request: Disclosed::Erased,
            answer: Disclosed::Erased,
            outcome: Disclosed::Erased,
        },
        Shown::Leaf {
            leaf,
            request,
            answer,
            ..
        } if i == 3 || i == 9 => Shown::Leaf {
            leaf,
            request,
            answer,
            outcome: Disclosed::Erased,
        },
        shown => shown,
    })
}

fn backwards(line: &str) -> String {
    fn turn(value: &serde_json::Value) -> String {
        match value {
            serde_json::Value::Object(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .rev()
                    .map(|(key, value)| format!("{}:{}", serde_json::json!(key), turn(value)))
                    .collect();
                format!("{{{}}}", fields.join(","))
            }
            other => other.to_string(),
        }
    }
    turn(&serde_json::from_str(line).unwrap())
}
