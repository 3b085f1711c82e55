//! A question before a visit: asked of the broker, verified, and only then answered in words.

use std::sync::Arc;

use covenant::decide::{AskerFacts, Asking, Counters, Question, may_ask};
use covenant::language::words::LoginLevel;
use ledger::kind::Class;
use ledger::opening::{Salt, content_commitment};
use model::clock::{Clock, Stopwatch};
use model::{
    ActorId, Digest, KeyEpoch, MatchKeyId, MatchKeyName, PartyId, PurposeId, RequestId, RoleRef,
    Subject, Timestamp,
};
use store::NodeStore;
use wire::limit;
use wire::notice::Receipt;
use wire::statement::CheckQuestion;
use wire::word::AssuranceLevel;

use crate::caller::Caller;
use crate::covenants::{Active, Covenants};
use crate::intake::{Described, Findings, SubjectDraft, check_subject, request_key};
use crate::keys::Epoch;
use crate::link::{KeyStanding, Link};
use crate::log::{Followed, Log};
use crate::metrics::NodeMetrics;
use crate::refusal::{Reason, Refused};
use crate::uplink::{Answered, Broker};
use crate::vault::Vault;

mod keeping;
mod words;

use self::keeping::Asking as Kept;
pub(crate) use self::keeping::{answer_name, asked_name, outside_name, receipt_name};
use self::words::{in_words, nothing_to_compare, open_refusal};

const METHOD: &str = "covenant.node.v1.CheckService/CheckVisit";

/// The use case of a check.
#[derive(Debug, Clone)]
pub struct Checks {
    /// This party.
    pub party: PartyId,
    /// How surely askers are logged in.
    pub login_level: LoginLevel,
    /// The covenants with their keys.
    pub covenants: Arc<Covenants>,
    /// Encryption of what is kept.
    pub vault: Arc<Vault>,
    /// Durable state.
    pub store: NodeStore,
    /// How the keys stand.
    pub link: Link,
    /// The log that answers rest on.
    pub log: Arc<Log>,
    /// Who is asked.
    pub broker: Broker,
    /// Counters.
    pub metrics: NodeMetrics,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How long receipts are kept, in days.
    pub receipt_days: i32,
}

/// A question as it came in.
#[derive(Clone, PartialEq, Eq)]
pub struct Visit {
    /// `request_id`.
    pub request_id: String,
    /// `covenant`.
    pub covenant: String,
    /// `purpose`.
    pub purpose: String,
    /// `actor`.
    pub actor: String,
    /// `role`.
    pub role: String,
    /// `file_number`; empty when not given.
    pub file_number: String,
    /// `reason`; empty when not given.
    pub reason: String,
    /// `subject`; `None` when missing.
    pub subject: Option<SubjectDraft>,
    /// The exact question, to which the node commits.
    pub content: Vec<u8>,
}

impl std::fmt::Debug for Visit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Visit(..)")
    }
}

/// The answer in words, with its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advised {
    /// The advice's code.
    pub advice: String,
    /// In Dutch.
    pub text_nl: String,
    /// In English.
    pub text_en: String,
    /// The proof, which was verified.
    pub receipt: Receipt,
}

/// A question whose every field is well formed.
struct Asked {
    request: RequestId,
    active: Active,
    purpose: PurposeId,
    actor: ActorId,
    role: RoleRef,
    subject: Described,
}

/// What the log must say about an answer.
struct Expected {
    covenant: Digest,
    /// Every source in scope of the question, sorted: one leaf each, found or not.
    sources: Vec<PartyId>,
    commitment: Digest,
}

impl Checks {
    /// Asks. What comes back is the same for "nothing known" and "not revealed", and took the same
    /// way through this code.
    ///
    /// # Errors
    /// [`Refused`]: wrong fields, an asker who may not ask, a broker that does not answer, or a
    /// proof that does not hold.
    pub async fn visit(&self, caller: &Caller, visit: Visit) -> Result<Advised, Refused> {
        let watch = Stopwatch::start();
        let outcome = self.visit_uncounted(caller, visit).await;
        self.metrics
            .checked(outcome.as_ref().err(), watch.elapsed().as_secs_f64());
        outcome
    }

