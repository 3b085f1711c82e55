//! A question, in its two stages.

use model::{Certainty, ProtectionStatement, Signal, SubjectKind};

use super::world::{
    World, asker, candidate, found, now, party, purpose, role, signal, subject, today,
};
use crate::decide::{
    Answer, AskerFacts, Decision, Reason, Refusal, RefusalCode, Shown, answer, may_ask,
};
use crate::language::span::Span;
use crate::language::words::{LoginLevel, Shows};
use crate::vocabulary::advice::NO_ADVICE;

fn ask(world: &World, who: &AskerFacts, signals: Vec<Signal>) -> Answer {
    let question = may_ask(&world.active, &world.standing, who, now()).unwrap();
    answer(
        &world.active,
        &world.standing,
        question,
        &found(signals),
        now(),
    )
}

fn refused(world: &World, who: &AskerFacts) -> Refusal {
    may_ask(&world.active, &world.standing, who, now()).unwrap_err()
}

/// The sources whose decision reveals.
fn revealed(answer: &Answer) -> Vec<&str> {
    let reveals = answer.decisions.iter().filter(|d| d.decision.is_reveal());
    reveals.map(|d| d.source.as_str()).collect()
}

pub(super) fn reasons(answer: &Answer, source: &str) -> Vec<Reason> {
    let one = answer.decisions.iter().find(|d| d.source == party(source));
    match &one.unwrap().decision {
        Decision::Reveal(_) => Vec::new(),
        Decision::Withhold(w) => w.unmet().iter().map(|u| u.reason).collect(),
    }
}

#[test]
fn a_hit_gives_the_advice_and_one_decision_per_source() {
    let world = World::new();
    let answer = ask(
        &world,
        &asker("corporatie.huismeester"),
        vec![signal(1, "gemeente", "vera:AGR.FYS")],
    );
    assert_eq!(answer.advice.code, "ga-met-twee");
    let sources: Vec<&str> = answer.decisions.iter().map(|d| d.source.as_str()).collect();
    assert_eq!(sources, ["gemeente", "zorg"]);
    assert_eq!(revealed(&answer), ["gemeente"]);
    assert_eq!(reasons(&answer, "zorg"), [Reason::NothingFromSource]);
    for one in answer.decisions {
        if let Decision::Reveal(permit) = one.decision {
            let told = permit.project(|_| Ok::<(), ()>(())).unwrap();
            assert!(matches!(told.shown(), [Shown::Advice(_)]));
            assert!(told.matched().is_none() && told.source().is_none());
        }
    }
}

#[test]
fn nothing_found_and_withheld_look_the_same_outside_the_log() {
    let world = World::new();
    let who = asker("corporatie.huismeester");
    let nothing = ask(&world, &who, Vec::new());
    let mut minor = signal(1, "gemeente", "vera:AGR.FYS");
    minor.subjects[0].minor = ProtectionStatement::Present;
    let withheld = ask(&world, &who, vec![minor]);
    assert_eq!(nothing.advice, NO_ADVICE);
    assert_eq!(withheld.advice, NO_ADVICE);
    assert_eq!(nothing.decisions.len(), withheld.decisions.len());
    assert_eq!(
        reasons(&nothing, "gemeente"),
        [Reason::NothingFromSource, Reason::Hits]
    );
    assert_eq!(reasons(&withheld, "gemeente"), [Reason::Minor]);
}

#[test]
fn own_signals_never_count() {
    let world = World::new();
    let own = vec![signal(1, "corporatie", "vera:AGR.FYS")];
    let answer = ask(&world, &asker("corporatie.huismeester"), own.clone());
    assert_eq!(answer.advice, NO_ADVICE);
    assert!(revealed(&answer).is_empty());

    // Not even where the clause names the asker's party as a source, nor to reach a number.
    let world = World::changed(|d| {
        d.clauses[0].from.push(party("corporatie"));
        d.clauses[0].conditions.hits = Some(2);
    });
    let both = [own, vec![signal(2, "gemeente", "vera:AGR.FYS")]].concat();
    let answer = ask(&world, &asker("corporatie.huismeester"), both);
    assert_eq!(
        answer.decisions.len(),
        2,
        "the asker is no source of itself"
    );
    assert_eq!(reasons(&answer, "gemeente"), [Reason::Hits]);
}

