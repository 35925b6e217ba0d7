//! How much is known about who sent a message.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Trust in the origin of a pushed message, least first: a later variant is worth more.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Nobody vouches for it. It is shown, and steers nothing.
    Unsigned,
    /// It came from an address on the operator's list.
    ListedAddress,
    /// It came on a path that only the provider was told.
    SecretPath,
    /// The provider's signature over it was verified.
    Signed,
}

impl Trust {
    /// The word used in JSON, settings and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::ListedAddress => "listed_address",
            Self::SecretPath => "secret_path",
            Self::Signed => "signed",
        }
    }
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Trust {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Unsigned, Self::ListedAddress, Self::SecretPath, Self::Signed]
            .into_iter()
            .find(|t| t.as_str() == text)
            .ok_or_else(|| {
                format!("`{text}` is no trust level: unsigned, listed_address, secret_path or signed")
            })
    }
}
