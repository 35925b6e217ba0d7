//! Why the provider takes no MT, in its own words.

use std::fmt;

/// A refusal. It displays as the provider answers it: `FAILED,10,Invalid login credentials`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The number.
    pub code: u16,
    /// The text behind it.
    pub text: &'static str,
}

impl Refusal {
    /// Username or password are wrong.
    pub const LOGIN: Self = Self { code: 10, text: "Invalid login credentials" };
    /// The account has no such modem.
    pub const UNKNOWN_MODEM: Self =
        Self { code: 11, text: "No RockBLOCK with this IMEI found on your account" };
    /// Nobody pays for the modem's line.
    pub const NO_LINE_RENTAL: Self = Self { code: 12, text: "RockBLOCK has no line rental" };
    /// The account cannot pay for this MT.
    pub const NO_CREDIT: Self = Self { code: 13, text: "Your account has insufficient credit" };
    /// The data is no hexadecimal.
    pub const BAD_HEX: Self = Self { code: 14, text: "Could not decode hex data" };
    /// The data has more than 270 bytes.
    pub const TOO_LONG: Self = Self { code: 15, text: "Data too long" };
    /// There is no data.
    pub const NO_DATA: Self = Self { code: 16, text: "No data" };
    /// Something is wrong on the provider's side.
    pub const SYSTEM_ERROR: Self = Self { code: 99, text: "System Error" };
    /// Fifty MTs wait already. How the provider says that is not documented; this is believable.
    pub const QUEUE_FULL: Self = Self { code: 99, text: "MT queue full (max of 50)" };

    const DOCUMENTED: [Self; 8] = [
        Self::LOGIN,
        Self::UNKNOWN_MODEM,
        Self::NO_LINE_RENTAL,
        Self::NO_CREDIT,
        Self::BAD_HEX,
        Self::TOO_LONG,
        Self::NO_DATA,
        Self::SYSTEM_ERROR,
    ];

    /// The documented refusal with this code, or one that no client has heard of.
    pub fn of_code(code: u16) -> Self {
        let documented = Self::DOCUMENTED.into_iter().find(|refusal| refusal.code == code);
        documented.unwrap_or(Self { code, text: "Unknown" })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FAILED,{},{}", self.code, self.text)
    }
}
