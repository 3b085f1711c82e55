//! The leaf: one length whatever happened, one form, and commitments that bind.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[expect(dead_code, reason = "each test crate uses a part of the builder")]
mod log_builder;

use std::collections::BTreeSet;

use ledger::counters::{Counting, Named, Reader};
use ledger::{Audiences, Class, Counters, EntryError, Kind, LEAF_LEN, NewEntry, Part, Skeleton};
use log_builder::{busy_log, check, covenant, event, matched, other_covenant, party, placement};
use model::{PartyId, PurposeId, Timestamp};

#[test]
fn every_leaf_has_one_length_and_reads_back() {
    let log = busy_log();
    for (sealed, leaf) in log.entries.iter().zip(&log.leaves) {
        assert_eq!(leaf.len(), LEAF_LEN);
        assert!(leaf.is_ascii());
        assert_eq!(Skeleton::from_leaf(leaf).unwrap(), sealed.skeleton);
        let json: serde_json::Value = serde_json::from_slice(leaf).unwrap();
        let fields: BTreeSet<&str> = json
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let expected = [
            "v",
            "seq",
            "at",
            "class",
            "covenant",
            "recipient",
            "source",
            "counters",
            "n",
            "request",
            "answer",
            "outcome",
        ];
        assert_eq!(fields, BTreeSet::from(expected));
    }
}

#[test]
fn the_longest_and_the_shortest_values_have_the_same_length() {
    let long = PartyId::parse(&"a".repeat(64)).unwrap();
    let counters = Counters {
        recipient: Some(u64::MAX),
        source: Some(u64::MAX),
        purpose: u64::MAX,
    };
    let at = Timestamp::from_rfc3339("9998-12-31T23:59:59.999Z").unwrap();
    let entry = NewEntry {
        recipient: Some(long.clone()),
        source: Some(long),
        ..check("politie", true)
    };
    let sealed = entry.seal(placement(u64::MAX, at, counters)).unwrap();
    assert_eq!(sealed.leaf.len(), LEAF_LEN);
    assert_eq!(Skeleton::from_leaf(&sealed.leaf).unwrap(), sealed.skeleton);

    let counters = Counters {
        recipient: None,
        source: None,
        purpose: 1,
    };
    let at = Timestamp::from_millis(0);
    let sealed = event(Kind::Padding, None)
        .seal(placement(0, at, counters))
        .unwrap();
    assert_eq!(sealed.leaf.len(), LEAF_LEN);
    assert_eq!(Skeleton::from_leaf(&sealed.leaf).unwrap(), sealed.skeleton);
}

#[test]
fn a_leaf_does_not_tell_what_was_decided() {
    let counters = Counters {
        recipient: Some(1),
        source: Some(1),
        purpose: 1,
    };
    let seal = |revealed| {
        let at = Timestamp::from_millis(1_800_000_000_000);
        check("politie", revealed)
            .seal(placement(9, at, counters))
            .unwrap()
            .skeleton
    };
    let (yes, no) = (seal(true), seal(false));
    assert_ne!(yes.answer, no.answer);
    assert_ne!(yes.outcome, no.outcome);
    assert_eq!(
        Skeleton {
            answer: no.answer,
            outcome: no.outcome,
            ..yes
        },
        no
    );
}

#[test]
fn only_what_is_written_is_read() {
    let log = busy_log();
    let leaf = String::from_utf8(log.leaves[2].clone()).unwrap();
    let broken = [
        (leaf.replace("\"v\":1", "\"v\":2"), EntryError::Leaf("seq")),
        (
            leaf.replace("\"at\":\"2026-11", "\"at\":\"2026-13"),
            EntryError::Leaf("at"),
        ),
        (
            leaf.replace("decision.", "decisions"),
            EntryError::Leaf("class"),
        ),
        (
            leaf.replace("corporatie.", "corporatie.."),
            EntryError::Leaf("source"),
        ),
        (
            leaf.replace("corporatie.", "Corporatie."),
            EntryError::Leaf("recipient"),
        ),
        (
            leaf.replace("gemeente..", "gemeente.a"),
            EntryError::Leaf("source"),
        ),
        (leaf.replace("\"n\":\"", "\"n\": \""), EntryError::Leaf("n")),
        (format!("{leaf}\n"), EntryError::Leaf("end")),
        (format!(" {leaf}"), EntryError::Leaf("seq")),
        (String::new(), EntryError::Leaf("seq")),
        (
            leaf.replace("00000000000000000001", "...................."),
            EntryError::Leaf("counters.purpose"),
        ),
        (
            leaf.replacen("00000000000000000001", "00000000000000000000", 1),
            EntryError::Counters,
        ),
        (
            leaf.replacen("00000000000000000001", "....................", 1),
            EntryError::Counters,
        ),
        (
            leaf.replacen("00000000000000000001", "99999999999999999999", 1),
            EntryError::Leaf("counters.recipient"),
        ),
        (
            leaf.replacen("00000000000000000001", "+0000000000000000001", 1),
            EntryError::Leaf("counters.recipient"),
        ),
    ];
    for (text, error) in broken {
        assert_ne!(text, leaf);
        assert_eq!(Skeleton::from_leaf(text.as_bytes()), Err(error), "{text}");
    }
    assert_eq!(
        Skeleton::from_leaf(&[0xFF]),
        Err(EntryError::Leaf("encoding"))
    );
}

