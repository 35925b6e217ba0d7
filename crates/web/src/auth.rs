//! Who asks, and what they may do: a bearer token or a session cookie.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use fairlead_model::role::{Role, Scope};
use fairlead_model::{Clock, Secret, Time};
use fairlead_store::sign_in::{self, Identity};
use fairlead_store::{Store, StoreError};

use crate::{ApiError, Code};

/// The session cookie's name.
pub const COOKIE: &str = "fairlead_session";

/// The header with which a page proves that a change comes from itself.
pub const CSRF_HEADER: &str = "X-CSRF-Token";

/// What every API token begins with, so that a leaked one is recognised.
pub const TOKEN_PREFIX: &str = "fl_";

/// Whoever asks, with any role.
#[derive(Clone, Debug)]
pub struct Caller(pub Identity);

/// Somebody who may look.
#[derive(Clone, Debug)]
pub struct Viewer(pub Identity);

/// Somebody who may repair, replay and command.
#[derive(Clone, Debug)]
pub struct Operator(pub Identity);

/// Somebody who may do everything.
#[derive(Clone, Debug)]
pub struct Admin(pub Identity);

/// A fresh secret of 256 random bits, as 64 hexadecimal digits.
pub fn fresh_secret() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

/// A fresh API token.
pub fn fresh_token() -> String {
    format!("{TOKEN_PREFIX}{}", fresh_secret())
}

macro_rules! extractors {
    ($($name:ident $role:expr;)*) => {$(
        impl FromRequest for $name {
            type Error = ApiError;
            type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let request = request.clone();
                Box::pin(async move { identify(&request, $role).await.map(Self) })
            }
        }
    )*};
}

extractors! {
    Caller Role::Viewer;
    Viewer Role::Viewer;
    Operator Role::Operator;
    Admin Role::Admin;
}

/// With what somebody proves who they are.
#[derive(Clone)]
pub enum Proof {
    /// The secret of an API token.
    Token(Secret),
    /// The secret of a session, from its cookie.
    Session(Secret),
}

/// Finds out who asks, and whether they may.
///
/// # Errors
/// [`Code::SignInNeeded`], [`Code::NotAllowed`] or [`Code::CsrfMissing`].
pub async fn identify(request: &HttpRequest, least: Role) -> Result<Identity, ApiError> {
    let token = bearer(request).map(|token| Proof::Token(Secret::new(token)));
    let proof =
        token.or_else(|| request.cookie(COOKIE).map(|cookie| Proof::Session(Secret::new(cookie.value()))));
    let store = request.app_data::<web::Data<Store>>();
    let clock = request.app_data::<web::Data<Clock>>();
    let (Some(store), Some(clock)) = (store, clock) else {
        return Err(ApiError::internal("no store or clock was given to the HTTP server"));
    };
    let identity = identify_by(store, clock, proof.as_ref(), request.path(), least).await?;
    check_csrf(request, &identity)?;
    Ok(identity)
}

/// Finds out whose proof this is, and whether they may have what is at this path of the API.
///
/// # Errors
/// [`Code::SignInNeeded`] or [`Code::NotAllowed`]; [`Code::Unavailable`] where the store does not say.
pub async fn identify_by(
    store: &Store,
    clock: &Clock,
    proof: Option<&Proof>,
    path: &str,
    least: Role,
) -> Result<Identity, ApiError> {
    let found = match proof {
        Some(Proof::Token(token)) => by_token(store, clock.now(), token.expose().to_owned()).await?,
        Some(Proof::Session(secret)) => {
            let (secret, now) = (secret.expose().to_owned(), clock.now());
            store.read(move |conn| sign_in::by_session(conn, &secret, now)).await?
        }
        None => None,
    };
    let identity = found.ok_or_else(|| {
        ApiError::new(
            Code::SignInNeeded,
            "There is no valid session or token. Sign in, or make a token with `fairlead token create`.",
        )
    })?;
    check_scope(path, &identity)?;
    if identity.role < least {
        let sentence =
            format!("This needs the role {least}; {} has the role {}.", identity.name, identity.role);
        return Err(ApiError::new(Code::NotAllowed, sentence));
    }
    Ok(identity)
}

fn bearer(request: &HttpRequest) -> Option<String> {
    bearer_of(request.headers().get(AUTHORIZATION)?.to_str().ok()?)
}

/// The token in the value of an `Authorization` header.
pub fn bearer_of(header: &str) -> Option<String> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

