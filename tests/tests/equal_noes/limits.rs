//! Limits on questions: refused openly, with the reason, and alike for what is known and what is
//! not.

use anyhow::{Context as _, Result, ensure};
use journeys::realm::Realm;
use journeys::voice::reason;
use sandbox::Plan;
use sandbox::messages::visit;
use tonic::{Code, Status};
use wire::audit_v1::{EntryFilter, ListEntriesRequest};
use wire::node_v1::{CheckVisitRequest, CheckVisitResponse};

use crate::{CARETAKER, VISIT, VISITS, ask, attacked, plain, plan, twice};

/// Lets every question in this covenant be refused after a few.
fn with_limits() -> Plan {
    let mut plan = plan();
    for covenant in &mut plan.covenants {
        *covenant = covenant
            .replacen(
                "per_medewerker_per_dag   = 12",
                "per_medewerker_per_dag   = 5",
                1,
            )
            .replacen(
                "per_partij_per_dag       = 300",
                "per_partij_per_dag       = 12",
                1,
            )
            .replacen(
                "per_betrokkene_per_maand = 4",
                "per_betrokkene_per_maand = 3",
                1,
            );
    }
    plan
}

fn refused(outcome: Result<CheckVisitResponse, Status>) -> Result<(String, String)> {
    let status = outcome
        .err()
        .context("a question over the limit was answered")?;
    ensure!(
        status.code() == Code::ResourceExhausted,
        "refused as {:?}",
        status.code()
    );
    let told = wire::status::read(&status);
    let clause = told.metadata.get("clause").cloned().unwrap_or_default();
    assert_eq!(reason(&status), "LIMIT_REACHED");
    ensure!(
        !told.message_nl.is_empty() && told.message_nl.contains(';'),
        "no remedy"
    );
    // A limit of a day says how long that is; the end of a month is too far to wait for.
    let daily = told.message_en.contains("today");
    let wait = told.retry_after.map(|wait| wait.as_secs());
    ensure!(
        wait.is_some() == daily && wait.is_none_or(|s| (1..=86_400).contains(&s)),
        "{wait:?} for {}",
        told.message_en
    );
    Ok((clause, told.message_en))
}

/// Why questions were refused, in the order of the log, as the auditor reads it.
async fn refusals(realm: &Realm) -> Result<Vec<String>> {
    let filter = EntryFilter {
        kind: "check-refused".to_owned(),
        ..EntryFilter::default()
    };
    let request = ListEntriesRequest {
        filter: Some(filter),
        page_size: 100,
        ..Default::default()
    };
    let page = realm.auditor()?.list_entries(request).await?.into_inner();
    let mut codes = Vec::new();
    for entry in page.entries {
        let outcome = entry.outcome.context("the auditor sees it")?;
        let outcome = ledger::Outcome::from_json(&outcome.content)?;
        codes.extend(
            outcome
                .reasons
                .first()
                .map(|reason| reason.code.as_str().to_owned()),
        );
    }
    Ok(codes)
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_refused_openly_and_alike() -> Result<()> {
    let mut realm = Realm::start(&with_limits()).await?;
    twice(&realm, "gemeente", || attacked(plain(12))).await?;
    let by = |actor: &str, number: u32| CheckVisitRequest {
        actor: actor.to_owned(),
        ..visit(VISITS, VISIT, CARETAKER, plain(number))
    };
    // Per subject, counted whatever the answer: the same for a known and an unknown home.
    let mut texts = Vec::new();
    for (number, advice) in [(12, "ga-met-twee"), (11, "geen-advies")] {
        for place in 0..3 {
            let answer = ask(&realm, by(&format!("a-{number}-{place}"), number)).await?;
            assert_eq!(answer.advice, advice);
        }
        texts.push(refused(ask(&realm, by("a-over", number)).await)?);
    }
    assert_eq!(
        texts.first(),
        texts.last(),
        "the refusal tells a known home from an unknown one"
    );
    let [(clause, per_subject), _] = texts.as_slice() else {
        anyhow::bail!("two refusals");
    };
    assert_eq!(clause, "3.1");

    // Per employee.
    for number in 41..46 {
        ask(&realm, by("b", number)).await?;
    }
    let (_, per_employee) = refused(ask(&realm, by("b", 46)).await)?;
    ensure!(
        per_employee != *per_subject,
        "one text for two limits: {per_employee}"
    );

    // Per party: eleven were answered so far; a refused question does not count.
    ask(&realm, by("c", 51)).await?;
    let (_, per_party) = refused(ask(&realm, by("d", 52)).await)?;
    ensure!(
        per_party != per_employee && per_party != *per_subject,
        "{per_party}"
    );

    // Refusals are in the log, as refusals, with the limit that was reached.
    let codes = refusals(&realm).await?;
    assert_eq!(
        codes,
        [
            "limit_per_subject",
            "limit_per_subject",
            "limit_per_employee",
            "limit_per_party"
        ]
    );
    // A question without file number is refused before any limit is looked at.
    let bare = CheckVisitRequest {
        file_number: String::new(),
        ..by("e", 53)
    };
    let status = ask(&realm, bare)
        .await
        .err()
        .context("a question without file number")?;
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::FailedPrecondition, "FILE_NUMBER_MISSING")
    );
    // What the node itself refuses stands in the log as well.
    let codes = refusals(&realm).await?;
    assert_eq!(codes.len(), 5, "{codes:?}");
    ensure!(
        codes
            .last()
            .is_some_and(|code| code.contains("file_number")),
        "{codes:?}"
    );
    realm.stop_all().await
}
