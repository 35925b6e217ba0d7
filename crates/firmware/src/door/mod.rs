//! The devices' own protocol: upgrades and registration. Its clients are old, strict, and cannot be changed.

mod answer;
mod command;
pub(crate) mod entry;
mod listing;
pub(crate) mod register;
pub(crate) mod upgrade;

use std::time::Duration;

use actix_web::{HttpResponse, ResponseError, web};
use fairlead_web::{ApiError, Code};

pub(crate) use listing::Listings;

/// Longest body in bytes. A device's longest is about 200.
const MAX_BODY: usize = 4 * 1024;

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);

pub(crate) fn mount(config: &mut web::ServiceConfig) {
    config
        .route("/v1/{kind:buoy|handset}/register", web::post().to(register::register))
        .route("/v1/{kind:buoy|handset}/{iam}/upgrade", web::post().to(upgrade::upgrade))
        .route("/d/{secret}/v1/{kind:buoy|handset}/register", web::post().to(register::register_with))
        .route("/d/{secret}/v1/{kind:buoy|handset}/{iam}/upgrade", web::post().to(upgrade::upgrade_with));
}

/// Reads a body whole.
async fn read(body: web::Payload) -> Result<web::Bytes, ApiError> {
    let whole = tokio::time::timeout(BODY_TIME, body.to_bytes_limited(MAX_BODY)).await;
    let too_slow = || {
        ApiError::new(Code::BadRequest, format!("The body did not arrive within {} s.", BODY_TIME.as_secs()))
    };
    let too_large = || ApiError::new(Code::TooLarge, format!("A body has at most {MAX_BODY} bytes."));
    whole
        .map_err(|_| too_slow())?
        .map_err(|_| too_large())?
        .map_err(|e| ApiError::new(Code::BadRequest, format!("The body cannot be read: {e}.")))
}

/// The answer to a device, whatever it is.
fn answered(result: Result<HttpResponse, ApiError>) -> HttpResponse {
    answer::dressed(result.unwrap_or_else(|error| error.error_response()))
}
