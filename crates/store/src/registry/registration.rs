//! Devices that register themselves.

use std::fmt;

use diesel::prelude::*;
use fairlead_model::device::DeviceKind;
use fairlead_model::{Clock, DeviceId, Time};

use super::devices::{self, DeviceRow};
use crate::audit::{self, Entry};
use crate::schema::registration_windows;
use crate::{Conn, Micros, StoreError, Tx, sequences};

/// Who made a device known that registered itself.
pub const ITSELF: &str = "device";

/// What became of a device that registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The device, with the name that it has from now on.
    pub device: DeviceRow,
    /// Whether it was not known before.
    pub is_new: bool,
}

/// Why a device was not registered, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Registers a device: one that is known by its name keeps it, any other one is added under the next free name of its
/// kind. Whether it may is for the caller to know.
///
/// # Errors
/// What the database says.
pub fn register(
    tx: &mut Tx<'_>,
    clock: &Clock,
    kind: DeviceKind,
    name: Option<&str>,
) -> Result<Result<Registered, Refusal>, StoreError> {
    let known = match name {
        Some(name) => devices::by_name(tx, name)?,
        None => None,
    };
    if let Some(device) = known {
        if device.kind()? != kind {
            let sentence =
                format!("{} is a {}, and cannot be registered as a {kind}.", device.name, device.kind);
            return Ok(Err(Refusal(sentence)));
        }
        return Ok(Ok(Registered { device, is_new: false }));
    }
    let Some(prefix) = kind.prefix() else {
        return Ok(Err(Refusal(format!("A {kind} does not register itself."))));
    };
    let name = loop {
        let name = format!("{prefix}{:03}", sequences::next(tx, &format!("device.{kind}.name"))?);
        if devices::by_name(tx, &name)?.is_none() {
            break name;
        }
    };
    let device = devices::insert(tx, clock, kind, name, ITSELF)?;
    let subject = format!("device {}", DeviceId::from(device.id));
    let detail = format!("{}, a {kind}", device.name);
    audit::record(tx, clock, &Entry { actor: ITSELF, action: "device.register", subject, detail: &detail })?;
    Ok(Ok(Registered { device, is_new: true }))
}

/// Whether devices may register without a secret.
///
/// # Errors
/// What the database says.
pub fn is_open(conn: &mut Conn, now: Time) -> Result<bool, StoreError> {
    let until: Option<Micros> =
        registration_windows::table.select(registration_windows::until).first(conn).optional()?;
    Ok(until.is_some_and(|until| Micros::from(now) < until))
}
