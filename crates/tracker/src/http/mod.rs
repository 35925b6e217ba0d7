//! `/api/v1/modems`, `/api/v1/messages`, `/api/v1/problems`: one file an area of questions.

pub(crate) mod messages;
pub(crate) mod modems;
pub(crate) mod problems;
pub(crate) mod settle;

use actix_web::web;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(paths(
    modems::list,
    modems::get,
    modems::positions,
    modems::gaps,
    messages::list,
    messages::get,
    problems::list,
    settle::repair,
    settle::replay,
    settle::discard
))]
struct Doc;

/// The tracker's part of the API's description.
pub fn api_doc() -> utoipa::openapi::OpenApi {
    Doc::openapi()
}

pub(crate) fn mount(config: &mut web::ServiceConfig) {
    config
        .route("/api/v1/modems", web::get().to(modems::list))
        .route("/api/v1/modems/{id}", web::get().to(modems::get))
        .route("/api/v1/modems/{id}/positions", web::get().to(modems::positions))
        .route("/api/v1/modems/{id}/gaps", web::get().to(modems::gaps))
        .route("/api/v1/messages", web::get().to(messages::list))
        .route("/api/v1/messages/{id}", web::get().to(messages::get))
        .route("/api/v1/problems", web::get().to(problems::list))
        .route("/api/v1/problems/{id}/repair", web::post().to(settle::repair))
        .route("/api/v1/problems/{id}/replay", web::post().to(settle::replay))
        .route("/api/v1/problems/{id}/discard", web::post().to(settle::discard));
}
