//! Days and instants. Nothing here reads a clock: see [`crate::clock`].

use std::fmt;

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This instant moved by a number of seconds, which may be negative; saturating.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// The difference to an earlier instant in milliseconds (negative when `earlier` is later).
    #[must_use]
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The day in UTC. A covenant's days are UTC days.
    #[must_use]
    pub const fn day(self) -> Day {
        Day(saturate(self.0.div_euclid(86_400_000)))
    }

    /// RFC 3339 with milliseconds, UTC: always 24 characters for years 0 to 9999.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        let day = self.day();
        let ms = self.0.rem_euclid(86_400_000);
        format!(
            "{day}T{:02}:{:02}:{:02}.{:03}Z",
            ms / 3_600_000,
            ms / 60_000 % 60,
            ms / 1000 % 60,
            ms % 1000
        )
    }

    /// Reads RFC 3339, for example `2026-01-01T12:00:00.000Z`; `None` when malformed.
    #[must_use]
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(|t| Self(t.as_millisecond()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

const fn saturate(days: i64) -> i32 {
    if days > i32::MAX as i64 {
        i32::MAX
    } else if days < i32::MIN as i64 {
        i32::MIN
    } else {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "both bounds are checked above"
        )]
        let days = days as i32;
        days
    }
}

/// A calendar day (UTC): days since 1970-01-01. Day resolution is the finest that leaves a party.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Day(i32);

impl Day {
    /// From days since 1970-01-01.
    #[must_use]
    pub const fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// From a year, month (1 to 12) and day of the month; `None` when there is no such day.
    #[must_use]
    pub fn from_ymd(year: i16, month: i8, day: i8) -> Option<Self> {
        let date = jiff::civil::Date::new(year, month, day).ok()?;
        Some(Self(date.since(EPOCH).ok()?.get_days()))
    }

    /// Reads `YYYY-MM-DD`; `None` when malformed or no such day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 10 {
            return None;
        }
        let date: jiff::civil::Date = text.parse().ok()?;
        Some(Self(date.since(EPOCH).ok()?.get_days()))
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn as_days(self) -> i32 {
        self.0
    }

    /// This day moved by a number of days; saturating.
    #[must_use]
    pub const fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// This day moved by a number of calendar months, clamped to the end of the month.
    #[must_use]
    pub fn plus_months(self, months: i32) -> Self {
        let moved = self
            .civil()
            .and_then(|d| {
                d.checked_add(jiff::Span::new().try_months(months).ok()?)
                    .ok()
            })
            .and_then(|d| d.since(EPOCH).ok());
        moved.map_or(self, |s| Self(s.get_days()))
    }

    /// The first instant of this day.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        Timestamp(self.0 as i64 * 86_400_000)
    }

    /// Year, month and day of the month.
    #[must_use]
    pub fn ymd(self) -> (i16, i8, i8) {
        self.civil()
            .map_or((1970, 1, 1), |d| (d.year(), d.month(), d.day()))
    }

    fn civil(self) -> Option<jiff::civil::Date> {
        EPOCH
            .checked_add(jiff::Span::new().try_days(self.0).ok()?)
            .ok()
    }
}

const EPOCH: jiff::civil::Date = jiff::civil::Date::constant(1970, 1, 1);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_instants_agree() {
        let day = Day::parse("2026-11-23").unwrap();
        assert_eq!(day.to_string(), "2026-11-23");
        assert_eq!(day.start().day(), day);
        assert_eq!(day.start().plus_seconds(-1).day(), day.plus_days(-1));
        assert_eq!(day.plus_days(10_000).plus_days(-10_000), day);
        assert_eq!(Day::parse("2026-02-30"), None);
        assert_eq!(Day::parse("2026-2-3"), None);
        assert_eq!(Day::from_ymd(1970, 1, 2).map(Day::as_days), Some(1));
    }

    #[test]
    fn months_are_clamped() {
        let day = Day::parse("2026-01-31").unwrap();
        assert_eq!(day.plus_months(1).to_string(), "2026-02-28");
        assert_eq!(day.plus_months(-24).to_string(), "2024-01-31");
    }

    #[test]
    fn rfc3339_round_trips() {
        let at = Timestamp::from_millis(1_800_000_000_123);
        assert_eq!(at.to_rfc3339().len(), 24);
        assert_eq!(Timestamp::from_rfc3339(&at.to_rfc3339()), Some(at));
    }
}