#[test]
fn what_cannot_be_sealed_is_refused() {
    let at = Timestamp::from_millis(1_800_000_000_000);
    let counters = Counters {
        recipient: Some(1),
        source: Some(1),
        purpose: 1,
    };
    let seal = |entry: NewEntry, at, counters| entry.seal(placement(0, at, counters)).unwrap_err();
    let long = NewEntry {
        answer: vec![0; 64 * 1024 + 1],
        ..check("politie", true)
    };
    assert_eq!(seal(long, at, counters), EntryError::TooLong(Part::Answer));
    let early = Timestamp::from_millis(-1);
    assert_eq!(
        seal(check("politie", true), early, counters),
        EntryError::Instant
    );
    let late = Timestamp::from_millis(i64::MAX);
    assert_eq!(
        seal(check("politie", true), late, counters),
        EntryError::Instant
    );
    for bad in [
        Counters {
            recipient: None,
            ..counters
        },
        Counters {
            source: Some(0),
            ..counters
        },
        Counters {
            purpose: 0,
            ..counters
        },
    ] {
        assert_eq!(seal(check("politie", true), at, bad), EntryError::Counters);
    }
    assert_eq!(
        seal(event(Kind::Padding, None), at, counters),
        EntryError::Counters
    );
}

#[test]
fn openings_open_what_the_leaf_commits_to() {
    for sealed in busy_log().entries {
        for (part, opening) in [
            (Part::Request, &sealed.request),
            (Part::Answer, &sealed.answer),
            (Part::Outcome, &sealed.outcome),
        ] {
            assert!(opening.opens(part, sealed.skeleton.commitment(part)));
        }
        let outcome = ledger::Outcome::from_json(&sealed.outcome.bytes).unwrap();
        assert_eq!(outcome.kind.class(), sealed.skeleton.class);
    }
}

#[test]
fn a_kind_gives_the_class() {
    let log = busy_log();
    let classes: Vec<Class> = log.entries.iter().map(|e| e.skeleton.class).collect();
    assert_eq!(
        classes[..3],
        [Class::Covenant, Class::Covenant, Class::Decision]
    );
    assert_eq!(classes[6], Class::Operation);
}

#[test]
fn audiences_are_apart() {
    let purpose = PurposeId::parse("veilig-bezoek").unwrap();
    let (covenant, other) = (covenant(), other_covenant());
    let (a, b) = (party("corporatie"), party("gemeente"));
    let of =
        |covenant, recipient, source, purpose| Audiences::of(covenant, recipient, source, purpose);
    let all = [
        of(Some(&covenant), Some(&a), Some(&b), Some(&purpose)),
        of(Some(&other), Some(&a), Some(&b), Some(&purpose)),
        of(None, Some(&a), Some(&b), Some(&purpose)),
        of(Some(&covenant), Some(&b), Some(&a), Some(&purpose)),
    ];
    let keys: BTreeSet<_> = all
        .iter()
        .flat_map(|x| [x.recipient.unwrap(), x.source.unwrap(), x.purpose])
        .collect();
    assert_eq!(keys.len(), 12);
    let named = of(Some(&covenant), Some(&a), None, None).purpose;
    let unnamed = of(Some(&covenant), None, None, None).purpose;
    assert_ne!(
        named, unnamed,
        "a hidden entry does not number with those that a party reads"
    );
}

