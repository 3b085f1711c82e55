//! `covenant policy status`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use covenant::decide::Standing;
use covenant::signoff::{
    Envelope, PartyWord, Proposal, SignoffError, Status, VerifiedEvent, VerifiedStatement, moment,
};
use model::clock::{Clock as _, SystemClock};
use model::{Day, PartyId, Timestamp};

use super::send::ToBroker;
use super::{event, pins};
use crate::answer::{Found, Language, say};

/// What `policy status` is told. Exit code 0: in force, if only in part.
#[derive(Debug, Args)]
pub(crate) struct StatusOf {
    /// The covenant, as all parties have it, byte for byte.
    file: PathBuf,
    /// Signatures: files, or folders with `.json` files.
    #[arg(long, num_args = 1..)]
    signatures: Vec<PathBuf>,
    /// Signed events: files, or folders with `.json` files.
    #[arg(long, num_args = 1..)]
    events: Vec<PathBuf>,
    /// The keys that you hold the parties' to be: a configuration, or a file with its
    /// `[pins.<party>]`. Without it the keys are those of the covenant itself, unchecked.
    #[arg(long)]
    pins: Option<PathBuf>,
    /// Asks about another moment: `2026-12-01`, or `2026-12-01T14:00:00Z`.
    #[arg(long)]
    at: Option<String>,
    #[command(flatten)]
    to: ToBroker,
}

/// Runs the command.
pub(super) fn run(arguments: &StatusOf, lang: Language) -> anyhow::Result<Found> {
    let now = SystemClock.now();
    let at = arguments.at.as_deref().map_or(Ok(now), at)?;
    let pinned = arguments.pins.as_deref().map(pins::read).transpose()?;
    let proposal = match event::proposal(&arguments.file, pinned.as_ref(), lang)? {
        Ok(proposal) => proposal,
        Err(why) => {
            let why = why.sentence(lang.into());
            say(&format!(
                "{}: {why}",
                lang.pick("niet van kracht", "not in force")
            ))?;
            return Ok(Found::Bad);
        }
    };
    let paths = files(&[&arguments.signatures, &arguments.events])?;
    let said = Said::read(&paths, &proposal, now, lang);
    let standing = said.standing(&proposal, at);
    let status = Status::of(&proposal, &standing, None, at);
    say(&status.sentence(lang.into()))?;
    say("")?;
    for (party, word) in status.parties() {
        let mut told = word.sentence(lang.into());
        if let PartyWord::Rejected { at } = word
            && standing.signed_on(party) == Some(at.day())
        {
            told.push_str(lang.pick(
                "; op die dag ook getekend, en dan telt de afwijzing: teken een andere dag opnieuw",
                "; signed on that day too, and then the rejection counts: sign again another day",
            ));
        }
        say(&format!("  {:<14} {told}", party.as_str()))?;
    }
    said.tell_events(at, lang)?;
    said.tell_refused(lang)?;
    tell_terms(at, pinned.is_some(), !said.events.is_empty(), lang)?;
    if arguments.to.is_given() {
        say("")?;
        arguments.to.status(proposal.covenant(), lang)?;
    }
    // The last word has the check that a node and a broker make.
    if status.is_in_force()
        && let Err(why) = proposal.activate(&said.counted(at), at)
    {
        say(&format!("\n{}", why.sentence(lang.into())))?;
        return Ok(Found::Bad);
    }
    Ok(Found::good_if(status.is_in_force()))
}

/// What the files say, each once.
#[derive(Default)]
struct Said {
    signatures: BTreeMap<PartyId, Vec<(Envelope, VerifiedStatement)>>,
    events: Vec<(String, VerifiedEvent)>,
    refused: Vec<(String, String)>,
}

impl Said {
    fn read(
        paths: &BTreeSet<PathBuf>,
        proposal: &Proposal,
        now: Timestamp,
        lang: Language,
    ) -> Self {
        let mut said = Self::default();
        for path in paths {
            let name = path.display().to_string();
            if let Err(why) = said.take(path, &name, proposal, now, lang) {
                said.refused.push((name, why));
            }
        }
        said
    }

    fn take(
        &mut self,
        path: &Path,
        name: &str,
        proposal: &Proposal,
        now: Timestamp,
        lang: Language,
    ) -> Result<(), String> {
        let why = |why: SignoffError| why.sentence(lang.into());
        let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
        let envelope = Envelope::parse(&bytes).map_err(why)?;
        match proposal.verify_envelope(&envelope, now) {
            Ok(statement) => {
                let all = self
                    .signatures
                    .entry(statement.party().clone())
                    .or_default();
                all.push((envelope, statement));
            }
            Err(SignoffError::PredicateType) => {
                let event = proposal.verify_event(&envelope, now).map_err(why)?;
                self.events.push((name.to_owned(), event));
            }
            Err(other) => return Err(why(other)),
        }
        Ok(())
    }

