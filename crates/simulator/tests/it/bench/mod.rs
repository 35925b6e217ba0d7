//! Devices on the bench: what they say, how they hold a line, and how they fetch firmware.

mod device;
mod line;
mod raw_hub;
mod raw_server;
mod upgrade;
mod whole;
