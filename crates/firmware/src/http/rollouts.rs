//! Roll-outs: planning and making one, looking at them, and what people do with them.

use std::collections::BTreeSet;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use fairlead_model::firmware::{RolloutView, TargetState, TargetView};
use fairlead_model::{DeviceId, RolloutId, VersionId};
use fairlead_store::audit::{self, Entry};
use fairlead_store::firmware::rollouts::{self, TargetFilter};
use fairlead_store::firmware::versions;
use fairlead_store::{StoreError, Tx};
use fairlead_web::{ApiError, Code, Operator, Page, PageQuery, Viewer};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::jobs::stages;
use crate::news;
use crate::plan::{self, Asked, RolloutPlan, StageSpec};
use crate::rollback::{self, RollBack};
use crate::rollout::{self, NewRollout, NewStage, Verb};
use crate::service::Firmware;

/// How long the answer to a person waits for what follows from a change.
const SOON: Duration = Duration::from_secs(1);

/// Roll-outs, newest first.
#[utoipa::path(get, path = "/api/v1/firmware/rollouts", tag = "firmware", params(PageQuery),
    responses((status = 200, body = Page<RolloutView>)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<Firmware>,
    page: web::Query<PageQuery>,
) -> Result<web::Json<Page<RolloutView>>, ApiError> {
    let (limit, before) = (page.limit()?, page.cursor::<RolloutId>()?);
    let items = state.store.read(move |conn| {
        let rows = rollouts::list(conn, before, limit + 1)?;
        rows.into_iter().map(|row| rollouts::view(conn, row)).collect()
    });
    Ok(web::Json(Page::of(items.await?, limit, |rollout: &RolloutView| rollout.id.to_string())))
}

/// One roll-out.
#[utoipa::path(get, path = "/api/v1/firmware/rollouts/{id}", tag = "firmware", params(("id" = Uuid, Path)),
    responses((status = 200, body = RolloutView), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn get(
    _: Viewer,
    state: web::Data<Firmware>,
    id: web::Path<Uuid>,
) -> Result<web::Json<RolloutView>, ApiError> {
    Ok(web::Json(view(&state, id.into_inner().into()).await?))
}

async fn view(state: &Firmware, id: RolloutId) -> Result<RolloutView, ApiError> {
    Ok(state.store.read(move |conn| rollouts::view_of(conn, id)).await?)
}

/// Which devices of a roll-out are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TargetQuery {
    /// Only those of this stage, from 1.
    stage: Option<i32>,
    /// Only those in this state.
    state: Option<TargetState>,
    /// Devices in the page, 1 to 500; 50 where it is not said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The devices of a roll-out with their newest upgrades, stage by stage.
#[utoipa::path(get, path = "/api/v1/firmware/rollouts/{id}/targets", tag = "firmware",
    params(("id" = Uuid, Path), TargetQuery),
    responses((status = 200, body = Page<TargetView>), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn targets(
    _: Viewer,
    state: web::Data<Firmware>,
    id: web::Path<Uuid>,
    query: web::Query<TargetQuery>,
) -> Result<web::Json<Page<TargetView>>, ApiError> {
    let id = RolloutId::from(id.into_inner());
    let TargetQuery { stage, state: wanted, limit, cursor } = query.into_inner();
    let page = PageQuery { limit, cursor };
    let (limit, after) =
        (page.limit()?, page.cursor::<Behind>()?.map(|Behind(stage, device)| (stage, device)));
    let filter = TargetFilter { stage, state: wanted, after };
    let items = state.store.read(move |conn| {
        rollouts::get(conn, id)?;
        let rows = rollouts::targets(conn, id, &filter, limit + 1)?;
        rollouts::target_views(conn, rows)
    });
    let cursor = |target: &TargetView| format!("{}.{}", target.stage, target.device.id);
    Ok(web::Json(Page::of(items.await?, limit, cursor)))
}

/// A place in the list of devices: `2.<id>` is behind that device of the second stage.
struct Behind(i32, DeviceId);

impl std::str::FromStr for Behind {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (stage, device) = text.split_once('.').ok_or(())?;
        Ok(Self(stage.parse().map_err(drop)?, device.parse().map_err(drop)?))
    }
}

/// A roll-out that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRolloutBody {
    /// Its name.
    name: String,
    /// The version.
    version_id: Uuid,
    /// Its stages, in order.
    stages: Vec<StageSpec>,
    /// Whether a second person must approve it before it can be started.
    #[serde(default)]
    needs_approval: bool,
    /// Whether devices with a line are told to fetch it; else each fetches it when it next looks.
    #[serde(default)]
    call_devices: bool,
    /// Seconds after which a device that is not heard has failed, 60 to 7,776,000; a day where it is not said.
    #[serde(default = "a_day")]
    job_timeout_s: i64,
    /// Only say what it would be.
    #[serde(default)]
    dry_run: bool,
    /// In the person's words; goes into the audit log.
    #[serde(default)]
    reason: String,
}

