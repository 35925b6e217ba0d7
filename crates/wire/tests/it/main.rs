//! The crate from outside: the known pairs of the original system, its pinned behaviours, real sizes, and
//! properties over built and mutated bytes.

mod pinned;
mod properties;
mod speakers;
mod vectors;
