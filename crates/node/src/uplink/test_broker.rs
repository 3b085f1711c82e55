//! A broker of the tests: it keeps what it is sent, says what it is told to, and has a real log.

mod audit;
mod lies;
mod rights;

pub(crate) use rights::Lie;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use covenant::Covenant;
use ledger::outcome::{Engine, Outcome};
use ledger::tree::{self, NodeId};
use ledger::word::Code;
use ledger::{Counters, Kind, LogSigner, NewEntry, Placement, Salt, Salts, Sealed};
use model::{Digest, PartyId, Secret, SignalId, Timestamp};
use prost::Message as _;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Request, Response, Status, Streaming};
use wire::audit_v1::disclosure_log_service_server::DisclosureLogServiceServer;
use wire::broker_v1::exchange_service_server::{ExchangeService, ExchangeServiceServer};
use wire::broker_v1::rights_service_server::RightsServiceServer;
use wire::broker_v1::{self as pb, connect_request, connect_response, push_signals_response};
use wire::notice::{Opening, Receipt, ReceiptEntry};
use wire::reason::Reason;
use wire::status::Refusal;
use wire::type_v1;

/// What the broker does with the next questions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Answers and logs what it answers.
    #[default]
    Honest,
    /// Logs another advice than it answers.
    LogsAnother,
    /// Leaves the last source out.
    LeavesOneOut,
    /// Logs another question.
    AnotherQuestion,
    /// Refuses openly.
    Refuses(Refusal),
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) pushed: Vec<pb::PseudonymousSignal>,
    pub(crate) batches: usize,
    pub(crate) withdrawn: Vec<String>,
    /// The epochs of which a node showed the key, as it last connected.
    pub(crate) greeted: Vec<u32>,
    pub(crate) refused_code: Option<String>,
    pub(crate) acknowledged: Vec<String>,
    pub(crate) still_valid: usize,
    pub(crate) notices: Vec<type_v1::Notice>,
    pub(crate) questions: Vec<pb::CheckQuestion>,
    pub(crate) answer: Answer,
    pub(crate) advice: String,
    pub(crate) blocked: Vec<String>,
    /// Size and signature line of every cosignature.
    pub(crate) cosigned: Vec<(u64, String)>,
    pub(crate) refusals: Vec<pb::WitnessRefusal>,
    pub(crate) desk: rights::DeskState,
    /// How many consistency proofs were asked for.
    pub(crate) proofs_asked: usize,
    nodes: BTreeMap<NodeId, Digest>,
    size: u64,
}

/// The broker; cloning shares it.
#[derive(Clone)]
pub(crate) struct TestBroker {
    state: Arc<Mutex<State>>,
    key: Arc<watch::Sender<pb::KeyState>>,
    offered: Arc<watch::Sender<()>>,
    /// There is more for the desk to send down.
    more: Arc<watch::Sender<()>>,
    held: Arc<watch::Sender<bool>>,
    covenant: Digest,
    sources: Vec<PartyId>,
}

