//! The uplink, notices and checks against a broker of the tests, over real gRPC on loopback.

use std::net::SocketAddr;
use std::time::Duration;

use model::{KeyEpoch, SignalId};
use store::OutsideId;
use tokio::sync::watch;
use wire::broker_v1 as pb;
use wire::status::Refusal;

use super::test_broker::{Answer, TestBroker};
use super::*;
use crate::caller::Caller;
use crate::checks::{Advised, Checks, Visit};
use crate::intake::{Draft, Filter, State, Submission, Withdrawal};
use crate::notices::{Acknowledgement, NoticeFilter};
use crate::refusal::{Reason, Refused};
use crate::testing::{World, address, caller, draft, subject, submission};

/// A node of the corporation whose uplink runs, and its broker.
struct Pair {
    world: World,
    broker: TestBroker,
    checks: Checks,
    inbox: Inbox,
    stop: CancellationToken,
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Pair {
    async fn new() -> Self {
        let (world, broker) = Self::parts();
        let address = broker.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await.0;
        Self::at(world, broker, address)
    }

    fn parts() -> (World, TestBroker) {
        let world = World::of("corporatie", 1_000);
        let active = world.intake.covenants.all_active(world.now());
        let broker = TestBroker::of(active[0].covenant());
        (world, broker)
    }

    fn at(world: World, broker: TestBroker, address: SocketAddr) -> Self {
        let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{address}"));
        let channel = endpoint.unwrap().connect_lazy();
        let intake = &world.intake;
        let client = Broker::new(channel, intake.speaker.clone(), Duration::from_secs(5));
        let signer = ledger::LogSigner::from_seed("log.test", &model::Secret::new([9; 32]));
        let verifier = signer.unwrap().verifier().clone();
        let log = Log::open(verifier, intake.store.clone(), intake.metrics.clone()).unwrap();
        let log = Arc::new(log);
        let checks = Checks {
            party: intake.party.clone(),
            login_level: covenant::language::words::LoginLevel::Low,
            covenants: Arc::clone(&intake.covenants),
            vault: Arc::clone(&intake.vault),
            store: intake.store.clone(),
            link: intake.link.clone(),
            log: Arc::clone(&log),
            broker: client.clone(),
            metrics: intake.metrics.clone(),
            clock: Arc::clone(&intake.clock),
            receipt_days: 400,
        };
        let inbox = Inbox {
            party: intake.party.clone(),
            notice_roles: Vec::new().into(),
            covenants: Arc::clone(&intake.covenants),
            log: Arc::clone(&log),
            vault: Arc::clone(&intake.vault),
            newest: watch::channel(0).0,
            store: intake.store.clone(),
            metrics: intake.metrics.clone(),
            clock: Arc::clone(&intake.clock),
        };
        let outbox = OutboxConfig { push_delay_ms: 0, push_jitter_ms: 0, ..OutboxConfig::default() };
        let uplink = Uplink {
            broker: client,
            covenants: Arc::clone(&intake.covenants),
            store: intake.store.clone(),
            log,
            inbox: inbox.clone(),
            link: intake.link.clone(),
            outbox,
            longest_wait: Duration::from_millis(300),
            metrics: intake.metrics.clone(),
            clock: Arc::clone(&intake.clock),
        };
        let stop = CancellationToken::new();
        tokio::spawn(uplink.run(stop.clone()));
        Self { world, broker, checks, inbox, stop }
    }

    async fn submit(&self, draft: Draft) -> String {
        let id = draft.id.clone();
        let system = self.world.system();
        self.world.intake.submit(&system, submission(draft)).await.unwrap();
        id
    }

    fn state_of(&self, id: &str) -> State {
        self.world.intake.get(&self.world.system(), id).unwrap().state
    }

    async fn visit(&self, visit: Visit) -> Result<Advised, Refused> {
        self.checks.visit(&handler(), visit).await
    }
}

fn handler() -> Caller {
    caller("handler", &["corporatie.huismeester"])
}

fn question() -> Visit {
    let request_id = model::RequestId::fresh().to_string();
    Visit {
        content: format!("vraag {request_id}").into_bytes(),
        request_id,
        covenant: "proef".to_owned(),
        purpose: "bezoekveiligheid".to_owned(),
        actor: "medewerker-17".to_owned(),
        role: "corporatie.huismeester".to_owned(),
        file_number: "AFSPRAAK-1".to_owned(),
        reason: String::new(),
        subject: Some(address()),
    }
}

/// Waits until something holds, at most ten seconds.
async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} did not come to hold");
}

