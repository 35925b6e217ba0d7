//! Many devices at once: all of them, or none. A fixed number of queries, but for one a modem that has been heard.

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel::prelude::*;
use fairlead_model::device::{DeviceKind, DeviceRef};
use fairlead_model::{Clock, DeviceId, Imei, ModemId, Time};

use super::devices::{DeviceRow, number_sequence};
use super::flaw::device_name;
use super::links::{self, LinkRow};
use super::views::reference;
use super::{Flaw, ModemChoice, groups, modem, registration};
use crate::audit::{self, Entry};
use crate::dialect::{TOGETHER, insert_rows};
use crate::satellite::modems::{self, ModemRow};
use crate::satellite::readings;
use crate::schema::{device_links, devices, modem_numbers, modems as modem_table};
use crate::{Conn, Id, Micros, StoreError, Tx, sequences};

/// One line of a list of devices.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Where it stands in its file, from 1 on.
    pub line: u64,
    /// What the device is; empty where the line does not say, or not well.
    pub kind: Option<DeviceKind>,
    /// Its name; empty where it is to be drawn.
    pub name: Option<String>,
    /// The modem in it.
    pub modem: Option<ModemChoice>,
    /// The names of the groups it is in.
    pub groups: Vec<String>,
    /// What is wrong with the line by itself, a sentence each.
    pub errors: Vec<String>,
}

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// Where it stands in its file, from 1 on.
    pub line: u64,
    /// The device's name; empty where it is to be drawn.
    pub name: Option<String>,
    /// What the device is.
    pub kind: Option<DeviceKind>,
    /// The modem in it.
    pub imei: Option<Imei>,
    /// What stands against it, a sentence each.
    pub errors: Vec<String>,
}

/// What a list of devices came to.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// Each line.
    pub lines: Vec<Looked>,
    /// The devices that were made; none where anything stood against any line.
    pub devices: Vec<DeviceId>,
    /// Their modems.
    pub modems: Vec<ModemId>,
}

/// Says what [`run`] would make.
///
/// # Errors
/// What the database says.
pub fn look(conn: &mut Conn, now: Time, lines: &[Line]) -> Result<Imported, StoreError> {
    let plans = plan(conn, now, lines)?;
    Ok(Imported { lines: plans.into_iter().map(|plan| plan.looked).collect(), ..Imported::default() })
}

/// Makes all these devices, or none where anything stands against any of them.
///
/// # Errors
/// [`StoreError::Conflict`] where somebody was faster; else what the database says.
pub fn run(tx: &mut Tx<'_>, clock: &Clock, lines: &[Line], actor: &str) -> Result<Imported, StoreError> {
    let known = Modems::of(tx, lines)?;
    let imeis: Vec<String> = known.0.values().flatten().map(|modem| modem.imei.clone()).collect();
    for some in imeis.chunks(TOGETHER) {
        // Whoever links one of them meanwhile waits, and sees this.
        modems::claim(tx, some)?;
    }
    let mut plans = plan(tx, clock.now(), lines)?;
    if plans.iter().any(|plan| !plan.looked.errors.is_empty()) {
        return Ok(Imported { lines: plans.into_iter().map(|p| p.looked).collect(), ..Imported::default() });
    }
    draw_names(tx, &mut plans)?;
    let rows = make_devices(tx, clock, &plans, actor)?;
    let modems = make_links(tx, clock, &plans, &rows, actor)?;
    let members: Vec<(Id, Id)> = plans
        .iter()
        .zip(&rows)
        .flat_map(|(plan, row)| plan.groups.iter().map(|group| (*group, row.id)))
        .collect();
    groups::insert(tx, &members)?;
    write_down(tx, clock, &plans, &rows, actor)?;
    Ok(Imported {
        lines: plans.into_iter().map(|plan| plan.looked).collect(),
        devices: rows.iter().map(|row| row.id.into()).collect(),
        modems,
    })
}

/// What is to be made of a line.
struct Plan {
    looked: Looked,
    modem: Option<(Imei, Option<Id>, Time)>,
    groups: Vec<Id>,
}

/// The modems that lines name, by how they are named.
struct Modems(HashMap<String, Vec<ModemRow>>);

