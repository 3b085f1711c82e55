//! The entries of one question: what was told is the highest advice over all of them.

use std::collections::{BTreeMap, BTreeSet};

use covenant::decide::{Again, Occasion};
use ledger::Decided;
use ledger::word::TransactionId;
use model::{Digest, PartyId, RoleRef};
use serde_json::Value;

use super::{Difference, Entry};

/// The questions of which not every source was seen yet.
#[derive(Debug, Default)]
pub(super) struct Questions(BTreeMap<Name, Question>);

type Name = (Digest, PartyId, Option<TransactionId>);

#[derive(Debug)]
struct Question {
    /// As its answers have it; none as long as none was seen.
    scope: Option<BTreeSet<PartyId>>,
    sources: BTreeSet<PartyId>,
    /// Each entry, with what it says was told.
    told: BTreeMap<u64, u32>,
    highest: u32,
}

impl Questions {
    /// Takes the decision about one source, and says of which entries of a whole question
    /// something is wrong with what was told.
    pub(super) fn put(
        &mut self,
        entry: &Entry,
        again: Option<&Again>,
        differs: bool,
    ) -> Vec<(u64, Difference)> {
        let Occasion::Answer { source, told } = &entry.then.occasion else {
            return Vec::new();
        };
        // One that does not come out as an answer still is of its question.
        let (rank, scope) = match again {
            Some(Again::Answer { rank, scope, .. }) => (*rank, Some(scope)),
            Some(Again::Match(_) | Again::Refused(_) | Again::Allowed) | None => (0, None),
        };
        let Some(recipient) = entry.then.roles.first().map(RoleRef::party) else {
            return Vec::new();
        };
        let transaction = entry.outcome.transaction_id.clone();
        let name = (entry.covenant, recipient, transaction);
        let question = self.0.entry(name.clone()).or_insert_with(|| Question {
            scope: None,
            sources: BTreeSet::new(),
            told: BTreeMap::new(),
            highest: 0,
        });
        if let Some(scope) = scope {
            question.scope = Some(scope.iter().cloned().collect());
        }
        let is_new = question.sources.insert(source.clone());
        let in_scope = |scope: &BTreeSet<PartyId>| scope.contains(source);
        if !is_new || !question.scope.as_ref().is_none_or(in_scope) {
            let again = if is_new {
                "not in the scope of this question"
            } else {
                "decided before for this question"
            };
            let difference = Difference {
                field: "cell.source".to_owned(),
                recorded: Value::from(source.as_str()),
                again: Value::from(again),
            };
            return vec![(entry.seq, difference)];
        }
        question.told.insert(entry.seq, *told);
        // An entry that differs by itself is named already: the others are judged by what it says.
        let carries = match (differs, entry.outcome.decision) {
            (false, _) => rank,
            (true, Some(Decided::Revealed)) => *told,
            (true, _) => 0,
        };
        question.highest = question.highest.max(carries);
        if question.scope.as_ref() != Some(&question.sources) {
            return Vec::new();
        }
        let Some(whole) = self.0.remove(&name) else {
            return Vec::new();
        };
        let wrong = whole.told.into_iter();
        wrong
            .filter(|(_, told)| *told != whole.highest)
            .map(|(seq, told)| {
                let difference = Difference {
                    field: "facts.told".to_owned(),
                    recorded: Value::from(told),
                    again: Value::from(whole.highest),
                };
                (seq, difference)
            })
            .collect()
    }

    /// What is left: of a question whose other entries are missing, what was told is known only
    /// where one of these carries it.
    pub(super) fn finish(self) -> impl Iterator<Item = u64> {
        self.0.into_values().flat_map(|question| {
            let highest = question.highest;
            let unknown = question.told.into_iter();
            unknown
                .filter(move |(_, told)| *told != highest || highest == 0)
                .map(|(seq, _)| seq)
        })
    }
}
