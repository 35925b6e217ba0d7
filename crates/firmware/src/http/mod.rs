//! What people ask of the firmware service: one file an area of questions.

pub(crate) mod hooks;
pub(crate) mod jobs;
pub(crate) mod rollouts;
pub(crate) mod sources;
pub(crate) mod versions;

use actix_web::web;
use fairlead_web::{ApiError, Code};
use utoipa::OpenApi;

use crate::door;

#[derive(OpenApi)]
#[openapi(
    paths(
        door::upgrade::upgrade,
        door::upgrade::upgrade_with,
        door::register::register,
        door::register::register_with,
        jobs::list,
        jobs::make,
        jobs::get,
        jobs::cancel,
        rollouts::list,
        rollouts::make,
        rollouts::get,
        rollouts::targets,
        rollouts::change,
        rollouts::roll_back,
        sources::list,
        sources::fetch,
        sources::revisions,
        hooks::push,
        versions::list,
        versions::choose,
        versions::get,
        versions::files,
        versions::remove
    ),
    components(schemas(crate::rollout::Verb))
)]
struct Doc;

/// The firmware service's part of the API's description.
pub fn api_doc() -> utoipa::openapi::OpenApi {
    Doc::openapi()
}

pub(crate) fn mount(config: &mut web::ServiceConfig) {
    door::mount(config);
    config
        .route("/api/v1/firmware/jobs", web::get().to(jobs::list))
        .route("/api/v1/firmware/jobs", web::post().to(jobs::make))
        .route("/api/v1/firmware/jobs/{id}", web::get().to(jobs::get))
        .route("/api/v1/firmware/jobs/{id}/cancel", web::post().to(jobs::cancel))
        .service(
            web::resource("/api/v1/firmware/rollouts")
                .app_data(large_lists())
                .route(web::get().to(rollouts::list))
                .route(web::post().to(rollouts::make)),
        )
        .route("/api/v1/firmware/rollouts/{id}", web::get().to(rollouts::get))
        .route("/api/v1/firmware/rollouts/{id}/targets", web::get().to(rollouts::targets))
        .route("/api/v1/firmware/rollouts/{id}/roll-back", web::post().to(rollouts::roll_back))
        .route("/api/v1/firmware/rollouts/{id}/{verb}", web::post().to(rollouts::change))
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

/// Most bytes of a roll-out that names each of its devices, of which it may have thousands.
const MOST_OF_A_LIST: usize = 1024 * 1024;

fn large_lists() -> web::JsonConfig {
    web::JsonConfig::default().limit(MOST_OF_A_LIST).error_handler(|error, _| {
        ApiError::new(Code::BadRequest, format!("The request cannot be read: {error}.")).into()
    })
}
