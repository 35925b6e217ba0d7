#![doc = include_str!("../README.md")]

pub mod command_line;
pub mod firmware_tree;
pub mod ledger;
pub mod play;
pub mod satellite;
mod schedule;
pub mod verify;
