//! Lists, with all their columns.

use actix_web::{HttpResponse, web};
use fairlead_model::device::{DeviceKind, DeviceView, SqsQueueView};
use fairlead_model::message::ModemView;
use fairlead_model::problem::{ProblemState, ProblemView};
use fairlead_model::{DeviceId, ModemId, ProblemId};
use fairlead_store::registry::{devices, numbers};
use fairlead_store::routing::endpoints;
use fairlead_store::satellite::modems;
use fairlead_store::{Conn, problems};
use fairlead_web::{ApiError, Viewer};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{MOST, bounded, naive, numbers_of};
use crate::service::State;

/// Longest text of an error, in characters.
const LONGEST_ERROR: usize = 256;

/// Where a list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct After {
    /// Only what comes behind this number: the `Link` header of the answer before names it.
    pub(super) after: Option<i64>,
}

/// Where a list that begins with the newest goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Before {
    /// Only what is older than this: the `Link` header of the answer before names it.
    pub(super) before: Option<Uuid>,
}

/// A buoy or a handset.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OldDevice {
    /// Its number.
    id: i64,
    /// The firmware that it was seen with last.
    firmware_version: Option<String>,
    /// Its name.
    iam: String,
    /// The number of its modem.
    rb_id: Option<i64>,
    /// Always `null`.
    status: Option<String>,
    /// When it was made known, UTC.
    created_at: String,
    /// Always false: what was deleted is not listed.
    logical_del: bool,
}

impl OldDevice {
    pub(super) fn of(view: DeviceView, rb_id: Option<i64>) -> Self {
        Self {
            id: view.number,
            firmware_version: view.firmware.map(|seen| seen.revision),
            iam: view.name,
            rb_id,
            status: None,
            created_at: naive(view.created_at),
            logical_del: false,
        }
    }
}

/// A RockSTAR.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OldRockstar {
    /// Its number.
    id: i64,
    /// The number of its modem on the network.
    imei: Option<String>,
    /// Always `rockstar`.
    device_type: &'static str,
    /// Its serial number.
    serial: Option<String>,
    /// When it was made known, UTC.
    created_at: String,
    /// Always false.
    logical_del: bool,
}

/// A RockBLOCK modem.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OldModem {
    /// Its number.
    id: i64,
    /// Its number on the network.
    imei: String,
    /// Always `ROCKBLOCK`.
    modem_type: &'static str,
    /// The provider's serial number.
    serial: Option<String>,
    /// The number of its newest message.
    momsn: Option<i32>,
    /// Always `null`.
    status: Option<String>,
    /// The number of the device that it is in, among those of its kind.
    device_id: Option<i64>,
    /// The kind of the device that it is in; empty where it is in none.
    device_type: &'static str,
    /// When it was seen first, UTC.
    created_at: String,
    /// Always false.
    logical_del: bool,
}

/// A queue at AWS.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OldQueue {
    /// Its number.
    id: i64,
    /// Its label.
    queue_name: String,
    /// Its address.
    url: String,
    /// When it was made known, UTC.
    created_at: String,
    /// Always false.
    logical_del: bool,
}

/// Something that a person should look at.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OldError {
    /// The problem; see `/api/v1/problems`.
    id: String,
    /// Always `Iridium`.
    msg_source: &'static str,
    /// The message that it is about.
    msg_id: Option<String>,
    /// What is wrong.
    error: String,
    /// `new`, or what became of it.
    error_status: &'static str,
    /// When it was found, UTC.
    created_at: String,
    /// Always false.
    logical_del: bool,
}

/// Buoys, at most 5,000; a `Link` header leads to the rest.
#[utoipa::path(get, path = "/v1/buoys", tag = "old scripts", params(After),
    responses((status = 200, body = Vec<OldDevice>)))]
pub(crate) async fn buoys(
    _: Viewer,
    state: web::Data<State>,
    query: web::Query<After>,
) -> Result<HttpResponse, ApiError> {
    devices_of(&state, DeviceKind::Buoy, "/v1/buoys", query.after).await
}

/// Handsets, at most 5,000; a `Link` header leads to the rest.
#[utoipa::path(get, path = "/v1/handsets", tag = "old scripts", params(After),
    responses((status = 200, body = Vec<OldDevice>)))]
pub(crate) async fn handsets(
    _: Viewer,
    state: web::Data<State>,
    query: web::Query<After>,
) -> Result<HttpResponse, ApiError> {
    devices_of(&state, DeviceKind::Handset, "/v1/handsets", query.after).await
}

async fn devices_of(
    state: &State,
    kind: DeviceKind,
    path: &str,
    after: Option<i64>,
) -> Result<HttpResponse, ApiError> {
    let views = read_devices(state, kind, after).await?;
    let modems = views.iter().filter_map(|view| Some(view.modem.as_ref()?.id)).collect();
    let numbers = numbers_of(state, modems).await?;
    let row = |view: DeviceView| {
        let modem = view.modem.as_ref().map(|modem| modem.id);
        OldDevice::of(view, modem.and_then(|id| numbers.get(&id).copied()))
    };
    Ok(bounded(path, "after", views.into_iter().map(row).collect(), |row| row.id.to_string()))
}