impl Modems {
    fn of(conn: &mut Conn, lines: &[Line]) -> Result<Self, StoreError> {
        let mut imeis = Vec::new();
        let mut serials = Vec::new();
        let mut numbers = Vec::new();
        let mut ids = Vec::new();
        for choice in lines.iter().filter_map(|line| line.modem.as_ref()) {
            match choice {
                ModemChoice::Imei(imei) => imeis.push(imei.trim().to_owned()),
                ModemChoice::Serial(serial) => serials.push(serial.clone()),
                ModemChoice::Number(number) => numbers.push(*number),
                ModemChoice::Id(id) => ids.push(Id::from(*id)),
            }
        }
        let mut found: HashMap<String, Vec<ModemRow>> = HashMap::new();
        let rows = || modem_table::table.select(ModemRow::as_select());
        for row in rows().filter(modem_table::imei.eq_any(imeis)).load::<ModemRow>(conn)? {
            found.entry(row.imei.clone()).or_default().push(row);
        }
        for row in rows().filter(modem_table::serial.eq_any(&serials)).load::<ModemRow>(conn)? {
            found.entry(format!("serial {}", row.serial.clone().unwrap_or_default())).or_default().push(row);
        }
        for row in rows().filter(modem_table::id.eq_any(ids)).load::<ModemRow>(conn)? {
            found.entry(format!("id {}", ModemId::from(row.id))).or_default().push(row);
        }
        let numbered: Vec<(i64, ModemRow)> = modem_table::table
            .inner_join(modem_numbers::table.on(modem_numbers::modem_id.eq(modem_table::id)))
            .filter(modem_numbers::number.eq_any(numbers))
            .select((modem_numbers::number, ModemRow::as_select()))
            .load(conn)?;
        for (number, row) in numbered {
            found.entry(format!("number {number}")).or_default().push(row);
        }
        Ok(Self(found))
    }

    /// The modem that is meant: its IMEI, and its row where it is known.
    fn find(&self, choice: &ModemChoice) -> Result<(Imei, Option<&ModemRow>), Flaw> {
        let key = match choice {
            ModemChoice::Imei(text) => {
                let imei = modem::imei(text)?;
                let known = self.0.get(imei.as_str()).and_then(|found| found.first());
                return Ok((imei, known));
            }
            ModemChoice::Serial(serial) => format!("serial {serial}"),
            ModemChoice::Number(number) => format!("number {number}"),
            ModemChoice::Id(id) => format!("id {id}"),
        };
        match self.0.get(&key).map_or(&[][..], Vec::as_slice) {
            [modem] => {
                let imei = modem.imei.parse().map_err(|e| Flaw::BadText(format!("{}: {e}.", modem.imei)))?;
                Ok((imei, Some(modem)))
            }
            [] => Err(Flaw::NoSuchModem(choice.to_string())),
            _ => Err(Flaw::SeveralModems(choice.to_string())),
        }
    }
}

/// What is known already of what the lines name.
struct Known {
    modems: Modems,
    names: HashMap<String, DeviceRef>,
    groups: HashMap<String, Id>,
    in_devices: HashMap<Id, DeviceRef>,
    left: HashMap<Id, Time>,
}

impl Known {
    fn of(conn: &mut Conn, lines: &[Line]) -> Result<Self, StoreError> {
        let modems = Modems::of(conn, lines)?;
        let ids: Vec<Id> = modems.0.values().flatten().map(|modem| modem.id).collect();
        let names = lines.iter().filter_map(|line| line.name.as_ref());
        let names: Vec<Option<String>> = names.map(|name| Some(name.to_ascii_lowercase())).collect();
        let taken: Vec<(Option<String>, Id, String, String)> = devices::table
            .filter(devices::name_key.eq_any(names))
            .select((devices::name_key, devices::id, devices::kind, devices::name))
            .load(conn)?;
        let names = taken
            .into_iter()
            .map(|(key, id, kind, name)| Ok((key.unwrap_or_default(), reference(id, &kind, name)?)))
            .collect::<Result<_, StoreError>>()?;
        let wanted: HashSet<String> =
            lines.iter().flat_map(|line| line.groups.iter().map(|name| groups::name_key(name))).collect();
        let left: Vec<(Id, Option<Micros>)> = device_links::table
            .filter(device_links::modem_id.eq_any(ids.clone()))
            .group_by(device_links::modem_id)
            .select((device_links::modem_id, diesel::dsl::max(device_links::until)))
            .load(conn)?;
        Ok(Self {
            names,
            groups: groups::by_names(conn, &Vec::from_iter(wanted))?,
            in_devices: links::open_by_modem(conn, &ids)?,
            left: left.into_iter().filter_map(|(id, until)| Some((id, until?.into()))).collect(),
            modems,
        })
    }
}

