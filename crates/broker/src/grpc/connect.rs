//! The long-lived stream of a node: hello, then notices down and acknowledgements up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{CovenantId, NoticeId, Oin};
use store::{Logged, Notice, SignedCheckpoint};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};
use wire::broker_v1::{
    self as proto, ConnectRequest, ConnectResponse, CovenantWelcome, Hello, KeyState, KeyStatus,
    NoticeBatch, PassedRequest, RecallBatch, RefusedMessage, Signed, TakenMessage, Welcome,
    connect_request, connect_response,
};
use wire::reason::Reason;
use wire::recall::RecallAcknowledgement;
use wire::statement::{
    CovenantHello, KeyAnnouncement, KeyConfirmation, NoticeAcknowledgement, StillValid,
};
use wire::status::Refusal;
use wire::type_v1;

use super::{Services, notice, status};
use crate::delivery::Body;
use crate::keys::{KeyReport, KeyStanding};
use crate::members::Member;
use crate::refusal::Refused;

/// How many answers may wait for a slow node before the stream stops reading from it.
const WAITING: usize = 64;

/// Reads the hello, then serves the stream in a task of its own.
pub(super) async fn open(
    services: Services,
    oin: Oin,
    mut incoming: Streaming<ConnectRequest>,
) -> Result<ReceiverStream<Result<ConnectResponse, Status>>, Status> {
    let first = incoming.message().await?;
    let Some(connect_request::Message::Hello(hello)) = first.and_then(|m| m.message) else {
        return Err(status(Reason::HelloRequired));
    };
    let (down, receiver) = mpsc::channel(WAITING);
    let mut stream = Stream {
        services,
        oin,
        members: BTreeMap::new(),
        down,
        sent: 0,
        held: None,
        under_way: BTreeSet::new(),
        known: BTreeMap::new(),
        log_size: 0,
    };
    stream.welcome(hello).await?;
    for member in stream.members.values() {
        stream.services.0.note_hello(member).await;
    }
    tokio::spawn(stream.serve(incoming));
    Ok(ReceiverStream::new(receiver))
}

struct Stream {
    services: Services,
    oin: Oin,
    members: BTreeMap<CovenantId, Member>,
    down: mpsc::Sender<Result<ConnectResponse, Status>>,
    /// The store's number of the last notice that was sent.
    sent: u64,
    /// The number of the first notice that waits for witnesses.
    held: Option<u64>,
    under_way: BTreeSet<NoticeId>,
    /// How the node's keys stood when it was last told.
    known: BTreeMap<(CovenantId, u32), KeyStanding>,
    /// The size of the log in the last checkpoint that was sent.
    log_size: u64,
}

/// What goes down at once.
#[derive(Default)]
struct Parcel {
    notices: Vec<type_v1::Notice>,
    recalls: Vec<type_v1::Recall>,
    passed: Vec<PassedRequest>,
}

impl Parcel {
    /// Puts one thing in; `None` when it does not read back.
    fn put(&mut self, logged: &Logged<Notice>) -> Option<()> {
        match Body::read(&logged.disclosure().body)? {
            Body::Notice(body) => self.notices.push(notice::of(logged, *body)?),
            Body::Recall(body) => self.recalls.push(notice::recall(logged, *body)?),
            Body::Passed(body) => self.passed.push(notice::passed(logged, body)?),
        }
        Some(())
    }

    fn messages(self) -> Vec<connect_response::Message> {
        let Self {
            notices,
            recalls,
            passed,
        } = self;
        let notices = (!notices.is_empty())
            .then_some(connect_response::Message::Notices(NoticeBatch { notices }));
        let recalls = (!recalls.is_empty())
            .then_some(connect_response::Message::Recalls(RecallBatch { recalls }));
        let passed = passed
            .into_iter()
            .map(connect_response::Message::PassedRequest);
        notices.into_iter().chain(recalls).chain(passed).collect()
    }
}

