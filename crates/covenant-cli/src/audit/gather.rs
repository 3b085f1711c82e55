//! Making an evidence bundle: what the log says, and the covenants under which it says it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use ::replay::evidence::Given;
use ::replay::evidence::pack::pack;
use anyhow::Context as _;
use ledger::evidence::{Item, Listed, MANIFEST, Manifest};
use ledger::{LogVerifier, counters::Reader};
use model::Digest;
use model::clock::{Clock as _, SystemClock};
use sha2::{Digest as _, Sha256};
use wire::audit_v1::{ExportRequest, GetCheckpointRequest};
use wire::broker_v1::{GetCovenantRequest, ListCovenantsRequest};

use super::export::{client, stream};
use super::{bundle, lines};
use crate::answer::{Language, write_new};
use crate::connection::{Credentials, runtime, told};

/// The exact bytes of covenants, each with the envelopes over it.
pub(super) type Covenants = Vec<(Vec<u8>, Vec<Vec<u8>>)>;

/// What an export turned out to hold, once it was verified.
struct Read {
    log: LogVerifier,
    header: Vec<u8>,
    note: String,
    reader: Reader,
    wanted: BTreeSet<Digest>,
    records: u64,
    /// What the manifest says of it.
    shows: Digest,
}

/// Where a bundle comes from.
pub(crate) enum Source<'a> {
    /// From the broker, and with which certificate.
    Broker(&'a str, Credentials, ExportRequest),
    /// From an export, covenants and signatures that are here already.
    Files {
        export: &'a Path,
        covenants: &'a [PathBuf],
        signatures: &'a [PathBuf],
    },
}

/// Writes a bundle, verifies what was written, and returns how many entries it holds.
pub(crate) fn gather(
    source: &Source<'_>,
    vkey: Option<&str>,
    out: &Path,
    lang: Language,
) -> anyhow::Result<u64> {
    anyhow::ensure!(
        !out.exists(),
        "{} is there already: choose another name",
        out.display()
    );
    let mut part = out.to_path_buf().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    std::fs::create_dir_all(out.parent().unwrap_or(Path::new(".")))?;
    std::fs::create_dir(&part).with_context(|| {
        format!(
            "make {}: remove it if an earlier export left it",
            part.display()
        )
    })?;
    let made = fill(source, vkey, &part, lang).and_then(|records| {
        anyhow::ensure!(!out.exists(), "{} came to be meanwhile", out.display());
        std::fs::rename(&part, out).with_context(|| format!("write {}", out.display()))?;
        Ok(records)
    });
    if made.is_err() {
        // What is half done is nobody's evidence; that it could not be removed is not the error.
        let _ = std::fs::remove_dir_all(&part);
    }
    made
}

fn fill(
    source: &Source<'_>,
    vkey: Option<&str>,
    part: &Path,
    lang: Language,
) -> anyhow::Result<u64> {
    let raw = part.join("export.part");
    let (read, covenants, notes) = match source {
        Source::Files {
            export,
            covenants,
            signatures,
        } => (
            verified(export, vkey)?,
            local(covenants, signatures)?,
            Vec::new(),
        ),
        Source::Broker(broker, credentials, request) => runtime()?.block_on(async {
            let mut file = File::create_new(&raw)?;
            let mut client = client(broker, credentials)?;
            let take = |bytes: &[u8]| Ok(file.write_all(bytes)?);
            stream(&mut client, request.clone(), lang, take).await?;
            let refused = |status: tonic::Status| told(&status, lang);
            let newest = client.get_checkpoint(GetCheckpointRequest {}).await;
            let newest = newest.map_err(refused)?.into_inner().checkpoint.to_vec();
            let read = verified(&raw, vkey)?;
            let covenants = fetched(broker, credentials, &read.wanted, lang).await?;
            anyhow::Ok((read, covenants, vec![newest]))
        })?,
    };
    let export = match source {
        Source::Files { export, .. } => *export,
        Source::Broker(..) => raw.as_path(),
    };
    write(part, export, &read, &covenants, &notes)?;
    if export == raw {
        std::fs::remove_file(&raw)?;
    }
    let given = Given {
        log: Some(&read.log),
        pins: None,
        now: SystemClock.now(),
    };
    let report = bundle::judge(part, given)?;
    if let Some(bad) = report.bad {
        anyhow::bail!(
            "the bundle would not hold ({}, {}): {}",
            bad.file,
            bad.promise.as_str(),
            bad.problem
        );
    }
    Ok(read.records)
}

