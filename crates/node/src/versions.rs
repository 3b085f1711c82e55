//! One covenant at this node: its versions, verified with this party's own pins, and which of them
//! is in force here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use covenant::Covenant;
use covenant::decide::Standing;
use covenant::signoff::{
    ActiveCovenant, Envelope, Proposal, Signed, SignoffError, Status, VerifiedEvent,
};
use model::{Digest, KeyEpoch, PartyId, Timestamp};
use store::{ActiveVersion, KeptVersion};

use crate::covenants::{Active, Answerable};
use crate::keys::{Epoch, LookUpEpoch};

/// A version, and everything that was signed over it.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) kept: KeptVersion,
    pub(crate) proposal: Proposal,
    pub(crate) standing: Standing,
    sign_offs: BTreeMap<PartyId, Envelope>,
    ids: BTreeSet<Digest>,
    /// Events of this party.
    own: BTreeMap<Digest, (VerifiedEvent, Envelope)>,
    /// What the broker has shown to have.
    at_broker: BTreeSet<Digest>,
    /// How many envelopes of the broker's were looked at.
    fetched: u32,
}

impl Version {
    /// A version over which nothing was signed yet.
    pub(crate) fn new(kept: KeptVersion, proposal: Proposal) -> Self {
        Self {
            standing: Standing::new(proposal.covenant()),
            kept,
            proposal,
            sign_offs: BTreeMap::new(),
            ids: BTreeSet::new(),
            own: BTreeMap::new(),
            at_broker: BTreeSet::new(),
            fetched: 0,
        }
    }

    pub(crate) fn covenant(&self) -> &Covenant {
        self.proposal.covenant()
    }

    pub(crate) fn has(&self, id: &Digest) -> bool {
        self.ids.contains(id)
    }

    /// Adds what was verified; what is there already stays as it is.
    pub(crate) fn take(
        &mut self,
        own: &PartyId,
        signed: &Signed,
        envelope: &Envelope,
        received: Timestamp,
    ) {
        if !self.ids.insert(signed.id()) {
            return;
        }
        match signed {
            Signed::Off(statement) => {
                self.standing.sign(statement, Some(received));
                self.sign_offs
                    .entry(statement.party().clone())
                    .or_insert_with(|| envelope.clone());
            }
            Signed::Event(event) => {
                self.standing.apply(event, received);
                if event.event().party == *own {
                    let forward = (event.clone(), envelope.clone());
                    self.own.insert(event.id(), forward);
                }
            }
        }
    }

    /// Events of this party that the broker has not shown to have.
    pub(crate) fn to_forward(&self) -> impl Iterator<Item = &(VerifiedEvent, Envelope)> {
        let missing = |id: &Digest| !self.at_broker.contains(id);
        let own = self.own.iter().filter(move |(id, _)| missing(id));
        own.map(|(_, forward)| forward)
    }

    /// The broker has this.
    pub(crate) fn is_at_broker(&mut self, id: Digest) {
        self.at_broker.insert(id);
    }

    /// How many of the broker's envelopes were looked at; `None` when the broker has other ones
    /// than before, so that all is to be looked at again.
    pub(crate) const fn looked_at(&self, has: u32) -> Option<u32> {
        if self.fetched <= has {
            Some(self.fetched)
        } else {
            None
        }
    }

    /// So many more were looked at; with `anew` they are the first ones.
    pub(crate) fn look_on(&mut self, anew: bool, more: u32) {
        if anew {
            self.at_broker.clear();
            self.fetched = 0;
        }
        self.fetched = self.fetched.saturating_add(more);
    }

    /// The covenant in force that it can be now.
    ///
    /// # Errors
    /// [`SignoffError`] with what is missing.
    pub(crate) fn activate(&self, now: Timestamp) -> Result<ActiveCovenant, SignoffError> {
        let envelopes: Vec<Envelope> = self.sign_offs.values().cloned().collect();
        self.proposal.activate(&envelopes, now)
    }

    /// Whether its end has come.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.standing.is_over(now) || now.day() >= self.covenant().valid_until()
    }

    /// How it stands.
    pub(crate) fn status(&self, now: Timestamp) -> Status {
        Status::of(&self.proposal, &self.standing, None, now)
    }
}

/// A covenant of the settings.
#[derive(Debug)]
pub(crate) struct Carried {
    pub(crate) versions: BTreeMap<Digest, Version>,
    /// The highest version that was ever in force here.
    pub(crate) last: Option<ActiveVersion>,
    pub(crate) active: Option<Active>,
    /// The last version that was in force, where nothing can be put in force now: it is over, or by
    /// this clock its first day has not come.
    pub(crate) former: Option<Answerable>,
    /// Whether it was said that the last version does not hold any more.
    pub(crate) said_not_to_hold: bool,
    pub(crate) epochs: Arc<[Epoch]>,
    /// Epochs that are over, of which the key is kept for look-ups.
    pub(crate) look_up_epochs: Arc<[LookUpEpoch]>,
    /// The first epoch of which this party ever had the key.
    pub(crate) first_epoch: KeyEpoch,
}

