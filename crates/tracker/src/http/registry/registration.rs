//! The window in which devices may register without a secret.

use std::time::Duration;

use actix_web::web;
use fairlead_model::Time;
use fairlead_model::device::REGISTRATION_SECRET;
use fairlead_store::audit::{self, Entry};
use fairlead_store::registry::registration::{self, Window};
use fairlead_store::{Conn, StoreError, reports};
use fairlead_web::{ApiError, Code, Operator, Viewer};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::service::State;

/// Longest time for which a window is opened, in minutes.
const LONGEST_MIN: u32 = 120;

/// How devices may register by themselves now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RegistrationView {
    /// Until when they may without a secret; absent where they may not.
    #[schema(value_type = Option<String>, format = DateTime)]
    open_until: Option<Time>,
    /// Who opened the window.
    opened_by: Option<String>,
    /// Whether they may with a secret in the path: `firmware.registration_secret` is set.
    secret_set: bool,
}

/// For how long devices may register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegistrationOrder {
    /// Minutes from now, 1 to 120.
    #[schema(minimum = 1, maximum = 120)]
    minutes: u32,
}

/// How devices may register by themselves now.
#[utoipa::path(get, path = "/api/v1/registration", tag = "devices",
    responses((status = 200, body = RegistrationView)))]
pub(crate) async fn get(_: Viewer, state: web::Data<State>) -> Result<web::Json<RegistrationView>, ApiError> {
    let now = state.clock.now();
    let view = state.store.read(move |conn| view(conn, now)).await?;
    Ok(web::Json(view))
}

fn view(conn: &mut Conn, now: Time) -> Result<RegistrationView, StoreError> {
    let (open_until, opened_by) = match registration::window(conn, now)? {
        Some(Window { until, opened_by }) => (Some(until), Some(opened_by)),
        None => (None, None),
    };
    Ok(RegistrationView { open_until, opened_by, secret_set: secret_set(conn)? })
}

/// What the firmware service says of its settings; only it knows them.
fn secret_set(conn: &mut Conn) -> Result<bool, StoreError> {
    let is_set = |report: reports::ReportRow| {
        let report: serde_json::Value = serde_json::from_str(&report.report).ok()?;
        report.get("facts")?.get(REGISTRATION_SECRET)?.as_bool()
    };
    Ok(reports::list(conn)?.into_iter().any(|report| is_set(report).unwrap_or(false)))
}

/// Lets devices register without a secret for some minutes.
#[utoipa::path(post, path = "/api/v1/registration", tag = "devices", request_body = RegistrationOrder,
    responses((status = 200, body = RegistrationView), (status = 422, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn open(
    caller: Operator,
    state: web::Data<State>,
    order: web::Json<RegistrationOrder>,
) -> Result<web::Json<RegistrationView>, ApiError> {
    let minutes = order.minutes;
    if !(1..=LONGEST_MIN).contains(&minutes) {
        let sentence = format!("minutes is 1 to {LONGEST_MIN}, not {minutes}.");
        return Err(ApiError::new(Code::Unprocessable, sentence));
    }
    let (clock, actor) = (state.clock.clone(), caller.0.name);
    let opened = state.store.write(move |tx| {
        let time = Duration::from_secs(60 * u64::from(minutes));
        let window = registration::open(tx, clock.now(), time, &actor)?;
        let detail = format!("until {}", window.until);
        let subject = "registration".to_owned();
        let entry = Entry { actor: &actor, action: "registration.open", subject, detail: &detail };
        audit::record(tx, &clock, &entry)?;
        view(tx, clock.now())
    });
    Ok(web::Json(opened.await?))
}

/// Lets devices register without a secret no more.
#[utoipa::path(delete, path = "/api/v1/registration", tag = "devices",
    responses((status = 200, body = RegistrationView)))]
pub(crate) async fn shut(
    caller: Operator,
    state: web::Data<State>,
) -> Result<web::Json<RegistrationView>, ApiError> {
    let (clock, actor) = (state.clock.clone(), caller.0.name);
    let shut = state.store.write(move |tx| {
        if registration::shut(tx, clock.now())? {
            let subject = "registration".to_owned();
            let entry = Entry { actor: &actor, action: "registration.shut", subject, detail: "" };
            audit::record(tx, &clock, &entry)?;
        }
        view(tx, clock.now())
    });
    Ok(web::Json(shut.await?))
}
