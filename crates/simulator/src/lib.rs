#![doc = include_str!("../README.md")]

pub mod command_line;
pub mod firmware_tree;
mod http;
pub mod ledger;
pub mod play;
pub mod receiver;
pub mod satellite;
mod schedule;
pub mod subscriber;
pub mod verify;
