//! Every decision of a log made again, and what differs.

mod question;

use std::collections::BTreeMap;

use covenant::decide::{Again, Explanation, Past, Then};
use ledger::export::Disclosed;
use ledger::verify::Seen;
use ledger::{Class, Decided, Kind, Outcome};
use model::{Digest, Timestamp};
use serde::Serialize;
use serde_json::Value;

use crate::again::question::Questions;
use crate::outcome::{About, outcome};
use crate::then::{Unreadable, then};

/// One decision of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its place in the log, from 0.
    pub seq: u64,
    /// When it was logged.
    pub at: Timestamp,
    /// SHA-256 of the covenant's exact bytes.
    pub covenant: Digest,
    /// Its side record.
    pub outcome: Outcome,
    /// What it rested on.
    pub then: Then,
    /// What was answered, where that is opened to this reader.
    pub answer: Option<Vec<u8>>,
}

/// Why a decision can't be made again.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unable {
    /// The reader may not see it, so nothing can be said.
    #[error("its outcome is not opened to this reader")]
    Hidden,
    /// Its salt was erased.
    #[error("its outcome was erased")]
    Erased,
    /// The side record is of another version.
    #[error("its outcome is not one that this version can read")]
    OtherVersion,
    /// The side record says too little.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The covenant's file was not given.
    #[error("the covenant with SHA-256 {0} was not given")]
    NoCovenant(Digest),
    /// The leaf names no covenant.
    #[error("its leaf names no covenant")]
    NamesNoCovenant,
    /// An answer is the highest advice over all sources, and not all of them are here.
    #[error("the entries of its question are not all here, so what was told can't be found again")]
    PartOfQuestion,
}

/// What a leaf holds for us.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Read {
    /// A decision.
    Decision(Box<Entry>),
    /// Something that decides nothing out of recorded facts.
    NoDecision,
    /// A decision, or perhaps one, that can't be made again.
    Unable(Unable),
}

/// Reads what a verified record shows.
#[must_use]
pub fn read(seen: Seen) -> Read {
    let opening = match seen.outcome {
        _ if seen.leaf.class != Class::Decision => return Read::NoDecision,
        Disclosed::Hidden => return Read::Unable(Unable::Hidden),
        Disclosed::Erased => return Read::Unable(Unable::Erased),
        Disclosed::Open(opening) => opening,
    };
    let Ok(outcome) = Outcome::from_json(&opening.bytes) else {
        return Read::Unable(Unable::OtherVersion);
    };
    let then = match then(&outcome) {
        Ok(Some(then)) => then,
        Ok(None) => return Read::NoDecision,
        Err(unreadable) => return Read::Unable(unreadable.into()),
    };
    let Some(covenant) = seen.leaf.covenant else {
        return Read::Unable(Unable::NamesNoCovenant);
    };
    Read::Decision(Box::new(Entry {
        seq: seen.leaf.seq,
        at: seen.leaf.at,
        covenant,
        outcome,
        then,
        answer: match seen.answer {
            Disclosed::Open(opening) => Some(opening.bytes),
            Disclosed::Hidden | Disclosed::Erased => None,
        },
    }))
}

/// One field of an outcome that comes out otherwise, both as JSON.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Difference {
    /// The field, for example `decision`.
    pub field: String,
    /// What was recorded.
    pub recorded: Value,
    /// What comes out now.
    pub again: Value,
}

/// A decision that comes out otherwise than was recorded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Differing {
    /// Its place in the log.
    pub seq: u64,
    /// In what; at least one.
    pub differences: Vec<Difference>,
}

/// What came of making a log's decisions again.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// How many decisions were made again, differing or not.
    pub again: u64,
    /// Those that came out otherwise, in the order of the log.
    pub differing: Vec<Differing>,
    /// Those that could not be made again, in the order of the log.
    pub unable: Vec<(u64, Unable)>,
    /// How many entries decide nothing out of recorded facts.
    pub no_decision: u64,
}

/// Makes decisions again, one after another.
#[derive(Debug)]
pub struct Replay<'a> {
    pasts: &'a BTreeMap<Digest, Past>,
    questions: Questions,
    differing: BTreeMap<u64, Vec<Difference>>,
    report: Report,
}

impl<'a> Replay<'a> {
    /// By these covenants, each under the digest of its file.
    #[must_use]
    pub fn new(pasts: &'a BTreeMap<Digest, Past>) -> Self {
        Self {
            pasts,
            questions: Questions::default(),
            differing: BTreeMap::new(),
            report: Report::default(),
        }
    }

    /// Takes what a verified record shows.
    pub fn take(&mut self, seen: Seen) {
        let seq = seen.leaf.seq;
        let unable = match read(seen) {
            Read::NoDecision => {
                self.report.no_decision += 1;
                return;
            }
            Read::Unable(unable) => unable,
            Read::Decision(entry) => match self.pasts.get(&entry.covenant) {
                None => Unable::NoCovenant(entry.covenant),
                Some(past) => {
                    self.report.again += 1;
                    for (seq, difference) in self.decide(past, &entry) {
                        self.differing.entry(seq).or_default().push(difference);
                    }
                    return;
                }
            },
        };
        self.report.unable.push((seq, unable));
    }

