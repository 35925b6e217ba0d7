//! News: `/api/v1/live` for pages, `/api/v1/feed` for programs.

mod feed;
mod live;

use actix_web::web;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(paths(live::live, feed::feed), components(schemas(fairlead_model::live::LiveEvent)))]
struct Doc;

/// The hub's part of the API's description.
pub fn api_doc() -> utoipa::openapi::OpenApi {
    Doc::openapi()
}

pub(crate) fn mount(config: &mut web::ServiceConfig) {
    config.route("/api/v1/live", web::get().to(live::live)).route("/api/v1/feed", web::get().to(feed::feed));
}
