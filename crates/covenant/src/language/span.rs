//! Lengths of time, such as `"24 maanden"`.

use model::{Day, Timestamp};

use crate::language::words::Unit;

/// A length of time: a whole number, at least 1, of a unit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Span {
    /// How many, at least 1.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
}

impl Span {
    /// Reads `<number> <unit>`; `None` when malformed, zero or over 120 years.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (count, unit) = text.split_once(' ')?;
        if count.starts_with('0') || !count.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let count: u32 = count.parse().ok()?;
        let unit = match unit {
            "uur" => Unit::Hour,
            "dag" | "dagen" => Unit::Day,
            "week" | "weken" => Unit::Week,
            "maand" | "maanden" => Unit::Month,
            "jaar" => Unit::Year,
            _ => return None,
        };
        let span = Self { count, unit };
        (span.about_hours() <= 120 * 8766).then_some(span)
    }

    /// The first day on which a span that began on `day` is over. Hours count as whole days,
    /// rounded up.
    #[must_use]
    pub fn after(self, day: Day) -> Day {
        let count = i32::try_from(self.count).unwrap_or(i32::MAX);
        match self.unit {
            Unit::Hour => day.plus_days(count.div_euclid(24) + i32::from(count % 24 != 0)),
            Unit::Day => day.plus_days(count),
            Unit::Week => day.plus_days(count.saturating_mul(7)),
            Unit::Month => day.plus_months(count),
            Unit::Year => day.plus_months(count.saturating_mul(12)),
        }
    }

    /// The instant at which a span that began `at` is over; months and years by the calendar.
    #[must_use]
    pub fn after_instant(self, at: Timestamp) -> Timestamp {
        match self.unit {
            Unit::Hour => at.plus_seconds(i64::from(self.count) * 3600),
            _ => {
                let day = at.day();
                let within = at.millis_since(day.start());
                Timestamp::from_millis(self.after(day).start().as_millis() + within)
            }
        }
    }

    /// About how many hours it lasts, for comparing spans: a month is 730.5 hours.
    #[must_use]
    pub fn about_hours(self) -> u64 {
        let count = u64::from(self.count);
        match self.unit {
            Unit::Hour => count,
            Unit::Day => count * 24,
            Unit::Week => count * 24 * 7,
            Unit::Month => count * 1461 / 2,
            Unit::Year => count * 8766,
        }
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unit = match (self.unit, self.count) {
            (Unit::Day, 1) => "dag",
            (Unit::Week, 1) => "week",
            (Unit::Month, 1) => "maand",
            (unit, _) => unit.as_str(),
        };
        write!(f, "{} {unit}", self.count)
    }
}
