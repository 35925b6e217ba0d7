//! The bus from outside, on both transports: in one process over SQLite, and over RabbitMQ and MySQL.
//!
//! `conformance` holds what must be so on either. `local` and `broker` hold what only one of them has.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may"
)]

#[path = "../../../testkit/src/servers/mod.rs"]
#[expect(dead_code, reason = "shared with the testkit")]
mod servers;

mod broker;
mod chaos;
mod conformance;
mod exchange;
mod local;
mod proxy;
mod topics;
mod world;
