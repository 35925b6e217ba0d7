//! What a route would write: by the newest message that fits it, else by an example.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use actix_web::web;
use fairlead_model::device::{DeviceKind, DeviceRef};
use fairlead_model::message::MessageView;
use fairlead_model::route::{NewRoute, Preview, RouteMessage, RouteSource};
use fairlead_model::{Clock, DeviceId, Imei, Latitude, Longitude, MessageId};
use fairlead_store::registry::{devices, groups};
use fairlead_store::routing::Checked;
use fairlead_store::routing::routes::{self, Route};
use fairlead_store::satellite::messages::{self, Filter, MessageRow};
use fairlead_store::satellite::readings;
use fairlead_store::{Conn, StoreError};
use fairlead_web::{ApiError, Viewer};
use fairlead_wire::rockcore::{self, Source, Trigger};
use uuid::Uuid;

use super::made;
use crate::decode;
use crate::routing::conditions;
use crate::routing::message::Heard;
use crate::routing::pass::{Asking, Body, Why};
use crate::service::State;

/// Newest messages that are looked through for one that fits.
const LOOKED_THROUGH: i64 = 100;

/// A v2 buoy's text, with all the values that there are.
const POSITION: &str =
    "PK001;lat:3749.5074,NS:N,lon:12216.6021,EW:W,utc:210501.086,sog:2.371,cog:45.5,sta:01,batt:3.7";

