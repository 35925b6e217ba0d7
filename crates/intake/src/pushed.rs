//! A push of any provider, as doors and drainer see it.
//!
//! A provider is a line in [`Provider`], a door in `http`, and an arm in each function here.

use std::collections::BTreeMap;

use fairlead_model::{Imei, Time};
use fairlead_store::Digest;
use fairlead_wire::rockblock::{self, BodyKind, Estimate, Fault, NoImei};
use fairlead_wire::{cloudloop, rockcore};
use serde::{Deserialize, Serialize};

/// Whose push it is. The word is stored, so a provider is never renamed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Provider {
    /// RockBLOCK's webhook.
    #[default]
    Rockblock,
    /// Rock 7 Core's push API: RockSTAR trackers.
    Rockcore,
    /// Cloudloop's webhook.
    Cloudloop,
}

/// A push that names its modem.
#[derive(Clone, Debug)]
pub(crate) enum Pushed {
    Rockblock(Box<rockblock::Push>),
    Rockcore(Box<rockcore::Push>),
    Cloudloop(Box<cloudloop::Push>),
}

/// What makes a push the same message as another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Keys {
    /// Its duplicate key.
    pub(crate) message: Digest,
    /// Another key, by which the same message is known although the first one differs.
    pub(crate) same: Option<Digest>,
    /// The key that it has where it was put in without its number. A message is found by it; none is noted under it.
    pub(crate) numberless: Option<Digest>,
    /// The provider's name of it: two messages of one name are two messages, and something is wrong.
    pub(crate) name: Option<Digest>,
}

/// What the store keeps in columns.
pub(crate) struct Columns {
    pub(crate) momsn: Option<u16>,
    pub(crate) transmitted_at: Option<Time>,
    pub(crate) transmit_time_raw: Option<String>,
    pub(crate) payload: Option<Vec<u8>>,
    pub(crate) payload_raw: Option<String>,
    pub(crate) device_type: Option<String>,
    pub(crate) serial: Option<String>,
    pub(crate) estimate: Option<Estimate>,
    pub(crate) session_status: Option<i32>,
    pub(crate) unknown: BTreeMap<String, String>,
}

impl Keys {
    /// All of them.
    pub(crate) fn all(self) -> impl Iterator<Item = Digest> {
        self.of_message().chain(self.name)
    }

    /// Those by which it is the same message.
    pub(crate) fn of_message(self) -> impl Iterator<Item = Digest> {
        [Some(self.message), self.same, self.numberless].into_iter().flatten()
    }
}

impl Provider {
    /// All of them.
    const ALL: [Self; 3] = [Self::Rockblock, Self::Rockcore, Self::Cloudloop];

    /// Whether it is the provider that needs no saying.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    pub(crate) fn is_rockblock(&self) -> bool {
        *self == Self::Rockblock
    }

    /// The word in keys and rows.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Rockblock => "rockblock",
            Self::Rockcore => "rockcore",
            Self::Cloudloop => "cloudloop",
        }
    }

    /// The provider of a row.
    pub(crate) fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|provider| provider.as_str() == word).unwrap_or_default()
    }

    /// Reads a body that came to this provider's door.
    pub(crate) fn read(self, content_type: Option<&str>, body: &[u8]) -> Result<Pushed, NoImei> {
        let kind = BodyKind::of(content_type, body);
        Ok(match self {
            Self::Rockblock => Pushed::Rockblock(Box::new(rockblock::parse(kind, body)?)),
            Self::Rockcore => Pushed::Rockcore(Box::new(rockcore::parse(kind, body)?)),
            Self::Cloudloop => Pushed::Cloudloop(Box::new(cloudloop::parse(kind, body)?)),
        })
    }
}

impl Pushed {
    /// The modem.
    pub(crate) fn imei(&self) -> Imei {
        match self {
            Self::Rockblock(push) => push.imei,
            Self::Rockcore(push) => push.imei,
            Self::Cloudloop(push) => push.sbd.imei,
        }
    }

    /// What makes it the same message as another one. An SBD message has the same key by whichever platform it comes.
    pub(crate) fn keys(&self) -> Keys {
        let of_sbd = |push: &rockblock::Push| Digest(push.duplicate_key(Provider::Rockblock.as_str()));
        let numberless = |push: &rockblock::Push| {
            push.momsn.map(|_| Digest(push.key_without_number(Provider::Rockblock.as_str())))
        };
        match self {
            Self::Rockblock(push) => {
                Keys { message: of_sbd(push), same: None, numberless: numberless(push), name: None }
            }
            Self::Rockcore(push) => Keys {
                message: Digest(push.duplicate_key()),
                same: None,
                numberless: None,
                name: push.id_key().map(Digest),
            },
            Self::Cloudloop(push) => Keys {
                message: of_sbd(&push.sbd),
                same: push.message_key().map(Digest),
                numberless: numberless(&push.sbd),
                name: push.id_key().map(Digest),
            },
        }
    }

    /// What is wrong with it.
    pub(crate) fn faults(&self) -> &[Fault] {
        match self {
            Self::Rockblock(push) => &push.faults,
            Self::Rockcore(push) => &push.faults,
            Self::Cloudloop(push) => &push.sbd.faults,
        }
    }

    /// What the store keeps of it beside the body.
    pub(crate) fn columns(&self) -> Columns {
        match self {
            Self::Rockblock(push) => of_sbd(push),
            Self::Cloudloop(push) => of_sbd(&push.sbd),
            Self::Rockcore(push) => Columns {
                momsn: push.momsn,
                transmitted_at: push.transmitted_at,
                transmit_time_raw: push.transmit_time_raw.clone(),
                payload: push.message.as_ref().map(|text| text.clone().into_bytes()),
                payload_raw: None,
                device_type: push.device_type.clone(),
                serial: push.serial.clone(),
                estimate: push.network_estimate(),
                session_status: None,
                unknown: push.unknown(),
            },
        }
    }
}

fn of_sbd(push: &rockblock::Push) -> Columns {
    Columns {
        momsn: push.momsn,
        transmitted_at: push.transmitted_at,
        transmit_time_raw: push.transmit_time_raw.clone(),
        payload: push.payload.clone(),
        payload_raw: push.payload.is_none().then(|| push.data_raw.clone()),
        device_type: push.device_type.clone(),
        serial: push.serial.clone(),
        estimate: push.estimate,
        session_status: push.session_status,
        unknown: push.unknown.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_found_by_its_word() {
        for provider in Provider::ALL {
            assert_eq!(Provider::of(provider.as_str()), provider);
            assert_eq!(serde_json::to_value(provider).unwrap(), provider.as_str());
        }
    }
}
