//! Deliveries: what became of each, and letting some go out again or not at all.

use actix_web::web;
use fairlead_model::delivery::{DeliveryDetail, DeliveryState, DeliveryView};
use fairlead_model::queue::DeliveryWaiting;
use fairlead_model::route::RouteTarget;
use fairlead_model::{DeliveryId, EndpointId};
use fairlead_store::audit::{self, Entry};
use fairlead_store::routing::{deliveries, endpoints};
use fairlead_store::{StoreError, Tx};
use fairlead_web::{ApiError, ChangeReason, Code, Operator, Page, PageQuery, Viewer};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::service::Courier;

/// Deliveries that are changed in one transaction.
const TOGETHER: i64 = 500;

/// Why a delivery does not go out again.
const NOWHERE: &str = "Its endpoint was deleted, so there is nowhere to deliver it to.";
const MADE: &str = "A message to the device was made of it already. Send that one again from Outgoing.";

/// Which deliveries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Only those in this state.
    #[param(inline)]
    state: Option<DeliveryState>,
    /// Only those to this endpoint.
    endpoint: Option<Uuid>,
    /// Only those of this route.
    route: Option<Uuid>,
    /// Only those of this device's messages.
    device: Option<Uuid>,
    /// Only those of this message.
    message: Option<Uuid>,
    /// Deliveries in the page, 1 to 500; 50 where it is not said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(format = Uuid)]
    cursor: Option<String>,
}

/// Deliveries, newest first.
#[utoipa::path(get, path = "/api/v1/deliveries", tag = "deliveries", params(ListQuery),
    responses((status = 200, body = Page<DeliveryView>)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<Courier>,
    query: web::Query<ListQuery>,
) -> Result<web::Json<Page<DeliveryView>>, ApiError> {
    let ListQuery { state: wanted, endpoint, route, device, message, limit, cursor } = query.into_inner();
    let page = PageQuery { limit, cursor };
    let (limit, before) = (page.limit()?, page.cursor::<DeliveryId>()?);
    let filter = deliveries::Filter {
        state: wanted,
        endpoint: endpoint.map(Into::into),
        route: route.map(Into::into),
        device: device.map(Into::into),
        message: message.map(Into::into),
        before,
    };
    let items = state.store.read(move |conn| deliveries::list(conn, &filter, limit + 1)).await?;
    Ok(web::Json(Page::of(items, limit, |delivery| delivery.id.to_string())))
}

