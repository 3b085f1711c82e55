//! How a command reaches a node or the broker: mutual TLS with the caller's own certificate.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use identity::tls::{ChannelSettings, TlsMaterial, channel};
use tonic::transport::Channel;

/// The caller's certificate, and who may have signed the server's.
#[derive(Debug, Clone, Args)]
pub(crate) struct Credentials {
    /// PEM file with the authority of the server's certificate; may be given more than once.
    #[arg(long, required = true)]
    pub(crate) ca: Vec<PathBuf>,
    /// PEM chain of your own client certificate.
    #[arg(long)]
    pub(crate) cert: PathBuf,
    /// PEM private key of it.
    #[arg(long)]
    pub(crate) key: PathBuf,
    /// The name in the server's certificate, where it is another than the host's.
    #[arg(long)]
    pub(crate) server_name: Option<String>,
}

impl Credentials {
    /// The organisation in the caller's own certificate.
    pub(crate) fn oin(&self) -> anyhow::Result<model::Oin> {
        let material = TlsMaterial::from_files(&self.cert, &self.key, &self.ca)?;
        Ok(material.own()?.oin().clone())
    }

    /// A channel to `address`, `host:port`. Must be called on a tokio runtime.
    pub(crate) fn connect(&self, address: &str) -> anyhow::Result<Channel> {
        let material = TlsMaterial::from_files(&self.cert, &self.key, &self.ca)?;
        let mut settings = ChannelSettings::to(&format!("https://{address}"));
        settings.server_name.clone_from(&self.server_name);
        channel(&settings, &material).with_context(|| format!("connect to {address}"))
    }
}

/// The broker, and the caller's certificate, for a command that may do without. All of it is given,
/// or nothing.
#[derive(Debug, Args)]
pub(crate) struct Online {
    /// The broker, `host:port`: it is asked for what the command needs of the log as it is now.
    #[arg(long, requires_all = ["ca", "cert", "key"])]
    broker: Option<String>,
    /// PEM file with the authority of the server's certificate; may be given more than once.
    #[arg(long, requires = "broker")]
    ca: Vec<PathBuf>,
    /// PEM chain of your own client certificate.
    #[arg(long, requires = "broker")]
    cert: Option<PathBuf>,
    /// PEM private key of it.
    #[arg(long, requires = "broker")]
    key: Option<PathBuf>,
    /// The name in the server's certificate, where it is another than the host's.
    #[arg(long, requires = "broker")]
    server_name: Option<String>,
}

impl Online {
    /// The broker, and who asks there; `None` when none was named.
    pub(crate) fn broker(&self) -> Option<(&str, Credentials)> {
        let credentials = Credentials {
            ca: self.ca.clone(),
            cert: self.cert.clone()?,
            key: self.key.clone()?,
            server_name: self.server_name.clone(),
        };
        Some((self.broker.as_deref()?, credentials))
    }

    /// The same where there must be one.
    pub(crate) fn required(&self) -> anyhow::Result<(&str, Credentials)> {
        let broker = self.broker();
        broker.context("name an export, or --broker with --ca, --cert and --key")
    }
}

/// A runtime for a command that talks to others.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the runtime")
}

/// What a refused call says, in the caller's language, without anything of the request.
pub(crate) fn told(status: &tonic::Status, lang: crate::answer::Language) -> anyhow::Error {
    let told = wire::status::read(status);
    let Some(reason) = told.reason else {
        // Not one of ours: the transport's own words, and what it hangs on.
        let hint = match told.code {
            tonic::Code::Unavailable => lang.pick(
                "; klopt het adres, draait het daar, en past het certificaat?",
                "; is the address right, does it run there, and does the certificate fit?",
            ),
            _ => "",
        };
        return anyhow::anyhow!("{}: {}{hint}", told.code, told.message_en);
    };
    anyhow::anyhow!(
        "{reason}: {}",
        lang.pick(&told.message_nl, &told.message_en)
    )
}
