//! Keys that devices show when they connect.

use actix_web::{HttpResponse, web};
use fairlead_model::DeviceId;
use fairlead_store::registry::devices;
use fairlead_web::auth::fresh_secret;
use fairlead_web::{ApiError, Operator};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::devices::{no_device, note};
use super::tell;
use crate::service::State;

/// Digits of a key: 128 bits, which is short enough to be typed at a bench.
const DIGITS: usize = 32;

/// A key that is shown only now.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeviceKey {
    /// The key, 32 hexadecimal digits.
    key: String,
}

/// Gives a device a new key. From now on it must show it when it connects; an earlier one is good no more.
#[utoipa::path(post, path = "/api/v1/devices/{id}/key", tag = "devices", params(("id" = Uuid, Path)),
    responses((status = 200, body = DeviceKey), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn make(
    caller: Operator,
    state: web::Data<State>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let key: String = fresh_secret().chars().take(DIGITS).collect();
    set(caller, &state, id.into_inner().into(), Some(key.clone())).await?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(DeviceKey { key }))
}

/// Takes a device's key away: it connects by its name alone again.
#[utoipa::path(delete, path = "/api/v1/devices/{id}/key", tag = "devices", params(("id" = Uuid, Path)),
    responses((status = 204, description = "It has none any more"),
        (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn remove(
    caller: Operator,
    state: web::Data<State>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    set(caller, &state, id.into_inner().into(), None).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn set(caller: Operator, state: &State, id: DeviceId, key: Option<String>) -> Result<(), ApiError> {
    let (clock, actor) = (state.clock.clone(), caller.0.name);
    let kept = state.store.write(move |tx| {
        let row = devices::claim(tx, id)?;
        devices::set_key(tx, id, key.as_deref())?;
        let action = if key.is_some() { "device.key" } else { "device.key_remove" };
        note(tx, &clock, &actor, action, &row, "")
    });
    kept.await.map_err(no_device)?;
    tell(state, [id], None);
    Ok(())
}
