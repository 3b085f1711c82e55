//! Continuous matches: what a push makes known, to whom.

use std::borrow::Cow;

use model::{ClauseNo, Digest, Match, PartyId, PurposeId, RoleRef, Signal, SignalId, Timestamp};

use super::agreement::{self, Hit, Setting, Sighting, hits, is_live, protections, shared_keys};
use super::disclosure::{Matched, OwnSignal, Shown};
use super::evaluate::shown;
use super::explanation;
use super::ids::Hash;
use super::permit::{Decision, Duty, Permit, Promise, Withheld};
use super::weigh::{Flow, Level, Levels, Scales, Weighed};
use super::{Asking, Cell, Reason, Standing};
use crate::language::clause::Clause;
use crate::language::covenant::Covenant;
use crate::language::words::{Shows, Trigger};
use crate::signoff::ActiveCovenant;

/// What was decided about one source for one recipient under one clause.
#[derive(Debug)]
pub struct PairDecision {
    /// The clause.
    pub clause: ClauseNo,
    /// The party that would receive.
    pub recipient: PartyId,
    /// Its roles for which this decision is, sorted. Usually all that the clause names.
    pub roles: Vec<RoleRef>,
    /// The purpose.
    pub purpose: PurposeId,
    /// Whose signals agree with the recipient's own.
    pub source: PartyId,
    /// What was decided about, and how it came out. A match is decided anew only when this
    /// changes: one that was logged before is neither logged nor noticed again.
    pub decision_id: Digest,
    /// The match: the same for every recipient of it.
    pub match_id: Digest,
    /// The decision.
    pub decision: Decision,
    /// The recipient's own signals that agree, sorted.
    pub own: Vec<SignalId>,
    /// The source's signals that count at a level that is revealed, sorted: what is revealed rests
    /// on them. Where nothing is revealed: those that agree.
    pub counted: Vec<SignalId>,
}

/// Decides what a pushed signal makes known: for every clause on matches, and every (recipient,
/// source) of it whose live signals agree.
///
/// A notice always hangs on a signal of the recipient's own that agrees; whoever holds none is
/// told nothing. Where recipient and source both hold candidates only, their signals must agree
/// with each other, and not just with the pushed one. A match without a trigger decides nothing.
#[must_use]
pub fn decide_match(
    active: &ActiveCovenant,
    standing: &Standing,
    found: &Match,
    now: Timestamp,
) -> Vec<PairDecision> {
    let covenant = active.covenant();
    let today = now.day();
    let live = |signal: &&Signal| is_live(covenant, signal, today);
    let Some(trigger) = found.trigger.as_ref().filter(live) else {
        return Vec::new();
    };
    let mut candidates: Vec<Sighting<'_>> =
        found.candidates.iter().filter_map(Sighting::of).collect();
    candidates.retain(|c| !is_same(c.signal, trigger));
    let setting = Setting {
        scales: Scales {
            compiled: active.compiled(),
            standing,
            now,
        },
        trigger: Trigger::OnMatch,
        asking: Asking::NOBODY,
        protections: protections(covenant, found, &candidates, today),
    };
    let mut decisions = Vec::new();
    for place in 0..covenant.clauses().len() {
        let Some(clause) = covenant.clauses().get(place) else {
            continue;
        };
        if !clause.is_triggered_by(Trigger::OnMatch) {
            continue;
        }
        for recipient in parties(&clause.to) {
            let pair = Pair {
                setting,
                place,
                clause,
                found,
                trigger,
                candidates: &candidates,
                recipient,
            };
            pair.decide_all(&mut decisions);
        }
    }
    decisions
}

fn parties(roles: &[RoleRef]) -> Vec<PartyId> {
    let mut parties: Vec<PartyId> = roles.iter().map(RoleRef::party).collect();
    parties.sort_unstable();
    parties.dedup();
    parties
}

