//! What Home Assistant is told of a device: its MQTT discovery, one retained configuration for each entity.
//!
//! The entities read letters of the format `json`, from a topic of their own ([`state_topic`]) that only those reach which no
//! newer one has overtaken; the names of its fields are those of [`fairlead_wire::route::PassedOn`]. A value that a letter does
//! not have, or that comes late, changes nothing.

use fairlead_model::delivery::DeliveryAttributes;
use fairlead_model::route::Format;
use serde_json::{Value, json};

use crate::endpoints::Letter;

/// Where the device is. Its own receiver tells no accuracy.
const PLACE: &str = "{% if value_json.latitude is number and value_json.longitude is number and not value_json.late %}\
    {{ {'latitude': value_json.latitude, 'longitude': value_json.longitude, 'gps_accuracy': 0, \
    'measured_at': value_json.measured_at} | tojson }}{% else %}{}{% endif %}";

const BATTERY: &str =
    "{% if value_json.battery_v is number and not value_json.late %}{{ value_json.battery_v }}{% endif %}";

const SPEED: &str =
    "{% if value_json.speed_m_s is number and not value_json.late %}{{ value_json.speed_m_s }}{% endif %}";

const LAST_SEEN: &str = "{{ value_json.received_at }}";

/// Whether a letter says something that the entities can read.
pub(super) fn speaks_of(letter: &Letter) -> bool {
    letter.format == Format::Json.as_str() && !letter.is_test()
}

/// Where a device's entities read how it is now. No topic of a configuration ends so.
pub(super) fn state_topic(prefix: &str, of: &DeliveryAttributes) -> String {
    format!("{prefix}/device_tracker/fairlead_{}/position/state", plain(&of.device))
}

/// The topics of a device's entities, and their configurations.
pub(super) fn of(prefix: &str, of: &DeliveryAttributes) -> Vec<(String, String)> {
    let (node, topic) = (plain(&of.device), state_topic(prefix, of));
    let entity = |component: &str, object: &str, own: Value| {
        let mut config = json!({
            "unique_id": format!("fairlead_{node}_{object}"),
            "device": {
                "identifiers": [format!("fairlead_{node}")],
                "name": of.device,
                "manufacturer": "Fairlead",
                "model": of.kind,
                "serial_number": of.imei.as_str(),
            },
            "origin": { "name": "Fairlead", "sw_version": env!("CARGO_PKG_VERSION") },
        });
        if let (Value::Object(config), Value::Object(own)) = (&mut config, own) {
            config.extend(own);
        }
        (format!("{prefix}/{component}/fairlead_{node}/{object}/config"), config.to_string())
    };
    vec![
        entity(
            "device_tracker",
            "position",
            // Without a name of its own it has the device's.
            json!({
                "name": null,
                "source_type": "gps",
                "json_attributes_topic": topic,
                "json_attributes_template": PLACE,
            }),
        ),
        entity(
            "sensor",
            "battery",
            json!({
                "name": "Battery",
                "device_class": "voltage",
                "state_class": "measurement",
                "unit_of_measurement": "V",
                "state_topic": topic,
                "value_template": BATTERY,
            }),
        ),
        entity(
            "sensor",
            "speed",
            json!({
                "name": "Speed",
                "device_class": "speed",
                "state_class": "measurement",
                "unit_of_measurement": "m/s",
                "state_topic": topic,
                "value_template": SPEED,
            }),
        ),
        entity(
            "sensor",
            "last_seen",
            json!({
                "name": "Last seen",
                "device_class": "timestamp",
                "state_topic": topic,
                "value_template": LAST_SEEN,
            }),
        ),
    ]
}

