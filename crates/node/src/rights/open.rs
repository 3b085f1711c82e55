//! Taking a request in. Nothing is looked up yet, and how many are taken in is limited.

use std::time::Duration;

use covenant::Covenant;
use covenant::language::words::PartyKind;
use model::{CaseId, Day, Digest, KeyEpoch, PartyId, Timestamp};
use wire::status::Refusal;

use super::application::{self, Application, Sought};
use super::record::{self, Beginning, Record};
use super::{Case, Desk, actor};
use crate::caller::Caller;
use crate::covenants::Answerable;
use crate::intake::{Findings, Rule, request_key};
use crate::refusal::{Reason, Refused};

const METHOD: &str = "covenant.node.v1.RightsService/OpenCase";
/// The time to answer about police data, in days: six weeks (Wpg 25(1)).
const POLICE_DAYS: i32 = 42;

impl Desk {
    /// Takes a request in; stored durably when this returns.
    ///
    /// # Errors
    /// [`Refused`]: every wrong field at once, or a limit.
    pub(crate) async fn open(
        &self,
        caller: &Caller,
        application: Application,
    ) -> Result<Case, Refused> {
        let outcome = self.open_uncounted(caller, application).await;
        self.metrics.opened(outcome.as_ref().err());
        outcome
    }

    async fn open_uncounted(
        &self,
        caller: &Caller,
        application: Application,
    ) -> Result<Case, Refused> {
        self.permit(caller)?;
        let now = self.clock.now();
        let mut found = Findings::default();
        let request = found.request_id("request_id", &application.request_id);
        if application.covenant.is_empty() {
            found.required("covenant");
        }
        let actor = actor(&mut found, &application.actor);
        let content = application::check(&application, now, &mut found);
        let (Some(request), Some(actor), Some(content), true) =
            (request, actor, content, found.is_empty())
        else {
            return Err(found.into());
        };
        let hash = Digest::new(self.vault.recognise(&[b"open", &application.content]));
        let key = request_key(caller, METHOD, request);
        if let Some(before) = self.store.read(|view| view.answered(&key, &hash))? {
            let id = CaseId::from_slice(before.answer()).ok_or_else(record::damaged)?;
            return self.shown(id, self.load(id)?);
        }
        let answerable = self
            .covenants
            .answerable_named(&application.covenant, "covenant", now)?;
        comparable(&answerable, &content.subjects)?;
        let id = CaseId::fresh();
        let record = Record::new(Beginning {
            covenant: answerable.covenant().id().clone(),
            kind: content.kind,
            identity: content.identity,
            opened_by: actor.to_string(),
            now,
            received_on: content.received_on,
            due_on: due_on(answerable.covenant(), &self.party, content.received_on),
            reference: content.reference,
            applicant: content.applicant,
            content: application.content,
            passed_on_by: String::new(),
            kept_days: self.case_days(),
        });
        let counting = self.counting(actor.as_str(), now);
        let vault = std::sync::Arc::clone(&self.vault);
        let stored = self
            .store
            .write(move |tx| {
                if let Some(before) = tx.answered(&key, &hash)? {
                    let id = CaseId::from_slice(before.answer()).ok_or_else(record::damaged)?;
                    return Ok((id, record::load(tx, &vault, id)?));
                }
                for (name, most) in &counting {
                    if tx.count_case(name, now.day().plus_days(2))? > *most {
                        return Err(limit_reached(now));
                    }
                }
                record::save(tx, &vault, id, &record)?;
                tx.remember(&key, &hash, id.as_bytes(), now)?;
                Ok::<_, Refused>((id, record))
            })
            .await;
        if let Err(refused) = &stored
            && refused.reason() == Reason::LimitReached
        {
            tracing::warn!("the desk for data subjects took in as many cases today as it may");
        }
        let (id, record) = stored?;
        self.shown(id, record)
    }

    pub(super) fn case_days(&self) -> i32 {
        i32::try_from(self.limits.case_days).unwrap_or(i32::MAX)
    }

    /// What is counted of a case, and how often each may be there on one day. The names are keyed
    /// hashes: the store reads no employee in them.
    fn counting(&self, actor: &str, now: Timestamp) -> [([u8; 32], u64); 2] {
        let day = now.day().as_days().to_be_bytes();
        let actor = actor.to_ascii_lowercase();
        [
            (
                self.vault.recognise(&[b"cases of", actor.as_bytes(), &day]),
                self.limits.cases_per_employee_per_day,
            ),
            (
                self.vault.recognise(&[b"cases", &day]),
                self.limits.cases_per_day,
            ),
        ]
    }
}

/// The last day on which a request is answered in time: a month after it came in (GDPR 12(3)), or
/// six weeks at the police (Wpg 25(1)).
pub(super) fn due_on(covenant: &Covenant, party: &PartyId, received_on: Day) -> Day {
    if is_police(covenant, party) {
        received_on.plus_days(POLICE_DAYS)
    } else {
        received_on.plus_months(1)
    }
}

/// Whether a party answers under the Wpg.
pub(super) fn is_police(covenant: &Covenant, party: &PartyId) -> bool {
    covenant
        .party(party)
        .is_some_and(|party| party.kind == PartyKind::Police)
}

/// Every subject must be such that something can be compared: else it would never be found, and
/// nobody would know.
pub(super) fn comparable(answerable: &Answerable, subjects: &[Sought]) -> Result<(), Refused> {
    let epochs = answerable.all_epochs();
    if epochs.is_empty() {
        let covenant = answerable.covenant().id();
        return Err(Refused::from(Reason::KeyMissing).with("covenant", covenant));
    }
    let mut found = Findings::default();
    for (index, sought) in subjects.iter().enumerate() {
        let subject = &sought.described.normal;
        let derives = |epoch: &KeyEpoch| !answerable.tokens(*epoch, subject).is_empty();
        if !epochs.iter().any(derives) {
            found.rule(
                &format!("subjects[{index}].subject"),
                Rule::NothingToCompare,
            );
        }
    }
    found.into_result()
}

fn limit_reached(now: Timestamp) -> Refused {
    let tomorrow = now.day().plus_days(1).start();
    let wait = u64::try_from(tomorrow.millis_since(now)).unwrap_or(0);
    Refusal::of(Reason::LimitReached)
        .texts(
            "the desk takes in no more cases today; go on tomorrow, or have your operator look at the limits of [rights]",
            "het loket neemt vandaag geen zaken meer aan; ga morgen verder, of laat uw beheerder naar de grenzen in [rights] kijken",
        )
        .retry_after(Duration::from_millis(wait))
        .into()
}
