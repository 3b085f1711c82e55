//! Who still stands by a covenant: decisions need a fresh statement of every party in them.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use covenant::Covenant;
use covenant::decide::Standing;
use model::{Digest, NoticeId, Oin, PartyId, Timestamp};
use store::{ActiveVersion, BrokerStore, BrokerTx, CovenantReaders, Logged, Notice, StoreError};
use wire::reason::Reason;
use wire::statement::{KeyConfirmation, NoticeAcknowledgement, StillValid};

use crate::Broker;
use crate::members::{Member, Members};
use crate::refusal::Refused;

/// The standing of each covenant, by digest, as decisions use it. The store has it too.
#[derive(Debug, Default)]
pub(crate) struct Standings(RwLock<BTreeMap<Digest, Standing>>);

impl Standings {
    /// Reads what the store has of every covenant that is carried here.
    ///
    /// # Errors
    /// When the store can't be read.
    pub(crate) fn load(store: &BrokerStore, members: &Members) -> Result<Self, StoreError> {
        let mut all = BTreeMap::new();
        for active in members.covenants() {
            let covenant = active.covenant();
            let mut standing = Standing::new(covenant);
            let said = store.read(|view| view.still_valid(&covenant.digest()))?;
            for (party, at) in said {
                standing.confirm(&party, at);
            }
            all.insert(covenant.digest(), standing);
        }
        Ok(Self(RwLock::new(all)))
    }

    /// The standing of a covenant now.
    #[must_use]
    pub(crate) fn of(&self, covenant: &Covenant) -> Standing {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&covenant.digest())
            .cloned()
            .unwrap_or_else(|| Standing::new(covenant))
    }

    fn confirm(&self, covenant: &Covenant, party: &PartyId, at: Timestamp) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.entry(covenant.digest())
            .or_insert_with(|| Standing::new(covenant))
            .confirm(party, at);
    }
}

impl Broker {
    /// Keeps the covenants in force, so that every past decision can be explained, and so that an
    /// older version can't come back.
    ///
    /// # Errors
    /// When the store can't be written, or a version is not newer than one before it.
    pub(crate) async fn remember_covenants(&self) -> Result<(), StoreError> {
        let now = self.clock().now();
        for active in self.members().covenants() {
            let covenant = active.covenant();
            let (id, digest) = (covenant.id().clone(), covenant.digest());
            let version = ActiveVersion {
                version: covenant.version(),
                digest,
                since: now,
            };
            let Some(file) = self.members().file(&id).cloned() else {
                continue;
            };
            let readers = CovenantReaders {
                covenant: id.clone(),
                digest,
                parties: covenant
                    .parties()
                    .values()
                    .map(|party| (party.oin.clone(), party.id.clone()))
                    .collect(),
                auditors: covenant
                    .auditors()
                    .values()
                    .map(|a| a.oin.clone())
                    .collect(),
            };
            self.store()
                .write(move |tx: &mut BrokerTx| -> Result<(), StoreError> {
                    tx.put_active_version(&id, &version)?;
                    tx.put_covenant_readers(&readers)?;
                    tx.put_covenant_file(&digest, &file)
                })
                .await?;
        }
        Ok(())
    }

    /// A party's node says that its own copy of the covenant is active.
    ///
    /// # Errors
    /// [`Refused`] when the statement is old, or about another version.
    pub(crate) async fn still_valid(
        &self,
        member: &Member,
        said: StillValid,
    ) -> Result<(), Refused> {
        let now = self.clock().now();
        self.timely(&said.header, now)?;
        said.header.fresh(now)?;
        let covenant = member.covenant.covenant();
        if said.covenant_version != covenant.version() {
            return Err(Refused::at(Reason::CovenantDiffers, "covenant_version"));
        }
        let (digest, party, at) = (
            covenant.digest(),
            member.party.clone(),
            said.header.issued_at,
        );
        let stored = party.clone();
        self.store()
            .write(move |tx: &mut BrokerTx| -> Result<(), StoreError> {
                tx.put_still_valid(&digest, &stored, at)
            })
            .await?;
        self.standings().confirm(covenant, &party, at);
        Ok(())
    }

    /// A party says that it opened the key that was announced.
    ///
    /// # Errors
    /// `KEY_WAITING` when nothing was announced.
    pub(crate) fn confirm(&self, member: &Member, said: &KeyConfirmation) -> Result<(), Refused> {
        self.timely(&said.header, self.clock().now())?;
        let id = member.covenant.covenant().id();
        let announced = self
            .store()
            .read(|view| view.key_announcement(id, said.epoch))?;
        if announced.is_none() {
            return Err(Reason::KeyWaiting.into());
        }
        tracing::info!(covenant = %id, party = %member.party, epoch = %said.epoch, "key confirmed");
        Ok(())
    }

    /// Notices that wait for a node, as they were logged.
    ///
    /// # Errors
    /// [`Refused`] when the store can't be read.
    pub(crate) fn pending(
        &self,
        to: &Oin,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Logged<Notice>>, Refused> {
        Ok(self.store().pending(to, after, limit)?)
    }

    /// A node has stored these notices: they are not sent again.
    ///
    /// # Errors
    /// [`Refused`] when the store can't be written.
    pub(crate) async fn acknowledge(
        &self,
        by: &Oin,
        said: NoticeAcknowledgement,
    ) -> Result<(), Refused> {
        self.timely(&said.header, self.clock().now())?;
        let oin = by.clone();
        let notices: Vec<NoticeId> = said.notices;
        let count = u64::try_from(notices.len()).unwrap_or(u64::MAX);
        self.store()
            .write(move |tx: &mut BrokerTx| -> Result<(), StoreError> {
                for id in notices {
                    tx.acknowledge(&oin, id)?;
                }
                Ok(())
            })
            .await?;
        self.metrics().notices("acknowledged", count);
        Ok(())
    }
}
