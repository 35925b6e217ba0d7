//! Bodies that are larger than others.

use std::time::Duration;

use actix_web::web;
use fairlead_web::{ApiError, Code};

/// How long a body may take.
const TIME: Duration = Duration::from_secs(30);

/// A whole body of at most `most` bytes.
pub(crate) async fn read(body: web::Payload, most: usize) -> Result<web::Bytes, ApiError> {
    let whole = tokio::time::timeout(TIME, body.to_bytes_limited(most)).await.map_err(|_| {
        ApiError::new(Code::BadRequest, format!("The body did not come within {} s.", TIME.as_secs()))
    })?;
    let whole = whole
        .map_err(|_| ApiError::new(Code::TooLarge, format!("The body has at most {} KiB.", most / 1024)))?;
    whole.map_err(|e| ApiError::new(Code::BadRequest, format!("The body cannot be read: {e}.")))
}
