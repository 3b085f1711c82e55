//! From settings to a running broker, and back to nothing.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::AtomicI32;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use anyhow::Context as _;
use identity::tls::{Acceptor, AcceptorLimits, OwnCertificate, ServerTls, TlsMaterial, Usage};
use ledger::LogSigner;
use model::Oin;
use model::clock::{Clock, SystemClock};
use process::admin::AdminServer;
use process::config::Layers;
use process::daily::TimeOfDay;
use process::health::{Check, Health};
use process::metrics::{CallLayer, Metrics};
use store::{BrokerSettings, BrokerStore};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::Broker;
use crate::config::Config;
use crate::configured;
use crate::grpc::Services;
use crate::keys::KeyDesk;
use crate::match_state::MatchState;
use crate::members::Members;
use crate::metrics::BrokerMetrics;
use crate::tiles::Tiles;
use crate::versions::Versions;
use crate::watchers::Watchers;
use crate::witnesses::Witnesses;

/// A broker that answers on its ports.
#[derive(Debug)]
pub struct RunningBroker {
    /// Where nodes and auditors connect.
    pub grpc: SocketAddr,
    /// The operator's port.
    pub admin: SocketAddr,
    /// Where hash tiles are served, if they are.
    pub tiles: Option<SocketAddr>,
    broker: Arc<Broker>,
    health: Health,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

/// Reads the settings: files, environment, assignments.
///
/// # Errors
/// Names every problem with its place.
pub fn load(files: &[PathBuf], set: &[String]) -> anyhow::Result<Config> {
    Ok(Layers::of_process(files, set).load::<Config>()?.settings)
}

/// Reads the settings and everything that they point to, and starts nothing.
///
/// # Errors
/// The first thing that would keep the broker from starting.
pub fn check_config(files: &[PathBuf], set: &[String]) -> anyhow::Result<()> {
    let config = load(files, set)?;
    let now = SystemClock.now();
    log_signer(&config)?;
    config.retention.time_of_day()?;
    config.recalls.times()?;
    let (_, own) = server_tls(&config, &Oin::parse(&config.oin).context("oin")?)?;
    own.valid(now).context(own.setting())?;
    Members::pinned(&config.pins)?;
    configured::pinned_oins(&config.pins)?;
    configured::pinned_witnesses(&config.pins)?;
    config.offer_every()?;
    configured::load(&config, now)?;
    Ok(())
}

/// The public key of the log: as a C2SP verifier key, and on a second line as covenants write it.
///
/// # Errors
/// When the settings or the key can't be read.
pub fn log_key(files: &[PathBuf], set: &[String]) -> anyhow::Result<String> {
    let config = load(files, set)?;
    let key = identity::SigningKey::read(&config.log.signing_key).context("log.signing_key")?;
    let verifier = log_signer(&config)?.verifier().to_vkey();
    Ok(format!("{verifier}\n{}", key.verifying_key()))
}

/// Runs a broker until SIGTERM.
///
/// # Errors
/// When it can't start, or does not end well.
pub fn run(files: &[PathBuf], set: &[String]) -> anyhow::Result<()> {
    let config = load(files, set)?;
    process::shutdown::runtime()?.block_on(async move {
        let telemetry = process::telemetry::Telemetry::start("covenant-broker", &config.telemetry)?;
        let stop = process::shutdown::on_signal()?;
        let running = start(config).await?;
        tracing::info!(grpc = %running.grpc, admin = %running.admin, "the broker answers");
        stop.cancelled().await;
        running.stop().await?;
        telemetry.shutdown().await;
        Ok(())
    })
}

/// Starts a broker on the machine's clock.
///
/// # Errors
/// When a key, certificate, covenant or the store can't be used, or a port is taken.
pub async fn start(config: Config) -> anyhow::Result<RunningBroker> {
    start_with(config, Arc::new(SystemClock)).await
}

/// Starts a broker on a given clock.
///
/// # Errors
/// As [`start`].
pub async fn start_with(config: Config, clock: Arc<dyn Clock>) -> anyhow::Result<RunningBroker> {
    let oin = Oin::parse(&config.oin).context("oin")?;
    let signer = log_signer(&config)?;
    let log = signer.verifier().clone();
    let members = Members::pinned(&config.pins)?;
    let pins = configured::pins(&config.pins)?;
    let pinned_oins = configured::pinned_oins(&config.pins)?;
    let (purge_at, recall_times, offer_every) = times(&config)?;
    let pinned_witnesses = configured::pinned_witnesses(&config.pins)?;
    let configured = configured::load(&config, clock.now())?;
    let (material, own) = server_tls(&config, &oin)?;
    let acceptor = bind(&config, &material).await?;
    let tiles = bind_tiles(&config, &material).await?;
    let metrics = Metrics::new("covenant_broker");
    let health = Health::new();
    let admin = bind_admin(&config, &health, &metrics).await?;
    let control = config.state_dir.clone();
    let store = open_store(&config, signer, Arc::clone(&clock)).await?;
    configured::follows_on_history(&configured, &config, &store)?;
    let versions = Arc::new(Versions::load(&store, &pins)?);
    let witnesses = Witnesses::of(store.read(|view| view.witnessed())?);
    let stop = CancellationToken::new();
    let broker = Arc::new(Broker {
        oin,
        members: RwLock::new(Arc::new(members)),
        versions,
        pins,
        pinned_oins,
        reconsidering: tokio::sync::Mutex::new(()),
        store,
        log,
        clock,
        notices: config.notices,
        limits: config.limits,
        retention: config.retention,
        recalls: config.recalls,
        recall_times,
        recalls_counted: AtomicI32::new(crate::recalls::NEVER),
        purge_at,
        metrics: BrokerMetrics::register(&metrics),
        desk: KeyDesk::default(),
        matching: MatchState::default(),
        witnesses,
        pinned_witnesses,
        news: watch::channel(0).0,
        watchers: Watchers::default(),
        stopping: stop.clone(),
    });
    broker.bring_in(configured).await?;
    broker.reconsider().await?;
    let checks = Checks::of(&health, own);
    checks.look(&broker);
    let (grpc, at) = (acceptor.local_addr(), admin.local_addr());
    let tiles_at = tiles.as_ref().map(Tiles::local_addr);
    let mut tasks = vec![tokio::spawn(
        Services(Arc::clone(&broker)).serve(acceptor, CallLayer::new(&metrics)),
    )];
    tasks.extend(kept_up(&broker, checks, offer_every, tiles, control));
    tasks.push(tokio::spawn(serve_admin(admin, stop.clone())));
    Ok(RunningBroker {
        grpc,
        admin: at,
        tiles: tiles_at,
        tasks,
        broker,
        health,
        stop,
    })
}

/// When the purge runs, when recalls go out, and how often witnesses are asked.
fn times(config: &Config) -> anyhow::Result<(TimeOfDay, (i64, i64), Duration)> {
    Ok((
        config.retention.time_of_day()?,
        config.recalls.times()?,
        config.offer_every()?,
    ))
}

impl RunningBroker {
    /// Whether every party has confirmed every covenant in force here within the last day, so that
    /// nothing is withheld for want of that.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.broker.is_confirmed()
    }

