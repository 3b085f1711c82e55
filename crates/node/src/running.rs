//! From settings to a running node, and back to nothing.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use covenant::language::words::LoginLevel;
use identity::tls::{
    Acceptor, AcceptorLimits, ChannelSettings, OwnCertificate, ServerTls, TlsMaterial, Usage,
    channel,
};
use ledger::{Cosigner, LogVerifier};
use model::clock::{Clock, SystemClock};
use model::{Oin, PartyId, RoleRef, Timestamp};
use process::admin::AdminServer;
use process::config::Layers;
use process::health::Health;
use process::metrics::Metrics;
use store::{NodeSettings, NodeStore, StoreError};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::checks::Checks;
use crate::config::{Config, LoginLevelConfig};
use crate::covenants::Covenants;
use crate::grpc::Services;
use crate::health::NodeHealth;
use crate::intake::Intake;
use crate::keys::Keys;
use crate::link::Link;
use crate::log::Log;
use crate::metrics::NodeMetrics;
use crate::notices::Inbox;
use crate::own_entries::OwnEntries;
use crate::owner;
use crate::retention::Retention;
use crate::rights::{Desk, DeskOwn, RightsMetrics};
use crate::uplink::{Broker, Lifecycle, Speaker, Uplink};

/// How often health and metrics are brought up to date.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How long open calls get to end when the node stops.
const DRAIN: Duration = Duration::from_secs(20);

