//! What can be set about the bus. The defaults work.

use std::time::Duration;

/// How the bus behaves. All times but `sweep`, `heartbeat` and the time-outs are the clock's.
#[derive(Clone, Debug)]
pub struct Options {
    /// Before every name on the broker, so that several systems can share one.
    pub prefix: String,
    /// How often a message is tried before it becomes a problem for a person.
    pub attempts: u32,
    /// How often a queue is looked through without being told that something is there.
    pub sweep: Duration,
    /// Publishers of this process, each with its own channel.
    pub publishers: usize,
    /// Messages that one publisher has in flight.
    pub in_flight: u16,
    /// How long a publisher's claim on a message lasts; after a crash another one takes over then.
    pub lease: Duration,
    /// A broker that is silent for twice this long is given up.
    pub heartbeat: Duration,
    /// Bound on connecting, and on every question to the broker.
    pub broker_timeout: Duration,
    /// Longest silence of the broker while confirmations are awaited.
    pub confirm_timeout: Duration,
    /// Longest pause before the broker is tried again.
    pub reconnect: Duration,
    /// After so many failed deliveries (of consumers that died) the broker gives a message up.
    pub delivery_limit: u32,
    /// News that a topic keeps for a listener who is slow; after that he is told that he missed some.
    pub topic_length: usize,
    /// Seed of the jitter; from the machine's entropy where there is none.
    pub seed: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            prefix: "fairlead".to_owned(),
            attempts: 12,
            sweep: Duration::from_secs(1),
            publishers: 2,
            in_flight: 200,
            lease: Duration::from_secs(60),
            heartbeat: Duration::from_secs(10),
            broker_timeout: Duration::from_secs(10),
            confirm_timeout: Duration::from_secs(10),
            reconnect: Duration::from_secs(5),
            delivery_limit: 20,
            topic_length: 1_024,
            seed: None,
        }
    }
}
