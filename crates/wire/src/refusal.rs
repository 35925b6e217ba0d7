//! What a provider has against a message, whatever the provider calls it.

/// What stands behind a refusal. The message was surely not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// User name, password or token is wrong.
    Credentials,
    /// The account is out of credit.
    Credit,
    /// The account cannot send to this modem.
    Modem,
    /// The message is not one that can be sent.
    Message,
    /// A fault of the provider that passes.
    System,
}

/// Words by which providers name what is wrong, the more telling ones first.
const TELLING: [(Refusal, &[&str]); 5] = [
    (Refusal::Credit, &["insufficient credit", "out of credit", "no credit", "balance", "payment required"]),
    (
        Refusal::Credentials,
        &["credential", "login", "password", "username", "token", "unauthori", "authenticat", "api key"],
    ),
    (Refusal::System, &["too many", "rate limit", "try again", "busy", "queue full", "queue is full"]),
    (
        Refusal::Message,
        &[
            "too long",
            "too large",
            "no data",
            "empty",
            "decode",
            "hexadecimal",
            "invalid message",
            "no message",
        ],
    ),
    (
        Refusal::Modem,
        &[
            "line rental",
            "serial",
            "imei",
            "thing",
            "device",
            "subscri",
            "modem",
            "not found",
            "no rockblock",
        ],
    ),
];

/// Words of an answer that leaves open whether the message was taken.
const OPEN: [&str; 5] = ["timeout", "timed out", "gateway", "internal", "system error"];

impl Refusal {
    /// What stands behind the words of a refusal that has no documented code. `None` where they leave open whether the
    /// message was taken; words that say nothing known are about the message, which is then not tried again.
    pub fn of_words(words: &str) -> Option<Self> {
        let words = words.to_lowercase();
        // What begins in the middle of a word is none of ours: something is no thing.
        let begins =
            |at: usize| !words.get(..at).is_some_and(|before| before.ends_with(char::is_alphanumeric));
        let named =
            |list: &[&str]| list.iter().any(|word| words.match_indices(word).any(|(at, _)| begins(at)));
        if named(&OPEN) {
            return None;
        }
        let told = TELLING.iter().find(|(_, list)| named(list));
        Some(told.map_or(Self::Message, |(refusal, _)| *refusal))
    }

    /// What stands behind an HTTP status alone; `None` where it leaves open whether the message was taken.
    pub const fn of_status(status: u16) -> Option<Self> {
        match status {
            401 | 403 => Some(Self::Credentials),
            402 => Some(Self::Credit),
            413 | 414 => Some(Self::Message),
            429 => Some(Self::System),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_tell_what_is_wrong() {
        for (words, refusal) in [
            ("Invalid login credentials", Some(Refusal::Credentials)),
            ("Your account has insufficient credit", Some(Refusal::Credit)),
            ("INVALID_TOKEN", Some(Refusal::Credentials)),
            ("No RockBLOCK with this IMEI found on your account", Some(Refusal::Modem)),
            ("Thing not found", Some(Refusal::Modem)),
            ("RockBLOCK has no line rental", Some(Refusal::Modem)),
            ("Data too long", Some(Refusal::Message)),
            ("Could not decode hex data", Some(Refusal::Message)),
            ("MT queue full (max of 50)", Some(Refusal::System)),
            ("Too many requests", Some(Refusal::System)),
            ("Nobody has described this", Some(Refusal::Message)),
            ("Something went wrong", Some(Refusal::Message)),
            ("IMEI unknown", Some(Refusal::Modem)),
            ("Upstream timed out", None),
            ("Internal error", None),
            ("System Error", None),
        ] {
            assert_eq!(Refusal::of_words(words), refusal, "{words}");
        }
    }

    #[test]
    fn a_status_alone_tells_little() {
        assert_eq!(Refusal::of_status(401), Some(Refusal::Credentials));
        assert_eq!(Refusal::of_status(429), Some(Refusal::System));
        for open in [200, 302, 400, 404, 500, 502, 504] {
            assert_eq!(Refusal::of_status(open), None, "{open}");
        }
    }
}
