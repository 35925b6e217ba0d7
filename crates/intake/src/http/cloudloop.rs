//! `POST /cloudloop/incoming`: Cloudloop's webhook, in its three formats.
//!
//! Everything that holds at RockBLOCK's door holds here; see `incoming.rs`. Nothing is signed: the secret in the path and
//! the addresses vouch.

use actix_web::{HttpRequest, HttpResponse, Resource, web};
use fairlead_web::ApiError;

use super::incoming::{not_allowed, only_post, take};
use crate::pushed::Provider;
use crate::service::State;

pub(crate) fn resource(path: &str) -> Resource {
    web::resource(path).route(web::post().to(incoming)).default_service(web::to(wrong_method))
}

pub(crate) fn secret_resource(path: &str) -> Resource {
    web::resource(path).route(web::post().to(incoming_secret)).default_service(web::to(wrong_method))
}

/// Takes a push of Cloudloop, as a form or as JSON.
#[utoipa::path(post, path = "/cloudloop/incoming", tag = "devices",
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, description = "`OK`: it is kept", body = String),
        (status = 400, description = "No IMEI can be read", body = fairlead_web::error::ProblemJson),
        (status = 401, description = "It is not trusted", body = fairlead_web::error::ProblemJson),
        (status = 413, description = "Larger than 64 KiB", body = fairlead_web::error::ProblemJson),
        (status = 415, description = "Neither a form nor JSON", body = fairlead_web::error::ProblemJson),
        (status = 503, description = "It cannot be kept now", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn incoming(
    request: HttpRequest,
    state: web::Data<State>,
    body: web::Payload,
) -> Result<HttpResponse, ApiError> {
    take(&request, &state, Provider::Cloudloop, body, None).await
}

/// Takes a push of Cloudloop on a path that only the provider knows.
#[utoipa::path(post, path = "/cloudloop/incoming/{secret}", tag = "devices",
    params(("secret" = String, Path, description = "`intake.cloudloop.secret_path`")),
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, description = "`OK`: it is kept", body = String),
        (status = 401, description = "It is not trusted", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn incoming_secret(
    request: HttpRequest,
    state: web::Data<State>,
    secret: web::Path<String>,
    body: web::Payload,
) -> Result<HttpResponse, ApiError> {
    take(&request, &state, Provider::Cloudloop, body, Some(secret.into_inner())).await
}

async fn wrong_method() -> HttpResponse {
    not_allowed(&only_post())
}
