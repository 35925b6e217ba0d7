//! Messages to devices: asking for one, looking at them, settling what nobody knows.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use fairlead_model::mt::{Decision, MtState, MtStep, MtView, Order, OrderKind};
use fairlead_model::queue::{MoHeard, MtWaiting};
use fairlead_model::role::Role;
use fairlead_model::{ModemId, MtId, Time};
use fairlead_store::audit::{self, Entry};
use fairlead_store::satellite::modems as fleet;
use fairlead_store::satellite::mt::{self, Filter, MtRow, modems};
use fairlead_store::{StoreError, Tx};
use fairlead_web::{ApiError, ChangeReason, Code, Operator, Page, PageQuery, Viewer};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::drivers::Provider;
use crate::news;
use crate::order::{self, Request, Taken, request_key};
use crate::reach;
use crate::service::Courier;

/// The header by which two clicks make one message.
const KEY: &str = "Idempotency-Key";
/// Longest key.
const LONGEST_KEY: usize = 200;
/// Longest time that a message may wait, in seconds: 30 days.
const LONGEST_WAIT_S: u64 = 2_592_000;

/// Which messages are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    #[param(schema_with = wanted_states)]
    state: Option<String>,
    /// Only those for this modem.
    modem_id: Option<Uuid>,
    /// Only those of this account.
    account: Option<String>,
    /// Messages in the page, 1 to 500; 50 where it is not said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(format = Uuid)]
    cursor: Option<String>,
}

/// `queued`, `sending`, `accepted` and `unknown` together.
const OPEN: &str = "open";

fn wanted_states() -> Object {
    let words = MtState::ALL.iter().map(|state| state.as_str()).chain([OPEN]);
    let said = "A state, or `open` for `queued`, `sending`, `accepted` and `unknown` together.";
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).description(Some(said)).build()
}

/// Messages to devices, newest first.
#[utoipa::path(get, path = "/api/v1/outgoing", tag = "outgoing", params(ListQuery),
    responses((status = 200, body = Page<MtView>)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<Courier>,
    query: web::Query<ListQuery>,
) -> Result<web::Json<Page<MtView>>, ApiError> {
    let ListQuery { state: wanted, modem_id, account, limit, cursor } = query.into_inner();
    let page = PageQuery { limit, cursor };
    let (limit, before) = (page.limit()?, page.cursor::<MtId>()?);
    let states = match wanted.as_deref() {
        None => Vec::new(),
        Some(OPEN) => MtState::ALL.iter().copied().filter(|state| !state.is_final()).collect(),
        Some(word) => vec![
            word.parse().map_err(|e: String| ApiError::new(Code::BadRequest, format!("{e}, or open.")))?,
        ],
    };
    let filter = Filter { states, modem: modem_id.map(Into::into), account, before };
    let items = state
        .store
        .read(move |conn| mt::list(conn, &filter, limit + 1)?.into_iter().map(MtRow::view).collect())
        .await?;
    Ok(web::Json(Page::of(items, limit, |mt: &MtView| mt.id.to_string())))
}

/// What a device is to be told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOutgoing {
    /// The modem of the device.
    modem_id: Uuid,
    /// What it is told.
    order: Order,
    /// Seconds after which it is not sent any more, up to 30 days; `courier.expires_h` where it is not said.
    expires_in_s: Option<u64>,
    /// In the person's words; goes into the audit log.
    #[serde(default)]
    reason: String,
}

