//! The world of this crate's tests: keys, a signed covenant, and use cases over a store in memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use covenant::signoff::{Envelope, Event, EventKind, KeyRole, Statement, sign, sign_event};
use identity::covenant_key::{Protection, StoredKey};
use identity::{SealingKey, SigningKey};
use model::clock::ManualClock;
use model::{
    Certainty, CovenantId, Day, Digest, KeyEpoch, Oin, PartyId, Protection as Ground,
    ProtectionStatement, RoleRef, Secret, SignalId, Timestamp,
};
use pseudonym::{CovenantKey, RawIdentifier, RawSubject};
use store::{MemoryEngine, NodeSettings, NodeStore};

use crate::caller::Caller;
use crate::config::{Config, CovenantConfig, LookUpKeyConfig};
use crate::covenants::Covenants;
use crate::intake::{Choice, Draft, Intake, Provenance, SubjectDraft, Submission};
use crate::keys::Keys;
use crate::link::Link;
use crate::metrics::NodeMetrics;
use crate::uplink::Speaker;

const COVENANT: &str = include_str!("covenant.toml");

/// The broker of the tests.
pub(crate) const BROKER: &str = "00000099000000009100";

/// A party's node without its ports.
pub(crate) struct World {
    pub(crate) intake: Intake,
    pub(crate) clock: ManualClock,
    /// The bytes under the store: a restart is another store over them.
    pub(crate) engine: MemoryEngine,
    files: tempfile::TempDir,
    config: Config,
}

/// Today in the tests.
pub(crate) fn today() -> Day {
    Day::parse("2026-11-24").unwrap()
}

impl World {
    /// The node of `party` with an outbox of `max_items`.
    pub(crate) fn of(party: &str, max_items: u64) -> Self {
        let files = tempfile::tempdir().unwrap();
        let config = config(files.path(), party, &[1, 2]);
        Self::with(files, &config, party, max_items)
    }

    /// The same after the first epoch: its key is there for look-ups alone, or gone.
    pub(crate) fn after_first_epoch(party: &str, keeps: bool) -> Self {
        let files = tempfile::tempdir().unwrap();
        let mut config = config(files.path(), party, &[1, 2]);
        let covenant = &mut config.covenants[0];
        if keeps {
            for_look_ups(covenant, 1);
        } else {
            covenant.keys.remove(0);
        }
        Self::with(files, &config, party, 100)
    }

    fn with(files: tempfile::TempDir, config: &Config, party: &str, max_items: u64) -> Self {
        let keys = Keys::read(&config.keys).unwrap();
        let clock = ManualClock::at(today().start().plus_seconds(12 * 3600));
        let now = model::clock::Clock::now(&clock);
        let covenants = Arc::new(Covenants::load(config, &keys, now).unwrap());
        let settings = NodeSettings {
            outbox_items: max_items,
            ..NodeSettings::default()
        };
        let engine = MemoryEngine::default();
        let store = NodeStore::in_memory(engine.reopen(), settings).unwrap();
        let party = PartyId::parse(party).unwrap();
        let audience = Oin::parse(BROKER).unwrap();
        let intake = Intake {
            signal_roles: vec![RoleRef::parse(&format!("{party}.systeem")).unwrap()].into(),
            speaker: Speaker::new(
                keys.signing,
                audience,
                party.clone(),
                Arc::new(clock.clone()),
            ),
            party,
            covenants,
            vault: Arc::new(keys.vault),
            store,
            link: Link::new(),
            metrics: NodeMetrics::register(&process::Metrics::new("test")),
            clock: Arc::new(clock.clone()),
        };
        Self {
            intake,
            clock,
            engine,
            files,
            config: config.clone(),
        }
    }

