//! Which signals agree with a subject, and count for a clause.

use std::borrow::Cow;
use std::collections::BTreeSet;

use model::{
    Candidate, Day, Match, MatchKeyId, MatchKeyName, Neighbourhood, PartyId, ProtectionStatement,
    Signal, SignalId, SignalTypeId, Subject, Timestamp,
};

use super::weigh::{Known, Level, Scales, Weighed, sorted};
use super::{Asking, Facts, Protections, Tally};
use crate::language::clause::Clause;
use crate::language::covenant::Covenant;
use crate::language::words::{Review, Trigger};

/// A signal that agrees with the subject in question.
#[derive(Clone, Debug)]
pub(super) struct Sighting<'a> {
    pub(super) signal: &'a Signal,
    /// The subject of it that agrees.
    pub(super) subject: &'a Subject,
    /// The keys that agree with the subject in question.
    pub(super) agreed: Cow<'a, [MatchKeyId]>,
}

impl<'a> Sighting<'a> {
    /// `None` when the candidate names a subject that its signal does not have.
    pub(super) fn of(candidate: &'a Candidate) -> Option<Self> {
        Some(Self {
            signal: &candidate.signal,
            subject: candidate.signal.subjects.get(candidate.subject)?,
            agreed: Cow::Borrowed(&candidate.agreed),
        })
    }
}

/// A signal of another party that a clause looks at, before the gates of its cell.
#[derive(Clone, Debug)]
pub(super) struct Hit<'a> {
    pub(super) sighting: Sighting<'a>,
    pub(super) kind: &'a SignalTypeId,
    /// How many distinct keys of the clause's comparisons agree.
    pub(super) keys: u32,
}

/// How many distinct keys agree, when for one of `comparisons` enough do; else 0.
pub(super) fn agreement(
    covenant: &Covenant,
    comparisons: &[MatchKeyName],
    agreed: &[MatchKeyId],
) -> u32 {
    let mut keys: BTreeSet<&MatchKeyId> = BTreeSet::new();
    let mut enough = false;
    for spec in comparisons
        .iter()
        .filter_map(|name| covenant.match_key(name))
    {
        let of_spec: BTreeSet<&MatchKeyId> = agreed
            .iter()
            .filter(|id| spec.keys.iter().any(|key| key.id == **id))
            .collect();
        enough |= of_spec.len() >= usize::from(spec.needed.max(1));
        keys.extend(of_spec);
    }
    if enough {
        u32::try_from(keys.len()).unwrap_or(u32::MAX)
    } else {
        0
    }
}

/// The keys by which two subjects agree.
pub(super) fn shared_keys(one: &Subject, other: &Subject) -> Vec<MatchKeyId> {
    let tokens: BTreeSet<_> = other.tokens.iter().collect();
    let keys: BTreeSet<&MatchKeyId> = one
        .tokens
        .iter()
        .filter(|token| tokens.contains(token))
        .map(|token| &token.key)
        .collect();
    keys.into_iter().cloned().collect()
}

/// Whether a signal of this covenant matches today: not expired by its own date, nor by what the
/// covenant makes of the day of observation.
pub(super) fn is_live(covenant: &Covenant, signal: &Signal, today: Day) -> bool {
    signal.covenant == *covenant.id()
        && signal.is_live(today)
        && covenant
            .expires_on(&signal.category, signal.day)
            .is_some_and(|end| today < end)
}

/// Whether a live signal is what the covenant asks of its kind, for a purpose: of a party that
/// may be its source, sure enough, and meant for the purpose.
pub(super) fn is_fit(covenant: &Covenant, clause: &Clause, signal: &Signal) -> bool {
    covenant.may_be_source(&signal.party, &signal.category)
        && covenant
            .signal_type_of(&signal.category)
            .is_some_and(|kind| signal.certainty >= kind.certainty)
        && signal.purposes.contains(&clause.purpose)
}

