//! A node's state on any engine.

use model::{Digest, KeyEpoch, NoticeId, RequestId, SignalId};

use super::sample::{TODAY, World, covenant, now};
use super::{Check, Failure, OpenWorld, ensure, refused, same};
use crate::node::{
    KeyEpochKept, NodePurgeable, NodeStore, OutboxTotals, OutsideId, OwnSignal, SeenCheckpoint,
};
use crate::requests::RequestKey;

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("vault, outbox and answer are one unit", one_unit),
    ("the outbox is bounded and in order", the_outbox_is_bounded),
    ("own signals are found by either id", own_signals),
    ("notices are kept once", notices_are_kept_once),
    ("the newest checkpoint is kept", the_newest_checkpoint),
    ("receipts end", receipts_end),
    ("key epochs are remembered and end", key_epochs_end),
    ("tallies and notes", tallies_and_notes),
    ("a unit that panics is rolled back", a_panic_is_rolled_back),
    ("a node's directory is not a broker's", not_a_brokers),
];

fn one_unit(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let world = World::new("unit");
    let store = world.node(open)?;
    let key = RequestKey {
        client: "partner".to_owned(),
        method: "SubmitSignal".to_owned(),
        id: RequestId::fresh(),
    };
    let hash = Digest::new([1; 32]);
    let submit = |fails: bool| {
        let key = key.clone();
        store.write_blocking(move |tx| {
            tx.put_vault(b"signal", b"sealed")?;
            tx.put_outbox("c", b"push")?;
            tx.remember(&key, &hash, b"accepted", now())?;
            if fails {
                Err("no".into())
            } else {
                Ok::<_, Failure>(())
            }
        })
    };
    refused(submit(true), "no")?;
    same(
        store.read(|view| view.vault(b"signal"))?,
        None,
        "nothing of a failed unit",
    )?;
    same(
        store.read(|view| view.outbox_totals())?,
        OutboxTotals::default(),
        "nor its total",
    )?;
    submit(false)?;
    store.close()?;
    let store = world.node(open)?;
    same(
        store.read(|view| view.vault(b"signal"))?,
        Some(b"sealed".to_vec()),
        "vault",
    )?;
    same(
        store.read(|view| view.outbox("c", 0, 9))?.len(),
        1,
        "outbox",
    )?;
    let answer = store.read(|view| view.answered(&key, &hash))?;
    same(
        answer.map(|a| a.answer().to_vec()),
        Some(b"accepted".to_vec()),
        "answer",
    )?;
    store.write_blocking(|tx| tx.delete_vault(b"signal"))?;
    same(
        store.read(|view| view.vault_after(None, 9))?.len(),
        0,
        "deleted",
    )?;
    Ok(store.close()?)
}

fn the_outbox_is_bounded(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("outbox").node(open)?;
    let put = |queue: &'static str, body: Vec<u8>| {
        store.write_blocking(move |tx| Ok::<_, Failure>(tx.put_outbox(queue, &body)?))
    };
    for byte in 1..=3 {
        put("a", vec![byte])?;
    }
    put("b", vec![4])?;
    refused(put("a", vec![0; 1000]), "the outbox is full")?;
    put("a", vec![0; 900])?;
    refused(put("b", vec![5]), "the outbox is full (5 items, 904 bytes)")?;
    let waiting = store.read(|view| view.outbox("a", 0, 3))?;
    let bodies: Vec<_> = waiting.iter().map(|item| item.body.clone()).collect();
    same(
        bodies,
        vec![vec![1], vec![2], vec![3]],
        "first in, first out",
    )?;
    let first = waiting.first().map_or(0, |item| item.number);
    let next = store.read(|view| view.outbox("a", first, 1))?;
    same(
        next.first().map(|item| item.body.clone()),
        Some(vec![2]),
        "after the first",
    )?;
    let done =
        |queue: &'static str, number| store.write_blocking(move |tx| tx.outbox_done(queue, number));
    ensure(!done("b", first)?, "another queue's number")?;
    ensure(done("a", first)?, "taken")?;
    ensure(!done("a", first)?, "taken twice")?;
    let totals = OutboxTotals {
        items: 4,
        bytes: 903,
    };
    same(store.read(|view| view.outbox_totals())?, totals, "totals")?;
    put("b", vec![5])?;
    Ok(store.close()?)
}

