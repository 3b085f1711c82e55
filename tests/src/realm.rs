//! A demo world that a test holds in its hands: laid out, changed, started piece by piece, on any
//! clock.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use broker::RunningBroker;
use model::Day;
use model::clock::{Clock, SystemClock};
use node::RunningNode;
use sandbox::clients::{NodeClient, connect};
use sandbox::{Plan, World};
use tempfile::TempDir;
use tonic::transport::Channel;
use wire::audit_v1::disclosure_log_service_client::DisclosureLogServiceClient;
use wire::node_v1::{ListSignalsRequest, Signal, SignalState, SubmitSignalRequest};

use crate::witnesses::newest;

/// Reads the disclosure log.
pub type LogClient = DisclosureLogServiceClient<Channel>;

/// How often something is looked at again.
const AGAIN: Duration = Duration::from_millis(10);
/// How often at most: 20 seconds.
const TIMES: usize = 2000;

/// The world, and what of it runs.
#[derive(Debug)]
pub struct Realm {
    /// Where everything is.
    pub world: World,
    folder: TempDir,
    broker: Option<RunningBroker>,
    nodes: BTreeMap<String, RunningNode>,
}

/// The demo's plan at a test's pace. Recalls wait for the morning, as they do outside of tests: how the
/// log grows can then be measured.
#[must_use]
pub fn quick() -> Plan {
    Plan {
        notices_interval_ms: 40,
        recalls_every_seconds: 86_400,
        ..Plan::demo()
    }
}

/// The same under covenants by which nothing is told before it is witnessed.
///
/// # Panics
/// When the demo's covenants don't name their mode as expected.
#[must_use]
pub fn strict() -> Plan {
    let mut plan = quick();
    for text in &mut plan.covenants {
        *text = text.replace("\"uitgesteld\"", "\"strikt\"");
        assert!(text.contains("\"strikt\""), "the mode is not written so");
    }
    plan
}

/// Today by the machine's clock.
#[must_use]
pub fn today() -> Day {
    SystemClock.now().day()
}

impl Realm {
    /// Makes the files of a world as if today were `day`, and starts nothing.
    ///
    /// # Errors
    /// When they can't be made.
    pub fn laid_out(plan: &Plan, day: Day) -> Result<Self> {
        let folder = TempDir::new()?;
        let world = sandbox::layout::lay_out(&folder.path().join("world"), plan, day)?;
        Ok(Self {
            world,
            folder,
            broker: None,
            nodes: BTreeMap::new(),
        })
    }