/// Shows what a route would write, without making it: of the newest message that is of its source and of its kinds, else
/// of an example. Says whether the route would pass that message on, and why not.
#[utoipa::path(post, path = "/api/v1/routes/preview", tag = "routes", request_body = NewRoute,
    responses((status = 200, body = Preview),
        (status = 422, description = "All that is wrong is in `errors`", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn preview(
    _: Viewer,
    state: web::Data<State>,
    new: web::Json<NewRoute>,
) -> Result<web::Json<Preview>, ApiError> {
    let (clock, new) = (state.clock.clone(), new.into_inner());
    let look = move |conn: &mut Conn| look(conn, &clock, &new);
    made(state.store.read(look).await?).map(web::Json)
}

fn look(conn: &mut Conn, clock: &Clock, new: &NewRoute) -> Result<Checked<Preview>, StoreError> {
    let flaws = [conditions::flaws(new), routes::check(conn, new)?].concat();
    if !flaws.is_empty() {
        return Ok(Err(flaws));
    }
    let route = Route::wanted(conn, new)?;
    let known = newest(conn, route.source)?;
    for (heard, device, groups) in &known {
        let content_type = heard.content_type();
        let mut asking = Asking::of(heard, device.clone(), groups.clone(), content_type.as_deref())?;
        if asking.concerns(&route, &[]).is_ok() {
            if asking.needs_before(&route) {
                asking.look_before(conn, None)?;
            }
            return shown(&mut asking, &route, Some(heard.id())).map(Ok);
        }
    }
    let Some(message) = route.messages.first().copied() else { return Err(StoreError::NotFound) };
    let (device, groups) = example_sender(conn, &route)?;
    let heard = example(clock, message)?;
    let content_type = heard.content_type();
    let mut asking = Asking::of(&heard, Some(device), groups, content_type.as_deref())?;
    shown(&mut asking, &route, None).map(Ok)
}

fn shown(
    asking: &mut Asking<'_>,
    route: &Route,
    message_id: Option<MessageId>,
) -> Result<Preview, StoreError> {
    let body = asking.body(route)?;
    let against = asking.meets(route).err().or(body.is_none().then_some(Why::Nothing));
    let (content_type, text) = match body {
        Some(Body { content_type, shown, .. }) => (content_type, shown),
        None => ("text/plain", String::new()),
    };
    let to_device = route.target_kind.is_some();
    Ok(Preview {
        message_id,
        passes: against.is_none(),
        reason: against.map(|why| why.to_string()),
        content_type: if to_device { "text/plain" } else { content_type }.to_owned(),
        body: text,
    })
}

type Known = (Heard, Option<DeviceRef>, BTreeSet<fairlead_model::GroupId>);

/// The newest messages that can be of a source, newest first, with whose they are.
fn newest(conn: &mut Conn, source: RouteSource) -> Result<Vec<Known>, StoreError> {
    let device = match source {
        RouteSource::Device { id } => Some(id),
        RouteSource::Group { .. } | RouteSource::Kind { .. } | RouteSource::Any => None,
    };
    let views = messages::list(conn, &Filter { device, ..Filter::default() }, LOOKED_THROUGH)?;
    let ids: Vec<MessageId> = views.iter().map(|view| view.id).collect();
    let rows: HashMap<MessageId, MessageRow> =
        messages::get_all(conn, &ids)?.into_iter().map(|row| (row.id.into(), row)).collect();
    let read = readings::of_messages(conn, &ids)?;
    let senders: BTreeSet<DeviceId> =
        views.iter().filter_map(|view| Some(view.device.as_ref()?.id)).collect();
    let of = groups::of_devices(conn, &senders.into_iter().collect::<Vec<_>>())?;
    let known = |view: MessageView| {
        let heard = Heard::again(rows.get(&view.id)?.clone(), read.get(&view.id)?.clone())?;
        let groups = view.device.as_ref().and_then(|device| of.get(&device.id)).cloned().unwrap_or_default();
        Some((heard, view.device, groups))
    };
    Ok(views.into_iter().filter_map(known).collect())
}

/// Whose an example is: the device that is named, else one that the source could have.
fn example_sender(
    conn: &mut Conn,
    route: &Route,
) -> Result<(DeviceRef, BTreeSet<fairlead_model::GroupId>), StoreError> {
    let other = match route.target_kind {
        Some(DeviceKind::Buoy) => DeviceKind::Handset,
        _ => DeviceKind::Buoy,
    };
    let named = |kind: DeviceKind| DeviceRef {
        id: Uuid::nil().into(),
        kind,
        name: format!("{}001", kind.prefix().unwrap_or("RS")),
    };
    Ok(match route.source {
        RouteSource::Device { id } => {
            let known = devices::refs(conn, &[id])?.remove(&id);
            (known.ok_or(StoreError::NotFound)?, BTreeSet::new())
        }
        RouteSource::Group { id } => (named(other), BTreeSet::from([id])),
        RouteSource::Kind { kind } => (named(kind), BTreeSet::new()),
        RouteSource::Any => (named(other), BTreeSet::new()),
    })
}

/// A message that nobody sent, of a kind.
pub(crate) fn example(clock: &Clock, message: RouteMessage) -> Result<Heard, StoreError> {
    let none = || StoreError::Fault("an example cannot be made".to_owned());
    let imei: Imei = "300434063836590".parse().map_err(|_| none())?;
    let received_at = clock.now();
    let transmitted_at = received_at.minus(Duration::from_secs(20));
    let mut row = MessageRow {
        id: MessageId::new(clock).into(),
        provider: "rockblock".to_owned(),
        imei: imei.to_string(),
        momsn: Some(441),
        transmitted_at: Some(transmitted_at.into()),
        transmit_time_raw: None,
        received_at: received_at.into(),
        trust: "signed".to_owned(),
        state: "decoded".to_owned(),
        payload: Some(Vec::new()),
        payload_raw: None,
        device_type: None,
        serial: Some("13760".to_owned()),
        iridium_latitude: Some(37.774),
        iridium_longitude: Some(-122.405),
        iridium_cep_km: Some(4.0),
        session_status: Some(0),
        modem_id: None,
        summary: None,
        marks: None,
        replaces: None,
        body: Vec::new(),
        source: "{}".to_owned(),
    };
    match message {
        RouteMessage::Position => {
            let utc = transmitted_at.date_time().format("utc:%H%M%S.086").to_string();
            row.payload = Some(POSITION.replace("utc:210501.086", &utc).into_bytes());
        }
        RouteMessage::Command => row.payload = Some(b"PK006;10".to_vec()),
        RouteMessage::Other => {}
        RouteMessage::Text => {
            let fields = rockcore::Fields {
                id: "an example".to_owned(),
                imei,
                device_type: "LEOPARD3".to_owned(),
                serial: 13_760,
                momsn: 441,
                transmitted_at,
                measured_at: transmitted_at,
                trigger: Trigger::Message,
                source: Source::Gps,
                position: (
                    Latitude::new(37.825_123).ok_or_else(none)?,
                    Longitude::new(-122.276_702).ok_or_else(none)?,
                ),
                cep_km: 4,
                speed_knots: 1.3,
                course_deg: 45,
                altitude_m: 2,
                battery_percent: 82,
                message: Some("All well on board".to_owned()),
                message_ack: None,
            };
            "rockcore".clone_into(&mut row.provider);
            row.payload.clone_from(&fields.message.clone().map(String::into_bytes));
            row.body = fields.json_body(None).into_bytes();
            let came = BTreeMap::from([("content_type", "application/json")]);
            row.source = serde_json::to_string(&came).unwrap_or_default();
        }
    }
    let decoded = decode::decode(&row, Uuid::nil().into(), None);
    Heard::alone(row, decoded).ok_or_else(none)
}
