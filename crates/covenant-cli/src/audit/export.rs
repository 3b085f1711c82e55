//! `covenant audit export`: an evidence bundle, or the log as JSON Lines alone. What is written is
//! whole or not there.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use ledger::LogVerifier;
use model::clock::{Clock as _, SystemClock};
use tonic::transport::Channel;
use wire::audit_v1::ExportRequest;
use wire::audit_v1::disclosure_log_service_client::DisclosureLogServiceClient;

use super::gather::{Source, gather};
use super::judge::lay;
use super::logius;
use super::memory::{Memory, keep_evidence};
use super::past::From;
use crate::answer::{Found, Language, say};
use crate::connection::{Credentials, runtime, told};

/// What `audit export` is told.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The broker; or an export that was made before, without any network.
    #[command(flatten)]
    source: From,
    /// The log itself, or its entries in the words of another standard.
    #[arg(long, value_enum, default_value = "lines")]
    format: Format,
    /// With --from-export: a covenant, exactly the file that was signed; may be given more than once.
    #[arg(long, requires = "export")]
    covenant_file: Vec<PathBuf>,
    /// With --from-export: a party's signature (DSSE); may be given more than once.
    #[arg(long, requires = "export")]
    signature: Vec<PathBuf>,
    /// From this place in the log on.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Only details under this covenant; hashes of all other entries come too.
    #[arg(long, default_value = "")]
    covenant: String,
    /// The folder of the evidence bundle; a name that ends in .jsonl gets the entries alone. It must
    /// not be there yet.
    #[arg(long, required_unless_present = "otlp")]
    out: Option<PathBuf>,
    /// Where the last checkpoint is kept, as of `audit query` and `audit watch`: an export of another
    /// or a shorter log is an alarm.
    #[arg(long, requires_all = ["vkey", "broker"])]
    memory: Option<PathBuf>,
    /// The folder in which both checkpoints are kept when they contradict each other.
    #[arg(long, default_value = "evidence")]
    evidence: PathBuf,
    #[command(flatten)]
    logius: logius::Options,
}

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// The log's own entries with their proofs: what `audit verify` reads.
    Lines,
    /// Authorization Decision Log (Logius), level 4: a record per decision.
    Adl,
    /// Logboek Dataverwerkingen (Logius): a line per data subject.
    Ldv,
}

impl Export {
    fn request(&self) -> ExportRequest {
        ExportRequest {
            from_index: self.from,
            covenant: self.covenant.clone(),
        }
    }
}

impl Export {
    /// Lays the checkpoint of what was exported beside the one remembered, and remembers it.
    fn remembered(&self, note: &[u8], lang: Language) -> anyhow::Result<Found> {
        let (Some(path), Some(key)) = (&self.memory, self.source.vkey()) else {
            return Ok(Found::Good);
        };
        let (key, now) = (LogVerifier::parse(key)?, SystemClock.now());
        let mut memory = Memory::load(path, &key, now)?;
        let (broker, credentials) = self.source.broker()?;
        let laid = runtime()?.block_on(async {
            let mut client = client(broker, &credentials)?;
            let laid = lay(&mut client, &key, memory.checkpoint(), note).await;
            laid.map_err(|status| told(&status, lang))
        })?;
        match laid {
            Ok(checkpoint) => {
                memory.keep(checkpoint, note, None, now)?;
                Ok(Found::Good)
            }
            Err(alarm) => {
                let folder = keep_evidence(&self.evidence, alarm, memory.note(), note, now)?;
                let (word, folder) = (lang.pick("Bewijs:", "Evidence:"), folder.display());
                complainln!("ALARM: {}. {word} {folder}", alarm.text(lang));
                Ok(Found::Bad)
            }
        }
    }
}

/// Runs the command.
pub(crate) fn run(export: &Export, lang: Language) -> anyhow::Result<Found> {
    let standard = match export.format {
        Format::Lines => return own_words(export, lang),
        Format::Adl => logius::Standard::Adl,
        Format::Ldv => logius::Standard::Ldv,
    };
    let out = export.out.as_deref();
    let request = export.request();
    logius::run(standard, &export.source, request, out, &export.logius, lang)
}

