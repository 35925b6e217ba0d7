//! A letter for the tests of drivers.

use fairlead_model::Time;
use fairlead_model::delivery::DeliveryAttributes;

use super::Letter;

/// A letter of a buoy at a moment, in seconds; each has an id of its own.
pub(crate) fn letter(body: &str, seconds: i64) -> Letter {
    let at = Time::from_micros(seconds * 1_000_000);
    Letter {
        id: uuid::Uuid::new_v4().into(),
        attempt: 1,
        created_at: at,
        is_late: false,
        format: "json".to_owned(),
        content_type: "application/json".to_owned(),
        attributes: DeliveryAttributes {
            device: "PK001".to_owned(),
            kind: "buoy".to_owned(),
            imei: "300434063836590".parse().unwrap(),
            message: "position".to_owned(),
            at,
            position_at: Some(at),
        },
        body: body.to_owned().into(),
    }
}
