//! Devices of the registry: what there is in the field, under which name, with which modem.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::firmware::FirmwareSeen;
use crate::room::Presence;
use crate::words::words;
use crate::{DeviceId, GroupId, Imei, LinkId, ModemId, QueueId, Time};

words! {
    /// What a device is.
    DeviceKind, "kind of device" {
        /// A satellite buoy.
        Buoy "buoy",
        /// A boat's handset, which hears buoys and steers them.
        Handset "handset",
        /// A tracker by RockSTAR, which takes texts.
        Rockstar "rockstar",
    }
}

impl DeviceKind {
    /// What the names begin with that are drawn for devices which register themselves; none where they do not.
    pub const fn prefix(self) -> Option<&'static str> {
        match self {
            Self::Buoy => Some("PK"),
            Self::Handset => Some("HS"),
            Self::Rockstar => None,
        }
    }
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name by which a device calls itself (the firmware's IAM): 1 to 32 letters, digits, `_`, `-` and `.`, beginning
/// with a letter or digit, because it stands in addresses. No two devices have names that differ in case only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct DeviceName(String);

impl DeviceName {
    /// Longest name, in characters.
    pub const LONGEST: usize = 32;

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without regard to case.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl FromStr for DeviceName {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let fits = (1..=Self::LONGEST).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
        if fits {
            return Ok(Self(text.to_owned()));
        }
        let shown: String = text.chars().take(Self::LONGEST + 8).collect();
        Err(format!(
            "`{shown}` cannot be a device's name: 1 to {} letters, digits, `_`, `-` and `.`, beginning with a \
             letter or digit",
            Self::LONGEST
        ))
    }
}

impl<'de> Deserialize<'de> for DeviceName {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A device where it is only named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeviceRef {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: DeviceId,
    /// What it is.
    pub kind: DeviceKind,
    /// Its name.
    pub name: String,
}

/// The modem that is in a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkedModem {
    /// The modem.
    #[schema(value_type = String, format = Uuid)]
    pub id: ModemId,
    /// Its number on the network.
    #[schema(value_type = String)]
    pub imei: Imei,
    /// The provider's serial number.
    pub serial: Option<String>,
    /// Since when its messages are the device's.
    #[schema(value_type = String, format = DateTime)]
    pub since: Time,
}

/// A group where it is only named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GroupRef {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: GroupId,
    /// Its name.
    pub name: String,
}

/// One device of the registry, as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeviceView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: DeviceId,
    /// What it is.
    pub kind: DeviceKind,
    /// The number by which old scripts know it, among those of its kind.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// Its serial number with its provider, where it has one of its own (a RockSTAR).
    pub serial: Option<String>,
    /// When it was made known.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// Who made it known; `device` where it registered itself.
    pub created_by: String,
    /// The modem in it.
    pub modem: Option<LinkedModem>,
    /// The groups it is in.
    pub groups: Vec<GroupRef>,
    /// Whether it must show a key when it connects.
    pub has_key: bool,
    /// Its line to the hub; absent where it never had one.
    pub presence: Option<Presence>,
    /// The firmware that it was seen with last.
    pub firmware: Option<FirmwareSeen>,
}

/// A time during which a modem was in a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: LinkId,
    /// The device.
    pub device: DeviceRef,
    /// The modem.
    #[schema(value_type = String, format = Uuid)]
    pub modem_id: ModemId,
    /// The modem's number on the network.
    #[schema(value_type = String)]
    pub imei: Imei,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Time,
    /// Until when; absent while it lasts.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Time>,
    /// Who linked them.
    pub linked_by: String,
    /// Who unlinked them.
    pub unlinked_by: Option<String>,
}

/// A modem where it is only named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModemRef {
    /// Its id; absent where it is only going to be made known.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub id: Option<ModemId>,
    /// Its number on the network.
    #[schema(value_type = String)]
    pub imei: Imei,
    /// The provider's serial number.
    pub serial: Option<String>,
}

/// What linking or unlinking changes, or would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkEffects {
    /// The device.
    pub device: DeviceRef,
    /// The modem.
    pub modem: ModemRef,
    /// Since when the modem's messages are the device's.
    #[schema(value_type = String, format = DateTime)]
    pub since: Time,
    /// Until when they are; absent for a link.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Time>,
    /// How many messages are another's by that.
    pub messages: i64,
    /// Whose they were before; absent where they were nobody's.
    pub from: Option<DeviceRef>,
    /// Messages to the modem that have not been fetched yet.
    pub waiting_outgoing: i64,
    /// Whether it was done; not so where it was only tried.
    pub done: bool,
    /// What a person should know first, a sentence each.
    pub warnings: Vec<String>,
}

/// The fact in the firmware service's report that says whether devices may register with a secret.
pub const REGISTRATION_SECRET: &str = "registration_secret";

/// A group of devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GroupView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// How many devices are in it.
    pub devices: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
}

/// A queue at AWS, by the label that people know it by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SqsQueueView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: QueueId,
    /// The number by which old scripts know it.
    pub number: i64,
    /// Its label.
    pub label: String,
    /// Its address.
    pub url: String,
    /// When it was made known.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_stand_in_an_address() {
        for good in ["PK001", "HS1000", "a", "9", "bench-2.b_x", &"x".repeat(32)] {
            assert_eq!(good.parse::<DeviceName>().unwrap().as_str(), good);
        }
        for bad in ["", ".git", "-x", "a b", "a/b", "PK001\n", "ü", "a\"b", &"x".repeat(33)] {
            assert!(bad.parse::<DeviceName>().is_err(), "{bad}");
        }
        assert_eq!("PK001".parse::<DeviceName>().unwrap().key(), "pk001");
    }
}
