//! From the outbox to the broker.
//!
//! Each publisher claims a batch of rows, publishes them with one channel, waits for all confirmations, and only then
//! removes what was confirmed and gives back the rest. A crash in between publishes a message twice; none is lost.
//!
//! A returned (unroutable) message is known by its id, never by the confirmation that lapin hands it out with: that is
//! whichever confirmation comes next, so a batch's returns are complete only once the whole batch is confirmed.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use fairlead_store::outbox::{self, OutboxRow};
use fairlead_store::{Id, StoreError};
use futures_util::future::join_all;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Confirmation};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::connection::{Line, Link, Trouble};
use crate::bus::Inner;
use crate::{backoff, envelope};

/// Before a message that the broker refused is offered again; others go first.
const REFUSED_PAUSE: Duration = Duration::from_secs(5);

/// Between two tries to write down what was confirmed.
const STORE_PAUSE: Duration = Duration::from_millis(250);

/// How often that is tried. After that the claims run out, and the messages are published again.
const STORE_TRIES: u32 = 40;

const PERSISTENT: u8 = 2;

/// Publishes until stopped.
pub(crate) async fn run(bus: &Arc<Inner>, link: &Link, stop: &CancellationToken) {
    join_all((0..bus.options.publishers.max(1)).map(|_| publisher(bus, link, stop))).await;
}

async fn publisher(bus: &Inner, link: &Link, stop: &CancellationToken) {
    let mut failed = 0;
    while let Some(line) = stop.run_until_cancelled(link.open()).await {
        match publish_on(bus, &line, stop, &mut failed).await {
            Ok(()) => {}
            Err(error) => {
                failed += 1;
                tracing::warn!(%error, "publishing pauses; the messages stay in the outbox");
                let pause =
                    bus.with_dice(|dice| backoff::before_reconnect(failed, bus.options.reconnect, dice));
                stop.run_until_cancelled(tokio::time::sleep(pause)).await;
            }
        }
    }
}

/// Publishes on one channel until stopped or something is wrong with it.
async fn publish_on(
    bus: &Inner,
    line: &Line,
    stop: &CancellationToken,
    failed: &mut u32,
) -> Result<(), Trouble> {
    let channel = line.channel().await?;
    line.ask(channel.confirm_select(ConfirmSelectOptions::default())).await?;
    let mut written = bus.store.outbox_written();
    while !stop.is_cancelled() && line.is_open() && channel.status().connected() {
        written.borrow_and_update();
        let rows = claim(bus).await?;
        let full = rows.len() == usize::from(bus.options.in_flight);
        if !rows.is_empty() {
            let offered = Offered::publish(bus, line, &channel, rows).await;
            let complete = offered.is_complete();
            settle(bus, offered).await?;
            if !complete {
                return Err(Trouble::Ended);
            }
            *failed = 0;
        }
        if !full {
            bus.backlog.show(&bus.store).await;
            let news = tokio::time::timeout(bus.options.sweep, written.changed());
            stop.run_until_cancelled(news).await;
        }
    }
    Ok(())
}

async fn claim(bus: &Inner) -> Result<Vec<OutboxRow>, StoreError> {
    let now = bus.clock.now();
    let until = now.plus(bus.options.lease.saturating_mul(bus.clock.speed()));
    let limit = i64::from(bus.options.in_flight.max(1));
    bus.store.write(move |tx| outbox::claim(tx, now, until, limit)).await
}

/// What became of a batch.
#[derive(Default)]
struct Offered {
    /// The broker has them for good.
    confirmed: Vec<Id>,
    /// Not this time, and not at once again: the row goes to the end of the line.
    refused: Vec<OutboxRow>,
    /// To be published again, as soon as possible.
    again: Vec<Id>,
    /// Some of them were not answered in time.
    unanswered: bool,
}

/// What the broker said to one message, if it said anything in time.
type Answer = Result<lapin::Result<Confirmation>, Elapsed>;

impl Offered {
    async fn publish(bus: &Inner, line: &Line, channel: &Channel, rows: Vec<OutboxRow>) -> Self {
        let (rows, refused) = with_a_queue(line, rows).await;
        let mut offered = Self { refused, ..Self::default() };
        let deadline = Instant::now() + bus.options.confirm_timeout;
        let publishing = rows.iter().map(|row| timeout_at(deadline, publish_one(line, channel, row)));
        let answers: Vec<Answer> = join_all(publishing).await;
        if answers.iter().any(Result::is_err) {
            line.give_up();
            offered.nothing_counts(rows, &answers);
            return offered;
        }
        let returned: HashSet<Uuid> = answers.iter().flatten().flatten().filter_map(returned_id).collect();
        for (row, answer) in rows.into_iter().zip(answers.into_iter().flatten()) {
            offered.sort(line, row, answer, &returned);
        }
        offered
    }