#[test]
fn a_left_out_entry_is_a_gap_for_each_reader_that_is_owed_it() {
    let log = busy_log();
    let leaves: Vec<&Skeleton> = log.entries.iter().map(|e| &e.skeleton).collect();
    let corporation = Reader::Party(BTreeSet::from([(covenant(), party("corporatie"))]));
    let police = Reader::Party(BTreeSet::from([
        (covenant(), party("politie")),
        (other_covenant(), party("politie")),
    ]));
    for (reader, name) in [(corporation, "corporatie"), (police, "politie")] {
        let mine: Vec<&Skeleton> = leaves
            .iter()
            .copied()
            .filter(|leaf| leaf.names(&party(name)))
            .collect();
        assert!(mine.len() >= 3, "{name}");
        assert!(follow(&reader, &mine).is_ok(), "{name}");
        for left_out in 0..mine.len() - 1 {
            let mut fewer = mine.clone();
            let gone = fewer.remove(left_out);
            let last_of_its_kind = fewer[left_out..].iter().all(|leaf| {
                (leaf.covenant, &leaf.recipient) != (gone.covenant, &gone.recipient)
                    && (leaf.covenant, &leaf.source) != (gone.covenant, &gone.source)
            });
            assert_eq!(
                follow(&reader, &fewer).is_ok(),
                last_of_its_kind,
                "{name} {left_out}"
            );
        }
        let mut twice = mine.clone();
        twice.insert(1, mine[0]);
        assert!(follow(&reader, &twice).is_err());
    }
}

#[test]
fn a_withheld_continuous_match_leaves_the_parties_no_gap() {
    let mut log = log_builder::Log::new();
    log.append(matched(true));
    log.append(matched(false));
    log.append(matched(true));
    let reader = Reader::Party(BTreeSet::from([(other_covenant(), party("gemeente"))]));
    let visible: Vec<&Skeleton> = log
        .entries
        .iter()
        .map(|e| &e.skeleton)
        .filter(|leaf| leaf.names(&party("gemeente")))
        .collect();
    assert_eq!(visible.len(), 2);
    assert!(follow(&reader, &visible).is_ok());
    assert_eq!(
        visible[1].counters,
        Counters {
            recipient: Some(2),
            source: Some(2),
            purpose: 2
        }
    );
}

#[test]
fn an_entry_of_unknown_purpose_fills_one_gap_in_its_own_group() {
    let purpose = PurposeId::parse("veilig-bezoek").unwrap();
    let named = |recipient: &str| Named::new(Some(covenant()), Some(party(recipient)), None);
    let auditor = Reader::Auditor(BTreeSet::from([covenant()]));
    // Which numbers of its purpose are opened, and which by which recipient are not.
    let follows = |opened: &[u64], unopened: &[(&str, u64)]| {
        let mut counting = Counting::new(auditor.clone(), true);
        let numbers = |recipient, purpose| Counters {
            recipient: Some(recipient),
            source: None,
            purpose,
        };
        let (mut own, mut others) = (0, 0);
        let mut next = |recipient: &str| {
            let of = if recipient == "corporatie" {
                &mut own
            } else {
                &mut others
            };
            *of += 1;
            *of
        };
        for (recipient, number) in unopened {
            let numbers = numbers(next(recipient), *number);
            counting.observe(&named(recipient), &numbers, None).unwrap();
        }
        let asker = named("corporatie");
        let key = asker.purpose(Some(&purpose));
        opened.iter().all(|number| {
            let numbers = numbers(next("corporatie"), *number);
            counting.observe(&asker, &numbers, Some(key)).is_ok()
        })
    };
    let own = |number| ("corporatie", number);
    assert!(follows(&[1, 2, 3], &[]));
    assert!(follows(&[1, 3], &[own(2)]));
    assert!(follows(
        &[1, 65, 67],
        &(2..65).chain([66]).map(own).collect::<Vec<_>>()
    ));
    assert!(follows(&[1, 2, 3], &[own(2), own(2)]), "of another purpose");
    assert!(!follows(&[1, 3], &[]));
    assert!(!follows(&[1, 3], &[own(1), own(3), own(66)]));
    assert!(!follows(&[1, 3], &[("gemeente", 2)]));
    assert!(!follows(&[1, 4], &[own(2), own(2)]));
    assert!(!follows(&[1, u64::MAX], &[own(2)]));
}

fn follow(reader: &Reader, leaves: &[&Skeleton]) -> Result<(), ledger::counters::CounterGap> {
    let mut counting = Counting::new(reader.clone(), true);
    leaves.iter().try_for_each(|leaf| {
        let named = Named::new(leaf.covenant, leaf.recipient.clone(), leaf.source.clone());
        counting.observe(&named, &leaf.counters, None)
    })
}
