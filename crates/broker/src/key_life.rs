//! What the life of keys leaves in the disclosure log: a node that joins, an epoch that comes into
//! use or is purged, a key that was replaced. Each once, in the unit of work that notes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use covenant::Covenant;
use covenant::signoff::ActiveCovenant;
use model::{CovenantId, Digest, KeyEpoch, PartyId};
use sha2::{Digest as _, Sha256};
use store::{BrokerTx, Decided, Step, StoreError};

use crate::Broker;
use crate::entries;
use crate::members::Member;
use crate::refusal::Refused;

/// How long a later epoch must have been in use before an old one goes (limits per subject and
/// month look back so far), in seconds.
const OLD_AFTER: i64 = 31 * 86_400;

impl Broker {
    /// Takes note of a node that said hello under a covenant, and of what it showed of its keys. A
    /// log that can't be written stops neither: the next hello notes it.
    pub(crate) async fn note_hello(&self, member: &Member) {
        let covenant = Arc::clone(&member.covenant);
        let noted = match self.note_joined(member).await {
            Ok(()) => self.note_holders(&covenant).await,
            Err(refused) => Err(refused),
        };
        if let Err(refused) = noted {
            tracing::error!(reason = %refused.reason(), "what a node showed of its keys can't be logged");
        }
    }

    async fn note_joined(&self, member: &Member) -> Result<(), Refused> {
        let covenant = member.covenant.covenant();
        if self.is_closed(covenant) {
            return Ok(());
        }
        let (id, digest) = (covenant.id().clone(), covenant.digest());
        let (party, now) = (member.party.clone(), self.clock().now());
        if self.store().read(|view| view.has_joined(&id, &party))? {
            return Ok(());
        }
        self.store()
            .commit_step(move |tx: &mut BrokerTx| -> Result<Step<()>, StoreError> {
                Ok(if tx.put_joined(&id, &party, now)? {
                    let entry = entries::node_joined(digest, &party);
                    Step::Decided(Decided::new(vec![entry], ()))
                } else {
                    Step::Nothing
                })
            })
            .await?;
        Ok(())
    }

    /// Notes whose node has shown, by probes that it signed, that it holds an announced key. With
    /// the last party of the covenant the key has come into use.
    ///
    /// # Errors
    /// [`Refused`] when the store fails, or the log can't be written.
    pub(crate) async fn note_holders(&self, active: &Arc<ActiveCovenant>) -> Result<(), Refused> {
        let covenant = active.covenant();
        if self.is_closed(covenant) {
            return Ok(());
        }
        let mut shown: BTreeMap<KeyEpoch, Vec<PartyId>> = BTreeMap::new();
        for party in covenant.parties().values() {
            let member = Member {
                covenant: Arc::clone(active),
                party: party.id.clone(),
                oin: party.oin.clone(),
            };
            for epoch in self.agreed_epochs(&member)? {
                shown.entry(epoch).or_default().push(party.id.clone());
            }
        }
        for (epoch, parties) in shown {
            self.note_epoch(covenant, epoch, parties).await?;
        }
        Ok(())
    }

    async fn note_epoch(
        &self,
        covenant: &Covenant,
        epoch: KeyEpoch,
        shown: Vec<PartyId>,
    ) -> Result<(), Refused> {
        let (id, digest) = (covenant.id().clone(), covenant.digest());
        let known = self.store().read(|view| view.key_holders(&id, epoch))?;
        let all: Vec<PartyId> = covenant.parties().keys().cloned().collect();
        let started = self.store().read(|view| view.epoch_started(&id, epoch))?;
        if started.is_some() || shown.iter().all(|party| known.contains(party)) {
            return Ok(());
        }
        let now = self.clock().now();
        self.store()
            .commit_step(move |tx: &mut BrokerTx| -> Result<Step<()>, StoreError> {
                for party in &shown {
                    tx.put_key_holder(&id, epoch, party)?;
                }
                let holders = tx.key_holders(&id, epoch)?;
                let everybody = all.iter().all(|party| holders.contains(party));
                Ok(if everybody && tx.start_epoch(&id, epoch, now)? {
                    let entry = entries::epoch_started(digest, epoch);
                    Step::Decided(Decided::new(vec![entry], ()))
                } else {
                    Step::Nothing
                })
            })
            .await?;
        Ok(())
    }

    /// Holds the keys of the parties beside those of the last time, and logs which were replaced:
    /// keys are pinned by the settings, and a witness's by the covenant where the settings have
    /// none.
    ///
    /// # Errors
    /// [`Refused`] when the store fails, or the log can't be written.
    pub(crate) async fn note_keys(&self) -> Result<(), Refused> {
        for active in self.members().covenants() {
            let covenant = active.covenant();
            if self.is_closed(covenant) {
                continue;
            }
            let (id, digest) = (covenant.id().clone(), covenant.digest());
            let keys = self.keys_of(covenant);
            self.store()
                .commit_step(move |tx: &mut BrokerTx| -> Result<Step<()>, StoreError> {
                    let mut entries = Vec::new();
                    for (party, which, known_by) in &keys {
                        if tx.put_party_key(&id, party, which, known_by)? {
                            entries.push(entries::key_changed(digest, party, which));
                        }
                    }
                    Ok(if entries.is_empty() {
                        Step::Nothing
                    } else {
                        Step::Decided(Decided::new(entries, ()))
                    })
                })
                .await?;
        }
        Ok(())
    }

