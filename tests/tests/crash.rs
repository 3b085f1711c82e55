//! Power cuts of processes: broker and nodes are killed with SIGKILL at random moments. What was
//! acknowledged is never lost, and nothing happens twice.
//!
//! The seed is printed; `COVENANT_SEED=<number>` repeats its choices, though not the machine's
//! timing.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use model::clock::Stopwatch;

use journeys::processes::BROKER;
use journeys::world::{NUISANCE, PATIENCE, SAFE_VISIT, World, of, plan};
use sandbox::Plan;
use sandbox::clients::NodeClient;
use sandbox::messages::{Home, home, submit, visit};
use tonic::{Code, Status};
use wire::audit_v1::{Decision, EntryFilter};
use wire::node_v1::{
    CheckVisitRequest, CheckVisitResponse, SignalState, Subject, SubmitSignalRequest,
};
use wire::reason::Reason;

const PARTY: &str = env!("CARGO_BIN_EXE_party");
const ROUNDS: u32 = 60;
const PAIRS: u32 = 3;
const PARTIES: [&str; 2] = ["gemeente", "corporatie"];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_and_nothing_happens_twice() {
    let mut random = Random::seeded();
    let begun = Stopwatch::start();
    let mut world = World::processes_of(PARTY, &quiet(), &[]).await.unwrap();
    let mut mine = BTreeSet::new();
    let mut theirs = BTreeSet::new();
    for round in 0..ROUNDS {
        let place = world.place.clone();
        let mut pushes = Vec::new();
        for pair in 0..PAIRS {
            for party in PARTIES {
                let about = place_of(1 + round * PAIRS + pair);
                let request = submit(of(party, NUISANCE, "OVE.GEL", about));
                pushes.push((party, tokio::spawn(push(place.clone(), party, request))));
            }
        }
        let asked = tokio::spawn(ask(place, question(round)));
        for victim in victims(&mut random) {
            let control = world.control().unwrap();
            tokio::time::sleep(random.below(120)).await;
            control.kill(victim).unwrap();
            tokio::time::sleep(random.below(40)).await;
            control.start(victim).unwrap();
        }
        for (party, push) in pushes {
            let id = push.await.unwrap();
            if party == "gemeente" {
                &mut mine
            } else {
                &mut theirs
            }
            .insert(id);
        }
        assert_eq!(asked.await.unwrap().advice, "geen-advies");
    }
    world.control().unwrap().connected().await.unwrap();
    assert_eq!(
        (mine.len(), theirs.len()),
        ((ROUNDS * PAIRS) as usize, (ROUNDS * PAIRS) as usize)
    );
    eprintln!("{ROUNDS} rounds in {:?}", begun.elapsed());
    everything_arrived_once(&world, &mine, &theirs).await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn a_node_without_its_broker_accepts_what_it_can_hold_and_delivers_it_once() {
    const MOST: u32 = 10;
    let most = format!("outbox.max_items={MOST}");
    let mut world = World::processes_of(PARTY, &quiet(), &[&most])
        .await
        .unwrap();
    world.control().unwrap().kill(BROKER).unwrap();
    let place = world.place.clone();
    let mut accepted = Vec::new();
    let mut refused = Vec::new();
    for number in 1..=MOST + 3 {
        for party in PARTIES {
            let request = submit(of(party, NUISANCE, "OVE.GEL", place_of(number)));
            let client = world.partner(party).unwrap();
            match client.signals().submit_signal(request.clone()).await {
                Ok(answer) => accepted.push((party, request, answer.into_inner())),
                Err(status) => {
                    let told = wire::status::read(&status);
                    assert_eq!(
                        (told.code, told.reason),
                        (Code::ResourceExhausted, Some(Reason::OutboxFull))
                    );
                    assert!(
                        told.retry_after.is_some_and(|wait| !wait.is_zero()),
                        "{told:?}"
                    );
                    refused.push((party, request));
                }
            }
        }
    }
    assert_eq!((accepted.len(), refused.len()), (2 * MOST as usize, 6));
    let status = world.ask("huismeester", place_of(1)).await.unwrap_err();
    assert_eq!(
        wire::status::read(&status).reason,
        Some(Reason::BrokerUnreachable),
        "{status:?}"
    );
    // The nodes are killed as well: what they hold is on disk, and they go on holding it.
    for party in PARTIES {
        let control = world.control().unwrap();
        control.kill(party).unwrap();
        control.start(party).unwrap();
        control
            .admin_says(party, "/livez", |text| text.starts_with("HTTP/1.1 200"))
            .await
            .unwrap();
        assert!(
            control
                .admin(party, "/readyz")
                .await
                .unwrap()
                .contains("[-] outbox: full")
        );
        let held = world.signals(party).await.unwrap();
        assert_eq!(held.len(), MOST as usize);
        assert!(
            held.iter()
                .all(|signal| signal.state() == SignalState::Queued)
        );
    }
    // A full outbox still knows what it acknowledged.
    for (party, request, answer) in &accepted {
        let client = world.partner(party).unwrap();
        let again = client
            .signals()
            .submit_signal(request.clone())
            .await
            .unwrap()
            .into_inner();
        assert_eq!(again, *answer);
    }
    world.control().unwrap().start(BROKER).unwrap();
    for party in PARTIES {
        world.delivered(party).await.unwrap();
    }
    world
        .noticed("gemeente", "regisseur", MOST as usize)
        .await
        .unwrap();
    // What was refused is taken now, under the same ids.
    for (party, request) in refused {
        push(place.clone(), party, request).await;
    }
    let ids = async |party| {
        let all = world.signals(party).await.unwrap();
        all.into_iter()
            .map(|signal| signal.signal.unwrap().id)
            .collect::<BTreeSet<_>>()
    };
    let (mine, theirs) = (ids("gemeente").await, ids("corporatie").await);
    assert_eq!(mine.len(), MOST as usize + 3);
    everything_arrived_once(&world, &mine, &theirs).await;
    world.stop().await.unwrap();
}

/// Every signal is at the broker, every pair made one notice and one entry, every question one.
async fn everything_arrived_once(
    world: &World,
    mine: &BTreeSet<String>,
    theirs: &BTreeSet<String>,
) {
    for (party, ids) in [("gemeente", mine), ("corporatie", theirs)] {
        world.delivered(party).await.unwrap();
        let kept = world.signals(party).await.unwrap();
        assert_eq!(kept.len(), ids.len(), "{party}");
        for signal in kept {
            assert_eq!(signal.state(), SignalState::Delivered, "{party}");
            assert!(ids.contains(&signal.signal.unwrap().id), "{party}");
        }
    }
    world
        .noticed("gemeente", "regisseur", mine.len())
        .await
        .unwrap();
    // One more pair, told after all others: whatever would come twice has come by then.
    for party in PARTIES {
        world
            .push(party, NUISANCE, "OVE.GEL", place_of(90_000))
            .await
            .unwrap();
    }
    let notices = world
        .noticed("gemeente", "regisseur", mine.len() + 1)
        .await
        .unwrap();
    assert_eq!(notices.len(), mine.len() + 1);
    let notices: Vec<_> = notices
        .into_iter()
        .map(|kept| kept.notice.unwrap())
        .collect();
    let ids: BTreeSet<_> = notices.iter().map(|notice| &notice.id).collect();
    assert_eq!(ids.len(), notices.len(), "a notice came twice");
    let about: BTreeSet<_> = notices
        .iter()
        .map(|notice| &notice.own_signals[0].id)
        .collect();
    assert_eq!(
        about.len(),
        notices.len(),
        "two notices are about one signal"
    );
    assert!(
        mine.iter().all(|id| about.contains(id)),
        "an acknowledged signal made no notice"
    );
    let revealed = EntryFilter {
        kind: "match-decided".to_owned(),
        decision: Decision::Revealed.into(),
        ..EntryFilter::default()
    };
    assert_eq!(world.outcomes(revealed).await.unwrap().len(), notices.len());
    let report = world.verify(&world.export().await.unwrap()).unwrap();
    assert!(report.records >= notices.len() as u64);
    let answered = EntryFilter {
        kind: "check-answered".to_owned(),
        ..EntryFilter::default()
    };
    let questions = world.outcomes(answered).await.unwrap().len();
    assert!(
        questions == 0 || questions == ROUNDS as usize,
        "{questions} questions were answered"
    );
}

/// Processes that lose each other all the time say so all the time: only errors are shown.
fn quiet() -> Plan {
    Plan {
        log_filter: "error".to_owned(),
        ..plan()
    }
}

fn place_of(number: u32) -> Subject {
    home(Home {
        postcode: "9999ZZ",
        number,
        shielded: false,
    })
}

/// A question by somebody new, about an address that nobody knows: limits count neither twice.
fn question(round: u32) -> CheckVisitRequest {
    let (covenant, purpose) = SAFE_VISIT;
    let about = place_of(50_000 + round);
    let mut question = visit(covenant, purpose, "corporatie.huismeester", about);
    question.actor = format!("medewerker-{round:04}");
    question
}

/// Whom to kill in this round, one after the other.
fn victims(random: &mut Random) -> Vec<&'static str> {
    match random.number() % 10 {
        0..=3 => vec![BROKER],
        4..=5 => vec!["gemeente"],
        6..=7 => vec!["corporatie"],
        8 => vec![BROKER, "gemeente"],
        _ => vec![BROKER, BROKER],
    }
}

