//! The firmware service from outside: real git, real stores.

mod bench;
mod mirrors;
mod repository;
mod servers;
mod signatures;
mod versions;
