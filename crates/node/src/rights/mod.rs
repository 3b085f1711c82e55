//! The desk for data subjects (GDPR 15 to 21, Wpg 25 to 28): requests taken in by one employee and
//! confirmed by another, looked up in the disclosure log and among the party's own signals, and
//! answered so that "nothing" and "nothing that may be told" are the same bytes.
//!
//! A desk is an oracle about people: so it takes two, is limited, and what can't be logged is not
//! told.

mod answer;
mod application;
mod apply;
mod confirm;
mod figures;
mod found;
mod hold;
mod letter;
mod listing;
mod open;
mod own;
mod passing;
mod record;
#[cfg(test)]
mod tests;
mod unlink;
mod waiting;

use std::sync::Arc;

use identity::SealingKey;
use ledger::kind::Class;
use model::clock::Clock;
use model::{ActorId, CaseId, Digest, PartyId, RoleRef, SignalId, Timestamp};
use store::{NodeStore, NodeTx, RequestKey};
use wire::notice::Receipt;
use wire::rights::Desk as AtWork;

use crate::caller::Caller;
use crate::checks::Checks;
use crate::config::RightsConfig;
use crate::covenants::{Answerable, Covenants};
use crate::intake::{Findings, Intake, State, request_key};
use crate::log::{Followed, Log};
use crate::refusal::{Reason, Refused};
use crate::uplink::Broker;
use crate::vault::Vault;

pub(crate) use application::{Application, SubjectAsked};
pub(crate) use apply::{Action, Applying};
pub(crate) use figures::RightsMetrics;
pub(crate) use hold::{HeldDraft, Holding};
pub(crate) use listing::CaseFilter;
pub(crate) use passing::Passed;
pub(crate) use record::{Applicant, Held, Item, Record, Role, Stage};
pub(crate) use unlink::CasePseudonym;

/// The use cases of the desk; cloning shares them.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(crate) party: PartyId,
    pub(crate) desk_roles: Arc<[RoleRef]>,
    pub(crate) covenants: Arc<Covenants>,
    /// Opens what other parties pass on.
    pub(crate) sealing: Arc<SealingKey>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) store: NodeStore,
    pub(crate) log: Arc<Log>,
    pub(crate) broker: Broker,
    /// The party's own signals.
    pub(crate) intake: Intake,
    pub(crate) limits: RightsConfig,
    /// How long receipts are kept, in days.
    pub(crate) receipt_days: i32,
    pub(crate) metrics: RightsMetrics,
    pub(crate) clock: Arc<dyn Clock>,
}

/// What a desk has that nobody else at the node has.
pub(crate) struct DeskOwn {
    pub(crate) desk_roles: Arc<[RoleRef]>,
    pub(crate) sealing: Arc<SealingKey>,
    pub(crate) limits: RightsConfig,
    pub(crate) metrics: RightsMetrics,
}

/// What every step in a case comes with.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) request_id: String,
    pub(crate) case_id: String,
    pub(crate) actor: String,
    /// The exact message.
    pub(crate) content: Vec<u8>,
}

/// A step whose fields are well formed.
struct Stepping {
    key: RequestKey,
    hash: Digest,
    case: CaseId,
    actor: ActorId,
}

/// A case as it is shown.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) id: CaseId,
    pub(crate) record: Record,
    /// How each of its signals stands now.
    pub(crate) states: Vec<State>,
}

impl Desk {
    /// A desk beside the use cases whose signals and log it works with.
    pub(crate) fn new(own: DeskOwn, intake: &Intake, checks: &Checks) -> Self {
        let DeskOwn {
            desk_roles,
            sealing,
            limits,
            metrics,
        } = own;
        Self {
            party: intake.party.clone(),
            desk_roles,
            covenants: Arc::clone(&intake.covenants),
            sealing,
            vault: Arc::clone(&intake.vault),
            store: intake.store.clone(),
            log: Arc::clone(&checks.log),
            broker: checks.broker.clone(),
            intake: intake.clone(),
            limits,
            receipt_days: checks.receipt_days,
            metrics,
            clock: Arc::clone(&intake.clock),
        }
    }

    fn permit(&self, caller: &Caller) -> Result<(), Refused> {
        if caller.has_any(&self.desk_roles) {
            return Ok(());
        }
        Err(Refused::told(
            Reason::RoleNotYours,
            "your certificate has no role of the desk for data subjects; ask your operator for one",
            "uw certificaat heeft geen rol van het loket voor betrokkenen; vraag uw beheerder om een certificaat met die rol",
        ))
    }

