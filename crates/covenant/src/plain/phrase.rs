//! Pieces of sentences in two languages.

use model::{Day, PartyId, RoleRef};

use crate::diagnostic::Lang;
use crate::language::covenant::Covenant;
use crate::language::span::Span;
use crate::language::words::Unit;

/// A sentence in the language asked for: `told!(lang, "Dutch {x}", "English {x}")`.
macro_rules! told {
    ($lang:expr, $nl:literal, $en:literal $(,)?) => {
        match $lang {
            $crate::diagnostic::Lang::Nl => format!($nl),
            $crate::diagnostic::Lang::En => format!($en),
        }
    };
}
pub(crate) use told;

/// The Dutch or the English text.
pub(crate) const fn pick<'t>(lang: Lang, nl: &'t str, en: &'t str) -> &'t str {
    match lang {
        Lang::Nl => nl,
        Lang::En => en,
    }
}

/// `a, b and c`.
pub(crate) fn and<T: AsRef<str>>(lang: Lang, items: &[T]) -> String {
    joined(items, pick(lang, " en ", " and "))
}

/// `a, b or c`.
pub(crate) fn or<T: AsRef<str>>(lang: Lang, items: &[T]) -> String {
    joined(items, pick(lang, " of ", " or "))
}

fn joined<T: AsRef<str>>(items: &[T], last: &str) -> String {
    match items {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [first @ .., end] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{}{last}{}", first.join(", "), end.as_ref())
        }
    }
}

/// What the parties wrote themselves. Quotes within it can't end it.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "'"))
}

/// `1 november 2026`.
pub(crate) fn day(lang: Lang, day: Day) -> String {
    const NL: [&str; 12] = [
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ];
    const EN: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let (year, month, date) = day.ymd();
    let names = match lang {
        Lang::Nl => NL,
        Lang::En => EN,
    };
    let place = usize::from(month.unsigned_abs()).saturating_sub(1);
    let name = names.get(place).copied().unwrap_or_default();
    format!("{date} {name} {year}")
}

/// `24 uur`, `3 months`.
pub(crate) fn span(lang: Lang, span: Span) -> String {
    let (one, more) = match span.unit {
        Unit::Hour => ("hour", "hours"),
        Unit::Day => ("day", "days"),
        Unit::Week => ("week", "weeks"),
        Unit::Month => ("month", "months"),
        Unit::Year => ("year", "years"),
    };
    match lang {
        Lang::Nl => span.to_string(),
        Lang::En if span.count == 1 => format!("1 {one}"),
        Lang::En => format!("{} {more}", span.count),
    }
}

/// The name of a party; its id when the covenant does not have it.
pub(crate) fn party(covenant: &Covenant, id: &PartyId) -> String {
    covenant
        .party(id)
        .map_or_else(|| id.to_string(), |party| party.name.clone())
}

/// Roles by party, in the order in which the parties come: `De Linde (rol huismeester)`.
pub(crate) fn roles(covenant: &Covenant, lang: Lang, roles: &[RoleRef]) -> Vec<String> {
    let mut groups: Vec<(PartyId, Vec<&str>)> = Vec::new();
    for role in roles {
        let id = role.party();
        match groups.iter_mut().find(|(party, _)| *party == id) {
            Some((_, names)) => names.push(role.role()),
            None => groups.push((id, vec![role.role()])),
        }
    }
    let group = |(id, names): &(PartyId, Vec<&str>)| {
        let word = match names.as_slice() {
            [_] => pick(lang, "rol", "role"),
            _ => pick(lang, "rollen", "roles"),
        };
        format!("{} ({word} {})", party(covenant, id), and(lang, names))
    };
    groups.iter().map(group).collect()
}
