//! Doing to the party's own signals what a case asks: withdrawing, restricting, lifting.

use std::collections::BTreeSet;

use model::SignalId;
use store::NodeTx;
use wire::limit;
use wire::word::{RightsKind, WithdrawalReason};

use super::record::{Record, What};
use super::{Case, Desk, Step};
use crate::caller::Caller;
use crate::intake::{Choice, Findings, Lifting, Rule, State, lift, take_back};
use crate::refusal::Refused;

/// What is done to signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Withdraw.
    Withdraw,
    /// Restrict.
    Restrict,
    /// Lift a restriction.
    Lift,
}

/// A request to do something to signals.
pub(crate) struct Applying {
    pub(crate) step: Step,
    pub(crate) signal_ids: Vec<String>,
    pub(crate) action: Choice<Action>,
}

impl Desk {
    /// Does it, durably; the broker and whoever was told hear of it. What was done before is not
    /// done again.
    ///
    /// # Errors
    /// [`Refused`]: wrong fields, a signal that the case does not name, or something that is not
    /// done in a case about this right.
    pub(crate) async fn apply(&self, caller: &Caller, applying: Applying) -> Result<Case, Refused> {
        let mut found = Findings::default();
        let ids = signal_ids(&applying.signal_ids, &mut found);
        let action = found.choice("action", applying.action);
        let step = self.stepping(caller, "ApplyToSignals", &applying.step, found)?;
        let record = self.load(step.case)?;
        if self.is_done(&step)? {
            return self.shown(step.case, record);
        }
        record.confirmed()?;
        let mut found = Findings::default();
        for (place, id) in ids.iter().enumerate() {
            if record.signal(*id).is_none() {
                found.rule(&format!("signal_ids[{place}]"), Rule::NotOfThisCase);
            }
        }
        let kind = record.kind()?;
        let errand = action.and_then(|action| errand(kind, action));
        if errand.is_none() {
            found.rule("action", Rule::NotForThisRight);
        }
        found.into_result()?;
        let Some(errand) = errand else {
            return Err(Refused::failed());
        };
        let now = self.clock.now();
        let liftings = match errand {
            Errand::Lift => self.liftings(&ids, now)?,
            Errand::TakeBack(..) => Vec::new(),
        };
        let case = self
            .change(step, move |tx, _, record| {
                record.confirmed()?;
                match errand {
                    Errand::TakeBack(reason, what) => {
                        for id in &ids {
                            let after = take_back(tx, *id, reason, now)?;
                            // What was withdrawn before can't be restricted any more.
                            if what != What::Restricted || after.state == State::Restricted {
                                record.note_done(*id.as_bytes(), what);
                            }
                        }
                    }
                    Errand::Lift => lift_all(tx, record, liftings)?,
                }
                if record.under_way().is_ok() {
                    record.answer = None;
                }
                Ok(())
            })
            .await?;
        self.intake.link.wake();
        Ok(case)
    }

    fn liftings(&self, ids: &[SignalId], now: model::Timestamp) -> Result<Vec<Lifting>, Refused> {
        let mut liftings = Vec::new();
        for (place, id) in ids.iter().enumerate() {
            let lifting = self.intake.prepare_lifting(*id, now);
            liftings.extend(lifting.map_err(|refused| at(refused, place))?);
        }
        Ok(liftings)
    }
}

/// Why a signal can't go out again, at its place in the request.
fn at(refused: Refused, place: usize) -> Refused {
    let mut violations = refused.0.violations.clone();
    if violations.is_empty() {
        return refused;
    }
    for violation in &mut violations {
        violation.field = format!("signal_ids[{place}]");
    }
    Refused::fields(violations)
}

/// What an action comes to in a case about a right.
#[derive(Clone, Copy)]
enum Errand {
    TakeBack(WithdrawalReason, What),
    Lift,
}

const fn errand(kind: RightsKind, action: Action) -> Option<Errand> {
    match (action, kind) {
        (Action::Withdraw, RightsKind::Objection) => Some(Errand::TakeBack(
            WithdrawalReason::Objection,
            What::Withdrawn,
        )),
        (Action::Withdraw, RightsKind::Erasure) => {
            Some(Errand::TakeBack(WithdrawalReason::Erasure, What::Erased))
        }
        (
            Action::Restrict,
            RightsKind::Restriction | RightsKind::Objection | RightsKind::Correction,
        ) => Some(Errand::TakeBack(
            WithdrawalReason::Restriction,
            What::Restricted,
        )),
        (
            Action::Lift,
            RightsKind::Restriction | RightsKind::Objection | RightsKind::Correction,
        ) => Some(Errand::Lift),
        _ => None,
    }
}

fn lift_all(tx: &mut NodeTx, record: &mut Record, liftings: Vec<Lifting>) -> Result<(), Refused> {
    for lifting in liftings {
        record.note_done(*lifting.id().as_bytes(), What::Lifted);
        lift(tx, lifting)?;
    }
    Ok(())
}

fn signal_ids(texts: &[String], found: &mut Findings) -> Vec<SignalId> {
    if texts.is_empty() {
        found.required("signal_ids");
    }
    found.at_most("signal_ids", texts.len(), limit::BATCH);
    let mut seen = BTreeSet::new();
    let mut ids = Vec::new();
    for (place, text) in texts.iter().enumerate().take(limit::BATCH) {
        let path = format!("signal_ids[{place}]");
        let Some(id) = found.uuid(&path, text, SignalId::parse) else {
            continue;
        };
        if seen.insert(id) {
            ids.push(id);
        } else {
            found.duplicate(&path);
        }
    }
    ids
}
