//! Recalls of what this party was told: verified, kept, shown to the roles that were told, and
//! answered by people. What people did waits here until the broker has it.

use ledger::kind::Class;
use model::{ActorId, CovenantId, Digest, NoticeId, RecallId, RequestId, Timestamp};
use serde::{Deserialize, Serialize};
use store::{NodeView, StoreError, StoredRecall};
use wire::recall::{Recall, ToldBy};
use wire::word::RecallOutcome;

use super::{Inbox, MOST_LOOKED_AT};
use crate::caller::Caller;
use crate::checks::{answer_name, outside_name, receipt_name};
use crate::intake::{Choice, Findings, page_size, request_key};
use crate::log::Followed;
use crate::paging::Paged;
use crate::refusal::{Reason, Refused};
use crate::uplink::{read_recall, recall_bytes};

const METHOD: &str = "covenant.node.v1.NoticeService/AcknowledgeRecall";
const AT_ONCE: usize = 128;

/// A recall as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRecall {
    /// The recall; what names a question is the client's own request id.
    pub recall: Recall,
    /// When it was first received.
    pub received_at: Timestamp,
    /// When somebody said what was done, and what.
    pub acknowledged: Option<(Timestamp, RecallOutcome)>,
}

/// Which recalls.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecallFilter {
    /// Under this covenant; empty for all.
    pub covenant: String,
    /// Only those about which nobody said yet what was done.
    pub unacknowledged: bool,
}

/// A page of recalls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecallPage {
    /// Newest first.
    pub recalls: Vec<KeptRecall>,
    /// Ask on with this; empty at the end.
    pub next_page_token: String,
}

/// What people did about a recall, as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecallAnswer {
    /// `request_id`.
    pub request_id: String,
    /// `recall_id`.
    pub recall_id: String,
    /// `actor`.
    pub actor: String,
    /// `outcome`.
    pub outcome: Choice<RecallOutcome>,
}

/// A recall about which somebody said what was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecallAcknowledged {
    id: [u8; 16],
    at: i64,
}

impl RecallAcknowledged {
    /// The recall's id.
    #[must_use]
    pub fn id(&self) -> Option<RecallId> {
        RecallId::from_slice(&self.id)
    }

    /// When somebody first said so.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        Timestamp::from_millis(self.at)
    }
}

/// What the broker is still to be told about a recall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owed {
    pub(crate) recall: RecallId,
    pub(crate) covenant: CovenantId,
    pub(crate) actor: ActorId,
    pub(crate) outcome: RecallOutcome,
}

/// The same as it is sealed.
#[derive(Serialize, Deserialize)]
struct OwedBody {
    covenant: String,
    actor: String,
    outcome: String,
}

/// The part of a recall's body in the log that names it.
#[derive(Deserialize)]
struct Body {
    recall_id: String,
}

impl Inbox {
    /// Whether a recall's receipt holds: it stands in the log as a recall for this party, under that
    /// covenant, naming no source, and with this recall as its answer.
    ///
    /// # Errors
    /// `RECEIPT_INVALID`.
    pub fn verify_recall(&self, recall: &Recall) -> Result<(), Refused> {
        let names_it = recall.receipt.entries.iter().all(|entry| {
            let answer = entry.answer.as_ref().map(|o| o.content.as_slice());
            let body: Option<Body> = answer.and_then(|json| serde_json::from_slice(json).ok());
            body.and_then(|body| RecallId::parse(&body.recall_id)) == Some(recall.recall)
        });
        let about = (&*self.covenants, &recall.covenant);
        self.log
            .bears_out_owed(&recall.receipt, about, self.clock.now(), |leaf| {
                names_it
                    && leaf.class == Class::Rights
                    && leaf.covenant == Some(recall.covenant_digest)
                    && leaf.recipient.as_ref() == Some(&self.party)
                    && leaf.source.is_none()
            })
    }

    /// Keeps recalls durably whose receipts hold; a reminder takes the place of what it reminds of.
    /// A notice that is taken back comes again to who watches. Gives back the delivery ids that may
    /// be acknowledged.
    ///
    /// # Errors
    /// [`Refused`] when the store fails.
    pub async fn keep_recalls(
        &self,
        recalls: Vec<(Recall, Followed)>,
    ) -> Result<Vec<NoticeId>, Refused> {
        let now = self.clock.now();
        let mut sealed = Vec::with_capacity(recalls.len());
        let mut deliveries = Vec::with_capacity(recalls.len());
        for (recall, followed) in recalls {
            deliveries.push(recall.id);
            let (id, told) = (recall.recall, recall.told);
            let recall = self.with_own_request(recall)?;
            let body = self.vault.seal(&recall_name(id), &recall_bytes(&recall))?;
            sealed.push((id, told, body, followed));
        }
        self.store
            .write(move |tx| {
                for (id, told, body, followed) in &sealed {
                    let fresh = tx.put_recall(*id, body, now)?;
                    match told {
                        ToldBy::Notice(notice) if fresh => tx.take_back(*notice, *id)?,
                        ToldBy::Notice(_) => {}
                        // Nobody is told again what was taken back.
                        ToldBy::Check(outside) => {
                            tx.erase_receipt(&answer_name(outside.as_bytes()))?;
                        }
                    }
                    followed.keep(tx)?;
                }
                Ok::<_, StoreError>(())
            })
            .await?;
        let newest = Self::newest_after(&self.store, *self.newest.borrow())?;
        self.newest.send_replace(newest);
        Ok(deliveries)
    }

