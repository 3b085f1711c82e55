//! The demo: one story, told while it happens, over real connections. It only says what it saw.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use model::clock::Stopwatch;
use serde::Serialize;
use tonic::Code;
use wire::audit_v1::{Decision, EntryFilter, ExportRequest, ListEntriesRequest};
use wire::node_v1::{CheckVisitResponse, ListNoticesRequest, Subject};
use wire::type_v1::PoliceArticle;

use crate::clients::{NodeClient, auditor};
use crate::messages::{Home, home, signal, submit, visit};
use crate::world::World;

const SAFE_VISIT: &str = "veilig-op-bezoek-roosdonk";
const VISIT: &str = "bezoekveiligheid";
const NUISANCE: &str = "woonoverlast-roosdonk";
const STOP_NUISANCE: &str = "woonoverlast";

/// Where the municipality knows of aggression.
const KNOWN: Home = Home {
    postcode: "9999ZZ",
    number: 12,
    shielded: false,
};
/// Where nobody knows anything.
const UNKNOWN: Home = Home {
    postcode: "9999ZZ",
    number: 14,
    shielded: false,
};
/// Where the municipality knows of aggression, and the address is shielded by law.
const SHIELDED: Home = Home {
    postcode: "9999ZZ",
    number: 16,
    shielded: true,
};
/// Where both the municipality and the corporation were told of nuisance.
const NOISY: Home = Home {
    postcode: "9999ZX",
    number: 3,
    shielded: false,
};
/// Where both the corporation and the police know of intimidation.
const TENSE: Home = Home {
    postcode: "9999ZX",
    number: 8,
    shielded: false,
};

/// What happened, for `demo --json`.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Signals that nodes acknowledged as durable.
    pub signals_pushed: u64,
    /// Decisions on continuous matches in the log.
    pub matches: u64,
    /// Decisions that revealed something.
    pub revealed: u64,
    /// Decisions that revealed nothing.
    pub withheld: u64,
    /// Leaves in the log.
    pub log_size: u64,
    /// Whether the exported log verified offline.
    pub log_verified: bool,
    /// From the start of the world to the first advice that was shown, in milliseconds.
    pub first_disclosure_ms: u64,
}

/// A language for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// Dutch.
    Nl,
    /// English.
    En,
}

/// Who listens to the story.
pub trait Listener {
    /// One line, in Dutch and in English.
    fn line(&mut self, nl: &str, en: &str);
}

/// Plays the story in `world`. `watch` has run since the world began to be made.
///
/// # Errors
/// When anything does not happen as told.
pub async fn play(
    world: &World,
    watch: Stopwatch,
    tell: &mut dyn Listener,
) -> anyhow::Result<Summary> {
    let mut pushed = known_signals(world, tell).await?;
    let first_disclosure_ms = advice(world, watch, tell).await?;
    refusal(world, tell).await?;
    equal_noes(world, tell).await?;
    pushed += matching(world, tell).await?;
    let (matches, revealed, withheld) = in_the_log(world, tell).await?;
    let (log_size, log_verified) = offline(world, tell).await?;
    Ok(Summary {
        signals_pushed: pushed,
        matches,
        revealed,
        withheld,
        log_size,
        log_verified,
        first_disclosure_ms,
    })
}

async fn push(
    world: &World,
    party: &str,
    covenant: &str,
    purpose: &str,
    code: &str,
    about: Subject,
) -> anyhow::Result<u64> {
    let client = NodeClient::of(world, party, "partner")?;
    let mut made = signal(covenant, purpose, code, about);
    if party == "politie" {
        // Police data comes with the article under which it is processed.
        made.police_article = PoliceArticle::PoliceArticle8.into();
    }
    let request = submit(made);
    let answer = client
        .signals()
        .submit_signal(request)
        .await
        .map_err(|status| anyhow::anyhow!("{party} could not push: {}", status.message()))?;
    ensure!(
        answer.into_inner().accepted.is_some(),
        "{party}'s node did not acknowledge"
    );
    Ok(1)
}

async fn known_signals(world: &World, tell: &mut dyn Listener) -> anyhow::Result<u64> {
    tell.line(
        "1. De gemeente meldt twee adressen waar een medewerker is bedreigd.",
        "1. The municipality reports two addresses where an employee was threatened.",
    );
    let mut pushed = 0;
    for place in [KNOWN, SHIELDED] {
        pushed += push(world, "gemeente", SAFE_VISIT, VISIT, "AGR.FYS", home(place)).await?;
    }
    tell.line(
        "   Het adres blijft bij de gemeente; de makelaar krijgt alleen een code (HMAC).",
        "   The address stays with the municipality; the broker gets a code only (HMAC).",
    );
    Ok(pushed)
}

