//! `covenant audit export`: the log as JSON Lines, in a file that is whole or not there.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use tonic::transport::Channel;
use wire::audit_v1::ExportRequest;
use wire::audit_v1::disclosure_log_service_client::DisclosureLogServiceClient;

use crate::answer::{Found, Language, say};
use crate::connection::{Credentials, runtime, told};

/// What `audit export` is told.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The broker, `host:port`.
    #[arg(long)]
    broker: String,
    #[command(flatten)]
    credentials: Credentials,
    /// From this place in the log on.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Only details under this covenant; hashes of all other entries come too.
    #[arg(long, default_value = "")]
    covenant: String,
    /// Where it goes; the file must not be there yet.
    #[arg(long)]
    out: PathBuf,
}

/// Runs the command.
pub(crate) fn run(export: &Export, lang: Language) -> anyhow::Result<Found> {
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
    let request = ExportRequest {
        from_index: export.from,
        covenant: export.covenant.clone(),
    };
    let next = runtime()?.block_on(async {
        let mut client = client(&export.broker, &export.credentials)?;
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
