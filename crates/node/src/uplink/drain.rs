//! Sends what waits, queue by queue, and removes it only when the broker has it.
//!
//! What can't go now (a blocked match key, a key without reference, a delay) is passed over and
//! holds up nothing behind it. What the broker refuses is kept as the signal's own refusal.

mod lane;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::{CovenantId, KeyEpoch, RequestId, Timestamp};
use store::{NodeTx, StoreError};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use wire::broker_v1::{self as pb, push_signals_response};
use wire::signal::PushBatch;
use wire::statement::{Withdrawal, WithdrawalBatch};
use wire::status::Told;

use self::lane::{Goes, Lane, Under};
use super::item::{Errand, Item, queue};
use super::{Lost, Uplink};
use crate::covenants::{Active, Answerable};
use crate::intake::{Record, Refusal};
use crate::keys::Epoch;
use crate::refusal::Reason;

/// Items read from a queue at once.
const PAGE: usize = 1_000;
/// The longest wait before looking again without being woken.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// How long the broker may take to answer a batch.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// Bytes of a batch: well below the largest message.
const MOST_BYTES: usize = 3 << 20;

/// An item with its number, and why it was refused.
type Outcome = (u64, Item, Option<Refusal>);

/// An open stream of batches.
struct Pushes {
    up: mpsc::Sender<pb::PushSignalsRequest>,
    down: Streaming<pb::PushSignalsResponse>,
    /// Queues whose party has pushed enough for today, and when they go on.
    resting: BTreeMap<String, Timestamp>,
}

/// Items of one kind that go together.
#[derive(Default)]
struct Load {
    pushes: Vec<(u64, Item)>,
    withdrawals: Vec<(u64, Item)>,
    bytes: usize,
}

impl Uplink {
    /// Sends what waits, for as long as the connection lives.
    pub(super) async fn drain(&self) -> Result<(), Lost> {
        let mut pushes = self.open_pushes().await?;
        loop {
            self.give_up_what_is_over().await?;
            let mut next_due: Option<Timestamp> = None;
            for active in self.covenants.all_carried(self.clock.now()) {
                let due = self.send_carried(&mut pushes, &active).await?;
                next_due = earliest(next_due, due);
            }
            for over in self.covenants.all_over(self.clock.now()) {
                let epochs = self.epochs_of(over.covenant().id())?;
                let due = self.send_owed(&mut pushes, &over, epochs).await?;
                next_due = earliest(next_due, due);
            }
            let wait = next_due.map_or(LOOK_AGAIN, |due| {
                let millis = due.millis_since(self.clock.now()).max(1);
                Duration::from_millis(u64::try_from(millis).unwrap_or(1)).min(LOOK_AGAIN)
            });
            // A wake-up means something new, or a key that stands otherwise: look from the start.
            let _ = tokio::time::timeout(wait, self.link.woken()).await;
        }
    }

    /// Sends what may go under a covenant that is not over; answers when more is due.
    async fn send_carried(
        &self,
        pushes: &mut Pushes,
        active: &Active,
    ) -> Result<Option<Timestamp>, Lost> {
        let id: &CovenantId = active.covenant().id();
        let mut next_due = None;
        // What was told is recalled still under an epoch that is over, with or without its key.
        let mut owed = self.epochs_of(id)?;
        for epoch in active.epochs().iter().map(Epoch::number) {
            let blocked = match Goes::of(&self.link, id, epoch) {
                Goes::Everything { but } => but,
                Goes::Withdrawals => continue,
                Goes::Nothing => {
                    owed.remove(&epoch);
                    continue;
                }
            };
            owed.remove(&epoch);
            let mut lane = Lane::of(Under::Carried(active), epoch, blocked);
            lane.rests_until = pushes.resting.get(&lane.queue).copied();
            while self.send_some(pushes, &mut lane).await? {}
            next_due = earliest(next_due, lane.next_due);
        }
        if !lane::takes_withdrawals(&self.link, id) {
            return Ok(next_due);
        }
        let due = self.send_owed(pushes, &active.answerable(), owed).await?;
        Ok(earliest(next_due, due))
    }

    /// The epochs of a covenant under which something may wait.
    fn epochs_of(&self, id: &CovenantId) -> Result<BTreeSet<KeyEpoch>, Lost> {
        let read = self
            .store
            .read(|view| self.covenants.outbox_epochs(view, id));
        Ok(read?)
    }

