//! The whole system from outside: real binaries, real servers, and a ledger that counts.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails here")]

mod command_line;
mod killed;
mod process;
