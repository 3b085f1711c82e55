//! Signals acknowledged as durable.

use std::time::Duration;

use anyhow::Context as _;
use model::PartyId;
use model::clock::Stopwatch;
use sandbox::World;
use sandbox::messages::{Home, fresh_id, home, signal};
use store::{Batch, Engine, SledEngine, SledSettings};
use tokio_stream::wrappers::ReceiverStream;
use wire::node_v1::SubmitSignalsRequest;
use wire::node_v1::signal_service_client::SignalServiceClient;
use wire::node_v1::submit_signals_response::Outcome;

use super::{number, rate, without_limits};
use crate::trial::{Folder, Trial, channel};

/// The size of a signal at rest, near enough: sealed content, tokens, request.
const BYTES: usize = 2_048;
/// Requests on their way without an answer.
const WINDOW: usize = 256;

pub(super) async fn measure(time: Duration) -> anyhow::Result<Vec<String>> {
    let alone = tokio::task::spawn_blocking(move || engine(time, 1)).await??;
    let grouped = tokio::task::spawn_blocking(move || engine(time, 64)).await??;
    let trial = Trial::start(without_limits()).await?;
    let measured = node(trial.world(), time).await;
    let watch = Stopwatch::start();
    trial.delivered().await?;
    let rest = watch.elapsed();
    trial.stop().await?;
    let (acknowledged, elapsed) = measured?;
    let at_node = rate(acknowledged, elapsed);
    let at_broker = rate(acknowledged, elapsed + rest);
    let line = |name: &str, value: f64| {
        let (one, many) = (100.0 * value / alone, 100.0 * value / grouped);
        format!("| {name} | {} | {one:.0} % | {many:.0} % |", number(value))
    };
    Ok(vec![
        "| durable records of 2 KiB | per second | share of one by one | share of 64 at a time |"
            .to_owned(),
        "|---|--:|--:|--:|".to_owned(),
        line("reference: engine alone, one by one", alone),
        line("reference: engine alone, 64 in a batch", grouped),
        line("acknowledged by the node (`SubmitSignals`)", at_node),
        line("acknowledged by the broker, through the node", at_broker),
    ])
}

/// The store's engine alone: durable batches of `count` records.
fn engine(time: Duration, count: usize) -> anyhow::Result<f64> {
    let folder = Folder::fresh()?;
    let engine = SledEngine::open(&folder.path().join("engine"), SledSettings::default())?;
    let watch = Stopwatch::start();
    let mut written: u64 = 0;
    while watch.elapsed() < time {
        let mut batch = Batch::new();
        for _ in 0..count {
            written += 1;
            let mut value = vec![0; BYTES];
            model::id::fill_random(&mut value);
            batch.insert(written.to_be_bytes().to_vec(), Some(value));
        }
        engine.apply(&batch)?;
    }
    let found = rate(written, watch.elapsed());
    engine.close()?;
    Ok(found)
}

/// Submits over one stream for as long as `time`; how many were acknowledged, and within what time.
async fn node(world: &World, time: Duration) -> anyhow::Result<(u64, Duration)> {
    let party = PartyId::parse("gemeente")?;
    let covenant = world.covenants.first().context("a covenant")?.id.clone();
    let mut client = SignalServiceClient::new(channel(world, &party, "partner")?)
        .max_decoding_message_size(identity::MAX_MESSAGE_BYTES);
    let (sender, receiver) = tokio::sync::mpsc::channel(WINDOW);
    let watch = Stopwatch::start();
    let feeder = tokio::spawn(async move {
        let watch = Stopwatch::start();
        let mut number = 0;
        while watch.elapsed() < time {
            number += 1;
            let request = SubmitSignalsRequest {
                request_id: fresh_id(),
                signal: Some(signal(
                    &covenant,
                    "bezoekveiligheid",
                    "AGR.FYS",
                    about(number),
                )),
                validate_only: false,
            };
            if sender.send(request).await.is_err() {
                return;
            }
        }
    });
    let refused =
        |status: tonic::Status| crate::connection::told(&status, crate::answer::Language::En);
    let mut answers = client
        .submit_signals(ReceiverStream::new(receiver))
        .await
        .map_err(refused)?
        .into_inner();
    let mut acknowledged = 0;
    while let Some(answer) = answers.message().await.map_err(refused)? {
        match answer.outcome.context("an outcome")? {
            Outcome::Accepted(_) => acknowledged += 1,
            Outcome::Rejected(status) => {
                let told = wire::status::read_message(&status);
                anyhow::bail!("a signal was refused: {}", told.message_en);
            }
        }
    }
    let elapsed = watch.elapsed();
    feeder.await?;
    Ok((acknowledged, elapsed))
}

/// A home that no other number has, up to nearly a million.
pub(super) fn about(number: u32) -> wire::node_v1::Subject {
    const POSTCODES: [&str; 10] = [
        "1234AA", "1234AB", "1234AC", "1234AD", "1234AE", "1234AG", "1234AH", "1234AJ", "1234AK",
        "1234AL",
    ];
    let street = usize::try_from(number / 99_999).unwrap_or(0) % POSTCODES.len();
    let postcode = POSTCODES.get(street).copied().unwrap_or("1234AA");
    home(Home {
        postcode,
        number: number % 99_999 + 1,
        shielded: false,
    })
}
