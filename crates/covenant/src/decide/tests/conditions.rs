//! Each condition and limit of one cell, met and not met.

use model::{ProtectionStatement, Timestamp};

use super::world::{World, asking, cell, now};
use crate::decide::{
    Asking, Cell, Decision, Facts, Protections, Reason, Shown, Tally, Unmet, decide,
};
use crate::language::clause::{Approval, Clause};
use crate::language::span::Span;
use crate::language::words::{LoginLevel, Review, Shows, Trigger};

fn advice() -> Cell {
    cell(
        "corporatie.huismeester",
        "bezoek",
        "gemeente",
        "agressie",
        Shows::Advice,
    )
}

fn facts() -> Facts {
    let one = Tally::new(1, 1);
    Facts {
        live: one,
        recent: one,
        reviewed: one,
        in_area: one,
        counted: one,
        of_cell: 1,
        ..Facts::nothing_found(Trigger::Question, asking(), Protections::ABSENT)
    }
}

fn reasons(decision: &Decision) -> Vec<Unmet> {
    match decision {
        Decision::Reveal(_) => Vec::new(),
        Decision::Withhold(withheld) => {
            assert!(!withheld.unmet().is_empty());
            withheld.unmet().to_vec()
        }
    }
}

/// What clause 3.1, changed, says of facts, changed.
fn judge(clause: impl FnOnce(&mut Clause), change: impl FnOnce(&mut Facts)) -> Vec<Unmet> {
    let world = World::changed(|d| clause(&mut d.clauses[0]));
    let mut facts = facts();
    change(&mut facts);
    reasons(&decide(
        &world.active,
        &world.standing,
        &advice(),
        &facts,
        now(),
    ))
}

fn one(reason: Reason, fact: u32, threshold: u32) -> Vec<Unmet> {
    vec![Unmet {
        reason,
        fact,
        threshold,
    }]
}

#[test]
fn what_meets_everything_is_revealed() {
    let world = World::new();
    let decision = decide(&world.active, &world.standing, &advice(), &facts(), now());
    let Decision::Reveal(permit) = decision else {
        panic!("{decision:?}");
    };
    assert_eq!(permit.clause().unwrap().as_str(), "3.1");
    let explanation = permit.explanation();
    assert_eq!(explanation.decision, "reveal");
    assert_eq!(explanation.basis.unwrap().provide.article, "AVG 6.1.e");
    assert!(explanation.reasons.is_empty());
    let mut discharged = Vec::new();
    let disclosure = permit
        .project(|duty| {
            discharged.push(duty.word());
            Ok::<(), ()>(())
        })
        .unwrap();
    assert_eq!(discharged, ["vastleggen", "melden_aan_bron", "corrigeren"]);
    assert!(matches!(disclosure.shown(), [Shown::Advice(code)] if code.as_str() == "ga-met-twee"));
    assert!(disclosure.source().is_none() && disclosure.matched().is_none());
}

#[test]
fn a_duty_that_fails_leaves_no_disclosure() {
    let world = World::new();
    let Decision::Reveal(permit) =
        decide(&world.active, &world.standing, &advice(), &facts(), now())
    else {
        panic!("revealed");
    };
    assert_eq!(permit.project(|_| Err("full")), Err("full"));
}

#[test]
fn hits_and_parties() {
    let two = |c: &mut Clause| c.conditions.hits = Some(2);
    assert_eq!(judge(two, |_| {}), one(Reason::Hits, 1, 2));
    let many = |f: &mut Facts| {
        let three = Tally::new(3, 2);
        (f.live, f.recent, f.reviewed, f.in_area, f.counted) = (three, three, three, three, three);
    };
    assert_eq!(judge(two, many), []);
    let parties = |c: &mut Clause| c.conditions.parties = Some(2);
    assert_eq!(judge(parties, |_| {}), one(Reason::Parties, 1, 2));
    assert_eq!(judge(parties, many), []);
}

#[test]
fn nothing_is_never_revealed_even_where_no_number_is_asked() {
    let unasked = |c: &mut Clause| c.conditions = Default::default();
    let nothing = |f: &mut Facts| {
        *f = Facts::nothing_found(Trigger::Question, asking(), Protections::ABSENT);
    };
    let found = judge(unasked, nothing);
    assert!(found.iter().any(|u| u.reason == Reason::Hits));
    assert!(found.iter().any(|u| u.reason == Reason::NothingFromSource));
    // Others' signals suffice for the clause, but this source has none of them.
    assert_eq!(
        judge(unasked, |f| f.of_cell = 0),
        one(Reason::NothingFromSource, 0, 1)
    );
}