async fn ask(world: &World, role: &str, about: Home) -> Result<CheckVisitResponse, tonic::Status> {
    let client = NodeClient::of(world, "corporatie", role)
        .map_err(|error| tonic::Status::internal(error.to_string()))?;
    let request = visit(
        SAFE_VISIT,
        VISIT,
        &client.role,
        home(Home {
            shielded: false,
            ..about
        }),
    );
    Ok(client.checks().check_visit(request).await?.into_inner())
}

/// Asks until the signal has arrived: pushes and questions travel apart.
async fn advice(world: &World, watch: Stopwatch, tell: &mut dyn Listener) -> anyhow::Result<u64> {
    tell.line(
        "2. Een huismeester van de corporatie vraagt vóór een bezichtiging om advies:",
        "2. A caretaker of the corporation asks before a viewing:",
    );
    // A limit per subject counts questions, so wait for the push before asking.
    delivered(world, "gemeente").await?;
    let answer = ask(world, "huismeester", KNOWN)
        .await
        .map_err(|status| anyhow::anyhow!("the question was refused: {}", status.message()))?;
    let first_ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
    ensure!(
        answer.advice == "ga-met-twee",
        "the advice was {}",
        answer.advice
    );
    ensure!(answer.receipt.is_some(), "the advice had no receipt");
    tell.line(
        &format!("   > {}", answer.text_nl),
        &format!("   > {}", answer.text_en),
    );
    tell.line(
        &format!("   Met bewijs uit het logboek. Van start tot advies: {first_ms} ms."),
        &format!("   With proof from the log. From start to advice: {first_ms} ms."),
    );
    Ok(first_ms)
}

