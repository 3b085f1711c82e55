//! What goes from a node, and when.

use model::{Day, NoticeId, SignalId};
use store::{NodePurgeable, OwnSignal};
use wire::notice::{LegalBasis, MatchId, Notice, Obligation, Receipt, ReceiptEntry};
use wire::word::WithdrawalReason as Reason;

use super::*;
use crate::intake::{Choice, Record, State, Withdrawal, content_name};
use crate::testing::{World, draft, submission, today};
use crate::uplink::notice_bytes;

fn retention(world: &World, batch: usize) -> Retention {
    let settings = RetentionConfig {
        batch,
        compact_every_days: 0,
        ..RetentionConfig::default()
    };
    Retention {
        at: settings.time_of_day().unwrap(),
        settings,
        store: world.intake.store.clone(),
        vault: Arc::clone(&world.intake.vault),
        metrics: world.intake.metrics.clone(),
        clock: Arc::clone(&world.intake.clock),
    }
}

async fn push(world: &World) -> SignalId {
    let draft = draft();
    let id = SignalId::parse(&draft.id).unwrap();
    let system = world.system();
    world
        .intake
        .submit(&system, submission(draft))
        .await
        .unwrap();
    id
}

async fn withdraw(world: &World, id: SignalId) {
    take_back(world, id, Reason::EnteredInError).await;
}

async fn take_back(world: &World, id: SignalId, reason: Reason) {
    let withdrawal = Withdrawal {
        request_id: model::RequestId::fresh().to_string(),
        signal_id: id.to_string(),
        reason: Choice::Is(reason),
        validate_only: false,
    };
    world
        .intake
        .withdraw(&world.system(), withdrawal)
        .await
        .unwrap();
}

fn own(world: &World, id: SignalId) -> Option<OwnSignal> {
    world.intake.store.read(|view| view.own(id)).unwrap()
}

fn record(world: &World, id: SignalId) -> Record {
    Record::decode(&own(world, id).unwrap().state).unwrap()
}

/// Sets the clock to this many days after that day.
fn days_after(world: &World, day: Day, days: i32) {
    let then = day.plus_days(days).start();
    let seconds = then.millis_since(world.now()) / 1_000;
    world.clock.advance_seconds(seconds);
}

fn count(swept: &[NodePurged], what: NodePurgeable) -> u64 {
    let mut found = swept.iter().filter(|one| one.what == what);
    found.next().map_or(0, |one| one.count)
}

#[tokio::test]
async fn an_own_signal_goes_thirty_days_after_its_end_with_everything_of_it() {
    let world = World::of("corporatie", 100);
    let retention = retention(&world, 1);
    let (stays, withdrawn) = (push(&world).await, push(&world).await);
    withdraw(&world, withdrawn).await;
    let restricted = push(&world).await;
    take_back(&world, restricted, Reason::Restriction).await;
    let outside = own(&world, withdrawn).unwrap().outside;
    let name = content_name(record(&world, withdrawn).accepted_at(), withdrawn);
    let kept = |name: Vec<u8>| world.intake.store.read(|view| view.vault(&name)).unwrap();
    assert!(kept(name.clone()).is_some());

    days_after(&world, today(), 29);
    let swept = retention.purge().await.unwrap();
    assert_eq!(count(&swept.purged, NodePurgeable::OwnSignals), 0);
    assert!(own(&world, withdrawn).is_some(), "a day too early");

    days_after(&world, today(), 30);
    let swept = retention.purge().await.unwrap();
    assert_eq!(count(&swept.purged, NodePurgeable::OwnSignals), 1);
    assert_eq!(own(&world, withdrawn), None);
    assert_eq!(kept(name), None);
    for outside in outside {
        let found = world.intake.store.read(|view| view.inside_id(&outside));
        assert_eq!(found.unwrap(), None);
    }
    // Its withdrawals go to the broker all the same.
    assert_eq!(world.waiting(), 6, "two pushes and four withdrawals");

    // A restriction keeps what it is about: it may be lifted.
    let ends = record(&world, stays).expires_on();
    days_after(&world, ends, 29);
    retention.purge().await.unwrap();
    for id in [stays, restricted] {
        assert!(own(&world, id).is_some(), "a day too early");
    }
    days_after(&world, ends, 30);
    retention.purge().await.unwrap();
    for id in [stays, restricted] {
        assert_eq!(own(&world, id), None);
    }
    let purges = retention.purges().unwrap();
    let told = history(&purges, None);
    assert!(told.contains("own_signals=2"), "{told}");
}

