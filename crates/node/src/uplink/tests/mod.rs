//! The uplink, notices and checks against a broker of the tests, over real gRPC on loopback.

mod amending;
mod answers;
mod checks;
mod desk;
mod notices;
mod over;
mod owed;
mod pushes;
mod recalls;
mod witness;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch;

use super::test_broker::TestBroker;
use super::*;
use crate::caller::Caller;
use crate::checks::{Advised, Checks, Visit};
use crate::intake::{Draft, State};
use crate::refusal::Refused;
use crate::testing::{World, address, caller, submission};

/// A node of the corporation whose uplink runs, and its broker.
struct Pair {
    world: World,
    broker: TestBroker,
    checks: Checks,
    inbox: Inbox,
    desk: Desk,
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
        let own = crate::rights::DeskOwn {
            desk_roles: vec![model::RoleRef::parse("corporatie.loket").unwrap()].into(),
            sealing: Arc::new(world.sealing("corporatie")),
            limits: crate::config::RightsConfig::default(),
            metrics: crate::rights::RightsMetrics::register(&process::Metrics::new("desk")),
        };
        let desk = Desk::new(own, intake, &checks);
        let outbox = OutboxConfig {
            push_delay_ms: 0,
            push_jitter_ms: 0,
            ..OutboxConfig::default()
        };
        let uplink = Uplink {
            broker: client,
            covenants: Arc::clone(&intake.covenants),
            store: intake.store.clone(),
            log,
            cosigner: Some(Arc::new(cosigner())),
            inbox: inbox.clone(),
            desk: desk.clone(),
            link: intake.link.clone(),
            outbox,
            longest_wait: Duration::from_millis(300),
            metrics: intake.metrics.clone(),
            clock: Arc::clone(&intake.clock),
        };
        let stop = CancellationToken::new();
        tokio::spawn(uplink.run(stop.clone()));
        Self {
            world,
            broker,
            checks,
            inbox,
            desk,
            stop,
        }
    }

    async fn submit(&self, draft: Draft) -> String {
        let id = draft.id.clone();
        let system = self.world.system();
        self.world
            .intake
            .submit(&system, submission(draft))
            .await
            .unwrap();
        id
    }

    fn state_of(&self, id: &str) -> State {
        self.world
            .intake
            .get(&self.world.system(), id)
            .unwrap()
            .state
    }

    async fn visit(&self, visit: Visit) -> Result<Advised, Refused> {
        self.checks.visit(&handler(), visit).await
    }
}

/// The node's witness.
fn cosigner() -> ledger::Cosigner {
    ledger::Cosigner::from_seed("getuige/test", &model::Secret::new([8; 32])).unwrap()
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
