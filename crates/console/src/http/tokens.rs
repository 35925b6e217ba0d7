//! `/api/v1/tokens`: what programs come in with. Only administrators.

use std::collections::BTreeSet;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use fairlead_model::role::{Role, Scope};
use fairlead_model::{Clock, Time, TokenId};
use fairlead_store::audit::{self, Entry};
use fairlead_store::sign_in::{self, TokenRow};
use fairlead_store::{Conn, Id, StoreError, Tx, people};
use fairlead_web::auth::{Admin, fresh_token};
use fairlead_web::{ApiError, Code, Page};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::service::State;

/// Length of a day.
const DAY: Duration = Duration::from_secs(86_400);

/// Most days for which a token is made.
const MOST_DAYS: u32 = 3_650;

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    id: TokenId,
    /// What its owner calls it.
    name: String,
    /// What it may do.
    role: Role,
    /// The parts of the API that it is limited to; empty: all of them.
    scopes: Vec<Scope>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// From when it is refused.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
    /// When it was used last, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Time>,
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct TokenRequest {
    /// 1 to 64 characters.
    name: String,
    /// What it may do.
    role: Role,
    /// The parts of the API that it is limited to; empty: all of them.
    #[serde(default)]
    scopes: BTreeSet<Scope>,
    /// After how many days it ends, 1 to 3,650; left out: it does not.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3650)]
    expires_in_days: Option<u32>,
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewToken {
    /// The token.
    token: TokenView,
    /// Its secret, to be sent as `Authorization: Bearer`. It is shown only now.
    secret: String,
}

/// All tokens, oldest first.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "people", responses((status = 200, body = Page<TokenView>)))]
pub(crate) async fn list(_: Admin, state: web::Data<State>) -> Result<web::Json<Page<TokenView>>, ApiError> {
    let items = state.store.read(|conn| {
        let rows = sign_in::tokens(conn)?;
        views(conn, rows)
    });
    Ok(web::Json(Page { items: items.await?, next_cursor: None }))
}

/// Makes a token.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "people", request_body = TokenRequest,
    responses((status = 201, body = NewToken), (status = 422, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn create(
    caller: Admin,
    state: web::Data<State>,
    wanted: web::Json<TokenRequest>,
) -> Result<HttpResponse, ApiError> {
    let TokenRequest { name, role, scopes, expires_in_days } = wanted.into_inner();
    let name = people::checked_name(&name)?.to_owned();
    if expires_in_days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
        let sentence = format!("A token is made for 1 to {MOST_DAYS} days.");
        return Err(ApiError::new(Code::Unprocessable, sentence));
    }
    let expires_at = expires_in_days.map(|days| state.clock.now().plus(DAY.saturating_mul(days)));
    let secret = fresh_token();
    let (clock, kept, scopes) = (state.clock.clone(), secret.clone(), Vec::from_iter(scopes));
    let made = state.store.write(move |tx| {
        let limits: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        let detail =
            if limits.is_empty() { role.to_string() } else { format!("{role}: {}", limits.join(", ")) };
        note(tx, &clock, &caller.0.name, "token.create", &name, &detail)?;
        let id = sign_in::create_token(tx, &clock, &name, role, &kept, expires_at)?;
        sign_in::limit_token(tx, id, &scopes)?;
        let rows = sign_in::tokens(tx)?.into_iter().filter(|row| row.id == Id::from(id)).collect();
        views(tx, rows)?.pop().ok_or(StoreError::NotFound)
    });
    Ok(HttpResponse::Created().json(NewToken { token: made.await?, secret }))
}

/// Revokes a token.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "people", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn revoke(
    caller: Admin,
    state: web::Data<State>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let (id, clock) = (TokenId::from(id.into_inner()), state.clock.clone());
    let revoked = state.store.write(move |tx| {
        let name = sign_in::revoke_token(tx, id)?.ok_or(StoreError::NotFound)?;
        note(tx, &clock, &caller.0.name, "token.revoke", &name, "")
    });
    revoked.await?;
    Ok(HttpResponse::NoContent().finish())
}

fn note(
    tx: &mut Tx<'_>,
    clock: &Clock,
    actor: &str,
    action: &str,
    name: &str,
    detail: &str,
) -> Result<(), StoreError> {
    audit::record(tx, clock, &Entry { actor, action, subject: format!("token {name}"), detail })
}

fn views(conn: &mut Conn, rows: Vec<TokenRow>) -> Result<Vec<TokenView>, StoreError> {
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let mut scopes = sign_in::scopes(conn, &ids)?;
    let view = |row: TokenRow| {
        Ok(TokenView {
            id: row.id.into(),
            role: row.role.parse().map_err(StoreError::Fault)?,
            scopes: scopes.remove(&row.id).unwrap_or_default(),
            name: row.name,
            created_at: row.created_at.into(),
            expires_at: row.expires_at.map(Into::into),
            last_used_at: row.last_used_at.map(Into::into),
        })
    };
    rows.into_iter().map(view).collect()
}
