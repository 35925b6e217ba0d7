//! The registry's tables: what there is in the field.

pub mod devices;
