//! Schedules: what devices are told again and again.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::mt::Order;
use crate::words::words;
use crate::{DeviceId, GroupId, ScheduleId, Time};

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Audience {
    /// One device.
    Device {
        /// The device.
        #[schema(value_type = String, format = Uuid)]
        id: DeviceId,
    },
    /// The devices that are in a group then.
    Group {
        /// The group.
        #[schema(value_type = String, format = Uuid)]
        id: GroupId,
    },
}

words! {
    /// A day of the week.
    Weekday, "day of the week" {
        /// Monday.
        Monday "monday",
        /// Tuesday.
        Tuesday "tuesday",
        /// Wednesday.
        Wednesday "wednesday",
        /// Thursday.
        Thursday "thursday",
        /// Friday.
        Friday "friday",
        /// Saturday.
        Saturday "saturday",
        /// Sunday.
        Sunday "sunday",
    }
}

/// A schedule, as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSchedule {
    /// What people call it; 1 to 64 characters.
    pub name: String,
    /// Whether it is on.
    pub enabled: bool,
    /// Who is told.
    pub audience: Audience,
    /// What.
    pub order: Order,
    /// On which days; at least one.
    pub days: Vec<Weekday>,
    /// At which time of the day, `HH:MM`.
    pub at: String,
    /// In which time zone, by its IANA name (`Europe/Rome`).
    pub time_zone: String,
}

/// A schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScheduleView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: ScheduleId,
    /// What people call it.
    pub name: String,
    /// Whether it is on.
    pub enabled: bool,
    /// Who is told.
    pub audience: Audience,
    /// What those are called.
    pub audience_name: String,
    /// What.
    pub order: Order,
    /// On which days.
    pub days: Vec<Weekday>,
    /// At which time of the day, `HH:MM`.
    pub at: String,
    /// In which time zone.
    pub time_zone: String,
    /// When it is done next; absent while it is off.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Time>,
    /// When it was done last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_at: Option<Time>,
    /// What came of it, in a sentence.
    pub last_result: Option<String>,
    /// Who made it.
    pub created_by: String,
}
