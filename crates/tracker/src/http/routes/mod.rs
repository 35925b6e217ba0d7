//! Routes: what is passed on where.

pub(crate) mod formats;
pub(crate) mod preview;

use actix_web::{HttpResponse, web};
use fairlead_model::route::{NewRoute, RouteView};
use fairlead_model::{Clock, RouteId};
use fairlead_store::audit::{self, Entry};
use fairlead_store::registry::Status;
use fairlead_store::routing::routes::{self, Filter};
use fairlead_store::routing::{Checked, RouteFlaw};
use fairlead_store::{StoreError, Tx};
use fairlead_web::{ApiError, Code, Operator, Page, PageQuery, Viewer};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::routing::conditions;
use crate::service::State;

pub(crate) fn mount(config: &mut web::ServiceConfig) {
    config
        .route("/api/v1/routes", web::get().to(list))
        .route("/api/v1/routes", web::post().to(create))
        .route("/api/v1/routes/preview", web::post().to(preview::preview))
        .route("/api/v1/routes/{id}", web::get().to(get))
        .route("/api/v1/routes/{id}", web::put().to(change))
        .route("/api/v1/routes/{id}", web::delete().to(remove))
        .route("/api/v1/routes/{id}/enable", web::post().to(enable))
        .route("/api/v1/routes/{id}/disable", web::post().to(disable))
        .route("/api/v1/formats", web::get().to(formats::list))
        .route("/api/v1/formats/{format}/schema", web::get().to(formats::schema));
}

/// Which routes are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RoutesQuery {
    /// Only those that name this device, group or endpoint, as their source or as their target.
    names: Option<Uuid>,
    /// Items in the page, 1 to 500; 50 where it is not said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Routes, in the order in which they were made.
#[utoipa::path(get, path = "/api/v1/routes", tag = "routes", params(RoutesQuery),
    responses((status = 200, body = Page<RouteView>)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<State>,
    query: web::Query<RoutesQuery>,
) -> Result<web::Json<Page<RouteView>>, ApiError> {
    let RoutesQuery { names, limit, cursor } = query.into_inner();
    let page = PageQuery { limit, cursor };
    let (limit, after) = (page.limit()?, page.cursor::<i64>()?.unwrap_or(0));
    let filter = Filter { names, after };
    let items = state.store.read(move |conn| routes::list(conn, filter, limit + 1)).await?;
    Ok(web::Json(Page::of(items, limit, |route| route.number.to_string())))
}

