//! `/api/v1/audit`: who changed what. Only administrators.

use actix_web::web;
use fairlead_model::{AuditId, Time};
use fairlead_store::audit::{self, EntryRow};
use fairlead_web::auth::Admin;
use fairlead_web::{ApiError, Page, PageQuery};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::service::State;

/// A change that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    id: AuditId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// Who: the name of a person or of a token, or `command line`.
    actor: String,
    /// What, as a word like `problem.discard`.
    action: String,
    /// To what: a kind and an id or name.
    subject: String,
    /// Why, in the person's words, or what it came to.
    detail: String,
}

/// Which changes are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Only those of this person or token.
    actor: Option<String>,
    /// Items in the page, 1 to 500; 50 where it is not said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(format = Uuid)]
    cursor: Option<String>,
}

/// Who changed what, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "people", params(AuditQuery),
    responses((status = 200, body = Page<AuditView>)))]
pub(crate) async fn list(
    _: Admin,
    state: web::Data<State>,
    query: web::Query<AuditQuery>,
) -> Result<web::Json<Page<AuditView>>, ApiError> {
    let AuditQuery { actor, limit, cursor } = query.into_inner();
    let page = PageQuery { limit, cursor };
    let (limit, before) = (page.limit()?, page.cursor::<AuditId>()?);
    let rows = state.store.read(move |conn| audit::list(conn, actor.as_deref(), before, limit + 1)).await?;
    let items = rows.into_iter().map(view).collect();
    Ok(web::Json(Page::of(items, limit, |entry: &AuditView| entry.id.to_string())))
}

fn view(row: EntryRow) -> AuditView {
    AuditView {
        id: row.id.into(),
        at: row.at.into(),
        actor: row.actor,
        action: row.action,
        subject: row.subject,
        detail: row.detail,
    }
}
