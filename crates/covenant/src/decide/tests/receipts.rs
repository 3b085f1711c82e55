//! An event's own date and its receipt: neither can be used to open anything.

use model::Timestamp;

use super::world::{World, now, party, seed};
use crate::decide::Standing;
use crate::signoff::{Event, EventKind, KeyRole, Scope, VerifiedEvent, sign_event, verify_event};

fn day(days: i64) -> Timestamp {
    now().plus_seconds(days * 24 * 3600)
}

/// An event as signed at one moment; it may be verified whenever.
fn signed(
    world: &World,
    who: &str,
    role: KeyRole,
    at: Timestamp,
    kind: EventKind,
) -> VerifiedEvent {
    let upper = who.to_uppercase();
    let key = match role {
        KeyRole::Signer if who == "politie" => "POLITIE-PF".to_owned(),
        KeyRole::Signer => format!("{upper}-FG"),
        KeyRole::Emergency => format!("{upper}-PIKET"),
        KeyRole::Node => format!("{upper}-KNOOPPUNT"),
    };
    let event = Event::new(world.active.covenant(), party(who), role, at, kind);
    verify_event(&sign_event(&event, &seed(&key)), &world.active, at).unwrap()
}

fn suspended(world: &World, who: &str, role: KeyRole, at: Timestamp) -> VerifiedEvent {
    signed(world, who, role, at, EventKind::Suspend(Scope::Whole))
}

fn resumed(world: &World, who: &str, of: &VerifiedEvent, at: Timestamp) -> VerifiedEvent {
    signed(world, who, KeyRole::Signer, at, EventKind::Resume(of.id()))
}

fn folded(world: &World, events: &[(&VerifiedEvent, Timestamp)]) -> Standing {
    Standing::fold(world.active.covenant(), [], events.iter().copied())
}

#[test]
fn a_resumption_lifts_no_earlier_than_its_receipt_nor_than_its_date() {
    let world = World::new();
    let suspension = suspended(&world, "politie", KeyRole::Signer, day(0));
    // Signed on day 1, and kept in a drawer until day 5.
    let own = resumed(&world, "politie", &suspension, day(1));
    let other = resumed(&world, "zorg", &suspension, day(1));
    let events = [(&suspension, day(0)), (&own, day(1)), (&other, day(5))];
    let standing = folded(&world, &events);
    assert!(standing.is_wholly_suspended(day(5).plus_seconds(-1)));
    assert!(!standing.is_wholly_suspended(day(5)));
    // Dated two minutes ahead.
    let ahead = day(5).plus_seconds(119);
    let other = resumed(&world, "zorg", &suspension, ahead);
    let events = [(&suspension, day(0)), (&own, day(5)), (&other, day(5))];
    let standing = folded(&world, &events);
    assert!(standing.is_wholly_suspended(day(5)));
    assert!(!standing.is_wholly_suspended(ahead));
}

/// A resumption dated within the 30 days and received after them does not undo the lapse.
#[test]
fn a_back_dated_resumption_brings_nothing_back() {
    let world = World::new();
    let suspension = suspended(&world, "politie", KeyRole::Signer, day(0));
    let own = resumed(&world, "politie", &suspension, day(3));
    let other = resumed(&world, "zorg", &suspension, day(3));
    let on_time = [(&suspension, day(0)), (&own, day(3)), (&other, day(29))];
    assert!(!folded(&world, &on_time).is_over(day(60)));
    let late = [(&suspension, day(0)), (&own, day(3)), (&other, day(31))];
    let standing = folded(&world, &late);
    assert!(!standing.is_over(day(29)));
    for later in [30, 31, 60, 300] {
        assert!(standing.is_over(day(later)), "day {later}");
    }
    assert_eq!(standing.lapsed_at(day(60)), Some(day(30)));
    assert!(!standing.is_wholly_suspended(day(60)), "lifted, and over");
}

