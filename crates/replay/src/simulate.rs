//! What a draft would have decided of a log, merged per recipient, purpose and clause.

use std::collections::{BTreeMap, BTreeSet};

use covenant::decide::{Again, Decided, Explanation, Past, Reason, RefusalCode, Unclear, Would};
use ledger::verify::Seen;
use ledger::word::TransactionId;
use model::{Digest, PartyId};
use serde::{Serialize, Serializer};

use crate::again::{Entry, Read, Unable, read};

/// In what a draft would have decided otherwise.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Something would be revealed that was not.
    NewlyRevealed,
    /// Something would not be revealed that was.
    NoLongerRevealed,
    /// Another advice would be told.
    OtherAdvice,
    /// It would carry other duties or promises.
    OtherDuties,
    /// It would be withheld or refused for another reason.
    OtherReason,
    /// The question would be refused openly.
    NowRefused,
    /// The question was refused and could be put; its answer is unknown.
    NowAllowed,
    /// What was recorded does not tell.
    Undetermined,
}

/// One kind of change, for one recipient, purpose and clause.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Row {
    /// What changes.
    pub change: Change,
    /// For whom.
    pub recipient: String,
    /// The purpose.
    pub purpose: String,
    /// The draft's clause, or the one that decided; none where no clause names the question.
    pub clause: Option<String>,
    /// Why it can't be told, or the reasons for which it would be withheld.
    pub why: Option<Why>,
}

/// Why the draft would reveal nothing, or why that can't be told. As text it is for programs: codes
/// with spaces between, or English.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, thiserror::Error)]
pub enum Why {
    /// The reasons for which it would be withheld, each once, in the order of their codes.
    #[error("{}", codes(.0))]
    Withheld(Vec<Reason>),
    /// The question would be refused openly.
    #[error("{}", .0.as_str())]
    Refused(RefusalCode),
    /// What was recorded does not tell.
    #[error(transparent)]
    Unclear(Unclear),
    /// What is not known of another source decides.
    #[error("another source of the question may go before it")]
    OtherSource,
}

impl Serialize for Why {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn codes(reasons: &[Reason]) -> String {
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code()).collect();
    codes.join(" ")
}

/// What changes, by which clause, and why.
type Changed = (Change, Option<String>, Option<Why>);

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Simulated {
    /// How many decisions were laid beside the draft.
    pub decisions: u64,
    /// How many of them would come out the same in everything.
    pub same: u64,
    /// What would change, with the places in the log.
    pub rows: BTreeMap<Row, Vec<u64>>,
    /// Decisions of which nothing can be said, since they can't be read.
    pub unable: Vec<(u64, Unable)>,
    /// How many decisions were made under other covenants.
    pub others: u64,
    /// The draft's clauses that none of these decisions has to do with: the log says nothing of them.
    pub untouched: Vec<String>,
}

/// Lays decisions beside a draft, one after another.
#[derive(Debug)]
pub struct Simulation<'a> {
    draft: &'a Past,
    olds: &'a BTreeMap<Digest, Past>,
    questions: BTreeMap<(Digest, PartyId, Option<TransactionId>), Vec<Source>>,
    touched: BTreeSet<String>,
    made: Simulated,
}

/// One source of a question, before and after.
#[derive(Debug)]
struct Source {
    entry: Box<Entry>,
    before: Decided,
    scope: Vec<PartyId>,
    after: Result<Would, Unclear>,
}

impl<'a> Simulation<'a> {
    /// Of a draft ([`Past::of_draft`]) against decisions under these covenants.
    #[must_use]
    pub fn new(draft: &'a Past, olds: &'a BTreeMap<Digest, Past>) -> Self {
        Self {
            draft,
            olds,
            questions: BTreeMap::new(),
            touched: BTreeSet::new(),
            made: Simulated::default(),
        }
    }

    /// Takes what a verified record shows.
    pub fn take(&mut self, seen: Seen) {
        let seq = seen.leaf.seq;
        let is_ours = seen
            .leaf
            .covenant
            .is_some_and(|digest| self.olds.contains_key(&digest));
        match read(seen) {
            Read::NoDecision => {}
            Read::Decision(entry) => match self.olds.get(&entry.covenant) {
                Some(old) => self.lay(old, entry),
                None => self.made.others += 1,
            },
            Read::Unable(unable) if is_ours => self.made.unable.push((seq, unable)),
            Read::Unable(_) => self.made.others += 1,
        }
    }

    /// Everything that was found.
    #[must_use]
    pub fn finish(mut self) -> Simulated {
        for sources in std::mem::take(&mut self.questions).into_values() {
            // A source is missing: whatever it carries may go before the others.
            self.answer(&sources, true);
        }
        let clauses = self.draft.covenant().clauses().iter();
        self.made.untouched = clauses
            .map(|clause| clause.number.to_string())
            .filter(|number| !self.touched.contains(number))
            .collect();
        self.made
    }

