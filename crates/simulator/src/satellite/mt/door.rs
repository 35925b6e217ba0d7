//! The provider's doors: what each is asked, and in which words it answers.

use serde_json::json;

use super::{CLOUDLOOP_PATH, MT_PATH, ROCKCORE_PATH, Refusal};
use crate::http::{Reply, Request};

const OK: &str = "200 OK";

/// By which door a request has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Door {
    /// RockBLOCK's: a line of text.
    #[default]
    Rockblock,
    /// Rock 7 Core's, for the tracker with this serial number: XML.
    Rockcore {
        /// As it stands in the path.
        serial: String,
    },
    /// Cloudloop's: JSON.
    Cloudloop,
}

impl Door {
    /// The door of a path, where it is one.
    pub(super) fn of(request: &Request) -> Option<Self> {
        match request.path() {
            MT_PATH => Some(Self::Rockblock),
            CLOUDLOOP_PATH => Some(Self::Cloudloop),
            path => {
                let serial = path.strip_prefix(ROCKCORE_PATH)?.strip_prefix('/')?;
                Some(Self::Rockcore { serial: serial.to_owned() })
            }
        }
    }

    /// Whose it is.
    pub(super) const fn platform(&self) -> &'static str {
        match self {
            Self::Rockblock => "rockblock",
            Self::Rockcore { .. } => "rockcore",
            Self::Cloudloop => "cloudloop",
        }
    }

    /// The answer to a request of which this came.
    pub(super) fn reply(&self, verdict: Result<u64, Refusal>) -> Reply {
        match (self, verdict) {
            // The status of a refusal is nowhere documented; clients are told to go by the text.
            (Self::Rockblock, Ok(mt_id)) => Reply::text(OK, format!("OK,{mt_id}")),
            (Self::Rockblock, Err(refusal)) => Reply::text(OK, refusal.to_string()),
            (Self::Rockcore { .. }, Ok(mt_id)) => {
                Reply::xml(OK, &format!("<SendMessage><receipt messageId=\"{mt_id}\" /></SendMessage>"))
            }
            (Self::Rockcore { .. }, Err(refusal)) => {
                Reply::xml(OK, &format!("<SendMessage><error>{}</error></SendMessage>", refusal.text))
            }
            (Self::Cloudloop, Ok(mt_id)) => Reply::json(&json!({ "id": cloudloop_id(mt_id) })),
            (Self::Cloudloop, Err(refusal)) => {
                let status = match refusal {
                    Refusal::LOGIN => "401 Unauthorized",
                    Refusal::SYSTEM_ERROR => "500 Internal Server Error",
                    _ => "400 Bad Request",
                };
                Reply::json(&json!({ "error": refusal.text })).with_status(status)
            }
        }
    }
}

/// What Cloudloop calls the MT of this number.
pub fn cloudloop_id(mt_id: u64) -> String {
    format!("MT{mt_id:030}")
}
