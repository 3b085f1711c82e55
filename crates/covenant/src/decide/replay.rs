//! A decision made again out of what was recorded of it: by the same demands, in the same order.
//!
//! What it can't do again is to find signals: no identifier is recorded. What was found is taken
//! as the facts that were recorded, and everything that follows from them is decided anew.

use std::sync::Arc;

use model::{ClauseNo, Digest, PartyId, RoleRef};

use super::answer::Put;
use super::explanation::{self, Explanation};
use super::may_ask::{Question, ask, named};
use super::permit::Record;
use super::then::{Occasion, Then};
use super::weigh::{Flow, Known, Level, Levels, Scales};
use super::{AskerFacts, Facts, Refusal, Standing};
use crate::language::clause::Clause;
use crate::language::covenant::Covenant;
use crate::language::words::Shows;
use crate::signoff::{Compiled, SignoffError};
use crate::table::Table;

/// A covenant under which decisions were made, or might have been: checked, and not necessarily in
/// force or signed. Nothing can be revealed by it.
#[derive(Clone, Debug)]
pub struct Past {
    pub(super) compiled: Arc<Compiled>,
}

/// What was recorded does not tell what this covenant asks about.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotRecorded {
    /// No role is recorded, or none of the recipient's.
    #[error("roles: none is recorded")]
    Roles,
    /// This covenant has no such clause.
    #[error("clause {0}: this covenant has none, so another one decided")]
    Clause(ClauseNo),
    /// Nothing is recorded of a clause that would be judged.
    #[error("judged: nothing is recorded of clause {clause} for {role} at {}", shows.as_str())]
    Judged {
        /// The clause.
        clause: ClauseNo,
        /// The role.
        role: RoleRef,
        /// The level.
        shows: Shows,
    },
}

/// One decision, made again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decided {
    /// Whether it reveals.
    pub reveals: bool,
    /// The decision explained.
    pub explanation: Explanation,
}

/// How it comes out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Again {
    /// A match: one decision for the roles of each outcome, usually one for all of them.
    Match(Vec<Decided>),
    /// An answer, as far as one source goes.
    Answer {
        /// The decision.
        decided: Box<Decided>,
        /// The rank of the advice that this source carries, told or not; 0 for none.
        rank: u32,
        /// The sources in scope of the question: there is a decision about each.
        scope: Vec<PartyId>,
    },
    /// The question is refused openly.
    Refused(Box<Refusal>),
    /// The question may be put; what its answer would be is not known, since nothing was looked up.
    Allowed,
}

impl Past {
    /// Compiles a covenant.
    ///
    /// # Errors
    /// [`SignoffError::TooManyCells`] when it has too many cells.
    pub fn new(covenant: Covenant) -> Result<Self, SignoffError> {
        let table = Table::compile(&covenant)?;
        Ok(Self {
            compiled: Arc::new(Compiled { covenant, table }),
        })
    }

    /// The covenant.
    #[must_use]
    pub fn covenant(&self) -> &Covenant {
        &self.compiled.covenant
    }

    /// The digest of its compiled cell table.
    #[must_use]
    pub fn table_digest(&self) -> Digest {
        self.compiled.table.digest()
    }

    /// Makes a recorded decision again.
    ///
    /// # Errors
    /// [`NotRecorded`] when something that this covenant asks about is not recorded: then another
    /// covenant decided, or the record was changed.
    pub fn decide_again(&self, then: &Then) -> Result<Again, NotRecorded> {
        let recorded = |level: &Level<'_>| recorded(then, level);
        match &then.occasion {
            Occasion::Match { clause, source } => {
                let clauses = self.covenant().clauses();
                let place = clauses.iter().position(|c| c.number == *clause);
                let place = place.ok_or_else(|| NotRecorded::Clause(clause.clone()))?;
                let groups = self.match_again(then, place, source, &recorded)?;
                Ok(Again::Match(groups))
            }
            Occasion::Answer { source, told } => {
                let question = match self.ask_again(then)? {
                    Ok(question) => question,
                    Err(refusal) => return Ok(Again::Refused(refusal)),
                };
                let best = self.answer_again(then, &question, source, &recorded)?;
                let rank = best.advice.map_or(0, |advice| u32::from(advice.rank));
                let (record, reveals) = best.settle(rank.max(*told));
                Ok(Again::Answer {
                    decided: Box::new(explained(&record, reveals)),
                    rank,
                    scope: question.sources,
                })
            }
            Occasion::Refused => Ok(match self.ask_again(then)? {
                Ok(_) => Again::Allowed,
                Err(refusal) => Again::Refused(refusal),
            }),
        }
    }

