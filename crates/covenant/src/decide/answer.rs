//! The answer to a question, after the look-up.

use model::{Match, PartyId, Timestamp};

use super::agreement::{Judged, Setting, Sighting, hits, protections};
use super::may_ask::{Question, named};
use super::permit::{Decision, Permit, Record, Withheld};
use super::{AskerFacts, Reason, Shown, Standing, Unmet};
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
    let setting = Setting {
        compiled,
        standing,
        trigger: Trigger::Question,
        asking: asker.asking,
        protections: protections(covenant, found, &sightings, today),
        now,
    };
    let recipient = asker.role.party();
    let clauses = named(compiled, &asker);
    let mut best: Vec<(PartyId, Best)> = Vec::new();
    for source in sources {
        let mut options = Vec::new();
        for (place, clause) in clauses.iter().filter(|(_, c)| c.from.contains(&source)) {
            let hits = hits(covenant, clause, &recipient, &sightings, today);
            let mut judged =
                setting.judge((*place, clause), &asker.role, &source, Shows::Advice, &hits);
            if file != covenant.digest() {
                forbid(Reason::NotActive, &mut judged);
            } else if judged.unmet.is_empty() && !open.contains(place) {
                forbid(Reason::Suspended, &mut judged);
            }
            options.push(option(active, &asker, &source, (*place, clause), judged));
        }
        let chosen = options.into_iter().reduce(Best::better);
        let chosen = chosen.unwrap_or_else(|| nothing(active, &asker, &source, &setting));
        best.push((source, chosen));
    }
    let advice = best
        .iter()
        .filter_map(|(_, b)| b.advice)
        .max_by_key(|a| a.rank)
        .unwrap_or(NO_ADVICE);
    let decisions = best
        .into_iter()
        .map(|(source, best)| SourceDecision {
            source,
            decision: best.settle(advice),
        })
        .collect();
    Answer { advice, decisions }
}

/// A question that belongs to another version is answered by nothing; and a clause that dropped
/// out stays out, whatever became of the standing in between.
fn forbid(reason: Reason, judged: &mut Judged<'_>) {
    judged.unmet.push(Unmet {
        reason,
        fact: 0,
        threshold: 1,
    });
}

/// What one clause makes of one source.
struct Best {
    record: Record,
    advice: Option<Advice>,
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

    fn settle(self, told: Advice) -> Decision {
        let Some(advice) = self.advice else {
            return Decision::Withhold(Withheld::new(self.record));
        };
        let code = self.record.clause().and_then(|c| c.advice.clone());
        let permit = Permit::new(
            self.record,
            code.into_iter().map(Shown::Advice).collect(),
            None,
        );
        if advice.rank == told.rank {
            Decision::Reveal(permit)
        } else {
            Decision::Withhold(permit.withhold(Unmet {
                reason: Reason::Outranked,
                fact: u32::from(advice.rank),
                threshold: u32::from(told.rank),
            }))
        }
    }
}

fn option(
    active: &ActiveCovenant,
    asker: &AskerFacts,
    source: &PartyId,
    (place, clause): (usize, &Clause),
    mut judged: Judged<'_>,
) -> Best {
    let vocabulary = active.covenant().vocabulary();
    let advice = clause.advice.as_ref();
    let advice = advice
        .and_then(|code| vocabulary.advice(code.as_str()))
        .copied();
    if advice.is_none() && judged.unmet.is_empty() {
        judged.unmet.push(Unmet {
            reason: Reason::NotNamed,
            fact: 0,
            threshold: 1,
        });
    }
    let revealed = judged.unmet.is_empty();
    let mut signals: Vec<_> = judged.counted.iter().map(|h| h.kind.clone()).collect();
    signals.sort_unstable();
    signals.dedup();
    Best {
        advice: advice.filter(|_| revealed),
        record: Record {
            compiled: active.compiled().clone(),
            clause: Some(place),
            recipient: asker.role.party(),
            roles: vec![asker.role.clone()],
            purpose: asker.purpose.clone(),
            source: Some(source.clone()),
            signals,
            shows: vec![Shows::Advice],
            facts: judged.facts,
            unmet: judged.unmet,
        },
    }
}

/// A source that no clause of this version names any more.
fn nothing(
    active: &ActiveCovenant,
    asker: &AskerFacts,
    source: &PartyId,
    setting: &Setting<'_>,
) -> Best {
    Best {
        advice: None,
        record: Record {
            compiled: active.compiled().clone(),
            clause: None,
            recipient: asker.role.party(),
            roles: vec![asker.role.clone()],
            purpose: asker.purpose.clone(),
            source: Some(source.clone()),
            signals: Vec::new(),
            shows: vec![Shows::Advice],
            facts: setting.nothing_found(),
            unmet: vec![Unmet {
                reason: Reason::NotActive,
                fact: 0,
                threshold: 1,
            }],
        },
    }
}
