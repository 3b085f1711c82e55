//! `covenant audit verify`: which of the log's promises hold, from a file or from the broker.
//!
//! Whoever keeps the log is not believed in anything but what the public key and the hashes prove.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use ledger::counters::Reader;
use ledger::tree::verify_consistency;
use ledger::verify::{Bad, Promise, Standing, Verifier};
use ledger::{Checkpoint, LogVerifier, Report};
use serde_json::json;
use wire::audit_v1::{ExportRequest, GetCheckpointRequest, GetConsistencyProofRequest};

use super::export::{client, stream};
use super::{finding, lines, past};
use crate::answer::{Format, Found, Language, say, say_json};
use crate::connection::{Credentials, Online, runtime, told};

/// What `audit verify` is told: a file, or where the broker is.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// An evidence bundle (a folder) or an export (JSON Lines): verified without any network.
    #[arg(conflicts_with = "broker", required_unless_present = "broker")]
    file: Option<PathBuf>,
    /// The log's public key, `<name>+<hash>+<base64>`: take it from a party whom you trust, never
    /// from the broker. Without it a file's own key is taken, which proves only that the file agrees
    /// with itself.
    #[arg(long, required_unless_present = "file")]
    pub(super) vkey: Option<String>,
    /// For a bundle: a file with the keys of the parties, as `[pins.<party>]` of a configuration.
    #[arg(long, conflicts_with = "broker")]
    pub(super) pins: Option<PathBuf>,
    #[command(flatten)]
    online: Online,
    /// For people or for programs.
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: Format,
}

impl Verify {
    fn online(&self) -> anyhow::Result<(&str, Credentials)> {
        self.online.required()
    }
}

/// Runs the command.
pub(crate) fn run(verify: &Verify, lang: Language) -> anyhow::Result<Found> {
    if let Some(folder) = verify.file.as_deref().filter(|path| path.is_dir()) {
        return finding::judge(folder, verify, lang);
    }
    anyhow::ensure!(
        verify.pins.is_none(),
        "--pins needs an evidence bundle: an export holds no signatures of parties"
    );
    let (report, newest) = if let Some(path) = &verify.file {
        (export(path, verify.vkey.as_deref())?, None)
    } else {
        let log =
            LogVerifier::parse(verify.vkey.as_deref().context("--vkey")?).context("--vkey")?;
        let (broker, credentials) = verify.online()?;
        let (report, newest) = runtime()?.block_on(read(broker, &credentials, &log, lang))?;
        (report, Some(newest))
    };
    let grows = newest.as_ref().is_none_or(Newest::follows);
    match verify.format {
        Format::Text => {
            tell(&report, newest.as_ref(), lang)?;
            if verify.vkey.is_none() {
                say(lang.pick(
                    "De sleutel van het logboek komt uit de export zelf: vergelijk hem, of geef --vkey.",
                    "The log's key comes from the export itself: compare it, or give --vkey.",
                ))?;
            }
        }
        Format::Json => say_json(&as_json(&report, newest.as_ref()))?,
    }
    Ok(Found::good_if(report.is_good() && grows))
}

/// Verifies a file, by the reader's key or by its own.
pub(crate) fn export(path: &Path, vkey: Option<&str>) -> anyhow::Result<Report> {
    let log = past::key(&lines::first(path)?, vkey)?;
    lines::verify(path, &log, false, |_| true)
}

/// Whether the broker's newest checkpoint only adds to what was verified.
enum Newest {
    Follows(u64),
    /// It does not; the text says how.
    Differs(String),
}

impl Newest {
    const fn follows(&self) -> bool {
        matches!(self, Self::Follows(_))
    }
}

