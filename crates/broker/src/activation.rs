//! When a version comes into force, and when it ends: looked at after everything that is signed,
//! at every start, and as time passes.

use std::collections::BTreeMap;
use std::sync::Arc;

use covenant::signoff::{ActiveCovenant, Signed};
use ledger::NewEntry;
use model::{CovenantId, Digest, Timestamp};
use store::{ActiveVersion, BrokerTx, CovenantFile, CovenantReaders, Decided, Step, StoreError};

use crate::Broker;
use crate::configured::Configured;
use crate::covenant_entries::{self, About};
use crate::delivery::may_be_told_under;
use crate::members::{Members, Over};
use crate::proposing::drop_what_is_closed;
use crate::refusal::Refused;
use crate::versions::{Version, Versions};

/// How many parked signals go in one unit of work.
const DROP: usize = 1_000;

impl Broker {
    /// Brings in the versions of the settings that are not here yet, as if they had been proposed
    /// and signed.
    ///
    /// # Errors
    /// When the store can't be written.
    pub(crate) async fn bring_in(&self, configured: Vec<Configured>) -> Result<(), Refused> {
        let now = self.clock().now();
        for one in configured {
            let version = Version::new(one.kept(now), one.proposal.clone());
            let digest = version.kept().digest;
            let versions = Arc::clone(self.versions());
            versions.insert(version.clone());
            let step = move |tx: &mut BrokerTx| -> Result<Step<()>, Refused> {
                let known = tx.versions()?.iter().any(|kept| kept.digest == digest);
                if !known {
                    tx.put_version(version.kept(), &one.bytes)?;
                }
                let history = tx.covenant_history(&version.kept().covenant)?;
                let was_active = history.iter().any(|past| past.digest == digest);
                let mut entries: Vec<NewEntry> = Vec::new();
                for (signed, envelope, bytes) in &one.envelopes {
                    // Signing again opens nothing that was rejected while it was in force.
                    if was_active && matches!(signed, Signed::Off(_)) {
                        continue;
                    }
                    if tx.put_signed_over(&digest, signed.id(), now, bytes)? {
                        versions.take(&digest, signed, envelope, now);
                        if let Signed::Off(_) = signed {
                            entries.push(covenant_entries::signed(&About {
                                version: &version,
                                party: Some(signed.party()),
                                id: Some(signed.id()),
                                dropped: 0,
                            }));
                        }
                    }
                }
                Ok(if entries.is_empty() {
                    Step::Nothing
                } else {
                    Step::Decided(Decided::new(entries, ()))
                })
            };
            self.store().commit_step(step).await?;
        }
        Ok(())
    }

    /// Puts in force what can be, ends what is over, and leaves everything else as it is.
    ///
    /// # Errors
    /// When the store fails, or the log can't be written: what was not done is done the next time.
    pub(crate) async fn reconsider(&self) -> Result<(), Refused> {
        let _one_at_a_time = self.reconsidering().lock().await;
        let now = self.clock().now();
        let mut in_force: BTreeMap<CovenantId, Arc<ActiveCovenant>> = BTreeMap::new();
        let mut all_over: BTreeMap<CovenantId, Over> = BTreeMap::new();
        let mut left_behind: BTreeMap<Digest, Over> = BTreeMap::new();
        let mut to_end = Vec::new();
        let before = self.members();
        let mut changed = false;
        for id in self.versions().ids() {
            let mut history = self.follow(&id, now).await?;
            let Some(last) = history.pop() else { continue };
            let Some(version) = self.versions().get(&last.digest) else {
                continue;
            };
            for earlier in history {
                let earlier_version = self.versions().get(&earlier.digest);
                let earlier_version = earlier_version.filter(|one| leaves_out(&version, one));
                let over = earlier_version
                    .and_then(|one| over((&before, self.versions()), None, &one, &earlier));
                left_behind.extend(over.map(|over| (earlier.digest, over)));
            }
            let known = before.covenant(&id);
            let known = known.filter(|known| known.covenant().digest() == last.digest);
            if version.is_over(now) {
                let over = over((&before, self.versions()), known, &version, &last);
                all_over.extend(over.map(|over| (id.clone(), over)));
                to_end.extend((!version.kept().ended).then_some(version));
                continue;
            }
            let active = match known {
                Some(known) => Some(Arc::clone(known)),
                None => version.activate(now).ok().map(Arc::new),
            };
            changed |= known.is_none() && active.is_some();
            in_force.extend(active.map(|active| (id.clone(), active)));
        }
        let parties = self.versions().parties();
        self.set_members(before.with(in_force, all_over, left_behind, parties));
        // Before what ends, which comes again the next time where it fails.
        if changed {
            let noted = self.note_keys().await;
            if noted.is_err() {
                // So does this: what comes into force is new again then.
                self.set_members(Members::clone(&before));
            }
            noted?;
            self.tell();
        }
        for version in to_end {
            self.end(&version, now).await?;
        }
        Ok(())
    }

