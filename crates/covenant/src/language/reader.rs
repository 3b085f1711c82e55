//! Walks over spanned TOML: every key that is there is asked for or reported, every value is read
//! as exactly one type.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::str::FromStr;

use model::Day;
use model::name::NameError;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::language::context::Context;
use crate::language::file;
use crate::language::span::Span;
use crate::language::suggest;
use crate::language::words::Word;
use crate::lint::{Lint, text, warning};

/// A table whose keys are known beforehand. Call [`Table::finish`] when all have been asked for.
pub(crate) struct Table<'c, 'i> {
    pub(crate) ctx: &'c Context,
    table: &'c DeTable<'i>,
    /// Where the table is, for what is missing in it.
    pub(crate) at: Range<usize>,
    asked: RefCell<Vec<&'static str>>,
    missing: RefCell<Vec<(&'static str, &'static Lint)>>,
}

impl<'c, 'i> Table<'c, 'i> {
    pub(crate) const fn new(ctx: &'c Context, table: &'c DeTable<'i>, at: Range<usize>) -> Self {
        Self {
            ctx,
            table,
            at,
            asked: RefCell::new(Vec::new()),
            missing: RefCell::new(Vec::new()),
        }
    }

    /// The value of a key that may be left out.
    pub(crate) fn get(&self, key: &'static str) -> Option<Item<'c, 'i>> {
        self.asked.borrow_mut().push(key);
        self.table
            .get_key_value(key)
            .map(|(key, value)| Item::new(self.ctx, Some(key.span()), value))
    }

    /// The value of a key that must be there.
    pub(crate) fn need(&self, key: &'static str) -> Option<Item<'c, 'i>> {
        self.need_by(key, text::MISSING)
    }

    /// The value of a key that must be there, with a rule of its own.
    pub(crate) fn need_by(&self, key: &'static str, lint: &'static Lint) -> Option<Item<'c, 'i>> {
        let found = self.get(key);
        if found.is_none() {
            self.missing.borrow_mut().push((key, lint));
        }
        found
    }

    /// Whether another key is there that probably means this one, and is reported as unknown.
    pub(crate) fn misspells(&self, key: &'static str) -> bool {
        let mut words = self.table.keys().map(|k| k.get_ref().as_ref());
        words.any(|word: &str| word != key && suggest::nearest(word, [key].into_iter()).is_some())
    }

    /// The table as it is written, places included.
    pub(crate) const fn written(&self) -> &'c DeTable<'i> {
        self.table
    }

    /// All entries, of a table whose keys are names that the covenant gives.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'c str, Range<usize>, Item<'c, 'i>)> {
        self.table.iter().map(|(key, value)| {
            (
                key.get_ref().as_ref(),
                key.span(),
                Item::new(self.ctx, Some(key.span()), value),
            )
        })
    }

    /// Reports keys that were never asked for, and keys that must be there and are not.
    pub(crate) fn finish(self) {
        let asked = self.asked.into_inner();
        #[cfg(test)]
        self.ctx
            .asked
            .borrow_mut()
            .push((self.at.start, asked.clone()));
        let mut missing = self.missing.into_inner();
        for (key, _) in self.table {
            let word = key.get_ref().as_ref();
            if asked.contains(&word) {
                continue;
            }
            if self.ctx.is_full() {
                self.ctx.follows();
                continue;
            }
            let likely = suggest::nearest(word, asked.iter().copied());
            // What was probably meant is not reported as missing as well.
            missing.retain(|(name, _)| Some(*name) != likely);
            let (help_nl, help_en) = suggest::help(likely, &asked, text::UNKNOWN_KEY);
            self.ctx.report_with(
                text::UNKNOWN_KEY,
                key.span(),
                format!("onbekende sleutel `{}`", suggest::shorten(word)),
                format!("unknown key `{}`", suggest::shorten(word)),
                help_nl,
                help_en,
            );
        }
        for (key, lint) in missing {
            if self.ctx.is_full() || self.ctx.is_lost(key) {
                self.ctx.follows();
                continue;
            }
            self.ctx.report(
                lint,
                self.at.clone(),
                format!("hier ontbreekt `{key}`"),
                format!("`{key}` is missing here"),
            );
        }
    }
}

