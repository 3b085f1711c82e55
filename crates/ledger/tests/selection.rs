//! What a filtered answer's numbers show, for each way to filter and each kind of reader.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ledger::counters::selection::{Audience, By, Missing, Purpose, Reached, Selection, Whose};
use ledger::{Class, Counters, Skeleton};
use model::{Digest, PartyId, PurposeId, Timestamp};

const HERE: Digest = Digest::new([1; 32]);

fn party(name: &str) -> PartyId {
    PartyId::parse(name).unwrap()
}

fn visit() -> PurposeId {
    PurposeId::parse("bezoekveiligheid").unwrap()
}

/// An entry by its place, to a recipient from a source, each with its number, and the purpose's.
fn leaf(seq: u64, to: Option<(&str, u64)>, from: Option<(&str, u64)>, purpose: u64) -> Skeleton {
    Skeleton {
        seq,
        at: Timestamp::from_millis(1_800_000_000_000 + i64::try_from(seq).unwrap()),
        class: Class::Decision,
        covenant: Some(HERE),
        recipient: to.map(|(name, _)| party(name)),
        source: from.map(|(name, _)| party(name)),
        counters: Counters {
            recipient: to.map(|(_, number)| number),
            source: from.map(|(_, number)| number),
            purpose,
        },
        n: [0; 32],
        request: Digest::new([2; 32]),
        answer: Digest::new([3; 32]),
        outcome: Digest::new([4; 32]),
    }
}

/// Six entries: five of one recipient, the sources in turn, and one that names nobody.
fn log() -> Vec<Skeleton> {
    vec![
        leaf(0, Some(("corporatie", 1)), Some(("politie", 1)), 1),
        leaf(1, Some(("corporatie", 2)), Some(("gemeente", 1)), 2),
        leaf(2, None, None, 1),
        leaf(3, Some(("corporatie", 3)), Some(("politie", 2)), 3),
        leaf(4, Some(("corporatie", 4)), Some(("gemeente", 2)), 4),
        leaf(5, Some(("corporatie", 5)), Some(("politie", 3)), 5),
    ]
}

fn auditor(by: By) -> Selection {
    let mut selection = Selection::new(by, true);
    selection.audits(HERE);
    selection
}

fn named(by: By, name: &str) -> Selection {
    let mut selection = Selection::new(by, true);
    selection.is_named(HERE, party(name));
    selection
}

/// What is found when the entries at these places are left out.
fn without(mut selection: Selection, places: &[u64]) -> Vec<Missing> {
    let visit = visit();
    for leaf in log() {
        if !places.contains(&leaf.seq) {
            selection.observe(&leaf, Purpose::Known(Some(&visit)));
        }
    }
    selection.missing().to_vec()
}

fn missing(whose: Whose, first: u64, last: u64) -> Missing {
    Missing {
        audience: Audience {
            covenant: HERE,
            whose,
        },
        first,
        last,
        inside: true,
    }
}

#[test]
fn nothing_is_missing_where_all_is_shown() {
    assert_eq!(without(auditor(By::Everything), &[]), []);
    assert_eq!(without(named(By::Everything, "corporatie"), &[2]), []);
    // A source sees its own numbers without a gap, and the recipient's with gaps.
    assert_eq!(without(named(By::Everything, "politie"), &[1, 2, 4]), []);
    assert_eq!(
        without(auditor(By::Source(party("politie"))), &[1, 2, 4]),
        []
    );
    assert_eq!(without(auditor(By::Purpose(visit())), &[]), []);
}

#[test]
fn a_gap_is_named_by_audience_and_number() {
    let (recipient, source) = (
        Whose::Recipient(party("corporatie")),
        Whose::Source(party("politie")),
    );
    let purpose = Whose::Purpose(Some(party("corporatie")), Some(visit()));
    assert_eq!(
        without(auditor(By::Everything), &[3]),
        [
            missing(recipient.clone(), 3, 3),
            missing(purpose.clone(), 3, 3),
            missing(source.clone(), 2, 2)
        ]
    );
    assert_eq!(
        without(auditor(By::Recipient(party("corporatie"))), &[1, 2, 3]),
        [missing(recipient, 2, 3), missing(purpose.clone(), 2, 3)]
    );
    assert_eq!(
        without(auditor(By::Source(party("politie"))), &[0, 1, 2, 4]),
        [missing(source, 1, 1)]
    );
    assert_eq!(
        without(auditor(By::Purpose(visit())), &[4]),
        [missing(purpose, 4, 4)]
    );
}

#[test]
fn a_filter_that_follows_nobody_shows_nothing() {
    assert_eq!(without(auditor(By::Other), &[1, 3]), []);
    let elsewhere = named(By::Recipient(party("corporatie")), "politie");
    assert_eq!(without(elsewhere, &[1, 2, 4]), []);
    assert_eq!(
        without(named(By::Purpose(visit()), "corporatie"), &[1, 2]),
        []
    );
    // In a range that begins later, the first number may be any.
    let mut later = Selection::new(By::Everything, false);
    later.audits(HERE);
    assert_eq!(without(later, &[0, 1]), []);
}

#[test]
fn an_entry_that_was_erased_may_stand_in_a_purposes_gap_and_only_once() {
    let visit = visit();
    let mut selection = auditor(By::Everything);
    for leaf in log() {
        let erased = leaf.seq == 1;
        let purpose = if erased {
            Purpose::Unknown
        } else {
            Purpose::Known(Some(&visit))
        };
        if leaf.seq != 4 {
            selection.observe(&leaf, purpose);
        }
    }
    let purposes: Vec<&Missing> = selection
        .missing()
        .iter()
        .filter(|one| matches!(one.audience.whose, Whose::Purpose(..)))
        .collect();
    let (to, whose) = (Some(party("corporatie")), Some(visit));
    assert_eq!(purposes, [&missing(Whose::Purpose(to, whose), 4, 4)]);
}

#[test]
fn the_last_ones_are_missed_when_they_were_seen_before() {
    let visit = visit();
    let mut whole = auditor(By::Everything);
    for leaf in log() {
        whole.observe(&leaf, Purpose::Known(Some(&visit)));
    }
    let before: Vec<(Audience, Reached)> = whole
        .reached()
        .map(|(audience, reached)| (audience.clone(), reached))
        .collect();
    let mut now = auditor(By::Source(party("politie")));
    let first = log().remove(0);
    now.observe(&first, Purpose::Known(Some(&visit)));
    for (audience, reached) in &before {
        now.reached_before(audience, *reached);
    }
    let expected = Missing {
        inside: false,
        ..missing(Whose::Source(party("politie")), 2, 3)
    };
    assert_eq!(now.missing(), [expected]);
}

#[test]
fn a_number_without_end_ends() {
    let mut selection = auditor(By::Everything);
    selection.observe(
        &leaf(0, Some(("corporatie", u64::MAX)), None, u64::MAX),
        Purpose::Known(None),
    );
    let lasts: Vec<u64> = selection.missing().iter().map(|one| one.last).collect();
    assert_eq!(lasts, [u64::MAX - 1, u64::MAX - 1]);
}
