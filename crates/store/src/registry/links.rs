//! Which modem was in which device, from when until when: to whom a message belongs.
//!
//! A message is the device's in which its modem was when it was transmitted. Times of one modem never overlap, nor do
//! those of one device: a new one begins where the last one of either ended, at the earliest.

use std::collections::HashMap;

use diesel::prelude::*;
use fairlead_model::device::{DeviceKind, DeviceRef, LinkEffects, LinkView, ModemRef};
use fairlead_model::message::Dialect;
use fairlead_model::mt::MtState;
use fairlead_model::{Clock, DeviceId, LinkId, ModemId, Time};

use super::devices::{self, DeviceRow};
use super::modem::{self, PreparedModem};
use super::views::reference;
use super::{Checked, Flaw, ModemChoice};
use crate::routing::routes;
use crate::satellite::modems::{self, ModemRow};
use crate::satellite::{mt, readings, word};
use crate::schema::{device_links, devices as device_table, modems as modem_table};
use crate::{Conn, Id, Micros, StoreError, Tx};

/// Most times of a device whose messages are listed together; the newest count.
const SPANS: i64 = 100;

/// A time during which a modem was in a device.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = device_links)]
#[diesel(treat_none_as_default_value = false)]
pub struct LinkRow {
    /// Its id.
    pub id: Id,
    /// The device.
    pub device_id: Id,
    /// The modem.
    pub modem_id: Id,
    /// From when.
    pub since: Micros,
    /// Until when; empty while it lasts.
    pub until: Option<Micros>,
    /// Who linked them.
    pub linked_by: String,
    /// Who unlinked them.
    pub unlinked_by: Option<String>,
    /// The device while it lasts, so that it has one modem.
    pub open_device: Option<Id>,
    /// The modem while it lasts, so that it is in one device.
    pub open_modem: Option<Id>,
}

impl LinkRow {
    /// A time that begins.
    pub(super) fn beginning(clock: &Clock, device: Id, modem: Id, since: Time, actor: &str) -> Self {
        Self {
            id: LinkId::new(clock).into(),
            device_id: device,
            modem_id: modem,
            since: since.into(),
            until: None,
            linked_by: actor.to_owned(),
            unlinked_by: None,
            open_device: Some(device),
            open_modem: Some(modem),
        }
    }
}

/// From when a modem can be in a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From when it will be.
    pub(super) since: Time,
    /// When the modem left a device last: what it sent between then and `since` stays nobody's.
    pub(super) free_from: Option<Time>,
}

/// What is asked of [`link`].
#[derive(Clone, Debug)]
pub struct Wish {
    /// The modem.
    pub modem: ModemChoice,
    /// From when; without it: now where the modem ever was in a device, else from its first message.
    pub since: Option<Time>,
}

/// Puts a modem into a device, or only says what that would change.
///
/// # Errors
/// [`StoreError::NotFound`] where there is no such device; else what the database says.
pub fn link(
    tx: &mut Tx<'_>,
    clock: &Clock,
    device: DeviceId,
    wish: &Wish,
    actor: &str,
) -> Result<Checked<LinkEffects>, StoreError> {
    // Whoever links either of them meanwhile waits, and sees this.
    devices::claim(tx, device)?;
    claim_modem(tx, &wish.modem)?;
    let (modem, span, mut effects) = match look_at_link(tx, clock.now(), device, wish)? {
        Ok(looked) => looked,
        Err(flaws) => return Ok(Err(flaws)),
    };
    let modem = modem.make(tx, clock)?;
    open(tx, clock, device.into(), modem.id, span, actor)?;
    effects.modem.id = Some(modem.id.into());
    effects.done = true;
    Ok(Ok(effects))
}

/// Says what [`link`] would change.
///
/// # Errors
/// As [`link`].
pub fn try_link(
    conn: &mut Conn,
    now: Time,
    device: DeviceId,
    wish: &Wish,
) -> Result<Checked<LinkEffects>, StoreError> {
    Ok(look_at_link(conn, now, device, wish)?.map(|(_, _, effects)| effects))
}

