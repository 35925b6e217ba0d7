//! What can stand against a change of the registry.

use std::fmt;

use fairlead_model::DeviceId;
use fairlead_model::device::{DeviceName, DeviceRef};

use crate::StoreError;

/// One thing that stands against a change. Its sentence says what a person can do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The text cannot be a name, a label or an address; the sentence says why.
    BadText(String),
    /// Something else has this name.
    NameTaken {
        /// The name as it was asked for.
        name: String,
        /// Whose it is.
        by: DeviceRef,
    },
    /// A group or an endpoint has this name.
    Taken(String),
    /// No modem is known so.
    NoSuchModem(String),
    /// Several modems have this serial number.
    SeveralModems(String),
    /// The modem is in a device already.
    ModemInUse {
        /// Its number on the network.
        imei: String,
        /// The device.
        by: DeviceRef,
    },
    /// The device has a modem already.
    HasModem {
        /// The device.
        device: DeviceRef,
        /// The modem's number on the network.
        imei: String,
    },
    /// The device has no modem.
    HasNone(DeviceRef),
    /// The moment does not fit into the history; the sentence says why.
    BadTime(String),
    /// There is no such group.
    NoSuchGroup(String),
    /// There is no such device.
    NoSuchDevice(DeviceId),
    /// The device is still needed; the sentence says where.
    Busy(String),
}

/// What a flaw comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A value is not as it must be.
    Wrong,
    /// What is named is not there.
    Missing,
    /// The change is sound, and what is there already stands against it.
    InTheWay,
}

impl Flaw {
    /// What it comes to.
    pub const fn status(&self) -> Status {
        match self {
            Self::BadText(_) | Self::SeveralModems(_) | Self::BadTime(_) => Status::Wrong,
            Self::NoSuchModem(_) | Self::NoSuchGroup(_) | Self::NoSuchDevice(_) => Status::Missing,
            Self::NameTaken { .. }
            | Self::Taken(_)
            | Self::ModemInUse { .. }
            | Self::HasModem { .. }
            | Self::HasNone(_)
            | Self::Busy(_) => Status::InTheWay,
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadText(sentence) | Self::BadTime(sentence) | Self::Busy(sentence) => f.write_str(sentence),
            Self::NameTaken { name, by } if *name == by.name => {
                write!(f, "There is a {} with the name {name} already.", by.kind)
            }
            Self::NameTaken { name, by } => write!(
                f,
                "There is a {} with the name {} already, and {name} differs from it in case only.",
                by.kind, by.name
            ),
            Self::Taken(name) => write!(f, "The name {name} is taken."),
            Self::NoSuchModem(named) => write!(
                f,
                "No modem is known as {named}. One that has not been heard yet is named by its IMEI of 15 digits."
            ),
            Self::SeveralModems(serial) => {
                write!(f, "Several modems have the serial number {serial}. Name the one by its IMEI.")
            }
            Self::ModemInUse { imei, by } => {
                write!(f, "Modem {imei} is in the {} {}. Unlink it there first.", by.kind, by.name)
            }
            Self::HasModem { device, imei } => {
                write!(f, "{} has modem {imei}. Unlink that one first.", device.name)
            }
            Self::HasNone(device) => write!(f, "{} has no modem.", device.name),
            Self::NoSuchGroup(named) => write!(f, "There is no group {named}. Make it first."),
            Self::NoSuchDevice(id) => write!(f, "There is no device {id}."),
        }
    }
}

/// The name of a device, or why it is none.
pub(super) fn device_name(text: &str) -> Result<DeviceName, Flaw> {
    text.parse().map_err(|why| Flaw::BadText(format!("{why}.")))
}

/// A text that people read, trimmed: 1 to `longest` characters without control characters or `;`, which parts names in
/// lists.
pub(crate) fn readable(what: &str, text: &str, longest: usize) -> Result<String, Flaw> {
    let text = text.trim();
    let fits = (1..=longest).contains(&text.chars().count());
    if fits && !text.chars().any(|c| c.is_control() || c == ';') {
        return Ok(text.to_owned());
    }
    Err(Flaw::BadText(format!(
        "{what} has 1 to {longest} characters, none of them `;` or a control character."
    )))
}

/// What remains where something must be there.
pub(super) fn found<T>(row: Option<T>) -> Result<T, StoreError> {
    row.ok_or(StoreError::NotFound)
}