    /// A page of recalls for this caller, newest first.
    ///
    /// # Errors
    /// [`Refused`] when a filter is malformed.
    pub fn list_recalls(
        &self,
        caller: &Caller,
        filter: &RecallFilter,
        size: i32,
        page_token: &str,
    ) -> Result<RecallPage, Refused> {
        let mut found = Findings::default();
        let size = page_size(size, &mut found);
        let covenant = match filter.covenant.as_str() {
            "" => None,
            text => found.named("covenant", CovenantId::parse(text)),
        };
        let paged = Paged {
            vault: &self.vault,
            list: &[
                b"recalls",
                filter.covenant.as_bytes(),
                &[u8::from(filter.unacknowledged)],
            ],
        };
        let mut before = paged.open(page_token, &mut found).map(u64::from_be_bytes);
        found.into_result()?;
        let mut recalls = Vec::new();
        let mut looked_at: usize = 0;
        loop {
            let rows = self.store.read(|view| view.recalls(before, AT_ONCE))?;
            let ended = rows.len() < AT_ONCE;
            for row in rows {
                looked_at = looked_at.saturating_add(1);
                before = Some(row.number);
                if filter.unacknowledged && row.acknowledged.is_some() {
                    continue;
                }
                let kept = self.kept_recall(&row)?;
                let fits = covenant.as_ref().is_none_or(|c| *c == kept.recall.covenant);
                if fits && self.may_read(caller, &kept.recall) {
                    recalls.push(kept);
                }
                if recalls.len() >= size || looked_at >= MOST_LOOKED_AT {
                    let next_page_token = paged.token(&row.number.to_be_bytes());
                    return Ok(RecallPage {
                        recalls,
                        next_page_token,
                    });
                }
            }
            if ended {
                return Ok(RecallPage {
                    recalls,
                    next_page_token: String::new(),
                });
            }
        }
    }

    /// Notes what was done about a recall. What it takes back, a notice or the receipt of an answer,
    /// is erased here, unless the law or a restriction keeps it.
    ///
    /// # Errors
    /// [`Refused`]: wrong fields, or no such recall for this caller.
    pub async fn acknowledge_recall(
        &self,
        caller: &Caller,
        answer: &RecallAnswer,
    ) -> Result<RecallAcknowledged, Refused> {
        let mut found = Findings::default();
        let request = found.request_id("request_id", &answer.request_id);
        let id = found.uuid("recall_id", &answer.recall_id, RecallId::parse);
        if answer.actor.is_empty() {
            found.required("actor");
        }
        let actor = Some(answer.actor.as_str())
            .filter(|actor| !actor.is_empty())
            .and_then(|actor| found.named("actor", ActorId::parse(actor)));
        let outcome = found.choice("outcome", answer.outcome);
        let (Some(request), Some(id), Some(actor), Some(outcome)) = (request, id, actor, outcome)
        else {
            return Err(found.into());
        };
        let kept = match self.store.read(|view| view.recall(id))? {
            Some(row) => Some(self.kept_recall(&row)?),
            None => None,
        };
        let kept = kept.filter(|kept| self.may_read(caller, &kept.recall));
        let recall = kept.ok_or(Reason::NotFound)?.recall;
        self.store_outcome(caller, request, &recall, &actor, outcome)
            .await
    }

