//! What devices and people ask of the firmware service: one file an area of questions.

pub(crate) mod hooks;
pub(crate) mod sources;
pub(crate) mod versions;

use actix_web::web;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(paths(
    sources::list,
    sources::fetch,
    sources::revisions,
    hooks::push,
    versions::list,
    versions::choose,
    versions::get,
    versions::files,
    versions::remove
))]
struct Doc;

/// The firmware service's part of the API's description.
pub fn api_doc() -> utoipa::openapi::OpenApi {
    Doc::openapi()
}

pub(crate) fn mount(config: &mut web::ServiceConfig) {
    config
        .route("/api/v1/firmware/sources", web::get().to(sources::list))
        .route("/api/v1/firmware/sources/{name}/fetch", web::post().to(sources::fetch))
        .route("/api/v1/firmware/sources/{name}/revisions", web::get().to(sources::revisions))
        .service(
            web::resource("/api/v1/firmware/hooks/{name}")
                .app_data(web::PayloadConfig::new(hooks::MOST_BODY))
                .route(web::post().to(hooks::push)),
        )
        .route("/api/v1/firmware/versions", web::get().to(versions::list))
        .route("/api/v1/firmware/versions", web::post().to(versions::choose))
        .route("/api/v1/firmware/versions/{id}", web::get().to(versions::get))
        .route("/api/v1/firmware/versions/{id}", web::delete().to(versions::remove))
        .route("/api/v1/firmware/versions/{id}/files", web::get().to(versions::files));
}
