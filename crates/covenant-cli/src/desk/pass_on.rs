//! `covenant desk pass-on`: a request goes on to other parties.

use clap::Args;
use model::CaseId;
use serde::Serialize;
use wire::node_v1::PassOnCaseRequest;

use super::node::{Node, Step, case_id};
use crate::answer::{Format, Found, Language, say, say_json};

/// What `desk pass-on` is told.
#[derive(Debug, Args)]
pub(crate) struct PassOn {
    /// The case; confirmed.
    #[arg(value_parser = case_id)]
    case: CaseId,
    /// To these parties of the covenant; left out: to all others.
    #[arg(long, value_name = "PARTY", num_args = 1..)]
    to: Vec<String>,
    #[command(flatten)]
    step: Step,
    #[command(flatten)]
    node: Node,
}

#[derive(Serialize)]
struct Passed {
    parties: Vec<String>,
}

/// Runs the command.
pub(super) fn run(pass_on: &PassOn, lang: Language) -> anyhow::Result<Found> {
    let id = pass_on.step.id();
    let request = PassOnCaseRequest {
        request_id: id.clone(),
        case_id: pass_on.case.to_string(),
        actor: pass_on.step.actor(),
        parties: pass_on.to.clone(),
    };
    let answer = pass_on
        .node
        .act(request, &id, lang, async |channel, request| {
            wire::client::desk(channel).pass_on_case(request).await
        })?;
    let passed = Passed {
        parties: answer.parties,
    };
    if pass_on.node.format == Format::Json {
        say_json(&passed)?;
        return Ok(Found::Good);
    }
    let parties = passed.parties.join(", ");
    say(&match lang {
        Language::Nl => {
            format!("Het verzoek gaat naar: {parties}. Zij antwoorden de betrokkene zelf.")
        }
        Language::En => {
            format!("The request goes to: {parties}. They answer the data subject themselves.")
        }
    })?;
    Ok(Found::Good)
}
