//! A broker that lies about its log: it stands in front of a real one with that one's certificate,
//! passes everything on, and alters what the log answers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use axum::Router;
use axum::http::Request as HttpRequest;
use identity::SigningKey;
use identity::tls::{Acceptor, AcceptorLimits, ServerTls, TlsMaterial};
use ledger::tree;
use ledger::{LogSigner, NodeId, Skeleton};
use model::Digest;
use sandbox::World;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::service::Routes;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status, Streaming};
use wire::Bytes;
use wire::audit_v1 as audit;
use wire::audit_v1::disclosure_log_service_server::{
    DisclosureLogService, DisclosureLogServiceServer,
};

use crate::realm::LogClient;
use crate::tape::{Tape, pass_on};

/// How many entries the liar puts on a page, whatever was asked for.
pub const PAGE: i32 = 4;

/// What it does to a listing.
#[derive(Debug, Clone, Default)]
pub enum Lie {
    /// Nothing: it is honest.
    #[default]
    None,
    /// Leaves out the entries at these places.
    Omits(Vec<u64>),
    /// Leaves out the last entry of the whole answer.
    OmitsLast,
    /// Leaves out the second page.
    OmitsPage,
    /// Gives the first two entries of a page the other way round.
    Reorders,
    /// Gives the first entry of a page twice.
    Repeats,
    /// Shows another history.
    Forks(Arc<History>),
}

/// A tree over the hashes of another history, and what signs it.
#[derive(Debug)]
pub struct History {
    nodes: BTreeMap<NodeId, Digest>,
    size: u64,
    signer: LogSigner,
}

impl History {
    /// The history of these leaves, signed with the broker's own key.
    ///
    /// # Errors
    /// When the key can't be read.
    pub fn of(world: &World, leaves: &[Digest]) -> Result<Self> {
        let mut nodes: BTreeMap<NodeId, Digest> = BTreeMap::new();
        for (at, leaf) in (0..).zip(leaves) {
            let made = tree::append(at, *leaf, |id| nodes.get(&id).copied())?;
            nodes.extend(made);
        }
        Ok(Self {
            nodes,
            size: u64::try_from(leaves.len())?,
            signer: signer(world)?,
        })
    }

    /// The checkpoint of this history.
    ///
    /// # Errors
    /// Never, for a size that it has.
    pub fn note(&self) -> Result<Vec<u8>> {
        let root = tree::root(self.size, |id| self.nodes.get(&id).copied())?;
        Ok(self.signer.sign(self.size, root))
    }

    fn retell(&self, page: &mut audit::ListEntriesResponse) -> Result<()> {
        let read = |id| self.nodes.get(&id).copied();
        page.checkpoint = self.note()?.into();
        for (entry, proof) in page.entries.iter().zip(&mut page.proofs) {
            let path = tree::inclusion_proof(entry.index, self.size, read)?;
            proof.hashes = path.iter().map(bytes).collect();
        }
        Ok(())
    }

    fn consistency(&self, asked: &audit::GetConsistencyProofRequest) -> Result<Vec<Bytes>> {
        let read = |id| self.nodes.get(&id).copied();
        let proof = tree::consistency_proof(asked.from_size, asked.to_size, read)?;
        Ok(proof.iter().map(bytes).collect())
    }
}

/// The signer of a world's log: its broker gone bad.
///
/// # Errors
/// When the key can't be read.
pub fn signer(world: &World) -> Result<LogSigner> {
    let home = world.broker.config.parent().context("a folder")?;
    let key = SigningKey::read(&home.join("log-key.pem"))?;
    let (origin, _) = world.broker.log_key.split_once('+').context("a key")?;
    Ok(LogSigner::from_seed(origin, &key.to_secret())?)
}