/// A node that answers on its ports.
#[derive(Debug)]
pub struct RunningNode {
    /// Where partner systems and case handlers connect.
    pub grpc: SocketAddr,
    /// The operator's port.
    pub admin: SocketAddr,
    link: Link,
    store: NodeStore,
    health: Health,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

/// Everything that the settings point to, read and checked.
struct Parts {
    party: PartyId,
    oin: Oin,
    keys: Keys,
    covenants: Arc<Covenants>,
    server: ServerTls,
    certificates: Vec<OwnCertificate>,
    speaker: Speaker,
    broker: Option<Broker>,
    verifier: LogVerifier,
    signal_roles: Arc<[RoleRef]>,
    notice_roles: Arc<[RoleRef]>,
    desk_roles: Arc<[RoleRef]>,
}

/// Reads the settings: files, environment, assignments.
///
/// # Errors
/// Names every problem with its place.
pub fn load(files: &[PathBuf], set: &[String]) -> Result<Config> {
    Ok(Layers::of_process(files, set).load::<Config>()?.settings)
}

/// Reads the settings and everything that they point to, and starts nothing.
///
/// # Errors
/// The first thing that would keep the node from starting.
pub fn check_config(files: &[PathBuf], set: &[String]) -> Result<()> {
    let config = load(files, set)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let parts = parts(&config, &clock)?;
    config.retention.time_of_day()?;
    for own in &parts.certificates {
        own.valid(clock.now()).context(own.setting())?;
    }
    Ok(())
}

/// The newest checkpoint that the node of these settings verified, exact bytes; also while it runs.
///
/// # Errors
/// When there is none yet.
pub fn newest_checkpoint(files: &[PathBuf], set: &[String]) -> Result<Vec<u8>> {
    let path = crate::log::checkpoint_file(&load(files, set)?.state_dir);
    let told = || {
        format!(
            "read {}: the node writes it once it saw the log",
            path.display()
        )
    };
    std::fs::read(&path).with_context(told)
}

/// Runs a node until SIGTERM.
///
/// # Errors
/// When it can't start, or does not end well.
pub fn run(files: &[PathBuf], set: &[String]) -> Result<()> {
    let config = load(files, set)?;
    process::shutdown::runtime()?.block_on(async move {
        let telemetry = process::telemetry::Telemetry::start("covenant-node", &config.telemetry)?;
        let stop = process::shutdown::on_signal()?;
        let running = start(config).await?;
        tracing::info!(grpc = %running.grpc, admin = %running.admin, "the node answers");
        stop.cancelled().await;
        running.stop().await?;
        telemetry.shutdown().await;
        Ok(())
    })
}

/// Starts a node on the machine's clock. It answers at once, whether or not the broker is there.
///
/// # Errors
/// When a key, certificate, covenant or the store can't be used, or a port is taken.
pub async fn start(config: Config) -> Result<RunningNode> {
    start_with(config, Arc::new(SystemClock)).await
}

/// Starts a node on a given clock.
///
/// # Errors
/// As [`start`].
pub async fn start_with(config: Config, clock: Arc<dyn Clock>) -> Result<RunningNode> {
    let mut parts = parts(&config, &clock)?;
    let material = broker_material(&config)?;
    let acceptor = Acceptor::bind(
        config.listen,
        parts.server.clone(),
        AcceptorLimits::default(),
    )
    .await
    .with_context(|| format!("listen on {}", config.listen))?;
    let registry = Metrics::new("covenant_node");
    let health = Health::new();
    let admin = AdminServer::bind(&config.admin, health.clone(), registry.clone())
        .await
        .with_context(|| format!("listen on {}", config.admin.listen))?;
    let store = open_store(&config).await?;
    owner::own(&store, &parts.keys.vault, &parts.party).await?;
    parts.covenants.recall(&store, clock.now()).await?;
    parts.broker = Some(broker(&config, &parts, &material)?);
    let metrics = NodeMetrics::register(&registry);
    let checks = NodeHealth::of(&health, std::mem::take(&mut parts.certificates));
    let figures = RightsMetrics::register(&registry);
    let node = assemble(&config, parts, store.clone(), (metrics, figures), clock)?;
    let retention = Retention::of(&config.retention, &node.checks)?;
    let own_entries = own_entries(&config, &node, &health);
    let stop = CancellationToken::new();
    checks.look(&node.checks, &config.outbox).await;
    let services = Services {
        oin: node.oin,
        intake: node.intake,
        checks: node.checks.clone(),
        inbox: node.uplink.inbox.clone(),
        desk: node.uplink.desk.clone(),
        limits: config.limits.clone(),
        stopping: stop.clone(),
    };
    let link = node.uplink.link.clone();
    let desk = node.uplink.desk.clone();
    Ok(RunningNode {
        grpc: acceptor.local_addr(),
        admin: admin.local_addr(),
        tasks: vec![
            tokio::spawn(services.serve(acceptor)),
            tokio::spawn(serve_admin(admin, stop.clone())),
            tokio::spawn(node.uplink.run(stop.clone())),
            tokio::spawn(node.lifecycle.run(stop.clone())),
            tokio::spawn(retention.clone().run(stop.clone())),
            tokio::spawn(crate::control::serve(
                retention,
                config.state_dir.clone(),
                stop.clone(),
            )),
            tokio::spawn(keep_house(node.checks, checks, config, stop.clone())),
            tokio::spawn(desk.keep(health.clone(), stop.clone())),
            tokio::spawn(own_entries.run(stop.clone())),
        ],
        link,
        store,
        health,
        stop,
    })
}

impl RunningNode {
    /// How the node stands with the broker.
    #[must_use]
    pub const fn link(&self) -> &Link {
        &self.link
    }

    /// How many items wait for the broker.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn waiting(&self) -> Result<u64, StoreError> {
        Ok(self.store.read(|view| view.outbox_totals())?.items)
    }

    /// Stops in good order: no new calls, open ones end, everything is on disk.
    ///
    /// # Errors
    /// When a task or the store does not end well.
    pub async fn stop(self) -> Result<()> {
        self.health.drain();
        self.stop.cancel();
        process::shutdown::within(DRAIN, self.tasks).await?;
        let store = self.store;
        tokio::task::spawn_blocking(move || store.close()).await??;
        Ok(())
    }
}

