//! A world of its own for `link` and `bench`: a broker and nodes in this process, on loopback, with
//! throw-away keys, in a folder that is removed at the end.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use broker::RunningBroker;
use model::PartyId;
use model::clock::{Clock as _, SystemClock};
use node::RunningNode;
use sandbox::{Plan, World};

use crate::answer::today;

const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// How long nodes may take to connect, in looks.
const MOST_LOOKS: u32 = 2_000;

/// The running world and its folder.
pub(crate) struct Trial {
    world: World,
    broker: RunningBroker,
    nodes: Vec<(String, RunningNode)>,
    // Last: what is above still writes while it stops.
    _folder: Folder,
}

impl Trial {
    /// Starts a world with one covenant (a model text, whose keys and dates are replaced).
    pub(crate) async fn start(covenant: String) -> anyhow::Result<Self> {
        let (folder, world) = lay_out(covenant)?;
        let settings = broker::load(std::slice::from_ref(&world.broker.config), &[])?;
        let broker = broker::start(settings).await.context("start the broker")?;
        let mut nodes = Vec::new();
        for (party, place) in &world.nodes {
            let settings = node::load(std::slice::from_ref(&place.config), &[])?;
            let node = node::start(settings).await;
            let node = node.with_context(|| format!("start the node of {party}"))?;
            nodes.push((party.clone(), node));
        }
        let trial = Self {
            world,
            broker,
            nodes,
            _folder: folder,
        };
        trial.connected().await?;
        Ok(trial)
    }

    async fn connected(&self) -> anyhow::Result<()> {
        for _ in 0..MOST_LOOKS {
            let linked = |(_, node): &(String, RunningNode)| {
                node.link().is_connected() && node.link().obstacles().is_empty()
            };
            if self.broker.is_confirmed() && self.nodes.iter().all(linked) {
                return Ok(());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        anyhow::bail!("the nodes did not connect to the broker")
    }

    /// Where everything is.
    pub(crate) const fn world(&self) -> &World {
        &self.world
    }

    /// Waits until the broker has everything that the nodes took.
    pub(crate) async fn delivered(&self) -> anyhow::Result<()> {
        loop {
            let mut waiting = 0;
            for (_, node) in &self.nodes {
                waiting += node.waiting()?;
            }
            if waiting == 0 {
                return Ok(());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Stops it in good order.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        for (_, node) in self.nodes {
            node.stop().await?;
        }
        self.broker.stop().await
    }
}

/// The files of a world with one covenant, and nothing started.
pub(crate) fn lay_out(covenant: String) -> anyhow::Result<(Folder, World)> {
    let folder = Folder::fresh()?;
    let plan = Plan {
        covenants: vec![covenant],
        notices_interval_ms: 20,
        batch_signals: 256,
        recalls_every_seconds: 86_400,
        log_filter: "warn".to_owned(),
    };
    let world = sandbox::layout::lay_out(&folder.0, &plan, today())?;
    Ok((folder, world))
}

/// A channel to `party`'s node as its client `kind`.
pub(crate) fn channel(
    world: &World,
    party: &PartyId,
    kind: &str,
) -> anyhow::Result<tonic::transport::Channel> {
    let node = world
        .nodes
        .get(party.as_str())
        .context("the world has this party")?;
    let client = node
        .clients
        .get(kind)
        .with_context(|| format!("{party} has no client {kind}"))?;
    sandbox::clients::connect(&node.grpc, &world.ca, &client.cert, &client.key)
}

/// A folder of this run alone, removed at its end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes one.
    pub(crate) fn fresh() -> anyhow::Result<Self> {
        let name = format!("covenant-{}", model::id::fresh_v7(&SystemClock));
        let path = std::env::temp_dir().join(name);
        sandbox::files::make_folder(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            let now = SystemClock.now().to_rfc3339();
            complainln!("{now} {} was left behind: {error}", self.0.display());
        }
    }
}
