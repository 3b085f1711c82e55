//! What a decision rested on, so that it can be made again: no identifier and no pseudonym.

use model::{ClauseNo, Day, PartyId, PurposeId, RoleRef, SignalTypeId};

use super::Facts;
use super::weigh::Weighed;
use crate::language::clause::Clause;
use crate::language::words::Shows;
use crate::signoff::Scope;

/// How the covenant stood when a decision was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StandingThen {
    /// The day that counted.
    pub day: Day,
    /// Whether the version was over for good, apart from its dates: withdrawn, rejected, lapsed after
    /// a long suspension, or another version than the one that the standing was about.
    pub over: bool,
    /// Which of recipient and source had confirmed within 24 hours; sorted.
    pub confirmed: Vec<PartyId>,
    /// What was suspended; sorted.
    pub suspended: Vec<Scope>,
}

/// What was known of one clause for these roles at these levels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JudgedThen {
    /// The clause.
    pub clause: ClauseNo,
    /// For which roles.
    pub roles: Vec<RoleRef>,
    /// For which levels.
    pub shows: Vec<Shows>,
    /// The kinds of the source's signals that agree, whatever closes their cells; sorted.
    pub found: Vec<SignalTypeId>,
    /// The kinds of those that count; sorted.
    pub counted: Vec<SignalTypeId>,
    /// The facts.
    pub facts: Facts,
}

/// What was decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Occasion {
    /// A match.
    Match {
        /// The clause that was judged.
        clause: ClauseNo,
        /// The source.
        source: PartyId,
    },
    /// A question, as far as one source goes.
    Answer {
        /// The source.
        source: PartyId,
        /// The rank of the advice that was told, 0 for none.
        told: u32,
    },
    /// A question that was refused openly, before anything was looked up.
    Refused,
}

/// What a decision was about, and what was known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Then {
    /// What was decided.
    pub occasion: Occasion,
    /// The roles, all of one party, sorted: of a question its one role.
    pub roles: Vec<RoleRef>,
    /// What for.
    pub purpose: PurposeId,
    /// How the covenant stood.
    pub standing: StandingThen,
    /// The facts. Only what holds for all levels and clauses is taken from here: the trigger, how
    /// was asked, and what is attested about the subject.
    pub facts: Facts,
    /// What was known of every clause, role and level that was judged.
    pub judged: Vec<JudgedThen>,
}

impl JudgedThen {
    pub(super) fn of(clause: &Clause, role: &RoleRef, weighed: &Weighed) -> Self {
        Self {
            clause: clause.number.clone(),
            roles: vec![role.clone()],
            shows: vec![weighed.shows],
            found: weighed.known.found.clone(),
            counted: weighed.known.counted.clone(),
            facts: weighed.known.facts,
        }
    }

    /// Whether the same was known, for whichever roles and levels.
    pub(super) fn knows_as(&self, other: &Self) -> bool {
        self.clause == other.clause
            && self.found == other.found
            && self.counted == other.counted
            && self.facts == other.facts
    }
}
