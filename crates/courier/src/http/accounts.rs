//! Accounts: how each is, and putting it to rest or to work.

use actix_web::web;
use fairlead_model::mt::AccountView;
use fairlead_store::audit::{self, Entry};
use fairlead_store::satellite::mt::accounts;
use fairlead_web::{ApiError, ChangeReason, Operator, Page, Viewer};

use crate::jobs::sweep;
use crate::news;
use crate::service::Courier;

/// All accounts.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "outgoing", responses((status = 200, body = Page<AccountView>)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<Courier>,
) -> Result<web::Json<Page<AccountView>>, ApiError> {
    let courier = state.get_ref().clone();
    let items = state
        .store
        .read(move |conn| courier.accounts.values().map(|one| news::account(conn, &courier, one)).collect())
        .await?;
    Ok(web::Json(Page { items, next_cursor: None }))
}

/// Puts an account to rest: nothing is sent by it until it is resumed.
#[utoipa::path(post, path = "/api/v1/accounts/{name}/pause", tag = "outgoing", params(("name" = String, Path)),
    request_body = ChangeReason,
    responses((status = 200, body = AccountView), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn pause(
    caller: Operator,
    state: web::Data<Courier>,
    name: web::Path<String>,
    reason: web::Json<ChangeReason>,
) -> Result<web::Json<AccountView>, ApiError> {
    set(&caller, &state, &name, true, reason.into_inner().reason).await
}

/// Lets an account send again.
#[utoipa::path(post, path = "/api/v1/accounts/{name}/resume", tag = "outgoing", params(("name" = String, Path)),
    request_body = ChangeReason,
    responses((status = 200, body = AccountView), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn resume(
    caller: Operator,
    state: web::Data<Courier>,
    name: web::Path<String>,
    reason: web::Json<ChangeReason>,
) -> Result<web::Json<AccountView>, ApiError> {
    set(&caller, &state, &name, false, reason.into_inner().reason).await
}

async fn set(
    caller: &Operator,
    state: &Courier,
    name: &str,
    paused: bool,
    reason: String,
) -> Result<web::Json<AccountView>, ApiError> {
    let name = state.account(name).ok_or_else(|| ApiError::not_found("account"))?.name;
    let (courier, actor) = (state.clone(), caller.0.name.clone());
    state
        .store
        .write(move |tx| {
            let mut row = accounts::claim(tx, name)?;
            let now = courier.clock.now();
            row.paused_since = paused.then(|| row.paused_since.unwrap_or(now.into()));
            row.pause_reason = paused.then(|| format!("{actor}: {reason}"));
            row.unknown_in_a_row = 0;
            row.next_call_at = row.next_call_at.min(now.into());
            accounts::put(tx, &row)?;
            let action = if paused { "account.pause" } else { "account.resume" };
            let entry = Entry { actor: &actor, action, subject: format!("account {name}"), detail: &reason };
            audit::record(tx, &courier.clock, &entry)
        })
        .await?;
    if !paused {
        sweep::announce(state, Some(name)).await?;
    }
    Ok(web::Json(news::account_changed(state, name).await?))
}
