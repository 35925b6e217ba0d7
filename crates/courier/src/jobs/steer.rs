//! A handset sent a command: it is passed on to its buoys, where its sender is trusted enough.

use std::time::Duration;

use fairlead_bus::{Consumer, Delivery, Verdict};
use fairlead_model::mt::Order;
use fairlead_model::problem::ProblemKind;
use fairlead_model::queue::MoCommand;
use fairlead_model::{Imei, MessageId, Time, Trust};
use fairlead_store::problems::{self, Finding};
use fairlead_store::satellite::messages::{self, MessageRow};
use fairlead_store::satellite::modems as fleet;
use fairlead_store::{StoreError, Tx};
use fairlead_wire::pk::{self, Command, Context};
use fairlead_wire::rockcore;

use crate::order::{self, Request, Taken, request_key};
use crate::service::Courier;

/// Consumes `mo.command`.
pub(crate) struct Steer(pub(crate) Courier);

impl Consumer for Steer {
    type Message = MoCommand;

    async fn handle(&self, delivery: Delivery<MoCommand>) -> Verdict {
        let (courier, id) = (self.0.clone(), delivery.message.message_id);
        match self.0.store.write(move |tx| pass_on(tx, &courier, id)).await {
            Ok(taken) => {
                taken.iter().for_each(|taken| taken.tell(&self.0));
                Verdict::Done
            }
            Err(e) => e.into(),
        }
    }
}

fn pass_on(tx: &mut Tx<'_>, courier: &Courier, id: MessageId) -> Result<Vec<Taken>, StoreError> {
    let row = messages::get(tx, id)?;
    let imei: Imei = row.imei.parse().map_err(|e| StoreError::Fault(format!("{}: {e}", row.imei)))?;
    let Some(buoys) = courier.handsets.get(&imei) else { return Ok(Vec::new()) };
    let Some(order) = order_of(&row) else { return Ok(Vec::new()) };
    let trust: Trust = row.trust.parse().map_err(StoreError::Fault)?;
    if trust < courier.settings.handset_trust {
        let reason = format!(
            "The handset's command is {trust}; at least {} is asked for (`courier.handset_trust`). Nothing was sent.",
            courier.settings.handset_trust
        );
        refuse(tx, courier, id, imei, reason)?;
        return Ok(Vec::new());
    }
    let most = courier.settings.expires();
    let sent_at = Time::from(row.transmitted_at.unwrap_or(row.received_at));
    let Some(left) = most.checked_sub(courier.clock.now().since(sent_at)).filter(|left| !left.is_zero())
    else {
        let reason = format!(
            "The handset sent its command at {sent_at}, and one that is older than {} h is not passed on \
             (`courier.expires_h`). Nothing was sent.",
            courier.settings.expires_h
        );
        refuse(tx, courier, id, imei, reason)?;
        return Ok(Vec::new());
    };
    let wish = Wish { id, handset: imei, order, left };
    let mut taken = Vec::new();
    for buoy in buoys {
        match wish.pass_on_to(tx, courier, *buoy) {
            Ok(one) => taken.push(one),
            Err(StoreError::Refused(why)) => refuse(tx, courier, id, imei, format!("{buoy}: {why}"))?,
            Err(StoreError::NotFound) => {
                refuse(tx, courier, id, imei, format!("{buoy}: no message has come from this modem yet."))?;
            }
            Err(other) => return Err(other),
        }
    }
    Ok(taken)
}

/// What a handset wants of its buoys.
struct Wish {
    /// The message that says so.
    id: MessageId,
    handset: Imei,
    order: Order,
    /// For how long it still holds.
    left: Duration,
}

impl Wish {
    fn pass_on_to(&self, tx: &mut Tx<'_>, courier: &Courier, buoy: Imei) -> Result<Taken, StoreError> {
        let (modem, _) = fleet::by_imei(tx, &buoy.to_string())?.ok_or(StoreError::NotFound)?;
        let request = Request {
            modem: modem.id.into(),
            order: self.order.clone(),
            by: format!("handset {}", self.handset),
            asked_by_message: Some(self.id),
            // The message is handled at least once; its command is passed on once.
            key: Some(request_key("handset", &format!("{} {buoy}", self.id))),
            expires_in: Some(self.left),
        };
        order::take(tx, courier, &request)
    }
}

fn order_of(row: &MessageRow) -> Option<Order> {
    Some(match command_of(row)? {
        Command::Beacon { on } => Order::Beacon { on },
        Command::Interval(interval) => Order::Interval { minutes: interval.minutes().into() },
        Command::Sleep(span) => Order::Sleep { seconds: span.seconds() },
    })
}

fn command_of(row: &MessageRow) -> Option<Command> {
    let text = row.payload.as_deref()?;
    // Somebody with a RockSTAR types it in words.
    if row.provider == "rockcore" {
        return rockcore::command(&String::from_utf8_lossy(text)).ok()?;
    }
    let transmitted_at = row.transmitted_at.unwrap_or(row.received_at).into();
    match pk::decode(text, &Context { transmitted_at, known: None }).ok()? {
        pk::Message::Command(command) => Some(command),
        pk::Message::Position(_) => None,
    }
}

fn refuse(
    tx: &mut Tx<'_>,
    courier: &Courier,
    id: MessageId,
    imei: Imei,
    reason: String,
) -> Result<(), StoreError> {
    let finding = Finding::about(ProblemKind::RefusedCommand, id, imei, reason);
    problems::record(tx, &courier.clock, finding).map(|_| ())
}
