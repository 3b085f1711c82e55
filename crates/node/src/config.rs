//! The node's settings: `config/node.toml`, overridden by `COVENANT__X` and `--set`.
//!
//! Relative paths are taken from the process's working directory. Nothing secret stands in the
//! file itself: keys are paths to files, whose modes are checked at start.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use identity::covenant_key::ProtectionSource;
use process::admin::AdminSettings;
use process::daily::TimeOfDay;
use process::telemetry::TelemetrySettings;
use serde::Deserialize;

/// Everything a node is told at start. Unknown keys are refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// This party's id in its covenants, for example `gemeente`. Another value than the covenants
    /// name makes the node refuse to start.
    pub party: String,
    /// This party's OIN (20 digits). Only client certificates with this OIN may call the node.
    pub oin: String,
    /// Folder of everything durable: store, vault, receipts. Losing it loses what the outbox holds
    /// and the right to read the vault; back it up together with the vault key.
    pub state_dir: PathBuf,
    /// Folder in which files of signed events are laid (`*.json`, as `covenant policy suspend` writes
    /// them). A suspension counts at this node within a second, also without the broker, and is
    /// handed to the broker when it can be reached. Files stay where they are.
    #[serde(default)]
    pub events_dir: Option<PathBuf>,
    /// Where partner systems and case handlers connect (gRPC over mutual TLS). Port 0 takes a free
    /// one and says which in the log.
    pub listen: SocketAddr,
    /// The operator's port: `/livez`, `/readyz`, `/metrics`, plain HTTP without identifiers.
    #[serde(default)]
    pub admin: AdminSettings,
    /// The server side of the party's own connections.
    pub tls: TlsConfig,
    /// Which roles may do what that the covenant does not say itself.
    pub clients: ClientsConfig,
    /// The broker: where it is, and what proves that it is the right one.
    pub broker: BrokerConfig,
    /// The node's own keys.
    pub keys: KeysConfig,
    /// The covenants that this party has signed, one `[[covenant]]` each.
    #[serde(default, rename = "covenant")]
    pub covenants: Vec<CovenantConfig>,
    /// The other parties' (and this party's) public keys as *this* party knows them, by party id.
    /// A covenant is only active here when every party's signature is by the key pinned here.
    #[serde(default)]
    pub pins: BTreeMap<String, PinConfig>,
    /// How signals wait for the broker, and how they leave.
    #[serde(default)]
    pub outbox: OutboxConfig,
    /// Bounds that protect the node.
    #[serde(default)]
    pub limits: LimitsConfig,
    /// When what may not be kept any longer goes.
    #[serde(default)]
    pub retention: RetentionConfig,
    /// Log lines and traces.
    #[serde(default)]
    pub telemetry: TelemetrySettings,
    /// Bounds of the desk for data subjects.
    #[serde(default)]
    pub rights: RightsConfig,
}

/// The certificate that the node shows its clients, and whose certificates it accepts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM chain of the server certificate (extended key usage: server).
    pub certificate: PathBuf,
    /// PEM private key of it; the file's mode must keep others out.
    pub key: PathBuf,
    /// PEM files with the certificate authorities of the party's *own* clients. Several at once
    /// allow for a change of authority without a break.
    pub trust_anchors: Vec<PathBuf>,
}

/// What roles in client certificates may do.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientsConfig {
    /// Roles, `<party>.<role>`, that may submit, withdraw and read back signals: the partner
    /// systems. A certificate without one of these gets `PERMISSION_DENIED` there.
    pub signal_roles: Vec<String>,
    /// Roles that may read every notice and acknowledge it, beside the roles that a notice's clause
    /// names (a system that shows notices to people). Usually empty.
    #[serde(default)]
    pub notice_roles: Vec<String>,
    /// Roles, `<party>.<role>`, of the desk that works on requests of data subjects. Whoever has one
    /// can look up what this party asked, was told and let others know about a person, with a second
    /// employee and within the limits of `[rights]`: give it to few. A role need not stand in a
    /// covenant. Empty: this node serves no desk.
    #[serde(default)]
    pub desk_roles: Vec<String>,
    /// How surely whoever asks was logged in by the system that holds the certificate, an eIDAS
    /// level: `laag`, `substantieel` or `hoog`. A clause may ask for a level (`inlogniveau`); say
    /// what your log-in really gives, since every party may audit it.
    #[serde(default)]
    pub login_level: LoginLevelConfig,
}

