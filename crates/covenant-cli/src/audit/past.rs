//! What was decided, from an export or from the broker: verified line by line as it comes in.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use covenant::decide::Past;
use covenant::{Checking, Covenant, check_bytes};
use ledger::export::MAX_LINE;
use ledger::verify::{Seen, Verifier};
use ledger::{LogVerifier, Report};
use model::Digest;
use serde::Deserialize;

use crate::answer::{Language, say};

/// A covenant's file, checked as a text that was or may be signed: whether its dates are over plays
/// no part.
pub(crate) fn covenant_of(path: &Path, lang: Language) -> anyhow::Result<Covenant> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).with_context(|| format!("read {name}"))?;
    let checked = check_bytes(&bytes, Checking::Template, None);
    if let Some(covenant) = checked.covenant {
        return Ok(covenant);
    }
    let source = String::from_utf8_lossy(&bytes);
    eprint!(
        "{}",
        covenant::render(&name, &source, &checked.diagnostics, lang.into())
    );
    anyhow::bail!("{name} has errors; see covenant policy check")
}

/// Covenants under the digest of their files.
pub(crate) fn covenants(
    paths: &[PathBuf],
    lang: Language,
) -> anyhow::Result<BTreeMap<Digest, Past>> {
    let mut all = BTreeMap::new();
    for path in paths {
        let covenant = covenant_of(path, lang)?;
        all.insert(covenant.digest(), Past::new(covenant)?);
    }
    Ok(all)
}

/// Verifies an export as it is read, and gives what each good record shows to `take`. Without a key
/// of the reader's own that of the export itself is taken, which proves only that it agrees with
/// itself.
pub(crate) fn read(
    path: &Path,
    vkey: Option<&str>,
    mut take: impl FnMut(Seen),
) -> anyhow::Result<Report> {
    let name = path.display();
    let file = std::fs::File::open(path).with_context(|| format!("read {name}"))?;
    let mut reader = BufReader::new(file);
    let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX).saturating_add(2);
    let mut verifier: Option<Verifier> = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut reader)
            .take(limit)
            .read_until(b'\n', &mut line)
            .with_context(|| format!("read {name}"))?;
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let verifier = match &mut verifier {
            Some(verifier) => verifier,
            none => none.insert(Verifier::new(&key(text, vkey)?)),
        };
        if read == 0 || verifier.line(text).is_err() {
            break;
        }
        if let Some(seen) = verifier.take_seen() {
            take(seen);
        }
    }
    verifier.map(Verifier::finish).context("the export is empty")
}

/// The log's key: the reader's own, or that of the export's first line.
fn key(header: &[u8], vkey: Option<&str>) -> anyhow::Result<LogVerifier> {
    #[derive(Deserialize)]
    struct Head {
        vkey: String,
    }
    if let Some(vkey) = vkey {
        return LogVerifier::parse(vkey).context("--vkey");
    }
    let head: Head = serde_json::from_slice(header)
        .map_err(|_| anyhow::anyhow!("this is no export of a log: make one with audit export"))?;
    LogVerifier::parse(&head.vkey).context("the key in the export's first line")
}

/// Tells that nothing can be said of an export that is not in order.
pub(crate) fn tell_bad(report: &Report, lang: Language) -> anyhow::Result<()> {
    let Some(bad) = &report.bad else {
        return Ok(());
    };
    say(&match lang {
        Language::Nl => format!(
            "De export klopt niet vanaf bestandsregel {} ({}): {}. Wat daarachter staat, is niet \
             gelezen. Zie covenant audit verify.",
            bad.line,
            bad.promise.as_str(),
            bad.problem
        ),
        Language::En => format!(
            "The export is not in order from line {} on ({}): {}. What stands behind it was not \
             read. See covenant audit verify.",
            bad.line,
            bad.promise.as_str(),
            bad.problem
        ),
    })
}