    /// Everything that was found.
    #[must_use]
    pub fn finish(mut self) -> Report {
        for seq in self.questions.finish() {
            if !self.differing.contains_key(&seq) {
                self.report.again = self.report.again.saturating_sub(1);
                self.report.unable.push((seq, Unable::PartOfQuestion));
            }
        }
        let differing = self.differing.into_iter();
        self.report.differing = differing
            .map(|(seq, differences)| Differing { seq, differences })
            .collect();
        self.report.unable.sort_by_key(|(seq, _)| *seq);
        self.report
    }

    /// What differs, each with the place of its entry.
    fn decide(&mut self, past: &Past, entry: &Entry) -> Vec<(u64, Difference)> {
        let again = match past.decide_again(&entry.then) {
            Ok(again) => again,
            // This covenant asks about something of which nothing was recorded.
            Err(not_recorded) => {
                let difference = Difference {
                    field: "judged".to_owned(),
                    recorded: Value::Null,
                    again: Value::from(not_recorded.to_string()),
                };
                let of_question = self.questions.put(entry, None, true);
                return std::iter::once((entry.seq, difference))
                    .chain(of_question)
                    .collect();
            }
        };
        let mut own = differences(past, entry, &again);
        own.extend(other_answer(past, entry, &again));
        let of_question = self.questions.put(entry, Some(&again), !own.is_empty());
        let own = own.into_iter().map(|difference| (entry.seq, difference));
        own.chain(of_question).collect()
    }
}

/// What comes out, as the log would have it.
fn rebuilt(past: &Past, recorded: &Outcome, again: &Again) -> Option<Outcome> {
    let (kind, decided, said): (Kind, Decided, &Explanation) = match again {
        // Roles that come out differently would each have had an entry.
        Again::Match(groups) => {
            let first = groups.first()?;
            (Kind::MatchDecided, of(first.reveals), &first.explanation)
        }
        Again::Answer { decided, .. } => {
            let said = &decided.explanation;
            (Kind::CheckAnswered, of(decided.reveals), said)
        }
        Again::Refused(refusal) => (Kind::CheckRefused, Decided::Refused, &*refusal.explanation),
        Again::Allowed => return None,
    };
    let about = About {
        kind,
        transaction: String::new(),
        trace: None,
        actor: None,
        decided,
        subject: None,
        content: None,
    };
    let mut rebuilt = outcome(past.covenant(), &about, said);
    // These no covenant decides.
    rebuilt.transaction_id.clone_from(&recorded.transaction_id);
    rebuilt.trace_id.clone_from(&recorded.trace_id);
    rebuilt.subject_commitment = recorded.subject_commitment;
    rebuilt.content_commitment = recorded.content_commitment;
    if let (Some(rebuilt), Some(recorded)) = (&mut rebuilt.recipient, &recorded.recipient) {
        rebuilt.actor.clone_from(&recorded.actor);
    }
    // The table's digest says that the same covenant was compiled to the same cells; by which
    // version of the program makes no difference.
    rebuilt.engine.version = recorded.engine.version.clone();
    Some(rebuilt)
}

const fn of(reveals: bool) -> Decided {
    if reveals {
        Decided::Revealed
    } else {
        Decided::Withheld
    }
}

fn differences(past: &Past, entry: &Entry, again: &Again) -> Vec<Difference> {
    let Some(rebuilt) = rebuilt(past, &entry.outcome, again) else {
        return vec![Difference {
            field: "decision".to_owned(),
            recorded: entry.outcome.decision.map_or(Value::Null, word),
            again: Value::from("allowed"),
        }];
    };
    let json = |outcome: &Outcome| -> BTreeMap<String, Value> {
        // An outcome is an object that was written by this program.
        serde_json::from_slice(&outcome.to_json()).unwrap_or_default()
    };
    let (recorded, mut again) = (json(&entry.outcome), json(&rebuilt));
    recorded
        .into_iter()
        .filter_map(|(field, recorded)| {
            let again = again.remove(&field).unwrap_or_default();
            (recorded != again).then_some(Difference {
                field,
                recorded,
                again,
            })
        })
        .collect()
}

fn word(decided: Decided) -> Value {
    Value::from(match decided {
        Decided::Revealed => "revealed",
        Decided::Withheld => "withheld",
        Decided::Refused => "refused",
    })
}

/// What the asker was told is what was decided, as far as the answer is opened: an advice of the
/// rank that was told, or the code of the refusal.
fn other_answer(past: &Past, entry: &Entry, again: &Again) -> Option<Difference> {
    let answer = std::str::from_utf8(entry.answer.as_deref()?).unwrap_or_default();
    let vocabulary = past.covenant().vocabulary();
    let expected = match again {
        Again::Refused(refusal) if entry.outcome.kind == Kind::CheckRefused => {
            (refusal.code.as_str() != answer).then(|| Value::from(refusal.code.as_str()))
        }
        Again::Answer { decided, .. } => {
            let rank = decided.explanation.told.unwrap_or(0);
            let said = vocabulary
                .advice(answer)
                .map(|advice| u32::from(advice.rank));
            let none = covenant::vocabulary::advice::NO_ADVICE;
            let said = said.or_else(|| (answer == none.code).then_some(0));
            (said != Some(rank)).then(|| Value::from(rank))
        }
        Again::Match(_) | Again::Refused(_) | Again::Allowed => None,
    };
    expected.map(|again| Difference {
        field: "answer".to_owned(),
        recorded: Value::from(answer),
        again,
    })
}
