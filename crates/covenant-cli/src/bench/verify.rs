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
    let hashes = fastest(|| {
        bare_hashes(entries);
        Ok(())
    })?;
    let mut lines = vec![
        format!(
            "| {} entries | MB | seconds | us an entry | beside bare hashes |",
            number(rate(entries, Duration::from_secs(1)))
        ),
        "|---|--:|--:|--:|--:|".to_owned(),
    ];
    let mut tell = |what: &str, bytes: u64, took: Duration| {
        let (seconds, bare) = (took.as_secs_f64(), hashes.as_secs_f64());
        lines.push(format!(
            "| {what} | {} | {seconds:.2} | {:.2} | {:.1} |",
            number(rate(bytes, Duration::from_secs(1_000_000))),
            1e6 / rate(entries, took),
            seconds / bare.max(f64::EPSILON),
        ));
    };
    // With the byte that each begins with, and two hashes under every node.
    let hashed = (u64::try_from(LEAF_LEN)? + 1 + 65) * entries;
    tell(
        "reference: two bare SHA-256 for each leaf, on one core",
        hashed,
        hashes,
    );
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
        let bytes = std::fs::metadata(&export)?.len();
        let read = fastest(|| through(&export, |_| ()))?;
        tell(
            &format!("reference: reading the {whose}'s export"),
            bytes,
            read,
        );
        let took = fastest(|| {
            let report = verify::export(&export, Some(&world.broker.log_key))?;
            anyhow::ensure!(
                report.is_good() && report.records == entries,
                "the export holds"
            );
            Ok(())
        })?;
        tell(&format!("export of the {whose}"), bytes, took);
        let took = bundled(&export, &world, &log)?;
        let mut hasher = Sha256::new();
        let hash = fastest(|| through(&export, |piece| hasher.update(piece)))?;
        tell(
            "reference: one SHA-256 over that file, on one core",
            bytes,
            hash,
        );
        tell(&format!("evidence bundle of the {whose}"), bytes, took);
        std::fs::remove_file(&export)?;
    }
    Ok(lines)
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
