//! Witnesses: the log's checkpoints are offered to every node that is connected, which cosigns them
//! or refuses, and what is disclosed waits for that as its covenant says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use covenant::Covenant;
use covenant::language::words::Witnessing;
use ledger::checkpoint::{Note, SignatureLine};
use ledger::{LogVerifier, Policy, Skeleton, WitnessVerifier};
use model::{Day, Digest, Oin, Timestamp};
use store::{BrokerTx, Decided, Logged, Notice, SignedCheckpoint, StoreError, Witnessed};
use tokio::sync::{Mutex, watch};
use wire::reason::Reason;

use crate::Broker;
use crate::delivery::covenant_of;
use crate::entries;
use crate::refusal::Refused;

/// How long `uitgesteld` goes on without a quorum, in milliseconds.
pub(crate) const DEFERRED_AT_MOST: i64 = 15 * 60 * 1_000;
/// How long an answer waits for a quorum under `strikt`.
const STRICT_AT_MOST: Duration = Duration::from_secs(2);
/// How many offers a cosignature may still come in for.
const OFFERS: usize = 16;
/// How long single cosignatures are kept beside the witnessed checkpoints, in days.
const KEPT_DAYS: i32 = 7;
/// The shortest time between two entries for refusals of one party, in milliseconds.
const REFUSALS_EVERY: i64 = 10 * 60 * 1_000;
/// The longest signature line that is read, in bytes.
const LONGEST_LINE: usize = 512;

/// What was offered, what came back, and what is witnessed.
#[derive(Debug)]
pub(crate) struct Witnesses {
    /// Cosignatures are taken one by one: each adds to a note that the others added to.
    state: Mutex<State>,
    offered: watch::Sender<Option<SignedCheckpoint>>,
    reached: watch::Sender<BTreeMap<Digest, Witnessed>>,
}

#[derive(Debug, Default)]
struct State {
    /// The notes of the newest offers by size, with what was added to them.
    offers: BTreeMap<u64, Vec<u8>>,
    /// When a refusal of a party was last written to the log.
    refusals: BTreeMap<Oin, Timestamp>,
}

impl Witnesses {
    /// What is on disk.
    pub(crate) fn of(kept: Vec<Witnessed>) -> Self {
        let reached = kept.into_iter().map(|one| (one.covenant, one)).collect();
        Self {
            state: Mutex::default(),
            offered: watch::channel(None).0,
            reached: watch::channel(reached).0,
        }
    }
}

/// The witnesses of a covenant and how many of them it takes.
pub(crate) fn policy(log: &LogVerifier, covenant: &Covenant) -> Policy {
    let parties = covenant.parties().values().map(|party| {
        let key = party.node.as_ref().and_then(|node| node.witness.bytes());
        (&party.oin, key)
    });
    Policy::of_parties(log.clone(), parties)
}

