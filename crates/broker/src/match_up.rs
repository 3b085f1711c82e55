//! Continuous matching: what was pushed is laid beside what others pushed, decided, logged, and
//! told at fixed times.

use std::sync::Arc;
use std::time::Duration;

use covenant::decide::{Decision, Disclosure, PairDecision, Standing, decide_match};
use covenant::signoff::ActiveCovenant;
use ledger::{Decided as Outcome, Kind, NewEntry};
use model::{CovenantId, Digest, Match, NoticeId, Signal, Timestamp};
use replay::outcome::{About, ground, outcome};
use std::collections::{BTreeMap, BTreeSet};
use store::{BrokerTx, Decided, NewNotice, Step, StoreError, SubjectLink, Told, ToldBy, Work};
use wire::notice::MatchId;
use wire::reason::Reason;

use crate::Broker;
use crate::delivery::{BasisBody, NoticeBody};
use crate::disclose::{Undischarged, discharge};
use crate::entries::{padding, probe_alarm, right_used};
use crate::linking::{self, Grounds, Telling};
use crate::match_state::depends_on_standing;
use crate::members::Members;
use crate::refusal::Refused;
use crate::versions::Versions;

/// What one batch came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Batch {
    signals: usize,
    revealed: u64,
    withheld: u64,
}

impl Broker {
    /// Matches at fixed times until the process stops.
    pub(crate) async fn keep_matching(self: Arc<Self>) {
        let interval = Duration::from_millis(self.notices.interval_ms.max(1));
        let mut tick = tokio::time::interval(interval);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.stopping().cancelled() => return,
                _ = tick.tick() => {}
            }
            if let Err(refused) = self.reconsider().await {
                tracing::error!(reason = %refused.reason(), "what comes into force or ends waits");
            }
            if let Err(refused) = self.put_back_parked().await {
                tracing::error!(reason = %refused.reason(), "what was parked waits");
            }
            loop {
                let batch = self.match_batch().await;
                self.matching().went(batch.is_ok());
                match batch {
                    Ok(Batch { signals: 0, .. }) => break,
                    Ok(_) => self.tell(),
                    Err(refused) => {
                        tracing::error!(reason = %refused.reason(), "matching waits");
                        break;
                    }
                }
                if self.stopping().is_cancelled() {
                    return;
                }
            }
        }
    }

    /// Matches the oldest signals that wait: one unit, so that a crash leaves all of it or nothing.
    pub(crate) async fn match_batch(&self) -> Result<Batch, Refused> {
        let limit = self.notices.batch_signals.max(1);
        let idle = self.store().read(|view| {
            Ok::<_, StoreError>(view.work(1)?.is_empty() && view.noted_withdrawals(1)?.is_empty())
        })?;
        if idle {
            return Ok(Batch::default());
        }
        let unit = Matching {
            members: self.members(),
            versions: Arc::clone(self.versions()),
            now: self.clock().now(),
            pad_to: self.notices.pad_leaves_to,
        };
        let logged = self
            .store()
            .commit_step(move |tx| unit.run(tx, limit))
            .await?;
        let Some(logged) = logged else {
            return Ok(Batch::default());
        };
        let batch = *logged.disclosure();
        for _ in 0..batch.revealed {
            self.metrics().decided("revealed");
        }
        for _ in 0..batch.withheld {
            self.metrics().decided("withheld");
        }
        tracing::debug!(signals = batch.signals, "a batch of signals was matched");
        Ok(batch)
    }
}

/// What one batch's unit of work needs.
struct Matching {
    members: Arc<Members>,
    versions: Arc<Versions>,
    now: Timestamp,
    pad_to: u64,
}

#[derive(Default)]
struct Made {
    batch: Batch,
    entries: Vec<NewEntry>,
    notices: Vec<NewNotice>,
    links: Vec<(usize, SubjectLink)>,
    told: Vec<(usize, Told)>,
}

impl Made {
    /// Puts an entry that reveals something, with the notice that tells it.
    fn reveal(&mut self, told: Told, body: Vec<u8>, entry: NewEntry) {
        let place = self.entries.len();
        self.batch.revealed = self.batch.revealed.saturating_add(1);
        if let ToldBy::Notice(id) = told.by {
            self.notices.push(NewNotice {
                to: told.to.clone(),
                id,
                entries: vec![place],
                body: body.clone(),
            });
        }
        self.entries.push(NewEntry {
            recipient: Some(told.recipient.clone()),
            source: Some(told.source.clone()),
            answer: body,
            ..entry
        });
        self.told.push((place, told));
    }
}