/// An eIDAS level of assurance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoginLevelConfig {
    /// A name and a password.
    #[default]
    Laag,
    /// Two factors.
    Substantieel,
    /// Two factors, one of them a certified token, identity checked in person.
    Hoog,
}

/// The connection to the broker.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokerConfig {
    /// `host:port` of the broker's gRPC port.
    pub address: String,
    /// The DNS name that the broker's certificate must carry; may differ from `address`.
    pub server_name: String,
    /// The broker's OIN (20 digits). Signed requests name it as their audience, so that they are
    /// of no use at another broker; its certificate must carry it.
    pub oin: String,
    /// PEM files with the certificate authorities of the *broker's* certificate.
    pub trust_anchors: Vec<PathBuf>,
    /// PEM chain of the node's client certificate (extended key usage: client), another one than
    /// `tls.certificate`.
    pub certificate: PathBuf,
    /// PEM private key of it.
    pub key: PathBuf,
    /// The disclosure log's public key as a C2SP note verifier key, `<name>+<hash>+<base64>`. An
    /// answer whose receipt is not under this key is not shown.
    pub log_vkey: String,
    /// How long one call to the broker may take, in milliseconds. A check that takes longer is
    /// answered with `BROKER_UNREACHABLE`.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
    /// The longest wait between two attempts to connect, in milliseconds; waits double from 200 ms
    /// up to this, with jitter.
    #[serde(default = "default_reconnect_max_ms")]
    pub reconnect_max_ms: u64,
    /// How often the broker is asked for what was signed over covenants, in milliseconds. Until then
    /// this node does not know of a suspension by another party; the broker does.
    #[serde(default = "default_covenants_every_ms")]
    pub covenants_every_ms: u64,
    /// How often this node has the log list every entry that names its party, and looks whether one
    /// was left out, in milliseconds; also once at each start. Longer means that an omission stays
    /// unnoticed for longer.
    #[serde(default = "default_own_entries_every_ms")]
    pub own_entries_every_ms: u64,
}

/// The node's own secrets.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysConfig {
    /// Ed25519 key that signs whatever the node sends to the broker. Who has it can speak for the
    /// party.
    pub signing: PathBuf,
    /// X25519 key to which covenant keys and attributes are sealed. Who has it can open them.
    pub sealing: PathBuf,
    /// Ed25519 key of the party's witness (`getuige` in its covenants): this node cosigns the log
    /// with it. Left out, the node checks the log and cosigns nothing, and what waits for its
    /// cosignature is not disclosed to anybody.
    #[serde(default)]
    pub witness: Option<PathBuf>,
    /// Key of the vault (32 bytes). Who has it and the state folder can read every raw signal;
    /// without it the vault can't be read by anybody.
    pub vault: PathBuf,
    /// What the covenant key files are sealed under: `{ passphrase_file = ".." }`,
    /// `{ key_file = ".." }`, `{ credential = ".." }` (systemd), or `"none"` (demo only: the keys
    /// lie open).
    pub protection: ProtectionSource,
}

/// One covenant that this party has signed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CovenantConfig {
    /// The covenant's file, byte for byte as it was signed.
    pub file: PathBuf,
    /// One DSSE envelope (JSON) per party.
    pub signatures: Vec<PathBuf>,
    /// The covenant keys, one for every live epoch. A missing epoch means that nothing is derived
    /// or pushed for it.
    #[serde(default)]
    pub keys: Vec<CovenantKeyConfig>,
    /// Keys of epochs that are over, for requests of data subjects alone: the desk finds with them
    /// what was decided then, and nothing is pushed, asked or shown to the broker under them. Keep
    /// one until the last entry of its epoch has gone (`bewaren_logboek`); without it a request is
    /// answered with "unknown" for what was decided under that epoch.
    #[serde(default)]
    pub look_up_keys: Vec<LookUpKeyConfig>,
    /// The first epoch of which this party ever had the key, where it joined later than the first:
    /// what was decided under earlier ones is not unknown, since this party took no part. Of an
    /// epoch whose key the node itself had it changes nothing.
    #[serde(default = "first_epoch")]
    pub first_epoch: u32,
}

