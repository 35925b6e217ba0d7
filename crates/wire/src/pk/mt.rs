//! MT texts: what a server sends to buoys and handsets, hexadecimal on the provider's wire.

use fairlead_model::{Latitude, Longitude, Time};

use super::Command;
use crate::nmea::{self, TimeOfDay};

/// Longest MT text in bytes that the provider accepts (RockBLOCK documentation: SBD MT message size).
pub const MT_LIMIT_BYTES: usize = 270;

/// Every build listens for this.
pub(super) const PREFIX: &str = "+DATA:";

/// Largest speed or course that is printed. No vessel has it; it only bounds the text.
const MAX_FIGURE: f64 = 99_999.0;

/// An MT text of at most 270 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MtText(String);

/// More commands than one MT carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the MT text has {bytes} bytes; {MT_LIMIT_BYTES} are the limit")]
pub struct MtTooLong {
    /// Length of the text in bytes.
    pub bytes: usize,
}

/// A buoy's position for a handset to show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HandsetPosition {
    /// Degrees north.
    pub latitude: Latitude,
    /// Degrees east.
    pub longitude: Longitude,
    /// Speed over ground in metres per second; the handset is told km/h.
    pub speed_m_s: Option<f64>,
    /// Course over ground in degrees true.
    pub course_deg: Option<f64>,
    /// When the buoy was there.
    pub at: Time,
    /// The buoy's status bits.
    pub status: Option<u32>,
}

impl MtText {
    /// One command: `+DATA:PK005,1;`.
    pub fn command(command: Command) -> Self {
        Self(format!("{PREFIX}{command};"))
    }

    /// Several commands: `+DATA:PK005,1;PK006,5;`. v2 buoys obey them all, v3 buoys the first alone.
    ///
    /// # Errors
    /// Where they do not fit into one MT.
    pub fn commands(commands: &[Command]) -> Result<Self, MtTooLong> {
        let listed: String = commands.iter().map(|command| format!("{command};")).collect();
        let text = format!("{PREFIX}{listed}");
        if text.len() > MT_LIMIT_BYTES { Err(MtTooLong { bytes: text.len() }) } else { Ok(Self(text)) }
    }

    /// Sends a v2 buoy into its Wi-Fi support application. The value means nothing, but without a comma the
    /// firmware ignores the command.
    pub fn support() -> Self {
        Self(format!("{PREFIX}SUPPORT,1;"))
    }

    /// PK004: eight fields, coordinates unsigned and zero-padded, no closing `;`.
    ///
    /// The handset cannot be told that a value is unknown (it drops a text of fewer fields), so an unknown
    /// speed, course or status is told as 0, as handsets are used to.
    pub fn handset_position(position: &HandsetPosition) -> Self {
        let lat = nmea::latitude_text(position.latitude);
        let lon = nmea::longitude_text(position.longitude);
        Self(format!(
            "{PREFIX}PK004,{},{},{},{},{},{},{}.0000,{}",
            lat.text,
            lat.letter,
            lon.text,
            lon.letter,
            figure(position.speed_m_s.map(nmea::m_s_to_km_h)),
            figure(position.course_deg),
            TimeOfDay::of(position.at),
            position.status.unwrap_or(0)
        ))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text in lower-case hexadecimal, as the provider takes it.
    pub fn to_hex(&self) -> String {
        hex::encode(&self.0)
    }
}

/// At most three decimals, without trailing zeros.
fn figure(value: Option<f64>) -> String {
    // Adding 0 makes 0 of the -0 that some receivers print.
    let bounded = value.filter(|v| v.is_finite()).unwrap_or(0.0).clamp(0.0, MAX_FIGURE) + 0.0;
    format!("{bounded:.3}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pk::ReportInterval;

    #[test]
    fn a_handset_is_told_eight_fields() {
        let mut position = HandsetPosition {
            latitude: Latitude::new(37.825_123).unwrap(),
            longitude: Longitude::new(-122.276_702).unwrap(),
            speed_m_s: Some(nmea::km_h_to_m_s(2.371)),
            course_deg: Some(45.5),
            at: Time::parse_rfc3339("2020-10-02T21:05:01.086Z").unwrap(),
            status: Some(1),
        };
        let text = MtText::handset_position(&position);
        assert_eq!(text.as_str(), "+DATA:PK004,3749.5074,N,12216.6021,W,2.371,45.5,210501.0000,1");
        position.latitude = Latitude::new(-0.5).unwrap();
        position.longitude = Longitude::new(5.25).unwrap();
        (position.speed_m_s, position.course_deg, position.status) = (None, Some(f64::NAN), None);
        let text = MtText::handset_position(&position);
        assert_eq!(text.as_str(), "+DATA:PK004,0030.0000,S,00515.0000,E,0,0,210501.0000,0");
    }

    #[test]
    fn the_longest_position_fits() {
        let text = MtText::handset_position(&HandsetPosition {
            latitude: Latitude::new(-90.0).unwrap(),
            longitude: Longitude::new(-180.0).unwrap(),
            speed_m_s: Some(1e300),
            course_deg: Some(f64::MAX),
            at: Time::from_micros(i64::MAX),
            status: Some(u32::MAX),
        });
        assert!(text.as_str().len() <= MT_LIMIT_BYTES);
        assert!(text.as_str().contains(",99999,99999,"));
    }

    #[test]
    fn commands_are_joined_up_to_the_limit() {
        let on = Command::Beacon { on: true };
        let five = Command::Interval(ReportInterval::from_minutes(5).unwrap());
        assert_eq!(MtText::commands(&[on, five]).unwrap().as_str(), "+DATA:PK005,1;PK006,5;");
        assert_eq!(MtText::commands(&[on; 33]).unwrap().as_str().len(), 270);
        assert_eq!(MtText::commands(&[on; 34]), Err(MtTooLong { bytes: 278 }));
        assert_eq!(MtText::support().as_str(), "+DATA:SUPPORT,1;");
    }
}
