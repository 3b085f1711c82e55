//! What is over is answered for, and nothing is decided, compared or waited for by it.

use std::sync::RwLock;

use covenant::signoff::{Event, EventKind, KeyRole, Signed, sign_event};
use identity::SigningKey;
use ledger::LogSigner;
use model::clock::ManualClock;
use model::{
    CategoryCode, Certainty, Digest, KeyEpoch, MatchKeyId, NoticeId, ProtectionStatement,
    Pseudonym, PurposeId, RequestId, Secret, Signal, SignalId, Subject, SubjectKind, Timestamp,
    Token,
};
use process::daily::TimeOfDay;
use store::{BrokerStore, BrokerTx, CheckpointPlace, MemoryEngine, StoreError, Told, ToldBy};
use tokio::sync::watch;
use wire::field::Read;
use wire::statement::{Withdrawal, WithdrawalBatch};
use wire::word::WithdrawalReason;

use super::*;
use crate::Broker;
use crate::config::{LimitsConfig, NoticesConfig, RecallsConfig, RetentionConfig};
use crate::configured::Configured;
use crate::metrics::BrokerMetrics;
use crate::versions::Versions;
use crate::versions::tests::{TEXT, filled_in, now, pins, proposed, second_text, seed, sign_offs};
use crate::witnesses::Witnesses;

const DAY: i64 = 86_400;

/// A broker's bytes and its clock: a restart is another broker over them.
struct World {
    engine: MemoryEngine,
    place: CheckpointPlace,
    clock: ManualClock,
}

impl World {
    fn new() -> Self {
        Self {
            engine: MemoryEngine::default(),
            place: CheckpointPlace::in_memory(),
            clock: ManualClock::at(now()),
        }
    }

    /// The broker as it starts, with the covenant of the tests in its settings.
    async fn start(&self) -> Broker {
        let clock = Arc::new(self.clock.clone());
        let signer = LogSigner::from_seed("log.test", &Secret::new([9; 32])).unwrap();
        let log = signer.verifier().clone();
        let engine = self.engine.reopen();
        let store =
            BrokerStore::in_memory(engine, self.place.clone(), signer, clock.clone()).unwrap();
        let keys = BTreeMap::from([(
            party("gemeente"),
            SigningKey::from_secret(&seed("GEMEENTE-KNOOPPUNT")).verifying_key(),
        )]);
        let members = Members {
            keys,
            ..Members::default()
        };
        let broker = Broker {
            oin: oin(9100),
            members: RwLock::new(Arc::new(members)),
            versions: Arc::new(Versions::load(&store, &pins()).unwrap()),
            pins: pins(),
            pinned_oins: BTreeMap::new(),
            reconsidering: tokio::sync::Mutex::new(()),
            store,
            log,
            clock,
            notices: NoticesConfig::default(),
            limits: LimitsConfig::default(),
            retention: RetentionConfig::default(),
            recalls: RecallsConfig::default(),
            recall_times: (0, 1),
            recalls_counted: std::sync::atomic::AtomicI32::new(crate::recalls::NEVER),
            purge_at: TimeOfDay::parse("03:00").unwrap(),
            metrics: BrokerMetrics::default(),
            desk: crate::KeyDesk::default(),
            matching: crate::MatchState::default(),
            witnesses: Witnesses::of(Vec::new()),
            pinned_witnesses: BTreeMap::new(),
            news: watch::channel(0).0,
            watchers: crate::Watchers::default(),
            stopping: tokio_util::sync::CancellationToken::new(),
        };
        broker.bring_in(vec![configured(TEXT)]).await.unwrap();
        broker.reconsider().await.unwrap();
        broker
    }

    /// The covenant ends: seen by a broker that runs, or by one that starts after it.
    async fn ended(&self, running: Broker, restart: bool) -> Broker {
        self.clock.advance_seconds(400 * DAY);
        if restart {
            running.store().close().unwrap();
            return self.start().await;
        }
        running.reconsider().await.unwrap();
        running
    }
}

fn configured(text: &str) -> Configured {
    let proposal = proposed(text);
    let with_bytes = |(signed, envelope): (Signed, covenant::signoff::Envelope)| {
        let bytes = envelope.to_json().into_bytes();
        (signed, envelope, bytes)
    };
    Configured {
        envelopes: sign_offs(&proposal).into_iter().map(with_bytes).collect(),
        bytes: filled_in(text).into_bytes(),
        proposal,
    }
}

fn party(name: &str) -> PartyId {
    PartyId::parse(name).unwrap()
}

fn oin(number: u32) -> Oin {
    Oin::parse(&format!("0000009900000000{number:04}")).unwrap()
}

fn id() -> CovenantId {
    CovenantId::parse("proef").unwrap()
}