fn own_words(export: &Export, lang: Language) -> anyhow::Result<Found> {
    export.logius.none_given()?;
    let out = export.out.as_deref().context("--out names where it goes")?;
    if out
        .extension()
        .is_some_and(|extension| extension == "jsonl")
    {
        return entries_alone(export, out, lang);
    }
    let source = match export.source.file() {
        Some(path) => Source::Files {
            export: path,
            covenants: &export.covenant_file,
            signatures: &export.signature,
        },
        None => {
            let (broker, credentials) = export.source.broker()?;
            Source::Broker(broker, credentials, export.request())
        }
    };
    let count = gather(&source, export.source.vkey(), out, lang)?;
    let note = std::fs::read(out.join(ledger::evidence::Item::Checkpoint.path()))?;
    if export.remembered(&note, lang)? == Found::Bad {
        return Ok(Found::Bad);
    }
    let out = out.display();
    say(&match lang {
        Language::Nl => format!(
            "{out}: bewijsbundel met {count} regels van het logboek. Nagaan kan met\n  covenant audit \
             verify {out}\nof, zonder ons programma, met\n  python3 {out}/verify.py {out}"
        ),
        Language::En => format!(
            "{out}: evidence bundle with {count} entries of the log. Verify it with\n  covenant audit \
             verify {out}\nor, without our program, with\n  python3 {out}/verify.py {out}"
        ),
    })?;
    Ok(Found::Good)
}

fn entries_alone(export: &Export, out: &Path, lang: Language) -> anyhow::Result<Found> {
    let (broker, credentials) = export.source.broker()?;
    let (mut file, part) = begin(out)?;
    let request = export.request();
    let next = runtime()?.block_on(async {
        let mut client = client(broker, &credentials)?;
        stream(&mut client, request, lang, |bytes| {
            Ok(file.write_all(bytes)?)
        })
        .await
    })?;
    finish(&file, &part, out)?;
    if export.memory.is_some()
        && export.remembered(&super::compare::note_of(out)?, lang)? == Found::Bad
    {
        return Ok(Found::Bad);
    }
    let (out, count) = (out.display(), next.saturating_sub(export.from));
    say(&match lang {
        Language::Nl => format!("{out}: {count} regels van het logboek"),
        Language::En => format!("{out}: {count} entries of the log"),
    })?;
    Ok(Found::Good)
}

/// A file beside `out`, which becomes `out` when it is whole.
pub(super) fn begin(out: &Path) -> anyhow::Result<(std::fs::File, PathBuf)> {
    let mut part = out.to_path_buf().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    anyhow::ensure!(
        !out.exists(),
        "{} is there already: choose another name",
        out.display()
    );
    let file = std::fs::File::create(&part).with_context(|| format!("write {}", part.display()))?;
    Ok((file, part))
}

/// Gives a whole file its name.
pub(super) fn finish(file: &std::fs::File, part: &Path, out: &Path) -> anyhow::Result<()> {
    file.sync_all()?;
    std::fs::rename(part, out).with_context(|| format!("write {}", out.display()))
}

/// A client of the disclosure log.
pub(super) fn client(
    broker: &str,
    credentials: &Credentials,
) -> anyhow::Result<DisclosureLogServiceClient<Channel>> {
    let channel = credentials.connect(broker)?;
    Ok(DisclosureLogServiceClient::new(channel)
        .max_decoding_message_size(identity::MAX_MESSAGE_BYTES))
}

/// Gives every piece of an export to `take`, and returns the place after the last entry.
pub(super) async fn stream(
    client: &mut DisclosureLogServiceClient<Channel>,
    request: ExportRequest,
    lang: Language,
    mut take: impl FnMut(&[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let mut next = request.from_index;
    let refused = |status: tonic::Status| told(&status, lang);
    let mut pieces = client.export(request).await.map_err(refused)?.into_inner();
    while let Some(piece) = pieces.message().await.map_err(refused)? {
        take(&piece.lines)?;
        next = piece.next_index;
    }
    Ok(next)
}
