//! News: `/api/v1/live` for pages, `/api/v1/feed` for programs. Devices on the line: `/api/v1/rooms` and
//! `/api/v1/knocks`.

mod feed;
mod knocks;
mod line;
mod live;
mod rooms;

use actix_web::web;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    paths(
        live::live,
        feed::feed,
        rooms::list,
        rooms::get,
        rooms::log,
        line::line,
        knocks::list,
        knocks::forget,
    ),
    components(schemas(
        fairlead_model::live::LiveEvent,
        fairlead_model::room::LineEvent,
        fairlead_model::room::LineOrder,
    ))
)]
struct Doc;

/// The hub's part of the API's description.
pub fn api_doc() -> utoipa::openapi::OpenApi {
    Doc::openapi()
}

pub(crate) fn mount(config: &mut web::ServiceConfig) {
    config
        .route("/api/v1/live", web::get().to(live::live))
        .route("/api/v1/feed", web::get().to(feed::feed))
        .route("/api/v1/rooms", web::get().to(rooms::list))
        .route("/api/v1/rooms/{name}", web::get().to(rooms::get))
        .route("/api/v1/rooms/{name}/log", web::get().to(rooms::log))
        .route("/api/v1/rooms/{name}/line", web::get().to(line::line))
        .route("/api/v1/knocks", web::get().to(knocks::list))
        .route("/api/v1/knocks/{name}", web::delete().to(knocks::forget));
}