/// One value with its place.
pub(crate) struct Item<'c, 'i> {
    pub(crate) ctx: &'c Context,
    value: &'c DeValue<'i>,
    /// Where the value is.
    pub(crate) at: Range<usize>,
    key_at: Option<Range<usize>>,
}

impl<'c, 'i> Item<'c, 'i> {
    pub(crate) fn new(
        ctx: &'c Context,
        key_at: Option<Range<usize>>,
        value: &'c Spanned<DeValue<'i>>,
    ) -> Self {
        Self {
            ctx,
            value: value.get_ref(),
            at: within_quotes(ctx.text(), value),
            key_at,
        }
    }

    /// Where its key is; for an element of a list, the value.
    pub(crate) fn key_at(&self) -> Range<usize> {
        self.key_at.clone().unwrap_or_else(|| self.at.clone())
    }

    pub(crate) const fn is_table(&self) -> bool {
        matches!(self.value, DeValue::Table(_))
    }

    pub(crate) const fn is_list(&self) -> bool {
        matches!(self.value, DeValue::Array(_))
    }

    fn wrong(&self, nl: &str, en: &str) {
        let (is_nl, is_en) = match self.value {
            DeValue::String(_) => ("een tekst", "a text"),
            DeValue::Integer(_) => ("een getal", "a number"),
            DeValue::Float(_) => ("een kommagetal", "a fraction"),
            DeValue::Boolean(_) => ("true of false", "true or false"),
            DeValue::Datetime(_) => ("een datum", "a date"),
            DeValue::Array(_) => ("een lijst", "a list"),
            DeValue::Table(_) => ("een tabel", "a table"),
        };
        self.ctx.report(
            text::WRONG_TYPE,
            self.at.clone(),
            format!("hier hoort {nl}, en dit is {is_nl}"),
            format!("this must be {en}, and it is {is_en}"),
        );
    }

    pub(crate) fn invalid(&self, nl: &str, en: &str) {
        self.ctx.report(
            text::INVALID_VALUE,
            self.at.clone(),
            format!("verkeerde waarde: {nl}"),
            format!("wrong value: {en}"),
        );
    }

