//! The satellite family's outside world: buoys and handsets at sea, and the provider that pushes what they send and
//! keeps what they are told.

pub mod bench;
mod body;
mod buoy;
mod cast;
pub(crate) mod chance;
mod events;
mod handset;
pub mod mt;
mod plan;
mod provider;
mod rockstar;
mod sea;
mod sent;
mod world;

pub use body::{Body, SIGNING_KEY_PEM, thing};
pub use cast::{Build, Character, DeliveryForm, Quirk, V3Text};
pub(crate) use events::Events;
pub use handset::{Screen, Shown};
pub(crate) use plan::deliveries;
pub use plan::{Delivery, Faults, Malformed, What};
pub use provider::{Answer, PUBLIC_KEY_PEM, Platform, Provider, ProviderSettings, RetryRule};
pub use rockstar::{RockStar, acknowledgement};
pub use sea::Waters;
pub use sent::{Estimate, Reading, Said, Sent};
pub use world::{World, WorldSettings};