    fn lay(&mut self, old: &Past, entry: Box<Entry>) {
        self.made.decisions += 1;
        let Ok(again) = old.decide_again(&entry.then) else {
            self.undetermined(&entry, None, &Unclear::Recorded);
            return;
        };
        let after = self.draft.would_decide(old, &entry.then);
        if let Ok(would) = &after {
            self.touch(would);
        }
        match (again, after) {
            (Again::Answer { decided, scope, .. }, after) => {
                let Some(party) = entry.then.roles.first().map(model::RoleRef::party) else {
                    return;
                };
                let transaction = entry.outcome.transaction_id.clone();
                let name = (entry.covenant, party, transaction);
                let sources = self.questions.entry(name.clone()).or_default();
                let whole = scope.len();
                sources.push(Source {
                    entry,
                    before: *decided,
                    scope,
                    after,
                });
                if sources.len() == whole
                    && let Some(sources) = self.questions.remove(&name)
                {
                    self.answer(&sources, false);
                }
            }
            (again, Err(unclear)) => {
                let clause = match &again {
                    Again::Match(groups) => groups.first().and_then(clause_of),
                    Again::Refused(refusal) => refusal.clause.as_ref().map(ToString::to_string),
                    Again::Answer { .. } | Again::Allowed => None,
                };
                self.undetermined(&entry, clause, &unclear);
            }
            (Again::Match(before), Ok(Would::Match(after))) => {
                self.compare(&entry, &before, &after);
            }
            (Again::Refused(before), Ok(Would::Refused(after))) => {
                let other = before.code != after.code;
                let clause = after.clause.as_ref().map(ToString::to_string);
                let why = Some(Why::Refused(after.code));
                let change = other.then_some((Change::OtherReason, clause, why));
                self.add(&entry, change);
            }
            (Again::Refused(before), Ok(_)) => {
                let clause = before.clause.as_ref().map(ToString::to_string);
                self.add(&entry, Some((Change::NowAllowed, clause, None)));
            }
            // What was recorded is not what its own covenant decides.
            (Again::Match(_) | Again::Allowed, Ok(_)) => {
                self.undetermined(&entry, None, &Unclear::Recorded);
            }
        }
    }

    /// All sources of a question: the highest advice is told, and no other.
    fn answer(&mut self, sources: &[Source], is_part: bool) {
        let rank = |source: &Source| match &source.after {
            Ok(Would::Answer { rank, .. }) => *rank,
            Ok(_) | Err(_) => 0,
        };
        let told = sources.iter().map(rank).max().unwrap_or(0);
        let looked_at: BTreeSet<PartyId> = sources
            .iter()
            .filter_map(|source| source.before.explanation.cell.source.as_deref())
            .filter_map(|source| PartyId::parse(source).ok())
            .collect();
        let is_new = |source: &Source| match &source.after {
            Ok(Would::Answer { scope, .. }) => scope.iter().any(|s| !looked_at.contains(s)),
            Ok(_) | Err(_) => false,
        };
        let unknown = is_part
            || sources.iter().any(|source| source.after.is_err())
            || sources.iter().any(is_new)
            || sources
                .iter()
                .any(|source| source.scope.len() != sources.len());
        for source in sources {
            let entry = &source.entry;
            let clause = clause_of(&source.before);
            match &source.after {
                Err(unclear) => self.undetermined(entry, clause, unclear),
                Ok(Would::Answer { decided, rank, .. }) if *rank > 0 => {
                    if unknown {
                        let clause = clause_of(decided);
                        let change = (Change::Undetermined, clause, Some(Why::OtherSource));
                        self.add(entry, Some(change));
                    } else if *rank == told {
                        let after = std::slice::from_ref(decided.as_ref());
                        self.compare(entry, std::slice::from_ref(&source.before), after);
                    } else {
                        let mut outranked = decided.as_ref().clone();
                        outranked.reveals = false;
                        self.compare(entry, std::slice::from_ref(&source.before), &[outranked]);
                    }
                }
                Ok(Would::Answer { decided, .. }) => {
                    let after = std::slice::from_ref(decided.as_ref());
                    self.compare(entry, std::slice::from_ref(&source.before), after);
                }
                Ok(Would::Refused(refusal)) => {
                    let why = Some(Why::Refused(refusal.code));
                    let clause = refusal.clause.as_ref().map(ToString::to_string);
                    self.add(entry, Some((Change::NowRefused, clause, why)));
                }
                Ok(Would::OutOfScope | Would::Match(_) | Would::Allowed) => {
                    self.compare(entry, std::slice::from_ref(&source.before), &[]);
                }
            }
        }
    }

