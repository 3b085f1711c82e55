//! The writer and the checker of `scripts/power-cut`. Not part of any service.
//!
//! `write DIR` writes batches from several threads and prints `<thread> <number>` once a batch is
//! acknowledged. `check DIR ACKS` opens what a power cut left and looks for every acknowledged
//! batch, whole, and for parts of others. `write-flush-only` and `check-flush-only` do the same
//! with sled's `flush()` alone, to show that this test can fail.

mod flush_only;
mod log;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;

use sha2::{Digest, Sha256};
use store::{NodeSettings, NodeStore, NodeTx, NodeView, StoreError};

const THREADS: u64 = 4;
/// How many names each thread writes over and over.
const ROLLING: u64 = 8;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["write", dir] => write(Path::new(dir)),
        ["check", dir, acks] => check(Path::new(dir), Path::new(acks)),
        ["write-flush-only", dir] => flush_only::write(Path::new(dir)),
        ["check-flush-only", dir, acks] => flush_only::check(Path::new(dir), Path::new(acks)),
        _ => Err("usage: store-power-cut write DIR | check DIR ACKS".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("power-cut: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A closed pipe means that nobody waits for the line.
    drop(writeln!(out, "{line}"));
    drop(out.flush());
}

/// Writes until the process is stopped.
fn write(dir: &Path) -> Result<(), Failure> {
    let store = NodeStore::open(&dir.join("node"), NodeSettings::default())?;
    let log = log::open(dir)?;
    run_threads(|thread| {
        if thread >= THREADS {
            return log::write(&log, thread);
        }
        let mut number = store.read::<_, StoreError>(|view| last(view, thread))?;
        loop {
            number += 1;
            store.write_blocking::<_, StoreError>(move |tx| put(tx, thread, number))?;
            say(&format!("{thread} {number}"));
        }
    })
}

fn run_threads(work: impl Fn(u64) -> Result<(), Failure> + Sync) -> Result<(), Failure> {
    let first = Mutex::new(None);
    std::thread::scope(|scope| {
        for thread in 0..THREADS + log::THREADS {
            let (work, first) = (&work, &first);
            scope.spawn(move || {
                if let (Err(error), Ok(mut first)) = (work(thread), first.lock()) {
                    first.get_or_insert(error);
                }
            });
        }
    });
    match first.into_inner() {
        Ok(Some(error)) => Err(error),
        _ => Ok(()),
    }
}

/// One batch: small values, now and then one that needs a file of its own, an item in and an item
/// out of the outbox, and a value that is written over.
fn put(tx: &mut NodeTx, thread: u64, number: u64) -> Result<(), StoreError> {
    for (name, bytes) in values(thread, number) {
        tx.put_vault(&name, &bytes)?;
    }
    let queue = format!("queue-{thread}");
    tx.put_outbox(&queue, &payload(thread, number, 100))?;
    if number.is_multiple_of(2)
        && let Some(oldest) = tx.outbox(&queue, 0, 1)?.first()
    {
        tx.outbox_done(&queue, oldest.number)?;
    }
    tx.put_vault(
        format!("roll/{thread}/{}", number % ROLLING).as_bytes(),
        &payload(thread, number, 400),
    )?;
    tx.put_note(&format!("last/{thread}"), &number.to_be_bytes())
}

fn values(thread: u64, number: u64) -> Vec<(Vec<u8>, Vec<u8>)> {
    let name = |part: &str| format!("batch/{thread}/{number}/{part}").into_bytes();
    let mut values: Vec<_> = (0..=number % 30)
        .map(|i| (name(&i.to_string()), payload(thread, number, 200)))
        .collect();
    if number.is_multiple_of(10) {
        values.push((name("large"), payload(thread, number, 20_000)));
    }
    values
}

/// Bytes that only this batch has.
fn payload(thread: u64, number: u64, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 32);
    let mut block = Sha256::digest([thread.to_be_bytes(), number.to_be_bytes()].concat());
    while bytes.len() < length {
        bytes.extend_from_slice(&block);
        block = Sha256::digest(block);
    }
    bytes.truncate(length);
    bytes
}

fn last(view: &NodeView, thread: u64) -> Result<u64, StoreError> {
    let note = view.note(&format!("last/{thread}"))?;
    Ok(note
        .and_then(|n| n.try_into().ok())
        .map_or(0, u64::from_be_bytes))
}

fn check(dir: &Path, acks: &Path) -> Result<(), Failure> {
    let acked = acknowledged(acks)?;
    let store = NodeStore::open(&dir.join("node"), NodeSettings::default())?;
    let mut batches = 0;
    for (thread, acked) in (0..THREADS).zip(&acked) {
        batches += store.read(|view| check_thread(view, thread, acked.number))?;
    }
    store.close()?;
    let entries = log::check(dir, &acked)?;
    say(&format!(
        "opened; {batches} batches and {entries} log entries, all acknowledged ones whole"
    ));
    Ok(())
}

fn check_thread(view: &NodeView, thread: u64, acked: u64) -> Result<u64, Failure> {
    let last = last(view, thread)?;
    if last < acked {
        return Err(format!("thread {thread}: acknowledged {acked}, found {last}").into());
    }
    for number in 1..=last {
        for (name, bytes) in values(thread, number) {
            if view.vault(&name)?.as_deref() != Some(&bytes) {
                return Err(format!("thread {thread}: batch {number} is not whole").into());
            }
        }
    }
    for rolling in last.saturating_sub(ROLLING - 1).max(1)..=last {
        let name = format!("roll/{thread}/{}", rolling % ROLLING);
        if view.vault(name.as_bytes())? != Some(payload(thread, rolling, 400)) {
            return Err(format!("thread {thread}: an old value came back").into());
        }
    }
    for (name, _) in values(thread, last + 1) {
        if view.vault(&name)?.is_some() {
            return Err(format!("thread {thread}: a part of batch {}", last + 1).into());
        }
    }
    let waiting = view.outbox(&format!("queue-{thread}"), 0, usize::MAX)?;
    let expected = (last / 2 + 1..=last).map(|n| payload(thread, n, 100));
    if !waiting.into_iter().map(|item| item.body).eq(expected) {
        return Err(format!("thread {thread}: the outbox is not what was left in it").into());
    }
    Ok(last)
}

/// What a thread's last whole line said.
#[derive(Clone, Default)]
struct Acked {
    number: u64,
    /// What followed the number.
    more: String,
}

/// The last acknowledgement per thread. The last line may be cut short.
fn acknowledged(acks: &Path) -> Result<Vec<Acked>, Failure> {
    let threads = usize::try_from(THREADS + log::THREADS)?;
    let mut last = vec![Acked::default(); threads];
    let mut reader = BufReader::new(std::fs::File::open(acks)?);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        let mut words = line.trim_end().splitn(3, ' ');
        if line.ends_with('\n')
            && let (Some(thread), Some(number)) = (words.next(), words.next())
            && let Some(known) = last.get_mut(thread.parse::<usize>()?)
        {
            known.number = number.parse()?;
            known.more = words.next().unwrap_or_default().to_owned();
        }
        line.clear();
    }
    Ok(last)
}