#[tokio::test]
async fn what_waits_of_an_expired_signal_goes_but_not_a_withdrawal() {
    let world = World::of("corporatie", 100);
    let retention = retention(&world, 1_000);
    let (expires, withdrawn) = (push(&world).await, push(&world).await);
    withdraw(&world, withdrawn).await;
    assert_eq!(world.waiting(), 4);
    let ends = record(&world, expires).expires_on();
    days_after(&world, ends, 0);
    let swept = retention.purge().await.unwrap();
    assert_eq!(count(&swept.purged, NodePurgeable::Pushes), 2);
    assert_eq!(world.waiting(), 2, "the withdrawals");
    let record = record(&world, expires);
    assert!(record.waiting.is_empty());
    assert_eq!(record.state_on(ends), State::Expired);
}

#[tokio::test]
async fn the_withdrawal_of_a_restricted_signal_waits_on_when_the_signal_has_expired() {
    for lifted in [false, true] {
        let world = World::of("corporatie", 100);
        let retention = retention(&world, 1_000);
        let id = push(&world).await;
        let ends = record(&world, id).expires_on();
        days_after(&world, ends, -5);
        take_back(&world, id, Reason::Restriction).await;
        if lifted {
            // Before the broker heard of the restriction: both wait then.
            let (mut kept, mut change) = (own(&world, id).unwrap(), record(&world, id));
            let waits = move |tx: &mut NodeTx| {
                let (queue, number) = change.waiting.first().unwrap().clone();
                let body = tx.outbox(&queue, number - 1, 1)?.remove(0).body;
                // A push is one by its first byte.
                let push = [&[1], &body[1..41]].concat();
                let number = tx.put_outbox(&queue, &push)?;
                change.waiting.push((queue, number));
                change.state = State::Queued;
                kept.state = change.encode();
                tx.put_own(id, &kept)
            };
            let stored = world.intake.store.write::<_, StoreError>(waits).await;
            stored.unwrap();
        }
        days_after(&world, ends, 0);
        let swept = retention.purge().await.unwrap();
        let pushes = count(&swept.purged, NodePurgeable::Pushes);
        assert_eq!(pushes, u64::from(lifted));
        assert_eq!(world.waiting(), 2, "the withdrawals");
        assert_eq!(record(&world, id).waiting.len(), 2);
    }
}

/// Keeps a notice that was decided today, whose clause promises this.
async fn notice(world: &World, promise: Option<&str>) -> NoticeId {
    let id = NoticeId::fresh();
    let active = world.intake.covenants.all_active(world.now());
    let covenant = active[0].covenant();
    let clause = &covenant.clauses()[0];
    let promises = promise.map(|value| Obligation {
        code: "bewaren".to_owned(),
        value: value.to_owned(),
    });
    let notice = Notice {
        id,
        covenant: covenant.id().clone(),
        covenant_digest: covenant.digest(),
        clause: clause.number.clone(),
        purpose: clause.purpose.clone(),
        roles: clause.to.clone(),
        match_id: MatchId::fresh(),
        levels: vec![wire::word::RevealLevel::Hit],
        day: world.now().day(),
        own_signals: Vec::new(),
        source: None,
        count: None,
        advice: None,
        contact: None,
        categories: Vec::new(),
        basis: LegalBasis {
            provide: String::new(),
            receive: String::new(),
            provide_exception: None,
            receive_exception: None,
            decision_reference: None,
        },
        duties: Vec::new(),
        promises: promises.into_iter().collect(),
        receipt: Receipt {
            entries: vec![ReceiptEntry {
                index: 0,
                leaf: vec![0; ledger::LEAF_LEN],
                inclusion_proof: Vec::new(),
                request: None,
                answer: None,
            }],
            checkpoint: b"note".to_vec(),
        },
    };
    assert!(crate::uplink::read_notice(&notice_bytes(&notice)).is_some());
    let name = crate::notices::vault_name(id);
    let body = world
        .intake
        .vault
        .seal(&name, &notice_bytes(&notice))
        .unwrap();
    let at = world.now();
    let put = move |tx: &mut NodeTx| tx.put_received(id, &body, at);
    world
        .intake
        .store
        .write::<_, StoreError>(put)
        .await
        .unwrap();
    id
}

