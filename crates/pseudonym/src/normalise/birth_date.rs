//! Birth date, whole or partial (BRP: Datum, JaarMaandDatum, JaarDatum, DatumOnbekend). What is
//! not known stays not known: nothing is ever filled in.

use model::{Day, FieldName};

use super::Kind;
use crate::refusal::Rule;

/// `None` for a date of which nothing is known (00000000).
pub(super) const KIND: Kind<Option<BirthDate>> = Kind {
    // Three numbers of a message, of ten digits each at most.
    longest: 32,
    normal,
};

/// A birth date at the precision that is known.
pub(super) struct BirthDate {
    year: i16,
    month: Option<u8>,
    day: Option<u8>,
}

impl BirthDate {
    /// The fields that the known part supports. A whole date supports month and year as well.
    pub(super) fn values(&self) -> impl Iterator<Item = (FieldName, String)> {
        let year = self.year;
        let date = self.month.zip(self.day);
        [
            Some((FieldName::BirthYear, format!("{year:04}"))),
            self.month
                .map(|m| (FieldName::BirthMonth, format!("{year:04}{m:02}"))),
            date.map(|(m, d)| (FieldName::BirthDate, format!("{year:04}{m:02}{d:02}"))),
        ]
        .into_iter()
        .flatten()
    }
}

fn normal(text: &str) -> Result<Option<BirthDate>, Rule> {
    if text.bytes().all(|b| b.is_ascii_punctuation()) {
        return Err(Rule::BirthDateEmpty);
    }
    let (year, month, day) = parts(text).ok_or(Rule::BirthDateForm)?;
    if (year, month, day) == (0, 0, 0) {
        return Ok(None);
    }
    if year == 0 || (month == 0 && day != 0) {
        return Err(Rule::BirthDateGap);
    }
    let year = i16::try_from(year)
        .ok()
        .filter(|year| (1850..=2200).contains(year))
        .ok_or(Rule::BirthDateRange)?;
    let first_or = |part: u32| i8::try_from(part.max(1)).ok();
    let exists = first_or(month)
        .zip(first_or(day))
        .and_then(|(month, day)| Day::from_ymd(year, month, day));
    if exists.is_none() {
        return Err(Rule::BirthDateCalendar);
    }
    let known = |part: u32| u8::try_from(part).ok().filter(|part| *part != 0);
    Ok(Some(BirthDate {
        year,
        month: known(month),
        day: known(day),
    }))
}

/// Year, month and day with 0 for what is not known. Two digits of year are never guessed at, and
/// six digits are refused because nobody can tell `yyyymm` from `ddmmyy`. A number that is too large
/// for its part is still that part, so that it is refused as no such year, month or day.
fn parts(text: &str) -> Option<(u32, u32, u32)> {
    let fields: Vec<&str> = text.split(['-', '/', '.']).collect();
    let large = |t: &str, most: usize| t.len() > most && !t.starts_with('0');
    let four = |t: &str| (t.len() == 4 || large(t, 4)).then(|| number(t)).flatten();
    let two = |t: &str| (t.len() <= 2 || large(t, 2)).then(|| number(t)).flatten();
    match fields.as_slice() {
        [whole] if whole.len() == 8 => {
            let (year, rest) = whole.split_at_checked(4)?;
            let (month, day) = rest.split_at_checked(2)?;
            Some((four(year)?, two(month)?, two(day)?))
        }
        [year] if year.len() == 4 => Some((four(year)?, 0, 0)),
        [year, month] if year.len() == 4 => Some((four(year)?, two(month)?, 0)),
        [month, year] => Some((four(year)?, two(month)?, 0)),
        [year, month, day] if year.len() >= 4 => Some((four(year)?, two(month)?, two(day)?)),
        [day, month, year] => Some((four(year)?, two(month)?, two(day)?)),
        _ => None,
    }
}

fn number(digits: &str) -> Option<u32> {
    let only_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    only_digits.then(|| digits.parse().ok()).flatten()
}
