//! What an entry leaves beside the log: what links it to its data subject, and what it told, so that
//! a desk finds it and a source can take it back.

use std::collections::BTreeSet;

use covenant::Covenant;
use covenant::decide::PairDecision;
use covenant::language::words::Shows;
use ledger::Salt;
use model::{ClauseNo, Day, Digest, Match, PartyId, Signal, SignalId, Subject, Token};
use sha2::{Digest as _, Sha256};
use store::{SubjectLink, Told, ToldBy};

/// The signals of a match that a decision rests on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grounds<'a> {
    /// What agreed.
    pub(crate) found: &'a Match,
    /// The source.
    pub(crate) source: &'a PartyId,
    /// The source's signals that counted.
    pub(crate) counted: &'a [SignalId],
}

impl<'a> Grounds<'a> {
    /// The source's signals that counted, each once.
    fn signals(&self) -> Vec<&'a Signal> {
        let trigger = self.found.trigger.iter();
        let all = trigger.chain(self.found.candidates.iter().map(|c| &c.signal));
        let mut seen = BTreeSet::new();
        all.filter(|signal| signal.party == *self.source && self.counted.contains(&signal.id))
            .filter(|signal| seen.insert(signal.id))
            .collect()
    }

    /// The pseudonyms by which the source's signals agree.
    fn tokens(&self) -> Vec<Token> {
        tokens_of(self.found, self.source, self.counted)
    }

    /// What the outcome commits to: the source's own commitment to the content of the one signal, or
    /// SHA-256 over the commitments of several, in order of their bytes.
    pub(crate) fn content(&self) -> Option<Digest> {
        let commitments: BTreeSet<[u8; 32]> = self
            .signals()
            .iter()
            .map(|signal| *signal.content_commitment.as_bytes())
            .collect();
        let mut all = commitments.iter();
        match (all.next(), all.next()) {
            (None, _) => None,
            (Some(one), None) => Some(Digest::new(*one)),
            (Some(_), Some(_)) => {
                let mut hash = Sha256::new();
                for commitment in &commitments {
                    hash.update(commitment);
                }
                Some(Digest::new(hash.finalize().into()))
            }
        }
    }

    /// The first day on which none of these signals lives any more.
    fn lapses(&self) -> Option<Day> {
        self.signals().iter().map(|signal| signal.expires_on).max()
    }
}

/// The subjects of a party's signals that agree, as pseudonyms, each once.
fn tokens_of(found: &Match, party: &PartyId, signals: &[SignalId]) -> Vec<Token> {
    let is_theirs = |signal: &Signal| signal.party == *party && signals.contains(&signal.id);
    let mut tokens: BTreeSet<Token> = BTreeSet::new();
    if found.trigger.as_ref().is_some_and(is_theirs) {
        tokens.extend(found.subject.tokens.iter().cloned());
    }
    for candidate in found.candidates.iter().filter(|c| is_theirs(&c.signal)) {
        let subject = candidate.signal.subjects.get(candidate.subject);
        tokens.extend(subject.into_iter().flat_map(|s| s.tokens.iter().cloned()));
    }
    tokens.into_iter().collect()
}

/// Links the entry of a match.
pub(crate) fn of_match(found: &Match, pair: &PairDecision) -> Option<SubjectLink> {
    let trigger = found.trigger.as_ref()?;
    let grounds = Grounds {
        found,
        source: &pair.source,
        counted: &pair.counted,
    };
    Some(SubjectLink {
        covenant: trigger.covenant.clone(),
        epoch: trigger.epoch,
        salt: Salt::new(model::id::random_32()),
        recipient: tokens_of(found, &pair.recipient, &pair.own),
        source: grounds.tokens(),
    })
}

/// Links the entry of a question: the asker's side is the subject asked about, the source's side
/// only what was revealed.
pub(crate) fn of_question(
    asked: (&model::CovenantId, model::KeyEpoch),
    subject: &Subject,
    revealed: Option<&Grounds<'_>>,
) -> SubjectLink {
    SubjectLink {
        covenant: asked.0.clone(),
        epoch: asked.1,
        salt: Salt::new(model::id::random_32()),
        recipient: subject.tokens.clone(),
        source: revealed.map_or_else(Vec::new, Grounds::tokens),
    }
}

/// To whom something is told, and by what.
#[derive(Debug, Clone)]
pub(crate) struct Telling<'a> {
    pub(crate) covenant: &'a Covenant,
    pub(crate) clause: &'a ClauseNo,
    pub(crate) epoch: model::KeyEpoch,
    pub(crate) to: &'a model::Oin,
    pub(crate) recipient: &'a PartyId,
    pub(crate) roles: Vec<model::RoleRef>,
    pub(crate) purpose: &'a model::PurposeId,
    pub(crate) levels: Vec<Shows>,
    pub(crate) by: ToldBy,
    pub(crate) on: Day,
}

/// What is kept of it until the recipient may not hold it any more: as long as it promised, and where
/// it promised nothing as long as the entry itself is kept.
pub(crate) fn told(telling: Telling<'_>, grounds: &Grounds<'_>) -> Told {
    let clause = telling.covenant.clause(telling.clause);
    let kept_until = clause
        .and_then(|clause| clause.promises.retain)
        .map(|span| span.after(telling.on));
    let in_log = telling.covenant.log().retention.after(telling.on);
    // A hit or an advice that lapses by itself tells nobody more than that time has gone by.
    let heard = telling.levels.iter().any(|shows| *shows >= Shows::Category)
        && clause.is_some_and(|clause| clause.duties.correct);
    Told {
        covenant: telling.covenant.id().clone(),
        digest: telling.covenant.digest(),
        epoch: telling.epoch,
        source: grounds.source.clone(),
        signals: grounds.signals().iter().map(|signal| signal.id).collect(),
        to: telling.to.clone(),
        recipient: telling.recipient.clone(),
        by: telling.by,
        roles: telling.roles,
        purpose: telling.purpose.clone(),
        on: telling.on,
        kept_until,
        ends: kept_until.unwrap_or(in_log),
        lapses: grounds.lapses().filter(|_| heard),
    }
}
