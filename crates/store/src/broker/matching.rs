//! The match index: one range read finds everybody with a pseudonym.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use model::{Candidate, CovenantId, Day, KeyEpoch, Match, MatchKeyId, Signal, Subject};

use super::BrokerView;
use crate::codec::Take;
use crate::error::StoreError;
use crate::layout::{Key, index_space, key_end, last_u64};

/// Which subject of which signal.
type Place = (u64, u32);

impl BrokerView {
    /// What agrees with each subject of a stored or pushed signal, in the order of its subjects.
    /// The signal itself is left out; other signals of its own party are not.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn matches(&self, trigger: &Signal, today: Day) -> Result<Vec<Match>, StoreError> {
        let itself = |other: &Signal| {
            other.id == trigger.id && other.party == trigger.party && other.epoch == trigger.epoch
        };
        trigger
            .subjects
            .iter()
            .map(|subject| {
                let mut candidates =
                    self.candidates(&trigger.covenant, trigger.epoch, subject, today)?;
                candidates.retain(|c| !itself(&c.signal));
                Ok(Match {
                    trigger: Some(trigger.clone()),
                    subject: subject.clone(),
                    candidates,
                })
            })
            .collect()
    }

    /// What agrees with the subject of a question.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn look_up(
        &self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
        subject: &Subject,
        today: Day,
    ) -> Result<Match, StoreError> {
        Ok(Match {
            trigger: None,
            subject: subject.clone(),
            candidates: self.candidates(covenant, epoch, subject, today)?,
        })
    }

    /// Live signals with a subject of the same kind that shares a token, each with every match
    /// key that agreed within that pair of subjects; sorted by signal id.
    fn candidates(
        &self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
        subject: &Subject,
        today: Day,
    ) -> Result<Vec<Candidate>, StoreError> {
        let mut agreed = BTreeMap::<Place, BTreeSet<&MatchKeyId>>::new();
        for token in &subject.tokens {
            let prefix = Key(index_space(covenant, epoch, &token.key))
                .raw(token.pseudonym.as_bytes())
                .done();
            self.tx.range(&prefix, &key_end(&prefix), |key, value| {
                let mut take = Take::new(value, "match index row");
                let no = last_u64(key).ok_or(take.damaged())?;
                if today < take.day()? {
                    for place in take.list(Take::u32)? {
                        agreed.entry((no, place)).or_default().insert(&token.key);
                    }
                }
                Ok(ControlFlow::Continue(()))
            })?;
        }
        let mut candidates = Vec::with_capacity(agreed.len());
        for ((no, place), keys) in agreed {
            let damaged = StoreError::Damaged {
                what: "match index row",
            };
            let signal = self.signal_by_no(no)?.ok_or(damaged.clone())?;
            let place = usize::try_from(place).map_err(|_| damaged.clone())?;
            let other = signal.subjects.get(place).ok_or(damaged)?;
            if other.kind == subject.kind && signal.is_live(today) {
                candidates.push(Candidate {
                    signal,
                    subject: place,
                    agreed: keys.into_iter().cloned().collect(),
                });
            }
        }
        candidates.sort_by(|a, b| {
            let order = |c: &Candidate| (c.signal.id, c.subject);
            order(a)
                .cmp(&order(b))
                .then_with(|| a.signal.party.cmp(&b.signal.party))
        });
        Ok(candidates)
    }
}
