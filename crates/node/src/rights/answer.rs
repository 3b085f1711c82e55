//! Answering a case. What is held back leaves no trace but, where that may be told, its ground: with
//! nothing left to tell the answer is, byte for byte, that of a case in which nothing was found.
//!
//! The answer is made and kept first, then reported to the log, and only then given out.

use std::collections::BTreeSet;

use covenant::Covenant;
use ledger::opening::{Salt, content_commitment};
use model::{ActorId, CaseId, Day, PartyId, SignalId, Timestamp};
use serde::Serialize;
use wire::rights::RightsAnswer;
use wire::word::RightsKind;

use super::confirm::another_employee;
use super::letter::{self, Letter};
use super::open::is_police;
use super::record::{self, Answer, Item, Record, Role, Stage, Unknown, What};
use super::{Desk, Step, Stepping};
use crate::caller::Caller;
use crate::covenants::Answerable;
use crate::intake::{Findings, WithdrawalReason};
use crate::refusal::{Reason, Refused};

/// The form of the answer's JSON.
const FORM: &str = "covenant-answer/1";

/// An answer as it is given out.
pub(crate) struct Answered {
    pub(crate) json: Vec<u8>,
    pub(crate) letter_nl: String,
    pub(crate) letter_en: String,
    pub(crate) answered_at: Timestamp,
}

/// The answer as data, in this order of fields.
#[derive(Serialize)]
struct Body<'a> {
    format: &'static str,
    case: String,
    covenant: &'a str,
    party: &'a str,
    right: &'a str,
    reference: &'a str,
    received_on: String,
    answered_on: String,
    applicant: Asker<'a>,
    items: Vec<ItemBody<'a>>,
    unknown: Vec<UnknownBody>,
    held_back_on: Vec<&'a str>,
    done: Vec<DoneBody<'a>>,
    passed_on_to: &'a [String],
    contact: String,
}

#[derive(Serialize)]
struct Asker<'a> {
    name: &'a str,
    address_lines: &'a [String],
}

#[derive(Serialize)]
struct ItemBody<'a> {
    day: String,
    role: &'static str,
    other_party: &'a str,
    purpose: &'a str,
    clause: &'a str,
    shown: &'a [String],
    advice: &'a str,
    signal_kinds: &'a [String],
    provided_on: &'a str,
    received_on: &'a str,
    recalled_on: Option<String>,
    recall_acknowledged_on: Option<String>,
}

#[derive(Serialize)]
struct UnknownBody {
    epoch: u32,
    until: String,
}

#[derive(Serialize)]
struct DoneBody<'a> {
    category: &'a str,
    observed_on: String,
    what: &'static str,
}

/// What was done to a signal of this party, as the answer says it.
pub(super) struct DoneTo<'a> {
    pub(super) category: &'a str,
    pub(super) observed_on: Day,
    pub(super) what: What,
}

impl Desk {
    /// Answers a case. Once answered, the same bytes come again.
    ///
    /// # Errors
    /// [`Refused`]: the employee who held something back, a day to look again that has come, or a
    /// report that could not be logged; then nothing is given out.
    pub(crate) async fn answer(&self, caller: &Caller, step: Step) -> Result<Answered, Refused> {
        let step = self.stepping(caller, "AnswerCase", &step, Findings::default())?;
        let record = self.load(step.case)?;
        record.confirmed()?;
        if record.stage == Stage::Answered {
            return given_out(record);
        }
        let now = self.clock.now();
        let answerable = self.answerable(&record, now)?;
        may_answer(&record, &step.actor, now.day())?;
        let id = step.case;
        let answer = self.prepared(id, &record, &answerable, now.day()).await?;
        self.report(step, &answerable, &answer, now).await?;
        tracing::info!("the desk answered a request of a data subject");
        given_out(self.load(id)?)
    }

    /// The answer of today, kept before anybody hears of it.
    async fn prepared(
        &self,
        id: CaseId,
        record: &Record,
        answerable: &Answerable,
        today: Day,
    ) -> Result<Answer, Refused> {
        let corrected = self.corrected(record)?;
        let made = compose(
            id,
            record,
            &corrected,
            answerable.covenant(),
            &self.party,
            today,
        )?;
        let (kept, vault) = (made.clone(), std::sync::Arc::clone(&self.vault));
        self.store
            .write(move |tx| {
                let mut record = record::load(tx, &vault, id)?;
                record.under_way()?;
                record.answer = Some(kept);
                record::save(tx, &vault, id, &record)
            })
            .await?;
        Ok(made)
    }

