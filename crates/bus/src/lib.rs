#![doc = include_str!("../README.md")]

mod amqp;
mod backlog;
mod backoff;
mod bus;
mod enqueue;
mod envelope;
pub mod exchange;
mod handle;
mod local;
mod options;
mod park;
mod reference;
mod topic;
mod url;
mod verdict;

pub use bus::{Bus, BusState};
pub use enqueue::{enqueue, enqueue_at, enqueue_many, requeue};
pub use envelope::Envelope;
pub use handle::{Consumer, Delivery};
pub use options::Options;
pub use reference::reference;
pub use topic::{News, Subscription};
pub use url::{AmqpUrl, BusUrl};
pub use verdict::Verdict;
