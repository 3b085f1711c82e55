//! The disclosure log as an auditor checks it: exported, tampered with, proved piece by piece, and
//! read for why something was withheld.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use journeys::realm::{LogClient, eventually};
use journeys::world::{NUISANCE, SAFE_VISIT, World};
use ledger::{LogVerifier, tree};
use model::Digest;
use sandbox::messages::{Home, home};
use serde_json::Value;
use wire::audit_v1::{
    Decision, EntryFilter, GetCheckpointRequest, GetConsistencyProofRequest, GetEntryRequest,
    GetInclusionProofRequest,
};

const fn at(number: u32, shielded: bool) -> Home {
    Home {
        postcode: "9999ZZ",
        number,
        shielded,
    }
}

/// A world in which something was revealed, withheld, refused and matched.
async fn eventful() -> Result<World> {
    let world = World::in_process().await?;
    world
        .push("gemeente", SAFE_VISIT, "AGR.FYS", home(at(12, false)))
        .await?;
    world
        .push("gemeente", SAFE_VISIT, "AGR.FYS", home(at(16, true)))
        .await?;
    for party in ["gemeente", "corporatie"] {
        world
            .push(party, NUISANCE, "OVE.GEL", home(at(3, false)))
            .await?;
    }
    for party in ["politie", "corporatie"] {
        world
            .push(party, NUISANCE, "WAN.INT", home(at(8, false)))
            .await?;
    }
    for party in ["gemeente", "corporatie", "politie"] {
        world.delivered(party).await?;
    }
    let mut advice = Vec::new();
    for number in [12, 14, 16] {
        advice.push(
            world
                .ask("huismeester", home(at(number, false)))
                .await?
                .advice,
        );
    }
    assert_eq!(advice, ["ga-met-twee", "geen-advies", "geen-advies"]);
    ensure!(
        world
            .ask("leefbaarheid", home(at(12, false)))
            .await
            .is_err(),
        "it was answered"
    );
    world.noticed("gemeente", "regisseur", 1).await?;
    // The match that is withheld may be of a later batch than the one that is told.
    eventually("a match is withheld", async || {
        let filter = EntryFilter {
            decision: Decision::Withheld.into(),
            ..EntryFilter::default()
        };
        let withheld = world.outcomes(filter).await?;
        let mut kinds = withheld.iter().map(|outcome| outcome.kind);
        Ok(kinds
            .any(|kind| kind == ledger::Kind::MatchDecided)
            .then_some(()))
    })
    .await?;
    Ok(world)
}

/// What the independent verifier says of an export.
fn in_python(world: &World, export: &[u8]) -> Result<(bool, String)> {
    let file: PathBuf = world.folder().join("export.jsonl");
    std::fs::write(&file, export)?;
    let output = Command::new("python3")
        .arg(journeys::repository::root().join("tests/independent/verify.py"))
        .arg(&file)
        .args(["--vkey", &world.place.broker.log_key])
        .output()?;
    let text = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8(text)?))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_verifies_here_and_in_python() -> Result<()> {
    let world = eventful().await?;
    let export = world.export().await?;
    let report = world.verify(&export)?;
    let checkpoint = report.checkpoint.clone().context("a checkpoint")?;
    assert_eq!(report.records, checkpoint.size);
    ensure!(
        report.leaves >= 5 && report.opened == 3 * report.leaves,
        "the auditor opens little: {report:?}"
    );
    let (good, said) = in_python(&world, &export)?;
    ensure!(good, "{said}");
    // Under another key nothing holds.
    let other = ledger::LogSigner::from_seed(
        &checkpoint.origin,
        &model::Secret::new(model::id::random_32()),
    )?;
    let report = ledger::verify::verify(export.as_slice(), other.verifier())?;
    ensure!(
        !report.is_good(),
        "an export verifies under a key that did not sign it"
    );
    world.stop().await
}

/// The text with another first character.
fn flip(text: &str) -> String {
    let first = if text.starts_with('b') { 'c' } else { 'b' };
    std::iter::once(first).chain(text.chars().skip(1)).collect()
}

