//! What the tests' broker does for a desk: it finds what it was told to find, and lies where told.

use ledger::outcome::{Basis, Exception, Outcome, Recipient};
use ledger::word::{Code, Reference};
use ledger::{Decided, Kind, NewEntry, Sealed};
use model::{ClauseNo, NoticeId, PartyId, PurposeId, RecallId, RequestId, RoleRef};
use prost::Message as _;
use store::NodeStore;
use tonic::{Request, Response, Status};
use wire::broker_v1::rights_service_server::RightsService;
use wire::broker_v1::{self as pb, connect_response};
use wire::notice::{Receipt, ReceiptEntry};
use wire::reason::Reason;
use wire::type_v1;
use wire::type_v1::recall::Told;

use super::{TestBroker, engine, opening};

/// What the broker does with the next look-ups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Lie {
    /// Answers and logs what it answers.
    #[default]
    Honest,
    /// Shows an entry of somebody else.
    SomebodyElses,
    /// Opens an outcome that was not logged.
    ForgedOutcome,
    /// Says that this party is the source where it is the recipient.
    OtherRole,
    /// Gives no receipt.
    NoReceipt,
    /// Logs another look-up.
    AnotherQuestion,
    /// Goes on for ever.
    Endless,
    /// An entry about a subject that was not asked after.
    NobodyAskedFor,
}

/// What the broker holds for desks.
#[derive(Debug, Default)]
pub(crate) struct DeskState {
    pub(crate) questions: Vec<pb::LookUpQuestion>,
    pub(crate) answers: Vec<pb::RightsAnswer>,
    pub(crate) unlinkings: Vec<pb::Unlinking>,
    pub(crate) passings: Vec<pb::PassingOn>,
    pub(crate) recalled: Vec<pb::RecallAcknowledgement>,
    /// Recalls and passed requests on their way down.
    pub(crate) recalls: Vec<type_v1::Recall>,
    pub(crate) passed: Vec<pb::PassedRequest>,
    pub(crate) lie: Lie,
    /// Refuses look-ups under this epoch, for this reason.
    pub(crate) refuses: Option<(u32, Reason)>,
    /// Whether it leaves what people did about recalls unanswered.
    pub(crate) silent: bool,
    /// Refuses to log an answer.
    pub(crate) log_is_full: bool,
    /// A store that fails as soon as the next call comes in: the node's crash.
    pub(crate) crash: Option<NodeStore>,
    found: Vec<Findable>,
}

#[derive(Debug, Clone)]
struct Findable {
    sealed: Sealed,
    role: pb::EntryRole,
    recall: Option<pb::RecallStanding>,
}

fn party(text: &str) -> PartyId {
    PartyId::parse(text).unwrap()
}

impl TestBroker {
    /// The corporation asked a question with this commitment; one entry for each source in scope.
    pub(crate) fn asked(&self, commitment: &[u8], advice: &str, sources: &[&str]) {
        for source in sources {
            let sealed = self.log(Kind::CheckAnswered, source, commitment, advice.as_bytes());
            self.find(sealed, pb::EntryRole::Recipient, None);
        }
    }

    /// The corporation was told of a match by the municipality.
    pub(crate) fn told(&self) -> u64 {
        let body = serde_json::json!({
            "covenant": "proef", "covenant_digest": self.covenant.to_hex(), "clause": "1.1",
            "purpose": "bezoekveiligheid", "roles": ["corporatie.huismeester"],
            "match_id": RequestId::fresh().to_string(), "shows": ["treffer"], "day": 20_000,
            "own_signals": [], "source": "gemeente", "count": null, "advice": null,
            "contact": null, "categories": [], "duties": [], "promises": [],
            "basis": { "provide": "AVG 6.1.e (Gemeentewet 172)", "receive": "AVG 6.1.c",
                "provide_exception": "", "receive_exception": "", "decision_reference": "" },
        });
        let answer = serde_json::to_vec(&body).unwrap();
        let sealed = self.log(Kind::MatchDecided, "gemeente", b"", &answer);
        self.find(sealed, pb::EntryRole::Recipient, None)
    }

    /// The corporation let the municipality know something.
    pub(crate) fn provided(&self) -> u64 {
        let word = |text: &str| Code::parse(text).unwrap();
        let outcome = Outcome {
            clause: Some(ClauseNo::parse("1.1").unwrap()),
            recipient: Some(Recipient {
                role: RoleRef::parse("gemeente.toezichthouder").unwrap(),
                actor: Some(model::ActorId::parse("andermans-medewerker").unwrap()),
            }),
            purpose: Some(PurposeId::parse("bezoekveiligheid").unwrap()),
            basis: Some(Basis {
                provide: Reference::parse("AVG 6.1.e").unwrap(),
                receive: Reference::parse("AVG 6.1.c").unwrap(),
                exception: Exception::default(),
                decision_ref: None,
            }),
            decision: Some(Decided::Revealed),
            shown: vec![word("treffer"), word("categorie")],
            ..Outcome::of(Kind::MatchDecided, engine())
        };
        let sealed = self.log_entry(NewEntry {
            covenant: Some(self.covenant),
            recipient: Some(party("gemeente")),
            source: Some(party("corporatie")),
            purpose: None,
            request: Vec::new(),
            answer: b"voor de gemeente".to_vec(),
            outcome,
        });
        let standing = pb::RecallStanding {
            sent_on: Some(wire::field::date(crate::testing::today())),
            acknowledged_on: None,
        };
        self.find(sealed, pb::EntryRole::Source, Some(standing))
    }