/// Asks for a message to a device. With an Idempotency-Key the same request, sent again, makes no second message.
#[utoipa::path(post, path = "/api/v1/outgoing", tag = "outgoing", request_body = NewOutgoing,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 200 characters")),
    responses((status = 201, body = MtView), (status = 200, description = "This request came before", body = MtView),
        (status = 404, body = fairlead_web::error::ProblemJson), (status = 409, body = fairlead_web::error::ProblemJson),
        (status = 422, description = "The device cannot be told this", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn ask(
    caller: Operator,
    request: HttpRequest,
    state: web::Data<Courier>,
    new: web::Json<NewOutgoing>,
) -> Result<HttpResponse, ApiError> {
    let NewOutgoing { modem_id, order, expires_in_s, reason } = new.into_inner();
    // On a RockSTAR people read it; any other device makes of a text what it can.
    let (of, modem) = (state.get_ref().clone(), ModemId::from(modem_id));
    let is_text = matches!(order, Order::Text { .. });
    let for_people = is_text
        && state.store.read(move |conn| reach::of(conn, &of, modem)).await?.provider == Provider::Rockcore;
    check(&caller, &order, expires_in_s, for_people)?;
    let asked = Request {
        modem: modem_id.into(),
        order,
        position_of: None,
        by: caller.0.name.clone(),
        asked_by_message: None,
        key: key(&request)?.map(|key| request_key(&caller.0.name, &key)),
        expires_in: expires_in_s.map(Duration::from_secs),
    };
    let courier = state.get_ref().clone();
    let work = move |tx: &mut Tx<'_>| {
        let taken = order::take(tx, &courier, &asked)?;
        if let Taken::New { row, .. } = &taken {
            let subject = format!("modem {}", asked.modem);
            let detail = format!("{} {reason}", row.text);
            let entry = Entry { actor: &asked.by, action: "outgoing.ask", subject, detail: detail.trim() };
            audit::record(tx, &courier.clock, &entry)?;
        }
        Ok(taken)
    };
    let taken = match state.store.write(work.clone()).await {
        // Two equal requests at once: the other one was first.
        Err(StoreError::Conflict(_)) => state.store.write(work).await?,
        taken => taken?,
    };
    taken.tell(&state);
    match taken {
        Taken::New { row, .. } => Ok(HttpResponse::build(StatusCode::CREATED).json(row.view()?)),
        Taken::Same(row) => Ok(HttpResponse::Ok().json(row.view()?)),
        Taken::KeyReused => {
            Err(ApiError::new(Code::KeyReused, "This Idempotency-Key was used for another request."))
        }
    }
}

/// Whether somebody may tell anybody this. `for_people`: whoever gets it reads it.
pub(super) fn check(
    caller: &Operator,
    order: &Order,
    expires_in_s: Option<u64>,
    for_people: bool,
) -> Result<(), ApiError> {
    if matches!(order, Order::Text { .. }) && !for_people && caller.0.role < Role::Admin {
        return Err(ApiError::new(Code::NotAllowed, "A free text needs the role admin."));
    }
    if matches!(order, Order::Position { .. }) {
        return Err(ApiError::new(Code::BadRequest, "A position is sent by a route, and by nobody else."));
    }
    if expires_in_s.is_some_and(|s| !(1..=LONGEST_WAIT_S).contains(&s)) {
        let sentence = format!("expires_in_s is a number from 1 to {LONGEST_WAIT_S}.");
        return Err(ApiError::new(Code::BadRequest, sentence));
    }
    Ok(())
}

/// The Idempotency-Key of a request.
pub(super) fn key(request: &HttpRequest) -> Result<Option<String>, ApiError> {
    let Some(header) = request.headers().get(KEY) else { return Ok(None) };
    let readable = header.to_str().ok().map(str::trim).filter(|k| (1..=LONGEST_KEY).contains(&k.len()));
    match readable {
        Some(key) => Ok(Some(key.to_owned())),
        None => Err(ApiError::new(
            Code::BadRequest,
            format!("{KEY} has 1 to {LONGEST_KEY} printable characters."),
        )),
    }
}

/// One message with its life.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutgoingDetail {
    /// The message.
    mt: MtView,
    /// The steps of its life, oldest first.
    steps: Vec<MtStep>,
    /// When its device should be heard next.
    #[schema(value_type = Option<String>, format = DateTime)]
    expected_at: Option<Time>,
    /// Messages that its device hears before it.
    before: i64,
}

/// One message to a device, with the steps of its life.
#[utoipa::path(get, path = "/api/v1/outgoing/{id}", tag = "outgoing", params(("id" = Uuid, Path)),
    responses((status = 200, body = OutgoingDetail), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn get(
    _: Viewer,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
) -> Result<web::Json<OutgoingDetail>, ApiError> {
    let id = MtId::from(id.into_inner());
    let detail = state.store.read(move |conn| {
        let row = mt::get(conn, id)?;
        let steps = mt::steps(conn, id)?;
        let modem = ModemId::from(row.modem_id);
        let open = [MtState::Queued, MtState::Sending, MtState::Accepted];
        let before =
            mt::of_modem(conn, modem, &open, BEFORE)?.iter().filter(|other| other.id < row.id).count();
        let expected_at = fleet::view(conn, modem)?.expected_at;
        Ok(OutgoingDetail {
            mt: row.view()?,
            steps,
            expected_at,
            before: i64::try_from(before).unwrap_or(BEFORE),
        })
    });
    Ok(web::Json(detail.await?))
}

/// Most messages before one that are counted.
const BEFORE: i64 = 500;

/// What a person decides about an unknown outcome.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutgoingDecision {
    /// The decision.
    decision: Decision,
    /// In the person's words; goes into the audit log.
    reason: String,
}

