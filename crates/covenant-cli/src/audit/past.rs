//! What was decided, from an export or from the broker: verified line by line as it comes in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use covenant::decide::Past;
use covenant::{Checking, Covenant, check_bytes};
use ledger::export::MAX_LINE;
use ledger::verify::{Seen, Verifier};
use ledger::{LogVerifier, Report};
use model::Digest;
use serde::Deserialize;
use wire::audit_v1::ExportRequest;

use super::export::{client, stream};
use super::lines;
use crate::answer::{Language, read_file, say};
use crate::connection::{Credentials, Online, runtime};

/// A covenant's file, checked as a text that was or may be signed: whether its dates are over plays
/// no part.
pub(crate) fn covenant_of(path: &Path, lang: Language) -> anyhow::Result<Covenant> {
    let name = path.display().to_string();
    let bytes = read_file(path, lang)?;
    let checked = check_bytes(&bytes, Checking::Template, None);
    if let Some(covenant) = checked.covenant {
        return Ok(covenant);
    }
    let source = String::from_utf8_lossy(&bytes);
    complain!(
        "{}",
        covenant::render(&name, &source, &checked.diagnostics, lang.into())
    );
    Err(crate::policy::has_errors(path, lang))
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

/// Where decisions are read from: a file, or the broker itself.
#[derive(Debug, Args)]
pub(crate) struct From {
    /// An export (JSON Lines) with its outcomes opened: one that the auditor made.
    #[arg(
        long,
        visible_alias = "from-export",
        conflicts_with = "broker",
        required_unless_present = "broker"
    )]
    export: Option<PathBuf>,
    /// The log's public key, from somebody whom you trust. Without it the export's own key is taken,
    /// which proves only that the export agrees with itself.
    #[arg(long)]
    vkey: Option<String>,
    #[command(flatten)]
    online: Online,
}

impl From {
    /// Verifies what is read line by line, and gives what each good record shows to `take`.
    pub(crate) fn read(
        &self,
        lang: Language,
        mut take: impl FnMut(Seen),
    ) -> anyhow::Result<Report> {
        self.read_some(ExportRequest::default(), lang, |_, seen| {
            take(seen);
            Ok(())
        })
    }

    /// The same of what is asked for, with the log's name. A file is read whole.
    pub(crate) fn read_some(
        &self,
        asked: ExportRequest,
        lang: Language,
        take: impl FnMut(&str, Seen) -> anyhow::Result<()>,
    ) -> anyhow::Result<Report> {
        let vkey = self.vkey.as_deref();
        if let Some(path) = &self.export {
            return read_lines(path, vkey, take);
        }
        let (broker, credentials) = self.broker()?;
        let mut reading = Reading::new(vkey, take);
        runtime()?.block_on(async {
            let mut client = client(broker, &credentials)?;
            stream(&mut client, asked, lang, |bytes| reading.push(bytes)).await
        })?;
        reading.finish()
    }

    /// The file, where one was named.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.export.as_deref()
    }

    /// The log's key as the reader has it.
    pub(crate) fn vkey(&self) -> Option<&str> {
        self.vkey.as_deref()
    }

    /// The broker, and who asks there.
    pub(crate) fn broker(&self) -> anyhow::Result<(&str, Credentials)> {
        self.online.required()
    }
}

/// Verifies an export as it is read, and gives what each good record shows to `take`. Without a key
/// of the reader's own that of the export itself is taken, which proves only that it agrees with
/// itself.
pub(crate) fn read(
    path: &Path,
    vkey: Option<&str>,
    mut take: impl FnMut(Seen),
) -> anyhow::Result<Report> {
    read_lines(path, vkey, |_, seen| {
        take(seen);
        Ok(())
    })
}

fn read_lines(
    path: &Path,
    vkey: Option<&str>,
    mut take: impl FnMut(&str, Seen) -> anyhow::Result<()>,
) -> anyhow::Result<Report> {
    let log = key(&lines::first(path)?, vkey)?;
    let mut failed = None;
    let report = lines::verify(path, &log, true, |verifier| {
        if let Some(seen) = verifier.take_seen() {
            failed = take(log.name(), seen).err();
        }
        failed.is_none()
    })?;
    failed.map_or(Ok(report), Err)
}

/// An export as it comes in, piece by piece.
struct Reading<'a, T> {
    vkey: Option<&'a str>,
    take: T,
    verifier: Option<(String, Verifier)>,
    rest: Vec<u8>,
}

impl<'a, T: FnMut(&str, Seen) -> anyhow::Result<()>> Reading<'a, T> {
    const fn new(vkey: Option<&'a str>, take: T) -> Self {
        Self {
            vkey,
            take,
            verifier: None,
            rest: Vec::new(),
        }
    }

    fn push(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.rest.extend_from_slice(bytes);
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).take(end).collect();
            self.line(&line)?;
        }
        // A line that is too long is a bad one, however much more of it comes.
        if self.rest.len() > MAX_LINE {
            let line = std::mem::take(&mut self.rest);
            self.line(&line)?;
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> anyhow::Result<()> {
        let (origin, verifier) = match &mut self.verifier {
            Some(verifier) => verifier,
            none => {
                let log = key(line, self.vkey)?;
                none.insert((log.name().to_owned(), Verifier::new(&log)))
            }
        };
        // Once a line was bad the report says so, and every further one is bad too.
        if verifier.line(line).is_ok()
            && let Some(seen) = verifier.take_seen()
        {
            (self.take)(origin, seen)?;
        }
        Ok(())
    }

    fn finish(mut self) -> anyhow::Result<Report> {
        if !self.rest.is_empty() {
            let line = std::mem::take(&mut self.rest);
            self.line(&line)?;
        }
        let (_, verifier) = self.verifier.context("the export is empty")?;
        Ok(verifier.finish())
    }
}

/// The log's key: the reader's own, or that of the export's first line.
pub(super) fn key(header: &[u8], vkey: Option<&str>) -> anyhow::Result<LogVerifier> {
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