/// The distinct signals that a clause looks at for a recipient: its `over` and `van`, live, fit,
/// agreeing by one of its comparisons, and never the recipient's own.
pub(super) fn hits<'a>(
    covenant: &'a Covenant,
    clause: &Clause,
    recipient: &PartyId,
    sightings: &[Sighting<'a>],
    today: Day,
) -> Vec<Hit<'a>> {
    let mut hits: Vec<Hit<'a>> = Vec::new();
    for sighting in sightings {
        let signal = sighting.signal;
        let Some(kind) = covenant.signal_type_of(&signal.category) else {
            continue;
        };
        let keys = agreement(covenant, &clause.comparisons, &sighting.agreed);
        let looked_at = keys > 0
            && signal.party != *recipient
            && clause.from.contains(&signal.party)
            && clause.about.contains(&kind.id)
            && is_live(covenant, signal, today)
            && is_fit(covenant, clause, signal);
        if !looked_at {
            continue;
        }
        let same = |hit: &&mut Hit<'_>| {
            hit.sighting.signal.id == signal.id && hit.sighting.signal.party == signal.party
        };
        match hits.iter_mut().find(same) {
            Some(known) => known.keys = known.keys.max(keys),
            None => hits.push(Hit {
                sighting: sighting.clone(),
                kind: &kind.id,
                keys,
            }),
        }
    }
    hits
}

/// The worst that is attested: by whoever asks or pushed, and by every live signal that agrees
/// under any comparison of the covenant. A signal that is also about a protected subject counts as
/// one about it; what is left unknown counts for the subject that agrees. Which clause looks is
/// left out on purpose: narrowing a clause must not hide a signal that protects.
pub(super) fn protections(
    covenant: &Covenant,
    found: &Match,
    sightings: &[Sighting<'_>],
    today: Day,
) -> Protections {
    let all: Vec<MatchKeyName> = covenant
        .match_keys()
        .iter()
        .map(|k| k.name.clone())
        .collect();
    let agreeing = sightings.iter().filter(|sighting| {
        is_live(covenant, sighting.signal, today) && agreement(covenant, &all, &sighting.agreed) > 0
    });
    let attested = agreeing
        .map(|sighting| (sighting.subject, Some(sighting.signal)))
        .chain([(&found.subject, found.trigger.as_ref())]);
    let mut worst = Protections::ABSENT;
    for (subject, signal) in attested {
        worst.minor = worse(worst.minor, subject.minor);
        worst.shielded_address = worse(worst.shielded_address, subject.shielded_address);
        for other in signal.iter().flat_map(|s| &s.subjects) {
            worst.minor = if_present(worst.minor, other.minor);
            worst.shielded_address = if_present(worst.shielded_address, other.shielded_address);
        }
    }
    worst
}

fn if_present(known: ProtectionStatement, other: ProtectionStatement) -> ProtectionStatement {
    match other {
        ProtectionStatement::Present => ProtectionStatement::Present,
        ProtectionStatement::Unknown | ProtectionStatement::Absent => known,
    }
}

fn worse(one: ProtectionStatement, other: ProtectionStatement) -> ProtectionStatement {
    match (one, other) {
        (ProtectionStatement::Present, _) | (_, ProtectionStatement::Present) => {
            ProtectionStatement::Present
        }
        (ProtectionStatement::Unknown, _) | (_, ProtectionStatement::Unknown) => {
            ProtectionStatement::Unknown
        }
        (ProtectionStatement::Absent, ProtectionStatement::Absent) => ProtectionStatement::Absent,
    }
}

/// Where and when a judgement is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting<'a> {
    pub(super) scales: Scales<'a>,
    pub(super) trigger: Trigger,
    pub(super) asking: Asking,
    pub(super) protections: Protections,
}

/// One level judged, with the source's signals that count.
#[derive(Clone, Debug)]
pub(super) struct Judged<'a> {
    pub(super) weighed: Weighed,
    pub(super) counted: Vec<Hit<'a>>,
}