/// What the municipality's node says of itself.
fn header(at: Timestamp) -> Header {
    Header {
        audience: oin(9100),
        covenant: id(),
        covenant_digest: proposed(TEXT).covenant().digest(),
        request_id: RequestId::fresh(),
        nonce: model::id::random_32(),
        issued_at: at,
        expires_at: at.plus_seconds(600),
        party: party("gemeente"),
    }
}

fn seen(by: &str, on: Timestamp) -> Signal {
    let key = "adres/postcode+huisnummer+huisletter+toevoeging";
    Signal {
        id: SignalId::fresh(),
        party: party(by),
        covenant: id(),
        epoch: KeyEpoch::FIRST,
        category: CategoryCode::parse("vera:AGR.FYS").unwrap(),
        purposes: vec![PurposeId::parse("bezoekveiligheid").unwrap()],
        day: on.day(),
        neighbourhood: None,
        certainty: Certainty::Confirmed,
        reviewed_by_person: true,
        police_article: None,
        expires_on: on.day().plus_days(100),
        subjects: vec![Subject {
            kind: SubjectKind::Address,
            minor: ProtectionStatement::Absent,
            shielded_address: ProtectionStatement::Absent,
            tokens: vec![Token {
                key: MatchKeyId::parse(key).unwrap(),
                pseudonym: Pseudonym::from_bytes([7; 32]),
            }],
        }],
        content_commitment: Digest::new([9; 32]),
    }
}

/// Two parties' signals about one address go by; answers whether they were laid beside each other.
async fn are_compared(broker: &Broker) -> bool {
    let signals = [
        seen("gemeente", broker.clock().now()),
        seen("corporatie", broker.clock().now()),
    ];
    let first = signals[0].clone();
    broker
        .store()
        .write(move |tx: &mut BrokerTx| tx.put_signals(&signals).map(drop))
        .await
        .unwrap();
    broker.match_batch().await.unwrap();
    let waits = broker.store().read(|view| view.work(1)).unwrap();
    assert!(waits.is_empty(), "it is looked at once");
    let at = broker
        .store()
        .read(|view| view.matched_at(&first.covenant, first.epoch, &first.party, first.id));
    at.unwrap().is_some()
}

#[tokio::test]
async fn what_is_over_is_answered_for_and_admits_nobody_to_anything_else() {
    for restart in [false, true] {
        let world = World::new();
        let broker = world.start().await;
        let before = broker.members();
        assert!(before.admit(&oin(2000), &header(now())).is_ok());
        assert!(before.over(&id()).is_none());

        let broker = world.ended(broker, restart).await;
        let (members, header) = (broker.members(), header(broker.clock().now()));
        assert!(members.covenants().next().is_none() && members.covenant(&id()).is_none());
        let refused = members.admit(&oin(2000), &header).unwrap_err();
        assert_eq!(refused.reason(), Reason::CovenantNotActive);
        let answers = members.admit_to_answer(&oin(2000), &header).unwrap();
        assert_eq!(answers.covenant().digest(), header.covenant_digest);
        assert_eq!(members.signing_keys(&oin(2000)).len(), 1);

        let wrong = |oin: Oin, header: Header| {
            let refused = members.admit_to_answer(&oin, &header);
            refused.map(|answers| answers.party).unwrap_err().reason()
        };
        assert_eq!(wrong(oin(4000), header.clone()), Reason::NotAParty);
        assert_eq!(wrong(oin(1000), header.clone()), Reason::PartyNotYours);
        let other = Header {
            covenant_digest: Digest::new([0; 32]),
            ..header
        };
        assert_eq!(wrong(oin(2000), other), Reason::CovenantDiffers);
    }
}

#[tokio::test]
async fn nothing_is_compared_or_put_back_under_what_is_over() {
    for restart in [false, true] {
        let world = World::new();
        let broker = world.start().await;
        assert!(are_compared(&broker).await);
        let broker = world.ended(broker, restart).await;
        assert!(!are_compared(&broker).await);
        let parked = async || broker.store().read(|view| view.parked(&id(), 10)).unwrap();
        let count = parked().await;
        broker.put_back_parked().await.unwrap();
        assert_eq!((count, parked().await), (2, 2), "what is parked stays so");
    }
}

#[tokio::test]
async fn nobody_has_to_confirm_or_to_witness_what_is_over_for_the_broker_to_be_ready() {
    for restart in [false, true] {
        let world = World::new();
        let broker = world.start().await;
        assert!(!broker.is_confirmed(), "no party said that it holds");
        world.clock.advance_seconds(3_600);
        assert!(broker.witnessing_fault().is_some(), "no node cosigned");
        let broker = world.ended(broker, restart).await;
        world.clock.advance_seconds(3_600);
        assert!(broker.is_confirmed());
        assert_eq!(broker.witnessing_fault(), None);
        // What is disclosed to a data subject waits for witnesses as the parties signed.
        let members = broker.members();
        let refused = broker.may_disclose(members.last_known(&id()).unwrap());
        assert_eq!(refused.unwrap_err().reason(), Reason::NotWitnessed);
    }
}

