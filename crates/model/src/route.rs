//! Routes: which messages are passed on, and where to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::device::{DeviceKind, DeviceRef};
use crate::endpoint::EndpointRef;
use crate::words::words;
use crate::{DeviceId, EndpointId, GroupId, RouteId, Time};

/// Whose messages a route passes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum RouteSource {
    /// Those of one device, whichever modem is in it.
    Device {
        /// The device.
        #[schema(value_type = String, format = Uuid)]
        id: DeviceId,
    },
    /// Those of the devices in a group.
    Group {
        /// The group.
        #[schema(value_type = String, format = Uuid)]
        id: GroupId,
    },
    /// Those of all devices of a kind.
    Kind {
        /// The kind.
        kind: DeviceKind,
    },
    /// Those of every modem, also of one that is in no device.
    Any,
}

words! {
    /// What a message is, for a route. Each message is one of them.
    RouteMessage, "kind of message" {
        /// A device reports: PK001, PK101, PK004, a tracker's position. Its position may be missing.
        Position "position",
        /// A handset or a tracker wants something of a buoy: PK005, PK006, or the words of old.
        Command "command",
        /// Somebody typed a text on a tracker which is no command.
        Text "text",
        /// Anything else: mailbox checks, acknowledgements, what could be read only in part.
        Other "other",
    }
}

/// A condition on a message. A route with several passes on what meets all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// The message has a position, and it lies so.
    Area {
        /// How.
        is: AreaIs,
        /// Of what.
        area: Area,
    },
    /// The battery is reported, and below this.
    BatteryBelow {
        /// Volts.
        volts: f64,
    },
    /// The tracker says that it reports because of one of these (`ROUTINE`, `BURST`, `ALERT`, …); case does not matter.
    Trigger {
        /// The words.
        any_of: Vec<String>,
    },
    /// A value of the decoded message compares so. One that is absent never does, except with `absent`.
    Field {
        /// Its name in the format `json`, as `speed_m_s` or `status`.
        field: String,
        /// How it compares.
        compares: Comparison,
        /// With what: a number, a word, or true and false. Without meaning for `present` and `absent`.
        #[serde(default)]
        #[schema(value_type = Option<Object>)]
        value: Option<serde_json::Value>,
    },
}

words! {
    /// How a position lies to an area.
    AreaIs, "relation to an area" {
        /// In it.
        Inside "inside",
        /// Not in it.
        Outside "outside",
        /// In it, and the device's position before was not.
        Entered "entered",
        /// Not in it, and the device's position before was.
        Left "left",
    }
}

/// An area on the Earth, WGS 84.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Area {
    /// All that is within so many metres.
    Circle {
        /// Degrees north of its middle.
        latitude: f64,
        /// Degrees east of its middle.
        longitude: f64,
        /// Metres.
        radius_m: f64,
    },
    /// A polygon, in `[longitude, latitude]` as in `GeoJSON`; 3 to 200 corners, the last joined to the first.
    Polygon {
        /// The corners.
        corners: Vec<[f64; 2]>,
    },
}

words! {
    /// How a value compares.
    Comparison, "comparison" {
        /// Is less.
        Below "below",
        /// Is greater.
        Above "above",
        /// Is the same.
        Equals "equals",
        /// Is another.
        Differs "differs",
        /// Is there.
        Present "present",
        /// Is not there.
        Absent "absent",
    }
}

/// Where a route delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum RouteTarget {
    /// To a device, by satellite. It costs credits.
    Device {
        /// The device.
        #[schema(value_type = String, format = Uuid)]
        id: DeviceId,
    },
    /// To an endpoint.
    Endpoint {
        /// The endpoint.
        #[schema(value_type = String, format = Uuid)]
        id: EndpointId,
    },
}

words! {
    /// What is written to an endpoint.
    Format, "format" {
        /// As it was pushed: the keys of RockBLOCK's webhook, encoded as in the queues of the original backend.
        Original "original",
        /// Decoded: names with units, times in RFC 3339.
        Json "json",
        /// A GeoJSON feature with the decoded values as its properties.
        Geojson "geojson",
    }
}

/// A route, as it is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRoute {
    /// What people call it; at most 64 characters. Empty where nobody does.
    #[serde(default)]
    pub name: String,
    /// Whether it passes anything on.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whose messages.
    pub source: RouteSource,
    /// Which messages; at least one.
    pub messages: Vec<RouteMessage>,
    /// On which conditions; at most 10.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// Where to.
    pub target: RouteTarget,
    /// As what; `json` where nothing is said. Without meaning for a device.
    #[serde(default)]
    pub format: Option<Format>,
    /// Seconds after which a position is too old to be sent to a device, 60 to 86,400; 1,800 where nothing is said.
    /// Without meaning for an endpoint.
    #[serde(default)]
    pub lives_s: Option<i64>,
}

const fn yes() -> bool {
    true
}

/// A route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RouteView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: RouteId,
    /// The number by which old scripts know it.
    pub number: i64,
    /// What people call it; empty where nobody does.
    pub name: String,
    /// Whether it passes anything on.
    pub enabled: bool,
    /// Whose messages.
    pub source: RouteSource,
    /// What those are called: a device's or a group's name, or words.
    pub source_name: String,
    /// Which messages.
    pub messages: Vec<RouteMessage>,
    /// On which conditions.
    pub conditions: Vec<Condition>,
    /// Where to.
    pub target: RouteTarget,
    /// The device that it delivers to.
    pub target_device: Option<DeviceRef>,
    /// The endpoint that it delivers to.
    pub target_endpoint: Option<EndpointRef>,
    /// As what; absent for a device.
    pub format: Option<Format>,
    /// Seconds after which a position is too old to be sent to a device.
    pub lives_s: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// Who made it.
    pub created_by: String,
    /// When it was changed last.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Time,
    /// Deliveries that wait.
    pub waiting: i64,
    /// When it delivered last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub delivered_at: Option<Time>,
}

/// How long a position lives where a route says nothing, in seconds.
pub const LIVES_S: i64 = 1_800;

/// What a route would write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    /// The message that it was made of; absent where no real message fits and an example was taken.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub message_id: Option<crate::MessageId>,
    /// Whether the route would pass that message on.
    pub passes: bool,
    /// Why not, in a sentence.
    pub reason: Option<String>,
    /// The media type.
    pub content_type: String,
    /// What would be written; for a device, the text as it gets it.
    pub body: String,
}