/// Holds a known modem until the transaction ends, so that nobody else links it.
pub(super) fn claim_modem(tx: &mut Tx<'_>, choice: &ModemChoice) -> Result<(), StoreError> {
    if let Ok(PreparedModem { known: Some(modem), .. }) = modem::find(tx, choice)? {
        modems::claim(tx, &[modem.imei])?;
    }
    Ok(())
}

type Looked = (PreparedModem, Span, LinkEffects);

fn look_at_link(
    conn: &mut Conn,
    now: Time,
    device: DeviceId,
    wish: &Wish,
) -> Result<Checked<Looked>, StoreError> {
    let row = living(conn, device)?;
    let modem = match modem::find(conn, &wish.modem)? {
        Ok(modem) => modem,
        Err(mut flaws) => {
            flaws.extend(has_modem(conn, &row)?);
            return Ok(Err(flaws));
        }
    };
    let span = match span(conn, now, Some(&row), &modem, wish.since)? {
        Ok(span) => span,
        Err(flaws) => return Ok(Err(flaws)),
    };
    let effects = effects_of_link(conn, &row, &modem, span)?;
    Ok(Ok((modem, span, effects)))
}

fn living(conn: &mut Conn, device: DeviceId) -> Result<DeviceRow, StoreError> {
    devices::by_id(conn, device)?.filter(|row| row.deleted_at.is_none()).ok_or(StoreError::NotFound)
}

fn has_modem(conn: &mut Conn, row: &DeviceRow) -> Result<Option<Flaw>, StoreError> {
    let device = row.named()?;
    Ok(imei_in(conn, row.id)?.map(|imei| Flaw::HasModem { device, imei }))
}

/// From when a modem can be in a device (in one that is only to be added, where there is none), or all that stands
/// against it.
pub(super) fn span(
    conn: &mut Conn,
    now: Time,
    device: Option<&DeviceRow>,
    modem: &PreparedModem,
    wanted: Option<Time>,
) -> Result<Checked<Span>, StoreError> {
    let mut flaws = Vec::new();
    if let Some(row) = device {
        flaws.extend(has_modem(conn, row)?);
    }
    let (mut modem_left, mut first) = (None, None);
    if let Some(id) = modem.id() {
        if let Some(by) = open_by_modem(conn, &[id])?.remove(&id) {
            flaws.push(Flaw::ModemInUse { imei: modem.imei.to_string(), by });
        }
        modem_left = modem_until(conn, id)?;
        first = readings::first_transmitted(conn, id)?;
    }
    let device_left = match device {
        Some(row) => device_until(conn, row.id)?,
        None => None,
    };
    let free_from = modem_left;
    let since = match wanted {
        None => default_since(now, modem_left, device_left, first),
        Some(since) => {
            flaws.extend(too_early_or_late(now, since, modem_left, device_left));
            since
        }
    };
    Ok(if flaws.is_empty() { Ok(Span { since, free_from }) } else { Err(flaws) })
}

/// Now, where the modem ever was in a device: whose its messages before were is known. Else from its first message,
/// because they can be nobody else's; but not from before the device's last modem left.
pub(super) fn default_since(
    now: Time,
    modem_left: Option<Time>,
    device_left: Option<Time>,
    first_message: Option<Time>,
) -> Time {
    match (modem_left, first_message) {
        (None, Some(first)) => device_left.map_or(first, |until| until.max(first)).min(now),
        _ => now,
    }
}

fn too_early_or_late(
    now: Time,
    since: Time,
    modem_left: Option<Time>,
    device_left: Option<Time>,
) -> Option<Flaw> {
    if since > now {
        return Some(Flaw::BadTime(format!("A link cannot begin in the future, at {since}.")));
    }
    let of = |whose: &str, until: Time| {
        Flaw::BadTime(format!(
            "{whose} until {until}. A new link begins then at the earliest, not at {since}."
        ))
    };
    match (modem_left, device_left) {
        (Some(until), _) if since < until => Some(of("The modem was in a device", until)),
        (_, Some(until)) if since < until => Some(of("The device had another modem", until)),
        _ => None,
    }
}