async fn by_token(store: &Store, now: Time, token: String) -> Result<Option<Identity>, ApiError> {
    let secret = token.clone();
    let found = store.read(move |conn| sign_in::by_token(conn, &secret, now)).await?;
    if found.as_ref().is_some_and(|found| found.is_untouched) {
        // Last use is a courtesy: a store that cannot note it now does not keep the caller out.
        if let Err(StoreError::Fault(cause)) =
            store.write(move |tx| sign_in::touch_token(tx, &token, now)).await
        {
            tracing::warn!(cause, "a token's last use was not noted");
        }
    }
    Ok(found.map(|found| found.identity))
}

/// A token that is limited opens the parts of the API that it names, and no address that belongs to none.
fn check_scope(path: &str, identity: &Identity) -> Result<(), ApiError> {
    let scope = scope_of(path);
    if identity.scopes.is_empty() || scope.is_some_and(|scope| identity.scopes.contains(&scope)) {
        return Ok(());
    }
    let has: Vec<&str> = identity.scopes.iter().map(|scope| scope.as_str()).collect();
    Err(ApiError::new(
        Code::NotAllowed,
        format!(
            "The token {} is limited to {}, and this is not a part of it.",
            identity.name,
            has.join(", ")
        ),
    ))
}

/// The part of the API to which an address belongs.
fn scope_of(path: &str) -> Option<Scope> {
    // The addresses of old scripts.
    if let Some(old) = path.strip_prefix("/v1/") {
        return Some(match old.split('/').next()? {
            "routing" | "queues" => Scope::Routes,
            "errors" => Scope::Problems,
            "rockblocks" => Scope::Modems,
            _ => Scope::Devices,
        });
    }
    let area = path.strip_prefix("/api/v1/")?.split('/').next()?;
    Some(match area {
        "modems" => Scope::Modems,
        "devices" | "groups" | "registration" | "rooms" | "knocks" => Scope::Devices,
        "firmware" => Scope::Firmware,
        "messages" | "import" => Scope::Messages,
        "problems" | "held" => Scope::Problems,
        "outgoing" | "downlinks" | "accounts" | "credits" | "budgets" | "schedules" => Scope::Outgoing,
        "routes" | "endpoints" | "deliveries" | "formats" => Scope::Routes,
        "live" | "feed" => Scope::Changes,
        "system" | "first-run" => Scope::System,
        "people" | "tokens" | "audit" => Scope::People,
        _ => return None,
    })
}

/// A change sent by a browser must carry what only our own page knows.
fn check_csrf(request: &HttpRequest, identity: &Identity) -> Result<(), ApiError> {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let Some(csrf) = identity.csrf.as_deref().filter(|_| changes) else { return Ok(()) };
    let sent = request.headers().get(CSRF_HEADER).and_then(|h| h.to_str().ok());
    if sent.is_some_and(|sent| sign_in::hash(sent) == sign_in::hash(csrf)) {
        return Ok(());
    }
    Err(ApiError::new(
        Code::CsrfMissing,
        "The change did not come from a page of this session. Load the page again.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limited_token_opens_what_it_names_and_nothing_else() {
        let mut identity = Identity {
            name: "logger".to_owned(),
            role: Role::Admin,
            csrf: None,
            expires_at: None,
            person: None,
            by_link: false,
            scopes: vec![Scope::Modems, Scope::Problems],
        };
        for open in
            ["/api/v1/modems", "/api/v1/modems/1/notes", "/api/v1/problems/1/repair", "/api/v1/held/1/admit"]
        {
            assert!(check_scope(open, &identity).is_ok(), "{open}");
        }
        for shut in
            ["/api/v1/messages", "/api/v1/live", "/api/v1/session", "/api/v1/", "/api/v1/modemsx", "/"]
        {
            assert!(check_scope(shut, &identity).is_err(), "{shut}");
        }
        for (old, scope) in [
            ("/v1/buoys", Scope::Devices),
            ("/v1/handsets/create", Scope::Devices),
            ("/v1/routing", Scope::Routes),
            ("/v1/routing/create", Scope::Routes),
            ("/v1/queues", Scope::Routes),
            ("/v1/errors", Scope::Problems),
            ("/v1/rockblocks", Scope::Modems),
        ] {
            assert_eq!(scope_of(old), Some(scope), "{old}");
        }
        identity.scopes.clear();
        assert!(check_scope("/api/v1/session", &identity).is_ok());
    }
}