impl Matching {
    fn run(self, tx: &mut BrokerTx, limit: usize) -> Result<Step<Batch>, Refused> {
        let work = tx.work(limit)?;
        let withdrawn = tx.noted_withdrawals(limit)?;
        if work.is_empty() && withdrawn.is_empty() {
            return Ok(Step::Nothing);
        }
        // A batch follows on every withdrawal, alarm or not: else the log's growth would tell
        // whoever withdraws whether the signal had matched.
        let mut made = Made::default();
        // Read here, on the writer's thread: a suspension that is durable is seen by every later
        // decision.
        let standings: BTreeMap<CovenantId, Standing> = self
            .members
            .covenants()
            .map(|active| {
                let covenant = active.covenant();
                (covenant.id().clone(), self.versions.standing(covenant))
            })
            .collect();
        let in_force = self.in_force(tx)?;
        for noted in withdrawn {
            made.entries.extend(noted.alarm.as_ref().map(probe_alarm));
            made.entries
                .extend(noted.right.as_ref().and_then(right_used));
            tx.withdrawal_logged(noted.no)?;
        }
        for Work { no, signal } in work {
            made.batch.signals = made.batch.signals.saturating_add(1);
            // Under a covenant that is not carried here now nothing can be decided.
            let mut anew = true;
            let carried = self
                .members
                .covenant(&signal.covenant)
                .filter(|active| in_force.contains(&active.covenant().digest()));
            if let Some((active, standing)) = carried.zip(standings.get(&signal.covenant)) {
                anew = false;
                for found in tx.matches(&signal, self.now.day())? {
                    self.take_note(tx, &signal, &found)?;
                    for pair in decide_match(active, standing, &found, self.now) {
                        anew |= self.log(tx, active, &signal, &found, pair, &mut made)?;
                    }
                }
            }
            tx.work_done(no)?;
            if anew {
                tx.park(&signal.covenant, no)?;
            }
        }
        if made.entries.is_empty() {
            // The log grows by as much whether something matched or not.
            made.entries.push(padding());
        }
        let mut decided = Decided::new(made.entries, made.batch);
        decided.notices = made.notices;
        decided.links = made.links;
        decided.told = made.told;
        decided.pad_to = self.pad_to;
        Ok(Step::Decided(decided))
    }

    /// The versions that are in force still: another may have come since this batch began, and a
    /// clock that was set back does not undo an end.
    fn in_force(&self, tx: &BrokerTx) -> Result<BTreeSet<Digest>, StoreError> {
        let mut all = BTreeSet::new();
        for active in self.members.covenants() {
            let covenant = active.covenant();
            let history = tx.covenant_history(covenant.id())?;
            let last = history.last().map(|last| last.digest);
            all.extend(
                last.filter(|digest| {
                    *digest == covenant.digest() && !self.versions.has_ended(digest)
                }),
            );
        }
        Ok(all)
    }

    /// Remembers that these signals matched, for the alarm when one is withdrawn soon after.
    fn take_note(&self, tx: &mut BrokerTx, signal: &Signal, found: &Match) -> Result<(), Refused> {
        let others = || {
            found
                .candidates
                .iter()
                .filter(|c| c.signal.party != signal.party)
        };
        for one in others()
            .map(|c| &c.signal)
            .chain(others().next().map(|_| signal))
        {
            tx.put_matched(
                &one.covenant,
                one.epoch,
                &one.party,
                one.id,
                self.now,
                one.expires_on,
            )?;
        }
        Ok(())
    }

