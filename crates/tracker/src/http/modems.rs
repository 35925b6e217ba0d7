//! The fleet: modems, and what is missing of them.

use actix_web::web;
use fairlead_model::message::ModemView;
use fairlead_model::{ModemId, Time};
use fairlead_store::satellite::{gaps, modems};
use fairlead_web::{ApiError, Page, PageQuery, Viewer};
use serde::Serialize;
use utoipa::ToSchema;
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
    responses((status = 200, body = Page<GapView>), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn gaps(
    _: Viewer,
    state: web::Data<State>,
    id: web::Path<Uuid>,
) -> Result<web::Json<Page<GapView>>, ApiError> {
    let id = ModemId::from(id.into_inner());
    let rows = state
        .store
        .read(move |conn| {
            modems::imei(conn, id)?;
            gaps::list(conn, id, GAPS)
        })
        .await?;
    let view = |row: gaps::GapRow| GapView {
        first_momsn: row.first_momsn,
        last_momsn: row.last_momsn,
        count: row.missing,
        after_at: row.after_at.into(),
        before_at: row.before_at.into(),
    };
    Ok(web::Json(Page { items: rows.into_iter().map(view).collect(), next_cursor: None }))
}