    /// Stops in good order: no new work, open calls end, the log's last checkpoint is on disk.
    ///
    /// # Errors
    /// When the store does not close well.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.health.drain();
        self.stop.cancel();
        process::shutdown::within(DRAIN, self.tasks).await?;
        let broker = self.broker;
        tokio::task::spawn_blocking(move || broker.store.close()).await??;
        Ok(())
    }
}

/// How this broker's store is opened.
pub(crate) fn store_settings(config: &Config) -> BrokerSettings {
    BrokerSettings {
        checkpoint_file: config.log.checkpoint_file.clone(),
        ..BrokerSettings::default()
    }
}

pub(crate) fn log_signer(config: &Config) -> anyhow::Result<LogSigner> {
    let key = identity::SigningKey::read(&config.log.signing_key).context("log.signing_key")?;
    LogSigner::from_seed(&config.log.origin, &key.to_secret()).context("log.origin")
}

/// What the acceptor needs, and how long our own certificate lasts. Nodes ask for the broker's
/// organisation in it, and sign what they send for that organisation.
fn server_tls(config: &Config, oin: &Oin) -> anyhow::Result<(TlsMaterial, OwnCertificate)> {
    let tls = &config.tls;
    let material = TlsMaterial::from_files(&tls.certificate, &tls.key, &tls.trust_anchors);
    let material = material.context("tls")?;
    anyhow::ensure!(
        material.own().context("tls.certificate")?.oin() == oin,
        "tls.certificate is of another oin than the settings"
    );
    let own = OwnCertificate::of("tls.certificate", &material, Usage::Server);
    let own = own.context("tls.certificate")?;
    Ok((material, own))
}

async fn bind(config: &Config, material: &TlsMaterial) -> anyhow::Result<Acceptor> {
    let tls = ServerTls::new(material).context("tls")?;
    Acceptor::bind(config.listen, tls, AcceptorLimits::default())
        .await
        .with_context(|| format!("listen on {}", config.listen))
}

async fn bind_admin(
    config: &Config,
    health: &Health,
    metrics: &Metrics,
) -> anyhow::Result<AdminServer> {
    AdminServer::bind(&config.admin, health.clone(), metrics.clone())
        .await
        .with_context(|| format!("listen on {}", config.admin.listen))
}

