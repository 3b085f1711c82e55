//! Recalls: who was told of a signal that is withdrawn, corrected, restricted or erased is told that
//! too (AVG 19, Wpg 28(5)), and nobody else.
//!
//! They go out at fixed times, so that the moment of a recall says nothing about the moment of a
//! withdrawal, and again until the recipient says what it did, while it may still hold what it was
//! told. Every delivery and every acknowledgement is an entry.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ledger::outcome::{Cell, Recipient};
use ledger::word::TransactionId;
use ledger::{Kind, NewEntry, Outcome};
use model::{ActorId, Day, NoticeId, PartyId, Timestamp};
use store::{BrokerTx, Decided, NewNotice, Recall, Step, StoreError, Told, ToldBy};
use wire::reason::Reason;
use wire::recall::RecallAcknowledgement;
use wire::word::RecallReason;

use crate::Broker;
use crate::delivery::{Body, RecallBody};
use crate::disclose::remembered_under;
use crate::entries::{facts, number, own_engine, word};
use crate::members::Answerable;
use crate::refusal::Refused;

/// No day on which anything was counted.
pub(crate) const NEVER: i32 = i32::MIN;
/// How many recalls go out in one unit of work.
const AT_ONCE: usize = 256;
/// How often it is looked whether a batch is due.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl Broker {
    /// Sends recalls at their times until the process stops.
    pub(crate) async fn keep_recalling(self: Arc<Self>) {
        let mut tick = tokio::time::interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.stopping().cancelled() => return,
                _ = tick.tick() => {}
            }
            if let Err(refused) = self.recall_if_due().await {
                tracing::error!(reason = %refused.reason(), "recalls wait");
            }
        }
    }

    /// Sends what is due when the time of a batch has come; answers how many recalls went out.
    ///
    /// # Errors
    /// [`Refused`] when the store fails: what was not sent goes out with the next look.
    pub(crate) async fn recall_if_due(&self) -> Result<usize, Refused> {
        let now = self.clock().now();
        let Some(last) = self.store().read(|view| view.last_recall_batch())? else {
            // A new database has told nobody anything: it counts from here.
            self.store()
                .write(move |tx| tx.recall_batch_done(now))
                .await?;
            return Ok(0);
        };
        let (offset, every) = self.recall_times;
        let slot = |at: Timestamp| {
            let seconds = at.as_millis().div_euclid(1_000).saturating_sub(offset);
            seconds.div_euclid(every.max(1))
        };
        if slot(now) <= slot(last) {
            return Ok(0);
        }
        self.recall_batch(now).await
    }

    /// One batch: everything that is due, whenever the last one was.
    async fn recall_batch(&self, now: Timestamp) -> Result<usize, Refused> {
        let mut sent = 0_usize;
        loop {
            let unit = Batch {
                now,
                remind_after: i32::from(self.recalls.remind_after_days),
                pad_to: self.notices.pad_leaves_to,
            };
            let logged = self.store().commit_step(move |tx| unit.run(tx)).await?;
            let Some(logged) = logged else {
                break;
            };
            let went = *logged.disclosure();
            sent = sent.saturating_add(went.sent);
            if went.sent > 0 {
                self.metrics().recalls("sent", went.sent);
                self.recalls_moved();
                self.tell();
            }
            if !went.more {
                break;
            }
        }
        if sent > 0 {
            tracing::info!(sent, "recalls went out");
        }
        Ok(sent)
    }

    /// What waits is to be counted again.
    fn recalls_moved(&self) {
        self.recalls_counted.store(NEVER, Ordering::Relaxed);
    }

    /// Where recalls have moved since the last call, and once a day: how many each party got more than
    /// once and has not answered, while it may still hold what it was told.
    ///
    /// # Errors
    /// When the store can't read.
    pub(crate) fn unanswered_recalls(&self) -> Result<Option<BTreeMap<PartyId, u64>>, StoreError> {
        let today = self.clock().now().day();
        let before = self
            .recalls_counted
            .swap(today.as_days(), Ordering::Relaxed);
        if before == today.as_days() {
            return Ok(None);
        }
        let counted = self.count_unanswered(today);
        if counted.is_err() {
            self.recalls_moved();
        }
        counted.map(Some)
    }

    fn count_unanswered(&self, today: Day) -> Result<BTreeMap<PartyId, u64>, StoreError> {
        let mut unanswered = BTreeMap::new();
        let mut after = None;
        loop {
            // In pages: decisions are made durable between them.
            let (parties, next) = self.store().read(|view| {
                let (waiting, next) = view.recalls_waiting(after, AT_ONCE)?;
                let mut parties = Vec::new();
                for recall in waiting {
                    let again = recall.sent.is_some_and(|sent| sent.reminders > 0);
                    if again && today < recall.ends {
                        parties.extend(view.told(recall.seq)?.map(|told| told.recipient));
                    }
                }
                Ok::<_, StoreError>((parties, next))
            })?;
            for party in parties {
                let count: &mut u64 = unanswered.entry(party).or_default();
                *count = count.saturating_add(1);
            }
            after = next;
            if after.is_none() {
                return Ok(unanswered);
            }
        }
    }

    /// Takes what people of a party did about recalls.
    ///
    /// # Errors
    /// `NOT_FOUND` when one of them is no recall of this party's; nothing is taken then.
    pub(crate) async fn recall_acknowledged(
        &self,
        member: &Answerable,
        acknowledgement: RecallAcknowledgement,
    ) -> Result<(), Refused> {
        let now = self.clock().now();
        self.timely(&acknowledgement.header, now)?;
        let member = member.clone();
        let logged = self
            .store()
            .commit_step(move |tx| acknowledge(tx, &member, &acknowledgement, now))
            .await?;
        if let Some(logged) = logged {
            self.metrics().recalls("acknowledged", *logged.disclosure());
            self.recalls_moved();
        }
        Ok(())
    }
}

