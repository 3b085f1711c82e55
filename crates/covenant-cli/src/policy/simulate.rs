//! `covenant policy simulate`: what a draft would have decided of what was decided before.

use std::path::PathBuf;

use ::replay::simulate::{Change, Row, Simulated, Simulation, Why};
use anyhow::Context as _;
use clap::Args;
use covenant::decide::Past;
use serde_json::{Value, json};

use crate::answer::{Format, Found, Language, say, say_json};
use crate::audit::past::{self, From};
use crate::audit::unable;

/// What `policy simulate` is told.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// The draft.
    draft: PathBuf,
    /// The covenant that decided, exactly the file that was signed; give every version that counts.
    #[arg(long, required = true)]
    against: Vec<PathBuf>,
    #[command(flatten)]
    from: From,
    /// For people or for programs.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Runs the command.
pub(super) fn run(told: &Simulate, lang: Language) -> anyhow::Result<Found> {
    let draft = super::look(&told.draft, lang)?;
    let draft = Past::of_draft(&draft).context("the draft")?;
    let olds = past::covenants(&told.against, lang)?;
    let mut simulation = Simulation::new(&draft, &olds);
    let verified = told.from.read(lang, |seen| simulation.take(seen))?;
    let made = simulation.finish();
    let good = verified.is_good() && made.rows.is_empty() && made.unable.is_empty();
    match told.format {
        Format::Json => say_json(&as_json(&made, verified.is_good(), good))?,
        Format::Text => {
            past::tell_bad(&verified, lang)?;
            tell(&made, lang)?;
        }
    }
    Ok(Found::good_if(good))
}

fn tell(made: &Simulated, lang: Language) -> anyhow::Result<()> {
    let Simulated {
        decisions, same, ..
    } = made;
    let one = *decisions == 1;
    say(&match lang {
        Language::Nl => {
            let laid = if one {
                "eerdere beslissing"
            } else {
                "eerdere beslissingen"
            };
            format!("{decisions} {laid} naast het ontwerp gelegd; gelijk blijft: {same}")
        }
        Language::En => {
            let laid = if one {
                "earlier decision"
            } else {
                "earlier decisions"
            };
            format!("{decisions} {laid} laid beside the draft; the same: {same}")
        }
    })?;
    for (row, places) in &made.rows {
        say(&format!("  {}", line(row, places.len(), lang)))?;
    }
    for (seq, why) in &made.unable {
        let why = unable(why, lang);
        say(&match lang {
            Language::Nl => format!("  niet te zeggen van regel {seq}: {why}"),
            Language::En => format!("  can't tell of entry {seq}: {why}"),
        })?;
    }
    if made.others > 0 {
        let others = made.others;
        say(&match lang {
            Language::Nl => format!(
                "{others} beslissingen zijn niet bekeken: die vallen onder een convenant dat u niet \
                 opgaf"
            ),
            Language::En => format!(
                "{others} decisions were left alone: they were made under a covenant that you did \
                 not give"
            ),
        })?;
    }
    if !made.untouched.is_empty() {
        let clauses = made.untouched.join(", ");
        say(&match lang {
            Language::Nl => format!(
                "Over deze regels van het ontwerp zegt het logboek niets: {clauses}. Wat ze zouden \
                 openen, blijkt pas als ze gelden."
            ),
            Language::En => format!(
                "The log says nothing of these clauses of the draft: {clauses}. What they would \
                 open shows only once they are in force."
            ),
        })?;
    }
    Ok(())
}

/// One row in a sentence.
fn line(row: &Row, count: usize, lang: Language) -> String {
    let Row {
        recipient, purpose, ..
    } = row;
    let clause = row.clause.as_deref();
    let (one, clause) = match lang {
        Language::Nl => (
            count == 1,
            clause.map_or_else(|| "geen regel".to_owned(), |c| format!("regel {c}")),
        ),
        Language::En => (
            count == 1,
            clause.map_or_else(|| "no clause".to_owned(), |c| format!("clause {c}")),
        ),
    };
    let place = lang.pick("doel", "purpose");
    let place = format!("({clause}, {place} {purpose})");
    let reason = row
        .why
        .as_ref()
        .map_or_else(String::new, |why| because(why, lang));
    match lang {
        Language::Nl => {
            let what = match (row.change, one) {
                (Change::NewlyRevealed, true) => "extra melding zichtbaar voor",
                (Change::NewlyRevealed, false) => "extra meldingen zichtbaar voor",
                (Change::NoLongerRevealed, true) => "melding niet meer zichtbaar voor",
                (Change::NoLongerRevealed, false) => "meldingen niet meer zichtbaar voor",
                (Change::OtherAdvice, _) => "keer een ander advies voor",
                (Change::OtherDuties, _) => "keer andere plichten of beloften voor",
                (Change::OtherReason, _) => "keer een andere reden om niets te geven aan",
                (Change::NowRefused, _) => "keer een vraag openlijk geweigerd aan",
                (Change::NowAllowed, _) => {
                    "keer mag een geweigerde vraag nu wel (het antwoord is niet te zeggen) van"
                }
                (Change::Undetermined, _) => "keer niet te zeggen voor",
            };
            format!("{count} {what} {recipient} {place}{reason}")
        }
        Language::En => {
            let what = match (row.change, one) {
                (Change::NewlyRevealed, true) => "more notice visible to",
                (Change::NewlyRevealed, false) => "more notices visible to",
                (Change::NoLongerRevealed, true) => "notice no longer visible to",
                (Change::NoLongerRevealed, false) => "notices no longer visible to",
                (Change::OtherAdvice, _) => "times another advice for",
                (Change::OtherDuties, _) => "times other duties or promises for",
                (Change::OtherReason, _) => "times another reason to give nothing to",
                (Change::NowRefused, _) => "times a question refused openly to",
                (Change::NowAllowed, _) => {
                    "times a refused question may be put (its answer can't be told) by"
                }
                (Change::Undetermined, _) => "times it can't be told for",
            };
            format!("{count} {what} {recipient} {place}{reason}")
        }
    }
}

/// Why, after the rest of the sentence.
fn because(why: &Why, lang: Language) -> String {
    let reasons = match why {
        Why::Withheld(reasons) => {
            let mut told: Vec<String> = reasons.iter().map(|r| r.because(lang.into())).collect();
            told.dedup();
            told.join(lang.pick(" en ", " and "))
        }
        Why::Refused(code) => code.because(lang.into()).to_owned(),
        Why::Unclear(unclear) => return format!(": {}", unclear.sentence(lang.into())),
        Why::OtherSource => {
            let may = lang.pick(
                "een andere bron van de vraag gaat misschien voor",
                "another source of the question may go before it",
            );
            return format!(": {may}");
        }
    };
    format!(", {} {reasons}", lang.pick("omdat", "because"))
}

fn as_json(made: &Simulated, export_good: bool, good: bool) -> Value {
    let rows: Vec<Value> = made
        .rows
        .iter()
        .map(|(row, places)| {
            let mut row = json!(row);
            if let Some(fields) = row.as_object_mut() {
                fields.insert("count".to_owned(), places.len().into());
                fields.insert("seqs".to_owned(), json!(places));
            }
            row
        })
        .collect();
    let unable: Vec<Value> = made
        .unable
        .iter()
        .map(|(seq, why)| json!({ "seq": seq, "why": why.to_string() }))
        .collect();
    json!({
        "good": good,
        "export_good": export_good,
        "decisions": made.decisions,
        "same": made.same,
        "changes": rows,
        "not_read": unable,
        "other_covenants": made.others,
        "untouched_clauses": made.untouched,
    })
}