/// Verifies the broker's export as it comes in, and then its newest checkpoint.
async fn read(
    broker: &str,
    credentials: &Credentials,
    log: &LogVerifier,
    lang: Language,
) -> anyhow::Result<(Report, Newest)> {
    let mut client = client(broker, credentials)?;
    let mut verifier = Verifier::new(log);
    let mut rest = Vec::new();
    stream(&mut client, ExportRequest::default(), lang, |bytes| {
        rest.extend_from_slice(bytes);
        let whole = rest
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        for line in rest
            .get(..whole)
            .unwrap_or_default()
            .split_inclusive(|byte| *byte == b'\n')
        {
            // Once a line was bad the report says so; the rest need not be read well.
            if verifier
                .line(line.strip_suffix(b"\n").unwrap_or(line))
                .is_err()
            {
                break;
            }
        }
        rest.drain(..whole);
        Ok(())
    })
    .await?;
    if !rest.is_empty() {
        drop(verifier.line(&rest));
    }
    let report = verifier.finish();
    let Some(seen) = report.checkpoint.clone() else {
        return Ok((
            report,
            Newest::Differs("there is no checkpoint to compare".to_owned()),
        ));
    };
    let refused = |status: tonic::Status| told(&status, lang);
    let note = client
        .get_checkpoint(GetCheckpointRequest {})
        .await
        .map_err(refused)?;
    let newest = match log.verify(&note.into_inner().checkpoint) {
        Err(error) => return Ok((report, Newest::Differs(error.to_string()))),
        Ok(newest) => newest,
    };
    let mut proof = Vec::new();
    if seen.size > 0 && newest.size > seen.size {
        let request = GetConsistencyProofRequest {
            from_size: seen.size,
            to_size: newest.size,
        };
        let answer = client
            .get_consistency_proof(request)
            .await
            .map_err(refused)?
            .into_inner();
        for hash in &answer.consistency_proof {
            proof.push(model::Digest::from_slice(hash).context("a hash of 32 bytes")?);
        }
    }
    let newest = compare(&seen, &newest, &proof);
    Ok((report, newest))
}

fn compare(seen: &Checkpoint, newest: &Checkpoint, proof: &[model::Digest]) -> Newest {
    if newest.size < seen.size {
        return Newest::Differs("the newest checkpoint is smaller than the export's".to_owned());
    }
    if seen.size == 0 {
        return Newest::Follows(newest.size);
    }
    match verify_consistency(seen.size, &seen.root, newest.size, &newest.root, proof) {
        Ok(()) => Newest::Follows(newest.size),
        Err(error) => Newest::Differs(error.to_string()),
    }
}

fn tell(report: &Report, newest: Option<&Newest>, lang: Language) -> anyhow::Result<()> {
    for (promise, standing) in report.promises() {
        let word = word(standing, lang);
        say(&format!("{word:<15} {}", promise_text(promise, lang)))?;
    }
    match newest {
        None => {}
        Some(Newest::Follows(size)) => say(&format!(
            "{:<15} {} ({size})",
            lang.pick("klopt", "holds"),
            lang.pick(
                "het nieuwste controlepunt vult alleen aan",
                "the newest checkpoint only adds to it"
            )
        ))?,
        Some(Newest::Differs(problem)) => say(&format!(
            "{:<15} {}: {problem}",
            lang.pick("KLOPT NIET", "BROKEN"),
            lang.pick("het nieuwste controlepunt", "the newest checkpoint")
        ))?,
    }
    tell_counts(report, lang)?;
    match &report.bad {
        None => Ok(()),
        Some(bad) => tell_bad(bad, lang),
    }
}

/// The word for how a promise stands.
pub(super) const fn word(standing: Standing, lang: Language) -> &'static str {
    match standing {
        Standing::Holds => lang.pick("klopt", "holds"),
        Standing::HeldSoFar => lang.pick("klopte tot daar", "held so far"),
        Standing::Broken => lang.pick("KLOPT NIET", "BROKEN"),
        Standing::NotJudged => lang.pick("niet bekeken", "not judged"),
    }
}

/// The same for programs.
pub(super) const fn word_json(standing: Standing) -> &'static str {
    match standing {
        Standing::Holds => "holds",
        Standing::HeldSoFar => "held-so-far",
        Standing::Broken => "broken",
        Standing::NotJudged => "not-judged",
    }
}

