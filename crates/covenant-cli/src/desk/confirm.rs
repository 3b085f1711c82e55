//! `covenant desk confirm`: the second employee.

use clap::Args;
use model::CaseId;
use wire::node_v1::ConfirmCaseRequest;

use super::case::Case;
use super::node::{Node, Step, case_id};
use crate::answer::{Found, Language};

/// What `desk confirm` is told.
#[derive(Debug, Args)]
pub(crate) struct Confirm {
    /// The case.
    #[arg(value_parser = case_id)]
    case: CaseId,
    #[command(flatten)]
    step: Step,
    #[command(flatten)]
    node: Node,
}

/// Runs the command.
pub(super) fn run(confirm: &Confirm, lang: Language) -> anyhow::Result<Found> {
    let id = confirm.step.id();
    let request = ConfirmCaseRequest {
        request_id: id.clone(),
        case_id: confirm.case.to_string(),
        actor: confirm.step.actor(),
    };
    let answer = confirm
        .node
        .act(request, &id, lang, async |channel, request| {
            wire::client::desk(channel).confirm_case(request).await
        })?;
    let case = Case::of(answer.case)?;
    let (items, signals) = (case.items.len(), case.signals.len());
    let done = match lang {
        Language::Nl => {
            format!("Bevestigd. Gevonden in het logboek: {items}. Eigen signalen: {signals}.")
        }
        Language::En => format!("Confirmed. Found in the log: {items}. Own signals: {signals}."),
    };
    case.tell(&done, confirm.node.format, lang)
}
