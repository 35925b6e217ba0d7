//! The provider's door for MT messages: what is asked, and what its answers mean.
//!
//! `POST /rockblock/MT` with `imei`, `username`, `password`, `data` in hexadecimal and, to empty the modem's queue
//! first, `flush=yes` (Ground Control, RockBLOCK web services).

use std::fmt;

use crate::Refusal;

/// Most characters of an answer's text that are kept.
const LONGEST_TEXT: usize = 300;

/// What the provider answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MtAnswer {
    /// `OK,<id>`: it has the message.
    Taken {
        /// Its number for it, as it stands.
        id: String,
    },
    /// `FAILED,<code>,<text>`: it has not.
    Refused {
        /// Why.
        code: MtRefusal,
        /// Its words.
        text: String,
    },
}

/// The documented codes of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MtRefusal {
    /// 10: user name or password is wrong.
    Credentials,
    /// 11: the account has no modem of this IMEI.
    UnknownModem,
    /// 12: the modem has no line rental.
    NoLineRental,
    /// 13: the account is out of credit.
    NoCredit,
    /// 14: the data are not hexadecimal.
    NotHex,
    /// 15: the data are too long.
    TooLong,
    /// 16: there are no data.
    NoData,
    /// 99: a fault of the provider.
    SystemError,
    /// A code that nobody described.
    Other(u32),
}

impl MtRefusal {
    /// By its number.
    pub const fn of(code: u32) -> Self {
        match code {
            10 => Self::Credentials,
            11 => Self::UnknownModem,
            12 => Self::NoLineRental,
            13 => Self::NoCredit,
            14 => Self::NotHex,
            15 => Self::TooLong,
            16 => Self::NoData,
            99 => Self::SystemError,
            other => Self::Other(other),
        }
    }

    /// What stands behind it.
    pub const fn refusal(self) -> Refusal {
        match self {
            Self::Credentials => Refusal::Credentials,
            Self::UnknownModem | Self::NoLineRental => Refusal::Modem,
            Self::NoCredit => Refusal::Credit,
            Self::NotHex | Self::TooLong | Self::NoData | Self::Other(_) => Refusal::Message,
            Self::SystemError => Refusal::System,
        }
    }

    /// Its number.
    pub const fn code(self) -> u32 {
        match self {
            Self::Credentials => 10,
            Self::UnknownModem => 11,
            Self::NoLineRental => 12,
            Self::NoCredit => 13,
            Self::NotHex => 14,
            Self::TooLong => 15,
            Self::NoData => 16,
            Self::SystemError => 99,
            Self::Other(other) => other,
        }
    }
}

impl fmt::Display for MtRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.code().fmt(f)
    }
}

/// Reads the body of an answer; `None` where it is neither of the two. Only the first line counts: a provider that
/// says OK twice has the message.
pub fn read_mt_answer(body: &str) -> Option<MtAnswer> {
    let line = body.trim_start_matches('\u{feff}').lines().map(str::trim).find(|line| !line.is_empty())?;
    let mut fields = line.splitn(3, ',').map(str::trim);
    match (fields.next()?, fields.next(), fields.next()) {
        ("OK", Some(id), _) if !id.is_empty() => Some(MtAnswer::Taken { id: cut(id, 64) }),
        ("FAILED", Some(code), text) => {
            let code = MtRefusal::of(code.parse().ok()?);
            Some(MtAnswer::Refused { code, text: cut(text.unwrap_or_default(), LONGEST_TEXT) })
        }
        _ => None,
    }
}

fn cut(text: &str, characters: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_documented_answer_is_read() {
        let taken = |id: &str| Some(MtAnswer::Taken { id: id.to_owned() });
        assert_eq!(read_mt_answer("OK,4114651"), taken("4114651"));
        assert_eq!(read_mt_answer("OK,4114651\r\nOK,4114652\r\n"), taken("4114651"));
        for (code, text) in [
            (10, "Invalid login credentials"),
            (11, "No RockBLOCK with this IMEI found on your account"),
            (12, "RockBLOCK has no line rental"),
            (13, "Your account has insufficient credit"),
            (14, "Could not decode hex data"),
            (15, "Data too long"),
            (16, "No data"),
            (99, "System Error"),
            (77, "Something, new"),
        ] {
            let answer = read_mt_answer(&format!("FAILED,{code},{text}\n"));
            let Some(MtAnswer::Refused { code: read, text: said }) = answer else { panic!("{code}") };
            assert_eq!((read.code(), said.as_str()), (code, text));
        }
        assert_eq!(MtRefusal::of(13), MtRefusal::NoCredit);
    }

    #[test]
    fn anything_else_is_no_answer() {
        for body in ["", "OK", "OK,", "ok,1", "FAILED", "FAILED,x,y", "<html>OK,1</html>", "\u{0}"] {
            assert_eq!(read_mt_answer(body), None, "{body:?}");
        }
    }
}