const fn first_epoch() -> u32 {
    1
}

/// The key of an epoch that is over.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookUpKeyConfig {
    /// The epoch, from 1.
    pub epoch: u32,
    /// The key file, as it stood in `keys`.
    pub file: PathBuf,
}

/// A covenant key of one epoch.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CovenantKeyConfig {
    /// The epoch, from 1.
    pub epoch: u32,
    /// The key file, as `covenant keys make` or `covenant keys open` wrote it.
    pub file: PathBuf,
    /// At the party that *made* the epoch's key: its signed announcement (`covenant keys seal`),
    /// sent to the broker as the reference for everybody's probes. Left out elsewhere.
    #[serde(default)]
    pub announcement: Option<PathBuf>,
}

/// What this party holds another party's public keys to be, `ed25519:<base64>` or
/// `x25519:<base64>`. Compare their fingerprints aloud before writing them here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinConfig {
    /// The key of the person who signs covenants for the party.
    pub signer: String,
    /// The keys that may suspend at once; usually the same as in the covenant.
    #[serde(default)]
    pub emergency: Vec<String>,
    /// The party's node signing key: key announcements must be signed by it.
    #[serde(default)]
    pub node_signing: Option<String>,
    /// The party's sealing key: covenant keys are sealed to this one only.
    #[serde(default)]
    pub node_sealing: Option<String>,
}

/// How signals wait for the broker, and how they leave.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutboxConfig {
    /// The most items that wait. A full outbox refuses new signals with `OUTBOX_FULL`; nothing
    /// that was accepted is lost.
    pub max_items: u64,
    /// The most bytes that wait.
    pub max_bytes: u64,
    /// The shortest time an accepted signal waits before it leaves, in milliseconds, so that its
    /// moment tells the broker less. 0 sends at once (demo, tests).
    pub push_delay_ms: u64,
    /// At most this much is added to the delay, at random for each signal, in milliseconds.
    pub push_jitter_ms: u64,
    /// Whether the signals of a batch leave in random order.
    pub shuffle: bool,
    /// The most signals in one signed batch, 1 to 1,000.
    pub batch_items: u32,
}

impl Default for OutboxConfig {
    fn default() -> Self {
        Self {
            max_items: 1_000_000,
            max_bytes: 1 << 30,
            push_delay_ms: 30_000,
            push_jitter_ms: 60_000,
            shuffle: true,
            batch_items: 1_000,
        }
    }
}

/// Bounds that protect the node.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// The largest message a client may send, in bytes; larger ones get `RESOURCE_EXHAUSTED`.
    pub max_message_bytes: usize,
    /// How many signals of one stream are worked on at the same time. More gives larger groups per
    /// disk synchronisation, and takes more memory.
    pub stream_in_flight: usize,
    /// How long the receipts of answers are kept, in days, where no clause for the asking role and
    /// purpose promises a shorter time (`bewaren`). A receipt proves later what was asked and
    /// answered; it is sealed, like everything in the vault.
    pub receipt_days: u32,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            max_message_bytes: 4 << 20,
            stream_in_flight: 1_024,
            receipt_days: 400,
        }
    }
}

/// Bounds of the desk for data subjects. A desk could be misused to ask after anybody: two employees
/// who agree can do so, as often as is set here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RightsConfig {
    /// The most cases that one employee takes in on one day (UTC); above it `LIMIT_REACHED`.
    pub cases_per_employee_per_day: u64,
    /// The most cases that the whole desk takes in on one day (UTC).
    pub cases_per_day: u64,
    /// How long a case and its answer are kept, in days. After that the same answer can't be given
    /// again, and what was held back is not known any more.
    pub case_days: u32,
}

