//! The bundles that are committed as vectors: the good ones, and what a forger makes of them.

mod case;
mod lying;

use std::collections::{BTreeMap, BTreeSet};

use ledger::counters::Reader;
use ledger::export::{Disclosed, Shown};
use ledger::{Kind, NewEntry};
use model::Digest;

use crate::bundle::{Files, cosigned, of_lines, read, relist, signed};
use crate::log_builder::{Log, check, event, party};

pub(crate) use case::Case;

/// A log under one covenant, as an auditor and as a party may see it.
pub(crate) fn good() -> BTreeMap<&'static str, Files> {
    BTreeMap::from([
        ("auditor", of_log(&small(), auditor())),
        ("party", of_log(&small(), corporation())),
    ])
}

/// Not one of the model covenants: those may change, and a vector does not.
const COVENANT: &str = include_str!("covenant.toml");

fn covenant() -> (Vec<u8>, Vec<Vec<u8>>) {
    signed(COVENANT)
}

fn digest() -> Digest {
    read(std::str::from_utf8(&covenant().0).unwrap()).digest()
}

fn auditor() -> Reader {
    Reader::Auditor(BTreeSet::from([digest()]))
}

fn corporation() -> Reader {
    Reader::Party(BTreeSet::from([(digest(), party("corporatie"))]))
}

fn under(entry: NewEntry) -> NewEntry {
    NewEntry {
        covenant: Some(digest()),
        ..entry
    }
}

fn small() -> Log {
    let mut log = Log::new();
    log.append(event(Kind::CovenantActivated, Some(digest())));
    log.append(under(check("politie", true)));
    log.append(event(Kind::Padding, None));
    log.append(under(check("gemeente", false)));
    log.append(under(check("politie", false)));
    log
}

/// What a reader sees of an entry: the auditor what stands under its covenant, a party what names it,
/// with its own request and answer.
fn shown(log: &Log, reader: &Reader, index: usize) -> Shown {
    let sealed = &log.entries[index];
    let hash = Shown::Hash(log.hashes[index]);
    match (reader, log.shown(index)) {
        (
            Reader::Party(names),
            Shown::Leaf {
                leaf,
                request,
                answer,
                ..
            },
        ) => {
            let named = names.iter().any(|(_, party)| sealed.skeleton.names(party));
            let outcome = Disclosed::Hidden;
            if named {
                Shown::Leaf {
                    leaf,
                    request,
                    answer,
                    outcome,
                }
            } else {
                hash
            }
        }
        (_, shown) if sealed.skeleton.covenant.is_some() => shown,
        _ => hash,
    }
}

fn of_log(log: &Log, reader: Reader) -> Files {
    let note = cosigned(&log.note(), &["CORPORATIE", "POLITIE"]);
    let lines = log.lines(reader.clone(), 0, |index| shown(log, &reader, index));
    of_lines(log.signer.verifier(), lines, &note, &[covenant()], reader)
}

/// Every case, the good ones first.
pub(crate) fn tampered(good: &BTreeMap<&'static str, Files>) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: &str, about: &str, of: &str, files: &Files| {
        cases.push(Case::of(name, about, of, &good[of], files));
    };
    let (auditors, partys) = (&good["auditor"], &good["party"]);
    add(
        "good-auditor",
        "all that an auditor gets",
        "auditor",
        auditors,
    );
    add("good-party", "all that a party gets", "party", partys);
    for (name, about, listed, change) in changes() {
        let mut files = auditors.clone();
        change(&mut files);
        assert_ne!(files, *auditors, "{name}");
        if listed {
            relist(&mut files);
        }
        add(name, about, "auditor", &files);
    }
    for (name, about, log) in lying::logs() {
        add(name, about, "auditor", &of_log(&log, auditor()));
    }
    for (name, about, change) in kept_from_a_party() {
        let mut files = partys.clone();
        lines(&mut files, ENTRIES, change);
        relist(&mut files);
        add(name, about, "party", &files);
    }
    cases
}

const ENTRIES: &str = "entries.jsonl";

type Change = fn(&mut Files);

