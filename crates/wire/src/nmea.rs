//! NMEA 0183's way of printing: degrees with minutes, time of day without a date, speed in knots or km/h.

mod coordinate;
mod speed;
mod time_of_day;

pub(crate) use coordinate::whole_digits;
pub use coordinate::{
    BadCoordinate, Coordinate, DegreeMinutes, NO_FIX_DEGREES, latitude, latitude_text, longitude,
    longitude_text, signed_degrees, unpadded_text,
};
pub use speed::{km_h_to_m_s, knots_to_m_s, m_s_to_km_h, m_s_to_knots};
pub use time_of_day::{ALLOWED_SKEW, TimeOfDay};