    /// Makes a world and starts all of it.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start(plan: &Plan) -> Result<Self> {
        let mut realm = Self::laid_out(plan, today())?;
        realm.start_all().await?;
        Ok(realm)
    }

    /// A folder for the test's own files, beside the world's.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of a party's files.
    ///
    /// # Errors
    /// When there is no such party.
    pub fn home(&self, party: &str) -> Result<PathBuf> {
        let config = &self.node(party)?.config;
        Ok(config
            .parent()
            .context("a configuration lies in a folder")?
            .to_path_buf())
    }

    /// Where a party's node is.
    ///
    /// # Errors
    /// When there is no such party.
    pub fn node(&self, party: &str) -> Result<&sandbox::world::NodePlace> {
        self.world
            .nodes
            .get(party)
            .with_context(|| format!("there is no party {party}"))
    }

    /// A node that runs.
    ///
    /// # Errors
    /// When it does not.
    pub fn running(&self, party: &str) -> Result<&RunningNode> {
        self.nodes
            .get(party)
            .with_context(|| format!("the node of {party} does not run"))
    }

    /// Changes the broker's configuration file.
    ///
    /// # Errors
    /// When it can't be read or written.
    pub fn configure_broker(&self, change: impl FnOnce(&mut toml::Table)) -> Result<()> {
        configure(&self.world.broker.config, change)
    }

    /// Changes a node's configuration file.
    ///
    /// # Errors
    /// When it can't be read or written.
    pub fn configure_node(&self, party: &str, change: impl FnOnce(&mut toml::Table)) -> Result<()> {
        configure(&self.node(party)?.config, change)
    }

    /// Starts broker and nodes, and waits until all agree.
    ///
    /// # Errors
    /// When something does not start or does not connect.
    pub async fn start_all(&mut self) -> Result<()> {
        self.start_all_at(Arc::new(SystemClock)).await
    }

    /// The same on a given clock.
    ///
    /// # Errors
    /// As [`Realm::start_all`].
    pub async fn start_all_at(&mut self, clock: Arc<dyn Clock>) -> Result<()> {
        self.start_broker(Arc::clone(&clock)).await?;
        let parties: Vec<String> = self.world.nodes.keys().cloned().collect();
        for party in parties {
            self.start_node(&party, Arc::clone(&clock)).await?;
        }
        self.connected().await
    }

    /// Starts the broker.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start_broker(&mut self, clock: Arc<dyn Clock>) -> Result<()> {
        let settings = broker::load(std::slice::from_ref(&self.world.broker.config), &[])?;
        self.broker = Some(broker::start_with(settings, clock).await?);
        Ok(())
    }

    /// Starts a party's node.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start_node(&mut self, party: &str, clock: Arc<dyn Clock>) -> Result<()> {
        let settings = node::load(std::slice::from_ref(&self.node(party)?.config), &[])?;
        let node = node::start_with(settings, clock).await?;
        self.nodes.insert(party.to_owned(), node);
        Ok(())
    }

    /// Waits until every node that runs is welcome with all its keys, and all parties stand by
    /// their covenants.
    ///
    /// # Errors
    /// After twenty seconds.
    pub async fn connected(&self) -> Result<()> {
        let all = || {
            self.broker
                .as_ref()
                .is_some_and(RunningBroker::is_confirmed)
                && self
                    .nodes
                    .values()
                    .all(|node| node.link().is_connected() && node.link().obstacles().is_empty())
        };
        eventually("every node is welcome", async || Ok(all().then_some(()))).await
    }

    /// Stops a party's node.
    ///
    /// # Errors
    /// When it does not end well.
    pub async fn stop_node(&mut self, party: &str) -> Result<()> {
        match self.nodes.remove(party) {
            Some(node) => node.stop().await,
            None => Ok(()),
        }
    }

    /// Stops everything; the files stay.
    ///
    /// # Errors
    /// When something does not end well.
    pub async fn stop_all(&mut self) -> Result<()> {
        let parties: Vec<String> = self.nodes.keys().cloned().collect();
        for party in parties {
            self.stop_node(&party).await?;
        }
        match self.broker.take() {
            Some(broker) => broker.stop().await,
            None => Ok(()),
        }
    }

    /// A client of a party's node.
    ///
    /// # Errors
    /// When there is no such party or client.
    pub fn client(&self, party: &str, kind: &str) -> Result<NodeClient> {
        NodeClient::of(&self.world, party, kind)
    }

    /// Hands a signal to a party's node, and waits until the broker has answered for it. Answers
    /// the signal's own id.
    ///
    /// # Errors
    /// When it is not acknowledged, or not delivered.
    pub async fn push(&self, party: &str, signal: Signal) -> Result<String> {
        let id = signal.id.clone();
        let request = SubmitSignalRequest {
            request_id: sandbox::messages::fresh_id(),
            signal: Some(signal),
            validate_only: false,
        };
        let answer = self
            .client(party, "partner")?
            .signals()
            .submit_signal(request)
            .await;
        answer.map_err(|status| anyhow::anyhow!("{party} can't push: {}", status.message()))?;
        self.delivered(party).await?;
        Ok(id)
    }

    /// Waits until nothing of a party waits for the broker.
    ///
    /// # Errors
    /// After twenty seconds.
    pub async fn delivered(&self, party: &str) -> Result<()> {
        let client = self.client(party, "partner")?;
        eventually("the outbox is empty", async || {
            let request = ListSignalsRequest {
                state: SignalState::Queued.into(),
                page_size: 1,
                ..ListSignalsRequest::default()
            };
            let waiting = client.signals().list_signals(request).await?.into_inner();
            Ok(waiting.signals.is_empty().then_some(()))
        })
        .await
    }

    /// The log as the auditor reads it.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn auditor(&self) -> Result<LogClient> {
        sandbox::clients::auditor(&self.world)
    }

    /// The log as a party reads it.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn log_of(&self, party: &str) -> Result<LogClient> {
        Ok(wire::client::disclosure_log(self.to_broker(party)?))
    }

    /// A connection to the broker with the certificate of a party's node.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn to_broker(&self, party: &str) -> Result<Channel> {
        let home = self.home(party)?;
        let (cert, key) = (home.join("client.pem"), home.join("client.key"));
        connect(&self.world.broker.grpc, &self.world.ca, &cert, &key)
    }

    /// The number of leaves in the log.
    ///
    /// # Errors
    /// When the broker does not answer.
    pub async fn log_size(&self) -> Result<u64> {
        let verifier = ledger::LogVerifier::parse(&self.world.broker.log_key)?;
        Ok(verifier.verify(&newest(self).await?)?.size)
    }

    /// Waits until the log has grown beyond `size` and then stays as it is for some batches.
    ///
    /// # Errors
    /// After twenty seconds.
    pub async fn grown_beyond(&self, size: u64) -> Result<u64> {
        eventually("the log grows", async || {
            let now = self.log_size().await?;
            Ok((now > size).then_some(()))
        })
        .await?;
        let mut last = self.log_size().await?;
        for _ in 0..TIMES {
            tokio::time::sleep(Duration::from_millis(150)).await;
            let now = self.log_size().await?;
            if now == last {
                return Ok(now);
            }
            last = now;
        }
        bail!("the log does not come to rest")
    }
}

/// Looks again and again until `look` finds something.
///
/// # Errors
/// After twenty seconds, and what `look` fails with.
pub async fn eventually<T>(what: &str, look: impl AsyncFn() -> Result<Option<T>>) -> Result<T> {
    for _ in 0..TIMES {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        tokio::time::sleep(AGAIN).await;
    }
    bail!("it did not happen within twenty seconds that {what}")
}

fn configure(path: &Path, change: impl FnOnce(&mut toml::Table)) -> Result<()> {
    let mut settings: toml::Table = std::fs::read_to_string(path)?.parse()?;
    change(&mut settings);
    std::fs::write(path, toml::to_string_pretty(&settings)?)?;
    Ok(())
}

/// Sets `value` at a dotted path of tables.
pub fn set(settings: &mut toml::Table, path: &str, value: impl Into<toml::Value>) {
    match path.split_once('.') {
        None => {
            settings.insert(path.to_owned(), value.into());
        }
        Some((first, rest)) => {
            let inner = settings
                .entry(first.to_owned())
                .or_insert_with(|| toml::Value::Table(toml::Table::new()));
            if let toml::Value::Table(inner) = inner {
                set(inner, rest, value);
            }
        }
    }
}