    /// Answers whether the decision may be another one when the covenant stands otherwise.
    fn log(
        &self,
        tx: &mut BrokerTx,
        active: &ActiveCovenant,
        signal: &Signal,
        found: &Match,
        pair: PairDecision,
        made: &mut Made,
    ) -> Result<bool, Refused> {
        let said = pair.decision.explanation();
        let anew = depends_on_standing(&said);
        if tx.is_decided(&pair.decision_id)? {
            return Ok(anew);
        }
        let last = found.candidates.iter().map(|c| c.signal.expires_on).max();
        tx.put_decided(
            &pair.decision_id,
            last.unwrap_or(signal.expires_on).max(signal.expires_on),
        )?;
        let covenant = active.covenant();
        let match_id = match_id(&pair.match_id).ok_or(Reason::BrokerFailed)?;
        let link = linking::of_match(found, &pair);
        let grounds = Grounds {
            found,
            source: &pair.source,
            counted: &pair.counted,
        };
        let subject = link.as_ref().map(SubjectLink::commitment);
        let content = grounds.content();
        let about = |decided| About {
            kind: Kind::MatchDecided,
            transaction: match_id.to_string(),
            trace: None,
            actor: None,
            decided,
            subject,
            content,
        };
        let withheld = outcome(covenant, &about(Outcome::Withheld), &said);
        let entry = NewEntry {
            purpose: Some(pair.purpose.clone()),
            ..NewEntry::unnamed(Some(covenant.digest()), withheld)
        };
        made.links
            .extend(link.map(|link| (made.entries.len(), link)));
        match pair.decision {
            Decision::Withhold(_) => {
                made.batch.withheld = made.batch.withheld.saturating_add(1);
                made.entries.push(entry);
            }
            Decision::Reveal(permit) => {
                let recipient = covenant
                    .party(&pair.recipient)
                    .ok_or(Reason::BrokerFailed)?;
                let disclosure = permit
                    .project(discharge)
                    .map_err(|Undischarged| Reason::BrokerFailed)?;
                let body =
                    notice(active, match_id, &disclosure, self.now).ok_or(Reason::BrokerFailed)?;
                let body = serde_json::to_vec(&body).map_err(|_| Reason::BrokerFailed)?;
                let telling = Telling {
                    covenant,
                    clause: &pair.clause,
                    epoch: signal.epoch,
                    to: &recipient.oin,
                    recipient: &pair.recipient,
                    roles: pair.roles,
                    purpose: &pair.purpose,
                    levels: disclosure.levels(),
                    by: ToldBy::Notice(NoticeId::fresh()),
                    on: self.now.day(),
                };
                let told = linking::told(telling, &grounds);
                let outcome = outcome(covenant, &about(Outcome::Revealed), &said);
                made.reveal(told, body, NewEntry { outcome, ..entry });
            }
        }
        Ok(anew)
    }
}

/// A match's id as a UUID: the first 16 bytes of its digest.
fn match_id(digest: &Digest) -> Option<MatchId> {
    MatchId::from_slice(digest.as_bytes().get(..16)?)
}

/// What the recipient gets: all that the disclosure has, and nothing else.
fn notice(
    active: &ActiveCovenant,
    match_id: MatchId,
    disclosure: &Disclosure,
    now: Timestamp,
) -> Option<NoticeBody> {
    let covenant = active.covenant();
    let matched = disclosure.matched()?;
    let basis = &matched.basis;
    Some(NoticeBody {
        covenant: covenant.id().to_string(),
        covenant_digest: covenant.digest().to_hex(),
        clause: matched.clause.to_string(),
        purpose: matched.purpose.to_string(),
        roles: matched.roles.iter().map(ToString::to_string).collect(),
        match_id: match_id.to_string(),
        shows: disclosure
            .levels()
            .iter()
            .map(|shows| shows.as_str().to_owned())
            .collect(),
        day: now.day().as_days(),
        own_signals: matched
            .own
            .iter()
            .map(|own| (own.id.to_string(), own.agreed_keys))
            .collect(),
        source: disclosure.source().map(ToString::to_string),
        count: disclosure.count(),
        advice: disclosure.advice().map(ToString::to_string),
        contact: disclosure.contact().map(str::to_owned),
        categories: disclosure
            .categories()
            .into_iter()
            .map(ToString::to_string)
            .collect(),
        basis: BasisBody {
            provide: ground(&basis.provide),
            receive: ground(&basis.receive),
            provide_exception: basis.provide_exceptions.join(", "),
            receive_exception: basis.receive_exceptions.join(", "),
            decision_reference: basis.decision_ref.clone().unwrap_or_default(),
        },
        duties: matched
            .duties
            .iter()
            .map(|d| (d.word().to_owned(), d.value()))
            .collect(),
        promises: matched
            .promises
            .iter()
            .map(|p| (p.word().to_owned(), p.value()))
            .collect(),
    })
}