impl Setting<'_> {
    /// Judges one level. Only signals whose own cell is open count, for whichever source; so
    /// closing a cell never helps another.
    pub(super) fn judge<'h>(&self, level: &Level<'_>, hits: &[Hit<'h>]) -> Judged<'h> {
        let open: Vec<Hit<'h>> = hits
            .iter()
            .filter(|hit| {
                let source = &hit.sighting.signal.party;
                self.scales.gate(level, source, hit.kind).is_ok()
            })
            .cloned()
            .collect();
        let quality = Quality {
            clause: level.clause,
            now: self.scales.now,
        };
        let is_source = |hit: &&Hit<'h>| hit.sighting.signal.party == *level.source;
        let counted: Vec<Hit<'h>> = open
            .iter()
            .filter(|hit| quality.counts(hit) && is_source(hit))
            .cloned()
            .collect();
        let kinds = |hits: &mut dyn Iterator<Item = &Hit<'h>>| {
            sorted(hits.map(|hit| hit.kind.clone()).collect())
        };
        let known = Known {
            found: kinds(&mut hits.iter().filter(is_source)),
            counted: kinds(&mut counted.iter()),
            facts: self.facts(&open, &quality, counted.len()),
        };
        Judged {
            weighed: self.scales.weigh(level, known),
            counted,
        }
    }

    pub(super) const fn nothing_found(&self) -> Facts {
        Facts::nothing_found(self.trigger, self.asking, self.protections)
    }

    fn facts(&self, open: &[Hit<'_>], quality: &Quality<'_>, of_cell: usize) -> Facts {
        let count = |keep: &dyn Fn(&Hit<'_>) -> bool| {
            let kept: Vec<&Hit<'_>> = open.iter().filter(|h| keep(h)).collect();
            let parties: BTreeSet<&PartyId> =
                kept.iter().map(|h| &h.sighting.signal.party).collect();
            Tally {
                hits: number(kept.len()),
                parties: number(parties.len()),
            }
        };
        Facts {
            live: count(&|_| true),
            recent: count(&|h| quality.is_recent(h)),
            reviewed: count(&|h| quality.is_reviewed(h)),
            in_area: count(&|h| quality.is_in_area(h)),
            counted: count(&|h| quality.counts(h)),
            of_cell: number(of_cell),
            ..self.nothing_found()
        }
    }
}

/// The ids of these signals, sorted, each once.
pub(super) fn ids(hits: &[Hit<'_>]) -> Vec<SignalId> {
    sorted(hits.iter().map(|hit| hit.sighting.signal.id).collect())
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// What a clause asks of single signals.
struct Quality<'a> {
    clause: &'a Clause,
    now: Timestamp,
}

impl Quality<'_> {
    fn is_recent(&self, hit: &Hit<'_>) -> bool {
        let today = self.now.day();
        let within = self.clause.conditions.within;
        within.is_none_or(|span| today < span.after(hit.sighting.signal.day))
    }

    /// A review of each disclosure is an approval of a person, which does not exist yet.
    fn is_reviewed(&self, hit: &Hit<'_>) -> bool {
        match self.clause.conditions.review {
            None => true,
            Some(Review::Beforehand) => hit.sighting.signal.reviewed_by_person,
            Some(Review::PerCase) => false,
        }
    }

    fn is_in_area(&self, hit: &Hit<'_>) -> bool {
        let areas = &self.clause.conditions.areas;
        let place = hit.sighting.signal.neighbourhood.as_ref();
        areas.is_empty() || place.is_some_and(|p| areas.iter().any(|area| lies_in(p, area)))
    }

    fn counts(&self, hit: &Hit<'_>) -> bool {
        self.is_recent(hit) && self.is_reviewed(hit) && self.is_in_area(hit)
    }
}

/// Whether a CBS code is an area or lies in it: `BU08550101` lies in `WK085501` and in `GM0855`.
pub(crate) fn lies_in(place: &Neighbourhood, area: &Neighbourhood) -> bool {
    let digits = |code: &Neighbourhood| code.as_str().get(2..).unwrap_or_default().to_owned();
    let (place, area) = (digits(place), digits(area));
    !area.is_empty() && place.starts_with(&area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_covers_what_lies_in_it() {
        let code = |text| Neighbourhood::parse(text).unwrap();
        assert!(lies_in(&code("BU08550101"), &code("GM0855")));
        assert!(lies_in(&code("BU08550101"), &code("WK085501")));
        assert!(lies_in(&code("GM0855"), &code("GM0855")));
        assert!(!lies_in(&code("GM0855"), &code("BU08550101")));
        assert!(!lies_in(&code("BU08560101"), &code("GM0855")));
    }
}
