//! Commands: the same three types from handset to server (MO) and from server to buoy (MT).

use std::fmt;

use super::{Unreadable, number};
use crate::excerpt::excerpt;

/// Shortest interval that a v2 buoy keeps, in seconds; it raises shorter ones to it (v2 firmware).
pub const V2_INTERVAL_FLOOR_S: u32 = 120;

/// A reporting interval in whole minutes, 1 to 1440 (the v3 firmware refuses others).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportInterval(u16);

impl ReportInterval {
    /// Shortest interval, in minutes.
    pub const MIN_MINUTES: u32 = 1;
    /// Longest interval, in minutes: a day (v3 firmware).
    pub const MAX_MINUTES: u32 = 1440;

    /// `None` out of range.
    pub fn from_minutes(minutes: u32) -> Option<Self> {
        let in_range = (Self::MIN_MINUTES..=Self::MAX_MINUTES).contains(&minutes);
        in_range.then(|| u16::try_from(minutes).ok().map(Self))?
    }

    /// Minutes.
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// Seconds.
    pub fn seconds(self) -> u32 {
        u32::from(self.0) * 60
    }
}

/// A commanded sleep in seconds, 1 to 259,200 (the v3 firmware refuses longer ones).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SleepSpan(u32);

impl SleepSpan {
    /// Shortest sleep, in seconds.
    pub const MIN_SECONDS: u32 = 1;
    /// Longest sleep, in seconds: three days (v3 firmware).
    pub const MAX_SECONDS: u32 = 259_200;

    /// `None` out of range.
    pub fn from_seconds(seconds: u32) -> Option<Self> {
        (Self::MIN_SECONDS..=Self::MAX_SECONDS).contains(&seconds).then_some(Self(seconds))
    }

    /// Seconds.
    pub const fn seconds(self) -> u32 {
        self.0
    }
}

/// What a buoy can be told. It displays as type and value: `PK005,1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// PK005: the last-mile LoRa beacon. v3 buoys ignore it.
    Beacon {
        /// On or off.
        on: bool,
    },
    /// PK006: how often to report.
    Interval(ReportInterval),
    /// PK007: sleep once, for so long.
    Sleep(SleepSpan),
}

impl Command {
    /// `PK005`, `PK006` or `PK007`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Beacon { .. } => "PK005",
            Self::Interval(_) => "PK006",
            Self::Sleep(_) => "PK007",
        }
    }

    /// The number behind the type: 1 or 0, minutes, seconds.
    pub fn value(self) -> u32 {
        match self {
            Self::Beacon { on } => u32::from(on),
            Self::Interval(interval) => interval.minutes().into(),
            Self::Sleep(span) => span.seconds(),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.code(), self.value())
    }
}

/// Reads the body of a command text; only its first field counts.
pub(super) fn read(code: &str, body: &str) -> Result<Command, Unreadable> {
    let value = body.split(',').next().unwrap_or_default().trim();
    let (code, command, wanted) = match code {
        "PK005" => ("PK005", beacon(value), "1 (on) or 0 (off)"),
        "PK006" => ("PK006", interval(value), "whole minutes from 1 to 1440"),
        "PK007" => ("PK007", sleep(value), "whole seconds from 1 to 259200"),
        _ => return Err(Unreadable::UnknownType { code: code.to_owned() }),
    };
    command.ok_or_else(|| Unreadable::BadCommand { code, found: excerpt(value), wanted })
}

fn beacon(value: &str) -> Option<Command> {
    match value {
        "1" | "ON" => Some(Command::Beacon { on: true }),
        "0" | "OFF" => Some(Command::Beacon { on: false }),
        _ => None,
    }
}

fn interval(value: &str) -> Option<Command> {
    number::digits(value).and_then(ReportInterval::from_minutes).map(Command::Interval)
}

fn sleep(value: &str) -> Option<Command> {
    number::digits(value).and_then(SleepSpan::from_seconds).map(Command::Sleep)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_end_where_the_firmware_ends_them() {
        assert_eq!(ReportInterval::from_minutes(0), None);
        assert_eq!(ReportInterval::from_minutes(1).unwrap().seconds(), 60);
        assert_eq!(ReportInterval::from_minutes(1440).unwrap().minutes(), 1440);
        assert_eq!(ReportInterval::from_minutes(1441), None);
        assert_eq!(ReportInterval::from_minutes(65_536 + 10), None);
        assert_eq!(SleepSpan::from_seconds(0), None);
        assert_eq!(SleepSpan::from_seconds(259_200).unwrap().seconds(), 259_200);
        assert_eq!(SleepSpan::from_seconds(259_201), None);
    }

    #[test]
    fn a_command_is_read_from_its_first_field() {
        assert_eq!(read("PK005", "ON").unwrap(), Command::Beacon { on: true });
        assert_eq!(read("PK006", " 10 ,20").unwrap().to_string(), "PK006,10");
        assert_eq!(read("PK007", "3600").unwrap().to_string(), "PK007,3600");
        for (code, bad) in [("PK005", "2"), ("PK005", ""), ("PK006", "+5"), ("PK006", "1_0"), ("PK007", "-1")]
        {
            assert!(matches!(read(code, bad), Err(Unreadable::BadCommand { .. })), "{code} {bad}");
        }
    }
}
