//! `covenant audit compare`: whether checkpoints that several parties hold are of one log. A broker
//! that shows two histories is found only when they are laid side by side outside the broker.

mod source;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use ledger::{Checkpoint, LogVerifier};
use model::clock::{Clock as _, SystemClock};
use tonic::transport::Channel;
use wire::audit_v1::disclosure_log_service_client::DisclosureLogServiceClient;
use wire::audit_v1::{GetCheckpointRequest, GetConsistencyProofRequest};

pub(super) use self::source::note_of;
use self::source::{Held, Roots, read};
use super::export::client;
use super::judge::verified;
use super::memory::keep_notes;
use crate::answer::{Found, Language, say};
use crate::connection::{Online, runtime, told};

/// What `audit compare` is told.
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Checkpoints: signed notes, as `covenant-node checkpoint` prints them; memory files of `audit watch`
    /// or `audit query`; evidence bundles or exports. The last two, when they begin where the log
    /// begins, prove offline what follows from what.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The log's public key, from somebody whom you trust.
    #[arg(long, visible_alias = "vkey", value_parser = LogVerifier::parse)]
    log_key: LogVerifier,
    #[command(flatten)]
    online: Online,
    /// The folder in which both checkpoints are kept when they contradict each other.
    #[arg(long, default_value = "evidence")]
    evidence: PathBuf,
}

/// How a larger checkpoint stands to a smaller one.
enum Related {
    /// It follows from it, and by what that is proved.
    Follows(Proof),
    /// They are of two histories, as the entries in a file show where the sizes differ.
    Fork(Option<String>),
    /// The broker's proof does not hold.
    Unproved,
    /// It can't be told with what there is, and why.
    Unknown(Option<anyhow::Error>),
}

/// What proved it.
enum Proof {
    /// The same size and the same root.
    Same,
    /// All leaves, in a file.
    Entries(String),
    /// The broker's proof, which was verified.
    Broker,
}

type Client = DisclosureLogServiceClient<Channel>;

/// Runs the command.
pub(crate) fn run(compare: &Compare, lang: Language) -> anyhow::Result<Found> {
    let mut held = Vec::new();
    for path in &compare.files {
        held.push(read(path, &compare.log_key)?);
    }
    let runtime = runtime()?;
    let mut client = runtime.block_on(async { compare.client() })?;
    if let Some(client) = &mut client {
        held.push(runtime.block_on(compare.newest(client, lang))?);
    }
    anyhow::ensure!(
        held.len() > 1,
        "one checkpoint can't be compared: give those of others too, or --broker"
    );
    held.sort_by_key(|one| one.checkpoint.size);
    for one in &held {
        say(&line(one, lang))?;
    }
    let roots = roots(&held)?;
    let (mut forks, mut unknown) = (0, 0);
    for (before, after) in held.iter().zip(held.iter().skip(1)) {
        let related = runtime.block_on(relate(&roots, client.as_mut(), before, after, lang));
        let (before_name, after_name) = (&before.name, &after.name);
        match &related {
            Related::Fork(_) | Related::Unproved => {
                forks += 1;
                let word = related.word(lang);
                let folder = compare.keep(before, after, forks, &word)?;
                let folder = folder.display();
                let evidence = lang.pick("Bewijs:", "Evidence:");
                say(&format!(
                    "ALARM: {before_name} / {after_name}: {word}. {evidence} {folder}"
                ))?;
            }
            Related::Unknown(why) => {
                unknown += 1;
                let word = related.word(lang);
                let why = why.as_ref().map(|why| format!(" ({why:#})"));
                say(&format!(
                    "? {before_name} / {after_name}: {word}{}",
                    why.unwrap_or_default()
                ))?;
            }
            Related::Follows(_) => {
                say(&format!(
                    "+ {before_name} / {after_name}: {}",
                    related.word(lang)
                ))?;
            }
        }
    }
    verdict(held.len(), forks, unknown, lang)
}

fn verdict(count: usize, forks: usize, unknown: usize, lang: Language) -> anyhow::Result<Found> {
    if forks > 0 {
        say(lang.pick(
            "Deze controlepunten zijn NIET van een en hetzelfde logboek. Vertel het de andere partijen en de auditor.",
            "These checkpoints are NOT of one log. Tell the other parties and the auditor.",
        ))?;
        return Ok(Found::Bad);
    }
    anyhow::ensure!(
        unknown == 0,
        lang.pick(
            "van niet elk paar is te zeggen of het bij hetzelfde logboek hoort: geef --broker, of een bewijsbundel \
             vanaf het begin van het logboek",
            "not of every pair can be told whether it is of one log: give --broker, or an evidence bundle from the \
             beginning of the log",
        )
    );
    say(&match lang {
        Language::Nl => format!(
            "Deze {count} controlepunten zijn van een en hetzelfde logboek. Dat zegt niets over wie hier niet bij is."
        ),
        Language::En => format!(
            "These {count} checkpoints are of one log. That says nothing of whoever's is not among them."
        ),
    })?;
    Ok(Found::Good)
}

