//! The built pages, embedded: hashed names are kept for a year, the rest is asked for each time.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse};
use fairlead_web::{ApiError, Code};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "pages/dist"]
#[exclude = ".*"]
struct Dist;

/// Nothing from elsewhere, no inline scripts; styles inline, because the component library sets them.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/// A file of the pages; any other address without a dot is a view of the application.
pub(crate) async fn page(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let path = request.path().trim_start_matches('/');
    if path.starts_with("api/") {
        return Err(ApiError::new(Code::NotFound, "Nothing is served at this address."));
    }
    if let Some(file) = Dist::get(path) {
        return Ok(answer(&request, path, &file));
    }
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    match Dist::get("index.html") {
        Some(index) if !is_file => Ok(answer(&request, "index.html", &index)),
        _ => Err(ApiError::new(Code::NotFound, "Nothing is served at this address.")),
    }
}

/// The API's description, to be read and tried by people.
pub(crate) async fn api_docs(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    const PAGE: &str = "api-docs.html";
    let file = Dist::get(PAGE);
    file.map(|file| answer(&request, PAGE, &file))
        .ok_or_else(|| ApiError::new(Code::NotFound, "The pages are not built: run `cargo xtask ui`."))
}

fn answer(request: &HttpRequest, path: &str, file: &rust_embed::EmbeddedFile) -> HttpResponse {
    let etag = format!("\"{}\"", hex::encode(file.metadata.sha256_hash()));
    if let Some(response) = not_modified(request, &etag) {
        return response;
    }
    let keep = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type(path)))
        .insert_header((CACHE_CONTROL, keep))
        .insert_header((ETAG, etag))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
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
