//! Continuous matches: what a push makes known, to whom.

use std::borrow::Cow;

use model::{ClauseNo, Digest, Match, PartyId, PurposeId, RoleRef, Signal, SignalId, Timestamp};

use super::agreement::{
    Hit, Judged, Setting, Sighting, agreement, hits, is_live, protections, shared_keys,
};
use super::disclosure::{Matched, OwnSignal, Shown};
use super::evaluate::shown;
use super::explanation;
use super::ids::Hash;
use super::permit::{Decision, Duty, Permit, Promise, Record, Withheld};
use super::{Asking, Cell, Reason, Standing, Unmet};
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
        compiled: active.compiled(),
        standing,
        trigger: Trigger::OnMatch,
        asking: Asking::NOBODY,
        protections: protections(covenant, found, &candidates, today),
        now,
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
                active,
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
    active: &'a ActiveCovenant,
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
        self.active.covenant()
    }

    fn decide_all(&self, decisions: &mut Vec<PairDecision>) {
        let own = self.own();
        if own.is_empty() {
            return;
        }
        let others = self.others(&own);
        let today = self.setting.now.day();
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
            is_live(self.covenant(), signal, self.setting.now.day())
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
        agreement(self.covenant(), &self.clause.comparisons, agreed)
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
        let mut groups: Vec<(Outcome<'a>, Vec<RoleRef>)> = Vec::new();
        let mut roles: Vec<&RoleRef> = self.clause.to.iter().collect();
        roles.retain(|role| role.party() == self.recipient);
        roles.sort_unstable();
        for role in roles {
            let outcome = self.outcome(role, source, hits);
            match groups.iter_mut().find(|(known, _)| known.is_like(&outcome)) {
                Some((_, roles)) => roles.push(role.clone()),
                None => groups.push((outcome, vec![role.clone()])),
            }
        }
        for (outcome, roles) in groups {
            let decision_id = self.decision_id(&roles, source, &ids, &outcome);
            decisions.push(PairDecision {
                clause: self.clause.number.clone(),
                recipient: self.recipient.clone(),
                purpose: self.clause.purpose.clone(),
                source: source.clone(),
                decision_id,
                match_id: self.match_id(),
                decision: self.decision(&outcome, &roles, source, own.clone()),
                roles,
            });
        }
    }

    fn outcome(&self, role: &RoleRef, source: &PartyId, hits: &[Hit<'a>]) -> Outcome<'a> {
        let mut shows = self.clause.shows.clone();
        shows.sort_unstable();
        let judge = |shows: Shows| {
            let clause = (self.place, self.clause);
            (shows, self.setting.judge(clause, role, source, shows, hits))
        };
        let (revealed, withheld): (Vec<_>, Vec<_>) = shows
            .into_iter()
            .map(judge)
            .partition(|(_, judged)| judged.unmet.is_empty());
        Outcome { revealed, withheld }
    }

    fn decision(
        &self,
        outcome: &Outcome<'a>,
        roles: &[RoleRef],
        source: &PartyId,
        own: Vec<OwnSignal>,
    ) -> Decision {
        let unmet = outcome.unmet();
        let levels = outcome.levels();
        let mut signals: Vec<_> = levels
            .iter()
            .flat_map(|(_, judged)| judged.counted.iter().map(|h| h.kind.clone()))
            .collect();
        signals.sort_unstable();
        signals.dedup();
        let facts = levels.first().map(|(_, judged)| judged.facts);
        let mut record = Record {
            compiled: self.active.compiled().clone(),
            clause: Some(self.place),
            recipient: self.recipient.clone(),
            roles: roles.to_vec(),
            purpose: self.clause.purpose.clone(),
            source: Some(source.clone()),
            signals,
            shows: levels.iter().map(|(shows, _)| *shows).collect(),
            facts: facts.unwrap_or_else(|| self.setting.nothing_found()),
            unmet,
        };
        let shown = self.shown(outcome, roles, source);
        let basis = explanation::basis(self.clause, &record);
        match basis.filter(|_| record.unmet.is_empty() && !shown.is_empty()) {
            Some(basis) => {
                let matched = Matched {
                    id: self.match_id(),
                    clause: self.clause.number.clone(),
                    purpose: self.clause.purpose.clone(),
                    roles: roles.to_vec(),
                    own,
                    basis,
                    duties: Duty::of(&self.clause.duties),
                    promises: Promise::of(&self.clause.promises),
                };
                Decision::Reveal(Permit::new(record, shown, Some(matched)))
            }
            None => {
                if record.unmet.is_empty() {
                    record.unmet.push(Unmet {
                        reason: Reason::NotNamed,
                        fact: 0,
                        threshold: 1,
                    });
                }
                Decision::Withhold(Withheld::new(record))
            }
        }
    }

    fn shown(&self, outcome: &Outcome<'a>, roles: &[RoleRef], source: &PartyId) -> Vec<Shown> {
        let mut all = Vec::new();
        let Some(role) = roles.first() else {
            return all;
        };
        for (shows, judged) in &outcome.revealed {
            let mut kinds: Vec<_> = judged.counted.iter().map(|h| h.kind).collect();
            kinds.sort_unstable();
            kinds.dedup();
            if *shows != Shows::Category {
                kinds.truncate(1);
            }
            for kind in kinds {
                let cell = Cell {
                    role: role.clone(),
                    purpose: self.clause.purpose.clone(),
                    source: source.clone(),
                    signal: kind.clone(),
                    shows: *shows,
                };
                let one = shown(self.covenant(), self.clause, &cell, &judged.facts);
                all.extend(one.map(|one| with_codes(one, judged)));
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
    fn decision_id(
        &self,
        roles: &[RoleRef],
        source: &PartyId,
        ids: &[SignalId],
        outcome: &Outcome<'a>,
    ) -> Digest {
        let mut hash = Hash::new("covenant/decision/v1");
        hash.part(self.covenant().digest().as_bytes());
        hash.part(self.clause.number.as_str().as_bytes());
        hash.list(roles.iter().map(|r| r.as_str().as_bytes()));
        hash.part(source.as_str().as_bytes());
        hash.list(ids.iter().map(|id| id.as_bytes().as_slice()));
        hash.list(outcome.revealed.iter().map(|(s, _)| s.as_str().as_bytes()));
        let mut reasons: Vec<Reason> = outcome.unmet().iter().map(|u| u.reason).collect();
        reasons.dedup();
        hash.list(reasons.iter().map(|r| r.code().as_bytes()));
        hash.finish()
    }
}

/// The categories of a source's signals that count, put to what shows them.
fn with_codes(shown: Shown, judged: &Judged<'_>) -> Shown {
    match shown {
        Shown::Category { signal, .. } => {
            let of_kind = judged.counted.iter().filter(|h| *h.kind == signal);
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

/// The levels of a clause for one role and one source.
struct Outcome<'a> {
    revealed: Vec<(Shows, Judged<'a>)>,
    withheld: Vec<(Shows, Judged<'a>)>,
}

impl<'a> Outcome<'a> {
    /// The levels that the decision is about: those revealed, or else all.
    fn levels(&self) -> &[(Shows, Judged<'a>)] {
        if self.revealed.is_empty() {
            &self.withheld
        } else {
            &self.revealed
        }
    }

    /// Why nothing is revealed; empty when something is. Each once, sorted.
    fn unmet(&self) -> Vec<Unmet> {
        let mut unmet = Vec::new();
        if self.revealed.is_empty() {
            unmet.extend(
                self.withheld
                    .iter()
                    .flat_map(|(_, j)| j.unmet.iter().copied()),
            );
            unmet.sort_unstable();
            unmet.dedup();
        }
        unmet
    }

    fn is_like(&self, other: &Self) -> bool {
        let revealed = |outcome: &Self| -> Vec<(Shows, Vec<SignalId>)> {
            let levels = outcome.revealed.iter();
            levels
                .map(|(shows, judged)| {
                    let ids = judged.counted.iter().map(|h| h.sighting.signal.id);
                    (*shows, ids.collect())
                })
                .collect()
        };
        revealed(self) == revealed(other) && self.unmet() == other.unmet()
    }
}
