//! Suspension, resumption, withdrawal, and who confirmed.

use model::{ClauseNo, Secret, SignalTypeId, Timestamp};

use super::world::{
    TEMPLATE, World, asker, checked, envelopes, found, now, party, pins, seed, signal, with_keys,
};
use crate::decide::{Reason, RefusalCode, Standing, answer, may_ask};
use crate::signoff::{
    Envelope, Event, EventKind, KeyRole, Scope, SignoffError, VerifiedEvent, sign_event, verify,
    verify_event,
};

fn at(hours: i64) -> Timestamp {
    now().plus_seconds(hours * 3600)
}

fn envelope(world: &World, who: &str, key: &str, role: KeyRole, kind: EventKind) -> Envelope {
    let covenant = world.active.covenant();
    let event = Event::new(covenant, party(who), role, now(), kind);
    sign_event(&event, &seed(key))
}

fn event(
    world: &World,
    who: &str,
    key: &str,
    role: KeyRole,
    at: Timestamp,
    kind: EventKind,
) -> VerifiedEvent {
    let event = Event::new(world.active.covenant(), party(who), role, at, kind);
    verify_event(&sign_event(&event, &seed(key)), &world.active, at).unwrap()
}

fn suspend(world: &World, scope: Scope) -> VerifiedEvent {
    let kind = EventKind::Suspend(scope);
    event(
        world,
        "politie",
        "POLITIE-PIKET",
        KeyRole::Emergency,
        now(),
        kind,
    )
}

fn resume(world: &World, who: &str, key: &str, hours: i64, of: &VerifiedEvent) -> VerifiedEvent {
    let kind = EventKind::Resume(of.id());
    event(world, who, key, KeyRole::Signer, at(hours), kind)
}

/// Events that were received when they were signed.
pub(super) fn folded(world: &World, events: &[&VerifiedEvent]) -> Standing {
    let events = events.iter().map(|e| (*e, e.event().signed_at));
    Standing::fold(world.active.covenant(), [], events)
}

fn confirm_all(standing: &mut Standing, at: Timestamp) {
    for name in ["corporatie", "gemeente", "politie", "zorg"] {
        standing.confirm(&party(name), at);
    }
}

/// What the caretaker is told about a known address: `Ok` with the advice and the municipality's
/// reason, or an open refusal.
fn told(world: &World, standing: &Standing, at: Timestamp) -> Result<&'static str, RefusalCode> {
    let who = asker("corporatie.huismeester");
    let question = may_ask(&world.active, standing, &who, at).map_err(|r| r.code)?;
    let found = found(vec![signal(1, "gemeente", "vera:AGR.FYS")]);
    Ok(answer(&world.active, standing, question, &found, at)
        .advice
        .code)
}

#[test]
fn one_suspends_and_it_takes_the_suspender_and_one_other_to_resume() {
    let world = World::new();
    let suspension = suspend(&world, Scope::Whole);
    let own = resume(&world, "politie", "POLITIE-PF", 1, &suspension);
    let other = resume(&world, "zorg", "ZORG-FG", 2, &suspension);
    let third = resume(&world, "gemeente", "GEMEENTE-FG", 2, &suspension);
    let told_after = |events: &[&VerifiedEvent], hours| {
        let mut standing = folded(&world, events);
        confirm_all(&mut standing, at(hours));
        told(&world, &standing, at(hours))
    };
    let refused = Err(RefusalCode::CovenantNotActive);
    assert_eq!(told_after(&[], 3), Ok("ga-met-twee"));
    assert_eq!(told_after(&[&suspension], 3), refused);
    assert_eq!(told_after(&[&suspension, &own], 3), refused);
    assert_eq!(
        told_after(&[&suspension, &other, &third], 3),
        refused,
        "not the suspender"
    );
    assert_eq!(
        told_after(&[&suspension, &own, &own], 3),
        refused,
        "one party twice is one"
    );
    assert_eq!(
        told_after(&[&suspension, &own, &other], 3),
        Ok("ga-met-twee")
    );
    assert_eq!(
        told_after(&[&other, &own, &suspension], 3),
        Ok("ga-met-twee"),
        "any order"
    );
    assert_eq!(
        told_after(&[&suspension, &own, &other], 1),
        refused,
        "not before the second"
    );

    // An old resumption does nothing against a new suspension.
    let kind = EventKind::Suspend(Scope::Whole);
    let again = event(
        &world,
        "politie",
        "POLITIE-PF",
        KeyRole::Signer,
        at(2),
        kind,
    );
    assert_eq!(told_after(&[&suspension, &own, &other, &again], 3), refused);
}

