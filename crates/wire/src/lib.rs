#![doc = include_str!("../README.md")]

pub mod cloudloop;
mod excerpt;
pub mod nmea;
pub mod pk;
pub mod rockblock;
pub mod rockcore;
