//! A question before a visit: counted, looked up, decided and logged in one unit, then answered.

use std::sync::Arc;

use covenant::decide::{
    AskerFacts, Asking, Counters, Decision, Duty, Reason as Unmet, Refusal as OpenRefusal,
    RefusalCode, SourceDecision, Standing, answer, may_ask,
};
use covenant::language::words::{LoginLevel, Shows};
use ledger::{Decided as Outcome, Kind, NewEntry};
use model::{Digest, Match, Oin, RequestId, Subject, Timestamp};
use replay::outcome::{About, outcome};
use sha2::{Digest as _, Sha256};
use store::{BrokerTx, Decided, Limit, Logged, Remember, RequestKey, Step, ToldBy};
use wire::reason::Reason;
use wire::statement::CheckQuestion;
use wire::status::Refusal;
use wire::word::AssuranceLevel;

use crate::Broker;
use crate::linking::{self, Grounds, Telling};
use crate::members::Member;
use crate::refusal::{Refused, until_tomorrow};
use crate::versions::Versions;

/// What the asker is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// An advice, `geen-advies` for nothing found and for withheld alike.
    Advice(String),
    /// An open refusal, which depends on the asker alone.
    Refused(Refusal),
}

const METHOD: &str = "Check";

/// Under what the answer to a question of an organisation's is remembered.
pub(crate) fn remembered_under(client: &Oin, id: RequestId) -> RequestKey {
    RequestKey {
        client: client.to_string(),
        method: METHOD.to_owned(),
        id,
    }
}

impl Broker {
    /// Answers one signed question. The same request again gets the same answer.
    ///
    /// # Errors
    /// [`Refused`] when the message itself is not in order; a refusal by the covenant is a
    /// [`Told`], since it is logged.
    pub(crate) async fn check(
        &self,
        member: &Member,
        question: CheckQuestion,
    ) -> Result<Logged<Told>, Refused> {
        let now = self.clock().now();
        self.timely(&question.header, now)?;
        question.header.fresh(now)?;
        self.may_disclose(member.covenant.covenant())?;
        // Without tokens nothing is compared: so a node reports what it refused itself.
        let blocked = if question.subject.tokens.is_empty() {
            Vec::new()
        } else {
            self.key_standing(member, question.epoch)?
        };
        if let Some(key) = question
            .subject
            .tokens
            .iter()
            .find(|token| blocked.iter().any(|name| name == token.key.as_str()))
        {
            return Err(Refusal::of(Reason::KeyMismatch)
                .with("match_key", &key.key)
                .into());
        }
        if question.role.party() != member.party {
            return Err(Refused::at(Reason::RoleNotYours, "role"));
        }
        let unit = Asked {
            key: remembered_under(&member.oin, question.header.request_id),
            hash: content_hash(&question),
            versions: Arc::clone(self.versions()),
            member: member.clone(),
            trace: process::trace::current_trace_id(),
            question,
            now,
        };
        let logged = self.store().commit_step(move |tx| unit.decide(tx)).await?;
        let logged = logged.ok_or(Reason::BrokerFailed)?;
        self.metrics().decided(match logged.disclosure() {
            Told::Advice(_) => "answered",
            Told::Refused(_) => "refused",
        });
        self.once_witnessed(member.covenant.covenant(), logged)
            .await
    }
}

/// What one question's unit of work needs.
struct Asked {
    key: RequestKey,
    hash: Digest,
    versions: Arc<Versions>,
    member: Member,
    trace: Option<String>,
    question: CheckQuestion,
    now: Timestamp,
}

impl Asked {
    /// The answer of before, while it may be held and was not recalled.
    fn again(&self, tx: &BrokerTx) -> Result<Option<Step<Told>>, Refused> {
        let remembered = tx.answered(&self.key, &self.hash)?;
        let Some(remembered) = remembered.filter(|one| one.is_kept_on(self.now.day())) else {
            return Ok(None);
        };
        let advice =
            String::from_utf8(remembered.answer().to_vec()).map_err(|_| Reason::BrokerFailed)?;
        Ok(Some(Step::Again {
            remembered,
            disclosure: Told::Advice(advice),
        }))
    }

