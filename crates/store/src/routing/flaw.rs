//! What can stand against a route.

use std::fmt;

use crate::registry::Status;

/// One thing that stands against a route. Its sentence says what a person can do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteFlaw {
    /// A value is not as it must be; the sentence says why.
    Wrong(String),
    /// What is named is not there; the sentence says what.
    Missing(String),
    /// Source, messages and target do not go together; the sentence says why.
    Pair(String),
    /// There is the same route already, of this number.
    Same(i64),
}

impl RouteFlaw {
    /// What it comes to.
    pub const fn status(&self) -> Status {
        match self {
            Self::Wrong(_) | Self::Pair(_) => Status::Wrong,
            Self::Missing(_) => Status::Missing,
            Self::Same(_) => Status::InTheWay,
        }
    }
}

impl fmt::Display for RouteFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong(sentence) | Self::Missing(sentence) | Self::Pair(sentence) => f.write_str(sentence),
            Self::Same(number) => write!(f, "Route {number} does the same already. Change that one."),
        }
    }
}
