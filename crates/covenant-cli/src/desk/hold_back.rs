//! `covenant desk hold-back`: items that the answer does not tell.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use model::{CaseId, Day};
use wire::node_v1::{HeldBack, HoldBackRequest};

use super::case::Case;
use super::node::{Node, Step, case_id};
use crate::answer::{Found, Language, read_file};

/// What `desk hold-back` is told.
#[derive(Debug, Args)]
pub(crate) struct HoldBack {
    /// The case; confirmed and not answered.
    #[arg(value_parser = case_id)]
    case: CaseId,
    /// The numbers of the items, as `desk show` names them.
    #[arg(required = true, value_name = "ITEM")]
    items: Vec<u64>,
    /// The ground: "UAVG 41.1.a" to "UAVG 41.1.j", or "Wpg 27.1.a" to "Wpg 27.1.f".
    #[arg(long)]
    ground: String,
    #[command(flatten)]
    why: Why,
    /// The day on which it is looked at again, `2027-05-01`: after today, within two years.
    #[arg(long, value_name = "DAY", value_parser = day)]
    review_on: Day,
    /// Lets the letter say that something is held back, and on which ground. Not where saying so
    /// would tell what must not be told.
    #[arg(long)]
    tell: bool,
    #[command(flatten)]
    step: Step,
    #[command(flatten)]
    node: Node,
}

/// The reason, in one of two places.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Why {
    /// The reason, at most 1,000 characters. It stays at the node.
    #[arg(long)]
    reason: Option<String>,
    /// A file with the reason: so it does not stand in the history of your terminal.
    #[arg(long, value_name = "FILE")]
    reason_file: Option<PathBuf>,
}

impl Why {
    fn text(&self, lang: Language) -> anyhow::Result<String> {
        let Some(file) = &self.reason_file else {
            return Ok(self.reason.clone().unwrap_or_default());
        };
        let text = String::from_utf8(read_file(file, lang)?)
            .ok()
            .with_context(|| {
                lang.pick(
                    "--reason-file: bewaar het bestand als UTF-8",
                    "--reason-file: save the file as UTF-8",
                )
            })?;
        Ok(text.trim().to_owned())
    }
}

fn day(text: &str) -> Result<Day, &'static str> {
    Day::parse(text).ok_or("write a day that exists, such as 2027-05-01")
}

/// Runs the command.
pub(super) fn run(hold: &HoldBack, lang: Language) -> anyhow::Result<Found> {
    let id = hold.step.id();
    let request = HoldBackRequest {
        request_id: id.clone(),
        case_id: hold.case.to_string(),
        actor: hold.step.actor(),
        indices: hold.items.clone(),
        held_back: Some(HeldBack {
            ground: hold.ground.clone(),
            reason: hold.why.text(lang)?,
            review_on: Some(wire::field::date(hold.review_on)),
            told: hold.tell,
            // Taken from the request.
            actor: String::new(),
        }),
        release: false,
    };
    let case = send(&hold.node, request, &id, lang)?;
    let (count, on) = (hold.items.len(), hold.review_on);
    let told = match (lang, hold.tell) {
        (Language::Nl, true) => "De brief zegt dat er iets is achtergehouden.",
        (Language::Nl, false) => "De brief zegt er niets over.",
        (Language::En, true) => "The letter says that something is held back.",
        (Language::En, false) => "The letter says nothing about it.",
    };
    let done = match lang {
        Language::Nl => format!("Achtergehouden: {count}. Kijk er opnieuw naar op {on}. {told}"),
        Language::En => format!("Held back: {count}. Look at it again on {on}. {told}"),
    };
    case.tell(&done, hold.node.format, lang)
}

/// Sends the request and reads the case.
pub(super) fn send(
    node: &Node,
    request: HoldBackRequest,
    id: &str,
    lang: Language,
) -> anyhow::Result<Case> {
    let answer = node.act(request, id, lang, async |channel, request| {
        wire::client::desk(channel).hold_back(request).await
    })?;
    Case::of(answer.case)
}
