//! Schedules: what devices are told again and again.

use actix_web::{HttpRequest, HttpResponse, web};
use fairlead_model::ScheduleId;
use fairlead_model::schedule::{NewSchedule, ScheduleView};
use fairlead_store::audit::{self, Entry};
use fairlead_store::satellite::mt::audience;
use fairlead_store::satellite::mt::schedules::{self, ScheduleRow};
use fairlead_store::{Conn, Micros, StoreError, Tx};
use fairlead_web::{ApiError, ChangeReason, Code, Operator, Page, PageQuery, Viewer};
use uuid::Uuid;

use super::outgoing;
use crate::calendar::{Calendar, minute_of};
use crate::drivers::Provider;
use crate::jobs::schedule;
use crate::rules;
use crate::service::Courier;

/// Longest name, in characters.
const LONGEST_NAME: usize = 64;

/// Schedules, in the order in which they were made.
#[utoipa::path(get, path = "/api/v1/schedules", tag = "outgoing", params(PageQuery),
    responses((status = 200, body = Page<ScheduleView>)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<Courier>,
    page: web::Query<PageQuery>,
) -> Result<web::Json<Page<ScheduleView>>, ApiError> {
    let (limit, after) = (page.limit()?, page.cursor::<Uuid>()?.map(ScheduleId::from));
    let look = move |conn: &mut Conn| {
        let rows = schedules::list(conn, after, limit + 1)?;
        rows.into_iter().map(|row| row.view(conn)).collect()
    };
    let items = state.store.read(look).await?;
    Ok(web::Json(Page::of(items, limit, |schedule: &ScheduleView| schedule.id.to_string())))
}

