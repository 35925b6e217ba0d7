//! `/api/v1/modems`, `/api/v1/messages`, `/api/v1/problems`, the registry, routes, and the addresses of old scripts: one file
//! an area of questions.

pub(crate) mod messages;
pub(crate) mod modems;
pub(crate) mod notes;
pub(crate) mod old;
pub(crate) mod problems;
pub(crate) mod readings;
pub(crate) mod registry;
pub(crate) mod routes;
pub(crate) mod settle;

use actix_web::web;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(paths(
    modems::list,
    modems::get,
    modems::gaps,
    readings::list,
    readings::positions,
    notes::list,
    notes::add,
    notes::remove,
    messages::list,
    messages::get,
    problems::list,
    settle::repair,
    settle::replay,
    settle::discard,
    registry::devices::list,
    registry::devices::get,
    registry::devices::create,
    registry::devices::change,
    registry::devices::remove,
    registry::import::import,
    registry::keys::make,
    registry::keys::remove,
    registry::links::link,
    registry::links::unlink,
    registry::links::of_device,
    registry::links::of_modem,
    registry::groups::list,
    registry::groups::add,
    registry::groups::remove,
    registry::groups::set_devices,
    registry::registration::get,
    registry::registration::open,
    registry::registration::shut,
    routes::list,
    routes::get,
    routes::create,
    routes::change,
    routes::remove,
    routes::enable,
    routes::disable,
    routes::preview::preview,
    routes::formats::list,
    routes::formats::schema,
    old::lists::buoys,
    old::lists::handsets,
    old::lists::rockstars,
    old::lists::rockblocks,
    old::lists::queues,
    old::lists::errors,
    old::device::buoy,
    old::device::handset,
    old::device::buoy_messages,
    old::device::handset_messages,
    old::changes::create_buoy,
    old::changes::create_handset,
    old::changes::link,
    old::changes::unlink,
    old::changes::delete,
    old::routing::list,
    old::routing::create,
    old::routing::enable,
    old::routing::delete
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
        .route("/api/v1/modems/{id}/gaps", web::get().to(modems::gaps))
        .route("/api/v1/modems/{id}/readings", web::get().to(readings::list))
        .route("/api/v1/modems/{id}/positions", web::get().to(readings::positions))
        .route("/api/v1/modems/{id}/notes", web::get().to(notes::list))
        .route("/api/v1/modems/{id}/notes", web::post().to(notes::add))
        .route("/api/v1/modems/{id}/notes/{note_id}", web::delete().to(notes::remove))
        .route("/api/v1/messages", web::get().to(messages::list))
        .route("/api/v1/messages/{id}", web::get().to(messages::get))
        .route("/api/v1/problems", web::get().to(problems::list))
        .route("/api/v1/problems/{id}/repair", web::post().to(settle::repair))
        .route("/api/v1/problems/{id}/replay", web::post().to(settle::replay))
        .route("/api/v1/problems/{id}/discard", web::post().to(settle::discard));
    registry::mount(config);
    routes::mount(config);
    old::mount(config);
}