    fn find(&self, sealed: Sealed, role: pb::EntryRole, recall: Option<pb::RecallStanding>) -> u64 {
        let index = sealed.skeleton.seq;
        self.state().desk.found.push(Findable {
            sealed,
            role,
            recall,
        });
        index
    }

    /// An entry of a right that the corporation used.
    pub(crate) fn rights_receipt(&self, request: &[u8], answer: &[u8]) -> Receipt {
        self.receipt_from(None, request, answer)
    }

    /// The same for what another party passes on to the corporation.
    pub(crate) fn passed_receipt(&self, from: &str, sealed: &[u8]) -> Receipt {
        use sha2::Digest as _;
        self.receipt_from(Some(party(from)), b"", &sha2::Sha256::digest(sealed))
    }

    fn receipt_from(&self, source: Option<PartyId>, request: &[u8], answer: &[u8]) -> Receipt {
        let sealed = self.log_entry(NewEntry {
            covenant: Some(self.covenant),
            recipient: Some(party("corporatie")),
            source,
            purpose: None,
            request: request.to_vec(),
            answer: answer.to_vec(),
            outcome: Outcome::of(Kind::AccessRequestAnswered, engine()),
        });
        self.receipt(vec![sealed])
    }

    /// A recall for the corporation.
    pub(crate) fn recall(&self, told: Told, roles: &[&str]) -> type_v1::Recall {
        let recall = RecallId::fresh();
        let body = serde_json::json!({ "recall_id": recall.to_string(), "reason": "erasure" });
        let receipt = self.rights_receipt(b"", &serde_json::to_vec(&body).unwrap());
        let today = Some(wire::field::date(crate::testing::today()));
        type_v1::Recall {
            id: NoticeId::fresh().to_string(),
            recall_id: recall.to_string(),
            covenant: "proef".to_owned(),
            covenant_digest: self.covenant.as_bytes().to_vec().into(),
            reason: type_v1::RecallReason::Erasure.into(),
            told: Some(told),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            told_on: today,
            day: today,
            reminder: 0,
            kept_until: None,
            receipt: Some(receipt.into()),
        }
    }

    /// Sends recalls and passed requests, on every open stream too.
    pub(crate) fn send_more(&self) {
        self.more.send_replace(());
    }

    pub(super) fn for_the_desk(&self) -> Vec<connect_response::Message> {
        let state = self.state();
        let mut all = Vec::new();
        if !state.desk.recalls.is_empty() {
            let recalls = state.desk.recalls.clone();
            all.push(connect_response::Message::Recalls(pb::RecallBatch {
                recalls,
            }));
        }
        let passed = state.desk.passed.iter().cloned();
        all.extend(passed.map(connect_response::Message::PassedRequest));
        all
    }

    pub(super) fn recall_acknowledged(&self, signed: &pb::Signed) -> Option<pb::TakenMessage> {
        let message = pb::RecallAcknowledgement::decode(signed.payload.clone()).unwrap();
        let request_id = message.header.clone().unwrap().request_id;
        let mut state = self.state();
        state.desk.recalled.push(message);
        (!state.desk.silent).then_some(pb::TakenMessage { request_id })
    }

    fn crashed(&self) {
        if let Some(store) = self.state().desk.crash.take() {
            store.close().unwrap();
        }
    }

    /// What is found from a place on, at most two a page, and where to go on.
    fn page(&self, from: u64) -> (Vec<Findable>, u64) {
        let (all, lie) = {
            let state = self.state();
            (state.desk.found.clone(), state.desk.lie)
        };
        let mut all: Vec<Findable> = all
            .into_iter()
            .filter(|one| one.sealed.skeleton.seq >= from)
            .collect();
        let next = match (lie, all.get(2)) {
            (Lie::Endless, _) => 1,
            (_, Some(one)) => one.sealed.skeleton.seq,
            (_, None) => 0,
        };
        all.truncate(2);
        if lie == Lie::SomebodyElses {
            let sealed = self.log_entry(NewEntry {
                covenant: Some(self.covenant),
                recipient: Some(party("politie")),
                source: Some(party("gemeente")),
                purpose: None,
                request: Vec::new(),
                answer: b"ga-met-twee".to_vec(),
                outcome: Outcome::of(Kind::CheckAnswered, engine()),
            });
            all.push(Findable {
                sealed,
                role: pb::EntryRole::Recipient,
                recall: None,
            });
        }
        (all, next)
    }

