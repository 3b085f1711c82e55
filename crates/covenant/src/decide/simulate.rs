//! What a draft would have decided of what was decided before: exactly, or not at all.
//!
//! The log has numbers and no signals. A number that was counted for one clause holds for another
//! only where both look at the same signals and count them alike; where they don't, nothing is
//! guessed.

use model::{Day, PartyId, RoleRef, SignalTypeId};

use super::may_ask::named;
use super::replay::{Decided, NotRecorded, Past, asker, explained, known_of, nothing_found};
use super::then::{Occasion, Then};
use super::weigh::{Known, Level, sorted};
use super::{Cell, Facts, Refusal, Standing, Tally};
use crate::language::clause::{Clause, Conditions};
use crate::language::covenant::Covenant;
use crate::language::words::{Review, Shows, Trigger};
use crate::signoff::{Scope, SignoffError};
use crate::table::Ruling;

/// What a draft would have decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Would {
    /// A match: by each clause that takes the place of the one that decided, none where no clause
    /// opens any of its cells.
    Match(Vec<Decided>),
    /// An answer, as far as one source goes, if no other source outranks it.
    Answer {
        /// The decision.
        decided: Box<Decided>,
        /// The rank of the advice that this source carries, 0 for none.
        rank: u32,
        /// The sources in scope of the question.
        scope: Vec<PartyId>,
    },
    /// The draft does not let this question look at this source.
    OutOfScope,
    /// The question would be refused openly.
    Refused(Box<Refusal>),
    /// A question that was refused could be put; nothing was looked up, so its answer is unknown.
    Allowed,
}

/// Why what was recorded does not tell what a draft would have decided.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, thiserror::Error)]
pub enum Unclear {
    /// What was recorded is too little even for the covenant that decided.
    #[error("what was recorded is incomplete")]
    Recorded,
    /// Nothing was counted for a clause like this one.
    #[error("clause {clause}: nothing like it was judged, so nothing was counted for it")]
    Nothing {
        /// The draft's clause.
        clause: String,
    },
    /// The draft's clause counts other signals than were counted.
    #[error("clause {clause}: `{word}` is another one, so other signals would be counted")]
    Counts {
        /// The draft's clause.
        clause: String,
        /// What is different, in the covenant's word.
        word: &'static str,
    },
}

impl Past {
    /// A draft, as if it were in force on every day: its own dates are of another time than what it
    /// is held against.
    ///
    /// # Errors
    /// [`SignoffError::TooManyCells`] when it has too many cells.
    pub fn of_draft(draft: &Covenant) -> Result<Self, SignoffError> {
        let mut document = draft.document().clone();
        document.header.valid_from = Day::from_days(i32::MIN);
        document.header.valid_until = Day::from_days(i32::MAX);
        Self::new(Covenant::new(document, draft.digest(), draft.is_template()))
    }

    /// What this draft would have decided of something that was decided under `old`, on the day
    /// that it was decided, and with the covenant standing as it stood.
    ///
    /// # Errors
    /// [`Unclear`] where what was recorded does not tell.
    pub fn would_decide(&self, old: &Self, then: &Then) -> Result<Would, Unclear> {
        let known = |level: &Level<'_>| self.carried(old, then, level);
        match &then.occasion {
            Occasion::Match { clause, source } => {
                let before = old.covenant().clause(clause).ok_or(Unclear::Recorded)?;
                let mut decided = Vec::new();
                for place in self.in_place_of(before, then, source) {
                    let mut of_clause = then.clone();
                    let clause = self.covenant().clauses().get(place);
                    let to = clause.map_or(&[][..], |c| c.to.as_slice());
                    of_clause.roles.retain(|role| to.contains(role));
                    decided.extend(self.match_again(&of_clause, place, source, &known)?);
                }
                Ok(Would::Match(decided))
            }
            Occasion::Answer { source, .. } => {
                let question = match self.ask_again(then)? {
                    Ok(question) => question,
                    Err(refusal) => return Ok(Would::Refused(refusal)),
                };
                if !question.sources.contains(source) {
                    return Ok(Would::OutOfScope);
                }
                let best = self.answer_again(then, &question, source, &known)?;
                let rank = best.advice.map_or(0, |advice| u32::from(advice.rank));
                let (record, reveals) = best.settle(rank);
                Ok(Would::Answer {
                    decided: Box::new(explained(&record, reveals)),
                    rank,
                    scope: question.sources,
                })
            }
            Occasion::Refused => Ok(match self.ask_again(then)? {
                Ok(_) => Would::Allowed,
                Err(refusal) => Would::Refused(refusal),
            }),
        }
    }

