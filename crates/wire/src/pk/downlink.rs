//! How the devices read an MT text, each build with its own quirks: what a simulated device does on one.
//!
//! This is the firmware's behaviour, not good manners: it shows what a careless MT would do to a device at sea.

use super::mt::PREFIX;
use super::{ReportInterval, SleepSpan, V2_INTERVAL_FLOOR_S, number};
use crate::nmea::{self, Coordinate};

/// What a v3 buoy makes of an MT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum V3Reaction {
    /// PK006: a new interval; 0 is accepted and changes nothing.
    Interval {
        /// Minutes, 0 to 1440.
        minutes: u32,
    },
    /// PK007: a sleep; 0 is accepted.
    Sleep {
        /// Seconds, 0 to 259,200.
        seconds: u32,
    },
    /// Anything else; the next report says so (`st:4`).
    Rejected,
}

/// Reads an MT as the v3 firmware does: an exact prefix at byte 0, then the integer that the rest begins with.
/// Whatever follows that integer is ignored, further commands included.
pub fn v3_buoy(text: &[u8]) -> V3Reaction {
    let value = |code: &str, max: u32| {
        let rest = text.strip_prefix(PREFIX.as_bytes())?.strip_prefix(code.as_bytes())?.strip_prefix(b",")?;
        leading_integer(rest).filter(|value| *value <= max)
    };
    if let Some(minutes) = value("PK006", ReportInterval::MAX_MINUTES) {
        V3Reaction::Interval { minutes }
    } else if let Some(seconds) = value("PK007", SleepSpan::MAX_SECONDS) {
        V3Reaction::Sleep { seconds }
    } else {
        V3Reaction::Rejected
    }
}

fn leading_integer(bytes: &[u8]) -> Option<u32> {
    let digits: String = bytes.iter().take_while(|b| b.is_ascii_digit()).map(|&b| char::from(b)).collect();
    number::digits(&digits)
}

/// One thing that a v2 buoy does on an MT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum V2Reaction {
    /// PK005: switches the last-mile beacon.
    Beacon {
        /// On or off; any value but `1` is off.
        on: bool,
    },
    /// PK006: a new interval.
    Interval {
        /// Seconds, at least 120, without upper bound.
        seconds: u64,
    },
    /// PK007: a sleep.
    Sleep {
        /// Seconds, more than 0.
        seconds: u64,
    },
    /// SUPPORT: reboots into the Wi-Fi support application.
    Support,
    /// A number that is none: the program fails and the buoy reboots, the rest of the text unread.
    Reboot,
}

/// Reads an MT as the v2 firmware does: a line that begins with `+DATA:`, commands between `;`, the type before
/// the first comma. What has no comma or no known type is ignored.
pub fn v2_buoy(text: &[u8]) -> Vec<V2Reaction> {
    let text = String::from_utf8_lossy(text);
    let mut reactions = Vec::new();
    for command in text.lines().filter_map(|line| line.strip_prefix(PREFIX)).flat_map(|line| line.split(';'))
    {
        let reaction = command.split_once(',').and_then(|(code, value)| v2_reaction(code, value));
        reactions.extend(reaction);
        if reaction == Some(V2Reaction::Reboot) {
            break;
        }
    }
    reactions
}

fn v2_reaction(code: &str, value: &str) -> Option<V2Reaction> {
    match code {
        "PK005" => Some(V2Reaction::Beacon { on: value == "1" }),
        "PK006" => Some(match python_int(value) {
            Some(minutes) => {
                let seconds = u64::try_from(minutes).unwrap_or(0).saturating_mul(60);
                V2Reaction::Interval { seconds: seconds.max(V2_INTERVAL_FLOOR_S.into()) }
            }
            None => V2Reaction::Reboot,
        }),
        "PK007" => match python_int(value) {
            Some(seconds) => {
                u64::try_from(seconds).ok().filter(|s| *s > 0).map(|seconds| V2Reaction::Sleep { seconds })
            }
            None => Some(V2Reaction::Reboot),
        },
        "SUPPORT" => Some(V2Reaction::Support),
        _ => None,
    }
}

/// As `int(text)` reads it: blanks around, a sign, digits. Beyond 64 bits it saturates where Python would not.
fn python_int(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let magnitude = digits.parse().unwrap_or(i64::MAX);
    Some(if negative { -magnitude } else { magnitude })
}

/// What a handset makes of an MT.
#[derive(Clone, Debug, PartialEq)]
pub enum HandsetReaction {
    /// It shows the buoy there.
    Shows {
        /// Degrees north as the handset computes them: a signed text with `S` lands in the north.
        latitude: f64,
        /// Degrees east, computed in the same way.
        longitude: f64,
        /// The other fields as received: speed in km/h, course, time of day, status.
        rest: [String; 4],
    },
    /// No PK004 of eight fields: dropped.
    Ignored,
    /// A coordinate that its program fails on, such as one without a digit of degrees.
    Crashes,
}