    /// Reads what a step comes with; `found` is what is wrong with its other fields.
    fn stepping(
        &self,
        caller: &Caller,
        method: &str,
        step: &Step,
        mut found: Findings,
    ) -> Result<Stepping, Refused> {
        self.permit(caller)?;
        let request = found.request_id("request_id", &step.request_id);
        let case = case_id(&mut found, &step.case_id);
        let actor = actor(&mut found, &step.actor);
        let (Some(request), Some(case), Some(actor), true) =
            (request, case, actor, found.is_empty())
        else {
            return Err(found.into());
        };
        let method = format!("covenant.node.v1.RightsService/{method}");
        let hash = self
            .vault
            .recognise(&[b"desk", method.as_bytes(), &step.content]);
        Ok(Stepping {
            key: request_key(caller, &method, request),
            hash: Digest::new(hash),
            case,
            actor,
        })
    }

    /// Whether the step was done before.
    fn is_done(&self, step: &Stepping) -> Result<bool, Refused> {
        let before = self
            .store
            .read(|view| view.answered(&step.key, &step.hash))?;
        Ok(before.is_some())
    }

    /// Changes a case in one unit of work, once.
    async fn change(
        &self,
        step: Stepping,
        work: impl FnOnce(&mut NodeTx, &Vault, &mut Record) -> Result<(), Refused> + Send + 'static,
    ) -> Result<Case, Refused> {
        let vault = Arc::clone(&self.vault);
        let now = self.clock.now();
        let id = step.case;
        let record = self
            .store
            .write(move |tx| {
                let mut record = record::load(tx, &vault, id)?;
                if tx.answered(&step.key, &step.hash)?.is_none() {
                    work(tx, &vault, &mut record)?;
                    record::save(tx, &vault, id, &record)?;
                    tx.remember(&step.key, &step.hash, &[], now)?;
                }
                Ok::<_, Refused>(record)
            })
            .await?;
        self.shown(id, record)
    }

    fn load(&self, id: CaseId) -> Result<Record, Refused> {
        self.store.read(|view| record::load(view, &self.vault, id))
    }

    /// A case with how its signals stand.
    fn shown(&self, id: CaseId, record: Record) -> Result<Case, Refused> {
        let today = self.clock.now().day();
        let mut states = Vec::with_capacity(record.signals.len());
        for own in &record.signals {
            let id = SignalId::from_slice(&own.id).ok_or_else(record::damaged)?;
            let own = self.store.read(|view| view.own(id))?;
            // What retention has removed is withdrawn as far as anybody can tell.
            states.push(match own {
                Some(own) => crate::intake::Record::decode(&own.state)?.state_on(today),
                None => State::Withdrawn,
            });
        }
        Ok(Case { id, record, states })
    }

    /// The covenant of a case. Narrowing and answering go on while it is suspended, and after its
    /// end.
    fn answerable(&self, record: &Record, now: Timestamp) -> Result<Answerable, Refused> {
        let id = record.covenant()?;
        self.covenants
            .answerable(&id, now)
            .ok_or_else(|| Refused::from(Reason::CovenantNotActive).with("covenant", &id))
    }

    /// Who is at work on a case, as the log is told.
    fn at_work(&self, id: CaseId, record: &Record, actor: &ActorId) -> Result<AtWork, Refused> {
        let second = ActorId::parse(record.other_than(actor.as_str()));
        Ok(AtWork {
            case: id,
            actor: actor.clone(),
            second_actor: second.map_err(|_| record::damaged())?,
            kind: record.kind()?,
        })
    }

    /// Verifies the proof that a step of the desk stands in the log: as a use of a right, by this
    /// party, under this covenant, and not before the case was confirmed.
    async fn verify_step(
        &self,
        answerable: &Answerable,
        receipt: &Receipt,
        not_before: Option<i64>,
    ) -> Result<Followed, Refused> {
        let verified = self.log.verify(receipt)?;
        let digest = answerable.covenant().digest();
        let earliest = not_before.unwrap_or(i64::MIN).saturating_sub(SKEW_MS);
        let ours = verified.leaves.iter().all(|leaf| {
            leaf.class == Class::Rights
                && leaf.covenant == Some(digest)
                && leaf.names(&self.party)
                && leaf.at.as_millis() >= earliest
        });
        if !ours {
            tracing::error!("the receipt of a step of the desk is of something else");
            return Err(Reason::ReceiptInvalid.into());
        }
        self.log
            .sufficiently_witnessed(answerable.covenant(), &receipt.checkpoint)?;
        let broker = self.broker.clone();
        self.log
            .follow(&receipt.checkpoint, async move |from, to| {
                broker.consistency(from, to).await
            })
            .await
    }
}

/// How far the broker's clock may be behind, in milliseconds.
const SKEW_MS: i64 = 120_000;

fn case_id(found: &mut Findings, text: &str) -> Option<CaseId> {
    found.uuid("case_id", text, CaseId::parse)
}

fn actor(found: &mut Findings, text: &str) -> Option<ActorId> {
    if text.is_empty() {
        found.required("actor");
        return None;
    }
    found.named("actor", ActorId::parse(text))
}
