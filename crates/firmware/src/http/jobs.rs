//! Upgrades of single devices: asking for one, looking at them, ending one.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use fairlead_model::firmware::JobView;
use fairlead_model::{DeviceId, JobId, VersionId};
use fairlead_store::audit::{self, Entry};
use fairlead_store::firmware::jobs::{self, Filter};
use fairlead_store::firmware::versions;
use fairlead_store::registry::devices;
use fairlead_store::{StoreError, Tx};
use fairlead_web::{ApiError, ChangeReason, Code, Operator, Page, PageQuery, Viewer};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::news;
use crate::service::Firmware;
use crate::upgrade::{self, Ending, Made, Wanted};

/// Which upgrades are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Only those of this device.
    device_id: Option<Uuid>,
    /// Only those of this roll-out.
    rollout_id: Option<Uuid>,
    /// `active` for those that go on, `ended` for the others.
    #[param(pattern = "^(active|ended)$")]
    state: Option<String>,
    /// Upgrades in the page, 1 to 500; 50 where it is not said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(format = Uuid)]
    cursor: Option<String>,
}

/// Upgrades of devices, newest first.
#[utoipa::path(get, path = "/api/v1/firmware/jobs", tag = "firmware", params(ListQuery),
    responses((status = 200, body = Page<JobView>)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<Firmware>,
    query: web::Query<ListQuery>,
) -> Result<web::Json<Page<JobView>>, ApiError> {
    let ListQuery { device_id, rollout_id, state: wanted, limit, cursor } = query.into_inner();
    let page = PageQuery { limit, cursor };
    let (limit, before) = (page.limit()?, page.cursor::<JobId>()?);
    let active = match wanted.as_deref() {
        None => None,
        Some("active") => Some(true),
        Some("ended") => Some(false),
        Some(_) => return Err(ApiError::new(Code::BadRequest, "state is active or ended.")),
    };
    let filter =
        Filter { device: device_id.map(Into::into), rollout: rollout_id.map(Into::into), active, before };
    let items = state.store.read(move |conn| {
        let rows = jobs::list(conn, &filter, limit + 1)?;
        jobs::views(conn, rows)
    });
    Ok(web::Json(Page::of(items.await?, limit, |job: &JobView| job.id.to_string())))
}

/// One upgrade.
#[utoipa::path(get, path = "/api/v1/firmware/jobs/{id}", tag = "firmware", params(("id" = Uuid, Path)),
    responses((status = 200, body = JobView), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn get(
    _: Viewer,
    state: web::Data<Firmware>,
    id: web::Path<Uuid>,
) -> Result<web::Json<JobView>, ApiError> {
    let id = JobId::from(id.into_inner());
    Ok(web::Json(state.store.read(move |conn| jobs::view_of(conn, id)).await?))
}

/// An upgrade that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewJob {
    /// The device.
    device_id: Uuid,
    /// The version; it may still be in preparation.
    version_id: Uuid,
    /// Whether the device is told by its line to fetch it now; else it fetches it when it next looks.
    #[serde(default)]
    call_device: bool,
    /// In the person's words; goes into the audit log.
    #[serde(default)]
    reason: String,
}

/// Gives a device a version. A device has one upgrade at a time.
#[utoipa::path(post, path = "/api/v1/firmware/jobs", tag = "firmware", request_body = NewJob,
    responses((status = 201, body = JobView), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 409, description = "The device has one that goes on", body = fairlead_web::error::ProblemJson),
        (status = 422, description = "The version cannot be given out", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn make(
    caller: Operator,
    state: web::Data<Firmware>,
    new: web::Json<NewJob>,
) -> Result<HttpResponse, ApiError> {
    let NewJob { device_id, version_id, call_device, reason } = new.into_inner();
    let (device, version) = (DeviceId::from(device_id), VersionId::from(version_id));
    let known = state.store.read(move |conn| devices::by_id(conn, device)).await?;
    let known = known.filter(|device| device.deleted_at.is_none());
    let known = known.ok_or_else(|| ApiError::not_found("device"))?;
    if known.kind()?.prefix().is_none() {
        let sentence = format!("{} is a {}, which takes no firmware from here.", known.name, known.kind);
        return Err(ApiError::new(Code::Unprocessable, sentence));
    }
    let wanted = Wanted {
        device,
        rollout: None,
        asked_by: caller.0.name.clone(),
        timeout_s: state.settings.job_timeout_s(),
        call_device,
    };
    let (clock, name) = (state.clock.clone(), known.name);
    let work = move |tx: &mut Tx<'_>| {
        let version = versions::claim(tx, version)?;
        let made = upgrade::make(tx, &clock, &version, &wanted)?;
        if let Made::New(job) = &made {
            let detail = format!("{name}: {} ({}). {reason}", version.revision, version.commit_id);
            let subject = format!("upgrade {}", JobId::from(job.id));
            let entry =
                Entry { actor: &wanted.asked_by, action: "upgrade.make", subject, detail: detail.trim() };
            audit::record(tx, &clock, &entry)?;
        }
        Ok(made)
    };
    let made = state.store.write(work).await.map_err(|e| match e {
        StoreError::NotFound => ApiError::not_found("version"),
        other => other.into(),
    })?;
    match made {
        Made::New(job) => {
            let id = JobId::from(job.id);
            news::jobs(&state, vec![id]).await;
            let view = state.store.read(move |conn| jobs::view_of(conn, id)).await?;
            Ok(HttpResponse::build(StatusCode::CREATED).json(view))
        }
        Made::Busy(job) => {
            let sentence = format!(
                "This device has upgrade {} that goes on. Wait until it ends, or cancel it.",
                job.number
            );
            Err(ApiError::new(Code::InTheWay, sentence))
        }
    }
}

/// Ends an upgrade. A device in the middle of it is refused its next file, and keeps the firmware that it has.
#[utoipa::path(post, path = "/api/v1/firmware/jobs/{id}/cancel", tag = "firmware", params(("id" = Uuid, Path)),
    request_body = ChangeReason,
    responses((status = 200, body = JobView), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 409, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn cancel(
    caller: Operator,
    state: web::Data<Firmware>,
    id: web::Path<Uuid>,
    reason: web::Json<ChangeReason>,
) -> Result<web::Json<JobView>, ApiError> {
    let id = JobId::from(id.into_inner());
    let (clock, actor, reason) = (state.clock.clone(), caller.0.name.clone(), reason.into_inner().reason);
    let work = move |tx: &mut Tx<'_>| {
        let row = jobs::claim(tx, id)?;
        if !row.state()?.is_active() {
            return Ok(false);
        }
        let why = match reason.trim() {
            "" => format!("{actor} cancelled it."),
            reason => format!("{actor} cancelled it: {reason}"),
        };
        upgrade::end(tx, &clock, row, Ending::Cancelled(why))?;
        let subject = format!("upgrade {id}");
        audit::record(
            tx,
            &clock,
            &Entry { actor: &actor, action: "upgrade.cancel", subject, detail: &reason },
        )?;
        Ok(true)
    };
    if !state.store.write(work).await? {
        return Err(ApiError::new(Code::AlreadySettled, "This upgrade has ended already."));
    }
    state.stages_due.notify_one();
    news::jobs(&state, vec![id]).await;
    Ok(web::Json(state.store.read(move |conn| jobs::view_of(conn, id)).await?))
}
