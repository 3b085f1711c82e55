//! How long one `CheckVisit` takes, answer and verified proof included.

use std::time::Duration;

use anyhow::Context as _;
use hdrhistogram::Histogram;
use model::PartyId;
use model::clock::Stopwatch;
use sandbox::World;
use sandbox::messages::{signal, submit, visit};
use store::{Batch, Engine, SledEngine, SledSettings};
use tokio::task::JoinSet;
use tonic::transport::Channel;
use wire::node_v1::check_service_client::CheckServiceClient;
use wire::node_v1::signal_service_client::SignalServiceClient;

use super::signals::about;
use super::{number, rate, without_limits};
use crate::answer::Language;
use crate::connection::told;
use crate::trial::{Folder, Trial, channel};

const PURPOSE: &str = "bezoekveiligheid";
/// Homes about which something is known; every other question is about one of them.
const KNOWN: u32 = 200;

pub(super) async fn measure(time: Duration) -> anyhow::Result<Vec<String>> {
    let write = tokio::task::spawn_blocking(move || durable_writes(time)).await??;
    let trial = Trial::start(without_limits()).await?;
    let measured = both(&trial, time).await;
    trial.stop().await?;
    let (alone, together) = measured?;
    Ok(vec![
        "| | per second | p50 (ms) | p99 (ms) |".to_owned(),
        "|---|--:|--:|--:|".to_owned(),
        line("reference: one durable write of 2 KiB", &write, time),
        line("`CheckVisit`, one asker at a time", &alone, time),
        line("`CheckVisit`, 16 askers at a time", &together, time),
    ])
}

async fn both(trial: &Trial, time: Duration) -> anyhow::Result<(Histogram<u64>, Histogram<u64>)> {
    fill(trial.world()).await?;
    trial.delivered().await?;
    let alone = ask(trial.world(), time, 1).await?;
    let together = ask(trial.world(), time, 16).await?;
    Ok((alone, together))
}

/// Lets the municipality know something about some homes.
async fn fill(world: &World) -> anyhow::Result<()> {
    let party = PartyId::parse("gemeente")?;
    let covenant = &world.covenants.first().context("a covenant")?.id;
    let client = SignalServiceClient::new(channel(world, &party, "partner")?);
    let mut calls = JoinSet::new();
    for number in 0..KNOWN {
        let request = submit(signal(covenant, PURPOSE, "AGR.FYS", about(number)));
        let mut client = client.clone();
        calls.spawn(async move { client.submit_signal(request).await });
    }
    while let Some(answer) = calls.join_next().await {
        answer?.map_err(|status| told(&status, Language::En))?;
    }
    Ok(())
}

/// Asks with so many at a time; the time of every answer in microseconds.
async fn ask(world: &World, time: Duration, askers: u32) -> anyhow::Result<Histogram<u64>> {
    let party = PartyId::parse("corporatie")?;
    let covenant = world.covenants.first().context("a covenant")?.id.clone();
    let channel = channel(world, &party, "huismeester")?;
    let mut all = JoinSet::new();
    for asker in 0..askers {
        let client = CheckServiceClient::new(channel.clone())
            .max_decoding_message_size(identity::MAX_MESSAGE_BYTES);
        all.spawn(one_asker(client, covenant.clone(), asker, time));
    }
    let mut times = histogram()?;
    let mut advised: u64 = 0;
    while let Some(asked) = all.join_next().await {
        let (more, advice) = asked??;
        times.add(more)?;
        advised += advice;
    }
    anyhow::ensure!(
        advised > 0 && advised < times.len(),
        "the bench is advised and not advised"
    );
    Ok(times)
}

async fn one_asker(
    mut client: CheckServiceClient<Channel>,
    covenant: String,
    asker: u32,
    time: Duration,
) -> anyhow::Result<(Histogram<u64>, u64)> {
    let mut times = histogram()?;
    let (mut asked, mut advised) = (asker, 0);
    let watch = Stopwatch::start();
    while watch.elapsed() < time {
        asked = asked.wrapping_add(7);
        let known = if asked.is_multiple_of(2) {
            asked % KNOWN
        } else {
            KNOWN + asked % 50_000
        };
        let request = visit(&covenant, PURPOSE, "corporatie.huismeester", about(known));
        let one = Stopwatch::start();
        let answer = client.check_visit(request).await;
        times.record(u64::try_from(one.elapsed().as_micros()).unwrap_or(u64::MAX))?;
        let answer = answer
            .map_err(|status| told(&status, Language::En))?
            .into_inner();
        advised += u64::from(answer.advice != "geen-advies");
    }
    Ok((times, advised))
}

/// One durable write at a time: the least that an answer must wait for.
fn durable_writes(time: Duration) -> anyhow::Result<Histogram<u64>> {
    let folder = Folder::fresh()?;
    let engine = SledEngine::open(&folder.path().join("engine"), SledSettings::default())?;
    let mut times = histogram()?;
    let mut written: u64 = 0;
    let watch = Stopwatch::start();
    while watch.elapsed() < time {
        written += 1;
        let mut value = vec![0; 2_048];
        model::id::fill_random(&mut value);
        let batch = Batch::from([(written.to_be_bytes().to_vec(), Some(value))]);
        let one = Stopwatch::start();
        engine.apply(&batch)?;
        times.record(u64::try_from(one.elapsed().as_micros()).unwrap_or(u64::MAX))?;
    }
    engine.close()?;
    Ok(times)
}

fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 60_000_000, 3)?)
}

fn line(name: &str, times: &Histogram<u64>, time: Duration) -> String {
    let millis = |quantile: f64| {
        let micros = u32::try_from(times.value_at_quantile(quantile)).unwrap_or(u32::MAX);
        format!("{:.2}", f64::from(micros) / 1000.0)
    };
    let per_second = number(rate(times.len(), time));
    format!(
        "| {name} | {per_second} | {} | {} |",
        millis(0.5),
        millis(0.99)
    )
}