    /// Has this node carry a second covenant, `ander`; gives its digest.
    pub(crate) fn second_covenant(&self) -> Digest {
        let files = tempfile::tempdir().unwrap();
        let text = COVENANT.replace("\"proef\"", "\"ander\"");
        let config = config_of(&text, files.path(), self.intake.party.as_str(), &[]);
        let keys = Keys::read(&config.keys).unwrap();
        let loaded = Covenants::load(&config, &keys, self.now()).unwrap();
        let other = CovenantId::parse("ander").unwrap();
        let carried = loaded.write(|all| all.remove(&other)).unwrap();
        let covenants = &self.intake.covenants;
        covenants.write(|all| all.insert(other.clone(), carried));
        let active = covenants.active(&other, self.now()).unwrap();
        active.covenant().digest()
    }

    /// The covenant as a restart finds it, with other keys in the settings.
    pub(crate) fn with_other_keys(&self, change: impl FnOnce(&mut CovenantConfig)) {
        let mut config = self.config.clone();
        change(&mut config.covenants[0]);
        let keys = Keys::read(&config.keys).unwrap();
        let loaded = Covenants::load(&config, &keys, self.now()).unwrap();
        let id = CovenantId::parse("proef").unwrap();
        let mut carried = loaded.write(|all| all.remove(&id)).unwrap();
        self.intake.covenants.write(|all| {
            carried.last = all[&id].last.clone();
            carried.follow(self.now());
            all.insert(id, carried);
        });
    }

    /// The store as a restart finds it.
    pub(crate) fn restarted(&self) -> NodeStore {
        NodeStore::in_memory(self.engine.reopen(), NodeSettings::default()).unwrap()
    }

    /// The key to which a party's secrets are sealed.
    pub(crate) fn sealing(&self, party: &str) -> SealingKey {
        SealingKey::read(&self.files.path().join(format!("{party}.sealing"))).unwrap()
    }

    /// A partner system of this party.
    pub(crate) fn system(&self) -> Caller {
        caller("one", &[&format!("{}.systeem", self.intake.party)])
    }

    /// An event that a party's signer signs now, as its file.
    pub(crate) fn event(&self, party: &str, kind: EventKind) -> Vec<u8> {
        let seed = self.signer(party);
        let active = self.intake.covenants.all_active(self.now());
        let covenant = active[0].covenant();
        let party = PartyId::parse(party).unwrap();
        let event = Event::new(covenant, party, KeyRole::Signer, self.now(), kind);
        sign_event(&event, &seed).to_json().into_bytes()
    }

    /// A sign-off that a party's signer dates so many days from today, as its file.
    pub(crate) fn sign_off(&self, party: &str, days: i32) -> Vec<u8> {
        let active = self.intake.covenants.all_active(self.now());
        let covenant = active[0].covenant();
        let id = PartyId::parse(party).unwrap();
        let day = today().plus_days(days);
        let statement = Statement::new(covenant, &id, day, b"gelezen", "test").unwrap();
        let envelope = sign(covenant, &statement, &self.signer(party)).unwrap();
        envelope.to_json().into_bytes()
    }

    fn signer(&self, party: &str) -> Secret {
        let seed = std::fs::read(self.files.path().join(format!("{party}.signer"))).unwrap();
        Secret::new(seed.try_into().unwrap())
    }

    /// How many items wait in the outbox.
    pub(crate) fn waiting(&self) -> u64 {
        self.intake
            .store
            .read(|view| view.outbox_totals())
            .unwrap()
            .items
    }

    /// The time by the test's clock.
    pub(crate) fn now(&self) -> Timestamp {
        model::clock::Clock::now(&self.clock)
    }
}

/// A caller with these roles.
pub(crate) fn caller(client: &str, roles: &[&str]) -> Caller {
    let mut roles: Vec<_> = roles.iter().map(|r| RoleRef::parse(r).unwrap()).collect();
    roles.sort();
    Caller {
        client: client.to_owned(),
        roles,
    }
}

