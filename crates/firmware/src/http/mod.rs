//! What devices and people ask of the firmware service.

use actix_web::web;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(paths())]
struct Doc;

/// The firmware service's part of the API's description.
pub fn api_doc() -> utoipa::openapi::OpenApi {
    Doc::openapi()
}

pub(crate) fn mount(_: &mut web::ServiceConfig) {}