/// Verifies an export before anything is made of it.
fn verified(path: &Path, vkey: Option<&str>) -> anyhow::Result<Read> {
    let name = path.display();
    let header = lines::first(path)?;
    let log = super::past::key(&header, vkey)?;
    let mut wanted = BTreeSet::new();
    let report = lines::verify(path, &log, false, |verifier| {
        wanted.extend(verifier.about().and_then(|leaf| leaf.covenant));
        true
    })?;
    if let Some(bad) = report.bad {
        anyhow::bail!(
            "{name} is not in order at line {} ({}): {}; see covenant audit verify",
            bad.line,
            bad.promise.as_str(),
            bad.problem
        );
    }
    let reader = report.reader.context("the export names no reader")?;
    match &reader {
        Reader::Operator => {}
        Reader::Auditor(covenants) => wanted.extend(covenants),
        Reader::Party(names) => wanted.extend(names.iter().map(|(covenant, _)| *covenant)),
    }
    Ok(Read {
        log,
        header,
        note: report.note.context("the export has no checkpoint")?,
        reader,
        wanted,
        records: report.records,
        shows: report.shows.context("the export holds")?,
    })
}

fn local(covenants: &[PathBuf], signatures: &[PathBuf]) -> anyhow::Result<Covenants> {
    let read =
        |path: &PathBuf| std::fs::read(path).with_context(|| format!("read {}", path.display()));
    let envelopes: Vec<Vec<u8>> = signatures.iter().map(read).collect::<Result<_, _>>()?;
    // Each envelope names the file that it is about; it is kept with that one.
    let with = |path| Ok((read(path)?, envelopes.clone()));
    covenants.iter().map(with).collect()
}

/// The wanted covenants from the broker, as far as this reader may have them.
pub(super) async fn fetched(
    broker: &str,
    credentials: &Credentials,
    wanted: &BTreeSet<Digest>,
    lang: Language,
) -> anyhow::Result<Covenants> {
    let mut client = wire::client::covenants(credentials.connect(broker)?);
    let refused = |status: tonic::Status| told(&status, lang);
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListCovenantsRequest {
            page_size: 0,
            page_token,
        };
        let page = client.list_covenants(request).await.map_err(refused)?;
        let page = page.into_inner();
        for version in page.versions {
            let digest = Digest::from_slice(&version.digest).context("a digest of 32 bytes")?;
            if !wanted.contains(&digest) {
                continue;
            }
            let mut request = GetCovenantRequest {
                covenant_id: version.covenant_id,
                digest: version.digest,
                first_envelope: 0,
            };
            let (mut file, mut envelopes) = (Vec::new(), Vec::new());
            loop {
                let answer = client
                    .get_covenant(request.clone())
                    .await
                    .map_err(refused)?;
                let answer = answer.into_inner();
                if request.first_envelope == 0 {
                    file = answer.file.to_vec();
                }
                let count = answer.version.map_or(0, |version| version.envelope_count);
                let more = u32::try_from(answer.envelopes.len())?;
                envelopes.extend(answer.envelopes.iter().map(|e| e.envelope.to_vec()));
                request.first_envelope += more;
                if more == 0 || request.first_envelope >= count {
                    break;
                }
            }
            all.push((file, envelopes));
        }
        if page.next_page_token.is_empty() {
            return Ok(all);
        }
        page_token = page.next_page_token;
    }
}

fn write(
    part: &Path,
    export: &Path,
    read: &Read,
    covenants: &Covenants,
    notes: &[Vec<u8>],
) -> anyhow::Result<()> {
    let mut files = pack(
        &read.log,
        &read.wanted,
        covenants,
        read.note.as_bytes(),
        notes,
    )?;
    let note = files
        .get(&Item::Checkpoint.path())
        .context("a checkpoint")?;
    let note = std::str::from_utf8(note)?;
    let header = ledger::export::with_note(&read.header, note).context("a header")?;
    files.insert(Item::Readme.path(), bundle::README.into());
    files.insert(Item::Program.path(), bundle::PROGRAM.into());
    std::fs::create_dir(part.join("covenants"))?;
    let mut manifest = Manifest {
        origin: read.log.name().to_owned(),
        vkey: read.log.to_vkey(),
        reader: read.reader.clone(),
        covenants: read.wanted.clone(),
        files: std::collections::BTreeMap::new(),
    };
    for (path, bytes) in &files {
        write_new(&part.join(path), bytes)?;
        let listed = Listed {
            length: u64::try_from(bytes.len())?,
            digest: Digest::new(Sha256::digest(bytes).into()),
        };
        manifest.files.insert(path.clone(), listed);
    }
    let listed = Listed {
        length: entries(&part.join(Item::Entries.path()), export, &header)?,
        digest: read.shows,
    };
    manifest.files.insert(Item::Entries.path(), listed);
    write_new(&part.join(MANIFEST), &manifest.to_bytes())
}

/// Writes the entries with their own header, and says how many bytes they are.
fn entries(path: &Path, export: &Path, header: &str) -> anyhow::Result<u64> {
    let mut from = BufReader::new(File::open(export)?);
    from.skip_until(b'\n')?;
    let mut to = File::create_new(path)?;
    to.write_all(header.as_bytes())?;
    let rest = std::io::copy(&mut from, &mut to)?;
    to.sync_all()?;
    Ok(u64::try_from(header.len())? + rest)
}
