//! `covenant link`: which rows of two files are about the same subject, as the product itself finds
//! out: normalised and hashed at two nodes, matched at a broker, told by notices, over real gRPC.

mod figures;
mod rows;
mod through;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use covenant::{Checking, Covenant};
use model::PartyId;
use serde::Serialize;

use self::figures::{Figures, Pairs};
use self::rows::Rows;
use crate::answer::{Found, Language, say, say_json};
use crate::connection::runtime;
use crate::import::Input;
use crate::policy;
use crate::trial::Trial;

/// Matches two files, or one with itself, through two nodes and a broker of its own.
#[derive(Debug, Args)]
pub(crate) struct Link {
    /// The first party's file.
    #[arg(long)]
    left: PathBuf,
    /// The second party's file; left out, the first one again, and no row is paired with itself.
    #[arg(long)]
    right: Option<PathBuf>,
    /// Which column becomes which field (TOML).
    #[arg(long)]
    map: PathBuf,
    /// The covenant, also as a model text: keys and dates are replaced by throw-away ones. It has
    /// two parties, and tells both of a match.
    #[arg(long)]
    covenant: PathBuf,
    /// A column of the files, or one that the map derives: where it is equal, two rows are the same
    /// subject.
    #[arg(long)]
    truth: Option<String>,
    /// Prints the figures as one JSON object, and no pairs.
    #[arg(long)]
    json: bool,
}

/// What `--json` prints. The figures of precision and recall are there with `--truth`, and null
/// where there is nothing to take a share of.
#[derive(Debug, Serialize)]
struct Summary {
    pairs: usize,
    pairs_two: usize,
    precision: Option<f64>,
    recall: Option<f64>,
    precision_two: Option<f64>,
    recall_two: Option<f64>,
    seconds: f64,
}

/// Runs the command.
pub(crate) fn run(link: &Link, lang: Language) -> anyhow::Result<Found> {
    let text = std::fs::read_to_string(&link.covenant)
        .with_context(|| format!("read {}", link.covenant.display()))?;
    let covenant = policy::read(&link.covenant, Checking::Template, lang)?;
    let [left_party, right_party] = two_parties(&covenant)?;
    let left_input = Input::open(&link.left, &link.map)?;
    let right_input = link
        .right
        .as_ref()
        .map(|file| Input::open(file, &link.map))
        .transpose()?;
    let with_itself = right_input.is_none();
    let right_input = right_input.as_ref().unwrap_or(&left_input);
    let truth = link.truth.as_deref();
    let deriver = rows::deriver(&covenant)?;
    let left = Rows::read(&left_input, &covenant, &deriver, &left_party, truth, lang)?;
    let right = Rows::read(right_input, &covenant, &deriver, &right_party, truth, lang)?;
    left.remark(&link.left, lang);
    if !with_itself {
        right.remark(link.right.as_ref().unwrap_or(&link.left), lang);
    }
    let (pairs, seconds) = runtime()?.block_on(async {
        let trial = Trial::start(text).await?;
        let found = through::pairs(&trial, &covenant, &left, &right, lang).await;
        trial.stop().await?;
        found
    })?;
    let pairs = Pairs::of(pairs, with_itself);
    let figures = truth.map(|_| Figures::of(&pairs, &left, &right, with_itself));
    if link.json {
        return summarise(&pairs, figures.as_ref(), seconds);
    }
    for (left_row, right_row, keys) in pairs.rows() {
        let (left_line, right_line) = (left.line(left_row), right.line(right_row));
        let word = lang.pick("sleutels", "keys");
        say(&format!("{left_line} {right_line}   {keys} {word}"))?;
    }
    tell(&pairs, figures.as_ref(), seconds, lang)?;
    Ok(Found::Good)
}

fn two_parties(covenant: &Covenant) -> anyhow::Result<[PartyId; 2]> {
    let parties: Vec<PartyId> = covenant.parties().keys().cloned().collect();
    <[PartyId; 2]>::try_from(parties)
        .ok()
        .context("--covenant: a covenant for link has exactly two parties")
}

fn summarise(pairs: &Pairs, figures: Option<&Figures>, seconds: f64) -> anyhow::Result<Found> {
    say_json(&Summary {
        pairs: pairs.count(1),
        pairs_two: pairs.count(2),
        precision: figures.and_then(|figures| figures.any.precision()),
        recall: figures.and_then(|figures| figures.any.recall()),
        precision_two: figures.and_then(|figures| figures.two.precision()),
        recall_two: figures.and_then(|figures| figures.two.recall()),
        seconds,
    })?;
    Ok(Found::Good)
}

fn tell(
    pairs: &Pairs,
    figures: Option<&Figures>,
    seconds: f64,
    lang: Language,
) -> anyhow::Result<()> {
    let any = lang.pick("één sleutel gelijk", "any key agrees");
    let two = lang.pick("twee sleutels gelijk", "two keys agree");
    let word = lang.pick("paren", "pairs");
    match figures {
        None => {
            say(&format!("{any}: {} {word}", pairs.count(1)))?;
            say(&format!("{two}: {} {word}", pairs.count(2)))?;
        }
        Some(figures) => {
            for (name, counts) in [(any, &figures.any), (two, &figures.two)] {
                let (precision, recall) = (figure(counts.precision()), figure(counts.recall()));
                let found = counts.found;
                say(&match lang {
                    Language::Nl => format!(
                        "{name:<21} {word} {found}, precisie {precision}, volledigheid {recall}"
                    ),
                    Language::En => {
                        format!("{name:<21} {word} {found}, precision {precision}, recall {recall}")
                    }
                })?;
            }
        }
    }
    say(&match lang {
        Language::Nl => format!("{seconds:.1} seconden door twee knooppunten en een makelaar"),
        Language::En => format!("{seconds:.1} seconds through two nodes and a broker"),
    })
}

/// A share, or a dash where there is nothing to take a share of.
fn figure(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{share:.4}"))
}