/// A subject with fields by path.
pub(crate) fn subject(fields: &[(&str, &str)]) -> SubjectDraft {
    let fields = fields
        .iter()
        .map(|(path, text)| (*path, RawIdentifier::from(*text)));
    SubjectDraft {
        raw: Some(RawSubject::from_fields(fields).unwrap()),
        protections: vec![
            (
                Choice::Is(Ground::Minor),
                Choice::Is(ProtectionStatement::Absent),
            ),
            (
                Choice::Is(Ground::ShieldedAddress),
                Choice::Is(ProtectionStatement::Absent),
            ),
        ],
    }
}

/// An address in the tests' village.
pub(crate) fn address() -> SubjectDraft {
    subject(&[
        ("address.postcode", "1234 AB"),
        ("address.house_number", "12"),
    ])
}

/// A signal that the corporation may share.
pub(crate) fn draft() -> Draft {
    Draft {
        id: fresh_v7(),
        covenant: "proef".to_owned(),
        purposes: vec!["bezoekveiligheid".to_owned()],
        category: Some(("vera".to_owned(), "AGR.FYS".to_owned())),
        subjects: vec![address()],
        observed_at: Some(Ok(today().plus_days(-3).start())),
        neighbourhood: "BU08550101".to_owned(),
        certainty: Choice::Is(Certainty::Confirmed),
        reviewed_by_person: true,
        provenance: Choice::Is(Provenance::OwnObservation),
        attributes: vec![(
            "omschrijving".to_owned(),
            "Geschreeuw bij de deur".to_owned(),
        )],
        police_article: Choice::Unspecified,
        source_reference: "ZAAK-1".to_owned(),
    }
}

/// A draft with its request; the content stands for the message.
pub(crate) fn submission(draft: Draft) -> Submission {
    Submission {
        request_id: model::RequestId::fresh().to_string(),
        content: format!("inhoud van {} {}", draft.id, draft.source_reference).into_bytes(),
        draft: Some(draft),
        validate_only: false,
    }
}

pub(crate) fn fresh_v7() -> String {
    let clock = ManualClock::at(today().start());
    SignalId::new(model::id::fresh_v7(&clock)).to_string()
}

/// Settings, to be filled in.
const CONFIG: &str = r#"party = "PARTY"
oin = "OIN"
state_dir = "FILES/state"
listen = "127.0.0.1:0"
[tls]
certificate = "FILES/none.pem"
key = "FILES/none.pem"
trust_anchors = []
[clients]
signal_roles = ["PARTY.systeem"]
[broker]
address = "127.0.0.1:1"
server_name = "makelaar.test"
oin = "BROKER"
trust_anchors = []
certificate = "FILES/none.pem"
key = "FILES/none.pem"
log_vkey = "VKEY"
[keys]
signing = "FILES/signing.pem"
sealing = "FILES/sealing.pem"
vault = "FILES/vault.key"
protection = "none"
[[covenant]]
file = "FILES/covenant.toml"
signatures = ["FILES/corporatie.json", "FILES/gemeente.json", "FILES/politie.json"]
keys = [KEYS]
"#;

/// Settings whose files exist: keys, a signed covenant, covenant keys for these epochs. Ports and
/// certificates are not there.
pub(crate) fn config(files: &Path, party: &str, epochs: &[u32]) -> Config {
    config_of(COVENANT, files, party, epochs)
}

fn config_of(covenant: &str, files: &Path, party: &str, epochs: &[u32]) -> Config {
    let mut text = CONFIG.to_owned();
    let pins = put_covenant(covenant, files);
    let keys: Vec<_> = epochs.iter().map(|e| put_key(files, *e)).collect();
    let signing = SigningKey::generate().to_pem();
    put(files, "signing.pem", signing.as_bytes());
    let sealing = std::fs::read(files.join(format!("{party}.sealing")));
    put(files, "sealing.pem", &sealing.unwrap());
    put(files, "vault.key", &[7; 32]);
    let oins = BTreeMap::from([("corporatie", 1), ("gemeente", 2), ("politie", 3)]);
    let oin = format!("0000009900000000{}000", oins[party]);
    let log = ledger::LogSigner::from_seed("log.test", &Secret::new([9; 32])).unwrap();
    for (name, value) in [
        ("PARTY", party),
        ("OIN", &oin),
        ("FILES", files.to_str().unwrap()),
        ("BROKER", BROKER),
        ("VKEY", &log.verifier().to_vkey()),
        ("KEYS", &keys.join(", ")),
    ] {
        text = text.replace(name, value);
    }
    // Only now: a key may have one of these names in it.
    text.push_str(&pins);
    let layers = process::Layers::new().text("test", &text);
    match layers.load::<Config>() {
        Ok(loaded) => loaded.settings,
        Err(error) => panic!("{error}"),
    }
}

