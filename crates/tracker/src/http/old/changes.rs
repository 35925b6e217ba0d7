//! Creating, linking, unlinking and deleting.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use fairlead_model::device::{DeviceKind, LinkEffects};
use fairlead_model::{DeviceId, ModemId};
use fairlead_store::registry::devices::{self, DeviceRow, NewDevice};
use fairlead_store::registry::links::{self, Wish};
use fairlead_store::registry::{Flaw, ModemChoice, Status};
use fairlead_store::{StoreError, Tx};
use fairlead_web::{ApiError, Code, Operator};
use serde_json::{Map, Value};

use super::{Errors, kind_of};
use crate::http::registry::devices::{note, note_new};
use crate::http::registry::{body, tell};
use crate::service::State;

/// Most bytes of a request.
const MOST_BYTES: usize = 64 * 1024;

/// What a script sent for something: nothing, or a text as it writes it. Numbers may be texts, as forms send them.
pub(super) struct Named(pub(super) Option<String>);

impl Named {
    pub(super) fn of(body: &Map<String, Value>, field: &str) -> Self {
        Self(match body.get(field) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.trim().to_owned()),
            Some(other) => Some(other.to_string()),
        })
    }

    /// Whether it is there at all.
    pub(super) fn is_given(&self) -> bool {
        self.0.as_ref().is_some_and(|text| !text.is_empty() && text != "0")
    }

    /// The number that it is; none has 0.
    pub(super) fn number(&self) -> i64 {
        self.0.as_ref().and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// As those scripts see it in a sentence.
    pub(super) fn shown(&self) -> String {
        self.0.as_deref().unwrap_or("None").chars().take(64).collect()
    }

    /// The status of naming what is not there.
    pub(super) fn missing(&self) -> StatusCode {
        if self.number() > 0 { StatusCode::NOT_FOUND } else { StatusCode::UNPROCESSABLE_ENTITY }
    }
}

pub(super) async fn object(payload: web::Payload) -> Result<Map<String, Value>, ApiError> {
    let body = body::read(payload, MOST_BYTES).await?;
    serde_json::from_slice(&body)
        .map_err(|e| ApiError::new(Code::BadRequest, format!("The body is a JSON object: {e}.")))
}

fn status_of(flaw: &Flaw) -> StatusCode {
    match flaw.status() {
        Status::Wrong => StatusCode::UNPROCESSABLE_ENTITY,
        Status::Missing => StatusCode::NOT_FOUND,
        Status::InTheWay => StatusCode::CONFLICT,
    }
}

/// What a unit of work changed, or what stands against it. Nothing was written then.
type Outcome<T> = Result<T, Errors>;

/// Creates a buoy with its modem: `{"iam": "PK001", "modem": 3}`. What stands against it is a list of texts.
#[utoipa::path(post, path = "/v1/buoys/create", tag = "old scripts", request_body = Value,
    responses((status = 200, description = "`OK`"), (status = 404), (status = 409), (status = 422)))]
pub(crate) async fn create_buoy(
    caller: Operator,
    state: web::Data<State>,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    create(caller, &state, payload, DeviceKind::Buoy).await
}

/// Creates a handset with its modem: `{"iam": "HS001", "modem": 3}`. What stands against it is a list of texts.
#[utoipa::path(post, path = "/v1/handsets/create", tag = "old scripts", request_body = Value,
    responses((status = 200, description = "`OK`"), (status = 404), (status = 409), (status = 422)))]
pub(crate) async fn create_handset(
    caller: Operator,
    state: web::Data<State>,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    create(caller, &state, payload, DeviceKind::Handset).await
}

async fn create(
    caller: Operator,
    state: &State,
    payload: web::Payload,
    kind: DeviceKind,
) -> Result<HttpResponse, ApiError> {
    let body = object(payload).await?;
    let (clock, actor) = (state.clock.clone(), caller.0.name);
    let created = state.store.write(move |tx| {
        let (label, modem) = (Named::of(&body, "iam"), Named::of(&body, "modem"));
        let new = NewDevice {
            kind,
            name: label.0.clone().filter(|_| label.is_given()),
            modem: modem.is_given().then(|| ModemChoice::Number(modem.number())),
            serial: None,
            since: None,
            groups: Vec::new(),
        };
        let (plan, flaws) = match devices::check_claimed(tx, clock.now(), &new)? {
            Ok(plan) => (Some(plan), Vec::new()),
            Err(flaws) => (None, flaws),
        };
        let errors = against_creating(kind, &label, &modem, flaws);
        match plan.filter(|_| errors.is_empty()) {
            Some(plan) => {
                let row = devices::make(tx, &clock, plan, &actor)?;
                note_new(tx, &clock, &actor, &row).map(Ok)
            }
            None => Ok(Err(errors)),
        }
    });
    match created.await? {
        Ok(view) => {
            tell(state, [view.id], view.modem.map(|modem| modem.id));
            Ok(HttpResponse::Ok().body("OK"))
        }
        Err(errors) => Ok(errors.flat()),
    }
}

