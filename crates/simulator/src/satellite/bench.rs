//! Devices on the bench: a Scout on Wi-Fi with its lid open, on the line to the hub, and fetching new firmware.
//!
//! The habits are the real firmware's, the awkward ones above all: a server that does not bear them is wrong. What
//! the protocol leaves open (which values a driver shows, how long something takes) is this simulator's own.

mod app;
mod device;
mod drivers;
mod flash;
mod fleet;
mod frame;
mod habits;
mod http;
mod life;
mod line;
mod order;
mod power;
mod python;
mod register;
mod trouble;
mod upgrade;
mod wifi;

pub use app::App;
pub use device::{BenchDevice, Step};
pub use drivers::Driver;
pub use flash::{Files, Flash};
pub use fleet::BenchFleet;
pub use habits::Habits;
pub use power::{BenchSettings, Doing, Powered, Report, switch_on};
pub use register::register;
pub use trouble::Trouble;
pub use upgrade::{Ended, UpgradeClient};
pub use wifi::Wifi;