#[test]
fn the_highest_advice_is_told_and_a_lower_one_is_not() {
    let world = World::new();
    let both = vec![
        signal(1, "gemeente", "vera:AGR.FYS"),
        signal(2, "politie", "vera:AGR.FYS"),
    ];
    let answer = ask(&world, &asker("corporatie.teamleider"), both.clone());
    assert_eq!(answer.advice.code, "overleg-eerst");
    assert_eq!(revealed(&answer), ["politie"]);
    assert_eq!(reasons(&answer, "gemeente"), [Reason::Outranked]);

    // Without a reason the police clause drops out, and its source stays in scope.
    let mut who = asker("corporatie.teamleider");
    who.asking.motivation = false;
    let answer = ask(&world, &who, both);
    assert_eq!(answer.advice.code, "ga-met-twee");
    assert_eq!(answer.decisions.len(), 3);
    assert_eq!(reasons(&answer, "politie"), [Reason::Motivation]);
}

#[test]
fn scope_depends_on_role_and_purpose_alone() {
    let world = World::new();
    let question = |change: fn(&mut AskerFacts)| {
        let mut who = asker("corporatie.teamleider");
        change(&mut who);
        may_ask(&world.active, &world.standing, &who, now()).unwrap()
    };
    let scope = question(|_| {}).sources_in_scope();
    assert_eq!(scope, [party("gemeente"), party("politie"), party("zorg")]);
    let poorer = question(|who| who.asking.login_level = LoginLevel::Low);
    assert_eq!(poorer.sources_in_scope(), scope);
    assert_eq!(names(&poorer.match_keys()), ["adres", "persoon"]);
}

#[test]
fn what_the_asker_lacks_is_refused_openly() {
    let world = World::new();
    let code = |change: fn(&mut AskerFacts)| {
        let mut who = asker("corporatie.teamleider");
        change(&mut who);
        let refusal = refused(&world, &who);
        assert!(!refusal.reason_nl.is_empty() && !refusal.remedy_nl.is_empty());
        assert!(!refusal.reason_en.is_empty() && !refusal.remedy_en.is_empty());
        assert_eq!(refusal.explanation.decision, "withhold");
        assert!(refusal.explanation.cell.source.is_none());
        (refusal.code, refusal.clause.map(|c| c.to_string()))
    };
    let in_clause = |code, clause: &str| (code, Some(clause.to_owned()));
    assert_eq!(
        code(|w| w.asking.file_number = false),
        in_clause(RefusalCode::FileNumberMissing, "3.1")
    );
    // In every clause something is missing: the nearest one is told.
    assert_eq!(
        code(|w| w.asking.counters.employee_today = 13),
        in_clause(RefusalCode::LimitReached, "3.1")
    );
    assert_eq!(
        code(|w| {
            w.asking.counters.subject_this_month = 5;
            w.asking.login_level = LoginLevel::Low;
        }),
        in_clause(RefusalCode::LimitReached, "3.1")
    );
    assert_eq!(
        code(|w| w.purpose = purpose("woonoverlast")),
        (RefusalCode::QuestionNotAllowed, None)
    );
    assert_eq!(
        code(|w| w.purpose = purpose("opsporing")),
        (RefusalCode::PurposeUnknown, None)
    );
    assert_eq!(
        code(|w| w.role = role("zorg.meldpunt")),
        (RefusalCode::QuestionNotAllowed, None)
    );
}

#[test]
fn a_missing_reason_or_login_is_refused_where_only_that_clause_is_left() {
    let world = World::changed(|d| d.clauses.truncate(2));
    let world = World::changed(|d| {
        *d = world.active.covenant().document().clone();
        d.clauses.remove(0);
    });
    let mut who = asker("corporatie.teamleider");
    who.asking.motivation = false;
    assert_eq!(refused(&world, &who).code, RefusalCode::ReasonMissing);
    let mut who = asker("corporatie.teamleider");
    who.asking.login_level = LoginLevel::Substantial;
    let refusal = refused(&world, &who);
    assert_eq!(refusal.code, RefusalCode::LoginLevelTooLow);
    assert_eq!((refusal.unmet[0].fact, refusal.unmet[0].threshold), (2, 3));
}

#[test]
fn a_clause_that_is_prohibited_to_the_role_is_as_good_as_none() {
    let world = World::changed(|d| {
        let mut all = d.prohibitions[1].clone();
        all.shows = crate::language::ast::Selection::All;
        d.prohibitions.push(all);
    });
    let refusal = refused(&world, &asker("corporatie.huismeester"));
    assert_eq!(refusal.code, RefusalCode::QuestionNotAllowed);
    assert_eq!(refusal.unmet[0].reason, Reason::Prohibited);
}

