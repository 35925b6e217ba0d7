//! What is wrong with a push that is accepted all the same.

use std::fmt;

use crate::pk::MO_LIMIT_BYTES;

/// A fault of a push; it displays as a sentence that names the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A field that every push carries is missing or empty.
    Missing {
        /// Its name on the wire.
        field: &'static str,
    },
    /// A field could not be read.
    Unreadable {
        /// Its name on the wire.
        field: &'static str,
        /// What it holds, shortened and escaped.
        found: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// The payload is longer than a modem can send.
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// A field came more than once; its first value was taken.
    Duplicate {
        /// Its name, shortened and escaped.
        field: String,
    },
    /// An unknown field was too long to be kept whole.
    UnknownCut {
        /// Its name, shortened and escaped.
        field: String,
    },
    /// There were more fields than are read.
    TooManyFields,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { field } => write!(f, "`{field}` is missing"),
            Self::Unreadable { field, found, wanted } => write!(f, "`{field}` is {found}, not {wanted}"),
            Self::TooLong { bytes } => {
                write!(f, "`data` holds {bytes} bytes; a modem sends {MO_LIMIT_BYTES} at most")
            }
            Self::Duplicate { field } => write!(f, "{field} came more than once; the first was taken"),
            Self::UnknownCut { field } => write!(f, "the unknown field {field} was too long and is cut"),
            Self::TooManyFields => write!(f, "there are more fields than a push has; the last were left out"),
        }
    }
}
