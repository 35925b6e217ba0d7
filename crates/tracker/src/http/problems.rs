//! What needs a person.

use actix_web::web;
use fairlead_model::ProblemId;
use fairlead_model::problem::{ProblemKind, ProblemState, ProblemView};
use fairlead_store::problems::{self, Filter};
use fairlead_web::{ApiError, Code, Page, PageQuery, Viewer};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::service::State;

/// Which problems are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProblemsQuery {
    /// Only those in this state: open, repaired, replayed, admitted or discarded.
    #[param(value_type = Option<ProblemState>, inline)]
    state: Option<String>,
    /// Only those of this kind, as `unreadable_text`.
    #[param(value_type = Option<ProblemKind>, inline)]
    kind: Option<String>,
    /// Items in the page, 1 to 500; 50 where it is not said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(format = Uuid)]
    cursor: Option<String>,
}

/// Problems, newest first.
#[utoipa::path(get, path = "/api/v1/problems", tag = "problems", params(ProblemsQuery),
    responses((status = 200, body = Page<ProblemView>)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<State>,
    query: web::Query<ProblemsQuery>,
) -> Result<web::Json<Page<ProblemView>>, ApiError> {
    let ProblemsQuery { state: wanted, kind, limit, cursor } = query.into_inner();
    let page = PageQuery { limit, cursor };
    let bad = |e: String| ApiError::new(Code::BadRequest, e);
    let filter = Filter {
        state: wanted.map(|s| s.parse::<ProblemState>()).transpose().map_err(bad)?,
        kind: kind.map(|k| k.parse::<ProblemKind>()).transpose().map_err(bad)?,
        before: page.cursor::<ProblemId>()?,
    };
    let limit = page.limit()?;
    let items = state.store.read(move |conn| problems::list(conn, &filter, limit + 1)).await?;
    Ok(web::Json(Page::of(items, limit, |p| p.id.to_string())))
}