    async fn visit_uncounted(&self, caller: &Caller, visit: Visit) -> Result<Advised, Refused> {
        let now = self.clock.now();
        let asked = self.asked(caller, &visit, now)?;
        let hash = Digest::new(self.vault.recognise(&[b"visit", &visit.content]));
        let key = request_key(caller, METHOD, asked.request);
        if let Some(before) = self.answered(&key, &hash, now.day())? {
            return Ok(before);
        }
        let facts = AskerFacts {
            role: asked.role.clone(),
            purpose: asked.purpose.clone(),
            asking: Asking {
                file_number: !visit.file_number.trim().is_empty(),
                motivation: !visit.reason.trim().is_empty(),
                login_level: self.login_level,
                counters: Counters {
                    employee_today: 1,
                    party_today: 1,
                    subject_this_month: 1,
                },
            },
        };
        let question = match self.may_ask(&asked.active, &facts, now) {
            Ok(question) => question,
            Err(refused) => {
                self.report(caller, &asked, &facts, &visit.content).await;
                return Err(refused);
            }
        };
        let (epoch, subject) = self.compared(&asked, &question)?;
        let message = self.question(caller, &asked, &facts, (epoch, subject), &visit.content);
        let expected = Expected {
            covenant: asked.active.covenant().digest(),
            sources: question.sources_in_scope(),
            commitment: message.request_commitment,
        };
        let kept = Kept {
            key,
            hash,
            outside: message.header.request_id,
            commitment: message.request_commitment,
            purpose: asked.purpose.clone(),
        };
        let answered = self.broker.check(message).await?;
        let followed = self.verify(&asked.active, &expected, &answered).await?;
        let advised = in_words(&asked.active, answered)?;
        let ends = self.ends(&asked.active, &asked.role, &asked.purpose, now);
        self.keep(kept, &advised, followed, (now, ends)).await?;
        Ok(advised)
    }

    fn asked(&self, caller: &Caller, visit: &Visit, now: Timestamp) -> Result<Asked, Refused> {
        let mut found = Findings::default();
        let request = found.request_id("request_id", &visit.request_id);
        let purpose = required(&mut found, "purpose", &visit.purpose, PurposeId::parse);
        let actor = required(&mut found, "actor", &visit.actor, ActorId::parse);
        let role = required(&mut found, "role", &visit.role, RoleRef::parse);
        found.longest("file_number", &visit.file_number, limit::FILE_NUMBER_CHARS);
        found.longest("reason", &visit.reason, limit::REASON_CHARS);
        let subject = match &visit.subject {
            Some(subject) => check_subject(subject, "subject", now, &mut found),
            None => {
                found.required("subject");
                None
            }
        };
        if visit.covenant.is_empty() {
            found.required("covenant");
        }
        let (Some(request), Some(purpose), Some(actor), Some(role), Some(subject), true) =
            (request, purpose, actor, role, subject, found.is_empty())
        else {
            return Err(found.into());
        };
        if role.party() != self.party || !caller.has(&role) {
            return Err(Refused::from(Reason::RoleNotYours).with("field", "role"));
        }
        let active = self.covenants.named(&visit.covenant, "covenant", now)?;
        Ok(Asked {
            request,
            active,
            purpose,
            actor,
            role,
            subject,
        })
    }

    /// What depends on the asker alone is refused here already. Only the broker has the counters
    /// and knows who confirmed: both are taken to be in order here.
    fn may_ask(
        &self,
        active: &Active,
        facts: &AskerFacts,
        now: Timestamp,
    ) -> Result<Question, Refused> {
        let mut standing = self.covenants.standing(active.covenant());
        for party in active.covenant().parties().keys() {
            standing.confirm(party, now);
        }
        may_ask(active.signed(), &standing, facts, now).map_err(|refusal| open_refusal(&refusal))
    }

    fn question(
        &self,
        caller: &Caller,
        asked: &Asked,
        facts: &AskerFacts,
        (epoch, subject): (KeyEpoch, Subject),
        content: &[u8],
    ) -> CheckQuestion {
        let covenant = asked.active.covenant();
        // The same question again has the same id and commitment outside, so that the broker
        // counts and answers it once.
        let client = caller.client.as_bytes();
        let parts = |label| [label, client, asked.request.as_bytes().as_slice(), content];
        let request = self.vault.request_id(&parts(b"outside"));
        let salt = Salt::new(self.vault.recognise(&parts(b"salt")));
        let speaker = self.broker.speaker();
        CheckQuestion {
            header: speaker.header(covenant.id(), covenant.digest(), request),
            epoch,
            actor: asked.actor.clone(),
            purpose: asked.purpose.clone(),
            role: asked.role.clone(),
            file_number_given: facts.asking.file_number,
            reason_given: facts.asking.motivation,
            login_level: assurance(self.login_level),
            subject,
            request_commitment: content_commitment(&salt, content),
        }
    }

    /// What was refused here stands in the log all the same: the broker comes to the same refusal
    /// and logs it. No token leaves for it, and nothing that it answers changes the refusal.
    async fn report(&self, caller: &Caller, asked: &Asked, facts: &AskerFacts, content: &[u8]) {
        let epochs = asked.active.epochs();
        let epoch = epochs.first().map_or(KeyEpoch::FIRST, Epoch::number);
        let subject = Subject {
            kind: asked.subject.normal.kind(),
            minor: asked.subject.minor,
            shielded_address: asked.subject.shielded_address,
            tokens: Vec::new(),
        };
        let message = self.question(caller, asked, facts, (epoch, subject), content);
        if let Err(answer) = self.broker.check(message).await
            && answer.reason() == Reason::BrokerUnreachable
        {
            tracing::warn!("a refused question could not be reported to the log");
        }
    }

