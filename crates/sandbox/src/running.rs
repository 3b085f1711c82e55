//! A world that runs in this process: the broker and every node, on loopback.

use std::path::Path;

use anyhow::Context as _;
use broker::RunningBroker;
use node::RunningNode;

use crate::layout::{Plan, lay_out};
use crate::world::World;

/// The running world. Dropping it without [`Running::stop`] ends its tasks at once.
#[derive(Debug)]
pub struct Running {
    /// Where everything is.
    pub world: World,
    broker: RunningBroker,
    nodes: Vec<RunningNode>,
}

impl Running {
    /// Makes a world in `folder` and starts it.
    ///
    /// # Errors
    /// When its files can't be made or a process does not start.
    pub async fn start(folder: &Path, plan: &Plan) -> anyhow::Result<Self> {
        let today = model::clock::Clock::now(&model::clock::SystemClock).day();
        let world = lay_out(folder, plan, today)?;
        Self::start_laid_out(world).await
    }

    /// Starts a world whose files are there.
    ///
    /// # Errors
    /// When a process does not start.
    pub async fn start_laid_out(world: World) -> anyhow::Result<Self> {
        let settings = broker::load(std::slice::from_ref(&world.broker.config), &[])?;
        let broker = broker::start(settings).await.context("start the broker")?;
        let mut nodes = Vec::new();
        for (party, place) in &world.nodes {
            let settings = node::load(std::slice::from_ref(&place.config), &[])?;
            let node = node::start(settings)
                .await
                .with_context(|| format!("start the node of {party}"))?;
            nodes.push(node);
        }
        let running = Self {
            world,
            broker,
            nodes,
        };
        running.connected().await?;
        Ok(running)
    }

    /// Waits until every node has said hello, its keys agree, and every party stands by its
    /// covenants.
    async fn connected(&self) -> anyhow::Result<()> {
        for _ in 0..400 {
            let linked = |node: &RunningNode| {
                node.link().is_connected() && node.link().obstacles().is_empty()
            };
            if self.broker.is_confirmed() && self.nodes.iter().all(linked) {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        anyhow::bail!("the nodes did not connect to the broker within ten seconds")
    }

    /// Stops nodes and broker in good order.
    ///
    /// # Errors
    /// When one of them does not end well.
    pub async fn stop(self) -> anyhow::Result<()> {
        for node in self.nodes {
            node.stop().await?;
        }
        self.broker.stop().await
    }
}