async fn bind_tiles(config: &Config, material: &TlsMaterial) -> anyhow::Result<Option<Tiles>> {
    match &config.tiles {
        Some(tiles) => {
            let tls = ServerTls::web(material).context("tls")?;
            Ok(Some(Tiles::bind(tiles, tls).await?))
        }
        None => Ok(None),
    }
}

async fn open_store(
    config: &Config,
    signer: ledger::LogSigner,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<BrokerStore> {
    let (state, settings) = (config.state_dir.clone(), store_settings(config));
    let open = move || BrokerStore::open(&state, &settings, signer, clock);
    Ok(tokio::task::spawn_blocking(open).await??)
}

/// What goes on beside the calls of nodes.
fn kept_up(
    broker: &Arc<Broker>,
    checks: Checks,
    offer_every: std::time::Duration,
    tiles: Option<Tiles>,
    control: std::path::PathBuf,
) -> Vec<JoinHandle<()>> {
    let mut tasks = vec![
        tokio::spawn(Arc::clone(broker).keep_matching()),
        tokio::spawn(Arc::clone(broker).keep_retention()),
        tokio::spawn(Arc::clone(broker).keep_recalling()),
        tokio::spawn(Arc::clone(broker).keep_offering(offer_every)),
        tokio::spawn(keep_house(Arc::clone(broker), checks)),
        tokio::spawn(crate::control::serve(Arc::clone(broker), control)),
    ];
    tasks.extend(tiles.map(|tiles| tokio::spawn(tiles.serve(Arc::clone(broker)))));
    tasks
}

async fn serve_admin(admin: AdminServer, stop: CancellationToken) {
    if let Err(error) = admin.serve(stop).await {
        tracing::error!(%error, "the admin port stopped");
    }
}

/// What must hold for the broker to be ready.
struct Checks {
    log: Check,
    covenant: Check,
    matching: Check,
    certificate: Check,
    witnesses: Check,
    own: OwnCertificate,
    health: Health,
}

impl Checks {
    fn of(health: &Health, own: OwnCertificate) -> Self {
        Self {
            certificate: health.check("certificate"),
            witnesses: health.check("witnesses"),
            own,
            health: health.clone(),
            log: health.check("disclosure log"),
            covenant: health.check("covenant"),
            matching: health.check("matching"),
        }
    }

    fn look(&self, broker: &Broker) {
        match broker.store.log_stopped() {
            None => self.log.ok(),
            Some(why) => self.log.fail(why.to_string()),
        }
        // One that is over is answered for still: the broker is needed.
        if broker.members().known().next().is_some() {
            self.covenant.ok();
        } else {
            self.covenant.fail("no covenant is in force: configure one");
        }
        if broker.matching.is_failing() {
            self.matching
                .fail("a batch of signals can't be matched: see the log lines");
        } else {
            self.matching.ok();
        }
        match broker.witnessing_fault() {
            None => self.witnesses.ok(),
            Some(why) => self.witnesses.fail(why),
        }
        self.look_at_recalls(broker);
        let now = broker.clock.now();
        broker
            .metrics
            .certificate(self.own.setting(), self.own.seconds_left(now));
        match self.own.valid(now) {
            Ok(()) => self.certificate.ok(),
            Err(error) => self.certificate.fail(error.to_string()),
        }
    }

    /// Recalls that nobody answers are mentioned, and do not make the broker unready.
    fn look_at_recalls(&self, broker: &Broker) {
        let unanswered = match broker.unanswered_recalls() {
            Ok(Some(unanswered)) => unanswered,
            Ok(None) => return,
            Err(error) => {
                tracing::error!(%error, "how many recalls are unanswered can't be read");
                return;
            }
        };
        broker.metrics.unanswered_recalls(&unanswered);
        let parties = unanswered.iter().map(|(party, n)| format!("{party} {n}"));
        let parties = parties.collect::<Vec<_>>().join(", ");
        let told = format!(
            "repeated and unanswered: {parties}; see whether its node is connected, and ask who \
             reads ListRecalls there"
        );
        let told = Some(told).filter(|_| !parties.is_empty());
        self.health.remark("recalls", told);
    }
}

/// Looks after what time brings: versions come into force and end, health and metrics are told.
async fn keep_house(broker: Arc<Broker>, checks: Checks) {
    let mut tick = tokio::time::interval(std::time::Duration::from_secs(10));
    loop {
        tokio::select! {
            () = broker.stopping.cancelled() => return,
            _ = tick.tick() => {}
        }
        if let Err(refused) = broker.reconsider().await {
            tracing::error!(reason = %refused.reason(), "what comes into force or ends waits");
        }
        checks.look(&broker);
        broker.metrics.log_size(broker.store.checkpoint().size);
    }
}

/// How long open calls get to end when the broker stops.
const DRAIN: std::time::Duration = std::time::Duration::from_secs(20);