impl Carried {
    /// The version that is in force, or was the last to be; the first of the settings before any
    /// was.
    pub(crate) fn current(&self) -> Option<&Version> {
        match &self.last {
            Some(last) => self.versions.get(&last.digest),
            None => self.versions.values().min_by_key(|v| v.kept.number),
        }
    }

    /// Follows the versions up to the one that is to be in force now. A version follows on the last
    /// one by number and by name, or does not come in at all: an older state can't come back.
    pub(crate) fn follow(&mut self, now: Timestamp) {
        if self.active.is_none()
            && let Some(last) = self.last.clone()
            && !self.put_in_force(&last.digest, now)
            && self.former.is_none()
        {
            // Its dates do not put it in force now; they did at that moment. Its signatures are
            // verified again.
            let active = self.activated(&last.digest, last.since);
            self.former = active.map(|active| active.answerable());
        }
        while let Some(next) = self.successor(now) {
            if !self.put_in_force(&next, now) {
                break;
            }
        }
        self.say_whether_it_holds();
    }

    /// Nothing that is owed is done by a version that does not hold: said once, since it is looked at
    /// all the time.
    fn say_whether_it_holds(&mut self) {
        let fails = self.last.is_some() && self.active.is_none() && self.former.is_none();
        if let Some(version) = self.versions.values().next()
            && fails
            && !self.said_not_to_hold
        {
            tracing::error!(
                covenant = %version.kept.covenant,
                "the last version in force does not hold any more: requests of data subjects are refused, \
                 withdrawals and recalls wait; put its signatures, pins and keys back"
            );
        }
        self.said_not_to_hold = fails;
    }

    fn successor(&self, now: Timestamp) -> Option<Digest> {
        let follows = |version: &&Version| match &self.last {
            None => true,
            Some(last) => {
                version.kept.number > last.version
                    && version.covenant().replaces() == Some(last.digest)
                    && self.nobody_is_left_out(last, version, now)
            }
        };
        let ready = |version: &&Version| {
            let standing = &version.standing;
            !standing.is_rejected()
                && !standing.is_over(now)
                && !standing.is_wholly_suspended(now)
                && version.activate(now).is_ok()
        };
        let next = self.versions.values().filter(follows).filter(ready);
        next.min_by_key(|version| version.kept.number)
            .map(|version| version.kept.digest)
    }

    /// As the broker holds it: the parties of a version that is not over are parties of the next.
    fn nobody_is_left_out(&self, last: &ActiveVersion, next: &Version, now: Timestamp) -> bool {
        let before = self.versions.get(&last.digest);
        before.is_none_or(|before| {
            before.is_over(now) || next.covenant().keeps_parties_of(before.covenant())
        })
    }

    /// Whether a version is the last one that was in force here.
    pub(crate) fn was_in_force(&self, digest: &Digest) -> bool {
        self.last
            .as_ref()
            .is_some_and(|last| last.digest == *digest)
    }

    /// What this party answers for: the version in force, or the one that was the last to be.
    pub(crate) fn answerable(&self, now: Timestamp) -> Option<Answerable> {
        let last = self.last.as_ref()?;
        let version = self.versions.get(&last.digest)?;
        let begun = version.covenant().valid_from() <= now.day();
        let active = self.active.as_ref().map(Active::answerable);
        active.or_else(|| self.former.clone()).filter(|_| begun)
    }

    fn put_in_force(&mut self, digest: &Digest, now: Timestamp) -> bool {
        let Some(active) = self.activated(digest, now) else {
            return false;
        };
        if self.last.as_ref().is_none_or(|last| last.digest != *digest) {
            self.last = Some(ActiveVersion {
                version: active.covenant().version(),
                digest: *digest,
                since: now,
            });
        }
        tracing::info!(
            covenant = %active.covenant().id(), version = active.covenant().version(),
            epochs = active.epochs().len(), "covenant in force"
        );
        self.active = Some(active);
        self.former = None;
        true
    }

    /// A version with this party's keys, as it comes or came into force at a moment.
    fn activated(&self, digest: &Digest, at: Timestamp) -> Option<Active> {
        let version = self.versions.get(digest)?;
        let covenant = version.activate(at).ok()?;
        let text = version.covenant();
        let live = self.epochs.iter().map(|epoch| epoch.under(text));
        let over = self.look_up_epochs.iter().map(|key| key.under(text));
        let live = live.collect::<anyhow::Result<Arc<[Epoch]>>>();
        let over = over.collect::<anyhow::Result<Arc<[LookUpEpoch]>>>();
        let (epochs, look_up_epochs) = match (live, over) {
            (Ok(live), Ok(over)) => (live, over),
            (Err(error), _) | (_, Err(error)) => {
                tracing::error!(covenant = %version.kept.covenant, %error, "the covenant's keys do not fit the new version");
                return None;
            }
        };
        Some(Active::new(covenant, epochs, look_up_epochs))
    }
}
