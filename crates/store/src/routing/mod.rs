//! Routes, the endpoints that they deliver to, and every delivery.

pub mod deliveries;
pub mod endpoints;
pub mod numbered;
pub mod routes;
pub mod to_devices;

mod flaw;

pub use flaw::RouteFlaw;

/// What became of a change of a route: it was made, or all that stands against it.
pub type Checked<T> = Result<T, Vec<RouteFlaw>>;