/// All that stands against creating a device, in the words of then.
fn against_creating(kind: DeviceKind, label: &Named, modem: &Named, flaws: Vec<Flaw>) -> Errors {
    let called = |kind: DeviceKind| match kind {
        DeviceKind::Buoy => "Buoy",
        DeviceKind::Handset => "Handset",
        DeviceKind::Rockstar => "RockSTAR",
    };
    let mut errors = Errors::default();
    if !label.is_given() {
        errors.add(StatusCode::UNPROCESSABLE_ENTITY, format!("Missing {} label", called(kind)));
    }
    let of_name = |flaw: &Flaw| matches!(flaw, Flaw::BadText(_) | Flaw::NameTaken { .. });
    for flaw in flaws.iter().filter(|flaw| of_name(flaw)) {
        let text = match flaw {
            Flaw::NameTaken { name, by } => format!("{} with iam {name} already exists", called(by.kind)),
            other => other.to_string(),
        };
        errors.add(status_of(flaw), text);
    }
    if !modem.is_given() {
        errors.add(StatusCode::UNPROCESSABLE_ENTITY, "Missing Modem");
        errors.add(modem.missing(), format!("Bad modem ID: {}", modem.shown()));
    }
    for flaw in flaws.iter().filter(|flaw| !of_name(flaw)) {
        let (status, text) = match flaw {
            Flaw::NoSuchModem(_) => (modem.missing(), format!("Bad modem ID: {}", modem.shown())),
            Flaw::ModemInUse { .. } => (status_of(flaw), format!("Modem {} already linked", modem.shown())),
            other => (status_of(other), other.to_string()),
        };
        errors.add(status, text);
    }
    errors
}

/// Puts a modem into a device: `{"id": 1, "modem": 3}`.
#[utoipa::path(post, path = "/v1/{things}s/link", tag = "old scripts", request_body = Value,
    params(("things" = String, Path, description = "buoy or handset")),
    responses((status = 200, description = "`OK`"), (status = 404), (status = 409), (status = 422)))]
pub(crate) async fn link(
    caller: Operator,
    state: web::Data<State>,
    things: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let body = object(payload).await?;
    let (clock, actor, thing) = (state.clock.clone(), caller.0.name, things.into_inner());
    let linked = state.store.write(move |tx| {
        let (device, modem) = (Named::of(&body, "id"), Named::of(&body, "modem"));
        let mut errors = Errors::default();
        let wrong = StatusCode::UNPROCESSABLE_ENTITY;
        if kind_of(&thing).is_none() {
            errors.add(wrong, format!("Cannot attempt link of type {thing}"));
        }
        if !device.is_given() {
            errors.add(wrong, format!("Missing {thing} ID"));
        }
        if !modem.is_given() {
            errors.add(wrong, "Missing Modem ID");
        }
        let Some(kind) = kind_of(&thing).filter(|_| errors.is_empty()) else { return Ok(Err(errors)) };
        let row = devices::by_number(tx, kind, device.number())?;
        if row.is_none() {
            errors.add(StatusCode::NOT_FOUND, format!("No {thing} {} exists", device.shown()));
        }
        let known = fairlead_store::registry::numbers::modem(tx, modem.number())?;
        if known.is_none() {
            errors.add(StatusCode::NOT_FOUND, format!("No Modem with id {} exists", modem.shown()));
        }
        let (Some(row), Some(id)) = (row, known) else { return Ok(Err(errors)) };
        let wish = Wish { modem: ModemChoice::Id(id), since: None };
        match links::link(tx, &clock, row.id.into(), &wish, &actor)? {
            Ok(effects) => {
                let detail = format!("modem {} since {}", effects.modem.imei, effects.since);
                note(tx, &clock, &actor, "device.link", &row, &detail)?;
                Ok(Ok(changed(&effects)))
            }
            Err(flaws) => Ok(Err(in_old_words(&flaws, &modem, &device, &thing))),
        }
    });
    Ok(match told(&state, linked.await?) {
        Ok(()) => HttpResponse::Ok().body("OK"),
        Err(errors) => errors.wrapped(),
    })
}

/// Flaws of a link or its end, in the words of then where there were any.
fn in_old_words(flaws: &[Flaw], modem: &Named, device: &Named, thing: &str) -> Errors {
    let mut errors = Errors::default();
    for flaw in flaws {
        let text = match flaw {
            Flaw::ModemInUse { .. } => format!("Modem {} already linked", modem.shown()),
            Flaw::HasNone(_) => format!("No modem attached to {thing} {}.", device.shown()),
            other => other.to_string(),
        };
        errors.add(status_of(flaw), text);
    }
    errors
}

/// Takes the modem out of a device: `{"id": 1}`.
#[utoipa::path(post, path = "/v1/{things}s/unlink", tag = "old scripts", request_body = Value,
    params(("things" = String, Path, description = "buoy or handset")),
    responses((status = 200, description = "`{\"errors\": []}`"), (status = 404), (status = 409), (status = 422)))]
