//! Who gives less with a question never learns more.

use model::{
    AdviceCode, ClauseNo, Match, MatchKeyName, Protection, ProtectionStatement, Signal, Subject,
    SubjectKind, Token,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;

use super::asking::{names, reasons};
use super::properties::world_of;
use super::world::{
    ADDRESS_KEY, PARTIES, World, asker, asking, candidate, document, now, party, signal, subject,
};
use crate::decide::{AskerFacts, Asking, Reason, answer, may_ask};
use crate::language::ast::Document;
use crate::language::words::LoginLevel;
use crate::vocabulary::advice::NO_ADVICE;

const KEYS: [(&str, u8); 3] = [
    (ADDRESS_KEY, 1),
    ("persoon/voornaam-klank+achternaam-klank+geboortedatum", 2),
    ("persoon/voornaam-klank+geboortedatum+postcode", 3),
];

/// A covenant with a clause for each source, each with demands on the asker and comparisons of its
/// own.
fn documents() -> impl Strategy<Value = Document> {
    let demands = (
        any::<[bool; 4]>(),
        subsequence(document_names(), 1..=2),
        subsequence(Protection::ALL.to_vec(), 1..=2),
    );
    vec(demands, 3).prop_map(|demands| {
        let mut document = document();
        let first = document.clauses[0].clone();
        let advices = ["ga-met-twee", "overleg-eerst", "bel-eerst"];
        document.clauses = demands
            .into_iter()
            .zip(["gemeente", "politie", "zorg"])
            .zip(advices)
            .map(|(((flags, comparisons, not_about), source), advice)| {
                let mut clause = first.clone();
                clause.number = ClauseNo::parse(&format!("1.{}", source.len())).unwrap();
                clause.from = vec![party(source)];
                clause.advice = AdviceCode::parse(advice).ok();
                clause.comparisons = comparisons;
                let conditions = &mut clause.conditions;
                (conditions.file_number, conditions.motivation) = (flags[0], flags[1]);
                conditions.login_level = flags[2].then_some(LoginLevel::High);
                conditions.review = None;
                conditions.not_about = not_about;
                clause
            })
            .collect();
        document
    })
}

fn document_names() -> Vec<MatchKeyName> {
    let specs = document().match_keys;
    specs.into_iter().map(|spec| spec.name).collect()
}

/// Signals that agree with the subject by some of its keys, and some of which protect it.
fn signals() -> impl Strategy<Value = Vec<Signal>> {
    let statement = prop_oneof![
        3 => Just(ProtectionStatement::Absent),
        1 => Just(ProtectionStatement::Present),
    ];
    let keys = proptest::sample::select(vec![&KEYS[..1], &KEYS[1..], &KEYS[..]]);
    let one = (0..9_u8, 0..4_usize, keys, statement);
    let one = one.prop_map(|(number, from, keys, minor)| {
        let mut signal = signal(number, PARTIES[from].0, "vera:AGR.FYS");
        signal.subjects = vec![Subject {
            minor,
            ..subject(SubjectKind::Person, keys)
        }];
        signal
    });
    vec(one, 1..6)
}

fn poorer() -> impl Strategy<Value = Asking> {
    any::<[bool; 3]>().prop_map(|given| Asking {
        file_number: given[0],
        motivation: given[1],
        login_level: if given[2] {
            LoginLevel::High
        } else {
            LoginLevel::Low
        },
        ..asking()
    })
}

/// The rank of the advice that is told, by what the question looks up.
fn told(world: &World, asker: &AskerFacts, signals: &[Signal]) -> Option<u8> {
    let question = may_ask(&world.active, &world.standing, asker, now()).ok()?;
    let names = question.match_keys();
    let mut asked = subject(SubjectKind::Person, &KEYS);
    asked
        .tokens
        .retain(|token| names.iter().any(|name| name.as_str() == token.key.name()));
    let candidates = signals.iter().cloned().map(|s| candidate(s, &asked));
    let found = Match {
        trigger: None,
        candidates: candidates.filter(|c| !c.agreed.is_empty()).collect(),
        subject: asked,
    };
    let answer = answer(&world.active, &world.standing, question, &found, now());
    Some(answer.advice.rank)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn leaving_something_out_never_reveals_more(
        document in documents(),
        signals in signals(),
        poorer in poorer(),
    ) {
        let world = world_of(document);
        let rich = asker("corporatie.teamleider");
        let poor = AskerFacts { asking: poorer, ..rich.clone() };
        let all = told(&world, &rich, &signals);
        let less = told(&world, &poor, &signals);
        prop_assert!(less <= all, "{less:?} after {all:?}");
    }
}

/// The police clause alone compares persons, and drops out without a reason. A signal that agrees
/// with the person and says that it is a minor withholds the other clause's advice all the same.
#[test]
fn leaving_out_a_reason_hides_no_protection() {
    let world = World::changed(|d| {
        d.clauses[0].comparisons.retain(|c| c.as_str() == "adres");
        d.clauses[1].comparisons = vec![MatchKeyName::parse("persoon").unwrap()];
    });
    let keys = [
        (ADDRESS_KEY, 1),
        ("persoon/voornaam-klank+achternaam-klank+geboortedatum", 2),
        ("persoon/voornaam-klank+geboortedatum+postcode", 2),
    ];
    let asked = subject(SubjectKind::Person, &keys);
    let mut minor = signal(2, "politie", "vera:OVE");
    minor.subjects = vec![subject(SubjectKind::Person, &keys[1..])];
    minor.subjects[0].minor = ProtectionStatement::Present;
    let signals = [signal(1, "gemeente", "vera:AGR.FYS"), minor];
    let mut who = asker("corporatie.teamleider");
    for motivation in [true, false] {
        who.asking.motivation = motivation;
        let question = may_ask(&world.active, &world.standing, &who, now()).unwrap();
        assert_eq!(names(&question.match_keys()), ["adres", "persoon"]);
        let judged_by: &[&str] = if motivation {
            &["adres", "persoon"]
        } else {
            &["adres"]
        };
        assert_eq!(names(&question.judged_by()), judged_by);
        // What is looked up is what the question names.
        let mut looked_up = asked.clone();
        let wanted = names(&question.match_keys());
        let named = |token: &Token| wanted.iter().any(|n| n == token.key.name());
        looked_up.tokens.retain(named);
        let candidates = signals.iter().cloned();
        let found = Match {
            trigger: None,
            candidates: candidates.map(|s| candidate(s, &looked_up)).collect(),
            subject: looked_up,
        };
        let answer = answer(&world.active, &world.standing, question, &found, now());
        assert_eq!(answer.advice, NO_ADVICE, "motivation: {motivation}");
        assert_eq!(reasons(&answer, "gemeente"), [Reason::Minor]);
    }
}
