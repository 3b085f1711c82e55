//! The answer to a question, after the look-up.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Match, PartyId, SignalId, Timestamp};

use super::agreement::{Setting, Sighting, hits, ids, protections};
use super::may_ask::{Question, named};
use super::permit::{Decision, Permit, Record, Withheld};
use super::then::JudgedThen;
use super::weigh::{Level, Scales, Weighed};
use super::{AskerFacts, Facts, Reason, Shown, Standing, Unmet};
use crate::language::clause::Clause;
use crate::language::words::{Shows, Trigger};
use crate::signoff::ActiveCovenant;
use crate::vocabulary::advice::{Advice, NO_ADVICE};

/// What is told, and what is logged.
#[derive(Debug)]
pub struct Answer {
    /// The advice: the highest that is revealed, else [`NO_ADVICE`]. It is all that the asker may
    /// learn.
    pub advice: Advice,
    /// Exactly one for every source in scope of the question, found or not, in the order of
    /// [`Question::sources_in_scope`].
    pub decisions: Vec<SourceDecision>,
}

/// What was decided about one source.
#[derive(Debug)]
pub struct SourceDecision {
    /// The source.
    pub source: PartyId,
    /// Revealed when the advice of the answer rests on this source too.
    pub decision: Decision,
    /// The source's signals that counted for the clause that decided, sorted: what is revealed rests
    /// on them.
    pub counted: Vec<SignalId>,
}

/// Answers a question with what was looked up about its subject.
///
/// Each clause is judged on its own. Where several advise, only the highest advice is told, and a
/// lower one counts as withheld: nobody learns of it.
#[must_use]
pub fn answer(
    active: &ActiveCovenant,
    standing: &Standing,
    question: Question,
    found: &Match,
    now: Timestamp,
) -> Answer {
    let compiled = active.compiled();
    let covenant = &compiled.covenant;
    let Question {
        file,
        asker,
        open,
        sources,
        ..
    } = question;
    let today = now.day();
    let sightings: Vec<Sighting<'_>> = found.candidates.iter().filter_map(Sighting::of).collect();
    let scales = Scales {
        compiled,
        standing,
        now,
    };
    let setting = Setting {
        scales,
        trigger: Trigger::Question,
        asking: asker.asking,
        protections: protections(covenant, found, &sightings, today),
    };
    let recipient = asker.role.party();
    let put = Put {
        scales,
        asker: &asker,
        open: &open,
        is_of_this_version: file == covenant.digest(),
        nothing_found: setting.nothing_found(),
    };
    let clauses = named(compiled, &asker);
    let mut best: Vec<(PartyId, Best, Vec<SignalId>)> = Vec::new();
    for source in sources {
        let of_source = clauses.iter().filter(|(_, c)| c.from.contains(&source));
        let mut counted: BTreeMap<usize, Vec<SignalId>> = BTreeMap::new();
        let weighed = of_source.map(|(place, clause)| {
            let level = Level {
                place: *place,
                clause,
                role: &asker.role,
                source: &source,
                shows: Shows::Advice,
            };
            let hits = hits(covenant, clause, &recipient, &sightings, today);
            let judged = setting.judge(&level, &hits);
            counted.insert(*place, ids(&judged.counted));
            ((*place, *clause), judged.weighed)
        });
        let chosen = put.choose(&source, weighed.collect());
        let place = chosen.record.clause;
        let counted = place.and_then(|place| counted.remove(&place));
        best.push((source, chosen, counted.unwrap_or_default()));
    }
    let advice = best
        .iter()
        .filter_map(|(_, b, _)| b.advice)
        .max_by_key(|a| a.rank)
        .unwrap_or(NO_ADVICE);
    let decisions = best
        .into_iter()
        .map(|(source, best, counted)| SourceDecision {
            source,
            decision: best.decide(advice),
            counted,
        })
        .collect();
    Answer { advice, decisions }
}

/// A question that was put, and what its clauses are judged by.
pub(super) struct Put<'a> {
    pub(super) scales: Scales<'a>,
    pub(super) asker: &'a AskerFacts,
    /// The clauses that remain, by place in the file.
    pub(super) open: &'a [usize],
    pub(super) is_of_this_version: bool,
    pub(super) nothing_found: Facts,
}