    /// The signals of the case in whose place another was put.
    fn corrected(&self, record: &Record) -> Result<Vec<[u8; 16]>, Refused> {
        let mut corrected = Vec::new();
        for own in &record.signals {
            let id = SignalId::from_slice(&own.id).ok_or_else(record::damaged)?;
            let Some(stored) = self.store.read(|view| view.own(id))? else {
                continue;
            };
            let state = crate::intake::Record::decode(&stored.state)?;
            if state.withdrawn_for(WithdrawalReason::Correction) {
                corrected.push(own.id);
            }
        }
        Ok(corrected)
    }

    /// Has the answer logged, and only then marks the case as answered.
    async fn report(
        &self,
        step: Stepping,
        answerable: &Answerable,
        answer: &Answer,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let id = step.case;
        let record = self.load(id)?;
        let message = self.rights_answer(answerable, (id, &record, &step.actor), answer)?;
        let receipt = self.broker.report_answer(message).await?;
        let followed = self
            .verify_step(answerable, &receipt, record.confirmed_at)
            .await?;
        let (kept, actor) = (answer.clone(), step.actor.to_string());
        self.change(step, move |tx, _, record| {
            record.under_way()?;
            // What was decided meanwhile is not in the answer that was logged.
            if record.answer.as_ref() != Some(&kept) {
                return Err(Reason::CaseNotReady.into());
            }
            followed.keep(tx)?;
            record.stage = Stage::Answered;
            record.answered_by = actor;
            record.answered_at = Some(now.as_millis());
            Ok(())
        })
        .await
        .map(|_| ())
    }

    fn rights_answer(
        &self,
        answerable: &Answerable,
        (id, record, actor): (CaseId, &Record, &ActorId),
        answer: &Answer,
    ) -> Result<RightsAnswer, Refused> {
        let covenant = answerable.covenant();
        let salt = self.vault.recognise(&[b"answer salt", id.as_bytes()]);
        let commitment = content_commitment(&Salt::new(salt), answer.json.as_bytes());
        let parts: [&[u8]; 4] = [
            b"answer",
            id.as_bytes(),
            actor.as_str().as_bytes(),
            commitment.as_bytes(),
        ];
        let request = self.vault.request_id(&parts);
        let held: Vec<&Item> = record.items.iter().filter(|i| i.held.is_some()).collect();
        let grounds: BTreeSet<&str> = held
            .iter()
            .filter_map(|item| item.held.as_ref())
            .map(|held| held.ground.as_str())
            .collect();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(RightsAnswer {
            header: self
                .broker
                .speaker()
                .header(covenant.id(), covenant.digest(), request),
            desk: self.at_work(id, record, actor)?,
            identity: record.identity()?,
            told: number(record.items.len().saturating_sub(held.len())),
            held_back: number(held.len()),
            grounds: grounds.into_iter().map(str::to_owned).collect(),
            commitment,
        })
    }
}

/// Another employee than who held something back, and nothing that must be looked at again first.
fn may_answer(record: &Record, actor: &ActorId, today: Day) -> Result<(), Refused> {
    for held in record.items.iter().filter_map(|item| item.held.as_ref()) {
        another_employee(&held.actor, actor)?;
        if Day::from_days(held.review_on) <= today {
            return Err(Refused::told(
                Reason::CaseNotReady,
                "the day has come to look again at something that is held back; hold it back anew, or release it",
                "de dag is gekomen om opnieuw te kijken naar iets wat niet verteld wordt; houd het opnieuw achter, of geef het vrij",
            ));
        }
    }
    Ok(())
}

fn given_out(record: Record) -> Result<Answered, Refused> {
    let answer = record.answer.ok_or_else(record::damaged)?;
    let at = record.answered_at.ok_or_else(record::damaged)?;
    Ok(Answered {
        json: answer.json.into_bytes(),
        letter_nl: answer.letter_nl,
        letter_en: answer.letter_en,
        answered_at: Timestamp::from_millis(at),
    })
}

