//! Taking an order: the one way in which a message to a device comes into being.

use std::time::Duration;

use fairlead_model::message::Dialect;
use fairlead_model::mt::{MtState, Order};
use fairlead_model::queue::MtWaiting;
use fairlead_model::{MessageId, ModemId, MtId};
use fairlead_store::satellite::modems as fleet;
use fairlead_store::satellite::mt::{self, MtRow, modems};
use fairlead_store::{Digest, StoreError, Tx};
use sha2::{Digest as _, Sha256};

use crate::drivers::DEFAULT_ACCOUNT;
use crate::news;
use crate::rules;
use crate::service::Courier;

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) modem: ModemId,
    pub(crate) order: Order,
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
/// cannot be told this.
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
    let build = build_of(&known, inferred.as_deref());
    let (text, proof) = rules::text_of(&request.order, build).map_err(StoreError::Refused)?;
    let waiting = mt::count_of_modem(tx, request.modem, &[MtState::Queued])?;
    if waiting >= i64::from(courier.settings.waiting_per_modem) {
        return Err(StoreError::Refused(format!("{waiting} messages wait for this modem already.")));
    }
    let (now, clock) = (courier.clock.now(), &courier.clock);
    let lasts = request.expires_in.unwrap_or(courier.settings.expires());
    let row = MtRow {
        id: MtId::new(clock).into(),
        modem_id: request.modem.into(),
        imei,
        account: known.account.unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned()),
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
    let superseded = supersede(tx, courier, request, MtId::from(row.id))?;
    mt::insert(tx, clock, &row)?;
    fairlead_bus::enqueue(
        tx,
        clock,
        &MtWaiting { modem_id: request.modem },
        Some(MtId::from(row.id).uuid()),
    )?;
    Ok(Taken::New { row, superseded })
}

/// The newest interval is the one that is meant: older ones that were not sent give way.
fn supersede(
    tx: &mut Tx<'_>,
    courier: &Courier,
    request: &Request,
    by: MtId,
) -> Result<Vec<MtRow>, StoreError> {
    let Order::Interval { .. } = request.order else { return Ok(Vec::new()) };
    let mut superseded = Vec::new();
    let most = i64::from(courier.settings.waiting_per_modem);
    for mut row in mt::of_modem(tx, request.modem, &[MtState::Queued], most)? {
        if row.kind != request.order.kind().as_str() {
            continue;
        }
        courier.settle(&mut row, MtState::Superseded, format!("A newer interval took its place: {by}."));
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