/// One delivery with what was sent and what was answered.
#[utoipa::path(get, path = "/api/v1/deliveries/{id}", tag = "deliveries", params(("id" = Uuid, Path)),
    responses((status = 200, body = DeliveryDetail), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn get(
    _: Viewer,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
) -> Result<web::Json<DeliveryDetail>, ApiError> {
    let id = id.into_inner().into();
    Ok(web::Json(state.store.read(move |conn| deliveries::detail(conn, id)).await?))
}

/// Lets a delivery go out again, whatever became of it, with all its tries; its endpoint is tried at once. Its id stays the
/// same, so who receives it can tell that it came before. What became a message to a device is sent again as that.
#[utoipa::path(post, path = "/api/v1/deliveries/{id}/redeliver", tag = "deliveries", params(("id" = Uuid, Path)),
    request_body = ChangeReason,
    responses((status = 200, body = DeliveryDetail), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 409, description = "Its endpoint is no more, or a message to a device was made of it", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn redeliver(
    caller: Operator,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
    reason: web::Json<ChangeReason>,
) -> Result<web::Json<DeliveryDetail>, ApiError> {
    let (id, reason) = (DeliveryId::from(id.into_inner()), reason.into_inner().reason);
    let (clock, actor) = (state.clock.clone(), caller.0.name);
    let redelivered = state.store.write(move |tx| {
        let row = deliveries::get(tx, id)?;
        if row.mt_id.is_some() {
            return Err(StoreError::Conflict(MADE.to_owned()));
        }
        if row.target_kind == deliveries::TO_ENDPOINT {
            let endpoint = row.target_id.into();
            if endpoints::refs(tx, &[endpoint])?.is_empty() {
                return Err(StoreError::Conflict(NOWHERE.to_owned()));
            }
            endpoints::end_pause(tx, endpoint)?;
        }
        let target = deliveries::redeliver(tx, id, &actor, clock.now())?;
        let (_, target_id) = deliveries::target(target);
        fairlead_bus::enqueue(tx, &clock, &DeliveryWaiting { target_id }, None)?;
        let entry = Entry {
            actor: &actor,
            action: "delivery.redeliver",
            subject: format!("delivery {id}"),
            detail: &reason,
        };
        audit::record(tx, &clock, &entry)?;
        Ok((target, deliveries::detail(tx, id)?))
    });
    match redelivered.await {
        Ok((target, detail)) => {
            tell(&state, target);
            Ok(web::Json(detail))
        }
        Err(StoreError::Conflict(why)) => Err(ApiError::new(Code::InTheWay, why)),
        Err(other) => Err(other.into()),
    }
}

/// Discards a delivery that waits or has failed.
#[utoipa::path(post, path = "/api/v1/deliveries/{id}/discard", tag = "deliveries", params(("id" = Uuid, Path)),
    request_body = ChangeReason,
    responses((status = 200, body = DeliveryDetail), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 409, description = "It is settled otherwise", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn discard(
    caller: Operator,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
    reason: web::Json<ChangeReason>,
) -> Result<web::Json<DeliveryDetail>, ApiError> {
    let (id, reason) = (DeliveryId::from(id.into_inner()), reason.into_inner().reason);
    let (clock, actor) = (state.clock.clone(), caller.0.name);
    let discarded = state.store.write(move |tx| {
        if !deliveries::discard(tx, id, &actor, clock.now())? {
            return Ok(None);
        }
        let entry = Entry {
            actor: &actor,
            action: "delivery.discard",
            subject: format!("delivery {id}"),
            detail: &reason,
        };
        audit::record(tx, &clock, &entry)?;
        deliveries::detail(tx, id).map(Some)
    });
    let detail = discarded.await?.ok_or_else(|| {
        ApiError::new(
            Code::AlreadySettled,
            "It neither waits nor has failed, so there is nothing to discard.",
        )
    })?;
    if let Some(endpoint) = &detail.delivery.endpoint {
        state.lanes.look_again(endpoint.id);
    }
    Ok(web::Json(detail))
}

/// Which deliveries of an endpoint are meant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfEndpoint {
    /// The endpoint.
    endpoint_id: Uuid,
    /// `waiting` or `failed`.
    state: DeliveryState,
    /// In the person's words; goes into the audit log.
    reason: String,
}

/// How many deliveries were changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Counted {
    /// So many.
    count: usize,
}

/// Lets all that waits or has failed for an endpoint go out now.
#[utoipa::path(post, path = "/api/v1/deliveries/redeliver", tag = "deliveries", request_body = OfEndpoint,
    responses((status = 200, body = Counted), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn redeliver_all(
    caller: Operator,
    state: web::Data<Courier>,
    of: web::Json<OfEndpoint>,
) -> Result<web::Json<Counted>, ApiError> {
    each_portion(caller, &state, of.into_inner(), true).await
}

/// Discards all that waits or has failed for an endpoint.
#[utoipa::path(post, path = "/api/v1/deliveries/discard", tag = "deliveries", request_body = OfEndpoint,
    responses((status = 200, body = Counted), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn discard_all(
    caller: Operator,
    state: web::Data<Courier>,
    of: web::Json<OfEndpoint>,
) -> Result<web::Json<Counted>, ApiError> {
    each_portion(caller, &state, of.into_inner(), false).await
}

/// Portion by portion, so that however many there are, nobody waits for long. The first notes who wanted it.
async fn each_portion(
    caller: Operator,
    state: &Courier,
    of: OfEndpoint,
    again: bool,
) -> Result<web::Json<Counted>, ApiError> {
    let OfEndpoint { endpoint_id, state: wanted, reason } = of;
    if !matches!(wanted, DeliveryState::Waiting | DeliveryState::Failed) {
        return Err(ApiError::new(Code::BadRequest, "state is waiting or failed."));
    }
    let id = EndpointId::from(endpoint_id);
    let name = state.store.read(move |conn| endpoints::get(conn, id)).await?.name;
    let (action, verb) =
        if again { ("delivery.redeliver_all", "out again") } else { ("delivery.discard_all", "discarded") };
    let (mut count, now) = (0, state.clock.now());
    loop {
        let (clock, actor, first) = (state.clock.clone(), caller.0.name.clone(), count == 0);
        let detail = format!("all that is {} for {name}, {verb}: {reason}", wanted.as_str());
        let work = move |tx: &mut Tx<'_>| {
            if first {
                let entry =
                    Entry { actor: &actor, action, subject: format!("endpoint {id}"), detail: &detail };
                audit::record(tx, &clock, &entry)?;
            }
            if !again {
                return deliveries::discard_some(tx, id, wanted, &actor, now, TOGETHER);
            }
            if first {
                endpoints::end_pause(tx, id)?;
            }
            fairlead_bus::enqueue(tx, &clock, &DeliveryWaiting { target_id: id.uuid() }, None)?;
            deliveries::redeliver_some(tx, id, wanted, &actor, now, TOGETHER)
        };
        let portion = state.store.write(work).await?;
        if !again {
            state.lanes.look_again(id);
        }
        count += portion;
        if portion < usize::try_from(TOGETHER).unwrap_or(usize::MAX) {
            break;
        }
    }
    state.lanes.changed(id);
    Ok(web::Json(Counted { count }))
}

fn tell(state: &Courier, target: RouteTarget) {
    if let RouteTarget::Endpoint { id } = target {
        state.lanes.changed(id);
    }
}