impl Default for RightsConfig {
    fn default() -> Self {
        Self {
            cases_per_employee_per_day: 10,
            cases_per_day: 50,
            case_days: 1_826,
        }
    }
}

/// When what may not be kept any longer goes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionConfig {
    /// The time of day (UTC, `HH:MM`) at which the purge runs. It also runs at every start.
    pub daily_at: String,
    /// The most records that are looked at in one unit of work; other work runs in between.
    pub batch: usize,
    /// How many days after their end (they expired, or were withdrawn) own signals go, with their
    /// content in the vault. Until then a late withdrawal or amendment still finds them, and the
    /// party can say what it shared.
    pub own_signals_days: u16,
    /// How many days after the day of the decision a notice goes whose clause promises nothing
    /// (`bewaren`); where it does, that promise counts.
    pub notices_days: u16,
    /// After how many days the database is rewritten, so that what was purged is not on disk any
    /// more; 0 for never. It follows on a purge, holds up writing for some seconds per gigabyte,
    /// and needs as much free space as the database takes.
    pub compact_every_days: u16,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self {
            daily_at: "03:30".to_owned(),
            batch: 1_000,
            own_signals_days: 30,
            notices_days: 365,
            compact_every_days: 7,
        }
    }
}

impl RetentionConfig {
    /// When the purge runs.
    ///
    /// # Errors
    /// When the text is no time of day.
    pub fn time_of_day(&self) -> anyhow::Result<TimeOfDay> {
        TimeOfDay::parse(&self.daily_at)
            .ok_or_else(|| anyhow::anyhow!("retention.daily_at is no time of day: write HH:MM"))
    }
}

const fn default_timeout_ms() -> u64 {
    10_000
}

const fn default_covenants_every_ms() -> u64 {
    10_000
}

const fn default_own_entries_every_ms() -> u64 {
    24 * 3_600 * 1_000
}

const fn default_reconnect_max_ms() -> u64 {
    30_000
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../../config/node.toml");

    fn read(text: &str) -> Result<Config, String> {
        let layers = process::Layers::new().text("node.toml", text);
        layers
            .load::<Config>()
            .map(|l| l.settings)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn the_sample_is_read_and_says_every_setting() {
        let config = read(SAMPLE).unwrap();
        assert_eq!(config.party, "gemeente");
        assert_eq!(config.outbox.max_bytes, 1 << 30);
        assert_eq!(config.clients.login_level, LoginLevelConfig::Substantieel);
        let covenant = &config.covenants[0];
        assert_eq!(covenant.keys[0].epoch, 2);
        assert_eq!(covenant.look_up_keys[0].epoch, 1);
        assert!(ledger::LogVerifier::parse(&config.broker.log_vkey).is_ok());
        let defaults = OutboxConfig::default();
        assert_eq!(config.outbox.push_delay_ms, defaults.push_delay_ms);
        let kept = RetentionConfig::default();
        assert_eq!(config.retention.own_signals_days, kept.own_signals_days);
        assert_eq!(config.retention.notices_days, kept.notices_days);
        assert!(config.retention.time_of_day().is_ok());
        for word in [
            "own_signals_days",
            "notices_days",
            "compact_every_days",
            "daily_at",
            "max_items",
            "batch_items",
            "receipt_days",
            "notice_roles",
            "desk_roles",
            "cases_per_employee_per_day",
            "cases_per_day",
            "case_days",
            "shuffle",
        ] {
            assert!(SAMPLE.contains(word), "{word}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_a_suggestion() {
        let misspelt = SAMPLE.replace("max_items =", "max_item =");
        let error = read(&misspelt).unwrap_err();
        assert!(error.contains("max_items"), "{error}");
    }

    #[test]
    fn a_level_that_does_not_exist_is_refused() {
        assert!(read(&SAMPLE.replace("substantieel\"", "middel\"")).is_err());
    }
}
