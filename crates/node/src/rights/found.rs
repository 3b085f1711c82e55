//! What a look-up found: verified against the log before anything of it is used, and turned into
//! items with what this party may know of them and nothing more.

use std::collections::{BTreeMap, BTreeSet};

use ledger::entry::Skeleton;
use ledger::kind::Class;
use ledger::{Decided, Opening, Outcome, Part, Salt};
use model::{Day, Digest, PartyId};
use serde::Deserialize;
use wire::notice::Receipt;
use wire::rights::{LookUpAnswer, LookedUp};
use wire::word::EntryRole;

use super::Desk;
use super::record::{Item, Role};
use crate::checks::asked_name;
use crate::covenants::Answerable;
use crate::log::Log;
use crate::refusal::{Reason, Refused};

/// What the log must say about a look-up.
pub(super) struct Expected<'a> {
    pub(super) party: &'a PartyId,
    /// The version under which it was asked.
    pub(super) covenant: Digest,
    /// The versions of the covenant that this node knows.
    pub(super) versions: BTreeSet<Digest>,
    pub(super) commitment: Digest,
    pub(super) from: u64,
    /// How many subjects were asked about.
    pub(super) subjects: usize,
}

impl Expected<'_> {
    /// Verifies an answer; gives the leaf of every entry.
    ///
    /// # Errors
    /// `RECEIPT_INVALID`: nothing of the answer may be shown.
    pub(super) fn verify(
        &self,
        log: &Log,
        answer: &LookUpAnswer,
    ) -> Result<Vec<Skeleton>, Refused> {
        let verified = log.verify(&answer.receipt)?;
        let ours = verified.leaves.iter().all(|leaf| {
            leaf.class == Class::Rights
                && leaf.covenant == Some(self.covenant)
                && leaf.recipient.as_ref() == Some(self.party)
        });
        let about_this = answer.receipt.entries.iter().all(|entry| {
            let request = entry.request.as_ref().map(|o| o.content.as_slice());
            request == Some(self.commitment.as_bytes())
        });
        if !ours || !about_this {
            tracing::error!("the receipt is of another look-up; what was found is not shown");
            return Err(Reason::ReceiptInvalid.into());
        }
        if answer.entries.is_empty() {
            return Ok(Vec::new());
        }
        // One proof over all of them, under the checkpoint of the look-up itself.
        let leaves = log
            .verify(&Receipt {
                entries: answer.entries.iter().map(|e| e.entry.clone()).collect(),
                checkpoint: answer.receipt.checkpoint.clone(),
            })?
            .leaves;
        let hold = answer.entries.iter().zip(&leaves);
        if hold.clone().count() != answer.entries.len() {
            return Err(Reason::ReceiptInvalid.into());
        }
        for (entry, leaf) in hold {
            if let Err(why) = self.holds(entry, leaf) {
                tracing::error!(
                    why,
                    "the broker shows an entry that is not this party's to see"
                );
                return Err(Reason::ReceiptInvalid.into());
            }
        }
        Ok(leaves)
    }

    fn holds(&self, entry: &LookedUp, leaf: &Skeleton) -> Result<(), &'static str> {
        let named = match entry.role {
            EntryRole::Recipient => leaf.recipient.as_ref(),
            EntryRole::Source => leaf.source.as_ref(),
        };
        let subjects = entry
            .subjects
            .iter()
            .all(|place| usize::try_from(*place).is_ok_and(|place| place < self.subjects));
        let outcome = entry.outcome.as_ref().is_none_or(|outcome| {
            let opening = Opening {
                salt: Salt::new(outcome.salt),
                bytes: outcome.content.clone(),
            };
            opening.opens(Part::Outcome, leaf.commitment(Part::Outcome))
        });
        let rules = [
            (leaf.class == Class::Decision, "it is no decision"),
            (
                named == Some(self.party),
                "the leaf does not name this party so",
            ),
            (
                leaf.covenant.is_some_and(|d| self.versions.contains(&d)),
                "it is of another covenant",
            ),
            (leaf.seq >= self.from, "it was not asked for"),
            (subjects, "it is about no subject of the question"),
            (outcome, "the outcome is not what was logged"),
            (
                entry.outcome.is_none() || entry.role == EntryRole::Source,
                "an outcome is not for a recipient",
            ),
        ];
        match rules.iter().find(|(holds, _)| !holds) {
            Some((_, why)) => Err(why),
            None => Ok(()),
        }
    }
}