    /// Files say nothing of receipts: the signers' own times count.
    fn standing(&self, proposal: &Proposal, at: Timestamp) -> Standing {
        let signatures = self.signatures.values().flatten();
        let events = self.events.iter();
        Standing::fold_until(
            proposal.covenant(),
            signatures.map(|(_, statement)| (statement, None)),
            events.map(|(_, event)| (event, event.event().signed_at)),
            at,
        )
    }

    /// The last signature of each party by then.
    fn counted(&self, at: Timestamp) -> Vec<Envelope> {
        let last = |all: &Vec<(Envelope, VerifiedStatement)>| {
            let then = all
                .iter()
                .filter(|(_, s)| s.statement().signed_on <= at.day());
            let last = then.max_by_key(|(_, s)| s.statement().signed_on);
            last.map(|(envelope, _)| envelope.clone())
        };
        self.signatures.values().filter_map(last).collect()
    }

    fn tell_events(&self, at: Timestamp, lang: Language) -> anyhow::Result<()> {
        let mut events: Vec<&(String, VerifiedEvent)> = self.events.iter().collect();
        events.sort_by_key(|(_, event)| event.event().signed_at);
        if !events.is_empty() {
            say(lang.pick("\nGebeurtenissen:", "\nEvents:"))?;
        }
        for (name, verified) in events {
            let event = verified.event();
            let when = moment(event.signed_at, lang.into());
            let what = event.sentence(lang.into());
            let later = if event.signed_at > at {
                lang.pick(" (nog niet)", " (not yet)")
            } else {
                ""
            };
            let mark: String = verified.id().to_hex().chars().take(8).collect();
            say(&format!("  {when}  {what}{later}  [{mark}, {name}]"))?;
        }
        Ok(())
    }

    fn tell_refused(&self, lang: Language) -> anyhow::Result<()> {
        if !self.refused.is_empty() {
            say(lang.pick("\nNiet meegeteld:", "\nNot counted:"))?;
        }
        for (name, why) in &self.refused {
            say(&format!("  {name}: {why}"))?;
        }
        Ok(())
    }
}

/// Of which moment this is, and what it rests on.
fn tell_terms(at: Timestamp, pinned: bool, events: bool, lang: Language) -> anyhow::Result<()> {
    let when = moment(at, lang.into());
    let mut told = match lang {
        Language::Nl => format!("\nOp {when}."),
        Language::En => format!("\nAt {when}."),
    };
    told.push_str(if pinned {
        lang.pick(
            " De sleutels zijn vergeleken met die van --pins.",
            " The keys were compared with those of --pins.",
        )
    } else {
        lang.pick(
            "\nLet op: de sleutels komen uit het convenant zelf en zijn nergens mee vergeleken. \
             Geef uw eigen sleutels met --pins.",
            "\nMind: the keys are those of the covenant itself and were compared with nothing. \
             Give your own with --pins.",
        )
    });
    if events {
        told.push_str(lang.pick(
            "\nDe tijden zijn die van de ondertekenaars. Wanneer iets is ontvangen, staat in het \
             logboek van de makelaar.",
            "\nThe times are the signers' own. When something was received is in the broker's log.",
        ));
    }
    say(&told)
}

/// Every file that was named, and every `.json` file of the folders, each once.
fn files(named: &[&[PathBuf]]) -> anyhow::Result<BTreeSet<PathBuf>> {
    let mut all = BTreeSet::new();
    for path in named.iter().copied().flatten() {
        let name = path.display();
        if !path.is_dir() {
            anyhow::ensure!(path.exists(), "{name} is not there");
            all.insert(path.clone());
            continue;
        }
        for entry in std::fs::read_dir(path).with_context(|| format!("read {name}"))? {
            let path = entry.with_context(|| format!("read {name}"))?.path();
            if path.extension().is_some_and(|end| end == "json") && path.is_file() {
                all.insert(path);
            }
        }
    }
    Ok(all)
}

fn at(text: &str) -> anyhow::Result<Timestamp> {
    Timestamp::from_rfc3339(text)
        .or_else(|| Day::parse(text).map(Day::start))
        .context("--at is a day such as 2026-12-01, or a moment such as 2026-12-01T14:00:00Z")
}
