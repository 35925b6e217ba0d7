//! Coordinates as `[D]DDMM.mmmm` with a hemisphere letter, to and from signed decimal degrees.

use fairlead_model::{Latitude, Longitude};

/// The degrees that a buoy prints when it has no fix (v3 firmware, after 240 s of searching).
pub const NO_FIX_DEGREES: u32 = 999;

const MINUTES_PER_DEGREE: f64 = 60.0;
/// Minutes above this are no rounding: `60.0000` is printed for 59.99996.
const MAX_MINUTES: f64 = MINUTES_PER_DEGREE;
/// Ten-thousandths of a minute in a degree: the resolution of four decimals.
const STEPS_PER_DEGREE: u64 = 60 * STEPS_PER_MINUTE;
const STEPS_PER_MINUTE: u64 = 10_000;

/// What a coordinate's text says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Coordinate<T> {
    /// A place.
    Sound(T),
    /// A place printed with minutes above 60: read as it stands, and to be doubted.
    Suspect(T),
    /// The device says that it has no position (999 degrees).
    NoFix,
}

impl<T> Coordinate<T> {
    /// The value, sound or suspect.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Sound(value) | Self::Suspect(value) => Some(value),
            Self::NoFix => None,
        }
    }

    fn try_map<U, E>(self, f: impl FnOnce(T) -> Result<U, E>) -> Result<Coordinate<U>, E> {
        Ok(match self {
            Self::Sound(value) => Coordinate::Sound(f(value)?),
            Self::Suspect(value) => Coordinate::Suspect(f(value)?),
            Self::NoFix => Coordinate::NoFix,
        })
    }
}

/// Why a text is no coordinate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCoordinate {
    /// Not digits, two of them minutes, with one decimal point.
    #[error("not degrees and minutes like 3749.5074")]
    NotDegreeMinutes,
    /// The letter is not one of the two of its axis.
    #[error("the hemisphere letter is not {0}")]
    Hemisphere(&'static str),
    /// A minus sign together with N or E.
    #[error("the minus sign contradicts the hemisphere letter")]
    Contradiction,
    /// Beyond the pole or the date line.
    #[error("beyond {0} degrees")]
    OutOfRange(u8),
}

/// Reads `[D]DDMM.mmmm`, with or without a minus sign, as signed decimal degrees of no particular axis.
///
/// # Errors
/// [`BadCoordinate::NotDegreeMinutes`] where it is anything else.
pub fn signed_degrees(text: &str) -> Result<Coordinate<f64>, BadCoordinate> {
    let parts = Parts::split(text).ok_or(BadCoordinate::NotDegreeMinutes)?;
    if parts.degrees == NO_FIX_DEGREES {
        return Ok(Coordinate::NoFix);
    }
    let magnitude = f64::from(parts.degrees) + parts.minutes / MINUTES_PER_DEGREE;
    // Subtracting keeps the sign of `-0012.5` and gives no negative zero.
    let value = if parts.negative { 0.0 - magnitude } else { magnitude };
    Ok(if parts.minutes > MAX_MINUTES { Coordinate::Suspect(value) } else { Coordinate::Sound(value) })
}

/// Reads a latitude with its letter, `N` or `S`.
///
/// # Errors
/// Where text or letter are not of this form, contradict each other, or lie beyond a pole.
pub fn latitude(text: &str, letter: &str) -> Result<Coordinate<Latitude>, BadCoordinate> {
    signed_degrees(text)?.try_map(|degrees| {
        let signed = apply_letter(degrees, letter, "N", "S").ok_or(BadCoordinate::Hemisphere("N or S"))??;
        Latitude::new(signed).ok_or(BadCoordinate::OutOfRange(90))
    })
}

/// Reads a longitude with its letter, `E` or `W`.
///
/// # Errors
/// Where text or letter are not of this form, contradict each other, or lie beyond the date line.
pub fn longitude(text: &str, letter: &str) -> Result<Coordinate<Longitude>, BadCoordinate> {
    signed_degrees(text)?.try_map(|degrees| {
        let signed = apply_letter(degrees, letter, "E", "W").ok_or(BadCoordinate::Hemisphere("E or W"))??;
        Longitude::new(signed).ok_or(BadCoordinate::OutOfRange(180))
    })
}

/// `None` where the letter is neither. A minus sign beside S or W says the same thing twice, as the first
/// server wrote it; beside N or E it is a contradiction.
fn apply_letter(
    degrees: f64,
    letter: &str,
    positive: &str,
    negative: &str,
) -> Option<Result<f64, BadCoordinate>> {
    if letter == negative {
        Some(Ok(0.0 - degrees.abs()))
    } else if letter == positive {
        Some(if degrees < 0.0 { Err(BadCoordinate::Contradiction) } else { Ok(degrees) })
    } else {
        None
    }
}

/// How many digits stand before the decimal point, where the text is degrees and minutes at all.
pub(crate) fn whole_digits(text: &str) -> Option<usize> {
    Parts::split(text).map(|parts| parts.whole_digits)
}

struct Parts {
    negative: bool,
    degrees: u32,
    minutes: f64,
    whole_digits: usize,
}

