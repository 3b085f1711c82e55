//! Continuous matches.

use std::collections::BTreeSet;

use model::{Digest, ProtectionStatement, Signal, SubjectKind};

use super::world::{World, address, id, now, party, purpose, pushed, signal, subject, today};
use crate::decide::{
    Decision, Disclosure, OwnSignal, PairDecision, Reason, Shown, Standing, decide_match,
};
use crate::language::words::Shows;

const SOUNDS: &str = "persoon/voornaam-klank+achternaam-klank+geboortedatum";
const PLACE: &str = "persoon/voornaam-klank+geboortedatum+postcode";
const NUMBER: &str = "persoon/voornaam-klank+geboortedatum+huisnummer";

fn decide(world: &World, trigger: Signal, others: Vec<Signal>) -> Vec<PairDecision> {
    decide_match(
        &world.active,
        &world.standing,
        &pushed(trigger, others),
        now(),
    )
}

/// Clause, recipient, source, and whether it reveals.
fn outline(decisions: &[PairDecision]) -> Vec<(String, String, String, bool)> {
    let line = |d: &PairDecision| {
        (
            d.clause.to_string(),
            d.recipient.to_string(),
            d.source.to_string(),
            d.decision.is_reveal(),
        )
    };
    decisions.iter().map(line).collect()
}

fn line(clause: &str, to: &str, from: &str, reveals: bool) -> (String, String, String, bool) {
    (clause.to_owned(), to.to_owned(), from.to_owned(), reveals)
}

fn told(decision: PairDecision) -> Disclosure {
    let Decision::Reveal(permit) = decision.decision else {
        panic!("revealed");
    };
    permit.project(|_| Ok::<(), ()>(())).unwrap()
}

fn reasons(decision: &PairDecision) -> Vec<Reason> {
    match &decision.decision {
        Decision::Reveal(_) => Vec::new(),
        Decision::Withhold(w) => w.unmet().iter().map(|u| u.reason).collect(),
    }
}

#[test]
fn a_match_is_told_to_whom_a_clause_tells_it() {
    let world = World::new();
    let decisions = decide(
        &world,
        signal(1, "gemeente", "vera:OVE"),
        vec![signal(2, "corporatie", "vera:OVE.GEL")],
    );
    // 4.1 tells the municipality; 4.2 wants two parties before it tells the corporation.
    assert_eq!(
        outline(&decisions),
        [
            line("4.1", "gemeente", "corporatie", true),
            line("4.2", "corporatie", "gemeente", false)
        ]
    );
    assert_eq!(reasons(&decisions[1]), [Reason::Hits, Reason::Parties]);
    assert_eq!(decisions[0].match_id, decisions[1].match_id);
    let told = told(decisions.into_iter().next().unwrap());
    assert_eq!(told.levels(), [Shows::Hit, Shows::Category]);
    assert_eq!(told.source(), Some(&party("corporatie")));
    assert_eq!(told.categories()[0].as_str(), "vera:OVE.GEL");
    assert_eq!(
        (told.advice(), told.contact(), told.count()),
        (None, None, None)
    );
    let matched = told.matched().unwrap();
    let own = OwnSignal {
        id: id(1),
        agreed_keys: 1,
    };
    assert_eq!(matched.own, [own]);
    assert_eq!(matched.roles.len(), 2);
    assert_eq!(matched.basis.provide.article, "AVG 6.1.f");
    assert_eq!(matched.promises.len(), 4);
    assert_eq!(matched.duties.len(), 5);
}

#[test]
fn it_is_the_same_match_from_either_side() {
    let world = World::new();
    let decisions = decide(
        &world,
        signal(2, "corporatie", "vera:OVE.GEL"),
        vec![signal(1, "gemeente", "vera:OVE")],
    );
    assert_eq!(
        outline(&decisions)[0],
        line("4.1", "gemeente", "corporatie", true)
    );
    let told = told(decisions.into_iter().next().unwrap());
    assert_eq!(told.matched().unwrap().own[0].id, id(1));
}

