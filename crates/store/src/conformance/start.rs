//! What a start finds beside the log's tree, and who may sign.

use ledger::LogSigner;
use model::{Digest, Secret};

use super::log::{check, verifier};
use super::sample::{World, signer};
use super::{Check, Failure, OpenWorld, ensure, refused, same};
use crate::broker::{BrokerStore, CheckpointPlace};

pub(super) const CHECKS: &[(&str, Check)] = &[
    (
        "a tree ahead of its checkpoint is signed anew",
        ahead_is_signed_anew,
    ),
    (
        "a tree behind its checkpoint is not signed",
        behind_is_refused,
    ),
    (
        "a lost or foreign checkpoint is not replaced",
        lost_is_refused,
    ),
    ("two that sign one log stop", two_that_sign),
];

fn ahead_is_signed_anew(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let world = World::new("ahead");
    let store = world.broker(open)?;
    check(&store, &["gemeente"])?;
    let old = world.place.read()?;
    check(&store, &["gemeente"])?;
    store.close()?;
    // What a crash between batch and checkpoint leaves.
    put_back(&world.place, old)?;
    let store = world.broker(open)?;
    same(store.log_stopped(), None, "a normal crash")?;
    same(store.checkpoint().size, 2, "signed anew")?;
    ensure(
        world.place.read()? == Some(store.checkpoint().note),
        "second place",
    )?;
    check(&store, &["gemeente"])?
        .receipt()
        .verify(&verifier()?)?;
    Ok(store.close()?)
}

fn behind_is_refused(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let world = World::new("behind");
    let store = world.broker(open)?;
    check(&store, &["gemeente"])?;
    store.close()?;
    let root = Digest::new([1; 32]);
    put_back(&world.place, Some(signer()?.sign(2, root)))?;
    let store = world.broker(open)?;
    refused_log(&store, "the tree is behind the checkpoint file")?;
    store.close()?;
    put_back(&world.place, Some(signer()?.sign(1, root)))?;
    let store = world.broker(open)?;
    refused_log(
        &store,
        "the tree does not contain what the checkpoint file says",
    )?;
    ensure(
        world.place.read()? == Some(signer()?.sign(1, root)),
        "it is left alone",
    )?;
    Ok(store.close()?)
}

fn lost_is_refused(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let world = World::new("lost");
    let store = world.broker(open)?;
    check(&store, &["gemeente"])?;
    let kept = world.place.read()?;
    store.close()?;
    put_back(&world.place, None)?;
    let store = world.broker(open)?;
    refused_log(&store, "the checkpoint file is missing")?;
    let read = store.read(|view| view.entry(0))?;
    ensure(read.is_some(), "the log can still be read")?;
    ensure(world.place.read()?.is_none(), "nothing is signed")?;
    store.close()?;
    put_back(&world.place, kept)?;
    let foreign = LogSigner::from_seed(super::sample::ORIGIN, &Secret::new([4; 32]))?;
    let store = world.broker_with(open, foreign)?;
    refused_log(
        &store,
        "the checkpoint file is not signed by this log's key",
    )?;
    store.close()?;
    let store = world.broker(open)?;
    check(&store, &["gemeente"])?;
    store.stop_log("a node holds a newer checkpoint");
    refused(
        check(&store, &["gemeente"]),
        "the disclosure log is not being signed: a node holds",
    )?;
    Ok(store.close()?)
}

fn two_that_sign(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let world = World::new("two");
    let store = world.broker(open)?;
    check(&store, &["gemeente"])?;
    put_back(&world.place, Some(signer()?.sign(1, Digest::new([8; 32]))))?;
    refused(
        check(&store, &["gemeente"]),
        "the store has stopped after a failed write",
    )?;
    refused(
        check(&store, &["gemeente"]),
        "the store has stopped after a failed write",
    )?;
    ensure(
        store
            .read(|view| view.leaf(0).map_err(Failure::from))
            .is_err(),
        "reads stop too",
    )?;
    Ok(store.close()?)
}

fn refused_log(store: &BrokerStore, why: &str) -> Result<(), Failure> {
    let said = store.log_stopped().unwrap_or_default();
    ensure(said.starts_with(why), why)?;
    refused(
        check(store, &["gemeente"]),
        "the disclosure log is not being signed",
    )?;
    same(store.read(|view| view.work(1))?.len(), 0, "reading goes on")
}

fn put_back(place: &CheckpointPlace, note: Option<Vec<u8>>) -> Result<(), Failure> {
    match place {
        CheckpointPlace::Memory(held) => {
            *held.lock().map_err(|_| "poisoned")? = note;
            Ok(())
        }
        CheckpointPlace::File(_) => Err("the suite keeps checkpoints in memory".into()),
    }
}