/// The part of a notice in the log that an answer to a data subject says something about. Other
/// fields may come.
#[derive(Deserialize)]
struct NoticeBody {
    clause: String,
    purpose: String,
    shows: Vec<String>,
    source: Option<String>,
    advice: Option<String>,
    basis: BasisBody,
}

#[derive(Deserialize)]
struct BasisBody {
    provide: String,
    receive: String,
}

/// By what entries are one item: a question leaves one entry for each source in its scope.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Fold {
    Question(Vec<u8>),
    Entry(u64, Role),
}

/// Items so far.
#[derive(Default)]
pub(super) struct Found(BTreeMap<Fold, Item>);

impl Found {
    /// Adds an entry that was verified.
    pub(super) fn add(
        &mut self,
        desk: &Desk,
        answerable: &Answerable,
        entry: &LookedUp,
        leaf: &Skeleton,
    ) -> Result<(), Refused> {
        let subjects = entry.subjects.clone();
        let (fold, item) = match entry.role {
            EntryRole::Recipient => as_recipient(desk, answerable, entry, leaf)?,
            EntryRole::Source => match as_source(entry, leaf)? {
                Some(item) => (Fold::Entry(leaf.seq, Role::Provided), item),
                None => return Ok(()),
            },
        };
        let known = self.0.entry(fold).or_insert(item);
        for subject in subjects {
            if !known.subjects.contains(&subject) {
                known.subjects.push(subject);
                known.subjects.sort_unstable();
            }
        }
        if !known.indices.contains(&leaf.seq) {
            known.indices.push(leaf.seq);
            known.indices.sort_unstable();
            known.index = known.index.min(leaf.seq);
        }
        Ok(())
    }

    /// The items in the order of the log.
    pub(super) fn into_items(self) -> Vec<Item> {
        let mut items: Vec<Item> = self.0.into_values().collect();
        items.sort_by_key(|item| (item.index, item.role));
        items
    }
}

fn bare(leaf: &Skeleton, role: Role) -> Item {
    Item {
        index: leaf.seq,
        indices: vec![leaf.seq],
        role,
        at: leaf.at.as_millis(),
        other_party: String::new(),
        purpose: String::new(),
        clause: String::new(),
        shown: Vec::new(),
        advice: String::new(),
        kinds: Vec::new(),
        provided_on: String::new(),
        received_on: String::new(),
        held: None,
        recalled_on: None,
        recall_acknowledged_on: None,
        subjects: Vec::new(),
        unlinked: false,
    }
}

