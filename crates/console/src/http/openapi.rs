//! `GET /api/openapi.json`: the API's description, as it is checked in and compared with the program by every test run.

use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, ETAG};
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest, Sha256};

use crate::pages;

/// The console's own binary knows the other services by this file alone.
const DOCUMENT: &str = include_str!("../../../../docs/reference/openapi.json");

static VERSION: LazyLock<String> =
    LazyLock::new(|| format!("\"{}\"", hex::encode(Sha256::digest(DOCUMENT.as_bytes()))));

/// The document; everybody may read how to ask.
pub(crate) async fn document(request: HttpRequest) -> HttpResponse {
    if let Some(response) = pages::not_modified(&request, &VERSION) {
        return response;
    }
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((ETAG, VERSION.as_str()))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(DOCUMENT)
}
