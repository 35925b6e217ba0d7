//! What is passed on: which routes a message fits, and what is delivered for it.
//!
//! `area` and `conditions` are pure. `message` is a message as routes see it; `pass` asks the routes of a unit of work,
//! and writes deliveries in its transaction.

mod area;
pub(crate) mod conditions;
pub(crate) mod message;
pub(crate) mod pass;