/// What this party asked or was told. Of a question it knows the advice, and never the source.
fn as_recipient(
    desk: &Desk,
    answerable: &Answerable,
    entry: &LookedUp,
    leaf: &Skeleton,
) -> Result<(Fold, Item), Refused> {
    let answer = entry.entry.answer.as_ref().map(|o| o.content.as_slice());
    let notice: Option<NoticeBody> = answer.and_then(|json| serde_json::from_slice(json).ok());
    if let Some(body) = notice {
        let item = Item {
            other_party: body.source.unwrap_or_default(),
            purpose: body.purpose,
            clause: body.clause,
            shown: body.shows,
            advice: body.advice.unwrap_or_default(),
            provided_on: body.basis.provide,
            received_on: body.basis.receive,
            ..bare(leaf, Role::Told)
        };
        return Ok((Fold::Entry(leaf.seq, Role::Told), item));
    }
    let vocabulary = answerable.covenant().vocabulary();
    let advice = answer
        .and_then(|code| std::str::from_utf8(code).ok())
        .and_then(|code| vocabulary.advice(code));
    let request = entry.entry.request.as_ref().map(|o| o.content.clone());
    let request = request.unwrap_or_default();
    let shown = advice.filter(|advice| advice.rank > 0);
    let item = Item {
        purpose: purpose_asked(desk, &request)?,
        shown: shown.map(|_| ADVICE.to_owned()).into_iter().collect(),
        advice: advice.map(|a| a.code.to_owned()).unwrap_or_default(),
        ..bare(leaf, Role::Asked)
    };
    let fold = if request.is_empty() {
        Fold::Entry(leaf.seq, Role::Asked)
    } else {
        Fold::Question(request)
    };
    Ok((fold, item))
}

/// What an answer to a question shows, in the covenant's words.
const ADVICE: &str = "handelingsadvies";

/// The purpose of a question of this node's, as it kept it; empty when it does not any more.
fn purpose_asked(desk: &Desk, commitment: &[u8]) -> Result<String, Refused> {
    let name = asked_name(commitment);
    let sealed = desk.store.read(|view| view.receipt(&name))?;
    let plain = sealed
        .map(|sealed| desk.vault.open(&name, &sealed))
        .transpose()?;
    Ok(plain
        .and_then(|plain| String::from_utf8(plain).ok())
        .unwrap_or_default())
}

/// What this party let another know. The employee of the other party is not this party's to know.
fn as_source(entry: &LookedUp, leaf: &Skeleton) -> Result<Option<Item>, Refused> {
    let recipient = leaf.recipient.as_ref().map(ToString::to_string);
    let day = |day: Day| day.as_days();
    let (sent, acknowledged) = entry.recall.unwrap_or((None, None));
    let item = Item {
        other_party: recipient.unwrap_or_default(),
        recalled_on: sent.map(day),
        recall_acknowledged_on: acknowledged.map(day),
        ..bare(leaf, Role::Provided)
    };
    let Some(outcome) = &entry.outcome else {
        return Ok(Some(item));
    };
    let Ok(outcome) = Outcome::from_json(&outcome.content) else {
        tracing::error!(
            "an outcome of the log is not of this version; what was found is not shown"
        );
        return Err(Reason::ReceiptInvalid.into());
    };
    if outcome.decision != Some(Decided::Revealed) {
        tracing::error!("the broker shows an entry in which nothing was provided; it is left out");
        return Ok(None);
    }
    let role = outcome.recipient.as_ref().map(|r| r.role.party());
    let other_party = match role {
        Some(party) if item.other_party.is_empty() => party.to_string(),
        _ => item.other_party.clone(),
    };
    let basis = outcome.basis.as_ref();
    Ok(Some(Item {
        other_party,
        purpose: outcome
            .purpose
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        clause: outcome
            .clause
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        shown: outcome.shown.iter().map(ToString::to_string).collect(),
        kinds: kinds(&outcome),
        provided_on: basis.map(|b| b.provide.to_string()).unwrap_or_default(),
        received_on: basis.map(|b| b.receive.to_string()).unwrap_or_default(),
        ..item
    }))
}

/// The kinds of signal that were in question: of the cell, else those that the clause counted.
fn kinds(outcome: &Outcome) -> Vec<String> {
    let cell = outcome.cell.iter().filter_map(|cell| cell.signal.as_ref());
    let judged = outcome
        .judged
        .iter()
        .filter(|judged| Some(&judged.clause) == outcome.clause.as_ref())
        .flat_map(|judged| &judged.counted);
    let kinds: BTreeSet<String> = cell.chain(judged).map(ToString::to_string).collect();
    kinds.into_iter().collect()
}
