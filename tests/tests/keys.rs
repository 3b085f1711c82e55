//! What the life of keys leaves in the disclosure log, each once: a node joins, an epoch comes into
//! use and is purged, a key is replaced.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use identity::covenant_key::StoredKey;
use identity::key_package::{self, KeySubject};
use identity::{SealingKey, SigningKey};
use journeys::desk::request;
use journeys::processes::get;
use journeys::realm::{Realm, eventually, quick, set, today};
use journeys::voice::date;
use journeys::witnesses::all_cosign;
use journeys::world::{NUISANCE, of};
use ledger::Outcome;
use ledger::outcome::Fact;
use model::clock::{Clock as _, ManualClock, SystemClock};
use model::{CovenantId, Digest, KeyEpoch, PartyId, Secret};
use pseudonym::CovenantKey;
use sandbox::messages::{Home, fresh_id, home, submit};
use sha2::{Digest as _, Sha256};
use wire::audit_v1::{EntryFilter, ListEntriesRequest};
use wire::node_v1::{
    AnswerCaseRequest, ApplyToSignalsRequest, Case, CaseKind, ConfirmCaseRequest, HeldBack,
    HoldBackRequest, ItemRole, ListNoticesRequest, SignalAction, Subject,
};

/// The outcomes of a kind as the auditor reads them, with the party of each leaf.
async fn entries(realm: &Realm, kind: &str) -> Result<Vec<Outcome>> {
    let request = ListEntriesRequest {
        filter: Some(EntryFilter {
            kind: kind.to_owned(),
            ..EntryFilter::default()
        }),
        page_size: 100,
        ..ListEntriesRequest::default()
    };
    let page = realm.auditor()?.list_entries(request).await?.into_inner();
    page.entries
        .into_iter()
        .map(|entry| {
            let outcome = entry.outcome.context("the auditor sees no outcome")?;
            Ok(Outcome::from_json(&outcome.content)?)
        })
        .collect()
}

async fn counted(realm: &Realm, kind: &str, count: usize) -> Result<Vec<Outcome>> {
    eventually("the entries are there", async || {
        let found = entries(realm, kind).await?;
        Ok((found.len() >= count).then_some(found))
    })
    .await
    .with_context(|| format!("{count} of {kind}"))
}

fn fact(outcome: &Outcome, name: &str) -> Option<Fact> {
    let mut facts = outcome.facts.iter();
    facts
        .find(|(code, _)| code.as_str() == name)
        .map(|(_, fact)| fact.clone())
}

fn word(outcome: &Outcome, name: &str) -> String {
    match fact(outcome, name) {
        Some(Fact::Word(word)) => word.to_string(),
        other => format!("{other:?}"),
    }
}

/// How many covenants there are, and how many memberships of parties in them.
fn memberships(realm: &Realm) -> Result<(usize, usize)> {
    let settings = broker::load(std::slice::from_ref(&realm.world.broker.config), &[])?;
    let mut parties = 0;
    for place in realm.world.nodes.values() {
        let settings = node::load(std::slice::from_ref(&place.config), &[])?;
        parties += settings.covenants.len();
    }
    Ok((settings.covenants.len(), parties))
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_join_and_keys_in_use_are_entries_once_also_over_restarts() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let (covenants, parties) = memberships(&realm)?;
    let joined = counted(&realm, "node-joined", parties).await?;
    ensure!(joined.len() == parties, "{joined:?}");
    for party in ["corporatie", "gemeente", "politie"] {
        ensure!(joined.iter().any(|one| word(one, "party") == party));
    }
    let started = counted(&realm, "epoch-started", covenants).await?;
    ensure!(started.len() == covenants, "{started:?}");
    ensure!(
        started
            .iter()
            .all(|one| fact(one, "epoch") == Some(Fact::Number(1)))
    );
    ensure!(entries(&realm, "key-changed").await?.is_empty());

    realm.stop_all().await?;
    // A party has another witness, and the broker pins its key.
    let public = SigningKey::generate().verifying_key().to_string();
    realm.configure_broker(|settings| set(settings, "pins.gemeente.witness", public))?;
    realm.start_broker(Arc::new(SystemClock)).await?;
    let changed = counted(&realm, "key-changed", 1).await?;
    for one in &changed {
        assert_eq!(word(one, "party"), "gemeente");
        assert_eq!(word(one, "key"), "witness");
    }
    let of_gemeente = changed.len();
    realm.stop_all().await?;

    realm.start_broker(Arc::new(SystemClock)).await?;
    for party in ["corporatie", "politie"] {
        realm.start_node(party, Arc::new(SystemClock)).await?;
    }
    eventually("the nodes are welcome", async || {
        let connected =
            |party: &str| Ok::<_, anyhow::Error>(realm.running(party)?.link().is_connected());
        Ok((connected("corporatie")? && connected("politie")?).then_some(()))
    })
    .await?;
    assert_eq!(entries(&realm, "key-changed").await?.len(), of_gemeente);
    assert_eq!(entries(&realm, "node-joined").await?.len(), parties);
    assert_eq!(entries(&realm, "epoch-started").await?.len(), covenants);
    realm.stop_all().await
}

