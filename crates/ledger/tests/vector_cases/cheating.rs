//! Logs that a cheating broker signed itself: tree and signature hold, the promises do not.

use std::collections::BTreeSet;

use ledger::counters::Reader;
use ledger::export::{Disclosed, Shown};
use ledger::{Class, Counters, Kind, Opening, Part, Salt, Sealed, Skeleton};
use model::Timestamp;

use super::Vector;
use crate::log_builder::{Log, busy_log, check, covenant, event, party};

pub(crate) fn vectors() -> Vec<Vector> {
    let mut vectors = counters();
    vectors.extend(omissions());
    vectors.extend(not_shown());
    vectors.extend(leaves());
    vectors.extend(outcomes());
    let mut back = Log::new();
    for seconds in [0, 5, 4] {
        let entry = check("politie", true);
        let counters = back.count(&entry);
        let at = Timestamp::from_millis(1_790_000_000_000).plus_seconds(seconds);
        back.append_with(entry, counters, at);
    }
    vectors.push(Vector::bad(
        "bad-time-runs-back",
        "a leaf one second earlier than the one before it",
        (4, Some(2), "time"),
        &back,
        &whole(&back),
    ));
    vectors
}

fn whole(log: &Log) -> Vec<String> {
    log.lines(Reader::Operator, 0, |i| log.shown(i))
}

fn counters() -> Vec<Vector> {
    let numbered = |recipient, source, purpose| {
        let mut log = Log::new();
        log.append(check("politie", true));
        log.append(check("politie", false));
        let at = log.entries[1].skeleton.at;
        let counters = Counters {
            recipient: Some(recipient),
            source: Some(source),
            purpose,
        };
        log.append_with(check("politie", true), counters, at);
        log
    };
    let bad = |name, about, log: &Log| {
        Vector::bad(name, about, (4, Some(2), "counters"), log, &whole(log))
    };
    let mut first = Log::new();
    let at = Timestamp::from_millis(1_790_000_000_000);
    let counters = Counters {
        recipient: Some(2),
        source: Some(1),
        purpose: 1,
    };
    first.append_with(check("politie", true), counters, at);
    vec![
        bad(
            "bad-counter-recipient-gap",
            "a number of the recipient is missing",
            &numbered(4, 3, 3),
        ),
        bad(
            "bad-counter-recipient-twice",
            "a number of the recipient stands twice",
            &numbered(2, 3, 3),
        ),
        bad(
            "bad-counter-source-gap",
            "a number of the source is missing",
            &numbered(3, 9, 3),
        ),
        bad(
            "bad-counter-purpose-gap",
            "a number of the purpose is missing",
            &numbered(3, 3, 5),
        ),
        bad(
            "bad-counter-purpose-back",
            "a number of the purpose runs back",
            &numbered(3, 3, 1),
        ),
        Vector::bad(
            "bad-counter-first",
            "the recipient's first number is 2",
            (2, Some(0), "counters"),
            &first,
            &whole(&first),
        ),
    ]
}

fn omissions() -> Vec<Vector> {
    let log = busy_log();
    let names = |party_name: &str, i: usize| log.entries[i].skeleton.names(&party(party_name));
    let auditor = Reader::Auditor(BTreeSet::from([covenant()]));
    let hidden = log.lines(auditor, 0, |i| {
        let owed = log.entries[i].skeleton.covenant == Some(covenant());
        if owed && i != 3 {
            log.shown(i)
        } else {
            Shown::Hash(log.hashes[i])
        }
    });
    let reader = Reader::Party(BTreeSet::from([(covenant(), party("corporatie"))]));
    let asked = log.lines(reader, 0, |i| match log.shown(i) {
        Shown::Leaf {
            leaf,
            request,
            answer,
            ..
        } if names("corporatie", i) && i != 7 => Shown::Leaf {
            leaf,
            request,
            answer,
            outcome: Disclosed::Hidden,
        },
        _ => Shown::Hash(log.hashes[i]),
    });
    vec![
        Vector::bad(
            "bad-omitted-from-auditor",
            "a leaf of the auditor's covenant as a hash only",
            (9, Some(7), "counters"),
            &log,
            &hidden,
        ),
        Vector::bad(
            "bad-omitted-from-recipient",
            "a leaf that names the reader as a hash only",
            (10, Some(8), "counters"),
            &log,
            &asked,
        ),
    ]
}

