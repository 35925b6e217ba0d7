//! From the outbox to the broker.
//!
//! Each publisher claims a batch of rows, publishes them on one channel, waits for all confirmations, and only then
//! removes what was confirmed and gives back the rest. A crash in between publishes a message twice; none is lost.
//! While more waits, one transaction settles the last batch and claims the next as the current one is published.
//!
//! A returned (unroutable) message is known by its id, never by the confirmation that lapin hands it out with: that is
//! whichever confirmation comes next, so a batch's returns are complete only once the whole batch is confirmed.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use fairlead_model::Time;
use fairlead_store::outbox::{self, OutboxRow};
use fairlead_store::{Id, StoreError, Tx};
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use lapin::message::BasicReturnMessage;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Confirmation};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::connection::{Line, Link, Trouble};
use crate::bus::Inner;
use crate::{backoff, envelope};

/// Least that a publisher claims at a time, however little it may have in flight: each claim is a transaction.
const CLAIMED_TOGETHER: u16 = 600;

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
    let most = usize::from(bus.options.in_flight.max(CLAIMED_TOGETHER));
    let (mut rows, mut answered) = (Vec::new(), Offered::default());
    while !stop.is_cancelled() && line.is_open() && channel.status().connected() {
        written.borrow_and_update();
        if rows.is_empty() {
            rows = settle_and_claim(bus, std::mem::take(&mut answered), most).await?;
        }
        if rows.is_empty() {
            bus.backlog.show(&bus.store).await;
            let news = tokio::time::timeout(bus.options.sweep, written.changed());
            stop.run_until_cancelled(news).await;
            continue;
        }
        let more = if rows.len() == most { most } else { 0 };
        let (offered, claimed) = tokio::join!(
            Offered::publish(bus, line, &channel, std::mem::take(&mut rows)),
            settle_and_claim(bus, std::mem::take(&mut answered), more),
        );
        answered = offered;
        let ended = if answered.is_complete() { Ok(()) } else { Err(Trouble::Ended) };
        if let Err(trouble) = claimed.map(|claimed| rows = claimed).map_err(Trouble::from).and(ended) {
            settle_and_claim(bus, answered.with_unpublished(&rows), 0).await?;
            return Err(trouble);
        }
        *failed = 0;
    }
    settle_and_claim(bus, answered.with_unpublished(&rows), 0).await?;
    Ok(())
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

/// What the broker said to one message, with the id of a message that it returned.
enum Answer {
    /// It was not asked.
    Unasked,
    /// Nothing in time.
    Silence,
    /// It has it for good, unless it was returned.
    Taken(Option<Uuid>),
    /// Not this time.
    Refused(Option<Uuid>),
    /// The channel ended first.
    Unclear,
}

impl From<lapin::Result<Confirmation>> for Answer {
    fn from(confirmed: lapin::Result<Confirmation>) -> Self {
        let id = |returned: Option<BasicReturnMessage>| {
            returned?.delivery.properties.message_id().as_ref()?.as_str().parse().ok()
        };
        match confirmed {
            Ok(Confirmation::Ack(returned)) => Self::Taken(id(returned)),
            Ok(Confirmation::Nack(returned)) => Self::Refused(id(returned)),
            Ok(Confirmation::NotRequested) | Err(_) => Self::Unclear,
        }
    }
}

impl Answer {
    /// The id of the message that came back with a confirmation, whosever confirmation that is.
    fn returned_id(&self) -> Option<Uuid> {
        match self {
            Self::Taken(returned) | Self::Refused(returned) => *returned,
            Self::Unasked | Self::Silence | Self::Unclear => None,
        }
    }
}

impl Offered {
    async fn publish(bus: &Inner, line: &Line, channel: &Channel, rows: Vec<OutboxRow>) -> Self {
        let (rows, refused) = with_a_queue(line, rows).await;
        let mut offered = Self { refused, ..Self::default() };
        let answers = offer(bus, line, channel, &rows).await;
        if answers.iter().any(|answer| matches!(answer, Answer::Silence)) {
            line.give_up();
            offered.nothing_counts(rows, &answers);
            return offered;
        }
        let returned: HashSet<Uuid> = answers.iter().filter_map(Answer::returned_id).collect();
        for (row, answer) in rows.into_iter().zip(answers) {
            offered.sort(line, row, answer, &returned);
        }
        offered
    }