/// The hash of every leaf, as anybody may read it.
///
/// # Errors
/// When the broker does not answer.
pub async fn leaves(log: &mut LogClient, size: u64) -> Result<Vec<audit::Entry>> {
    let asked = audit::WatchEntriesRequest::default();
    let mut answers = log.watch_entries(asked).await?.into_inner();
    let mut all: Vec<audit::Entry> = Vec::new();
    while u64::try_from(all.len())? < size {
        let answer = answers.message().await?.context("the stream ended")?;
        all.extend(answer.entries);
    }
    all.truncate(usize::try_from(size)?);
    Ok(all)
}

/// The history of these entries with another one at the place `changed`.
///
/// # Errors
/// When the key can't be read.
pub fn forked(world: &World, entries: &[audit::Entry], changed: u64) -> Result<History> {
    let hash = |entry: &audit::Entry| {
        let other = (entry.index == changed).then(|| tree::leaf_hash(b"another"));
        other.or_else(|| Digest::from_slice(&entry.leaf_hash))
    };
    let hashes: Option<Vec<Digest>> = entries.iter().map(hash).collect();
    History::of(world, &hashes.context("a hash of 32 bytes")?)
}

/// The liar; it serves until it is dropped.
#[derive(Debug, Clone)]
pub struct Liar {
    /// `host:port`.
    pub address: String,
    lie: Arc<Mutex<Lie>>,
    onward: LogClient,
    _serving: Arc<DropGuard>,
}

impl Liar {
    /// Stands in front of a world's broker, and calls it over `onward`.
    ///
    /// # Errors
    /// When its files can't be read or no port is free.
    pub async fn before(world: &World, onward: Channel) -> Result<Self> {
        let config = &world.broker.config;
        let folder = config.parent().unwrap_or(Path::new("."));
        let (cert, key) = (folder.join("server.pem"), folder.join("server.key"));
        let server = TlsMaterial::from_files(&cert, &key, std::slice::from_ref(&world.ca))?;
        let any: SocketAddr = ([127, 0, 0, 1], 0).into();
        let server = ServerTls::new(&server)?;
        let acceptor = Acceptor::bind(any, server, AcceptorLimits::default()).await?;
        let stop = CancellationToken::new();
        let liar = Self {
            address: acceptor.local_addr().to_string(),
            lie: Arc::default(),
            onward: wire::client::disclosure_log(onward.clone()),
            _serving: Arc::new(stop.clone().drop_guard()),
        };
        let log = DisclosureLogServiceServer::new(Answering {
            lie: Arc::clone(&liar.lie),
            onward: liar.onward.clone(),
        });
        let rest = Router::new().fallback(move |request: HttpRequest<axum::body::Body>| {
            pass_on(Tape::default(), onward.clone(), request)
        });
        let routes = Routes::from(rest).add_service(log);
        tokio::spawn(async move {
            let served = Server::builder()
                .add_routes(routes)
                .serve_with_incoming_shutdown(acceptor, stop.cancelled_owned());
            // A test that ends drops the connections; there is nobody to tell.
            drop(served.await);
        });
        Ok(liar)
    }

    /// From now on it lies like this.
    pub fn lies(&self, lie: Lie) {
        *self.lie.lock().unwrap_or_else(PoisonError::into_inner) = lie;
    }
}

/// What answers in place of the broker.
struct Answering {
    lie: Arc<Mutex<Lie>>,
    onward: LogClient,
}