/// Changes one line of an export.
fn with_line(export: &str, place: usize, change: impl Fn(&mut Value)) -> Result<String> {
    let mut lines: Vec<String> = export.lines().map(ToOwned::to_owned).collect();
    let line = lines.get_mut(place).context("there is such a line")?;
    let mut value: Value = serde_json::from_str(line)?;
    change(&mut value);
    *line = serde_json::to_string(&value)?;
    Ok(lines.join("\n") + "\n")
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn a_tampered_export_names_its_record() -> Result<()> {
    let world = eventful().await?;
    let export = String::from_utf8(world.export().await?)?;
    let lines: Vec<&str> = export.lines().collect();
    // The first record with an opened outcome; line 1 is the header.
    let opened = lines
        .iter()
        .position(|line| line.contains("\"outcome\":{"))
        .context("one")?;
    let index = u64::try_from(opened - 1)?;
    // The first character of a field of the leaf becomes another one.
    let leaf = |value: &mut Value, field: &str| {
        let text = value
            .get("leaf")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let marker = format!("\"{field}\":\"");
        if let Some((before, after)) = text.split_once(&marker) {
            let altered = format!("{before}{marker}{}", flip(after));
            if let Some(place) = value.get_mut("leaf") {
                *place = Value::String(altered);
            }
        }
    };
    let own = with_line(&export, opened, |_| ())?;
    ensure!(
        world.verify(own.as_bytes()).is_ok(),
        "writing JSON again breaks it"
    );

    let mut cases: Vec<(&str, String, u64)> = vec![
        (
            "another recipient",
            with_line(&export, opened, |value| leaf(value, "recipient"))?,
            index,
        ),
        (
            "another time",
            with_line(&export, opened, |value| leaf(value, "at"))?,
            index,
        ),
        (
            "an outcome that was not logged",
            with_line(&export, opened, |value| {
                let bytes = value
                    .pointer("/outcome/bytes")
                    .and_then(Value::as_str)
                    .map(flip);
                if let (Some(bytes), Some(place)) = (bytes, value.pointer_mut("/outcome/bytes")) {
                    *place = Value::String(bytes);
                }
            })?,
            index,
        ),
    ];
    let mut dropped = lines.clone();
    dropped.remove(opened);
    cases.push(("a record left out", dropped.join("\n") + "\n", index));
    let mut twice = lines.clone();
    twice.insert(opened, lines.get(opened).copied().unwrap_or_default());
    cases.push(("a record twice", twice.join("\n") + "\n", index + 1));
    let mut swapped = lines.clone();
    swapped.swap(opened, opened + 1);
    cases.push(("two records swapped", swapped.join("\n") + "\n", index));
    let mut short = lines.clone();
    short.pop();
    let last = u64::try_from(lines.len() - 2)?;
    cases.push(("the end cut off", short.join("\n") + "\n", last));

    let verifier = LogVerifier::parse(&world.place.broker.log_key)?;
    for (what, tampered, record) in cases {
        ensure!(
            tampered != export && tampered != own,
            "{what}: nothing was changed"
        );
        let report = ledger::verify::verify(tampered.as_bytes(), &verifier)?;
        let bad = report.bad.with_context(|| format!("{what}: it verifies"))?;
        assert_eq!(bad.index, Some(record), "{what}: {bad:?}");
        let (good, said) = in_python(&world, tampered.as_bytes())?;
        ensure!(!good, "{what}: python takes it");
        ensure!(
            said.contains(&record.to_string()),
            "{what}: python names no record {record}: {said}"
        );
    }
    world.stop().await
}

fn digests(hashes: &[wire::Bytes]) -> Result<Vec<Digest>> {
    hashes
        .iter()
        .map(|hash| Digest::from_slice(hash).context("32 bytes"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_of_the_service_hold() -> Result<()> {
    let world = eventful().await?;
    let verifier = LogVerifier::parse(&world.place.broker.log_key)?;
    let mut log = world.auditor()?;
    let checkpoint = async |log: &mut LogClient| -> Result<ledger::Checkpoint> {
        let answer = log
            .get_checkpoint(GetCheckpointRequest {})
            .await?
            .into_inner();
        Ok(verifier.verify(&answer.checkpoint)?)
    };
    let older = checkpoint(&mut log).await?;
    for index in [0, 1, older.size / 2, older.size - 1] {
        let entry = log.get_entry(GetEntryRequest { index }).await?.into_inner();
        let signed = verifier.verify(&entry.checkpoint)?;
        let hash = entry.entry.context("an entry")?.leaf_hash;
        let hash = Digest::from_slice(&hash).context("a hash")?;
        let proof = digests(&entry.inclusion_proof)?;
        tree::verify_inclusion(hash, index, signed.size, &proof, &signed.root)?;
        // The same for a size of one's own choice, and not for another place.
        let request = GetInclusionProofRequest {
            index,
            tree_size: older.size,
        };
        let answer = log.get_inclusion_proof(request).await?.into_inner();
        let proof = digests(&answer.inclusion_proof)?;
        tree::verify_inclusion(hash, index, older.size, &proof, &older.root)?;
        let elsewhere = (index + 1) % older.size;
        let wrong = tree::verify_inclusion(hash, elsewhere, older.size, &proof, &older.root);
        ensure!(wrong.is_err(), "a proof holds for another place");
    }
    world.ask("huismeester", home(at(21, false))).await?;
    let newer = checkpoint(&mut log).await?;
    ensure!(newer.size > older.size, "the log did not grow");
    for from in [1, older.size / 2, older.size] {
        let request = GetConsistencyProofRequest {
            from_size: from,
            to_size: newer.size,
        };
        let answer = log.get_consistency_proof(request).await?.into_inner();
        let proof = digests(&answer.consistency_proof)?;
        if from == older.size {
            let (old, new) = (&older.root, &newer.root);
            tree::verify_consistency(from, old, newer.size, new, &proof)?;
            let lie = Digest::new([7; 32]);
            let wrong = tree::verify_consistency(from, &lie, newer.size, new, &proof);
            ensure!(wrong.is_err(), "a proof holds for another root");
        }
    }
    // The receipt that came with an answer, by itself.
    let answer = world.ask("huismeester", home(at(22, false))).await?;
    let receipt = answer.receipt.context("a receipt")?;
    let signed = verifier.verify(&receipt.checkpoint)?;
    for entry in &receipt.entries {
        let hash = tree::leaf_hash(&entry.leaf);
        let proof = digests(&entry.inclusion_proof)?;
        tree::verify_inclusion(hash, entry.index, signed.size, &proof, &signed.root)?;
    }
    ensure!(!receipt.entries.is_empty(), "the receipt proves nothing");
    world.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn withheld_decisions_name_clause_and_reason() -> Result<()> {
    let world = eventful().await?;
    let of = |decision: Decision| EntryFilter {
        decision: decision.into(),
        ..EntryFilter::default()
    };
    let withheld = world.outcomes(of(Decision::Withheld)).await?;
    let reasons = |kind: ledger::Kind| -> Vec<(String, Vec<(String, String)>)> {
        let all = withheld.iter().filter(|outcome| outcome.kind == kind);
        all.map(|outcome| {
            let clause = outcome.clause.as_ref().map(|c| c.as_str().to_owned());
            let reasons = outcome.reasons.iter().map(|reason| {
                let clause = reason.clause.as_ref().map(|c| c.as_str().to_owned());
                (reason.code.as_str().to_owned(), clause.unwrap_or_default())
            });
            (clause.unwrap_or_default(), reasons.collect())
        })
        .collect()
    };
    // Nothing known at one home, a shielded address at the other: alike to the asker, apart here.
    let checks = reasons(ledger::Kind::CheckAnswered);
    assert_eq!(checks.len(), 2, "{checks:?}");
    for (clause, _) in &checks {
        assert_eq!(clause, "3.1");
    }
    let codes: Vec<Vec<&str>> = checks
        .iter()
        .map(|(_, reasons)| reasons.iter().map(|(code, _)| code.as_str()).collect())
        .collect();
    ensure!(
        codes.iter().any(|codes| codes.contains(&"hits")),
        "{codes:?}"
    );
    ensure!(
        codes
            .iter()
            .any(|codes| codes.contains(&"not_about_shielded_address")),
        "{codes:?}"
    );
    // The match that a prohibition keeps from the corporation.
    let matches = reasons(ledger::Kind::MatchDecided);
    ensure!(
        matches
            .iter()
            .any(|(_, reasons)| { reasons.contains(&("prohibited".to_owned(), "4.9".to_owned())) }),
        "{matches:?}"
    );
    // Revealed and refused stand there as well, each with what decided it.
    let revealed = world.outcomes(of(Decision::Revealed)).await?;
    ensure!(
        revealed
            .iter()
            .any(|outcome| outcome.kind == ledger::Kind::CheckAnswered)
    );
    ensure!(
        revealed
            .iter()
            .any(|outcome| outcome.kind == ledger::Kind::MatchDecided)
    );
    for outcome in &revealed {
        ensure!(
            outcome.clause.is_some() && outcome.basis.is_some(),
            "{outcome:?}"
        );
        ensure!(
            outcome.engine.table_digest.is_some(),
            "it can't be replayed: {outcome:?}"
        );
    }
    world.stop().await
}