#[test]
fn recent_reviewed_and_in_the_area() {
    let none = Tally::default();
    let within = |c: &mut Clause| c.conditions.within = Span::parse("1 maand");
    assert_eq!(
        judge(within, |f| f.recent = none),
        one(Reason::Within, 0, 1)
    );
    assert_eq!(judge(within, |_| {}), []);
    let area = |c: &mut Clause| {
        c.conditions.areas = vec![model::Neighbourhood::parse("GM0855").unwrap()];
    };
    assert_eq!(judge(area, |f| f.in_area = none), one(Reason::Area, 0, 1));
    assert_eq!(judge(area, |_| {}), []);
    assert_eq!(
        judge(|_| {}, |f| f.reviewed = none),
        one(Reason::Review, 0, 1)
    );
    let unasked = |c: &mut Clause| c.conditions.review = None;
    assert_eq!(judge(unasked, |f| f.reviewed = none), []);
    let per_case = |c: &mut Clause| c.conditions.review = Some(Review::PerCase);
    assert_eq!(
        judge(per_case, |f| f.reviewed = none),
        one(Reason::Review, 0, 1)
    );
}

/// One signal is recent and another was reviewed: none is both.
#[test]
fn qualities_must_meet_in_one_signal() {
    let within = |c: &mut Clause| c.conditions.within = Span::parse("1 maand");
    let found = judge(within, |f| f.counted = Tally::default());
    assert_eq!(found[0], one(Reason::Hits, 0, 1)[0]);
}

#[test]
fn the_asker() {
    let asks = |change: fn(&mut Asking)| judge(|_| {}, |f| change(&mut f.asking));
    assert_eq!(
        asks(|a| a.file_number = false),
        one(Reason::FileNumber, 0, 1)
    );
    assert_eq!(
        asks(|a| a.motivation = false),
        [],
        "3.1 does not ask for it"
    );
    let motivated = |c: &mut Clause| c.conditions.motivation = true;
    assert_eq!(
        judge(motivated, |f| f.asking.motivation = false),
        one(Reason::Motivation, 0, 1)
    );
    let high = |c: &mut Clause| c.conditions.login_level = Some(LoginLevel::High);
    let low = |f: &mut Facts| f.asking.login_level = LoginLevel::Substantial;
    assert_eq!(judge(high, low), one(Reason::LoginLevel, 2, 3));
    assert_eq!(judge(high, |_| {}), []);
}

#[test]
fn limits_count_this_question_too() {
    let counts = |change: fn(&mut crate::decide::Counters)| {
        judge(|_| {}, |f| change(&mut f.asking.counters))
    };
    assert_eq!(counts(|c| c.employee_today = 12), []);
    assert_eq!(
        counts(|c| c.employee_today = 13),
        one(Reason::PerEmployee, 13, 12)
    );
    assert_eq!(counts(|c| c.party_today = 300), []);
    assert_eq!(
        counts(|c| c.party_today = 301),
        one(Reason::PerParty, 301, 300)
    );
    assert_eq!(counts(|c| c.subject_this_month = 4), []);
    assert_eq!(
        counts(|c| c.subject_this_month = 5),
        one(Reason::PerSubject, 5, 4)
    );
}

#[test]
fn protected_subjects() {
    use ProtectionStatement::{Present, Unknown};
    let minor = |statement| judge(|_| {}, |f| f.protections.minor = statement);
    assert_eq!(minor(Present), one(Reason::Minor, 2, 0));
    assert_eq!(minor(Unknown), one(Reason::Minor, 1, 0));
    let shielded = |statement| judge(|_| {}, |f| f.protections.shielded_address = statement);
    assert_eq!(shielded(Present), one(Reason::ShieldedAddress, 2, 0));
    assert_eq!(shielded(Unknown), one(Reason::ShieldedAddress, 1, 0));
    let unasked = |c: &mut Clause| c.conditions.not_about = Vec::new();
    assert_eq!(judge(unasked, |f| f.protections.minor = Present), []);
}

#[test]
fn what_does_not_exist_yet_withholds_with_that_reason() {
    let approval = |c: &mut Clause| {
        c.conditions.approval = Some(Approval {
            count: 2,
            by: Vec::new(),
            within: Span::parse("4 uur").unwrap(),
        });
    };
    assert_eq!(judge(approval, |_| {}), one(Reason::Approval, 0, 2));
    assert_eq!(judge(approval, |f| f.approvals = 2), []);
    let wait = |c: &mut Clause| c.output.answer_after = Span::parse("4 uur");
    assert_eq!(judge(wait, |_| {}), one(Reason::AnswerAfter, 0, 1));
    assert_eq!(judge(wait, |f| f.waited = true), []);

    let world = World::changed(|d| d.clauses[0].shows.push(Shows::Attributes));
    let mut cell = advice();
    cell.shows = Shows::Attributes;
    cell.role = super::world::role("gemeente.regisseur");
    let world_decides = |facts: &Facts, cell: &Cell| {
        reasons(&decide(&world.active, &world.standing, cell, facts, now()))
    };
    assert_eq!(world_decides(&facts(), &cell), one(Reason::NotNamed, 0, 1));
    let world = World::changed(|d| {
        d.prohibitions.clear();
        d.clauses[0].shows.push(Shows::Attributes);
    });
    cell.role = advice().role;
    let attributes =
        |facts: &Facts| reasons(&decide(&world.active, &world.standing, &cell, facts, now()));
    assert_eq!(attributes(&facts()), one(Reason::Attributes, 0, 1));
    let mut can = facts();
    can.can_release = true;
    assert_eq!(attributes(&can), []);
}