fn own_signals(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("own").node(open)?;
    let outside = |epoch| {
        Ok::<_, Failure>(OutsideId {
            covenant: covenant()?,
            epoch: KeyEpoch::new(epoch).ok_or("epoch")?,
            id: SignalId::fresh(),
        })
    };
    let (first, second) = (outside(1)?, outside(2)?);
    let own = OwnSignal {
        state: b"pushed".to_vec(),
        outside: vec![first.clone(), second.clone()],
    };
    let (low, high) = (id(1)?, id(2)?);
    for id in [high, low] {
        let own = own.clone();
        store.write_blocking(move |tx| tx.put_own(id, &own))?;
    }
    same(
        store.read(|view| view.own(low))?,
        Some(own.clone()),
        "by the sender's id",
    )?;
    same(
        store.read(|view| view.inside_id(&second))?,
        Some(low),
        "by the outside id",
    )?;
    let page = store.read(|view| view.own_after(None, 1))?;
    same(page, vec![(low, own.clone())], "a page")?;
    same(
        store.read(|view| view.own_after(Some(low), 9))?,
        vec![(high, own)],
        "the next",
    )?;
    store.write_blocking(move |tx| tx.delete_own(low))?;
    same(
        store.read(|view| view.inside_id(&first))?,
        None,
        "forgotten",
    )?;
    Ok(store.close()?)
}

fn id(byte: u8) -> Result<SignalId, Failure> {
    SignalId::from_slice(&[byte; 16]).ok_or_else(|| "id".into())
}

fn notices_are_kept_once(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("inbox").node(open)?;
    let (first, second) = (NoticeId::fresh(), NoticeId::fresh());
    let receive = |id| store.write_blocking(move |tx| tx.put_received(id, b"body", now()));
    ensure(receive(first)?, "new")?;
    ensure(!receive(first)?, "delivered again")?;
    ensure(receive(second)?, "another")?;
    let acknowledge = |id, at| store.write_blocking(move |tx| tx.acknowledge_received(id, at));
    ensure(acknowledge(first, now())?, "acknowledged")?;
    ensure(acknowledge(first, now().plus_seconds(9))?, "again")?;
    ensure(!acknowledge(NoticeId::fresh(), now())?, "unknown")?;
    let all = store.read(|view| view.received(0, 9))?;
    let found: Vec<_> = all.iter().map(|n| (n.id, n.acknowledged)).collect();
    same(
        found,
        vec![(first, Some(now())), (second, None)],
        "in order of arrival",
    )?;
    let number = all.first().map_or(0, |n| n.number);
    same(
        store.read(|view| view.received(number, 9))?.len(),
        1,
        "after the first",
    )?;
    Ok(store.close()?)
}

fn the_newest_checkpoint(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("seen").node(open)?;
    let see = |size, note: &'static [u8]| {
        store.write_blocking(move |tx| {
            let note = note.to_vec();
            tx.put_seen_checkpoint("log.example", &SeenCheckpoint { size, note })
        })
    };
    see(5, b"five")?;
    see(4, b"four")?;
    let seen = |origin| store.read(|view| view.seen_checkpoint(origin));
    same(
        seen("log.example")?.map(|s| s.size),
        Some(5),
        "the larger one stays",
    )?;
    see(6, b"six")?;
    same(
        seen("log.example")?.map(|s| s.note),
        Some(b"six".to_vec()),
        "a newer one",
    )?;
    same(seen("other.example")?, None, "another log")?;
    Ok(store.close()?)
}

fn receipts_end(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("receipts").node(open)?;
    let large = vec![7; 30_000];
    let put = large.clone();
    store.write_blocking(move |tx| tx.put_receipt(b"r", &put, TODAY.plus_days(2)))?;
    same(
        store.read(|view| view.receipt(b"r"))?,
        Some(large),
        "a large receipt",
    )?;
    store.write_blocking(|tx| tx.put_receipt(b"r", b"small", TODAY.plus_days(9)))?;
    store.write_blocking(|tx| tx.put_receipt(b"q", b"other", TODAY.plus_days(9)))?;
    let row = |name: &[u8], receipt: &[u8]| (name.to_vec(), receipt.to_vec());
    same(
        store.read(|view| view.receipts_after(None, 1))?,
        vec![row(b"q", b"other")],
        "the first of all receipts",
    )?;
    same(
        store.read(|view| view.receipts_after(Some(b"q"), 9))?,
        vec![row(b"r", b"small")],
        "those after it",
    )?;
    store.write_blocking(|tx| tx.purge(TODAY.plus_days(2), 9))?;
    same(
        store.read(|view| view.receipt(b"r"))?,
        Some(b"small".to_vec()),
        "moved on",
    )?;
    store.write_blocking(|tx| tx.purge(TODAY.plus_days(9), 9))?;
    same(store.read(|view| view.receipt(b"r"))?, None, "over")?;
    Ok(store.close()?)
}

