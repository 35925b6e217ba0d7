//! The hub from outside: pages open their websocket, somebody on the bus has news, and devices come to their port.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod buoy;
mod changes;
mod door;
mod feed;
mod hostile;
mod hubs;
mod outage;
mod port;
mod quay;
mod talk;