#[test]
fn a_signal_counts_only_alive_fit_and_meant_for_it() {
    let world = World::new();
    let advice = |change: fn(&mut Signal)| {
        let mut one = signal(1, "gemeente", "vera:AGR.FYS");
        change(&mut one);
        ask(&world, &asker("corporatie.huismeester"), vec![one])
            .advice
            .code
    };
    assert_eq!(advice(|_| {}), "ga-met-twee");
    assert_eq!(
        advice(|s| s.expires_on = today().plus_days(1)),
        "ga-met-twee"
    );
    assert_eq!(advice(|s| s.expires_on = today()), "geen-advies");
    // The covenant's own lifetime holds whatever the source says: 24 months for this signal.
    assert_eq!(
        advice(|s| {
            s.day = today().plus_months(-24);
            s.expires_on = today().plus_days(99);
        }),
        "geen-advies"
    );
    assert_eq!(advice(|s| s.day = today().plus_months(-23)), "ga-met-twee");
    assert_eq!(advice(|s| s.certainty = Certainty::Reported), "geen-advies");
    assert_eq!(
        advice(|s| s.purposes = vec![purpose("woonoverlast")]),
        "geen-advies"
    );
    assert_eq!(advice(|s| s.reviewed_by_person = false), "geen-advies");
    assert_eq!(
        advice(|s| s.category = model::CategoryCode::parse("vera:SCH").unwrap()),
        "geen-advies"
    );
    assert_eq!(
        advice(|s| s.covenant = model::CovenantId::parse("ander").unwrap()),
        "geen-advies"
    );
    assert_eq!(advice(|s| s.party = party("politie")), "geen-advies");
}

#[test]
fn where_and_when_a_signal_was_seen() {
    let place = |code| model::Neighbourhood::parse(code).unwrap();
    let world = World::changed(|d| {
        d.clauses[0].conditions.areas = vec![place("WK085501")];
        d.clauses[0].conditions.within = Span::parse("30 dagen");
    });
    let answer = |change: fn(&mut Signal)| {
        let mut one = signal(1, "gemeente", "vera:AGR.FYS");
        change(&mut one);
        ask(&world, &asker("corporatie.huismeester"), vec![one])
    };
    assert_eq!(revealed(&answer(|_| {})), ["gemeente"]);
    let unknown = answer(|s| s.neighbourhood = None);
    assert_eq!(
        reasons(&unknown, "gemeente"),
        [Reason::NothingFromSource, Reason::Area]
    );
    let old = answer(|s| s.day = today().plus_days(-30));
    assert_eq!(
        reasons(&old, "gemeente"),
        [Reason::NothingFromSource, Reason::Within]
    );
    assert_eq!(
        revealed(&answer(|s| s.day = today().plus_days(-29))),
        ["gemeente"]
    );
}

#[test]
fn protection_is_attested_by_all_and_hidden_by_nothing() {
    let world = World::new();
    let who = asker("corporatie.huismeester");
    let good = signal(1, "gemeente", "vera:AGR.FYS");
    // Of another kind, another source, without the purpose, and of the asker itself.
    for (from, category) in [
        ("politie", "vera:OVE"),
        ("zorg", "vera:AGR.VEB"),
        ("corporatie", "vera:OVE"),
    ] {
        for statement in [ProtectionStatement::Present, ProtectionStatement::Unknown] {
            let mut other = signal(2, from, category);
            other.purposes = vec![purpose("woonoverlast")];
            other.subjects[0].shielded_address = statement;
            let answer = ask(&world, &who, vec![good.clone(), other]);
            assert_eq!(
                reasons(&answer, "gemeente"),
                [Reason::ShieldedAddress],
                "{from}"
            );
        }
    }
    let question = may_ask(&world.active, &world.standing, &who, now()).unwrap();
    let mut found = found(vec![good]);
    found.subject.minor = ProtectionStatement::Unknown;
    let answer = answer(&world.active, &world.standing, question, &found, now());
    assert_eq!(reasons(&answer, "gemeente"), [Reason::Minor]);
}

pub(super) fn names(keys: &[model::MatchKeyName]) -> Vec<String> {
    keys.iter().map(ToString::to_string).collect()
}

/// A family with `nodig = 2`: one key of it is no agreement, and two keys of two comparisons
/// aren't either.
#[test]
fn enough_keys_of_one_comparison_must_agree() {
    let world = World::new();
    let sounds = "persoon/voornaam-klank+achternaam-klank+geboortedatum";
    let place = "persoon/voornaam-klank+geboortedatum+postcode";
    let advice = |shared: &[(&str, u8)]| {
        let all = [(sounds, 1), (place, 1)];
        let asked = subject(SubjectKind::Person, &all);
        let mut one = signal(1, "gemeente", "vera:AGR.FYS");
        one.subjects = vec![subject(SubjectKind::Person, shared)];
        let who = asker("corporatie.huismeester");
        let question = may_ask(&world.active, &world.standing, &who, now()).unwrap();
        let found = model::Match {
            trigger: None,
            candidates: vec![candidate(one, &asked)],
            subject: asked,
        };
        let answer = answer(&world.active, &world.standing, question, &found, now());
        answer.advice.code
    };
    assert_eq!(advice(&[(sounds, 1), (place, 1)]), "ga-met-twee");
    assert_eq!(advice(&[(sounds, 1), (place, 2)]), "geen-advies");
    assert_eq!(
        advice(&[(sounds, 1), (sounds, 1)]),
        "geen-advies",
        "one key twice is one"
    );
}

