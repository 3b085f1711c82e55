//! `covenant audit watch`: keeps the last checkpoint that it saw, and says loudly when the log's next
//! one does not follow from it, or when none comes.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use ledger::LogVerifier;
use ledger::cosignature::WitnessVerifier;
use model::Timestamp;
use model::clock::{Clock as _, SystemClock};
use tonic::transport::Channel;
use wire::audit_v1::GetCheckpointRequest;
use wire::audit_v1::disclosure_log_service_client::DisclosureLogServiceClient;

use super::export::client;
use super::judge::{Alarm, lay};
use super::memory::{Memory, keep_evidence};
use crate::answer::{Found, Language, say};
use crate::connection::{Credentials, runtime, told};

/// What `audit watch` is told.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// The broker, `host:port`.
    #[arg(long)]
    broker: String,
    #[command(flatten)]
    credentials: Credentials,
    /// The log's public key, from somebody whom you trust.
    #[arg(long, value_parser = LogVerifier::parse)]
    vkey: LogVerifier,
    /// The public key of a witness; may be given more than once. Then the newest cosignature of any
    /// of them must not be stale.
    #[arg(long, value_parser = WitnessVerifier::parse)]
    witness: Vec<WitnessVerifier>,
    /// Where the last checkpoint is kept; made at the first look.
    #[arg(long)]
    state: PathBuf,
    /// The folder in which both checkpoints are kept when they contradict each other.
    #[arg(long)]
    evidence: PathBuf,
    /// Seconds between two looks.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    every: u64,
    /// After so many seconds without a checkpoint that is verified (and, with --witness, cosigned)
    /// an alarm is given.
    #[arg(long, default_value_t = 600)]
    stale_after: u64,
    /// Looks once and ends: exit code 0 when all is well, 1 at an alarm.
    #[arg(long)]
    once: bool,
}

/// What one look found.
enum Look {
    /// The log is as large as this, and follows from what was seen before.
    Good(u64),
    /// It contradicts what was seen before, or is not signed.
    Alarm(Alarm, Vec<u8>, Vec<u8>),
    /// There is no answer now.
    NoAnswer(anyhow::Error),
}

/// Runs the command.
pub(crate) fn run(watch: &Watch, lang: Language) -> anyhow::Result<Found> {
    let mut memory = Memory::load(&watch.state, &watch.vkey, SystemClock.now())?;
    let runtime = runtime()?;
    let mut client = runtime.block_on(async { client(&watch.broker, &watch.credentials) })?;
    let mut stale = false;
    let mut size = None;
    loop {
        let look = runtime.block_on(watch.look(&mut client, &mut memory, lang))?;
        match look {
            Look::Alarm(alarm, seen, given) => {
                let folder =
                    keep_evidence(&watch.evidence, alarm, &seen, &given, SystemClock.now())?;
                say(&format!(
                    "ALARM: {}. {} {}",
                    alarm.text(lang),
                    lang.pick("Bewijs:", "Evidence:"),
                    folder.display()
                ))?;
                return Ok(Found::Bad);
            }
            Look::Good(now) => {
                if size != Some(now) {
                    size = Some(now);
                    say(&match lang {
                        Language::Nl => format!(
                            "in orde: het logboek heeft {now} regels en is alleen aangevuld"
                        ),
                        Language::En => {
                            format!("in order: the log has {now} entries and was only added to")
                        }
                    })?;
                }
            }
            Look::NoAnswer(error) if watch.once && !memory.is_stale(watch, SystemClock.now()) => {
                return Err(error);
            }
            Look::NoAnswer(error) => {
                complainln!("{}: {error:#}", lang.pick("geen antwoord", "no answer"))
            }
        }
        let was = std::mem::replace(&mut stale, memory.is_stale(watch, SystemClock.now()));
        if stale != was {
            tell_stale(watch, stale, lang)?;
        }
        if watch.once {
            return Ok(Found::good_if(!stale));
        }
        let stopped = runtime.block_on(async {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(watch.every)) => false,
                _ = tokio::signal::ctrl_c() => true,
            }
        });
        if stopped {
            return Ok(Found::good_if(!stale));
        }
    }
}

fn tell_stale(watch: &Watch, stale: bool, lang: Language) -> anyhow::Result<()> {
    let seconds = watch.stale_after;
    let witnessed = !watch.witness.is_empty();
    say(&match (lang, stale, witnessed) {
        (Language::Nl, true, false) => {
            format!("ALARM: al meer dan {seconds} seconden geen controlepunt dat klopt")
        }
        (Language::Nl, true, true) => {
            format!(
                "ALARM: al meer dan {seconds} seconden geen controlepunt dat een getuige tekende"
            )
        }
        (Language::En, true, false) => {
            format!("ALARM: no verified checkpoint for more than {seconds} seconds")
        }
        (Language::En, true, true) => {
            format!("ALARM: no checkpoint cosigned by a witness for more than {seconds} seconds")
        }
        (Language::Nl, false, _) => "weer in orde: er is weer een vers controlepunt".to_owned(),
        (Language::En, false, _) => "in order again: there is a fresh checkpoint".to_owned(),
    })
}

impl Watch {
    /// Looks once, and keeps what was verified before it says that it was.
    async fn look(
        &self,
        client: &mut DisclosureLogServiceClient<Channel>,
        memory: &mut Memory,
        lang: Language,
    ) -> anyhow::Result<Look> {
        let given = match client.get_checkpoint(GetCheckpointRequest {}).await {
            Ok(answer) => answer.into_inner().checkpoint,
            Err(status) => return Ok(Look::NoAnswer(told(&status, lang))),
        };
        let now = match lay(client, &self.vkey, memory.checkpoint(), &given).await {
            Err(status) => return Ok(Look::NoAnswer(told(&status, lang))),
            Ok(Err(alarm)) => {
                return Ok(Look::Alarm(alarm, memory.note().to_vec(), given.to_vec()));
            }
            Ok(Ok(now)) => now,
        };
        let size = now.size;
        let cosigned = self.cosigned(&given)?;
        memory.keep(now, &given, cosigned, SystemClock.now())?;
        Ok(Look::Good(size))
    }

    /// When any of the witnesses last cosigned this checkpoint.
    fn cosigned(&self, note: &[u8]) -> anyhow::Result<Option<Timestamp>> {
        let newest = self
            .witness
            .iter()
            .filter_map(|witness| witness.verify(note).ok())
            .max();
        newest
            .map(|seconds| {
                let millis = i64::try_from(seconds.saturating_mul(1000)).ok();
                millis
                    .map(Timestamp::from_millis)
                    .context("a witness's time is out of range")
            })
            .transpose()
    }
}

impl Memory {
    fn is_stale(&self, watch: &Watch, now: Timestamp) -> bool {
        let fresh = if watch.witness.is_empty() {
            self.verified_at()
        } else {
            self.cosigned_at()
        };
        let age = now.as_millis().saturating_sub(fresh.as_millis());
        let most = i64::try_from(watch.stale_after.saturating_mul(1000)).unwrap_or(i64::MAX);
        age > most
    }
}