pub(crate) async fn unlink(
    caller: Operator,
    state: web::Data<State>,
    things: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let body = object(payload).await?;
    let (clock, actor, thing) = (state.clock.clone(), caller.0.name, things.into_inner());
    let unlinked = state.store.write(move |tx| {
        let device = Named::of(&body, "id");
        let mut errors = Errors::default();
        let wrong = StatusCode::UNPROCESSABLE_ENTITY;
        if kind_of(&thing).is_none() {
            errors.add(wrong, format!("{thing} is not a valid device"));
        }
        if !device.is_given() {
            errors.add(wrong, "No useful id included to unlink");
        }
        let Some(kind) = kind_of(&thing).filter(|_| errors.is_empty()) else { return Ok(Err(errors)) };
        let Some(row) = devices::by_number(tx, kind, device.number())? else {
            errors.add(StatusCode::NOT_FOUND, format!("No {thing} found with id {}.", device.shown()));
            return Ok(Err(errors));
        };
        let used = used(tx, &row, clock.now())?;
        if !used.is_empty() {
            used.into_iter().for_each(|text| errors.add(StatusCode::CONFLICT, text));
            return Ok(Err(errors));
        }
        match links::unlink(tx, clock.now(), row.id.into(), None, &actor)? {
            Ok(effects) => {
                note(tx, &clock, &actor, "device.unlink", &row, &format!("modem {}", effects.modem.imei))?;
                Ok(Ok(changed(&effects)))
            }
            Err(flaws) => Ok(Err(in_old_words(&flaws, &Named(None), &device, &thing))),
        }
    });
    Ok(match told(&state, unlinked.await?) {
        Ok(()) => Errors::default().wrapped(),
        Err(errors) => errors.wrapped(),
    })
}

/// In which routes a linked device is used: those scripts unlink none that is. `/api/v1` only warns, because a route names
/// the device and not its modem.
fn used(tx: &mut Tx<'_>, row: &DeviceRow, now: fairlead_model::Time) -> Result<Vec<String>, StoreError> {
    let named = fairlead_store::routing::routes::naming(tx, DeviceId::from(row.id).uuid())?;
    let Some(modem) = devices::view(tx, row.id.into(), now)?.modem.filter(|_| !named.is_empty()) else {
        return Ok(Vec::new());
    };
    let numbers = fairlead_store::registry::numbers::give(tx, &[modem.id])?;
    let modem = numbers.get(&modem.id).copied().unwrap_or(0);
    Ok(named.into_iter().map(|route| format!("Device {modem} used in route {route}")).collect())
}

/// Deletes a device that has no modem: `{"id": 1}`.
#[utoipa::path(post, path = "/v1/{things}s/delete", tag = "old scripts", request_body = Value,
    params(("things" = String, Path, description = "buoy or handset")),
    responses((status = 200, description = "`OK`"), (status = 404), (status = 409), (status = 422)))]
pub(crate) async fn delete(
    caller: Operator,
    state: web::Data<State>,
    things: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let body = object(payload).await?;
    let (clock, actor, thing) = (state.clock.clone(), caller.0.name, things.into_inner());
    let deleted = state.store.write(move |tx| {
        let device = Named::of(&body, "id");
        let mut errors = Errors::default();
        let wrong = StatusCode::UNPROCESSABLE_ENTITY;
        if !device.is_given() {
            errors.add(wrong, "Missing Device ID.");
        }
        if kind_of(&thing).is_none() {
            errors.add(wrong, format!("Cannot delete {thing} from this interface."));
        }
        let Some(kind) = kind_of(&thing).filter(|_| errors.is_empty()) else { return Ok(Err(errors)) };
        let Some(row) = claimed(tx, kind, &device)? else {
            errors.add(StatusCode::NOT_FOUND, format!("No such device: {}", device.shown()));
            return Ok(Err(errors));
        };
        match devices::delete(tx, clock.now(), &row)? {
            Ok(()) => {
                note(tx, &clock, &actor, "device.delete", &row, "")?;
                Ok(Ok((DeviceId::from(row.id), None)))
            }
            Err(flaws) => {
                for flaw in &flaws {
                    let linked = format!("Device {} still linked. Abort.", device.shown());
                    let text = match flaw {
                        Flaw::HasModem { .. } => linked,
                        other => other.to_string(),
                    };
                    errors.add(status_of(flaw), text);
                }
                Ok(Err(errors))
            }
        }
    });
    Ok(match told(&state, deleted.await?) {
        Ok(()) => HttpResponse::Ok().body("OK"),
        Err(errors) => errors.wrapped(),
    })
}

fn claimed(tx: &mut Tx<'_>, kind: DeviceKind, named: &Named) -> Result<Option<DeviceRow>, StoreError> {
    let Some(row) = devices::by_number(tx, kind, named.number())? else { return Ok(None) };
    match devices::claim(tx, row.id.into()) {
        Err(StoreError::NotFound) => Ok(None),
        claimed => claimed.map(Some),
    }
}

/// The device and the modem that a unit of work changed.
type Touched = (DeviceId, Option<ModemId>);

fn changed(effects: &LinkEffects) -> Touched {
    (effects.device.id, effects.modem.id)
}

/// Tells the pages what was changed, where anything was.
fn told(state: &State, outcome: Outcome<Touched>) -> Outcome<()> {
    outcome.map(|(device, modem)| tell(state, [device], modem))
}
