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
use fairlead_store::{Digest, StoreError, Tx, problems};
use fairlead_web::{ApiError, Code, Operator};
use fairlead_wire::rockblock::{BodyKind, Push, parse};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::jobs::drain;
use crate::record::{self, PROVIDER, Source, UNSTORABLE};
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
    let push = parse(BodyKind::of(source(&row).content_type.as_deref(), &row.body), &row.body)
        .map_err(|e| ApiError::new(Code::Unprocessable, format!("It belongs to no modem: {e}.")))?;
    let trust = trust_now(&state, &caller, &push, &row, admission.force)?;
    let message = (
        Digest(push.duplicate_key(PROVIDER)),
        record::message_row(
            MessageId::new(&state.clock),
            row.received_at.into(),
            &push,
            trust,
            source(&row),
            &row.body,
        ),
    );
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
    push: &Push,
    row: &HeldRow,
    force: bool,
) -> Result<Trust, ApiError> {
    let approach = Approach { path_secret: None, address: source(row).address.and_then(|a| a.parse().ok()) };
    match state.doorkeeper.judge(push, &approach) {
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
    message: &(Digest, MessageRow),
) -> Result<ProblemView, StoreError> {
    if messages::by_keys(tx, &[message.0])?.is_empty() {
        messages::insert(tx, std::slice::from_ref(message))?;
        fairlead_bus::enqueue(tx, clock, &MoStored { message_id: message.1.id.into(), by_hand: true }, None)?;
    }
    let settled = drain::let_go(tx, clock, id)?;
    let problem = settled.ok_or_else(|| StoreError::Refused("It was settled already.".to_owned()))?;
    problems::get(tx, problem)
}

fn source(row: &HeldRow) -> Source {
    serde_json::from_str(&row.source).unwrap_or_default()
}
