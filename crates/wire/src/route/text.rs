//! A position as a device is told it: a handset by PK004, a tracker in words. Where there is none, there is no text.

use super::Facts;
use crate::pk::{HandsetPosition, MtText};

/// Decimals of a degree: a tenth of a metre.
const DECIMALS: usize = 6;

/// The text for a handset: `+DATA:PK004,` and eight fields, at most 270 bytes.
///
/// A time that is not to be believed tells no handset where to go: then there is no text either.
pub fn handset_text(facts: &Facts<'_>) -> Option<String> {
    let said = &facts.said;
    let (latitude, longitude) = said.fix.filter(|_| !said.clock_ahead)?;
    let position = HandsetPosition {
        latitude,
        longitude,
        speed_m_s: said.speed_m_s,
        course_deg: said.course_deg,
        at: said.measured_at,
        status: said.status_bits,
    };
    Some(MtText::handset_position(&position).as_str().to_owned())
}

/// The text for a tracker: `2020-10-02 21:05:01:  37.825123 N, -122.276702 W`, degrees with their sign and their letter,
/// as those who read it are used to.
pub fn rockstar_text(facts: &Facts<'_>) -> Option<String> {
    let said = &facts.said;
    let (latitude, longitude) = said.fix.filter(|_| !said.clock_ahead)?;
    let (latitude, longitude) = (latitude.degrees(), longitude.degrees());
    Some(format!(
        "{}:  {latitude:.DECIMALS$} {}, {longitude:.DECIMALS$} {}",
        said.measured_at.date_time().format("%Y-%m-%d %H:%M:%S"),
        if latitude < 0.0 { 'S' } else { 'N' },
        if longitude < 0.0 { 'W' } else { 'E' },
    ))
}
