//! Dates as files write them.

use super::map::{DateForm, Source};

/// The order in which a source writes a date; years first unless the map says so.
pub(super) fn form_of(source: &Source) -> DateForm {
    match source {
        Source::Column(column) => column.date.unwrap_or(DateForm::Ymd),
        Source::Constant(_) | Source::Flag(_) => DateForm::Ymd,
    }
}

/// Year, month and day out of `20260131`, `2026-01-31`, `31-1-2026`, `31/01/2026`, and what is
/// known of a date out of `2026-01`, `202601` and `2026`. The year has four digits.
pub(crate) fn date_parts(text: &str, form: DateForm) -> Option<(u32, u32, u32)> {
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let (year, month, day) = match (parts.as_slice(), form) {
        ([year, month, day], DateForm::Ymd) | ([day, month, year], DateForm::Dmy) => {
            (*year, *month, *day)
        }
        ([year, month], DateForm::Ymd) | ([month, year], DateForm::Dmy) => (*year, *month, "00"),
        ([whole], _) if !whole.is_ascii() => return None,
        ([whole], _) if whole.len() == 4 => (*whole, "00", "00"),
        ([whole], DateForm::Ymd) if whole.len() == 6 => (whole.get(..4)?, whole.get(4..)?, "00"),
        ([whole], DateForm::Dmy) if whole.len() == 6 => (whole.get(2..)?, whole.get(..2)?, "00"),
        ([whole], DateForm::Ymd) if whole.len() == 8 => {
            (whole.get(..4)?, whole.get(4..6)?, whole.get(6..)?)
        }
        ([whole], DateForm::Dmy) if whole.len() == 8 => {
            (whole.get(4..)?, whole.get(2..4)?, whole.get(..2)?)
        }
        _ => return None,
    };
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
        let all = digits.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        all.then(|| text.parse().ok()).flatten()
    };
    Some((
        number(year, 4..=4)?,
        number(month, 1..=2)?,
        number(day, 1..=2)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_the_map_s_order_only() {
        let read = |text, form| date_parts(text, form);
        assert_eq!(read("20260131", DateForm::Ymd), Some((2026, 1, 31)));
        assert_eq!(read("31/01/2026", DateForm::Dmy), Some((2026, 1, 31)));
        assert_eq!(read("31012026", DateForm::Dmy), Some((2026, 1, 31)));
        assert_eq!(read("2026-01", DateForm::Ymd), Some((2026, 1, 0)));
        assert_eq!(read("012026", DateForm::Dmy), Some((2026, 1, 0)));
        assert_eq!(read("1980", DateForm::Dmy), Some((1980, 0, 0)));
        for bad in [
            "31-1-2026",
            "26-01-31",
            "2026/1/31/",
            "vandaag",
            "2026-1-é1",
        ] {
            assert_eq!(read(bad, DateForm::Ymd), None, "{bad}");
        }
    }
}
