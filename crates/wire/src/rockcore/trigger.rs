//! Why a tracker speaks.

use std::fmt;

/// Longest trigger that is kept, in characters; the longest that is documented has eleven.
const MAX_CHARS: usize = 20;

/// Why a tracker speaks. It displays as the provider writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Its interval is over.
    Routine,
    /// One of several positions that were sent together.
    Burst,
    /// Somebody typed a text.
    Message,
    /// It has a message that was sent to it; `message_ack` names it.
    Acknowledge,
    /// Another word of capital letters, digits and `_`.
    Other(String),
}

impl Trigger {
    /// `None` where the text is no word.
    pub(super) fn read(text: &str) -> Option<Self> {
        let word = text.trim().to_ascii_uppercase();
        let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        match word.as_str() {
            "ROUTINE" => Some(Self::Routine),
            "BURST" => Some(Self::Burst),
            "MESSAGE" => Some(Self::Message),
            "ACKNOWLEDGE" => Some(Self::Acknowledge),
            _ => (!word.is_empty() && word.len() <= MAX_CHARS && word.bytes().all(plain))
                .then_some(Self::Other(word)),
        }
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Routine => "ROUTINE",
            Self::Burst => "BURST",
            Self::Message => "MESSAGE",
            Self::Acknowledge => "ACKNOWLEDGE",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_is_a_word() {
        assert_eq!(Trigger::read(" acknowledge "), Some(Trigger::Acknowledge));
        assert_eq!(Trigger::read("POWER_LOSS"), Some(Trigger::Other("POWER_LOSS".to_owned())));
        for bad in ["", "  ", "A B", "É", "TWENTY_ONE_CHARACTERS"] {
            assert_eq!(Trigger::read(bad), None, "{bad}");
        }
    }
}
