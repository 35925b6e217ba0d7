//! Each request has an id: taken from the proxy or made here, logged, answered, and quoted in errors.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, web};
use fairlead_model::Clock;
use tracing::Instrument;

/// The header that carries the id, both ways.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static ID: String;
}

/// The id of the request that is being answered; empty outside of one.
pub fn current_id() -> String {
    ID.try_with(Clone::clone).unwrap_or_default()
}

/// Middleware: names the request, runs it in a span with the name, and answers with it.
///
/// # Errors
/// What the request itself answers.
pub async fn with_id(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = given_id(&request).unwrap_or_else(|| fresh_id(&request));
    let span =
        tracing::info_span!("request", id, method = %request.method(), path = shown_path(request.path()));
    let header = HeaderValue::from_str(&id);
    let mut response = ID.scope(id, next.call(request)).instrument(span).await?;
    if let Ok(value) = header {
        response.headers_mut().insert(HEADER, value);
    }
    Ok(response)
}

/// The path without the secret that makes it a trusted one.
fn shown_path(path: &str) -> &str {
    const SECRET_BELOW: &str = "/rockblock/incoming/";
    if path.starts_with(SECRET_BELOW) { SECRET_BELOW } else { path }
}

/// What a proxy gave, if it is short and plain.
fn given_id(request: &ServiceRequest) -> Option<String> {
    let given = request.headers().get(HEADER)?.to_str().ok()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (!given.is_empty() && given.len() <= 64 && given.chars().all(plain)).then(|| given.to_owned())
}

fn fresh_id(request: &ServiceRequest) -> String {
    let clock = request.app_data::<web::Data<Clock>>().map_or_else(Clock::system, |c| c.get_ref().clone());
    clock.new_id().simple().to_string()
}

/// The address from which a request comes, as a text: the peer's, or the one that a proxy on this machine names.
pub fn client_address(request: &HttpRequest) -> String {
    let peer = request.peer_addr().map(|peer| peer.ip());
    let forwarded = request.headers().get("X-Forwarded-For").and_then(|h| h.to_str().ok());
    // The last one is what the nearest proxy has seen; those before it are what it was told.
    let named = forwarded.and_then(|list| list.rsplit(',').next()).map(str::trim);
    match (peer, named) {
        (Some(peer), Some(named)) if peer.is_loopback() && !named.is_empty() => named.to_owned(),
        (Some(peer), _) => peer.to_string(),
        (None, _) => String::new(),
    }
}
