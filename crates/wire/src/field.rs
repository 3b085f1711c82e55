//! Reads one field at a time. Each reader names the field when it refuses, and none has a default.

use model::{CategoryCode, Day, Digest, KeyEpoch, MatchKeyId, Pseudonym, Timestamp, Token};

use crate::malformed::{Malformed, Problem};
use crate::{Bytes, broker_v1, type_v1};

/// What a reader gives.
pub type Read<T> = Result<T, Malformed>;

/// A message that must be there.
///
/// # Errors
/// [`Problem::Required`] when it is absent.
pub fn required<T>(value: Option<T>, field: &str) -> Read<T> {
    value.ok_or_else(|| Malformed::new(field, Problem::Required))
}

/// A text that must be there, parsed by `parse`, for example `PartyId::parse`.
///
/// # Errors
/// [`Problem::Required`] when it is empty, [`Problem::NameForm`] when it does not parse.
pub fn name<T, E>(text: &str, field: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Read<T> {
    if text.is_empty() {
        return Err(Malformed::new(field, Problem::Required));
    }
    parse(text).map_err(|_| Malformed::new(field, Problem::NameForm))
}

/// A text that may be empty, parsed by `parse` when it is not.
///
/// # Errors
/// [`Problem::NameForm`] when it does not parse.
pub fn optional_name<T, E>(
    text: &str,
    field: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Read<Option<T>> {
    if text.is_empty() {
        Ok(None)
    } else {
        name(text, field, parse).map(Some)
    }
}

/// The length of a UUID's hyphenated form, and of no other form of it.
const UUID_CHARS: usize = 36;

/// A UUID with hyphens, wrapped by `parse`, for example `RequestId::parse`.
///
/// # Errors
/// [`Problem::Required`] when it is empty, [`Problem::UuidForm`] when it is no UUID.
pub fn uuid<T>(text: &str, field: &str, parse: impl FnOnce(&str) -> Option<T>) -> Read<T> {
    if text.is_empty() {
        return Err(Malformed::new(field, Problem::Required));
    }
    Some(text)
        .filter(|text| text.len() == UUID_CHARS)
        .and_then(parse)
        .ok_or_else(|| Malformed::new(field, Problem::UuidForm))
}

/// Exactly `N` bytes.
///
/// # Errors
/// [`Problem::Required`] when there are none, [`Problem::Length`] when there are not `N`.
pub fn bytes<const N: usize>(value: &[u8], field: &str) -> Read<[u8; N]> {
    if value.is_empty() {
        return Err(Malformed::new(field, Problem::Required));
    }
    value
        .try_into()
        .map_err(|_| Malformed::new(field, Problem::Length))
}

/// A SHA-256 digest.
///
/// # Errors
/// As [`bytes`].
pub fn digest(value: &[u8], field: &str) -> Read<Digest> {
    bytes(value, field).map(Digest::new)
}

/// A digest as bytes of the wire.
#[must_use]
pub fn digest_message(digest: &Digest) -> Bytes {
    Bytes::copy_from_slice(digest.as_bytes())
}

/// A calendar day from 1900 to 9999.
///
/// # Errors
/// [`Problem::Required`] when it is absent, [`Problem::DayForm`] when there is no such day.
pub fn day(value: Option<type_v1::Date>, field: &str) -> Read<Day> {
    let type_v1::Date { year, month, day } = required(value, field)?;
    let calendar = || {
        if !(1900..=9999).contains(&year) {
            return None;
        }
        Day::from_ymd(
            i16::try_from(year).ok()?,
            i8::try_from(month).ok()?,
            i8::try_from(day).ok()?,
        )
    };
    calendar().ok_or_else(|| Malformed::new(field, Problem::DayForm))
}

/// A day that may be absent.
///
/// # Errors
/// As [`day`], but for one that is absent.
pub fn optional_day(value: Option<type_v1::Date>, field: &str) -> Read<Option<Day>> {
    value.map(|date| day(Some(date), field)).transpose()
}

/// The day as a message. Days before the year 0 become the year 0, which no reader takes.
#[must_use]
pub fn date(day: Day) -> type_v1::Date {
    let (year, month, day) = day.ymd();
    type_v1::Date {
        year: u32::try_from(year).unwrap_or(0),
        month: u32::try_from(month).unwrap_or(0),
        day: u32::try_from(day).unwrap_or(0),
    }
}

/// An instant, to the millisecond, of the years 0001 to 9999.
///
/// # Errors
/// [`Problem::Required`] when it is absent, [`Problem::TimeForm`] when there is no such instant.
pub fn instant(value: Option<prost_types::Timestamp>, field: &str) -> Read<Timestamp> {
    let prost_types::Timestamp { seconds, nanos } = required(value, field)?;
    // RFC 3339 bounds, as google/protobuf/timestamp.proto gives them.
    let sane = (-62_135_596_800..=253_402_300_799).contains(&seconds)
        && (0..1_000_000_000).contains(&nanos);
    if !sane {
        return Err(Malformed::new(field, Problem::TimeForm));
    }
    let millis = seconds
        .saturating_mul(1000)
        .saturating_add(i64::from(nanos / 1_000_000));
    Ok(Timestamp::from_millis(millis))
}

/// The instant as a message.
#[must_use]
pub fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    let millis = at.as_millis();
    prost_types::Timestamp {
        seconds: millis.div_euclid(1000),
        nanos: i32::try_from(millis.rem_euclid(1000) * 1_000_000).unwrap_or(0),
    }
}

/// An epoch, from 1.
///
/// # Errors
/// [`Problem::OutOfRange`] for 0.
pub fn epoch(value: u32, field: &str) -> Read<KeyEpoch> {
    KeyEpoch::new(value).ok_or_else(|| Malformed::new(field, Problem::OutOfRange))
}

/// A category, as one word `<scheme>:<CODE>`.
///
/// # Errors
/// [`Problem::Required`] or [`Problem::NameForm`], on the message or one of its fields.
pub fn category(value: Option<type_v1::Category>, field: &str) -> Read<CategoryCode> {
    let type_v1::Category { scheme, code } = required(value, field)?;
    for (part, inner) in [(&scheme, "scheme"), (&code, "code")] {
        if part.is_empty() {
            return Err(Malformed::new(inner, Problem::Required).within(field));
        }
    }
    if scheme.contains(':') {
        return Err(Malformed::new("scheme", Problem::NameForm).within(field));
    }
    name(&format!("{scheme}:{code}"), field, CategoryCode::parse)
}

/// The category as a message.
#[must_use]
pub fn category_message(category: &CategoryCode) -> type_v1::Category {
    let (scheme, code) = category
        .as_str()
        .split_once(':')
        .unwrap_or((category.as_str(), ""));
    type_v1::Category {
        scheme: scheme.to_owned(),
        code: code.to_owned(),
    }
}

/// A pseudonym with its match key.
///
/// # Errors
/// [`Malformed`] when either is missing or has another form.
pub fn token(value: broker_v1::Pseudonym) -> Read<Token> {
    let broker_v1::Pseudonym { match_key, value } = value;
    Ok(Token {
        key: name(&match_key, "match_key", MatchKeyId::parse)?,
        pseudonym: Pseudonym::from_bytes(bytes(&value, "value")?),
    })
}

/// The token as a message.
#[must_use]
pub fn pseudonym_message(token: &Token) -> broker_v1::Pseudonym {
    let Token { key, pseudonym } = token;
    broker_v1::Pseudonym {
        match_key: key.as_str().to_owned(),
        value: crate::Bytes::copy_from_slice(pseudonym.as_bytes()),
    }
}

/// A list of `least` to `most` items, each read by `read`; its refusals are put under the item.
///
/// # Errors
/// [`Problem::Required`] or [`Problem::TooMany`] for the list, else what `read` refuses first.
pub fn list<A, B>(
    items: Vec<A>,
    field: &str,
    (least, most): (usize, usize),
    read: impl Fn(A) -> Read<B>,
) -> Read<Vec<B>> {
    bounded(items.len(), field, (least, most))?;
    items
        .into_iter()
        .enumerate()
        .map(|(index, item)| read(item).map_err(|m| m.within_item(field, index)))
        .collect()
}

/// Whether a list's length is within bounds.
///
/// # Errors
/// [`Problem::Required`] below `least`, [`Problem::TooMany`] above `most`.
pub fn bounded(length: usize, field: &str, (least, most): (usize, usize)) -> Read<()> {
    if length < least {
        Err(Malformed::new(field, Problem::Required))
    } else if length > most {
        Err(Malformed::new(field, Problem::TooMany))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::PartyId;

    #[test]
    fn an_absent_field_is_refused_and_named() {
        let refused = day(None, "day").unwrap_err();
        assert_eq!(
            (refused.field.as_str(), refused.rule()),
            ("day", "REQUIRED")
        );
        let refused = name("", "party", PartyId::parse).unwrap_err();
        assert_eq!(refused.rule(), "REQUIRED");
        assert_eq!(digest(&[], "d").unwrap_err().rule(), "REQUIRED");
        assert_eq!(digest(&[1; 31], "d").unwrap_err().rule(), "LENGTH");
    }

    #[test]
    fn a_uuid_has_one_form() {
        let id = model::RequestId::fresh();
        let hyphens = id.to_string();
        let read = |text: &str| uuid(text, "request_id", model::RequestId::parse);
        assert_eq!(read(&hyphens), Ok(id));
        assert_eq!(read(&hyphens.to_uppercase()), Ok(id));
        for other in [
            hyphens.replace('-', ""),
            format!("{{{hyphens}}}"),
            format!("urn:uuid:{hyphens}"),
            "00000000-0000-0000-0000-000000000000".to_owned(),
        ] {
            assert_eq!(read(&other).unwrap_err().rule(), "UUID_FORM", "{other}");
        }
    }

    #[test]
    fn days_and_instants_round_trip_and_false_ones_are_refused() {
        let today = Day::parse("2026-11-23").unwrap();
        assert_eq!(day(Some(date(today)), "day"), Ok(today));
        for (year, month, last) in [(2026, 2, 30), (1899, 1, 1), (0, 0, 0), (99_999, 1, 1)] {
            let wrong = type_v1::Date {
                year,
                month,
                day: last,
            };
            assert_eq!(day(Some(wrong), "day").unwrap_err().rule(), "DAY_FORM");
        }
        let at = Timestamp::from_millis(-1);
        assert_eq!(instant(Some(timestamp(at)), "at"), Ok(at));
        let wrong = prost_types::Timestamp {
            seconds: 0,
            nanos: -1,
        };
        assert_eq!(instant(Some(wrong), "at").unwrap_err().rule(), "TIME_FORM");
    }

    #[test]
    fn a_category_is_two_fields_and_one_word() {
        let code = CategoryCode::parse("vera:AGR.FYS").unwrap();
        let message = category_message(&code);
        assert_eq!(
            (message.scheme.as_str(), message.code.as_str()),
            ("vera", "AGR.FYS")
        );
        assert_eq!(category(Some(message), "category"), Ok(code));
        let half = type_v1::Category {
            scheme: "vera".into(),
            code: String::new(),
        };
        assert_eq!(
            category(Some(half), "category").unwrap_err().field,
            "category.code"
        );
        let sly = type_v1::Category {
            scheme: "vera:A".into(),
            code: "B".into(),
        };
        assert_eq!(
            category(Some(sly), "category").unwrap_err().rule(),
            "NAME_FORM"
        );
    }
}