#[test]
fn a_suspension_touches_what_it_names() {
    let world = World::new();
    let advice = |scope: Scope| {
        let mut standing = world.standing.clone();
        standing.apply(&suspend(&world, scope), now());
        told(&world, &standing, now())
    };
    let clause = |number| Scope::Clause(ClauseNo::parse(number).unwrap());
    let signal = |id| Scope::Signal(SignalTypeId::parse(id).unwrap());
    assert_eq!(advice(clause("3.1")), Err(RefusalCode::CovenantNotActive));
    assert_eq!(advice(clause("3.2")), Ok("ga-met-twee"));
    assert_eq!(advice(signal("agressie")), Ok("geen-advies"));
    assert_eq!(advice(signal("overlast")), Ok("ga-met-twee"));
    let to = |who| Scope::Recipient(party(who));
    assert_eq!(
        advice(to("corporatie")),
        Err(RefusalCode::CovenantNotActive)
    );
    assert_eq!(advice(to("gemeente")), Ok("ga-met-twee"));
}

#[test]
fn withdrawal_is_for_good_and_thirty_days_end_a_version() {
    let world = World::new();
    let kind = EventKind::Withdraw;
    let withdrawal = event(&world, "zorg", "ZORG-FG", KeyRole::Signer, now(), kind);
    let mut standing = world.standing.clone();
    standing.apply(&withdrawal, now());
    assert_eq!(
        told(&world, &standing, now()),
        Err(RefusalCode::CovenantNotActive)
    );
    assert!(standing.is_over(now()));

    let suspension = suspend(&world, Scope::Whole);
    let lifted = |hours| {
        let own = resume(&world, "politie", "POLITIE-PF", hours, &suspension);
        let other = resume(&world, "zorg", "ZORG-FG", hours, &suspension);
        let mut standing = folded(&world, &[&suspension, &own, &other]);
        confirm_all(&mut standing, at(31 * 24));
        told(&world, &standing, at(31 * 24))
    };
    assert_eq!(lifted(30 * 24 - 1), Ok("ga-met-twee"));
    assert_eq!(lifted(30 * 24), Err(RefusalCode::CovenantNotActive));
}

/// A suspension that is held back from a broker stops it all the same: the node that suspended
/// confirms no longer.
#[test]
fn who_is_silent_for_a_day_closes_its_cells() {
    let world = World::new();
    let mut standing = world.standing.clone();
    assert_eq!(told(&world, &standing, at(23)), Ok("ga-met-twee"));
    assert_eq!(
        told(&world, &standing, at(24)),
        Err(RefusalCode::PartyNotConfirmed)
    );
    standing.confirm(&party("corporatie"), at(20));
    let who = asker("corporatie.huismeester");
    let question = may_ask(&world.active, &standing, &who, at(24)).unwrap();
    let found = found(vec![signal(1, "gemeente", "vera:AGR.FYS")]);
    let answer = answer(&world.active, &standing, question, &found, at(24));
    assert_eq!(answer.advice.code, "geen-advies");
    let crate::decide::Decision::Withhold(withheld) = &answer.decisions[0].decision else {
        panic!("withheld");
    };
    assert!(withheld.is_because(Reason::NotConfirmed));
    standing.confirm(&party("gemeente"), at(20));
    assert_eq!(told(&world, &standing, at(24)), Ok("ga-met-twee"));
    standing.confirm(&party("gemeente"), at(-90));
    assert_eq!(
        told(&world, &standing, at(24)),
        Ok("ga-met-twee"),
        "an older one again"
    );
    standing.confirm(&party("zorg"), at(900));
    assert!(
        !standing.is_confirmed(&party("zorg"), at(24)),
        "far ahead of our clock"
    );
}