fn is_same(one: &Signal, other: &Signal) -> bool {
    one.id == other.id && one.party == other.party
}

/// One clause and one recipient of a match.
struct Pair<'a> {
    setting: Setting<'a>,
    place: usize,
    clause: &'a Clause,
    found: &'a Match,
    trigger: &'a Signal,
    candidates: &'a [Sighting<'a>],
    recipient: PartyId,
}

impl<'a> Pair<'a> {
    fn covenant(&self) -> &'a Covenant {
        &self.setting.scales.compiled.covenant
    }

    fn decide_all(&self, decisions: &mut Vec<PairDecision>) {
        let own = self.own();
        if own.is_empty() {
            return;
        }
        let others = self.others(&own);
        let today = self.setting.scales.now.day();
        let hits = hits(
            self.covenant(),
            self.clause,
            &self.recipient,
            &others,
            today,
        );
        let mut sources: Vec<PartyId> = hits
            .iter()
            .map(|h| h.sighting.signal.party.clone())
            .collect();
        sources.sort_unstable();
        sources.dedup();
        for source in sources {
            self.decide_one(&source, &own, &hits, decisions);
        }
    }

    /// The recipient's own signals in the match: the pushed one, or else candidates.
    fn own(&self) -> Vec<Sighting<'a>> {
        let usable = |signal: &Signal| {
            is_live(self.covenant(), signal, self.setting.scales.now.day())
                && signal.purposes.contains(&self.clause.purpose)
        };
        if self.trigger.party == self.recipient {
            let pushed = Sighting {
                signal: self.trigger,
                subject: &self.found.subject,
                agreed: Cow::Borrowed(&[]),
            };
            return if usable(self.trigger) {
                vec![pushed]
            } else {
                Vec::new()
            };
        }
        let own = self.candidates.iter().filter(|c| {
            c.signal.party == self.recipient && usable(c.signal) && self.keys(&c.agreed) > 0
        });
        own.cloned().collect()
    }

    /// Everybody else's signals, with the keys by which they agree with one of `own`.
    fn others(&self, own: &[Sighting<'a>]) -> Vec<Sighting<'a>> {
        let strangers = |c: &&Sighting<'a>| c.signal.party != self.recipient;
        if self.trigger.party == self.recipient {
            return self.candidates.iter().filter(strangers).cloned().collect();
        }
        let nearest = own.iter().max_by_key(|o| self.keys(&o.agreed));
        let mut others: Vec<Sighting<'a>> = nearest
            .map(|nearest| Sighting {
                signal: self.trigger,
                subject: &self.found.subject,
                agreed: nearest.agreed.clone(),
            })
            .into_iter()
            .collect();
        for candidate in self.candidates.iter().filter(strangers) {
            let shared = own
                .iter()
                .map(|o| shared_keys(o.subject, candidate.subject));
            if let Some(agreed) = shared.max_by_key(|keys| self.keys(keys)) {
                others.push(Sighting {
                    agreed: Cow::Owned(agreed),
                    ..candidate.clone()
                });
            }
        }
        others
    }

    fn keys(&self, agreed: &[model::MatchKeyId]) -> u32 {
        agreement::agreement(self.covenant(), &self.clause.comparisons, agreed)
    }

    /// The recipient's own signals that agree with one of the source's, sorted.
    fn own_of(&self, own: &[Sighting<'a>], of_source: &[&Hit<'a>]) -> Vec<OwnSignal> {
        let mut signals: Vec<OwnSignal> = Vec::new();
        for mine in own {
            let keys = of_source.iter().map(|hit| {
                if self.trigger.party == self.recipient {
                    hit.keys
                } else if is_same(hit.sighting.signal, self.trigger) {
                    self.keys(&mine.agreed)
                } else {
                    self.keys(&shared_keys(mine.subject, hit.sighting.subject))
                }
            });
            let agreed_keys = keys.max().unwrap_or(0);
            let id = mine.signal.id;
            match signals.iter_mut().find(|s| s.id == id) {
                Some(known) => known.agreed_keys = known.agreed_keys.max(agreed_keys),
                None if agreed_keys > 0 => signals.push(OwnSignal { id, agreed_keys }),
                None => {}
            }
        }
        signals.sort_unstable();
        signals
    }

    /// Decides about one source for all roles, those with one outcome together.
    fn decide_one(
        &self,
        source: &PartyId,
        own: &[Sighting<'a>],
        hits: &[Hit<'a>],
        decisions: &mut Vec<PairDecision>,
    ) {
        let of_source: Vec<&Hit<'a>> = hits
            .iter()
            .filter(|h| h.sighting.signal.party == *source)
            .collect();
        let own = self.own_of(own, &of_source);
        if own.is_empty() {
            return;
        }
        let mut ids: Vec<SignalId> = own.iter().map(|o| o.id).collect();
        ids.extend(of_source.iter().map(|h| h.sighting.signal.id));
        ids.sort_unstable();
        let mut groups: Vec<Group<'a>> = Vec::new();
        let mut roles: Vec<&RoleRef> = self.clause.to.iter().collect();
        roles.retain(|role| role.party() == self.recipient);
        roles.sort_unstable();
        for role in roles {
            let (levels, told) = self.levels(role, source, hits);
            match groups
                .iter_mut()
                .find(|group| group.is_like(&levels, &told))
            {
                Some(group) => group.roles.push((role.clone(), levels)),
                None => groups.push(Group {
                    roles: vec![(role.clone(), levels)],
                    told,
                }),
            }
        }
        for group in groups {
            let decision_id = self.decision_id(&group, source, &ids);
            let decision = self.decision(&group, source, own.clone());
            let told: Vec<Hit<'a>> = if decision.is_reveal() {
                group.told.concat()
            } else {
                of_source.iter().copied().cloned().collect()
            };
            decisions.push(PairDecision {
                clause: self.clause.number.clone(),
                recipient: self.recipient.clone(),
                purpose: self.clause.purpose.clone(),
                source: source.clone(),
                decision_id,
                match_id: self.match_id(),
                decision,
                roles: group.names().cloned().collect(),
                own: own.iter().map(|signal| signal.id).collect(),
                counted: agreement::ids(&told),
            });
        }
    }

    /// Every level for one role, and the signals of those that are revealed.
    fn levels(
        &self,
        role: &RoleRef,
        source: &PartyId,
        hits: &[Hit<'a>],
    ) -> (Levels, Vec<Vec<Hit<'a>>>) {
        let mut shows = self.clause.shows.clone();
        shows.sort_unstable();
        let mut told = Vec::new();
        let mut all: Vec<Weighed> = Vec::new();
        for shows in shows {
            let level = Level {
                place: self.place,
                clause: self.clause,
                role,
                source,
                shows,
            };
            let judged = self.setting.judge(&level, hits);
            if judged.weighed.unmet.is_empty() {
                told.push(judged.counted);
            }
            all.push(judged.weighed);
        }
        (Levels::of(all), told)
    }

    fn decision(&self, group: &Group<'a>, source: &PartyId, own: Vec<OwnSignal>) -> Decision {
        let flow = Flow {
            scales: self.setting.scales,
            place: self.place,
            clause: self.clause,
            recipient: &self.recipient,
            roles: &group.roles,
            source,
        };
        let (record, reveals) = flow.conclude(self.setting.nothing_found());
        let basis = explanation::basis(self.clause, &record).filter(|_| reveals);
        let Some(basis) = basis else {
            return Decision::Withhold(Withheld::new(record));
        };
        let matched = Matched {
            id: self.match_id(),
            clause: self.clause.number.clone(),
            purpose: self.clause.purpose.clone(),
            roles: group.names().cloned().collect(),
            own,
            basis,
            duties: Duty::of(&self.clause.duties),
            promises: Promise::of(&self.clause.promises),
        };
        let shown = self.shown(group, source);
        Decision::Reveal(Permit::new(record, shown, Some(matched)))
    }

    fn shown(&self, group: &Group<'a>, source: &PartyId) -> Vec<Shown> {
        let mut all = Vec::new();
        let Some((role, levels)) = group.roles.first() else {
            return all;
        };
        for (weighed, counted) in levels.revealed.iter().zip(&group.told) {
            let mut kinds = weighed.known.counted.clone();
            if weighed.shows != Shows::Category {
                kinds.truncate(1);
            }
            for kind in kinds {
                let cell = Cell {
                    role: role.clone(),
                    purpose: self.clause.purpose.clone(),
                    source: source.clone(),
                    signal: kind,
                    shows: weighed.shows,
                };
                let one = shown(self.covenant(), self.clause, &cell, &weighed.known.facts);
                all.extend(one.map(|one| with_codes(one, counted)));
            }
        }
        all
    }

    fn match_id(&self) -> Digest {
        let mut hash = Hash::new("covenant/match/v1");
        hash.part(self.covenant().digest().as_bytes());
        hash.part(self.trigger.party.as_str().as_bytes());
        hash.part(self.trigger.id.as_bytes());
        hash.finish()
    }

    /// SHA-256(covenant digest, clause, recipient, source, sorted signal ids, clause state).
    fn decision_id(&self, group: &Group<'a>, source: &PartyId, ids: &[SignalId]) -> Digest {
        let none = Levels::default();
        let levels = group.roles.first().map_or(&none, |(_, levels)| levels);
        let mut hash = Hash::new("covenant/decision/v1");
        hash.part(self.covenant().digest().as_bytes());
        hash.part(self.clause.number.as_str().as_bytes());
        let roles: Vec<&RoleRef> = group.names().collect();
        hash.list(roles.iter().map(|r| r.as_str().as_bytes()));
        hash.part(source.as_str().as_bytes());
        hash.list(ids.iter().map(|id| id.as_bytes().as_slice()));
        let revealed = levels.revealed.iter();
        hash.list(revealed.map(|one| one.shows.as_str().as_bytes()));
        let mut reasons: Vec<Reason> = levels.unmet().iter().map(|u| u.reason).collect();
        reasons.dedup();
        hash.list(reasons.iter().map(|r| r.code().as_bytes()));
        hash.finish()
    }
}

/// The categories of a source's signals that count, put to what shows them.
fn with_codes(shown: Shown, counted: &[Hit<'_>]) -> Shown {
    match shown {
        Shown::Category { signal, .. } => {
            let of_kind = counted.iter().filter(|h| *h.kind == signal);
            let mut codes: Vec<_> = of_kind
                .map(|h| h.sighting.signal.category.clone())
                .collect();
            codes.sort_unstable();
            codes.dedup();
            Shown::Category { signal, codes }
        }
        other => other,
    }
}

/// Roles with one outcome.
struct Group<'a> {
    roles: Vec<(RoleRef, Levels)>,
    /// The source's signals that count, for each level that is revealed.
    told: Vec<Vec<Hit<'a>>>,
}

impl<'a> Group<'a> {
    fn names(&self) -> impl Iterator<Item = &RoleRef> {
        self.roles.iter().map(|(role, _)| role)
    }

    fn is_like(&self, levels: &Levels, told: &[Vec<Hit<'a>>]) -> bool {
        let ids = |told: &[Vec<Hit<'a>>]| -> Vec<Vec<SignalId>> {
            let of_level =
                |hits: &Vec<Hit<'a>>| hits.iter().map(|h| h.sighting.signal.id).collect();
            told.iter().map(of_level).collect()
        };
        let alike = self
            .roles
            .first()
            .is_some_and(|(_, known)| known.is_like(levels));
        alike && ids(&self.told) == ids(told)
    }
}