impl Answering {
    fn lie(&self) -> Lie {
        let lie = self.lie.lock();
        lie.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[tonic::async_trait]
impl DisclosureLogService for Answering {
    type ExportStream = Streaming<audit::ExportResponse>;
    type WatchEntriesStream = Streaming<audit::WatchEntriesResponse>;

    async fn list_entries(
        &self,
        request: Request<audit::ListEntriesRequest>,
    ) -> Result<Response<audit::ListEntriesResponse>, Status> {
        let mut asked = request.into_inner();
        asked.page_size = PAGE;
        let first = asked.page_token.is_empty();
        let mut onward = self.onward.clone();
        let mut page = onward.list_entries(asked.clone()).await?.into_inner();
        let lie = self.lie();
        if matches!(lie, Lie::OmitsPage) && first && !page.next_page_token.is_empty() {
            asked.page_token.clone_from(&page.next_page_token);
            let second = onward.list_entries(asked).await?.into_inner();
            page.next_page_token = second.next_page_token;
        }
        tell(&lie, &mut page).map_err(|error| Status::internal(error.to_string()))?;
        Ok(Response::new(page))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<audit::GetConsistencyProofRequest>,
    ) -> Result<Response<audit::GetConsistencyProofResponse>, Status> {
        let asked = request.into_inner();
        if let Lie::Forks(history) = self.lie()
            && let Ok(consistency_proof) = history.consistency(&asked)
        {
            return Ok(Response::new(audit::GetConsistencyProofResponse {
                consistency_proof,
            }));
        }
        self.onward.clone().get_consistency_proof(asked).await
    }

    async fn get_entry(
        &self,
        request: Request<audit::GetEntryRequest>,
    ) -> Result<Response<audit::GetEntryResponse>, Status> {
        self.onward.clone().get_entry(request.into_inner()).await
    }

    async fn get_checkpoint(
        &self,
        request: Request<audit::GetCheckpointRequest>,
    ) -> Result<Response<audit::GetCheckpointResponse>, Status> {
        self.onward
            .clone()
            .get_checkpoint(request.into_inner())
            .await
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<audit::GetInclusionProofRequest>,
    ) -> Result<Response<audit::GetInclusionProofResponse>, Status> {
        self.onward
            .clone()
            .get_inclusion_proof(request.into_inner())
            .await
    }

    async fn export(
        &self,
        request: Request<audit::ExportRequest>,
    ) -> Result<Response<Self::ExportStream>, Status> {
        self.onward.clone().export(request.into_inner()).await
    }

    async fn watch_entries(
        &self,
        request: Request<audit::WatchEntriesRequest>,
    ) -> Result<Response<Self::WatchEntriesStream>, Status> {
        self.onward
            .clone()
            .watch_entries(request.into_inner())
            .await
    }
}

fn tell(lie: &Lie, page: &mut audit::ListEntriesResponse) -> Result<()> {
    match lie {
        Lie::None | Lie::OmitsPage => {}
        Lie::Omits(places) => omit(page, |entry| places.contains(&entry.index)),
        Lie::OmitsLast => {
            if page.next_page_token.is_empty()
                && let Some(last) = page.entries.last().map(|entry| entry.index)
            {
                omit(page, |entry| entry.index == last);
            }
        }
        Lie::Reorders => {
            if page.entries.len() > 1 {
                page.entries.swap(0, 1);
                page.proofs.swap(0, 1);
            }
        }
        Lie::Repeats => {
            let twice = page
                .entries
                .first()
                .cloned()
                .zip(page.proofs.first().cloned());
            if let Some((entry, proof)) = twice {
                page.entries.insert(0, entry);
                page.proofs.insert(0, proof);
            }
        }
        Lie::Forks(history) => history.retell(page)?,
    }
    Ok(())
}

fn omit(page: &mut audit::ListEntriesResponse, which: impl Fn(&audit::Entry) -> bool) {
    let both = page.entries.drain(..).zip(page.proofs.drain(..));
    let kept: Vec<_> = both.filter(|(entry, _)| !which(entry)).collect();
    (page.entries, page.proofs) = kept.into_iter().unzip();
}

/// The places of entries that name this party as recipient or source, rising.
#[must_use]
pub fn naming(entries: &[audit::Entry], party: &str) -> Vec<u64> {
    let names = |entry: &&audit::Entry| {
        let leaf = Skeleton::from_leaf(&entry.leaf).ok();
        leaf.is_some_and(|leaf| {
            let named = [leaf.recipient, leaf.source];
            named.iter().flatten().any(|name| name.as_str() == party)
        })
    };
    entries
        .iter()
        .filter(names)
        .map(|entry| entry.index)
        .collect()
}

fn bytes(digest: &Digest) -> Bytes {
    Bytes::copy_from_slice(digest.as_bytes())
}
