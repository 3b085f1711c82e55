//! `covenant desk show`: a case with everything that was found.

use clap::Args;
use model::CaseId;
use wire::node_v1::GetCaseRequest;

use super::case::Case;
use super::node::{Node, case_id};
use crate::answer::{Format, Found, Language, say, say_json};

/// What `desk show` is told.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The case.
    #[arg(value_parser = case_id)]
    case: CaseId,
    #[command(flatten)]
    node: Node,
}

/// Runs the command.
pub(super) fn run(show: &Show, lang: Language) -> anyhow::Result<Found> {
    let case = read(&show.node, show.case, lang)?;
    match show.node.format {
        Format::Json => say_json(&case)?,
        Format::Text => say(&case.text(lang))?,
    }
    Ok(Found::Good)
}

/// The case as the node has it now.
pub(super) fn read(node: &Node, case: CaseId, lang: Language) -> anyhow::Result<Case> {
    let request = GetCaseRequest {
        case_id: case.to_string(),
    };
    let answer = node.ask(request, lang, async |channel, request| {
        wire::client::desk(channel).get_case(request).await
    })?;
    Case::of(answer.case)
}
