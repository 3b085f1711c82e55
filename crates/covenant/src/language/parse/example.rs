//! `[[voorbeeld]]`, and what a case beside a covenant has in common with it.

use crate::language::ast::{Example, ExampleFacts, Outcome, Question};
use crate::language::parse::Names;
use crate::language::reader::{Item, Table};
use crate::language::suggest;
use crate::language::words::Reason;
use crate::lint::text;

/// Facts may be any number, zero included.
pub(crate) const MOST: u32 = 1_000_000;

/// The keys of `vraag`.
pub(crate) const QUESTION: [&str; 5] = ["rol", "doel", "van", "over", "toont"];

/// The keys of `feiten`: the facts that can be told of a question.
pub const FACTS: [&str; 14] = [
    "treffers",
    "partijen",
    "binnen",
    "dossier",
    "motivering",
    "beoordeling",
    "goedkeuringen",
    "inlogniveau",
    "minderjarige",
    "afgeschermd-adres",
    "gebied",
    "per_medewerker_per_dag",
    "per_partij_per_dag",
    "per_betrokkene_per_maand",
];

pub(super) fn example(table: Table<'_, '_>, names: &Names<'_>) -> Option<Example> {
    let found = read(&table, names);
    table.finish();
    found
}

/// Reads an example; the caller asks for what else may stand there, and finishes the table.
pub(crate) fn read(table: &Table<'_, '_>, names: &Names<'_>) -> Option<Example> {
    let name = table.need("naam").and_then(|i| i.owned());
    let question = table.need("vraag").and_then(|i| question(&i, names));
    let facts = table
        .get("feiten")
        .map_or(Some(ExampleFacts::default()), |i| i.table().map(facts));
    let outcome = table.need("uitkomst").and_then(|i| outcome(&i, names));
    Some(Example {
        name: name?,
        question: question?,
        facts: facts?,
        outcome: outcome?,
    })
}

fn question(item: &Item<'_, '_>, names: &Names<'_>) -> Option<Question> {
    let table = item.table()?;
    let role = table.need("rol").and_then(|i| names.role(&i));
    let purpose = table.need("doel").and_then(|i| names.purpose(&i));
    let from = table.need("van").and_then(|i| names.party(&i));
    let about = table.need("over").and_then(|i| names.signal(&i));
    let shows = table.need("toont").and_then(|i| i.word());
    table.finish();
    Some(Question {
        role: role?,
        purpose: purpose?,
        from: from?,
        about: about?,
        shows: shows?,
    })
}

fn facts(table: Table<'_, '_>) -> ExampleFacts {
    let number = |key| table.get(key).and_then(|i: Item<'_, '_>| i.number(0, MOST));
    let fact = |key| table.get(key).and_then(|i: Item<'_, '_>| i.fact());
    let found = ExampleFacts {
        hits: number("treffers"),
        parties: number("partijen"),
        age: table.get("binnen").and_then(|i| i.span()),
        file_number: fact("dossier"),
        motivation: fact("motivering"),
        review: table.get("beoordeling").and_then(|i| i.word()),
        approvals: number("goedkeuringen"),
        login_level: table.get("inlogniveau").and_then(|i| i.word()),
        minor: fact("minderjarige"),
        shielded_address: fact("afgeschermd-adres"),
        in_area: fact("gebied"),
        per_employee: number("per_medewerker_per_dag"),
        per_party: number("per_partij_per_dag"),
        per_subject: number("per_betrokkene_per_maand"),
    };
    table.finish();
    found
}

/// A clause's number, `geweigerd`, or `geweigerd: <reason>`.
fn outcome(item: &Item<'_, '_>, names: &Names<'_>) -> Option<Outcome> {
    let value = item.text()?;
    if value == "geweigerd" {
        return Some(Outcome::Refused(None));
    }
    let Some(word) = value.strip_prefix("geweigerd: ") else {
        let known = names.clauses.contains(&value);
        if !known && suggest::nearest(value, ["geweigerd"].into_iter()).is_some() {
            item.unknown_word(value, &["geweigerd"]);
            return None;
        }
        return names.clause(item).map(Outcome::Clause);
    };
    reason(item, word).map(|r| Outcome::Refused(Some(r)))
}

/// A reason to refuse.
pub(crate) fn reason(item: &Item<'_, '_>, word: &str) -> Option<Reason> {
    let reason = Reason::parse(word);
    if reason.is_none() {
        let words: Vec<&str> = Reason::ALL.iter().map(|r| r.as_str()).collect();
        let likely = suggest::nearest(word, words.iter().copied());
        let (help_nl, help_en) = suggest::help(likely, &words, text::UNKNOWN_WORD);
        item.ctx.report_with(
            text::UNKNOWN_WORD,
            item.at.clone(),
            format!("onbekende reden `{}`", suggest::shorten(word)),
            format!("unknown reason `{}`", suggest::shorten(word)),
            help_nl,
            help_en,
        );
    }
    reason
}
