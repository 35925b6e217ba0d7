//! The modem's identity on the Iridium network.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// An International Mobile Equipment Identity: exactly 15 ASCII digits (3GPP TS 23.003). The check digit is not
/// verified, because the networks do not and a device must not be lost over it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Imei([u8; 15]);

/// Why a text is not an IMEI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an IMEI is 15 digits")]
pub struct NotAnImei;

impl Imei {
    /// The sender of a test push, by which somebody tries the way to the door. No modem has this number: the
    /// message is stored and marked as having arrived, and nothing else follows from it.
    pub const TEST: Self = Self([b'0'; 15]);

    /// The 15 digits.
    pub fn as_str(&self) -> &str {
        // Only ASCII digits are ever stored.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Imei {
    type Err = NotAnImei;
    fn from_str(text: &str) -> Result<Self, NotAnImei> {
        let digits: [u8; 15] = text.trim().as_bytes().try_into().map_err(|_| NotAnImei)?;
        if digits.iter().all(u8::is_ascii_digit) { Ok(Self(digits)) } else { Err(NotAnImei) }
    }
}

impl fmt::Display for Imei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Imei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Imei {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Imei {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fifteen_digits_are_an_imei() {
        assert_eq!(" 300434063836590 ".parse::<Imei>().unwrap().as_str(), "300434063836590");
        for bad in ["", "30043406383659", "3004340638365900", "30043406383659x", "３00434063836590"] {
            assert!(bad.parse::<Imei>().is_err(), "{bad}");
        }
    }
}