    fn decide(self, tx: &mut BrokerTx) -> Result<Step<Told>, Refused> {
        if let Some(again) = self.again(tx)? {
            return Ok(again);
        }
        let header = &self.question.header;
        tx.accept_once(&self.member.oin, &header.nonce, header.expires_at, self.now)?;
        let limits = self.limits();
        let counters = Counters {
            employee_today: next(tx, &limits.employee)?,
            party_today: next(tx, &limits.party)?,
            subject_this_month: limits.subject.iter().try_fold(1, |most, limit| {
                Ok::<u32, Refused>(most.max(next(tx, limit)?))
            })?,
        };
        let asker = AskerFacts {
            role: self.question.role.clone(),
            purpose: self.question.purpose.clone(),
            asking: Asking {
                file_number: self.question.file_number_given,
                motivation: self.question.reason_given,
                login_level: login_level(self.question.login_level),
                counters,
            },
        };
        let active = &self.member.covenant;
        self.still_in_force(tx)?;
        // Read here, on the writer's thread: a suspension that is durable is seen.
        let standing: Standing = self.versions.standing(active.covenant());
        let question = match may_ask(active, &standing, &asker, self.now) {
            Ok(question) => question,
            Err(refusal) => return Ok(Step::Decided(self.refused(&refusal))),
        };
        if self.question.subject.tokens.is_empty() {
            return Err(Refused::at(Reason::FieldRequired, "subject.pseudonyms"));
        }
        tx.count(&limits.employee)?;
        tx.count(&limits.party)?;
        for limit in &limits.subject {
            tx.count(limit)?;
        }
        let names = question.match_keys();
        let mut subject: Subject = self.question.subject.clone();
        subject
            .tokens
            .retain(|token| names.iter().any(|name| name.as_str() == token.key.name()));
        let found = tx.look_up(
            active.covenant().id(),
            self.question.epoch,
            &subject,
            self.now.day(),
        )?;
        let told = answer(active, &standing, question, &found, self.now);
        let advice = told.advice.code.to_owned();
        let body = advice.clone().into_bytes();
        let mut decided = self.logged(told.decisions, &found, advice)?;
        decided.remember = Some(Remember {
            key: self.key,
            hash: self.hash,
            answer: body,
            until: active.covenant().answer_kept_until(
                &self.question.role,
                &self.question.purpose,
                self.now.day(),
            ),
        });
        Ok(Step::Decided(decided))
    }

    /// One entry for each source in scope, with what links it to the subject and what can be recalled.
    fn logged(
        &self,
        decisions: Vec<SourceDecision>,
        found: &Match,
        advice: String,
    ) -> Result<Decided<Told>, Refused> {
        // What the asker can open in the log is the advice's code, and nothing else.
        let body = advice.clone().into_bytes();
        let covenant = self.member.covenant.covenant();
        let mut decided = Decided::for_asker(Vec::new(), Told::Advice(advice));
        for one in decisions {
            let place = decided.entries.len();
            let grounds = Grounds {
                found,
                source: &one.source,
                counted: &one.counted,
            };
            let revealed = one.decision.is_reveal().then_some(&grounds);
            let asked = (covenant.id(), self.question.epoch);
            let link = linking::of_question(asked, &self.question.subject, revealed);
            if let Some((clause, grounds)) = one.decision.clause().zip(revealed) {
                let told = linking::told(self.telling(clause), grounds);
                decided.told.push((place, told));
            }
            let about = (Some(link.commitment()), revealed.and_then(Grounds::content));
            decided.links.push((place, link));
            let entry = self.entry(&one.source, one.decision, &body, about)?;
            decided.entries.push(entry);
        }
        Ok(decided)
    }