/// Pushes until it is acknowledged, always under the same ids, as a partner system should.
async fn push(world: sandbox::World, party: &'static str, request: SubmitSignalRequest) -> String {
    let insisting = Insisting::on(party);
    loop {
        let client = NodeClient::of(&world, party, "partner").unwrap();
        let mut signals = client.signals();
        let answer = tokio::time::timeout(PATIENCE, signals.submit_signal(request.clone())).await;
        if let Some(answer) = insisting.judge(answer.expect("an answer in time")).await {
            return answer.into_inner().accepted.unwrap().signal_id;
        }
    }
}

async fn ask(world: sandbox::World, request: CheckVisitRequest) -> CheckVisitResponse {
    let insisting = Insisting::on("a question");
    loop {
        let client = NodeClient::of(&world, "corporatie", "huismeester").unwrap();
        let mut checks = client.checks();
        let answer = tokio::time::timeout(PATIENCE, checks.check_visit(request.clone())).await;
        if let Some(answer) = insisting.judge(answer.expect("an answer in time")).await {
            return answer.into_inner();
        }
    }
}

/// Tries again while it makes sense to.
struct Insisting {
    on: &'static str,
    begun: Stopwatch,
}

impl Insisting {
    fn on(on: &'static str) -> Self {
        Self {
            on,
            begun: Stopwatch::start(),
        }
    }

