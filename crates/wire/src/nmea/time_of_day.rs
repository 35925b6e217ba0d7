//! A time of day without a date, and the date it must have had.

use std::fmt;
use std::time::Duration;

use fairlead_model::Time;

/// How far a device's clock may run ahead of the network's before its time of day is taken for yesterday's.
/// The buoys set their clocks by GPS once per wake, so minutes are generous and a day is out of the question.
pub const ALLOWED_SKEW: Duration = Duration::from_secs(10 * 60);

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;
/// Digits of a fraction that are kept: microseconds.
const FRACTION_DIGITS: usize = 6;

/// A UTC time of day, exact to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay {
    micros: i64,
}

impl TimeOfDay {
    /// Reads `HHMMSS` with or without a fraction (`.`, any number of digits, of which six count).
    ///
    /// `None` where it is anything else, or no time of a day (`240000`).
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if whole.len() != 6 || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let pair = |from: usize| whole.get(from..from + 2)?.parse::<i64>().ok();
        let (hour, minute, second) = (pair(0)?, pair(2)?, pair(4)?);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let seconds = (hour * 60 + minute) * 60 + second;
        Some(Self { micros: seconds * MICROS_PER_SECOND + fraction_micros(fraction)? })
    }

    /// The time of day of a moment.
    pub fn of(time: Time) -> Self {
        Self { micros: time.micros().rem_euclid(MICROS_PER_DAY) }
    }

    /// The moment that a device meant by this time of day, when the network took its message at
    /// `transmitted_at`: the last one that is not more than [`ALLOWED_SKEW`] after it.
    ///
    /// So a device whose clock is slightly ahead stays on its day, around midnight too, and any other time of
    /// day belongs to the 24 hours before.
    pub fn before(self, transmitted_at: Time) -> Time {
        let latest = transmitted_at.plus(ALLOWED_SKEW).micros();
        let since = latest.saturating_sub(self.micros).rem_euclid(MICROS_PER_DAY);
        Time::from_micros(latest.saturating_sub(since))
    }

    /// `HHMMSS.sss`, milliseconds truncated.
    pub fn with_millis(self) -> String {
        format!("{self}.{:03}", self.micros % MICROS_PER_SECOND / 1_000)
    }
}

/// `HHMMSS`, the fraction dropped.
impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.micros / MICROS_PER_SECOND;
        write!(f, "{:02}{:02}{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn fraction_micros(fraction: &str) -> Option<i64> {
    let kept = fraction.get(..fraction.len().min(FRACTION_DIGITS))?;
    format!("{kept:0<FRACTION_DIGITS$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn a_fraction_may_have_any_length_and_six_digits_count() {
        for (text, micros) in [
            ("194031", 70_831_000_000),
            ("194031.", 70_831_000_000),
            ("194031.5", 70_831_500_000),
            ("194031.00", 70_831_000_000),
            ("194031.1234567", 70_831_123_456),
            ("235959.999999", 86_399_999_999),
        ] {
            assert_eq!(TimeOfDay::parse(text), Some(TimeOfDay { micros }), "{text}");
        }
        for bad in
            ["", "None", "12345", "12345.6", "1234567", "240000.000", "126000", "120060", "1.2.3", "+12345"]
        {
            assert_eq!(TimeOfDay::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_skew_is_allowed_to_the_microsecond() {
        let sent = at("2020-10-02T12:00:00Z");
        let meant = |text| TimeOfDay::parse(text).unwrap().before(sent);
        assert_eq!(meant("121000"), at("2020-10-02T12:10:00Z"));
        assert_eq!(meant("121000.000001"), at("2020-10-01T12:10:00.000001Z"));
        assert_eq!(meant("120000"), sent);
        assert_eq!(meant("115959"), at("2020-10-02T11:59:59Z"));
    }

    #[test]
    fn a_clock_ahead_of_a_message_sent_before_midnight_is_on_the_next_day() {
        let meant = TimeOfDay::parse("000005").unwrap().before(at("2020-10-02T23:59:59Z"));
        assert_eq!(meant, at("2020-10-03T00:00:05Z"));
    }

    #[test]
    fn extreme_moments_do_not_overflow() {
        for micros in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX] {
            let time = Time::from_micros(micros);
            let _ = TimeOfDay::of(time).before(time);
        }
    }

    #[test]
    fn a_time_of_day_prints_as_devices_do() {
        let of_day = TimeOfDay::of(at("2020-10-02T01:05:09.0869Z"));
        assert_eq!(of_day.to_string(), "010509");
        assert_eq!(of_day.with_millis(), "010509.086");
        assert_eq!(TimeOfDay::of(Time::from_micros(-1)).with_millis(), "235959.999");
    }
}
