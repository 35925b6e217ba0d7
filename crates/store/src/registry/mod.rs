//! The registry: which devices there are, under which names, which modem was in which of them when, groups.
//!
//! A change is looked at as a whole before it is made: whatever stands against it comes back as a list of [`Flaw`]s,
//! and nothing was written then. Each face says them in its own words.

pub mod devices;
pub mod groups;
pub mod import;

pub mod links;
pub mod numbers;
pub mod registration;

mod flaw;
mod modem;
pub(crate) mod views;

pub(crate) use flaw::readable;
pub use flaw::{Flaw, Status};
pub use modem::{ModemChoice, PreparedModem};

/// What became of a change: it was made, or all that stands against it.
pub type Checked<T> = Result<T, Vec<Flaw>>;