/// A name as a level of a discovery topic may be: letters, digits, `_` and `-`. No two names become the same.
fn plain(name: &str) -> String {
    use std::fmt::Write as _;
    let mut plain = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            plain.push(char::from(byte));
        } else {
            // Writing into memory does not fail.
            let _ = write!(plain, "_{byte:02x}");
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fairlead_model::Time;

    use super::*;

    /// The fields of an MQTT device tracker in Home Assistant's documentation (`device_tracker.mqtt`), 2026.
    const TRACKER: &[&str] = &[
        "availability",
        "availability_mode",
        "availability_template",
        "availability_topic",
        "default_entity_id",
        "device",
        "enabled_by_default",
        "encoding",
        "entity_category",
        "entity_picture",
        "icon",
        "json_attributes_template",
        "json_attributes_topic",
        "name",
        "object_id",
        "origin",
        "payload_available",
        "payload_not_available",
        "qos",
        "source_type",
        "unique_id",
    ];
    /// Those of an MQTT sensor (`sensor.mqtt`).
    const SENSOR: &[&str] = &[
        "availability",
        "availability_mode",
        "availability_template",
        "availability_topic",
        "default_entity_id",
        "device",
        "device_class",
        "enabled_by_default",
        "encoding",
        "entity_category",
        "entity_picture",
        "expire_after",
        "force_update",
        "icon",
        "json_attributes_template",
        "json_attributes_topic",
        "last_reset_value_template",
        "name",
        "object_id",
        "options",
        "origin",
        "payload_available",
        "payload_not_available",
        "qos",
        "state_class",
        "state_topic",
        "suggested_display_precision",
        "unique_id",
        "unit_of_measurement",
        "value_template",
    ];
    /// Those of `device` and of `origin` (`mqtt`, discovery).
    const DEVICE: &[&str] = &[
        "configuration_url",
        "connections",
        "hw_version",
        "identifiers",
        "manufacturer",
        "model",
        "model_id",
        "name",
        "serial_number",
        "suggested_area",
        "sw_version",
        "via_device",
    ];
    const ORIGIN: &[&str] = &["name", "support_url", "sw_version"];

    fn attributes(device: &str) -> DeliveryAttributes {
        DeliveryAttributes {
            device: device.to_owned(),
            kind: "buoy".to_owned(),
            imei: "300434063836590".parse().unwrap(),
            message: "position".to_owned(),
            at: Time::from_micros(0),
            position_at: None,
        }
    }

    fn told(device: &str) -> Vec<(String, Value)> {
        let told = of("homeassistant", &attributes(device));
        told.into_iter().map(|(topic, body)| (topic, serde_json::from_str(&body).unwrap())).collect()
    }

    fn unknown(value: &Value, known: &[&str]) -> Vec<String> {
        value.as_object().unwrap().keys().filter(|key| !known.contains(&key.as_str())).cloned().collect()
    }

    #[test]
    fn every_field_is_one_that_home_assistant_documents() {
        for (topic, config) in told("PK001") {
            let known = if topic.contains("/device_tracker/") { TRACKER } else { SENSOR };
            assert_eq!(unknown(&config, known), Vec::<String>::new(), "{topic}");
            assert_eq!(unknown(&config["device"], DEVICE), Vec::<String>::new(), "{topic}");
            assert_eq!(unknown(&config["origin"], ORIGIN), Vec::<String>::new(), "{topic}");
            // What a tracker must have, and a sensor.
            let needed = if known == TRACKER { "json_attributes_topic" } else { "state_topic" };
            assert_eq!(
                config[needed], "homeassistant/device_tracker/fairlead_PK001/position/state",
                "{topic}"
            );
        }
    }

    #[test]
    fn templates_read_fields_that_the_format_has() {
        let schema = fairlead_wire::route::schema(Format::Json);
        let fields = schema.get("properties").and_then(Value::as_object).unwrap();
        let mut read = 0;
        for template in [PLACE, BATTERY, SPEED, LAST_SEEN] {
            for after in template.split("value_json.").skip(1) {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap();
                assert!(fields.contains_key(&after[..end]), "{}", &after[..end]);
                read += 1;
            }
        }
        assert!(read >= 10, "{read}");
    }

    #[test]
    fn no_two_entities_are_the_same() {
        let names = ["PK001", "pk001", "PK.1", "PK_1", "PK_2e1", "300434063836590"];
        let (mut topics, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for (topic, config) in names.iter().flat_map(|name| told(name)) {
            let levels: Vec<_> = topic.split('/').collect();
            assert_eq!((levels.len(), levels[0], levels[4]), (5, "homeassistant", "config"), "{topic}");
            let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            assert!(levels[1..4].iter().all(|level| level.chars().all(fine)), "{topic}");
            assert!(ids.insert(config["unique_id"].as_str().unwrap().to_owned()), "{topic}");
            assert!(topics.insert(topic));
        }
        assert_eq!(topics.len(), names.len() * 4);
    }
}