/// Writes the covenant and everybody's signature; gives the pins.
fn put_covenant(covenant: &str, files: &Path) -> String {
    let mut named = BTreeMap::new();
    let text = seal_in(files, fill_in(covenant, &mut named));
    put(files, "covenant.toml", text.as_bytes());
    let checked = covenant::check(&text);
    let Some(covenant) = checked.covenant else {
        panic!("{:?}", checked.diagnostics)
    };
    let mut pins = String::new();
    for (id, office) in [("corporatie", "FG"), ("gemeente", "FG"), ("politie", "PF")] {
        let key = &named[&format!("{}-{office}", id.to_uppercase())];
        let id = PartyId::parse(id).unwrap();
        let statement = Statement::new(&covenant, &id, today(), b"gelezen", "test").unwrap();
        let envelope: Envelope = sign(&covenant, &statement, key).unwrap();
        put(files, &format!("{id}.json"), envelope.to_json().as_bytes());
        put(files, &format!("{id}.signer"), key.expose());
        let public = SigningKey::from_secret(key).verifying_key();
        pins.push_str(&format!("[pins.{id}]\nsigner = \"{public}\"\n"));
    }
    pins
}

/// The oldest keys that are in use are kept for look-ups alone.
pub(crate) fn for_look_ups(covenant: &mut CovenantConfig, count: usize) {
    for key in covenant.keys.drain(..count) {
        covenant.look_up_keys.push(LookUpKeyConfig {
            epoch: key.epoch,
            file: key.file,
        });
    }
}

/// Writes the covenant key of an epoch; gives its line in the settings.
fn put_key(files: &Path, epoch: u32) -> String {
    let secret = Secret::new([u8::try_from(epoch).unwrap(); 32]);
    let stored = StoredKey {
        covenant: CovenantId::parse("proef").unwrap(),
        epoch: KeyEpoch::new(epoch).unwrap(),
        commitment: CovenantKey::from_secret(secret.clone()).commitment(),
        key: secret,
    };
    let path = files.join(format!("covenant-{epoch}.key"));
    stored.write_new(&path, &Protection::none()).unwrap();
    format!("{{ epoch = {epoch}, file = {path:?} }}")
}

/// A real key for every place-holder, the same for the same name.
fn fill_in(covenant: &str, named: &mut BTreeMap<String, Secret>) -> String {
    let mut parts = covenant.split("\"ed25519:");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('"').unwrap();
        let key = named
            .entry(name.to_owned())
            .or_insert_with(|| SigningKey::generate().to_secret());
        let public = SigningKey::from_secret(key).verifying_key();
        text.push_str(&format!("\"{public}\"{rest}"));
    }
    text
}

/// A sealing key for every party, whether or not the covenant names it.
fn seal_in(files: &Path, mut text: String) -> String {
    for party in ["corporatie", "gemeente", "politie"] {
        let key = SealingKey::generate();
        put(files, &format!("{party}.sealing"), key.to_pem().as_bytes());
        let named = format!("\"x25519:{}\"", party.to_uppercase());
        text = text.replace(&named, &format!("\"{}\"", key.public_key()));
    }
    text
}

fn put(files: &Path, name: &str, bytes: &[u8]) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = files.join(name);
    std::fs::write(&path, bytes).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
