//! Exports of an honest log that somebody changed afterwards.

use ledger::LogSigner;
use ledger::checkpoint::Note;
use ledger::counters::Reader;
use model::Secret;

use super::{Vector, malformed};
use crate::log_builder::{Log, ORIGIN, busy_log, check};

/// A change of the lines of an export, in place.
pub(super) type Change<'a> = &'a dyn Fn(&mut Vec<String>);

pub(crate) fn vectors() -> Vec<Vector> {
    let log = busy_log();
    let mut vectors = Vec::new();
    let mut add = |name, about, found, change: Change<'_>| {
        let mut lines = log.lines(Reader::Operator, 0, |i| log.shown(i));
        let before = lines.clone();
        change(&mut lines);
        assert_ne!(lines, before, "{name}");
        vectors.push(Vector::bad(name, about, found, &log, &lines));
    };
    tree(&mut add);
    order(&mut add);
    openings(&mut add);
    checkpoint(&mut add, &log);
    malformed::change(&mut add);
    from_the_middle(&log, &mut vectors);
    let mut cut = Vector::bad(
        "bad-truncated-in-a-line",
        "the file ends in the middle of a line",
        (6, Some(4), "form"),
        &log,
        &log.lines(Reader::Operator, 0, |i| log.shown(i))[..6],
    );
    cut.body.truncate(cut.body.len() - 40);
    vectors.push(cut);
    let mut latin = Vector::bad(
        "bad-not-utf-8",
        "a byte that is not UTF-8",
        (3, Some(1), "form"),
        &log,
        &log.lines(Reader::Operator, 0, |i| log.shown(i))[..3],
    );
    let at = latin.body.len() - 100;
    latin.body[at] = 0xE9;
    vectors.push(latin);
    let mut nothing = Vector::bad(
        "bad-empty-file",
        "no header at all",
        (1, None, "form"),
        &log,
        &[],
    );
    nothing.body.clear();
    vectors.push(nothing);
    vectors
}

pub(super) type Add<'a> =
    &'a mut dyn FnMut(&'static str, &'static str, (u64, Option<u64>, &'static str), Change<'_>);

pub(super) fn swap_in(lines: &mut [String], line: usize, from: &str, to: &str) {
    assert!(lines[line].contains(from), "{from}");
    lines[line] = lines[line].replacen(from, to, 1);
}

/// Puts in `value` where the JSON value of `key` stands.
pub(super) fn set(lines: &mut [String], line: usize, key: &str, value: serde_json::Value) {
    let mut json: serde_json::Value = serde_json::from_str(&lines[line]).unwrap();
    json[key] = value;
    lines[line] = json.to_string();
}

fn tree(add: Add<'_>) {
    add(
        "bad-leaf-changed",
        "the recipient's name in a leaf",
        (4, Some(2), "tree"),
        &|lines| {
            swap_in(lines, 3, "corporatie.", "corporatia.");
        },
    );
    add(
        "bad-leaf-time-changed",
        "the time in a leaf",
        (6, Some(4), "tree"),
        &|lines| {
            swap_in(lines, 5, "20:15:28", "20:15:29");
        },
    );
    add(
        "bad-last-leaf-changed",
        "the last leaf",
        (12, Some(10), "tree"),
        &|lines| {
            swap_in(lines, 11, "gemeente.", "gemeenta.");
        },
    );
    add(
        "bad-proof-changed",
        "a sibling in the proof of the first leaf",
        (2, Some(0), "tree"),
        &|lines| {
            let json: serde_json::Value = serde_json::from_str(&lines[1]).unwrap();
            let hash = json["proof"][2].as_str().unwrap().to_owned();
            let other = hash.chars().rev().collect::<String>();
            swap_in(lines, 1, &hash, &other);
        },
    );
    add(
        "bad-proof-longer",
        "a sibling too many",
        (3, Some(1), "tree"),
        &|lines| {
            set(lines, 2, "proof", serde_json::json!(["00".repeat(32)]));
        },
    );
    add(
        "bad-proof-missing",
        "a sibling too few",
        (4, Some(2), "tree"),
        &|lines| {
            set(lines, 3, "proof", serde_json::json!([]));
        },
    );
    add(
        "bad-hash-for-leaf",
        "a wrong hash in place of a leaf",
        (5, Some(3), "tree"),
        &|lines| {
            let json = serde_json::json!({"index": 3, "hash": "ab".repeat(32), "proof": []});
            lines[4] = json.to_string();
        },
    );
}

