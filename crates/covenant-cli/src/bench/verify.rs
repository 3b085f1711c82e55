//! Verifying a large log: an export and an evidence bundle, for the auditor and for a party.

use std::collections::BTreeSet;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::Path;
use std::time::Duration;

use ::replay::evidence::Given;
use anyhow::Context as _;
use ledger::counters::Reader;
use ledger::tree::{leaf_hash, node_hash};
use ledger::{LEAF_LEN, LogSigner, LogVerifier};
use model::clock::{Clock as _, Stopwatch, SystemClock};
use model::{Digest, PartyId};
use sandbox::World;
use sha2::{Digest as _, Sha256};

use super::year::{ASKER, Year};
use super::{decide, number, rate, without_limits};
use crate::answer::Language;
use crate::audit::gather::{Source, gather};
use crate::audit::{bundle, verify};
use crate::trial::lay_out;

/// How often each is done; the fastest counts, since other work on the machine only slows down.
const ROUNDS: usize = 3;

pub(super) fn measure(entries: u64) -> anyhow::Result<Vec<String>> {
    let (folder, world) = lay_out(without_limits())?;
    let active = decide::active_in(&world)?;
    let log = LogVerifier::parse(&world.broker.log_key)?;
    let key = identity::SigningKey::read(&folder.path().join("broker/log-key.pem"))?;
    let signer = LogSigner::from_seed(log.name(), &key.to_secret())?;
    let year = Year::of(entries, &active, &signer, SystemClock.now())?;
    let digest = active.covenant().digest();
    let mut table = Table::of(entries)?;
    let party = PartyId::parse(ASKER)?;
    for (whose, reader) in [
        ("auditor", Reader::Auditor(BTreeSet::from([digest]))),
        ("party", Reader::Party(BTreeSet::from([(digest, party)]))),
    ] {
        let export = folder.path().join(format!("{whose}.jsonl"));
        let mut to = BufWriter::new(File::create(&export)?);
        year.export(&reader, &mut to)?;
        to.flush()?;
        drop(to);
        table.reader(whose, &export, &world, &log)?;
        std::fs::remove_file(&export)?;
    }
    Ok(table.lines)
}

/// What is told.
struct Table {
    entries: u64,
    /// How long the bare hashes took.
    hashes: Duration,
    lines: Vec<String>,
}

impl Table {
    fn of(entries: u64) -> anyhow::Result<Self> {
        let hashes = fastest(|| {
            bare_hashes(entries);
            Ok(())
        })?;
        let count = number(rate(entries, Duration::from_secs(1)));
        let heading =
            format!("| {count} entries | MB | seconds | us an entry | beside bare hashes |");
        let mut table = Self {
            entries,
            hashes,
            lines: vec![heading, "|---|--:|--:|--:|--:|".to_owned()],
        };
        // With the byte that each begins with, and two hashes under every node.
        let hashed = (u64::try_from(LEAF_LEN)? + 1 + 65) * entries;
        let what = "reference: two bare SHA-256 for each leaf, on one core";
        table.tell(what, hashed, hashes);
        Ok(table)
    }

    fn tell(&mut self, what: &str, bytes: u64, took: Duration) {
        let (seconds, bare) = (took.as_secs_f64(), self.hashes.as_secs_f64());
        self.lines.push(format!(
            "| {what} | {} | {seconds:.2} | {:.2} | {:.1} |",
            number(rate(bytes, Duration::from_secs(1_000_000))),
            1e6 / rate(self.entries, took),
            seconds / bare.max(f64::EPSILON),
        ));
    }

    /// An export and the bundle that is made of it.
    fn reader(
        &mut self,
        whose: &str,
        export: &Path,
        world: &World,
        log: &LogVerifier,
    ) -> anyhow::Result<()> {
        let bytes = std::fs::metadata(export)?.len();
        let took = fastest(|| through(export, |_| ()))?;
        self.tell(
            &format!("reference: reading the {whose}'s export"),
            bytes,
            took,
        );
        let took = fastest(|| {
            let report = verify::export(export, Some(&world.broker.log_key))?;
            let all = report.is_good() && report.records == self.entries;
            anyhow::ensure!(all, "the export holds");
            Ok(())
        })?;
        self.tell(&format!("export of the {whose}"), bytes, took);
        let mut hasher = Sha256::new();
        let took = fastest(|| through(export, |piece| hasher.update(piece)))?;
        let what = "reference: one SHA-256 over that file, on one core";
        self.tell(what, bytes, took);
        let took = bundled(export, world, log)?;
        self.tell(&format!("evidence bundle of the {whose}"), bytes, took);
        Ok(())
    }
}

/// How long a bundle of an export takes.
fn bundled(export: &Path, world: &World, log: &LogVerifier) -> anyhow::Result<Duration> {
    let place = world.covenants.first().context("a covenant")?;
    let out = export.with_extension("bundle");
    let source = Source::Files {
        export,
        covenants: std::slice::from_ref(&place.file),
        signatures: &place.signatures,
    };
    gather(&source, Some(&world.broker.log_key), &out, Language::En)?;
    let given = Given {
        log: Some(log),
        pins: None,
        now: SystemClock.now(),
    };
    let took = fastest(|| {
        let report = bundle::judge(&out, given)?;
        anyhow::ensure!(report.is_good(), "the bundle holds");
        Ok(())
    })?;
    std::fs::remove_dir_all(&out)?;
    Ok(took)
}

/// The least that a tree takes: a hash for every leaf and one for every node above.
fn bare_hashes(entries: u64) {
    let mut leaf = [b'.'; LEAF_LEN];
    let mut root = Digest::new([0; 32]);
    for seq in 0..entries {
        if let Some(start) = leaf.first_chunk_mut() {
            *start = seq.to_be_bytes();
        }
        root = node_hash(&root, &leaf_hash(black_box(&leaf)));
    }
    black_box(root);
}

fn through(path: &Path, mut take: impl FnMut(&[u8])) -> anyhow::Result<()> {
    let mut file = File::open(path)?;
    let mut piece = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        take(black_box(piece.get(..read).unwrap_or_default()));
    }
}

fn fastest(mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let mut fastest = Duration::MAX;
    for _ in 0..ROUNDS {
        let watch = Stopwatch::start();
        work()?;
        fastest = fastest.min(watch.elapsed());
    }
    Ok(fastest)
}
