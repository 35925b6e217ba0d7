//! The lane of a device: what routes want it to be told becomes messages to it.
//!
//! Nothing is called here, so a portion is one transaction, with the device's modem claimed: several couriers make no
//! message twice, and the newest position of a source is known to be the newest.

use std::collections::HashMap;
use std::time::Duration;

use fairlead_model::delivery::{DeliveryAttributes, DeliveryState, NOT_TRUSTED};
use fairlead_model::mt::Order;
use fairlead_model::problem::ProblemKind;
use fairlead_model::{DeliveryId, DeviceId, MessageId, ModemId, MtId, RouteId, Time};
use fairlead_store::problems::{self, Finding};
use fairlead_store::registry::devices;
use fairlead_store::routing::deliveries::DeliveryRow;
use fairlead_store::routing::to_devices::{self, Maker};
use fairlead_store::satellite::mt::{self, origins};
use fairlead_store::satellite::{messages, modems as fleet};
use fairlead_store::{StoreError, Tx};

use crate::order::{self, Request, Taken, request_key};
use crate::service::Courier;

/// Deliveries of one transaction.
const PORTION: i64 = 50;

/// Deliveries of one source that are looked through for its newest position.
const OF_ONE_SOURCE: i64 = 1_000;

/// When a device without a modem is looked at again.
const UNTIL_IT_HAS_A_MODEM: Duration = Duration::from_secs(60);

/// Makes messages to a device of all that waits for it and is due.
pub(super) async fn run(courier: Courier, device: DeviceId) {
    loop {
        let at_work = courier.clone();
        let work = move |tx: &mut Tx<'_>| Portion::begin(tx, &at_work, device)?.make(tx);
        match courier.store.write(work).await {
            Ok((0, _)) => return,
            Ok((_, made)) => made.iter().for_each(|taken| taken.tell(&courier)),
            Err(error) => {
                // The sweep comes by again.
                tracing::warn!(%error, %device, "deliveries to a device wait for the store");
                return;
            }
        }
    }
}

/// What one transaction does.
struct Portion {
    courier: Courier,
    device: DeviceId,
    /// What people call it; none where it was removed.
    name: Option<String>,
    modem: Option<ModemId>,
    now: Time,
    /// The newest position of each source that waits for this device and may be told.
    newest: HashMap<ModemId, Option<Mark>>,
    /// What routes say.
    makers: HashMap<RouteId, Option<Maker>>,
}

/// A position by its time; of two of one time, the one that lives longer, and then the later delivery's.
type Mark = (Time, Duration, DeliveryId);

/// What becomes of one delivery.
enum Outcome {
    Settled(DeliveryState, String),
    /// A person should know, too.
    Refused(DeliveryState, String),
    PutOff(Time, String),
    Made(Box<Taken>),
}

/// One delivery, understood.
struct Letter<'a> {
    row: &'a DeliveryRow,
    attributes: DeliveryAttributes,
    order: Order,
    source: ModemId,
    route: RouteId,
    message: MessageId,
}

impl Portion {
    fn begin(tx: &mut Tx<'_>, courier: &Courier, device: DeviceId) -> Result<Self, StoreError> {
        let modem = to_devices::modem_of(tx, device)?;
        if let Some(modem) = modem {
            let imei = fleet::imei(tx, modem)?;
            fleet::claim(tx, &[imei])?;
        }
        Ok(Self {
            name: devices::by_id(tx, device)?.map(|row| row.name),
            courier: courier.clone(),
            device,
            modem,
            now: courier.clock.now(),
            newest: HashMap::new(),
            makers: HashMap::new(),
        })
    }

