//! `covenant desk apply`: does to signals what a case asks.

use clap::{Args, ValueEnum};
use model::{CaseId, SignalId};
use wire::node_v1::{ApplyToSignalsRequest, SignalAction};

use super::case::Case;
use super::node::{Node, Step, case_id, signal_id};
use crate::answer::{Found, Language};

/// What `desk apply` is told.
#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The case; confirmed.
    #[arg(value_parser = case_id)]
    case: CaseId,
    /// What to do.
    #[arg(long, value_enum)]
    action: Action,
    /// The signals, as `desk signals` names them.
    #[arg(required = true, value_name = "SIGNAL", value_parser = signal_id)]
    signals: Vec<SignalId>,
    #[command(flatten)]
    step: Step,
    #[command(flatten)]
    node: Node,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Action {
    /// Withdraw them: in a case about objection or erasure.
    Withdraw,
    /// Restrict them: in a case about restriction, objection or correction.
    Restrict,
    /// Lift a restriction.
    Lift,
}

/// Runs the command.
pub(super) fn run(apply: &Apply, lang: Language) -> anyhow::Result<Found> {
    let id = apply.step.id();
    let action = match apply.action {
        Action::Withdraw => SignalAction::Withdraw,
        Action::Restrict => SignalAction::Restrict,
        Action::Lift => SignalAction::Lift,
    };
    let request = ApplyToSignalsRequest {
        request_id: id.clone(),
        case_id: apply.case.to_string(),
        actor: apply.step.actor(),
        signal_ids: apply.signals.iter().map(SignalId::to_string).collect(),
        action: action.into(),
    };
    let answer = apply
        .node
        .act(request, &id, lang, async |channel, request| {
            wire::client::desk(channel).apply_to_signals(request).await
        })?;
    let (nl, en) = match apply.action {
        Action::Withdraw => ("Ingetrokken", "Withdrawn"),
        Action::Restrict => ("Beperkt", "Restricted"),
        Action::Lift => ("Beperking opgeheven", "Restriction lifted"),
    };
    let count = apply.signals.len();
    let done = match lang {
        Language::Nl => format!("{nl}: {count}. Wie ervan wist, krijgt dat te horen."),
        Language::En => format!("{en}: {count}. Whoever was told of them is told so."),
    };
    Case::of(answer.case)?.tell(&done, apply.node.format, lang)
}
