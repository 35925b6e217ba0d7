//! One order for all devices of a group.

use std::time::Duration;

use actix_web::{HttpRequest, web};
use fairlead_model::GroupId;
use fairlead_model::device::DeviceRef;
use fairlead_model::mt::{MtView, Order};
use fairlead_model::schedule::Audience;
use fairlead_store::StoreError;
use fairlead_store::satellite::mt::audience::Listener;
use fairlead_store::satellite::mt::{self, MtRow};
use fairlead_web::{ApiError, Code, Operator};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::outgoing;
use crate::audience::{self, Noted, Saying, Told};
use crate::service::Courier;

/// What the devices of a group are to be told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGroupOutgoing {
    /// The group, of at most 500 devices.
    group_id: Uuid,
    /// What they are told.
    order: Order,
    /// Seconds after which it is not sent any more, up to 30 days; `courier.expires_h` where it is not said.
    expires_in_s: Option<u64>,
    /// In the person's words; goes into the audit log.
    #[serde(default)]
    reason: String,
}

/// What became of an order for a group.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupOutgoing {
    /// The message for each device that is told, those of an earlier equal request among them.
    taken: Vec<MtView>,
    /// The devices that are not told.
    refused: Vec<NotTold>,
}

/// A device that is not told something.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotTold {
    /// The device.
    device: DeviceRef,
    /// Why, in a sentence.
    reason: String,
}

impl GroupOutgoing {
    fn of(told: Told) -> Result<Self, StoreError> {
        let taken = told.taken.into_iter().map(MtRow::view).collect::<Result<_, _>>()?;
        let refused = told.refused.into_iter().map(|(device, reason)| NotTold { device, reason }).collect();
        Ok(Self { taken, refused })
    }
}

/// Tells all devices of a group something, and says device by device what was taken. With an Idempotency-Key the same
/// request, sent again, tells nobody twice; whoever was not told yet is.
#[utoipa::path(post, path = "/api/v1/outgoing/group", tag = "outgoing", request_body = NewGroupOutgoing,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 200 characters")),
    responses((status = 200, body = GroupOutgoing),
        (status = 404, body = fairlead_web::error::ProblemJson), (status = 409, body = fairlead_web::error::ProblemJson),
        (status = 422, description = "The group has more than 500 devices", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn ask(
    caller: Operator,
    request: HttpRequest,
    state: web::Data<Courier>,
    new: web::Json<NewGroupOutgoing>,
) -> Result<web::Json<GroupOutgoing>, ApiError> {
    let NewGroupOutgoing { group_id, order, expires_in_s, reason } = new.into_inner();
    outgoing::check(&caller, &order, expires_in_s, false)?;
    let by = caller.0.name.clone();
    let detail = format!("{} {reason}", serde_json::to_string(&order).map_err(ApiError::internal)?);
    let saying = Saying {
        order,
        key: outgoing::key(&request)?.map(|key| (by.clone(), format!("group {key}"))),
        by,
        expires_in: expires_in_s.map(Duration::from_secs),
        while_due: None,
        noted: Some(Noted { subject: format!("group {group_id}"), detail: detail.trim().to_owned() }),
    };
    let (id, asked) = (GroupId::from(group_id), saying.clone());
    let found = state.store.read(move |conn| {
        let listeners = audience::listeners(conn, Audience::Group { id })?;
        let keys: Vec<_> = listeners.iter().filter_map(|one| asked.key_of(&one.device)).collect();
        let mut before = mt::by_requests(conn, &keys)?.into_values();
        let reused = before
            .try_fold(false, |reused, row| Ok::<_, StoreError>(reused || row.order()? != asked.order))?;
        Ok((listeners, reused))
    });
    let (listeners, reused): (Vec<Listener>, bool) = found.await.map_err(no_group)?;
    if reused {
        return Err(ApiError::new(Code::KeyReused, "This Idempotency-Key was used for another request."));
    }
    let told = audience::tell(&state, &listeners, saying).await?.unwrap_or_default();
    Ok(web::Json(GroupOutgoing::of(told)?))
}

fn no_group(error: StoreError) -> ApiError {
    match error {
        StoreError::NotFound => ApiError::not_found("group"),
        other => other.into(),
    }
}
