//! Devices that register themselves, and the window in which they may do so without a secret.

use std::fmt;
use std::time::Duration;

use diesel::prelude::*;
use fairlead_model::device::{DeviceKind, DeviceRef};
use fairlead_model::{Clock, Time};

use super::devices::{self, DeviceRow};
use crate::audit::{self, Entry};
use crate::schema::{devices as table, registration_windows};
use crate::{Conn, Micros, StoreError, Tx, sequences};

/// Who made a device known that registered itself.
pub const ITSELF: &str = "device";

/// The only window.
const WINDOW: &str = "registration";

/// Names that are looked at together where the next one is taken.
const LOOK_AHEAD: i64 = 200;

/// What became of a device that registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The device, with the name that it has from now on.
    pub device: DeviceRow,
    /// Whether it was not known before.
    pub is_new: bool,
}

/// Why a device was not registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its name is that of another kind of device.
    AnotherKind {
        /// What it says that it is.
        asked: DeviceKind,
        /// Whose name it is.
        by: DeviceRef,
    },
    /// Devices of this kind do not register themselves.
    NotThisKind(DeviceKind),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnotherKind { asked, by } => {
                write!(f, "{} is a {}, and cannot be registered as a {asked}.", by.name, by.kind)
            }
            Self::NotThisKind(kind) => write!(f, "A {kind} does not register itself."),
        }
    }
}

/// Registers a device: one that is known by its name keeps it, any other one is added under the next free name of its
/// kind. Whether it may is for the caller to know; so is telling the pages of a new one.
///
/// # Errors
/// [`StoreError::Conflict`] where somebody was faster; else what the database says.
pub fn register(
    tx: &mut Tx<'_>,
    clock: &Clock,
    kind: DeviceKind,
    name: Option<&str>,
) -> Result<Result<Registered, Refusal>, StoreError> {
    if kind.prefix().is_none() {
        return Ok(Err(Refusal::NotThisKind(kind)));
    }
    let known = match name {
        Some(name) => devices::by_name(tx, name)?,
        None => None,
    };
    if let Some(device) = known {
        let by = device.named()?;
        return Ok(match by.kind == kind {
            true => Ok(Registered { device, is_new: false }),
            false => Err(Refusal::AnotherKind { asked: kind, by }),
        });
    }
    let device = devices::add(tx, clock, kind, None, None, ITSELF)?;
    let detail = match name {
        Some(name) => format!("{}, a {kind} that came as {}", device.name, shortened(name)),
        None => format!("{}, a {kind}", device.name),
    };
    let subject = format!("device {}", fairlead_model::DeviceId::from(device.id));
    audit::record(tx, clock, &Entry { actor: ITSELF, action: "device.register", subject, detail: &detail })?;
    Ok(Ok(Registered { device, is_new: true }))
}

fn shortened(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}

/// The next free name of a kind: its letters and at least three digits. A number is given out once, and one whose name
/// somebody has chosen already, in whatever case, is passed over.
pub(super) fn draw_name(tx: &mut Tx<'_>, kind: DeviceKind) -> Result<String, StoreError> {
    draw_names(tx, kind, 1, &|_| false)?.pop().ok_or(StoreError::NotFound)
}

/// The next free names of a kind, but those that are `taken` besides.
pub(super) fn draw_names(
    tx: &mut Tx<'_>,
    kind: DeviceKind,
    count: usize,
    taken: &dyn Fn(&str) -> bool,
) -> Result<Vec<String>, StoreError> {
    let prefix = kind.prefix().ok_or_else(|| StoreError::Refused(Refusal::NotThisKind(kind).to_string()))?;
    let sequence = format!("device.{kind}.name");
    // Holds the sequence until the commit: whoever else draws waits.
    let mut next = sequences::next(tx, &sequence)?;
    let mut names = Vec::with_capacity(count);
    let mut last = next;
    while names.len() < count {
        let candidates: Vec<(i64, String)> =
            (next..next + LOOK_AHEAD).map(|n| (n, format!("{prefix}{n:03}"))).collect();
        let keys: Vec<String> = candidates.iter().map(|(_, name)| name.to_ascii_lowercase()).collect();
        let chosen: Vec<Option<String>> =
            table::table.filter(table::name_key.eq_any(keys)).select(table::name_key).load(&mut **tx)?;
        let free = |name: &String| {
            let key = name.to_ascii_lowercase();
            !taken(&key) && !chosen.iter().flatten().any(|chosen| *chosen == key)
        };
        for (n, name) in candidates.into_iter().filter(|(_, name)| free(name)).take(count - names.len()) {
            last = n;
            names.push(name);
        }
        next += LOOK_AHEAD;
    }
    sequences::advance(tx, &sequence, last)?;
    Ok(names)
}

/// A window in which devices may register without a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Until when.
    pub until: Time,
    /// Who opened it.
    pub opened_by: String,
}

/// The window that is open.
///
/// # Errors
/// What the database says.
pub fn window(conn: &mut Conn, now: Time) -> Result<Option<Window>, StoreError> {
    let row: Option<(Micros, String)> = registration_windows::table
        .find(WINDOW)
        .select((registration_windows::until, registration_windows::opened_by))
        .first(conn)
        .optional()?;
    let window = row.map(|(until, opened_by)| Window { until: until.into(), opened_by });
    Ok(window.filter(|window| now < window.until))
}

/// Whether devices may register without a secret.
///
/// # Errors
/// What the database says.
pub fn is_open(conn: &mut Conn, now: Time) -> Result<bool, StoreError> {
    Ok(window(conn, now)?.is_some())
}

/// Opens the window, or opens it anew, for some time from now.
///
/// # Errors
/// [`StoreError::Conflict`] where somebody opened the first one at the same time; else what the database says.
pub fn open(tx: &mut Tx<'_>, now: Time, time: Duration, actor: &str) -> Result<Window, StoreError> {
    let window = Window { until: now.plus(time), opened_by: actor.to_owned() };
    let (until, opened_by) = (Micros::from(window.until), window.opened_by.clone());
    let values =
        (registration_windows::until.eq(until), registration_windows::opened_by.eq(opened_by.clone()));
    // A row that is changed into what it is counts as none on some servers, so it is looked for.
    let known: Option<Micros> = registration_windows::table
        .find(WINDOW)
        .select(registration_windows::until)
        .first(&mut **tx)
        .optional()?;
    match known {
        Some(_) => diesel::update(registration_windows::table.find(WINDOW)).set(values).execute(&mut **tx)?,
        None => diesel::insert_into(registration_windows::table)
            .values((
                registration_windows::name.eq(WINDOW),
                registration_windows::until.eq(until),
                registration_windows::opened_by.eq(opened_by),
            ))
            .execute(&mut **tx)?,
    };
    Ok(window)
}

/// Shuts the window. Whether it was open.
///
/// # Errors
/// What the database says.
pub fn shut(tx: &mut Tx<'_>, now: Time) -> Result<bool, StoreError> {
    let was_open = is_open(tx, now)?;
    diesel::delete(registration_windows::table.find(WINDOW)).execute(&mut **tx)?;
    Ok(was_open)
}