#[tokio::test]
async fn a_signal_reaches_the_broker_once_per_epoch_and_leaves_the_outbox() {
    let pair = Pair::new().await;
    let id = pair.submit(draft()).await;
    until("delivery", || pair.world.waiting() == 0).await;
    assert_eq!(pair.state_of(&id), State::Delivered);
    let state = pair.broker.state();
    assert_eq!(state.pushed.len(), 2);
    assert_ne!(state.pushed[0].id, state.pushed[1].id);
    assert!(state.pushed.iter().all(|signal| signal.id != id), "the own id stays inside");
    assert!(state.still_valid >= 1);
}

#[tokio::test]
async fn a_broker_that_comes_late_gets_everything_in_few_batches() {
    let (world, broker) = Pair::parts();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    drop(taken);
    let pair = Pair::at(world, broker, address);
    for _ in 0..20 {
        pair.submit(draft()).await;
    }
    assert_eq!(pair.world.waiting(), 40);
    assert!(!pair.world.intake.link.is_connected());
    let refused = pair.visit(question()).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::BrokerUnreachable);
    pair.broker.serve(address).await;
    until("delivery", || pair.world.waiting() == 0).await;
    let state = pair.broker.state();
    assert_eq!(state.pushed.len(), 40);
    assert!(state.batches <= 4, "{} batches", state.batches);
}

#[tokio::test]
async fn what_the_broker_refuses_is_told_with_the_signal_and_holds_up_nothing() {
    let pair = Pair::new().await;
    pair.broker.state().refused_code = Some("AGR.FYS".to_owned());
    let refused = pair.submit(draft()).await;
    until("an answer", || pair.world.waiting() == 0).await;
    pair.broker.state().refused_code = None;
    let taken = pair.submit(draft()).await;
    until("delivery", || pair.world.waiting() == 0).await;
    assert_eq!(pair.state_of(&refused), State::Refused);
    assert_eq!(pair.state_of(&taken), State::Delivered);
    let stored = pair.world.intake.get(&pair.world.system(), &refused).unwrap();
    assert_eq!(stored.refusal.unwrap().reason(), Reason::CategoryNotYours);
}

#[tokio::test]
async fn without_a_reference_everything_waits_and_then_goes() {
    let (world, broker) = Pair::parts();
    broker.key(pb::KeyState::WaitingForReference);
    let address = broker.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await.0;
    let pair = Pair::at(world, broker, address);
    let link = pair.world.intake.link.clone();
    until("connection", || link.is_connected()).await;
    pair.submit(draft()).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(pair.world.waiting(), 2);
    assert!(link.obstacles()[0].contains("waits for the announcement"), "{:?}", link.obstacles());
    let refused = pair.visit(question()).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::KeyWaiting);
    pair.broker.key(pb::KeyState::Agreed);
    until("delivery", || pair.world.waiting() == 0).await;
}

#[tokio::test]
async fn a_blocked_match_key_holds_up_only_what_needs_it() {
    let (world, broker) = Pair::parts();
    broker.state().blocked = vec!["telefoon/telefoon".to_owned()];
    broker.key(pb::KeyState::Blocked);
    let address = broker.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await.0;
    let pair = Pair::at(world, broker, address);
    let mut phone = draft();
    phone.subjects = vec![subject(&[("contact.phone", "06 12345678")])];
    let waits = pair.submit(phone).await;
    let goes = pair.submit(draft()).await;
    until("delivery of one", || pair.world.waiting() == 2).await;
    assert_eq!(pair.state_of(&goes), State::Delivered);
    assert_eq!(pair.state_of(&waits), State::Queued);
    let obstacles = pair.world.intake.link.obstacles();
    assert!(obstacles[0].contains("telefoon/telefoon"), "{obstacles:?}");
    let phone = subject(&[("contact.phone", "06 12345678")]);
    let refused = pair.visit(Visit { subject: Some(phone), ..question() }).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::KeyMismatch);
    pair.broker.key(pb::KeyState::Agreed);
    until("delivery of the other", || pair.world.waiting() == 0).await;
}

#[tokio::test]
async fn a_withdrawal_follows_the_signal() {
    let pair = Pair::new().await;
    let id = pair.submit(draft()).await;
    until("delivery", || pair.world.waiting() == 0).await;
    let withdrawal = Withdrawal {
        request_id: model::RequestId::fresh().to_string(),
        signal_id: id.clone(),
        reason: crate::intake::Choice::Is(crate::intake::Reason::Objection),
        validate_only: false,
    };
    pair.world.intake.withdraw(&pair.world.system(), withdrawal).await.unwrap();
    until("the withdrawal", || pair.world.waiting() == 0).await;
    assert_eq!(pair.state_of(&id), State::Withdrawn);
    let state = pair.broker.state();
    let mut pushed: Vec<_> = state.pushed.iter().map(|s| s.id.clone()).collect();
    let mut withdrawn = state.withdrawn.clone();
    (pushed.sort(), withdrawn.sort());
    assert_eq!(pushed, withdrawn);
}

