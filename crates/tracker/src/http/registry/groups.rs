//! Groups of devices.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web};
use fairlead_model::device::GroupView;
use fairlead_model::{DeviceId, GroupId};
use fairlead_store::StoreError;
use fairlead_store::audit::{self, Entry};
use fairlead_store::registry::groups;
use fairlead_web::{ApiError, Code, Operator, Page, PageQuery, Viewer};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{body, made, tell};
use crate::service::State;

/// Most devices of one group.
const MOST: usize = 5_000;

/// Most bytes of a list of that many.
const MOST_BYTES: usize = 1024 * 1024;

/// A group to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGroup {
    /// Its name: 1 to 64 characters, unique without regard to case.
    name: String,
}

/// The devices of a group.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupDevices {
    /// All devices that are in it from now on, at most 5,000.
    #[schema(max_items = 5_000)]
    device_ids: Vec<Uuid>,
}

/// Groups, by name.
#[utoipa::path(get, path = "/api/v1/groups", tag = "devices", params(PageQuery),
    responses((status = 200, body = Page<GroupView>)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<State>,
    page: web::Query<PageQuery>,
) -> Result<web::Json<Page<GroupView>>, ApiError> {
    let (limit, after) = (page.limit()?, page.cursor::<String>()?);
    let items = state.store.read(move |conn| groups::list(conn, after.as_deref(), limit + 1)).await?;
    Ok(web::Json(Page::of(items, limit, |group| group.name.clone())))
}

/// Adds a group.
#[utoipa::path(post, path = "/api/v1/groups", tag = "devices", request_body = NewGroup,
    responses((status = 201, body = GroupView),
        (status = 409, description = "The name is taken", body = fairlead_web::error::ProblemJson),
        (status = 422, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn add(
    caller: Operator,
    state: web::Data<State>,
    new: web::Json<NewGroup>,
) -> Result<HttpResponse, ApiError> {
    let (clock, actor, name) = (state.clock.clone(), caller.0.name, new.into_inner().name);
    let added = state.store.write(move |tx| {
        let added = groups::add(tx, &clock, &name)?;
        if let Ok(group) = &added {
            let subject = format!("group {}", group.id);
            let entry = Entry { actor: &actor, action: "group.add", subject, detail: &group.name };
            audit::record(tx, &clock, &entry)?;
        }
        Ok(added)
    });
    Ok(HttpResponse::Created().json(made(added.await?)?))
}

/// Removes a group that nothing names; its devices stay.
#[utoipa::path(delete, path = "/api/v1/groups/{id}", tag = "devices", params(("id" = Uuid, Path)),
    responses((status = 204, description = "It is gone"), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 409, description = "It is still needed", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn remove(
    caller: Operator,
    state: web::Data<State>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let (clock, actor, id) = (state.clock.clone(), caller.0.name, GroupId::from(id.into_inner()));
    let removed = state.store.write(move |tx| {
        let left = groups::members(tx, id)?;
        let name = match groups::remove(tx, id)? {
            Ok(name) => name,
            Err(flaws) => return Ok(Err(flaws)),
        };
        let subject = format!("group {id}");
        audit::record(tx, &clock, &Entry { actor: &actor, action: "group.remove", subject, detail: &name })?;
        Ok(Ok(left))
    });
    let left = made(removed.await.map_err(no_group)?)?;
    tell(&state, left, None);
    Ok(HttpResponse::NoContent().finish())
}

/// Makes these, and no others, the devices of a group.
#[utoipa::path(put, path = "/api/v1/groups/{id}/devices", tag = "devices", params(("id" = Uuid, Path)),
    request_body = GroupDevices,
    responses((status = 200, body = GroupView), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 422, description = "Some of them are not there", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn set_devices(
    caller: Operator,
    state: web::Data<State>,
    id: web::Path<Uuid>,
    payload: web::Payload,
) -> Result<web::Json<GroupView>, ApiError> {
    let body = body::read(payload, MOST_BYTES).await?;
    let GroupDevices { device_ids } = serde_json::from_slice(&body)
        .map_err(|e| ApiError::new(Code::BadRequest, format!("The request cannot be read: {e}.")))?;
    if device_ids.len() > MOST {
        return Err(ApiError::new(Code::Unprocessable, format!("A group has at most {MOST} devices.")));
    }
    let wanted: BTreeSet<DeviceId> = device_ids.into_iter().map(Into::into).collect();
    let (clock, actor, id) = (state.clock.clone(), caller.0.name, GroupId::from(id.into_inner()));
    let set = state.store.write(move |tx| {
        let changed = match groups::set_members(tx, id, &wanted)? {
            Ok(changed) => changed,
            Err(flaws) => return Ok(Err(flaws)),
        };
        let group = groups::view(tx, id)?;
        let (subject, detail) = (format!("group {id}"), format!("{}: {} devices", group.name, group.devices));
        let entry = Entry { actor: &actor, action: "group.devices", subject, detail: &detail };
        audit::record(tx, &clock, &entry)?;
        Ok(Ok((group, changed)))
    });
    let (group, changed) = made(set.await.map_err(no_group)?)?;
    tell(&state, changed, None);
    Ok(web::Json(group))
}

fn no_group(error: StoreError) -> ApiError {
    match error {
        StoreError::NotFound => ApiError::not_found("group"),
        StoreError::Refused(why) => ApiError::new(Code::InTheWay, why),
        other => other.into(),
    }
}
