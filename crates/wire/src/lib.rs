#![doc = include_str!("../README.md")]

mod excerpt;
pub mod nmea;
pub mod pk;
pub mod rockblock;
