//! `covenant desk acknowledge`: says what was done about a recall.

use clap::{Args, ValueEnum};
use model::RecallId;
use serde::Serialize;
use wire::node_v1::AcknowledgeRecallRequest;
use wire::type_v1::RecallOutcome;

use super::case::{instant, minute};
use super::node::{Node, Step, recall_id};
use crate::answer::{Format, Found, Language, say, say_json};

/// What `desk acknowledge` is told.
#[derive(Debug, Args)]
pub(crate) struct Acknowledge {
    /// The recall, as `desk recalls` names it.
    #[arg(value_parser = recall_id)]
    recall: RecallId,
    /// What was done.
    #[arg(long, value_enum)]
    outcome: Outcome,
    #[command(flatten)]
    step: Step,
    #[command(flatten)]
    node: Node,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Outcome {
    /// What was told is deleted everywhere.
    Deleted,
    /// What was told is corrected where it was used.
    Corrected,
    /// What was told is set apart, and is not used.
    Restricted,
    /// Nothing of it was left.
    NothingLeft,
    /// The law obliges you to keep it; it is marked as recalled.
    KeptByLaw,
}

#[derive(Serialize)]
struct Acknowledged {
    recall_id: String,
    acknowledged_at: Option<String>,
}

/// Runs the command.
pub(super) fn run(acknowledge: &Acknowledge, lang: Language) -> anyhow::Result<Found> {
    let id = acknowledge.step.id();
    let outcome = match acknowledge.outcome {
        Outcome::Deleted => RecallOutcome::Deleted,
        Outcome::Corrected => RecallOutcome::Corrected,
        Outcome::Restricted => RecallOutcome::Restricted,
        Outcome::NothingLeft => RecallOutcome::NothingLeft,
        Outcome::KeptByLaw => RecallOutcome::KeptByLaw,
    };
    let request = AcknowledgeRecallRequest {
        request_id: id.clone(),
        recall_id: acknowledge.recall.to_string(),
        actor: acknowledge.step.actor(),
        outcome: outcome.into(),
    };
    let answer = acknowledge
        .node
        .act(request, &id, lang, async |channel, request| {
            wire::client::notices(channel)
                .acknowledge_recall(request)
                .await
        })?;
    let done = Acknowledged {
        recall_id: answer.recall_id,
        acknowledged_at: instant(answer.acknowledged_at),
    };
    if acknowledge.node.format == Format::Json {
        say_json(&done)?;
        return Ok(Found::Good);
    }
    let at = minute(done.acknowledged_at.as_ref());
    say(&match lang {
        Language::Nl => format!("Vastgelegd op {at} (UTC): wie het liet weten, ziet dat."),
        Language::En => format!("Recorded on {at} (UTC): whoever provided it can see that."),
    })?;
    Ok(Found::Good)
}
