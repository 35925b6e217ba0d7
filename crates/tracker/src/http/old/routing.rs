//! The routing table: routes of single devices to queues at AWS and to devices, by the numbers of modems.
//!
//! A route names a device now. Those scripts name the modem in it, and a RockSTAR by its own number.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use fairlead_model::device::{DeviceKind, DeviceView};
use fairlead_model::route::{Format, NewRoute, RouteMessage, RouteSource, RouteTarget};
use fairlead_model::{DeviceId, EndpointId, ModemId, RouteId, Time};
use fairlead_store::registry::{Status, devices, links, numbers};
use fairlead_store::routing::routes::{self, RouteRow};
use fairlead_store::routing::{RouteFlaw, endpoints, numbered};
use fairlead_store::satellite::modems;
use fairlead_store::{Conn, StoreError, Tx};
use fairlead_web::{ApiError, Operator, Viewer};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::changes::{Named, object};
use super::lists::After;
use super::{Errors, MOST, naive, next_page, numbers_of, page};
use crate::http::routes::{make, switch, unmake};
use crate::service::State;

/// The word for a queue at AWS.
const SQS: &str = "sqs";

/// A route as those scripts know it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OldRoute {
    /// Its number.
    id: i64,
    /// `buoy`, `handset` or `rockstar`.
    source_device_type: &'static str,
    /// The number of the modem in the source, `null` while there is none; of a RockSTAR its own number.
    source_device: Option<i64>,
    /// `pk001` for positions, or `command`.
    msg_type: &'static str,
    /// `sqs`, `buoy`, `handset` or `rockstar`.
    endpoint_type: &'static str,
    /// The number of the queue, or of the target as of the source.
    endpoint_id: Option<i64>,
    /// Whether it passes anything on.
    enabled: bool,
    /// When it was made, UTC.
    created_at: String,
    /// Always false: what was deleted is not listed.
    logical_del: bool,
}

/// Routes of single devices that pass on positions or commands, at most 5,000; a `Link` header leads to the rest. Other
/// routes are under `/api/v1/routes` alone.
#[utoipa::path(get, path = "/v1/routing", tag = "old scripts", params(After),
    responses((status = 200, body = Vec<OldRoute>)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<State>,
    query: web::Query<After>,
) -> Result<HttpResponse, ApiError> {
    let (after, now) = (query.after.unwrap_or(0), state.clock.now());
    let look = move |conn: &mut Conn| {
        let rows = numbered::routes_of_devices(conn, after, MOST + 1)?;
        Participants::of(conn, &rows, now).map(|known| (rows, known))
    };
    let (mut rows, known) = state.store.read(look).await?;
    let most = usize::try_from(MOST).unwrap_or(0);
    let more = rows.len() > most;
    rows.truncate(most);
    let next =
        rows.last().filter(|_| more).map(|last| next_page("/v1/routing", "after", &last.number.to_string()));
    let modems = known.devices.values().filter_map(|device| Some(device.modem.as_ref()?.id)).collect();
    let modems = numbers_of(&state, modems).await?;
    let rows = rows.iter().map(|row| known.row(row, &modems)).collect::<Result<Vec<_>, StoreError>>()?;
    Ok(page(rows.into_iter().flatten().collect(), next))
}

/// What routes name.
struct Participants {
    devices: HashMap<DeviceId, DeviceView>,
    queues: HashMap<EndpointId, i64>,
}

impl Participants {
    fn of(conn: &mut Conn, rows: &[RouteRow], now: Time) -> Result<Self, StoreError> {
        let (mut named, mut addressed) = (Vec::new(), Vec::new());
        for row in rows {
            if let RouteSource::Device { id } = row.source()? {
                named.push(id);
            }
            match row.target()? {
                RouteTarget::Device { id } => named.push(id),
                RouteTarget::Endpoint { id } => addressed.push(id),
            }
        }
        let devices = devices::views(conn, &named, now)?.into_iter().map(|view| (view.id, view)).collect();
        Ok(Self { devices, queues: numbered::of_endpoints(conn, &addressed)? })
    }