#[test]
fn contact_and_two_parties() {
    let world = World::new();
    let decisions = decide(
        &world,
        signal(1, "corporatie", "vera:OVE"),
        vec![
            signal(2, "gemeente", "vera:OVE"),
            signal(3, "politie", "vera:OVE"),
        ],
    );
    let to_corporation: Vec<PairDecision> = decisions
        .into_iter()
        .filter(|d| d.recipient == party("corporatie"))
        .collect();
    assert_eq!(
        outline(&to_corporation),
        [
            line("4.2", "corporatie", "gemeente", true),
            line("4.2", "corporatie", "politie", true)
        ]
    );
    let told = told(to_corporation.into_iter().next().unwrap());
    assert_eq!(told.contact(), Some("Gemeente Roosdonk"));
    assert_eq!(told.levels(), [Shows::Hit, Shows::Contact]);
    assert!(told.categories().is_empty());
}

#[test]
fn who_holds_nothing_is_told_nothing() {
    let world = World::new();
    let decisions = decide(
        &world,
        signal(1, "zorg", "vera:OVE"),
        vec![signal(2, "politie", "vera:OVE")],
    );
    assert_eq!(outline(&decisions), []);
    // Its own signal must be live and meant for the purpose as well.
    for spoil in [(|s| s.expires_on = today()) as fn(&mut Signal), |s| {
        s.purposes = vec![purpose("bezoek")]
    }] {
        let mut own = signal(1, "gemeente", "vera:OVE");
        spoil(&mut own);
        let other = signal(2, "corporatie", "vera:OVE");
        assert_eq!(
            outline(&decide(&world, own.clone(), vec![other.clone()])),
            []
        );
        assert_eq!(outline(&decide(&world, other, vec![own])), []);
    }
}

#[test]
fn a_dead_or_absent_trigger_decides_nothing() {
    let world = World::new();
    let mut dead = signal(1, "corporatie", "vera:OVE");
    dead.day = today().plus_months(-12);
    assert!(decide(&world, dead, vec![signal(2, "gemeente", "vera:OVE")]).is_empty());
    let mut found = pushed(
        signal(1, "corporatie", "vera:OVE"),
        vec![signal(2, "gemeente", "vera:OVE")],
    );
    found.trigger = None;
    assert!(decide_match(&world.active, &world.standing, &found, now()).is_empty());
}

#[test]
fn a_withheld_match_names_its_clause() {
    let world = World::new();
    let mut other = signal(2, "corporatie", "vera:OVE");
    other.reviewed_by_person = false;
    let decisions = decide(&world, signal(1, "gemeente", "vera:OVE"), vec![other]);
    assert_eq!(decisions[0].clause.as_str(), "4.1");
    assert_eq!(
        reasons(&decisions[0]),
        [Reason::NothingFromSource, Reason::Review]
    );
    let explanation = decisions[0].decision.explanation();
    assert_eq!(explanation.clause.as_deref(), Some("4.1"));
    assert_eq!(explanation.cell.source.as_deref(), Some("corporatie"));
    assert_eq!(explanation.trigger, "overeenkomst");
}

#[test]
fn a_minor_is_withheld_whoever_says_so() {
    let world = World::new();
    let mut own = signal(1, "gemeente", "vera:OVE");
    own.subjects[0].minor = ProtectionStatement::Present;
    let decisions = decide(&world, own, vec![signal(2, "corporatie", "vera:OVE")]);
    assert_eq!(reasons(&decisions[0]), [Reason::Minor]);

    // Also when another subject of a signal is the minor; unknown counts for what agrees.
    let with = |statement| {
        let mut own = signal(1, "gemeente", "vera:OVE");
        let mut child = subject(SubjectKind::Person, &[(SOUNDS, 1)]);
        child.minor = statement;
        own.subjects.push(child);
        let other = signal(2, "corporatie", "vera:OVE");
        let one_way = decide(&world, own.clone(), vec![other.clone()]);
        let other_way = decide(&world, other, vec![own]);
        assert_eq!(reasons(&one_way[0]), reasons(&other_way[0]));
        reasons(&one_way[0])
    };
    assert_eq!(with(ProtectionStatement::Present), [Reason::Minor]);
    assert_eq!(with(ProtectionStatement::Unknown), []);
}