fn plan(conn: &mut Conn, now: Time, lines: &[Line]) -> Result<Vec<Plan>, StoreError> {
    let known = Known::of(conn, lines)?;
    let mut names: HashMap<String, u64> = HashMap::new();
    let mut imeis: HashMap<Imei, u64> = HashMap::new();
    let mut plans = Vec::with_capacity(lines.len());
    for line in lines {
        let mut errors = line.errors.clone();
        errors.extend(against_name(&known, &mut names, line));
        let mut groups = Vec::new();
        for name in &line.groups {
            match known.groups.get(&groups::name_key(name)) {
                Some(id) if groups.contains(id) => {}
                Some(id) => groups.push(*id),
                None => errors.push(Flaw::NoSuchGroup(name.clone()).to_string()),
            }
        }
        let mut modem = None;
        if let Some(choice) = &line.modem {
            match known.modems.find(choice) {
                Ok((imei, row)) => {
                    errors.extend(against_modem(&known, &mut imeis, line.line, imei, row));
                    modem = Some((imei, row.map(|row| row.id)));
                }
                Err(flaw) => errors.push(flaw.to_string()),
            }
        }
        let modem = match modem {
            Some((imei, id)) => Some((imei, id, since(conn, now, &known, id)?)),
            None => None,
        };
        let imei = modem.map(|(imei, ..)| imei);
        let looked = Looked { line: line.line, name: line.name.clone(), kind: line.kind, imei, errors };
        plans.push(Plan { looked, modem, groups });
    }
    Ok(plans)
}

/// From when a modem's messages are a new device's: as where it is linked by hand.
fn since(conn: &mut Conn, now: Time, known: &Known, modem: Option<Id>) -> Result<Time, StoreError> {
    let Some(id) = modem else { return Ok(now) };
    let left = known.left.get(&id).copied();
    let first = match left {
        Some(_) => None,
        None => readings::first_transmitted(conn, id)?,
    };
    Ok(links::default_since(now, left, None, first))
}

fn against_name(known: &Known, names: &mut HashMap<String, u64>, line: &Line) -> Vec<String> {
    let Some(name) = &line.name else {
        let Some(kind) = line.kind.filter(|kind| kind.prefix().is_none()) else { return Vec::new() };
        return vec![format!("A {kind} is not given a name by itself. Choose one.")];
    };
    if let Err(flaw) = device_name(name) {
        return vec![flaw.to_string()];
    }
    let key = name.to_ascii_lowercase();
    let mut errors = Vec::new();
    if let Some(by) = known.names.get(&key) {
        errors.push(Flaw::NameTaken { name: name.clone(), by: by.clone() }.to_string());
    }
    let first = *names.entry(key).or_insert(line.line);
    if first != line.line {
        errors.push(format!("Line {first} has the name {name} as well."));
    }
    errors
}

fn against_modem(
    known: &Known,
    imeis: &mut HashMap<Imei, u64>,
    line: u64,
    imei: Imei,
    row: Option<&ModemRow>,
) -> Vec<String> {
    let mut errors = Vec::new();
    if let Some(by) = row.and_then(|row| known.in_devices.get(&row.id)) {
        errors.push(Flaw::ModemInUse { imei: imei.to_string(), by: by.clone() }.to_string());
    }
    let first = *imeis.entry(imei).or_insert(line);
    if first != line {
        errors.push(format!("Line {first} has modem {imei} as well."));
    }
    errors
}

/// Gives the next free names of their kinds to those that have none.
fn draw_names(tx: &mut Tx<'_>, plans: &mut [Plan]) -> Result<(), StoreError> {
    let chosen: HashSet<String> = plans
        .iter()
        .filter_map(|plan| plan.looked.name.as_ref())
        .map(|name| name.to_ascii_lowercase())
        .collect();
    for kind in DeviceKind::ALL {
        let mut nameless: Vec<&mut Looked> = plans
            .iter_mut()
            .map(|plan| &mut plan.looked)
            .filter(|line| line.kind == Some(*kind) && line.name.is_none())
            .collect();
        if nameless.is_empty() {
            continue;
        }
        let names = registration::draw_names(tx, *kind, nameless.len(), &|key| chosen.contains(key))?;
        for (line, name) in nameless.iter_mut().zip(names) {
            line.name = Some(name);
        }
    }
    Ok(())
}