/// Openings that their reader is owed and does not get.
fn not_shown() -> Vec<Vector> {
    let log = busy_log();
    let names = |party_name: &str, i: usize| log.entries[i].skeleton.names(&party(party_name));
    let hidden = log.lines(Reader::Operator, 0, |i| match log.shown(i) {
        Shown::Leaf {
            leaf,
            request,
            answer,
            ..
        } if i == 4 => Shown::Leaf {
            leaf,
            request,
            answer,
            outcome: Disclosed::Hidden,
        },
        shown => shown,
    });
    let reader = Reader::Party(BTreeSet::from([(covenant(), party("corporatie"))]));
    let unanswered = log.lines(reader, 0, |i| match log.shown(i) {
        Shown::Leaf { leaf, request, .. } if names("corporatie", i) => Shown::Leaf {
            leaf,
            request,
            answer: Disclosed::Hidden,
            outcome: Disclosed::Hidden,
        },
        _ => Shown::Hash(log.hashes[i]),
    });
    vec![
        Vector::bad(
            "bad-outcome-not-shown",
            "an outcome that the operator is owed is not shown",
            (6, Some(4), "openings"),
            &log,
            &hidden,
        ),
        Vector::bad(
            "bad-answer-not-shown",
            "an answer that its recipient is owed is not shown",
            (4, Some(2), "openings"),
            &log,
            &unanswered,
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn leaves() -> Vec<Vector> {
    let with = |change: &dyn Fn(&str) -> String| {
        let mut log = busy_log();
        let mut other = busy_log();
        other.append(check("gemeente", true));
        let sealed = other.entries.pop().unwrap();
        let leaf = change(std::str::from_utf8(&sealed.leaf).unwrap());
        log.append_leaf(leaf.into_bytes(), sealed);
        log
    };
    let bad = |name, about, promise, from: &str, to: &str| {
        let log = with(&|leaf| {
            let changed = leaf.replacen(from, to, 1);
            assert_ne!(changed, leaf, "{name}");
            changed
        });
        // The exporter refuses to write such a leaf; the line is made by hand.
        let mut lines = log.lines(Reader::Operator, 0, |i| {
            if i == 11 {
                Shown::Hash(log.hashes[i])
            } else {
                log.shown(i)
            }
        });
        let leaf = serde_json::json!(String::from_utf8(log.leaves[11].clone()).unwrap());
        let hash = format!("\"hash\":\"{}\"", log.hashes[11]);
        let last = lines
            .pop()
            .unwrap()
            .replace(&hash, &format!("\"leaf\":{leaf}"));
        lines.push(last);
        Vector::bad(name, about, (13, Some(11), promise), &log, &lines)
    };
    vec![
        bad(
            "bad-leaf-seq",
            "a leaf that says another place than its own",
            "order",
            "00000000000000000011",
            "00000000000000000012",
        ),
        bad(
            "bad-leaf-version",
            "a leaf of a version that does not exist",
            "form",
            "\"v\":1",
            "\"v\":9",
        ),
        bad(
            "bad-leaf-space",
            "a leaf with a space in it",
            "form",
            "\"n\":",
            "\"n\": ",
        ),
        bad(
            "bad-leaf-month",
            "a leaf of month 13",
            "form",
            "2026-11",
            "2026-13",
        ),
        bad(
            "bad-leaf-day",
            "a leaf of 31 November",
            "form",
            "2026-11-23",
            "2026-11-31",
        ),
        bad(
            "bad-leaf-second",
            "a leaf of second 60",
            "form",
            ":17.000Z",
            ":60.000Z",
        ),
        bad(
            "bad-leaf-year",
            "a leaf of 1969",
            "form",
            "2026-11",
            "1969-11",
        ),
        bad(
            "bad-leaf-class",
            "a leaf of a class that does not exist",
            "form",
            "decision.",
            "indecisio",
        ),
        bad(
            "bad-leaf-upper-case",
            "a leaf with upper-case hexadecimal digits",
            "form",
            "\"covenant\":\"2aa7",
            "\"covenant\":\"2AA7",
        ),
        bad(
            "bad-leaf-name",
            "a leaf with a dot inside a name",
            "form",
            "corporatie.",
            "corpor.tie.",
        ),
        bad(
            "bad-leaf-no-counter",
            "a leaf that names a recipient without its number",
            "form",
            "{\"recipient\":\"00000000000000000005",
            "{\"recipient\":\"....................",
        ),
        bad(
            "bad-leaf-counter-zero",
            "a leaf with number 0",
            "form",
            "{\"recipient\":\"00000000000000000005",
            "{\"recipient\":\"00000000000000000000",
        ),
        bad(
            "bad-leaf-counter-large",
            "a leaf with a number beyond 64 bits",
            "form",
            "{\"recipient\":\"00000000000000000005",
            "{\"recipient\":\"18446744073709551616",
        ),
        bad(
            "bad-leaf-no-nonce",
            "a leaf without a nonce",
            "form",
            "\"n\":\"",
            "\"m\":\"",
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn outcomes() -> Vec<Vector> {
    let with = |name, about, promise, class: Class, json: &str| {
        let mut log = busy_log();
        let mut other = busy_log();
        other.append(event(Kind::Padding, None));
        let sealed = other.entries.pop().unwrap();
        let opening = Opening {
            salt: Salt::new([1; 32]),
            bytes: json.as_bytes().to_vec(),
        };
        let skeleton = Skeleton {
            class,
            outcome: opening.commitment(Part::Outcome),
            ..sealed.skeleton.clone()
        };
        let leaf = skeleton.to_leaf().unwrap();
        log.append_leaf(
            leaf.clone(),
            Sealed {
                skeleton,
                leaf,
                outcome: opening,
                ..sealed
            },
        );
        let lines = whole(&log);
        if promise == "none" {
            return Vector::good(
                name,
                about,
                "records=12 leaves=12 opened=36 erased=0",
                &log,
                &lines,
            );
        }
        Vector::bad(name, about, (13, Some(11), promise), &log, &lines)
    };
    let operation = Class::Operation;
    vec![
        with(
            "good-newer-outcome",
            "an outcome with fields that this version does not know",
            "none",
            operation,
            r#"{"kind":"padding","purpose":null,"later":{"purpose":7}}"#,
        ),
        with(
            "good-short-outcome",
            "an outcome that says its kind only",
            "none",
            operation,
            r#"{"kind":"padding"}"#,
        ),
        with(
            "bad-outcome-class",
            "an outcome whose kind is of another class",
            "outcome",
            Class::Rights,
            r#"{"kind":"padding","purpose":null}"#,
        ),
        with(
            "bad-outcome-kind",
            "an outcome of a kind that is not in the catalogue",
            "outcome",
            operation,
            r#"{"kind":"paddings","purpose":null}"#,
        ),
        with(
            "bad-outcome-no-kind",
            "an outcome without a kind",
            "outcome",
            operation,
            r#"{"purpose":null}"#,
        ),
        with(
            "bad-outcome-twice",
            "an outcome with two kinds",
            "outcome",
            operation,
            r#"{"kind":"padding","kind":"padding"}"#,
        ),
        with(
            "bad-outcome-purpose",
            "an outcome with a purpose that is no name",
            "outcome",
            operation,
            r#"{"kind":"padding","purpose":"Twee woorden"}"#,
        ),
        with(
            "bad-outcome-not-json",
            "an outcome that is no JSON",
            "outcome",
            operation,
            "{kind}",
        ),
        with(
            "bad-outcome-deep",
            "an outcome nested deeper than 64",
            "outcome",
            operation,
            &format!(
                "{{\"kind\":\"padding\",\"later\":{}{}}}",
                "[".repeat(64),
                "]".repeat(64)
            ),
        ),
        with(
            "good-outcome-deep",
            "an outcome nested 64 deep, with brackets in texts",
            "none",
            operation,
            &format!(
                "{{\"kind\":\"padding\",\"[{{\\\"[\":\"[[\",\"later\":{}{}}}",
                "[".repeat(63),
                "]".repeat(63)
            ),
        ),
        with(
            "bad-outcome-list",
            "an outcome that is a list",
            "outcome",
            operation,
            r#"["padding",null]"#,
        ),
    ]
}
