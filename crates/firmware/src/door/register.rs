//! `POST /v1/{buoy|handset}/register`: a device is given its name.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use fairlead_model::Time;
use fairlead_model::device::DeviceKind;
use fairlead_store::registry::{devices, registration};
use fairlead_web::request::client_address;
use fairlead_web::{ApiError, Code};
use serde::Deserialize;

use super::{answer, entry};
use crate::news;
use crate::service::Firmware;

/// New names that are given out in a minute by one process: enough for a shelf of devices, too few for a flood.
const NEW_IN_A_MINUTE: u32 = 60;

/// What a device says of itself.
#[derive(Debug, Default, Deserialize)]
struct Introduction {
    /// The name that it has.
    #[serde(default)]
    iam: Option<String>,
}

/// How many new names may still be given out.
#[derive(Debug, Default)]
pub(crate) struct Budget(Mutex<Option<(Time, u32)>>);

impl Budget {
    fn spend(&self, now: Time) -> bool {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) =
            spent.filter(|(since, _)| now.since(*since) < Duration::from_secs(60)).unwrap_or((now, 0));
        *spent = Some((since, count.saturating_add(1)));
        count < NEW_IN_A_MINUTE
    }
}

/// Gives a device its name, while an operator has opened the window for it. A known name stays.
#[utoipa::path(post, path = "/v1/{kind}/register", tag = "devices",
    params(("kind" = String, Path, description = "`buoy` or `handset`")),
    request_body(content = String, content_type = "application/json", description = "`{}` or `{\"iam\": \"PK001\"}`"),
    responses((status = 200, description = "`{\"iam\":\"PK003\"}`", body = String),
        (status = 403, body = fairlead_web::error::ProblemJson), (status = 409, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn register(
    request: HttpRequest,
    state: web::Data<Firmware>,
    kind: web::Path<String>,
    body: web::Payload,
) -> HttpResponse {
    super::answered(serve(&request, &state, None, &kind, body).await)
}

/// The same at any time, on a path that only devices know.
#[utoipa::path(post, path = "/d/{secret}/v1/{kind}/register", tag = "devices",
    params(("secret" = String, Path, description = "`firmware.registration_secret`, or the key of the device named"),
        ("kind" = String, Path, description = "`buoy` or `handset`")),
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, description = "`{\"iam\":\"PK003\"}`", body = String),
        (status = 403, body = fairlead_web::error::ProblemJson), (status = 409, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn register_with(
    request: HttpRequest,
    state: web::Data<Firmware>,
    path: web::Path<(String, String)>,
    body: web::Payload,
) -> HttpResponse {
    let (secret, kind) = path.into_inner();
    super::answered(serve(&request, &state, Some(&secret), &kind, body).await)
}

async fn serve(
    request: &HttpRequest,
    state: &Firmware,
    secret: Option<&str>,
    kind: &str,
    body: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let body = super::read(body).await?;
    let kind: DeviceKind = kind.parse().map_err(|e: String| ApiError::new(Code::NotFound, e))?;
    let introduction: Option<Introduction> = if body.is_empty() {
        None
    } else {
        serde_json::from_slice(&body).map_err(|e| {
            ApiError::new(
                Code::BadRequest,
                format!("The request cannot be read: {e}. ({{}} or {{\"iam\": name}}.)"),
            )
        })?
    };
    let name = introduction.unwrap_or_default().iam;
    let known = match name.clone() {
        Some(name) => state.store.read(move |conn| devices::by_name(conn, &name)).await?,
        None => None,
    };
    may_register(request, state, secret, known.as_ref()).await?;
    if known.is_none() && !state.new_names.spend(state.clock.now()) {
        entry::refused(state, request, name.as_deref().unwrap_or_default(), "flood");
        let why = format!("More than {NEW_IN_A_MINUTE} new devices came within a minute.");
        return Err(ApiError::new(Code::TooMany, why).retry_after(60));
    }
    let clock = state.clock.clone();
    let work =
        move |tx: &mut fairlead_store::Tx<'_>| registration::register(tx, &clock, kind, name.as_deref());
    let registered = match state.store.write(work).await? {
        Ok(registered) => registered,
        Err(why) => return Err(ApiError::new(Code::InTheWay, why.to_string())),
    };
    tracing::info!(
        device = registered.device.name,
        is_new = registered.is_new,
        address = client_address(request),
        "a device registered itself"
    );
    if registered.is_new {
        news::device(state, registered.device.id.into()).await;
    }
    Ok(answer::text(serde_json::json!({"iam": registered.device.name}).to_string()))
}

async fn may_register(
    request: &HttpRequest,
    state: &Firmware,
    secret: Option<&str>,
    known: Option<&devices::DeviceRow>,
) -> Result<(), ApiError> {
    let (is_open, why) = match secret {
        Some(given) => {
            let is_own = known.is_some_and(|device| entry::is_own_key(device, given));
            let why = "The secret in the path is neither the one for all devices nor this device's key.";
            (is_own || entry::is_common_secret(&state.settings, given), why)
        }
        None => {
            let now = state.clock.now();
            let is_open = state.store.read(move |conn| registration::is_open(conn, now)).await?;
            (
                is_open,
                "Devices may not register now. An operator opens the window for it on the page Devices.",
            )
        }
    };
    if is_open {
        return Ok(());
    }
    entry::refused(state, request, known.map_or("", |device| device.name.as_str()), "registration");
    Err(ApiError::new(Code::NotAllowed, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_ends_and_a_minute_later_it_is_forgotten() {
        let budget = Budget::default();
        let at = |s: i64| Time::from_micros(s * 1_000_000);
        assert!((0..NEW_IN_A_MINUTE).all(|_| budget.spend(at(0))));
        assert!(!budget.spend(at(59)));
        assert!(budget.spend(at(60)));
    }
}
