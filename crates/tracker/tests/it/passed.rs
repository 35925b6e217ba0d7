//! What has been passed on, as a test looks at it, and messages to pass on.

use std::time::Duration;

use diesel::prelude::*;
use fairlead_model::mt::Order;
use fairlead_model::{Latitude, Longitude, Time};
use fairlead_store::satellite::messages::MessageRow;
use fairlead_wire::rockcore::{Fields, Source, Trigger};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::registry::B;
use crate::sea::{IMEI, Sea, message, minutes, pk101, start};

diesel::table! {
    deliveries (id) {
        id -> Binary,
        route_id -> Nullable<Binary>,
        target_id -> Binary,
        message_id -> Nullable<Binary>,
        device_id -> Nullable<Binary>,
        state -> Text,
        format -> Text,
        content_type -> Text,
        attributes -> Text,
        body -> Binary,
    }
}

/// What is delivered, as far as a test looks at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivered {
    pub route: Value,
    pub target: Value,
    pub message: Value,
    pub device: Value,
    pub format: String,
    pub content_type: String,
    pub attributes: Value,
    pub body: String,
}

impl Delivered {
    pub fn order(&self) -> Order {
        serde_json::from_str(&self.body).unwrap()
    }
}

pub type Row =
    (Option<Vec<u8>>, Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>, String, String, String, String, Vec<u8>);

/// All deliveries in the order in which they were made.
pub async fn delivered(sea: &Sea) -> Vec<Delivered> {
    let rows: Vec<Row> = sea
        .system
        .store
        .read(|conn| {
            let columns = (
                deliveries::route_id,
                deliveries::target_id,
                deliveries::message_id,
                deliveries::device_id,
                deliveries::state,
                deliveries::format,
                deliveries::content_type,
                deliveries::attributes,
                deliveries::body,
            );
            Ok(deliveries::table.order(deliveries::id).select(columns).load(conn)?)
        })
        .await
        .unwrap();
    let id =
        |bytes: Option<Vec<u8>>| bytes.map_or(Value::Null, |bytes| json!(Uuid::from_slice(&bytes).unwrap()));
    rows.into_iter()
        .map(|(route, target, message, device, state, format, content_type, attributes, body)| {
            assert_eq!(state, "waiting");
            Delivered {
                route: id(route),
                target: id(Some(target)),
                message: id(message),
                device: id(device),
                format,
                content_type,
                attributes: serde_json::from_str(&attributes).unwrap(),
                body: String::from_utf8(body).unwrap(),
            }
        })
        .collect()
}

/// The numbers of the messages that a route has passed on, in order.
pub async fn passed(sea: &Sea, route: &Value) -> Vec<i64> {
    let mut numbers = Vec::new();
    for delivery in delivered(sea).await {
        if delivery.route == route["id"] {
            let path = format!("/api/v1/messages/{}", delivery.message.as_str().unwrap());
            numbers.push(sea.get(&path).await["message"]["momsn"].as_i64().unwrap());
        }
    }
    numbers.sort_unstable();
    numbers
}

pub fn at(n: u64) -> Time {
    start().minus(minutes(600)).plus(minutes(10 * n))
}

/// A v3 buoy's report at a latitude, in degrees and minutes.
pub fn report(sea: &Sea, imei: &str, n: i32, latitude: &str) -> MessageRow {
    let sent = at(u64::from(n.unsigned_abs()));
    message(&sea.system.clock, imei, n, sent, &pk101(sent, latitude, 10))
}

pub const NORTH: &str = "3850.5117";
pub const SOUTH: &str = "3750.5117";

/// A message that came as a form, as the provider pushes it.
pub fn form(sea: &Sea, sent: Time, text: &str) -> MessageRow {
    let data = hex::encode(text);
    let body = format!(
        "imei={IMEI}&device_type=ROCKBLOCK&serial=13760&momsn=441&transmit_time=26-06-01%2011%3A07%3A37\
         &iridium_latitude=37.7740&iridium_longitude=-122.4050&iridium_cep=4.0&iridium_session_status=2&data={data}"
    );
    let source = json!({"content_type": "application/x-www-form-urlencoded"}).to_string();
    MessageRow { body: body.into_bytes(), source, ..sea.message(441, sent, text) }
}

pub fn burst(n: u16, trigger: Trigger, text: Option<&str>) -> Fields {
    Fields {
        id: n.to_string(),
        imei: B.parse().unwrap(),
        device_type: "LEOPARD3".to_owned(),
        serial: 100_015,
        momsn: n,
        transmitted_at: at(n.into()),
        measured_at: at(n.into()).minus(Duration::from_secs(20)),
        trigger,
        source: Source::Gps,
        position: (Latitude::new(-33.5).unwrap(), Longitude::new(151.25).unwrap()),
        cep_km: 3,
        speed_knots: 3.6,
        course_deg: 45,
        altitude_m: 12,
        battery_percent: 82,
        message: text.map(str::to_owned),
        message_ack: None,
    }
}

pub fn pushed(sea: &Sea, fields: &Fields) -> MessageRow {
    let push = fields.push().unwrap();
    MessageRow {
        provider: "rockcore".to_owned(),
        payload: push.message.map(String::into_bytes),
        serial: push.serial,
        body: fields.json_body(None).into_bytes(),
        source: json!({"content_type": "application/json"}).to_string(),
        ..message(&sea.system.clock, B, fields.momsn.into(), fields.transmitted_at, "")
    }
}
