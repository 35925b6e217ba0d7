//! What is known of each request: its id, taken from the proxy or made here, logged, answered, and quoted in errors;
//! and the address from which it comes.

use std::net::IpAddr;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, web};
use fairlead_model::Clock;
use tracing::Instrument;

use crate::networks::TrustedProxies;

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

/// Doors for pushes; what follows in a path is a secret.
const SECRET_BELOW: [&str; 3] = ["/rockblock/incoming/", "/rockstar/incoming/", "/cloudloop/incoming/"];

/// The door for devices; the part of the path that follows is a secret.
const DEVICE_BELOW: &str = "/d/";

/// The path without the secret that makes it a trusted one.
fn shown_path(path: &str) -> &str {
    if let Some(door) = SECRET_BELOW.into_iter().find(|door| path.starts_with(door)) {
        return door;
    }
    match path.strip_prefix(DEVICE_BELOW) {
        Some(below) => below.find('/').and_then(|end| below.get(end..)).unwrap_or(DEVICE_BELOW),
        None => path,
    }
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

/// The address from which a request comes: the peer's, or the one that trusted proxies name. `None` where there is no
/// peer, as in a test without a socket.
pub fn client_ip(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    let forwarded_for = header_lines(request, "x-forwarded-for").unwrap_or_default();
    Some(match request.app_data::<web::Data<TrustedProxies>>() {
        Some(proxies) => proxies.see_through(peer, &forwarded_for),
        None => TrustedProxies::default().see_through(peer, &forwarded_for),
    })
}

/// The address from which a request comes, as a text; empty where there is none.
pub fn client_address(request: &HttpRequest) -> String {
    client_ip(request).map(|address| address.to_string()).unwrap_or_default()
}

/// All lines of a header as one, in their order: a proxy may add to the line that it got, or add one of its own.
pub fn header_lines(request: &HttpRequest, name: &str) -> Option<String> {
    let lines: Vec<_> =
        request.headers().get_all(name).map(|h| String::from_utf8_lossy(h.as_bytes())).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn no_secret_of_a_door_is_shown() {
        for door in SECRET_BELOW {
            assert_eq!(shown_path(&format!("{door}hush")), door);
        }
        assert_eq!(shown_path("/api/v1/modems"), "/api/v1/modems");
    }
    use crate::networks::Networks;

    #[test]
    fn a_secret_in_a_path_is_not_shown() {
        for (path, shown) in [
            ("/api/v1/modems", "/api/v1/modems"),
            ("/rockblock/incoming", "/rockblock/incoming"),
            ("/rockblock/incoming/s3cret", "/rockblock/incoming/"),
            ("/d/s3cret/v1/buoy/PK001/upgrade", "/v1/buoy/PK001/upgrade"),
            ("/d/s3cret", "/d/"),
            ("/d/", "/d/"),
        ] {
            assert_eq!(shown_path(path), shown);
        }
    }

    #[test]
    fn the_settings_say_which_proxies_are_believed() {
        let from = |peer: &str| {
            let request = TestRequest::default().peer_addr(peer.parse().unwrap());
            request
                .append_header(("X-Forwarded-For", "6.6.6.6"))
                .append_header(("X-Forwarded-For", "1.2.3.4"))
        };
        let networks = Networks::parse("http.trusted_proxies", &["172.30.7.0/24".to_owned()]).unwrap();
        let proxies = web::Data::new(TrustedProxies(networks));
        let set = |peer: &str| client_address(&from(peer).app_data(proxies.clone()).to_http_request());
        assert_eq!(set("172.30.7.9:1"), "1.2.3.4");
        assert_eq!(set("172.30.8.9:1"), "172.30.8.9");
        let unset = |peer: &str| client_address(&from(peer).to_http_request());
        assert_eq!(unset("172.30.7.9:1"), "172.30.7.9");
        assert_eq!(unset("127.0.0.1:1"), "1.2.3.4");
        assert_eq!(client_address(&TestRequest::default().to_http_request()), "");
    }
}