#[test]
fn only_what_sets_the_clause_in_motion() {
    assert_eq!(
        judge(|_| {}, |f| f.trigger = Trigger::OnMatch),
        one(Reason::OtherTrigger, 0, 1)
    );
}

#[test]
fn a_count_keeps_its_threshold_and_its_rounding() {
    let world = World::new();
    let cell = cell(
        "gemeente.analist",
        "woonoverlast",
        "corporatie",
        "overlast",
        Shows::Count,
    );
    let count = |total, share| {
        let many = Tally::new(40, 2);
        let facts = Facts {
            live: many,
            recent: many,
            reviewed: many,
            in_area: many,
            counted: many,
            of_cell: 20,
            total,
            largest_share_percent: share,
            ..Facts::nothing_found(Trigger::Scan, Asking::NOBODY, Protections::ABSENT)
        };
        decide(&world.active, &world.standing, &cell, &facts, now())
    };
    assert_eq!(reasons(&count(9, 20)), one(Reason::Threshold, 9, 10));
    assert_eq!(reasons(&count(20, 51)), one(Reason::Dominance, 51, 50));
    let Decision::Reveal(permit) = count(19, 50) else {
        panic!("revealed");
    };
    let disclosure = permit.project(|_| Ok::<(), ()>(())).unwrap();
    assert_eq!(disclosure.count(), Some(15));
}

#[test]
fn prohibitions_go_before_clauses_and_wildcards_cover() {
    let world = World::new();
    let at = |to: &str, about: &str, shows| {
        let cell = cell(to, "woonoverlast", "zorg", about, shows);
        let facts = Facts {
            trigger: Trigger::OnMatch,
            ..facts()
        };
        reasons(&decide(
            &world.active,
            &world.standing,
            &cell,
            &facts,
            now(),
        ))
    };
    assert_eq!(at("gemeente.regisseur", "agressie", Shows::Hit), []);
    assert_eq!(
        at("gemeente.toezichthouder", "agressie", Shows::Hit),
        one(Reason::Prohibited, 1, 0)
    );
    assert_eq!(at("gemeente.toezichthouder", "overlast", Shows::Hit), []);
    assert_eq!(
        at("corporatie.leefbaarheid", "overlast", Shows::Category),
        one(Reason::Prohibited, 2, 0)
    );
    assert_eq!(
        at("gemeente.regisseur", "overlast", Shows::Contact),
        one(Reason::NotNamed, 0, 1)
    );
}

#[test]
fn days_bound_the_validity() {
    let world = World::new();
    let covenant = world.active.covenant();
    let at = |now: Timestamp| {
        let mut standing = world.standing.clone();
        for party in covenant.parties().keys() {
            standing.confirm(party, now);
        }
        reasons(&decide(&world.active, &standing, &advice(), &facts(), now))
    };
    let first = covenant.valid_from().start();
    let end = covenant.valid_until().start();
    assert_eq!(at(end.plus_seconds(-1)), []);
    assert_eq!(at(end), one(Reason::NotActive, 0, 1));
    let mut early = world.standing.clone();
    early.confirm(&super::world::party("gemeente"), first);
    let decision = decide(
        &world.active,
        &early,
        &advice(),
        &facts(),
        first.plus_seconds(-1),
    );
    assert_eq!(reasons(&decision), one(Reason::NotActive, 0, 1));
}

#[test]
fn every_unmet_condition_is_named() {
    let found = judge(
        |_| {},
        |f| {
            f.asking.file_number = false;
            f.asking.counters.party_today = 999;
            f.protections.minor = ProtectionStatement::Present;
            f.reviewed = Tally::default();
        },
    );
    let reasons: Vec<Reason> = found.iter().map(|u| u.reason).collect();
    assert_eq!(
        reasons,
        [
            Reason::FileNumber,
            Reason::Review,
            Reason::Minor,
            Reason::PerParty
        ]
    );
}

#[test]
fn an_explanation_holds_numbers_and_closed_words_only() {
    let world = World::new();
    let mut facts = facts();
    facts.asking.file_number = false;
    let decision = decide(&world.active, &world.standing, &advice(), &facts, now());
    let json = serde_json::to_value(decision.explanation()).unwrap();
    assert_eq!(json["decision"], "withhold");
    assert_eq!(json["clause"], "3.1");
    assert_eq!(json["cell"]["recipient"], "corporatie");
    assert_eq!(json["cell"]["shows"][0], "handelingsadvies");
    assert_eq!(
        json["basis"]["receive"]["law"],
        "Arbeidsomstandighedenwet 3"
    );
    assert_eq!(json["reasons"][0]["code"], "FILE_NUMBER");
    assert_eq!(json["reasons"][0]["fact"], 0);
    assert_eq!(json["facts"]["live"]["hits"], 1);
    assert_eq!(
        json["engine"]["table_digest"],
        world.active.table_digest().to_hex()
    );
    assert_eq!(json["promises"][0]["code"], "bewaren");
}
