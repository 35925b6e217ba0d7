//! What a modem's messages told: its readings, and its track.

use actix_web::web;
use fairlead_model::message::{Dialect, PositionView, WakeStatus};
use fairlead_model::{MessageId, ModemId, Time};
use fairlead_store::StoreError;
use fairlead_store::satellite::readings::{self, Filter, ReadingRow};
use fairlead_store::satellite::{modems, word};
use fairlead_web::{ApiError, Code, Page, PageQuery, Viewer};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::service::State;

/// What was read from one message. What it did not say is null.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReadingView {
    /// The message.
    #[schema(value_type = String, format = Uuid)]
    message_id: MessageId,
    /// When the modem sent it; when it was received where that is not known.
    #[schema(value_type = String, format = DateTime)]
    transmitted_at: Time,
    /// The modem's message number, 0 to 65,535.
    momsn: Option<i32>,
    /// The message type, as `PK001`; of a RockSTAR `RS-` and its trigger, as `RS-ACKNOWLEDGE`; `empty`, or `unread`.
    kind: String,
    /// The device's own time; the transmit time where it told none.
    #[schema(value_type = String, format = DateTime)]
    device_at: Time,
    /// It was handled after a newer one.
    late: bool,
    /// The device's clock is too far ahead to be believed.
    clock_ahead: bool,
    /// GPS, degrees north.
    latitude: Option<f64>,
    /// GPS, degrees east.
    longitude: Option<f64>,
    /// The network's estimate, degrees north.
    estimate_latitude: Option<f64>,
    /// The network's estimate, degrees east.
    estimate_longitude: Option<f64>,
    /// Radius of the network's estimate, metres.
    estimate_accuracy_m: Option<f64>,
    /// Speed over ground, metres per second.
    speed_m_s: Option<f64>,
    /// Course over ground, degrees true.
    course_deg: Option<f64>,
    /// Battery, volts.
    battery_v: Option<f64>,
    /// Reporting interval that it named, seconds.
    interval_s: Option<i64>,
    /// Sleep that it named, seconds.
    sleep_s: Option<i64>,
    /// Its word on its wake-up.
    status: Option<WakeStatus>,
    /// Whether its last-mile beacon is on.
    beacon_on: Option<bool>,
    /// The build that seems to speak.
    dialect: Option<Dialect>,
}

impl ReadingView {
    pub(crate) fn of(row: ReadingRow) -> Result<Self, StoreError> {
        Ok(Self {
            message_id: row.message_id.into(),
            transmitted_at: row.transmitted_at.into(),
            momsn: row.momsn,
            kind: row.kind,
            device_at: row.device_at.into(),
            late: row.late,
            clock_ahead: row.clock_ahead,
            latitude: row.latitude,
            longitude: row.longitude,
            estimate_latitude: row.estimate_latitude,
            estimate_longitude: row.estimate_longitude,
            estimate_accuracy_m: row.estimate_accuracy_m,
            speed_m_s: row.speed_m_s,
            course_deg: row.course_deg,
            battery_v: row.battery_v,
            interval_s: row.interval_s,
            sleep_s: row.sleep_s,
            status: word(row.status.as_deref())?,
            beacon_on: row.beacon_on,
            dialect: word(row.dialect.as_deref())?,
        })
    }
}

/// Which part of a modem's history is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// Not transmitted before this moment (RFC 3339).
    #[param(format = DateTime)]
    from: Option<String>,
    /// Transmitted before this moment (RFC 3339).
    #[param(format = DateTime)]
    to: Option<String>,
    /// Messages in the page, 1 to 500; 50 where it is not said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What a modem's messages told, newest first.
#[utoipa::path(get, path = "/api/v1/modems/{id}/readings", tag = "modems", params(("id" = Uuid, Path), HistoryQuery),
    responses((status = 200, body = Page<ReadingView>), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<State>,
    id: web::Path<Uuid>,
    query: web::Query<HistoryQuery>,
) -> Result<web::Json<Page<ReadingView>>, ApiError> {
    let Page { items, next_cursor } = page(&state, id.into_inner(), query.into_inner()).await?;
    let items = items.into_iter().map(ReadingView::of).collect::<Result<_, _>>()?;
    Ok(web::Json(Page { items, next_cursor }))
}

/// The track of a modem, newest first. A page may hold fewer positions than asked for where messages had none.
#[utoipa::path(get, path = "/api/v1/modems/{id}/positions", tag = "modems", params(("id" = Uuid, Path), HistoryQuery),
    responses((status = 200, body = Page<PositionView>), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn positions(
    _: Viewer,
    state: web::Data<State>,
    id: web::Path<Uuid>,
    query: web::Query<HistoryQuery>,
) -> Result<web::Json<Page<PositionView>>, ApiError> {
    let Page { items, next_cursor } = page(&state, id.into_inner(), query.into_inner()).await?;
    Ok(web::Json(Page { items: items.iter().filter_map(ReadingRow::position).collect(), next_cursor }))
}

async fn page(state: &State, id: Uuid, query: HistoryQuery) -> Result<Page<ReadingRow>, ApiError> {
    let HistoryQuery { from, to, limit, cursor } = query;
    let page = PageQuery { limit, cursor };
    let (limit, id) = (page.limit()?, ModemId::from(id));
    let filter = Filter {
        from: from.map(|t| moment("from", &t)).transpose()?,
        to: to.map(|t| moment("to", &t)).transpose()?,
        before: page.cursor()?,
    };
    let rows = state
        .store
        .read(move |conn| {
            modems::imei(conn, id)?;
            readings::page(conn, id, &filter, limit + 1)
        })
        .await?;
    Ok(Page::of(rows, limit, |row| row.place().to_string()))
}

fn moment(name: &str, text: &str) -> Result<Time, ApiError> {
    Time::parse_rfc3339(text)
        .ok_or_else(|| ApiError::new(Code::BadRequest, format!("{name} is an RFC 3339 time, not `{text}`.")))
}