    fn make(mut self, tx: &mut Tx<'_>) -> Result<(usize, Vec<Taken>), StoreError> {
        let rows = to_devices::due(tx, self.device, self.now, PORTION)?;
        let mut made = Vec::new();
        for row in &rows {
            let id = DeliveryId::from(row.id);
            let (state, cause, mt) = match self.one(tx, row)? {
                Outcome::Settled(state, cause) => (state, cause, None),
                Outcome::Refused(state, cause) => {
                    self.tell_a_person(tx, row, &cause)?;
                    (state, cause, None)
                }
                Outcome::PutOff(until, cause) => {
                    // The sweep finds it then.
                    to_devices::put_off(tx, id, until, &cause)?;
                    continue;
                }
                Outcome::Made(taken) => {
                    let (Taken::New { row: mt, .. } | Taken::Same(mt)) = &*taken else {
                        // Its key is its own, and `one` has looked for it.
                        return Err(StoreError::Fault(format!("the key of {id} is taken")));
                    };
                    let (mt, imei) = (MtId::from(mt.id), mt.imei.clone());
                    made.push(*taken);
                    let cause = format!("A message to the modem {imei} was made of it.");
                    (DeliveryState::Delivered, cause, Some(mt))
                }
            };
            if !to_devices::settle(tx, id, self.now, (state, &cause), mt)? {
                return Err(StoreError::TryAgain(format!("the delivery {id} was settled by somebody else")));
            }
        }
        Ok((rows.len(), made))
    }

    fn one(&mut self, tx: &mut Tx<'_>, row: &DeliveryRow) -> Result<Outcome, StoreError> {
        use DeliveryState::{Discarded, Expired, Failed, Superseded};
        let Some(letter) = Letter::of(row) else {
            return Ok(Outcome::Settled(
                Failed,
                "It cannot be read: it says neither whose it is nor what of.".to_owned(),
            ));
        };
        // A repeat finds what it made before, whatever has changed since.
        if let Some(before) = mt::by_request(tx, letter.key())? {
            return Ok(Outcome::Made(Box::new(Taken::Same(before))));
        }
        let Some(maker) = self.maker(tx, letter.route)? else {
            return Ok(Outcome::Settled(Discarded, "Its route was deleted.".to_owned()));
        };
        if !maker.enabled {
            return Ok(Outcome::Settled(Discarded, "Its route was switched off.".to_owned()));
        }
        let Some(name) = self.name.clone() else {
            return Ok(Outcome::Settled(Failed, "The device was removed.".to_owned()));
        };
        if let Some(why) = self.outdated(tx, &letter)? {
            return Ok(Outcome::Settled(Superseded, why));
        }
        let Some(left) = self.left(&letter, &maker) else {
            let why = self.too_old(&letter, maker.lives_s);
            let without_modem = self.modem.is_none();
            return Ok(match letter.is_position() {
                true if without_modem => Outcome::Settled(Failed, no_modem(&name, "had")),
                true => Outcome::Settled(Expired, why),
                false if without_modem => Outcome::Refused(Failed, no_modem(&name, "had")),
                false => Outcome::Refused(Expired, why),
            });
        };
        if let Some(refused) = self.mistrust(tx, &letter)? {
            return Ok(refused);
        }
        let Some(modem) = self.modem else {
            let again = self.now.plus(left.min(self.courier.on_the_clock(UNTIL_IT_HAS_A_MODEM)));
            return Ok(Outcome::PutOff(again, no_modem(&name, "has")));
        };
        if modem == letter.source {
            let why = format!("{name} sent it itself. A route tells nobody what he has said.");
            return Ok(Outcome::Settled(Failed, why));
        }
        self.take(tx, &letter, modem, &name, maker.number, left)
    }