#[test]
fn roles_that_see_less_are_decided_apart() {
    let world = World::new();
    let decisions = decide(
        &world,
        signal(1, "gemeente", "vera:OVE"),
        vec![signal(2, "zorg", "vera:AGR.FYS")],
    );
    let to: Vec<(Vec<String>, bool)> = decisions
        .iter()
        .map(|d| {
            let roles = d.roles.iter().map(ToString::to_string).collect();
            (roles, d.decision.is_reveal())
        })
        .collect();
    assert_eq!(
        to,
        [
            (vec!["gemeente.regisseur".to_owned()], true),
            (vec!["gemeente.toezichthouder".to_owned()], false)
        ]
    );
    assert_eq!(reasons(&decisions[1]), [Reason::Prohibited]);
    assert_ne!(decisions[0].decision_id, decisions[1].decision_id);
}

#[test]
fn the_id_changes_when_the_outcome_or_the_signals_do_and_not_otherwise() {
    let world = World::new();
    let own = || signal(1, "gemeente", "vera:OVE");
    let other = || signal(2, "corporatie", "vera:OVE");
    let id = |standing: &Standing, trigger, others| -> Digest {
        let found = pushed(trigger, others);
        decide_match(&world.active, standing, &found, now())[0].decision_id
    };
    let first = id(&world.standing, own(), vec![other()]);
    assert_eq!(id(&world.standing, own(), vec![other()]), first, "again");
    assert_eq!(
        id(&world.standing, other(), vec![own()]),
        first,
        "from the other side"
    );
    let third = signal(3, "politie", "vera:OVE");
    assert_eq!(
        id(&world.standing, own(), vec![other(), third]),
        first,
        "another party's signal that changes nothing between these two"
    );
    let mut ids = BTreeSet::from([first]);
    let more = vec![other(), signal(3, "corporatie", "vera:OVE")];
    assert!(
        ids.insert(id(&world.standing, own(), more)),
        "one more of the source's"
    );
    let mut unreviewed = other();
    unreviewed.reviewed_by_person = false;
    assert!(
        ids.insert(id(&world.standing, own(), vec![unreviewed])),
        "withheld"
    );
    let silent = Standing::new(world.active.covenant());
    assert!(
        ids.insert(id(&silent, own(), vec![other()])),
        "for another reason"
    );
}

#[test]
fn two_keys_of_a_family_must_agree_and_are_counted() {
    let world = World::new();
    let person = |tokens: &[(&str, u8)]| subject(SubjectKind::Person, tokens);
    let with = |number, from: &str, tokens: &[(&str, u8)]| {
        let mut one = signal(number, from, "vera:OVE");
        one.subjects = vec![person(tokens)];
        one
    };
    let own = with(1, "gemeente", &[(SOUNDS, 1), (PLACE, 1), (NUMBER, 1)]);
    let decisions =
        |tokens: &[(&str, u8)]| decide(&world, own.clone(), vec![with(2, "corporatie", tokens)]);
    assert!(decisions(&[(SOUNDS, 1), (PLACE, 2)]).is_empty());
    let two = decisions(&[(SOUNDS, 1), (PLACE, 1), (NUMBER, 9)]).remove(0);
    assert_eq!(told(two).matched().unwrap().own[0].agreed_keys, 2);
    let three = decisions(&[(SOUNDS, 1), (PLACE, 1), (NUMBER, 1)]).remove(0);
    assert_eq!(told(three).matched().unwrap().own[0].agreed_keys, 3);
}