/// The answer: made of what is told alone, and of what could not be looked up, which has nothing to
/// do with what was found. Whatever is held back silently is not looked at.
pub(super) fn compose(
    id: CaseId,
    record: &Record,
    corrected: &[[u8; 16]],
    covenant: &Covenant,
    party: &PartyId,
    today: Day,
) -> Result<Answer, Refused> {
    let mut told: Vec<&Item> = record.items.iter().filter(|i| i.held.is_none()).collect();
    told.sort_by_key(|item| (item.at, item.index, item.role));
    let grounds: BTreeSet<&str> = record
        .items
        .iter()
        .filter_map(|item| item.held.as_ref())
        .filter(|held| held.told)
        .map(|held| held.ground.as_str())
        .collect();
    let done = done_to(record, corrected);
    let kind = record.kind()?;
    let body = Body {
        format: FORM,
        case: id.to_string(),
        covenant: &record.covenant,
        party: party.as_str(),
        right: kind.as_str(),
        reference: &record.reference,
        received_on: Day::from_days(record.received_on).to_string(),
        answered_on: today.to_string(),
        applicant: Asker {
            name: &record.applicant.name,
            address_lines: &record.applicant.address_lines,
        },
        items: told.iter().map(|item| item_body(item)).collect(),
        unknown: record.unknown.iter().map(unknown_body).collect(),
        held_back_on: grounds.iter().copied().collect(),
        done: done.iter().map(done_body).collect(),
        passed_on_to: &record.passed_to,
        contact: covenant.header().contact.to_string(),
    };
    let json = serde_json::to_string_pretty(&body).map_err(|_| Refused::failed())?;
    let letter = Letter {
        id,
        record,
        covenant,
        party,
        kind,
        police: is_police(covenant, party),
        today,
        told,
        grounds: grounds.into_iter().collect(),
        done,
    };
    Ok(Answer {
        json,
        letter_nl: letter::dutch(&letter),
        letter_en: letter::english(&letter),
        day: today.as_days(),
    })
}

fn item_body(item: &Item) -> ItemBody<'_> {
    let day = |day: i32| Day::from_days(day).to_string();
    ItemBody {
        day: Timestamp::from_millis(item.at).day().to_string(),
        role: match item.role {
            Role::Asked => "asked",
            Role::Told => "told",
            Role::Provided => "provided",
        },
        other_party: &item.other_party,
        purpose: &item.purpose,
        clause: &item.clause,
        shown: &item.shown,
        advice: &item.advice,
        signal_kinds: &item.kinds,
        provided_on: &item.provided_on,
        received_on: &item.received_on,
        recalled_on: item.recalled_on.map(day),
        recall_acknowledged_on: item.recall_acknowledged_on.map(day),
    }
}

fn unknown_body(unknown: &Unknown) -> UnknownBody {
    UnknownBody {
        epoch: unknown.epoch,
        until: Day::from_days(unknown.until).to_string(),
    }
}

fn done_body<'a>(done: &DoneTo<'a>) -> DoneBody<'a> {
    DoneBody {
        category: done.category,
        observed_on: done.observed_on.to_string(),
        what: match done.what {
            What::Withdrawn => "withdrawn",
            What::Erased => "erased",
            What::Restricted => "restricted",
            What::Lifted => "lifted",
            What::Corrected => "corrected",
        },
    }
}

/// What was done to which signals: never asked for in a case about access.
fn done_to<'a>(record: &'a Record, corrected: &[[u8; 16]]) -> Vec<DoneTo<'a>> {
    let what = |id: &[u8; 16]| {
        if corrected.contains(id) {
            return Some(What::Corrected);
        }
        let done = record.done.iter().find(|done| done.id == *id);
        done.map(|done| done.what)
    };
    let correction = record.kind() == Ok(RightsKind::Correction);
    record
        .signals
        .iter()
        .filter_map(|own| {
            let what = what(&own.id).filter(|what| correction || *what != What::Corrected)?;
            Some(DoneTo {
                category: &own.category,
                observed_on: Day::from_days(own.observed_on),
                what,
            })
        })
        .collect()
}
