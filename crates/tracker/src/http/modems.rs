//! The fleet: modems, their tracks, and what is missing of them.

use actix_web::web;
use fairlead_model::message::{ModemView, PositionView};
use fairlead_model::{ModemId, Time};
use fairlead_store::satellite::{gaps, modems, readings};
use fairlead_web::{ApiError, Code, Page, PageQuery, Viewer};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::service::State;

/// Most gaps that are listed.
const GAPS: i64 = 500;

/// All modems, in the order in which they came.
#[utoipa::path(get, path = "/api/v1/modems", tag = "modems", params(PageQuery),
    responses((status = 200, body = Page<ModemView>)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<State>,
    page: web::Query<PageQuery>,
) -> Result<web::Json<Page<ModemView>>, ApiError> {
    let (limit, after) = (page.limit()?, page.cursor::<ModemId>()?);
    let items = state.store.read(move |conn| modems::list(conn, after, limit + 1)).await?;
    Ok(web::Json(Page::of(items, limit, |m| m.id.to_string())))
}

/// One modem.
#[utoipa::path(get, path = "/api/v1/modems/{id}", tag = "modems", params(("id" = Uuid, Path)),
    responses((status = 200, body = ModemView), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn get(
    _: Viewer,
    state: web::Data<State>,
    id: web::Path<Uuid>,
) -> Result<web::Json<ModemView>, ApiError> {
    let id = ModemId::from(id.into_inner());
    Ok(web::Json(state.store.read(move |conn| modems::view(conn, id)).await?))
}

/// Which part of a track is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TrackQuery {
    /// Not transmitted before this moment (RFC 3339).
    #[param(format = DateTime)]
    from: Option<String>,
    /// Transmitted before this moment (RFC 3339).
    #[param(format = DateTime)]
    to: Option<String>,
    /// Messages in the page, 1 to 500; 50 where it is not said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(format = Uuid)]
    cursor: Option<String>,
}

/// The track of a modem, newest first. A page may hold fewer positions than asked for where messages had none.
#[utoipa::path(get, path = "/api/v1/modems/{id}/positions", tag = "modems", params(("id" = Uuid, Path), TrackQuery),
    responses((status = 200, body = Page<PositionView>)))]
pub(crate) async fn positions(
    _: Viewer,
    state: web::Data<State>,
    id: web::Path<Uuid>,
    query: web::Query<TrackQuery>,
) -> Result<web::Json<Page<PositionView>>, ApiError> {
    let TrackQuery { from, to, limit, cursor } = query.into_inner();
    let page = PageQuery { limit, cursor };
    let (limit, id) = (page.limit()?, ModemId::from(id.into_inner()));
    let from = from.map(|t| moment("from", &t)).transpose()?;
    let to = match &page.cursor {
        Some(cursor) => Some(moment("cursor", cursor)?),
        None => to.map(|t| moment("to", &t)).transpose()?,
    };
    let rows = state.store.read(move |conn| readings::positions(conn, id, from, to, limit + 1)).await?;
    let Page { items, next_cursor } = Page::of(rows, limit, |(at, _)| at.to_string());
    let items = items.into_iter().filter_map(|(_, position)| position).collect();
    Ok(web::Json(Page { items, next_cursor }))
}

fn moment(name: &str, text: &str) -> Result<Time, ApiError> {
    Time::parse_rfc3339(text)
        .ok_or_else(|| ApiError::new(Code::BadRequest, format!("{name} is an RFC 3339 time, not `{text}`.")))
}

/// Message numbers that never arrived.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GapView {
    /// First missing MOMSN.
    first_momsn: i32,
    /// Last missing MOMSN; less than the first where the counter wrapped.
    last_momsn: i32,
    /// How many.
    count: i64,
    /// Transmit time of the message before.
    #[schema(value_type = String, format = DateTime)]
    after_at: Time,
    /// Transmit time of the message after.
    #[schema(value_type = String, format = DateTime)]
    before_at: Time,
}

/// The newest gaps in a modem's message numbers.
#[utoipa::path(get, path = "/api/v1/modems/{id}/gaps", tag = "modems", params(("id" = Uuid, Path)),
    responses((status = 200, body = Page<GapView>)))]
pub(crate) async fn gaps(
    _: Viewer,
    state: web::Data<State>,
    id: web::Path<Uuid>,
) -> Result<web::Json<Page<GapView>>, ApiError> {
    let id = ModemId::from(id.into_inner());
    let rows = state.store.read(move |conn| gaps::list(conn, id, GAPS)).await?;
    let view = |row: gaps::GapRow| GapView {
        first_momsn: row.first_momsn,
        last_momsn: row.last_momsn,
        count: row.missing,
        after_at: row.after_at.into(),
        before_at: row.before_at.into(),
    };
    Ok(web::Json(Page { items: rows.into_iter().map(view).collect(), next_cursor: None }))
}
