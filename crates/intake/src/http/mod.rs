//! The intake's doors: one file each.

pub(crate) mod admit;
pub(crate) mod cloudloop;
pub(crate) mod first_run;
pub(crate) mod heartbeat;
pub(crate) mod import;
pub(crate) mod incoming;
pub(crate) mod rockstar;

use actix_web::web;
use utoipa::OpenApi;

/// The intake's part of the API's description.
#[derive(OpenApi)]
#[openapi(paths(
    incoming::incoming,
    incoming::incoming_secret,
    rockstar::incoming,
    rockstar::incoming_secret,
    cloudloop::incoming,
    cloudloop::incoming_secret,
    heartbeat::heartbeat,
    admit::admit,
    first_run::test,
    import::import
))]
struct Doc;

/// The intake's part of the API's description.
pub fn api_doc() -> utoipa::openapi::OpenApi {
    Doc::openapi()
}

pub(crate) fn mount(config: &mut web::ServiceConfig) {
    config
        .service(incoming::resource("/rockblock/incoming"))
        .service(incoming::secret_resource("/rockblock/incoming/{secret}"))
        .service(rockstar::resource("/rockstar/incoming"))
        .service(rockstar::secret_resource("/rockstar/incoming/{secret}"))
        .service(cloudloop::resource("/cloudloop/incoming"))
        .service(cloudloop::secret_resource("/cloudloop/incoming/{secret}"))
        .route("/connection/hc", web::get().to(heartbeat::heartbeat))
        .route("/api/v1/held/{id}/admit", web::post().to(admit::admit))
        .route("/api/v1/first-run/test", web::post().to(first_run::test))
        .route("/api/v1/import", web::post().to(import::import));
}
