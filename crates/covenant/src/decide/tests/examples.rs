//! Examples: facts that are left out meet the clause, and the named reason must be the one.

use super::world::{covenant_of, document};
use crate::decide::examples::run;
use crate::language::ast::{ExampleFacts, Outcome};
use crate::language::clause::{Approval, Clause};
use crate::language::span::Span;
use crate::language::words::{LoginLevel, Reason, Review, Reviewed, Shows, Trigger};

/// The words for which the first example (clause 3.1, changed) is refused with these facts.
fn refused(clause: impl FnOnce(&mut Clause), facts: ExampleFacts) -> Vec<Reason> {
    let mut document = document();
    clause(&mut document.clauses[0]);
    document.examples[0].facts = facts;
    let results = run(&covenant_of(document));
    let unmet = results[0].unmet.iter();
    unmet.map(|u| u.reason.word().unwrap()).collect()
}

fn given(change: impl FnOnce(&mut ExampleFacts)) -> ExampleFacts {
    let mut facts = ExampleFacts::default();
    change(&mut facts);
    facts
}

#[test]
fn those_of_the_test_covenant_hold() {
    let results = run(&covenant_of(document()));
    assert_eq!(results.len(), 4);
    for result in results {
        assert!(result.holds(), "{result:?}");
    }
}

#[test]
fn facts_that_are_left_out_meet_the_clause() {
    let strict = |c: &mut Clause| {
        let conditions = &mut c.conditions;
        (conditions.hits, conditions.parties) = (Some(3), Some(2));
        conditions.within = Span::parse("1 maand");
        conditions.motivation = true;
        conditions.review = Some(Review::PerCase);
        conditions.login_level = Some(LoginLevel::High);
        conditions.areas = vec![model::Neighbourhood::parse("GM0855").unwrap()];
        conditions.approval = Some(Approval {
            count: 2,
            by: Vec::new(),
            within: Span::parse("4 uur").unwrap(),
        });
        c.output.answer_after = Span::parse("4 uur");
    };
    assert_eq!(refused(strict, ExampleFacts::default()), []);
}

#[test]
fn every_fact_can_refuse_by_its_own_word() {
    let keep = |_: &mut Clause| {};
    let one = |facts, word| assert_eq!(refused(keep, facts), [word]);
    one(given(|f| f.hits = Some(0)), Reason::Hits);
    one(given(|f| f.file_number = Some(false)), Reason::FileNumber);
    one(
        given(|f| f.review = Some(Reviewed::Nothing)),
        Reason::Review,
    );
    one(given(|f| f.minor = Some(true)), Reason::NotAbout);
    one(given(|f| f.shielded_address = Some(true)), Reason::NotAbout);
    one(given(|f| f.per_employee = Some(13)), Reason::PerEmployee);
    one(given(|f| f.per_party = Some(301)), Reason::PerParty);
    one(given(|f| f.per_subject = Some(5)), Reason::PerSubject);
    assert_eq!(refused(keep, given(|f| f.per_subject = Some(4))), []);

    let with = |clause: fn(&mut Clause), facts, word| assert_eq!(refused(clause, facts), [word]);
    with(
        |c| c.conditions.parties = Some(2),
        given(|f| (f.hits, f.parties) = (Some(5), Some(1))),
        Reason::Parties,
    );
    with(
        |c| c.conditions.within = Span::parse("1 maand"),
        given(|f| f.age = Span::parse("2 maanden")),
        Reason::Within,
    );
    // On the day that the span ends it is over, in an example as in a decision.
    for age in ["1 maand", "30 dagen", "720 uur"] {
        with(
            |c| c.conditions.within = Span::parse("1 maand"),
            given(|f| f.age = Span::parse(age)),
            Reason::Within,
        );
    }
    let month = |c: &mut Clause| c.conditions.within = Span::parse("1 maand");
    let day_before = given(|f| f.age = Span::parse("29 dagen"));
    assert_eq!(refused(month, day_before), []);
    with(
        |c| c.conditions.motivation = true,
        given(|f| f.motivation = Some(false)),
        Reason::Motivation,
    );
    with(
        |c| c.conditions.login_level = Some(LoginLevel::High),
        given(|f| f.login_level = Some(LoginLevel::Substantial)),
        Reason::LoginLevel,
    );
    with(
        |c| c.conditions.areas = vec![model::Neighbourhood::parse("GM0855").unwrap()],
        given(|f| f.in_area = Some(false)),
        Reason::Area,
    );
    with(
        |c| {
            c.conditions.approval = Some(Approval {
                count: 2,
                by: Vec::new(),
                within: Span::parse("4 uur").unwrap(),
            });
        },
        given(|f| f.approvals = Some(1)),
        Reason::Approval,
    );
    with(
        |c| c.conditions.review = Some(Review::PerCase),
        given(|f| f.review = Some(Reviewed::Beforehand)),
        Reason::Review,
    );
}

/// An example of a notice holds when the notice comes: nobody asked for it.
#[test]
fn on_a_match_nobody_asks() {
    let on_match = |more: fn(&mut Clause)| {
        move |c: &mut Clause| {
            c.triggers = vec![Trigger::OnMatch];
            c.conditions.file_number = false;
            more(c);
        }
    };
    let none = ExampleFacts::default;
    assert_eq!(refused(on_match(|_| {}), none()), []);
    let given = given(|f| (f.motivation, f.per_employee) = (Some(true), Some(99)));
    let asked = refused(on_match(|c| c.conditions.motivation = true), given);
    assert_eq!(asked, [Reason::Motivation]);
    let login = on_match(|c| c.conditions.login_level = Some(LoginLevel::High));
    assert_eq!(refused(login, none()), [Reason::LoginLevel]);
    let late = |c: &mut Clause| {
        on_match(|c| c.output.answer_after = Span::parse("4 uur"))(c);
        c.shows.push(Shows::Hit);
    };
    let mut document = document();
    late(&mut document.clauses[0]);
    // For both: the advice is told on a question, which is held back, and the hit never.
    document.clauses[0].triggers.insert(0, Trigger::Question);
    let mut hit = document.examples[0].clone();
    hit.question.shows = Shows::Hit;
    document.prohibitions.clear();
    document.examples = vec![document.examples[0].clone(), hit];
    let holds: Vec<bool> = run(&covenant_of(document))
        .iter()
        .map(|r| r.holds())
        .collect();
    assert_eq!(holds, [true, false]);
}

#[test]
fn an_example_with_another_outcome_fails() {
    let holds = |outcome: Outcome| {
        let mut document = document();
        document.examples[1].outcome = outcome;
        run(&covenant_of(document))[1].holds()
    };
    assert!(holds(Outcome::Refused(Some(Reason::FileNumber))));
    assert!(holds(Outcome::Refused(None)));
    assert!(!holds(Outcome::Refused(Some(Reason::Hits))));
    assert!(!holds(Outcome::Clause(
        document().clauses[0].number.clone()
    )));
    let mut document = document();
    document.examples[0].outcome = Outcome::Clause(document.clauses[1].number.clone());
    assert!(!run(&covenant_of(document))[0].holds());
}