/// When the modem was in a device last, of the times that are over.
fn modem_until(conn: &mut Conn, modem: Id) -> Result<Option<Time>, StoreError> {
    let of = device_links::table.filter(device_links::modem_id.eq(modem));
    Ok(of.select(diesel::dsl::max(device_links::until)).first::<Option<Micros>>(conn)?.map(Into::into))
}

/// When the device had a modem last, of the times that are over.
fn device_until(conn: &mut Conn, device: Id) -> Result<Option<Time>, StoreError> {
    let of = device_links::table.filter(device_links::device_id.eq(device));
    Ok(of.select(diesel::dsl::max(device_links::until)).first::<Option<Micros>>(conn)?.map(Into::into))
}

/// States of messages to a modem that the device has not got yet.
const WAITING: [MtState; 4] = [MtState::Queued, MtState::Sending, MtState::Accepted, MtState::Unknown];

fn effects_of_link(
    conn: &mut Conn,
    row: &DeviceRow,
    modem: &PreparedModem,
    span: Span,
) -> Result<LinkEffects, StoreError> {
    let device = row.named()?;
    let (mut messages, mut nobodys, mut waiting_outgoing) = (0, 0, 0);
    let mut spoke_as = None;
    if let Some(known) = &modem.known {
        messages = readings::count_since(conn, known.id, span.since)?;
        let free = match span.free_from {
            Some(from) => readings::count_since(conn, known.id, from)?,
            None => readings::count_since(conn, known.id, Time::from_micros(i64::MIN))?,
        };
        nobodys = free - messages;
        waiting_outgoing = mt::count_of_modem(conn, known.id.into(), &WAITING)?;
        spoke_as = word::<Dialect>(known.dialect.as_deref())?;
    }
    let mut warnings = Vec::new();
    if let Some(spoke_as) = spoke_as.filter(|dialect| kind_of(*dialect) != device.kind) {
        warnings.push(format!(
            "Modem {} has spoken as a {spoke_as}, and {} is a {}.",
            modem.imei, device.name, device.kind
        ));
    }
    if nobodys > 0 {
        let belong = if nobodys == 1 { "belongs" } else { "belong" };
        warnings.push(format!("{} before that moment {belong} to no device.", messages_in_words(nobodys)));
    }
    if waiting_outgoing > 0 {
        warnings.push(format!(
            "{} to modem {} on the way, and will be heard by {}.",
            are(waiting_outgoing),
            modem.imei,
            device.name
        ));
    }
    Ok(LinkEffects {
        device,
        modem: shown_modem(modem),
        since: span.since,
        until: None,
        messages,
        from: None,
        waiting_outgoing,
        done: false,
        warnings,
    })
}

fn kind_of(dialect: Dialect) -> DeviceKind {
    match dialect {
        Dialect::Handset => DeviceKind::Handset,
        Dialect::V2Buoy | Dialect::V3Buoy => DeviceKind::Buoy,
    }
}

fn shown_modem(modem: &PreparedModem) -> ModemRef {
    ModemRef {
        id: modem.id().map(Into::into),
        imei: modem.imei,
        serial: modem.known.as_ref().and_then(|known| known.serial.clone()),
    }
}

fn messages_in_words(n: i64) -> String {
    if n == 1 { "1 message".to_owned() } else { format!("{n} messages") }
}

fn are(n: i64) -> String {
    format!("{} {}", messages_in_words(n), if n == 1 { "is" } else { "are" })
}

