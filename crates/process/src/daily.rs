//! Work that is done once a day at a fixed time, and at every start.

use model::Timestamp;

const DAY_SECONDS: i64 = 86_400;

/// A time of day (UTC), in whole minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeOfDay {
    second: i64,
}

impl TimeOfDay {
    /// Reads `HH:MM`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        let digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        let hour: i64 = Some(hour).filter(|h| digits(h))?.parse().ok()?;
        let minute: i64 = Some(minute).filter(|m| digits(m))?.parse().ok()?;
        (hour < 24 && minute < 60).then_some(Self {
            second: (hour * 60 + minute) * 60,
        })
    }

    /// Seconds after midnight.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.second
    }

    /// Whether it has come since `last`, or there was no last time.
    #[must_use]
    pub fn has_come(self, last: Option<Timestamp>, now: Timestamp) -> bool {
        let today = now.day().start().plus_seconds(self.second);
        let due = if now >= today {
            today
        } else {
            today.plus_seconds(-DAY_SECONDS)
        };
        last.is_none_or(|last| last < due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Day;

    #[test]
    fn it_comes_once_a_day() {
        let half_past_three = TimeOfDay::parse("03:30").unwrap();
        let at = |hour: i64| Day::from_days(20_000).start().plus_seconds(hour * 3_600);
        assert!(half_past_three.has_come(None, at(0)));
        assert!(!half_past_three.has_come(Some(at(-1)), at(3)));
        assert!(half_past_three.has_come(Some(at(3)), at(4)));
        assert!(!half_past_three.has_come(Some(at(4)), at(23)));
        assert!(half_past_three.has_come(Some(at(4)), at(28)));
    }

    #[test]
    fn what_is_no_time_of_day_is_refused() {
        for text in ["3:30", "24:00", "12:60", "noon", "12:3x", ""] {
            assert_eq!(TimeOfDay::parse(text), None, "{text}");
        }
    }
}
