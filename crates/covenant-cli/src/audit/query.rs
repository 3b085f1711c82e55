//! `covenant audit query`: entries of the log by who, what, when and why.

mod proved;
mod table;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ledger::LogVerifier;
use model::{Day, Timestamp};
use wire::audit_v1::{
    Decision, EntryClass, EntryFilter, GetConsistencyProofRequest, ListEntriesRequest,
};

use self::proved::Proved;
use super::entries::Shown;
use super::export::client;
use super::subject;
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
    /// The log's public key, from somebody whom you trust: what is shown must stand in what it
    /// signed.
    #[arg(long, value_parser = LogVerifier::parse)]
    vkey: Option<LogVerifier>,
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
    /// About a data subject: a file that `desk pseudonyms` saved. For auditors alone.
    #[arg(long, value_name = "FILE")]
    subject: Option<PathBuf>,
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
    let (entries, more, proved) = runtime()?.block_on(list(query, lang))?;
    if query.format != Shape::Table {
        // Standard output holds the entries alone.
        complainln!("{}", proved.text(lang));
        if more {
            // Who counts in a file must not take a part for the whole.
            complainln!("{}", there_are_more(entries.len(), lang));
        }
    }
    match query.format {
        Shape::Json => say_json(&entries)?,
        Shape::Csv => table::csv(std::io::stdout().lock(), &entries)?,
        Shape::Table => {
            say(&table::table(&entries, lang))?;
            let count = entries.len();
            say(&match (lang, more) {
                (_, true) => there_are_more(count, lang),
                (Language::Nl, false) => format!("{count} regels"),
                (Language::En, false) => format!("{count} entries"),
            })?;
            say(&proved.text(lang))?;
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

/// The entries page by page, whether there are more than asked for, and what proves them.
async fn list(query: &Query, lang: Language) -> anyhow::Result<(Vec<Shown>, bool, Proved)> {
    let filter = query.filter.to_wire(lang)?;
    let mut client = client(&query.broker, &query.credentials)?;
    let mut entries = Vec::new();
    let mut proved = Proved::by(query.vkey.clone());
    let mut page_token = String::new();
    loop {
        let wanted = query.limit.saturating_sub(entries.len());
        let request = ListEntriesRequest {
            filter: Some(filter.clone()),
            page_size: i32::try_from(wanted.min(1000)).unwrap_or(1000),
            page_token,
            with_proofs: true,
        };
        let page = client
            .list_entries(request)
            .await
            .map_err(|status| told(&status, lang))?
            .into_inner();
        if let Some((from_size, to_size)) = proved.page(&page)? {
            let request = GetConsistencyProofRequest { from_size, to_size };
            let answer = client.get_consistency_proof(request).await;
            let answer = answer.map_err(|status| told(&status, lang))?;
            proved.grown(&answer.into_inner().consistency_proof)?;
        }
        for entry in &page.entries {
            entries.push(Shown::read(entry)?);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok((entries, false, proved));
        }
        if entries.len() >= query.limit {
            return Ok((entries, true, proved));
        }
    }
}

impl Filter {
    fn to_wire(&self, lang: Language) -> anyhow::Result<EntryFilter> {
        let filter = self.clone();
        let subject = match &filter.subject {
            Some(file) => subject::read(file, lang)?,
            None => Vec::new(),
        };
        let instant = |at: Timestamp| prost_types::Timestamp {
            seconds: at.as_millis().div_euclid(1000),
            nanos: i32::try_from(at.as_millis().rem_euclid(1000) * 1_000_000).unwrap_or(0),
        };
        Ok(EntryFilter {
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
            subject,
        })
    }
}

fn instant(text: &str) -> Result<Timestamp, String> {
    Day::parse(text)
        .map(Day::start)
        .or_else(|| Timestamp::from_rfc3339(text))
        .ok_or_else(|| "write 2026-11-23 or 2026-11-23T20:15:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use wire::audit_v1::SubjectPseudonym;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        filter: Filter,
    }

    #[test]
    fn a_subject_s_file_becomes_part_of_the_question() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("subject.json");
        let about = vec![SubjectPseudonym {
            epoch: 2,
            match_key: "adres/postcode+huisnummer".to_owned(),
            value: vec![7; 32].into(),
        }];
        std::fs::write(&file, subject::write(&about).unwrap()).unwrap();
        let file = file.display().to_string();
        let line = Line::parse_from(["", "--subject", &file, "--covenant", "proef"]);
        let asked = line.filter.to_wire(Language::En).unwrap();
        assert!(asked.subject == about);
        assert_eq!(asked.covenant, "proef");
        let line = Line::parse_from(["", "--covenant", "proef"]);
        assert!(
            line.filter
                .to_wire(Language::En)
                .unwrap()
                .subject
                .is_empty()
        );
        let line = Line::parse_from(["", "--subject", "nowhere.json"]);
        assert!(line.filter.to_wire(Language::En).is_err());
    }
}