/// How much was read, for whom, and of which time.
pub(super) fn tell_counts(report: &Report, lang: Language) -> anyhow::Result<()> {
    let Report {
        records,
        leaves,
        opened,
        erased,
        ..
    } = report;
    say(&match lang {
        Language::Nl => format!(
            "{records} regels, waarvan {leaves} leesbaar; {opened} onderdelen geopend, {erased} gewist"
        ),
        Language::En => {
            format!("{records} records, {leaves} readable; {opened} parts opened, {erased} erased")
        }
    })?;
    if let Some(reader) = &report.reader {
        let label = lang.pick("volgens de export gemaakt voor", "made, it says, for");
        say(&format!("{label}: {}", reader_text(reader)))?;
    }
    if let Some((first, last)) = report.period {
        let label = lang.pick("tijd", "time");
        say(&format!(
            "{label}: {} - {}",
            first.to_rfc3339(),
            last.to_rfc3339()
        ))?;
    }
    Ok(())
}

fn tell_bad(bad: &Bad, lang: Language) -> anyhow::Result<()> {
    let index = bad.index.map_or_else(
        || lang.pick("de kop", "the header").to_owned(),
        |index| format!("{} {index}", lang.pick("plaats", "index")),
    );
    say(&match lang {
        Language::Nl => format!(
            "Eerste foute regel: regel {} van het bestand, {index}, {}: {}",
            bad.line,
            bad.promise.as_str(),
            bad.problem
        ),
        Language::En => format!(
            "First bad record: line {} of the file, {index}, {}: {}",
            bad.line,
            bad.promise.as_str(),
            bad.problem
        ),
    })
}

pub(super) const fn promise_text(promise: Promise, lang: Language) -> &'static str {
    let (nl, en) = match promise {
        Promise::Form => ("elke regel is leesbaar", "every record can be read"),
        Promise::Checkpoint => (
            "het logboek tekende het controlepunt",
            "the log's key signed the checkpoint",
        ),
        Promise::Order => ("alles staat op volgorde", "everything stands in its order"),
        Promise::Tree => (
            "elke regel staat in de getekende boom",
            "every record stands in the signed tree",
        ),
        Promise::Time => ("de tijd loopt nooit terug", "time never runs back"),
        Promise::Openings => (
            "wat geopend is, is wat vastgelegd was",
            "what was opened is what was committed to",
        ),
        Promise::Outcome => (
            "elke uitkomst past bij haar regel",
            "every outcome fits its record",
        ),
        Promise::Counters => (
            "er is niets weggelaten voor deze lezer",
            "nothing was left out for this reader",
        ),
        Promise::Complete => ("het eind is niet weggelaten", "the end was not left out"),
    };
    match lang {
        Language::Nl => nl,
        Language::En => en,
    }
}

pub(super) fn reader_text(reader: &Reader) -> String {
    match reader {
        Reader::Operator => "operator".to_owned(),
        Reader::Auditor(covenants) => {
            let names: Vec<String> = covenants.iter().map(model::Digest::to_hex).collect();
            format!("auditor {}", names.join(", "))
        }
        Reader::Party(names) => {
            let names: Vec<&str> = names.iter().map(|(_, party)| party.as_str()).collect();
            names.join(", ")
        }
    }
}

fn as_json(report: &Report, newest: Option<&Newest>) -> serde_json::Value {
    let promises: serde_json::Map<String, serde_json::Value> = report
        .promises()
        .into_iter()
        .map(|(promise, standing)| (promise.as_str().to_owned(), word_json(standing).into()))
        .collect();
    json!({
        "good": report.is_good() && newest.is_none_or(Newest::follows),
        "promises": promises,
        "records": report.records,
        "leaves": report.leaves,
        "opened": report.opened,
        "erased": report.erased,
        "from": report.from,
        "reader": report.reader.as_ref().map(reader_text),
        "checkpoint": report.checkpoint.as_ref().map(|checkpoint| json!({
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": checkpoint.root.to_hex(),
        })),
        "newest": newest.map(|newest| match newest {
            Newest::Follows(size) => json!({ "follows": true, "size": size }),
            Newest::Differs(problem) => json!({ "follows": false, "problem": problem }),
        }),
        "first_bad": report.bad.as_ref().map(|bad| json!({
            "line": bad.line,
            "index": bad.index,
            "promise": bad.promise.as_str(),
            "problem": bad.problem,
        })),
    })
}
