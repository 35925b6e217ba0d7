//! `/api/v1/session`: sign in by a one-time link, by name and password, or by a token; who is signed in; sign out.

use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::{HttpRequest, HttpResponse, web};
use fairlead_model::role::Role;
use fairlead_model::{PersonId, Time};
use fairlead_store::audit::{self, Entry};
use fairlead_store::people::{self, PersonRow};
use fairlead_store::sign_in::{self, Identity};
use fairlead_store::{Conn, StoreError, Tx};
use fairlead_web::auth::{self, COOKIE, Caller, TOKEN_PREFIX, fresh_secret};
use fairlead_web::request::client_address;
use fairlead_web::{ApiError, Code};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::account::Preferences;
use crate::service::State;
use crate::settings::Tiles;

/// What a session is called whose link was nobody's.
const NOBODYS_LINK: &str = "administrator";

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// The person's, or the token's, name.
    name: String,
    /// What may be done.
    role: Role,
    /// To be sent as `X-CSRF-Token` with every change; absent for a token.
    csrf: Option<String>,
    /// When it ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
    /// The person; absent for a token, and for the session of a link that is nobody's.
    #[schema(value_type = Option<String>, format = Uuid)]
    person_id: Option<PersonId>,
    /// Whether the person has chosen a password.
    has_password: bool,
    /// Whether a new password is taken only with the old one: not in a session that began with a link.
    needs_old_password: bool,
    /// Whether this session is nobody's and may make itself a person.
    may_become_person: bool,
    /// What the person has chosen.
    preferences: Option<Preferences>,
    /// Map tiles of this installation, where it has some.
    tiles: Option<Tiles>,
}

impl SessionView {
    /// A session as it is shown; `person` is the one whose it is.
    pub(crate) fn of(state: &State, identity: Identity, person: Option<&PersonRow>) -> Self {
        let has_password = person.is_some_and(|person| person.password.is_some());
        let preferences = person.and_then(|person| person.preferences.as_deref());
        Self {
            may_become_person: identity.person.is_none() && identity.by_link,
            needs_old_password: has_password && !identity.by_link,
            has_password,
            // Choices of a later release may not be readable; then there are none.
            preferences: preferences.and_then(|json| serde_json::from_str(json).ok()),
            tiles: state.tiles.clone(),
            name: identity.name,
            role: identity.role,
            csrf: identity.csrf,
            expires_at: identity.expires_at,
            person_id: identity.person,
        }
    }
}

