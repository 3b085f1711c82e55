//! Logs of brokers that lie.

use ledger::{Class, Counters, Kind, Sealed, Skeleton};
use model::Timestamp;

use super::{digest, small, under};
use crate::log_builder::{Log, check, event};

/// Logs that their own broker signed, though they break a promise.
pub(super) fn logs() -> Vec<(&'static str, &'static str, Log)> {
    let usual = |purpose| Counters {
        recipient: Some(4),
        source: Some(3),
        purpose,
    };
    let at = |text| Timestamp::from_rfc3339(text).unwrap();
    let late = at("2026-11-23T21:00:00.000Z");
    let with = |counters, instant| {
        let mut log = small();
        log.append_with(under(check("politie", true)), counters, instant);
        log
    };
    let early = at("2026-11-23T20:15:01.000Z");
    let gap = Counters {
        recipient: Some(5),
        ..usual(4)
    };
    let mut misplaced = small();
    relabel(&mut misplaced, |skeleton| skeleton.seq = 7);
    let mut class = small();
    relabel(&mut class, |skeleton| skeleton.class = Class::Rights);
    vec![
        (
            "order-seq",
            "a leaf says another place than it has",
            misplaced,
        ),
        (
            "time-back",
            "an entry is earlier than the one before it",
            with(usual(4), early),
        ),
        (
            "outcome-class",
            "an outcome is not of the class that its leaf shows",
            class,
        ),
        (
            "counters-gap",
            "a number of the recipient is missing",
            with(gap, late),
        ),
        (
            "counters-twice",
            "a number of the purpose stands twice",
            with(usual(3), late),
        ),
    ]
}

/// Appends an entry whose leaf was changed before it was hashed.
fn relabel(log: &mut Log, change: impl FnOnce(&mut Skeleton)) {
    let mut other = small();
    other.append(event(Kind::QuotaExceeded, Some(digest())));
    let sealed = other.entries.pop().unwrap();
    let mut skeleton = sealed.skeleton.clone();
    change(&mut skeleton);
    let leaf = skeleton.to_leaf().unwrap();
    let sealed = Sealed {
        skeleton,
        leaf: leaf.clone(),
        ..sealed
    };
    log.append_leaf(leaf, sealed);
}
