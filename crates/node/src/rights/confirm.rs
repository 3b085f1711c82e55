//! Confirming a case: a second employee says that it is in order, and only then this party's own
//! entries in the log and its own signals are looked up. All of it is kept in one unit of work, or
//! the case stays open.

use std::sync::Arc;

use ledger::opening::{Salt, content_commitment};
use model::{ActorId, CaseId, CovenantId, Day, KeyEpoch, Subject, Timestamp};
use store::{NodeTx, NodeView};
use wire::rights::{Desk as AtWork, LookUpAnswer, LookUpQuestion, LookUpSubject};

use super::application::{self, Sought};
use super::found::{Expected, Found};
use super::record::{self, Record, Stage, Unknown, same_person};
use super::{Case, Desk, Step, Stepping, hold};
use crate::caller::Caller;
use crate::covenants::{Answerable, Covenants};
use crate::intake::Findings;
use crate::log::Followed;
use crate::refusal::{Reason, Refused};
use crate::uplink::receipt_bytes;
use crate::vault::Vault;

/// Pages of one look-up at most: a broker that goes on for ever is stopped.
const MOST_PAGES: usize = 1_000;

/// A subject's pseudonyms of one epoch, and when it counts.
pub(super) struct Keyed {
    pub(super) epoch: KeyEpoch,
    pub(super) subjects: Vec<Subject>,
}

/// One answer of the broker's that was verified.
struct Proved {
    followed: Followed,
    name: Vec<u8>,
    receipt: Vec<u8>,
}

impl Desk {
    /// Confirms a case and looks up what there is. The first confirmation of a case that another
    /// party passed on takes it in, and the second one confirms it.
    ///
    /// # Errors
    /// [`Refused`]: the same employee, a broker that does not answer, or an answer that the log does
    /// not bear out. Then the case is as it was.
    pub(crate) async fn confirm(&self, caller: &Caller, step: Step) -> Result<Case, Refused> {
        let step = self.stepping(caller, "ConfirmCase", &step, Findings::default())?;
        let id = step.case;
        let record = self.load(id)?;
        if self.is_done(&step)? {
            return self.shown(id, record);
        }
        if record.stage != Stage::Open {
            return Err(Reason::CaseNotReady.into());
        }
        let actor = step.actor.clone();
        if record.opened_by.is_empty() {
            return self
                .change(step, move |_, _, record| take_in(record, &actor))
                .await;
        }
        another_employee(&record.opened_by, &actor)?;
        self.look_up_all(step, record).await
    }

    async fn look_up_all(&self, step: Stepping, record: Record) -> Result<Case, Refused> {
        let now = self.clock.now();
        let (id, actor) = (step.case, step.actor.clone());
        let answerable = self.answerable(&record, now)?;
        let sought = self.sought(&record, now)?;
        super::open::comparable(&answerable, &sought)?;
        let keyed = keyed(&answerable, &sought);
        let (covenants, asked) = (Arc::clone(&self.covenants), asked_from(&sought));
        let mut found = Found::default();
        let mut proved = Vec::new();
        for one in &keyed {
            // A look-up needs no key at the broker: a refusal of one epoch is never "nothing found".
            let more = self
                .look_up(
                    &answerable,
                    (id, &record, &actor),
                    (&sought, one),
                    &mut found,
                )
                .await?;
            proved.extend(more);
        }
        let signals = self.own_signals(&answerable, sought, keyed).await?;
        let items = found.into_items();
        let ends = now.day().plus_days(self.receipt_days);
        self.change(step, move |tx, vault, record| {
            if record.stage != Stage::Open {
                return Err(Reason::CaseNotReady.into());
            }
            another_employee(&record.opened_by, &actor)?;
            record.stage = Stage::Confirmed;
            record.confirmed_by = actor.to_string();
            record.confirmed_at = Some(now.as_millis());
            record.items = items;
            record.unknown = unknown(&covenants, tx, &record.covenant()?, (asked, now.day()))?;
            record.signals = signals;
            hold::hold_as_before(tx, vault, record, now.day())?;
            keep_proofs(tx, vault, &proved, ends)
        })
        .await
    }

    /// The subjects of a case, from the request as it came in.
    pub(super) fn sought(&self, record: &Record, now: Timestamp) -> Result<Vec<Sought>, Refused> {
        let content = record.content()?;
        let application = crate::grpc::stored::application(&content).ok_or_else(record::damaged)?;
        let mut found = Findings::default();
        let content = application::check(&application, now, &mut found);
        content
            .map(|content| content.subjects)
            .ok_or_else(|| found.into())
    }

    /// Every page of one epoch.
    async fn look_up(
        &self,
        answerable: &Answerable,
        about: (CaseId, &Record, &ActorId),
        (sought, keyed): (&[Sought], &Keyed),
        found: &mut Found,
    ) -> Result<Vec<Proved>, Refused> {
        let mut proved = Vec::new();
        let mut from = 0;
        for _ in 0..MOST_PAGES {
            let question = self.question(answerable, about, (sought, keyed), from)?;
            let expected = Expected {
                party: &self.party,
                covenant: answerable.covenant().digest(),
                versions: self.covenants.digests(answerable.covenant().id()),
                commitment: question.commitment,
                from,
                subjects: sought.len(),
            };
            let answer = self.broker.look_up(question).await?;
            let leaves = expected.verify(&self.log, &answer)?;
            self.log
                .sufficiently_witnessed(answerable.covenant(), &answer.receipt.checkpoint)?;
            proved.push(self.follow(about.0, keyed.epoch, from, &answer).await?);
            let LookUpAnswer { entries, next, .. } = answer;
            for (entry, leaf) in entries.iter().zip(&leaves) {
                found.add(self, answerable, entry, leaf)?;
            }
            match next {
                None => return Ok(proved),
                Some(next) if next > from => from = next,
                Some(_) => break,
            }
        }
        tracing::error!("the broker's look-up does not come to an end");
        Err(Reason::ReceiptInvalid.into())
    }