    /// Another version may have come into force since the question was admitted, and a clock that
    /// was set back does not undo an end.
    fn still_in_force(&self, tx: &BrokerTx) -> Result<(), Refused> {
        let covenant = self.member.covenant.covenant();
        let digest = covenant.digest();
        let history = tx.covenant_history(covenant.id())?;
        if history.last().is_none_or(|last| last.digest != digest) {
            return Err(Refused::at(
                Reason::CovenantDiffers,
                "header.covenant_digest",
            ));
        }
        let today = self.now.day();
        let looks_good = today >= covenant.valid_from() && today < covenant.valid_until();
        if looks_good && self.versions.has_ended(&digest) {
            let standing = self.versions.standing(covenant);
            if !standing.is_over(self.now) {
                return Err(Reason::CovenantNotActive.into());
            }
        }
        Ok(())
    }

    fn limits(&self) -> Limits {
        let covenant = self.member.covenant.covenant().id().clone();
        let party = self.member.party.clone();
        let day = self.now.day();
        Limits {
            employee: Limit::ActorPerDay {
                covenant: covenant.clone(),
                party: party.clone(),
                actor: self.question.actor.clone(),
                day,
            },
            party: Limit::PartyPerDay {
                covenant: covenant.clone(),
                party: party.clone(),
                day,
            },
            subject: self
                .question
                .subject
                .tokens
                .iter()
                .map(|token| Limit::SubjectPerMonth {
                    covenant: covenant.clone(),
                    party: party.clone(),
                    epoch: self.question.epoch,
                    key: token.key.clone(),
                    pseudonym: token.pseudonym,
                    day,
                })
                .collect(),
        }
    }

    /// The leaf of one source in scope: the same shape found or not, revealed or not.
    fn entry(
        &self,
        source: &model::PartyId,
        decision: Decision,
        answer: &[u8],
        (subject, content): (Option<Digest>, Option<Digest>),
    ) -> Result<NewEntry, Refused> {
        let covenant = self.member.covenant.covenant();
        let said = decision.explanation();
        let decided = match decision {
            Decision::Withhold(_) => Outcome::Withheld,
            Decision::Reveal(permit) => {
                // The advice itself is in the answer; what is left of the permit are its duties.
                permit
                    .project(discharge)
                    .map_err(|Undischarged| Reason::BrokerFailed)?;
                Outcome::Revealed
            }
        };
        Ok(NewEntry {
            covenant: Some(covenant.digest()),
            recipient: Some(self.member.party.clone()),
            source: Some(source.clone()),
            purpose: Some(self.question.purpose.clone()),
            request: self.question.request_commitment.as_bytes().to_vec(),
            answer: answer.to_vec(),
            outcome: outcome(
                covenant,
                &About {
                    subject,
                    content,
                    ..self.about(Kind::CheckAnswered, decided)
                },
                &said,
            ),
        })
    }

    /// To whom an advice is told, and by what.
    fn telling<'a>(&'a self, clause: &'a model::ClauseNo) -> Telling<'a> {
        Telling {
            covenant: self.member.covenant.covenant(),
            clause,
            epoch: self.question.epoch,
            to: &self.member.oin,
            recipient: &self.member.party,
            roles: vec![self.question.role.clone()],
            purpose: &self.question.purpose,
            levels: vec![Shows::Advice],
            by: ToldBy::Check(self.question.header.request_id),
            on: self.now.day(),
        }
    }

    fn refused(&self, refusal: &OpenRefusal) -> Decided<Told> {
        let covenant = self.member.covenant.covenant();
        let about = self.about(Kind::CheckRefused, Outcome::Refused);
        let entry = NewEntry {
            covenant: Some(covenant.digest()),
            recipient: Some(self.member.party.clone()),
            source: None,
            purpose: Some(self.question.purpose.clone()),
            request: self.question.request_commitment.as_bytes().to_vec(),
            answer: refusal.code.as_str().as_bytes().to_vec(),
            outcome: outcome(covenant, &about, &refusal.explanation),
        };
        Decided::for_asker(vec![entry], Told::Refused(open_refusal(refusal, self.now)))
    }

