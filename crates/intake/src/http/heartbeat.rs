//! `GET /connection/hc`: devices poll it to learn whether they have a line.

/// The line is there.
#[utoipa::path(get, path = "/connection/hc", tag = "devices", responses((status = 200, description = "`OK`", body = String)))]
pub(crate) async fn heartbeat() -> &'static str {
    "OK"
}