/// Waits until every signal of a party has reached the broker.
async fn delivered(world: &World, party: &str) -> anyhow::Result<()> {
    use wire::node_v1::{ListSignalsRequest, SignalState};
    let client = NodeClient::of(world, party, "partner")?;
    for _ in 0..200 {
        let request = ListSignalsRequest {
            state: SignalState::Queued.into(),
            page_size: 1,
            ..ListSignalsRequest::default()
        };
        let waiting = client.signals().list_signals(request).await?.into_inner();
        if waiting.signals.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    anyhow::bail!("the signals of {party} did not reach the broker")
}

async fn refusal(world: &World, tell: &mut dyn Listener) -> anyhow::Result<()> {
    tell.line(
        "3. Een medewerker leefbaarheid stelt dezelfde vraag:",
        "3. A liveability officer asks the same:",
    );
    let status = ask(world, "leefbaarheid", KNOWN)
        .await
        .err()
        .context("a role that may not ask was answered")?;
    ensure!(
        status.code() == Code::PermissionDenied,
        "refused as {}",
        status.code()
    );
    let told = wire::status::read(&status);
    tell.line(
        &format!("   > {}", told.message_nl),
        &format!("   > {}", told.message_en),
    );
    Ok(())
}

async fn equal_noes(world: &World, tell: &mut dyn Listener) -> anyhow::Result<()> {
    tell.line(
        "4. Twee andere adressen: over het ene is niets bekend, over het andere mag niets worden gezegd:",
        "4. Two other addresses: of one nothing is known, of the other nothing may be said:",
    );
    let mut answers = Vec::new();
    for place in [UNKNOWN, SHIELDED] {
        let mut answer = ask(world, "huismeester", place)
            .await
            .map_err(|status| anyhow::anyhow!("the question was refused: {}", status.message()))?;
        ensure!(
            answer.advice == "geen-advies",
            "the advice was {}",
            answer.advice
        );
        let receipt = answer.receipt.take().context("an answer had no receipt")?;
        tell.line(
            &format!("   > {}", answer.text_nl),
            &format!("   > {}", answer.text_en),
        );
        answers.push((
            prost::Message::encode_to_vec(&answer),
            receipt.entries.len(),
        ));
    }
    let equal = answers.first() == answers.last();
    ensure!(equal, "the two answers differ");
    tell.line(
        "   Dezelfde bytes: wie vraagt, kan ze niet uit elkaar houden.",
        "   The same bytes: the asker can't tell one from the other.",
    );
    Ok(())
}

async fn matching(world: &World, tell: &mut dyn Listener) -> anyhow::Result<u64> {
    tell.line(
        "5. Gemeente en corporatie melden los van elkaar overlast op een adres.",
        "5. Municipality and corporation each report nuisance at one address.",
    );
    let mut pushed = push(
        world,
        "gemeente",
        NUISANCE,
        STOP_NUISANCE,
        "OVE.GEL",
        home(NOISY),
    )
    .await?;
    pushed += push(
        world,
        "corporatie",
        NUISANCE,
        STOP_NUISANCE,
        "OVE.GEL",
        home(NOISY),
    )
    .await?;
    for party in ["politie", "corporatie"] {
        pushed += push(
            world,
            party,
            NUISANCE,
            STOP_NUISANCE,
            "WAN.INT",
            home(TENSE),
        )
        .await?;
    }
    let notice = first_notice(world).await?;
    ensure!(
        notice.source == "corporatie",
        "the notice names {}",
        notice.source
    );
    ensure!(notice.receipt.is_some(), "the notice had no receipt");
    let clause = &notice.clause;
    tell.line(
        "   > De regisseur van de gemeente krijgt bericht, zonder dat iemand iets vroeg:",
        "   > The municipality's director is told, and nobody had to ask:",
    );
    tell.line(
        &format!("   > bepaling {clause}: ook de corporatie kent dit adres (overlast)."),
        &format!("   > clause {clause}: the corporation knows this address too (nuisance)."),
    );
    Ok(pushed)
}

async fn first_notice(world: &World) -> anyhow::Result<wire::type_v1::Notice> {
    let client = NodeClient::of(world, "gemeente", "regisseur")?;
    for _ in 0..400 {
        let page = client
            .notices()
            .list_notices(ListNoticesRequest::default())
            .await?
            .into_inner();
        let found = page
            .notices
            .into_iter()
            .filter_map(|stored| stored.notice)
            .find(|notice| notice.covenant == NUISANCE && notice.source == "corporatie");
        if let Some(notice) = found {
            return Ok(notice);
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    anyhow::bail!("no notice came")
}

/// What the auditor finds in the log.
#[derive(Default)]
struct Found {
    matches: u64,
    revealed: u64,
    withheld: u64,
    /// The prohibition that a withheld match names.
    prohibited: Option<String>,
}

async fn in_the_log(world: &World, tell: &mut dyn Listener) -> anyhow::Result<(u64, u64, u64)> {
    // Pairs may be matched in two batches: the second one may still be on its way.
    let mut found = found_in_the_log(world).await?;
    for _ in 0..100 {
        if found.prohibited.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        found = found_in_the_log(world).await?;
    }
    let clause = found
        .prohibited
        .context("no withheld match names its prohibition")?;
    tell.line(
        "6. Corporatie en politie kennen hetzelfde adres. Niemand krijgt daarvan bericht;",
        "6. Corporation and police know the same address. Nobody is told;",
    );
    tell.line(
        &format!("   alleen het logboek noemt waarom: verbod {clause}."),
        &format!("   the log alone names why: prohibition {clause}."),
    );
    Ok((found.matches, found.revealed, found.withheld))
}

async fn found_in_the_log(world: &World) -> anyhow::Result<Found> {
    let mut log = auditor(world)?;
    let mut found = Found::default();
    for decision in [Decision::Revealed, Decision::Withheld] {
        let mut page_token = String::new();
        loop {
            let request = ListEntriesRequest {
                filter: Some(EntryFilter {
                    decision: decision.into(),
                    ..EntryFilter::default()
                }),
                page_size: 1000,
                page_token,
                ..ListEntriesRequest::default()
            };
            let page = log.list_entries(request).await?.into_inner();
            for entry in page.entries {
                let outcome = entry.outcome.context("the auditor sees no outcome")?;
                found.count(&ledger::Outcome::from_json(&outcome.content)?);
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
    }
    Ok(found)
}

impl Found {
    fn count(&mut self, outcome: &ledger::Outcome) {
        match outcome.decision {
            Some(ledger::Decided::Revealed) => self.revealed += 1,
            _ => self.withheld += 1,
        }
        if outcome.kind == ledger::Kind::MatchDecided {
            self.matches += 1;
            let mut reasons = outcome.reasons.iter();
            if let Some(reason) = reasons.find(|r| r.code.as_str() == "prohibited") {
                let clause = reason.clause.as_ref().or(outcome.clause.as_ref());
                self.prohibited = clause.map(ToString::to_string);
            }
        }
    }
}

async fn offline(world: &World, tell: &mut dyn Listener) -> anyhow::Result<(u64, bool)> {
    let mut stream = auditor(world)?
        .export(ExportRequest::default())
        .await?
        .into_inner();
    let mut export = Vec::new();
    while let Some(piece) = stream.message().await? {
        export.extend_from_slice(&piece.lines);
    }
    let verifier = ledger::LogVerifier::parse(&world.broker.log_key)?;
    let report = ledger::verify::verify(export.as_slice(), &verifier)?;
    if let Some(bad) = &report.bad {
        anyhow::bail!(
            "the log does not verify: line {}, {:?}",
            bad.line,
            bad.promise
        );
    }
    let size = report.records;
    tell.line(
        &format!("7. De auditor haalt het logboek op en rekent het zonder ons na: {size} regels, alles klopt."),
        &format!("7. The auditor fetches the log and checks it without us: {size} entries, all sound."),
    );
    Ok((size, true))
}