    /// The clauses on matches that open a cell which the old clause had, and the one of its number.
    fn in_place_of(&self, before: &Clause, then: &Then, source: &PartyId) -> Vec<usize> {
        let takes_place = |(place, clause): &(usize, &Clause)| {
            let same_flow = clause.is_triggered_by(Trigger::OnMatch)
                && clause.purpose == before.purpose
                && clause.from.contains(source)
                && then.roles.iter().any(|role| clause.to.contains(role));
            same_flow
                && (clause.number == before.number
                    || then.roles.iter().any(|role| {
                        before.shows.iter().any(|shows| {
                            self.pattern(*place, before, role, *shows)
                                .iter()
                                .any(|(party, _)| party == source)
                        })
                    }))
        };
        let clauses = self.covenant().clauses().iter().enumerate();
        clauses
            .filter(takes_place)
            .map(|(place, _)| place)
            .collect()
    }

    /// Of which parties and kinds a clause opens the cells at a level, among those that `clause`
    /// looks at.
    fn pattern(
        &self,
        place: usize,
        clause: &Clause,
        role: &RoleRef,
        shows: Shows,
    ) -> Vec<(PartyId, SignalTypeId)> {
        let mut open = Vec::new();
        for source in &clause.from {
            for signal in &clause.about {
                let cell = Cell {
                    role: role.clone(),
                    purpose: clause.purpose.clone(),
                    source: source.clone(),
                    signal: signal.clone(),
                    shows,
                };
                if self.compiled.table.ruling(&cell) == Ruling::Open(place) {
                    open.push((source.clone(), signal.clone()));
                }
            }
        }
        open.sort_unstable();
        open
    }

    /// What was counted for an old clause, where that holds for one of the draft's.
    fn carried(&self, old: &Self, then: &Then, level: &Level<'_>) -> Result<Known, Unclear> {
        if let Some(closed) = self.closed(then, level) {
            return Ok(closed);
        }
        let number = level.clause.number.to_string();
        let mut why = Unclear::Nothing {
            clause: number.clone(),
        };
        // The clause of the same number first: what is wrong with it says most.
        let mut judged: Vec<_> = then.judged.iter().map(|j| &j.clause).collect();
        judged.sort_by_key(|clause| **clause != level.clause.number);
        judged.dedup();
        for (order, clause) in judged.into_iter().enumerate() {
            let clauses = old.covenant().clauses();
            let Some(place) = clauses.iter().position(|c| c.number == *clause) else {
                return Err(Unclear::Recorded);
            };
            match self.carry(old, then, level, place) {
                Ok(known) => return Ok(known),
                Err(word) if order == 0 => {
                    why = Unclear::Counts {
                        clause: number.clone(),
                        word,
                    };
                }
                Err(_) => {}
            }
        }
        Err(why)
    }

    /// Where all cells of the source are closed for one reason, it makes no difference what was
    /// found.
    fn closed(&self, then: &Then, level: &Level<'_>) -> Option<Known> {
        let standing = Standing::of_then(self.covenant(), &then.standing);
        let scales = self.scales(&standing, then);
        let mut gates = level.clause.about.iter().map(|kind| {
            let gate = scales.gate(level, level.source, kind);
            gate.err()
        });
        let first = gates.next()??;
        gates.all(|gate| gate == Some(first)).then(|| Known {
            found: Vec::new(),
            counted: Vec::new(),
            facts: nothing_found(then),
        })
    }

