//! What a person does about a problem: repair the text, put it through again, or let it be.

use actix_web::web;
use fairlead_model::live::LiveEvent;
use fairlead_model::message::MessageState;
use fairlead_model::problem::{ProblemKind, ProblemState, ProblemView};
use fairlead_model::queue::MoStored;
use fairlead_model::{Clock, MessageId, ProblemId, Time};
use fairlead_store::audit::{self, Entry};
use fairlead_store::satellite::messages::{self, MessageRow, Outcome};
use fairlead_store::satellite::{gaps, modems, readings};
use fairlead_store::{StoreError, Tx, problems};
use fairlead_web::{ApiError, ChangeReason, Code, Operator};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::decode;
use crate::service::State;

/// Longest repaired text, bytes: the most that a modem can send.
const LONGEST: usize = fairlead_wire::pk::MO_LIMIT_BYTES;

/// A text put right.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ProblemRepair {
    /// The text as it should have been.
    payload_text: String,
    /// In the person's words; goes into the audit log.
    reason: String,
}

/// Puts a repaired copy of a message in: a new message that names the old one.
#[utoipa::path(post, path = "/api/v1/problems/{id}/repair", tag = "problems", request_body = ProblemRepair,
    params(("id" = Uuid, Path)),
    responses((status = 200, body = ProblemView), (status = 409, body = fairlead_web::error::ProblemJson),
        (status = 422, description = "The text still cannot be read", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn repair(
    caller: Operator,
    state: web::Data<State>,
    id: web::Path<Uuid>,
    repair: web::Json<ProblemRepair>,
) -> Result<web::Json<ProblemView>, ApiError> {
    let ProblemRepair { payload_text, reason } = repair.into_inner();
    if payload_text.len() > LONGEST {
        return Err(ApiError::new(Code::Unprocessable, format!("A text has at most {LONGEST} bytes.")));
    }
    let becomes = ProblemState::Repaired;
    settle(&caller, &state, id.into_inner(), "problem.repair", reason, becomes, move |tx, clock, problem| {
        let old = message_of(tx, problem)?;
        let message = MessageId::from(old.id);
        let new = repaired(tx, clock, &old, payload_text.as_bytes())?;
        leave_line(tx, message)?;
        let outcome = Outcome {
            state: MessageState::Replaced,
            modem_id: old.modem_id.map(Into::into),
            summary: None,
            marks: vec![format!("A repaired copy is {}.", MessageId::from(new.id))],
        };
        messages::set_outcome(tx, message, &outcome)?;
        let stored = MoStored { message_id: new.id.into(), by_hand: true };
        messages::insert_repaired(tx, new)?;
        fairlead_bus::enqueue(tx, clock, &stored, None).map(|_| ())
    })
    .await
}

/// Puts a message through again as it is.
#[utoipa::path(post, path = "/api/v1/problems/{id}/replay", tag = "problems", request_body = ChangeReason,
    params(("id" = Uuid, Path)),
    responses((status = 200, body = ProblemView), (status = 409, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn replay(
    caller: Operator,
    state: web::Data<State>,
    id: web::Path<Uuid>,
    reason: web::Json<ChangeReason>,
) -> Result<web::Json<ProblemView>, ApiError> {
    let reason = reason.into_inner().reason;
    let becomes = ProblemState::Replayed;
    settle(&caller, &state, id.into_inner(), "problem.replay", reason, becomes, |tx, clock, problem| {
        if problem.kind == ProblemKind::FailedWork && problem.held_id.is_none() {
            let envelope = problem.excerpt.clone().unwrap_or_default();
            return fairlead_bus::requeue(tx, clock, &envelope).map(|_| ());
        }
        let row = message_of(tx, problem)?;
        let message = MessageId::from(row.id);
        leave_line(tx, message)?;
        let outcome = Outcome {
            state: MessageState::Waiting,
            modem_id: row.modem_id.map(Into::into),
            summary: None,
            marks: Vec::new(),
        };
        messages::set_outcome(tx, message, &outcome)?;
        fairlead_bus::enqueue(tx, clock, &MoStored { message_id: message, by_hand: true }, None).map(|_| ())
    })
    .await
}

/// Decides that nothing is to be done.
#[utoipa::path(post, path = "/api/v1/problems/{id}/discard", tag = "problems", request_body = ChangeReason,
    params(("id" = Uuid, Path)),
    responses((status = 200, body = ProblemView), (status = 409, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn discard(
    caller: Operator,
    state: web::Data<State>,
    id: web::Path<Uuid>,
    reason: web::Json<ChangeReason>,
) -> Result<web::Json<ProblemView>, ApiError> {
    let reason = reason.into_inner().reason;
    let becomes = ProblemState::Discarded;
    settle(&caller, &state, id.into_inner(), "problem.discard", reason, becomes, |_, _, _| Ok(())).await
}

/// Settles an open problem: the work, the new state and the audit entry are one transaction.
async fn settle(
    caller: &Operator,
    state: &State,
    id: Uuid,
    action: &'static str,
    reason: String,
    becomes: ProblemState,
    work: impl Fn(&mut Tx<'_>, &Clock, &ProblemView) -> Result<(), StoreError> + Send + 'static,
) -> Result<web::Json<ProblemView>, ApiError> {
    let (clock, actor, id) = (state.clock.clone(), caller.0.name.clone(), ProblemId::from(id));
    let settled = state
        .store
        .write(move |tx| {
            let problem = problems::get(tx, id)?;
            // One of two who settle it at once is the first, and the other's work is not begun.
            if !problems::settle(tx, &clock, id, becomes)? {
                return Ok(None);
            }
            work(tx, &clock, &problem)?;
            let entry = Entry { actor: &actor, action, subject: format!("problem {id}"), detail: &reason };
            audit::record(tx, &clock, &entry)?;
            problems::get(tx, id).map(Some)
        })
        .await?;
    let problem = settled
        .ok_or_else(|| ApiError::new(Code::AlreadySettled, "Somebody has settled this problem already."))?;
    state.bus.publish(&LiveEvent::Problem { problem: problem.clone() });
    Ok(web::Json(problem))
}

/// The message of a problem, with its modem claimed.
fn message_of(tx: &mut Tx<'_>, problem: &ProblemView) -> Result<MessageRow, StoreError> {
    let nothing = "This problem is not about a stored message, so there is nothing to put through.";
    let message = problem.message_id.ok_or_else(|| StoreError::Refused(nothing.to_owned()))?;
    let row = messages::get(tx, message)?;
    if row.state == MessageState::Replaced.as_str() {
        return Err(StoreError::Refused(
            "A repaired copy of this message is in already. Discard this problem.".into(),
        ));
    }
    modems::claim(tx, std::slice::from_ref(&row.imei))?;
    Ok(row)
}

/// The message leaves the line of its modem, so that it, or its copy, can take its place anew.
fn leave_line(tx: &mut Tx<'_>, message: MessageId) -> Result<(), StoreError> {
    readings::remove(tx, message)?;
    gaps::set(tx, message, None)
}

fn repaired(tx: &mut Tx<'_>, clock: &Clock, old: &MessageRow, text: &[u8]) -> Result<MessageRow, StoreError> {
    let transmitted_at = Time::from(old.transmitted_at.unwrap_or(old.received_at));
    let known = modems::by_imei(tx, &old.imei)?
        .and_then(|(modem, _)| modem.dialect)
        .and_then(|dialect| dialect.parse().ok());
    decode::check(old, text, transmitted_at, known).map_err(StoreError::Refused)?;
    Ok(MessageRow {
        id: MessageId::new(clock).into(),
        state: MessageState::Waiting.as_str().to_owned(),
        payload: Some(text.to_vec()),
        payload_raw: None,
        replaces: Some(old.id),
        summary: None,
        marks: None,
        ..old.clone()
    })
}
