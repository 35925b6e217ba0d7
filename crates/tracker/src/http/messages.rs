//! What arrived, what it said, and what we made of it.

use std::collections::BTreeMap;

use actix_web::web;
use fairlead_model::message::{MessageState, MessageView};
use fairlead_model::{DeviceId, MessageId, ModemId, Time};
use fairlead_store::StoreError;
use fairlead_store::registry::devices;
use fairlead_store::satellite::messages::{self, Filter, MessageRow};
use fairlead_store::satellite::modems;
use fairlead_store::satellite::readings::{self, ReadingRow};
use fairlead_web::{ApiError, Code, Page, PageQuery, Viewer};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::http::readings::ReadingView;
use crate::service::State;

/// Which messages are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MessagesQuery {
    /// Only those of this modem.
    modem_id: Option<Uuid>,
    /// Only those of this device: of each modem that it had, what was sent while it was in it.
    device_id: Option<Uuid>,
    /// Only those in this state: waiting, decoded, empty, problem or replaced.
    #[param(value_type = Option<MessageState>, inline)]
    state: Option<String>,
    /// Items in the page, 1 to 500; 50 where it is not said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(format = Uuid)]
    cursor: Option<String>,
}

/// Messages, newest first.
#[utoipa::path(get, path = "/api/v1/messages", tag = "messages", params(MessagesQuery),
    responses((status = 200, body = Page<MessageView>)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<State>,
    query: web::Query<MessagesQuery>,
) -> Result<web::Json<Page<MessageView>>, ApiError> {
    let MessagesQuery { modem_id, device_id, state: wanted, limit, cursor } = query.into_inner();
    let page = PageQuery { limit, cursor };
    let (limit, before) = (page.limit()?, page.cursor::<MessageId>()?);
    let wanted: Option<MessageState> =
        wanted.map(|s| s.parse().map_err(|e: String| ApiError::new(Code::BadRequest, e))).transpose()?;
    let items = state
        .store
        .read(move |conn| {
            let imei = match modem_id {
                Some(id) => Some(modems::imei(conn, ModemId::from(id))?),
                None => None,
            };
            let device = device_id.map(DeviceId::from);
            if let Some(id) = device {
                devices::by_id(conn, id)?.ok_or(StoreError::NotFound)?;
            }
            messages::list(conn, &Filter { imei, state: wanted, device, before }, limit + 1)
        })
        .await?;
    Ok(web::Json(Page::of(items, limit, |m| m.id.to_string())))
}

/// A message with everything that is known of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageDetail {
    /// As in the list.
    message: MessageView,
    /// How it came.
    source: MessageSource,
    /// What the provider said about it.
    push: MessagePush,
    /// What was read from it.
    reading: Option<ReadingView>,
}

/// How a message came.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageSource {
    /// The provider.
    provider: String,
    /// When it was received.
    #[schema(value_type = String, format = DateTime)]
    received_at: Time,
    /// The address that it came from.
    source_address: Option<String>,
    /// Its content type.
    content_type: Option<String>,
    /// Headers that tell about the sender.
    headers: BTreeMap<String, String>,
    /// Fields that its token and the push tell differently.
    differences: Vec<String>,
    /// The body as text.
    body: String,
}

/// What the provider said about a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessagePush {
    /// Its name for the kind of modem.
    device_type: Option<String>,
    /// The modem's serial number.
    serial: Option<String>,
    /// The network's estimate, degrees north.
    latitude: Option<f64>,
    /// The network's estimate, degrees east.
    longitude: Option<f64>,
    /// Circular error probable of the estimate, kilometres.
    cep_km: Option<f64>,
    /// The network's word on the session; 0 is well.
    session_status: Option<i32>,
    /// Fields that nobody described.
    unknown: BTreeMap<String, String>,
}

/// How a message came, as the intake wrote it down.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Source {
    address: Option<String>,
    content_type: Option<String>,
    headers: BTreeMap<String, String>,
    differences: Vec<String>,
    unknown: BTreeMap<String, String>,
}

/// One message with everything that is known of it.
#[utoipa::path(get, path = "/api/v1/messages/{id}", tag = "messages", params(("id" = Uuid, Path)),
    responses((status = 200, body = MessageDetail), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn get(
    _: Viewer,
    state: web::Data<State>,
    id: web::Path<Uuid>,
) -> Result<web::Json<MessageDetail>, ApiError> {
    let id = MessageId::from(id.into_inner());
    let look = state.store.read(move |conn| {
        Ok((messages::view(conn, id)?, messages::get(conn, id)?, readings::get(conn, id)?))
    });
    let (message, row, reading) = look.await?;
    Ok(web::Json(detail(message, row, reading)?))
}

fn detail(
    message: MessageView,
    row: MessageRow,
    reading: Option<ReadingRow>,
) -> Result<MessageDetail, StoreError> {
    let source: Source = serde_json::from_str(&row.source).unwrap_or_default();
    Ok(MessageDetail {
        message,
        push: MessagePush {
            device_type: row.device_type,
            serial: row.serial,
            latitude: row.iridium_latitude,
            longitude: row.iridium_longitude,
            cep_km: row.iridium_cep_km,
            session_status: row.session_status,
            unknown: source.unknown,
        },
        source: MessageSource {
            provider: row.provider,
            received_at: row.received_at.into(),
            source_address: source.address,
            content_type: source.content_type,
            headers: source.headers,
            differences: source.differences,
            body: String::from_utf8_lossy(&row.body).into_owned(),
        },
        reading: reading.map(ReadingView::of).transpose()?,
    })
}