/// What one unit of a batch sent.
#[derive(Debug, Clone, Copy)]
struct Went {
    sent: usize,
    more: bool,
}

/// What the unit of work of a batch needs.
struct Batch {
    now: Timestamp,
    remind_after: i32,
    pad_to: u64,
}

impl Batch {
    fn run(self, tx: &mut BrokerTx) -> Result<Step<Went>, Refused> {
        let today = self.now.day();
        let withdrawn = tx.withdrawn_since_batch()?;
        let lapsed = tx.take_lapsed(today, AT_ONCE)?;
        for seq in &lapsed {
            tx.make_recall(*seq, RecallReason::Expired.as_str(), today, |_| true)?;
        }
        let due = tx.recalls_due(today, AT_ONCE)?;
        let more = due.len() == AT_ONCE || lapsed.len() == AT_ONCE;
        let (mut entries, mut notices) = (Vec::new(), Vec::new());
        for recall in due {
            // What can't be told any more is not repeated: the recipient may not hold it.
            let told = tx.told(recall.seq)?.filter(|told| today < told.ends);
            let Some(told) = told else {
                tx.recall_over(&recall)?;
                continue;
            };
            let body = body(&recall, &told, self.now);
            let bytes = Body::Recall(Box::new(body))
                .to_bytes()
                .ok_or(Reason::BrokerFailed)?;
            notices.push(NewNotice {
                to: told.to.clone(),
                id: NoticeId::fresh(),
                body: bytes.clone(),
                entries: vec![entries.len()],
            });
            let step = if recall.sent.is_some() {
                "reminded"
            } else {
                "sent"
            };
            entries.push(NewEntry {
                answer: bytes,
                ..entry(&recall, &told, step, None)
            });
            // Not sooner: how long an answer is remembered tells no moment of a withdrawal either.
            if let ToldBy::Check(request) = told.by {
                tx.forget_answer(&remembered_under(&told.to, request))?;
            }
            tx.recall_sent(&recall, today, today.plus_days(self.remind_after))?;
        }
        if !more {
            tx.recall_batch_done(self.now)?;
        }
        let sent = notices.len();
        if entries.is_empty() && !withdrawn {
            return Ok(Step::Nothing);
        }
        if entries.is_empty() {
            // A withdrawal is followed by as much whether or not anybody was told.
            entries.push(crate::entries::padding());
        }
        let mut decided = Decided::new(entries, Went { sent, more });
        decided.notices = notices;
        decided.pad_to = self.pad_to;
        Ok(Step::Decided(decided))
    }
}

