//! `/api/v1/session`: a person comes in by a one-time link or a token, and goes.

use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::{HttpRequest, HttpResponse, web};
use fairlead_model::Time;
use fairlead_model::role::Role;
use fairlead_store::audit::{self, Entry};
use fairlead_store::sign_in::{self, Identity};
use fairlead_web::auth::{self, COOKIE, TOKEN_PREFIX, fresh_secret};
use fairlead_web::{ApiError, Caller, Code};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::service::State;

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// The person's, or the token's, name.
    name: String,
    /// What may be done.
    #[schema(value_type = String)]
    role: Role,
    /// To be sent as `X-CSRF-Token` with every change; absent for a token.
    csrf: Option<String>,
    /// When it ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
}

impl From<Identity> for SessionView {
    fn from(identity: Identity) -> Self {
        let Identity { name, role, csrf, expires_at } = identity;
        Self { name, role, csrf, expires_at }
    }
}

/// The way in.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SignIn {
    /// The secret of a one-time link, the whole link, or an API token.
    link: String,
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/session", tag = "session",
    responses((status = 200, body = SessionView), (status = 401, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn get(caller: Caller) -> web::Json<SessionView> {
    web::Json(caller.0.into())
}

/// Signs in.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = SignIn,
    responses((status = 200, body = SessionView), (status = 401, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn begin(
    state: web::Data<State>,
    sign_in: web::Json<SignIn>,
) -> Result<HttpResponse, ApiError> {
    let given = sign_in.link.trim();
    let way = given.rsplit('#').next().unwrap_or(given).to_owned();
    let (secret, csrf, now) = (fresh_secret(), fresh_secret(), state.clock.now());
    let expires_at = now.plus(state.session.saturating_mul(state.clock.speed()));
    let (clock, cookie) = (state.clock.clone(), secret.clone());
    let begun = state
        .store
        .write(move |tx| {
            let person = if way.starts_with(TOKEN_PREFIX) {
                sign_in::by_token(tx, &way, now)?.map(|token| (token.name, token.role))
            } else {
                sign_in::use_link(tx, &way, now)?.map(|role| ("administrator".to_owned(), role))
            };
            let Some((name, role)) = person else { return Ok(None) };
            let entry =
                Entry { actor: &name, action: "session.begin", subject: "session".into(), detail: "" };
            audit::record(tx, &clock, &entry)?;
            sign_in::create_session(tx, &clock, &secret, &csrf, &name, role, expires_at).map(Some)
        })
        .await?;
    let identity = begun.ok_or_else(|| {
        ApiError::new(
            Code::SignInNeeded,
            "This link was used, is too old, or never was one. Restart the server for a new one, or make a token \
             with `fairlead token create`.",
        )
    })?;
    let mut response = HttpResponse::Ok();
    response.cookie(session_cookie(&state, cookie, Some(state.session)));
    Ok(response.json(SessionView::from(identity)))
}

/// Signs out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses((status = 204)))]
pub(crate) async fn end(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, ApiError> {
    let Caller(_) = caller;
    if let Some(cookie) = request.cookie(auth::COOKIE) {
        let secret = cookie.value().to_owned();
        state.store.write(move |tx| sign_in::end_session(tx, &secret)).await?;
    }
    let mut response = HttpResponse::NoContent();
    response.cookie(session_cookie(&state, String::new(), None));
    Ok(response.finish())
}

/// Not to be read by scripts, not to be sent from other sites; only over TLS where the server has it.
fn session_cookie(state: &State, value: String, valid: Option<std::time::Duration>) -> Cookie<'static> {
    let seconds = valid.map_or(0, |v| i64::try_from(v.as_secs()).unwrap_or(i64::MAX));
    Cookie::build(COOKIE, value)
        .path("/")
        .http_only(true)
        .secure(state.is_https)
        .same_site(SameSite::Lax)
        .max_age(time::Duration::seconds(seconds))
        .finish()
}
