//! Linking and unlinking, what it affects, and its history.

use actix_web::web;
use fairlead_model::device::{LinkEffects, LinkView};
use fairlead_model::{DeviceId, LinkId, ModemId, Time};
use fairlead_store::registry::links::{self, Of, Wish};
use fairlead_store::registry::{ModemChoice, devices};
use fairlead_store::satellite::modems;
use fairlead_store::{Conn, StoreError};
use fairlead_web::{ApiError, Operator, Page, PageQuery, Viewer};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::devices::{no_device, note};
use super::{made, tell_link};
use crate::service::State;

/// Which modem is to be in a device.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkOrder {
    /// The modem.
    modem_id: Uuid,
    /// Since when its messages are the device's; without it: now where the modem ever was in a device, else from the
    /// modem's first message.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Time>,
    /// Only say what it would change.
    #[serde(default)]
    dry_run: bool,
}

/// When the modem left a device.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnlinkOrder {
    /// Until when its messages are the device's; now where it is not said.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Time>,
    /// Only say what it would change.
    #[serde(default)]
    dry_run: bool,
}

/// Puts a modem into a device, or says what that would change.
#[utoipa::path(post, path = "/api/v1/devices/{id}/link", tag = "devices", params(("id" = Uuid, Path)),
    request_body = LinkOrder,
    responses((status = 200, body = LinkEffects), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 409, description = "One of them is linked already", body = fairlead_web::error::ProblemJson),
        (status = 422, description = "No such modem, or the moment does not fit", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn link(
    caller: Operator,
    state: web::Data<State>,
    id: web::Path<Uuid>,
    order: web::Json<LinkOrder>,
) -> Result<web::Json<LinkEffects>, ApiError> {
    let (id, LinkOrder { modem_id, since, dry_run }) = (DeviceId::from(id.into_inner()), order.into_inner());
    let wish = Wish { modem: ModemChoice::Id(modem_id.into()), since };
    let clock = state.clock.clone();
    if dry_run {
        let tried = state.store.read(move |conn| links::try_link(conn, clock.now(), id, &wish)).await;
        return made(tried.map_err(no_device)?).map(web::Json);
    }
    let actor = caller.0.name;
    let linked = state.store.write(move |tx| {
        let linked = links::link(tx, &clock, id, &wish, &actor)?;
        if let Ok(effects) = &linked {
            let row = devices::claim(tx, id)?;
            let detail = format!("modem {} since {}", effects.modem.imei, effects.since);
            note(tx, &clock, &actor, "device.link", &row, &detail)?;
        }
        Ok(linked)
    });
    let effects = made(linked.await.map_err(no_device)?)?;
    tell_link(&state, &effects);
    Ok(web::Json(effects))
}

/// Takes the modem out of a device, or says what that would change.
#[utoipa::path(post, path = "/api/v1/devices/{id}/unlink", tag = "devices", params(("id" = Uuid, Path)),
    request_body = UnlinkOrder,
    responses((status = 200, body = LinkEffects), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 409, description = "It has no modem", body = fairlead_web::error::ProblemJson),
        (status = 422, description = "The moment does not fit", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn unlink(
    caller: Operator,
    state: web::Data<State>,
    id: web::Path<Uuid>,
    order: web::Json<UnlinkOrder>,
) -> Result<web::Json<LinkEffects>, ApiError> {
    let (id, UnlinkOrder { at, dry_run }) = (DeviceId::from(id.into_inner()), order.into_inner());
    let clock = state.clock.clone();
    if dry_run {
        let tried = state.store.read(move |conn| links::try_unlink(conn, clock.now(), id, at)).await;
        return made(tried.map_err(no_device)?).map(web::Json);
    }
    let actor = caller.0.name;
    let unlinked = state.store.write(move |tx| {
        let unlinked = links::unlink(tx, clock.now(), id, at, &actor)?;
        if let Ok(effects) = &unlinked {
            let row = devices::claim(tx, id)?;
            let until = effects.until.map(|until| format!(" until {until}")).unwrap_or_default();
            let detail = format!("modem {}{until}", effects.modem.imei);
            note(tx, &clock, &actor, "device.unlink", &row, &detail)?;
        }
        Ok(unlinked)
    });
    let effects = made(unlinked.await.map_err(no_device)?)?;
    tell_link(&state, &effects);
    Ok(web::Json(effects))
}

/// Which modems a device had when, newest first; also of one that was deleted.
#[utoipa::path(get, path = "/api/v1/devices/{id}/links", tag = "devices", params(("id" = Uuid, Path), PageQuery),
    responses((status = 200, body = Page<LinkView>), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn of_device(
    _: Viewer,
    state: web::Data<State>,
    id: web::Path<Uuid>,
    page: web::Query<PageQuery>,
) -> Result<web::Json<Page<LinkView>>, ApiError> {
    let id = DeviceId::from(id.into_inner());
    let exists = move |conn: &mut Conn| devices::by_id(conn, id)?.ok_or(StoreError::NotFound).map(drop);
    history(&state, Of::Device(id), &page, exists).await
}

/// In which devices a modem was when, newest first.
#[utoipa::path(get, path = "/api/v1/modems/{id}/links", tag = "modems", params(("id" = Uuid, Path), PageQuery),
    responses((status = 200, body = Page<LinkView>), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn of_modem(
    _: Viewer,
    state: web::Data<State>,
    id: web::Path<Uuid>,
    page: web::Query<PageQuery>,
) -> Result<web::Json<Page<LinkView>>, ApiError> {
    let id = ModemId::from(id.into_inner());
    let exists = move |conn: &mut Conn| modems::imei(conn, id).map(drop);
    history(&state, Of::Modem(id), &page, exists).await
}

async fn history(
    state: &State,
    of: Of,
    page: &PageQuery,
    exists: impl FnOnce(&mut Conn) -> Result<(), StoreError> + Send + 'static,
) -> Result<web::Json<Page<LinkView>>, ApiError> {
    let (limit, before) = (page.limit()?, page.cursor::<LinkId>()?);
    let look = move |conn: &mut Conn| {
        exists(conn)?;
        links::list(conn, of, before, limit + 1)
    };
    let items = state.store.read(look).await?;
    Ok(web::Json(Page::of(items, limit, |link| link.id.to_string())))
}