    fn carry(
        &self,
        old: &Self,
        then: &Then,
        level: &Level<'_>,
        place: usize,
    ) -> Result<Known, &'static str> {
        let clauses = old.covenant().clauses();
        let before = clauses.get(place).ok_or("nummer")?;
        let (from, until) = (old.covenant().valid_from(), old.covenant().valid_until());
        if !(from <= then.standing.day && then.standing.day < until) {
            // Nothing was counted under a covenant that was not in force.
            return Err("geldig_tot");
        }
        same_signals(old.covenant(), before, self.covenant(), level.clause)?;
        same_protections(old, self, level, then)?;
        let by_number = then
            .standing
            .suspended
            .iter()
            .any(|scope| matches!(scope, Scope::Clause(_)));
        if by_number && before.number != level.clause.number {
            return Err("nummer");
        }
        let pattern = self.pattern(level.place, level.clause, level.role, level.shows);
        let alike = before.shows.iter().copied().find(|shows| {
            old.pattern(place, before, level.role, *shows) == pattern
                && known_of(then, before, level.role, *shows).is_some()
        });
        let known = alike.and_then(|shows| known_of(then, before, level.role, shows));
        let standing = Standing::of_then(self.covenant(), &then.standing);
        let scales = self.scales(&standing, then);
        let open = |kind: &SignalTypeId| scales.gate(level, level.source, kind).is_ok();
        counted_alike(known.ok_or("toont")?, before, level.clause, open)
    }
}

impl From<NotRecorded> for Unclear {
    fn from(_: NotRecorded) -> Self {
        Self::Recorded
    }
}

/// Whether both clauses look at the same signals; else in which word they differ.
fn same_signals(
    old: &Covenant,
    before: &Clause,
    draft: &Covenant,
    after: &Clause,
) -> Result<(), &'static str> {
    let same_lists = [
        (same(&before.from, &after.from), "van"),
        (same(&before.about, &after.about), "over"),
        (
            same(&before.comparisons, &after.comparisons),
            "vergelijking",
        ),
        (before.purpose == after.purpose, "doel"),
        (old.id() == draft.id(), "id"),
    ];
    if let Some((_, word)) = same_lists.into_iter().find(|(same, _)| !same) {
        return Err(word);
    }
    let comparisons = after.comparisons.iter();
    if comparisons
        .into_iter()
        .any(|name| old.match_key(name) != draft.match_key(name))
    {
        return Err("vergelijking");
    }
    if old.vocabulary() != draft.vocabulary() {
        return Err("woordenlijst");
    }
    let mut kinds = after.about.iter();
    if kinds.any(|kind| !same_kind(old, draft, kind)) {
        return Err("signaal");
    }
    Ok(())
}

fn same<T: Ord + Clone>(one: &[T], other: &[T]) -> bool {
    sorted(one.to_vec()) == sorted(other.to_vec())
}

/// Whether the same signals are of a kind in both covenants, and count alike.
fn same_kind(old: &Covenant, draft: &Covenant, kind: &SignalTypeId) -> bool {
    match (old.signals().get(kind), draft.signals().get(kind)) {
        (Some(was), Some(is)) => {
            same(&was.sources, &is.sources)
                && same(&was.codes, &is.codes)
                && was.expires_after == is.expires_after
                && was.certainty == is.certainty
        }
        (was, is) => was.is_none() && is.is_none(),
    }
}