impl Broker {
    /// Offers a checkpoint at fixed times, whenever the log grew.
    pub(crate) async fn keep_offering(self: std::sync::Arc<Self>, every: Duration) {
        let mut tick = tokio::time::interval(every);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                () = self.stopping().cancelled() => return,
                _ = tick.tick() => self.offer().await,
            }
        }
    }

    async fn offer(&self) {
        let signed = self.store().checkpoint();
        let witnesses = self.witnesses();
        let last = witnesses.offered.borrow().as_ref().map(|last| last.size);
        if signed.size == 0 || last == Some(signed.size) || self.store().log_stopped().is_some() {
            return;
        }
        let mut state = witnesses.state.lock().await;
        state.offers.insert(signed.size, signed.note.clone());
        while state.offers.len() > OFFERS {
            state.offers.pop_first();
        }
        drop(state);
        witnesses.offered.send_replace(Some(signed));
    }

    /// The note of a checkpoint, with the cosignatures that it has by now.
    pub(crate) async fn with_cosignatures(&self, signed: SignedCheckpoint) -> Vec<u8> {
        let state = self.witnesses().state.lock().await;
        let offered = state.offers.get(&signed.size).cloned();
        offered.unwrap_or(signed.note)
    }

    /// Changes whenever a checkpoint is offered.
    pub(crate) fn offers(&self) -> watch::Receiver<Option<SignedCheckpoint>> {
        self.witnesses().offered.subscribe()
    }

    /// Takes the cosignature of an organisation's witness: verified against the keys of its
    /// covenants, added to the note, and durable.
    ///
    /// # Errors
    /// `FIELD_INVALID` when that checkpoint was not offered lately or the line can't be read,
    /// `SIGNATURE_INVALID` when it is by no witness of this organisation, `CLOCK_SKEW`.
    pub(crate) async fn cosigned(&self, by: &Oin, size: u64, line: &str) -> Result<(), Refused> {
        let invalid = |field| Refused::at(Reason::FieldInvalid, field);
        if line.len() > LONGEST_LINE {
            return Err(invalid("cosignature.line"));
        }
        let line = SignatureLine::parse(line).map_err(|_| invalid("cosignature.line"))?;
        let mut state = self.witnesses().state.lock().await;
        let offered = state.offers.get(&size);
        let offered = offered.ok_or_else(|| invalid("cosignature.size"))?;
        let note = Note::parse(offered).map_err(|_| Reason::BrokerFailed)?;
        let alone = Note {
            body: note.body.clone(),
            signatures: vec![line.clone()],
        };
        let alone = alone.to_bytes();
        let time = self
            .witnesses_of(by)
            .iter()
            .find_map(|witness| witness.verify(&alone).ok())
            .ok_or_else(|| Refused::at(Reason::SignatureInvalid, "cosignature.line"))?;
        let now = self.clock().now();
        let own = now.as_millis().div_euclid(1_000);
        let skew = i64::try_from(time).map_or(u64::MAX, |time| time.abs_diff(own));
        if skew > wire::header::MAX_SKEW_SECONDS.unsigned_abs() {
            return Err(Reason::ClockSkew.into());
        }
        if note
            .signatures
            .iter()
            .any(|known| known.name == line.name && known.key_id == line.key_id)
        {
            // It said so before: one line for each witness is enough.
            return Ok(());
        }
        let text = line.to_text();
        let note = note.with(line).to_bytes();
        let fresh = self.newly_witnessed(size, &note);
        self.keep_cosigned(by.clone(), size, text, fresh.clone(), now.day())
            .await?;
        state.offers.insert(size, note);
        drop(state);
        self.metrics().cosignature("taken");
        if !fresh.is_empty() {
            self.witnesses().reached.send_modify(|reached| {
                reached.extend(fresh.into_iter().map(|one| (one.covenant, one)));
            });
            // What waited for it goes out.
            self.tell();
        }
        Ok(())
    }

    async fn keep_cosigned(
        &self,
        by: Oin,
        size: u64,
        line: String,
        fresh: Vec<Witnessed>,
        today: Day,
    ) -> Result<(), Refused> {
        let unit = move |tx: &mut BrokerTx| -> Result<(), StoreError> {
            tx.put_cosignature(size, &by, line.as_bytes(), today.plus_days(KEPT_DAYS))?;
            fresh.iter().try_for_each(|one| tx.put_witnessed(one))
        };
        Ok(self.store().write(unit).await?)
    }

    /// The covenants of which this note is the newest witnessed checkpoint, or that with one more
    /// cosignature: other readers may need it for another covenant. Those that are over count as
    /// well: what is told to a data subject under one waits for its witnesses still.
    fn newly_witnessed(&self, size: u64, note: &[u8]) -> Vec<Witnessed> {
        let reached = self.witnesses().reached.borrow();
        self.members()
            .answered_for()
            .filter(|covenant| {
                let known = reached.get(&covenant.digest());
                known.is_none_or(|known| known.size <= size)
                    && policy(self.log_verifier(), covenant).is_witnessed(note)
            })
            .map(|covenant| Witnessed {
                covenant: covenant.digest(),
                size,
                note: note.to_vec(),
            })
            .collect()
    }

    /// The witnesses of an organisation: one, unless covenants name it differently. Where the
    /// settings pin its witness key, no other one counts.
    fn witnesses_of(&self, oin: &Oin) -> Vec<WitnessVerifier> {
        let name = ledger::witnessing::name(oin);
        let mut keys = BTreeSet::new();
        let members = self.members();
        for covenant in members.answered_for() {
            let Some(party) = covenant.party_by_oin(oin) else {
                continue;
            };
            let key = party.node.as_ref().and_then(|node| node.witness.bytes());
            let pinned = self.pinned_witnesses().get(&party.id);
            keys.extend(key.filter(|key| pinned.is_none_or(|pinned| pinned == *key)));
        }
        keys.into_iter()
            .filter_map(|key| WitnessVerifier::new(&name, key).ok())
            .collect()
    }

    /// The newest witnessed checkpoint under a covenant version.
    pub(crate) fn witnessed(&self, covenant: &Digest) -> Option<Witnessed> {
        self.witnesses().reached.borrow().get(covenant).cloned()
    }

    /// For how long there have been leaves that no quorum of this covenant has witnessed, in
    /// milliseconds: 0 when there are none.
    ///
    /// # Errors
    /// [`Refused`] when the store can't be read.
    pub(crate) fn unwitnessed_for(&self, covenant: &Covenant) -> Result<i64, Refused> {
        let first = self
            .witnessed(&covenant.digest())
            .map_or(0, |witnessed| witnessed.size);
        let leaf = self.store().read(|view| {
            if first < view.checkpoint().size {
                view.leaf(first)
            } else {
                Ok::<_, StoreError>(None)
            }
        })?;
        let Some(leaf) = leaf else {
            return Ok(0);
        };
        let leaf = Skeleton::from_leaf(&leaf).map_err(|_| Reason::BrokerFailed)?;
        Ok(self.clock().now().millis_since(leaf.at).max(0))
    }

    /// Whether anything may be decided and told under a covenant that lets witnesses come later.
    /// Asked before anything is looked up, so that the answer depends on nothing that is found.
    ///
    /// # Errors
    /// `NOT_WITNESSED` after fifteen minutes without a quorum.
    pub(crate) fn may_disclose(&self, covenant: &Covenant) -> Result<(), Refused> {
        match covenant.log().witnessing {
            Witnessing::Deferred if self.unwitnessed_for(covenant)? > DEFERRED_AT_MOST => {
                Err(Reason::NotWitnessed.into())
            }
            Witnessing::Deferred | Witnessing::Strict => Ok(()),
        }
    }

    /// Waits until what was logged is witnessed, where the covenant says `strikt`, and proves it
    /// under the witnessed checkpoint. Whatever was decided waits alike.
    ///
    /// # Errors
    /// `NOT_WITNESSED` when there is no quorum within two seconds.
    pub(crate) async fn once_witnessed<T>(
        &self,
        covenant: &Covenant,
        logged: Logged<T>,
    ) -> Result<Logged<T>, Refused> {
        match covenant.log().witnessing {
            Witnessing::Deferred => return Ok(logged),
            Witnessing::Strict => {}
        }
        let digest = covenant.digest();
        let needed = covered_from(&logged);
        let mut reached = self.witnesses().reached.subscribe();
        let enough =
            reached.wait_for(|reached| reached.get(&digest).is_some_and(|one| one.size >= needed));
        match tokio::time::timeout(STRICT_AT_MOST, enough).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) | Err(_) => return Err(Reason::NotWitnessed.into()),
        }
        let witnessed = self.witnessed(&digest).ok_or(Reason::NotWitnessed)?;
        Ok(self
            .store()
            .under(logged, witnessed.size, &witnessed.note)?)
    }

    /// A notice as it may be told now; `None` while it must wait for witnesses. Those are the ones of
    /// the newest version that its recipient answers by, as at its node: nobody cosigns for one that
    /// another has taken the place of.
    ///
    /// # Errors
    /// [`Refused`] when the store can't be read.
    pub(crate) fn if_witnessed(
        &self,
        logged: Logged<Notice>,
    ) -> Result<Option<Logged<Notice>>, Refused> {
        let digest = covenant_of(&logged.disclosure().body);
        let Some(version) = digest.and_then(|digest| self.versions().get(&digest)) else {
            return Ok(None);
        };
        let members = self.members();
        let newest = members.newest_for(version.covenant().id(), &logged.disclosure().to);
        let covenant = newest.unwrap_or(version.covenant());
        match covenant.log().witnessing {
            Witnessing::Deferred => {
                let stopped = self.unwitnessed_for(covenant)? > DEFERRED_AT_MOST;
                Ok((!stopped).then_some(logged))
            }
            Witnessing::Strict => {
                let needed = covered_from(&logged);
                match self.witnessed(&covenant.digest()) {
                    Some(one) if one.size >= needed => {
                        Ok(Some(self.store().under(logged, one.size, &one.note)?))
                    }
                    _ => Ok(None),
                }
            }
        }
    }

    /// A node refuses to cosign. What it saw before is laid beside this log: where the two
    /// contradict each other the log is not signed any more, and else the refusal is an entry.
    ///
    /// # Errors
    /// `LOG_INCONSISTENT`, and what the store fails with.
    pub(crate) async fn witness_refused(&self, by: &Oin, seen: &[u8]) -> Result<(), Refused> {
        tracing::error!(organisation = %by, "a witness refuses to cosign the log");
        self.metrics().cosignature("refused");
        let size = self.witness(seen)?;
        let now = self.clock().now();
        let mut state = self.witnesses().state.lock().await;
        let recent = |at: &Timestamp| now.millis_since(*at) < REFUSALS_EVERY;
        if state.refusals.get(by).is_some_and(recent) {
            return Ok(());
        }
        let members = self.members();
        let named = members.answered_for().find_map(|covenant| {
            let party = covenant.party_by_oin(by)?;
            Some((covenant.digest(), party.id.clone()))
        });
        let (covenant, party) = named.ok_or(Reason::NotAParty)?;
        let entry = entries::witness_refused(covenant, &party, size);
        let unit = move |_: &mut BrokerTx| Ok::<_, Refused>(Decided::new(vec![entry], ()));
        self.store().commit(unit).await?;
        state.refusals.insert(by.clone(), now);
        Ok(())
    }

    /// How every covenant in force stands with its witnesses: `None` where all is well, else what
    /// an operator must know. One that is over is measured as well, and keeps nothing from being
    /// ready.
    pub(crate) fn witnessing_fault(&self) -> Option<String> {
        let members = self.members();
        let faults: Vec<String> = members
            .known()
            .filter_map(|covenant| {
                let age = self.unwitnessed_for(covenant).unwrap_or(i64::MAX);
                self.metrics().unwitnessed(covenant.id().as_str(), age / 1_000);
                let minutes = age / 60_000;
                let in_force = members.covenant(covenant.id()).is_some();
                (in_force && age > DEFERRED_AT_MOST).then(|| {
                    let needed = policy(self.log_verifier(), covenant).needed();
                    format!(
                        "{}: {needed} cosignatures are needed and missing for {minutes} minutes, nothing is disclosed: see which nodes are away",
                        covenant.id()
                    )
                })
            })
            .collect();
        (!faults.is_empty()).then(|| faults.join("; "))
    }
}

/// The smallest log that holds all entries of a receipt.
fn covered_from<T>(logged: &Logged<T>) -> u64 {
    let entries = logged.receipt().entries.iter();
    entries
        .map(|entry| entry.index.saturating_add(1))
        .max()
        .unwrap_or(0)
}