    fn take(
        &self,
        tx: &mut Tx<'_>,
        letter: &Letter<'_>,
        modem: ModemId,
        name: &str,
        number: i64,
        left: Duration,
    ) -> Result<Outcome, StoreError> {
        let request = Request {
            modem,
            order: letter.order.clone(),
            position_of: letter.is_position().then_some(letter.source),
            by: format!("route {number}: {}", letter.attributes.device),
            asked_by_message: Some(letter.message),
            key: Some(letter.key()),
            expires_in: Some(left),
        };
        match order::take(tx, &self.courier, &request) {
            Ok(Taken::New { row, superseded }) => {
                let origin = origins::OriginRow {
                    mt_id: row.id,
                    route_id: letter.route.into(),
                    delivery_id: letter.row.id,
                    source_modem: letter.source.into(),
                    position_at: letter.position_at().map(Into::into),
                };
                origins::insert(tx, &origin)?;
                Ok(Outcome::Made(Box::new(Taken::New { row, superseded })))
            }
            Ok(taken) => Ok(Outcome::Made(Box::new(taken))),
            Err(StoreError::Refused(why)) if letter.is_position() => {
                Ok(Outcome::Settled(DeliveryState::Failed, why))
            }
            Err(StoreError::Refused(why)) => {
                Ok(Outcome::Refused(DeliveryState::Failed, format!("{name}: {why}")))
            }
            Err(other) => Err(other),
        }
    }

    /// Whether the message that a delivery is of may steer anything.
    fn mistrust(&self, tx: &mut Tx<'_>, letter: &Letter<'_>) -> Result<Option<Outcome>, StoreError> {
        // Where it is raised at this moment, this is looked at again: by whoever raises it, or here.
        let trust = match messages::claim_trust(tx, letter.message) {
            Ok(trust) => trust,
            Err(StoreError::NotFound) => {
                let why = "The message that it is of is not there any more.".to_owned();
                return Ok(Some(Outcome::Settled(DeliveryState::Failed, why)));
            }
            Err(other) => return Err(other),
        };
        let least = self.courier.settings.mt_trust;
        if trust >= least {
            return Ok(None);
        }
        let why =
            format!("What {} sent is {trust}; at least {least} {NOT_TRUSTED}", letter.attributes.device);
        // The next position comes by itself.
        Ok(Some(match letter.is_position() {
            true => Outcome::Settled(DeliveryState::Failed, why),
            false => Outcome::Refused(DeliveryState::Failed, why),
        }))
    }

    fn maker(&mut self, tx: &mut Tx<'_>, route: RouteId) -> Result<Option<Maker>, StoreError> {
        if let Some(known) = self.makers.get(&route) {
            return Ok(known.clone());
        }
        Ok(self.makers.entry(route).or_insert(to_devices::maker(tx, route)?).clone())
    }

    /// How long it holds yet; `None` where it does no more.
    fn left(&self, letter: &Letter<'_>, maker: &Maker) -> Option<Duration> {
        let (lives, since) = letter.life(maker.lives_s, self.courier.settings.expires());
        lives.checked_sub(self.now.since(since)).filter(|left| !left.is_zero())
    }

    /// Why a position is not the one to tell any more.
    fn outdated(&mut self, tx: &mut Tx<'_>, letter: &Letter<'_>) -> Result<Option<String>, StoreError> {
        let Some(told_at) = letter.told_at() else { return Ok(None) };
        let known = fleet::state(tx, letter.source.into())?
            .filter(|state| state.fix_message_id != Some(letter.message.into()))
            .and_then(|state| state.fix_at);
        if known.is_some_and(|known| Time::from(known) > told_at) {
            return Ok(Some("It came late: a newer position of this device is known.".to_owned()));
        }
        let newest = match self.newest.get(&letter.source) {
            Some(newest) => *newest,
            None => {
                let newest = self.newest_of(tx, letter.source)?;
                *self.newest.entry(letter.source).or_insert(newest)
            }
        };
        let left = self.maker(tx, letter.route)?.and_then(|maker| self.left(letter, &maker));
        let mark = (told_at, left.unwrap_or_default(), DeliveryId::from(letter.row.id));
        let is_newest = newest.is_none_or(|newest| newest <= mark);
        Ok((!is_newest).then(|| "A newer position of this device took its place.".to_owned()))
    }

