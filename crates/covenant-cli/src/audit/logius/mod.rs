//! `covenant audit export --format adl | ldv`: the log for readers of other logs, as a file or over
//! OTLP with every line confirmed.

mod otlp;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;

use anyhow::Context as _;
use clap::Args;
use ledger::verify::Seen;
use replay::logius::ldv::{Left, Line, Register};
use replay::logius::{Entry, adl, ldv};
use wire::audit_v1::ExportRequest;

use self::otlp::Sent;
use super::export::{begin, finish};
use super::past::{From, tell_bad};
use crate::answer::{Found, Language, say};

/// What the other formats are told.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// For `ldv`: the register of processing activities; a purpose stands at `URI/<purpose>`.
    #[arg(long, value_name = "URI", value_parser = address)]
    register: Option<String>,
    /// For `ldv`: a purpose whose activity stands elsewhere, `PURPOSE=URI`; may be given more than
    /// once. So too the confidential variant of an activity.
    #[arg(long, value_name = "PURPOSE=URI", value_parser = activity)]
    activity: Vec<(String, String)>,
    /// For `ldv`: sends the lines to this OTLP receiver (gRPC) instead of a file; every line is
    /// confirmed. `http://` only to this machine itself.
    #[arg(long, value_name = "URL", conflicts_with = "out")]
    otlp: Option<String>,
    /// PEM file with the authority of the receiver's certificate.
    #[arg(long, requires = "otlp")]
    otlp_ca: Option<PathBuf>,
    /// Says that it is well that some entries are left out, since you may not read their outcome.
    #[arg(long)]
    allow_unopened: bool,
}

/// Which standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standard {
    /// Authorization Decision Log.
    Adl,
    /// Logboek Dataverwerkingen.
    Ldv,
}

/// What was left out, and why.
#[derive(Debug, Default)]
struct Tally {
    written: u64,
    other: u64,
    hashes: u64,
    unopened: u64,
    activities: BTreeSet<String>,
}

/// Runs the command.
pub(super) fn run(
    standard: Standard,
    source: &From,
    asked: ExportRequest,
    out: Option<&Path>,
    options: &Options,
    lang: Language,
) -> anyhow::Result<Found> {
    match (&options.otlp, out) {
        (Some(url), _) => {
            anyhow::ensure!(standard == Standard::Ldv, "--otlp is for --format ldv");
            send(url, source, asked, options, lang)
        }
        (None, Some(out)) => write(standard, source, asked, out, options, lang),
        (None, None) => anyhow::bail!("name a file with --out, or a receiver with --otlp"),
    }
}

fn write(
    standard: Standard,
    source: &From,
    asked: ExportRequest,
    out: &Path,
    options: &Options,
    lang: Language,
) -> anyhow::Result<Found> {
    let register = options.register();
    let (mut file, part) = begin(out)?;
    let mut tally = Tally::default();
    let from = asked.from_index;
    let mut written = std::io::BufWriter::new(&mut file);
    let report = source.read_some(asked, lang, |origin, seen| {
        let Some(entry) = entry(origin, seen, from)? else {
            return Ok(());
        };
        let line = match standard {
            Standard::Adl => tally
                .decided(adl::record(&entry))
                .map(|record| serde_json::to_vec(&record)),
            Standard::Ldv => tally
                .line(ldv::line(&entry, &register))
                .map(|line| serde_json::to_vec(&line)),
        };
        if let Some(line) = line {
            written.write_all(&line?)?;
            written.write_all(b"\n")?;
        }
        Ok(())
    })?;
    written.flush()?;
    drop(written);
    if report.bad.is_some() || !tally.activities.is_empty() {
        // A part must not be taken for the whole.
        std::fs::remove_file(&part)?;
        tell_bad(&report, lang)?;
        tally.tell_activities(lang)?;
        return Ok(Found::Bad);
    }
    finish(&file, &part, out)?;
    tally.hashes = report.records.saturating_sub(report.leaves);
    tally.tell(standard, &out.display().to_string(), lang)?;
    Ok(tally.found(options))
}

/// Sends as it reads: the sender has a thread of its own, and holds the reader up when it lags.
fn send(
    url: &str,
    source: &From,
    asked: ExportRequest,
    options: &Options,
    lang: Language,
) -> anyhow::Result<Found> {
    let register = options.register();
    let receiver = otlp::Receiver::at(url, options.otlp_ca.as_deref())?;
    let from = asked.from_index;
    let mut tally = Tally::default();
    let (to_sender, lines) = sync_channel::<Line>(2 * otlp::BATCH);
    let sending = std::thread::spawn(move || receiver.send_all(&lines));
    let read = source.read_some(asked, lang, |origin, seen| {
        if let Some(entry) = entry(origin, seen, from)?
            && let Some(line) = tally.line(ldv::line(&entry, &register))
        {
            // When the sender has given up, it says why.
            to_sender.send(line).context("the receiver is gone")?;
        }
        Ok(())
    });
    drop(to_sender);
    let sent = sending
        .join()
        .map_err(|_| anyhow::anyhow!("the sender ended by itself"))?;
    tell_sent(&sent, lang)?;
    if let Some(stopped) = sent.stopped {
        return Err(stopped);
    }
    let report = read?;
    tell_bad(&report, lang)?;
    tally.tell_activities(lang)?;
    tally.hashes = report.records.saturating_sub(report.leaves);
    tally.tell(Standard::Ldv, url, lang)?;
    let good = report.bad.is_none() && tally.activities.is_empty() && sent.refused.is_empty();
    Ok(if good {
        tally.found(options)
    } else {
        Found::Bad
    })
}

