//! What holds for every covenant and every question: the decision is total, narrowing a clause
//! never opens anything, and neither does a prohibition more.

use model::{
    Certainty, Match, Neighbourhood, PartyId, Protection, ProtectionStatement, RoleRef, Signal,
    SignalTypeId,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::world::{World, address, candidate, covenant_of, document, now, party, signal, today};
use crate::decide::{
    AskerFacts, Asking, Cell, Counters, Decision, Facts, Protections, Standing, Tally, answer,
    decide, decide_match, may_ask,
};
use crate::language::ast::{Document, Prohibition, Selection};
use crate::language::clause::{Approval, Clause};
use crate::language::span::Span;
use crate::language::words::{LoginLevel, Review, Shows, Trigger};
use crate::signoff::ActiveCovenant;

fn all_roles() -> Vec<RoleRef> {
    let parties = document().parties.into_values();
    parties.flat_map(|p| p.roles.into_keys()).collect()
}

fn all_parties() -> Vec<PartyId> {
    document().parties.into_keys().collect()
}

fn all_signals() -> Vec<SignalTypeId> {
    document().signals.into_keys().collect()
}

fn shows() -> Vec<Shows> {
    Shows::ALL.to_vec()
}

/// Any clause over the names of the test covenant, grown out of its third.
fn clause() -> impl Strategy<Value = Clause> {
    let whom = (
        subsequence(all_roles(), 2..=6),
        subsequence(all_parties(), 2..=4),
        subsequence(all_signals(), 1..=2),
        subsequence(shows(), 1..=6),
        subsequence(Trigger::ALL.to_vec(), 1..=3),
        0..2_usize,
    );
    let demands = (
        proptest::option::of(0..3_u32),
        proptest::option::of(0..3_u32),
        proptest::option::of(Just(Span::parse("2 weken").unwrap())),
        any::<[u8; 4]>().prop_map(|dice| dice.map(|d| d > 200)),
        proptest::option::weighted(
            0.3,
            prop_oneof![Just(Review::Beforehand), Just(Review::PerCase)],
        ),
        proptest::option::weighted(0.2, Just(LoginLevel::High)),
        subsequence(Protection::ALL.to_vec(), 0..=2),
        proptest::option::of(0..9_u32),
    );
    (whom, demands).prop_map(|(whom, demands)| {
        let document = document();
        let mut clause = document.clauses[2].clone();
        (
            clause.to,
            clause.from,
            clause.about,
            clause.shows,
            clause.triggers,
            _,
        ) = whom.clone();
        clause.purpose = document.purposes.into_keys().nth(whom.5).unwrap();
        clause.advice = document.clauses[0].advice.clone();
        let flags = demands.3;
        let conditions = &mut clause.conditions;
        (conditions.hits, conditions.parties) = (demands.0, demands.1);
        conditions.within = demands.2;
        (conditions.file_number, conditions.motivation) = (flags[0], flags[1]);
        (conditions.review, conditions.login_level) = (demands.4, demands.5);
        conditions.not_about = demands.6;
        conditions.areas = Vec::new();
        if flags[2] {
            conditions
                .areas
                .push(Neighbourhood::parse("GM0855").unwrap());
        }
        clause.output.answer_after = if flags[3] { Span::parse("1 dag") } else { None };
        clause.limits.per_employee_per_day = demands.7;
        for source in all_parties() {
            let basis = document.clauses[2].bases.supply.values().next().unwrap();
            clause.bases.supply.insert(source.clone(), basis.clone());
            clause.bases.receive.insert(source, basis.clone());
        }
        clause
    })
}

pub(crate) fn prohibition() -> impl Strategy<Value = Prohibition> {
    (
        subsequence(all_roles(), 0..=3),
        subsequence(all_parties(), 0..=2),
        subsequence(all_signals(), 0..=2),
        subsequence(shows(), 0..=3),
    )
        .prop_map(|(to, from, about, shows)| Prohibition {
            to: selection(to),
            from: selection(from),
            about: selection(about),
            shows: selection(shows),
            purpose: Selection::All,
            ..document().prohibitions[0].clone()
        })
}

fn selection<T>(items: Vec<T>) -> Selection<T> {
    if items.is_empty() {
        Selection::All
    } else {
        Selection::Only(items)
    }
}

/// A covenant without overlaps, as a check would leave it.
pub(crate) fn any_document() -> impl Strategy<Value = Document> {
    (vec(clause(), 1..5), vec(prohibition(), 0..2)).prop_map(|(clauses, prohibitions)| {
        let mut document = document();
        document.clauses.clear();
        for (number, mut clause) in clauses.into_iter().enumerate() {
            clause.number = model::ClauseNo::parse(&format!("{}.1", number + 1)).unwrap();
            document.clauses.push(clause);
            if overlaps(&document) {
                document.clauses.pop();
            }
        }
        document.prohibitions = prohibitions;
        document
    })
}

pub(crate) fn overlaps(document: &Document) -> bool {
    cells(document).any(|cell| {
        let opens = |c: &&Clause| {
            c.opens(
                &cell.role,
                &cell.purpose,
                &cell.source,
                &cell.signal,
                cell.shows,
            )
        };
        document.clauses.iter().filter(opens).count() > 1
    })
}

pub(crate) fn cells(document: &Document) -> impl Iterator<Item = Cell> {
    let purposes: Vec<_> = document.purposes.keys().cloned().collect();
    let (parties, signals) = (all_parties(), all_signals());
    let mut cells = Vec::new();
    for role in all_roles() {
        for purpose in &purposes {
            for source in &parties {
                for signal in &signals {
                    cells.extend(shows().into_iter().map(|shows| Cell {
                        role: role.clone(),
                        purpose: purpose.clone(),
                        source: source.clone(),
                        signal: signal.clone(),
                        shows,
                    }));
                }
            }
        }
    }
    cells.into_iter()
}

/// A clause made narrower in one way.
pub(crate) fn narrow(clause: &mut Clause, way: usize) {
    let conditions = &mut clause.conditions;
    match way {
        0 => clause.to.truncate(1),
        1 => clause.from.truncate(1),
        2 => clause.about.truncate(1),
        3 => clause.shows.truncate(1),
        4 => clause.triggers.truncate(1),
        5 => clause.comparisons.truncate(1),
        6 => conditions.hits = Some(conditions.hits.unwrap_or(0) + 1),
        7 => conditions.parties = Some(conditions.parties.unwrap_or(0) + 1),
        8 => conditions.within = Span::parse("9 dagen"),
        9 => conditions.file_number = true,
        10 => conditions.motivation = true,
        11 => conditions.review = Some(Review::PerCase),
        12 => conditions.login_level = Some(LoginLevel::High),
        13 => conditions.not_about = Protection::ALL.to_vec(),
        14 => conditions.areas = vec![Neighbourhood::parse("BU08550101").unwrap()],
        15 => clause.limits.per_employee_per_day = Some(0),
        16 => clause.limits.per_subject_per_month = Some(0),
        17 => clause.output.answer_after = Span::parse("1 dag"),
        18 => clause.output.threshold = Some(99),
        19 => {
            conditions.approval = Some(Approval {
                count: 1,
                by: Vec::new(),
                within: Span::parse("1 dag").unwrap(),
            });
        }
        _ => clause.to.clear(),
    }
}

pub(crate) const WAYS: usize = 21;

/// Often enough for any clause, so that the properties are about open cells too.
fn tally() -> impl Strategy<Value = Tally> {
    prop_oneof![
        3 => Just(Tally::new(4, 4)),
        1 => (0..4_u32, 0..4_u32).prop_map(|(hits, parties)| Tally::new(hits, parties)),
    ]
}

fn statement() -> impl Strategy<Value = ProtectionStatement> {
    prop_oneof![
        30 => Just(ProtectionStatement::Absent),
        1 => Just(ProtectionStatement::Unknown),
        1 => Just(ProtectionStatement::Present),
    ]
}

fn asking() -> impl Strategy<Value = Asking> {
    (any::<[u8; 3]>(), 0..4_u32).prop_map(|(dice, asked)| Asking {
        file_number: dice[0] > 60,
        motivation: dice[1] > 60,
        login_level: if dice[2] > 60 {
            LoginLevel::High
        } else {
            LoginLevel::Low
        },
        counters: Counters {
            employee_today: asked,
            party_today: asked,
            subject_this_month: asked,
        },
    })
}

fn facts() -> impl Strategy<Value = Facts> {
    (
        (tally(), tally(), tally(), tally(), tally()),
        asking(),
        (statement(), statement()),
        proptest::sample::select(Trigger::ALL.to_vec()),
        (0..9_u32, 0..3_u32, any::<[bool; 2]>(), any::<u32>()),
    )
        .prop_map(|(tallies, asking, protections, trigger, rest)| Facts {
            trigger,
            asking,
            live: tallies.0,
            recent: tallies.1,
            reviewed: tallies.2,
            in_area: tallies.3,
            counted: tallies.4,
            of_cell: rest.0,
            protections: Protections {
                minor: protections.0,
                shielded_address: protections.1,
            },
            approvals: rest.1,
            waited: rest.2[0],
            can_release: rest.2[1],
            total: rest.3,
            largest_share_percent: rest.3 % 100,
        })
}

fn any_signal() -> impl Strategy<Value = Signal> {
    (
        (0..9_u8, 0..4_usize, 0..4_usize),
        (
            0..20_i32,
            any::<[u8; 4]>().prop_map(|dice| dice.map(|d| d > 200)),
        ),
        (statement(), statement()),
    )
        .prop_map(|((number, from, code), (age, flags), protections)| {
            let codes = ["vera:OVE", "vera:AGR.FYS", "vera:OVE.GEL", "vera:SCH"];
            let from = all_parties().swap_remove(from);
            let mut signal = signal(number, from.as_str(), codes[code]);
            signal.day = today().plus_days(-age);
            signal.reviewed_by_person = !flags[0];
            if flags[1] {
                signal.certainty = Certainty::Reported;
            }
            if flags[2] {
                signal.neighbourhood = None;
            }
            if flags[3] {
                signal.purposes.truncate(1);
            }
            signal.subjects[0].minor = protections.0;
            signal.subjects[0].shielded_address = protections.1;
            signal
        })
}

pub(crate) fn found() -> impl Strategy<Value = Match> {
    (any_signal(), vec(any_signal(), 0..6), 0..3_usize).prop_map(|(trigger, others, place)| {
        let subject = address(1);
        let mut candidates: Vec<_> = others.into_iter().map(|s| candidate(s, &subject)).collect();
        if let Some(one) = candidates.get_mut(place) {
            one.subject = place;
        }
        Match {
            trigger: Some(trigger),
            subject,
            candidates,
        }
    })
}

pub(crate) fn world_of(document: Document) -> World {
    World::of(ActiveCovenant::unsigned(covenant_of(document)))
}

fn opens(world: &World, cell: &Cell, facts: &Facts) -> bool {
    match decide(&world.active, &world.standing, cell, facts, now()) {
        Decision::Reveal(permit) => {
            let disclosure = permit.project(|_| Ok::<(), ()>(())).unwrap();
            assert_eq!(disclosure.levels(), [cell.shows]);
            true
        }
        Decision::Withhold(withheld) => {
            assert!(!withheld.unmet().is_empty());
            false
        }
    }
}

/// Everything that a match reveals: role, source and what is shown.
pub(crate) fn told(world: &World, found: &Match) -> Vec<(RoleRef, PartyId, Shows)> {
    let mut all = Vec::new();
    for pair in decide_match(&world.active, &world.standing, found, now()) {
        if let Decision::Reveal(permit) = pair.decision {
            let disclosure = permit.project(|_| Ok::<(), ()>(())).unwrap();
            assert!(!disclosure.shown().is_empty());
            for role in &pair.roles {
                assert_ne!(role.party(), pair.source);
                let levels = disclosure.levels().into_iter();
                all.extend(levels.map(|level| (role.clone(), pair.source.clone(), level)));
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any cell, any facts, any covenant: there is a decision, and a second time the same one.
    #[test]
    fn deciding_is_total(document in any_document(), facts in facts()) {
        let world = world_of(document);
        let document = world.active.covenant().document();
        for cell in cells(document).step_by(7) {
            let first = opens(&world, &cell, &facts);
            prop_assert_eq!(opens(&world, &cell, &facts), first);
            if first {
                let named = document.clauses.iter().any(|c| {
                    c.opens(&cell.role, &cell.purpose, &cell.source, &cell.signal, cell.shows)
                });
                prop_assert!(named);
            }
        }
    }

    #[test]
    fn narrowing_a_clause_never_opens_a_cell(
        document in any_document(),
        facts in facts(),
        found in found(),
        way in 0..WAYS,
        which in any::<prop::sample::Index>(),
    ) {
        let wide = world_of(document.clone());
        let mut document = document;
        let which = which.index(document.clauses.len());
        narrow(&mut document.clauses[which], way);
        let narrow = world_of(document);
        for cell in cells(wide.active.covenant().document()).step_by(3) {
            prop_assert!(!opens(&narrow, &cell, &facts) || opens(&wide, &cell, &facts));
        }
        let before = told(&wide, &found);
        for one in told(&narrow, &found) {
            prop_assert!(before.contains(&one), "{one:?} was not told before");
        }
    }

    #[test]
    fn a_prohibition_more_never_opens_a_cell(
        document in any_document(),
        more in prohibition(),
        facts in facts(),
        found in found(),
    ) {
        let wide = world_of(document.clone());
        let mut document = document;
        document.prohibitions.push(more.clone());
        let narrow = world_of(document);
        for cell in cells(wide.active.covenant().document()).step_by(3) {
            let open = opens(&narrow, &cell, &facts);
            prop_assert!(!open || opens(&wide, &cell, &facts));
            let covered = more.covers(
                &cell.role, &cell.purpose, &cell.source, &cell.signal, cell.shows,
            );
            prop_assert!(!(open && covered));
        }
        let before = told(&wide, &found);
        for one in told(&narrow, &found) {
            prop_assert!(before.contains(&one), "{one:?} was not told before");
        }
    }

    /// Whatever is found: one decision per source in scope, an advice that a revealed source
    /// carries, and nothing at all from the asker's own party.
    #[test]
    fn a_question_is_answered_whole(
        document in any_document(),
        found in found(),
        asking in asking(),
        role in proptest::sample::select(all_roles()),
        purpose in 0..2_usize,
    ) {
        let world = world_of(document);
        let purposes = world.active.covenant().purposes();
        let asker = AskerFacts {
            role,
            purpose: purposes.keys().nth(purpose).unwrap().clone(),
            asking,
        };
        let Ok(question) = may_ask(&world.active, &world.standing, &asker, now()) else {
            return Ok(());
        };
        let scope = question.sources_in_scope();
        prop_assert!(!scope.contains(&asker.role.party()));
        let answer = answer(&world.active, &world.standing, question, &found, now());
        let sources: Vec<PartyId> = answer.decisions.iter().map(|d| d.source.clone()).collect();
        prop_assert_eq!(sources, scope);
        let any = answer.decisions.iter().any(|d| d.decision.is_reveal());
        prop_assert_eq!(any, answer.advice.rank > 0);
        for one in answer.decisions {
            if let Decision::Reveal(permit) = one.decision {
                let told = permit.project(|_| Ok::<(), ()>(())).unwrap();
                prop_assert_eq!(told.advice().unwrap().as_str(), answer.advice.code);
                prop_assert_eq!(told.shown().len(), 1);
            }
        }
    }

    /// Nobody confirmed, or the wrong version: nothing is ever opened.
    #[test]
    fn without_standing_nothing_opens(document in any_document(), facts in facts(), found in found()) {
        let mut world = world_of(document);
        world.standing = Standing::new(world.active.covenant());
        for cell in cells(world.active.covenant().document()).step_by(11) {
            prop_assert!(!opens(&world, &cell, &facts));
        }
        prop_assert!(told(&world, &found).is_empty());
        world.standing.confirm(&party("gemeente"), now());
        prop_assert!(told(&world, &found).is_empty(), "one party alone");
    }
}

/// The properties are about something: many covenants open cells, and tell of matches.
#[test]
fn there_is_something_to_close() {
    let mut runner = TestRunner::deterministic();
    let (mut open, mut told_of) = (0, 0);
    for _ in 0..100 {
        let mut sample = |strategy| sample(&mut runner, strategy);
        let (document, facts, found) = sample((any_document(), facts(), found()));
        let world = world_of(document);
        let document = world.active.covenant().document();
        open += usize::from(cells(document).any(|cell| opens(&world, &cell, &facts)));
        told_of += usize::from(!told(&world, &found).is_empty());
    }
    assert!(
        open >= 15 && told_of >= 5,
        "{open} open, {told_of} told of 100"
    );
}

fn sample<S: Strategy>(runner: &mut TestRunner, strategy: S) -> S::Value {
    strategy.new_tree(runner).unwrap().current()
}
