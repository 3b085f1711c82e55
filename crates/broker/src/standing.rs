//! Who still stands by a covenant: decisions need a fresh statement of every party in them.

use model::{NoticeId, Oin};
use store::{BrokerTx, Logged, Notice, StoreError};
use wire::reason::Reason;
use wire::statement::{KeyConfirmation, NoticeAcknowledgement, StillValid};

use crate::Broker;
use crate::delivery::may_be_told;
use crate::members::Member;
use crate::refusal::Refused;

impl Broker {
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
        // The broker's own clock bounds it, also after a restart: a node's may be ahead.
        let at = said.header.issued_at.min(now);
        let (digest, party) = (covenant.digest(), member.party.clone());
        let stored = party.clone();
        self.store()
            .write(move |tx: &mut BrokerTx| -> Result<(), StoreError> {
                tx.put_still_valid(&digest, &stored, at)
            })
            .await?;
        self.versions().confirm(covenant, &party, at);
        Ok(())
    }

    /// Whether every party has confirmed every covenant in force within the last day.
    pub(crate) fn is_confirmed(&self) -> bool {
        let now = self.clock().now();
        self.members().covenants().all(|active| {
            let covenant = active.covenant();
            let standing = self.versions().standing(covenant);
            let mut parties = covenant.parties().keys();
            parties.all(|party| standing.is_confirmed(party, now))
        })
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

    /// Whether a notice that waits may still be told.
    pub(crate) fn may_tell(&self, notice: &Notice) -> bool {
        may_be_told(self.versions(), &notice.body, self.clock().now())
    }

    /// Notes durably that these notices are about to go to their node, before they do: what a node
    /// may have can be recalled, acknowledged or not. Answers which of them may go still.
    ///
    /// # Errors
    /// [`Refused`] when the store can't be written: none of them may go then.
    pub(crate) async fn hand_out(
        &self,
        to: &Oin,
        ids: Vec<NoticeId>,
    ) -> Result<Vec<NoticeId>, Refused> {
        let to = to.clone();
        let unit = move |tx: &mut BrokerTx| tx.hand_out(&to, &ids);
        Ok(self.store().write(unit).await?)
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