#[tokio::test]
async fn a_notice_is_verified_kept_with_own_ids_and_acknowledged_once_stored() {
    let (world, broker) = Pair::parts();
    let id = draft();
    let own = SignalId::parse(&id.id).unwrap();
    let system = world.system();
    world.intake.submit(&system, Submission { ..submission(id) }).await.unwrap();
    let outside = world.intake.store.read(|view| view.own(own)).unwrap().unwrap().outside;
    let OutsideId { id: outside_id, epoch, .. } = outside[1].clone();
    assert_eq!(epoch, KeyEpoch::new(2).unwrap());
    let good = broker.notice(&[outside_id], &["corporatie.huismeester"]);
    let mut forged = broker.notice(&[outside_id], &["corporatie.huismeester"]);
    forged.covenant_digest = vec![0; 32].into();
    broker.state().notices = vec![good.clone(), good.clone(), forged];
    let address = broker.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await.0;
    let pair = Pair::at(world, broker, address);
    until("the acknowledgement", || !pair.broker.state().acknowledged.is_empty()).await;
    assert!(pair.broker.state().acknowledged.iter().all(|id| *id == good.id));
    let filter = NoticeFilter::default();
    let page = pair.inbox.list(&handler(), &filter, 0, "").unwrap();
    assert_eq!(page.notices.len(), 1, "one notice, however often it comes");
    assert_eq!(page.notices[0].notice.own_signals[0].id, own);
    let other = caller("x", &["corporatie.systeem"]);
    assert!(pair.inbox.list(&other, &filter, 0, "").unwrap().notices.is_empty());
    let acknowledgement = Acknowledgement {
        request_id: model::RequestId::fresh().to_string(),
        notice_id: good.id.clone(),
        actor: String::new(),
    };
    let refused = pair.inbox.acknowledge(&other, &acknowledgement).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::NotFound);
    let first = pair.inbox.acknowledge(&handler(), &acknowledgement).await.unwrap();
    pair.world.clock.advance_seconds(5);
    let again = pair.inbox.acknowledge(&handler(), &acknowledgement).await.unwrap();
    assert_eq!(first, again);
    let unread = NoticeFilter { unacknowledged: true, ..filter };
    assert!(pair.inbox.list(&handler(), &unread, 0, "").unwrap().notices.is_empty());
}

#[tokio::test]
async fn notices_come_newest_first_by_pages() {
    let (world, broker) = Pair::parts();
    let notices: Vec<_> = (0..7).map(|_| broker.notice(&[], &["corporatie.huismeester"])).collect();
    broker.state().notices = notices.clone();
    let address = broker.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await.0;
    let pair = Pair::at(world, broker, address);
    until("all notices", || *pair.inbox.newest.borrow() == 7).await;
    let filter = NoticeFilter::default();
    let first = pair.inbox.list(&handler(), &filter, 4, "").unwrap();
    let token = &first.next_page_token;
    let second = pair.inbox.list(&handler(), &filter, 4, token).unwrap();
    assert_eq!(second.next_page_token, "");
    let listed: Vec<_> =
        first.notices.iter().chain(&second.notices).map(|k| k.notice.id.to_string()).collect();
    let expected: Vec<_> = notices.iter().rev().map(|n| n.id.clone()).collect();
    assert_eq!(listed, expected);
    let other = NoticeFilter { unacknowledged: true, ..filter };
    let refused = pair.inbox.list(&handler(), &other, 4, token).unwrap_err();
    assert_eq!(refused.reason(), Reason::PageTokenInvalid);
    let not_mine = NoticeFilter { role: "corporatie.systeem".to_owned(), ..NoticeFilter::default() };
    let refused = pair.inbox.list(&handler(), &not_mine, 0, "").unwrap_err();
    assert_eq!(refused.reason(), Reason::RoleNotYours);
}

