//! One connection to a broker, and which acknowledgement belongs to which message.
//!
//! rumqttc says that a message was written, with its packet id, in the order in which messages were handed to it; and
//! what the broker acknowledges, by packet id. So messages wait in that order until they have an id, and then under it. A
//! connection that is lost ends here, with all that waits on it: what was not acknowledged is the caller's again. Neither
//! rumqttc's own reconnecting nor its repeating is used.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, MqttOptions, Outgoing, Packet, QoS,
};
use tokio::sync::{Semaphore, oneshot};
use tokio_util::task::AbortOnDropHandle;

use super::Fault;

/// Messages that are not acknowledged, at most. Mosquitto has places for 20 of a client, unless it is set otherwise; of more
/// with QoS 2 it acknowledges what it does not pass on (seen with 2.0.11), and MQTT 3.1.1 has no word for how many it wants.
const UNACKNOWLEDGED: usize = 16;
/// Messages that wait to be written: never more than are allowed to be unacknowledged.
const WAITING: usize = 2 * UNACKNOWLEDGED;
/// Devices of which it is known that they were announced.
const ANNOUNCED: usize = 10_000;

/// What is published.
pub(super) struct Message {
    pub(super) topic: String,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    pub(super) body: Bytes,
}

/// Why a broker may not have a message, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// Name and password are wrong.
    #[error("The broker does not let us in: check user name and password.")]
    NotLetIn,
    /// It cannot be used.
    #[error("The broker refuses the connection: {0}.")]
    Refused(&'static str),
    /// The connection was not made.
    #[error("The broker cannot be reached: {0}.")]
    Away(String),
    /// The connection was lost.
    #[error("The connection to the broker was lost before it had acknowledged the message: {0}.")]
    Lost(String),
    /// More is under way than the connection takes.
    #[error("Too many messages are on their way to the broker.")]
    Full,
}

impl Trouble {
    pub(super) const fn fault(&self) -> Fault {
        match self {
            Self::Full => Fault::Slower { after: None },
            _ => Fault::Again,
        }
    }
}

/// A connection while it lasts.
pub(super) struct Line {
    client: AsyncClient,
    places: Semaphore,
    under_way: Arc<Mutex<UnderWay>>,
    announced: Mutex<HashSet<String>>,
    task: AbortOnDropHandle<()>,
}

/// Who waits for what.
#[derive(Default)]
struct UnderWay {
    /// Handed over, and not yet written; in that order.
    handed: VecDeque<Waiter>,
    /// Written, by packet id.
    written: HashMap<u16, Waiter>,
    /// Why the connection is over.
    ended: Option<String>,
}

type Waiter = oneshot::Sender<Result<(), Trouble>>;

impl Line {
    /// Connects, and returns once the broker has let us in.
    pub(super) async fn connect(options: MqttOptions, within_s: u64) -> Result<Self, Trouble> {
        let (client, mut events) = AsyncClient::new(options, WAITING);
        let mut network = events.network_options();
        network.set_connection_timeout(within_s);
        network.set_tcp_nodelay(true);
        events.set_network_options(network);
        // The first event is the broker's answer.
        events.poll().await.map_err(|error| not_connected(&error))?;
        let under_way = Arc::new(Mutex::new(UnderWay::default()));
        let task = tokio::spawn(follow(events, under_way.clone()));
        let task = AbortOnDropHandle::new(task);
        let places = Semaphore::new(UNACKNOWLEDGED);
        Ok(Self { client, places, under_way, announced: Mutex::default(), task })
    }

    pub(super) fn is_up(&self) -> bool {
        locked(&self.under_way).ended.is_none()
    }

    /// Publishes a message, and returns once the broker has acknowledged it.
    pub(super) async fn publish(&self, message: Message) -> Result<(), Trouble> {
        // Never closed.
        let _place = self.places.acquire().await;
        self.hand_over(message)?.await.unwrap_or_else(|_| Err(Trouble::Lost("it was given up".to_owned())))
    }

