//! The hub from outside: pages open their websocket, and somebody on the bus has news.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod changes;
mod feed;
mod port;
