//! A run of the whole with known names, numbers and keys, at the finest log level of every library:
//! none of them is found in a log line, on the wire to the broker, in the broker's files, at
//! another party, in metrics or health.

mod subjects;

use std::io::Write;
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError};

use anyhow::{Context as _, Result, ensure};
use journeys::canary::{Canaries, Hunter};
use journeys::processes::get;
use journeys::realm::{Realm, eventually, quick, today};
use journeys::tape::{Tape, listen_in};
use journeys::voice::{Voice, covenant_key};
use prost::Message as _;
use sandbox::messages::{fresh_id, signal};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tracing_subscriber::fmt::format::FmtSpan;
use wire::audit_v1::{ExportRequest, ListEntriesRequest};
use wire::node_v1::{CheckVisitRequest, ListNoticesRequest, Subject, SubmitSignalRequest, subject};

use crate::subjects::{
    ABROAD, ACCOUNT, ACTOR, ADDRESS, ASKED, ATTRIBUTE, CONTACT, DATES, FILE_NUMBER, ORGANISATION,
    PERSON, REASON, REFERENCE, VEHICLE, about, address, everything, question,
};

const VISITS: &str = "veilig-op-bezoek-roosdonk";
/// A number that fails its check.
const WRONG_BSN: &str = "999843019";
const NUISANCE: &str = "woonoverlast-roosdonk";
const PARTIES: [&str; 4] = ["corporatie", "gemeente", "politie", "zorg"];

/// Every secret and identifier of the run.
fn canaries(realm: &Realm) -> Result<Canaries> {
    let mut all = Canaries::default();
    for fields in [
        PERSON,
        ABROAD,
        ADDRESS,
        ASKED,
        ORGANISATION,
        VEHICLE,
        CONTACT,
        ACCOUNT,
    ] {
        all.subject(fields)?;
    }
    for date in DATES {
        all.text("birth date", date);
    }
    for (name, text) in [
        ("actor", ACTOR),
        ("file number", FILE_NUMBER),
        ("reason", REASON),
        ("attribute name", ATTRIBUTE.0),
        ("attribute value", ATTRIBUTE.1),
        ("source reference", REFERENCE),
        ("a wrong number", WRONG_BSN),
    ] {
        all.text(name, text);
    }
    for covenant in [VISITS, NUISANCE] {
        let key = covenant_key(realm, "gemeente", covenant)?;
        all.secret("covenant key", key.secret().expose());
    }
    for party in PARTIES {
        let home = realm.home(party)?;
        let signing = identity::SigningKey::read(&home.join("node-signing.pem"))?;
        all.secret("signing key", signing.to_secret().expose());
        for file in ["vault.key", "protection.key"] {
            all.secret(file, &identity::secret_file::read(&home.join(file))?);
        }
    }
    Ok(all)
}

/// What the processes' libraries write, all of it.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = format!("{} {} {}\n", record.level(), record.target(), record.args());
        // Writing to memory does not fail.
        drop(self.clone().write_all(line.as_bytes()));
    }

    fn flush(&self) {}
}

impl Lines {
    fn all(&self) -> Vec<u8> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// What was logged by `tracing`, which is what the processes write, and by the older `log`, which
/// they do not.
struct Logged {
    tracing: Lines,
    older: Lines,
}

/// Everything that is logged from now on: no filter, no library left out, spans with their fields.
fn listen_to_all() -> &'static Logged {
    static LINES: OnceLock<Logged> = OnceLock::new();
    static ONCE: Once = Once::new();
    let lines = LINES.get_or_init(|| Logged {
        tracing: Lines::default(),
        older: Lines::default(),
    });
    ONCE.call_once(|| {
        let writer = lines.tracing.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(FmtSpan::NEW)
            .with_ansi(false)
            .without_time()
            .with_writer(move || writer.clone())
            .finish();
        // Only this test installs one; the positive control fails when it did not work.
        drop(tracing::subscriber::set_global_default(subscriber));
        drop(log::set_logger(&lines.older).map(|()| log::set_max_level(log::LevelFilter::Trace)));
    });
    lines
}

