//! `covenant desk release`: items that are told after all.

use clap::Args;
use model::CaseId;
use wire::node_v1::HoldBackRequest;

use super::hold_back::send;
use super::node::{Node, Step, case_id};
use crate::answer::{Found, Language};

/// What `desk release` is told.
#[derive(Debug, Args)]
pub(crate) struct Release {
    /// The case; confirmed and not answered.
    #[arg(value_parser = case_id)]
    case: CaseId,
    /// The numbers of the items, as `desk show` names them.
    #[arg(required = true, value_name = "ITEM")]
    items: Vec<u64>,
    #[command(flatten)]
    step: Step,
    #[command(flatten)]
    node: Node,
}

/// Runs the command.
pub(super) fn run(release: &Release, lang: Language) -> anyhow::Result<Found> {
    let id = release.step.id();
    let request = HoldBackRequest {
        request_id: id.clone(),
        case_id: release.case.to_string(),
        actor: release.step.actor(),
        indices: release.items.clone(),
        held_back: None,
        release: true,
    };
    let case = send(&release.node, request, &id, lang)?;
    let count = release.items.len();
    let done = match lang {
        Language::Nl => format!("Niet meer achtergehouden: {count}."),
        Language::En => format!("No longer held back: {count}."),
    };
    case.tell(&done, release.node.format, lang)
}