const fn a_day() -> i64 {
    86_400
}

/// Makes a roll-out, which waits to be started; or only says what it would be.
#[utoipa::path(post, path = "/api/v1/firmware/rollouts", tag = "firmware", request_body = NewRolloutBody,
    responses((status = 201, body = RolloutView), (status = 200, description = "With dry_run", body = RolloutPlan),
        (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 422, description = "All that stands against it", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn make(
    caller: Operator,
    state: web::Data<Firmware>,
    body: web::Json<NewRolloutBody>,
) -> Result<HttpResponse, ApiError> {
    let body = body.into_inner();
    let asked = Asked {
        name: body.name.trim().to_owned(),
        version: body.version_id.into(),
        job_timeout_s: body.job_timeout_s,
        stages: body.stages.clone(),
    };
    let flaws = plan::flaws(&asked);
    if !flaws.is_empty() {
        return Err(ApiError::all(Code::Unprocessable, flaws));
    }
    let plan = planned(&state, asked.version, asked.stages.clone()).await?;
    if body.dry_run {
        return Ok(HttpResponse::Ok().json(plan));
    }
    let new = NewRollout {
        name: asked.name,
        version: asked.version,
        made_by: caller.0.name.clone(),
        needs_approval: body.needs_approval,
        call_devices: body.call_devices,
        job_timeout_s: body.job_timeout_s,
        rolls_back: None,
        stages: stages_of(&plan, &asked.stages),
    };
    let (clock, reason) = (state.clock.clone(), body.reason);
    let work = move |tx: &mut Tx<'_>| {
        let row = rollout::make(tx, &clock, &new)?;
        let subject = format!("rollout {}", RolloutId::from(row.id));
        let detail = format!("{}. {reason}", new.name);
        let entry = Entry { actor: &new.made_by, action: "rollout.make", subject, detail: detail.trim() };
        audit::record(tx, &clock, &entry)?;
        rollouts::view(tx, row)
    };
    let made = state.store.write(work).await?;
    news::rollouts(&state, BTreeSet::from([made.id])).await;
    Ok(HttpResponse::build(StatusCode::CREATED).json(made))
}

async fn planned(
    state: &Firmware,
    version: VersionId,
    stages: Vec<StageSpec>,
) -> Result<RolloutPlan, ApiError> {
    let planned = state.store.read(move |conn| {
        let version = versions::get(conn, version)?;
        plan::plan(conn, &version, &stages)
    });
    match planned.await {
        Ok(Ok(plan)) => Ok(plan),
        Ok(Err(flaws)) => Err(ApiError::all(Code::Unprocessable, flaws)),
        Err(StoreError::NotFound) => Err(ApiError::not_found("version")),
        Err(other) => Err(other.into()),
    }
}

fn stages_of(plan: &RolloutPlan, specs: &[StageSpec]) -> Vec<NewStage> {
    let stage = |(spec, planned): (&StageSpec, &plan::PlannedStage)| NewStage {
        success_percent: spec.success_percent,
        error_percent: spec.error_percent,
        devices: planned.devices.iter().map(|one| one.device.id).collect(),
    };
    specs.iter().zip(&plan.stages).map(stage).collect()
}

/// Why a roll-out is changed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RolloutReason {
    /// In the person's words; goes into the audit log. Needed to go on after a stop.
    #[serde(default)]
    reason: String,
}

