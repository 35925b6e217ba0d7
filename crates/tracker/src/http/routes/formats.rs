//! Formats of what is passed on, with their schemas.

use actix_web::{HttpResponse, web};
use fairlead_model::device::{DeviceKind, DeviceRef};
use fairlead_model::route::{Format, RouteMessage};
use fairlead_web::{ApiError, Viewer};
use fairlead_wire::route;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::preview;
use crate::service::State;

/// A format.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FormatView {
    /// Its word.
    format: Format,
    /// The media type of what is written.
    content_type: &'static str,
    /// What it is, in a sentence.
    about: &'static str,
    /// A position in it.
    example: String,
}

const fn about(format: Format) -> &'static str {
    match format {
        Format::Original => {
            "As RockBLOCK pushed it, with the keys and the encoding of the queues of the original backend."
        }
        Format::Json => "Decoded: every name is always there, with its unit; times are RFC 3339.",
        Format::Geojson => "A GeoJSON feature; its properties are the decoded message.",
    }
}

/// The formats in which messages are passed on.
#[utoipa::path(get, path = "/api/v1/formats", tag = "routes",
    responses((status = 200, body = Vec<FormatView>)))]
pub(crate) async fn list(_: Viewer, state: web::Data<State>) -> Result<web::Json<Vec<FormatView>>, ApiError> {
    let heard = preview::example(&state.clock, RouteMessage::Position)?;
    let device = DeviceRef { id: Uuid::nil().into(), kind: DeviceKind::Buoy, name: "PK001".to_owned() };
    let facts = heard.facts(Some(device), None)?;
    let view = |format: &Format| FormatView {
        format: *format,
        content_type: route::content_type(*format),
        about: about(*format),
        example: route::write(*format, &facts),
    };
    Ok(web::Json(Format::ALL.iter().map(view).collect()))
}

/// The JSON schema (2020-12) of a format.
#[utoipa::path(get, path = "/api/v1/formats/{format}/schema", tag = "routes",
    params(("format" = Format, Path)),
    responses((status = 200, description = "The schema", content_type = "application/schema+json", body = serde_json::Value),
        (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn schema(_: Viewer, format: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let format: Format = format.parse().map_err(|_| {
        ApiError::new(fairlead_web::Code::NotFound, "There is no format of this name.".to_owned())
    })?;
    Ok(HttpResponse::Ok().content_type("application/schema+json").json(route::schema(format)))
}
