//! A demo world in a temporary folder, in this process or in processes of its own, and what its
//! people do in it.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use model::clock::{Clock as _, Stopwatch, SystemClock};
use sandbox::clients::NodeClient;
use sandbox::messages::{signal, submit, visit};
use sandbox::{Plan, Running};
use tempfile::TempDir;
use tonic::transport::Channel;
use wire::audit_v1::disclosure_log_service_client::DisclosureLogServiceClient;
use wire::audit_v1::{EntryFilter, ExportRequest, ListEntriesRequest};
use wire::node_v1::{
    CheckVisitResponse, ListNoticesRequest, ListSignalsRequest, Signal, SignalState, StoredNotice,
    StoredSignal, Subject,
};
use wire::type_v1::PoliceArticle;

use crate::processes::Processes;

/// The covenant of a question before a visit, with its purpose.
pub const SAFE_VISIT: (&str, &str) = ("veilig-op-bezoek-roosdonk", "bezoekveiligheid");
/// The covenant of continuous matches, with its purpose.
pub const NUISANCE: (&str, &str) = ("woonoverlast-roosdonk", "woonoverlast");
/// How long anything may take that happens by itself.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A world that answers.
#[derive(Debug)]
pub struct World {
    /// Where everything is.
    pub place: sandbox::World,
    running: Option<Running>,
    processes: Option<Processes>,
    folder: TempDir,
}

/// The demo's covenants with batches fast enough for a test.
#[must_use]
pub fn plan() -> Plan {
    Plan {
        notices_interval_ms: 100,
        ..Plan::demo()
    }
}