    fn keys_of(&self, covenant: &Covenant) -> Vec<(PartyId, &'static str, Digest)> {
        let mut keys = Vec::new();
        for party in covenant.parties().values() {
            let mut add = |which, bytes: &[&[u8]]| {
                let mut hash = Sha256::new();
                for part in bytes {
                    hash.update(part);
                }
                let known_by = Digest::new(hash.finalize().into());
                keys.push((party.id.clone(), which, known_by));
            };
            if let Some(pinned) = self.pins().party(&party.id) {
                add("signer", &[&pinned.signer]);
                let mut emergency: Vec<&[u8]> =
                    pinned.emergency.iter().map(<[u8; 32]>::as_slice).collect();
                emergency.sort_unstable();
                add("emergency", &emergency);
                if let Some(signing) = &pinned.node_signing {
                    add("node_signing", &[signing]);
                }
            }
            let named = party.node.as_ref().and_then(|node| node.witness.bytes());
            if let Some(witness) = self.pinned_witnesses().get(&party.id).or(named) {
                add("witness", &[witness]);
            }
        }
        keys
    }

    /// Closes an old epoch for good, and removes and logs everything under it. One that was cut
    /// off goes on with the next purge.
    ///
    /// # Errors
    /// Says what does not allow it, with the remedy; or when the store fails.
    pub(crate) async fn purge_old_epoch(
        &self,
        id: &CovenantId,
        epoch: KeyEpoch,
    ) -> anyhow::Result<u64> {
        let members = self.members();
        anyhow::ensure!(
            members.last_known(id).is_some(),
            "covenant: this broker carries no covenant with this id; check the id"
        );
        let now = self.clock().now();
        let (later, begun) = self.store().read(|view| {
            let begun = view.epoch_purge(id, epoch)?;
            Ok::<_, StoreError>((view.later_epoch_started(id, epoch)?, begun))
        })?;
        let old = later.is_some_and(|later| now >= later.plus_seconds(OLD_AFTER));
        anyhow::ensure!(
            old || begun.is_some(),
            "epoch: it goes 31 days after a later epoch came into use (epoch-started in the log) at \
             the earliest; wait until then"
        );
        let closing = id.clone();
        self.store()
            .write(move |tx: &mut BrokerTx| tx.close_epoch(&closing, epoch, now))
            .await?;
        self.keys_changed();
        let finished = self.finish_epoch_purge(id, epoch).await;
        finished.map_err(|refused| anyhow::anyhow!("{}", refused.reason()))
    }

    /// Goes on with every purge of an epoch that was asked for.
    ///
    /// # Errors
    /// [`Refused`] when the store fails, or the log can't be written.
    pub(crate) async fn finish_epoch_purges(&self) -> Result<(), Refused> {
        for covenant in self.members().known() {
            let id = covenant.id();
            for epoch in self.store().read(|view| view.purged_epochs(id))? {
                self.finish_epoch_purge(id, epoch).await?;
            }
        }
        Ok(())
    }

    async fn finish_epoch_purge(&self, id: &CovenantId, epoch: KeyEpoch) -> Result<u64, Refused> {
        let purged = id.clone();
        self.in_batches(move |tx, limit| tx.purge_closed_epoch(&purged, epoch, limit))
            .await?;
        let purge = self.store().read(|view| view.epoch_purge(id, epoch))?;
        let Some(purge) = purge.filter(|purge| !purge.logged) else {
            return Ok(purge.map_or(0, |purge| purge.signals));
        };
        let members = self.members();
        let digest = members.last_known(id).map(Covenant::digest);
        let closing = id.clone();
        self.store()
            .commit_step(move |tx: &mut BrokerTx| -> Result<Step<()>, StoreError> {
                Ok(match tx.epoch_purge_logged(&closing, epoch)? {
                    Some(signals) => {
                        let entry = entries::epoch_purged(digest, epoch, signals);
                        Step::Decided(Decided::new(vec![entry], ()))
                    }
                    None => Step::Nothing,
                })
            })
            .await?;
        Ok(purge.signals)
    }

    /// Nothing is noted of a covenant that is over: what was known of its keys is purged.
    fn is_closed(&self, covenant: &Covenant) -> bool {
        let version = self.versions().get(&covenant.digest());
        version.is_none_or(|version| version.is_over(self.clock().now()))
    }
}
