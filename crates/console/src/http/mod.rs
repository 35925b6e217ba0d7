//! Sign-in, the system page's facts, and the pages themselves.

pub(crate) mod errors;
pub(crate) mod openapi;
pub(crate) mod session;
pub(crate) mod system;

use actix_web::middleware::Compress;
use actix_web::web;
use utoipa::OpenApi;

use crate::pages;

#[derive(OpenApi)]
#[openapi(paths(session::get, session::begin, session::end, system::system, errors::errors))]
struct Doc;

/// The console's part of the API's description.
pub fn api_doc() -> utoipa::openapi::OpenApi {
    Doc::openapi()
}

pub(crate) fn mount(config: &mut web::ServiceConfig) {
    config
        .route("/api/v1/session", web::get().to(session::get))
        .route("/api/v1/session", web::post().to(session::begin))
        .route("/api/v1/session", web::delete().to(session::end))
        .route("/api/v1/system", web::get().to(system::system))
        .route("/api/openapi.json", web::get().to(openapi::document).wrap(Compress::default()))
        .route("/api/docs", web::get().to(pages::api_docs).wrap(Compress::default()))
        .route("/docs/errors", web::get().to(errors::errors))
        .route("/{path:.*}", web::get().to(pages::page).wrap(Compress::default()));
}