    fn compared(&self, asked: &Asked, question: &Question) -> Result<(KeyEpoch, Subject), Refused> {
        let named = |names: Vec<MatchKeyName>| {
            move |key: &MatchKeyId| names.iter().any(|name| name.as_str() == key.name())
        };
        let looked_up = named(question.match_keys());
        let judged = named(question.judged_by());
        self.subject(&asked.active, &asked.subject, looked_up, judged)
    }

    /// The subject's tokens under the oldest epoch that agrees with the reference: while a newer
    /// one is being filled, only the older one is complete. Without a token that is `judged`, the
    /// others could bring no answer.
    fn subject(
        &self,
        active: &Active,
        described: &Described,
        looked_up: impl Fn(&MatchKeyId) -> bool,
        judged: impl Fn(&MatchKeyId) -> bool,
    ) -> Result<(KeyEpoch, Subject), Refused> {
        let covenant = active.covenant().id();
        let mut why = Refused::from(Reason::KeyMissing);
        for epoch in active.epochs() {
            let blocked = match self.link.key(covenant, epoch.number()) {
                Some(KeyStanding::Waiting) => {
                    why = Reason::KeyWaiting.into();
                    continue;
                }
                Some(KeyStanding::Blocked(keys)) => keys,
                Some(KeyStanding::Agreed) | None => std::collections::BTreeSet::new(),
            };
            let tokens = tokens(epoch, described, &looked_up);
            if !tokens.iter().any(|token| judged(&token.key)) {
                return Err(nothing_to_compare(active));
            }
            let tokens: Vec<_> = tokens
                .into_iter()
                .filter(|t| !blocked.contains(&t.key))
                .collect();
            if !tokens.iter().any(|token| judged(&token.key)) {
                why = Reason::KeyMismatch.into();
                continue;
            }
            let subject = Subject {
                kind: described.normal.kind(),
                minor: described.minor,
                shielded_address: described.shielded_address,
                tokens,
            };
            return Ok((epoch.number(), subject));
        }
        Err(why.with("covenant", covenant))
    }

    /// The answer stands in the log, is about this question, leaves no source out, and the log is
    /// the one seen before.
    async fn verify(
        &self,
        asked: &Active,
        expected: &Expected,
        answered: &Answered,
    ) -> Result<Followed, Refused> {
        let verified = self.log.verify(&answered.receipt)?;
        let about_us = verified.leaves.iter().all(|leaf| {
            leaf.class == Class::Decision
                && leaf.covenant == Some(expected.covenant)
                && leaf.recipient.as_ref() == Some(&self.party)
        });
        let mut sources: Vec<_> = verified
            .leaves
            .iter()
            .map(|leaf| leaf.source.clone())
            .collect();
        sources.sort();
        let every_source = sources
            .iter()
            .map(Option::as_ref)
            .eq(expected.sources.iter().map(Some));
        let about_this = answered.receipt.entries.iter().all(|entry| {
            let request = entry.request.as_ref().map(|o| o.content.as_slice());
            let answer = entry.answer.as_ref().map(|o| o.content.as_slice());
            request == Some(expected.commitment.as_bytes())
                && answer == Some(answered.advice.as_bytes())
        });
        if !about_us || !every_source || !about_this {
            tracing::error!("the receipt is of another question or answer; it is not shown");
            return Err(Reason::ReceiptInvalid.into());
        }
        self.log
            .sufficiently_witnessed(asked.covenant(), &answered.receipt.checkpoint)?;
        let broker = self.broker.clone();
        self.log
            .follow(&answered.receipt.checkpoint, async move |from, to| {
                broker.consistency(from, to).await
            })
            .await
    }
}

fn tokens(
    epoch: &Epoch,
    described: &Described,
    wanted: impl Fn(&MatchKeyId) -> bool,
) -> Vec<model::Token> {
    let mut tokens = epoch.derive(&described.normal);
    tokens.retain(|token| wanted(&token.key));
    tokens
}

fn required<T>(
    found: &mut Findings,
    path: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, model::name::NameError>,
) -> Option<T> {
    if text.is_empty() {
        found.required(path);
        return None;
    }
    found.named(path, parse(text))
}

const fn assurance(level: LoginLevel) -> AssuranceLevel {
    match level {
        LoginLevel::Low => AssuranceLevel::Low,
        LoginLevel::Substantial => AssuranceLevel::Substantial,
        LoginLevel::High => AssuranceLevel::High,
    }
}