impl Parts {
    /// Minutes are the last two digits before the point and all after it; degrees the (one or more) before.
    fn split(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.')?;
        if !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return None;
        }
        let (degrees, minutes) = whole.split_at_checked(whole.len().checked_sub(2)?)?;
        Some(Self {
            negative: unsigned.len() < text.len(),
            degrees: degrees.parse().ok()?,
            minutes: format!("{minutes}.{fraction}").parse().ok()?,
            whole_digits: whole.len(),
        })
    }
}

/// Degrees and minutes without a sign, and the hemisphere letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DegreeMinutes {
    /// `DDMM.mmmm` or `DDDMM.mmmm`.
    pub text: String,
    /// `N`, `S`, `E` or `W`; zero is `N` or `E`.
    pub letter: char,
}

/// Prints a latitude as `DDMM.mmmm`, zero-padded, minutes below 60.
pub fn latitude_text(latitude: Latitude) -> DegreeMinutes {
    let letter = if latitude.degrees() < 0.0 { 'S' } else { 'N' };
    DegreeMinutes { text: padded(latitude.degrees(), 2), letter }
}

/// Prints a longitude as `DDDMM.mmmm`, zero-padded, minutes below 60.
pub fn longitude_text(longitude: Longitude) -> DegreeMinutes {
    let letter = if longitude.degrees() < 0.0 { 'W' } else { 'E' };
    DegreeMinutes { text: padded(longitude.degrees(), 3), letter }
}

/// Rounds once, in whole ten-thousandths of a minute, and divides afterwards: so no minute is ever 60.
fn padded(degrees: f64, width: usize) -> String {
    let steps = (degrees.abs() * STEPS_PER_DEGREE as f64).round() as u64;
    let minutes = steps % STEPS_PER_DEGREE;
    format!(
        "{:0width$}{:02}.{:04}",
        steps / STEPS_PER_DEGREE,
        minutes / STEPS_PER_MINUTE,
        minutes % STEPS_PER_MINUTE
    )
}

/// Prints the magnitude of `degrees` as the v3 firmware does: degrees without padding, minutes by `%07.4f`, all
/// in single precision, so that 37.84186 becomes `3750.5117` and minutes may round up to `60.0000`.
pub fn unpadded_text(degrees: f32) -> String {
    let magnitude = degrees.abs();
    let whole = magnitude.trunc();
    format!("{whole:.0}{:07.4}", (magnitude - whole) * 60.0_f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minus_sign_and_the_letter_must_not_contradict() {
        assert_eq!(latitude("-3350.1234", "S"), latitude("3350.1234", "S"));
        assert_eq!(latitude("-3350.1234", "N"), Err(BadCoordinate::Contradiction));
        assert_eq!(longitude("00030.25", "w"), Err(BadCoordinate::Hemisphere("E or W")));
        assert_eq!(latitude("0030.25", ""), Err(BadCoordinate::Hemisphere("N or S")));
    }

    #[test]
    fn the_range_ends_at_pole_and_date_line() {
        assert_eq!(latitude("8960.0000", "S").unwrap(), Coordinate::Sound(Latitude::new(-90.0).unwrap()));
        assert_eq!(latitude("9000.0001", "N"), Err(BadCoordinate::OutOfRange(90)));
        assert_eq!(longitude("18000.0000", "W").unwrap(), Coordinate::Sound(Longitude::new(-180.0).unwrap()));
        assert_eq!(longitude("18000.0001", "E"), Err(BadCoordinate::OutOfRange(180)));
        assert_eq!(longitude("99999999999999999999900.0", "E"), Err(BadCoordinate::NotDegreeMinutes));
    }

    #[test]
    fn no_fix_needs_no_letter() {
        assert_eq!(latitude("99900.0000", ""), Ok(Coordinate::NoFix));
        assert_eq!(longitude("99900.0000", "N"), Ok(Coordinate::NoFix));
    }

    #[test]
    fn sixty_minutes_are_rounding_and_more_are_suspect() {
        assert_eq!(signed_degrees("3760.0000"), Ok(Coordinate::Sound(38.0)));
        assert!(matches!(signed_degrees("3760.0001"), Ok(Coordinate::Suspect(_))));
    }

    #[test]
    fn printed_minutes_are_never_sixty() {
        let text = |degrees| latitude_text(Latitude::new(degrees).unwrap());
        assert_eq!(text(37.999_999_999), DegreeMinutes { text: "3800.0000".to_owned(), letter: 'N' });
        assert_eq!(text(-0.000_000_001), DegreeMinutes { text: "0000.0000".to_owned(), letter: 'S' });
        assert_eq!(text(-0.5), DegreeMinutes { text: "0030.0000".to_owned(), letter: 'S' });
        let west = longitude_text(Longitude::new(-5.25).unwrap());
        assert_eq!(west, DegreeMinutes { text: "00515.0000".to_owned(), letter: 'W' });
    }

    #[test]
    fn the_v3_firmware_prints_single_precision_without_padding() {
        for (degrees, text) in [
            (-8.0002, "800.0120"),
            (0.0, "000.0000"),
            (-5.25, "515.0000"),
            (-0.0049, "000.2940"),
            (37.84186, "3750.5117"),
            (-122.27547, "12216.5280"),
            (151.2095, "15112.5702"),
            (999.0, "99900.0000"),
        ] {
            assert_eq!(unpadded_text(degrees), text);
        }
    }
}
