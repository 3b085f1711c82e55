//! `covenant import`: the rows of a CSV file become signals at the party's own node.
//!
//! A dry run reads, maps and checks, and opens no connection. The same row sent twice makes no
//! signal twice, also in another file: ids follow from what the row says.

mod before;
mod date;
mod finding;
mod ids;
mod map;
mod pattern;
mod report;
mod row;
mod rules;
mod send;
mod spelling;
mod subject;
mod table;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

pub(crate) use date::date_parts;
pub(crate) use ids::Ids;
pub(crate) use map::{ColumnSource, DateForm, Kind, Map, Source};
pub(crate) use pattern::Patterns;
pub(crate) use row::{ReadRow, read};
pub(crate) use send::{Item, Outcome, send};
pub(crate) use spelling::{fields, nearest};
pub(crate) use subject::message;
pub(crate) use table::Table;

use self::before::Before;
use self::report::{Remark, Report};
use self::rules::Rules;
use crate::answer::{Format, Found, Language};
use crate::connection::{Credentials, runtime};
use crate::progress::Progress;

/// Sends the rows of a CSV file to the party's node as signals.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file: `;`, `,` or a tab between cells, UTF-8 or Windows-1252, names in the first row.
    file: PathBuf,
    /// Which column becomes which field (TOML); see `examples/import/map.toml`.
    #[arg(long)]
    map: PathBuf,
    /// Only reads, maps and checks: nothing is sent.
    #[arg(long)]
    dry_run: bool,
    /// In a dry run: the covenant whose rules are checked too (its purposes, categories, terms).
    #[arg(long, requires_all = ["dry_run", "party"])]
    covenant: Option<PathBuf>,
    /// In a dry run: the party that would share.
    #[arg(long, requires = "covenant")]
    party: Option<String>,
    /// The party's own node, `host:port`.
    #[arg(long, required_unless_present = "dry_run", requires_all = ["ca", "cert", "key"])]
    node: Option<String>,
    /// PEM file with the authority of the node's certificate; may be given more than once.
    #[arg(long)]
    ca: Vec<PathBuf>,
    /// PEM chain of your own client certificate.
    #[arg(long)]
    cert: Option<PathBuf>,
    /// PEM private key of it.
    #[arg(long)]
    key: Option<PathBuf>,
    /// The key file that ids are made with, where it is another than --key: after you renewed
    /// --key, name the old one here, else rows that the node has come in a second time.
    #[arg(long)]
    id_key: Option<PathBuf>,
    /// The name in the node's certificate, where it is another than the host's.
    #[arg(long)]
    server_name: Option<String>,
    /// For people or for programs.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// A file with its map, read.
#[derive(Debug)]
pub(crate) struct Input {
    /// The map.
    pub(crate) map: Map,
    /// Its regular expressions.
    pub(crate) patterns: Patterns,
    /// The rows.
    pub(crate) table: Table,
}

impl Input {
    /// Reads a file and its map, which must fit together.
    pub(crate) fn open(file: &Path, name: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(name).with_context(|| format!("read {}", name.display()))?;
        let map = Map::parse(&text).with_context(|| format!("the map {}", name.display()))?;
        let patterns = Patterns::of(&map).with_context(|| format!("the map {}", name.display()))?;
        let table = Table::read(file, &map.file)?;
        table.must_have(map.sources().into_iter().map(|(_, source)| source))?;
        Ok(Self {
            map,
            patterns,
            table,
        })
    }
}

/// Runs the command.
pub(crate) fn run(import: &Import, lang: Language) -> anyhow::Result<Found> {
    let input = Input::open(&import.file, &import.map)?;
    let rules = match (&import.covenant, &import.party) {
        (Some(covenant), Some(party)) => Some(Rules::read(covenant, party, lang)?),
        _ => None,
    };
    // In a dry run no id is shown or kept.
    let ids = match import.id_key.as_ref().or(import.key.as_ref()) {
        Some(key) if !import.dry_run => Ids::of_key_file(key)?,
        _ => Ids::throw_away()?,
    };
    let (mut report, items) = prepare(&input, ids, rules.as_ref(), lang);
    if import.dry_run {
        report.accepted = items.len();
        report.covenant_checked = rules.is_some();
    } else {
        let credentials = Credentials {
            ca: import.ca.clone(),
            cert: import.cert.clone().context("--cert")?,
            key: import.key.clone().context("--key")?,
            server_name: import.server_name.clone(),
        };
        let node = import.node.as_deref().context("--node")?;
        let what = lang.pick("versturen", "sending");
        let (before, outcomes) = runtime()?.block_on(async {
            let channel = credentials.connect(node)?;
            let before = Before::of(channel.clone()).await;
            let mut progress = Progress::of(report.rows, what);
            let outcomes = send(channel, items, lang, &mut progress).await?;
            anyhow::Ok((before, outcomes))
        })?;
        report.sent = true;
        report.covenant_checked = true;
        report.known = before.is_told().then_some(0);
        for outcome in outcomes {
            take(&mut report, &input.map, &before, outcome);
        }
    }
    report.tell(import.format, lang)?;
    Ok(Found::good_if(report.refused_rows == 0))
}

/// Reads every row; those that are well become items to send.
fn prepare(
    input: &Input,
    mut ids: Ids,
    rules: Option<&Rules>,
    lang: Language,
) -> (Report, Vec<Item>) {
    let Input {
        map,
        patterns,
        table,
    } = input;
    let mut report = Report {
        rows: table.rows().len(),
        empty_rows: table.empty(),
        ..Report::default()
    };
    let mut items = Vec::new();
    let mut progress = Progress::of(report.rows, lang.pick("nakijken", "checking"));
    for row in table.rows() {
        progress.at(row.place);
        let mut one = read(map, patterns, &row, &mut ids);
        if let Some(rules) = rules.filter(|_| one.refused.is_empty()) {
            one.refused = rules.judge(&one);
        }
        let ReadRow {
            signal,
            refused,
            left_out,
            ..
        } = one;
        let remark = |finding: finding::Finding| {
            Remark::new(row.line(), map.column_of(&finding.path), finding)
        };
        if refused.is_empty() {
            report.left_out.extend(left_out.into_iter().map(remark));
            items.push(Item::new(&row, signal));
        } else {
            report.refused_rows += 1;
            report.refused.extend(refused.into_iter().map(remark));
        }
    }
    progress.finish();
    (report, items)
}

fn take(report: &mut Report, map: &Map, before: &Before, outcome: Outcome) {
    match outcome {
        Outcome::Accepted { comparisons, at } => {
            report.accepted += 1;
            if let Some(known) = report.known.as_mut() {
                *known += usize::from(before.had(at.as_ref()));
            }
            report.never_match += usize::from(comparisons == 0);
        }
        Outcome::Refused { line, findings } => {
            report.refused_rows += 1;
            for finding in findings {
                let column = map.column_of(&finding.path);
                report.refused.push(Remark::new(line, column, finding));
            }
        }
    }
}
