//! Who may come in by the devices' door.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::HttpRequest;
use fairlead_model::Time;
use fairlead_model::device::{DeviceKind, DeviceName};
use fairlead_store::firmware::jobs::{self, JobRow};
use fairlead_store::registry::devices::{self, DeviceRow};
use fairlead_web::request::client_address;
use fairlead_web::{ApiError, Code};
use sha2::{Digest as _, Sha256};

use crate::service::Firmware;
use crate::settings::Settings;

/// Whether a secret in the path is the one for all devices. Digests are compared, so that the time taken tells nothing
/// about it.
pub(crate) fn is_common_secret(settings: &Settings, given: &str) -> bool {
    let set = settings.registration_secret.expose();
    !set.is_empty() && Sha256::digest(given.as_bytes()) == Sha256::digest(set.as_bytes())
}

/// Whether a secret in the path is this device's own key.
pub(crate) fn is_own_key(device: &DeviceRow, given: &str) -> bool {
    device.key_hash.is_some() && devices::key_matches(device, Some(given))
}

/// Whether a device may ask for an upgrade in this way; a sentence where it may not.
pub(crate) fn may_upgrade(
    settings: &Settings,
    device: &DeviceRow,
    given: Option<&str>,
) -> Result<(), &'static str> {
    let shows_own = given.is_some_and(|given| is_own_key(device, given));
    if settings.require_key && device.key_hash.is_some() && !shows_own {
        return Err("This device must show its own key in the path, as /d/<key>/v1/….");
    }
    match given {
        Some(given) if !shows_own && !is_common_secret(settings, given) => {
            Err("The secret in the path is neither this device's key nor the one for all devices.")
        }
        _ => Ok(()),
    }
}

/// The device that a path names; and the job of a number, whoever's it is, or else the device's that goes on.
///
/// # Errors
/// [`Code::NotFound`] where there is no device of this name and kind, or it was deleted.
pub(crate) async fn find(
    state: &Firmware,
    (kind, iam): (&str, &str),
    number: Option<i64>,
) -> Result<(DeviceRow, Option<JobRow>), ApiError> {
    let unknown = || ApiError::new(Code::NotFound, format!("There is no {kind} of this name."));
    let name: DeviceName = iam.parse().map_err(|_| unknown())?;
    let wanted: DeviceKind = kind.parse().map_err(|_| unknown())?;
    let found = state.store.read(move |conn| {
        let device = devices::by_name(conn, name.as_str())?;
        let Some(device) = device.filter(|device| device.kind == wanted.as_str()) else { return Ok(None) };
        let job = match number {
            Some(number) => jobs::by_number(conn, number)?,
            None => jobs::active_of(conn, device.id.into())?,
        };
        Ok(Some((device, job)))
    });
    found.await?.ok_or_else(unknown)
}

/// When something was said of a device last: what a stranger can have said a thousand times a second is said once a
/// minute, and counted.
#[derive(Debug, Default)]
pub(crate) struct Said(Mutex<HashMap<(String, &'static str), Time>>);

impl Said {
    /// Names that are remembered. Of more than that in a minute nothing is said.
    const MOST: usize = 1_000;

    fn is_due(&self, device: &str, why: &'static str, now: Time) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.retain(|_, at| now.since(*at) < Duration::from_secs(60));
        if said.len() >= Self::MOST || said.contains_key(&(device.to_owned(), why)) {
            return false;
        }
        said.insert((device.to_owned(), why), now);
        true
    }
}

/// Notes that something was refused; the address is what a person can go by.
pub(crate) fn refused(state: &Firmware, request: &HttpRequest, device: &str, why: &'static str) {
    metrics::counter!("fairlead_firmware_door_refused_total", "why" => why).increment(1);
    let device: String = device.chars().take(64).collect();
    if !state.said.is_due(&device, why, state.clock.now()) {
        return;
    }
    tracing::warn!(device, why, address = client_address(request), "refused at the devices' door");
}

#[cfg(test)]
mod tests {
    use fairlead_model::Secret;
    use fairlead_store::{Digest, Micros};

    use super::*;

    #[test]
    fn what_is_refused_is_said_once_a_minute_of_a_device() {
        let (said, at) = (Said::default(), |s: i64| Time::from_micros(s * 1_000_000));
        assert!(said.is_due("PK001", "key", at(0)));
        assert!(!said.is_due("PK001", "key", at(59)));
        assert!(said.is_due("PK001", "init", at(59)));
        assert!(said.is_due("PK002", "key", at(59)));
        assert!(said.is_due("PK001", "key", at(60)));
        let many = (0..5_000).filter(|n| said.is_due(&n.to_string(), "key", at(100))).count();
        assert!(many < Said::MOST);
    }

    fn device(key: Option<&str>) -> DeviceRow {
        DeviceRow {
            id: uuid::Uuid::nil().into(),
            number: 1,
            kind: "buoy".to_owned(),
            name: "PK001".to_owned(),
            name_key: Some("pk001".to_owned()),
            serial: None,
            key_hash: key.map(|key| Digest(Sha256::digest(key.as_bytes()).into())),
            created_at: Micros(0),
            created_by: String::new(),
            deleted_at: None,
        }
    }

    #[test]
    fn who_may_come_in() {
        let (open, keyed) = (device(None), device(Some("own")));
        for (set, require_key, device, given, may) in [
            ("", false, &open, None, true),
            ("", false, &open, Some(""), false),
            ("", false, &open, Some("x"), false),
            ("all", false, &open, Some("all"), true),
            ("all", false, &open, None, true),
            ("all", false, &keyed, Some("all"), true),
            ("all", false, &keyed, Some("own"), true),
            ("all", false, &keyed, Some("x"), false),
            ("all", false, &keyed, None, true),
            ("all", true, &keyed, None, false),
            ("all", true, &keyed, Some("all"), false),
            ("all", true, &keyed, Some("own"), true),
            ("all", true, &open, None, true),
        ] {
            let settings =
                Settings { registration_secret: Secret::new(set), require_key, ..Settings::default() };
            let ruled = may_upgrade(&settings, device, given);
            assert_eq!(ruled.is_ok(), may, "{set} {require_key} {given:?} {ruled:?}");
        }
    }
}