    /// The route, where it can be said in the words of then.
    fn row(&self, row: &RouteRow, modems: &HashMap<ModemId, i64>) -> Result<Option<OldRoute>, StoreError> {
        let number = |device: &DeviceView| match device.kind {
            DeviceKind::Rockstar => Some(device.number),
            _ => modems.get(&device.modem.as_ref()?.id).copied(),
        };
        let RouteSource::Device { id } = row.source()? else { return Ok(None) };
        let Some(source) = self.devices.get(&id) else { return Ok(None) };
        let msg_type = match row.messages()?.as_slice() {
            [RouteMessage::Position] => "pk001",
            [RouteMessage::Command] => "command",
            _ => return Ok(None),
        };
        let (endpoint_type, endpoint_id) = match row.target()? {
            RouteTarget::Device { id } => match self.devices.get(&id) {
                Some(device) => (device.kind.as_str(), number(device)),
                None => return Ok(None),
            },
            RouteTarget::Endpoint { id } => match self.queues.get(&id) {
                Some(number) => (SQS, Some(*number)),
                None => return Ok(None),
            },
        };
        Ok(Some(OldRoute {
            id: row.number,
            source_device_type: source.kind.as_str(),
            source_device: number(source),
            msg_type,
            endpoint_type,
            endpoint_id,
            enabled: row.enabled,
            created_at: naive(row.created_at.into()),
            logical_del: false,
        }))
    }
}

/// One side of a route, as a script names it.
struct Side {
    kind: String,
    id: Named,
    label: Named,
}

impl Side {
    fn of(body: &Map<String, Value>, side: &str, errors: &mut Errors) -> Self {
        let none = Map::new();
        let object = body.get(side).and_then(Value::as_object).unwrap_or(&none);
        for field in ["type", "id", "label"] {
            if !object.contains_key(field) {
                errors.add(StatusCode::UNPROCESSABLE_ENTITY, format!("Missing {side} {field}"));
            }
        }
        let kind = Named::of(object, "type").0.unwrap_or_default();
        Self { kind, id: Named::of(object, "id"), label: Named::of(object, "label") }
    }

    /// The device that is meant, in the words of then where it is not.
    fn device(
        &self,
        conn: &mut Conn,
        kind: DeviceKind,
        errors: &mut Errors,
    ) -> Result<Option<DeviceId>, StoreError> {
        let id = self.id.shown();
        if kind == DeviceKind::Rockstar {
            let row = devices::by_number(conn, kind, self.id.number())?;
            if row.is_none() {
                errors.add(self.id.missing(), format!("No Source ID: {id}"));
            }
            return Ok(row.map(|row| row.id.into()));
        }
        let Some(modem) = numbers::modem(conn, self.id.number())? else {
            errors.add(self.id.missing(), format!("No Source ID: {id}"));
            return Ok(None);
        };
        let wrong = StatusCode::UNPROCESSABLE_ENTITY;
        let serial = modems::view(conn, modem)?.serial;
        if self.label.0 != serial {
            errors.add(wrong, format!("Wrong label for modem ID: {id} -> {}", self.label.shown()));
        }
        let device = links::open_by_modem(conn, &[modem.into()])?.into_values().next();
        let device = device.filter(|device| device.kind == kind);
        if device.is_none() {
            errors.add(wrong, format!("Modem ID: {id} is not of type: {kind}"));
        }
        Ok(device.map(|device| device.id))
    }

    fn queue(&self, conn: &mut Conn, errors: &mut Errors) -> Result<Option<EndpointId>, StoreError> {
        let id = self.id.shown();
        let Some(queue) = endpoints::by_number(conn, self.id.number())? else {
            errors.add(self.id.missing(), format!("No Queue ID: {id}"));
            return Ok(None);
        };
        let named = endpoints::refs(conn, &[queue])?.remove(&queue).map(|queue| queue.name);
        if self.label.0 != named {
            let text = format!("Wrong label for Queue ID: {id} -> {}", self.label.shown());
            errors.add(StatusCode::UNPROCESSABLE_ENTITY, text);
        }
        Ok(Some(queue))
    }
}

