//! `[convenant]`.

use model::{Digest, PartyId};

use crate::language::ast::{Header, PaperText, Reference};
use crate::language::parse::Names;
use crate::language::reader::{Item, Table};
use crate::language::words::Language;
use crate::lint::{meaning, text};
use crate::vocabulary::advice::Vocabulary;

/// How long a covenant may hold.
const LONGEST_MONTHS: i32 = 24;

pub(super) fn header(
    table: Table<'_, '_>,
    language: Option<Language>,
    names: &Names<'_>,
) -> Option<Header> {
    let id = table.need("id").and_then(|i| i.name());
    let version = table.need("versie").and_then(|i| i.number(1, 1_000_000));
    let title = table.need("titel").and_then(|i| i.owned());
    let replaces = table.get("vervangt");
    let from = table.need("geldig_van").and_then(|i| i.day());
    let until_item = table.need_by("geldig_tot", meaning::NO_END);
    let until = until_item.as_ref().and_then(Item::day);
    let evaluation_item = table.get("evaluatie");
    let evaluation = evaluation_item.as_ref().and_then(Item::day);
    let vocabulary = table.need("woordenlijst").and_then(|i| vocabulary(&i));
    let contact: Option<PartyId> = table.need("contactpunt").and_then(|i| names.party(&i));
    let paper = table.get("tekst").map(|i| paper(&i));
    let dpia = table.need("dpia").and_then(|i| reference(&i));
    replaces_rule(&table, version, replaces.as_ref());
    if let (Some(from), Some(until), Some(item)) = (from, until, &until_item)
        && (until <= from || until > from.plus_months(LONGEST_MONTHS))
    {
        item.ctx.report(
            meaning::VALIDITY,
            item.at.clone(),
            format!("geldig_tot moet na {from} liggen en hooguit {LONGEST_MONTHS} maanden later"),
            format!("geldig_tot must be after {from} and at most {LONGEST_MONTHS} months later"),
        );
    } else if let (Some(from), Some(until), Some(day), Some(item)) =
        (from, until, evaluation, &evaluation_item)
        && !(from..until).contains(&day)
    {
        item.ctx.report(
            meaning::EVALUATION,
            item.at.clone(),
            "de evaluatie valt buiten de looptijd".into(),
            "the evaluation falls outside the validity".into(),
        );
    }
    let replaces = match replaces {
        Some(item) => Some(digest(&item, Some("sha256:"))?),
        None => None,
    };
    table.finish();
    Some(Header {
        language: language?,
        id: id?,
        version: version?,
        title: title?,
        replaces,
        valid_from: from?,
        valid_until: until?,
        evaluation,
        vocabulary: vocabulary?,
        contact: contact?,
        text: match paper {
            Some(paper) => Some(paper?),
            None => None,
        },
        dpia: dpia?,
    })
}

fn replaces_rule(table: &Table<'_, '_>, version: Option<u32>, replaces: Option<&Item<'_, '_>>) {
    match (version, replaces) {
        (Some(1), Some(item)) => item.ctx.report(
            meaning::REPLACES,
            item.at.clone(),
            "versie 1 vervangt niets".into(),
            "version 1 replaces nothing".into(),
        ),
        (Some(_), None) if table.ctx.is_lost("vervangt") => table.ctx.follows(),
        (Some(version), None) if version > 1 => table.ctx.report(
            meaning::REPLACES,
            table.at.clone(),
            format!("versie {version} noemt niet wat zij vervangt"),
            format!("version {version} does not name what it replaces"),
        ),
        _ => {}
    }
}

fn vocabulary(item: &Item<'_, '_>) -> Option<Vocabulary> {
    let word = item.text()?;
    let found = Vocabulary::parse(word);
    if found.is_none() {
        let words: Vec<&str> = Vocabulary::ALL.iter().map(|v| v.as_str()).collect();
        item.unknown_word(word, &words);
    }
    found
}

fn paper(item: &Item<'_, '_>) -> Option<PaperText> {
    let table = item.table()?;
    let url = table.need("url").and_then(|i| {
        let url = i.text()?;
        if url.starts_with("https://") && url.len() > 8 && !url.contains(char::is_whitespace) {
            return Some(url.to_owned());
        }
        i.invalid(
            "gebruik een adres dat met https:// begint",
            "use an address that begins with https://",
        );
        None
    });
    let sha256 = table.need("sha256").and_then(|i| digest(&i, None));
    table.finish();
    Some(PaperText {
        url: url?,
        sha256: sha256?,
    })
}

/// `{ kenmerk, datum }`.
pub(super) fn reference(item: &Item<'_, '_>) -> Option<Reference> {
    let table = item.table()?;
    let mark = table.need("kenmerk").and_then(|i| i.owned());
    let date = table.need("datum").and_then(|i| i.day());
    table.finish();
    Some(Reference {
        mark: mark?,
        date: date?,
    })
}

fn digest(item: &Item<'_, '_>, prefix: Option<&str>) -> Option<Digest> {
    let value = item.text()?;
    let found = prefix
        .map_or(Some(value), |p| value.strip_prefix(p))
        .and_then(Digest::from_hex);
    if found.is_none() {
        let form = format!("{}<64 x 0-9a-f>", prefix.unwrap_or_default());
        item.ctx.report(
            text::INVALID_VALUE,
            item.at.clone(),
            format!("dit is geen SHA-256; gebruik {form}"),
            format!("this is no SHA-256; use {form}"),
        );
    }
    found
}