    /// Sends withdrawals of these epochs, and nothing else; answers when more is due.
    async fn send_owed(
        &self,
        pushes: &mut Pushes,
        owed: &Answerable,
        epochs: BTreeSet<KeyEpoch>,
    ) -> Result<Option<Timestamp>, Lost> {
        let mut next_due = None;
        for epoch in epochs {
            let mut lane = Lane::of(Under::Owed(owed), epoch, BTreeSet::new());
            while self.send_some(pushes, &mut lane).await? {}
            next_due = earliest(next_due, lane.next_due);
        }
        Ok(next_due)
    }

    /// Sends one load from where the lane stands; `false` at its end, or when the broker refuses
    /// whole batches of it now.
    async fn send_some(&self, pushes: &mut Pushes, lane: &mut Lane<'_>) -> Result<bool, Lost> {
        let (load, ended) = self.load(lane)?;
        let mut going = !ended;
        if let Under::Carried(active) = lane.under
            && !load.pushes.is_empty()
        {
            going &= self.push(pushes, (active, lane), load.pushes).await?;
        }
        if !load.withdrawals.is_empty() {
            going &= self.withdraw(lane, load.withdrawals).await?;
        }
        Ok(going)
    }

    /// What may go now, at most one batch of each kind.
    fn load(&self, lane: &mut Lane<'_>) -> Result<(Load, bool), Lost> {
        let most = usize::try_from(self.outbox.batch_items.clamp(1, 1_000)).unwrap_or(1);
        let now = self.clock.now();
        let mut load = Load::default();
        loop {
            let page = self
                .store
                .read(|view| view.outbox(&lane.queue, lane.cursor, PAGE))?;
            let ended = page.len() < PAGE;
            for waiting in page {
                let full = load.pushes.len() >= most
                    || load.withdrawals.len() >= most
                    || load.bytes >= MOST_BYTES;
                if full {
                    return Ok((load, false));
                }
                lane.cursor = waiting.number;
                let Some(item) = Item::decode(&waiting.body) else {
                    tracing::error!("an outbox item does not read back: restore a backup");
                    continue;
                };
                let mut due = item.due(self.outbox.push_delay_ms, self.outbox.push_jitter_ms);
                if let (Errand::Push(_), Some(until)) = (&item.errand, lane.rests_until) {
                    due = due.max(until);
                }
                let goes = match item.errand {
                    Errand::Push(_) => matches!(lane.under, Under::Carried(_)),
                    Errand::Withdraw(_) => true,
                };
                if !goes {
                    continue;
                }
                if due > now {
                    lane.next_due = earliest(lane.next_due, Some(due));
                } else if !item.needs_any(&lane.blocked) {
                    load.bytes = load.bytes.saturating_add(waiting.body.len());
                    match item.errand {
                        Errand::Push(_) => load.pushes.push((waiting.number, item)),
                        Errand::Withdraw(_) => load.withdrawals.push((waiting.number, item)),
                    }
                }
            }
            if ended {
                return Ok((load, true));
            }
        }
    }

    async fn open_pushes(&self) -> Result<Pushes, Lost> {
        let (up, requests) = mpsc::channel(1);
        let mut client = wire::client::exchange(self.broker.channel());
        let down = client
            .push_signals(ReceiverStream::new(requests))
            .await?
            .into_inner();
        Ok(Pushes {
            up,
            down,
            resting: BTreeMap::new(),
        })
    }

