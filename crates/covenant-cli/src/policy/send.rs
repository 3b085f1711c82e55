//! Handing what was signed to the broker, with the certificate of one's own organisation.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use covenant::signoff::{Envelope, EventKind, Statement};
use tonic::transport::Channel;
use wire::broker_v1::covenant_service_client::CovenantServiceClient;
use wire::broker_v1::{self as pb, CovenantStatus};

use crate::answer::{Found, Language, say};
use crate::connection::{Credentials, runtime, told};

/// The broker, and the caller's certificate. All of it is given, or nothing.
#[derive(Debug, Args)]
pub(crate) struct ToBroker {
    /// Hands the result to this broker, `host:port`.
    #[arg(long, requires = "ca", requires = "cert", requires = "cert_key")]
    broker: Option<String>,
    /// PEM file with the authority of the broker's certificate; may be given more than once.
    #[arg(long, requires = "broker")]
    ca: Vec<PathBuf>,
    /// PEM chain of your organisation's client certificate.
    #[arg(long, requires = "broker")]
    cert: Option<PathBuf>,
    /// PEM private key of that certificate: another one than the key that signs.
    #[arg(long, requires = "broker")]
    cert_key: Option<PathBuf>,
    /// The name in the broker's certificate, where it is another than the host's.
    #[arg(long, requires = "broker")]
    server_name: Option<String>,
}

/// What is handed in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Errand {
    /// A sign-off.
    Sign,
    /// A rejection.
    Reject,
    /// A suspension.
    Suspend,
    /// A resumption.
    Resume,
    /// A withdrawal.
    Withdraw,
}

impl Errand {
    /// What an event is handed in as; a "still valid" goes another way.
    pub(crate) const fn of(kind: &EventKind) -> Option<Self> {
        match kind {
            EventKind::Reject => Some(Self::Reject),
            EventKind::Suspend(_) => Some(Self::Suspend),
            EventKind::Resume(_) => Some(Self::Resume),
            EventKind::Withdraw => Some(Self::Withdraw),
            EventKind::StillValid => None,
        }
    }

    /// What an envelope says to be. The broker verifies it.
    fn read(envelope: &Envelope) -> Option<Self> {
        if Statement::parse(envelope.payload()).is_ok() {
            return Some(Self::Sign);
        }
        let said: serde_json::Value = serde_json::from_slice(envelope.payload()).ok()?;
        match said.get("predicate")?.get("event")?.as_str()? {
            "reject" => Some(Self::Reject),
            "suspend" => Some(Self::Suspend),
            "resume" => Some(Self::Resume),
            "withdraw" => Some(Self::Withdraw),
            _ => None,
        }
    }
}

/// What `policy send` is told.
#[derive(Debug, Args)]
pub(crate) struct Send {
    /// What was signed: a file that `policy sign`, `reject`, `suspend`, `resume` or `withdraw` wrote.
    file: PathBuf,
    #[command(flatten)]
    to: ToBroker,
}

/// Runs the command.
pub(super) fn run(arguments: &Send, lang: Language) -> anyhow::Result<Found> {
    arguments.to.must_be_given(lang)?;
    let envelope = super::event::envelope(&arguments.file)?;
    let errand = Errand::read(&envelope).with_context(|| {
        lang.pick(
            "het bestand is geen handtekening of besluit over een convenant",
            "the file is no signature of, and no event about, a covenant",
        )
    })?;
    let bytes = std::fs::read(&arguments.file)?;
    arguments.to.hand_in(errand, bytes, lang)?;
    Ok(Found::Good)
}

type Client = CovenantServiceClient<Channel>;

impl ToBroker {
    /// Whether a broker was named.
    pub(crate) const fn is_given(&self) -> bool {
        self.broker.is_some()
    }

