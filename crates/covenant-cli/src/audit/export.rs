//! `covenant audit export`: an evidence bundle, or the log as JSON Lines alone. What is written is
//! whole or not there.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use tonic::transport::Channel;
use wire::audit_v1::ExportRequest;
use wire::audit_v1::disclosure_log_service_client::DisclosureLogServiceClient;

use super::gather::{Source, gather};
use crate::answer::{Found, Language, say};
use crate::connection::{Credentials, runtime, told};

/// What `audit export` is told.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The broker, `host:port`.
    #[arg(
        long,
        requires_all = ["ca", "cert", "key"],
        conflicts_with = "from_export",
        required_unless_present = "from_export"
    )]
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
    /// Makes the bundle of an export (JSON Lines) that you have already, without any network.
    #[arg(long, requires = "covenant_file")]
    from_export: Option<PathBuf>,
    /// With --from-export: a covenant, exactly the file that was signed; may be given more than once.
    #[arg(long, requires = "from_export")]
    covenant_file: Vec<PathBuf>,
    /// With --from-export: a party's signature (DSSE); may be given more than once.
    #[arg(long, requires = "from_export")]
    signature: Vec<PathBuf>,
    /// The log's public key, from somebody whom you trust. Without it the export's own key is taken.
    #[arg(long)]
    vkey: Option<String>,
    /// From this place in the log on.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Only details under this covenant; hashes of all other entries come too.
    #[arg(long, default_value = "")]
    covenant: String,
    /// The folder of the evidence bundle; a name that ends in .jsonl gets the entries alone. It must
    /// not be there yet.
    #[arg(long)]
    out: PathBuf,
}

impl Export {
    fn online(&self) -> anyhow::Result<(&str, Credentials, ExportRequest)> {
        let missing = "name --broker with --ca, --cert and --key";
        let credentials = Credentials {
            ca: self.ca.clone(),
            cert: self.cert.clone().context(missing)?,
            key: self.key.clone().context(missing)?,
            server_name: self.server_name.clone(),
        };
        let request = ExportRequest {
            from_index: self.from,
            covenant: self.covenant.clone(),
        };
        Ok((
            self.broker.as_deref().context(missing)?,
            credentials,
            request,
        ))
    }
}

/// Runs the command.
pub(crate) fn run(export: &Export, lang: Language) -> anyhow::Result<Found> {
    let lines = export
        .out
        .extension()
        .is_some_and(|extension| extension == "jsonl");
    if lines {
        return entries_alone(export, lang);
    }
    let source = match &export.from_export {
        Some(path) => Source::Files {
            export: path,
            covenants: &export.covenant_file,
            signatures: &export.signature,
        },
        None => {
            let (broker, credentials, request) = export.online()?;
            Source::Broker(broker, credentials, request)
        }
    };
    let count = gather(&source, export.vkey.as_deref(), &export.out, lang)?;
    let out = export.out.display();
    say(&match lang {
        Language::Nl => format!(
            "{out}: bewijsbundel met {count} regels van het logboek. Nagaan kan met\n  covenant audit \
             verify {out}\nof, zonder ons programma, met\n  python3 {out}/verify.py {out}"
        ),
        Language::En => format!(
            "{out}: evidence bundle with {count} entries of the log. Verify it with\n  covenant audit \
             verify {out}\nor, without our program, with\n  python3 {out}/verify.py {out}"
        ),
    })?;
    Ok(Found::Good)
}

fn entries_alone(export: &Export, lang: Language) -> anyhow::Result<Found> {
    let (broker, credentials, request) = export.online()?;
    let mut part = export.out.clone().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    anyhow::ensure!(
        !export.out.exists(),
        "{} is there already: choose another name",
        export.out.display()
    );
    let mut file =
        std::fs::File::create(&part).with_context(|| format!("write {}", part.display()))?;
    let next = runtime()?.block_on(async {
        let mut client = client(broker, &credentials)?;
        stream(&mut client, request, lang, |bytes| {
            Ok(file.write_all(bytes)?)
        })
        .await
    })?;
    file.sync_all()?;
    std::fs::rename(&part, &export.out)
        .with_context(|| format!("write {}", export.out.display()))?;
    let (out, count) = (export.out.display(), next.saturating_sub(export.from));
    say(&match lang {
        Language::Nl => format!("{out}: {count} regels van het logboek"),
        Language::En => format!("{out}: {count} entries of the log"),
    })?;
    Ok(Found::Good)
}

/// A client of the disclosure log.
pub(super) fn client(
    broker: &str,
    credentials: &Credentials,
) -> anyhow::Result<DisclosureLogServiceClient<Channel>> {
    let channel = credentials.connect(broker)?;
    Ok(DisclosureLogServiceClient::new(channel)
        .max_decoding_message_size(identity::MAX_MESSAGE_BYTES))
}

/// Gives every piece of an export to `take`, and returns the place after the last entry.
pub(super) async fn stream(
    client: &mut DisclosureLogServiceClient<Channel>,
    request: ExportRequest,
    lang: Language,
    mut take: impl FnMut(&[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let mut next = request.from_index;
    let refused = |status: tonic::Status| told(&status, lang);
    let mut pieces = client.export(request).await.map_err(refused)?.into_inner();
    while let Some(piece) = pieces.message().await.map_err(refused)? {
        take(&piece.lines)?;
        next = piece.next_index;
    }
    Ok(next)
}