/// Settles a message of which nobody knows whether it was sent.
#[utoipa::path(post, path = "/api/v1/outgoing/{id}/settle", tag = "outgoing", params(("id" = Uuid, Path)),
    request_body = OutgoingDecision,
    responses((status = 200, body = MtView), (status = 409, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn settle(
    caller: Operator,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
    settled: web::Json<OutgoingDecision>,
) -> Result<web::Json<MtView>, ApiError> {
    let OutgoingDecision { decision, reason } = settled.into_inner();
    let name = caller.0.name.clone();
    let not = "Its outcome is not unknown, so there is nothing to settle.";
    change(
        &caller,
        &state,
        id.into_inner(),
        "outgoing.settle",
        reason,
        MtState::Unknown,
        not,
        move |tx, courier, row| {
            match decision {
                Decision::Sent => {
                    courier.settle(row, MtState::Accepted, format!("{name} says that it was sent."));
                }
                Decision::SendAgain => {
                    if let Some(why) = stale(tx, courier, row)? {
                        return Ok(Some(why));
                    }
                    row.not_before = courier.clock.now().into();
                    row.sent_at = None;
                    if row.kind != OrderKind::Position.as_str() {
                        let lasts = courier.settings.expires();
                        row.expires_at = row.expires_at.max(courier.clock.now().plus(lasts).into());
                    }
                    courier.settle(row, MtState::Queued, format!("{name} wants it sent again."));
                }
                Decision::GiveUp => {
                    courier.settle(
                        row,
                        MtState::Failed,
                        format!("{name} gave it up. The device may have got it."),
                    );
                }
            }
            Ok(None)
        },
    )
    .await
}

/// Why a position is not sent again: it tells where its device was.
fn stale(tx: &mut Tx<'_>, courier: &Courier, row: &MtRow) -> Result<Option<&'static str>, StoreError> {
    if row.kind != OrderKind::Position.as_str() {
        return Ok(None);
    }
    if Time::from(row.expires_at) <= courier.clock.now() {
        return Ok(Some(
            "This position has become too old for its route, so it is not sent again. Give it up.",
        ));
    }
    let newer = order::successor(tx, row)?;
    Ok(newer
        .map(|_| "A newer position of the same device took its place, so it is not sent again. Give it up."))
}

/// Calls a message off that was not sent yet.
#[utoipa::path(post, path = "/api/v1/outgoing/{id}/cancel", tag = "outgoing", params(("id" = Uuid, Path)),
    request_body = ChangeReason,
    responses((status = 200, body = MtView), (status = 409, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn cancel(
    caller: Operator,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
    reason: web::Json<ChangeReason>,
) -> Result<web::Json<MtView>, ApiError> {
    let name = caller.0.name.clone();
    let reason = reason.into_inner().reason;
    let not = "It is not waiting any more, so it cannot be called off.";
    change(
        &caller,
        &state,
        id.into_inner(),
        "outgoing.cancel",
        reason,
        MtState::Queued,
        not,
        move |_, courier, row| {
            courier.settle(row, MtState::Cancelled, format!("{name} called it off."));
            Ok(None)
        },
    )
    .await
}

/// A person's change of one message: the change and the audit entry are one transaction. `work` may say why not.
#[expect(clippy::too_many_arguments, reason = "each is a fact of its own, and the two callers name them")]
async fn change(
    caller: &Operator,
    state: &Courier,
    id: Uuid,
    action: &'static str,
    reason: String,
    from: MtState,
    otherwise: &'static str,
    work: impl Fn(&mut Tx<'_>, &Courier, &mut MtRow) -> Result<Option<&'static str>, StoreError> + Send + 'static,
) -> Result<web::Json<MtView>, ApiError> {
    let (courier, actor, id) = (state.clone(), caller.0.name.clone(), MtId::from(id));
    let changed = state
        .store
        .write(move |tx| {
            let mut row = mt::get(tx, id)?;
            let modem_id = ModemId::from(row.modem_id);
            fleet::claim(tx, std::slice::from_ref(&row.imei))?;
            if row.state()? != from {
                return Ok(Err((Code::AlreadySettled, otherwise)));
            }
            if let Some(why) = work(tx, &courier, &mut row)? {
                return Ok(Err((Code::InTheWay, why)));
            }
            if !mt::change(tx, &courier.clock, from, &row)? {
                return Ok(Err((Code::AlreadySettled, otherwise)));
            }
            let entry = Entry { actor: &actor, action, subject: format!("outgoing {id}"), detail: &reason };
            audit::record(tx, &courier.clock, &entry)?;
            match row.state()? {
                MtState::Queued => {
                    fairlead_bus::enqueue(tx, &courier.clock, &MtWaiting { modem_id }, None)?;
                }
                MtState::Accepted => {
                    // The proof may be here already.
                    let known = modems::get(tx, modem_id)?;
                    modems::put(tx, &modems::MtModemRow { awaits: true, ..known })?;
                    fairlead_bus::enqueue(tx, &courier.clock, &MoHeard { modem_id }, None)?;
                }
                _ => {}
            }
            Ok(Ok(row))
        })
        .await?;
    let row = changed.map_err(|(code, why)| ApiError::new(code, why))?;
    news::outgoing(state, row.clone());
    Ok(web::Json(row.view()?))
}
