//! `GET /api/openapi.json`: the API's description, as it is checked in and compared with the program by every test run.

use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest, Sha256};

/// The console's own binary knows the other services by this file alone.
const DOCUMENT: &str = include_str!("../../../../docs/reference/openapi.json");

static VERSION: LazyLock<String> =
    LazyLock::new(|| format!("\"{}\"", hex::encode(Sha256::digest(DOCUMENT.as_bytes()))));

/// The document; everybody may read how to ask.
pub(crate) async fn document(request: HttpRequest) -> HttpResponse {
    let known = request.headers().get(IF_NONE_MATCH).and_then(|h| h.to_str().ok());
    if known == Some(VERSION.as_str()) {
        return HttpResponse::NotModified().insert_header((ETAG, VERSION.as_str())).finish();
    }
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((ETAG, VERSION.as_str()))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(DOCUMENT)
}