/// Creates a route: `{"enabled": true, "source": {"type": "buoy", "id": 1, "label": "13760", "msg": "pk001"}, "target":
/// {"type": "sqs", "id": 1, "label": "maps"}}`. What stands against it is a list of texts.
#[utoipa::path(post, path = "/v1/routing/create", tag = "old scripts", request_body = Value,
    responses((status = 200, description = "`OK`"), (status = 404), (status = 409), (status = 422)))]
pub(crate) async fn create(
    caller: Operator,
    state: web::Data<State>,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let body = object(payload).await?;
    let (clock, actor) = (state.clock.clone(), caller.0.name);
    let created = state.store.write(move |tx| {
        let mut errors = Errors::default();
        let new = wanted(tx, &body, &mut errors)?;
        // A person may have changed the format since: the script still must not make it twice.
        let alike = new.as_ref().map_or_else(|| Ok(Vec::new()), |new| routes::alike(tx, new))?;
        if !alike.is_empty() {
            let numbers: Vec<String> = alike.iter().map(ToString::to_string).collect();
            errors.add(StatusCode::CONFLICT, format!("Duplicate routes found: {}", numbers.join(", ")));
        }
        let Some(new) = new.filter(|_| errors.is_empty()) else { return Ok(Err(errors)) };
        match make(tx, &clock, &new, &actor)? {
            Ok(_) => Ok(Ok(())),
            Err(flaws) => {
                flaws.iter().for_each(|flaw| errors.add(status_of(flaw), flaw.to_string()));
                Ok(Err(errors))
            }
        }
    });
    Ok(match created.await? {
        Ok(()) => HttpResponse::Ok().body("OK"),
        Err(errors) => errors.flat(),
    })
}

/// The route that a script wants, as far as all that it names is there.
fn wanted(
    conn: &mut Conn,
    body: &Map<String, Value>,
    errors: &mut Errors,
) -> Result<Option<NewRoute>, StoreError> {
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    let enabled = match body.get("enabled") {
        Some(Value::Bool(enabled)) => *enabled,
        Some(_) => {
            errors.add(wrong, "`enabled` is true or false.");
            false
        }
        None => {
            errors.add(wrong, "Missing enabled");
            false
        }
    };
    let (source, target) = (Side::of(body, "source", errors), Side::of(body, "target", errors));
    let msg = body.get("source").and_then(Value::as_object).map(|source| Named::of(source, "msg"));
    let Some(msg) = msg.and_then(|msg| msg.0) else {
        errors.add(wrong, "Missing source msg");
        return Ok(None);
    };
    if !errors.is_empty() {
        return Ok(None);
    }
    let shown = |text: &str| text.chars().take(64).collect::<String>();
    let of_source = source.kind.parse::<DeviceKind>().ok();
    let of_target = target.kind.parse::<DeviceKind>().ok();
    let source_id = match of_source {
        Some(kind) => source.device(conn, kind, errors)?,
        None => {
            errors.add(wrong, format!("Unknown source type: {}", shown(&source.kind)));
            None
        }
    };
    let target = match of_target {
        Some(kind) => target.device(conn, kind, errors)?.map(|id| RouteTarget::Device { id }),
        None if target.kind == SQS => target.queue(conn, errors)?.map(|id| RouteTarget::Endpoint { id }),
        None => {
            errors.add(wrong, format!("Unknown target type: {}", shown(&target.kind)));
            None
        }
    };
    pairing(of_source, &shown(&msg), of_target, errors);
    let message = match msg.as_str() {
        "pk001" => RouteMessage::Position,
        "command" => RouteMessage::Command,
        other => {
            errors.add(wrong, format!("Unknown message type: {}", shown(other)));
            return Ok(None);
        }
    };
    let (Some(id), Some(target)) = (source_id, target) else { return Ok(None) };
    Ok(Some(NewRoute {
        name: String::new(),
        enabled,
        source: RouteSource::Device { id },
        messages: vec![message],
        conditions: Vec::new(),
        target,
        format: matches!(target, RouteTarget::Endpoint { .. }).then_some(Format::Original),
        lives_s: None,
    }))
}

