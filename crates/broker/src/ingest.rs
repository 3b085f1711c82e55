//! What nodes push and withdraw. Everything is durable before it is acknowledged.

use model::{Day, KeyEpoch, Signal, SignalId, Timestamp};
use store::{BrokerTx, Limit, ProbeAlarm, StoreError, Stored, UsedRight, Withdrawal};
use wire::field::Read;
use wire::header::Header;
use wire::malformed::Malformed;
use wire::reason::Reason;
use wire::signal::PushBatch;
use wire::statement::{Withdrawal as WithdrawalItem, WithdrawalBatch};
use wire::status::Refusal;
use wire::word::{RecallReason, WithdrawalReason};

use crate::Broker;
use crate::members::{Answerable, Member};
use crate::refusal::{Refused, until_tomorrow};

/// What became of a batch: how many items were taken, and the others with their place in it.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Items that are durable, those that were here already included.
    pub(crate) taken: u32,
    /// Items that were refused.
    pub(crate) refused: Vec<(usize, Refused)>,
}

impl Taken {
    fn note(&mut self, place: usize, outcome: Result<(), Refused>) {
        match outcome {
            Ok(()) => self.taken = self.taken.saturating_add(1),
            Err(refused) => self.refused.push((place, refused)),
        }
    }
}

/// The name of the limit on pushes in the store.
const PUSHES: &str = "pushes";

impl Broker {
    /// Takes a signed batch of signals: one durable batch of what is in order, and a refusal for
    /// each of the others. A batch that comes again is taken again: ids make it harmless.
    ///
    /// # Errors
    /// [`Refused`] when the whole batch is refused.
    pub(crate) async fn push(
        &self,
        member: &Member,
        batch: PushBatch<Read<Signal>>,
    ) -> Result<Taken, Refused> {
        let now = self.clock().now();
        let today = now.day();
        self.timely(&batch.header, now)?;
        in_force(member, today)?;
        if self
            .versions()
            .standing(member.covenant.covenant())
            .is_over(now)
        {
            return Err(Reason::CovenantNotActive.into());
        }
        let blocked = self.key_standing(member, batch.epoch)?;
        let mut taken = Taken::default();
        let mut good = Vec::with_capacity(batch.signals.len());
        for (place, signal) in batch.signals.into_iter().enumerate() {
            let checked = signal
                .map_err(|malformed: Malformed| Refused::from(Refusal::from(malformed)))
                .and_then(|signal| acceptable(member, signal, today, &blocked));
            match checked {
                Ok(signal) => good.push((place, signal)),
                Err(refused) => taken.refused.push((place, refused)),
            }
        }
        let most = u64::from(self.limits().pushes_per_party_per_day);
        let limit = Limit::NamedPerDay {
            covenant: batch.header.covenant.clone(),
            party: member.party.clone(),
            name: PUSHES,
            day: today,
        };
        let full = Refusal::of(Reason::LimitReached).retry_after(until_tomorrow(now));
        let count = good.len();
        let outcomes = self
            .store()
            .write(move |tx: &mut BrokerTx| put_each(tx, good, &limit, most, &full))
            .await?;
        for (place, outcome) in outcomes {
            taken.note(place, outcome);
        }
        taken.refused.sort_by_key(|(place, _)| *place);
        tracing::debug!(
            covenant = %batch.header.covenant, party = %member.party, epoch = %batch.epoch,
            count, refused = taken.refused.len(), "signals taken"
        );
        self.metrics()
            .pushed(&member.party, taken.taken, taken.refused.len());
        Ok(taken)
    }

    /// Takes signals back. When it returns, they match no more.
    ///
    /// # Errors
    /// [`Refused`] when the whole batch is refused.
    pub(crate) async fn withdraw(
        &self,
        member: &Answerable,
        batch: WithdrawalBatch<Read<WithdrawalItem>>,
    ) -> Result<Taken, Refused> {
        let now = self.clock().now();
        self.timely(&batch.header, now)?;
        let mut taken = Taken::default();
        let mut good = Vec::new();
        for (place, item) in batch.withdrawals.into_iter().enumerate() {
            match item {
                Ok(item) => good.push((place, item)),
                Err(malformed) => taken.refused.push((place, Refusal::from(malformed).into())),
            }
        }
        let unit = Withdrawing {
            member: member.clone(),
            epoch: batch.epoch,
            now,
            window_minutes: i64::from(self.limits().withdrawal_alarm_hours) * 60,
        };
        let (places, probes) = self
            .store()
            .write(move |tx: &mut BrokerTx| unit.run(tx, good))
            .await?;
        for place in places {
            taken.note(place, Ok(()));
        }
        for _ in 0..probes {
            tracing::warn!(
                covenant = %batch.header.covenant, party = %member.party,
                "a signal was withdrawn soon after it matched"
            );
            self.metrics().probed(&member.party);
        }
        taken.refused.sort_by_key(|(place, _)| *place);
        Ok(taken)
    }

    /// Whether a signed message is for this broker and within its time.
    pub(crate) fn timely(&self, header: &Header, now: Timestamp) -> Result<(), Refused> {
        header.timely(self.oin(), now).map_err(Refused::from)
    }
}

/// What the unit of work of a withdrawal needs.
struct Withdrawing {
    member: Answerable,
    epoch: KeyEpoch,
    now: Timestamp,
    window_minutes: i64,
}