    /// A batch that was not answered in time as a whole: which messages were returned is not known. What was not
    /// answered lets the others go first.
    fn nothing_counts(&mut self, rows: Vec<OutboxRow>, answers: &[Answer]) {
        let unanswered = answers.iter().filter(|answer| matches!(answer, Answer::Silence)).count();
        tracing::warn!(unanswered, of = rows.len(), "the broker has not confirmed in time");
        for (row, answer) in rows.into_iter().zip(answers) {
            match answer {
                Answer::Silence => self.refused.push(row),
                _ => self.again.push(row.id),
            }
        }
        self.unanswered = true;
    }

    fn sort(&mut self, line: &Line, row: OutboxRow, answer: Answer, returned: &HashSet<Uuid>) {
        match answer {
            _ if returned.contains(&row.id.into()) => {
                tracing::warn!(queue = row.queue, "a queue is missing on the broker; it is declared again");
                metrics::counter!("fairlead_bus_returned_total", "queue" => row.queue.clone()).increment(1);
                line.forget_queue(&row.queue);
                self.again.push(row.id);
            }
            Answer::Taken(_) => {
                metrics::counter!("fairlead_bus_confirmed_total", "queue" => row.queue).increment(1);
                self.confirmed.push(row.id);
            }
            Answer::Refused(_) => {
                tracing::warn!(queue = row.queue, "the broker refused a message; it stays in the outbox");
                self.refused.push(row);
            }
            Answer::Unclear | Answer::Silence | Answer::Unasked => self.again.push(row.id),
        }
    }

    /// Removes what was confirmed and gives back the rest.
    fn settle(&self, tx: &mut Tx<'_>, now: Time) -> Result<(), StoreError> {
        let Self { confirmed, refused, again, .. } = self;
        if !confirmed.is_empty() {
            outbox::remove(tx, confirmed)?;
        }
        let free: Vec<Id> = again.iter().copied().chain(refused.iter().map(|row| row.id)).collect();
        if !free.is_empty() {
            outbox::release(tx, &free)?;
        }
        refused.iter().try_for_each(|row| outbox::put_off(tx, row.id, row.attempt, now.plus(REFUSED_PAUSE)))
    }

    /// Whether the channel may be used on.
    fn is_complete(&self) -> bool {
        self.again.is_empty() && !self.unanswered
    }

    /// Nothing is to be written down.
    fn is_empty(&self) -> bool {
        self.confirmed.is_empty() && self.refused.is_empty() && self.again.is_empty()
    }

    /// Gives back as well what was claimed ahead.
    fn with_unpublished(mut self, rows: &[OutboxRow]) -> Self {
        self.again.extend(rows.iter().map(|row| row.id));
        self
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

/// Publishes a batch, never more at a time than may be in flight; ends early once the broker is silent for too long.
async fn offer(bus: &Inner, line: &Line, channel: &Channel, rows: &[OutboxRow]) -> Vec<Answer> {
    let most = usize::from(bus.options.in_flight.max(1));
    let mut answers: Vec<Answer> = rows.iter().map(|_| Answer::Unasked).collect();
    let mut in_flight = FuturesUnordered::new();
    let mut left = rows.iter().zip(&mut answers);
    loop {
        while in_flight.len() < most
            && let Some((row, answer)) = left.next()
        {
            *answer = Answer::Silence;
            in_flight.push(async move { *answer = publish_one(line, channel, row).await.into() });
        }
        if !matches!(tokio::time::timeout(bus.options.confirm_timeout, in_flight.next()).await, Ok(Some(())))
        {
            break;
        }
    }
    drop((left, in_flight));
    answers
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

/// Removes what was confirmed, gives back the rest, and claims up to `most` rows, in one transaction.
async fn settle_and_claim(bus: &Inner, offered: Offered, most: usize) -> Result<Vec<OutboxRow>, StoreError> {
    if offered.is_empty() && most == 0 {
        return Ok(Vec::new());
    }
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let mut tries = if offered.is_empty() { STORE_TRIES } else { 0 };
    let offered = Arc::new(offered);
    loop {
        let now = bus.clock.now();
        let until = now.plus(bus.options.lease.saturating_mul(bus.clock.speed()));
        let offered = offered.clone();
        let work = move |tx: &mut Tx<'_>| {
            offered.settle(tx, now)?;
            if limit > 0 { outbox::claim(tx, now, until, limit) } else { Ok(Vec::new()) }
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