    /// A batch that was not answered in time as a whole: which messages were returned is not known. What was not
    /// answered lets the others go first.
    fn nothing_counts(&mut self, rows: Vec<OutboxRow>, answers: &[Answer]) {
        let unanswered = answers.iter().filter(|answer| answer.is_err()).count();
        tracing::warn!(unanswered, of = rows.len(), "the broker has not confirmed in time");
        for (row, answer) in rows.into_iter().zip(answers) {
            match answer {
                Ok(_) => self.again.push(row.id),
                Err(_) => self.refused.push(row),
            }
        }
        self.unanswered = true;
    }

    fn sort(
        &mut self,
        line: &Line,
        row: OutboxRow,
        answer: lapin::Result<Confirmation>,
        returned: &HashSet<Uuid>,
    ) {
        match answer {
            _ if returned.contains(&row.id.into()) => {
                tracing::warn!(queue = row.queue, "a queue is missing on the broker; it is declared again");
                metrics::counter!("fairlead_bus_returned_total", "queue" => row.queue.clone()).increment(1);
                line.forget_queue(&row.queue);
                self.again.push(row.id);
            }
            Ok(Confirmation::Ack(_)) => {
                metrics::counter!("fairlead_bus_confirmed_total", "queue" => row.queue).increment(1);
                self.confirmed.push(row.id);
            }
            Ok(Confirmation::Nack(_)) => {
                tracing::warn!(queue = row.queue, "the broker refused a message; it stays in the outbox");
                self.refused.push(row);
            }
            Ok(Confirmation::NotRequested) | Err(_) => self.again.push(row.id),
        }
    }

    /// Whether the channel may be used on.
    fn is_complete(&self) -> bool {
        self.again.is_empty() && !self.unanswered
    }
}

/// Makes sure of the queues; rows whose queue cannot be had are the second of the pair.
async fn with_a_queue(line: &Line, rows: Vec<OutboxRow>) -> (Vec<OutboxRow>, Vec<OutboxRow>) {
    let queues: BTreeSet<String> = rows.iter().map(|row| row.queue.clone()).collect();
    let mut missing = BTreeSet::new();
    for queue in queues {
        if let Err(error) = line.ensure_queue(&queue).await {
            tracing::warn!(queue, %error, "a queue cannot be declared");
            missing.insert(queue);
        }
    }
    rows.into_iter().partition(|row| !missing.contains(&row.queue))
}

async fn publish_one(line: &Line, channel: &Channel, row: &OutboxRow) -> lapin::Result<Confirmation> {
    let mandatory = BasicPublishOptions { mandatory: true, ..Default::default() };
    let properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type("application/json".into())
        .with_message_id(Uuid::from(row.id).to_string().into())
        .with_type(row.queue.as_str().into());
    let stamped;
    let body = match u32::try_from(row.attempt) {
        Ok(attempt) if attempt > 0 => {
            stamped = envelope::with_attempt(&row.body, attempt);
            &stamped
        }
        _ => &row.body,
    };
    metrics::counter!("fairlead_bus_published_total", "queue" => row.queue.clone()).increment(1);
    let queue = line.names.queue(&row.queue);
    channel.basic_publish("".into(), queue.into(), mandatory, body.as_bytes(), properties).await?.await
}

/// The id of the message that came back with a confirmation, whosever confirmation that is.
fn returned_id(confirmation: &Confirmation) -> Option<Uuid> {
    let (Confirmation::Ack(message) | Confirmation::Nack(message)) = confirmation else { return None };
    message.as_ref()?.delivery.properties.message_id().as_ref()?.as_str().parse().ok()
}

/// Removes what was confirmed and gives back the rest, in one transaction.
async fn settle(bus: &Inner, offered: Offered) -> Result<(), StoreError> {
    let Offered { confirmed, refused, mut again, .. } = offered;
    let later = bus.clock.now().plus(REFUSED_PAUSE);
    again.extend(refused.iter().map(|row| row.id));
    let again: Arc<[Id]> = again.into();
    let confirmed: Arc<[Id]> = confirmed.into();
    let refused: Arc<[OutboxRow]> = refused.into();
    let mut tries = 0;
    loop {
        let (confirmed, again, refused) = (confirmed.clone(), again.clone(), refused.clone());
        let work = move |tx: &mut fairlead_store::Tx<'_>| {
            outbox::remove(tx, &confirmed)?;
            outbox::release(tx, &again)?;
            refused.iter().try_for_each(|row| outbox::put_off(tx, row.id, row.attempt, later))
        };
        match bus.store.write(work).await {
            Err(error) if error.is_passing() && tries < STORE_TRIES => {
                tries += 1;
                tracing::warn!(%error, "what was published waits for the store");
                tokio::time::sleep(STORE_PAUSE).await;
            }
            result => return result,
        }
    }
}