impl Stream {
    async fn welcome(&mut self, hello: Hello) -> Result<(), Status> {
        let broker = Arc::clone(&self.services.0);
        let mut covenants = Vec::with_capacity(hello.covenants.len());
        for signed in hello.covenants.iter().take(wire::limit::COVENANTS) {
            covenants.push(self.covenant_welcome(signed));
        }
        let seen = broker.witness(&hello.last_checkpoint)?;
        let checkpoint = self.checkpoint(seen)?;
        let now = broker.clock().now();
        self.send(connect_response::Message::Welcome(Welcome {
            software: concat!("covenant-broker/", env!("CARGO_PKG_VERSION")).to_owned(),
            now: Some(wire::field::timestamp(now)),
            covenants,
            checkpoint: Some(checkpoint),
        }))
        .await
        .map_err(|Gone| status(Reason::Stopping))
    }

    fn covenant_welcome(&mut self, signed: &Signed) -> CovenantWelcome {
        let mut covenant_id = String::new();
        match self.take_hello(signed, &mut covenant_id) {
            Ok(reports) => CovenantWelcome {
                covenant_id,
                refusal: None,
                keys: reports
                    .into_iter()
                    .map(|report| self.note(report))
                    .collect(),
            },
            Err(refused) => CovenantWelcome {
                covenant_id,
                refusal: Some(refused.0.to_message()),
                keys: Vec::new(),
            },
        }
    }

    fn take_hello(
        &mut self,
        signed: &Signed,
        covenant_id: &mut String,
    ) -> Result<Vec<KeyReport>, Refused> {
        let broker = Arc::clone(&self.services.0);
        let message: proto::CovenantHello =
            self.services
                .open(&self.oin, Some(signed), "hello.covenants")?;
        let hello = CovenantHello::try_from(message).map_err(Refusal::from)?;
        hello.header.covenant.as_str().clone_into(covenant_id);
        let member = broker.members().admit(&self.oin, &hello.header)?;
        let reports = broker.hello(&member, hello)?;
        self.members
            .insert(member.covenant.covenant().id().clone(), member);
        Ok(reports)
    }

    async fn serve(mut self, mut incoming: Streaming<ConnectRequest>) {
        let broker = Arc::clone(&self.services.0);
        let _connected = broker.metrics().connected();
        let mut wake = broker.news();
        wake.mark_changed();
        let mut offers = broker.offers();
        offers.mark_changed();
        loop {
            let step = tokio::select! {
                () = broker.stopping().cancelled() => Err(Gone),
                news = wake.changed() => match news {
                    Ok(()) => self.tell_news().await,
                    Err(_) => Err(Gone),
                },
                offered = offers.changed() => match offered {
                    Ok(()) => {
                        let offered = offers.borrow_and_update().clone();
                        self.offer(offered).await
                    }
                    Err(_) => Err(Gone),
                },
                message = incoming.message() => match message {
                    Ok(Some(ConnectRequest { message: Some(message) })) => self.take(message).await,
                    Ok(Some(ConnectRequest { message: None })) => Ok(()),
                    Ok(None) | Err(_) => Err(Gone),
                },
            };
            if let Err(Gone) = step {
                break;
            }
        }
        tracing::debug!("a node's stream ended");
    }

    /// Takes one message of the node, and says what became of it.
    async fn take(&mut self, message: connect_request::Message) -> Result<(), Gone> {
        let mut request_id = String::new();
        let outcome = self.take_message(message, &mut request_id).await;
        let answer = match outcome {
            Ok(()) => connect_response::Message::Taken(TakenMessage { request_id }),
            Err(refused) => {
                tracing::info!(reason = %refused.reason(), "a node's message was refused");
                connect_response::Message::Refused(RefusedMessage {
                    request_id,
                    status: Some(refused.0.to_message()),
                })
            }
        };
        self.send(answer).await?;
        self.tell_notices().await
    }

