//! The tracker from outside: messages are put into the store and on the queue, and the API is asked what became of
//! them.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by a panic")]

mod commanding;
mod ear;
mod fleet;
mod line;
mod lists;
mod notes;
mod order;
mod passed;
mod passing_on;
mod registry;
mod registry_groups;
mod registry_import;
mod registry_old;
mod registry_owner;
mod rockstar;
mod routes;
mod routes_old;
mod sea;
mod settle;
