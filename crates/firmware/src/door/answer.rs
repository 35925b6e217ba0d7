//! Answers in the one form that the devices' HTTP client can read.
//!
//! It speaks HTTP/1.0, knows the length of a file by a header that is spelt `Content-Length` and in no other way, reads
//! JSON until the connection is closed, and understands neither chunks nor compression nor redirects.

use actix_web::HttpResponse;
use actix_web::http::ConnectionType;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use actix_web::web::Bytes;
use serde_json::json;

/// A job as a device is told of it; the numbers are the firmware's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Status {
    /// Its version is being prepared.
    Init = 0,
    /// The device may fetch it.
    Ready = 2,
    /// The device has it.
    Success = 7,
    /// It was given up.
    Fail = 8,
    /// There is no such job.
    None = 10,
}

/// How a job is.
pub(crate) fn job(number: i64, status: Status) -> HttpResponse {
    text(json!({"job_id": number, "status": status as u8}).to_string())
}

/// There is nothing for this device.
pub(crate) fn nothing() -> HttpResponse {
    job(0, Status::None)
}

/// Noted.
pub(crate) fn noted() -> HttpResponse {
    text("null".to_owned())
}

/// JSON that is written already.
pub(crate) fn text(json: String) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/json")).body(json)
}

/// A file.
pub(crate) fn file(path: &str, content: Bytes) -> HttpResponse {
    let name = path.rsplit('/').next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name: String = name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename={name}")))
        .body(content)
}

/// Any answer, in the form that the client can read.
pub(crate) fn dressed(mut response: HttpResponse) -> HttpResponse {
    let head = response.head_mut();
    head.set_camel_case_headers(true);
    head.set_connection_type(ConnectionType::Close);
    // Nobody on the way may keep it or pack it.
    head.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    response
}
