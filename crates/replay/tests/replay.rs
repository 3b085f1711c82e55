//! A log of ten thousand random decisions comes out the same when it is decided again; and what was
//! changed is found where it was changed, and nowhere else.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[expect(dead_code, reason = "each test crate uses a part of it")]
mod past;

use std::collections::{BTreeMap, BTreeSet};

use covenant::decide::Past;
use ledger::outcome::Fact;
use ledger::word::Code;
use ledger::{Decided, Kind, Outcome};
use model::Digest;
use past::log::Log;
use past::world::{Random, World, by_digest};
use past::{Logged, log_some};
use replay::again::Unable;

/// A log, and the covenants by which it was made.
fn made(seed: u64, covenants: usize, each: usize) -> (Log, Vec<Logged>, BTreeMap<Digest, Past>) {
    let mut random = Random::new(seed);
    let mut log = Log::new();
    let logged: Vec<Logged> = (0..covenants)
        .map(|_| log_some(&mut log, &mut random, each))
        .collect();
    let pasts = by_digest(logged.iter().map(|one| &one.world));
    (log, logged, pasts)
}

#[test]
fn ten_thousand_random_decisions_come_out_the_same() {
    let (log, logged, pasts) = made(1, 40, 255);
    let decisions: usize = logged.iter().map(|one| one.decisions).sum();
    assert!(decisions >= 10_000, "{decisions}");
    assert!(pasts.len() >= 30, "{} different covenants", pasts.len());
    let report = log.replay(&pasts, &[]);
    assert_eq!(report.differing, []);
    assert_eq!(report.unable, []);
    assert_eq!(report.again, decisions as u64);

    // The log is about something: every kind and decision, and most reasons.
    let mut seen: BTreeMap<(Kind, Option<Decided>), usize> = BTreeMap::new();
    let mut reasons: BTreeSet<String> = BTreeSet::new();
    for entry in log.entries() {
        let outcome = &entry.outcome;
        *seen.entry((outcome.kind, outcome.decision)).or_default() += 1;
        reasons.extend(outcome.reasons.iter().map(|r| r.code.to_string()));
    }
    let kinds = [
        (Kind::MatchDecided, Decided::Revealed),
        (Kind::MatchDecided, Decided::Withheld),
        (Kind::CheckAnswered, Decided::Revealed),
        (Kind::CheckAnswered, Decided::Withheld),
        (Kind::CheckRefused, Decided::Refused),
    ];
    for (kind, decision) in kinds {
        let count = seen.get(&(kind, Some(decision))).copied().unwrap_or(0);
        assert!(count >= 100, "{kind} {decision:?}: {count}");
    }
    for reason in [
        "covenant_not_active",
        "suspended",
        "party_not_confirmed",
        "prohibited",
        "hits",
        "parties",
        "within",
        "review",
        "area",
        "file_number",
        "limit_per_employee",
        "not_about_minor",
        "nothing_from_source",
        "outranked",
    ] {
        assert!(
            reasons.contains(reason),
            "{reason} is not among {reasons:?}"
        );
    }
}

fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

type Lie = fn(&mut Outcome) -> bool;

/// Each changes an outcome, and says whether that is a lie about this one.
const LIES: [(&str, Lie); 9] = [
    ("decision", |outcome| {
        let other = match outcome.decision {
            Some(Decided::Revealed) => Decided::Withheld,
            _ => Decided::Revealed,
        };
        outcome.decision = Some(other);
        true
    }),
    ("reason", |outcome| outcome.reasons.pop().is_some()),
    ("threshold", |outcome| {
        let reason = outcome.reasons.first_mut();
        reason
            .map(|r| r.threshold = Some(Fact::Number(99)))
            .is_some()
    }),
    ("clause", |outcome| {
        let other = model::ClauseNo::parse("9.9").unwrap();
        outcome.clause.replace(other).is_some()
    }),
    ("hits", |outcome| {
        let asks = outcome.reasons.iter().any(|r| r.code == code("hits"));
        for judged in &mut outcome.judged {
            judged.facts.clear();
        }
        for fact in ["live", "counted", "recent", "reviewed", "in_area"] {
            for of in ["hits", "parties"] {
                let name = code(&format!("{fact}.{of}"));
                outcome.facts.insert(name, Fact::Number(9));
            }
        }
        asks
    }),
    ("file number", |outcome| {
        let asks = outcome
            .reasons
            .iter()
            .any(|r| r.code == code("file_number"));
        outcome.facts.insert(code("file_number"), Fact::Flag(true));
        asks
    }),
    ("confirmed", |outcome| {
        let standing = outcome.standing.as_mut().unwrap();
        let revealed = outcome.decision == Some(Decided::Revealed);
        standing.confirmed.clear();
        revealed
    }),
    ("told", |outcome| {
        let told = outcome.facts.get_mut(&code("told"));
        told.map(|told| *told = Fact::Number(77)).is_some()
    }),
    ("duties", |outcome| outcome.duties.pop().is_some()),
];