    /// The newest position of a source that waits and may be told: one that goes nowhere takes nobody's place.
    fn newest_of(&mut self, tx: &mut Tx<'_>, source: ModemId) -> Result<Option<Mark>, StoreError> {
        let waiting = to_devices::waiting_from(tx, self.device, source, OF_ONE_SOURCE)?;
        let positions: Vec<Letter<'_>> =
            waiting.iter().filter_map(Letter::of).filter(Letter::is_position).collect();
        let ids: Vec<MessageId> = positions.iter().map(|letter| letter.message).collect();
        let trusted = messages::trusted(tx, &ids, self.courier.settings.mt_trust)?;
        let mut newest = None;
        for letter in positions.iter().filter(|letter| trusted.contains(&letter.message)) {
            let maker = self.maker(tx, letter.route)?.filter(|maker| maker.enabled);
            let left = maker.and_then(|maker| self.left(letter, &maker));
            let mark = letter.told_at().zip(left);
            newest = newest.max(mark.map(|(at, left)| (at, left, DeliveryId::from(letter.row.id))));
        }
        Ok(newest)
    }

    fn too_old(&self, letter: &Letter<'_>, lives_s: i64) -> String {
        let (_, since) = letter.life(lives_s, self.courier.settings.expires());
        if letter.is_position() {
            return format!(
                "Its position is of {since}, and the route passes on none that is older than {lives_s} s."
            );
        }
        format!(
            "{} sent it at {since}, and a command that is older than {} h is not passed on (`courier.expires_h`). \
             Nothing was sent.",
            letter.attributes.device, self.courier.settings.expires_h
        )
    }

    fn tell_a_person(&self, tx: &mut Tx<'_>, row: &DeliveryRow, why: &str) -> Result<(), StoreError> {
        let Some(letter) = Letter::of(row) else { return Ok(()) };
        let imei = letter.attributes.imei;
        let finding = Finding::about(ProblemKind::RefusedCommand, letter.message, imei, why.to_owned());
        problems::record(tx, &self.courier.clock, finding).map(drop)
    }
}

fn no_modem(name: &str, has: &str) -> String {
    format!("{name} {has} no modem for as long as this holds. Nothing was sent.")
}

impl<'a> Letter<'a> {
    /// `None` where it is of no route, message or modem, or cannot be read.
    fn of(row: &'a DeliveryRow) -> Option<Self> {
        Some(Self {
            row,
            attributes: serde_json::from_str(&row.attributes).ok()?,
            order: serde_json::from_slice(&row.body).ok()?,
            source: row.modem_id?.into(),
            route: row.route_id?.into(),
            message: row.message_id?.into(),
        })
    }

    /// A delivery makes one message, however often it is looked at.
    fn key(&self) -> fairlead_store::Digest {
        request_key("delivery", &DeliveryId::from(self.row.id).to_string())
    }

    const fn is_position(&self) -> bool {
        matches!(self.order, Order::Position { .. })
    }

    /// When the position in it was taken, where it tells one. A clock that is ahead makes no position younger than its
    /// message.
    fn position_at(&self) -> Option<Time> {
        let at = self.attributes.at;
        self.is_position().then(|| self.attributes.position_at.map_or(at, |taken| taken.min(at)))
    }

    /// When the position in it was taken by its device's clock, as it counts among the positions of that device: a clock
    /// that is a little ahead is so each time. One that is far ahead is never the last word.
    fn told_at(&self) -> Option<Time> {
        let at = self.position_at()?;
        let sent = self.attributes.at;
        Some(self.attributes.position_at.filter(|taken| !taken.is_too_far_ahead_of(sent)).unwrap_or(at))
    }

    /// How long it holds, and since when.
    fn life(&self, lives_s: i64, expires: Duration) -> (Duration, Time) {
        match self.position_at() {
            Some(at) => (Duration::from_secs(u64::try_from(lives_s).unwrap_or(0)), at),
            None => (expires, self.attributes.at),
        }
    }
}