    fn about(&self, kind: Kind, decided: Outcome) -> About {
        About {
            kind,
            transaction: self.question.header.request_id.to_string(),
            trace: self.trace.clone(),
            actor: Some(self.question.actor.clone()),
            decided,
            subject: None,
            content: None,
        }
    }
}

struct Limits {
    employee: Limit,
    party: Limit,
    subject: Vec<Limit>,
}

/// The count with this question included.
fn next(tx: &BrokerTx, limit: &Limit) -> Result<u32, Refused> {
    let count = tx.counted(limit)?.saturating_add(1);
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// A duty that this broker can't take on.
pub(crate) struct Undischarged;

/// What the broker does about each duty at a disclosure. Every one of them stands in the entry's
/// outcome, which is where recording, reporting to the source, sampling and the quarterly report
/// take it from; who informs the subject, and what a correction recalls, follows from it too.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the form that a permit asks for"
)]
pub(crate) fn discharge(duty: Duty) -> Result<(), Undischarged> {
    match duty {
        Duty::Record(_)
        | Duty::ReportToSource(_)
        | Duty::InformSubject(_)
        | Duty::Correct
        | Duty::Sample { .. }
        | Duty::Report(_) => Ok(()),
    }
}

const fn login_level(level: AssuranceLevel) -> LoginLevel {
    match level {
        AssuranceLevel::Low => LoginLevel::Low,
        AssuranceLevel::Substantial => LoginLevel::Substantial,
        AssuranceLevel::High => LoginLevel::High,
    }
}

/// The covenant's refusal in the words of the catalogue.
fn open_refusal(refusal: &OpenRefusal, now: Timestamp) -> Refusal {
    let reason = match refusal.code {
        RefusalCode::CovenantNotActive | RefusalCode::PartyNotConfirmed => {
            Reason::CovenantNotActive
        }
        RefusalCode::PurposeUnknown => Reason::PurposeUnknown,
        RefusalCode::QuestionNotAllowed => Reason::QuestionNotAllowed,
        RefusalCode::FileNumberMissing => Reason::FileNumberMissing,
        RefusalCode::ReasonMissing => Reason::ReasonMissing,
        RefusalCode::LoginLevelTooLow => Reason::LoginLevelTooLow,
        RefusalCode::LimitReached => Reason::LimitReached,
    };
    let told = Refusal::of(reason).texts(
        format!("{}; {}", refusal.reason_en, refusal.remedy_en),
        format!("{}; {}", refusal.reason_nl, refusal.remedy_nl),
    );
    let daily = [Unmet::PerEmployee, Unmet::PerParty];
    let nearest = refusal.unmet.first();
    let told = match nearest.filter(|unmet| daily.contains(&unmet.reason)) {
        Some(_) => told.retry_after(until_tomorrow(now)),
        None => told,
    };
    match &refusal.clause {
        Some(clause) => told.with("clause", clause),
        None => told,
    }
}

/// What makes a request the same request: all that was asked, without what is fresh in every
/// signature.
fn content_hash(question: &CheckQuestion) -> Digest {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(bytes);
    };
    let subject = &question.subject;
    part(b"covenant-broker/check/v1");
    part(question.header.covenant.as_str().as_bytes());
    part(&question.epoch.get().to_be_bytes());
    part(question.actor.as_str().as_bytes());
    part(question.purpose.as_str().as_bytes());
    part(question.role.as_str().as_bytes());
    part(&[
        u8::from(question.file_number_given),
        u8::from(question.reason_given),
    ]);
    part(format!("{:?}", question.login_level).as_bytes());
    part(subject.kind.as_str().as_bytes());
    part(format!("{:?}/{:?}", subject.minor, subject.shielded_address).as_bytes());
    for token in &subject.tokens {
        part(token.key.as_str().as_bytes());
        part(token.pseudonym.as_bytes());
    }
    Digest::new(hash.finalize().into())
}
