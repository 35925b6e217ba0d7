//! Sign-in, people and tokens, the system page's facts, and the pages themselves.

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod errors;
pub(crate) mod first_run;
pub(crate) mod openapi;
pub(crate) mod people;
pub(crate) mod session;
pub(crate) mod system;
pub(crate) mod tokens;

use actix_web::middleware::Compress;
use actix_web::web;
use utoipa::OpenApi;

use crate::pages;

#[derive(OpenApi)]
#[openapi(paths(
    session::get,
    session::begin,
    session::end,
    account::preferences,
    account::change_password,
    account::become_person,
    people::list,
    people::add,
    people::change,
    people::link,
    people::remove,
    tokens::list,
    tokens::create,
    tokens::revoke,
    audit::list,
    first_run::get,
    first_run::done,
    system::system,
    errors::errors
))]
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
        .route("/api/v1/session/preferences", web::put().to(account::preferences))
        .route("/api/v1/session/password", web::put().to(account::change_password))
        .route("/api/v1/session/person", web::put().to(account::become_person))
        .route("/api/v1/people", web::get().to(people::list))
        .route("/api/v1/people", web::post().to(people::add))
        .route("/api/v1/people/{id}", web::put().to(people::change))
        .route("/api/v1/people/{id}", web::delete().to(people::remove))
        .route("/api/v1/people/{id}/link", web::post().to(people::link))
        .route("/api/v1/tokens", web::get().to(tokens::list))
        .route("/api/v1/tokens", web::post().to(tokens::create))
        .route("/api/v1/tokens/{id}", web::delete().to(tokens::revoke))
        .route("/api/v1/audit", web::get().to(audit::list))
        .route("/api/v1/first-run", web::get().to(first_run::get))
        .route("/api/v1/first-run/done", web::post().to(first_run::done))
        .route("/api/v1/system", web::get().to(system::system))
        .route("/api/openapi.json", web::get().to(openapi::document).wrap(Compress::default()))
        .route("/api/docs", web::get().to(pages::api_docs).wrap(Compress::default()))
        .route("/docs/errors", web::get().to(errors::errors))
        // Addresses of the system that this one replaces: bookmarks lead on.
        .route("/v1/app", web::get().to(pages::old_application))
        .route("/v1/device/{name}", web::get().to(pages::old_device))
        .route("/{path:.*}", web::get().to(pages::page).wrap(Compress::default()));
}
