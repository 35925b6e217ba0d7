//! One representation of a moment: UTC with microseconds.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// How far a device's clock may be ahead of ours before it is not believed: what it says is kept and marked, but it is never
/// the last word.
const ALLOWED_AHEAD: Duration = Duration::from_secs(600);

/// A moment in UTC, exact to the microsecond, counted from 1970-01-01T00:00:00Z.
///
/// Both databases store it as a 64-bit count of microseconds, so it sorts the same everywhere. In JSON it is
/// RFC 3339 with `Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// The moment `micros` microseconds after the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// As a calendar date and time. Moments that chrono cannot name become the epoch; they cannot come from a
    /// device, whose dates have two-digit years.
    pub fn date_time(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// `self` later by `span` (saturating).
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// `self` earlier by `span` (saturating).
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Whether a device's clock says a time that is too far ahead of ours to be believed.
    #[must_use]
    pub fn is_too_far_ahead_of(self, ours: Self) -> bool {
        self > ours.plus(ALLOWED_AHEAD)
    }

    /// How long after `earlier` this is; zero where it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 with `Z`, with as many digits of fraction as are needed.
    pub fn rfc3339(self) -> String {
        self.date_time().to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }

    /// Reads RFC 3339 with any offset.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|t| Self(t.timestamp_micros()))
    }
}

impl From<DateTime<Utc>> for Time {
    fn from(t: DateTime<Utc>) -> Self {
        Self(t.timestamp_micros())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(d)?;
        Self::parse_rfc3339(&text)
            .ok_or_else(|| D::Error::custom(format!("`{text}` is not an RFC 3339 time")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_round_trip_keeps_microseconds() {
        let t = Time::parse_rfc3339("2020-10-02T21:05:01.086001Z").unwrap();
        assert_eq!(serde_json::to_string(&t).unwrap(), "\"2020-10-02T21:05:01.086001Z\"");
        assert_eq!(serde_json::from_str::<Time>("\"2020-10-02T23:05:01.086001+02:00\"").unwrap(), t);
        assert!(serde_json::from_str::<Time>("\"yesterday\"").is_err());
    }

    #[test]
    fn a_clock_may_be_ten_minutes_ahead() {
        let ours = Time::from_micros(0);
        assert!(!ours.plus(Duration::from_secs(600)).is_too_far_ahead_of(ours));
        assert!(ours.plus(Duration::from_secs(601)).is_too_far_ahead_of(ours));
    }
}