#[tokio::test]
async fn a_notice_goes_when_the_promise_of_its_clause_is_over_or_else_the_settings_time() {
    let world = World::of("corporatie", 100);
    let retention = retention(&world, 1);
    let day = notice(&world, Some("24 uur")).await;
    let month = notice(&world, Some("1 maand")).await;
    let settings = notice(&world, None).await;
    let kept = |id| {
        let found = world.intake.store.read(|view| view.received_by_id(id));
        found.unwrap().is_some()
    };
    for (days, left) in [
        (0, [true, true, true]),
        (1, [false, true, true]),
        (29, [false, true, true]),
        (30, [false, false, true]),
        (364, [false, false, true]),
        (365, [false, false, false]),
    ] {
        days_after(&world, today(), days);
        retention.purge().await.unwrap();
        assert_eq!([day, month, settings].map(kept), left, "after {days} days");
    }
}

#[tokio::test]
async fn a_rehearsal_says_what_the_purge_then_does_and_removes_nothing() {
    let world = World::of("corporatie", 100);
    let retention = retention(&world, 2);
    for _ in 0..5 {
        let id = push(&world).await;
        withdraw(&world, id).await;
    }
    let expires = push(&world).await;
    for _ in 0..3 {
        notice(&world, Some("2 dagen")).await;
    }
    let over = store::KeyEpochKept {
        epoch: model::KeyEpoch::FIRST,
        had: true,
        until: today(),
        ends: today().plus_days(2),
    };
    let covenant = model::CovenantId::parse("proef").unwrap();
    let remember = world.intake.store.write({
        let covenant = covenant.clone();
        move |tx: &mut NodeTx| tx.put_key_epoch(&covenant, &over)
    });
    remember.await.unwrap();
    days_after(&world, record(&world, expires).expires_on(), 0);
    let all = |world: &World| {
        world.intake.store.read(|view| {
            let own = view.own_after(None, 100)?;
            let received = view.received(0, 100)?;
            let purged = (view.purged()?, view.purges(9)?, view.last_purge()?);
            let vault = view.vault_after(None, 100)?;
            let waiting = (view.outbox_totals()?, view.key_epochs(&covenant)?);
            Ok::<_, StoreError>((own, received, purged, vault, waiting))
        })
    };
    let before = all(&world).unwrap();
    let due = retention.due().await.unwrap();
    assert_eq!(all(&world).unwrap(), before, "nothing was removed");
    assert_eq!(retention.due().await.unwrap(), due, "nor counted");
    assert_eq!(count(&due, NodePurgeable::OwnSignals), 5);
    assert_eq!(count(&due, NodePurgeable::Notices), 3);
    assert_eq!(count(&due, NodePurgeable::Pushes), 2);
    assert!(count(&due, NodePurgeable::Answers) > 0);
    assert_eq!(count(&due, NodePurgeable::KeyEpochs), 1);
    let told = lines(&due);
    assert!(told.contains("own_signals  5  due since"), "{told}");
    assert!(told.contains("manifest.json"), "{told}");

    let mut swept = retention.purge().await.unwrap().purged;
    let mut due = due;
    swept.sort_by_key(|one| one.what);
    due.sort_by_key(|one| one.what);
    assert_eq!(swept, due);
    assert!(retention.due().await.unwrap().is_empty());
    assert!(lines(&[]).starts_with("nothing is due"));
}

#[tokio::test]
async fn a_purge_that_was_cut_off_is_counted_by_the_next_one() {
    let world = World::of("corporatie", 100);
    let retention = retention(&world, 1);
    for _ in 0..3 {
        let id = push(&world).await;
        withdraw(&world, id).await;
    }
    days_after(&world, today(), 30);
    let rules = retention.rules();
    // The process ends in the middle of own signals.
    let cut_off = world.intake.store.write(move |tx: &mut NodeTx| {
        let place = step(&rules, tx, &Place::Own(None))?;
        step(&rules, tx, &place.unwrap_or_default())
    });
    cut_off.await.unwrap();
    let swept = retention.purge().await.unwrap();
    assert_eq!(count(&swept.purged, NodePurgeable::OwnSignals), 3);
}
