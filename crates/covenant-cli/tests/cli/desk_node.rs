//! A stand-in for a node's desk: it keeps what it is asked, and answers as it is told to.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use identity::tls::{Acceptor, AcceptorLimits, ServerTls, TlsMaterial};
use model::{Oin, RoleRef};
use sandbox::authority::{Authority, Credential, Request as Certificate, Usage};
use tonic::{Request, Response, Status};
use wire::node_v1 as pb;
use wire::node_v1::notice_service_server::{NoticeService, NoticeServiceServer};
use wire::node_v1::rights_service_server::{RightsService, RightsServiceServer};
use wire::type_v1 as ty;

pub(crate) const CASE: &str = "0192f3a0-5b1c-4d2e-8f34-56789abcdef0";
pub(crate) const SIGNAL: &str = "0192f3a0-5b1c-7d2e-8f34-56789abcdef1";
pub(crate) const RECALL: &str = "0192f3a0-5b1c-4d2e-8f34-56789abcdef2";

/// What was asked, by the method's name, in order.
#[derive(Default)]
pub(crate) struct Asked {
    pub(crate) open: Vec<pb::OpenCaseRequest>,
    pub(crate) confirm: Vec<pb::ConfirmCaseRequest>,
    pub(crate) list: Vec<pb::ListCasesRequest>,
    pub(crate) hold: Vec<pb::HoldBackRequest>,
    pub(crate) apply: Vec<pb::ApplyToSignalsRequest>,
    pub(crate) answer: Vec<pb::AnswerCaseRequest>,
    pub(crate) pass: Vec<pb::PassOnCaseRequest>,
    pub(crate) unlink: Vec<pb::UnlinkEntriesRequest>,
    pub(crate) pseudonyms: Vec<pb::ListPseudonymsRequest>,
    pub(crate) recalls: Vec<pb::ListRecallsRequest>,
    pub(crate) acknowledge: Vec<pb::AcknowledgeRecallRequest>,
    /// What the next calls are answered with instead.
    pub(crate) refusals: Vec<Status>,
}

#[derive(Clone, Default)]
struct Desk(Arc<Mutex<Asked>>);

impl Desk {
    /// Keeps a request; fails where a refusal waits.
    fn keep(&self, keep: impl FnOnce(&mut Asked)) -> Result<(), Status> {
        let mut asked = self.0.lock().unwrap();
        keep(&mut asked);
        asked.refusals.pop().map_or(Ok(()), Err)
    }
}

fn date(year: u32, month: u32, day: u32) -> Option<ty::Date> {
    Some(ty::Date { year, month, day })
}

fn at(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds, nanos: 0 })
}

/// A case in this state.
fn case(state: pb::CaseState) -> Option<pb::Case> {
    let mut case = pb::Case {
        id: CASE.to_owned(),
        covenant: "veilig-op-bezoek-roosdonk".to_owned(),
        kind: pb::CaseKind::Access.into(),
        state: state.into(),
        opened_by: "balie-1".to_owned(),
        opened_at: at(1_795_440_600),
        received_on: date(2026, 11, 20),
        due_on: date(2026, 12, 20),
        reference: "AVG-2026-014".to_owned(),
        ..pb::Case::default()
    };
    if state != pb::CaseState::Open {
        case.confirmed_by = "balie-2".to_owned();
        case.confirmed_at = at(1_795_444_200);
        case.items = vec![item(41, false), item(57, true)];
        case.signals = vec![pb::CaseSignal {
            id: SIGNAL.to_owned(),
            category: "vera:AGR.FYS".to_owned(),
            observed_on: date(2026, 10, 1),
            expires_on: date(2027, 10, 1),
            state: "delivered".to_owned(),
        }];
        case.unknown = vec![pb::UnknownEpoch {
            epoch: 1,
            until: date(2026, 6, 30),
        }];
    }
    Some(case)
}

fn item(index: u64, held: bool) -> pb::CaseItem {
    pb::CaseItem {
        index,
        role: pb::ItemRole::Provided.into(),
        at: at(1_793_000_000),
        other_party: "corporatie".to_owned(),
        purpose: "bezoekveiligheid".to_owned(),
        clause: "3.1".to_owned(),
        shown: vec!["treffer".to_owned(), "handelingsadvies".to_owned()],
        advice: "Ga met twee".to_owned(),
        provided_on: "AVG 6.1.e".to_owned(),
        held_back: held.then(|| pb::HeldBack {
            ground: "UAVG 41.1.d".to_owned(),
            reason: "lopend onderzoek".to_owned(),
            review_on: date(2027, 5, 1),
            told: false,
            actor: "balie-1".to_owned(),
        }),
        subjects: vec![0],
        ..pb::CaseItem::default()
    }
}