impl World {
    /// The demo world, in this process.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn in_process() -> anyhow::Result<Self> {
        Self::in_process_of(&plan()).await
    }

    /// A world of another plan, in this process.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn in_process_of(plan: &Plan) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let running = Running::start(&folder.path().join("world"), plan).await?;
        let place = running.world.clone();
        Ok(Self {
            place,
            running: Some(running),
            processes: None,
            folder,
        })
    }

    /// The demo world, each broker and node a process of `party` (`env!("CARGO_BIN_EXE_party")`).
    ///
    /// # Errors
    /// When it does not start.
    pub async fn processes(party: &str) -> anyhow::Result<Self> {
        Self::processes_of(party, &plan(), &[]).await
    }

    /// A world of another plan in processes; `set` holds settings for its nodes, `key=value`;
    /// those of `telemetry` are for its broker too.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn processes_of(party: &str, plan: &Plan, set: &[&str]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let today = SystemClock.now().day();
        let place = sandbox::layout::lay_out(&folder.path().join("world"), plan, today)?;
        let mut processes = Processes::of(Path::new(party), &place, set);
        processes.start_all()?;
        processes.connected().await?;
        Ok(Self {
            place,
            running: None,
            processes: Some(processes),
            folder,
        })
    }

    /// Its folder: `covenants/`, `parties/`, `broker/`.
    #[must_use]
    pub fn folder(&self) -> std::path::PathBuf {
        self.folder.path().join("world")
    }

    /// Its processes.
    ///
    /// # Errors
    /// When it runs in this process.
    pub fn control(&mut self) -> anyhow::Result<&mut Processes> {
        self.processes
            .as_mut()
            .context("this world has no processes of its own")
    }

    /// Stops it in good order.
    ///
    /// # Errors
    /// When a part does not end well.
    pub async fn stop(self) -> anyhow::Result<()> {
        match (self.running, self.processes) {
            (Some(running), _) => running.stop().await,
            (None, Some(processes)) => processes.stop().await,
            (None, None) => Ok(()),
        }
    }

    /// A client of a party's node: `partner`, `officer`, or a role's name.
    ///
    /// # Errors
    /// When there is none.
    pub fn client(&self, party: &str, kind: &str) -> anyhow::Result<NodeClient> {
        NodeClient::of(&self.place, party, kind)
    }

    /// A party's system.
    ///
    /// # Errors
    /// When there is no such party.
    pub fn partner(&self, party: &str) -> anyhow::Result<NodeClient> {
        self.client(party, "partner")
    }

    /// The auditor at the log.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn auditor(&self) -> anyhow::Result<DisclosureLogServiceClient<Channel>> {
        sandbox::clients::auditor(&self.place)
    }

    /// Pushes a confirmed and reviewed signal; gives back its id.
    ///
    /// # Errors
    /// The node's refusal.
    pub async fn push(
        &self,
        party: &str,
        under: (&str, &str),
        code: &str,
        about: Subject,
    ) -> Result<String, tonic::Status> {
        self.push_signal(party, of(party, under, code, about)).await
    }

    /// Pushes a signal; gives back its id.
    ///
    /// # Errors
    /// The node's refusal.
    pub async fn push_signal(&self, party: &str, made: Signal) -> Result<String, tonic::Status> {
        let client = self.partner(party).map_err(internal)?;
        let answer = client
            .signals()
            .submit_signal(submit(made))
            .await?
            .into_inner();
        answer
            .accepted
            .map(|a| a.signal_id)
            .ok_or_else(|| tonic::Status::internal("no answer"))
    }

    /// Asks before a visit, in a role of the corporation.
    ///
    /// # Errors
    /// The node's refusal.
    pub async fn ask(
        &self,
        role: &str,
        about: Subject,
    ) -> Result<CheckVisitResponse, tonic::Status> {
        let client = self.client("corporatie", role).map_err(internal)?;
        let request = visit(SAFE_VISIT.0, SAFE_VISIT.1, &client.role, about);
        Ok(client.checks().check_visit(request).await?.into_inner())
    }

    /// Every signal of a party, newest first.
    ///
    /// # Errors
    /// The node's refusal.
    pub async fn signals(&self, party: &str) -> anyhow::Result<Vec<StoredSignal>> {
        let client = self.partner(party)?;
        let mut request = ListSignalsRequest {
            page_size: 500,
            ..ListSignalsRequest::default()
        };
        let mut all = Vec::new();
        loop {
            let page = client
                .signals()
                .list_signals(request.clone())
                .await?
                .into_inner();
            all.extend(page.signals);
            if page.next_page_token.is_empty() {
                return Ok(all);
            }
            request.page_token = page.next_page_token;
        }
    }

    /// Waits until nothing of a party waits for the broker any more.
    ///
    /// # Errors
    /// When that takes too long.
    pub async fn delivered(&self, party: &str) -> anyhow::Result<()> {
        let client = self.partner(party)?;
        let begun = Stopwatch::start();
        while begun.elapsed() < PATIENCE {
            let request = ListSignalsRequest {
                state: SignalState::Queued.into(),
                page_size: 1,
                ..ListSignalsRequest::default()
            };
            let page = client.signals().list_signals(request).await?.into_inner();
            if page.signals.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        anyhow::bail!("the signals of {party} did not reach the broker")
    }

    /// Every notice that a role of a party sees, newest first.
    ///
    /// # Errors
    /// The node's refusal.
    pub async fn notices(&self, party: &str, role: &str) -> anyhow::Result<Vec<StoredNotice>> {
        let client = self.client(party, role)?;
        let mut request = ListNoticesRequest {
            page_size: 500,
            ..ListNoticesRequest::default()
        };
        let mut all = Vec::new();
        loop {
            let page = client
                .notices()
                .list_notices(request.clone())
                .await?
                .into_inner();
            all.extend(page.notices);
            if page.next_page_token.is_empty() {
                return Ok(all);
            }
            request.page_token = page.next_page_token;
        }
    }

    /// Waits until a role of a party sees at least `count` notices.
    ///
    /// # Errors
    /// When that takes too long.
    pub async fn noticed(
        &self,
        party: &str,
        role: &str,
        count: usize,
    ) -> anyhow::Result<Vec<StoredNotice>> {
        let begun = Stopwatch::start();
        loop {
            let all = self.notices(party, role).await?;
            if all.len() >= count {
                return Ok(all);
            }
            let seen = all.len();
            anyhow::ensure!(begun.elapsed() < PATIENCE, "{seen} notices of {count} came");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What the log says was decided, in its order, as the auditor sees it.
    ///
    /// # Errors
    /// The broker's refusal, or an entry without an outcome.
    pub async fn outcomes(&self, filter: EntryFilter) -> anyhow::Result<Vec<ledger::Outcome>> {
        let mut log = self.auditor()?;
        let mut request = ListEntriesRequest {
            filter: Some(filter),
            page_size: 1000,
            ..ListEntriesRequest::default()
        };
        let mut all = Vec::new();
        loop {
            let page = log.list_entries(request.clone()).await?.into_inner();
            for entry in page.entries {
                let outcome = entry.outcome.context("the auditor sees no outcome")?;
                all.push(ledger::Outcome::from_json(&outcome.content)?);
            }
            if page.next_page_token.is_empty() {
                return Ok(all);
            }
            request.page_token = page.next_page_token;
        }
    }

    /// The whole log as the auditor exports it.
    ///
    /// # Errors
    /// The broker's refusal.
    pub async fn export(&self) -> anyhow::Result<Vec<u8>> {
        let mut log = self.auditor()?;
        let mut stream = log.export(ExportRequest::default()).await?.into_inner();
        let mut export = Vec::new();
        while let Some(piece) = stream.message().await? {
            export.extend_from_slice(&piece.lines);
        }
        Ok(export)
    }

    /// Verifies an export offline.
    ///
    /// # Errors
    /// When any promise of it is broken.
    pub fn verify(&self, export: &[u8]) -> anyhow::Result<ledger::verify::Report> {
        let log = ledger::LogVerifier::parse(&self.place.broker.log_key)?;
        let report = ledger::verify::verify(export, &log)?;
        anyhow::ensure!(
            report.is_good(),
            "the log does not verify: {:?}",
            report.bad
        );
        Ok(report)
    }
}

/// A confirmed and reviewed signal as `party` would make it: police data names its article.
#[must_use]
pub fn of(party: &str, (covenant, purpose): (&str, &str), code: &str, about: Subject) -> Signal {
    let mut made = signal(covenant, purpose, code, about);
    if party == "politie" {
        made.police_article = PoliceArticle::PoliceArticle8.into();
    }
    made
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn internal(error: anyhow::Error) -> tonic::Status {
    tonic::Status::internal(format!("{error:#}"))
}