fn parts(config: &Config, clock: &Arc<dyn Clock>) -> Result<Parts> {
    let party = PartyId::parse(&config.party).context("party")?;
    let oin = Oin::parse(&config.oin).context("oin")?;
    let audience = Oin::parse(&config.broker.oin).context("broker.oin")?;
    let keys = Keys::read(&config.keys)?;
    let covenants = Covenants::load(config, &keys, clock.now())?;
    let tls = &config.tls;
    let material = TlsMaterial::from_files(&tls.certificate, &tls.key, &tls.trust_anchors);
    let material = material.context("tls")?;
    let own = material.own().context("tls.certificate")?;
    anyhow::ensure!(
        *own.oin() == oin,
        "tls.certificate is of another oin than the settings"
    );
    let to_broker = broker_material(config)?;
    to_broker.fits_client().context("broker.certificate")?;
    let own = to_broker.own().context("broker.certificate")?;
    anyhow::ensure!(
        *own.oin() == oin,
        "broker.certificate is of another oin than the settings"
    );
    let certificate =
        |setting, material, usage| OwnCertificate::of(setting, material, usage).context(setting);
    let certificates = vec![
        certificate("tls.certificate", &material, Usage::Server)?,
        certificate("broker.certificate", &to_broker, Usage::Client)?,
    ];
    let verifier = LogVerifier::parse(&config.broker.log_vkey).context("broker.log_vkey")?;
    let speaker = Speaker::new(
        keys.signing.clone(),
        audience,
        party.clone(),
        Arc::clone(clock),
    );
    Ok(Parts {
        signal_roles: roles(&config.clients.signal_roles, &party)
            .context("clients.signal_roles")?,
        notice_roles: roles(&config.clients.notice_roles, &party)
            .context("clients.notice_roles")?,
        desk_roles: roles(&config.clients.desk_roles, &party).context("clients.desk_roles")?,
        server: ServerTls::new(&material).context("tls")?,
        covenants: Arc::new(covenants),
        broker: None,
        certificates,
        party,
        oin,
        keys,
        speaker,
        verifier,
    })
}

fn roles(texts: &[String], party: &PartyId) -> Result<Arc<[RoleRef]>> {
    let mut roles = Vec::new();
    for text in texts {
        let role = RoleRef::parse(text)?;
        anyhow::ensure!(role.party() == *party, "{role} is a role of another party");
        roles.push(role);
    }
    Ok(roles.into())
}

fn broker_material(config: &Config) -> Result<TlsMaterial> {
    let broker = &config.broker;
    TlsMaterial::from_files(&broker.certificate, &broker.key, &broker.trust_anchors)
        .context("broker")
}

fn broker(config: &Config, parts: &Parts, material: &TlsMaterial) -> Result<Broker> {
    let mut settings = ChannelSettings::to(&format!("https://{}", config.broker.address));
    settings.server_name = Some(config.broker.server_name.clone());
    settings.server_oin = Some(Oin::parse(&config.broker.oin).context("broker.oin")?);
    let channel = channel(&settings, material).context("broker.address")?;
    let timeout = Duration::from_millis(config.broker.timeout_ms);
    Ok(Broker::new(channel, parts.speaker.clone(), timeout))
}

async fn open_store(config: &Config) -> Result<NodeStore> {
    let settings = NodeSettings {
        outbox_items: config.outbox.max_items,
        outbox_bytes: config.outbox.max_bytes,
        ..NodeSettings::default()
    };
    let state = config.state_dir.clone();
    let opened = tokio::task::spawn_blocking(move || NodeStore::open(&state, settings)).await?;
    opened.context("state_dir")
}

fn own_entries(config: &Config, node: &Assembled, health: &Health) -> OwnEntries {
    let checks = &node.checks;
    OwnEntries {
        party: checks.party.clone(),
        store: checks.store.clone(),
        vault: Arc::clone(&checks.vault),
        log: Arc::clone(&checks.log),
        broker: checks.broker.clone(),
        metrics: checks.metrics.clone(),
        clock: Arc::clone(&checks.clock),
        every: Duration::from_millis(config.broker.own_entries_every_ms.max(1)),
        folder: config.state_dir.clone(),
        health: health.check("own entries in the log"),
    }
}

struct Assembled {
    oin: Oin,
    intake: Intake,
    checks: Checks,
    lifecycle: Lifecycle,
    uplink: Uplink,
}

