//! Public keys: `ed25519:` for signing, `x25519:` for sealing.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::language::ast::Key;
use crate::language::context::Context;
use crate::language::reader::{Item, within_quotes};
use crate::lint::text;

/// What a key is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Signing,
    Sealing,
}

/// Reads a key; a place-holder stands in for one that does not read, after an error.
pub(super) fn key(item: &Item<'_, '_>, usage: Use) -> Option<Key> {
    let value = item.text()?;
    let scheme = match usage {
        Use::Signing => "ed25519:",
        Use::Sealing => "x25519:",
    };
    let Some(body) = value.strip_prefix(scheme) else {
        report(
            item,
            &format!("hier hoort een sleutel die met {scheme} begint"),
            &format!("this must be a key that begins with {scheme}"),
        );
        return None;
    };
    if is_placeholder(body) {
        item.ctx.report(
            text::KEY_PLACEHOLDER,
            item.at.clone(),
            "dit is een plaatshouder en geen sleutel".into(),
            "this is a place-holder and no key".into(),
        );
        return Some(Key::Placeholder(value.to_owned()));
    }
    let Some(bytes) = decode(body) else {
        report(
            item,
            "dit zijn geen 32 bytes in base64 of hexadecimaal",
            "these are not 32 bytes in base64 or hexadecimal",
        );
        return None;
    };
    if bytes == [0; 32] {
        report(
            item,
            "deze sleutel bestaat uit nullen",
            "this key is all zeros",
        );
        return None;
    }
    match usage {
        Use::Sealing => Some(Key::X25519(bytes)),
        Use::Signing => {
            let whole = ed25519_dalek::VerifyingKey::from_bytes(&bytes).is_ok_and(|k| !k.is_weak());
            if !whole {
                report(
                    item,
                    "dit is geen bruikbare Ed25519-sleutel",
                    "this is no usable Ed25519 key",
                );
                return None;
            }
            Some(Key::Ed25519(bytes))
        }
    }
}

fn report(item: &Item<'_, '_>, nl: &str, en: &str) {
    item.ctx
        .report(text::KEY_INVALID, item.at.clone(), nl.into(), en.into());
}

/// Capitals and hyphens, such as `GEMEENTE-FG`: too short to be a key.
fn is_placeholder(body: &str) -> bool {
    (3..=40).contains(&body.len())
        && body.contains(|c: char| c.is_ascii_uppercase())
        && body
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
}

fn decode(body: &str) -> Option<[u8; 32]> {
    use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER_PERMISSIVE};
    let encoding = match body.len() {
        64 => HEXLOWER_PERMISSIVE,
        44 => BASE64,
        43 => BASE64_NOPAD,
        _ => return None,
    };
    encoding.decode(body.as_bytes()).ok()?.try_into().ok()
}

/// One key has one owner and one use: reports every key that stands in the file twice, however it
/// is written.
pub(super) fn doubles(ctx: &Context, root: &DeTable<'_>) {
    let mut found: Vec<(String, Range<usize>)> = Vec::new();
    for section in ["partij", "logboek"] {
        if let Some(value) = root.get(section) {
            collect(ctx.text(), value, &mut found, 0);
        }
    }
    found.sort_by_key(|(_, at)| at.start);
    let mut seen: BTreeMap<String, ()> = BTreeMap::new();
    for (key, at) in found {
        if seen.insert(key, ()).is_some() {
            ctx.report(
                text::DOUBLE_KEY,
                at,
                "deze sleutel staat al eerder in het bestand".into(),
                "this key is in the file already".into(),
            );
        }
    }
}

fn collect(
    source: &str,
    value: &Spanned<DeValue<'_>>,
    found: &mut Vec<(String, Range<usize>)>,
    depth: u8,
) {
    if depth > 8 {
        return;
    }
    match value.get_ref() {
        DeValue::String(text) => {
            let body = text
                .strip_prefix("ed25519:")
                .or_else(|| text.strip_prefix("x25519:"));
            if let Some(body) = body {
                let key = decode(body)
                    .map_or_else(|| body.to_owned(), |b| data_encoding::HEXLOWER.encode(&b));
                found.push((key, within_quotes(source, value)));
            }
        }
        DeValue::Array(list) => list
            .iter()
            .for_each(|v| collect(source, v, found, depth + 1)),
        DeValue::Table(table) => table
            .values()
            .for_each(|v| collect(source, v, found, depth + 1)),
        _ => {}
    }
}