impl Put<'_> {
    /// What the clauses that look at a source make of it, all of them judged.
    pub(super) fn choose(
        &self,
        source: &PartyId,
        weighed: Vec<((usize, &Clause), Weighed)>,
    ) -> Best {
        let judged = weighed
            .iter()
            .map(|((_, clause), one)| JudgedThen::of(clause, &self.asker.role, one))
            .collect();
        let options = weighed
            .into_iter()
            .map(|(clause, one)| self.option(source, clause, one));
        let chosen = options.reduce(Best::better);
        let mut chosen = chosen.unwrap_or_else(|| self.nothing(source));
        chosen.record.judged = judged;
        chosen
    }

    /// A question that belongs to another version is answered by nothing; and a clause that
    /// dropped out stays out, whatever became of the standing in between.
    fn option(
        &self,
        source: &PartyId,
        (place, clause): (usize, &Clause),
        weighed: Weighed,
    ) -> Best {
        let mut unmet = weighed.unmet;
        if !self.is_of_this_version {
            unmet.push(not(Reason::NotActive));
        } else if unmet.is_empty() && !self.open.contains(&place) {
            unmet.push(not(Reason::Suspended));
        }
        let vocabulary = self.scales.compiled.covenant.vocabulary();
        let advice = clause.advice.as_ref();
        let advice = advice
            .and_then(|code| vocabulary.advice(code.as_str()))
            .copied();
        if advice.is_none() && unmet.is_empty() {
            unmet.push(not(Reason::NotNamed));
        }
        let revealed = unmet.is_empty();
        Best {
            advice: advice.filter(|_| revealed),
            record: Record {
                clause: Some(place),
                signals: weighed.known.counted,
                facts: weighed.known.facts,
                ..self.record(source, unmet)
            },
        }
    }

    /// A source that no clause of this version names any more.
    fn nothing(&self, source: &PartyId) -> Best {
        Best {
            advice: None,
            record: self.record(source, vec![not(Reason::NotActive)]),
        }
    }

    fn record(&self, source: &PartyId, unmet: Vec<Unmet>) -> Record {
        let recipient = self.asker.role.party();
        Record {
            compiled: Arc::clone(self.scales.compiled),
            clause: None,
            roles: vec![self.asker.role.clone()],
            purpose: self.asker.purpose.clone(),
            source: Some(source.clone()),
            signals: Vec::new(),
            shows: vec![Shows::Advice],
            facts: self.nothing_found,
            unmet,
            standing: self.scales.then(&[&recipient, source]),
            recipient,
            told: None,
            judged: Vec::new(),
        }
    }
}

const fn not(reason: Reason) -> Unmet {
    Unmet {
        reason,
        fact: 0,
        threshold: 1,
    }
}

/// What one clause makes of one source.
pub(super) struct Best {
    record: Record,
    pub(super) advice: Option<Advice>,
}

impl Best {
    /// The higher advice; else the clause that came nearer; else the earlier one.
    fn better(self, other: Self) -> Self {
        let rank = |best: &Self| {
            let rank = best.advice.map_or(0, |a| a.rank);
            (rank, usize::MAX - best.record.unmet.len())
        };
        if rank(&other) > rank(&self) {
            other
        } else {
            self
        }
    }

    /// What becomes of it where an advice of rank `told` is told, and whether it is revealed.
    pub(super) fn settle(self, told: u32) -> (Record, bool) {
        let mut record = self.record;
        record.told = Some(told);
        let Some(rank) = self.advice.map(|advice| u32::from(advice.rank)) else {
            return (record, false);
        };
        if rank != told {
            record.unmet.push(Unmet {
                reason: Reason::Outranked,
                fact: rank,
                threshold: told,
            });
        }
        (record, rank == told)
    }

    fn decide(self, told: Advice) -> Decision {
        let (record, reveals) = self.settle(u32::from(told.rank));
        if !reveals {
            return Decision::Withhold(Withheld::new(record));
        }
        let code = record.clause().and_then(|c| c.advice.clone());
        let shown = code.into_iter().map(Shown::Advice).collect();
        Decision::Reveal(Permit::new(record, shown, None))
    }
}