fn make_devices(
    tx: &mut Tx<'_>,
    clock: &Clock,
    plans: &[Plan],
    actor: &str,
) -> Result<Vec<DeviceRow>, StoreError> {
    let mut next: BTreeMap<&str, i64> = BTreeMap::new();
    let mut rows = Vec::with_capacity(plans.len());
    for Plan { looked, .. } in plans {
        let (Some(kind), Some(name)) = (looked.kind, &looked.name) else {
            return Err(StoreError::Fault(format!("line {} has no kind or name", looked.line)));
        };
        let number = match next.get(kind.as_str()) {
            Some(last) => last + 1,
            None => sequences::next(tx, &number_sequence(kind))?,
        };
        next.insert(kind.as_str(), number);
        rows.push(DeviceRow {
            id: DeviceId::new(clock).into(),
            number,
            kind: kind.as_str().to_owned(),
            name: name.clone(),
            name_key: Some(name.to_ascii_lowercase()),
            serial: None,
            key_hash: None,
            created_at: clock.now().into(),
            created_by: actor.to_owned(),
            deleted_at: None,
        });
    }
    for (kind, last) in next {
        let kind = kind.parse().map_err(StoreError::Fault)?;
        sequences::advance(tx, &number_sequence(kind), last)?;
    }
    for some in rows.chunks(TOGETHER) {
        insert_rows!(&mut **tx, diesel::insert_into(devices::table), some);
    }
    tx.changed.devices.extend(rows.iter().map(|row| DeviceId::from(row.id)));
    Ok(rows)
}

fn make_links(
    tx: &mut Tx<'_>,
    clock: &Clock,
    plans: &[Plan],
    rows: &[DeviceRow],
    actor: &str,
) -> Result<Vec<ModemId>, StoreError> {
    let new: Vec<Imei> = plans
        .iter()
        .filter_map(|plan| plan.modem)
        .filter_map(|(imei, known, _)| known.is_none().then_some(imei))
        .collect();
    let prepared = modems::prepare(tx, clock, &new)?;
    let prepared: HashMap<String, Id> = prepared.into_iter().map(|modem| (modem.imei, modem.id)).collect();
    let mut links = Vec::new();
    for (plan, row) in plans.iter().zip(rows) {
        let Some((imei, known, since)) = plan.modem else { continue };
        let id = known.or_else(|| prepared.get(imei.as_str()).copied());
        let id = id.ok_or_else(|| StoreError::Fault(format!("modem {imei} was not made known")))?;
        links.push(LinkRow::beginning(clock, row.id, id, since, actor));
    }
    for some in links.chunks(TOGETHER) {
        insert_rows!(&mut **tx, diesel::insert_into(device_links::table), some);
    }
    let modems: Vec<ModemId> = links.iter().map(|link| link.modem_id.into()).collect();
    tx.changed.modems.extend(&modems);
    Ok(modems)
}

fn write_down(
    tx: &mut Tx<'_>,
    clock: &Clock,
    plans: &[Plan],
    rows: &[DeviceRow],
    actor: &str,
) -> Result<(), StoreError> {
    let detail = |plan: &Plan, row: &DeviceRow| {
        let modem = plan.modem.map(|(imei, _, since)| format!(", modem {imei} since {since}"));
        let modem = modem.unwrap_or_default();
        format!("{}: {}{modem}, line {} of a list", row.name, row.kind, plan.looked.line)
    };
    let details: Vec<String> = plans.iter().zip(rows).map(|(plan, row)| detail(plan, row)).collect();
    let entries: Vec<Entry<'_>> = rows
        .iter()
        .zip(&details)
        .map(|(row, detail)| Entry {
            actor,
            action: "device.create",
            subject: format!("device {}", DeviceId::from(row.id)),
            detail,
        })
        .collect();
    audit::record_many(tx, clock, &entries)
}