#[test]
fn a_node_confirms_with_its_own_key() {
    let world = World::new();
    let kind = EventKind::StillValid;
    let event = event(&world, "zorg", "ZORG-KNOOPPUNT", KeyRole::Node, now(), kind);
    let standing = folded(&world, &[&event]);
    assert_eq!(standing.confirmed_at(&party("zorg")), Some(now()));
    assert_eq!(standing.confirmed_at(&party("politie")), None);
}

#[test]
fn events_are_refused_from_wrong_keys_and_roles() {
    let world = World::new();
    let verdict = |who: &str, key: &str, role, kind| {
        verify_event(
            &envelope(&world, who, key, role, kind),
            &world.active,
            now(),
        )
        .unwrap_err()
    };
    let whole = || EventKind::Suspend(Scope::Whole);
    let invalid = SignoffError::SignatureInvalid;
    assert_eq!(
        verdict("politie", "ZORG-PIKET", KeyRole::Emergency, whole()),
        invalid
    );
    assert_eq!(
        verdict("politie", "POLITIE-PF", KeyRole::Emergency, whole()),
        invalid
    );
    let not = SignoffError::NotEntitled;
    assert_eq!(
        verdict("politie", "POLITIE-KNOOPPUNT", KeyRole::Node, whole()),
        not
    );
    let withdraw = EventKind::Withdraw;
    assert_eq!(
        verdict("politie", "POLITIE-PIKET", KeyRole::Emergency, withdraw),
        not
    );
    let resume = EventKind::Resume(world.active.covenant().digest());
    assert_eq!(
        verdict("politie", "POLITIE-PIKET", KeyRole::Emergency, resume),
        not
    );
    let valid = EventKind::StillValid;
    assert_eq!(
        verdict("politie", "POLITIE-PF", KeyRole::Signer, valid),
        not
    );
    assert_eq!(
        verdict("stranger", "STRANGER", KeyRole::Signer, whole()),
        SignoffError::UnknownParty(party("stranger"))
    );
}

#[test]
fn events_are_refused_from_the_future_another_version_or_another_kind() {
    let world = World::new();
    let covenant = world.active.covenant();
    let signed = |event: &Event, key: &str| {
        verify_event(&sign_event(event, &seed(key)), &world.active, now())
    };
    let kind = EventKind::Suspend(Scope::Whole);
    let mut event = Event::new(covenant, party("politie"), KeyRole::Signer, at(1), kind);
    assert_eq!(
        signed(&event, "POLITIE-PF"),
        Err(SignoffError::FromTheFuture)
    );
    event.signed_at = at(-24 * 20);
    assert!(
        signed(&event, "POLITIE-PF").is_ok(),
        "held back, and it still counts"
    );
    event.file = model::Digest::new([1; 32]);
    assert_eq!(signed(&event, "POLITIE-PF"), Err(SignoffError::OtherFile));

    // A sign-off is no event, and an event is no sign-off.
    let sign_off = envelopes(covenant).remove(0);
    assert_eq!(
        verify_event(&sign_off, &world.active, now()),
        Err(SignoffError::PredicateType)
    );
    let source = with_keys(TEMPLATE);
    let mut all = envelopes(&checked(&source));
    let kind = EventKind::Suspend(Scope::Whole);
    all[0] = envelope(&world, "corporatie", "CORPORATIE-FG", KeyRole::Signer, kind);
    assert_eq!(
        verify(source.as_bytes(), &all, &pins(), None, now()).unwrap_err(),
        SignoffError::PredicateType
    );
}

#[test]
fn an_event_of_another_version_changes_nothing() {
    let world = World::new();
    let other = World::changed(|d| d.header.version = 2);
    let mut standing = other.standing.clone();
    standing.apply(&suspend(&world, Scope::Whole), now());
    assert_eq!(standing, other.standing);
    assert_eq!(
        may_ask(
            &world.active,
            &other.standing,
            &asker("corporatie.huismeester"),
            now()
        )
        .unwrap_err()
        .code,
        RefusalCode::CovenantNotActive,
        "a standing of another version puts nothing in force"
    );
}

/// A seed and its public half belong together: what the tests above rest on.
#[test]
fn a_seed_gives_the_key_of_rfc_8032() {
    let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
    let seed = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    let public = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let seed = Secret::from_slice(&seed).unwrap();
    assert_eq!(crate::signoff::public_key(&seed).as_slice(), public);
}
