//! The reference of what goes over the wire, for the documentation.

use crate::Options;
use crate::amqp::DEAD_DELIVERY_LIMIT;

/// The envelope and the broker's topology, as Markdown. The messages themselves are listed by who knows them all.
pub fn reference() -> String {
    let Options { prefix, attempts, delivery_limit, topic_length, heartbeat, in_flight, .. } =
        Options::default();
    let heartbeat = heartbeat.as_secs();
    format!(
        "\
## The envelope

A message on a queue is one JSON object. Fields that a reader does not know are ignored.

| field | type | meaning |
|---|---|---|
| `v` | integer | version of `body`; one newer than the reader knows is parked as a problem, never dropped |
| `type` | string | the queue's name |
| `id` | UUIDv7 | the message's own id, the same each time that it is delivered |
| `correlation_id` | UUID or null | the request or message that this one follows from |
| `time` | RFC 3339, UTC | when it was enqueued |
| `attempt` | integer | how often it was tried before; 0 the first time |
| `body` | object | the message |

A message is handled at least once, in no promised order. A retry comes after 1 s, 2 s, 4 s, … up to 15 min, each up
to half longer by jitter; after {attempts} tries it becomes a problem, from which it can be put through again.

News on a topic is its body alone, as JSON.

## On the broker

Everything is declared by whoever needs it, on every connection. `{prefix}` is the prefix (`bus.prefix`). Heartbeat:
{heartbeat} s. Messages are published to the default exchange, persistent and `mandatory`, with up to {in_flight}
unconfirmed on a channel; `message_id` is the id of the outbox row, `type` the queue.

| name | kind | arguments |
|---|---|---|
| `{prefix}.<queue>` | quorum queue | `x-delivery-limit` {delivery_limit}, `x-dead-letter-exchange` `{prefix}.dead`, \
         `x-dead-letter-strategy` `at-least-once`, `x-overflow` `reject-publish` |
| `{prefix}.dead` | durable fanout exchange | |
| `{prefix}.dead` | quorum queue, bound to it | `x-delivery-limit` {DEAD_DELIVERY_LIMIT}, `x-overflow` `reject-publish` |
| `{prefix}.topic.<topic>` | durable fanout exchange | |
| named by the broker | exclusive, auto-delete queue, one for each process and topic | `x-max-length` {topic_length}, \
         `x-overflow` `drop-head` |
"
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_names_each_field_of_the_envelope() {
        let text = super::reference();
        for field in ["v", "type", "id", "correlation_id", "time", "attempt", "body"] {
            assert!(text.contains(&format!("| `{field}` |")), "{field}");
        }
        assert!(text.contains("| `fairlead.<queue>` | quorum queue | `x-delivery-limit` 20, `x-dead-letter-exchange` `fairlead.dead`"));
    }
}