fn body(recall: &Recall, told: &Told, now: Timestamp) -> RecallBody {
    let (notice, check) = match told.by {
        ToldBy::Notice(id) => (Some(id.to_string()), None),
        ToldBy::Check(id) => (None, Some(id.to_string())),
    };
    RecallBody {
        recall_id: recall.id.to_string(),
        covenant: told.covenant.to_string(),
        covenant_digest: told.digest.to_hex(),
        reason: recall.reason.clone(),
        notice,
        check,
        roles: told.roles.iter().map(ToString::to_string).collect(),
        told_on: told.on.as_days(),
        day: now.day().as_days(),
        reminder: recall
            .sent
            .map_or(0, |sent| sent.reminders.saturating_add(1)),
        kept_until: told.kept_until.map(model::Day::as_days),
    }
}

/// The entry of a recall. Its leaf names the recipient alone: where an answer did not say which
/// source it rests on, a recall does not either. The outcome says it, to the auditor.
fn entry(recall: &Recall, told: &Told, step: &str, actor: Option<ActorId>) -> NewEntry {
    let mut outcome = Outcome::of(Kind::Recall, own_engine());
    outcome.transaction_id = TransactionId::parse(&recall.id.to_string()).ok();
    outcome.purpose = Some(told.purpose.clone());
    if let Some(role) = told.roles.first() {
        outcome.recipient = Some(Recipient {
            role: role.clone(),
            actor,
        });
        outcome.cell = Some(Cell {
            role: role.clone(),
            purpose: told.purpose.clone(),
            source: told.source.clone(),
            signal: None,
            shows: None,
        });
    }
    let reminders = recall.sent.map_or(0, |sent| sent.reminders);
    outcome.facts = facts([
        ("step", word(step)),
        ("reason", word(&recall.reason)),
        ("entry", number(recall.seq)),
        ("reminders", number(reminders)),
    ]);
    NewEntry {
        recipient: Some(told.recipient.clone()),
        purpose: Some(told.purpose.clone()),
        ..NewEntry::unnamed(Some(told.digest), outcome)
    }
}

fn acknowledge(
    tx: &mut BrokerTx,
    member: &Answerable,
    acknowledgement: &RecallAcknowledgement,
    now: Timestamp,
) -> Result<Step<usize>, Refused> {
    let header = &acknowledgement.header;
    tx.accept_once(&member.oin, &header.nonce, header.expires_at, now)?;
    let mut entries = Vec::new();
    for (id, did) in &acknowledgement.recalls {
        let found = tx.recall(*id)?;
        let told = match &found {
            Some(recall) => tx.told(recall.seq)?,
            None => None,
        };
        let Some((recall, told)) = found.zip(told).filter(|(_, told)| told.to == member.oin) else {
            return Err(Refused::at(Reason::NotFound, "recalls"));
        };
        if tx.recall_acknowledged(&recall, now.day(), did.as_str())? {
            let actor = Some(acknowledgement.actor.clone());
            let mut entry = entry(&recall, &told, "acknowledged", actor);
            entry
                .outcome
                .facts
                .extend(facts([("did", word(did.as_str()))]));
            entries.push(entry);
        }
    }
    if entries.is_empty() {
        return Ok(Step::Nothing);
    }
    let count = entries.len();
    Ok(Step::Decided(Decided::new(entries, count)))
}
