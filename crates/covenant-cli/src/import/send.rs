//! Sends signals to a node over one stream, and again where the node asks for patience.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use wire::Reason;
use wire::node_v1::signal_service_client::SignalServiceClient;
use wire::node_v1::submit_signals_response::Outcome as Answer;
use wire::node_v1::{Signal, SubmitSignalsRequest, SubmitSignalsResponse};
use wire::status::{Told, read_message};

use super::finding::Finding;
use super::ids::request_id;
use super::table::Row;
use crate::answer::Language;
use crate::connection::told;
use crate::progress::Progress;

/// Requests on their way without an answer.
const WINDOW: usize = 256;
/// So often a node may ask for patience while it takes nothing at all.
const MOST_IDLE_ROUNDS: u32 = 30;
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// One row's signal on its way.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    line: u64,
    request: SubmitSignalsRequest,
}

impl Item {
    /// The request that submits `signal`, which was made of `row`.
    pub(crate) fn new(row: &Row<'_>, signal: Signal) -> Self {
        let request = SubmitSignalsRequest {
            request_id: request_id(&signal).to_string(),
            signal: Some(signal),
            validate_only: false,
        };
        Self {
            line: row.line(),
            request,
        }
    }

    /// The id of the signal.
    pub(crate) fn signal_id(&self) -> Option<String> {
        Some(self.request.signal.as_ref()?.id.clone())
    }
}

/// What the node made of a row.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is stored durably.
    Accepted {
        /// In how many comparisons of the covenant it can take part.
        comparisons: usize,
        /// When, by the node's clock.
        at: Option<prost_types::Timestamp>,
    },
    /// It was refused.
    Refused {
        /// The line of the file on which the row begins.
        line: u64,
        /// Why; at least one.
        findings: Vec<Finding>,
    },
}

/// Sends every item and returns what became of each. A broken connection is an error; what was
/// acknowledged until then stays, and the same import may be run again.
pub(crate) async fn send(
    channel: Channel,
    items: Vec<Item>,
    lang: Language,
    progress: &mut Progress,
) -> anyhow::Result<Vec<Outcome>> {
    let mut client =
        SignalServiceClient::new(channel).max_decoding_message_size(identity::MAX_MESSAGE_BYTES);
    let mut outcomes = Vec::new();
    let mut waiting = items;
    let mut idle = 0;
    while !waiting.is_empty() {
        let before = outcomes.len();
        let (again, wait) = round(&mut client, waiting, &mut outcomes, lang, progress).await?;
        idle = if outcomes.len() == before {
            idle + 1
        } else {
            0
        };
        anyhow::ensure!(
            idle < MOST_IDLE_ROUNDS,
            "the node took {} rows and has no room for more: see whether it reaches the broker, \
             and run the same import again",
            outcomes.len()
        );
        if !again.is_empty() {
            tokio::time::sleep(wait.min(LONGEST_WAIT)).await;
        }
        waiting = again;
    }
    progress.finish();
    Ok(outcomes)
}

/// One stream. Returns the items for which there was no room yet, and how long to wait.
async fn round(
    client: &mut SignalServiceClient<Channel>,
    items: Vec<Item>,
    outcomes: &mut Vec<Outcome>,
    lang: Language,
    progress: &mut Progress,
) -> anyhow::Result<(Vec<Item>, Duration)> {
    let mut under_way: HashMap<String, Item> = items
        .iter()
        .map(|item| (item.request.request_id.clone(), item.clone()))
        .collect();
    let (sender, receiver) = tokio::sync::mpsc::channel(WINDOW);
    let feeder = tokio::spawn(async move {
        for item in items {
            // A stream that ended early is told below.
            if sender.send(item.request).await.is_err() {
                return;
            }
        }
    });
    let refused = |status: tonic::Status| told(&status, lang);
    let mut answers = client
        .submit_signals(ReceiverStream::new(receiver))
        .await
        .map_err(refused)?
        .into_inner();
    let (mut again, mut wait) = (Vec::new(), Duration::from_millis(200));
    while let Some(answer) = answers.message().await.map_err(refused)? {
        let item = under_way
            .remove(&answer.request_id)
            .context("the node answered a request that was not made")?;
        match judge(&item, answer, lang)? {
            Judged::Done(outcome) => outcomes.push(outcome),
            Judged::Later(asked) => {
                again.push(item);
                wait = wait.max(asked);
            }
        }
        progress.at(outcomes.len());
    }
    feeder.await.context("feed the stream")?;
    anyhow::ensure!(
        under_way.is_empty(),
        "the node ended the stream with {} rows unanswered: run the same import again",
        under_way.len()
    );
    Ok((again, wait))
}

enum Judged {
    Done(Outcome),
    Later(Duration),
}

fn judge(item: &Item, answer: SubmitSignalsResponse, lang: Language) -> anyhow::Result<Judged> {
    let told = match answer
        .outcome
        .context("the node gave an answer without an outcome")?
    {
        Answer::Accepted(accepted) => {
            let comparisons = accepted.comparisons.len();
            let at = accepted.accepted_at;
            return Ok(Judged::Done(Outcome::Accepted { comparisons, at }));
        }
        Answer::Rejected(status) => read_message(&status),
    };
    match told.code {
        tonic::Code::ResourceExhausted | tonic::Code::Unavailable => Ok(Judged::Later(
            told.retry_after.unwrap_or(Duration::from_secs(1)),
        )),
        // These are about the caller, and the same for every row.
        tonic::Code::PermissionDenied | tonic::Code::Unauthenticated
            if matches!(told.reason, None | Some(Reason::RoleNotYours)) =>
        {
            anyhow::bail!("{}", lang.pick(&told.message_nl, &told.message_en))
        }
        _ => Ok(Judged::Done(Outcome::Refused {
            line: item.line,
            findings: findings(told, item),
        })),
    }
}

fn findings(told: Told, item: &Item) -> Vec<Finding> {
    if told.violations.is_empty() {
        return vec![Finding {
            path: "signal".to_owned(),
            rule: told.reason_text,
            nl: told.message_nl,
            en: told.message_en,
        }];
    }
    told.violations
        .into_iter()
        .map(|violation| Finding {
            path: by_name(&violation.field, item.request.signal.as_ref()),
            ..Finding::from(violation)
        })
        .collect()
}

/// An attribute's path with its name for its place: the places in the signal are not those in the
/// map, since empty attributes are not sent.
pub(super) fn by_name(path: &str, signal: Option<&Signal>) -> String {
    let named = || {
        let (place, rest) = path.strip_prefix("signal.attributes[")?.split_once(']')?;
        let name = &signal?.attributes.get(place.parse::<usize>().ok()?)?.name;
        Some(format!("signal.attributes.{name}{rest}"))
    };
    named().unwrap_or_else(|| path.to_owned())
}
