//! What was found of an evidence bundle, for a lawyer and for a program.

use std::path::Path;

use ::replay::evidence::{Bad, CovenantFound, Given, Promise, Report};
use anyhow::Context as _;
use ledger::LogVerifier;
use ledger::verify::{Promise as LogPromise, Standing};
use model::Timestamp;
use model::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};

use super::verify::{promise_text, reader_text, tell_counts, word, word_json};
use super::{bundle, verify};
use crate::answer::{Format, Found, Language, say, say_json};
use crate::policy::pins;

/// In the order in which they are told.
const PROMISES: [Promise; 14] = [
    Promise::Files,
    Promise::Log(LogPromise::Checkpoint),
    Promise::Covenants,
    Promise::Keys,
    Promise::Signatures,
    Promise::Witnesses,
    Promise::Log(LogPromise::Form),
    Promise::Log(LogPromise::Order),
    Promise::Log(LogPromise::Tree),
    Promise::Log(LogPromise::Time),
    Promise::Log(LogPromise::Openings),
    Promise::Log(LogPromise::Outcome),
    Promise::Log(LogPromise::Counters),
    Promise::Log(LogPromise::Complete),
];

/// Judges a bundle and tells what was found.
pub(super) fn judge(folder: &Path, told: &verify::Verify, lang: Language) -> anyhow::Result<Found> {
    let log = told.vkey.as_deref().map(LogVerifier::parse).transpose();
    let log = log.context("--vkey")?;
    let pins = told.pins.as_deref().map(pins::read).transpose()?;
    let given = Given {
        log: log.as_ref(),
        pins: pins.as_ref(),
        now: SystemClock.now(),
    };
    let report = bundle::judge(folder, given)?;
    let own_program = bundle::is_own_program(folder);
    match told.format {
        Format::Json => say_json(&as_json(&report, given, own_program))?,
        Format::Text => {
            tell(&report, lang)?;
            tell_trust(&report, given, own_program, lang)?;
            tell_end(report.bad.as_ref(), lang)?;
        }
    }
    Ok(Found::good_if(report.is_good()))
}

fn standing(report: &Report, promise: Promise) -> Standing {
    if report
        .bad
        .as_ref()
        .is_some_and(|bad| bad.promise == promise)
    {
        return Standing::Broken;
    }
    let of_log = match (promise, &report.log) {
        (Promise::Log(promise), Some(log)) => log.standing(promise),
        _ if report.passed.contains(&promise) => Standing::Holds,
        _ => Standing::NotJudged,
    };
    // What the bundle adds can stop the reading too.
    let stopped = report.bad.as_ref().is_some_and(|bad| bad.line.is_some());
    match (of_log, promise) {
        (Standing::Holds, Promise::Log(LogPromise::Complete)) if stopped => Standing::NotJudged,
        (
            Standing::Holds,
            Promise::Log(_) | Promise::Files | Promise::Covenants | Promise::Signatures,
        ) if stopped => Standing::HeldSoFar,
        (standing, _) => standing,
    }
}

fn tell(report: &Report, lang: Language) -> anyhow::Result<()> {
    for promise in PROMISES {
        let word = word(standing(report, promise), lang);
        say(&format!("{word:<15} {}", text(promise, lang)))?;
    }
    if let Some(log) = &report.log {
        say("")?;
        tell_counts(log, lang)?;
    }
    for covenant in &report.covenants {
        say("")?;
        tell_covenant(covenant, lang)?;
    }
    Ok(())
}

fn tell_covenant(covenant: &CovenantFound, lang: Language) -> anyhow::Result<()> {
    let CovenantFound {
        title,
        id,
        version,
        digest,
        quorum,
        ..
    } = covenant;
    let (parties, cosigned) = (covenant.signed.len(), covenant.cosigned.len());
    let signed: Vec<&str> = covenant
        .signed
        .iter()
        .filter_map(|(party, signed)| signed.then_some(party.as_str()))
        .collect();
    let witnesses: Vec<String> = covenant
        .cosigned
        .iter()
        .map(|(party, time)| format!("{party} {}", instant(*time)))
        .collect();
    let witnesses = if witnesses.is_empty() {
        String::new()
    } else {
        format!(" ({})", witnesses.join(", "))
    };
    let (count, names) = (signed.len(), signed.join(", "));
    let enough = cosigned >= *quorum;
    say(&match lang {
        Language::Nl => format!(
            "Convenant \"{title}\" ({id}, versie {version})\n  SHA-256 {digest}\n  getekend door \
             {count} van {parties} partijen: {names}\n  controlepunt medegetekend door {cosigned} \
             van {parties} getuigen{witnesses}; nodig: {quorum}{}",
            if enough {
                ""
            } else {
                ". Dat is te weinig: leg dit controlepunt naast dat van een partij."
            }
        ),
        Language::En => format!(
            "Covenant \"{title}\" ({id}, version {version})\n  SHA-256 {digest}\n  signed by {count} \
             of {parties} parties: {names}\n  checkpoint cosigned by {cosigned} of {parties} \
             witnesses{witnesses}; needed: {quorum}{}",
            if enough {
                ""
            } else {
                ". That is too few: compare this checkpoint with a party's."
            }
        ),
    })
}

fn instant(unix_seconds: u64) -> String {
    let millis = i64::try_from(unix_seconds)
        .ok()
        .and_then(|s| s.checked_mul(1_000));
    millis.map_or_else(
        || unix_seconds.to_string(),
        |millis| Timestamp::from_millis(millis).to_rfc3339(),
    )
}