#[test]
fn keys_that_the_clause_does_not_compare_do_not_count() {
    let world = World::changed(|d| d.clauses[0].comparisons.retain(|c| c.as_str() == "persoon"));
    let answer = ask(
        &world,
        &asker("corporatie.huismeester"),
        vec![signal(1, "gemeente", "vera:AGR.FYS")],
    );
    assert_eq!(answer.advice, NO_ADVICE);
}

#[test]
fn one_signal_found_twice_counts_once() {
    let world = World::changed(|d| d.clauses[0].conditions.hits = Some(2));
    let one = signal(1, "gemeente", "vera:AGR.FYS");
    let who = asker("corporatie.huismeester");
    let answer = ask(&world, &who, vec![one.clone(), one.clone()]);
    assert_eq!(reasons(&answer, "gemeente"), [Reason::Hits]);
    let two = vec![one, signal(2, "zorg", "vera:OVE")];
    let answer = ask(&world, &who, two);
    assert_eq!(revealed(&answer), ["gemeente", "zorg"]);
}

/// A signal in a closed cell helps no other source over the threshold.
#[test]
fn a_prohibited_signal_helps_nobody() {
    let world = World::changed(|d| {
        d.clauses[0].conditions.hits = Some(2);
        let mut care = d.prohibitions[0].clone();
        care.to = crate::language::ast::Selection::All;
        d.prohibitions.push(care);
    });
    let two = vec![
        signal(1, "gemeente", "vera:AGR.FYS"),
        signal(2, "zorg", "vera:AGR.VEB"),
    ];
    let answer = ask(&world, &asker("corporatie.huismeester"), two);
    assert_eq!(reasons(&answer, "gemeente"), [Reason::Hits]);
    assert_eq!(reasons(&answer, "zorg"), [Reason::Prohibited]);
}

/// What can never be answered is refused before anything is counted or looked up.
#[test]
fn a_question_tells_advice_and_no_other_level() {
    type Change = fn(&mut crate::language::ast::Document);
    let changes: [(Change, Reason); 2] = [
        (
            |d| {
                d.clauses[0].shows = vec![Shows::Hit, Shows::Contact];
                d.clauses[0].advice = None;
            },
            Reason::NotNamed,
        ),
        (
            |d| {
                let mut advice = d.prohibitions[1].clone();
                advice.shows = crate::language::ast::Selection::Only(vec![Shows::Advice]);
                d.prohibitions.push(advice);
                d.clauses[0].shows.push(Shows::Contact);
            },
            Reason::Prohibited,
        ),
    ];
    for (change, reason) in changes {
        let world = World::changed(change);
        let refusal = refused(&world, &asker("corporatie.huismeester"));
        assert_eq!(refusal.code, RefusalCode::QuestionNotAllowed);
        assert_eq!(refusal.unmet[0].reason, reason);
    }
    // Beside a clause that advises it changes nothing.
    let world = World::changed(|d| {
        d.clauses[1].shows = vec![Shows::Contact];
        d.clauses[1].advice = None;
    });
    let signals = vec![
        signal(1, "gemeente", "vera:AGR.FYS"),
        signal(2, "politie", "vera:AGR.FYS"),
    ];
    let answer = ask(&world, &asker("corporatie.teamleider"), signals);
    assert_eq!(answer.advice.code, "ga-met-twee");
    assert_eq!(revealed(&answer), ["gemeente"]);
}

#[test]
fn a_question_is_worth_nothing_under_another_version() {
    let old = World::new();
    let who = asker("corporatie.huismeester");
    let question = may_ask(&old.active, &old.standing, &who, now()).unwrap();
    let new = World::changed(|d| d.header.version = 2);
    let found = found(vec![signal(1, "gemeente", "vera:AGR.FYS")]);
    let answer = answer(&new.active, &new.standing, question, &found, now());
    assert_eq!(answer.advice, NO_ADVICE);
    assert_eq!(answer.decisions.len(), 2);
    assert!(reasons(&answer, "gemeente").contains(&Reason::NotActive));
}

#[test]
fn a_candidate_without_its_subject_is_nothing() {
    let world = World::new();
    let who = asker("corporatie.huismeester");
    let question = may_ask(&world.active, &world.standing, &who, now()).unwrap();
    let mut found = found(vec![signal(1, "gemeente", "vera:AGR.FYS")]);
    found.candidates[0].subject = 7;
    let answer = answer(&world.active, &world.standing, question, &found, now());
    assert_eq!(answer.advice, NO_ADVICE);
}
