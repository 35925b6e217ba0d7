//! The store on both databases: the same schema, the same promises, and no query that reads a whole table.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod changes;
mod plans;
mod registry;
mod reports;
mod schema;
mod units;
mod walks;
