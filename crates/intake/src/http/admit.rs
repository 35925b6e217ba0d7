//! `POST /api/v1/held/{id}/admit`: verifies a held push again, and lets it in.
//!
//! Keys do rotate: what no key vouched for yesterday may be signed for today. An administrator may let a push
//! in by force; then it comes in as unsigned.

use actix_web::web;
use fairlead_model::live::LiveEvent;
use fairlead_model::problem::ProblemView;
use fairlead_model::queue::MoStored;
use fairlead_model::role::Role;
use fairlead_model::{HeldId, MessageId, Trust};
use fairlead_store::audit::{self, Entry};
use fairlead_store::satellite::held::{self, HeldRow};
use fairlead_store::satellite::messages::{self, MessageRow};
use fairlead_store::{StoreError, Tx, problems};
use fairlead_web::{ApiError, Code, Operator};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::jobs::drain;
use crate::pushed::{Keys, Provider, Pushed};
use crate::record::{self, Source, UNSTORABLE};
use crate::service::State;
use crate::trust::{Approach, Vouched};

/// Why a held push is let in.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct HeldAdmission {
    /// In the person's words; goes into the audit log.
    reason: String,
    /// Let it in as unsigned although nobody vouches for it (administrators only).
    #[serde(default)]
    force: bool,
}

/// Verifies a held push again and lets it in.
#[utoipa::path(post, path = "/api/v1/held/{id}/admit", tag = "problems", request_body = HeldAdmission,
    params(("id" = Uuid, Path, description = "The held push")),
    responses((status = 200, description = "It is in", body = ProblemView),
        (status = 422, description = "Still nobody vouches for it", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn admit(
    caller: Operator,
    state: web::Data<State>,
    id: web::Path<uuid::Uuid>,
    admission: web::Json<HeldAdmission>,
) -> Result<web::Json<ProblemView>, ApiError> {
    let id = HeldId::from(id.into_inner());
    let row = state.store.read(move |conn| held::get(conn, id)).await?;
    let provider = Provider::of(&row.provider);
    let push = provider
        .read(source(&row).content_type.as_deref(), &row.body)
        .map_err(|e| ApiError::new(Code::Unprocessable, format!("It belongs to no modem: {e}.")))?;
    let trust = trust_now(&state, &caller, &push, &row, admission.force)?;
    let (new, received_at) = (MessageId::new(&state.clock), row.received_at.into());
    let message = record::message_row(new, received_at, provider, &push, trust, source(&row), &row.body);
    let message = (push.keys(), message);
    let (clock, actor, reason) = (state.clock.clone(), caller.0.name.clone(), admission.reason.clone());
    let problem = state
        .store
        .write(move |tx| {
            let entry =
                Entry { actor: &actor, action: "held.admit", subject: format!("held {id}"), detail: &reason };
            audit::record(tx, &clock, &entry)?;
            let_in(tx, &clock, id, &message)
        })
        .await?;
    state.bus.publish(&LiveEvent::Problem { problem: problem.clone() });
    Ok(web::Json(problem))
}

fn trust_now(
    state: &State,
    caller: &Operator,
    push: &Pushed,
    row: &HeldRow,
    force: bool,
) -> Result<Trust, ApiError> {
    let approach = Approach { path_secret: None, address: source(row).address.and_then(|a| a.parse().ok()) };
    match state.doorkeepers.of(Provider::of(&row.provider)).judge(push, &approach) {
        // What the store did not take was let in at the door.
        Vouched::Let { trust, .. } if trust > Trust::Unsigned || row.why == UNSTORABLE => Ok(trust),
        _ if force && caller.0.role == Role::Admin => Ok(Trust::Unsigned),
        _ if force => Err(ApiError::new(Code::NotAllowed, "Only an administrator may let it in by force.")),
        Vouched::Let { .. } => Err(ApiError::new(
            Code::Unprocessable,
            "It is unsigned, and the provider signs for this modem. An administrator may let it in by force.",
        )),
        Vouched::Kept(why) => Err(ApiError::new(Code::Unprocessable, format!("Still not trusted: {why}"))),
    }
}

fn let_in(
    tx: &mut Tx<'_>,
    clock: &fairlead_model::Clock,
    id: HeldId,
    (keys, message): &(Keys, MessageRow),
) -> Result<ProblemView, StoreError> {
    if messages::by_keys(tx, &keys.of_message().collect::<Vec<_>>())?.is_empty() {
        messages::insert(tx, &[(keys.message, message.clone())])?;
        drain::note_further_keys(tx, keys, message.id)?;
        fairlead_bus::enqueue(tx, clock, &MoStored { message_id: message.id.into(), by_hand: true }, None)?;
    }
    let settled = drain::let_go(tx, clock, id)?;
    let problem = settled.ok_or_else(|| StoreError::Refused("It was settled already.".to_owned()))?;
    problems::get(tx, problem)
}

fn source(row: &HeldRow) -> Source {
    serde_json::from_str(&row.source).unwrap_or_default()
}