    /// The answer; or nothing, after a pause, when it is worth another try.
    async fn judge<T>(&self, answer: Result<T, Status>) -> Option<T> {
        match answer {
            Ok(answer) => Some(answer),
            Err(status) => {
                let again = may_try_again(&status) && self.begun.elapsed() < PATIENCE;
                assert!(again, "{}: {status:?}", self.on);
                tokio::time::sleep(Duration::from_millis(20)).await;
                None
            }
        }
    }
}

/// A broken connection, or a node that says that it has none to its broker.
fn may_try_again(status: &Status) -> bool {
    match wire::status::read(status).reason {
        None => matches!(
            status.code(),
            Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal
        ),
        Some(reason) => matches!(reason, Reason::BrokerUnreachable | Reason::OutboxFull),
    }
}

/// xorshift64: repeatable, and good enough to choose moments.
struct Random(u64);

impl Random {
    fn seeded() -> Self {
        let given = std::env::var("COVENANT_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok());
        let fresh = || u64::from_le_bytes(model::id::random_32()[..8].try_into().unwrap());
        let seed = given.unwrap_or_else(fresh).max(1);
        eprintln!("COVENANT_SEED={seed}");
        Self(seed)
    }

    fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, millis: u64) -> Duration {
        Duration::from_millis(self.number() % millis)
    }
}