/// Name, what was done, whether the manifest lists it again as a forger would, and how.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn changes() -> Vec<(&'static str, &'static str, bool, Change)> {
    vec![
        (
            "files-changed",
            "keys.json was changed and not listed again",
            false,
            |files| {
                replace(
                    files,
                    "keys.json",
                    "covenant-evidence-keys",
                    "covenant-evidence-keyz",
                );
            },
        ),
        (
            "files-entries-changed",
            "a leaf was changed and not listed again",
            false,
            |files| {
                replace(files, ENTRIES, "gemeente.", "gemeentf.");
            },
        ),
        (
            "files-two",
            "entries and keys.json were changed: the first by its path is named",
            false,
            |files| {
                replace(files, ENTRIES, "\"index\":1,", "\"index\":2,");
                replace(
                    files,
                    "keys.json",
                    "covenant-evidence-keys",
                    "covenant-evidence-keyz",
                );
            },
        ),
        (
            "files-missing",
            "the entries are not there",
            false,
            |files| {
                files.remove(ENTRIES).unwrap();
            },
        ),
        ("files-more", "a file too many", false, |files| {
            files.insert("notes.txt".to_owned(), b"x\n".to_vec());
        }),
        (
            "files-longer",
            "the entries have a line too many",
            false,
            |files| {
                lines(files, ENTRIES, |lines| lines.push(lines[5].clone()));
            },
        ),
        (
            "files-shows",
            "an answer is said to be erased, and only the entries' length was listed again",
            false,
            |files| {
                let listed = shows(files);
                lines(files, ENTRIES, |lines| say_erased(&mut lines[2], "answer"));
                relist(files);
                let now = shows(files);
                replace(files, "manifest.json", &now, &listed);
            },
        ),
        (
            "good-erased",
            "an answer is said to be erased, and listed so: who has the bundle alone can't tell",
            true,
            |files| {
                lines(files, ENTRIES, |lines| say_erased(&mut lines[2], "answer"));
            },
        ),
        (
            "checkpoint-changed",
            "the size that the log signed was changed",
            true,
            |files| {
                replace(files, "checkpoint.txt", "\n5\n", "\n6\n");
            },
        ),
        (
            "checkpoint-other",
            "the entries' header has fewer cosignatures than checkpoint.txt",
            true,
            |files| {
                let note = String::from_utf8(files["checkpoint.txt"].clone()).unwrap();
                let shorter = note.trim_end().rsplit_once('\n').unwrap().0.to_owned() + "\n";
                lines(files, ENTRIES, |lines| set_note(&mut lines[0], &shorter));
            },
        ),
        (
            "covenants-changed",
            "the covenant's title was changed",
            true,
            |files| {
                let path = files
                    .keys()
                    .find(|path| path.ends_with(".toml"))
                    .unwrap()
                    .clone();
                replace(files, &path, "Veilig op bezoek", "Veilig op bezoak");
            },
        ),
        (
            "covenants-missing",
            "the covenant and what it brings were left out",
            true,
            |files| {
                files.retain(|path, _| !path.starts_with("covenants/"));
                let keys = String::from_utf8(files["keys.json"].clone()).unwrap();
                let (head, _) = keys.split_once("\"parties\": [").unwrap();
                let keys = format!("{head}\"parties\": []\n}}\n");
                files.insert("keys.json".to_owned(), keys.into_bytes());
                let note = String::from_utf8(files["checkpoint.txt"].clone()).unwrap();
                let alone: Vec<&str> = note.lines().take(5).collect();
                let alone = alone.join("\n") + "\n";
                lines(files, ENTRIES, |lines| set_note(&mut lines[0], &alone));
                files.insert("checkpoint.txt".to_owned(), alone.into_bytes());
            },
        ),
        (
            "keys-changed",
            "a signer's key in keys.json was changed",
            true,
            |files| {
                replace(
                    files,
                    "keys.json",
                    "\"signer\": \"ed25519:",
                    "\"signer\": \"ed25519:0",
                );
            },
        ),
        (
            "signatures-changed",
            "a byte of a signature was changed",
            true,
            |files| {
                let path = files
                    .keys()
                    .find(|path| path.ends_with(".dsse.json"))
                    .unwrap()
                    .clone();
                let text = String::from_utf8(files[&path].clone()).unwrap();
                let at = text.find("\"sig\":\"").unwrap() + 12;
                let other = if &text[at..=at] == "A" { "B" } else { "A" };
                let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
                files.insert(path, changed.into_bytes());
            },
        ),
        (
            "signatures-missing",
            "a decision stands under a covenant that one party did not sign",
            true,
            |files| {
                let path = files
                    .keys()
                    .find(|path| path.ends_with("politie.dsse.json"))
                    .unwrap()
                    .clone();
                files.remove(&path).unwrap();
            },
        ),
        (
            "witnesses-changed",
            "the instant of a cosignature was changed",
            true,
            |files| {
                let note = String::from_utf8(files["checkpoint.txt"].clone()).unwrap();
                let last = note.trim_end().rsplit(' ').next().unwrap();
                let mut blob = data_encoding::BASE64.decode(last.as_bytes()).unwrap();
                blob[11] ^= 1;
                let changed = note.replace(last, &data_encoding::BASE64.encode(&blob));
                lines(files, ENTRIES, |lines| set_note(&mut lines[0], &changed));
                files.insert("checkpoint.txt".to_owned(), changed.into_bytes());
            },
        ),
        ("form-cut", "a line was cut off", true, |files| {
            lines(files, ENTRIES, |lines| {
                let half = lines[2].len() / 2;
                lines[2].truncate(half);
            });
        }),
        (
            "form-other-writing",
            "a space too many, which JSON allows and an export has not",
            true,
            |files| {
                lines(files, ENTRIES, |lines| lines[2].insert(1, ' '));
            },
        ),
        ("order-swapped", "two lines changed places", true, |files| {
            lines(files, ENTRIES, |lines| lines.swap(2, 4));
        }),
        (
            "tree-leaf-changed",
            "the party in a leaf was changed",
            true,
            |files| {
                replace(files, ENTRIES, "politie.", "politia.");
            },
        ),
        (
            "tree-hash-changed",
            "a hash in a proof was changed",
            true,
            |files| {
                lines(files, ENTRIES, |lines| {
                    let at = lines[1].find("\"proof\":[\"").unwrap() + 10;
                    let other = if &lines[1][at..=at] == "0" { "1" } else { "0" };
                    lines[1].replace_range(at..=at, other);
                });
            },
        ),
        (
            "openings-changed",
            "what was answered was changed",
            true,
            |files| {
                let (old, new) = (b"ga-met-twee", b"ga-met-drie");
                let encode = |bytes| data_encoding::BASE64.encode(bytes);
                replace(files, ENTRIES, &encode(old), &encode(new));
            },
        ),
        (
            "openings-hidden",
            "an outcome is kept from the auditor",
            true,
            |files| {
                lines(files, ENTRIES, |lines| {
                    let at = lines[2].find(",\"outcome\":{").unwrap();
                    lines[2].replace_range(at.., "}");
                });
            },
        ),
        (
            "complete-cut",
            "the last line was left out",
            true,
            |files| {
                lines(files, ENTRIES, |lines| drop(lines.pop()));
            },
        ),
    ]
}