    /// Judges the asker again.
    pub(super) fn ask_again(
        &self,
        then: &Then,
    ) -> Result<Result<Question, Box<Refusal>>, NotRecorded> {
        let standing = Standing::of_then(self.covenant(), &then.standing);
        Ok(ask(self.scales(&standing, then), &asker(then)?).map_err(Box::new))
    }

    /// Decides one clause of a match again, by what `known` tells of each level.
    pub(super) fn match_again<E: From<NotRecorded>>(
        &self,
        then: &Then,
        place: usize,
        source: &PartyId,
        known: &impl Fn(&Level<'_>) -> Result<Known, E>,
    ) -> Result<Vec<Decided>, E> {
        let standing = Standing::of_then(self.covenant(), &then.standing);
        let scales = self.scales(&standing, then);
        let first = then.roles.first().ok_or(NotRecorded::Roles)?;
        let recipient = first.party();
        let Some(clause) = self.covenant().clauses().get(place) else {
            return Ok(Vec::new());
        };
        let mut shows = clause.shows.clone();
        shows.sort_unstable();
        let mut groups: Vec<Vec<(RoleRef, Levels)>> = Vec::new();
        for role in &then.roles {
            let mut weighed = Vec::new();
            for shows in &shows {
                let level = Level {
                    place,
                    clause,
                    role,
                    source,
                    shows: *shows,
                };
                weighed.push(scales.weigh(&level, known(&level)?));
            }
            let levels = Levels::of(weighed);
            let alike = |group: &&mut Vec<(RoleRef, Levels)>| {
                group
                    .first()
                    .is_some_and(|(_, known)| known.is_like(&levels))
            };
            match groups.iter_mut().find(alike) {
                Some(group) => group.push((role.clone(), levels)),
                None => groups.push(vec![(role.clone(), levels)]),
            }
        }
        let decide = |roles: Vec<(RoleRef, Levels)>| {
            let flow = Flow {
                scales,
                place,
                clause,
                recipient: &recipient,
                roles: &roles,
                source,
            };
            let (record, reveals) = flow.conclude(nothing_found(then));
            explained(&record, reveals)
        };
        Ok(groups.into_iter().map(decide).collect())
    }

    /// What the clauses make of one source of a question that may be put.
    pub(super) fn answer_again<E: From<NotRecorded>>(
        &self,
        then: &Then,
        question: &Question,
        source: &PartyId,
        known: &impl Fn(&Level<'_>) -> Result<Known, E>,
    ) -> Result<super::answer::Best, E> {
        let standing = Standing::of_then(self.covenant(), &then.standing);
        let scales = self.scales(&standing, then);
        let put = Put {
            scales,
            asker: &question.asker,
            open: &question.open,
            is_of_this_version: true,
            nothing_found: nothing_found(then),
        };
        let mut weighed = Vec::new();
        for (place, clause) in named(&self.compiled, &question.asker) {
            if !clause.from.contains(source) {
                continue;
            }
            let level = Level {
                place,
                clause,
                role: &question.asker.role,
                source,
                shows: Shows::Advice,
            };
            weighed.push(((place, clause), scales.weigh(&level, known(&level)?)));
        }
        Ok(put.choose(source, weighed))
    }

    pub(super) fn scales<'a>(&'a self, standing: &'a Standing, then: &Then) -> Scales<'a> {
        Scales {
            compiled: &self.compiled,
            standing,
            now: then.standing.day.start(),
        }
    }
}

/// Who asked, what for and how.
pub(super) fn asker(then: &Then) -> Result<AskerFacts, NotRecorded> {
    Ok(AskerFacts {
        role: then.roles.first().ok_or(NotRecorded::Roles)?.clone(),
        purpose: then.purpose.clone(),
        asking: then.facts.asking,
    })
}

pub(super) const fn nothing_found(then: &Then) -> Facts {
    let facts = &then.facts;
    Facts::nothing_found(facts.trigger, facts.asking, facts.protections)
}

pub(super) fn explained(record: &Record, reveals: bool) -> Decided {
    Decided {
        reveals,
        explanation: explanation::explain(record, reveals),
    }
}

fn recorded(then: &Then, level: &Level<'_>) -> Result<Known, NotRecorded> {
    known_of(then, level.clause, level.role, level.shows).ok_or_else(|| NotRecorded::Judged {
        clause: level.clause.number.clone(),
        role: level.role.clone(),
        shows: level.shows,
    })
}

/// What was recorded of a clause.
pub(super) fn known_of(
    then: &Then,
    clause: &Clause,
    role: &RoleRef,
    shows: Shows,
) -> Option<Known> {
    let judged = then.judged.iter().find(|judged| {
        judged.clause == clause.number
            && judged.roles.contains(role)
            && judged.shows.contains(&shows)
    })?;
    Some(Known {
        found: judged.found.clone(),
        counted: judged.counted.clone(),
        facts: judged.facts,
    })
}