/// A signal of the municipality's that the broker took.
async fn pushed(broker: &Broker) -> Signal {
    let signal = seen("gemeente", broker.clock().now());
    let stored = signal.clone();
    let put = move |tx: &mut BrokerTx| tx.put_signals(&[stored]).map(drop);
    broker.store().write(put).await.unwrap();
    signal
}

/// Something that the corporation was told on the strength of a signal.
async fn tell(broker: &Broker, of: &Signal) {
    let covenant = proposed(TEXT);
    let (day, digest) = (broker.clock().now().day(), covenant.covenant().digest());
    let told = Told {
        covenant: id(),
        digest,
        epoch: of.epoch,
        source: of.party.clone(),
        signals: vec![of.id],
        to: oin(1000),
        recipient: party("corporatie"),
        by: ToldBy::Notice(NoticeId::fresh()),
        roles: vec![model::RoleRef::parse("corporatie.huismeester").unwrap()],
        purpose: PurposeId::parse("bezoekveiligheid").unwrap(),
        on: day,
        kept_until: None,
        ends: day.plus_days(2_000),
        lapses: None,
    };
    let unit = move |_: &mut BrokerTx| {
        let mut decided = store::Decided::new(vec![crate::entries::padding()], ());
        decided.told = vec![(0, told)];
        Ok::<_, StoreError>(decided)
    };
    broker.store().commit(unit).await.unwrap();
}

/// The municipality takes a signal back.
async fn take_back(broker: &Broker, signal: SignalId, reason: WithdrawalReason) {
    let header = header(broker.clock().now());
    let member = broker.members().admit_to_answer(&oin(2000), &header);
    let batch: WithdrawalBatch<Read<Withdrawal>> = WithdrawalBatch {
        header,
        epoch: KeyEpoch::FIRST,
        withdrawals: vec![Ok(Withdrawal { signal, reason })],
    };
    let taken = broker.withdraw(&member.unwrap(), batch).await.unwrap();
    assert_eq!(taken.taken, 1);
}

