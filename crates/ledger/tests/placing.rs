//! Numbers of single entries that come in any order, as receipts show them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ledger::counters::Placing;
use ledger::{Class, Counters, Skeleton};
use model::{Digest, PartyId, Timestamp};
use proptest::prelude::*;

fn leaf(seq: u64, recipient: u64) -> Skeleton {
    Skeleton {
        seq,
        at: Timestamp::from_millis(1_800_000_000_000),
        class: Class::Decision,
        covenant: Some(Digest::new([1; 32])),
        recipient: Some(PartyId::parse("corporatie").unwrap()),
        source: None,
        counters: Counters {
            recipient: Some(recipient),
            source: None,
            purpose: 1,
        },
        n: [0; 32],
        request: Digest::new([2; 32]),
        answer: Digest::new([3; 32]),
        outcome: Digest::new([4; 32]),
    }
}

fn all(entries: &[(u64, u64)]) -> bool {
    let mut placing = Placing::default();
    entries
        .iter()
        .all(|(seq, number)| placing.observe(&leaf(*seq, *number)).is_ok())
}

#[test]
fn numbers_rise_with_places_in_whatever_order_they_come() {
    assert!(all(&[(0, 1), (3, 2), (4, 3)]));
    assert!(
        all(&[(4, 3), (0, 1), (3, 2), (3, 2)]),
        "also the same again"
    );
    assert!(all(&[(9, 3), (900, 40)]), "others may still come");
}

#[test]
fn what_can_not_be_is_found() {
    for bad in [
        // A number at two places, and a place with two numbers.
        &[(3, 2), (5, 2)][..],
        &[(3, 2), (3, 1)],
        // Numbers that run back.
        &[(3, 2), (5, 1)],
        &[(5, 2), (3, 3)],
        // More numbers than places.
        &[(0, 2)],
        &[(3, 1), (4, 3)],
        &[(4, 3), (3, 1)],
        &[(3, 1), (9, 2), (5, 3)],
    ] {
        assert!(!all(bad), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn an_honest_log_is_never_accused(named in prop::collection::vec(any::<bool>(), 1..80), order in any::<u64>()) {
        let mut number = 0;
        let mut entries: Vec<(u64, u64)> = Vec::new();
        for (seq, named) in (0..).zip(named) {
            if named {
                number += 1;
                entries.push((seq, number));
            }
        }
        entries.sort_by_key(|(seq, _)| (seq ^ order).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        prop_assert!(all(&entries));
    }
}