    fn compare(&mut self, entry: &Entry, before: &[Decided], after: &[Decided]) {
        let (was, is) = (revealed(before), revealed(after));
        let clause = after
            .iter()
            .find_map(clause_of)
            .or_else(|| before.iter().find_map(clause_of));
        let mut changes = Vec::new();
        if !is.is_subset(&was) {
            changes.push((Change::NewlyRevealed, clause.clone(), None));
        }
        if !was.is_subset(&is) {
            let why = Some(reasons(after)).filter(|why| !why.is_empty());
            let why = why.map(Why::Withheld);
            changes.push((Change::NoLongerRevealed, clause.clone(), why));
        }
        let both = was.intersection(&is).next().is_some();
        if both && self.advice(before) != self.advice(after) {
            changes.push((Change::OtherAdvice, clause.clone(), None));
        }
        if both && carried(before) != carried(after) {
            changes.push((Change::OtherDuties, clause.clone(), None));
        }
        if was.is_empty() && is.is_empty() && reasons(before) != reasons(after) {
            let why = Some(Why::Withheld(reasons(after)));
            changes.push((Change::OtherReason, clause, why));
        }
        if changes.is_empty() {
            self.made.same += 1;
        }
        for change in changes {
            self.put(entry, change);
        }
    }

    /// The advice of whatever is revealed; of two covenants a clause may keep its number and advise
    /// otherwise.
    fn advice(&self, decided: &[Decided]) -> BTreeSet<String> {
        let pasts = || std::iter::once(self.draft).chain(self.olds.values());
        let advises = |said: &Explanation| {
            let past = pasts().find(|past| past.covenant().digest().to_hex() == said.covenant)?;
            let clauses = past.covenant().clauses().iter();
            let mut of_number =
                clauses.filter(|clause| Some(clause.number.as_str()) == said.clause.as_deref());
            let advice = of_number.next()?.advice.as_ref()?;
            Some(advice.to_string())
        };
        decided
            .iter()
            .filter(|one| one.reveals)
            .filter_map(|one| advises(&one.explanation))
            .collect()
    }

    fn undetermined(&mut self, entry: &Entry, clause: Option<String>, unclear: &Unclear) {
        let why = Some(Why::Unclear(unclear.clone()));
        self.add(entry, Some((Change::Undetermined, clause, why)));
    }

    fn add(&mut self, entry: &Entry, change: Option<Changed>) {
        match change {
            None => self.made.same += 1,
            Some(change) => self.put(entry, change),
        }
    }

    fn put(&mut self, entry: &Entry, change: Changed) {
        let (change, clause, why) = change;
        let recipient = entry.then.roles.first().map(model::RoleRef::party);
        let row = Row {
            change,
            recipient: recipient.map(|party| party.to_string()).unwrap_or_default(),
            purpose: entry.then.purpose.to_string(),
            clause,
            why,
        };
        self.made.rows.entry(row).or_default().push(entry.seq);
    }

    fn touch(&mut self, would: &Would) {
        let decided: &[Decided] = match would {
            Would::Match(decided) => decided,
            Would::Answer { decided, .. } => std::slice::from_ref(decided.as_ref()),
            Would::Refused(refusal) => {
                let number = refusal.clause.as_ref().map(ToString::to_string);
                self.touched.extend(number);
                &[]
            }
            Would::OutOfScope | Would::Allowed => &[],
        };
        for one in decided {
            let judged = one.explanation.judged.iter();
            self.touched
                .extend(judged.map(|judged| judged.clause.clone()));
        }
    }
}

fn clause_of(decided: &Decided) -> Option<String> {
    decided.explanation.clause.clone()
}

/// Each role with each level that is revealed to it.
fn revealed(decided: &[Decided]) -> BTreeSet<(String, &'static str)> {
    let revealing = decided.iter().filter(|one| one.reveals);
    revealing
        .flat_map(|one| {
            let cell = &one.explanation.cell;
            let roles = cell.roles.iter();
            roles.flat_map(|role| cell.shows.iter().map(|shows| (role.clone(), *shows)))
        })
        .collect()
}

/// Duties and promises of whatever is revealed.
fn carried(decided: &[Decided]) -> BTreeSet<(&'static str, String)> {
    let revealing = decided.iter().filter(|one| one.reveals);
    revealing
        .flat_map(|one| {
            one.explanation
                .duties
                .iter()
                .chain(&one.explanation.promises)
        })
        .map(|term| (term.code, term.value.clone()))
        .collect()
}

/// All reasons, each once, in the order of their codes; that no clause is left is a reason too.
fn reasons(decided: &[Decided]) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = decided
        .iter()
        .filter(|one| !one.reveals)
        .flat_map(|one| one.explanation.reasons.iter())
        .filter_map(|reason| Reason::of_code(reason.code))
        .collect();
    if decided.is_empty() {
        reasons.push(Reason::NotNamed);
    } else if reasons.is_empty() && decided.iter().any(|one| !one.reveals) {
        reasons.push(Reason::Outranked);
    }
    reasons.sort_unstable_by_key(|reason| reason.code());
    reasons.dedup();
    reasons
}
