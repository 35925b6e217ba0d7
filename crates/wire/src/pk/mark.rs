//! Why a value of a report is absent or doubtful.

use std::fmt;

use super::{Dialect, Field};

/// A remark on one value of a report; it displays as a sentence that names the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The device says that it has no position (999 degrees, or `None`).
    NoFix,
    /// A field without which there is no position, or no device time, is missing.
    Missing(Field),
    /// A field could not be read.
    Unreadable {
        /// The field.
        field: Field,
        /// What it holds, shortened and escaped.
        found: String,
        /// What is wrong with it.
        why: String,
    },
    /// A coordinate was printed with minutes above 60.
    Suspect(Field),
    /// The device time is missing or unreadable; the network's transmit time stands in for it.
    TimeFromTransmit,
    /// The build is not known, so the speed's unit is not: the figure is kept, the speed absent.
    SpeedUnitUnknown,
    /// The build is not known, and the status reads differently in decimal and in hexadecimal.
    StatusBaseUnknown {
        /// The status, shortened and escaped.
        found: String,
    },
    /// The text speaks another dialect than the one the modem was known for.
    DialectChanged {
        /// As known.
        known: Dialect,
        /// As the text shows.
        shown: Dialect,
    },
    /// A key occurs again; its first value was taken.
    Repeated {
        /// The key, shortened and escaped.
        key: String,
    },
    /// A part of the text is no `key:value` pair.
    NotAPair {
        /// The part, shortened and escaped.
        found: String,
    },
    /// More fields than the type has.
    Surplus {
        /// The field, shortened and escaped.
        found: String,
    },
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFix => write!(f, "lat and lon say that there is no fix"),
            Self::Missing(field) => write!(f, "{field} is missing"),
            Self::Unreadable { field, found, why } => write!(f, "{field} is {found}: {why}"),
            Self::Suspect(field) => write!(f, "{field} has minutes above 60"),
            Self::TimeFromTransmit => write!(f, "utc cannot be used; the transmit time stands in for it"),
            Self::SpeedUnitUnknown => write!(f, "sog may be knots or km/h, as the build is not known"),
            Self::StatusBaseUnknown { found } => {
                write!(f, "sta is {found}, decimal or hexadecimal, as the build is not known")
            }
            Self::DialectChanged { known, shown } => {
                write!(f, "the text is that of a {shown}, the modem was known as a {known}")
            }
            Self::Repeated { key } => write!(f, "{key} occurs again; the first was taken"),
            Self::NotAPair { found } => write!(f, "{found} is no `key:value` pair"),
            Self::Surplus { found } => write!(f, "{found} is one field too many"),
        }
    }
}
