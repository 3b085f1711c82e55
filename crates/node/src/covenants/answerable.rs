//! What this party answers for after a covenant's end.

use std::sync::Arc;

use covenant::Covenant;
use covenant::signoff::Proposal;
use model::{CovenantId, KeyEpoch, Timestamp, Token};
use pseudonym::NormalSubject;

use super::{Active, Covenants};
use crate::intake::Findings;
use crate::keys::{Epoch, LookUpEpoch};
use crate::refusal::{Reason, Refused};

/// A covenant that was in force here, whether or not it still is, with this party's keys of it: for
/// the rights of data subjects and for recalls, which outlive it. It comes from [`Active`] alone, and
/// does not become one again: what takes signals, asks or shows notices can't be handed one.
#[derive(Debug, Clone)]
pub struct Answerable {
    version: Proposal,
    epochs: Arc<[Epoch]>,
    look_up_epochs: Arc<[LookUpEpoch]>,
}

impl Answerable {
    /// What it says.
    #[must_use]
    pub fn covenant(&self) -> &Covenant {
        self.version.covenant()
    }

    /// The epochs of which this node has a key of either sort, which are those that a desk can look
    /// up. First those that are live, and then those that are over.
    #[must_use]
    pub fn all_epochs(&self) -> Vec<KeyEpoch> {
        let live = self.epochs.iter().map(Epoch::number);
        let over = self.look_up_epochs.iter().map(LookUpEpoch::number);
        live.chain(over).collect()
    }

    /// The tokens by which a desk finds a subject under one of [`Answerable::all_epochs`]; of
    /// another epoch there are none.
    #[must_use]
    pub fn tokens(&self, epoch: KeyEpoch, subject: &NormalSubject) -> Vec<Token> {
        let mut live = self.epochs.iter();
        let mut over = self.look_up_epochs.iter();
        if let Some(live) = live.find(|one| one.number() == epoch) {
            return live.derive(subject);
        }
        over.find(|one| one.number() == epoch)
            .map(|over| over.for_look_up(subject))
            .unwrap_or_default()
    }
}

impl Active {
    /// What this party answers for under it, now and after its end.
    pub(crate) fn answerable(&self) -> Answerable {
        Answerable {
            version: self.covenant.proposal().clone(),
            epochs: Arc::clone(&self.epochs),
            look_up_epochs: Arc::clone(&self.look_up_epochs),
        }
    }
}

impl Covenants {
    /// The covenant that is in force here, or was the last version to be: suspended or over, its
    /// promises are kept still.
    #[must_use]
    pub fn answerable(&self, id: &CovenantId, now: Timestamp) -> Option<Answerable> {
        self.look(id, now, |carried| carried.answerable(now))?
    }

    /// The covenant that a field names, in force or over.
    ///
    /// # Errors
    /// `COVENANT_UNKNOWN`, or `COVENANT_NOT_ACTIVE` when it never was in force here, with the field's
    /// path where the name is wrong.
    pub fn answerable_named(
        &self,
        text: &str,
        path: &str,
        now: Timestamp,
    ) -> Result<Answerable, Refused> {
        let mut found = Findings::default();
        let Some(id) = self.id_named(text, path, &mut found) else {
            return Err(found.into());
        };
        self.answerable(&id, now)
            .ok_or_else(|| Refused::from(Reason::CovenantNotActive).with("covenant", &id))
    }

    /// Everything that is over and was in force here.
    pub(crate) fn all_over(&self, now: Timestamp) -> Vec<Answerable> {
        let ids = self.over(now);
        let over = ids.iter().filter_map(|id| self.answerable(id, now));
        over.collect()
    }
}

#[cfg(test)]
mod tests {
    use covenant::signoff::{Envelope, EventKind, Signed};
    use store::{MemoryEngine, NodeSettings, NodeStore};

    use super::*;
    use crate::keys::Keys;
    use crate::testing::{World, config, today};

    fn id() -> CovenantId {
        CovenantId::parse("proef").unwrap()
    }

    /// Nothing that decides, asks or takes finds it.
    fn is_closed(covenants: &Covenants, now: Timestamp) {
        assert!(covenants.carried(&id(), now).is_none());
        let refused = covenants.active(&id(), now).unwrap_err();
        assert_eq!(refused.reason(), Reason::CovenantNotActive);
        assert!(covenants.all_carried(now).is_empty() && covenants.all_active(now).is_empty());
        assert!(covenants.confirmed(now).is_empty());
    }

    #[tokio::test]
    async fn what_was_in_force_here_is_answered_for_after_its_end_and_a_restart() {
        let files = tempfile::tempdir().unwrap();
        let config = config(files.path(), "corporatie", &[1, 2]);
        let keys = Keys::read(&config.keys).unwrap();
        let store =
            || NodeStore::in_memory(MemoryEngine::default(), NodeSettings::default()).unwrap();
        let (before, later) = (today().start(), today().plus_days(400).start());
        let known = store();
        let first = Covenants::load(&config, &keys, before).unwrap();
        first.recall(&known, before).await.unwrap();
        assert!(first.all_over(before).is_empty());
        let digest = first.answerable(&id(), before).unwrap().covenant().digest();

        let restarted = Covenants::load(&config, &keys, later).unwrap();
        restarted.recall(&known, later).await.unwrap();
        for covenants in [&first, &restarted] {
            is_closed(covenants, later);
            let over = covenants.answerable_named("proef", "covenant", later);
            let over = over.unwrap();
            assert_eq!(over.covenant().digest(), digest);
            assert_eq!(over.all_epochs().len(), 2);
            assert_eq!(covenants.all_over(later).len(), 1);
        }

        // Elsewhere it never was in force: nothing was done under it.
        let elsewhere = Covenants::load(&config, &keys, later).unwrap();
        elsewhere.recall(&store(), later).await.unwrap();
        is_closed(&elsewhere, later);
        let refused = elsewhere.answerable_named("proef", "covenant", later);
        assert_eq!(refused.unwrap_err().reason(), Reason::CovenantNotActive);
        let unknown = elsewhere.answerable_named("ander", "covenant", later);
        assert!(!unknown.unwrap_err().0.violations.is_empty());
    }

    #[test]
    fn what_a_party_withdrew_from_is_answered_for() {
        let world = World::of("corporatie", 100);
        let covenants = &world.intake.covenants;
        let envelope = Envelope::parse(&world.event("politie", EventKind::Withdraw)).unwrap();
        covenants.write(|all| {
            let carried = all.get_mut(&id()).unwrap();
            let version = carried.versions.values_mut().next().unwrap();
            let signed = Signed::verify(&version.proposal, &envelope, world.now()).unwrap();
            version.take(covenants.party(), &signed, &envelope, world.now());
        });
        is_closed(covenants, world.now());
        assert!(covenants.answerable(&id(), world.now()).is_some());
    }
}
