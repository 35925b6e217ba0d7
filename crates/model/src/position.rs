//! Positions on the Earth, in signed decimal degrees (WGS 84).

use serde::{Deserialize, Serialize};

use crate::words::words;

macro_rules! degrees {
    ($($(#[$doc:meta])* $name:ident $limit:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(try_from = "f64", into = "f64")]
        pub struct $name(f64);

        impl $name {
            /// `None` where the value is not finite or out of range.
            pub fn new(degrees: f64) -> Option<Self> {
                (degrees.is_finite() && degrees.abs() <= $limit).then_some(Self(degrees))
            }

            /// Signed decimal degrees.
            pub const fn degrees(self) -> f64 {
                self.0
            }
        }

        impl TryFrom<f64> for $name {
            type Error = String;
            fn try_from(degrees: f64) -> Result<Self, String> {
                Self::new(degrees).ok_or_else(|| format!("{degrees} is beyond ±{} degrees", $limit))
            }
        }

        impl From<$name> for f64 {
            fn from(value: $name) -> f64 {
                value.0
            }
        }
    )*};
}

degrees! {
    /// Degrees north of the equator; south is negative; −90 to 90.
    Latitude 90.0;
    /// Degrees east of Greenwich; west is negative; −180 to 180.
    Longitude 180.0;
}

/// A place, and how well it is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    /// North of the equator.
    pub latitude: Latitude,
    /// East of Greenwich.
    pub longitude: Longitude,
    /// Radius in metres within which the device probably is; `None` for a satellite-navigation fix, which does
    /// not say.
    pub accuracy_m: Option<f64>,
    /// Who measured it.
    pub source: PositionSource,
}

words! {
    /// Who measured a position.
    PositionSource, "source of a position" {
        /// The device's own GPS receiver.
        Gps "gps",
        /// The satellite network's estimate, tens of kilometres wide.
        Satellite "satellite",
    }
}
