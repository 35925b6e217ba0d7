//! A process from outside, whichever services it has.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod report;
