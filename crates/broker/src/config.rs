//! The broker's settings: `config/broker.toml`, overridden by `COVENANT__X` and `--set`.
//!
//! Relative paths are taken from the process's working directory. Nothing secret stands in the
//! file itself.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use process::admin::AdminSettings;
use process::daily::TimeOfDay;
use process::telemetry::TelemetrySettings;
use serde::Deserialize;

/// Everything a broker is told at start. Unknown keys are refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The broker's OIN (20 digits): the audience that nodes name in what they sign.
    pub oin: String,
    /// Folder of everything durable: signals, index, disclosure log. Back it up with its
    /// checkpoint file.
    pub state_dir: PathBuf,
    /// Where nodes and auditors connect (gRPC over mutual TLS). Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The operator's port: `/livez`, `/readyz`, `/metrics`, plain HTTP without identifiers.
    #[serde(default)]
    pub admin: AdminSettings,
    /// The server's certificate, and whose certificates it accepts.
    pub tls: TlsConfig,
    /// The disclosure log.
    pub log: LogConfig,
    /// Covenants that this broker carries from its start, one `[[covenant]]` each: every one signed
    /// by all of its parties. Later versions may stand here as well, or come in over gRPC.
    #[serde(default, rename = "covenant")]
    pub covenants: Vec<CovenantConfig>,
    /// The parties' public keys as *this* broker knows them, by party id. A covenant is active
    /// here only when every party's signature is by the key pinned here.
    #[serde(default)]
    pub pins: BTreeMap<String, PinConfig>,
    /// How continuous matches are decided and told.
    #[serde(default)]
    pub notices: NoticesConfig,
    /// How nodes are asked to cosign the log.
    #[serde(default)]
    pub witnesses: WitnessesConfig,
    /// The log's hash tiles for other clients; left out, they are not served.
    #[serde(default)]
    pub tiles: Option<TilesConfig>,
    /// Bounds that protect the broker and what it keeps.
    #[serde(default)]
    pub limits: LimitsConfig,
    /// When what may not be kept any longer goes.
    #[serde(default)]
    pub retention: RetentionConfig,
    /// When recipients hear that what they were told is withdrawn.
    #[serde(default)]
    pub recalls: RecallsConfig,
    /// Log lines and traces.
    #[serde(default)]
    pub telemetry: TelemetrySettings,
}

impl Config {
    /// The time between two offers to the witnesses.
    ///
    /// # Errors
    /// Names the setting when it is out of its bounds.
    pub(crate) fn offer_every(&self) -> anyhow::Result<Duration> {
        let every = self.witnesses.interval_ms;
        anyhow::ensure!(
            (10..=60_000).contains(&every),
            "witnesses.interval_ms is not between 10 and 60000"
        );
        Ok(Duration::from_millis(every))
    }
}

/// The certificate that the broker shows, and whose certificates it accepts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM chain of the server certificate (extended key usage: server).
    pub certificate: PathBuf,
    /// PEM private key of it; the file's mode must keep others out.
    pub key: PathBuf,
    /// PEM files with the certificate authorities of nodes and auditors. Several at once allow for
    /// a change of authority without a break.
    pub trust_anchors: Vec<PathBuf>,
}

/// The disclosure log.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// The log's name: the first line of every checkpoint, a schema-less URL. It never changes
    /// during the life of a log.
    pub origin: String,
    /// Ed25519 key that signs checkpoints. Who has it can make histories up; nodes and auditors
    /// keep checkpoints to find that out.
    pub signing_key: PathBuf,
    /// Where the newest signed checkpoint is kept besides the database; `<state_dir>/checkpoint`
    /// when not set. On another disk it survives the loss of the first, and tells a restore what
    /// it may not go behind.
    #[serde(default)]
    pub checkpoint_file: Option<PathBuf>,
}

/// One covenant that this broker carries.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CovenantConfig {
    /// The covenant's file, byte for byte as it was signed.
    pub file: PathBuf,
    /// One DSSE envelope (JSON) per party.
    pub signatures: Vec<PathBuf>,
}

/// What this broker holds a party's public keys to be, `ed25519:<base64>` or `x25519:<base64>`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinConfig {
    /// The party's OIN (20 digits). Where it stands here, a covenant that gives the party another
    /// one can't be proposed.
    #[serde(default)]
    pub oin: Option<String>,
    /// The key of the person who signs covenants for the party.
    pub signer: String,
    /// The keys that may suspend at once.
    #[serde(default)]
    pub emergency: Vec<String>,
    /// The party's node signing key: every push, withdrawal and check must be signed by it.
    pub node_signing: String,
    /// The key of the party's witness (Ed25519). Where it stands here, no other one counts,
    /// whatever a covenant says.
    #[serde(default)]
    pub witness: Option<String>,
    /// The party's sealing key.
    #[serde(default)]
    pub node_sealing: Option<String>,
}