#[tokio::test]
async fn a_check_is_answered_in_words_once_per_request() {
    let pair = Pair::new().await;
    pair.broker.state().advice = "ga-met-twee".to_owned();
    let asked = question();
    let first = pair.visit(asked.clone()).await.unwrap();
    assert_eq!((first.advice.as_str(), first.text_nl.as_str()), ("ga-met-twee", "Ga met twee"));
    pair.broker.state().advice = "geen-advies".to_owned();
    let again = pair.visit(asked.clone()).await.unwrap();
    assert_eq!(again, first, "the same request has the same answer");
    assert_eq!(pair.broker.state().questions.len(), 1);
    let altered = Visit { content: b"anders".to_vec(), ..asked };
    let refused = pair.visit(altered).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::RequestIdReused);
    let nothing = pair.visit(question()).await.unwrap();
    assert_eq!((nothing.text_nl.as_str(), nothing.text_en.as_str()), ("Geen advies", "No advice"));
    let state = pair.broker.state();
    let sent = &state.questions[0];
    assert_eq!(sent.header.as_ref().unwrap().actor.as_deref(), Some("medewerker-17"));
    assert!(sent.file_number_given && !sent.reason_given);
    assert_eq!(sent.header.as_ref().unwrap().epoch, Some(1), "the oldest epoch is complete");
}

#[tokio::test]
async fn an_answer_that_the_log_does_not_bear_out_is_not_shown() {
    let pair = Pair::new().await;
    for lie in [Answer::LogsAnother, Answer::LeavesOneOut, Answer::AnotherQuestion] {
        pair.broker.state().answer = lie.clone();
        let refused = pair.visit(question()).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::ReceiptInvalid, "{lie:?}");
    }
    pair.broker.state().answer = Answer::Honest;
    pair.visit(question()).await.unwrap();
    pair.broker.fork();
    let refused = pair.visit(question()).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::LogInconsistent);
    assert!(pair.checks.log.is_contradicted());
}

#[tokio::test]
async fn who_may_not_ask_is_told_openly_before_anything_leaves() {
    let pair = Pair::new().await;
    let cases: Vec<(Visit, Reason)> = vec![
        (Visit { role: "corporatie.systeem".to_owned(), ..question() }, Reason::RoleNotYours),
        (Visit { role: "gemeente.toezichthouder".to_owned(), ..question() }, Reason::RoleNotYours),
        (Visit { purpose: "reclame".to_owned(), ..question() }, Reason::PurposeUnknown),
        (Visit { file_number: "  ".to_owned(), ..question() }, Reason::FileNumberMissing),
        (Visit { actor: "Jan Jansen".to_owned(), ..question() }, Reason::FieldInvalid),
        (Visit { subject: None, ..question() }, Reason::FieldRequired),
        (Visit { covenant: "ander".to_owned(), ..question() }, Reason::FieldInvalid),
    ];
    for (visit, reason) in cases {
        let refused = pair.visit(visit).await.unwrap_err();
        assert_eq!(refused.reason(), reason);
    }
    let system = caller("x", &["corporatie.systeem"]);
    let as_system = Visit { role: "corporatie.systeem".to_owned(), ..question() };
    let refused = pair.checks.visit(&system, as_system).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::QuestionNotAllowed);
    assert!(refused.0.message_nl.starts_with("U mag dit niet opvragen"));
    assert!(pair.broker.state().questions.is_empty());
}

#[tokio::test]
async fn an_open_refusal_of_the_broker_is_passed_on_and_not_remembered() {
    let pair = Pair::new().await;
    let said = Refusal::of(Reason::LimitReached).with("clause", "1.1");
    pair.broker.state().answer = Answer::Refuses(said.clone());
    let asked = question();
    let refused = pair.visit(asked.clone()).await.unwrap_err();
    assert_eq!(refused, Refused::from(said));
    pair.broker.state().answer = Answer::Honest;
    pair.visit(asked).await.unwrap();
    let state = pair.broker.state();
    let request = |place: usize| state.questions[place].header.as_ref().unwrap().request_id.clone();
    assert_eq!(request(0), request(1), "the same question has one id outside");
    assert_eq!(state.questions[0].request_commitment, state.questions[1].request_commitment);
}

#[tokio::test]
async fn nothing_of_the_question_in_clear_leaves_the_node() {
    let pair = Pair::new().await;
    pair.visit(question()).await.unwrap();
    let sent = prost::Message::encode_to_vec(&pair.broker.state().questions[0]);
    for word in ["1234AB", "1234 AB", "AFSPRAAK-1", "vraag "] {
        let word = word.as_bytes();
        assert!(!sent.windows(word.len()).any(|w| w == word));
    }
}

#[tokio::test]
async fn own_signals_are_listed_by_their_state() {
    let pair = Pair::new().await;
    pair.submit(draft()).await;
    until("delivery", || pair.world.waiting() == 0).await;
    let filter = Filter {
        covenant: String::new(),
        state: crate::intake::Choice::Is(State::Delivered),
        observed_from: None,
        observed_until: None,
        page_size: 0,
        page_token: String::new(),
    };
    let page = pair.world.intake.list(&pair.world.system(), &filter).unwrap();
    assert_eq!(page.signals.len(), 1);
}
