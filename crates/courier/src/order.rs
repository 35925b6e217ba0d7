//! Taking an order: the one way in which a message to a device comes into being.

use std::time::Duration;

use fairlead_model::message::Dialect;
use fairlead_model::mt::{MtState, Order};
use fairlead_model::queue::MtWaiting;
use fairlead_model::{MessageId, ModemId, MtId};
use fairlead_store::satellite::modems as fleet;
use fairlead_store::satellite::mt::{self, MtRow, modems, origins};
use fairlead_store::{Digest, StoreError, Tx};
use sha2::{Digest as _, Sha256};

use crate::budget;
use crate::news;
use crate::reach;
use crate::rules;
use crate::service::Courier;

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) modem: ModemId,
    pub(crate) order: Order,
    /// Where it tells a position: of which modem. Older ones of it that wait give way.
    pub(crate) position_of: Option<ModemId>,
    pub(crate) by: String,
    pub(crate) asked_by_message: Option<MessageId>,
    pub(crate) key: Option<Digest>,
    pub(crate) expires_in: Option<Duration>,
}

/// What became of a request.
#[derive(Clone, Debug)]
pub(crate) enum Taken {
    /// A new message, and those whose place it took.
    New { row: MtRow, superseded: Vec<MtRow> },
    /// The same request came before, and made this.
    Same(MtRow),
    /// The key belongs to another request.
    KeyReused,
}

/// The key of a request: equal for equal words of one asker.
pub(crate) fn request_key(asker: &str, words: &str) -> Digest {
    let mut hash = Sha256::new();
    hash.update((asker.len() as u64).to_be_bytes());
    hash.update(asker.as_bytes());
    hash.update(words.as_bytes());
    Digest(hash.finalize().into())
}

/// The build of a modem's device: what a person said, else what its messages tell.
pub(crate) fn build_of(known: &modems::MtModemRow, inferred: Option<&str>) -> Option<Dialect> {
    known.generation.as_deref().or(inferred).and_then(|word| word.parse().ok())
}

/// Takes a request.
///
/// # Errors
/// [`StoreError::NotFound`] where there is no such modem; [`StoreError::Refused`] with the reason where its device
/// cannot be told this, or a budget has too little left. Nothing was written then.
pub(crate) fn take(tx: &mut Tx<'_>, courier: &Courier, request: &Request) -> Result<Taken, StoreError> {
    let imei = fleet::view(tx, request.modem)?.imei.to_string();
    let claimed = fleet::claim(tx, std::slice::from_ref(&imei))?;
    let inferred = claimed.first().and_then(|(modem, _)| modem.dialect.clone());
    if let Some(key) = request.key
        && let Some(row) = mt::by_request(tx, key)?
    {
        let is_same = row.modem_id == request.modem.into() && row.order()? == request.order;
        return Ok(if is_same { Taken::Same(row) } else { Taken::KeyReused });
    }
    let known = modems::get(tx, request.modem)?;
    if let Some(fault) = &known.fault {
        return Err(StoreError::Refused(format!(
            "The provider takes nothing for this modem: {fault} Put that right with the provider, then clear it here."
        )));
    }
    let reach = reach::of(tx, courier, request.modem)?;
    if let Some(refusal) = reach.refusal {
        return Err(StoreError::Refused(refusal));
    }
    let build = build_of(&known, inferred.as_deref());
    let (text, proof) = rules::text_of(&request.order, build, reach.provider).map_err(StoreError::Refused)?;
    let replaced = replaced_by(tx, courier, request)?;
    let giving_way = i64::try_from(replaced.len()).unwrap_or(0);
    let waiting = mt::count_of_modem(tx, request.modem, &[MtState::Queued])?.saturating_sub(giving_way);
    if waiting >= i64::from(courier.settings.waiting_per_modem) {
        return Err(StoreError::Refused(format!("{waiting} messages wait for this modem already.")));
    }
    let (now, clock) = (courier.clock.now(), &courier.clock);
    let lasts = request.expires_in.unwrap_or(courier.settings.expires());
    let row = MtRow {
        id: MtId::new(clock).into(),
        modem_id: request.modem.into(),
        imei,
        account: reach.account,
        kind: request.order.kind().as_str().to_owned(),
        value: request.order.value(),
        text,
        state: MtState::Queued.as_str().to_owned(),
        state_since: now.into(),
        cause: format!("Asked for by {}.", request.by),
        proof: proof.as_str().to_owned(),
        created_at: now.into(),
        created_by: request.by.clone(),
        asked_by_message: request.asked_by_message.map(Into::into),
        request_key: request.key,
        expires_at: now.plus(lasts).into(),
        not_before: now.into(),
        attempts: 0,
        attempt_id: None,
        lease_until: fairlead_store::Micros(0),
        sent_at: None,
        provider_id: None,
        confirmed_by: None,
    };
    if let Some(why) = budget::refusal(tx, now, &row, &replaced)? {
        return Err(StoreError::Refused(why));
    }
    let superseded = supersede(tx, courier, replaced, MtId::from(row.id))?;
    mt::insert(tx, clock, &row)?;
    fairlead_bus::enqueue(
        tx,
        clock,
        &MtWaiting { modem_id: request.modem },
        Some(MtId::from(row.id).uuid()),
    )?;
    Ok(Taken::New { row, superseded })
}

/// What gives way to a request, where it was not sent: of intervals the newest is the one that is meant, and of the
/// positions of one device.
fn replaced_by(tx: &mut Tx<'_>, courier: &Courier, request: &Request) -> Result<Vec<MtRow>, StoreError> {
    let most = i64::from(courier.settings.waiting_per_modem);
    match (&request.order, request.position_of) {
        (Order::Interval { .. }, _) => {
            let mut waiting = mt::of_modem(tx, request.modem, &[MtState::Queued], most)?;
            waiting.retain(|row| row.kind == request.order.kind().as_str());
            Ok(waiting)
        }
        (Order::Position { .. }, Some(source)) => origins::queued_positions(tx, request.modem, source, most),
        _ => Ok(Vec::new()),
    }
}

/// What was made after a message and takes its place when it comes back unsent.
pub(crate) fn successor(tx: &mut Tx<'_>, row: &MtRow) -> Result<Option<MtId>, StoreError> {
    let source = match row.order()? {
        Order::Interval { .. } => None,
        Order::Position { .. } => match origins::get(tx, row.id.into())? {
            Some(origin) => Some(origin.source_modem.into()),
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    let states = [
        MtState::Queued,
        MtState::Sending,
        MtState::Accepted,
        MtState::Unknown,
        MtState::Delivered,
        MtState::Unconfirmable,
    ];
    mt::newest_after(tx, row, source, &states)
}

fn supersede(
    tx: &mut Tx<'_>,
    courier: &Courier,
    replaced: Vec<MtRow>,
    by: MtId,
) -> Result<Vec<MtRow>, StoreError> {
    let mut superseded = Vec::new();
    for mut row in replaced {
        let cause = format!("A newer {} took its place: {by}.", row.kind);
        courier.settle(&mut row, MtState::Superseded, cause);
        if mt::change(tx, &courier.clock, MtState::Queued, &row)? {
            superseded.push(row);
        }
    }
    Ok(superseded)
}

impl Taken {
    /// Tells the pages.
    pub(crate) fn tell(&self, courier: &Courier) {
        if let Self::New { row, superseded } = self {
            for row in superseded.iter().chain([row]) {
                news::outgoing(courier, row.clone());
            }
        }
    }
}
