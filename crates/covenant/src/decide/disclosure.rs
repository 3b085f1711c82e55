//! What may be told, once a permit was used.

use model::{
    AdviceCode, CategoryCode, ClauseNo, Digest, PartyId, PurposeId, RoleRef, SignalId, SignalTypeId,
};

use super::explanation::BasisExplained;
use super::permit::{Duty, Promise};
use crate::language::words::{Attribute, Shows};

/// What one recipient may be told: a list of what the clause reveals. What it does not reveal has
/// no place in here. It comes from [`super::Permit::project`] alone:
/// ```compile_fail
/// let forged = covenant::decide::Disclosure { shown: Vec::new(), matched: None };
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Disclosure {
    shown: Vec<Shown>,
    matched: Option<Box<Matched>>,
}

impl Disclosure {
    pub(super) const fn new(shown: Vec<Shown>, matched: Option<Box<Matched>>) -> Self {
        Self { shown, matched }
    }

    /// What is revealed, lowest level first. For a question this is the advice alone.
    #[must_use]
    pub fn shown(&self) -> &[Shown] {
        &self.shown
    }

    /// With a continuous match: what the notice hangs on. `None` for a question.
    #[must_use]
    pub fn matched(&self) -> Option<&Matched> {
        self.matched.as_deref()
    }

    /// The levels of [`Disclosure::shown`], lowest first, each once.
    #[must_use]
    pub fn levels(&self) -> Vec<Shows> {
        let mut levels: Vec<Shows> = self.shown.iter().map(Shown::level).collect();
        levels.dedup();
        levels
    }

    /// The advice, where it is revealed.
    #[must_use]
    pub fn advice(&self) -> Option<&AdviceCode> {
        self.shown.iter().find_map(|s| match s {
            Shown::Advice(code) => Some(code),
            _ => None,
        })
    }

    /// The source, where a hit or a contact point is revealed.
    #[must_use]
    pub fn source(&self) -> Option<&PartyId> {
        self.shown.iter().find_map(|s| match s {
            Shown::Hit { source } => Some(source),
            Shown::Contact { party, .. } => Some(party),
            _ => None,
        })
    }

    /// The name of the party to call, where it is revealed.
    #[must_use]
    pub fn contact(&self) -> Option<&str> {
        self.shown.iter().find_map(|s| match s {
            Shown::Contact { name, .. } => Some(name.as_str()),
            _ => None,
        })
    }

    /// The categories that were reported, where they are revealed; sorted.
    #[must_use]
    pub fn categories(&self) -> Vec<&CategoryCode> {
        let mut all: Vec<&CategoryCode> = self
            .shown
            .iter()
            .filter_map(|s| match s {
                Shown::Category { codes, .. } => Some(codes),
                _ => None,
            })
            .flatten()
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The count, where it is revealed.
    #[must_use]
    pub fn count(&self) -> Option<u32> {
        self.shown.iter().find_map(|s| match s {
            Shown::Count(count) => Some(*count),
            _ => None,
        })
    }
}

/// One thing that is revealed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shown {
    /// A count of a scan, rounded down as the clause says.
    Count(u32),
    /// That there is a hit, and with whom.
    Hit {
        /// Whose signal agrees.
        source: PartyId,
    },
    /// What to do.
    Advice(AdviceCode),
    /// Whom to call.
    Contact {
        /// The source.
        party: PartyId,
        /// Its name, as the covenant has it.
        name: String,
    },
    /// What kind of signal.
    Category {
        /// The covenant's signal.
        signal: SignalTypeId,
        /// The categories under which it was pushed, sorted; empty when one cell was decided
        /// without a match.
        codes: Vec<CategoryCode>,
    },
    /// Which attributes may be released, sealed by the source.
    Attributes(Vec<Attribute>),
}

impl Shown {
    /// Its place on the reveal ladder.
    #[must_use]
    pub const fn level(&self) -> Shows {
        match self {
            Self::Count(_) => Shows::Count,
            Self::Hit { .. } => Shows::Hit,
            Self::Advice(_) => Shows::Advice,
            Self::Contact { .. } => Shows::Contact,
            Self::Category { .. } => Shows::Category,
            Self::Attributes(_) => Shows::Attributes,
        }
    }
}

/// What a notice of a continuous match hangs on: the recipient's own signals and the clause.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Matched {
    /// The same for both parties of one match. It is made of random ids, so it tells nothing by
    /// itself.
    pub id: Digest,
    /// The clause that reveals it.
    pub clause: ClauseNo,
    /// The purpose for which it may be used, and no other.
    pub purpose: PurposeId,
    /// The recipient's roles that may read it, at least one, sorted.
    pub roles: Vec<RoleRef>,
    /// The recipient's own signals that agree, at least one, sorted by id.
    pub own: Vec<OwnSignal>,
    /// On which grounds it was provided and received.
    pub basis: BasisExplained,
    /// What the broker does about it.
    pub duties: Vec<Duty>,
    /// What the recipient promised.
    pub promises: Vec<Promise>,
}

/// One of the recipient's own signals in a match.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct OwnSignal {
    /// The id under which it was pushed.
    pub id: SignalId,
    /// How many distinct match keys of the clause's comparisons agree, at least 1: the most over
    /// the source's signals.
    pub agreed_keys: u32,
}
