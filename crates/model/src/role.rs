//! What a person or a program may do, and where.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A role, least first: a later one may do all that an earlier one may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Looks, repairs, replays, commands.
    Operator,
    /// Everything, people and tokens included.
    Admin,
}

impl Role {
    /// The word used in JSON, the store and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Viewer, Self::Operator, Self::Admin]
            .into_iter()
            .find(|r| r.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no role: viewer, operator or admin"))
    }
}

/// A part of the API that a token may be limited to. Within it, the token's role says what may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Modems: where they were, how they are, notes.
    Modems,
    /// What came from devices.
    Messages,
    /// What needs a person, held pushes included.
    Problems,
    /// The registry: names, links, groups; and lines to devices.
    Devices,
    /// Firmware: versions, upgrades, roll-outs.
    Firmware,
    /// Messages to devices, accounts, credits, budgets and schedules.
    Outgoing,
    /// Routes, endpoints and deliveries.
    Routes,
    /// The live line and the change feed, which show everything that changes.
    Changes,
    /// How the server is.
    System,
    /// People, tokens and the audit log. Who may make tokens may make one for everything.
    People,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 10] = [
        Self::Modems,
        Self::Devices,
        Self::Firmware,
        Self::Messages,
        Self::Problems,
        Self::Outgoing,
        Self::Routes,
        Self::Changes,
        Self::System,
        Self::People,
    ];

    /// The word used in JSON, the store and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Modems => "modems",
            Self::Devices => "devices",
            Self::Firmware => "firmware",
            Self::Messages => "messages",
            Self::Problems => "problems",
            Self::Outgoing => "outgoing",
            Self::Routes => "routes",
            Self::Changes => "changes",
            Self::System => "system",
            Self::People => "people",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            format!("`{text}` is no scope: {known}")
        })
    }
}