/// Starts, approves, pauses, resumes or cancels a roll-out, or gives the devices that failed another turn.
#[utoipa::path(post, path = "/api/v1/firmware/rollouts/{id}/{verb}", tag = "firmware",
    params(("id" = Uuid, Path), ("verb" = Verb, Path)), request_body = RolloutReason,
    responses((status = 200, body = RolloutView), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 409, description = "It is not in a state for this", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn change(
    caller: Operator,
    state: web::Data<Firmware>,
    path: web::Path<(Uuid, Verb)>,
    reason: Option<web::Json<RolloutReason>>,
) -> Result<web::Json<RolloutView>, ApiError> {
    let (id, verb) = path.into_inner();
    let id = RolloutId::from(id);
    let reason = reason.map(web::Json::into_inner).unwrap_or_default().reason;
    if verb == Verb::Approve && caller.0.person.is_none() {
        // Who made it by a token would be another one in the browser.
        let sentence = "Only a person who has signed in approves a roll-out; a token does not.";
        return Err(ApiError::new(Code::NotAllowed, sentence));
    }
    let (clock, actor) = (state.clock.clone(), caller.0.name.clone());
    let work = move |tx: &mut Tx<'_>| {
        let changed = rollout::change(tx, &clock, id, verb, &actor, &reason)?;
        if changed.is_ok() {
            let subject = format!("rollout {id}");
            audit::record(
                tx,
                &clock,
                &Entry { actor: &actor, action: verb.action(), subject, detail: &reason },
            )?;
        }
        Ok(changed)
    };
    if let Err(why) = state.store.write(work).await? {
        return Err(ApiError::new(Code::InTheWay, why));
    }
    // What follows from it is seen in the answer already, where that is soon done. Each step is whole, so this can be
    // left in the middle; the rest, and what fails here, is done by the next look.
    if let Ok(Err(error)) = tokio::time::timeout(SOON, stages::advance(&state)).await {
        tracing::warn!(%error, "a roll-out was not stepped on; it is soon");
    }
    state.stages_due.notify_one();
    news::rollouts(&state, BTreeSet::from([id])).await;
    Ok(web::Json(view(&state, id).await?))
}

/// Takes a roll-out back: makes a new one for each version that its devices had before, which wait to be started.
#[utoipa::path(post, path = "/api/v1/firmware/rollouts/{id}/roll-back", tag = "firmware", params(("id" = Uuid, Path)),
    request_body = RolloutReason,
    responses((status = 201, body = RollBack), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 409, description = "There is nothing to take back", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn roll_back(
    caller: Operator,
    state: web::Data<Firmware>,
    id: web::Path<Uuid>,
    reason: Option<web::Json<RolloutReason>>,
) -> Result<HttpResponse, ApiError> {
    let id = RolloutId::from(id.into_inner());
    let reason = reason.map(web::Json::into_inner).unwrap_or_default().reason;
    let (clock, actor) = (state.clock.clone(), caller.0.name.clone());
    let work = move |tx: &mut Tx<'_>| {
        let made = rollback::take_back(tx, &clock, id, &actor)?;
        if made.is_ok() {
            let subject = format!("rollout {id}");
            let entry = Entry { actor: &actor, action: "rollout.roll_back", subject, detail: &reason };
            audit::record(tx, &clock, &entry)?;
        }
        Ok(made)
    };
    let made = state.store.write(work).await?.map_err(|why| ApiError::new(Code::InTheWay, why))?;
    news::rollouts(&state, made.rollouts.iter().map(|rollout| rollout.id).collect()).await;
    Ok(HttpResponse::build(StatusCode::CREATED).json(made))
}