impl TestBroker {
    /// A broker of a covenant, in which `asker` may look at the municipality.
    pub(crate) fn of(covenant: &Covenant) -> Self {
        let state = State {
            advice: "geen-advies".to_owned(),
            ..State::default()
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            key: Arc::new(watch::channel(pb::KeyState::Agreed).0),
            offered: Arc::new(watch::channel(()).0),
            more: Arc::new(watch::channel(()).0),
            held: Arc::new(watch::channel(false).0),
            covenant: covenant.digest(),
            sources: vec![PartyId::parse("gemeente").unwrap()],
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// From now on keys stand like this; every open stream is told.
    pub(crate) fn key(&self, state: pb::KeyState) {
        self.key.send_replace(state);
    }

    /// Serves on `address` until the task is aborted.
    pub(crate) async fn serve(
        &self,
        address: SocketAddr,
    ) -> (SocketAddr, tokio::task::JoinHandle<()>) {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (exchange, log, rights) = (self.clone(), self.clone(), self.clone());
        let task = tokio::spawn(async move {
            tonic::transport::Server::builder()
                .add_service(ExchangeServiceServer::new(exchange))
                .add_service(DisclosureLogServiceServer::new(log))
                .add_service(RightsServiceServer::new(rights))
                .serve_with_incoming(TcpListenerStream::new(listener))
                .await
                .unwrap();
        });
        (address, task)
    }

    /// A notice for the corporation about these of its signals, with its entry in the log.
    pub(crate) fn notice(&self, own: &[SignalId], roles: &[&str]) -> type_v1::Notice {
        let entry = self.log(Kind::MatchDecided, "gemeente", b"", b"");
        let receipt = self.receipt(vec![entry]);
        type_v1::Notice {
            id: model::NoticeId::fresh().to_string(),
            kind: type_v1::NoticeKind::Match.into(),
            covenant: "proef".to_owned(),
            covenant_digest: self.covenant.as_bytes().to_vec().into(),
            clause: "1.1".to_owned(),
            purpose: "bezoekveiligheid".to_owned(),
            roles: roles.iter().map(|r| (*r).to_owned()).collect(),
            match_id: SignalId::fresh().to_string(),
            levels: vec![type_v1::RevealLevel::Hit.into()],
            day: Some(wire::field::date(crate::testing::today())),
            own_signals: own
                .iter()
                .map(|id| type_v1::OwnSignal {
                    id: id.to_string(),
                    agreed_keys: 1,
                })
                .collect(),
            source: "gemeente".to_owned(),
            basis: Some(type_v1::LegalBasis::default()),
            receipt: Some(receipt.into()),
            ..type_v1::Notice::default()
        }
    }

    /// Appends an entry for the corporation and gives what opens it.
    fn log(&self, kind: Kind, source: &str, request: &[u8], answer: &[u8]) -> Sealed {
        self.log_entry(NewEntry {
            covenant: Some(self.covenant),
            recipient: Some(PartyId::parse("corporatie").unwrap()),
            source: Some(PartyId::parse(source).unwrap()),
            purpose: None,
            request: request.to_vec(),
            answer: answer.to_vec(),
            outcome: Outcome::of(kind, engine()),
        })
    }

    /// Appends an entry.
    fn log_entry(&self, entry: NewEntry) -> Sealed {
        let mut state = self.state();
        let salt = || Salt::new(model::id::random_32());
        let number = state.size.saturating_add(1);
        let recipient = entry.recipient.as_ref().map(|_| number);
        let source = entry.source.as_ref().map(|_| number);
        let sealed = entry
            .seal(Placement {
                seq: state.size,
                at: Timestamp::from_millis(1_800_000_000_000),
                counters: Counters {
                    recipient,
                    source,
                    purpose: number,
                },
                nonce: model::id::random_32(),
                salts: Salts {
                    request: salt(),
                    answer: salt(),
                    outcome: salt(),
                },
            })
            .unwrap();
        append(&mut state, sealed.leaf_hash);
        sealed
    }

    fn note(state: &State) -> Vec<u8> {
        let root = tree::root(state.size, |id| state.nodes.get(&id).copied()).unwrap();
        let signer = LogSigner::from_seed("log.test", &Secret::new([9; 32])).unwrap();
        signer.sign(state.size, root)
    }

    fn receipt(&self, entries: Vec<Sealed>) -> Receipt {
        let state = self.state();
        let read = |id: NodeId| state.nodes.get(&id).copied();
        let opening = |o: &ledger::Opening| Some(opening(o));
        let entry = |sealed: Sealed| ReceiptEntry {
            index: sealed.skeleton.seq,
            inclusion_proof: tree::inclusion_proof(sealed.skeleton.seq, state.size, read).unwrap(),
            request: opening(&sealed.request),
            answer: opening(&sealed.answer),
            leaf: sealed.leaf,
        };
        Receipt {
            entries: entries.into_iter().map(entry).collect(),
            checkpoint: Self::note(&state),
        }
    }

    fn statuses(&self, hello: &pb::Hello) -> Vec<pb::CovenantWelcome> {
        let keys = |signed: &pb::Signed| {
            let hello = pb::CovenantHello::decode(signed.payload.clone()).unwrap();
            let covenant = hello.header.unwrap().covenant_id;
            self.state().greeted = hello.epochs.iter().map(|key| key.epoch).collect();
            let keys = hello
                .epochs
                .iter()
                .map(|key| self.status(&covenant, key.epoch))
                .collect();
            pb::CovenantWelcome {
                covenant_id: covenant,
                refusal: None,
                keys,
            }
        };
        hello.covenants.iter().map(keys).collect()
    }

    fn status(&self, covenant: &str, epoch: u32) -> pb::KeyStatus {
        pb::KeyStatus {
            covenant_id: covenant.to_owned(),
            epoch,
            state: (*self.key.borrow()).into(),
            blocked_match_keys: self.state().blocked.clone(),
        }
    }

    fn take(&self, request: pb::PushSignalsRequest) -> pb::PushSignalsResponse {
        let batch = pb::PushBatch::decode(request.batch.unwrap().payload).unwrap();
        let mut refused = Vec::new();
        let mut state = self.state();
        state.batches += 1;
        for (index, signal) in batch.signals.into_iter().enumerate() {
            let code = signal.category.as_ref().map(|c| c.code.clone());
            if code.is_some() && code == state.refused_code {
                let status = Refusal::of(Reason::CategoryNotYours).to_message();
                let index = u32::try_from(index).unwrap();
                refused.push(pb::RefusedItem {
                    index,
                    status: Some(status),
                });
            } else if state.pushed.iter().all(|known| known.id != signal.id) {
                state.pushed.push(signal);
            }
        }
        let taken = pb::TakenBatch { taken: 0, refused };
        pb::PushSignalsResponse {
            request_id: batch.header.unwrap().request_id,
            outcome: Some(push_signals_response::Outcome::Taken(taken)),
        }
    }

    async fn converse(
        self,
        mut up: Streaming<pb::ConnectRequest>,
        down: mpsc::Sender<Result<pb::ConnectResponse, Status>>,
    ) -> Option<()> {
        let mut changed = self.key.subscribe();
        let mut offered = self.offered.subscribe();
        let mut more = self.more.subscribe();
        let mut shown = 0;
        let send = async |message| {
            let response = pb::ConnectResponse {
                message: Some(message),
            };
            down.send(Ok(response)).await.ok()
        };
        let Some(connect_request::Message::Hello(hello)) = up.message().await.ok()??.message else {
            return None;
        };
        let verifier = LogSigner::from_seed("log.test", &Secret::new([9; 32])).unwrap();
        let verifier = verifier.verifier().clone();
        let welcome = pb::Welcome {
            software: "test".to_owned(),
            now: None,
            covenants: self.statuses(&hello),
            checkpoint: self.checkpoint(&hello.last_checkpoint),
        };
        if let Some(checkpoint) = &welcome.checkpoint {
            shown = verifier.verify(&checkpoint.note).unwrap().size;
        }
        send(connect_response::Message::Welcome(welcome)).await?;
        let notices = self.state().notices.clone();
        if !notices.is_empty() {
            send(connect_response::Message::Notices(pb::NoticeBatch {
                notices,
            }))
            .await?;
        }
        more.mark_changed();
        loop {
            let message = tokio::select! {
                _ = more.changed() => {
                    for message in self.for_the_desk() {
                        send(message).await?;
                    }
                    continue;
                }
                message = up.message() => message.ok()??.message?,
                _ = offered.changed() => {
                    let checkpoint = self.next_shown(&mut shown);
                    send(connect_response::Message::Checkpoint(checkpoint)).await?;
                    continue;
                }
                _ = changed.changed() => {
                    for epoch in [1, 2] {
                        let status = self.status("proef", epoch);
                        send(connect_response::Message::KeyStatus(status)).await?;
                    }
                    continue;
                }
            };
            if let Some(answer) = self.hear(message) {
                send(answer).await?;
            }
        }
    }

    /// Keeps what a node says; gives the answer where there is one.
    fn hear(&self, message: connect_request::Message) -> Option<connect_response::Message> {
        match message {
            connect_request::Message::NoticeAcknowledgement(signed) => {
                let ack = pb::NoticeAcknowledgement::decode(signed.payload).unwrap();
                self.state().acknowledged.extend(ack.notice_ids);
            }
            connect_request::Message::Cosignature(cosignature) => {
                let pb::Cosignature { size, line } = cosignature;
                self.state().cosigned.push((size, line));
            }
            connect_request::Message::WitnessRefusal(refusal) => {
                self.state().refusals.push(refusal);
            }
            connect_request::Message::StillValid(_) => self.state().still_valid += 1,
            connect_request::Message::RecallAcknowledgement(signed) => {
                let taken = self.recall_acknowledged(&signed);
                return taken.map(connect_response::Message::Taken);
            }
            _ => {}
        }
        None
    }
}

fn engine() -> Engine {
    let word = |text: &str| Code::parse(text).unwrap();
    Engine {
        name: word("test"),
        version: word("1"),
        table_digest: None,
    }
}

fn opening(o: &ledger::Opening) -> Opening {
    Opening {
        salt: *o.salt.as_bytes(),
        content: o.bytes.clone(),
    }
}

fn append(state: &mut State, leaf: Digest) {
    let made = tree::append(state.size, leaf, |id| state.nodes.get(&id).copied()).unwrap();
    state.nodes.extend(made);
    state.size += 1;
}

fn proof(state: &State, from: u64, to: u64) -> Vec<wire::Bytes> {
    let proof = tree::consistency_proof(from, to, |id| state.nodes.get(&id).copied()).unwrap();
    proof
        .iter()
        .map(|hash| hash.as_bytes().to_vec().into())
        .collect()
}

type Answers<T> = ReceiverStream<Result<T, Status>>;

#[tonic::async_trait]
impl ExchangeService for TestBroker {
    type ConnectStream = Answers<pb::ConnectResponse>;
    type PushSignalsStream = Answers<pb::PushSignalsResponse>;

    async fn connect(
        &self,
        request: Request<Streaming<pb::ConnectRequest>>,
    ) -> Result<Response<Self::ConnectStream>, Status> {
        let (down, stream) = mpsc::channel(16);
        let broker = self.clone();
        tokio::spawn(async move { broker.converse(request.into_inner(), down).await });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn push_signals(
        &self,
        request: Request<Streaming<pb::PushSignalsRequest>>,
    ) -> Result<Response<Self::PushSignalsStream>, Status> {
        let (down, stream) = mpsc::channel(16);
        let (broker, mut up) = (self.clone(), request.into_inner());
        tokio::spawn(async move {
            while let Ok(Some(request)) = up.message().await {
                let answer = broker.take(request);
                if down.send(Ok(answer)).await.is_err() {
                    return;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn withdraw_signals(
        &self,
        request: Request<pb::WithdrawSignalsRequest>,
    ) -> Result<Response<pb::WithdrawSignalsResponse>, Status> {
        let signed = request.into_inner().batch.unwrap();
        let batch = pb::WithdrawalBatch::decode(signed.payload).unwrap();
        let ids = batch.withdrawals.into_iter().map(|w| w.signal_id);
        self.state().withdrawn.extend(ids);
        Ok(Response::new(pb::WithdrawSignalsResponse {
            request_id: batch.header.unwrap().request_id,
            outcome: Some(pb::TakenBatch::default()),
        }))
    }

    async fn check(
        &self,
        request: Request<pb::CheckRequest>,
    ) -> Result<Response<pb::CheckResponse>, Status> {
        let signed = request.into_inner().question.unwrap();
        let question = pb::CheckQuestion::decode(signed.payload).unwrap();
        let (answer, advice) = {
            let mut state = self.state();
            state.questions.push(question.clone());
            (state.answer.clone(), state.advice.clone())
        };
        let mut sources = self.sources.clone();
        let mut request = question.request_commitment.to_vec();
        let mut logged = advice.clone().into_bytes();
        match answer {
            Answer::Honest => {}
            Answer::LogsAnother => logged = b"ga-niet".to_vec(),
            Answer::LeavesOneOut => sources = vec![PartyId::parse("politie").unwrap()],
            Answer::AnotherQuestion => request = vec![0; 32],
            Answer::Refuses(refusal) => return Err(refusal.to_status()),
        }
        let sealed = sources
            .iter()
            .map(|source| self.log(Kind::CheckAnswered, source.as_str(), &request, &logged))
            .collect();
        Ok(Response::new(wire::answer::pad(pb::CheckResponse {
            request_id: question.header.unwrap().request_id,
            advice,
            receipt: Some(self.receipt(sealed).into()),
            padding: Vec::new(),
        })))
    }
}
