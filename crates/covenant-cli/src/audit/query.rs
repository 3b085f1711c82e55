//! `covenant audit query`: entries of the log by who, what, when and why.

mod complete;
mod listing;
mod proved;
mod table;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ledger::LogVerifier;
use model::clock::{Clock as _, SystemClock};
use model::{Day, Timestamp};
use serde::Serialize;
use wire::audit_v1::{Decision, Entry, EntryClass, EntryFilter};

use self::complete::{Complete, Gap, Roles, Verdict, versions};
use self::listing::list;
use self::proved::{Lie, Proved};
use super::entries::Shown;
use super::export::client;
use super::gather::fetched;
use super::judge::{Alarm, lay};
use super::memory::{Memory, keep_evidence};
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
    /// Where the last checkpoint and numbers are kept, so that the next query, watch or export with
    /// this file finds out when the log is another or a shorter one; made at the first query.
    #[arg(long, requires = "vkey")]
    memory: Option<PathBuf>,
    /// The folder in which both checkpoints are kept when they contradict each other.
    #[arg(long, default_value = "evidence")]
    evidence: PathBuf,
    /// A table for people, or JSON or CSV for programs.
    #[arg(long, value_enum, default_value = "table")]
    format: Shape,
}

/// Which entries.
#[derive(Debug, Clone, Default, Args)]
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
    /// A JSON object: the entries, each with its outcome as it was logged, and what was proved.
    Json,
    /// Comma-separated values.
    Csv,
}

/// What a query found.
struct Answer {
    entries: Vec<Entry>,
    more: bool,
    proved: Proved,
}

/// What a query says.
enum Told {
    /// The answer, and whether anything is missing from it.
    Answer(Box<(Answer, Complete)>),
    /// The broker lies; nothing it said is shown.
    Lie(Lie),
    /// The log is not the one that was seen before.
    Alarm(Alarm, PathBuf),
}

/// The answer for programs.
#[derive(Serialize)]
struct Document<'a> {
    entries: &'a [Shown],
    /// Whether there are more than were asked for.
    more: bool,
    log_size: u64,
    /// Whether the log's key is known to have signed that.
    signed: bool,
    /// What the numbers say of entries that are missing.
    omissions: Verdict,
    missing: Vec<Gap>,
}

/// Runs the command.
pub(crate) fn run(query: &Query, lang: Language) -> anyhow::Result<Found> {
    let (answer, complete) = match runtime()?.block_on(ask(query, lang))? {
        Told::Answer(told) => *told,
        Told::Lie(lie) => {
            complainln!("ALARM: {}", lie.text(lang));
            return Ok(Found::Bad);
        }
        Told::Alarm(alarm, folder) => {
            let (told, folder) = (alarm.text(lang), folder.display());
            let word = lang.pick("Bewijs:", "Evidence:");
            complainln!("ALARM: {told}. {word} {folder}");
            return Ok(Found::Bad);
        }
    };
    let shown: Vec<Shown> = answer
        .entries
        .iter()
        .map(Shown::read)
        .collect::<Result<_, _>>()?;
    let (count, more) = (shown.len(), answer.more);
    if query.format != Shape::Table {
        // Standard output holds the entries alone.
        complainln!("{}", answer.proved.text(lang));
        complainln!("{}", complete.text(lang));
        if more {
            // Who counts in a file must not take a part for the whole.
            complainln!("{}", there_are_more(count, lang));
        }
    }
    match query.format {
        Shape::Json => {
            let (log_size, signed) = answer.proved.log();
            say_json(&Document {
                entries: &shown,
                more,
                log_size,
                signed,
                omissions: complete.verdict,
                missing: complete.gaps(),
            })?;
        }
        Shape::Csv => table::csv(std::io::stdout().lock(), &shown)?,
        Shape::Table => {
            say(&table::table(&shown, lang))?;
            say(&match (lang, more) {
                (_, true) => there_are_more(count, lang),
                (Language::Nl, false) => format!("{count} regels"),
                (Language::En, false) => format!("{count} entries"),
            })?;
            say(&answer.proved.text(lang))?;
            say(&complete.text(lang))?;
        }
    }
    let good = matches!(complete.verdict, Verdict::Gapless | Verdict::Unseen);
    Ok(Found::good_if(good))
}

/// Asks, proves, lays the log beside what was seen before, and looks for what is missing.
async fn ask(query: &Query, lang: Language) -> anyhow::Result<Told> {
    let now = SystemClock.now();
    let mut memory = match (&query.memory, &query.vkey) {
        (Some(path), Some(key)) => Some(Memory::load(path, key, now)?),
        _ => None,
    };
    let answer = match list(query, &query.filter, query.limit, lang).await {
        Ok(answer) => answer,
        Err(error) => return error.downcast().map(Told::Lie),
    };
    let mut followed = None;
    if let (Some(memory), Some(key)) = (&memory, &query.vkey) {
        let mut client = client(&query.broker, &query.credentials)?;
        let note = answer.proved.note();
        let laid = lay(&mut client, key, memory.checkpoint(), note).await;
        match laid.map_err(|status| told(&status, lang))? {
            Ok(checkpoint) => followed = Some(checkpoint),
            Err(alarm) => {
                let folder = keep_evidence(&query.evidence, alarm, memory.note(), note, now)?;
                return Ok(Told::Alarm(alarm, folder));
            }
        }
    }
    let complete = match missing(query, &answer, memory.as_ref(), lang).await {
        Ok(complete) => complete,
        Err(error) => return error.downcast().map(Told::Lie),
    };
    if let (Some(memory), Some(checkpoint)) = (&mut memory, followed) {
        memory.showed(&complete.selection);
        memory.keep(checkpoint, answer.proved.note(), None, now)?;
    }
    Ok(Told::Answer(Box::new((answer, complete))))
}

/// What is missing from an answer.
async fn missing(
    query: &Query,
    answer: &Answer,
    memory: Option<&Memory>,
    lang: Language,
) -> anyhow::Result<Complete> {
    let wanted = versions(&answer.entries, memory);
    // What the broker does not give is not known, and said.
    let given = fetched(&query.broker, &query.credentials, &wanted, lang).await;
    let roles = Roles::of(&given.unwrap_or_default());
    let own = query.credentials.oin()?;
    let (filter, entries) = (&query.filter, &answer.entries);
    let who = (&roles, &own);
    let complete = Complete::judge(filter, entries, answer.more, who, memory);
    if filter.purpose.is_empty() || complete.verdict != Verdict::Missing {
        return Ok(complete);
    }
    // An entry whose detail was erased is not found by its purpose any more, but is still listed.
    let whole = Filter {
        purpose: String::new(),
        ..filter.clone()
    };
    let everything = list(query, &whole, usize::MAX, lang).await?;
    Ok(complete.but_erased(&everything.entries))
}

fn there_are_more(count: usize, lang: Language) -> String {
    match lang {
        Language::Nl => format!("{count} regels; er zijn er meer (--limit)"),
        Language::En => format!("{count} entries; there are more (--limit)"),
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