impl Withdrawing {
    /// The places that are done, and how many of them alarm. Each withdrawal is noted for the log
    /// in the unit that ends the signal, alarm or not.
    fn run(
        self,
        tx: &mut BrokerTx,
        items: Vec<(usize, WithdrawalItem)>,
    ) -> Result<(Vec<usize>, usize), StoreError> {
        let covenant = self.member.covenant().id();
        let party = &self.member.party;
        let mut places = Vec::with_capacity(items.len());
        let mut probes = 0;
        for (place, WithdrawalItem { signal: id, reason }) in items {
            let what = tx.withdraw_signal(covenant, self.epoch, party, id)?;
            let today = self.now.day();
            let why = RecallReason::from(reason);
            let new = tx.withdrawn_for((covenant, self.epoch, party, id), why.as_str())?;
            // What was told of a signal that has expired meanwhile is recalled as well.
            let mut recalled = false;
            let enough = |before: &str| {
                let before = RecallReason::parse(before);
                before.is_some_and(|before| !why.says_more_than(before))
            };
            for seq in tx.told_by(covenant, self.epoch, party, id)? {
                recalled |= tx.make_recall(seq, why.as_str(), today, enough)?;
            }
            let was_used = match what {
                Withdrawal::Withdrawn(_) => true,
                // Restricted before, and erased now.
                Withdrawal::Already => new || recalled,
                // The signal ended before, by itself or with its epoch or covenant; what was told of
                // it did not, and is recalled.
                Withdrawal::Unknown => recalled,
            };
            if was_used {
                let alarm = self.alarm(tx, id)?;
                probes += usize::from(alarm.is_some());
                tx.note_withdrawal(alarm.as_ref(), Some(&self.right(reason)))?;
                tx.note_for_batch()?;
            }
            places.push(place);
        }
        Ok((places, probes))
    }

    fn right(&self, reason: WithdrawalReason) -> UsedRight {
        UsedRight {
            covenant: self.member.covenant().digest(),
            party: self.member.party.clone(),
            right: RecallReason::from(reason).as_str().to_owned(),
        }
    }

    /// Whether a signal is withdrawn so soon after it matched that it may have been pushed only to
    /// look.
    fn alarm(&self, tx: &BrokerTx, id: SignalId) -> Result<Option<ProbeAlarm>, StoreError> {
        let covenant = self.member.covenant();
        let matched = tx.matched_at(covenant.id(), self.epoch, &self.member.party, id)?;
        let minutes = matched.map(|at| self.now.millis_since(at) / 60_000);
        Ok(minutes
            .filter(|minutes| *minutes <= self.window_minutes)
            .map(|minutes| ProbeAlarm {
                covenant: covenant.digest(),
                party: self.member.party.clone(),
                minutes: u32::try_from(minutes).unwrap_or(0),
            }))
    }
}

/// A place in a batch, with what became of it.
type Outcome = (usize, Result<(), Refused>);

/// Puts signals one by one, so that one bad id refuses itself alone.
fn put_each(
    tx: &mut BrokerTx,
    signals: Vec<(usize, Signal)>,
    limit: &Limit,
    most: u64,
    full: &Refusal,
) -> Result<Vec<Outcome>, Refused> {
    let mut outcomes = Vec::with_capacity(signals.len());
    for (place, signal) in signals {
        // What is here already is answered so, whatever was pushed since.
        let known = tx.is_taken(&signal.covenant, signal.epoch, &signal.party, signal.id)?;
        if !known && tx.counted(limit)? >= most {
            outcomes.push((place, Err(full.clone().into())));
            continue;
        }
        match tx.put_signals(std::slice::from_ref(&signal)) {
            Ok(stored) => {
                if stored.iter().any(|s| matches!(s, Stored::New(_))) {
                    tx.count(limit)?;
                }
                outcomes.push((place, Ok(())));
            }
            Err(error @ StoreError::SignalIdReused { .. }) => {
                outcomes.push((place, Err(error.into())));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(outcomes)
}

/// The covenant's dates; whether a party still stands by it gates decisions, never pushes.
fn in_force(member: &Member, today: Day) -> Result<(), Refused> {
    let covenant = member.covenant.covenant();
    if today < covenant.valid_from() || today >= covenant.valid_until() {
        return Err(Reason::CovenantNotActive.into());
    }
    Ok(())
}

/// Whether the covenant lets this party push this signal. The day on which it ends is the earlier
/// of what the node and the covenant say.
fn acceptable(
    member: &Member,
    mut signal: Signal,
    today: Day,
    blocked: &[String],
) -> Result<Signal, Refused> {
    let covenant = member.covenant.covenant();
    let ends = covenant
        .expires_on(&signal.category, signal.day)
        .ok_or_else(|| Refused::at(Reason::CategoryUnknown, "category"))?;
    if !covenant.may_be_source(&member.party, &signal.category) {
        return Err(Refused::at(Reason::CategoryNotYours, "category"));
    }
    if signal
        .purposes
        .iter()
        .any(|p| !covenant.purposes().contains_key(p))
    {
        return Err(Refused::at(Reason::PurposeUnknown, "purposes"));
    }
    // One day of grace: the parties' days are UTC days, clocks differ.
    if signal.day > today.plus_days(1) {
        return Err(Refused::at(Reason::FieldInvalid, "day"));
    }
    signal.expires_on = signal.expires_on.min(ends);
    if !signal.is_live(today) {
        return Err(Refused::at(Reason::SignalExpired, "day"));
    }
    for subject in &signal.subjects {
        for token in &subject.tokens {
            let declared = covenant.match_keys().iter().any(|spec| {
                spec.kind == subject.kind && spec.keys.iter().any(|key| key.id == token.key)
            });
            if !declared {
                return Err(Refused::at(Reason::MatchKeyUnknown, "subjects"));
            }
            if blocked.iter().any(|key| key == token.key.as_str()) {
                let refusal = Refusal::of(Reason::KeyMismatch).with("match_key", &token.key);
                return Err(refusal.into());
            }
        }
    }
    Ok(signal)
}