#[tonic::async_trait]
impl RightsService for Desk {
    async fn open_case(
        &self,
        request: Request<pb::OpenCaseRequest>,
    ) -> Result<Response<pb::OpenCaseResponse>, Status> {
        self.keep(|asked| asked.open.push(request.into_inner()))?;
        let case = case(pb::CaseState::Open);
        Ok(Response::new(pb::OpenCaseResponse { case }))
    }

    async fn confirm_case(
        &self,
        request: Request<pb::ConfirmCaseRequest>,
    ) -> Result<Response<pb::ConfirmCaseResponse>, Status> {
        self.keep(|asked| asked.confirm.push(request.into_inner()))?;
        let case = case(pb::CaseState::Confirmed);
        Ok(Response::new(pb::ConfirmCaseResponse { case }))
    }

    async fn get_case(
        &self,
        request: Request<pb::GetCaseRequest>,
    ) -> Result<Response<pb::GetCaseResponse>, Status> {
        self.keep(|_| ())?;
        assert_eq!(request.into_inner().case_id, CASE);
        let case = case(pb::CaseState::Confirmed);
        Ok(Response::new(pb::GetCaseResponse { case }))
    }

    /// Two pages of one case.
    async fn list_cases(
        &self,
        request: Request<pb::ListCasesRequest>,
    ) -> Result<Response<pb::ListCasesResponse>, Status> {
        let request = request.into_inner();
        let first = request.page_token.is_empty();
        self.keep(|asked| asked.list.push(request))?;
        Ok(Response::new(pb::ListCasesResponse {
            cases: case(pb::CaseState::Open).into_iter().collect(),
            next_page_token: if first { "2" } else { "" }.to_owned(),
        }))
    }

    async fn hold_back(
        &self,
        request: Request<pb::HoldBackRequest>,
    ) -> Result<Response<pb::HoldBackResponse>, Status> {
        self.keep(|asked| asked.hold.push(request.into_inner()))?;
        let case = case(pb::CaseState::Confirmed);
        Ok(Response::new(pb::HoldBackResponse { case }))
    }

    async fn apply_to_signals(
        &self,
        request: Request<pb::ApplyToSignalsRequest>,
    ) -> Result<Response<pb::ApplyToSignalsResponse>, Status> {
        self.keep(|asked| asked.apply.push(request.into_inner()))?;
        let case = case(pb::CaseState::Confirmed);
        Ok(Response::new(pb::ApplyToSignalsResponse { case }))
    }

    async fn answer_case(
        &self,
        request: Request<pb::AnswerCaseRequest>,
    ) -> Result<Response<pb::AnswerCaseResponse>, Status> {
        self.keep(|asked| asked.answer.push(request.into_inner()))?;
        Ok(Response::new(pb::AnswerCaseResponse {
            answer_json: b"{\"items\":[]}".to_vec().into(),
            letter_nl: "Geachte heer".to_owned(),
            letter_en: "Dear Sir".to_owned(),
            answered_at: at(1_795_530_600),
        }))
    }

    async fn pass_on_case(
        &self,
        request: Request<pb::PassOnCaseRequest>,
    ) -> Result<Response<pb::PassOnCaseResponse>, Status> {
        self.keep(|asked| asked.pass.push(request.into_inner()))?;
        let parties = ["politie", "zorg"].map(str::to_owned).to_vec();
        Ok(Response::new(pb::PassOnCaseResponse { parties }))
    }

    async fn unlink_entries(
        &self,
        request: Request<pb::UnlinkEntriesRequest>,
    ) -> Result<Response<pb::UnlinkEntriesResponse>, Status> {
        self.keep(|asked| asked.unlink.push(request.into_inner()))?;
        let case = case(pb::CaseState::Confirmed);
        Ok(Response::new(pb::UnlinkEntriesResponse { case }))
    }

    async fn list_pseudonyms(
        &self,
        request: Request<pb::ListPseudonymsRequest>,
    ) -> Result<Response<pb::ListPseudonymsResponse>, Status> {
        self.keep(|asked| asked.pseudonyms.push(request.into_inner()))?;
        Ok(Response::new(pb::ListPseudonymsResponse {
            pseudonyms: vec![pb::CasePseudonym {
                epoch: 1,
                match_key: "adres/postcode+huisnummer".to_owned(),
                value: vec![7; 32].into(),
            }],
        }))
    }
}

#[tonic::async_trait]
impl NoticeService for Desk {
    type WatchNoticesStream =
        tokio_stream::wrappers::ReceiverStream<Result<pb::WatchNoticesResponse, Status>>;

    async fn list_notices(
        &self,
        _: Request<pb::ListNoticesRequest>,
    ) -> Result<Response<pb::ListNoticesResponse>, Status> {
        Err(Status::unimplemented("no notices here"))
    }