/// How continuous matches are decided and told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoticesConfig {
    /// The time between two batches of decisions and notices, in milliseconds. The longer, the
    /// less a notice's moment says about the signal that caused it.
    pub interval_ms: u64,
    /// The most signals that are matched in one batch; the rest waits for the next one.
    pub batch_signals: usize,
    /// Every batch that matched at least one signal adds a multiple of this many leaves to the
    /// log, so that its growth does not tell how many decisions there were, up to this many; that
    /// there were more it does tell. The fewer signals in a batch, the less often that happens.
    pub pad_leaves_to: u64,
    /// The most notices on their way to one node without an acknowledgement.
    pub window: usize,
}

impl Default for NoticesConfig {
    fn default() -> Self {
        Self {
            interval_ms: 60_000,
            batch_signals: 256,
            pad_leaves_to: 64,
            window: 100,
        }
    }
}

/// How nodes are asked to cosign the log.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WitnessesConfig {
    /// The time between two checkpoints that are offered to be cosigned, in milliseconds, 10 to
    /// 60,000; none is offered while the log does not grow. Under a covenant that says `strikt`
    /// answers wait two seconds at most: keep it at 1,000 or less there.
    pub interval_ms: u64,
}

impl Default for WitnessesConfig {
    fn default() -> Self {
        Self { interval_ms: 1_000 }
    }
}

/// The log's hash tiles (C2SP `tlog-tiles`).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TilesConfig {
    /// Where they are served (HTTPS with client certificates, the same as those of `tls`). Parties
    /// and auditors only; entry bundles are not served to anybody.
    pub listen: SocketAddr,
}

/// Bounds that protect the broker and what it keeps.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// The largest message a node may send, in bytes.
    pub max_message_bytes: usize,
    /// The most signals a party may push per covenant and day. A party that pushes, looks whether
    /// something matched, and withdraws, is stopped here.
    pub pushes_per_party_per_day: u32,
    /// A withdrawal within this many hours after the signal matched raises an alarm.
    pub withdrawal_alarm_hours: u32,
    /// The most covenants that a party has proposed and that still wait for a signature or for
    /// their first day.
    pub open_proposals_per_party: usize,
    /// The most look-ups of a party's desk per covenant and day. More raise an alarm: a desk that
    /// looks up without a request of a data subject is stopped here.
    pub look_ups_per_party_per_day: u32,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            max_message_bytes: 4 << 20,
            pushes_per_party_per_day: 200_000,
            withdrawal_alarm_hours: 24,
            open_proposals_per_party: 16,
            look_ups_per_party_per_day: 200,
        }
    }
}

/// When what may not be kept any longer goes. How long each thing is kept the covenants say
/// (`vervalt_na`, `bewaren_logboek`, their last day).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionConfig {
    /// The time of day (UTC, `HH:MM`) at which the purge runs. It also runs at every start.
    pub daily_at: String,
    /// The most records that go in one unit of work; other work runs in between.
    pub batch: usize,
    /// After how many days a notice that no node has taken is taken back.
    pub undelivered_notices_days: u16,
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
            undelivered_notices_days: 90,
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

/// When recipients hear that what they were told is withdrawn, corrected or restricted (GDPR 19,
/// Wpg 28(5)).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecallsConfig {
    /// The time of day (UTC, `HH:MM`) at which recalls go out. The moment of a recall then says
    /// nothing about the moment at which a signal was withdrawn.
    pub at: String,
    /// The time between two batches, in seconds; the first of a day is at `at`. 86,400 is a day.
    pub every_seconds: u32,
    /// After how many days a recall that nobody acknowledged is sent again.
    pub remind_after_days: u16,
}

impl Default for RecallsConfig {
    fn default() -> Self {
        Self {
            at: "06:00".to_owned(),
            every_seconds: 86_400,
            remind_after_days: 3,
        }
    }
}

impl RecallsConfig {
    /// When batches are due: seconds after midnight (UTC), and seconds between two.
    ///
    /// # Errors
    /// Names the setting that can't be.
    pub(crate) fn times(&self) -> anyhow::Result<(i64, i64)> {
        anyhow::ensure!(
            (1..=86_400).contains(&self.every_seconds),
            "recalls.every_seconds is not between 1 and 86400"
        );
        anyhow::ensure!(
            self.remind_after_days > 0,
            "recalls.remind_after_days is 0: a reminder needs at least a day"
        );
        let at = TimeOfDay::parse(&self.at);
        let at = at.ok_or_else(|| anyhow::anyhow!("recalls.at is no time of day: write HH:MM"))?;
        Ok((at.seconds(), i64::from(self.every_seconds)))
    }
}
