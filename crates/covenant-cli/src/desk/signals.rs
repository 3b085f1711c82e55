//! `covenant desk signals`: the party's own signals about the subjects of a case.

use clap::Args;
use model::CaseId;

use super::items;
use super::node::{Node, case_id};
use super::show::read;
use crate::answer::{Format, Found, Language, say, say_json};

/// What `desk signals` is told.
#[derive(Debug, Args)]
pub(crate) struct Signals {
    /// The case; confirmed.
    #[arg(value_parser = case_id)]
    case: CaseId,
    #[command(flatten)]
    node: Node,
}

/// Runs the command.
pub(super) fn run(signals: &Signals, lang: Language) -> anyhow::Result<Found> {
    let case = read(&signals.node, signals.case, lang)?;
    if signals.node.format == Format::Json {
        say_json(&case.signals)?;
        return Ok(Found::Good);
    }
    if !case.signals.is_empty() {
        say(&items::signals(&case.signals, lang))?;
    }
    let (count, id) = (case.signals.len(), &case.id);
    say(&match lang {
        Language::Nl => format!(
            "Eigen signalen: {count}. Intrekken, beperken of vrijgeven kan met: covenant desk apply \
             {id} --action withdraw|restrict|lift SIGNAAL --as U"
        ),
        Language::En => format!(
            "Own signals: {count}. Withdraw, restrict or lift with: covenant desk apply {id} \
             --action withdraw|restrict|lift SIGNAL --as YOU"
        ),
    })?;
    Ok(Found::Good)
}