    async fn watch_notices(
        &self,
        _: Request<pb::WatchNoticesRequest>,
    ) -> Result<Response<Self::WatchNoticesStream>, Status> {
        Err(Status::unimplemented("no notices here"))
    }

    async fn acknowledge_notice(
        &self,
        _: Request<pb::AcknowledgeNoticeRequest>,
    ) -> Result<Response<pb::AcknowledgeNoticeResponse>, Status> {
        Err(Status::unimplemented("no notices here"))
    }

    async fn list_recalls(
        &self,
        request: Request<pb::ListRecallsRequest>,
    ) -> Result<Response<pb::ListRecallsResponse>, Status> {
        self.keep(|asked| asked.recalls.push(request.into_inner()))?;
        let recall = ty::Recall {
            recall_id: RECALL.to_owned(),
            covenant: "veilig-op-bezoek-roosdonk".to_owned(),
            reason: ty::RecallReason::Objection.into(),
            told: Some(ty::recall::Told::CheckRequestId(CASE.to_owned())),
            roles: vec!["corporatie.huismeester".to_owned()],
            told_on: date(2026, 11, 2),
            reminder: 1,
            ..ty::Recall::default()
        };
        Ok(Response::new(pb::ListRecallsResponse {
            recalls: vec![pb::StoredRecall {
                recall: Some(recall),
                received_at: at(1_795_440_600),
                ..pb::StoredRecall::default()
            }],
            next_page_token: String::new(),
        }))
    }

    async fn acknowledge_recall(
        &self,
        request: Request<pb::AcknowledgeRecallRequest>,
    ) -> Result<Response<pb::AcknowledgeRecallResponse>, Status> {
        self.keep(|asked| asked.acknowledge.push(request.into_inner()))?;
        Ok(Response::new(pb::AcknowledgeRecallResponse {
            recall_id: RECALL.to_owned(),
            acknowledged_at: at(1_795_530_600),
        }))
    }
}

/// The stand-in while it runs, and a client's certificate.
pub(crate) struct StandIn {
    asked: Arc<Mutex<Asked>>,
    address: String,
    ca: PathBuf,
    client: Credential,
    pub(crate) folder: tempfile::TempDir,
}

impl StandIn {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let today = model::clock::Clock::now(&model::clock::SystemClock).day();
        let authority = Authority::make("Proef", &folder.path().join("ca.pem"), today).unwrap();
        let oin = Oin::parse("00000099000000001000").unwrap();
        let role = RoleRef::parse("gemeente.balie").unwrap();
        let issue = |usage, name: &str| {
            let request = Certificate {
                oin: &oin,
                name,
                usage,
                roles: std::slice::from_ref(&role),
                valid_days: (-1, 30),
            };
            authority
                .issue(&request, &folder.path().join(name))
                .unwrap()
        };
        let server = issue(Usage::Server, "server");
        let client = issue(Usage::Client, "client");
        let ca = authority.certificate.clone();
        let material =
            TlsMaterial::from_files(&server.cert, &server.key, std::slice::from_ref(&ca)).unwrap();
        let acceptor = Acceptor::bind(
            "127.0.0.1:0".parse().unwrap(),
            ServerTls::new(&material).unwrap(),
            AcceptorLimits::default(),
        )
        .await
        .unwrap();
        let address = acceptor.local_addr().to_string();
        let desk = Desk::default();
        let asked = Arc::clone(&desk.0);
        tokio::spawn(
            tonic::transport::Server::builder()
                .add_service(RightsServiceServer::new(desk.clone()))
                .add_service(NoticeServiceServer::new(desk))
                .serve_with_incoming(acceptor),
        );
        Self {
            asked,
            address,
            ca,
            client,
            folder,
        }
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> std::sync::MutexGuard<'_, Asked> {
        self.asked.lock().unwrap()
    }

    /// Runs `covenant desk` with these words and the way to this node.
    pub(crate) async fn desk(&self, words: &[&str]) -> std::process::Output {
        self.desk_at(&self.address, words).await
    }

    /// The same at another address.
    pub(crate) async fn desk_at(&self, address: &str, words: &[&str]) -> std::process::Output {
        let mut all = vec!["desk".to_owned()];
        all.extend(words.iter().map(|word| (*word).to_owned()));
        for (flag, value) in [
            ("--node", address.to_owned()),
            ("--ca", super::text(&self.ca)),
            ("--cert", super::text(&self.client.cert)),
            ("--key", super::text(&self.client.key)),
        ] {
            all.extend([flag.to_owned(), value]);
        }
        tokio::task::spawn_blocking(move || super::covenant(all))
            .await
            .unwrap()
    }
}
