//! Holding back on a ground of the law (UAVG 41, Wpg 27), with a reason and a day on which it is
//! looked at again. A later case about the same entry holds it back by itself until that day.

use std::collections::BTreeSet;

use model::{CaseId, Day};
use serde::{Deserialize, Serialize};
use store::{NodeTx, NodeView};
use wire::limit;
use wire::malformed::Problem;
use wire::rights::is_ground;

use super::open::is_police;
use super::record::{self, Held, Record};
use super::{Case, Desk, Step};
use crate::caller::Caller;
use crate::covenants::Answerable;
use crate::intake::{Findings, Rule};
use crate::refusal::Refused;
use crate::vault::Vault;

/// Months within which it is looked at again.
const REVIEW_MONTHS: i32 = 24;

/// A request to hold items back, or to tell them after all.
pub(crate) struct Holding {
    pub(crate) step: Step,
    pub(crate) indices: Vec<u64>,
    pub(crate) held_back: Option<HeldDraft>,
    pub(crate) release: bool,
}

/// Why, as it came in.
pub(crate) struct HeldDraft {
    pub(crate) ground: String,
    pub(crate) reason: String,
    pub(crate) review_on: Option<Result<Day, ()>>,
    pub(crate) told: bool,
}

/// What is held back of an entry, whatever case it is found in.
#[derive(Serialize, Deserialize)]
struct HeldRow {
    /// The case in which it was decided.
    case: [u8; 16],
    held: Held,
}

impl Desk {
    /// Holds items back, or tells them after all.
    ///
    /// # Errors
    /// [`Refused`]: wrong fields, an item that the case does not have, or a case that is not under
    /// way.
    pub(crate) async fn hold_back(
        &self,
        caller: &Caller,
        holding: Holding,
    ) -> Result<Case, Refused> {
        let mut found = Findings::default();
        let now = self.clock.now();
        check_indices(&holding.indices, &mut found);
        let held = check_held(&holding, now.day(), &mut found);
        let step = self.stepping(caller, "HoldBack", &holding.step, found)?;
        let record = self.load(step.case)?;
        if self.is_done(&step)? {
            return self.shown(step.case, record);
        }
        record.under_way()?;
        let answerable = self.answerable(&record, now)?;
        let mut found = Findings::default();
        self.check_law(&answerable, held.as_ref(), &mut found);
        check_items(&record, &holding.indices, &mut found);
        found.into_result()?;
        let (id, actor) = (step.case, step.actor.to_string());
        let indices: BTreeSet<u64> = holding.indices.iter().copied().collect();
        self.change(step, move |tx, vault, record| {
            record.under_way()?;
            let held = held.map(|held| Held { actor, ..held });
            hold_items(tx, vault, id, record, &indices, held.as_ref())
        })
        .await
    }

    /// A ground of the law under which this party answers.
    fn check_law(&self, answerable: &Answerable, held: Option<&Held>, found: &mut Findings) {
        let police = is_police(answerable.covenant(), &self.party);
        if held.is_some_and(|held| held.ground.starts_with("Wpg ") != police) {
            found.rule("held_back.ground", Rule::GroundNotYours);
        }
    }
}

pub(super) fn check_indices(indices: &[u64], found: &mut Findings) {
    if indices.is_empty() {
        found.required("indices");
    }
    found.at_most("indices", indices.len(), limit::BATCH);
    let mut seen = BTreeSet::new();
    for (place, index) in indices.iter().enumerate() {
        if !seen.insert(index) {
            found.duplicate(&format!("indices[{place}]"));
        }
    }
}

/// Whether the case has these items.
pub(super) fn check_items(record: &Record, indices: &[u64], found: &mut Findings) {
    for (place, index) in indices.iter().enumerate() {
        if !record.items.iter().any(|item| item.index == *index) {
            found.rule(&format!("indices[{place}]"), Rule::NotOfThisCase);
        }
    }
}