/// Writes down that a modem is in a device from now on.
pub(super) fn open(
    tx: &mut Tx<'_>,
    clock: &Clock,
    device: Id,
    modem: Id,
    span: Span,
    actor: &str,
) -> Result<(), StoreError> {
    let row = LinkRow::beginning(clock, device, modem, span.since, actor);
    diesel::insert_into(device_links::table).values(row).execute(&mut **tx)?;
    tx.changed.devices.insert(device.into());
    tx.changed.modems.insert(modem.into());
    Ok(())
}

/// Takes the modem out of a device, now or at a moment since it came in.
///
/// # Errors
/// [`StoreError::NotFound`] where there is no such device; else what the database says.
pub fn unlink(
    tx: &mut Tx<'_>,
    now: Time,
    device: DeviceId,
    at: Option<Time>,
    actor: &str,
) -> Result<Checked<LinkEffects>, StoreError> {
    devices::claim(tx, device)?;
    let (link, mut effects) = match look_at_unlink(tx, now, device, at)? {
        Ok(looked) => looked,
        Err(flaws) => return Ok(Err(flaws)),
    };
    diesel::update(device_links::table.find(link.id))
        .set((
            device_links::until.eq(effects.until.map(Micros::from)),
            device_links::unlinked_by.eq(Some(actor)),
            device_links::open_device.eq(None::<Id>),
            device_links::open_modem.eq(None::<Id>),
        ))
        .execute(&mut **tx)?;
    tx.changed.devices.insert(device);
    tx.changed.modems.insert(link.modem_id.into());
    effects.done = true;
    Ok(Ok(effects))
}

/// Says what [`unlink`] would change.
///
/// # Errors
/// As [`unlink`].
pub fn try_unlink(
    conn: &mut Conn,
    now: Time,
    device: DeviceId,
    at: Option<Time>,
) -> Result<Checked<LinkEffects>, StoreError> {
    Ok(look_at_unlink(conn, now, device, at)?.map(|(_, effects)| effects))
}

fn look_at_unlink(
    conn: &mut Conn,
    now: Time,
    device: DeviceId,
    at: Option<Time>,
) -> Result<Checked<(LinkRow, LinkEffects)>, StoreError> {
    let device = living(conn, device)?.named()?;
    let Some((link, modem)) = open_link(conn, Id::from(device.id))? else {
        return Ok(Err(vec![Flaw::HasNone(device)]));
    };
    let (since, until) = (Time::from(link.since), at.unwrap_or_else(|| now.max(link.since.into())));
    if until < since || until > now.max(since) {
        let sentence = format!(
            "{} has modem {} since {since}. It can leave between then and now.",
            device.name, modem.imei
        );
        return Ok(Err(vec![Flaw::BadTime(sentence)]));
    }
    let waiting_outgoing = mt::count_of_modem(conn, modem.id.into(), &WAITING)?;
    let mut warnings = Vec::new();
    let named = routes::naming(conn, device.id.uuid())?;
    if !named.is_empty() {
        warnings.push(format!(
            "{} is used in {}. While it has no modem, nothing is passed on of it or to it.",
            device.name,
            routes::in_words(&named)
        ));
    }
    if until == since {
        warnings.push(format!("{} will be as if it had never had modem {}.", device.name, modem.imei));
    }
    if waiting_outgoing > 0 {
        warnings.push(format!(
            "{} to modem {} on the way, and will be heard by whichever device it is in then.",
            are(waiting_outgoing),
            modem.imei
        ));
    }
    let effects = LinkEffects {
        device: device.clone(),
        modem: shown_modem(&modem::known(modem)?),
        since,
        until: Some(until),
        messages: readings::count_since(conn, link.modem_id, until)?,
        from: Some(device),
        waiting_outgoing,
        done: false,
        warnings,
    };
    Ok(Ok((link, effects)))
}

fn open_link(conn: &mut Conn, device: Id) -> Result<Option<(LinkRow, ModemRow)>, StoreError> {
    Ok(device_links::table
        .inner_join(modem_table::table.on(modem_table::id.eq(device_links::modem_id)))
        .filter(device_links::open_device.eq(Some(device)))
        .select((LinkRow::as_select(), ModemRow::as_select()))
        .first(conn)
        .optional()?)
}