fn key_epochs_end(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let world = World::new("epochs");
    let store = world.node(open)?;
    let kept = |epoch, ends: i32| {
        Ok::<_, Failure>(KeyEpochKept {
            epoch: KeyEpoch::new(epoch).ok_or("epoch")?,
            had: epoch != 1,
            until: TODAY.plus_days(3),
            ends: TODAY.plus_days(ends),
        })
    };
    let (one, two) = (kept(1, 4)?, kept(2, 4)?);
    let id = covenant()?;
    let put = |one: KeyEpochKept| {
        let id = id.clone();
        store.write_blocking(move |tx| tx.put_key_epoch(&id, &one))
    };
    put(two)?;
    put(one)?;
    let highest = id.clone();
    store.write_blocking(move |tx| tx.put_highest_key_epoch(&highest, two.epoch))?;
    // Its key is there one day longer.
    let later = kept(2, 5)?;
    put(later)?;
    store.close()?;
    let store = world.node(open)?;
    same(
        store.read(|view| view.key_epochs(&id))?,
        vec![one, later],
        "over a restart",
    )?;
    same(
        store.write_blocking(|tx| tx.purge(TODAY.plus_days(4), 9))?,
        1,
        "nothing points at the second one from the day before",
    )?;
    same(
        store.read(|view| view.key_epochs(&id))?,
        vec![later],
        "the first one is over",
    )?;
    store.write_blocking(|tx| tx.purge(TODAY.plus_days(5), 9))?;
    same(store.read(|view| view.key_epochs(&id))?, vec![], "all are")?;
    let purged = store.read(|view| view.purged())?;
    let counted = purged.iter().find(|p| p.what == NodePurgeable::KeyEpochs);
    same(counted.map(|one| one.count), Some(2), "and counted")?;
    let still = store.read(|view| view.highest_key_epoch(&id))?;
    same(still, Some(two.epoch), "the highest stays")?;
    Ok(store.close()?)
}

fn tallies_and_notes(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("tallies").node(open)?;
    let add = |more| store.write_blocking(move |tx| tx.add_to_tally(b"token", more));
    same((add(2)?, add(1)?, add(-2)?), (2, 3, 1), "a tally")?;
    same((add(-5)?, add(1)?), (0, 1), "not below nothing")?;
    store.write_blocking(|tx| tx.put_note("epoch", b"1"))?;
    store.write_blocking(|tx| tx.put_note("epoch", b"2"))?;
    same(
        store.read(|view| view.note("epoch"))?,
        Some(b"2".to_vec()),
        "a note",
    )?;
    same(store.read(|view| view.note("other"))?, None, "no note")?;
    Ok(store.close()?)
}

fn a_panic_is_rolled_back(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("panic").node(open)?;
    let panicked = store.write_blocking(|tx| {
        tx.put_note("half", b"1")?;
        std::panic::resume_unwind(Box::new("on purpose"));
        #[expect(unreachable_code, reason = "gives the closure its type")]
        Ok::<(), Failure>(())
    });
    refused(panicked, "a unit of work failed inside")?;
    same(store.read(|view| view.note("half"))?, None, "rolled back")?;
    store.write_blocking(|tx| tx.put_note("whole", b"1"))?;
    Ok(store.close()?)
}

fn not_a_brokers(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let world = World::new("kind");
    let store: NodeStore = world.node(open)?;
    store.close()?;
    refused(
        store.write_blocking(|tx| Ok::<_, Failure>(tx.put_note("late", b"1")?)),
        "the store is closed",
    )?;
    refused(
        world.broker(open).map(drop),
        "the state directory belongs to a node, not to a broker",
    )
}
