//! The registry: what there is in the field.

pub mod devices;
pub mod registration;