    async fn push(
        &self,
        pushes: &mut Pushes,
        (active, lane): (&Active, &Lane<'_>),
        mut items: Vec<(u64, Item)>,
    ) -> Result<bool, Lost> {
        if self.outbox.shuffle {
            shuffle(&mut items);
        }
        let request = RequestId::fresh();
        let covenant = active.covenant();
        let header = self
            .broker
            .speaker()
            .header(covenant.id(), covenant.digest(), request);
        let mut batch: pb::PushBatch = PushBatch {
            header,
            epoch: lane.epoch,
            signals: Vec::new(),
        }
        .into();
        batch.signals = items
            .iter()
            .filter_map(|(_, item)| match &item.errand {
                Errand::Push(signal) => Some((**signal).clone()),
                Errand::Withdraw(_) => None,
            })
            .collect();
        let signed = self.broker.speaker().sign(&batch);
        let sent = pushes
            .up
            .send(pb::PushSignalsRequest {
                batch: Some(signed),
            })
            .await;
        sent.map_err(|_| Lost::Unreachable("closed".to_owned()))?;
        let answer = tokio::time::timeout(ANSWER_WITHIN, pushes.down.message())
            .await
            .map_err(|_| Lost::Unreachable("no answer to a batch".to_owned()))??
            .ok_or_else(|| Lost::Unreachable("closed".to_owned()))?;
        if answer.request_id != request.to_string() {
            return Err(Lost::Protocol("an answer to another batch"));
        }
        match answer.outcome {
            Some(push_signals_response::Outcome::Taken(taken)) => {
                let limited = self.settle(&lane.queue, items, taken).await?;
                if limited {
                    let tomorrow = self.clock.now().day().plus_days(1).start();
                    pushes.resting.insert(lane.queue.clone(), tomorrow);
                }
                Ok(!limited)
            }
            Some(push_signals_response::Outcome::Refused(status)) => {
                let told = wire::status::read_message(&status);
                held_up(told.reason, &told.reason_text)
            }
            None => Err(Lost::Protocol("an answer without an outcome")),
        }
    }

    async fn withdraw(&self, lane: &Lane<'_>, items: Vec<(u64, Item)>) -> Result<bool, Lost> {
        let covenant = lane.under.covenant();
        let speaker = self.broker.speaker();
        let header = speaker.header(covenant.id(), covenant.digest(), RequestId::fresh());
        let withdrawals = items.iter().filter_map(|(_, item)| match item.errand {
            Errand::Withdraw(reason) => Some(Withdrawal {
                signal: item.outside,
                reason,
            }),
            Errand::Push(_) => None,
        });
        let withdrawals = withdrawals.collect();
        let batch: pb::WithdrawalBatch = WithdrawalBatch {
            header,
            epoch: lane.epoch,
            withdrawals,
        }
        .into();
        match self.broker.withdraw(&batch).await {
            Ok(taken) => {
                self.settle(&lane.queue, items, taken).await?;
                Ok(true)
            }
            Err(refused) if refused.reason() == Reason::BrokerUnreachable => {
                Err(Lost::Unreachable("no answer to a withdrawal".to_owned()))
            }
            Err(refused) => held_up(Some(refused.reason()), refused.reason().as_str()),
        }
    }

    /// Removes what the broker has, and keeps its refusals with their signals. What is too much for
    /// today goes on waiting: it was acknowledged here. Answers whether there was such an item.
    async fn settle(
        &self,
        queue: &str,
        items: Vec<(u64, Item)>,
        taken: pb::TakenBatch,
    ) -> Result<bool, Lost> {
        let mut outcomes: Vec<Outcome> = items
            .into_iter()
            .map(|(number, item)| (number, item, None))
            .collect();
        let count = outcomes.len();
        let mut later = BTreeSet::new();
        for refused in &taken.refused {
            let place = usize::try_from(refused.index).unwrap_or(usize::MAX);
            let Some(outcome) = outcomes.get_mut(place) else {
                return Err(Lost::Protocol("a refusal of an item that was not sent"));
            };
            let told = refused.status.as_ref().map(wire::status::read_message);
            if told.as_ref().and_then(|told| told.reason) == Some(Reason::LimitReached) {
                later.insert(outcome.0);
                continue;
            }
            let refusal = told.map_or_else(unexplained, refusal);
            tracing::warn!(reason = %refusal.reason, "the broker refused an item of the outbox");
            outcome.2 = Some(refusal);
        }
        outcomes.retain(|(number, _, _)| !later.contains(number));
        self.keep_outcomes(queue.to_owned(), outcomes).await?;
        let refused = taken.refused.len();
        self.metrics.sent("taken", count.saturating_sub(refused));
        self.metrics
            .sent("refused", refused.saturating_sub(later.len()));
        if !later.is_empty() {
            let count = later.len();
            tracing::warn!(%queue, count, "the limit of pushes for today is reached; the rest waits");
            self.metrics.sent("later", count);
        }
        Ok(!later.is_empty())
    }

    /// Under a covenant that is over no signal is taken any more, and nothing matches: what waits
    /// makes room, and its signals say why. A withdrawal goes still, unless the covenant never was in
    /// force here: then nothing was told.
    async fn give_up_what_is_over(&self) -> Result<(), Lost> {
        for covenant in self.covenants.over(self.clock.now()) {
            let was_in_force = self.covenants.was_in_force(&covenant);
            for epoch in self.epochs_of(&covenant)? {
                let queue = queue(&covenant, epoch);
                let count = self.give_up(&queue, was_in_force).await?;
                if count > 0 {
                    tracing::warn!(%covenant, count, "the covenant is over: what waited is given up");
                    self.metrics.sent("given_up", count);
                }
            }
        }
        Ok(())
    }

    /// Gives up what waits in a queue, but for withdrawals where those still go; answers how much.
    async fn give_up(&self, queue: &str, but_withdrawals: bool) -> Result<usize, Lost> {
        let (mut after, mut count) = (0, 0);
        loop {
            let page = self.store.read(|view| view.outbox(queue, after, PAGE))?;
            let ended = page.len() < PAGE;
            let mut outcomes: Vec<Outcome> = Vec::new();
            for waiting in page {
                after = waiting.number;
                let Some(item) = Item::decode(&waiting.body) else {
                    continue;
                };
                match item.errand {
                    Errand::Push(_) => outcomes.push((waiting.number, item, Some(over()))),
                    Errand::Withdraw(_) if but_withdrawals => {}
                    Errand::Withdraw(_) => outcomes.push((waiting.number, item, None)),
                }
            }
            count += outcomes.len();
            if !outcomes.is_empty() {
                self.keep_outcomes(queue.to_owned(), outcomes).await?;
            }
            if ended {
                return Ok(count);
            }
        }
    }

    async fn keep_outcomes(&self, queue: String, outcomes: Vec<Outcome>) -> Result<(), Lost> {
        self.store
            .write(move |tx| {
                for (number, item, refusal) in outcomes {
                    settle_one(tx, &queue, number, &item, refusal)?;
                }
                Ok::<_, StoreError>(())
            })
            .await?;
        Ok(())
    }
}

fn settle_one(
    tx: &mut NodeTx,
    queue: &str,
    number: u64,
    item: &Item,
    refusal: Option<Refusal>,
) -> Result<(), StoreError> {
    tx.outbox_done(queue, number)?;
    let Some(mut own) = tx.own(item.own)? else {
        return Ok(());
    };
    let Ok(mut record) = Record::decode(&own.state) else {
        return Err(StoreError::Damaged { what: "own signal" });
    };
    match refusal {
        None => record.arrived(queue, number),
        Some(refusal) => record.refused(queue, number, refusal),
    }
    own.state = record.encode();
    tx.put_own(item.own, &own)
}

/// The broker takes nothing of this queue now: what waits goes on waiting. Only a broker that has
/// forgotten this node needs a new connection.
fn held_up(reason: Option<Reason>, text: &str) -> Result<bool, Lost> {
    if reason == Some(Reason::HelloRequired) {
        return Err(Lost::Refused(text.to_owned()));
    }
    tracing::warn!(reason = %text, "the broker takes nothing of this covenant now; it waits");
    Ok(false)
}

fn refusal(told: Told) -> Refusal {
    Refusal {
        reason: told.reason_text,
        en: told.message_en,
        nl: told.message_nl,
    }
}

fn over() -> Refusal {
    let reason = Reason::CovenantNotActive;
    Refusal {
        reason: reason.as_str().to_owned(),
        en: reason.message_en().to_owned(),
        nl: reason.message_nl().to_owned(),
    }
}

fn unexplained() -> Refusal {
    Refusal {
        reason: String::new(),
        en: "the broker refused it and did not say why".to_owned(),
        nl: "de makelaar weigerde het en zei niet waarom".to_owned(),
    }
}

fn earliest(one: Option<Timestamp>, two: Option<Timestamp>) -> Option<Timestamp> {
    match (one, two) {
        (Some(one), Some(two)) => Some(one.min(two)),
        (one, two) => one.or(two),
    }
}

/// Fisher and Yates, with the operating system's randomness.
fn shuffle<T>(items: &mut [T]) {
    let mut random = vec![0; items.len().saturating_mul(8)];
    model::id::fill_random(&mut random);
    for (last, bytes) in (1..items.len()).rev().zip(random.chunks_exact(8)) {
        let number = <[u8; 8]>::try_from(bytes).map_or(0, u64::from_be_bytes);
        let bound = u64::try_from(last.saturating_add(1)).unwrap_or(1);
        let place = usize::try_from(number.checked_rem(bound).unwrap_or(0)).unwrap_or(0);
        items.swap(last, place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffling_keeps_everything_and_changes_the_order() {
        let sorted: Vec<u32> = (0..1000).collect();
        let mut items = sorted.clone();
        shuffle(&mut items);
        assert_ne!(items, sorted);
        items.sort_unstable();
        assert_eq!(items, sorted);
        let mut none: [u8; 0] = [];
        shuffle(&mut none);
    }
}
