//! `covenant audit query`: entries of the log by who, what, when and why.

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use comfy_table::Table;
use model::{Day, Timestamp};
use wire::audit_v1::{Decision, EntryClass, EntryFilter, ListEntriesRequest};

use super::entries::Shown;
use super::export::client;
use crate::answer::{Found, Language, say, say_json};
use crate::connection::{Credentials, runtime, told};

/// What `audit query` is told. Filters that are given must all hold.
#[derive(Debug, Args)]
pub(crate) struct Query {
    /// The broker, `host:port`.
    #[arg(long)]
    broker: String,
    #[command(flatten)]
    credentials: Credentials,
    #[command(flatten)]
    filter: Filter,
    /// At most so many entries.
    #[arg(long, default_value_t = 1000)]
    limit: usize,
    /// A table for people, or JSON or CSV for programs.
    #[arg(long, value_enum, default_value = "table")]
    format: Shape,
}

/// Which entries.
#[derive(Debug, Clone, Args)]
struct Filter {
    /// Under this covenant (id).
    #[arg(long, default_value = "")]
    covenant: String,
    /// On this day or at this instant, or later: `2026-11-23`, `2026-11-23T20:15:00Z`.
    #[arg(long, value_parser = instant)]
    from: Option<Timestamp>,
    /// Before this day or instant.
    #[arg(long, value_parser = instant)]
    until: Option<Timestamp>,
    /// With this party as recipient or as source.
    #[arg(long, default_value = "")]
    party: String,
    /// With this party as recipient.
    #[arg(long, default_value = "")]
    recipient: String,
    /// With this party as source.
    #[arg(long, default_value = "")]
    source: String,
    /// For this purpose.
    #[arg(long, default_value = "")]
    purpose: String,
    /// By this clause.
    #[arg(long, default_value = "")]
    clause: String,
    /// Of this class.
    #[arg(long, value_enum)]
    class: Option<Class>,
    /// Of this kind, a code of `docs/disclosure-log.md`.
    #[arg(long, default_value = "")]
    kind: String,
    /// With this decision.
    #[arg(long, value_enum)]
    decision: Option<Decided>,
    /// With this legal ground in either direction, for example `AVG 6.1.e`.
    #[arg(long, default_value = "")]
    basis: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Class {
    /// Something was revealed, withheld or refused.
    Decision,
    /// Something happened to a covenant.
    Covenant,
    /// A right of a data subject was used.
    Rights,
    /// Keys, nodes, limits, retention.
    Operation,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Decided {
    /// Something was revealed.
    Revealed,
    /// Nothing was revealed, because of the subject.
    Withheld,
    /// The question was refused, because of the asker.
    Refused,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// A table.
    Table,
    /// A JSON array, with each outcome as it was logged.
    Json,
    /// Comma-separated values.
    Csv,
}

/// Runs the command.
pub(crate) fn run(query: &Query, lang: Language) -> anyhow::Result<Found> {
    let (entries, more) = runtime()?.block_on(list(query, lang))?;
    if more && query.format != Shape::Table {
        // Who counts in a file must not take a part for the whole.
        complainln!("{}", there_are_more(entries.len(), lang));
    }
    match query.format {
        Shape::Json => say_json(&entries)?,
        Shape::Csv => say(csv(&entries)?.trim_end())?,
        Shape::Table => {
            say(&table(&entries, lang))?;
            let count = entries.len();
            say(&match (lang, more) {
                (_, true) => there_are_more(count, lang),
                (Language::Nl, false) => format!("{count} regels"),
                (Language::En, false) => format!("{count} entries"),
            })?;
        }
    }
    Ok(Found::Good)
}

fn there_are_more(count: usize, lang: Language) -> String {
    match lang {
        Language::Nl => format!("{count} regels; er zijn er meer (--limit)"),
        Language::En => format!("{count} entries; there are more (--limit)"),
    }
}

/// The entries page by page, and whether there are more than asked for.
async fn list(query: &Query, lang: Language) -> anyhow::Result<(Vec<Shown>, bool)> {
    let mut client = client(&query.broker, &query.credentials)?;
    let mut entries = Vec::new();
    let mut page_token = String::new();
    loop {
        let wanted = query.limit.saturating_sub(entries.len());
        let request = ListEntriesRequest {
            filter: Some(query.filter.to_wire()),
            page_size: i32::try_from(wanted.min(1000)).unwrap_or(1000),
            page_token,
        };
        let page = client
            .list_entries(request)
            .await
            .map_err(|status| told(&status, lang))?
            .into_inner();
        for entry in &page.entries {
            entries.push(Shown::read(entry)?);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok((entries, false));
        }
        if entries.len() >= query.limit {
            return Ok((entries, true));
        }
    }
}

impl Filter {
    fn to_wire(&self) -> EntryFilter {
        let filter = self.clone();
        let instant = |at: Timestamp| prost_types::Timestamp {
            seconds: at.as_millis().div_euclid(1000),
            nanos: i32::try_from(at.as_millis().rem_euclid(1000) * 1_000_000).unwrap_or(0),
        };
        EntryFilter {
            covenant: filter.covenant,
            from: filter.from.map(instant),
            until: filter.until.map(instant),
            party: filter.party,
            recipient: filter.recipient,
            source: filter.source,
            purpose: filter.purpose,
            clause: filter.clause,
            class: match filter.class {
                None => EntryClass::Unspecified,
                Some(Class::Decision) => EntryClass::Decision,
                Some(Class::Covenant) => EntryClass::Covenant,
                Some(Class::Rights) => EntryClass::Rights,
                Some(Class::Operation) => EntryClass::Operation,
            }
            .into(),
            kind: filter.kind,
            decision: match filter.decision {
                None => Decision::Unspecified,
                Some(Decided::Revealed) => Decision::Revealed,
                Some(Decided::Withheld) => Decision::Withheld,
                Some(Decided::Refused) => Decision::Refused,
            }
            .into(),
            basis: filter.basis,
        }
    }
}

fn instant(text: &str) -> Result<Timestamp, String> {
    Day::parse(text)
        .map(Day::start)
        .or_else(|| Timestamp::from_rfc3339(text))
        .ok_or_else(|| "write 2026-11-23 or 2026-11-23T20:15:00Z".to_owned())
}

fn table(entries: &[Shown], lang: Language) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    table.set_header([
        "#",
        lang.pick("tijd", "time"),
        lang.pick("wat", "what"),
        lang.pick("aan", "to"),
        lang.pick("van", "from"),
        lang.pick("doel", "purpose"),
        lang.pick("regel", "clause"),
        lang.pick("besluit", "decision"),
        lang.pick("reden", "reason"),
    ]);
    for entry in entries {
        let what = if entry.kind.is_empty() {
            &entry.class
        } else {
            &entry.kind
        };
        let (index, at, what) = (entry.index.to_string(), entry.at.as_str(), what.as_str());
        let (to, from) = (entry.recipient.as_str(), entry.source.as_str());
        let decision = match (entry.decision.as_str(), lang) {
            ("revealed", Language::Nl) => "gegeven",
            ("withheld", Language::Nl) => "niet gegeven",
            ("refused", Language::Nl) => "geweigerd",
            (decision, _) => decision,
        };
        table.add_row([
            index.as_str(),
            at,
            what,
            to,
            from,
            &entry.purpose,
            &entry.clause,
            decision,
            &entry.reasons,
        ]);
    }
    table.to_string()
}

fn csv(entries: &[Shown]) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(Shown::COLUMNS)?;
    for entry in entries {
        writer.write_record(entry.cells())?;
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    String::from_utf8(bytes).context("text")
}