fn order(add: Add<'_>) {
    add(
        "bad-record-deleted",
        "a record is gone",
        (6, Some(4), "order"),
        &|lines| {
            lines.remove(5);
        },
    );
    add(
        "bad-record-deleted-and-renumbered",
        "a record is gone, the others closed up",
        (6, Some(4), "tree"),
        &|lines| {
            lines.remove(5);
            for line in 5..lines.len() {
                set(lines, line, "index", serde_json::json!(line - 1));
            }
        },
    );
    add(
        "bad-record-twice",
        "a record stands twice",
        (7, Some(5), "order"),
        &|lines| {
            lines.insert(5, lines[5].clone());
        },
    );
    add(
        "bad-records-swapped",
        "two records changed places",
        (5, Some(3), "order"),
        &|lines| {
            lines.swap(4, 7);
        },
    );
    add(
        "bad-records-swapped-and-renumbered",
        "two records changed places, their indices too",
        (5, Some(3), "tree"),
        &|lines| {
            lines.swap(4, 7);
            set(lines, 4, "index", serde_json::json!(3));
            set(lines, 7, "index", serde_json::json!(6));
        },
    );
    add(
        "bad-truncated",
        "the last two records are gone",
        (11, Some(9), "complete"),
        &|lines| {
            lines.truncate(10);
        },
    );
    add(
        "bad-header-only",
        "all records are gone",
        (2, Some(0), "complete"),
        &|lines| {
            lines.truncate(1);
        },
    );
    add(
        "bad-record-added",
        "a record beyond the checkpoint's size",
        (13, Some(11), "order"),
        &|lines| {
            lines.push(lines[11].clone());
            set(lines, 12, "index", serde_json::json!(11));
        },
    );
}