/// Runs a question to the running broker's operator port.
async fn ask(realm: &Realm, ask: fn(&[PathBuf]) -> Result<String>) -> Result<String> {
    let files = [realm.world.broker.config.clone()];
    tokio::task::spawn_blocking(move || ask(&files)).await?
}

/// Everything started at a clock that the test moves, and a house to tell something about.
async fn started() -> Result<(Realm, Arc<ManualClock>, Subject)> {
    let mut realm = Realm::laid_out(&quick(), today())?;
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    realm.start_all_at(clock.clone()).await?;
    Ok((realm, clock, house(3)))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_epoch_is_purged_when_a_later_one_has_been_in_use_for_31_days() -> Result<()> {
    let (mut realm, clock, place) = started().await?;
    for _ in 0..3 {
        let signal = of("gemeente", NUISANCE, "OVE.GEL", place.clone());
        realm.push("gemeente", signal).await?;
    }
    let purge = |files: &[PathBuf]| broker::purge_epoch(files, &[], "woonoverlast-roosdonk", 1);
    let refused = ask(&realm, purge).await.err().context("no later epoch")?;
    ensure!(refused.to_string().contains("31 days"), "{refused:#}");

    let due = ask(&realm, |files| broker::retention(files, &[])).await?;
    ensure!(
        due.contains("nothing is due") && due.contains("manifest.json"),
        "{due}"
    );

    realm.stop_all().await?;
    add_epoch(&realm, "woonoverlast-roosdonk", 2)?;
    realm.start_all_at(clock.clone()).await?;
    let started = counted(&realm, "epoch-started", 2).await?;
    ensure!(
        started
            .iter()
            .any(|one| fact(one, "epoch") == Some(Fact::Number(2)))
    );
    let refused = ask(&realm, purge).await.err().context("too early")?;
    ensure!(refused.to_string().contains("31 days"), "{refused:#}");

    realm.stop_all().await?;
    clock.advance_seconds(31 * 86_400);
    realm.start_broker(clock.clone()).await?;
    let told = eventually("the broker takes questions", async || {
        Ok(ask(&realm, purge).await.ok())
    })
    .await?;
    ensure!(told.contains("its 3 signals are gone"), "{told}");
    let purged = counted(&realm, "epoch-purged", 1).await?;
    ensure!(purged.len() == 1, "{purged:?}");
    assert_eq!(fact(&purged[0], "epoch"), Some(Fact::Number(1)));
    assert_eq!(fact(&purged[0], "signals"), Some(Fact::Number(3)));
    // Once, and nothing comes back: the key of its maker is not taken any more.
    ask(&realm, purge).await?;
    realm.start_node("gemeente", clock.clone()).await?;
    eventually("the node is told that the epoch waits", async || {
        let link = realm.running("gemeente")?.link();
        let id = CovenantId::parse("woonoverlast-roosdonk")?;
        let epoch = KeyEpoch::FIRST;
        let waits = link.key(&id, epoch) == Some(node::link::KeyStanding::Waiting);
        Ok(waits.then_some(()))
    })
    .await?;
    assert_eq!(entries(&realm, "epoch-purged").await?.len(), 1);
    realm.stop_all().await
}

/// A house in the street of the tests.
fn house(number: u32) -> Subject {
    home(Home {
        postcode: "9999ZZ",
        number,
        shielded: false,
    })
}

fn step(case: &str, actor: &str) -> ConfirmCaseRequest {
    ConfirmCaseRequest {
        request_id: fresh_id(),
        case_id: case.to_owned(),
        actor: actor.to_owned(),
    }
}

/// What the corporation's desk finds about a house.
async fn confirmed(realm: &Realm, clock: &ManualClock, about: Subject) -> Result<Case> {
    confirmed_of(realm, clock, CaseKind::Access, about).await
}

async fn confirmed_of(
    realm: &Realm,
    clock: &ManualClock,
    kind: CaseKind,
    about: Subject,
) -> Result<Case> {
    let mut desk = realm.client("corporatie", "officer")?.desk();
    let request = request(NUISANCE.0, kind, about, clock.now());
    let opened = desk.open_case(request).await?.into_inner().case;
    let confirmation = step(&opened.context("a case")?.id, "balie-2");
    let confirmed = desk.confirm_case(confirmation).await?.into_inner().case;
    confirmed.context("a case")
}

/// How often the corporation let another party know something, by what its desk finds.
fn provided(case: &Case) -> usize {
    let items = case.items.iter();
    items.filter(|i| i.role() == ItemRole::Provided).count()
}

/// The answer to a case: as data and as both letters, without the case's own id.
async fn answered(realm: &Realm, case: &Case) -> Result<[String; 3]> {
    let mut desk = realm.client("corporatie", "officer")?.desk();
    let request = AnswerCaseRequest {
        request_id: fresh_id(),
        case_id: case.id.clone(),
        actor: "balie-3".to_owned(),
    };
    let answer = desk.answer_case(request).await?.into_inner();
    let json = String::from_utf8(answer.answer_json.to_vec())?;
    let all = [json, answer.letter_nl, answer.letter_en];
    Ok(all.map(|text| text.replace(&case.id, "ZAAK")))
}

/// Both parties know of a house, and the municipality is told.
async fn told(realm: &Realm, about: &Subject, notices: usize) -> Result<()> {
    for party in ["corporatie", "gemeente"] {
        // What a party pushes under a purged epoch of which it still uses the key waits until the
        // signal expires.
        let signal = submit(of(party, NUISANCE, "OVE.GEL", about.clone()));
        let client = realm.client(party, "partner")?;
        client.signals().submit_signal(signal).await?;
    }
    let client = realm.client("gemeente", "regisseur")?;
    eventually("the municipality is told", async || {
        let request = ListNoticesRequest::default();
        let page = client.notices().list_notices(request).await?.into_inner();
        Ok((page.notices.len() >= notices).then_some(()))
    })
    .await
}

/// Starts the corporation's node anew with other keys of the covenant.
async fn with_keys(
    realm: &mut Realm,
    clock: &Arc<ManualClock>,
    mut change: impl FnMut(&mut toml::Table),
) -> Result<()> {
    realm.stop_node("corporatie").await?;
    realm.configure_node("corporatie", |settings| {
        let covenants = settings
            .get_mut("covenant")
            .and_then(toml::Value::as_array_mut);
        for one in covenants.into_iter().flatten() {
            let file = one["file"].as_str().unwrap_or_default();
            if let (true, Some(one)) = (file.contains(NUISANCE.0), one.as_table_mut()) {
                change(one);
            }
        }
    })?;
    realm.start_node("corporatie", clock.clone()).await?;
    eventually("it is welcome with every key that it shows", async || {
        let link = realm.running("corporatie")?.link();
        Ok((link.is_connected() && link.obstacles().is_empty()).then_some(()))
    })
    .await
}

/// Takes the key of the first epoch out of those that are in use.
fn take_out(covenant: &mut toml::Table) -> Option<toml::Value> {
    let keys = covenant.get_mut("keys")?.as_array_mut()?;
    let first = keys
        .iter()
        .position(|key| key["epoch"].as_integer() == Some(1))?;
    Some(keys.remove(first))
}

/// The epochs that are unknown by an answer, as its JSON says.
fn unknown(answer: &[String; 3]) -> Result<Vec<u64>> {
    let json: serde_json::Value = serde_json::from_str(&answer[0])?;
    let unknown = json.get("unknown").and_then(|all| all.as_array());
    let unknown = unknown.context("a list")?.iter();
    let epochs = unknown.map(|one| one.get("epoch").and_then(serde_json::Value::as_u64));
    epochs.collect::<Option<_>>().context("epochs")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_finds_what_was_decided_under_a_purged_epoch_by_a_key_kept_for_that() -> Result<()> {
    let (mut realm, clock, place) = started().await?;
    told(&realm, &place, 1).await?;
    told(&realm, &house(6), 2).await?;
    let case = confirmed(&realm, &clock, place.clone()).await?;
    ensure!(provided(&case) == 1 && case.unknown.is_empty());

    realm.stop_all().await?;
    add_epoch(&realm, NUISANCE.0, 2)?;
    realm.start_all_at(clock.clone()).await?;
    counted(&realm, "epoch-started", 2).await?;
    clock.advance_seconds(31 * 86_400);
    let purge = |files: &[PathBuf]| broker::purge_epoch(files, &[], NUISANCE.0, 1);
    let purged = ask(&realm, purge).await?;
    ensure!(purged.contains("signals are gone"), "{purged}");

    all_cosign(&realm).await?;
    let mut kept = None;
    with_keys(&mut realm, &clock, |covenant| kept = take_out(covenant)).await?;
    what_has_no_key_is_unknown(&realm, &clock, &place).await?;
    what_was_told_is_taken_back(&realm, &clock, house(6), 1).await?;

    let kept = kept.context("the key of the first epoch")?;
    with_keys(&mut realm, &clock, |covenant| {
        let mut key = kept.clone();
        if let Some(key) = key.as_table_mut() {
            key.remove("announcement");
        }
        set(covenant, "look_up_keys", vec![key]);
    })
    .await?;
    let case = confirmed(&realm, &clock, place.clone()).await?;
    ensure!(provided(&case) == 1 && case.unknown.is_empty());
    let answer = answered(&realm, &case).await?;
    ensure!(unknown(&answer)?.is_empty(), "{}", answer[0]);
    ensure!(answer[1].contains("Gemeente Roosdonk"), "{}", answer[1]);
    ensure!(!answer[1].contains("onbekend") && !answer[2].contains("unknown"));
    what_was_told_is_taken_back(&realm, &clock, place, 2).await?;
    realm.stop_all().await
}

/// The signal that was told under the epoch that is over is erased, and who was told hears it: with
/// a key of that epoch for look-ups, or with none. It is the so-many-th.
async fn what_was_told_is_taken_back(
    realm: &Realm,
    clock: &ManualClock,
    place: Subject,
    count: usize,
) -> Result<()> {
    let case = confirmed_of(realm, clock, CaseKind::Erasure, place).await?;
    let signals: Vec<String> = case.signals.iter().map(|own| own.id.clone()).collect();
    ensure!(signals.len() == 1, "{signals:?}");
    let request = ApplyToSignalsRequest {
        request_id: fresh_id(),
        case_id: case.id,
        actor: "balie-2".to_owned(),
        signal_ids: signals,
        action: SignalAction::Withdraw.into(),
    };
    let mut desk = realm.client("corporatie", "officer")?.desk();
    desk.apply_to_signals(request).await?;
    counted(realm, "erasure", count).await?;
    // Recalls go out in the morning.
    clock.advance_seconds(86_400);
    counted(realm, "recall", count).await?;
    all_cosign(realm).await
}

/// Nothing is found, and the answer says of which time nothing is known: the same to somebody about
/// whom there is nothing, and to somebody about whom nothing may be told.
async fn what_has_no_key_is_unknown(
    realm: &Realm,
    clock: &ManualClock,
    place: &Subject,
) -> Result<()> {
    let case = confirmed(realm, clock, place.clone()).await?;
    ensure!(provided(&case) == 0, "it can't be found");
    let epochs: Vec<u32> = case.unknown.iter().map(|one| one.epoch).collect();
    ensure!(epochs == [1], "{epochs:?}");
    let answer = answered(realm, &case).await?;
    ensure!(unknown(&answer)? == [1], "{}", answer[0]);
    ensure!(
        answer[1].contains("voor een deel: onbekend."),
        "{}",
        answer[1]
    );
    ensure!(
        answer[2].contains("is therefore: unknown."),
        "{}",
        answer[2]
    );

    let ready = get(&realm.running("corporatie")?.admin.to_string(), "/readyz").await?;
    let said = format!("no key of {} epoch 1: ", NUISANCE.0);
    ensure!(ready.contains(&said), "the operator reads it: {ready}");

    let nothing = confirmed(realm, clock, house(5)).await?;
    ensure!(answered(realm, &nothing).await? == answer);
    told(realm, &house(4), 3).await?;
    let found = confirmed(realm, clock, house(4)).await?;
    ensure!(provided(&found) == 1, "under the key that there is");
    let held = HoldBackRequest {
        request_id: fresh_id(),
        case_id: found.id.clone(),
        actor: "balie-2".to_owned(),
        indices: found.items.iter().map(|item| item.index).collect(),
        held_back: Some(HeldBack {
            ground: "UAVG 41.1.d".to_owned(),
            reason: "Er loopt een onderzoek.".to_owned(),
            review_on: Some(date(clock.now().day().plus_days(60))),
            told: false,
            actor: String::new(),
        }),
        release: false,
    };
    let mut desk = realm.client("corporatie", "officer")?.desk();
    desk.hold_back(held).await?;
    ensure!(answered(realm, &found).await? == answer);
    Ok(())
}

/// Gives every party the key of one more epoch; the maker of the first one makes it.
fn add_epoch(realm: &Realm, covenant: &str, epoch: u32) -> Result<()> {
    let id = CovenantId::parse(covenant)?;
    let number = KeyEpoch::new(epoch).context("an epoch from 1")?;
    let secret = Secret::new(model::id::random_32());
    let commitment = CovenantKey::from_secret(secret.clone()).commitment();
    let mut parties = Vec::new();
    for (party, place) in &realm.world.nodes {
        let settings = node::load(std::slice::from_ref(&place.config), &[])?;
        let mut own = settings.covenants.iter();
        let Some(of) = own.find(|one| one.file.to_string_lossy().contains(covenant)) else {
            continue;
        };
        let makes = of.keys.iter().any(|key| key.announcement.is_some());
        let file = realm
            .home(party)?
            .join(format!("{covenant}.{epoch}.key.json"));
        let stored = StoredKey {
            covenant: id.clone(),
            epoch: number,
            commitment,
            key: secret.clone(),
        };
        stored.write_new(&file, &settings.keys.protection.read()?)?;
        parties.push((
            party.clone(),
            settings.keys.clone(),
            makes,
            of.file.clone(),
            file,
        ));
    }
    let (maker, maker_keys, _, text, _) = parties
        .iter()
        .find(|(_, _, makes, ..)| *makes)
        .context("somebody makes the key")?;
    let subject = KeySubject {
        covenant: id,
        covenant_digest: Digest::new(Sha256::digest(std::fs::read(text)?).into()),
        epoch: number,
    };
    let mut recipients = Vec::new();
    for (party, keys, ..) in parties.iter().filter(|(party, ..)| party != maker) {
        let sealing = SealingKey::read(&keys.sealing)?;
        recipients.push((PartyId::parse(party)?, sealing.public_key()));
    }
    let signing = SigningKey::read(&maker_keys.signing)?;
    let maker_id = PartyId::parse(maker)?;
    let package = key_package::make(
        &subject,
        &maker_id,
        &secret,
        &commitment,
        &recipients,
        &signing,
    )?;
    let announcement = realm.folder().join("epoch.keys.json");
    std::fs::write(&announcement, package)?;
    for (party, _, makes, _, file) in &parties {
        let announcement = makes.then(|| announcement.clone());
        realm.configure_node(party, |settings| {
            add_key(settings, covenant, epoch, file, announcement.as_deref());
        })?;
    }
    Ok(())
}

fn add_key(
    settings: &mut toml::Table,
    covenant: &str,
    epoch: u32,
    file: &Path,
    announcement: Option<&Path>,
) {
    let mut key = toml::Table::new();
    set(&mut key, "epoch", i64::from(epoch));
    set(&mut key, "file", file.to_string_lossy().into_owned());
    if let Some(announcement) = announcement {
        set(
            &mut key,
            "announcement",
            announcement.to_string_lossy().into_owned(),
        );
    }
    let covenants = settings
        .get_mut("covenant")
        .and_then(toml::Value::as_array_mut);
    for one in covenants.into_iter().flatten() {
        let is_it = one["file"]
            .as_str()
            .is_some_and(|file| file.contains(covenant));
        if let Some(keys) = one.get_mut("keys").and_then(toml::Value::as_array_mut)
            && is_it
        {
            keys.push(toml::Value::Table(key.clone()));
        }
    }
}
