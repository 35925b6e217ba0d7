//! Devices: listing, adding, changing, deleting.

use actix_web::{HttpResponse, web};
use fairlead_model::device::{DeviceKind, DeviceView};
use fairlead_model::{Clock, DeviceId, GroupId, ModemId, Time};
use fairlead_store::audit::{self, Entry};
use fairlead_store::registry::ModemChoice;
use fairlead_store::registry::devices::{self, DeviceRow, Filter, NewDevice};
use fairlead_store::{Conn, StoreError, Tx};
use fairlead_web::{ApiError, Code, Operator, Page, PageQuery, Viewer};
use serde::{Deserialize, Deserializer};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{made, tell};
use crate::service::State;

/// Longest text that is searched for, in characters.
const LONGEST_SEARCH: usize = 64;

/// Which devices are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DevicesQuery {
    /// Only those of this kind: buoy, handset or rockstar.
    #[param(value_type = Option<DeviceKind>, inline)]
    kind: Option<String>,
    /// Only those of this group.
    group_id: Option<Uuid>,
    /// Only those with a modem (true), or without one (false).
    linked: Option<bool>,
    /// Only those in whose name or serial number this is, or in their modem's IMEI or serial number.
    q: Option<String>,
    /// Items in the page, 1 to 500; 50 where it is not said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A device to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDeviceBody {
    /// What it is.
    kind: DeviceKind,
    /// Its name; without one a buoy is given the next `PK…` and a handset the next `HS…`.
    name: Option<String>,
    /// The modem in it, by its id.
    modem_id: Option<Uuid>,
    /// The modem in it, by its IMEI; one that has not been heard yet is made known.
    imei: Option<String>,
    /// Its own serial number with its provider, where it has one.
    serial: Option<String>,
    /// Since when the modem's messages are its; without it: now where the modem ever was in a device, else from the
    /// modem's first message.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Time>,
    /// The groups it is in.
    #[serde(default)]
    group_ids: Vec<Uuid>,
}

/// What is to be changed of a device.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceChange {
    /// Its own serial number with its provider; `null` where it has none any more.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    serial: Option<Option<String>>,
    /// All groups that it is in from now on.
    group_ids: Option<Vec<Uuid>>,
}

/// Tells `null` from what is not said.
fn said<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(d).map(Some)
}

/// Devices, by name.
#[utoipa::path(get, path = "/api/v1/devices", tag = "devices", params(DevicesQuery),
    responses((status = 200, body = Page<DeviceView>)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<State>,
    query: web::Query<DevicesQuery>,
) -> Result<web::Json<Page<DeviceView>>, ApiError> {
    let DevicesQuery { kind, group_id, linked, q, limit, cursor } = query.into_inner();
    let page = PageQuery { limit, cursor };
    let limit = page.limit()?;
    let bad = |e: String| ApiError::new(Code::BadRequest, e);
    let text = q.map(|q| q.trim().to_owned()).filter(|q| !q.is_empty());
    if text.as_ref().is_some_and(|text| text.chars().count() > LONGEST_SEARCH) {
        return Err(bad(format!("q has at most {LONGEST_SEARCH} characters.")));
    }
    let filter = Filter {
        kind: kind.map(|kind| kind.parse().map_err(bad)).transpose()?,
        group: group_id.map(GroupId::from),
        linked,
        text,
        after: page.cursor()?,
    };
    let now = state.clock.now();
    let look = move |conn: &mut Conn| {
        let rows = devices::list(conn, &filter, limit + 1)?;
        devices::shown(conn, rows, now)
    };
    let items = state.store.read(look).await?;
    Ok(web::Json(Page::of(items, limit, |device| device.name.clone())))
}

