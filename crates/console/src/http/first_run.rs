//! `/api/v1/first-run`: what a new installation still needs, until its first push has come.

use actix_web::{HttpResponse, web};
use fairlead_model::door::{DoorFacts, Refusal};
use fairlead_model::message::{MessageState, MessageView};
use fairlead_model::{Imei, MessageId, Time, Trust};
use fairlead_store::audit::{self, Entry};
use fairlead_store::satellite::held::{self, HeldRow};
use fairlead_store::satellite::{messages, modems};
use fairlead_store::{Conn, StoreError, milestones, reports};
use fairlead_web::ApiError;
use fairlead_web::auth::{Admin, Viewer};
use fairlead_web::health::Report;
use serde::Serialize;
use utoipa::ToSchema;

use crate::service::State;

/// The milestone of somebody's word that all is set up.
const PUT_AWAY: &str = "first_run";

/// Where the provider pushes.
const DOOR: &str = "/rockblock/incoming";

/// What a new installation still needs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FirstRun {
    /// Whether a device has been heard, or somebody has said that all is set up.
    done: bool,
    /// The address for the provider. A secret part of it is shown as `…`.
    webhook_url: String,
    /// The least trust with which a push is let in; absent while no intake has been heard.
    require_trust: Option<Trust>,
    /// Whether the address has a secret part; absent while no intake has been heard.
    has_secret_path: Option<bool>,
    /// The newest push that was let in.
    last_push: Option<LastPush>,
    /// The newest push that was kept outside.
    last_held: Option<LastHeld>,
    /// The newest push that was not answered with 200.
    last_refusal: Option<Refusal>,
}

/// A push that was let in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LastPush {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// The modem that it names.
    #[schema(value_type = String)]
    imei: Imei,
    /// Who vouches for it.
    trust: Trust,
    /// What became of it.
    state: MessageState,
    /// The message.
    #[schema(value_type = String, format = Uuid)]
    message_id: MessageId,
}

/// A push that was kept outside.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LastHeld {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// The modem that it names, where it names one.
    imei: Option<String>,
    /// Why, in a sentence.
    reason: String,
}

/// What a new installation still needs.
#[utoipa::path(get, path = "/api/v1/first-run", tag = "system", responses((status = 200, body = FirstRun)))]
pub(crate) async fn get(_: Viewer, state: web::Data<State>) -> Result<web::Json<FirstRun>, ApiError> {
    let public_url = state.public_url.clone();
    Ok(web::Json(state.store.read(move |conn| look(conn, &public_url)).await?))
}

/// Says that all is set up.
#[utoipa::path(post, path = "/api/v1/first-run/done", tag = "system", responses((status = 204)))]
pub(crate) async fn done(caller: Admin, state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let clock = state.clock.clone();
    let put_away = state.store.write(move |tx| {
        let actor = &caller.0.name;
        let entry = Entry { actor, action: "first_run.done", subject: "server".into(), detail: "" };
        audit::record(tx, &clock, &entry)?;
        milestones::reach(tx, &clock, PUT_AWAY, actor)
    });
    put_away.await?;
    Ok(HttpResponse::NoContent().finish())
}

fn look(conn: &mut Conn, public_url: &str) -> Result<FirstRun, StoreError> {
    let is_put_away = milestones::reached(conn, PUT_AWAY)?.is_some();
    let door = door(conn)?;
    let secret = if door.as_ref().is_some_and(|door| door.has_secret_path) { "/…" } else { "" };
    Ok(FirstRun {
        done: is_put_away || !modems::list(conn, None, 1)?.is_empty(),
        webhook_url: format!("{public_url}{DOOR}{secret}"),
        require_trust: door.as_ref().map(|door| door.require_trust),
        has_secret_path: door.as_ref().map(|door| door.has_secret_path),
        last_push: messages::list(conn, &messages::Filter::default(), 1)?.pop().map(last_push),
        last_held: held::newest(conn)?.map(last_held),
        last_refusal: door.and_then(|door| door.last_refusal),
    })
}

/// What the intake that was heard last says of its door.
fn door(conn: &mut Conn) -> Result<Option<DoorFacts>, StoreError> {
    let mut rows = reports::list(conn)?;
    rows.sort_by_key(|row| std::cmp::Reverse(row.reported_at));
    let facts = rows.into_iter().find_map(|row| {
        // What another release has written may not be readable here.
        let report: Report = serde_json::from_str(&row.report).ok()?;
        serde_json::from_value(report.facts.into()).ok()
    });
    Ok(facts)
}

fn last_push(message: MessageView) -> LastPush {
    let MessageView { id, imei, received_at, trust, state, .. } = message;
    LastPush { at: received_at, imei, trust, state, message_id: id }
}

fn last_held(row: HeldRow) -> LastHeld {
    LastHeld { at: row.received_at.into(), imei: row.imei, reason: row.reason }
}
