//! The satellite family's tables: what modems sent, what was made of it, and how each modem is now.

pub mod gaps;
pub mod held;
pub mod messages;
pub mod modems;
pub mod mt;
pub mod notes;
pub mod readings;

use std::str::FromStr;

use crate::StoreError;

/// One of a closed list of words, as a column holds it.
///
/// # Errors
/// [`StoreError::Fault`] where the row holds what this program never writes.
pub fn word<W: FromStr<Err = String>>(column: Option<&str>) -> Result<Option<W>, StoreError> {
    column.map(|text| text.parse().map_err(StoreError::Fault)).transpose()
}