type Told = (Realm, Vec<(&'static str, Tape)>, Vec<u8>);

/// A world with a tape at each node, in which all of the above was said, and what the refusals
/// carried.
async fn told_everything(stop: &CancellationToken) -> Result<Told> {
    let mut realm = Realm::laid_out(&quick(), today())?;
    let mut tapes = Vec::new();
    for party in PARTIES {
        tapes.push((party, listen_in(&realm, party, stop.clone()).await?));
    }
    realm.start_all().await?;
    for party in ["gemeente", "corporatie"] {
        realm.push(party, everything()).await?;
    }
    let about = about(subject::Kind::Address(address(ASKED, "address")));
    realm
        .push(
            "gemeente",
            signal(VISITS, "bezoekveiligheid", "AGR.FYS", about),
        )
        .await?;
    let asker = realm.client("corporatie", "huismeester")?;
    let answer = asker.checks().check_visit(question()).await?.into_inner();
    assert_eq!(answer.advice, "ga-met-twee");
    let director = realm.client("gemeente", "regisseur")?;
    eventually("the municipality is told of the match", async || {
        let page = director
            .notices()
            .list_notices(ListNoticesRequest::default())
            .await?;
        Ok(page.into_inner().notices.first().map(|_| ()))
    })
    .await?;
    // What is wrong must not be echoed either.
    let mut wrong = everything();
    wrong.id = fresh_id();
    if let Some(Subject {
        kind: Some(subject::Kind::Person(person)),
        ..
    }) = wrong.subjects.first_mut()
    {
        person.bsn = WRONG_BSN.to_owned();
    }
    let submission = SubmitSignalRequest {
        request_id: fresh_id(),
        signal: Some(wrong),
        validate_only: false,
    };
    let partner = realm.client("gemeente", "partner")?;
    let echo = partner.signals().submit_signal(submission).await.err();
    let mut refusals = said(&echo.context("a wrong number was taken")?);
    let refused = CheckVisitRequest {
        file_number: String::new(),
        ..question()
    };
    let echo = asker.checks().check_visit(refused).await.err();
    refusals.extend(said(&echo.context("no file number was asked")?));
    Ok((realm, tapes, refusals))
}

/// All that a refusal carries.
fn said(status: &Status) -> Vec<u8> {
    let mut bytes = status.message().as_bytes().to_vec();
    bytes.extend(status.details());
    bytes.extend(format!("{:?}", status.metadata()).into_bytes());
    bytes
}

/// All that a party can read over gRPC that is not its own input.
async fn readable(realm: &Realm, party: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut log = realm.log_of(party)?;
    let listed = log.list_entries(ListEntriesRequest {
        page_size: 1000,
        ..Default::default()
    });
    bytes.extend(listed.await?.into_inner().encode_to_vec());
    let mut export = log.export(ExportRequest::default()).await?.into_inner();
    while let Some(piece) = export.message().await? {
        bytes.extend(piece.lines);
    }
    for kind in realm.node(party)?.clients.keys() {
        let client = realm.client(party, kind)?;
        let notices = client
            .notices()
            .list_notices(ListNoticesRequest::default())
            .await?;
        bytes.extend(notices.into_inner().encode_to_vec());
    }
    Ok(bytes)
}

async fn admin_pages(realm: &Realm) -> Result<Vec<(String, Vec<u8>)>> {
    let mut ports = vec![("broker".to_owned(), realm.world.broker.admin.clone())];
    ports.extend(
        realm
            .world
            .nodes
            .iter()
            .map(|(id, place)| (id.clone(), place.admin.clone())),
    );
    let mut pages = Vec::new();
    for (name, port) in ports {
        for path in ["/metrics", "/readyz", "/livez"] {
            let page = get(&port, path).await?;
            ensure!(page.starts_with("HTTP/1.1 200"), "{name}{path}: {page}");
            pages.push((format!("{name}{path}"), page.into_bytes()));
        }
    }
    Ok(pages)
}

/// Looks everywhere. `own` is what may be nowhere, `others` what may not leave its party.
async fn hunt(
    realm: &mut Realm,
    tapes: &[(&str, Tape)],
    lines: &Logged,
    anywhere: &Hunter,
    outside: &Hunter,
) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (place, page) in admin_pages(realm).await? {
        found.extend(anywhere.found(&place, &page));
    }
    // Police and care reported nothing: nothing of this is theirs.
    for party in ["politie", "zorg"] {
        let pages = readable(realm, party).await?;
        ensure!(pages.len() > 1000, "{party} reads nothing");
        found.extend(anywhere.found(&format!("what {party} reads"), &pages));
    }
    for party in ["corporatie", "gemeente"] {
        let pages = readable(realm, party).await?;
        found.extend(outside.found(&format!("what {party} reads of the log"), &pages));
    }
    for (party, tape) in tapes {
        let sent = tape.to_broker();
        ensure!(
            sent.len() > 2000,
            "hardly anything is on the tape of {party}"
        );
        found.extend(outside.found(&format!("on the wire from {party}"), &sent));
        let all: Vec<u8> = tape
            .pieces()
            .into_iter()
            .flat_map(|piece| piece.bytes)
            .collect();
        found.extend(outside.found(&format!("on the wire of {party}"), &all));
    }
    realm.stop_all().await?;
    let (bytes, below) = outside.found_below(&realm.world.broker.state)?;
    ensure!(bytes > 10_000, "the broker's files are empty");
    found.extend(below);
    // At home everything is sealed: not even the party's own files hold it in clear.
    for party in PARTIES {
        let (bytes, below) = anywhere.found_below(&realm.node(party)?.state)?;
        ensure!(bytes > 100, "the files of {party} are empty: {bytes} bytes");
        found.extend(below);
    }
    // The processes don't write what comes by `log`; there sled at the broker shows the bytes of
    // outcomes, and so the actor.
    for (source, lines, libraries, hunter) in [
        (
            "tracing",
            &lines.tracing,
            ["h2::", "broker", "node"].as_slice(),
            anywhere,
        ),
        ("log", &lines.older, ["sled", "rustls"].as_slice(), outside),
    ] {
        let lines = lines.all();
        let text = String::from_utf8_lossy(&lines);
        for library in libraries {
            ensure!(text.contains(library), "{library} logs nothing by {source}");
        }
        ensure!(
            lines.len() > 100_000,
            "only {} bytes by {source}",
            lines.len()
        );
        found.extend(hunter.found(&format!("a log line by {source}"), &lines));
    }
    Ok(found)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_raw_leaves_the_party() -> Result<()> {
    let lines = listen_to_all();
    let stop = CancellationToken::new();
    let (mut realm, tapes, refusals) = told_everything(&stop).await?;
    let canaries = canaries(&realm)?;
    ensure!(canaries.len() > 50, "only {} canaries", canaries.len());
    let anywhere = canaries.hunter()?;
    // The party's own pseudonym of the employee goes to the broker and into the log: signed, and
    // read by the auditor and a source that revealed.
    let outside = canaries.but(&["actor"]).hunter()?;
    let text = String::from_utf8_lossy(&refusals);
    for rule in ["BSN_CHECK", "FILE_NUMBER_MISSING"] {
        ensure!(text.contains(rule), "no refusal says {rule}");
    }
    let mut found = anywhere.found("a refusal", &refusals);
    found.extend(hunt(&mut realm, &tapes, lines, &anywhere, &outside).await?);
    ensure!(
        found.is_empty(),
        "canaries were found:\n{}",
        found.join("\n")
    );

    // The check can fail: each place is searched again with one planted.
    let plant = b"Quirinalda Zdzis\xc5\x82awa";
    tracing::trace!(name = %String::from_utf8_lossy(plant), "planted");
    let told = anywhere.found("log line", &lines.tracing.all()).join("\n");
    ensure!(
        told.contains("person.given_names"),
        "not found in a log line"
    );
    log::trace!("planted too: {:?}", HexOf(b"999843011"));
    let told = outside.found("log line", &lines.older.all()).join("\n");
    ensure!(
        told.contains("person.bsn"),
        "not found as hexadecimal: {told}"
    );
    std::fs::write(realm.world.broker.state.join("planted"), plant)?;
    let (_, told) = outside.found_below(&realm.world.broker.state)?;
    ensure!(!told.is_empty(), "not found in the broker's files");
    std::fs::remove_file(realm.world.broker.state.join("planted"))?;
    stop.cancel();
    Ok(())
}

/// Bytes as hexadecimal in a log line.
struct HexOf<'a>(&'a [u8]);

impl std::fmt::Debug for HexOf<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_canary_is_found_on_the_wire_and_in_answers() -> Result<()> {
    let stop = CancellationToken::new();
    let mut realm = Realm::laid_out(&quick(), today())?;
    let tape = listen_in(&realm, "corporatie", stop.clone()).await?;
    realm.start_all().await?;
    let mut canaries = Canaries::default();
    canaries.text("planted", "Kanarievogel");
    let hunter = canaries.hunter()?;
    ensure!(
        hunter.found("wire", &tape.to_broker()).is_empty(),
        "found before it was planted"
    );
    // A node that sends an identifier, as a header, and in a signed message.
    let config = std::fs::read_to_string(&realm.node("corporatie")?.config)?;
    let settings: toml::Table = config.parse()?;
    let address = settings
        .get("broker")
        .and_then(|broker| broker.get("address"));
    let address = address
        .and_then(toml::Value::as_str)
        .context("the tape's address")?;
    let home = realm.home("corporatie")?;
    let (cert, key) = (home.join("client.pem"), home.join("client.key"));
    let mut voice = Voice::of(&realm, "corporatie", VISITS)?;
    voice.channel = sandbox::clients::connect(address, &realm.world.ca, &cert, &key)?;
    let mut asked = voice.question("corporatie.huismeester", "bezoekveiligheid", [7; 32]);
    if let Some(header) = &mut asked.header {
        header.actor = Some("kanarievogel".to_owned());
    }
    voice
        .ask(&asked)
        .await
        .map_err(|status| anyhow::anyhow!("{}", status.message()))?;
    let told = hunter.found("wire", &tape.to_broker());
    assert_eq!(told.len(), 1, "{told:?}");
    let mut request = tonic::Request::new(wire::broker_v1::CheckRequest::default());
    request
        .metadata_mut()
        .insert("x-planted", "KANARIEVOGEL".parse()?);
    ensure!(
        voice.exchange().check(request).await.is_err(),
        "an empty question was answered"
    );
    assert_eq!(hunter.found("wire", &tape.to_broker()).len(), 2);
    // And in what the auditor reads, since the actor stands in the outcome.
    let mut export = realm
        .auditor()?
        .export(ExportRequest::default())
        .await?
        .into_inner();
    let mut lines = Vec::new();
    while let Some(piece) = export.message().await? {
        lines.extend(piece.lines);
    }
    let decoded = outcomes(&lines)?;
    assert_eq!(hunter.found("log", &decoded).len(), 1);
    realm.stop_all().await?;
    let (_, told) = hunter.found_below(&realm.world.broker.state)?;
    ensure!(!told.is_empty(), "not found in the broker's files");
    stop.cancel();
    Ok(())
}

/// The opened outcomes of an export, decoded.
fn outcomes(lines: &[u8]) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    for line in lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .skip(1)
    {
        let record: serde_json::Value = serde_json::from_slice(line)?;
        if let Some(bytes) = record.pointer("/outcome/bytes").and_then(|b| b.as_str()) {
            all.extend(data_encoding::BASE64.decode(bytes.as_bytes())?);
        }
    }
    Ok(all)
}
