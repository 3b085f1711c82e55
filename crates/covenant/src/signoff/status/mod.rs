//! How a version stands at a moment, for people: who signed, what it waits for, what closes it.

mod sentence;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use model::{Day, PartyId, Timestamp};

use super::Proposal;
use crate::decide::{Standing, Suspended};

pub use sentence::moment;

/// A party's last word on a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PartyWord {
    /// It signed.
    Signed {
        /// On which day.
        on: Day,
    },
    /// Nothing yet.
    Waiting,
    /// It refused to sign, and did not sign later.
    Rejected {
        /// When.
        at: Timestamp,
    },
}

/// How a version stands. What is over for good comes before what is missing, and that before what
/// is suspended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// A signer withdrew it, for good.
    Withdrawn {
        /// Who was first.
        by: PartyId,
        /// When.
        at: Timestamp,
    },
    /// It was wholly suspended for 30 days on end, and is over for good.
    Lapsed {
        /// When the 30 days were over.
        at: Timestamp,
    },
    /// A later version came into force.
    Replaced {
        /// Which.
        version: u32,
    },
    /// Its last day is past.
    Expired {
        /// The first day on which it no longer holds.
        since: Day,
    },
    /// Not every party's last word is a signature.
    Proposed,
    /// Every party signed; its first day is still to come.
    NotYetValid {
        /// Its first day.
        from: Day,
    },
    /// Wholly suspended.
    Suspended {
        /// When it lapses if nobody resumes it.
        lapses_at: Timestamp,
    },
    /// In force, but for what [`Status::suspensions`] close.
    Active {
        /// The first day on which it no longer holds.
        until: Day,
    },
}

/// How one version of a covenant stands at one moment.
///
/// It tells of signatures, events and dates. Whether a cell also has the "still valid" of its
/// parties is the decision's to see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    version: u32,
    parties: BTreeMap<PartyId, PartyWord>,
    suspensions: Vec<Suspended>,
    state: State,
}

impl Status {
    /// The status of a version at a moment. `standing` holds its sign-offs and events (for a moment
    /// in the past made with [`Standing::fold_until`]); `replaced_by` is a later version that came
    /// into force by then.
    #[must_use]
    pub fn of(
        proposal: &Proposal,
        standing: &Standing,
        replaced_by: Option<u32>,
        at: Timestamp,
    ) -> Self {
        let covenant = proposal.covenant();
        let nothing = Standing::new(covenant);
        // One of another version says nothing about this one.
        let standing = if standing.file() == covenant.digest() {
            standing
        } else {
            &nothing
        };
        let word = |party: &PartyId| match (standing.rejected_at(party), standing.signed_on(party))
        {
            (Some(at), _) => PartyWord::Rejected { at },
            (None, Some(on)) => PartyWord::Signed { on },
            (None, None) => PartyWord::Waiting,
        };
        let parties: BTreeMap<PartyId, PartyWord> = covenant
            .parties()
            .keys()
            .map(|party| (party.clone(), word(party)))
            .collect();
        let suspensions = standing.suspensions(at);
        let all_signed = parties
            .values()
            .all(|word| matches!(word, PartyWord::Signed { .. }));
        let later = replaced_by.filter(|version| *version > covenant.version());
        let (today, until) = (at.day(), covenant.valid_until());
        let lapses = standing
            .lapses_at(at)
            .filter(|_| standing.is_wholly_suspended(at));
        let state = if let Some((at, by)) = standing.withdrawn() {
            State::Withdrawn { by: by.clone(), at }
        } else if let Some(at) = standing.lapsed_at(at) {
            State::Lapsed { at }
        } else if let Some(version) = later {
            State::Replaced { version }
        } else if today >= until {
            State::Expired { since: until }
        } else if !all_signed {
            State::Proposed
        } else if today < covenant.valid_from() {
            let from = covenant.valid_from();
            State::NotYetValid { from }
        } else if let Some(lapses_at) = lapses {
            State::Suspended { lapses_at }
        } else {
            State::Active { until }
        };
        Self {
            version: covenant.version(),
            parties,
            suspensions,
            state,
        }
    }

    /// The version.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Each party's last word.
    #[must_use]
    pub const fn parties(&self) -> &BTreeMap<PartyId, PartyWord> {
        &self.parties
    }

    /// What is suspended, of the whole or of a part.
    #[must_use]
    pub fn suspensions(&self) -> &[Suspended] {
        &self.suspensions
    }

    /// How it stands.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Whether it is in force, if only in part.
    #[must_use]
    pub const fn is_in_force(&self) -> bool {
        matches!(self.state, State::Active { .. })
    }

    fn with(&self, wanted: impl Fn(&PartyWord) -> bool) -> Vec<&PartyId> {
        let parties = self.parties.iter();
        parties
            .filter(|(_, word)| wanted(word))
            .map(|(party, _)| party)
            .collect()
    }
}
