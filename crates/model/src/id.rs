//! Typed ids. Each is a `UUIDv7` made by the application (see [`crate::Clock::new_id`]).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Clock;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh id whose time is the clock's.
            pub fn new(clock: &Clock) -> Self {
                Self(clock.new_id())
            }

            /// The id in its general form.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// One stored message of a device, given to it by the intake before it was journalled.
    MessageId;
    /// One satellite modem.
    ModemId;
    /// One note about a modem.
    NoteId;
    /// One message to a device.
    MtId;
    /// One call of a provider.
    CallId;
    /// One thing that a person should look at.
    ProblemId;
    /// One request that was kept as evidence instead of being let in.
    HeldId;
    /// One row of the outbox.
    OutboxId;
    /// One message on the bus.
    EnvelopeId;
    /// One API token (its name in lists, not its secret).
    TokenId;
    /// One person who may sign in.
    PersonId;
    /// One entry of the audit log.
    AuditId;
    /// One browser session (its name in lists, not its secret).
    SessionId;
    /// One device of the registry.
    DeviceId;
    /// One time during which a modem was in a device.
    LinkId;
    /// One group of devices.
    GroupId;
    /// One queue at AWS.
    QueueId;
    /// One run of a hub.
    NodeId;
    /// One version of a firmware.
    VersionId;
    /// One upgrade of one device.
    JobId;
    /// One roll-out.
    RolloutId;
    /// One route.
    RouteId;
    /// One endpoint: where routes deliver to, beside devices.
    EndpointId;
    /// One message on its way to one target. Stays the same through all tries.
    DeliveryId;
    /// One budget of credits.
    BudgetId;
    /// One order that is given again and again.
    ScheduleId;
}
