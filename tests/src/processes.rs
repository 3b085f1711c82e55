//! Broker and nodes as processes that can be killed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use model::clock::Stopwatch;

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::world::PATIENCE;

/// The name of the broker among the processes; nodes are named by their party.
pub const BROKER: &str = "broker";

/// The processes of one world, by name. They are killed when this is dropped.
#[derive(Debug)]
pub struct Processes {
    party: PathBuf,
    places: BTreeMap<String, Place>,
    set: Vec<String>,
    running: BTreeMap<String, Child>,
}

#[derive(Debug)]
struct Place {
    config: PathBuf,
    admin: String,
    /// How many covenant keys it has.
    keys: usize,
}

impl Processes {
    /// Nothing runs yet.
    #[must_use]
    pub fn of(party: &Path, world: &sandbox::World, set: &[&str]) -> Self {
        let place = |config: &PathBuf, admin: &String| Place {
            config: config.clone(),
            admin: admin.clone(),
            keys: keys(config),
        };
        let mut places = BTreeMap::new();
        let broker = &world.broker;
        places.insert(BROKER.to_owned(), place(&broker.config, &broker.admin));
        for (name, node) in &world.nodes {
            places.insert(name.clone(), place(&node.config, &node.admin));
        }
        Self {
            party: party.to_path_buf(),
            places,
            set: set.iter().map(|&s| s.to_owned()).collect(),
            running: BTreeMap::new(),
        }
    }

    /// Starts one, without waiting until it answers.
    ///
    /// # Errors
    /// When it runs already or can't be started.
    pub fn start(&mut self, name: &str) -> anyhow::Result<()> {
        let place = self
            .places
            .get(name)
            .with_context(|| format!("there is no {name}"))?;
        anyhow::ensure!(!self.running.contains_key(name), "{name} runs already");
        let mut command = Command::new(&self.party);
        command.arg(if name == BROKER { "broker" } else { "node" });
        command.arg("--config").arg(&place.config);
        // The broker has other settings than the nodes, but the same telemetry.
        let for_it = |set: &&String| name != BROKER || set.starts_with("telemetry.");
        for set in self.set.iter().filter(for_it) {
            command.arg("--set").arg(set);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        self.running.insert(name.to_owned(), command.spawn()?);
        Ok(())
    }

    /// Starts all.
    ///
    /// # Errors
    /// As [`Processes::start`].
    pub fn start_all(&mut self) -> anyhow::Result<()> {
        let names: Vec<String> = self.places.keys().cloned().collect();
        names.iter().try_for_each(|name| self.start(name))
    }

    /// SIGKILL, and waits for the end. Nothing is told to it before.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self, name: &str) -> anyhow::Result<()> {
        let mut child = self
            .running
            .remove(name)
            .with_context(|| format!("{name} runs not"))?;
        anyhow::ensure!(child.try_wait()?.is_none(), "{name} had ended by itself");
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// SIGTERM to all, nodes first, and waits until they have ended well.
    ///
    /// # Errors
    /// When one ends with an error.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let mut names: Vec<String> = self.running.keys().cloned().collect();
        names.sort_by_key(|name| name == BROKER);
        for name in names {
            let Some(mut child) = self.running.remove(&name) else {
                continue;
            };
            anyhow::ensure!(child.try_wait()?.is_none(), "{name} had ended by itself");
            let asked = Command::new("kill").arg(child.id().to_string()).status()?;
            anyhow::ensure!(asked.success(), "{name} could not be asked to stop");
            let ended = ended(child)
                .await
                .with_context(|| format!("{name} does not stop"))?;
            anyhow::ensure!(ended.success(), "{name} ended with {ended}");
        }
        Ok(())
    }

    /// Waits until one is ready.
    ///
    /// # Errors
    /// When that takes too long, or it ended.
    pub async fn ready(&mut self, name: &str) -> anyhow::Result<()> {
        self.admin_says(name, "/readyz", |text| text.starts_with("HTTP/1.1 200"))
            .await
    }

    /// Waits until every running node is connected to the broker and its keys agree.
    ///
    /// # Errors
    /// When that takes too long, or one ended.
    pub async fn connected(&mut self) -> anyhow::Result<()> {
        let names: Vec<String> = self.running.keys().cloned().collect();
        for name in &names {
            self.ready(name).await?;
        }
        for name in names.iter().filter(|name| *name != BROKER) {
            let keys = self.places.get(name).map_or(0, |place| place.keys);
            anyhow::ensure!(keys > 0, "{name} has no covenant key in its settings");
            self.admin_says(name, "/metrics", |text| {
                text.contains("\ncovenant_node_broker_connected 1\n")
                    && text.contains(&format!("\ncovenant_node_keys_agreed {keys}\n"))
            })
            .await?;
        }
        // That a party stands by its covenants is said right after: the broker does not tell when
        // it has read that.
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok(())
    }

    /// Waits until the page `path` of a process's admin port is as `wanted`.
    ///
    /// # Errors
    /// When that takes too long, or it ended.
    pub async fn admin_says(
        &mut self,
        name: &str,
        path: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> anyhow::Result<()> {
        let begun = Stopwatch::start();
        let mut last = String::new();
        while begun.elapsed() < PATIENCE {
            let child = self
                .running
                .get_mut(name)
                .with_context(|| format!("{name} runs not"))?;
            if let Some(status) = child.try_wait()? {
                anyhow::bail!("{name} ended by itself: {status}");
            }
            if let Ok(text) = self.admin(name, path).await {
                if wanted(&text) {
                    return Ok(());
                }
                last = text;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        anyhow::bail!("{name} did not come to it; {path} said last:\n{last}")
    }

    /// A page of a process's admin port, with its status line.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn admin(&self, name: &str, path: &str) -> anyhow::Result<String> {
        let place = self
            .places
            .get(name)
            .with_context(|| format!("there is no {name}"))?;
        get(&place.admin, path).await
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for child in self.running.values_mut() {
            drop(child.kill().and_then(|()| child.wait()));
        }
    }
}

fn keys(config: &Path) -> usize {
    let text = std::fs::read_to_string(config).unwrap_or_default();
    text.lines()
        .filter(|line| line.trim() == "[[covenant.keys]]")
        .count()
}

async fn ended(mut child: Child) -> anyhow::Result<std::process::ExitStatus> {
    let begun = Stopwatch::start();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if begun.elapsed() > PATIENCE {
            child.kill()?;
            anyhow::bail!("it was killed after {PATIENCE:?}");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A page by HTTP, with its status line.
///
/// # Errors
/// When nobody answers.
pub async fn get(address: &str, path: &str) -> anyhow::Result<String> {
    let mut socket = tokio::net::TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await?;
    Ok(answer)
}
