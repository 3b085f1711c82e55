//! Measures the embedded engine: `cargo run --release -p store --example engine-bench -- DIR`.
//!
//! 32-byte random keys, 200-byte values, durable per batch; then units of work through the writer
//! thread, and commits with a log entry each.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ledger::outcome::Engine as Decider;
use ledger::word::Code;
use ledger::{Kind, LogSigner, NewEntry, Outcome};
use model::Secret;
use model::clock::{Stopwatch, SystemClock};
use model::id::{fill_random, random_32};
use store::{
    Batch, BrokerSettings, BrokerStore, Decided, Engine, NodeSettings, NodeStore, SledEngine,
    SledSettings, Step, StoreError,
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let dir = std::env::args().nth(1).ok_or("usage: engine-bench DIR")?;
    let dir = Path::new(&dir);
    let mut out = std::io::stdout().lock();
    for (size, batches, sorted) in [(1, 3_000, true), (1_000, 300, true), (1_000, 300, false)] {
        let engine = SledEngine::open(
            &dir.join(format!("engine-{size}-{sorted}")),
            SledSettings::default(),
        )?;
        let mut times = engine_writes(&engine, size, batches, sorted)?;
        writeln!(
            out,
            "engine, batch of {size}, {}",
            line(&mut times, size, sorted)
        )?;
        engine.close()?;
    }
    let store = NodeStore::open(&dir.join("node"), NodeSettings::default())?;
    for threads in [1, 16, 64] {
        let (units, seconds) = units(&store, threads)?;
        let rate = f64::from(units) / seconds;
        writeln!(
            out,
            "units of one value, {threads} at a time: {rate:.0}/s durable"
        )?;
    }
    store.close()?;
    let signer = LogSigner::from_seed("log.example/bench", &Secret::new([1; 32]))?;
    let store = BrokerStore::open(
        &dir.join("broker"),
        &BrokerSettings::default(),
        signer,
        Arc::new(SystemClock),
    )?;
    for threads in [1, 16, 64] {
        let (commits, seconds) = commits(&store, threads)?;
        let rate = f64::from(commits) / seconds;
        writeln!(
            out,
            "commits of one entry, {threads} at a time: {rate:.0}/s logged and signed"
        )?;
    }
    Ok(store.close()?)
}

fn line(times: &mut [Duration], size: u32, sorted: bool) -> String {
    times.sort();
    let total: Duration = times.iter().sum();
    let at = |share: usize| {
        let place = times.len() * share / 100;
        times.get(place).map_or(0.0, Duration::as_secs_f64) * 1000.0
    };
    let count = u32::try_from(times.len()).unwrap_or(u32::MAX);
    let rate = f64::from(count) * f64::from(size) / total.as_secs_f64();
    let keys = if sorted {
        "keys in order"
    } else {
        "random keys"
    };
    let (median, slow) = (at(50), at(99));
    format!("{keys}: {rate:.0} inserts/s, p50 {median:.2} ms, p99 {slow:.2} ms")
}

/// `sorted`: keys that rise from batch to batch, as numbers and the log do.
fn engine_writes(
    engine: &dyn Engine,
    size: u32,
    batches: u64,
    sorted: bool,
) -> Result<Vec<Duration>, StoreError> {
    let mut times = Vec::new();
    for number in 0..batches {
        let mut batch = Batch::new();
        for row in 0..size {
            let mut key = random_32().to_vec();
            if sorted {
                key.splice(
                    ..12,
                    [&number.to_be_bytes()[..], &row.to_be_bytes()[..]].concat(),
                );
            }
            let mut value = vec![0; 200];
            fill_random(&mut value);
            batch.insert(key, Some(value));
        }
        let watch = Stopwatch::start();
        engine.apply(&batch)?;
        times.push(watch.elapsed());
    }
    Ok(times)
}

fn spread(
    threads: u32,
    each: u32,
    work: impl Fn() -> Result<(), Failure> + Sync,
) -> Result<(u32, f64), Failure> {
    let watch = Stopwatch::start();
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| (0..each).try_for_each(|_| work())))
            .collect();
        running
            .into_iter()
            .try_for_each(|t| t.join().unwrap_or_else(|_| Err("a thread panicked".into())))
    })?;
    Ok((threads * each, watch.elapsed().as_secs_f64()))
}

fn units(store: &NodeStore, threads: u32) -> Result<(u32, f64), Failure> {
    spread(threads, 500, || {
        let key = random_32();
        Ok(store.write_blocking::<_, StoreError>(move |tx| tx.put_vault(&key, &[7; 200]))?)
    })
}

fn commits(store: &BrokerStore, threads: u32) -> Result<(u32, f64), Failure> {
    let decider = Decider {
        name: Code::parse("bench")?,
        version: Code::parse("1")?,
        table_digest: None,
    };
    let entry = NewEntry {
        covenant: None,
        recipient: None,
        source: None,
        purpose: None,
        request: vec![1; 300],
        answer: vec![2; 300],
        outcome: Outcome {
            facts: BTreeMap::new(),
            ..Outcome::of(Kind::CheckAnswered, decider)
        },
    };
    spread(threads, 200, || {
        let entry = entry.clone();
        store.commit_step_blocking::<_, StoreError>(move |_| {
            Ok(Step::Decided(Decided::new(vec![entry], ())))
        })?;
        Ok(())
    })
}
