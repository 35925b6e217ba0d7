//! The nouns of Fairlead: typed ids, time, positions, trust, statuses, bus messages, secrets.
//!
//! Nothing here does I/O. Everything that leaves a process is a type of this crate, so that two services
//! agree on it by construction.

pub mod budget;
pub mod clock;
pub mod delivery;
pub mod device;
pub mod door;
pub mod endpoint;
pub mod firmware;
pub mod id;
pub mod imei;
pub mod live;
pub mod message;
pub mod mt;
pub mod position;
pub mod problem;
pub mod queue;
pub mod role;
pub mod room;
pub mod route;
pub mod schedule;
pub mod secret;
pub mod time;
pub mod trust;
mod words;

pub use clock::{Clock, ManualClock};
pub use id::{
    AuditId, BudgetId, CallId, DeliveryId, DeviceId, EndpointId, EnvelopeId, GroupId, HeldId, JobId, LinkId,
    MessageId, ModemId, MtId, NodeId, NoteId, OutboxId, PersonId, ProblemId, QueueId, RolloutId, RouteId,
    ScheduleId, SessionId, TokenId, VersionId,
};
pub use imei::Imei;
pub use position::{Fix, Latitude, Longitude, PositionSource};
pub use secret::Secret;
pub use time::Time;
pub use trust::Trust;