    /// Follows the versions of a covenant up to the one that is to be in force now: all that ever
    /// were, in their order.
    async fn follow(&self, id: &CovenantId, now: Timestamp) -> Result<Vec<ActiveVersion>, Refused> {
        let mut history = self.store().read(|view| view.covenant_history(id))?;
        while let Some(next) = self.versions().successor(id, history.last(), now) {
            let active = ActiveVersion {
                version: next.kept().number,
                digest: next.kept().digest,
                since: now,
            };
            self.put_in_force(&next, &active).await?;
            history.push(active);
        }
        self.versions().note_history(id, &history);
        Ok(history)
    }

    /// Keeps the version, so that every past decision can be explained, and so that an older one
    /// can't come back.
    async fn put_in_force(&self, next: &Version, active: &ActiveVersion) -> Result<(), Refused> {
        let covenant = next.covenant();
        let readers = CovenantReaders {
            covenant: covenant.id().clone(),
            digest: covenant.digest(),
            parties: covenant
                .parties()
                .values()
                .map(|party| (party.oin.clone(), party.id.clone()))
                .collect(),
            auditors: covenant
                .auditors()
                .values()
                .map(|auditor| auditor.oin.clone())
                .collect(),
        };
        let (next, versions) = (next.clone(), Arc::clone(self.versions()));
        let kept = next.kept().clone();
        let active = active.clone();
        let id = covenant.id().clone();
        self.store()
            .commit(
                move |tx: &mut BrokerTx| -> Result<Decided<()>, StoreError> {
                    let bytes = tx.version_file(&active.digest)?.unwrap_or_default();
                    let over = tx.signed_over(&active.digest)?;
                    let envelopes = over.into_iter().map(|kept| kept.bytes).collect();
                    tx.put_active_version(&id, &active)?;
                    tx.put_covenant_readers(&readers)?;
                    tx.put_covenant_file(&active.digest, &CovenantFile { bytes, envelopes })?;
                    // What waits under the version before, and may not be told under this one.
                    let dropped = tx.drop_notices(|notice| {
                        !may_be_told_under(&next, &versions, &notice.body, active.since)
                    })?;
                    let entry = covenant_entries::activated(&next, dropped);
                    Ok(Decided::new(vec![entry], ()))
                },
            )
            .await?;
        tracing::info!(covenant = %kept.covenant, version = kept.number, "a covenant came into force");
        Ok(())
    }

    /// What was under way when a covenant ended is not told, and what waited for it is let go.
    async fn end(&self, version: &Version, now: Timestamp) -> Result<(), Refused> {
        let mut left = true;
        while left {
            let id = version.kept().covenant.clone();
            let count = self
                .store()
                .write(move |tx: &mut BrokerTx| tx.drop_parked(&id, DROP))
                .await?;
            left = count == DROP;
        }
        let versions = Arc::clone(self.versions());
        let ended = version.clone();
        self.store()
            .commit_step(move |tx: &mut BrokerTx| -> Result<Step<()>, StoreError> {
                let dropped = drop_what_is_closed(tx, &versions, now)?;
                tx.version_ended(ended.kept())?;
                if ended.standing().withdrawn().is_some() {
                    // The withdrawal itself is the entry.
                    return Ok(Step::Nothing);
                }
                let entry = covenant_entries::expired(&ended, dropped, now);
                Ok(Step::Decided(Decided::new(vec![entry], ())))
            })
            .await?;
        self.versions().ended(&version.kept().digest);
        let kept = version.kept();
        tracing::warn!(covenant = %kept.covenant, version = kept.number, "a covenant is over");
        Ok(())
    }
}

/// Whether a party to an earlier version is none to this one. That can be only where the earlier one
/// was over before.
fn leaves_out(version: &Version, earlier: &Version) -> bool {
    let mut parties = earlier.covenant().parties().values();
    parties.any(|party| version.covenant().party_by_oin(&party.oin).is_none())
}

/// What is left of a covenant that is over: as it was known, or as it came into force. The dates do
/// not put it in force now; they did at that moment, and its signatures are verified again.
fn over(
    (before, versions): (&Members, &Versions),
    in_force: Option<&Arc<ActiveCovenant>>,
    version: &Version,
    last: &ActiveVersion,
) -> Option<Over> {
    let known = before.over(&version.kept().covenant);
    let known = known.filter(|known| known.covenant().digest() == last.digest);
    let known = known.or_else(|| before.left_behind(&last.digest));
    known
        .cloned()
        .or_else(|| in_force.map(|active| Over::after(active)))
        .or_else(|| match version.activate(last.since) {
            Ok(active) => Some(Over::after(&active)),
            Err(error) => {
                if versions.is_first_to_fail(&last.digest) {
                    let covenant = &version.kept().covenant;
                    tracing::error!(%covenant, %error, "a covenant that is over can't be verified: nothing is answered for under it");
                }
                None
            }
        })
}