#[tokio::test]
async fn what_was_told_is_recalled_once_when_the_signal_went_with_its_covenant() {
    for restart in [false, true] {
        let world = World::new();
        let broker = world.start().await;
        let signal = pushed(&broker).await;
        tell(&broker, &signal).await;
        let broker = world.ended(broker, restart).await;
        broker.purge().await.unwrap();
        for expected in [1, 0] {
            take_back(&broker, signal.id, WithdrawalReason::Erasure).await;
            let noted = broker.store().read(|view| view.noted_withdrawals(10));
            assert_eq!(noted.unwrap().len(), expected, "the right is used once");
            broker.match_batch().await.unwrap();
        }
        let today = broker.clock().now().day();
        let due = broker.store().read(|view| view.recalls_due(today, 10));
        assert_eq!(due.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn who_was_told_of_a_restriction_is_told_of_the_erasure_that_follows() {
    for told in [true, false] {
        let world = World::new();
        let broker = world.start().await;
        let signal = pushed(&broker).await;
        if told {
            tell(&broker, &signal).await;
        }
        let mut rights = Vec::new();
        let mut reasons = Vec::new();
        for reason in [
            WithdrawalReason::Restriction,
            WithdrawalReason::Erasure,
            WithdrawalReason::Erasure,
            WithdrawalReason::Restriction,
        ] {
            take_back(&broker, signal.id, reason).await;
            let noted = broker.store().read(|view| view.noted_withdrawals(10));
            let noted = noted.unwrap().into_iter().filter_map(|one| one.right);
            rights.push(noted.map(|used| used.right).collect::<Vec<_>>());
            broker.match_batch().await.unwrap();
            let today = broker.clock().now().day();
            let due = broker.store().read(|view| view.recalls_due(today, 10));
            let due = due.unwrap().into_iter().map(|recall| recall.reason);
            reasons.push(due.collect::<Vec<_>>());
        }
        // What comes again is the answer to a message that was lost.
        let none: &[&str] = &[];
        assert_eq!(rights, [&["restriction"][..], &["erasure"], none, none]);
        let due = if told {
            [
                &["restriction"][..],
                &["erasure"],
                &["erasure"],
                &["erasure"],
            ]
        } else {
            [none; 4]
        };
        assert_eq!(reasons, due);
    }
}

#[tokio::test]
async fn a_recall_of_what_an_older_version_told_waits_for_the_newest_ones_witnesses() {
    let world = World::new();
    let mut broker = world.start().await;
    let signal = pushed(&broker).await;
    tell(&broker, &signal).await;
    assert_eq!(broker.recall_if_due().await.unwrap(), 0, "from now on");
    take_back(&broker, signal.id, WithdrawalReason::Erasure).await;

    let second = second_text(&proposed(TEXT), ("einddatum", "einddatum"));
    broker.bring_in(vec![configured(&second)]).await.unwrap();
    broker.reconsider().await.unwrap();
    let newest = proposed(&second).covenant().digest();
    let known = broker
        .members()
        .covenant(&id())
        .unwrap()
        .covenant()
        .digest();
    assert_eq!(known, newest, "the second version is in force");
    world.clock.advance_seconds(3_600);
    assert_eq!(broker.recall_if_due().await.unwrap(), 1);
    world.clock.advance_seconds(3_600);
    for covenant in [proposed(TEXT).covenant().digest(), newest] {
        let witnessed = store::Witnessed {
            covenant,
            size: broker.store().checkpoint().size,
            note: Vec::new(),
        };
        broker.witnesses = Witnesses::of(vec![witnessed]);
        let pending = broker.pending(&oin(1000), 0, 10).unwrap();
        assert_eq!(pending.len(), 1);
        for recall in pending {
            let told = broker.if_witnessed(recall).unwrap();
            assert_eq!(told.is_some(), covenant == newest);
        }
    }
}

#[tokio::test]
async fn who_is_left_out_after_the_end_answers_by_the_version_that_it_signed() {
    for restart in [false, true] {
        let world = World::new();
        let broker = world.start().await;
        let signal = pushed(&broker).await;
        tell(&broker, &signal).await;
        let broker = world.ended(broker, false).await;
        // The next year the municipality's part is another organisation's.
        let second = second_text(&proposed(TEXT), ("2027-11-01", "2028-11-01"))
            .replacen("2026-11-01", "2027-11-01", 1)
            .replacen("00000099000000002000", "00000099000000002001", 1);
        broker.bring_in(vec![configured(&second)]).await.unwrap();
        broker.reconsider().await.unwrap();
        let broker = if restart {
            broker.store().close().unwrap();
            world.start().await
        } else {
            broker
        };
        let members = broker.members();
        let newest = members.covenant(&id()).unwrap().covenant().digest();
        assert_eq!(newest, proposed(&second).covenant().digest());
        let header = header(broker.clock().now());
        assert_ne!(header.covenant_digest, newest);
        let reason = |oin, header: &Header| {
            let admitted = members.admit_to_answer(&oin, header);
            admitted
                .map(|answers| answers.party)
                .map_err(|e| e.reason())
        };
        assert_eq!(reason(oin(2000), &header), Ok(party("gemeente")));
        assert_eq!(members.signing_keys(&oin(2000)).len(), 1);
        // Who is party to the newest version answers by that one, and it alone decides.
        let of_corporation = Header {
            party: party("corporatie"),
            ..header.clone()
        };
        let differs = Err(Reason::CovenantDiffers);
        assert_eq!(reason(oin(1000), &of_corporation), differs);
        let other = Header {
            covenant_digest: newest,
            ..header.clone()
        };
        assert_eq!(reason(oin(2000), &other), Err(Reason::NotAParty));
        let refused = members.admit(&oin(2000), &header).unwrap_err();
        assert_eq!(refused.reason(), Reason::NotAParty);
        take_back(&broker, signal.id, WithdrawalReason::Erasure).await;
        let today = broker.clock().now().day();
        let due = broker.store().read(|view| view.recalls_due(today, 10));
        assert_eq!(due.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_withdrawal_is_an_end_as_well_also_for_a_broker_that_starts_after_it() {
    for restart in [false, true] {
        let world = World::new();
        let broker = world.start().await;
        let proposal = proposed(TEXT);
        let (covenant, digest) = (proposal.covenant(), proposal.covenant().digest());
        let kind = EventKind::Withdraw;
        let event = Event::new(covenant, party("politie"), KeyRole::Signer, now(), kind);
        let envelope = sign_event(&event, &seed("POLITIE-PF"));
        let signed = Signed::verify(&proposal, &envelope, now()).unwrap();
        let (id, bytes) = (signed.id(), envelope.to_json().into_bytes());
        let put = move |tx: &mut BrokerTx| tx.put_signed_over(&digest, id, now(), &bytes).map(drop);
        broker.store().write::<_, StoreError>(put).await.unwrap();
        broker.versions().take(&digest, &signed, &envelope, now());
        let broker = if restart {
            broker.store().close().unwrap();
            world.start().await
        } else {
            broker.reconsider().await.unwrap();
            broker
        };
        let members = broker.members();
        let refused = members.admit(&oin(2000), &header(now())).unwrap_err();
        assert_eq!(refused.reason(), Reason::CovenantNotActive);
        assert!(members.admit_to_answer(&oin(2000), &header(now())).is_ok());
    }
}
