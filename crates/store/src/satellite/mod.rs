//! The satellite family's tables: what modems sent, what was made of it, and how each modem is now.

pub mod gaps;
pub mod held;
pub mod messages;
pub mod modems;
pub mod mt;
pub mod notes;
pub mod readings;