async fn read_devices(
    state: &State,
    kind: DeviceKind,
    after: Option<i64>,
) -> Result<Vec<DeviceView>, ApiError> {
    let now = state.clock.now();
    let look = move |conn: &mut Conn| {
        let rows = devices::numbered(conn, kind, after.unwrap_or(0), MOST + 1)?;
        devices::shown(conn, rows, now)
    };
    Ok(state.store.read(look).await?)
}

/// RockSTARs, at most 5,000; a `Link` header leads to the rest.
#[utoipa::path(get, path = "/v1/rockstars", tag = "old scripts", params(After),
    responses((status = 200, body = Vec<OldRockstar>)))]
pub(crate) async fn rockstars(
    _: Viewer,
    state: web::Data<State>,
    query: web::Query<After>,
) -> Result<HttpResponse, ApiError> {
    let row = |view: DeviceView| OldRockstar {
        id: view.number,
        imei: view.modem.map(|modem| modem.imei.to_string()),
        device_type: DeviceKind::Rockstar.as_str(),
        serial: view.serial,
        created_at: naive(view.created_at),
        logical_del: false,
    };
    let views = read_devices(&state, DeviceKind::Rockstar, query.after).await?;
    let rows = views.into_iter().map(row).collect();
    Ok(bounded("/v1/rockstars", "after", rows, |row: &OldRockstar| row.id.to_string()))
}

/// Modems in the order in which they came, at most 5,000; a `Link` header leads to the rest.
#[utoipa::path(get, path = "/v1/rockblocks", tag = "old scripts", params(After),
    responses((status = 200, body = Vec<OldModem>)))]
pub(crate) async fn rockblocks(
    _: Viewer,
    state: web::Data<State>,
    query: web::Query<After>,
) -> Result<HttpResponse, ApiError> {
    let after = query.after.unwrap_or(0);
    let look = move |conn: &mut Conn| {
        // A number is given to a modem when it is listed, so an unknown one is behind them all.
        match numbers::modem(conn, after)? {
            None if after > 0 => Ok(Vec::new()),
            behind => numbers::modems_after(conn, behind, MOST + 1),
        }
    };
    let ids: Vec<ModemId> = state.store.read(look).await?;
    let numbers = numbers_of(&state, ids.clone()).await?;
    let look = move |conn: &mut Conn| {
        let modems = modems::views(conn, &ids)?;
        let linked: Vec<DeviceId> =
            modems.iter().filter_map(|modem| Some(modem.device.as_ref()?.id)).collect();
        Ok((modems, devices::numbers(conn, &linked)?))
    };
    let (modems, devices) = state.store.read(look).await?;
    let row = |modem: ModemView| OldModem {
        id: numbers.get(&modem.id).copied().unwrap_or(0),
        imei: modem.imei.to_string(),
        modem_type: "ROCKBLOCK",
        serial: modem.serial,
        momsn: modem.momsn,
        status: None,
        device_id: modem.device.as_ref().and_then(|device| devices.get(&device.id).copied()),
        device_type: modem.device.map_or("", |device| device.kind.as_str()),
        created_at: naive(modem.first_seen_at),
        logical_del: false,
    };
    let rows = modems.into_iter().map(row).collect();
    Ok(bounded("/v1/rockblocks", "after", rows, |row: &OldModem| row.id.to_string()))
}

/// Queues at AWS, at most 5,000; a `Link` header leads to the rest.
#[utoipa::path(get, path = "/v1/queues", tag = "old scripts", params(After),
    responses((status = 200, body = Vec<OldQueue>)))]
pub(crate) async fn queues(
    _: Viewer,
    state: web::Data<State>,
    query: web::Query<After>,
) -> Result<HttpResponse, ApiError> {
    let after = query.after.unwrap_or(0);
    let found = state.store.read(move |conn| endpoints::sqs_list(conn, after, MOST + 1)).await?;
    let row = |queue: SqsQueueView| OldQueue {
        id: queue.number,
        queue_name: queue.label,
        url: queue.url,
        created_at: naive(queue.created_at),
        logical_del: false,
    };
    let rows = found.into_iter().map(row).collect();
    Ok(bounded("/v1/queues", "after", rows, |row: &OldQueue| row.id.to_string()))
}

/// What needs a person, newest first, at most 5,000; a `Link` header leads to the rest.
#[utoipa::path(get, path = "/v1/errors", tag = "old scripts", params(Before),
    responses((status = 200, body = Vec<OldError>)))]
pub(crate) async fn errors(
    _: Viewer,
    state: web::Data<State>,
    query: web::Query<Before>,
) -> Result<HttpResponse, ApiError> {
    let filter = problems::Filter { before: query.before.map(ProblemId::from), ..Default::default() };
    let found = state.store.read(move |conn| problems::list(conn, &filter, MOST + 1)).await?;
    let row = |problem: ProblemView| OldError {
        id: problem.id.to_string(),
        msg_source: "Iridium",
        msg_id: problem.message_id.map(|id| id.to_string()),
        error: problem.reason.chars().take(LONGEST_ERROR).collect(),
        error_status: if problem.state == ProblemState::Open { "new" } else { problem.state.as_str() },
        created_at: naive(problem.created_at),
        logical_del: false,
    };
    let rows = found.into_iter().map(row).collect();
    Ok(bounded("/v1/errors", "before", rows, |row: &OldError| row.id.clone()))
}
