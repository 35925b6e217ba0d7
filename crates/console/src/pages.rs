//! The built pages, embedded: hashed names are kept for a year, the rest is asked for each time.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION,
};
use actix_web::{HttpRequest, HttpResponse, web};
use fairlead_web::{ApiError, Code};
use rust_embed::RustEmbed;

use crate::service::State;
use crate::settings::Tiles;

#[derive(RustEmbed)]
#[folder = "pages/dist"]
#[exclude = ".*"]
struct Dist;

/// Nothing from elsewhere, but the tiles that the settings name; no inline scripts; styles inline, because the component
/// library sets them.
pub(crate) fn policy(tiles: Option<&Tiles>) -> String {
    let images = tiles.map_or_else(String::new, |tiles| format!(" {}", tiles.origin()));
    format!(
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:{images}; connect-src 'self'; \
         object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// A file of the pages; any other address without a dot is a view of the application.
pub(crate) async fn page(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let path = request.path().trim_start_matches('/');
    if path.starts_with("api/") {
        return Err(ApiError::new(Code::NotFound, "Nothing is served at this address."));
    }
    if let Some(file) = Dist::get(path) {
        return Ok(answer(&state, &request, path, &file));
    }
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    match Dist::get("index.html") {
        Some(index) if !is_file => Ok(answer(&state, &request, "index.html", &index)),
        _ => Err(ApiError::new(Code::NotFound, "Nothing is served at this address.")),
    }
}

/// The API's description, to be read and tried by people.
pub(crate) async fn api_docs(
    state: web::Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    const PAGE: &str = "api-docs.html";
    let file = Dist::get(PAGE);
    file.map(|file| answer(&state, &request, PAGE, &file))
        .ok_or_else(|| ApiError::new(Code::NotFound, "The pages are not built: run `cargo xtask ui`."))
}

/// `/v1/app` of the system that this one replaces: all devices.
pub(crate) async fn old_application() -> HttpResponse {
    lead_on("/")
}

/// `/v1/device/<name>` of the system that this one replaces: the device that is called so.
pub(crate) async fn old_device(name: web::Path<String>) -> HttpResponse {
    let name = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC);
    lead_on(&format!("/?q={name}"))
}

fn lead_on(to: &str) -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, to)).finish()
}

fn answer(state: &State, request: &HttpRequest, path: &str, file: &rust_embed::EmbeddedFile) -> HttpResponse {
    let etag = format!("\"{}\"", hex::encode(file.metadata.sha256_hash()));
    if let Some(response) = not_modified(request, &etag) {
        return response;
    }
    let keep = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type(path)))
        .insert_header((CACHE_CONTROL, keep))
        .insert_header((ETAG, etag))
        .insert_header((CONTENT_SECURITY_POLICY, state.policy.as_str()))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Referrer-Policy", "same-origin"))
        .body(file.data.to_vec())
}

/// The answer to one who has this version already.
pub(crate) fn not_modified(request: &HttpRequest, etag: &str) -> Option<HttpResponse> {
    let known = request.headers().get(IF_NONE_MATCH).and_then(|h| h.to_str().ok());
    (known == Some(etag)).then(|| HttpResponse::NotModified().insert_header((ETAG, etag)).finish())
}

fn content_type(path: &str) -> String {
    let guessed = mime_guess::from_path(path).first_or_octet_stream();
    if guessed.type_() == "text" { format!("{guessed}; charset=utf-8") } else { guessed.to_string() }
}