    fn hand_over(&self, message: Message) -> Result<oneshot::Receiver<Result<(), Trouble>>, Trouble> {
        let Message { topic, qos, retain, body } = message;
        // Held over both, so that the order is the same in both.
        let mut under_way = locked(&self.under_way);
        if let Some(why) = &under_way.ended {
            return Err(Trouble::Lost(why.clone()));
        }
        self.client.try_publish(topic, qos, retain, body).map_err(|_| Trouble::Full)?;
        let (waiter, answer) = oneshot::channel();
        under_way.handed.push_back(waiter);
        Ok(answer)
    }

    /// How many messages wait to be written or acknowledged.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        let under_way = locked(&self.under_way);
        under_way.handed.len() + under_way.written.len()
    }

    /// Ends the connection for everybody.
    pub(super) fn give_up(&self) {
        self.task.abort();
        locked(&self.under_way).end("the broker is silent");
    }

    pub(super) fn has_announced(&self, device: &str) -> bool {
        self.announced.lock().unwrap_or_else(PoisonError::into_inner).contains(device)
    }

    pub(super) fn note_announced(&self, device: &str) {
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        if announced.len() >= ANNOUNCED {
            announced.clear();
        }
        announced.insert(device.to_owned());
    }
}

impl UnderWay {
    /// The message that was handed over before all others has been written.
    fn wrote(&mut self, id: u16) {
        let Some(waiter) = self.handed.pop_front() else { return };
        if id == 0 {
            // QoS 0: nobody acknowledges it.
            let _ = waiter.send(Ok(()));
        } else {
            self.written.insert(id, waiter);
        }
    }

    fn acknowledged(&mut self, id: u16) {
        if let Some(waiter) = self.written.remove(&id) {
            let _ = waiter.send(Ok(()));
        }
    }

    fn end(&mut self, why: &str) {
        self.ended.get_or_insert_with(|| why.to_owned());
        for waiter in self.handed.drain(..).chain(self.written.drain().map(|(_, waiter)| waiter)) {
            let _ = waiter.send(Err(Trouble::Lost(why.to_owned())));
        }
    }
}

/// Follows a connection until it ends.
async fn follow(mut events: EventLoop, under_way: Arc<Mutex<UnderWay>>) {
    let why = loop {
        match events.poll().await {
            Ok(Event::Outgoing(Outgoing::Publish(id))) => locked(&under_way).wrote(id),
            Ok(Event::Incoming(Packet::PubAck(ack))) => locked(&under_way).acknowledged(ack.pkid),
            Ok(Event::Incoming(Packet::PubComp(complete))) => locked(&under_way).acknowledged(complete.pkid),
            // Thousands were acknowledged since, and one was not.
            Ok(Event::Outgoing(Outgoing::AwaitAck(_))) => break "a message was not acknowledged".to_owned(),
            Ok(_) => {}
            Err(error) => break words(&error),
        }
    };
    locked(&under_way).end(&why);
}

fn not_connected(error: &ConnectionError) -> Trouble {
    let ConnectionError::ConnectionRefused(code) = error else { return Trouble::Away(words(error)) };
    match code {
        ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => Trouble::NotLetIn,
        ConnectReturnCode::RefusedProtocolVersion => Trouble::Refused("it does not speak MQTT 3.1.1"),
        ConnectReturnCode::BadClientId => Trouble::Refused("it does not take the client's id"),
        _ => Trouble::Refused("it is not ready"),
    }
}

/// The innermost cause says most.
fn words(error: &ConnectionError) -> String {
    match error {
        ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => {
            "it did not answer in time".to_owned()
        }
        other => {
            let mut cause: &dyn std::error::Error = other;
            while let Some(inner) = cause.source() {
                cause = inner;
            }
            cause.to_string().trim_end_matches('.').to_owned()
        }
    }
}

fn locked(under_way: &Mutex<UnderWay>) -> MutexGuard<'_, UnderWay> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}