    async fn store_outcome(
        &self,
        caller: &Caller,
        request: RequestId,
        recall: &Recall,
        actor: &ActorId,
        outcome: RecallOutcome,
    ) -> Result<RecallAcknowledged, Refused> {
        let id = recall.recall;
        let (actor, word) = (actor.as_str(), outcome.as_str());
        let parts: [&[u8]; 4] = [b"recall", id.as_bytes(), actor.as_bytes(), word.as_bytes()];
        let hash = Digest::new(self.vault.recognise(&parts));
        let key = request_key(caller, METHOD, request);
        let body = OwedBody {
            covenant: recall.covenant.to_string(),
            actor: actor.to_owned(),
            outcome: word.to_owned(),
        };
        let body = serde_json::to_vec(&body).map_err(|_| Refused::failed())?;
        let owed = self.vault.seal(&owed_name(id), &body)?;
        let erased = (!keeps(outcome)).then_some(recall.told);
        let now = self.clock.now();
        self.store
            .write(move |tx| {
                if let Some(before) = tx.answered(&key, &hash)? {
                    return serde_json::from_slice(before.answer()).map_err(|_| Refused::failed());
                }
                tx.acknowledge_recall(id, now, word, &owed)?;
                match erased {
                    Some(ToldBy::Notice(notice)) => tx.erase_received(notice)?,
                    Some(ToldBy::Check(request)) => tx.erase_receipt(&receipt_name(request))?,
                    None => {}
                }
                let known = tx.recall(id)?.and_then(|recall| recall.acknowledged);
                let answer = RecallAcknowledged {
                    id: *id.as_bytes(),
                    at: known.map_or(now, |(at, _)| at).as_millis(),
                };
                let bytes = serde_json::to_vec(&answer).map_err(|_| Refused::failed())?;
                tx.remember(&key, &hash, &bytes, now)?;
                Ok(answer)
            })
            .await
    }

    /// What the broker is still to be told.
    ///
    /// # Errors
    /// When the store or the vault fails.
    pub(crate) fn owed(&self) -> Result<Vec<Owed>, Refused> {
        let rows = self.store.read(|view| view.owed_recalls(AT_ONCE))?;
        let mut owed = Vec::with_capacity(rows.len());
        for (recall, sealed) in rows {
            let plain = self.vault.open(&owed_name(recall), &sealed)?;
            let read = || {
                let body: OwedBody = serde_json::from_slice(&plain).ok()?;
                Some(Owed {
                    recall,
                    covenant: CovenantId::parse(&body.covenant).ok()?,
                    actor: ActorId::parse(&body.actor).ok()?,
                    outcome: RecallOutcome::parse(&body.outcome)?,
                })
            };
            match read() {
                Some(one) => owed.push(one),
                None => {
                    tracing::error!(
                        "what was said about a recall does not read back: restore a backup"
                    );
                }
            }
        }
        Ok(owed)
    }

    /// The broker has what was said about a recall.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn told_broker(&self, recall: RecallId) -> Result<(), StoreError> {
        self.store.write(move |tx| tx.recall_taken(recall)).await
    }

    /// Whether nobody said yet what was done about it.
    pub(super) fn recall_waits(&self, recall: Option<RecallId>) -> Result<bool, Refused> {
        let Some(id) = recall else { return Ok(false) };
        let row = self.store.read(|view| view.recall(id))?;
        Ok(row.is_some_and(|row| row.acknowledged.is_none()))
    }

    fn may_read(&self, caller: &Caller, recall: &Recall) -> bool {
        caller.has_any(&self.notice_roles) || caller.has_any(&recall.roles)
    }

    fn kept_recall(&self, row: &StoredRecall) -> Result<KeptRecall, Refused> {
        let bytes = self.vault.open(&recall_name(row.id), &row.body)?;
        let Some(recall) = read_recall(&bytes) else {
            tracing::error!("a stored recall does not read back: restore a backup");
            return Err(Refused::failed());
        };
        let outcome = |(at, word): &(Timestamp, String)| Some((*at, RecallOutcome::parse(word)?));
        Ok(KeptRecall {
            recall,
            received_at: row.at,
            acknowledged: row.acknowledged.as_ref().and_then(outcome),
        })
    }

    /// Puts the client's own request id in place of the one outside. Of a question that is no longer
    /// kept the one outside stays.
    fn with_own_request(&self, mut recall: Recall) -> Result<Recall, Refused> {
        if let ToldBy::Check(outside) = recall.told {
            let name = outside_name(outside);
            if let Some(sealed) = self.store.read(|view| view.receipt(&name))? {
                let own = RequestId::from_slice(&self.vault.open(&name, &sealed)?);
                recall.told = ToldBy::Check(own.unwrap_or(outside));
            }
        }
        Ok(recall)
    }
}

/// Whether a notice stays here after this was done about its recall.
const fn keeps(outcome: RecallOutcome) -> bool {
    matches!(
        outcome,
        RecallOutcome::KeptByLaw | RecallOutcome::Restricted
    )
}

/// Whether a notice was recalled, and erased when somebody dealt with that.
pub(super) fn was_dealt_with(view: &NodeView, notice: NoticeId) -> Result<bool, StoreError> {
    let Some(recall) = view.recalled_by(notice)? else {
        return Ok(false);
    };
    let said = view.recall(recall)?.and_then(|recall| recall.acknowledged);
    let outcome = said.and_then(|(_, word)| RecallOutcome::parse(&word));
    Ok(outcome.is_some_and(|outcome| !keeps(outcome)))
}

fn recall_name(id: RecallId) -> Vec<u8> {
    [b"recall/", id.as_bytes().as_slice()].concat()
}

fn owed_name(id: RecallId) -> Vec<u8> {
    [b"owed/", id.as_bytes().as_slice()].concat()
}
