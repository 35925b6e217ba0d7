//! One device, and what it said.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use fairlead_model::MessageId;
use fairlead_model::device::{DeviceKind, DeviceView};
use fairlead_model::message::MessageView;
use fairlead_store::registry::devices;
use fairlead_store::satellite::messages::{self, Filter};
use fairlead_store::satellite::readings::{self, ReadingRow};
use fairlead_store::{Conn, StoreError};
use fairlead_web::{ApiError, Viewer};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::lists::{Before, OldDevice};
use super::{Errors, MOST, naive, next_page, numbers_of, page};
use crate::service::State;

/// What a message of a device told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OldMessage {
    /// The message; see `/api/v1/messages`.
    id: String,
    /// The same.
    rbm_id: String,
    /// When it was sent, by the network, UTC.
    ird_transmit_time: String,
    /// The network's estimate, degrees north.
    ird_latitude: Option<f64>,
    /// The network's estimate, degrees east.
    ird_longitude: Option<f64>,
    /// Circular error probable of the estimate, kilometres.
    ird_cep: Option<f64>,
    /// When the device was there, by its own clock, UTC.
    device_transmit_time: String,
    /// Degrees north.
    device_latitude: Option<f64>,
    /// Degrees east.
    device_longitude: Option<f64>,
    /// The hemisphere, N or S.
    #[serde(rename = "device_NS")]
    device_ns: Option<&'static str>,
    /// The hemisphere, E or W.
    #[serde(rename = "device_EW")]
    device_ew: Option<&'static str>,
    /// Battery, volts.
    device_batt: Option<f64>,
    /// Course over ground, degrees true.
    device_cog: Option<f64>,
    /// Speed over ground, km/h.
    device_sog: Option<f64>,
    /// 1 where the last-mile beacon is on, 0 where it is off.
    device_status: Option<u8>,
    /// When it was received, UTC.
    created_at: String,
    /// Always false.
    logical_del: bool,
}

impl OldMessage {
    fn of(message: &MessageView, reading: &ReadingRow) -> Self {
        let id = message.id.to_string();
        Self {
            rbm_id: id.clone(),
            id,
            ird_transmit_time: naive(reading.transmitted_at.into()),
            ird_latitude: reading.estimate_latitude,
            ird_longitude: reading.estimate_longitude,
            ird_cep: reading.estimate_accuracy_m.map(|metres| metres / 1_000.0),
            device_transmit_time: naive(reading.device_at.into()),
            device_latitude: reading.latitude,
            device_longitude: reading.longitude,
            device_ns: reading.latitude.map(|north| if north < 0.0 { "S" } else { "N" }),
            device_ew: reading.longitude.map(|east| if east < 0.0 { "W" } else { "E" }),
            device_batt: reading.battery_v,
            device_cog: reading.course_deg,
            device_sog: reading.speed_m_s.map(|m_s| m_s * 3.6),
            device_status: reading.beacon_on.map(u8::from),
            created_at: naive(message.received_at),
            logical_del: false,
        }
    }
}

/// One buoy, by its number.
#[utoipa::path(get, path = "/v1/buoys/{number}", tag = "old scripts", params(("number" = String, Path)),
    responses((status = 200, body = OldDevice), (status = 404, description = "`{\"errors\": […]}`")))]
pub(crate) async fn buoy(
    _: Viewer,
    state: web::Data<State>,
    number: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    one(&state, DeviceKind::Buoy, &number).await
}

/// One handset, by its number.
#[utoipa::path(get, path = "/v1/handsets/{number}", tag = "old scripts", params(("number" = String, Path)),
    responses((status = 200, body = OldDevice), (status = 404, description = "`{\"errors\": […]}`")))]
pub(crate) async fn handset(
    _: Viewer,
    state: web::Data<State>,
    number: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    one(&state, DeviceKind::Handset, &number).await
}

async fn one(state: &State, kind: DeviceKind, number: &str) -> Result<HttpResponse, ApiError> {
    let Some(view) = find(state, kind, number).await? else { return Ok(no_such(kind, number)) };
    let modem = view.modem.as_ref().map(|modem| modem.id);
    let numbers = numbers_of(state, modem.into_iter().collect()).await?;
    let rb_id = modem.and_then(|id| numbers.get(&id).copied());
    Ok(HttpResponse::Ok().json(OldDevice::of(view, rb_id)))
}

async fn find(state: &State, kind: DeviceKind, number: &str) -> Result<Option<DeviceView>, ApiError> {
    let Ok(number) = number.parse::<i64>() else { return Ok(None) };
    let now = state.clock.now();
    let look = move |conn: &mut Conn| match devices::by_number(conn, kind, number)? {
        Some(row) => devices::view(conn, row.id.into(), now).map(Some),
        None => Ok(None),
    };
    Ok(state.store.read(look).await?)
}

fn no_such(kind: DeviceKind, number: &str) -> HttpResponse {
    let mut errors = Errors::default();
    errors.add(StatusCode::NOT_FOUND, format!("No {kind} {number} exists"));
    errors.wrapped()
}

/// What a buoy said, newest first, at most 5,000; a `Link` header leads to the rest.
#[utoipa::path(get, path = "/v1/buoys/{number}/messages", tag = "old scripts",
    params(("number" = String, Path), Before),
    responses((status = 200, body = Vec<OldMessage>), (status = 404, description = "`{\"errors\": […]}`")))]
pub(crate) async fn buoy_messages(
    _: Viewer,
    state: web::Data<State>,
    number: web::Path<String>,
    query: web::Query<Before>,
) -> Result<HttpResponse, ApiError> {
    said(&state, DeviceKind::Buoy, &number, query.before).await
}

/// What a handset said, newest first, at most 5,000; a `Link` header leads to the rest.
#[utoipa::path(get, path = "/v1/handsets/{number}/messages", tag = "old scripts",
    params(("number" = String, Path), Before),
    responses((status = 200, body = Vec<OldMessage>), (status = 404, description = "`{\"errors\": […]}`")))]
pub(crate) async fn handset_messages(
    _: Viewer,
    state: web::Data<State>,
    number: web::Path<String>,
    query: web::Query<Before>,
) -> Result<HttpResponse, ApiError> {
    said(&state, DeviceKind::Handset, &number, query.before).await
}

async fn said(
    state: &State,
    kind: DeviceKind,
    number: &str,
    before: Option<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let Some(view) = find(state, kind, number).await? else { return Ok(no_such(kind, number)) };
    let device = Some(view.id);
    let look = move |conn: &mut Conn| -> Result<_, StoreError> {
        let filter = Filter { device, before: before.map(MessageId::from), ..Filter::default() };
        let messages = messages::list(conn, &filter, MOST + 1)?;
        let ids: Vec<MessageId> = messages.iter().map(|message| message.id).collect();
        Ok((messages, readings::of_messages(conn, &ids)?))
    };
    let (messages, readings) = state.store.read(look).await?;
    let path = format!("/v1/{kind}s/{}/messages", view.number);
    let most = usize::try_from(MOST).unwrap_or(0);
    let last = messages.get(most.saturating_sub(1)).filter(|_| messages.len() > most);
    let next = last.map(|last| next_page(&path, "before", &last.id.to_string()));
    // What nothing was read from takes its place in the page, and is not shown.
    let row = |message: &MessageView| Some(OldMessage::of(message, readings.get(&message.id)?));
    let rows: Vec<OldMessage> = messages.iter().take(most).filter_map(row).collect();
    Ok(page(rows, next))
}
