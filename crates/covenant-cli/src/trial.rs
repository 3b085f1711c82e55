//! A world of its own for `link` and `bench`: a broker and nodes in this process, on loopback, with
//! throw-away keys, in a folder that is removed at the end.

use std::path::PathBuf;

use anyhow::Context as _;
use model::PartyId;
use model::clock::{Clock as _, SystemClock};
use sandbox::{Plan, Running, World};

/// The running world and its folder.
pub(crate) struct Trial {
    running: Running,
    // After the world: it still writes while it stops.
    _folder: Folder,
}

impl Trial {
    /// Starts a world with one covenant (a model text, whose keys and dates are replaced).
    pub(crate) async fn start(covenant: String) -> anyhow::Result<Self> {
        let folder = Folder::fresh()?;
        let plan = Plan {
            covenants: vec![covenant],
            notices_interval_ms: 20,
            batch_signals: 256,
            log_filter: "warn".to_owned(),
        };
        let running = Running::start(&folder.0, &plan).await.context("start the world")?;
        Ok(Self { running, _folder: folder })
    }

    /// Where everything is.
    pub(crate) const fn world(&self) -> &World {
        &self.running.world
    }

    /// Stops it in good order.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.running.stop().await
    }
}

/// A channel to `party`'s node as its client `kind`.
pub(crate) fn channel(
    world: &World,
    party: &PartyId,
    kind: &str,
) -> anyhow::Result<tonic::transport::Channel> {
    let node = world.nodes.get(party.as_str()).context("the world has this party")?;
    let client = node
        .clients
        .get(kind)
        .with_context(|| format!("{party} has no client {kind}"))?;
    sandbox::clients::connect(&node.grpc, &world.ca, &client.cert, &client.key)
}

struct Folder(PathBuf);

impl Folder {
    fn fresh() -> anyhow::Result<Self> {
        let name = format!("covenant-{}", model::id::fresh_v7(&SystemClock));
        let path = std::env::temp_dir().join(name);
        sandbox::files::make_folder(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            let now = SystemClock.now().to_rfc3339();
            eprintln!("{now} {} was left behind: {error}", self.0.display());
        }
    }
}