/// One route.
#[utoipa::path(get, path = "/api/v1/routes/{id}", tag = "routes", params(("id" = Uuid, Path)),
    responses((status = 200, body = RouteView), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn get(
    _: Viewer,
    state: web::Data<State>,
    id: web::Path<Uuid>,
) -> Result<web::Json<RouteView>, ApiError> {
    let id = RouteId::from(id.into_inner());
    state.store.read(move |conn| routes::view(conn, id)).await.map(web::Json).map_err(no_route)
}

/// Makes a route. All that stands against it is answered at once.
#[utoipa::path(post, path = "/api/v1/routes", tag = "routes", request_body = NewRoute,
    responses((status = 201, body = RouteView),
        (status = 409, description = "There is the same route already", body = fairlead_web::error::ProblemJson),
        (status = 422, description = "All that is wrong is in `errors`", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn create(
    caller: Operator,
    state: web::Data<State>,
    new: web::Json<NewRoute>,
) -> Result<HttpResponse, ApiError> {
    let (clock, actor, new) = (state.clock.clone(), caller.0.name, new.into_inner());
    let created = state.store.write(move |tx| make(tx, &clock, &new, &actor));
    Ok(HttpResponse::Created().json(made(created.await?)?))
}

/// Makes a route of a person's, where nothing stands against it.
pub(crate) fn make(
    tx: &mut Tx<'_>,
    clock: &Clock,
    new: &NewRoute,
    actor: &str,
) -> Result<Checked<RouteView>, StoreError> {
    let created = routes::create(tx, clock, new, conditions::flaws(new), actor)?;
    if let Ok(route) = &created {
        note(tx, clock, actor, "route.create", route)?;
    }
    Ok(created)
}

/// Makes another route of one: all of it is as asked from now on. What it has passed on already goes on its
/// way; what still waits for a device holds for as long as the route lets it now.
#[utoipa::path(put, path = "/api/v1/routes/{id}", tag = "routes", params(("id" = Uuid, Path)),
    request_body = NewRoute,
    responses((status = 200, body = RouteView), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 409, description = "There is the same route already", body = fairlead_web::error::ProblemJson),
        (status = 422, description = "All that is wrong is in `errors`", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn change(
    caller: Operator,
    state: web::Data<State>,
    id: web::Path<Uuid>,
    new: web::Json<NewRoute>,
) -> Result<web::Json<RouteView>, ApiError> {
    let (id, new) = (RouteId::from(id.into_inner()), new.into_inner());
    let (clock, actor) = (state.clock.clone(), caller.0.name);
    let changed = state.store.write(move |tx| {
        let changed = routes::change(tx, clock.now(), id, &new, conditions::flaws(&new))?;
        if let Ok(route) = &changed {
            note(tx, &clock, &actor, "route.change", route)?;
        }
        Ok(changed)
    });
    made(changed.await.map_err(no_route)?).map(web::Json)
}

/// Deletes a route. What it has passed on to an endpoint goes on its way; what still waits for a device is discarded.
#[utoipa::path(delete, path = "/api/v1/routes/{id}", tag = "routes", params(("id" = Uuid, Path)),
    responses((status = 204, description = "It is gone"), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn remove(
    caller: Operator,
    state: web::Data<State>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let (clock, actor, id) = (state.clock.clone(), caller.0.name, RouteId::from(id.into_inner()));
    let removed = state.store.write(move |tx| unmake(tx, &clock, id, &actor));
    removed.await.map_err(no_route)?;
    Ok(HttpResponse::NoContent().finish())
}

/// Deletes a route for a person.
pub(crate) fn unmake(tx: &mut Tx<'_>, clock: &Clock, id: RouteId, actor: &str) -> Result<(), StoreError> {
    let route = routes::delete(tx, id)?;
    note(tx, clock, actor, "route.delete", &route)
}

/// Switches a route on: it passes on what comes from now on.
#[utoipa::path(post, path = "/api/v1/routes/{id}/enable", tag = "routes", params(("id" = Uuid, Path)),
    responses((status = 200, body = RouteView), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn enable(
    caller: Operator,
    state: web::Data<State>,
    id: web::Path<Uuid>,
) -> Result<web::Json<RouteView>, ApiError> {
    switch_as(caller, &state, id.into_inner(), true).await
}

/// Switches a route off. What it has passed on to an endpoint goes on its way; what still waits for a device is discarded.
#[utoipa::path(post, path = "/api/v1/routes/{id}/disable", tag = "routes", params(("id" = Uuid, Path)),
    responses((status = 200, body = RouteView), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn disable(
    caller: Operator,
    state: web::Data<State>,
    id: web::Path<Uuid>,
) -> Result<web::Json<RouteView>, ApiError> {
    switch_as(caller, &state, id.into_inner(), false).await
}

async fn switch_as(
    caller: Operator,
    state: &State,
    id: Uuid,
    on: bool,
) -> Result<web::Json<RouteView>, ApiError> {
    let (clock, actor, id) = (state.clock.clone(), caller.0.name, RouteId::from(id));
    let switched = state.store.write(move |tx| switch(tx, &clock, id, on, &actor));
    switched.await.map(web::Json).map_err(no_route)
}

/// Switches a route on or off for a person.
pub(crate) fn switch(
    tx: &mut Tx<'_>,
    clock: &Clock,
    id: RouteId,
    on: bool,
    actor: &str,
) -> Result<RouteView, StoreError> {
    let route = routes::enable(tx, clock.now(), id, on)?;
    note(tx, clock, actor, if on { "route.enable" } else { "route.disable" }, &route)?;
    Ok(route)
}

/// Writes down what a person did to a route.
fn note(
    tx: &mut Tx<'_>,
    clock: &Clock,
    actor: &str,
    action: &str,
    route: &RouteView,
) -> Result<(), StoreError> {
    let device = route.target_device.as_ref().map(|device| device.name.as_str());
    let endpoint = route.target_endpoint.as_ref().map(|endpoint| endpoint.name.as_str());
    let messages: Vec<&str> = route.messages.iter().map(|message| message.as_str()).collect();
    let detail = format!(
        "{}: {} of {} to {}",
        route.number,
        messages.join(", "),
        route.source_name,
        device.or(endpoint).unwrap_or("nobody")
    );
    let subject = format!("route {}", route.id);
    audit::record(tx, clock, &Entry { actor, action, subject, detail: &detail })
}

/// What was made, or all that stands against it: 409 where that is only what is there already, else 422.
fn made<T>(checked: Checked<T>) -> Result<T, ApiError> {
    checked.map_err(|flaws| {
        let in_the_way = flaws.iter().all(|flaw| flaw.status() == Status::InTheWay);
        let code = if in_the_way { Code::InTheWay } else { Code::Unprocessable };
        ApiError::all(code, flaws.iter().map(RouteFlaw::to_string).collect())
    })
}

fn no_route(error: StoreError) -> ApiError {
    match error {
        StoreError::NotFound => ApiError::not_found("route"),
        other => other.into(),
    }
}