/// Reads an MT as the handset does.
pub fn handset(text: &[u8]) -> HandsetReaction {
    let text = String::from_utf8_lossy(text);
    let Some(body) = text.trim_end().strip_prefix(PREFIX).and_then(|body| body.strip_prefix("PK004,")) else {
        return HandsetReaction::Ignored;
    };
    let fields: Vec<&str> = body.split(',').collect();
    let [lat, ns, lon, ew, sog, cog, utc, sta] = fields.as_slice() else {
        return HandsetReaction::Ignored;
    };
    let degrees = |text: &str, letter: &str, positive: &str| {
        let value = match nmea::signed_degrees(text) {
            Ok(Coordinate::Sound(value) | Coordinate::Suspect(value)) => value,
            Ok(Coordinate::NoFix) => f64::from(nmea::NO_FIX_DEGREES),
            Err(_) => return None,
        };
        Some(if letter == positive { value } else { -value })
    };
    match (degrees(lat, ns, "N"), degrees(lon, ew, "E")) {
        (Some(latitude), Some(longitude)) => {
            HandsetReaction::Shows { latitude, longitude, rest: [*sog, *cog, *utc, *sta].map(str::to_owned) }
        }
        _ => HandsetReaction::Crashes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_v3_buoy_reads_the_first_integer() {
        let (interval, sleep) =
            (|minutes| V3Reaction::Interval { minutes }, |seconds| V3Reaction::Sleep { seconds });
        for (text, reaction) in [
            ("+DATA:PK006,10;", interval(10)),
            ("+DATA:PK006,10", interval(10)),
            ("+DATA:PK006,10x", interval(10)),
            ("+DATA:PK006,2.9", interval(2)),
            ("+DATA:PK006,0;", interval(0)),
            ("+DATA:PK006,1440;", interval(1440)),
            ("+DATA:PK006,5;PK007,60;", interval(5)),
            ("+DATA:PK007,0;", sleep(0)),
            ("+DATA:PK007,259200;", sleep(259_200)),
            ("+DATA:PK006,1441;", V3Reaction::Rejected),
            ("+DATA:PK006,-5;", V3Reaction::Rejected),
            ("+DATA:PK006,abc;", V3Reaction::Rejected),
            ("+DATA:PK006,;", V3Reaction::Rejected),
            ("+DATA:PK006,99999999999;", V3Reaction::Rejected),
            ("+DATA:PK007,259201;", V3Reaction::Rejected),
            ("+DATA:PK005,1;", V3Reaction::Rejected),
            ("+DATA:PK005,1;PK006,5;", V3Reaction::Rejected),
            (" +DATA:PK006,10;", V3Reaction::Rejected),
            ("+data:PK006,10;", V3Reaction::Rejected),
            ("", V3Reaction::Rejected),
        ] {
            assert_eq!(v3_buoy(text.as_bytes()), reaction, "{text}");
        }
    }

    #[test]
    fn a_v2_buoy_obeys_every_command_and_falls_over_text() {
        use V2Reaction::{Beacon, Interval, Reboot, Sleep, Support};
        for (text, reactions) in [
            ("+DATA:PK005,1;PK006,5;", vec![Beacon { on: true }, Interval { seconds: 300 }]),
            ("+DATA:PK005,0;", vec![Beacon { on: false }]),
            ("+DATA:PK005,on;", vec![Beacon { on: false }]),
            ("+DATA:PK006,1;", vec![Interval { seconds: 120 }]),
            ("+DATA:PK006,-5;", vec![Interval { seconds: 120 }]),
            ("+DATA:PK006,99999", vec![Interval { seconds: 5_999_940 }]),
            ("+DATA:PK006,abc;PK005,1;", vec![Reboot]),
            ("+DATA:PK006,;", vec![Reboot]),
            ("+DATA:PK007,0;PK007,-1;PK007,60;", vec![Sleep { seconds: 60 }]),
            ("+DATA:SUPPORT;", vec![]),
            ("+DATA:SUPPORT,1;", vec![Support]),
            ("+DATA:PK006", vec![]),
            ("+DATA:PK004,1,2;", vec![]),
            ("x+DATA:PK005,1;", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(v2_buoy(text.as_bytes()), reactions, "{text}");
        }
        let endless = format!("+DATA:PK006,{};", "9".repeat(40));
        assert!(
            matches!(v2_buoy(endless.as_bytes()).as_slice(), [Interval { seconds }] if *seconds > 1 << 60)
        );
    }

    #[test]
    fn a_handset_takes_eight_fields_and_flips_a_sign() {
        let shown = |text: &str| match handset(text.as_bytes()) {
            HandsetReaction::Shows { latitude, longitude, .. } => Some((latitude, longitude)),
            HandsetReaction::Ignored | HandsetReaction::Crashes => None,
        };
        let south = "+DATA:PK004,3350.1234,S,15112.5678,E,2.371,45.5,210501.0000,1";
        let (latitude, longitude) = shown(south).unwrap();
        assert!((latitude + 33.835_39).abs() < 1e-9 && (longitude - 151.209_463_333).abs() < 1e-9);
        let (flipped, _) = shown(&south.replace("3350", "-3350")).unwrap();
        assert_eq!(flipped, -latitude);
        assert_eq!(handset(b"+DATA:PK004,12.5,S,30.25,W,0,0,210501.0000,1"), HandsetReaction::Crashes);
        let seven = "+DATA:PK004,3350.1234,S,15112.5678,E,2.371,45.5,210501.0000";
        assert_eq!(handset(seven.as_bytes()), HandsetReaction::Ignored);
        assert_eq!(handset(b"PK004,1,2,3,4,5,6,7,8"), HandsetReaction::Ignored);
        assert_eq!(handset(b"+DATA:PK005,1;"), HandsetReaction::Ignored);
    }
}