/// A way in: either a link, or name and password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SignIn {
    /// The secret of a one-time link, the whole link, or an API token.
    #[serde(default)]
    link: Option<String>,
    /// A person's name.
    #[serde(default)]
    name: Option<String>,
    /// The person's password.
    #[serde(default)]
    password: Option<String>,
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/session", tag = "session",
    responses((status = 200, body = SessionView), (status = 401, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn get(caller: Caller, state: web::Data<State>) -> Result<web::Json<SessionView>, ApiError> {
    let person = match caller.0.person {
        Some(id) => Some(state.store.read(move |conn| people::get(conn, id)).await?),
        None => None,
    };
    Ok(web::Json(SessionView::of(&state, caller.0, person.as_ref())))
}

/// Signs in.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = SignIn,
    responses((status = 200, body = SessionView), (status = 401, body = fairlead_web::error::ProblemJson),
        (status = 429, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn begin(
    request: HttpRequest,
    state: web::Data<State>,
    sign_in: web::Json<SignIn>,
) -> Result<HttpResponse, ApiError> {
    let way = match sign_in.into_inner() {
        SignIn { link: Some(link), name: None, password: None } => by_link(&link),
        SignIn { link: None, name: Some(name), password: Some(password) } => {
            by_password(&state, &client_address(&request), &name, password).await?
        }
        _ => {
            let sentence = "Sign in with `link`, or with `name` and `password`.";
            return Err(ApiError::new(Code::BadRequest, sentence));
        }
    };
    let secret = fresh_secret();
    let view = start(&state, way, secret.clone()).await?;
    let mut response = HttpResponse::Ok();
    response.cookie(session_cookie(&state, secret, Some(state.session)));
    Ok(response.json(view))
}

/// How somebody comes in.
enum Way {
    Token(String),
    Link(String),
    /// Who, with the kept password that was proved: another one may have taken its place meanwhile.
    Person(PersonId, Option<String>),
}

fn by_link(given: &str) -> Way {
    let given = given.trim();
    let secret = given.rsplit('#').next().unwrap_or(given).to_owned();
    if secret.starts_with(TOKEN_PREFIX) { Way::Token(secret) } else { Way::Link(secret) }
}

/// The person of this name, where the password is right.
async fn by_password(state: &State, address: &str, name: &str, password: String) -> Result<Way, ApiError> {
    let (key, named) = (people::name_key(name), people::name_key(name));
    let person = state.store.read(move |conn| people::by_name(conn, &named)).await?;
    let kept = person.as_ref().and_then(|person| person.password.clone());
    let is_right = state.passwords.is_right(&state.clock, (&key, address), password, kept.clone()).await?;
    match person {
        Some(person) if is_right && !person.disabled => Ok(Way::Person(person.id.into(), kept)),
        _ => {
            // Without the name: people type their password into the wrong field.
            tracing::info!(address, "a sign-in failed");
            Err(wrong())
        }
    }
}

fn wrong() -> ApiError {
    ApiError::new(Code::SignInNeeded, "Name and password do not belong together.")
}

async fn start(state: &State, way: Way, secret: String) -> Result<SessionView, ApiError> {
    let (csrf, now) = (fresh_secret(), state.clock.now());
    let expires_at = now.plus(state.session.saturating_mul(state.clock.speed()));
    let clock = state.clock.clone();
    let no_way_in = match &way {
        Way::Person(..) => wrong(),
        Way::Link(_) | Way::Token(_) => ApiError::new(
            Code::SignInNeeded,
            "This link was used, is too old, or never was one. Ask an administrator for a new one. On the server, \
             `fairlead user link NAME` makes one; before there is anybody, a restart prints one.",
        ),
    };
    let begun = state.store.write(move |tx| {
        let session = sign_in::hash(&secret);
        let begin = |tx: &mut Tx<'_>, name: &str, role, until: Time| {
            let entry = Entry { actor: name, action: "session.begin", subject: "session".into(), detail: "" };
            audit::record(tx, &clock, &entry)?;
            sign_in::create_session(tx, &clock, &secret, &csrf, name, role, until)
        };
        match &way {
            Way::Token(token) => {
                let Some(found) = sign_in::by_token(tx, token, now)? else { return Ok(None) };
                let id = found.id;
                let Identity { name, role, scopes, expires_at: end, .. } = found.identity;
                if !scopes.is_empty() {
                    let sentence = "This token is limited to parts of the API, and does not open the pages.";
                    return Err(StoreError::Refused(sentence.to_owned()));
                }
                begin(tx, &name, role, end.map_or(expires_at, |end| end.min(expires_at)))?;
                sign_in::mark_token_session(tx, &secret, id)?;
            }
            Way::Link(link) => {
                let of = people::of_link(tx, link)?;
                let Some(role) = sign_in::use_link(tx, link, now)? else { return Ok(None) };
                match of {
                    Some(id) => {
                        let Some(person) = let_in(tx, id)? else { return Ok(None) };
                        begin(tx, &person.name, role, expires_at)?;
                        people::claim_session(tx, id, session, true, now)?;
                    }
                    None => {
                        begin(tx, NOBODYS_LINK, role, expires_at)?;
                        people::mark_link_session(tx, session)?;
                    }
                }
            }
            Way::Person(id, proved) => {
                let Some(person) = let_in(tx, *id)?.filter(|person| person.password == *proved) else {
                    return Ok(None);
                };
                begin(tx, &person.name, person.role()?, expires_at)?;
                people::claim_session(tx, *id, session, false, now)?;
            }
        }
        let identity = sign_in::by_session(tx, &secret, now)?.ok_or(StoreError::NotFound)?;
        let person = identity.person.map(|id| people::get(tx, id)).transpose()?;
        Ok(Some((identity, person)))
    });
    let Some((identity, person)) = begun.await? else { return Err(no_way_in) };
    Ok(SessionView::of(state, identity, person.as_ref()))
}

/// The person, where nobody keeps the person out meanwhile.
fn let_in(conn: &mut Conn, id: PersonId) -> Result<Option<PersonRow>, StoreError> {
    match people::get(conn, id) {
        Ok(person) => Ok((!person.disabled).then_some(person)),
        Err(StoreError::NotFound) => Ok(None),
        Err(e) => Err(e),
    }
}

/// Signs out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses((status = 204)))]
pub(crate) async fn end(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, ApiError> {
    let Caller(_) = caller;
    if let Some(secret) = cookie_of(&request) {
        state.store.write(move |tx| sign_in::end_session(tx, &secret)).await?;
    }
    let mut response = HttpResponse::NoContent();
    response.cookie(session_cookie(&state, String::new(), None));
    Ok(response.finish())
}

/// The secret of the session with which a request came.
pub(crate) fn cookie_of(request: &HttpRequest) -> Option<String> {
    request.cookie(auth::COOKIE).map(|cookie| cookie.value().to_owned())
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