/// What does not go together, in the words of then.
fn pairing(source: Option<DeviceKind>, msg: &str, target: Option<DeviceKind>, errors: &mut Errors) {
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    match (source, target) {
        (Some(DeviceKind::Buoy), Some(DeviceKind::Buoy)) => {
            errors.add(wrong, "Buoy cannot target another buoy")
        }
        (Some(DeviceKind::Handset), Some(DeviceKind::Handset)) => {
            errors.add(wrong, "Handset cannot target another handset");
        }
        (Some(DeviceKind::Handset), Some(DeviceKind::Buoy)) if msg != "command" => {
            errors.add(wrong, format!("Handset cannot send {msg} to buoy"));
        }
        _ => {}
    }
    if source == Some(DeviceKind::Buoy) && msg != "pk001" {
        errors.add(wrong, "Buoy message type must be pk001");
    }
}

fn status_of(flaw: &RouteFlaw) -> StatusCode {
    match flaw.status() {
        Status::Wrong => StatusCode::UNPROCESSABLE_ENTITY,
        Status::Missing => StatusCode::NOT_FOUND,
        Status::InTheWay => StatusCode::CONFLICT,
    }
}

/// Switches a route on or off: `{"id": 1, "enable": false}`.
#[utoipa::path(post, path = "/v1/routing/enable", tag = "old scripts", request_body = Value,
    responses((status = 200, description = "`OK`"), (status = 404), (status = 422)))]
pub(crate) async fn enable(
    caller: Operator,
    state: web::Data<State>,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let body = object(payload).await?;
    let (clock, actor) = (state.clock.clone(), caller.0.name);
    let switched = state.store.write(move |tx| {
        let (route, mut errors) = (Named::of(&body, "id"), Errors::default());
        let wrong = StatusCode::UNPROCESSABLE_ENTITY;
        if !route.is_given() {
            errors.add(wrong, "No route ID given.");
        }
        let enable = body.get("enable").filter(|enable| !enable.is_null());
        match enable {
            None => errors.add(wrong, "No enable data given."),
            Some(Value::Bool(_)) => {}
            Some(_) => errors.add(wrong, "`enable` is true or false."),
        }
        let id = known(tx, &route, |id| format!("No route for id {id}"), &mut errors)?;
        let (Some(id), Some(on), true) = (id, enable.and_then(Value::as_bool), errors.is_empty()) else {
            return Ok(Err(errors));
        };
        switch(tx, &clock, id, on, &actor).map(|_| Ok(()))
    });
    Ok(done(switched.await?))
}

/// Deletes a route: `{"id": 1}`.
#[utoipa::path(post, path = "/v1/routing/delete", tag = "old scripts", request_body = Value,
    responses((status = 200, description = "`OK`"), (status = 404), (status = 422)))]
pub(crate) async fn delete(
    caller: Operator,
    state: web::Data<State>,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let body = object(payload).await?;
    let (clock, actor) = (state.clock.clone(), caller.0.name);
    let deleted = state.store.write(move |tx| {
        let (route, mut errors) = (Named::of(&body, "id"), Errors::default());
        if !route.is_given() {
            errors.add(StatusCode::UNPROCESSABLE_ENTITY, "No Route ID sent");
        }
        let id = known(tx, &route, |id| format!("No route for ID {id} found."), &mut errors)?;
        match id.filter(|_| errors.is_empty()) {
            Some(id) => unmake(tx, &clock, id, &actor).map(Ok),
            None => Ok(Err(errors)),
        }
    });
    Ok(done(deleted.await?))
}

/// The route of a number; what a script is told where there is none.
fn known(
    tx: &mut Tx<'_>,
    named: &Named,
    none: impl Fn(String) -> String,
    errors: &mut Errors,
) -> Result<Option<RouteId>, StoreError> {
    let id = numbered::route(tx, named.number())?;
    if id.is_none() {
        errors.add(named.missing(), none(named.shown()));
    }
    Ok(id)
}

fn done(outcome: Result<(), Errors>) -> HttpResponse {
    match outcome {
        Ok(()) => HttpResponse::Ok().body("OK"),
        Err(errors) => errors.wrapped(),
    }
}