fn assemble(
    config: &Config,
    parts: Parts,
    store: NodeStore,
    (metrics, figures): (NodeMetrics, RightsMetrics),
    clock: Arc<dyn Clock>,
) -> Result<Assembled> {
    let cosigner = cosigner(&parts, clock.now())?.map(Arc::new);
    let broker = parts.broker.context("the broker's channel")?;
    let link = Link::new();
    let vault = Arc::new(parts.keys.vault);
    let log = Arc::new(Log::open(parts.verifier, store.clone(), metrics.clone())?);
    let intake = Intake {
        party: parts.party.clone(),
        signal_roles: parts.signal_roles,
        covenants: Arc::clone(&parts.covenants),
        vault: Arc::clone(&vault),
        store: store.clone(),
        link: link.clone(),
        speaker: parts.speaker,
        metrics: metrics.clone(),
        clock: Arc::clone(&clock),
    };
    let checks = Checks {
        party: parts.party.clone(),
        login_level: login_level(config.clients.login_level),
        covenants: Arc::clone(&parts.covenants),
        vault: Arc::clone(&vault),
        store: store.clone(),
        link: link.clone(),
        log: Arc::clone(&log),
        broker: broker.clone(),
        metrics: metrics.clone(),
        clock: Arc::clone(&clock),
        receipt_days: i32::try_from(config.limits.receipt_days).unwrap_or(i32::MAX),
    };
    let own = DeskOwn {
        desk_roles: parts.desk_roles,
        sealing: Arc::new(parts.keys.sealing),
        limits: config.rights.clone(),
        metrics: figures,
    };
    let desk = Desk::new(own, &intake, &checks);
    let inbox = Inbox {
        party: parts.party,
        notice_roles: parts.notice_roles,
        covenants: Arc::clone(&parts.covenants),
        log: Arc::clone(&log),
        vault,
        newest: watch::channel(Inbox::newest_in(&store)?).0,
        store: store.clone(),
        metrics: metrics.clone(),
        clock: Arc::clone(&clock),
    };
    let lifecycle = lifecycle(config, &intake, &broker);
    let uplink = Uplink {
        broker,
        cosigner,
        covenants: parts.covenants,
        store,
        log,
        inbox,
        desk,
        link,
        outbox: config.outbox.clone(),
        longest_wait: Duration::from_millis(config.broker.reconnect_max_ms),
        metrics,
        clock,
    };
    Ok(Assembled {
        oin: parts.oin,
        intake,
        checks,
        lifecycle,
        uplink,
    })
}

fn lifecycle(config: &Config, intake: &Intake, broker: &Broker) -> Lifecycle {
    Lifecycle {
        covenants: Arc::clone(&intake.covenants),
        store: intake.store.clone(),
        broker: broker.clone(),
        link: intake.link.clone(),
        events: config.events_dir.clone(),
        every: Duration::from_millis(config.broker.covenants_every_ms.max(1)),
        clock: Arc::clone(&intake.clock),
        not_carried: std::sync::Mutex::default(),
    }
}

/// This node as a witness, if it has the key of one. Where a covenant names another key its
/// cosignatures count for nothing, and others wait for them: said at once.
fn cosigner(parts: &Parts, now: Timestamp) -> Result<Option<Cosigner>> {
    let name = ledger::witnessing::name(&parts.oin);
    let key = parts.keys.witness.as_ref();
    let own = key.map(|key| key.verifying_key().to_bytes());
    for active in parts.covenants.all_carried(now) {
        let party = active.covenant().party(&parts.party);
        let named = party.and_then(|party| party.node.as_ref()?.witness.bytes());
        if named != own.as_ref() {
            tracing::error!(
                covenant = %active.covenant().id(),
                "keys.witness is not the witness key that this covenant names for this party: nothing that waits for its cosignature is disclosed"
            );
        }
    }
    key.map(|key| Cosigner::from_seed(&name, &key.to_secret()).context("keys.witness"))
        .transpose()
}

const fn login_level(level: LoginLevelConfig) -> LoginLevel {
    match level {
        LoginLevelConfig::Laag => LoginLevel::Low,
        LoginLevelConfig::Substantieel => LoginLevel::Substantial,
        LoginLevelConfig::Hoog => LoginLevel::High,
    }
}

async fn serve_admin(admin: AdminServer, stop: CancellationToken) {
    if let Err(error) = admin.serve(stop).await {
        tracing::error!(%error, "the admin port stopped");
    }
}

/// Looks after what time brings: health and metrics are told, and the newest checkpoint is laid out.
async fn keep_house(node: Checks, health: NodeHealth, config: Config, stop: CancellationToken) {
    let mut tick = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        health.look(&node, &config.outbox).await;
        node.metrics.link(&node.link);
        if let Err(error) = node.log.lay_out(&config.state_dir).await {
            tracing::warn!(%error, "the newest checkpoint can't be laid out beside the state");
        }
    }
}