/// The IMEI of the modem that is in a device.
pub(super) fn imei_in(conn: &mut Conn, device: Id) -> Result<Option<String>, StoreError> {
    Ok(open_link(conn, device)?.map(|(_, modem)| modem.imei))
}

/// The devices in which these modems are now.
///
/// # Errors
/// What the database says.
pub fn open_by_modem(conn: &mut Conn, modems: &[Id]) -> Result<HashMap<Id, DeviceRef>, StoreError> {
    let wanted: Vec<Option<Id>> = modems.iter().copied().map(Some).collect();
    let rows: Vec<(Id, Id, String, String)> = device_links::table
        .inner_join(device_table::table.on(device_table::id.eq(device_links::device_id)))
        .filter(device_links::open_modem.eq_any(wanted))
        .select((device_links::modem_id, device_table::id, device_table::kind, device_table::name))
        .load(conn)?;
    rows.into_iter().map(|(modem, id, kind, name)| Ok((modem, reference(id, &kind, name)?))).collect()
}

/// In which devices some modems were, for finding out whose messages were.
pub(crate) struct Owners(HashMap<String, Vec<(Micros, Option<Micros>, DeviceRef)>>);

impl Owners {
    /// Of messages of these IMEIs, sent between two moments.
    pub(crate) fn of(conn: &mut Conn, messages: &[(String, Micros)]) -> Result<Self, StoreError> {
        let times = || messages.iter().map(|(_, at)| *at);
        let (Some(first), Some(last)) = (times().min(), times().max()) else {
            return Ok(Self(HashMap::new()));
        };
        let mut imeis: Vec<&str> = messages.iter().map(|(imei, _)| imei.as_str()).collect();
        imeis.sort_unstable();
        imeis.dedup();
        let rows: Vec<(String, Micros, Option<Micros>, Id, String, String)> = modem_table::table
            .inner_join(device_links::table.on(device_links::modem_id.eq(modem_table::id)))
            .inner_join(device_table::table.on(device_table::id.eq(device_links::device_id)))
            .filter(modem_table::imei.eq_any(imeis))
            .filter(device_links::since.le(last))
            .filter(device_links::until.is_null().or(device_links::until.gt(first)))
            .select((
                modem_table::imei,
                device_links::since,
                device_links::until,
                device_table::id,
                device_table::kind,
                device_table::name,
            ))
            .load(conn)?;
        let mut owners: HashMap<String, Vec<_>> = HashMap::new();
        for (imei, since, until, id, kind, name) in rows {
            owners.entry(imei).or_default().push((since, until, reference(id, &kind, name)?));
        }
        Ok(Self(owners))
    }

    /// Whose a message is.
    pub(crate) fn owner(&self, imei: &str, at: Micros) -> Option<DeviceRef> {
        self.owner_since(imei, at).map(|(device, _)| device)
    }

    /// Whose a message is, and since when its modem was in there.
    fn owner_since(&self, imei: &str, at: Micros) -> Option<(DeviceRef, Micros)> {
        let of_modem = self.0.get(imei)?.iter();
        let mut then =
            of_modem.filter(|(since, until, _)| *since <= at && until.is_none_or(|until| at < until));
        then.next().map(|(since, _, device)| (device.clone(), *since))
    }
}

/// The times of a device by IMEI, newest first: what was sent in them is its.
pub(crate) fn spans_of(
    conn: &mut Conn,
    device: DeviceId,
) -> Result<Vec<(String, Micros, Option<Micros>)>, StoreError> {
    Ok(device_links::table
        .inner_join(modem_table::table.on(modem_table::id.eq(device_links::modem_id)))
        .filter(device_links::device_id.eq(Id::from(device)))
        .order(device_links::id.desc())
        .limit(SPANS)
        .select((modem_table::imei, device_links::since, device_links::until))
        .load(conn)?)
}