/// One device.
#[utoipa::path(get, path = "/api/v1/devices/{id}", tag = "devices", params(("id" = Uuid, Path)),
    responses((status = 200, body = DeviceView), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn get(
    _: Viewer,
    state: web::Data<State>,
    id: web::Path<Uuid>,
) -> Result<web::Json<DeviceView>, ApiError> {
    let (id, now) = (DeviceId::from(id.into_inner()), state.clock.now());
    let view = state.store.read(move |conn| devices::view(conn, id, now)).await;
    view.map(web::Json).map_err(no_device)
}

/// Adds a device, with its modem where it has one. All that stands against it is answered at once.
#[utoipa::path(post, path = "/api/v1/devices", tag = "devices", request_body = NewDeviceBody,
    responses((status = 201, body = DeviceView),
        (status = 409, description = "Name or modem are another's", body = fairlead_web::error::ProblemJson),
        (status = 422, description = "All that is wrong is in `errors`", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn create(
    caller: Operator,
    state: web::Data<State>,
    new: web::Json<NewDeviceBody>,
) -> Result<HttpResponse, ApiError> {
    let new = new.into_inner().checked()?;
    let (clock, actor) = (state.clock.clone(), caller.0.name);
    let made_or_not = state.store.write(move |tx| {
        let row = match devices::create(tx, &clock, &new, &actor)? {
            Ok(row) => row,
            Err(flaws) => return Ok(Err(flaws)),
        };
        let view = note_new(tx, &clock, &actor, &row)?;
        Ok(Ok(view))
    });
    let view = made(made_or_not.await?)?;
    tell(&state, [view.id], view.modem.as_ref().map(|modem| modem.id));
    Ok(HttpResponse::Created().json(view))
}

/// Writes down that a person added a device, and returns it as it is.
pub(crate) fn note_new(
    tx: &mut Tx<'_>,
    clock: &Clock,
    actor: &str,
    row: &DeviceRow,
) -> Result<DeviceView, StoreError> {
    let view = devices::view(tx, row.id.into(), clock.now())?;
    let modem = view.modem.as_ref().map(|modem| format!(", modem {} since {}", modem.imei, modem.since));
    let detail = format!("{}{}", row.kind, modem.unwrap_or_default());
    note(tx, clock, actor, "device.create", row, &detail)?;
    Ok(view)
}

impl NewDeviceBody {
    fn checked(self) -> Result<NewDevice, ApiError> {
        let modem = match (self.modem_id, self.imei) {
            (Some(_), Some(_)) => {
                let sentence = "Name the modem by `modem_id` or by `imei`, not by both.";
                return Err(ApiError::all(Code::Unprocessable, vec![sentence.to_owned()]));
            }
            (Some(id), None) => Some(ModemChoice::Id(ModemId::from(id))),
            (None, Some(imei)) => Some(ModemChoice::Imei(imei)),
            (None, None) => None,
        };
        Ok(NewDevice {
            kind: self.kind,
            name: self.name,
            modem,
            serial: self.serial,
            since: self.since,
            groups: self.group_ids.into_iter().map(Into::into).collect(),
        })
    }
}

/// Changes a device's serial number and groups; what is not named stays.
#[utoipa::path(patch, path = "/api/v1/devices/{id}", tag = "devices", params(("id" = Uuid, Path)),
    request_body = DeviceChange,
    responses((status = 200, body = DeviceView), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 422, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn change(
    caller: Operator,
    state: web::Data<State>,
    id: web::Path<Uuid>,
    change: web::Json<DeviceChange>,
) -> Result<web::Json<DeviceView>, ApiError> {
    let (id, DeviceChange { serial, group_ids }) = (DeviceId::from(id.into_inner()), change.into_inner());
    let groups: Option<Vec<GroupId>> = group_ids.map(|ids| ids.into_iter().map(Into::into).collect());
    let (clock, actor) = (state.clock.clone(), caller.0.name);
    let changed = state.store.write(move |tx| {
        let row = devices::claim(tx, id)?;
        if let Err(flaws) =
            devices::describe(tx, id, serial.as_ref().map(Option::as_deref), groups.as_deref())?
        {
            return Ok(Err(flaws));
        }
        let view = devices::view(tx, id, clock.now())?;
        let names: Vec<&str> = view.groups.iter().map(|group| group.name.as_str()).collect();
        let serial = view.serial.as_deref().unwrap_or("none");
        let detail = format!("serial number {serial}, groups: {}", names.join("; "));
        note(tx, &clock, &actor, "device.change", &row, &detail)?;
        Ok(Ok(view))
    });
    let view = made(changed.await.map_err(no_device)?)?;
    tell(&state, [id], None);
    Ok(web::Json(view))
}

/// Deletes a device that is needed nowhere. Its name is free again; its history, and whose messages were, stay.
#[utoipa::path(delete, path = "/api/v1/devices/{id}", tag = "devices", params(("id" = Uuid, Path)),
    responses((status = 204, description = "It is gone"), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 409, description = "It is still needed", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn remove(
    caller: Operator,
    state: web::Data<State>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let id = DeviceId::from(id.into_inner());
    let (clock, actor) = (state.clock.clone(), caller.0.name);
    let removed = state.store.write(move |tx| {
        let row = devices::claim(tx, id)?;
        let deleted = devices::delete(tx, clock.now(), &row)?;
        if deleted.is_ok() {
            note(tx, &clock, &actor, "device.delete", &row, "")?;
        }
        Ok(deleted)
    });
    made(removed.await.map_err(no_device)?)?;
    tell(&state, [id], None);
    Ok(HttpResponse::NoContent().finish())
}

/// Writes down what a person changed of a device.
pub(crate) fn note(
    tx: &mut Tx<'_>,
    clock: &Clock,
    actor: &str,
    action: &str,
    row: &DeviceRow,
    detail: &str,
) -> Result<(), StoreError> {
    let detail = if detail.is_empty() { row.name.clone() } else { format!("{}: {detail}", row.name) };
    let subject = format!("device {}", DeviceId::from(row.id));
    audit::record(tx, clock, &Entry { actor, action, subject, detail: &detail })
}

/// Where nothing was found, it was the device.
pub(crate) fn no_device(error: StoreError) -> ApiError {
    match error {
        StoreError::NotFound => ApiError::not_found("device"),
        other => other.into(),
    }
}