/// Whether the same was looked at for what protects a subject, where the clause asks for it.
fn same_protections(
    old: &Past,
    draft: &Past,
    level: &Level<'_>,
    then: &Then,
) -> Result<(), &'static str> {
    if level.clause.conditions.not_about.is_empty() {
        return Ok(());
    }
    let (was, is) = (old.covenant(), draft.covenant());
    let looked_up = |past: &Past| {
        let asker = asker(then).ok()?;
        let named = named(&past.compiled, &asker);
        let names = named.iter().flat_map(|(_, c)| c.comparisons.clone());
        Some(sorted(names.collect::<Vec<_>>()))
    };
    let question = matches!(then.occasion, Occasion::Answer { .. });
    let mut kinds = was.signals().keys().chain(is.signals().keys());
    let same = was.match_keys() == is.match_keys()
        && kinds.all(|kind| same_kind(was, is, kind))
        && (!question || looked_up(old) == looked_up(draft));
    if same { Ok(()) } else { Err("niet_over") }
}

/// The draft's tallies of `binnen`, `beoordeling` and `gebied`.
fn qualities_alike(
    facts: &Facts,
    was: &Conditions,
    is: &Conditions,
) -> Result<[Tally; 3], &'static str> {
    // Of each: whether the draft asks it, whether both ask the same, and what was counted.
    let tally = |asked: bool, same: bool, recorded: Tally, word| match (asked, same) {
        (false, _) => Ok(facts.live),
        (true, true) => Ok(recorded),
        (true, false) if facts.live.hits == 0 => Ok(facts.live),
        (true, false) => Err(word),
    };
    let same_within = was.within == is.within;
    let recent = tally(is.within.is_some(), same_within, facts.recent, "binnen")?;
    let reviewed = if is.review == Some(Review::PerCase) {
        // A review of each disclosure does not exist yet, so nothing passes it.
        Tally::default()
    } else {
        let same_review = was.review == is.review;
        tally(
            is.review.is_some(),
            same_review,
            facts.reviewed,
            "beoordeling",
        )?
    };
    let same_areas = same(&was.areas, &is.areas);
    let in_area = tally(!is.areas.is_empty(), same_areas, facts.in_area, "gebied")?;
    Ok([recent, reviewed, in_area])
}

/// A quality that the draft drops, where it took something away.
fn missed(facts: &Facts, was: &Conditions, is: &Conditions) -> Option<&'static str> {
    let within = was.within.is_some() && is.within.is_none();
    let review = was.review.is_some() && is.review.is_none();
    let areas = !was.areas.is_empty() && is.areas.is_empty();
    let dropped = [
        (within, facts.recent, "binnen"),
        (review, facts.reviewed, "beoordeling"),
        (areas, facts.in_area, "gebied"),
    ];
    let took = |(dropped, tally, _): &(bool, Tally, _)| *dropped && *tally != facts.live;
    dropped.into_iter().find(took).map(|(_, _, word)| word)
}

/// The tallies of one clause as those of another that looks at the same signals.
fn counted_alike(
    known: Known,
    before: &Clause,
    after: &Clause,
    open: impl Fn(&SignalTypeId) -> bool,
) -> Result<Known, &'static str> {
    let (was, is) = (&before.conditions, &after.conditions);
    let facts = known.facts;
    let (none, per_case) = (facts.live.hits == 0, is.review == Some(Review::PerCase));
    let [recent, reviewed, in_area] = qualities_alike(&facts, was, is)?;
    let mut carried = Known {
        facts: Facts {
            recent,
            reviewed,
            in_area,
            ..facts
        },
        ..known
    };
    let tallies = [recent, reviewed, in_area];
    if none || per_case {
        carried.facts.counted = Tally::default();
        carried.facts.of_cell = 0;
        carried.counted = Vec::new();
    } else if tallies.iter().all(|tally| *tally == facts.live) {
        // All count. How many of them are this source's was not recorded; that there are, is.
        carried.counted = carried
            .found
            .iter()
            .filter(|kind| open(kind))
            .cloned()
            .collect();
        carried.facts.counted = facts.live;
        let any = u32::from(!carried.counted.is_empty());
        carried.facts.of_cell = if any == 0 { 0 } else { facts.of_cell.max(1) };
    } else if let Some(word) = missed(&facts, was, is) {
        return Err(word);
    }
    Ok(carried)
}
