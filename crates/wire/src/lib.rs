#![doc = include_str!("../README.md")]

pub mod cloudloop;
mod excerpt;
pub mod nmea;
pub mod pk;
mod refusal;
pub mod rockblock;
pub mod rockcore;
pub mod route;

pub use refusal::Refusal;