fn check_held(holding: &Holding, today: Day, found: &mut Findings) -> Option<Held> {
    let path = "held_back";
    let draft = match (&holding.held_back, holding.release) {
        (None, true) => return None,
        (Some(_), true) => {
            found.problem(path, Problem::NotAllowed);
            return None;
        }
        (None, false) => {
            found.required(path);
            return None;
        }
        (Some(draft), false) => draft,
    };
    if draft.ground.is_empty() {
        found.required("held_back.ground");
    } else if !is_ground(&draft.ground) {
        found.rule("held_back.ground", Rule::GroundForm);
    }
    if draft.reason.trim().is_empty() {
        found.required("held_back.reason");
    }
    found.longest("held_back.reason", &draft.reason, limit::REASON_CHARS);
    let path = "held_back.review_on";
    let review_on = match draft.review_on {
        None => {
            found.required(path);
            None
        }
        Some(Err(())) => {
            found.problem(path, Problem::DayForm);
            None
        }
        Some(Ok(day)) if day <= today || day > today.plus_months(REVIEW_MONTHS) => {
            found.rule(path, Rule::ReviewDay);
            None
        }
        Some(Ok(day)) => Some(day),
    };
    Some(Held {
        ground: draft.ground.clone(),
        reason: draft.reason.clone(),
        review_on: review_on?.as_days(),
        told: draft.told,
        actor: String::new(),
    })
}

fn hold_items(
    tx: &mut NodeTx,
    vault: &Vault,
    id: CaseId,
    record: &mut Record,
    indices: &BTreeSet<u64>,
    held: Option<&Held>,
) -> Result<(), Refused> {
    let ends = Day::from_days(record.ends);
    for item in &mut record.items {
        if !indices.contains(&item.index) {
            continue;
        }
        item.held = held.cloned();
        for index in &item.indices {
            match held {
                Some(held) => {
                    let row = HeldRow {
                        case: *id.as_bytes(),
                        held: held.clone(),
                    };
                    put(tx, vault, *index, &row, ends)?;
                }
                None => tx.delete_held(*index)?,
            }
        }
    }
    // An answer that was made before and not given out says something else now.
    record.answer = None;
    Ok(())
}

/// Holds back what an earlier case held back, until the day on which that is looked at again.
pub(super) fn hold_as_before(
    tx: &NodeTx,
    vault: &Vault,
    record: &mut Record,
    today: Day,
) -> Result<(), Refused> {
    for item in &mut record.items {
        for index in &item.indices {
            let held = get(tx, vault, *index)?.map(|row| row.held);
            if let Some(held) = held.filter(|held| Day::from_days(held.review_on) > today) {
                item.held = Some(held);
            }
        }
    }
    Ok(())
}

/// Whether something of the case is held back, by a decision that stands, of which the day to look
/// again has come.
pub(super) fn is_due(
    view: &NodeView,
    vault: &Vault,
    record: &Record,
    today: Day,
) -> Result<bool, Refused> {
    for item in record.items.iter().filter(|item| item.held.is_some()) {
        for index in &item.indices {
            if let Some(row) = get(view, vault, *index)?
                && Day::from_days(row.held.review_on) <= today
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// How many entries are held back by a decision of which the day to look again has come.
pub(super) fn count_due(view: &NodeView, today: Day) -> Result<u64, Refused> {
    const AT_ONCE: usize = 512;
    let (mut due, mut from): (u64, u64) = (0, 0);
    loop {
        let rows = view.held_from(from, AT_ONCE)?;
        let ended = rows.len() < AT_ONCE;
        for (index, body) in rows {
            let day = body.first_chunk().map(|day| i32::from_be_bytes(*day));
            let is_due = day.is_some_and(|day| Day::from_days(day) <= today);
            due = due.saturating_add(u64::from(is_due));
            from = index.saturating_add(1);
        }
        if ended {
            return Ok(due);
        }
    }
}

/// The day to look again stands before what is sealed, so that it can be counted without opening.
fn put(
    tx: &mut NodeTx,
    vault: &Vault,
    index: u64,
    row: &HeldRow,
    ends: Day,
) -> Result<(), Refused> {
    let plain = serde_json::to_vec(row).map_err(|_| Refused::failed())?;
    let mut body = row.held.review_on.to_be_bytes().to_vec();
    body.extend(vault.seal(&held_name(index), &plain)?);
    Ok(tx.put_held(index, &body, ends)?)
}

fn get(view: &NodeView, vault: &Vault, index: u64) -> Result<Option<HeldRow>, Refused> {
    let Some(body) = view.held(index)? else {
        return Ok(None);
    };
    let (_, sealed) = body.split_first_chunk::<4>().ok_or_else(record::damaged)?;
    let plain = vault.open(&held_name(index), sealed)?;
    serde_json::from_slice(&plain)
        .map(Some)
        .map_err(|_| record::damaged())
}

fn held_name(index: u64) -> Vec<u8> {
    [b"held/".as_slice(), &index.to_be_bytes()].concat()
}
