//! The whole system from outside: real binaries, real servers, and a ledger that counts.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot be set up fails here"
)]

mod api;
mod asking;
mod command_line;
mod courier_killed;
mod export;
mod first_run;
mod import;
mod killed;
mod platforms;
mod process;
mod proxy;
mod servers;
mod tls;
mod upgraded;
