//! Whatever happens in whatever order: the outcome is the same, and closing never opens.

use std::sync::LazyLock;

use model::{ClauseNo, Digest, SignalTypeId, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::world::{PARTIES, World, checked, envelopes, now, party, seed, source};
use crate::decide::Standing;
use crate::decide::evaluate::in_force;
use crate::signoff::{
    Event, EventKind, KeyRole, Scope, VerifiedEvent, VerifiedStatement, sign_event, verify_event,
};

static WORLD: LazyLock<World> = LazyLock::new(World::new);

static SIGNED: LazyLock<Vec<VerifiedStatement>> = LazyLock::new(|| {
    let proposal = WORLD.active.proposal();
    let all = envelopes(&checked(&source()));
    all.iter()
        .map(|envelope| proposal.verify_envelope(envelope, now()).unwrap())
        .collect()
});

/// What happens: hours after now, and how much later it is received.
#[derive(Clone, Debug)]
enum Step {
    Suspend(usize, bool, u8, i64, i64),
    Resume(usize, Index, i64, i64),
    Reject(usize, i64, i64),
    Withdraw(usize, i64, i64),
    StillValid(usize, i64, i64),
    Sign(usize, Option<i64>),
}

fn step() -> impl Strategy<Value = Step> {
    let (who, at, late) = (0..PARTIES.len(), -24..1200_i64, -1..900_i64);
    let times = (who.clone(), at, late);
    prop_oneof![
        4 => (times.clone(), any::<bool>(), 0..4_u8)
            .prop_map(|((p, at, late), emergency, scope)| Step::Suspend(p, emergency, scope, at, late)),
        6 => (times.clone(), any::<Index>()).prop_map(|((p, at, late), i)| Step::Resume(p, i, at, late)),
        1 => times.clone().prop_map(|(p, at, late)| Step::Reject(p, at, late)),
        1 => times.clone().prop_map(|(p, at, late)| Step::Withdraw(p, at, late)),
        4 => times.prop_map(|(p, at, late)| Step::StillValid(p, at, late)),
        2 => (who, proptest::option::of(0..1200_i64)).prop_map(|(p, at)| Step::Sign(p, at)),
    ]
}

fn hours(hours: i64) -> Timestamp {
    now().plus_seconds(hours * 3600)
}

#[derive(Clone)]
enum Said {
    Event(VerifiedEvent, Timestamp),
    Signed(VerifiedStatement, Option<Timestamp>),
}

fn event(who: usize, role: KeyRole, at: i64, kind: EventKind) -> VerifiedEvent {
    let (name, signer) = PARTIES[who];
    let upper = name.to_uppercase();
    let key = match role {
        KeyRole::Signer => signer.to_owned(),
        KeyRole::Emergency => format!("{upper}-PIKET"),
        KeyRole::Node => format!("{upper}-KNOOPPUNT"),
    };
    let event = Event::new(WORLD.active.covenant(), party(name), role, hours(at), kind);
    verify_event(&sign_event(&event, &seed(&key)), &WORLD.active, hours(at)).unwrap()
}

fn scope(number: u8) -> Scope {
    match number {
        0 => Scope::Clause(ClauseNo::parse("3.1").unwrap()),
        1 => Scope::Signal(SignalTypeId::parse("agressie").unwrap()),
        2 => Scope::Recipient(party("corporatie")),
        _ => Scope::Whole,
    }
}

fn said(steps: &[Step]) -> Vec<Said> {
    let mut suspensions: Vec<Digest> = Vec::new();
    let mut all = Vec::new();
    for step in steps {
        let (event, late) = match step {
            Step::Suspend(who, emergency, what, at, late) => {
                let role = if *emergency {
                    KeyRole::Emergency
                } else {
                    KeyRole::Signer
                };
                let event = event(*who, role, *at, EventKind::Suspend(scope(*what)));
                suspensions.push(event.id());
                (event, late)
            }
            Step::Resume(who, which, at, late) => {
                let id = match suspensions.as_slice() {
                    [] => Digest::new([9; 32]),
                    some => *which.get(some),
                };
                (
                    event(*who, KeyRole::Signer, *at, EventKind::Resume(id)),
                    late,
                )
            }
            Step::Reject(who, at, late) => {
                (event(*who, KeyRole::Signer, *at, EventKind::Reject), late)
            }
            Step::Withdraw(who, at, late) => {
                (event(*who, KeyRole::Signer, *at, EventKind::Withdraw), late)
            }
            Step::StillValid(who, at, late) => {
                (event(*who, KeyRole::Node, *at, EventKind::StillValid), late)
            }
            Step::Sign(who, at) => {
                all.push(Said::Signed(SIGNED[*who].clone(), at.map(hours)));
                continue;
            }
        };
        let received = event.event().signed_at.plus_seconds(late * 3600);
        all.push(Said::Event(event, received));
    }
    all
}

fn folded(all: &[Said]) -> Standing {
    let mut standing = Standing::new(WORLD.active.covenant());
    for said in all {
        match said {
            Said::Event(event, received) => standing.apply(event, *received),
            Said::Signed(statement, received) => standing.sign(statement, *received),
        }
    }
    standing
}

/// Whether a flow is open as far as a standing says.
fn opens(standing: &Standing, clause: &str, signal: &str, to: &str, at: Timestamp) -> bool {
    let covenant = WORLD.active.covenant();
    let clause = ClauseNo::parse(clause).unwrap();
    let signal = SignalTypeId::parse(signal).unwrap();
    in_force(covenant, standing, at)
        && !standing.is_suspended(Some(&clause), &signal, &party(to), at)
        && standing.is_confirmed(&party(to), at)
}

const FLOWS: [(&str, &str, &str); 4] = [
    ("3.1", "agressie", "corporatie"),
    ("3.1", "overlast", "corporatie"),
    ("3.2", "overlast", "corporatie"),
    ("4.1", "agressie", "gemeente"),
];

fn open_flows(standing: &Standing) -> Vec<(usize, i64)> {
    let mut open = Vec::new();
    for (number, (clause, signal, to)) in FLOWS.iter().enumerate() {
        for hour in (-24..1800).step_by(11) {
            if opens(standing, clause, signal, to, hours(hour)) {
                open.push((number, hour));
            }
        }
    }
    open
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_order_makes_no_difference(
        steps in vec(step(), 0..14),
        keys in vec(any::<u32>(), 14),
        twice in any::<Index>(),
    ) {
        let all = said(&steps);
        let mut other: Vec<(u32, Said)> = keys.into_iter().zip(all.clone()).collect();
        other.sort_by_key(|(key, _)| *key);
        let mut other: Vec<Said> = other.into_iter().map(|(_, said)| said).collect();
        if !other.is_empty() {
            other.push(twice.get(&other).clone());
        }
        prop_assert_eq!(folded(&all), folded(&other));
    }

    /// An extra suspension, rejection or withdrawal opens nothing, whatever its date.
    #[test]
    fn closing_more_never_opens(
        steps in vec(step(), 0..12),
        who in 0..PARTIES.len(),
        what in 0..6_u8,
        emergency in any::<bool>(),
        (at, late) in (-24..1200_i64, -1..900_i64),
    ) {
        let mut all = said(&steps);
        for name in 0..PARTIES.len() {
            // Some are confirmed all the time, so that there is something to close.
            for day in 0..20 {
                let valid = event(name, KeyRole::Node, day * 23, EventKind::StillValid);
                let at = valid.event().signed_at;
                all.push(Said::Event(valid, at));
            }
        }
        let before = open_flows(&folded(&all));
        let extra = match what {
            4 => Step::Reject(who, at, late),
            5 => Step::Withdraw(who, at, late),
            what => Step::Suspend(who, emergency, what, at, late),
        };
        all.extend(said(&[extra]));
        let after = open_flows(&folded(&all));
        for flow in after {
            prop_assert!(before.contains(&flow), "{flow:?} was closed");
        }
    }

    /// A later receipt of what opens never opens earlier, and of what closes no later than it did.
    #[test]
    fn a_date_opens_nothing(steps in vec(step(), 0..10), shift in 1..200_i64) {
        let all = said(&steps);
        let held_back: Vec<Said> = all
            .iter()
            .cloned()
            .map(|said| match said {
                Said::Event(event, received) if matches!(event.event().kind, EventKind::Resume(_) | EventKind::StillValid) => {
                    Said::Event(event, received.plus_seconds(shift * 3600))
                }
                other => other,
            })
            .collect();
        let before = open_flows(&folded(&all));
        for flow in open_flows(&folded(&held_back)) {
            prop_assert!(before.contains(&flow), "{flow:?} was closed");
        }
    }
}

/// The properties are about something.
#[test]
fn there_is_something_to_close() {
    let all: Vec<Said> = (0..PARTIES.len())
        .map(|who| {
            let valid = event(who, KeyRole::Node, 0, EventKind::StillValid);
            Said::Event(valid, now())
        })
        .collect();
    assert!(open_flows(&folded(&all)).len() >= FLOWS.len());
}
