//! Erasing what links entries of the log to a data subject, and the pseudonyms with which an auditor
//! finds entries.

use std::collections::BTreeSet;

use model::{CaseId, KeyEpoch, MatchKeyId, Pseudonym};
use wire::limit;
use wire::rights::Unlinking;
use wire::word::RightsKind;

use super::confirm::{another_employee, keyed};
use super::hold::{check_indices, check_items};
use super::record::Record;
use super::{Case, Desk, Step, Stepping, actor, case_id};
use crate::caller::Caller;
use crate::covenants::Answerable;
use crate::intake::{Findings, Rule};
use crate::log::Followed;
use crate::refusal::Refused;

/// A pseudonym of a case's subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CasePseudonym {
    pub(crate) epoch: KeyEpoch,
    pub(crate) match_key: MatchKeyId,
    pub(crate) value: Pseudonym,
}

impl Desk {
    /// Has the links of these items erased, in a case about erasure.
    ///
    /// # Errors
    /// [`Refused`]: wrong fields, the employee who took the case in, another right, or a broker that
    /// does not do it.
    pub(crate) async fn unlink(
        &self,
        caller: &Caller,
        step: Step,
        indices: &[u64],
    ) -> Result<Case, Refused> {
        let mut found = Findings::default();
        check_indices(indices, &mut found);
        let step = self.stepping(caller, "UnlinkEntries", &step, found)?;
        let record = self.load(step.case)?;
        if self.is_done(&step)? {
            return self.shown(step.case, record);
        }
        record.confirmed()?;
        another_employee(&record.opened_by, &step.actor)?;
        let mut found = Findings::default();
        if record.kind()? != RightsKind::Erasure {
            found.rule("case_id", Rule::NotForThisRight);
        }
        check_items(&record, indices, &mut found);
        found.into_result()?;
        let answerable = self.answerable(&record, self.clock.now())?;
        let wanted: BTreeSet<u64> = indices.iter().copied().collect();
        let followed = self
            .unlink_all(&step, &record, &answerable, &wanted)
            .await?;
        self.change(step, move |tx, _, record| {
            for one in &followed {
                one.keep(tx)?;
            }
            for item in &mut record.items {
                item.unlinked |= wanted.contains(&item.index);
            }
            Ok(())
        })
        .await
    }

    /// Every place of the items, in batches. Done again after a failure, each batch is taken once.
    async fn unlink_all(
        &self,
        step: &Stepping,
        record: &Record,
        answerable: &Answerable,
        wanted: &BTreeSet<u64>,
    ) -> Result<Vec<Followed>, Refused> {
        let items = record.items.iter().filter(|i| wanted.contains(&i.index));
        let places: BTreeSet<u64> = items.flat_map(|item| item.indices.clone()).collect();
        let places: Vec<u64> = places.into_iter().collect();
        let covenant = answerable.covenant();
        let mut followed = Vec::new();
        for batch in places.chunks(limit::BATCH) {
            let listed: Vec<u8> = batch.iter().flat_map(|place| place.to_be_bytes()).collect();
            let parts: [&[u8]; 4] = [
                b"unlink",
                step.case.as_bytes(),
                step.actor.as_str().as_bytes(),
                &listed,
            ];
            let request = self.vault.request_id(&parts);
            let message = Unlinking {
                header: self
                    .broker
                    .speaker()
                    .header(covenant.id(), covenant.digest(), request),
                desk: self.at_work(step.case, record, &step.actor)?,
                indices: batch.to_vec(),
            };
            let receipt = self.broker.unlink(message).await?;
            let confirmed = record.confirmed_at;
            followed.push(self.verify_step(answerable, &receipt, confirmed).await?);
        }
        Ok(followed)
    }

    /// The pseudonyms of a confirmed case's subjects, of every epoch of which this node has the key,
    /// sorted.
    ///
    /// # Errors
    /// [`Refused`]: wrong fields, or a case that two employees have not confirmed.
    pub(crate) fn pseudonyms(
        &self,
        caller: &Caller,
        case: &str,
        by: &str,
    ) -> Result<Vec<CasePseudonym>, Refused> {
        self.permit(caller)?;
        let mut found = Findings::default();
        let id: Option<CaseId> = case_id(&mut found, case);
        let by = actor(&mut found, by);
        let (Some(id), Some(_)) = (id, by) else {
            return Err(found.into());
        };
        let record = self.load(id)?;
        record.confirmed()?;
        let now = self.clock.now();
        let answerable = self.answerable(&record, now)?;
        let sought = self.sought(&record, now)?;
        let mut all = BTreeSet::new();
        for keyed in keyed(&answerable, &sought) {
            let tokens = keyed.subjects.into_iter().flat_map(|s| s.tokens);
            all.extend(tokens.map(|token| CasePseudonym {
                epoch: keyed.epoch,
                match_key: token.key,
                value: token.pseudonym,
            }));
        }
        tracing::info!("the desk made the pseudonyms of a case for an auditor");
        Ok(all.into_iter().collect())
    }
}
