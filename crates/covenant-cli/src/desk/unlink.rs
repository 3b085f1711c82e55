//! `covenant desk unlink`: what links items to the data subject is erased for ever.

use clap::Args;
use model::CaseId;
use wire::node_v1::UnlinkEntriesRequest;

use super::case::Case;
use super::node::{Node, Step, case_id};
use crate::answer::{Found, Language};

/// What `desk unlink` is told.
#[derive(Debug, Args)]
pub(crate) struct Unlink {
    /// The case, about erasure; confirmed.
    #[arg(value_parser = case_id)]
    case: CaseId,
    /// The numbers of the items, as `desk show` names them. This cannot be undone.
    #[arg(required = true, value_name = "ITEM")]
    items: Vec<u64>,
    #[command(flatten)]
    step: Step,
    #[command(flatten)]
    node: Node,
}

/// Runs the command.
pub(super) fn run(unlink: &Unlink, lang: Language) -> anyhow::Result<Found> {
    let id = unlink.step.id();
    let request = UnlinkEntriesRequest {
        request_id: id.clone(),
        case_id: unlink.case.to_string(),
        actor: unlink.step.actor(),
        indices: unlink.items.clone(),
    };
    let answer = unlink
        .node
        .act(request, &id, lang, async |channel, request| {
            wire::client::desk(channel).unlink_entries(request).await
        })?;
    let count = unlink.items.len();
    let done = match lang {
        Language::Nl => format!(
            "Losgemaakt van de betrokkene: {count}. Geen latere zoekvraag vindt ze nog; elk bewijs \
             blijft kloppen."
        ),
        Language::En => format!(
            "Unlinked from the data subject: {count}. No later look-up finds them; every proof \
             still holds."
        ),
    };
    Case::of(answer.case)?.tell(&done, unlink.node.format, lang)
}