/// Every lie about one entry is found there and nowhere else.
#[test]
fn a_lie_is_found_where_it_was_told() {
    let (log, _, pasts) = made(2, 1, 90);
    for (name, lie) in LIES {
        let mut found = 0;
        for place in 0..log.size() {
            let mut outcome = log.entries()[place].outcome.clone();
            if !lie(&mut outcome) || found == 4 {
                continue;
            }
            found += 1;
            let report = log.forged(place, outcome).replay(&pasts, &[]);
            let places: Vec<u64> = report.differing.iter().map(|d| d.seq).collect();
            assert_eq!(places, [place as u64], "{name}");
            assert_eq!(report.unable, [], "{name}");
        }
        assert!(found >= 1, "{name} was told {found} times");
    }
}

/// Under another covenant than the one that decided, every entry is one that can't be decided; and
/// where the other passes for it, the entries that it decides otherwise differ.
#[test]
fn another_covenant_is_not_taken_for_the_one_that_decided() {
    let (log, logged, pasts) = made(3, 2, 40);
    let [first, second] = logged.as_slice() else {
        panic!("two covenants");
    };
    let only = by_digest([&first.world]);
    let report = log.replay(&only, &[]);
    assert_eq!(report.again, first.decisions as u64);
    assert_eq!(report.unable.len(), second.decisions);
    let digest = second.world.active.covenant().digest();
    let missing = |(_, why): &(u64, Unable)| *why == Unable::NoCovenant(digest);
    assert!(report.unable.iter().all(missing));

    let stricter =
        World::of(|text| text.replace("voorwaarde.treffers    = 1", "voorwaarde.treffers = 50"));
    let passed_off = pasts
        .keys()
        .map(|digest| (*digest, stricter.past()))
        .collect();
    let report = log.replay(&passed_off, &[]);
    // The digest of the table stands in each entry.
    assert_eq!(report.differing.len() as u64, log.size() as u64);
}

/// What is not opened is named; and an answer whose question is not all here is one of those, unless
/// this entry shows by itself what was told.
#[test]
fn what_is_not_opened_is_named() {
    let (log, _, pasts) = made(4, 1, 60);
    let answers: Vec<usize> = (0..log.size())
        .filter(|place| log.entries()[*place].outcome.kind == Kind::CheckAnswered)
        .collect();
    let (hidden, rest) = answers.split_first().unwrap();
    let report = log.replay(&pasts, &[*hidden]);
    assert_eq!(report.differing, []);
    assert_eq!(
        report.unable.first(),
        Some(&(*hidden as u64, Unable::Hidden))
    );
    let transaction = |place: usize| &log.entries()[place].outcome.transaction_id;
    let siblings = rest
        .iter()
        .filter(|place| transaction(**place) == transaction(*hidden));
    for (seq, why) in report.unable.iter().skip(1) {
        assert_eq!(*why, Unable::PartOfQuestion);
        assert!(siblings.clone().any(|place| *place as u64 == *seq));
    }
    let total = report.again + report.unable.len() as u64;
    assert_eq!(total, log.size() as u64);

    // An outcome of before judgements were recorded.
    let mut old = log.entries()[0].outcome.clone();
    old.standing = None;
    let report = log.forged(0, old).replay(&pasts, &[]);
    assert!(matches!(
        report.unable.first(),
        Some((0, Unable::Unreadable(_)))
    ));
}
