//! `covenant audit replay`: every decision of an export is made again, and must come out the same.

use std::path::PathBuf;

use ::replay::again::{Difference, Differing, Replay, Report, Unable};
use ::replay::evidence::{Given, Promise};
use ::replay::then::Unreadable;
use anyhow::Context as _;
use clap::Args;
use ledger::{LogVerifier, Report as Verified};
use model::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};

use super::{bundle, past};
use crate::answer::{Format, Found, Language, say, say_json};

/// What `audit replay` is told.
#[derive(Debug, Args)]
pub(crate) struct Again {
    /// An evidence bundle (a folder) or an export (JSON Lines) with its outcomes opened: one that the
    /// auditor made.
    export: PathBuf,
    /// A covenant, exactly the file that was signed; give every version that decided. A bundle has
    /// them inside.
    #[arg(long)]
    covenant: Vec<PathBuf>,
    /// The log's public key, from somebody whom you trust. Without it the export's own key is taken,
    /// which proves only that the export agrees with itself.
    #[arg(long)]
    vkey: Option<String>,
    /// Decisions that can't be made again are named and counted, and are no error.
    #[arg(long)]
    allow_unopened: bool,
    /// For people or for programs.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Runs the command.
pub(crate) fn run(told: &Again, lang: Language) -> anyhow::Result<Found> {
    let folder = told.export.is_dir();
    let mut files = told.covenant.clone();
    if folder {
        files.extend(bundle::covenants(&told.export)?);
    }
    anyhow::ensure!(
        !files.is_empty(),
        "an export alone needs the covenants: give --covenant, or an evidence bundle"
    );
    let pasts = past::covenants(&files, lang)?;
    let mut replay = Replay::new(&pasts);
    let take = |seen| replay.take(seen);
    let verified = if folder {
        let log = told.vkey.as_deref().map(LogVerifier::parse).transpose();
        let log = log.context("--vkey")?;
        let given = Given {
            log: log.as_ref(),
            pins: None,
            now: SystemClock.now(),
        };
        let found = bundle::read(&told.export, given, take)?;
        if let (
            Some(bad),
            Promise::Files
            | Promise::Covenants
            | Promise::Keys
            | Promise::Signatures
            | Promise::Witnesses,
        ) = (
            &found.bad,
            found.bad.as_ref().map_or(Promise::Files, |bad| bad.promise),
        ) {
            anyhow::bail!(
                "the bundle is not in order ({}, {}): {}; see covenant audit verify",
                bad.file,
                bad.promise.as_str(),
                bad.problem
            );
        }
        found
            .log
            .context("the bundle's checkpoint is not in order; see covenant audit verify")?
    } else {
        past::read(&told.export, told.vkey.as_deref(), take)?
    };
    let report = replay.finish();
    let complete = told.allow_unopened || report.unable.is_empty();
    let good = verified.is_good() && report.differing.is_empty() && complete;
    match told.format {
        Format::Json => say_json(&as_json(&report, &verified, good))?,
        Format::Text => {
            tell(&report, &verified, lang)?;
            if told.vkey.is_none() {
                say(lang.pick(
                    "De sleutel van het logboek komt uit de export zelf: vergelijk hem, of geef --vkey.",
                    "The log's key comes from the export itself: compare it, or give --vkey.",
                ))?;
            }
        }
    }
    Ok(Found::good_if(good))
}

fn tell(report: &Report, verified: &Verified, lang: Language) -> anyhow::Result<()> {
    past::tell_bad(verified, lang)?;
    let (again, differing) = (report.again, report.differing.len());
    say(&match lang {
        Language::Nl => {
            format!("{again} beslissingen opnieuw genomen, {differing} verschillen")
        }
        Language::En => format!("{again} decisions made again, {differing} differ"),
    })?;
    for one in &report.differing {
        tell_differing(one, lang)?;
    }
    if !report.unable.is_empty() {
        let count = report.unable.len();
        say(&match lang {
            Language::Nl => format!("{count} beslissingen konden niet opnieuw worden genomen:"),
            Language::En => format!("{count} decisions could not be made again:"),
        })?;
    }
    for (seq, why) in &report.unable {
        say(&format!(
            "  {} {seq}: {}",
            lang.pick("regel", "entry"),
            unable(why, lang)
        ))?;
    }
    let hashes = verified.records.saturating_sub(verified.leaves);
    let events = report.no_decision;
    say(&match lang {
        Language::Nl => format!(
            "{events} regels zijn geen beslissing; van {hashes} regels heeft deze lezer alleen een hash"
        ),
        Language::En => format!(
            "{events} entries are no decision; of {hashes} entries this reader has a hash only"
        ),
    })
}

fn tell_differing(one: &Differing, lang: Language) -> anyhow::Result<()> {
    say(&match lang {
        Language::Nl => format!("  regel {} komt nu anders uit:", one.seq),
        Language::En => format!("  entry {} comes out otherwise:", one.seq),
    })?;
    for Difference {
        field,
        recorded,
        again,
    } in &one.differences
    {
        let (recorded, again) = (short(recorded), short(again));
        say(&match lang {
            Language::Nl => format!("    {field}: vastgelegd {recorded}, nu {again}"),
            Language::En => format!("    {field}: recorded {recorded}, now {again}"),
        })?;
    }
    Ok(())
}

/// A value on one line; all of it is in the JSON.
fn short(value: &Value) -> String {
    const MOST: usize = 160;
    let text = value.to_string();
    if text.chars().count() <= MOST {
        return text;
    }
    let start: String = text.chars().take(MOST).collect();
    format!("{start}... (--format json)")
}

/// Why a decision can't be made again, for people.
pub(crate) fn unable(why: &Unable, lang: Language) -> String {
    match (lang, why) {
        (Language::En, why) => why.to_string(),
        (Language::Nl, Unable::Hidden) => "de uitkomst is voor deze lezer niet geopend".to_owned(),
        (Language::Nl, Unable::Erased) => "de uitkomst is gewist".to_owned(),
        (Language::Nl, Unable::OtherVersion) => {
            "de uitkomst is van een andere versie van het logboek".to_owned()
        }
        (Language::Nl, Unable::Unreadable(Unreadable::Older)) => {
            "de uitkomst is ouder: de feiten zijn toen niet volledig vastgelegd".to_owned()
        }
        (Language::Nl, Unable::Unreadable(Unreadable::Field(field))) => {
            format!("in de uitkomst ontbreekt {field}")
        }
        (Language::Nl, Unable::NoCovenant(digest)) => {
            format!("het convenant met SHA-256 {digest} is niet gegeven (--covenant)")
        }
        (Language::Nl, Unable::NamesNoCovenant) => "de regel noemt geen convenant".to_owned(),
        (Language::Nl, Unable::PartOfQuestion) => "de andere regels van deze vraag ontbreken; wat \
             er is gezegd, is niet na te gaan"
            .to_owned(),
    }
}

fn as_json(report: &Report, verified: &Verified, good: bool) -> Value {
    let unable: Vec<Value> = report
        .unable
        .iter()
        .map(|(seq, why)| json!({ "seq": seq, "why": why.to_string() }))
        .collect();
    json!({
        "good": good,
        "again": report.again,
        "differing": report.differing,
        "not_again": unable,
        "no_decision": report.no_decision,
        "hash_only": verified.records.saturating_sub(verified.leaves),
        "export": {
            "good": verified.is_good(),
            "first_bad": verified.bad.as_ref().map(|bad| json!({
                "line": bad.line,
                "index": bad.index,
                "promise": bad.promise.as_str(),
                "problem": bad.problem,
            })),
        },
    })
}