#[test]
fn the_thirty_days_count_from_the_earlier_moment() {
    let world = World::new();
    // Held back for ten days: they count.
    let held_back = suspended(&world, "politie", KeyRole::Signer, day(0));
    let standing = folded(&world, &[(&held_back, day(10))]);
    assert_eq!(standing.lapses_at(day(11)), Some(day(30)));
    // Dated two minutes ahead: that puts nothing off.
    let ahead = suspended(&world, "politie", KeyRole::Signer, day(0).plus_seconds(119));
    let standing = folded(&world, &[(&ahead, day(0))]);
    assert_eq!(standing.lapses_at(day(1)), Some(day(30)));
    assert!(standing.is_wholly_suspended(day(0)));
}

/// An emergency key may suspend and not withdraw; a date in the past would be a way to.
#[test]
fn an_emergency_key_ends_no_version_by_its_date() {
    let world = World::new();
    let long_ago = suspended(&world, "politie", KeyRole::Emergency, day(-40));
    let standing = folded(&world, &[(&long_ago, day(0))]);
    assert!(standing.is_wholly_suspended(day(0)) && !standing.is_over(day(0)));
    assert_eq!(standing.lapses_at(day(0)), Some(day(30)));
}

#[test]
fn taking_turns_does_not_put_off_the_end() {
    let world = World::new();
    let first = suspended(&world, "politie", KeyRole::Signer, day(0));
    let second = suspended(&world, "zorg", KeyRole::Signer, day(19));
    let own = resumed(&world, "politie", &first, day(20));
    let other = resumed(&world, "gemeente", &first, day(20));
    let events = |from| {
        [
            (&first, day(0)),
            (&second, from),
            (&own, day(20)),
            (&other, day(20)),
        ]
    };
    let standing = folded(&world, &events(day(19)));
    assert!(!standing.is_over(day(29)) && standing.is_over(day(30)));
    // With a day in between there are two stretches.
    let later = suspended(&world, "zorg", KeyRole::Signer, day(21));
    let apart = [
        (&first, day(0)),
        (&own, day(20)),
        (&other, day(20)),
        (&later, day(21)),
    ];
    let standing = folded(&world, &apart);
    assert!(!standing.is_over(day(50)) && standing.is_over(day(51)));
}

/// Parts may be suspended for as long as the parties like.
#[test]
fn a_part_that_is_suspended_ends_no_version() {
    let world = World::new();
    let kind = EventKind::Suspend(Scope::Recipient(party("corporatie")));
    let part = signed(&world, "zorg", KeyRole::Signer, day(0), kind);
    let standing = folded(&world, &[(&part, day(0))]);
    assert!(!standing.is_over(day(300)));
    assert_eq!(standing.lapses_at(day(300)), None);
    assert_eq!(standing.suspensions(day(300)).len(), 1);
}

#[test]
fn an_old_confirmation_that_is_sent_again_is_not_fresh() {
    let world = World::new();
    let old = signed(&world, "zorg", KeyRole::Node, day(0), EventKind::StillValid);
    let standing = folded(&world, &[(&old, day(0)), (&old, day(3))]);
    assert_eq!(standing.confirmed_at(&party("zorg")), Some(day(0)));
    assert!(!standing.is_confirmed(&party("zorg"), day(3)));
    // One dated ahead lasts no longer than one that is not.
    let at = day(0).plus_seconds(119);
    let ahead = signed(&world, "zorg", KeyRole::Node, at, EventKind::StillValid);
    let standing = folded(&world, &[(&ahead, day(0))]);
    assert!(!standing.is_confirmed(&party("zorg"), day(1)));
}

/// The same suspension again after it was lifted is the same one, and lifted.
#[test]
fn a_replayed_event_changes_nothing() {
    let world = World::new();
    let suspension = suspended(&world, "politie", KeyRole::Signer, day(0));
    let own = resumed(&world, "politie", &suspension, day(1));
    let other = resumed(&world, "zorg", &suspension, day(1));
    let withdrawal = signed(&world, "zorg", KeyRole::Signer, day(2), EventKind::Withdraw);
    let once = [
        (&suspension, day(0)),
        (&own, day(1)),
        (&other, day(1)),
        (&withdrawal, day(2)),
    ];
    let mut standing = folded(&world, &once);
    let before = standing.clone();
    for (event, _) in once {
        standing.apply(event, day(9));
    }
    assert_eq!(standing, before);
    assert!(!standing.is_wholly_suspended(day(9)));
    assert_eq!(standing.withdrawn(), Some((day(2), &party("zorg"))));
}