fn line(held: &Held, lang: Language) -> String {
    let Checkpoint { size, root, .. } = &held.checkpoint;
    let (name, root) = (&held.name, root.to_hex());
    let root = root.get(..16).unwrap_or(&root);
    match lang {
        Language::Nl => format!("{name}: {size} regels, wortel {root}…"),
        Language::En => format!("{name}: {size} entries, root {root}…"),
    }
}

/// The roots that each file with all entries makes, at the sizes of all checkpoints.
fn roots(held: &[Held]) -> anyhow::Result<Vec<(String, Roots)>> {
    let sizes: Vec<u64> = held.iter().map(|one| one.checkpoint.size).collect();
    let mut all = Vec::new();
    for one in held {
        if let Some(entries) = &one.entries {
            let roots = entries
                .roots(&sizes, &one.checkpoint)
                .with_context(|| one.name.clone())?;
            all.extend(roots.map(|roots| (one.name.clone(), roots)));
        }
    }
    Ok(all)
}

async fn relate(
    roots: &[(String, Roots)],
    client: Option<&mut Client>,
    before: &Held,
    after: &Held,
    lang: Language,
) -> Related {
    let (small, large) = (&before.checkpoint, &after.checkpoint);
    if small.size == large.size {
        return if small.root == large.root {
            Related::Follows(Proof::Same)
        } else {
            Related::Fork(None)
        };
    }
    for (name, roots) in roots {
        match (roots.get(&small.size), roots.get(&large.size)) {
            (Some(first), Some(second)) if *first == small.root && *second == large.root => {
                return Related::Follows(Proof::Entries(name.clone()));
            }
            // The leaves make the one and not the other: they can't both be of that log.
            (Some(first), Some(second)) if *first == small.root || *second == large.root => {
                return Related::Fork(Some(name.clone()));
            }
            _ => {}
        }
    }
    if small.size == 0 {
        return Related::Follows(Proof::Same);
    }
    let Some(client) = client else {
        return Related::Unknown(None);
    };
    let request = GetConsistencyProofRequest {
        from_size: small.size,
        to_size: large.size,
    };
    match client.get_consistency_proof(request).await {
        Err(status) => Related::Unknown(Some(told(&status, lang))),
        Ok(answer) => {
            let proof = answer.into_inner().consistency_proof;
            match verified(small, large.clone(), &proof) {
                Ok(_) => Related::Follows(Proof::Broker),
                Err(_) => Related::Unproved,
            }
        }
    }
}

impl Related {
    fn word(&self, lang: Language) -> String {
        match self {
            Self::Follows(Proof::Same) => lang.pick("hetzelfde", "the same").to_owned(),
            Self::Follows(Proof::Entries(name)) => match lang {
                Language::Nl => format!("het tweede vult het eerste aan (nagerekend uit {name})"),
                Language::En => format!("the second only adds to the first (worked out from {name})"),
            },
            Self::Follows(Proof::Broker) => lang
                .pick(
                    "het tweede vult het eerste aan (bewijs van de makelaar, nagerekend)",
                    "the second only adds to the first (the broker's proof, verified)",
                )
                .to_owned(),
            Self::Fork(shown_by) => {
                let word = lang.pick(
                    "twee geschiedenissen, beide getekend met de sleutel van het logboek",
                    "two histories, both signed by the log's key",
                );
                match (shown_by, lang) {
                    (None, _) => word.to_owned(),
                    (Some(name), Language::Nl) => format!("{word} (nagerekend uit {name}: bewaar die erbij)"),
                    (Some(name), Language::En) => format!("{word} (worked out from {name}: keep that too)"),
                }
            }
            Self::Unproved => lang
                .pick(
                    "de makelaar kan niet bewijzen dat het tweede het eerste alleen aanvult",
                    "the broker can't prove that the second only adds to the first",
                )
                .to_owned(),
            Self::Unknown(_) => lang
                .pick(
                    "verschillend van lengte; of het een op het ander volgt, is zonder makelaar of bundel niet te zeggen",
                    "of different sizes; whether one follows from the other can't be told without the broker or a bundle",
                )
                .to_owned(),
        }
    }
}

impl Compare {
    fn client(&self) -> anyhow::Result<Option<Client>> {
        let online = self.online.broker();
        online
            .map(|(broker, credentials)| client(broker, &credentials))
            .transpose()
    }

    async fn newest(&self, client: &mut Client, lang: Language) -> anyhow::Result<Held> {
        let answer = client.get_checkpoint(GetCheckpointRequest {}).await;
        let note = answer.map_err(|status| told(&status, lang))?.into_inner();
        let note = note.checkpoint.to_vec();
        Held::of(
            lang.pick("makelaar", "broker").to_owned(),
            note,
            &self.log_key,
        )
    }

    fn keep(
        &self,
        before: &Held,
        after: &Held,
        number: usize,
        told: &str,
    ) -> anyhow::Result<PathBuf> {
        let about = format!(
            "{told}\n\nfirst.note   {} ({})\nsecond.note  {} ({})\n",
            before.name, before.checkpoint.size, after.name, after.checkpoint.size
        );
        let notes = [
            ("first.note", before.note.as_slice()),
            ("second.note", after.note.as_slice()),
        ];
        let word = format!("compared-{number}");
        keep_notes(&self.evidence, &word, notes, &about, SystemClock.now())
    }
}
