//! A log of random decisions under random covenants, made as the broker makes it.

pub(crate) mod log;
pub(crate) mod world;

use covenant::decide::{
    AskerFacts, Asking, Counters, Decision, PairDecision, Standing, answer, decide_match, may_ask,
};
use covenant::language::words::LoginLevel;
use covenant::signoff::ActiveCovenant;
use ledger::{Decided, Kind, NewEntry};
use model::{Match, PurposeId, RoleRef, Timestamp};
use replay::outcome::{About, outcome};

use log::Log;
use world::{Random, World};

/// What was logged under one covenant.
pub(crate) struct Logged {
    pub(crate) world: World,
    /// How many decisions.
    pub(crate) decisions: usize,
}

/// Logs at least `decisions` under one random covenant.
pub(crate) fn log_some(log: &mut Log, random: &mut Random, decisions: usize) -> Logged {
    let world = World::random(random);
    let decisions = log_of(log, random, &world, decisions);
    Logged { world, decisions }
}

/// Logs at least `decisions` under this covenant, and returns how many.
pub(crate) fn log_of(log: &mut Log, random: &mut Random, world: &World, decisions: usize) -> usize {
    let mut made = 0;
    let mut number = 0;
    while made < decisions {
        let standing = world.standing(random);
        let now = world::now();
        number += 1;
        let transaction = format!("{}-{number}", log.size());
        made += if random.one_in(2) {
            ask(log, random, world, &standing, &transaction, now)
        } else {
            let trigger = random.signal();
            let found = random.found(Some(trigger));
            push(log, &world.active, &standing, &found, &transaction, now)
        };
    }
    made
}

pub(crate) fn about(kind: Kind, transaction: &str, decided: Decided) -> About {
    About {
        kind,
        transaction: transaction.to_owned(),
        trace: None,
        actor: None,
        decided,
        subject: None,
        content: None,
    }
}

const fn decided(decision: &Decision) -> Decided {
    match decision {
        Decision::Reveal(_) => Decided::Revealed,
        Decision::Withhold(_) => Decided::Withheld,
    }
}

fn ask(
    log: &mut Log,
    random: &mut Random,
    world: &World,
    standing: &Standing,
    transaction: &str,
    now: Timestamp,
) -> usize {
    let asker = random.asker(&world.active);
    let active = &world.active;
    let covenant = active.covenant();
    let entry = |source, answer: &str, outcome| NewEntry {
        covenant: Some(covenant.digest()),
        recipient: Some(asker.role.party()),
        source,
        purpose: Some(asker.purpose.clone()),
        request: b"request".to_vec(),
        answer: answer.as_bytes().to_vec(),
        outcome,
    };
    match may_ask(active, standing, &asker, now) {
        Err(refusal) => {
            let about = about(Kind::CheckRefused, transaction, Decided::Refused);
            let outcome = outcome(covenant, &about, &refusal.explanation);
            log.append(entry(None, refusal.code.as_str(), outcome));
            1
        }
        Ok(question) => {
            let found = random.found(None);
            let told = answer(active, standing, question, &found, now);
            let count = told.decisions.len();
            for one in told.decisions {
                let about = about(Kind::CheckAnswered, transaction, decided(&one.decision));
                let outcome = outcome(covenant, &about, &one.decision.explanation());
                log.append(entry(Some(one.source), told.advice.code, outcome));
            }
            count
        }
    }
}

fn push(
    log: &mut Log,
    active: &ActiveCovenant,
    standing: &Standing,
    found: &Match,
    transaction: &str,
    now: Timestamp,
) -> usize {
    let pairs = decide_match(active, standing, found, now);
    let count = pairs.len();
    for PairDecision {
        recipient,
        purpose,
        source,
        decision,
        ..
    } in pairs
    {
        let covenant = active.covenant();
        let about = about(Kind::MatchDecided, transaction, decided(&decision));
        let named = decision.is_reveal();
        log.append(NewEntry {
            covenant: Some(covenant.digest()),
            recipient: Some(recipient).filter(|_| named),
            source: Some(source).filter(|_| named),
            purpose: Some(purpose),
            request: Vec::new(),
            answer: Vec::new(),
            outcome: outcome(covenant, &about, &decision.explanation()),
        });
    }
    count
}

impl Random {
    pub(crate) fn asker(&mut self, active: &ActiveCovenant) -> AskerFacts {
        let covenant = active.covenant();
        let clauses = covenant.clauses();
        // Mostly somebody whom a clause names, for its purpose.
        let clause = self.pick(clauses);
        let parties: Vec<_> = covenant.parties().values().collect();
        let roles: Vec<RoleRef> = parties
            .iter()
            .flat_map(|party| party.roles.keys().cloned())
            .collect();
        let (role, purpose) = if self.one_in(8) {
            let purposes: Vec<PurposeId> = covenant.purposes().keys().cloned().collect();
            (self.pick(&roles).clone(), self.pick(&purposes).clone())
        } else {
            (self.pick(&clause.to).clone(), clause.purpose.clone())
        };
        let asked = u32::try_from(self.below(6)).unwrap();
        AskerFacts {
            role,
            purpose,
            asking: Asking {
                file_number: !self.one_in(8),
                motivation: !self.one_in(8),
                login_level: if self.one_in(8) {
                    LoginLevel::Low
                } else {
                    LoginLevel::High
                },
                counters: Counters {
                    employee_today: asked,
                    party_today: asked,
                    subject_this_month: asked,
                },
            },
        }
    }
}
