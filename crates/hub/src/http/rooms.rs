//! `/api/v1/rooms`: which devices are on the line, what each said last, and what was said.

use actix_web::web;
use fairlead_model::room::RoomView;
use fairlead_store::rooms;
use fairlead_web::{ApiError, Code, Page, PageQuery, Viewer};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::rooms::NotOpened;
use crate::rooms::log::LogLine;
use crate::service::State;

/// Lines of a log where it is not said how many.
const LINES: u32 = 200;

/// Most lines of a log in one answer.
const MOST_LINES: u32 = 2_000;

/// Which lines are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RoomsQuery {
    /// Only those with a device that is there, or is not.
    connected: Option<bool>,
    /// Items in the page, 1 to 500; 50 where it is not said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The lines of devices that came at any time, by name.
#[utoipa::path(get, path = "/api/v1/rooms", tag = "devices on the line", params(RoomsQuery),
    responses((status = 200, body = Page<RoomView>)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<State>,
    query: web::Query<RoomsQuery>,
) -> Result<web::Json<Page<RoomView>>, ApiError> {
    let RoomsQuery { connected, limit, cursor } = query.into_inner();
    let limit = PageQuery { limit, cursor: None }.limit()?;
    let now = state.clock.now();
    let list = move |conn: &mut fairlead_store::Conn| {
        rooms::list(conn, connected, cursor.as_deref(), limit + 1, now)
    };
    let items = state.store.read(list).await?;
    Ok(web::Json(Page::of(items, limit, |room| room.name.clone())))
}

/// One device's line, as it is now.
#[utoipa::path(get, path = "/api/v1/rooms/{name}", tag = "devices on the line",
    params(("name" = String, Path, description = "The device's name")),
    responses((status = 200, body = RoomView), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn get(
    _: Viewer,
    state: web::Data<State>,
    name: web::Path<String>,
) -> Result<web::Json<RoomView>, ApiError> {
    state.rooms.view(&name).await.map(web::Json).map_err(|not| not_opened(&name, not))
}

/// Why a line cannot be looked at.
pub(super) fn not_opened(name: &str, not: NotOpened) -> ApiError {
    match not {
        NotOpened::NoSuchRoom => ApiError::new(
            Code::NotFound,
            format!("No device is called {name}, and none of this name was ever here."),
        ),
        NotOpened::TooMany => ApiError::new(
            Code::TooMany,
            format!("Too many pages look at {name} already. Close one, and open this one again."),
        )
        .retry_after(10),
        NotOpened::Unavailable(error) => error.into(),
    }
}

/// How much of a log is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogQuery {
    /// The newest so many, 1 to 2,000; 200 where it is not said.
    #[param(minimum = 1, maximum = 2000)]
    lines: Option<u32>,
}

/// What was said on a line.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LineLog {
    /// The texts, oldest first; credentials are masked.
    lines: Vec<LogLine>,
}

/// What was said on a device's line: half a megabyte is kept of each, on the hub that the device was at.
#[utoipa::path(get, path = "/api/v1/rooms/{name}/log", tag = "devices on the line",
    params(("name" = String, Path, description = "The device's name"), LogQuery),
    responses((status = 200, body = LineLog), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn log(
    _: Viewer,
    state: web::Data<State>,
    name: web::Path<String>,
    query: web::Query<LogQuery>,
) -> Result<web::Json<LineLog>, ApiError> {
    let lines = query.lines.unwrap_or(LINES);
    if !(1..=MOST_LINES).contains(&lines) {
        return Err(ApiError::new(Code::BadRequest, format!("lines is 1 to {MOST_LINES}, not {lines}.")));
    }
    // By the name that the registry has; and a name that there is can stand in a path.
    let room = state.rooms.view(&name).await.map_err(|not| not_opened(&name, not))?;
    let lines = state.rooms.log(&room.name, usize::try_from(lines).unwrap_or(0)).await;
    let lines = lines.map_err(|error| ApiError::internal(format!("the log of {} : {error}", room.name)))?;
    Ok(web::Json(LineLog { lines }))
}