    async fn take_message(
        &mut self,
        message: connect_request::Message,
        request_id: &mut String,
    ) -> Result<(), Refused> {
        let broker = Arc::clone(&self.services.0);
        match message {
            connect_request::Message::Hello(_) => Err(Reason::FieldInvalid.into()),
            connect_request::Message::NoticeAcknowledgement(signed) => {
                let message: proto::NoticeAcknowledgement =
                    self.services
                        .open(&self.oin, Some(&signed), "notice_acknowledgement")?;
                let taken = NoticeAcknowledgement::try_from(message).map_err(Refusal::from)?;
                *request_id = taken.header.request_id.to_string();
                broker.members().admit_to_answer(&self.oin, &taken.header)?;
                for id in &taken.notices {
                    self.under_way.remove(id);
                }
                broker.acknowledge(&self.oin, taken).await
            }
            connect_request::Message::StillValid(signed) => {
                let message: proto::StillValid =
                    self.services
                        .open(&self.oin, Some(&signed), "still_valid")?;
                let statement = StillValid::try_from(message).map_err(Refusal::from)?;
                *request_id = statement.header.request_id.to_string();
                let member = broker.members().admit(&self.oin, &statement.header)?;
                broker.still_valid(&member, statement).await
            }
            connect_request::Message::KeyAnnouncement(signed) => {
                let message: proto::KeyAnnouncement =
                    self.services
                        .open(&self.oin, Some(&signed), "key_announcement")?;
                let announcement = KeyAnnouncement::try_from(message).map_err(Refusal::from)?;
                *request_id = announcement.header.request_id.to_string();
                let member = broker.members().admit(&self.oin, &announcement.header)?;
                broker
                    .announce(&member, announcement, signed.payload.to_vec())
                    .await
            }
            connect_request::Message::KeyConfirmation(signed) => {
                let message: proto::KeyConfirmation =
                    self.services
                        .open(&self.oin, Some(&signed), "key_confirmation")?;
                let confirmation = KeyConfirmation::try_from(message).map_err(Refusal::from)?;
                *request_id = confirmation.header.request_id.to_string();
                let member = broker.members().admit(&self.oin, &confirmation.header)?;
                broker.confirm(&member, &confirmation)
            }
            connect_request::Message::RecallAcknowledgement(signed) => {
                let message: proto::RecallAcknowledgement =
                    self.services
                        .open(&self.oin, Some(&signed), "recall_acknowledgement")?;
                let taken = RecallAcknowledgement::try_from(message).map_err(Refusal::from)?;
                *request_id = taken.header.request_id.to_string();
                let member = broker.members().admit_to_answer(&self.oin, &taken.header)?;
                broker.recall_acknowledged(&member, taken).await
            }
            connect_request::Message::Cosignature(cosignature) => {
                let proto::Cosignature { size, line } = cosignature;
                broker.cosigned(&self.oin, size, &line).await
            }
            connect_request::Message::WitnessRefusal(refusal) => {
                broker.witness_refused(&self.oin, &refusal.seen).await
            }
        }
    }

    /// Asks the node to cosign a checkpoint. One that is older than what this stream has shown is
    /// not sent: the next offer is newer.
    async fn offer(&mut self, offered: Option<SignedCheckpoint>) -> Result<(), Gone> {
        let Some(offered) = offered.filter(|offered| offered.size >= self.log_size) else {
            return Ok(());
        };
        let proof = match self.services.0.proof_of(self.log_size, offered.size) {
            Ok(proof) => proof,
            Err(refused) => {
                tracing::error!(reason = %refused.reason(), "the log can't be read");
                return Ok(());
            }
        };
        self.log_size = offered.size;
        self.send(connect_response::Message::Checkpoint(proto::Checkpoint {
            note: offered.note.into(),
            consistency_proof: proof,
        }))
        .await
    }

    /// Something changed: keys, notices or the log.
    async fn tell_news(&mut self) -> Result<(), Gone> {
        self.tell_keys().await?;
        self.tell_notices().await
    }

    async fn tell_keys(&mut self) -> Result<(), Gone> {
        let broker = Arc::clone(&self.services.0);
        let members: Vec<Member> = self.members.values().cloned().collect();
        for member in members {
            // Of a covenant that is over since the hello no key stands any way.
            let id = member.covenant.covenant().id();
            if broker.members().covenant(id).is_none() {
                continue;
            }
            let Ok(reports) = broker.key_reports(&member) else {
                continue;
            };
            for report in reports {
                let place = (report.covenant.clone(), report.epoch.get());
                if self.known.get(&place) != Some(&report.standing) {
                    let status = self.note(report);
                    self.send(connect_response::Message::KeyStatus(status))
                        .await?;
                }
            }
        }
        Ok(())
    }