type ChangeLines = fn(&mut Vec<String>);

fn kept_from_a_party() -> Vec<(&'static str, &'static str, ChangeLines)> {
    vec![
        (
            "party-entry-hidden",
            "an entry of the party is a hash only",
            |lines| {
                let log = small();
                let proof = &lines[4][lines[4].find("\"proof\":").unwrap()..];
                let proof = &proof[..=proof.find(']').unwrap()];
                lines[4] = format!("{{\"index\":3,\"hash\":\"{}\",{proof}}}", log.hashes[3]);
            },
        ),
        (
            "party-answer-hidden",
            "the party's own answer is not opened to it",
            |lines| {
                let at = lines[5].find(",\"answer\":{").unwrap();
                lines[5].replace_range(at.., "}");
            },
        ),
        (
            "party-answer-other",
            "another answer of the party is opened in its place",
            |lines| {
                let opening = |line: &str| line[line.find(",\"answer\":{").unwrap()..].to_owned();
                let other = opening(&lines[2]);
                let at = lines[4].find(",\"answer\":{").unwrap();
                lines[4].replace_range(at.., &other);
            },
        ),
    ]
}

fn lines(files: &mut Files, path: &str, change: impl FnOnce(&mut Vec<String>)) {
    let text = String::from_utf8(files[path].clone()).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    files.insert(path.to_owned(), (lines.join("\n") + "\n").into_bytes());
}

fn replace(files: &mut Files, path: &str, from: &str, to: &str) {
    let text = String::from_utf8(files[path].clone()).unwrap();
    assert!(text.contains(from), "{path} lacks {from}");
    files.insert(path.to_owned(), text.replacen(from, to, 1).into_bytes());
}

/// What the manifest says that the entries show.
fn shows(files: &Files) -> String {
    let text = String::from_utf8(files["manifest.json"].clone()).unwrap();
    let (_, digest) = text.split_once("\"shows\": \"").unwrap();
    digest[..64].to_owned()
}

fn say_erased(line: &mut String, part: &str) {
    let start = line.find(&format!(",\"{part}\":{{")).unwrap();
    let end = start + line[start..].find('}').unwrap();
    line.replace_range(start..=end, &format!(",\"{part}\":\"erased\""));
}

fn set_note(header: &mut String, note: &str) {
    let with = ledger::export::with_note(header.as_bytes(), note).unwrap();
    with.trim_end().clone_into(header);
}