/// A verified entry from `from` on: a file is read whole, and proves itself only whole.
fn entry(origin: &str, seen: Seen, from: u64) -> anyhow::Result<Option<Entry>> {
    if seen.leaf.seq < from {
        return Ok(None);
    }
    Ok(Some(Entry::of(origin, seen)?))
}

fn tell_sent(sent: &Sent, lang: Language) -> anyhow::Result<()> {
    for (index, why) in &sent.refused {
        say(&match lang {
            Language::Nl => format!("plaats {index} van het logboek: de ontvanger weigerde: {why}"),
            Language::En => format!("place {index} of the log: the receiver refused: {why}"),
        })?;
    }
    for warning in &sent.warnings {
        complainln!(
            "{}: {warning}",
            lang.pick("de ontvanger waarschuwt", "the receiver warns")
        );
    }
    let confirmed = sent.confirmed;
    say(&match lang {
        Language::Nl => format!("{confirmed} regels bevestigd door de ontvanger"),
        Language::En => format!("{confirmed} lines confirmed by the receiver"),
    })?;
    if sent.stopped.is_some() {
        let next = sent.next;
        say(&match lang {
            Language::Nl => format!(
                "Alles voor plaats {next} is bevestigd of hierboven genoemd; ga verder met --from {next}"
            ),
            Language::En => format!(
                "Everything before place {next} was confirmed or named above; go on with --from {next}"
            ),
        })?;
    }
    Ok(())
}

impl Options {
    /// For the log's own lines none of these means anything.
    pub(super) fn none_given(&self) -> anyhow::Result<()> {
        let none = self.register.is_none()
            && self.activity.is_empty()
            && self.otlp.is_none()
            && !self.allow_unopened;
        anyhow::ensure!(
            none,
            "--register, --activity, --otlp and --allow-unopened go with --format adl or ldv"
        );
        Ok(())
    }

    fn register(&self) -> Register {
        Register {
            base: self.register.clone(),
            activities: self.activity.iter().cloned().collect::<BTreeMap<_, _>>(),
        }
    }
}

impl Tally {
    fn decided<T>(&mut self, record: Option<T>) -> Option<T> {
        let count = match record {
            Some(_) => &mut self.written,
            None => &mut self.other,
        };
        *count = count.saturating_add(1);
        record
    }

    fn line(&mut self, line: Result<Line, Left>) -> Option<Line> {
        let count = match &line {
            Ok(_) => &mut self.written,
            Err(Left::NoPerson) => &mut self.other,
            Err(Left::Unopened) => &mut self.unopened,
            Err(Left::Activity(purpose)) => {
                self.activities.insert(purpose.clone());
                return None;
            }
        };
        *count = count.saturating_add(1);
        line.ok()
    }

    fn found(&self, options: &Options) -> Found {
        Found::good_if(self.unopened == 0 || options.allow_unopened)
    }

    fn tell_activities(&self, lang: Language) -> anyhow::Result<()> {
        if self.activities.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = self.activities.iter().map(String::as_str).collect();
        let names = names.join(", ");
        say(&match lang {
            Language::Nl => format!(
                "Geen verwerkingsactiviteit voor: {names}. Noem het register met --register, of geef \
                 --activity DOEL=URI."
            ),
            Language::En => format!(
                "No processing activity for: {names}. Name the register with --register, or give \
                 --activity PURPOSE=URI."
            ),
        })
    }

    fn tell(&self, standard: Standard, to: &str, lang: Language) -> anyhow::Result<()> {
        let Self {
            written,
            other,
            hashes,
            unopened,
            ..
        } = self;
        say(&match (standard, lang) {
            (Standard::Adl, Language::Nl) => format!(
                "{to}: {written} besluiten (Authorization Decision Log); {other} andere regels \
                 van het logboek zijn geen besluit over toegang"
            ),
            (Standard::Adl, Language::En) => format!(
                "{to}: {written} decisions (Authorization Decision Log); {other} other entries \
                 are no decision about access"
            ),
            (Standard::Ldv, Language::Nl) => format!(
                "{to}: {written} regels (Logboek Dataverwerkingen); {other} andere regels van \
                 het logboek gaan niet over een persoon"
            ),
            (Standard::Ldv, Language::En) => format!(
                "{to}: {written} lines (Logboek Dataverwerkingen); {other} other entries are \
                 about no person"
            ),
        })?;
        if *hashes > 0 {
            say(&match lang {
                Language::Nl => {
                    format!("{hashes} regels ziet u alleen als hash; die staan hier niet in")
                }
                Language::En => format!("{hashes} entries are a hash to you; they are not in here"),
            })?;
        }
        if *unopened == 0 {
            return Ok(());
        }
        say(&match lang {
            Language::Nl => format!(
                "Weggelaten: {unopened} regels waarvan u de uitkomst niet mag lezen of die gewist is"
            ),
            Language::En => {
                format!("Left out: {unopened} entries whose outcome you may not read or was erased")
            }
        })
    }
}

fn activity(text: &str) -> Result<(String, String), String> {
    let (purpose, uri) = text.split_once('=').ok_or("write PURPOSE=URI")?;
    Ok((purpose.to_owned(), address(uri)?))
}

/// An absolute address, by its form.
fn address(text: &str) -> Result<String, String> {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme);
    let good = scheme.is_some_and(|scheme| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    }) && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if good {
        Ok(text.to_owned())
    } else {
        Err("write a whole address, as https://register.example/verwerkingen".to_owned())
    }
}