    /// Sends notices that were not sent on this stream, as far as the window allows.
    async fn tell_notices(&mut self) -> Result<(), Gone> {
        let broker = Arc::clone(&self.services.0);
        if let Some(held) = self.held.take() {
            self.sent = self.sent.min(held.saturating_sub(1));
        }
        loop {
            let room = broker.window().saturating_sub(self.under_way.len());
            if room == 0 {
                return Ok(());
            }
            let pending = match broker.pending(&self.oin, self.sent, room) {
                Ok(pending) if pending.is_empty() => return Ok(()),
                Ok(pending) => pending,
                Err(refused) => {
                    tracing::error!(reason = %refused.reason(), "notices can't be read");
                    return Ok(());
                }
            };
            let going = self.may_go(pending);
            self.hand_over(going).await?;
        }
    }

    /// What of this may go to the node now. What is passed over waits for the next look.
    fn may_go(&mut self, pending: Vec<Logged<Notice>>) -> Vec<Logged<Notice>> {
        let broker = Arc::clone(&self.services.0);
        let mut going = Vec::with_capacity(pending.len());
        for logged in pending {
            let (number, id) = (logged.disclosure().number, logged.disclosure().id);
            self.sent = self.sent.max(number);
            // Its covenant may have ended since: then it is on its way out of the store too.
            if self.under_way.contains(&id) || !broker.may_tell(logged.disclosure()) {
                continue;
            }
            let logged = broker.if_witnessed(logged).unwrap_or_else(|refused| {
                tracing::error!(reason = %refused.reason(), "a notice can't be proved");
                None
            });
            match logged {
                Some(logged) => going.push(logged),
                None => self.hold(number),
            }
        }
        going
    }

    /// From this number on it is looked again.
    fn hold(&mut self, number: u64) {
        self.held = Some(self.held.map_or(number, |held| held.min(number)));
    }

    /// Sends these, once it is on disk that the node may have them.
    async fn hand_over(&mut self, going: Vec<Logged<Notice>>) -> Result<(), Gone> {
        let broker = Arc::clone(&self.services.0);
        if going.is_empty() {
            return Ok(());
        }
        let ids = going.iter().map(|logged| logged.disclosure().id).collect();
        let waiting = match broker.hand_out(&self.oin, ids).await {
            Ok(waiting) => waiting,
            Err(refused) => {
                tracing::error!(reason = %refused.reason(), "notices wait");
                for logged in &going {
                    self.hold(logged.disclosure().number);
                }
                return Ok(());
            }
        };
        let mut parcel = Parcel::default();
        for logged in going {
            let id = logged.disclosure().id;
            if !waiting.contains(&id) {
                continue;
            }
            self.under_way.insert(id);
            if parcel.put(&logged).is_none() {
                tracing::error!("a stored notice does not read back");
            }
        }
        broker.metrics().notices(
            "sent",
            u64::try_from(parcel.notices.len()).unwrap_or(u64::MAX),
        );
        for message in parcel.messages() {
            self.send(message).await?;
        }
        Ok(())
    }

    fn note(&mut self, report: KeyReport) -> KeyStatus {
        let KeyReport {
            covenant,
            epoch,
            standing,
        } = report;
        let (state, blocked) = match &standing {
            KeyStanding::Waiting => (KeyState::WaitingForReference, Vec::new()),
            KeyStanding::Agreed => (KeyState::Agreed, Vec::new()),
            KeyStanding::Blocked(keys) => (
                KeyState::Blocked,
                keys.iter().map(|k| k.as_str().to_owned()).collect(),
            ),
        };
        let status = KeyStatus {
            covenant_id: covenant.as_str().to_owned(),
            epoch: epoch.get(),
            state: state.into(),
            blocked_match_keys: blocked,
        };
        self.known.insert((covenant, epoch.get()), standing);
        status
    }

    fn checkpoint(&mut self, from: u64) -> Result<proto::Checkpoint, Refused> {
        let (note, proof, size) = self.services.0.checkpoint_since(from)?;
        self.log_size = size;
        Ok(proto::Checkpoint {
            note: note.into(),
            consistency_proof: proof,
        })
    }

    async fn send(&self, message: connect_response::Message) -> Result<(), Gone> {
        let response = ConnectResponse {
            message: Some(message),
        };
        self.down.send(Ok(response)).await.map_err(|_| Gone)
    }
}

/// The node went away.
struct Gone;
