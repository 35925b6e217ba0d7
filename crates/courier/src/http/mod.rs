//! `/api/v1/outgoing`, `/api/v1/downlinks`, `/api/v1/accounts`, `/api/v1/credits`, `/api/v1/budgets`,
//! `/api/v1/schedules`: one file an area of questions.

pub(crate) mod accounts;
pub(crate) mod budgets;
pub(crate) mod credits;
pub(crate) mod deliveries;
pub(crate) mod downlinks;
pub(crate) mod endpoints;
pub(crate) mod group;
pub(crate) mod outgoing;
pub(crate) mod schedules;

use actix_web::web;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(paths(
    outgoing::list,
    outgoing::ask,
    group::ask,
    outgoing::get,
    outgoing::settle,
    outgoing::cancel,
    downlinks::get,
    downlinks::put,
    accounts::list,
    accounts::pause,
    accounts::resume,
    credits::list,
    budgets::list,
    budgets::add,
    budgets::change,
    budgets::remove,
    schedules::list,
    schedules::add,
    schedules::change,
    schedules::remove,
    schedules::run,
    endpoints::list,
    endpoints::get,
    endpoints::create,
    endpoints::change,
    endpoints::remove,
    endpoints::enable,
    endpoints::disable,
    endpoints::test,
    endpoints::add_key,
    endpoints::remove_key,
    deliveries::list,
    deliveries::get,
    deliveries::redeliver,
    deliveries::discard,
    deliveries::redeliver_all,
    deliveries::discard_all
))]
struct Doc;

/// The courier's part of the API's description.
pub fn api_doc() -> utoipa::openapi::OpenApi {
    Doc::openapi()
}

pub(crate) fn mount(config: &mut web::ServiceConfig) {
    mount_routing(config);
    config
        .route("/api/v1/outgoing", web::get().to(outgoing::list))
        .route("/api/v1/outgoing", web::post().to(outgoing::ask))
        .route("/api/v1/outgoing/group", web::post().to(group::ask))
        .route("/api/v1/outgoing/{id}", web::get().to(outgoing::get))
        .route("/api/v1/outgoing/{id}/settle", web::post().to(outgoing::settle))
        .route("/api/v1/outgoing/{id}/cancel", web::post().to(outgoing::cancel))
        .route("/api/v1/downlinks/{modem_id}", web::get().to(downlinks::get))
        .route("/api/v1/downlinks/{modem_id}", web::put().to(downlinks::put))
        .route("/api/v1/accounts", web::get().to(accounts::list))
        .route("/api/v1/accounts/{name}/pause", web::post().to(accounts::pause))
        .route("/api/v1/accounts/{name}/resume", web::post().to(accounts::resume))
        .route("/api/v1/credits", web::get().to(credits::list))
        .route("/api/v1/budgets", web::get().to(budgets::list))
        .route("/api/v1/budgets", web::post().to(budgets::add))
        .route("/api/v1/budgets/{id}", web::put().to(budgets::change))
        .route("/api/v1/budgets/{id}", web::delete().to(budgets::remove))
        .route("/api/v1/schedules", web::get().to(schedules::list))
        .route("/api/v1/schedules", web::post().to(schedules::add))
        .route("/api/v1/schedules/{id}", web::put().to(schedules::change))
        .route("/api/v1/schedules/{id}", web::delete().to(schedules::remove))
        .route("/api/v1/schedules/{id}/run", web::post().to(schedules::run));
}

/// Endpoints and what is delivered to them.
fn mount_routing(config: &mut web::ServiceConfig) {
    config
        .route("/api/v1/endpoints", web::get().to(endpoints::list))
        .route("/api/v1/endpoints", web::post().to(endpoints::create))
        .route("/api/v1/endpoints/{id}", web::get().to(endpoints::get))
        .route("/api/v1/endpoints/{id}", web::put().to(endpoints::change))
        .route("/api/v1/endpoints/{id}", web::delete().to(endpoints::remove))
        .route("/api/v1/endpoints/{id}/enable", web::post().to(endpoints::enable))
        .route("/api/v1/endpoints/{id}/disable", web::post().to(endpoints::disable))
        .route("/api/v1/endpoints/{id}/test", web::post().to(endpoints::test))
        .route("/api/v1/endpoints/{id}/signing-keys", web::post().to(endpoints::add_key))
        .route("/api/v1/endpoints/{id}/signing-keys/{number}", web::delete().to(endpoints::remove_key))
        .route("/api/v1/deliveries", web::get().to(deliveries::list))
        .route("/api/v1/deliveries/redeliver", web::post().to(deliveries::redeliver_all))
        .route("/api/v1/deliveries/discard", web::post().to(deliveries::discard_all))
        .route("/api/v1/deliveries/{id}", web::get().to(deliveries::get))
        .route("/api/v1/deliveries/{id}/redeliver", web::post().to(deliveries::redeliver))
        .route("/api/v1/deliveries/{id}/discard", web::post().to(deliveries::discard));
}
