//! `/api/v1/outgoing`, `/api/v1/downlinks`, `/api/v1/accounts`, `/api/v1/credits`: one file an area of questions.

pub(crate) mod accounts;
pub(crate) mod credits;
pub(crate) mod downlinks;
pub(crate) mod outgoing;

use actix_web::web;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(paths(
    outgoing::list,
    outgoing::ask,
    outgoing::get,
    outgoing::settle,
    outgoing::cancel,
    downlinks::get,
    downlinks::put,
    accounts::list,
    accounts::pause,
    accounts::resume,
    credits::list
))]
struct Doc;

/// The courier's part of the API's description.
pub fn api_doc() -> utoipa::openapi::OpenApi {
    Doc::openapi()
}

pub(crate) fn mount(config: &mut web::ServiceConfig) {
    config
        .route("/api/v1/outgoing", web::get().to(outgoing::list))
        .route("/api/v1/outgoing", web::post().to(outgoing::ask))
        .route("/api/v1/outgoing/{id}", web::get().to(outgoing::get))
        .route("/api/v1/outgoing/{id}/settle", web::post().to(outgoing::settle))
        .route("/api/v1/outgoing/{id}/cancel", web::post().to(outgoing::cancel))
        .route("/api/v1/downlinks/{modem_id}", web::get().to(downlinks::get))
        .route("/api/v1/downlinks/{modem_id}", web::put().to(downlinks::put))
        .route("/api/v1/accounts", web::get().to(accounts::list))
        .route("/api/v1/accounts/{name}/pause", web::post().to(accounts::pause))
        .route("/api/v1/accounts/{name}/resume", web::post().to(accounts::resume))
        .route("/api/v1/credits", web::get().to(credits::list));
}