/// Adds a schedule.
#[utoipa::path(post, path = "/api/v1/schedules", tag = "outgoing", request_body = NewSchedule,
    responses((status = 201, body = ScheduleView),
        (status = 422, description = "All that is wrong is in `errors`", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn add(
    caller: Operator,
    state: web::Data<Courier>,
    new: web::Json<NewSchedule>,
) -> Result<HttpResponse, ApiError> {
    let new = new.into_inner();
    outgoing::check(&caller, &new.order, None, false)?;
    let (courier, actor) = (state.get_ref().clone(), caller.0.name);
    let added = state.store.write(move |tx| {
        let now = Micros::from(courier.clock.now());
        let mut row = ScheduleRow {
            id: ScheduleId::new(&courier.clock).into(),
            name: String::new(),
            target_kind: String::new(),
            target_id: uuid::Uuid::nil().into(),
            told: String::new(),
            days: String::new(),
            at_minute: 0,
            time_zone: String::new(),
            next_at: None,
            last_at: None,
            last_result: None,
            created_at: now,
            created_by: actor.clone(),
            changed_at: now,
        };
        if let Err(error) = set(tx, &courier, &mut row, &new)? {
            return Ok(Err(error));
        }
        schedules::insert(tx, &row)?;
        note(tx, &courier, &actor, "schedule.add", &row)?;
        Ok(Ok(row.view(tx)?))
    });
    Ok(HttpResponse::Created().json(added.await??))
}

/// Changes a schedule, or switches it on or off.
#[utoipa::path(put, path = "/api/v1/schedules/{id}", tag = "outgoing", params(("id" = Uuid, Path)),
    request_body = NewSchedule,
    responses((status = 200, body = ScheduleView), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 422, description = "All that is wrong is in `errors`", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn change(
    caller: Operator,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
    new: web::Json<NewSchedule>,
) -> Result<web::Json<ScheduleView>, ApiError> {
    let (id, new) = (ScheduleId::from(id.into_inner()), new.into_inner());
    outgoing::check(&caller, &new.order, None, false)?;
    let (courier, actor) = (state.get_ref().clone(), caller.0.name);
    let changed = state.store.write(move |tx| {
        let mut row = schedules::claim(tx, id)?;
        if let Err(error) = set(tx, &courier, &mut row, &new)? {
            return Ok(Err(error));
        }
        row.changed_at = courier.clock.now().into();
        schedules::put(tx, &row)?;
        note(tx, &courier, &actor, "schedule.change", &row)?;
        Ok(Ok(row.view(tx)?))
    });
    Ok(web::Json(changed.await.map_err(no_schedule)??))
}

/// Removes a schedule. What it has told already stays told.
#[utoipa::path(delete, path = "/api/v1/schedules/{id}", tag = "outgoing", params(("id" = Uuid, Path)),
    responses((status = 204, description = "It is gone"), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn remove(
    caller: Operator,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let (courier, actor, id) = (state.get_ref().clone(), caller.0.name, ScheduleId::from(id.into_inner()));
    let removed = state.store.write(move |tx| {
        let row = schedules::claim(tx, id)?;
        schedules::remove(tx, id)?;
        note(tx, &courier, &actor, "schedule.remove", &row)
    });
    removed.await.map_err(no_schedule)?;
    Ok(HttpResponse::NoContent().finish())
}

/// Does now what a schedule says, out of turn; when it is done next stays. With an Idempotency-Key the same request, sent
/// again, tells nobody twice.
#[utoipa::path(post, path = "/api/v1/schedules/{id}/run", tag = "outgoing", params(("id" = Uuid, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 200 characters")),
    request_body = ChangeReason,
    responses((status = 200, description = "`last_result` says what came of it", body = ScheduleView),
        (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 422, description = "Nobody could be told", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn run(
    caller: Operator,
    request: HttpRequest,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
    reason: web::Json<ChangeReason>,
) -> Result<web::Json<ScheduleView>, ApiError> {
    let id = ScheduleId::from(id.into_inner());
    let row = state.store.read(move |conn| schedules::get(conn, id)).await.map_err(no_schedule)?;
    outgoing::check(&caller, &row.order()?, None, false)?;
    let actor = caller.0.name.clone();
    let key = outgoing::key(&request)?.map(|key| (actor.clone(), format!("schedule {id} {key}")));
    let (clock, wanted, reason) = (state.clock.clone(), row.clone(), reason.into_inner().reason);
    let noted = state.store.write(move |tx| {
        let subject = format!("schedule {id}");
        let detail = format!("{} {reason}", wanted.name);
        let entry = Entry { actor: &actor, action: "schedule.run", subject, detail: detail.trim() };
        audit::record(tx, &clock, &entry)
    });
    noted.await?;
    let told = schedule::tell_audience(&state, &row, key, None).await.map_err(|error| match error {
        StoreError::NotFound => ApiError::new(Code::Unprocessable, schedule::nobody(&row)),
        other => other.into(),
    })?;
    let (clock, result) = (state.clock.clone(), schedule::result(&told.unwrap_or_default()));
    let shown = state.store.write(move |tx| {
        schedules::note_run(tx, id, clock.now(), &result)?;
        schedules::get(tx, id)?.view(tx)
    });
    Ok(web::Json(shown.await.map_err(no_schedule)?))
}

/// Writes what is wanted into a schedule's row, or says all that stands against it.
fn set(
    conn: &mut Conn,
    courier: &Courier,
    row: &mut ScheduleRow,
    new: &NewSchedule,
) -> Result<Result<(), ApiError>, StoreError> {
    let mut flaws = Vec::new();
    let name = new.name.trim();
    if !(1..=LONGEST_NAME).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        flaws.push(format!("A schedule's name has 1 to {LONGEST_NAME} characters, no control characters."));
    }
    if new.days.is_empty() {
        flaws.push("A schedule has at least one day of the week.".to_owned());
    }
    let minute = minute_of(&new.at);
    if minute.is_none() {
        flaws.push(format!("`at` is a time like 06:30, not `{}`.", new.at));
    }
    let calendar = Calendar::new(&new.time_zone, &new.days, minute.unwrap_or(0));
    if let Err(why) = &calendar {
        flaws.push(why.clone());
    }
    // What a device of one build or another makes of it shows when it is told.
    flaws.extend(rules::text_of(&new.order, None, Provider::Rockblock).err());
    if audience::name(conn, new.audience)?.is_none() {
        flaws.push("There is no such device or group.".to_owned());
    }
    let (true, Ok(calendar), Some(minute)) = (flaws.is_empty(), calendar, minute) else {
        return Ok(Err(ApiError::all(Code::Unprocessable, flaws)));
    };
    name.clone_into(&mut row.name);
    row.set_audience(new.audience);
    row.set_order(&new.order)?;
    row.set_days(&new.days);
    row.at_minute = minute;
    calendar.zone_name().unwrap_or(&new.time_zone).clone_into(&mut row.time_zone);
    let next = calendar.after(courier.clock.now());
    row.next_at = next.filter(|_| new.enabled).map(Micros::from);
    Ok(Ok(()))
}

fn note(
    tx: &mut Tx<'_>,
    courier: &Courier,
    actor: &str,
    action: &str,
    row: &ScheduleRow,
) -> Result<(), StoreError> {
    let subject = format!("schedule {}", ScheduleId::from(row.id));
    let state = if row.next_at.is_some() { "on" } else { "off" };
    let detail = format!("{} ({state}): {}", row.name, row.told);
    audit::record(tx, &courier.clock, &Entry { actor, action, subject, detail: &detail })
}

fn no_schedule(error: StoreError) -> ApiError {
    match error {
        StoreError::NotFound => ApiError::not_found("schedule"),
        other => other.into(),
    }
}