    fn question(
        &self,
        answerable: &Answerable,
        (id, record, actor): (CaseId, &Record, &ActorId),
        (sought, keyed): (&[Sought], &Keyed),
        from: u64,
    ) -> Result<LookUpQuestion, Refused> {
        let covenant = answerable.covenant();
        let content = record.content()?;
        let opened_by = ActorId::parse(&record.opened_by).map_err(|_| record::damaged())?;
        // The same question again has the same id outside: the broker answers and counts it once.
        let parts: [&[u8]; 6] = [
            b"look-up",
            id.as_bytes(),
            record.opened_by.as_bytes(),
            actor.as_str().as_bytes(),
            &keyed.epoch.get().to_be_bytes(),
            &from.to_be_bytes(),
        ];
        let request = self.vault.request_id(&parts);
        let salt = self
            .vault
            .recognise(&[b"case salt", id.as_bytes(), &content]);
        let subjects = sought.iter().zip(&keyed.subjects);
        let desk = AtWork {
            case: id,
            actor: opened_by,
            second_actor: actor.clone(),
            kind: record.kind()?,
        };
        Ok(LookUpQuestion {
            header: self
                .broker
                .speaker()
                .header(covenant.id(), covenant.digest(), request),
            epoch: keyed.epoch,
            desk,
            identity: record.identity()?,
            subjects: subjects
                .map(|(sought, subject)| LookUpSubject {
                    subject: subject.clone(),
                    from: sought.from,
                    until: sought.until,
                })
                .collect(),
            from_index: from,
            commitment: content_commitment(&Salt::new(salt), &content),
        })
    }

    async fn follow(
        &self,
        id: CaseId,
        epoch: KeyEpoch,
        from: u64,
        answer: &LookUpAnswer,
    ) -> Result<Proved, Refused> {
        let broker = self.broker.clone();
        let followed = self
            .log
            .follow(&answer.receipt.checkpoint, async move |from, to| {
                broker.consistency(from, to).await
            })
            .await?;
        let name = [
            b"look-up/".as_slice(),
            id.as_bytes(),
            &epoch.get().to_be_bytes(),
            &from.to_be_bytes(),
        ];
        Ok(Proved {
            followed,
            name: name.concat(),
            receipt: receipt_bytes(&answer.receipt),
        })
    }
}

/// An employee of this party takes in what another party passed on.
fn take_in(record: &mut Record, actor: &ActorId) -> Result<(), Refused> {
    if record.stage != Stage::Open || !record.opened_by.is_empty() {
        return Err(Reason::CaseNotReady.into());
    }
    record.opened_by = actor.to_string();
    Ok(())
}

/// Whether it is another employee than who did the step before.
///
/// # Errors
/// `SECOND_EMPLOYEE_NEEDED`.
pub(super) fn another_employee(before: &str, actor: &ActorId) -> Result<(), Refused> {
    if same_person(before, actor.as_str()) {
        return Err(Refused::from(Reason::SecondEmployeeNeeded).with("field", "actor"));
    }
    Ok(())
}

/// The earliest day that a case is about; `None` where it names none.
fn asked_from(sought: &[Sought]) -> Option<Day> {
    let named = sought.iter().map(|one| one.from);
    named.collect::<Option<Vec<Day>>>()?.into_iter().min()
}

/// Which epochs of the time that is asked about could not be looked up. Nothing of what was found is
/// at hand here: an answer must not show by this whether there was anything.
fn unknown(
    covenants: &Covenants,
    view: &NodeView,
    covenant: &CovenantId,
    (asked_from, today): (Option<Day>, Day),
) -> Result<Vec<Unknown>, Refused> {
    let missing = covenants.missing_epochs(view, covenant, today)?;
    let counts = missing
        .into_iter()
        .filter(|one| asked_from.is_none_or(|from| from <= one.last_day));
    Ok(counts
        .map(|one| Unknown {
            epoch: one.epoch.get(),
            until: one.last_day.min(today).as_days(),
        })
        .collect())
}

/// The subjects' pseudonyms of every epoch of which this node has the key, with all match keys: of
/// those that are live first, in the covenant's order, and then of those that are over.
pub(super) fn keyed(answerable: &Answerable, sought: &[Sought]) -> Vec<Keyed> {
    let subjects = |epoch: KeyEpoch| {
        let subject = |one: &Sought| Subject {
            kind: one.described.normal.kind(),
            minor: one.described.minor,
            shielded_address: one.described.shielded_address,
            tokens: answerable.tokens(epoch, &one.described.normal),
        };
        sought.iter().map(subject).collect()
    };
    let epochs = answerable.all_epochs().into_iter();
    let keyed = epochs.map(|epoch| Keyed {
        epoch,
        subjects: subjects(epoch),
    });
    keyed.collect()
}

/// Checkpoints and receipts, as what was found is kept.
fn keep_proofs(
    tx: &mut NodeTx,
    vault: &Vault,
    proved: &[Proved],
    ends: Day,
) -> Result<(), Refused> {
    for one in proved {
        one.followed.keep(tx)?;
        let sealed = vault.seal(&one.name, &one.receipt)?;
        tx.put_receipt(&one.name, &sealed, ends)?;
    }
    Ok(())
}