    /// Proved under the newest checkpoint.
    fn entry(&self, one: &Findable, lie: Lie) -> pb::LookedUpEntry {
        let proved: ReceiptEntry = self.receipt(vec![one.sealed.clone()]).entries[0].clone();
        let is_source = one.role == pb::EntryRole::Source;
        let mut outcome = is_source.then(|| opening(&one.sealed.outcome));
        if let (Lie::ForgedOutcome, Some(outcome)) = (lie, &mut outcome) {
            outcome.content = Outcome::of(Kind::MatchDecided, engine()).to_json();
        }
        let role = match (lie, one.role) {
            (Lie::OtherRole, pb::EntryRole::Recipient) => wire::word::EntryRole::Source,
            (_, pb::EntryRole::Source) => wire::word::EntryRole::Source,
            _ => wire::word::EntryRole::Recipient,
        };
        let entry = wire::rights::LookedUp {
            entry: ReceiptEntry {
                request: proved.request.filter(|_| !is_source),
                answer: proved.answer.filter(|_| !is_source),
                ..proved
            },
            role,
            outcome,
            recall: None,
            subjects: vec![if lie == Lie::NobodyAskedFor { 9 } else { 0 }],
        };
        pb::LookedUpEntry {
            recall: one.recall,
            ..entry.into()
        }
    }
}

#[tonic::async_trait]
impl RightsService for TestBroker {
    async fn look_up(
        &self,
        request: Request<pb::LookUpRequest>,
    ) -> Result<Response<pb::LookUpResponse>, Status> {
        self.crashed();
        let signed = request.into_inner().question.unwrap();
        let question = pb::LookUpQuestion::decode(signed.payload).unwrap();
        let epoch = question.header.as_ref().unwrap().epoch;
        let lie = {
            let mut state = self.state();
            state.desk.questions.push(question.clone());
            if let Some((_, why)) = state.desk.refuses.filter(|(of, _)| epoch == Some(*of)) {
                return Err(wire::Refusal::of(why).to_status());
            }
            state.desk.lie
        };
        let commitment = match lie {
            Lie::AnotherQuestion => vec![0; 32],
            _ => question.request_commitment.to_vec(),
        };
        // Only the older epoch has entries.
        let (found, mut next_index) = self.page(question.from_index);
        let receipt = self.rights_receipt(&commitment, b"");
        let mut entries: Vec<_> = found.iter().map(|one| self.entry(one, lie)).collect();
        if epoch != Some(1) && lie != Lie::Endless {
            entries.clear();
            next_index = 0;
        }
        Ok(Response::new(wire::answer::pad_look_up(
            pb::LookUpResponse {
                request_id: question.header.unwrap().request_id,
                entries,
                next_index,
                receipt: (lie != Lie::NoReceipt).then(|| receipt.into()),
                padding: Vec::new(),
            },
        )))
    }

    async fn report_answer(
        &self,
        request: Request<pb::ReportAnswerRequest>,
    ) -> Result<Response<pb::ReportAnswerResponse>, Status> {
        self.crashed();
        let signed = request.into_inner().answer.unwrap();
        let answer = pb::RightsAnswer::decode(signed.payload).unwrap();
        let request_id = answer.header.clone().unwrap().request_id;
        if self.state().desk.log_is_full {
            let refusal = wire::Refusal::of(wire::Reason::LogUnavailable);
            return Err(refusal.to_status());
        }
        let receipt = self.rights_receipt(&answer.answer_commitment, b"");
        self.state().desk.answers.push(answer);
        Ok(Response::new(pb::ReportAnswerResponse {
            request_id,
            receipt: Some(receipt.into()),
        }))
    }

    async fn unlink(
        &self,
        request: Request<pb::UnlinkRequest>,
    ) -> Result<Response<pb::UnlinkResponse>, Status> {
        self.crashed();
        let signed = request.into_inner().unlinking.unwrap();
        let unlinking = pb::Unlinking::decode(signed.payload).unwrap();
        let request_id = unlinking.header.clone().unwrap().request_id;
        self.state().desk.unlinkings.push(unlinking);
        Ok(Response::new(pb::UnlinkResponse {
            request_id,
            receipt: Some(self.rights_receipt(b"", b"").into()),
        }))
    }

    async fn pass_on(
        &self,
        request: Request<pb::PassOnRequest>,
    ) -> Result<Response<pb::PassOnResponse>, Status> {
        self.crashed();
        let signed = request.into_inner().passing.unwrap();
        let passing = pb::PassingOn::decode(signed.payload).unwrap();
        let request_id = passing.header.clone().unwrap().request_id;
        self.state().desk.passings.push(passing);
        Ok(Response::new(pb::PassOnResponse {
            request_id,
            receipt: Some(self.rights_receipt(b"", b"").into()),
        }))
    }
}