    /// For a command that does nothing without a broker.
    pub(crate) fn must_be_given(&self, lang: Language) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.is_given(),
            lang.pick(
                "geef de makelaar met --broker, --ca, --cert en --cert-key",
                "name the broker with --broker, --ca, --cert and --cert-key"
            )
        );
        Ok(())
    }

    fn client(&self) -> anyhow::Result<Client> {
        let address = self.broker.as_deref().context("--broker")?;
        let credentials = Credentials {
            ca: self.ca.clone(),
            cert: self.cert.clone().context("--cert")?,
            key: self.cert_key.clone().context("--cert-key")?,
            server_name: self.server_name.clone(),
        };
        Ok(wire::client::covenants(credentials.connect(address)?))
    }

    /// Hands an envelope in, where a broker was named, and says how the version stands then.
    pub(crate) fn hand_in(
        &self,
        errand: Errand,
        envelope: Vec<u8>,
        lang: Language,
    ) -> anyhow::Result<()> {
        if !self.is_given() {
            return Ok(());
        }
        let status = runtime()?.block_on(async {
            let mut client = self.client()?;
            let answer = send(&mut client, errand, envelope).await;
            answer.map_err(|status| told(&status, lang))
        })?;
        say_status(&status.unwrap_or_default(), lang)
    }

    /// Proposes a file, and says how the version stands then.
    pub(crate) fn propose(&self, file: Vec<u8>, lang: Language) -> anyhow::Result<()> {
        let status = runtime()?.block_on(async {
            let mut client = self.client()?;
            let request = pb::ProposeCovenantRequest { file: file.into() };
            let answer = client.propose_covenant(request).await;
            let answer = answer.map_err(|status| told(&status, lang))?;
            let version = answer.into_inner().version.unwrap_or_default();
            ask(
                &mut client,
                version.covenant_id,
                version.digest.to_vec(),
                lang,
            )
            .await
        })?;
        say_status(&status, lang)
    }

    /// Asks how a version stands at the broker, and says it.
    pub(crate) fn status(
        &self,
        covenant: &covenant::Covenant,
        lang: Language,
    ) -> anyhow::Result<()> {
        let (id, digest) = (covenant.id().to_string(), covenant.digest());
        let status = runtime()?.block_on(async {
            let mut client = self.client()?;
            ask(&mut client, id, digest.as_bytes().to_vec(), lang).await
        })?;
        say_status(&status, lang)
    }
}

async fn ask(
    client: &mut Client,
    covenant_id: String,
    digest: Vec<u8>,
    lang: Language,
) -> anyhow::Result<CovenantStatus> {
    let request = pb::GetCovenantStatusRequest {
        covenant_id,
        digest: digest.into(),
    };
    let answer = client.get_covenant_status(request).await;
    let answer = answer.map_err(|status| told(&status, lang))?;
    answer.into_inner().status.context("a status")
}

async fn send(
    client: &mut Client,
    errand: Errand,
    envelope: Vec<u8>,
) -> Result<Option<CovenantStatus>, tonic::Status> {
    let envelope = envelope.into();
    Ok(match errand {
        Errand::Sign => {
            let request = pb::SignCovenantRequest { envelope };
            client.sign_covenant(request).await?.into_inner().status
        }
        Errand::Reject => {
            let request = pb::RejectCovenantRequest { envelope };
            client.reject_covenant(request).await?.into_inner().status
        }
        Errand::Suspend => {
            let request = pb::SuspendCovenantRequest { envelope };
            client.suspend_covenant(request).await?.into_inner().status
        }
        Errand::Resume => {
            let request = pb::ResumeCovenantRequest { envelope };
            client.resume_covenant(request).await?.into_inner().status
        }
        Errand::Withdraw => {
            let request = pb::WithdrawCovenantRequest { envelope };
            client.withdraw_covenant(request).await?.into_inner().status
        }
    })
}

fn say_status(status: &CovenantStatus, lang: Language) -> anyhow::Result<()> {
    let sentence = lang.pick(&status.sentence_nl, &status.sentence_en);
    say(&format!("{} {sentence}", lang.pick("Makelaar:", "Broker:")))
}
