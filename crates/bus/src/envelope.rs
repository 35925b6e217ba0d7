//! What goes over a queue: a message in its envelope, as JSON.
//!
//! In the outbox the row says how often a message was tried and the envelope says 0; a publisher stamps the row's
//! number into the envelope that it puts on the wire.

use fairlead_model::Time;
use fairlead_model::queue::QueueMessage;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What the envelope says about the message in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The message's own id: the same each time that it is delivered.
    pub id: Uuid,
    /// The request or message that this one follows from.
    pub correlation_id: Option<Uuid>,
    /// When it was enqueued.
    pub time: Time,
    /// How often it was tried before; 0 the first time.
    pub attempt: u32,
}

/// The envelope as it is written. Fields that this build does not know are ignored.
#[derive(Serialize, Deserialize)]
struct Written<B> {
    v: u32,
    r#type: String,
    id: Uuid,
    #[serde(default)]
    correlation_id: Option<Uuid>,
    time: Time,
    #[serde(default)]
    attempt: u32,
    body: B,
}

/// A message in its envelope, ready for the outbox.
pub(crate) fn seal<M: QueueMessage>(
    message: &M,
    id: Uuid,
    correlation_id: Option<Uuid>,
    time: Time,
) -> Result<String, serde_json::Error> {
    let r#type = M::NAME.to_owned();
    serde_json::to_string(&Written {
        v: M::VERSION,
        r#type,
        id,
        correlation_id,
        time,
        attempt: 0,
        body: message,
    })
}

/// The message in an envelope, or in a sentence why this build cannot read it.
pub(crate) fn open<M: QueueMessage>(json: &[u8]) -> Result<(M, Envelope), String> {
    let outside: Written<serde::de::IgnoredAny> =
        serde_json::from_slice(json).map_err(|e| format!("the envelope cannot be read: {e}"))?;
    if outside.r#type != M::NAME {
        return Err(format!("a message of the type `{}` came on the queue `{}`", outside.r#type, M::NAME));
    }
    if outside.v > M::VERSION {
        let newest = M::VERSION;
        return Err(format!("the message has version {}; this build understands up to {newest}", outside.v));
    }
    let inside: Written<M> =
        serde_json::from_slice(json).map_err(|e| format!("the message cannot be read: {e}"))?;
    let Written { id, correlation_id, time, attempt, body, .. } = inside;
    Ok((body, Envelope { id, correlation_id, time, attempt }))
}

/// The same envelope with another attempt number; what cannot be read stays as it is.
pub(crate) fn with_attempt(json: &str, attempt: u32) -> String {
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(json) else { return json.to_owned() };
    let Some(fields) = value.as_object_mut() else { return json.to_owned() };
    fields.insert("attempt".to_owned(), attempt.into());
    value.to_string()
}

#[cfg(test)]
mod tests {
    use fairlead_model::Clock;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Ping {
        n: u32,
    }

    impl QueueMessage for Ping {
        const NAME: &'static str = "ping";
        const VERSION: u32 = 2;
        const PURPOSE: &'static str = "Only a test.";
    }

    fn written(change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
        let clock = Clock::system();
        let mut value =
            serde_json::from_str(&seal(&Ping { n: 7 }, clock.new_id(), None, clock.now()).unwrap()).unwrap();
        change(&mut value);
        value.to_string().into_bytes()
    }

    #[test]
    fn what_was_sealed_is_opened() {
        let clock = Clock::system();
        let (id, cause, now) = (clock.new_id(), clock.new_id(), clock.now());
        let json = seal(&Ping { n: 7 }, id, Some(cause), now).unwrap();
        let (message, envelope) = open::<Ping>(with_attempt(&json, 3).as_bytes()).unwrap();
        assert_eq!(message, Ping { n: 7 });
        assert_eq!(envelope, Envelope { id, correlation_id: Some(cause), time: now, attempt: 3 });
    }

    #[test]
    fn older_versions_and_unknown_fields_are_read() {
        open::<Ping>(&written(|v| v["v"] = json!(1))).unwrap();
        open::<Ping>(&written(|v| v["weather"] = json!("fair"))).unwrap();
        open::<Ping>(&written(|v| v["body"]["colour"] = json!("red"))).unwrap();
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let newer = open::<Ping>(&written(|v| {
            *v = json!({"v": 3, "type": "ping", "id": v["id"], "time": v["time"], "body": []})
        }));
        assert_eq!(newer.unwrap_err(), "the message has version 3; this build understands up to 2");
        assert!(
            open::<Ping>(&written(|v| v["type"] = json!("pong")))
                .unwrap_err()
                .contains("`pong` came on the queue `ping`")
        );
        assert!(
            open::<Ping>(&written(|v| v["body"] = json!(1)))
                .unwrap_err()
                .contains("the message cannot be read")
        );
        for broken in ["", "{", "null", "[]", "{}", "\u{feff}{}", "\0"] {
            assert!(open::<Ping>(broken.as_bytes()).unwrap_err().contains("the envelope cannot be read"));
            assert_eq!(with_attempt(broken, 1).is_empty(), broken.is_empty());
        }
    }
}