/// Two candidates agree with the pushed signal, by different keys, and not with each other.
#[test]
fn candidates_must_agree_with_each_other() {
    let world = World::new();
    let person = |tokens: &[(&str, u8)]| subject(SubjectKind::Person, tokens);
    let with = |number, from: &str, tokens: &[(&str, u8)]| {
        let mut one = signal(number, from, "vera:OVE");
        one.subjects = vec![person(tokens)];
        one
    };
    let other = "persoon/voornaam-klank+achternaam-klank+postcode";
    let pushed = with(
        1,
        "zorg",
        &[(SOUNDS, 1), (PLACE, 1), (NUMBER, 1), (other, 1)],
    );
    let own = with(
        2,
        "gemeente",
        &[(SOUNDS, 1), (PLACE, 1), (NUMBER, 7), (other, 7)],
    );
    let apart = with(
        3,
        "corporatie",
        &[(SOUNDS, 8), (PLACE, 8), (NUMBER, 1), (other, 1)],
    );
    let close = with(
        4,
        "corporatie",
        &[(SOUNDS, 1), (PLACE, 1), (NUMBER, 1), (other, 1)],
    );
    let sources = |others| -> Vec<String> {
        decide(&world, pushed.clone(), others)
            .iter()
            .filter(|d| d.recipient == party("gemeente"))
            .map(|d| d.source.to_string())
            .collect()
    };
    assert_eq!(sources(vec![own.clone(), apart.clone()]), ["zorg"]);
    assert_eq!(
        sources(vec![own.clone(), close.clone()]),
        ["corporatie", "zorg"]
    );

    // Nor do they help one another to a number.
    let two = World::changed(|d| d.clauses[2].conditions.hits = Some(2));
    let reveals = |other| {
        let decisions = decide(&two, pushed.clone(), vec![own.clone(), other]);
        let to = decisions
            .iter()
            .filter(|d| d.recipient == party("gemeente"));
        to.filter(|d| d.decision.is_reveal()).count()
    };
    assert_eq!(reveals(apart), 0);
    assert_eq!(reveals(close), 2);
}

#[test]
fn kinds_are_shown_one_by_one_with_their_codes() {
    let world = World::new();
    let others = vec![
        signal(2, "corporatie", "vera:OVE.GEL"),
        signal(3, "corporatie", "vera:OVE"),
        signal(4, "corporatie", "vera:AGR.FYS"),
    ];
    let told = told(decide(&world, signal(1, "gemeente", "vera:OVE"), others).remove(0));
    let kinds: Vec<(&str, usize)> = told
        .shown()
        .iter()
        .filter_map(|s| match s {
            Shown::Category { signal, codes } => Some((signal.as_str(), codes.len())),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, [("agressie", 1), ("overlast", 2)]);
    let codes: Vec<&str> = told.categories().iter().map(|c| c.as_str()).collect();
    assert_eq!(codes, ["vera:AGR.FYS", "vera:OVE", "vera:OVE.GEL"]);
}

/// `gegevens` is withheld until it exists, and takes nothing else with it.
#[test]
fn attributes_wait_while_the_hit_is_told() {
    let world = World::changed(|d| d.clauses[2].shows.push(Shows::Attributes));
    let both = || {
        (
            signal(1, "gemeente", "vera:OVE"),
            signal(2, "corporatie", "vera:OVE"),
        )
    };
    let (own, other) = both();
    let told = told(decide(&world, own, vec![other]).remove(0));
    assert_eq!(told.levels(), [Shows::Hit, Shows::Category]);
    let world = World::changed(|d| d.clauses[2].shows = vec![Shows::Attributes]);
    let (own, other) = both();
    let decisions = decide(&world, own, vec![other]);
    assert_eq!(reasons(&decisions[0]), [Reason::Attributes]);
}

#[test]
fn an_address_and_a_person_are_not_one_subject() {
    let world = World::new();
    let mut own = signal(1, "gemeente", "vera:OVE");
    own.subjects = vec![address(9)];
    assert!(decide(&world, own, vec![signal(2, "corporatie", "vera:OVE")]).is_empty());
}