    /// A text that is not empty and has no hidden characters (an escape could smuggle one in).
    pub(crate) fn text(&self) -> Option<&'c str> {
        let DeValue::String(value) = self.value else {
            self.wrong("een tekst tussen aanhalingstekens", "a text between quotes");
            return None;
        };
        if value.trim().is_empty() {
            self.ctx.report(
                text::EMPTY,
                self.at.clone(),
                "deze tekst is leeg".into(),
                "this text is empty".into(),
            );
            return None;
        }
        if let Some((lint, nl, en)) = file::hidden(value) {
            self.ctx.report(lint, self.at.clone(), nl, en);
            return None;
        }
        Some(value.as_ref())
    }

    pub(crate) fn owned(&self) -> Option<String> {
        self.text().map(str::to_owned)
    }

    /// A table with known keys.
    pub(crate) fn table(&self) -> Option<Table<'c, 'i>> {
        if let DeValue::Table(table) = self.value {
            // A table written with a header or dotted keys is best shown by its key.
            let at = self.key_at.clone().unwrap_or_else(|| self.at.clone());
            Some(Table::new(self.ctx, table, at))
        } else {
            self.wrong("een tabel", "a table");
            None
        }
    }

    /// The elements of a list, which may be empty.
    pub(crate) fn elements(&self) -> Option<Vec<Item<'c, 'i>>> {
        if let DeValue::Array(values) = self.value {
            Some(
                values
                    .iter()
                    .map(|v| Item::new(self.ctx, None, v))
                    .collect(),
            )
        } else {
            self.no_list();
            None
        }
    }

    /// What should be a list: how it is written depends on what it is now.
    fn no_list(&self) {
        let key = self.ctx.text().get(self.key_at()).unwrap_or_default();
        let written = match self.value {
            DeValue::Table(_) => format!("[[{}]]", suggest::shorten(key)),
            DeValue::String(word) => format!("[\"{}\"]", suggest::shorten(word)),
            _ => {
                return self.wrong(
                    "een lijst tussen vierkante haken",
                    "a list between square brackets",
                );
            }
        };
        self.ctx.report_with(
            text::WRONG_TYPE,
            self.at.clone(),
            "hier hoort een lijst".into(),
            "this must be a list".into(),
            format!("Schrijf `{written}`."),
            format!("Write `{written}`."),
        );
    }

    /// A list that is not empty and has no doubles; elements that do not read are left out.
    pub(crate) fn list<T: Ord + Clone>(&self, read: impl Fn(&Self) -> Option<T>) -> Vec<T> {
        let Some(elements) = self.elements() else {
            return Vec::new();
        };
        if elements.is_empty() {
            self.ctx.report(
                text::EMPTY,
                self.at.clone(),
                "deze lijst is leeg".into(),
                "this list is empty".into(),
            );
        }
        let mut list: Vec<T> = Vec::with_capacity(elements.len());
        let mut seen = BTreeSet::new();
        for element in &elements {
            let Some(value) = read(element) else { continue };
            if !seen.insert(value.clone()) {
                self.ctx.report(
                    text::DOUBLE_WORD,
                    element.at.clone(),
                    "dit staat al in de lijst".into(),
                    "this is in the list already".into(),
                );
            } else {
                list.push(value);
            }
        }
        list
    }

    /// A word of a closed list.
    pub(crate) fn word<W: Word>(&self) -> Option<W> {
        let word = self.text()?;
        let found = W::all().iter().copied().find(|w| w.word() == word);
        if found.is_none() {
            let words: Vec<&'static str> = W::all().iter().map(|w| w.word()).collect();
            self.unknown_word(word, &words);
        }
        found
    }

    pub(crate) fn unknown_word(&self, word: &str, words: &[&str]) {
        if self.ctx.is_full() {
            self.ctx.follows();
            return;
        }
        let likely = suggest::nearest(word, words.iter().copied());
        let (help_nl, help_en) = suggest::help(likely, words, text::UNKNOWN_WORD);
        self.ctx.report_with(
            text::UNKNOWN_WORD,
            self.at.clone(),
            format!("onbekend woord `{}`", suggest::shorten(word)),
            format!("unknown word `{}`", suggest::shorten(word)),
            help_nl,
            help_en,
        );
    }

    /// Reports a name that refers to nothing; `names` are those that exist.
    pub(crate) fn unknown_reference(&self, word: &str, nl: &str, en: &str, names: &[&str]) {
        if self.ctx.is_full() || word.split('.').any(|part| self.ctx.is_lost(part)) {
            self.ctx.follows();
            return;
        }
        let likely = suggest::nearest(word, names.iter().copied());
        let (help_nl, help_en) = suggest::help(likely, names, text::UNKNOWN_REFERENCE);
        self.ctx.report_with(
            text::UNKNOWN_REFERENCE,
            self.at.clone(),
            format!("{nl} `{}`", suggest::shorten(word)),
            format!("unknown {en} `{}`", suggest::shorten(word)),
            help_nl,
            help_en,
        );
    }

    /// A well-formed name.
    pub(crate) fn name<T: FromStr<Err = NameError>>(&self) -> Option<T> {
        parse_name(self.ctx, self.text()?, self.at.clone())
    }

    /// A whole number within bounds.
    pub(crate) fn number(&self, least: u32, most: u32) -> Option<u32> {
        let DeValue::Integer(value) = self.value else {
            self.wrong("een heel getal", "a whole number");
            return None;
        };
        let number = i64::from_str_radix(value.as_str(), value.radix())
            .ok()
            .and_then(|n| u32::try_from(n).ok())
            .filter(|n| (least..=most).contains(n));
        if number.is_none() {
            self.invalid(
                &format!("gebruik een getal van {least} tot en met {most}"),
                &format!("use a number from {least} to {most}"),
            );
        }
        number
    }

    /// `true` or `false`; the latter is the same as leaving the key out, and said so.
    pub(crate) fn flag(&self) -> Option<bool> {
        let DeValue::Boolean(value) = self.value else {
            self.wrong("true of false", "true or false");
            return None;
        };
        if !value {
            self.ctx.report(
                warning::NO_EFFECT,
                self.at.clone(),
                "`false` is hetzelfde als de sleutel weglaten".into(),
                "`false` is the same as leaving the key out".into(),
            );
        }
        Some(*value)
    }

    /// `true` or `false` where both mean something.
    pub(crate) fn fact(&self) -> Option<bool> {
        if let DeValue::Boolean(value) = self.value {
            Some(*value)
        } else {
            self.wrong("true of false", "true or false");
            None
        }
    }

    /// A date without a time.
    pub(crate) fn day(&self) -> Option<Day> {
        let DeValue::Datetime(value) = self.value else {
            self.wrong(
                "een datum zonder aanhalingstekens, zoals 2026-01-31",
                "a date without quotes, such as 2026-01-31",
            );
            return None;
        };
        let day = Day::parse(&value.to_string());
        if day.is_none() {
            self.invalid("gebruik een datum zonder tijd", "use a date without a time");
        }
        day
    }

    /// A length of time.
    pub(crate) fn span(&self) -> Option<Span> {
        let text = self.text()?;
        let span = Span::parse(text);
        if span.is_none() {
            let words = [
                "uur", "dag", "dagen", "week", "weken", "maand", "maanden", "jaar",
            ];
            let unit = text.split_once(' ').map_or("", |(_, unit)| unit);
            let likely = suggest::nearest(unit, words.into_iter());
            let meant = likely.and_then(|u| text.split_once(' ').map(|(n, _)| format!("{n} {u}")));
            let (mut help_nl, mut help_en) = (
                "Schrijf een getal en uur, dagen, weken, maanden of jaar, zoals \"12 maanden\"."
                    .to_owned(),
                "Write a number and uur, dagen, weken, maanden or jaar, such as \"12 maanden\"."
                    .to_owned(),
            );
            if let Some(meant) = meant.filter(|m| Span::parse(m).is_some()) {
                help_nl = format!("Bedoelde u `{meant}`? {help_nl}");
                help_en = format!("Did you mean `{meant}`? {help_en}");
            }
            self.ctx.report_with(
                text::INVALID_VALUE,
                self.at.clone(),
                "dit is geen tijdsduur".into(),
                "this is not a length of time".into(),
                help_nl,
                help_en,
            );
        }
        span
    }
}

/// Where a value is; of a text the words between its quotes, of which there may be three.
pub(crate) fn within_quotes(text: &str, value: &Spanned<DeValue<'_>>) -> Range<usize> {
    let span = value.span();
    if !matches!(value.get_ref(), DeValue::String(_)) {
        return span;
    }
    let written = text.get(span.clone()).unwrap_or_default();
    let three = written.starts_with("\"\"\"") || written.starts_with("'''");
    let quotes = if three { 3 } else { 1 };
    if span.len() > 2 * quotes {
        span.start + quotes..span.end - quotes
    } else {
        span
    }
}

/// Reads a name that stands as a key or value.
pub(crate) fn parse_name<T: FromStr<Err = NameError>>(
    ctx: &Context,
    text: &str,
    at: Range<usize>,
) -> Option<T> {
    match text.parse() {
        Ok(name) => Some(name),
        Err(error) => {
            let error: NameError = error;
            ctx.report(
                text::INVALID_NAME,
                at,
                "deze naam is niet goed gevormd".into(),
                format!("this name is not well formed: {}", error.rule),
            );
            None
        }
    }
}