fn openings(add: Add<'_>) {
    let part = |lines: &[String], line: usize, part: &str| {
        let json: serde_json::Value = serde_json::from_str(&lines[line]).unwrap();
        json[part].clone()
    };
    add(
        "bad-opening-bytes",
        "another answer than was given",
        (4, Some(2), "openings"),
        &|lines| {
            let mut opening = part(lines, 3, "answer");
            opening["bytes"] = serde_json::json!(data_encoding::BASE64.encode(b"geen-advies"));
            set(lines, 3, "answer", opening);
        },
    );
    add(
        "bad-opening-salt",
        "another salt",
        (4, Some(2), "openings"),
        &|lines| {
            let mut opening = part(lines, 3, "outcome");
            opening["salt"] = serde_json::json!("11".repeat(32));
            set(lines, 3, "outcome", opening);
        },
    );
    add(
        "bad-opening-of-another",
        "the answer of another record",
        (5, Some(3), "openings"),
        &|lines| {
            let other = part(lines, 3, "answer");
            set(lines, 4, "answer", other);
        },
    );
    add(
        "bad-opening-of-another-part",
        "the answer in place of the request",
        (4, Some(2), "openings"),
        &|lines| {
            let other = part(lines, 3, "answer");
            set(lines, 3, "request", other);
        },
    );
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn checkpoint(add: Add<'_>, log: &Log) {
    let note = String::from_utf8(log.note()).unwrap();
    let found = (1, None, "checkpoint");
    let mut with = |name, about, note: String| {
        add(name, about, found, &|lines| {
            set(lines, 0, "checkpoint", serde_json::json!(note))
        });
    };
    with(
        "bad-checkpoint-size",
        "a smaller size in the checkpoint",
        note.replacen("\n11\n", "\n10\n", 1),
    );
    with(
        "bad-checkpoint-size-zero",
        "a leading zero in the size",
        note.replacen("\n11\n", "\n011\n", 1),
    );
    let parsed = Note::parse(&log.note()).unwrap();
    let signed = |body: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut note = Note {
            body: body.to_owned(),
            ..parsed.clone()
        };
        change(&mut note.signatures[0].signature);
        String::from_utf8(note.to_bytes()).unwrap()
    };
    with(
        "bad-checkpoint-signature",
        "a changed bit in the signature",
        signed(&parsed.body, &|s| s[0] ^= 1),
    );
    with(
        "bad-checkpoint-malleated",
        "the same signature with the group's order added to S (RFC 8032 5.1.7)",
        signed(&parsed.body, &|s| add_group_order(s)),
    );
    with(
        "bad-checkpoint-short-signature",
        "a signature of 63 bytes",
        signed(&parsed.body, &|s| s.truncate(63)),
    );
    let forged = LogSigner::from_seed(ORIGIN, &Secret::new([1; 32])).unwrap();
    with(
        "bad-checkpoint-other-key",
        "signed by another key of the same name",
        String::from_utf8(forged.sign(11, log.root())).unwrap(),
    );
    let both = Note::parse(&forged.sign(11, log.root()))
        .unwrap()
        .signatures
        .remove(0);
    let mut stolen = both.clone();
    stolen.key_id = parsed.signatures[0].key_id;
    let mut two = parsed.clone();
    two.signatures.push(stolen);
    with(
        "bad-checkpoint-second-signature",
        "a good and a bad signature under the key's id",
        String::from_utf8(two.to_bytes()).unwrap(),
    );
    with(
        "bad-checkpoint-unsigned",
        "no signature line",
        parsed.body.clone(),
    );
    with(
        "bad-checkpoint-control",
        "a carriage return in the note",
        note.replacen('\n', "\r\n", 1),
    );
    with(
        "bad-checkpoint-base64",
        "base64 with stray bits at its end",
        {
            let mut lines: Vec<String> = note.split('\n').map(str::to_owned).collect();
            // A root of 32 bytes ends in one character that carries two bits of nothing.
            let root = lines[2].trim_end_matches('=').to_owned();
            let (start, last) = root.split_at(root.len() - 1);
            let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            let place = alphabet.find(last).unwrap();
            lines[2] = format!("{start}{}=", &alphabet[place + 1..place + 2]);
            lines.join("\n")
        },
    );
    add(
        "bad-header-key",
        "a header that names another key",
        found,
        &|lines| {
            set(
                lines,
                0,
                "vkey",
                serde_json::json!(forged.verifier().to_vkey()),
            );
        },
    );
    add(
        "bad-header-origin",
        "a header that names another log",
        found,
        &|lines| {
            set(lines, 0, "origin", serde_json::json!("log.merel.example"));
        },
    );
    let mut fork = busy_log();
    fork.append(check("politie", true));
    let longer = String::from_utf8(fork.note()).unwrap();
    add(
        "bad-checkpoint-of-another-size",
        "a checkpoint that the log signed for a larger tree",
        (2, Some(0), "tree"),
        &|lines| set(lines, 0, "checkpoint", serde_json::json!(longer)),
    );
}

fn add_group_order(signature: &mut [u8]) {
    // L = 2^252 + 27742317777372353535851937790883648493, little-endian.
    let order = data_encoding::HEXLOWER
        .decode(b"edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        .unwrap();
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = u8::try_from(sum & 0xFF).unwrap();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
}

fn from_the_middle(log: &Log, vectors: &mut Vec<Vector>) {
    let lines = log.lines(Reader::Operator, 5, |i| log.shown(i));
    let header: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    let prefix: Vec<String> = serde_json::from_value(header["prefix"].clone()).unwrap();
    assert_eq!(prefix.len(), 2);
    let mut with = |name, about, found, prefix: &[String], from: u64| {
        let mut lines = lines.clone();
        set(&mut lines, 0, "prefix", serde_json::json!(prefix));
        set(&mut lines, 0, "from", serde_json::json!(from));
        vectors.push(Vector::bad(name, about, found, log, &lines));
    };
    let swapped = [prefix[1].clone(), prefix[0].clone()];
    with(
        "bad-prefix-swapped",
        "the hashes before the first leaf changed places",
        (2, Some(5), "tree"),
        &swapped,
        5,
    );
    with(
        "bad-prefix-short",
        "a hash before the first leaf is gone",
        (1, None, "tree"),
        &prefix[..1],
        5,
    );
    with(
        "bad-from-beyond",
        "an export that begins beyond its end",
        (1, None, "tree"),
        &prefix,
        12,
    );
    with(
        "bad-from-end",
        "an export of nothing whose hashes do not lead to the root",
        (1, None, "tree"),
        &[prefix[0].clone(), prefix[1].clone(), prefix[0].clone()],
        11,
    );
    with(
        "bad-from-other",
        "an export that begins one later than it says",
        (2, Some(3), "order"),
        &prefix,
        3,
    );
}