/// The modems that a device had at a moment and before it, newest first, each from when until when; at most a hundred.
pub(crate) fn modems_before(
    conn: &mut Conn,
    device: DeviceId,
    at: Micros,
) -> Result<Vec<(Id, Micros, Option<Micros>)>, StoreError> {
    Ok(device_links::table
        .filter(device_links::device_id.eq(Id::from(device)))
        .filter(device_links::since.le(at))
        .order(device_links::since.desc())
        .limit(SPANS)
        .select((device_links::modem_id, device_links::since, device_links::until))
        .load(conn)?)
}

/// The devices in which modems were, for messages of these IMEIs at these moments, and since when: one query for all.
///
/// # Errors
/// What the database says.
pub fn owners(
    conn: &mut Conn,
    messages: &[(String, Micros)],
) -> Result<Vec<Option<(DeviceRef, Micros)>>, StoreError> {
    let owners = Owners::of(conn, messages)?;
    Ok(messages.iter().map(|(imei, at)| owners.owner_since(imei, *at)).collect())
}

/// Whose history is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Of {
    /// Of a device: which modems it had.
    Device(DeviceId),
    /// Of a modem: in which devices it was.
    Modem(ModemId),
}

/// One page of a history, newest first, older than the one with id `before`.
///
/// # Errors
/// What the database says.
pub fn list(
    conn: &mut Conn,
    of: Of,
    before: Option<LinkId>,
    limit: i64,
) -> Result<Vec<LinkView>, StoreError> {
    let mut query = device_links::table
        .inner_join(modem_table::table.on(modem_table::id.eq(device_links::modem_id)))
        .inner_join(device_table::table.on(device_table::id.eq(device_links::device_id)))
        .select((LinkRow::as_select(), modem_table::imei, device_table::kind, device_table::name))
        .into_boxed();
    query = match of {
        Of::Device(id) => query.filter(device_links::device_id.eq(Id::from(id))),
        Of::Modem(id) => query.filter(device_links::modem_id.eq(Id::from(id))),
    };
    if let Some(before) = before {
        query = query.filter(device_links::id.lt(Id::from(before)));
    }
    let rows: Vec<(LinkRow, String, String, String)> =
        query.order(device_links::id.desc()).limit(limit).load(conn)?;
    let view = |(link, imei, kind, name): (LinkRow, String, String, String)| {
        Ok(LinkView {
            id: link.id.into(),
            device: reference(link.device_id, &kind, name)?,
            modem_id: link.modem_id.into(),
            imei: imei.parse().map_err(|e| StoreError::Fault(format!("{imei}: {e}")))?,
            since: link.since.into(),
            until: link.until.map(Into::into),
            linked_by: link.linked_by,
            unlinked_by: link.unlinked_by,
        })
    };
    rows.into_iter().map(view).collect()
}

/// The device that a message is of.
///
/// # Errors
/// What the database says.
pub fn owner_of(
    conn: &mut Conn,
    imei: &str,
    transmitted_at: Option<Micros>,
    received_at: Micros,
) -> Result<Option<DeviceRef>, StoreError> {
    let at = transmitted_at.unwrap_or(received_at);
    Ok(Owners::of(conn, &[(imei.to_owned(), at)])?.owner(imei, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(n: i64) -> Time {
        Time::from_micros(n)
    }

    #[test]
    fn a_modem_that_never_was_in_a_device_brings_its_messages_along() {
        assert_eq!(default_since(at(100), None, None, Some(at(20))), at(20));
        assert_eq!(default_since(at(100), None, Some(at(50)), Some(at(20))), at(50));
        assert_eq!(default_since(at(100), None, Some(at(50)), Some(at(70))), at(70));
        assert_eq!(default_since(at(100), None, None, None), at(100));
        assert_eq!(default_since(at(100), Some(at(50)), None, Some(at(20))), at(100));
        assert_eq!(default_since(at(100), None, None, Some(at(200))), at(100));
    }
}