/// What no bundle can prove about itself.
fn tell_trust(
    report: &Report,
    given: Given<'_>,
    own_program: bool,
    lang: Language,
) -> anyhow::Result<()> {
    say("")?;
    if given.log.is_none() {
        let vkey = report.vkey.as_deref().unwrap_or("-");
        say(&format!(
            "{}\n  {vkey}",
            lang.pick(
                "De sleutel van het logboek komt uit de bundel zelf. Vergelijk hem met wat een partij \
                 u gaf, of geef --vkey:",
                "The log's key comes from the bundle itself. Compare it with what a party gave you, or \
                 give --vkey:",
            )
        ))?;
    }
    say(match given.pins {
        Some(_) => lang.pick(
            "De sleutels van de partijen zijn vergeleken met uw eigen lijst (--pins).",
            "The parties' keys were compared with your own list (--pins).",
        ),
        None => lang.pick(
            "De sleutels van de partijen komen uit de convenanten zelf en zijn nergens mee \
             vergeleken. Vergelijk keys.json met wat de partijen u gaven, of geef --pins.",
            "The parties' keys come from the covenants themselves and were compared with nothing. \
             Compare keys.json with what the parties gave you, or give --pins.",
        ),
    })?;
    if !own_program {
        say(lang.pick(
            "Let op: verify.py in de bundel is een ander programma dan dat van deze versie. Gebruik uw \
             eigen exemplaar.",
            "Take care: verify.py in the bundle is another program than this version's. Use a copy of \
             your own.",
        ))?;
    }
    Ok(())
}

fn tell_end(bad: Option<&Bad>, lang: Language) -> anyhow::Result<()> {
    let Some(bad) = bad else {
        return say(lang.pick("\nAlles klopt.", "\nEverything holds."));
    };
    let Bad { file, problem, .. } = bad;
    let promise = bad.promise.as_str();
    let line = bad.line.map_or_else(String::new, |line| {
        let index = bad.index.map_or_else(
            || lang.pick("de kop", "the header").to_owned(),
            |index| format!("{} {index}", lang.pick("plaats", "index")),
        );
        format!(", {} {line} ({index})", lang.pick("regel", "line"))
    });
    say(&match lang {
        Language::Nl => format!(
            "\nDit klopt het eerst niet: {file}{line}, {promise}: {problem}\nWat daarna komt, is niet \
             beoordeeld."
        ),
        Language::En => format!(
            "\nThis is wrong first: {file}{line}, {promise}: {problem}\nWhat comes after it was not \
             judged."
        ),
    })
}

const fn text(promise: Promise, lang: Language) -> &'static str {
    match promise {
        Promise::Files => lang.pick(
            "alle bestanden zijn er, ongewijzigd, en geen ander",
            "every file is there, unchanged, and no other",
        ),
        Promise::Covenants => lang.pick(
            "elk convenant dat een regel noemt, is er byte voor byte",
            "every covenant that an entry names is here, byte for byte",
        ),
        Promise::Keys => lang.pick(
            "de sleutel van het logboek is die van de convenanten",
            "the log's key is the one that the covenants name",
        ),
        Promise::Signatures => lang.pick(
            "elke partij tekende elk convenant waarmee beslist is",
            "every party signed each covenant that decided",
        ),
        Promise::Witnesses => lang.pick(
            "elke handtekening van een getuige klopt",
            "every signature of a witness holds",
        ),
        Promise::Log(promise) => promise_text(promise, lang),
    }
}

fn as_json(report: &Report, given: Given<'_>, own_program: bool) -> Value {
    let promises: serde_json::Map<String, Value> = PROMISES
        .into_iter()
        .map(|promise| {
            let word = word_json(standing(report, promise));
            (promise.as_str().to_owned(), word.into())
        })
        .collect();
    let covenants: Vec<Value> = report.covenants.iter().map(covenant_json).collect();
    let log = report.log.as_ref();
    json!({
        "good": report.is_good(),
        "promises": promises,
        "vkey": report.vkey,
        "vkey_given": given.log.is_some(),
        "pins_compared": given.pins.is_some(),
        "program_is_this_version": own_program,
        "records": log.map(|log| log.records),
        "leaves": log.map(|log| log.leaves),
        "opened": log.map(|log| log.opened),
        "erased": log.map(|log| log.erased),
        "from": log.map(|log| log.from),
        "reader": log.and_then(|log| log.reader.as_ref()).map(reader_text),
        "size": log.and_then(|log| log.checkpoint.as_ref()).map(|checkpoint| checkpoint.size),
        "signatures": report.signatures,
        "cosignatures": report.cosignatures,
        "covenants": covenants,
        "first_bad": report.bad.as_ref().map(|bad| json!({
            "file": bad.file,
            "line": bad.line,
            "index": bad.index,
            "promise": bad.promise.as_str(),
            "problem": bad.problem,
        })),
    })
}

fn covenant_json(covenant: &CovenantFound) -> Value {
    let named = |wanted: bool| -> Vec<&str> {
        let parties = covenant.signed.iter();
        parties
            .filter_map(|(party, signed)| (*signed == wanted).then_some(party.as_str()))
            .collect()
    };
    let cosigned: serde_json::Map<String, Value> = covenant
        .cosigned
        .iter()
        .map(|(party, time)| (party.to_string(), (*time).into()))
        .collect();
    json!({
        "digest": covenant.digest.to_hex(),
        "id": covenant.id,
        "version": covenant.version,
        "signed": named(true),
        "unsigned": named(false),
        "cosigned": cosigned,
        "cosignatures_needed": covenant.quorum,
        "witnessed": covenant.cosigned.len() >= covenant.quorum,
    })
}
