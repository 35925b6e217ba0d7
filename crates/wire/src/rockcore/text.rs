//! Texts by which somebody with a tracker steers a buoy: `IRD update 10 min`, `Beacon on`.

use crate::excerpt::excerpt;
use crate::pk::{Command, ReportInterval};

/// Why a text that begins as a command is none; it displays as a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There is no number of minutes where one should be.
    #[error("`IRD update` is followed by {found}, not by minutes as in `IRD update 10 min`")]
    NoMinutes {
        /// What is there, shortened and escaped.
        found: String,
    },
    /// The number of minutes is one that no buoy takes.
    #[error(
        "`IRD update` asks for {found} minutes; a buoy takes {} to {}",
        ReportInterval::MIN_MINUTES,
        ReportInterval::MAX_MINUTES
    )]
    OutOfRange {
        /// The digits, shortened.
        found: String,
    },
    /// Neither on nor off.
    #[error("`Beacon` is followed by {found}, not by `on` or `off`")]
    NeitherOnNorOff {
        /// What is there, shortened and escaped.
        found: String,
    },
}

/// Reads a text as a command: `None` where it is talk. Case and blanks do not matter; people type it.
///
/// # Errors
/// [`Unreadable`] where it begins as a command, and cannot be one.
pub fn command(text: &str) -> Result<Option<Command>, Unreadable> {
    let mut words = text.split_ascii_whitespace();
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if first.eq_ignore_ascii_case("ird") && second.eq_ignore_ascii_case("update") {
        return interval(words.next().unwrap_or_default(), words.next().unwrap_or_default()).map(Some);
    }
    if first.eq_ignore_ascii_case("beacon") {
        return beacon(second, words.next()).map_or(Ok(None), |on| Ok(Some(Command::Beacon { on: on? })));
    }
    Ok(None)
}

/// `10 min…`, also written together.
fn interval(number: &str, unit: &str) -> Result<Command, Unreadable> {
    let asked = format!("{number} {unit}");
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = number.split_at(digits);
    let unit = if rest.is_empty() { unit } else { rest };
    if digits.is_empty() || !unit.to_ascii_lowercase().starts_with("min") {
        return Err(Unreadable::NoMinutes { found: excerpt(asked.trim()) });
    }
    let out_of_range = || Unreadable::OutOfRange { found: digits.chars().take(12).collect() };
    let minutes = digits.parse().ok().and_then(ReportInterval::from_minutes);
    minutes.map(Command::Interval).ok_or_else(out_of_range)
}

/// `None` where `Beacon` begins a longer sentence.
fn beacon(state: &str, more: Option<&str>) -> Option<Result<bool, Unreadable>> {
    let state = state.trim_end_matches(['.', '!']);
    match state.to_ascii_lowercase().as_str() {
        "on" => Some(Ok(true)),
        "off" => Some(Ok(false)),
        _ if more.is_some() => None,
        _ => Some(Err(Unreadable::NeitherOnNorOff { found: excerpt(state) })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Option<String> {
        command(text).unwrap().map(|command| command.to_string())
    }

    #[test]
    fn both_commands_are_read_as_people_type_them() {
        for (text, wanted) in [
            ("IRD update 10 min", "PK006,10"),
            ("IRD update 15 minutes please", "PK006,15"),
            (" ird  UPDATE 5min", "PK006,5"),
            ("Beacon on", "PK005,1"),
            ("Beacon OFF", "PK005,0"),
            ("beacon On.", "PK005,1"),
        ] {
            assert_eq!(said(text).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn talk_is_no_command() {
        for talk in
            ["", "hello", "IRD", "IRD is fine", "updated 10 min", "Beacon seems to be dead", "PK005;1"]
        {
            assert_eq!(said(talk), None, "{talk}");
        }
    }

    #[test]
    fn half_a_command_says_what_is_wrong() {
        for (text, wanted) in [
            (
                "IRD update  min",
                "`IRD update` is followed by `min`, not by minutes as in `IRD update 10 min`",
            ),
            ("IRD update", "`IRD update` is followed by ``, not by minutes as in `IRD update 10 min`"),
            (
                "IRD update -5 min",
                "`IRD update` is followed by `-5 min`, not by minutes as in `IRD update 10 min`",
            ),
            ("IRD update 0 min", "`IRD update` asks for 0 minutes; a buoy takes 1 to 1440"),
            (
                "IRD update 99999999999999 min",
                "`IRD update` asks for 999999999999 minutes; a buoy takes 1 to 1440",
            ),
            ("Beacon", "`Beacon` is followed by ``, not by `on` or `off`"),
            ("Beacon o", "`Beacon` is followed by `o`, not by `on` or `off`"),
        ] {
            assert_eq!(command(text).unwrap_err().to_string(), wanted);
        }
    }
}
