//! The demo's registry: who is at sea with which modem, what stands in the workshop and on the bench.

use std::collections::HashMap;

use fairlead_model::device::DeviceKind;
use fairlead_model::{Clock, DeviceId, GroupId, Imei, Time};
use fairlead_simulator::satellite::World;
use fairlead_store::audit::{self, Entry};
use fairlead_store::registry::devices::{self, DeviceRow, NewDevice};
use fairlead_store::registry::{Flaw, ModemChoice, groups};
use fairlead_store::{Store, StoreError, Tx};

use super::person::NAME;

/// Devices that stand in the workshop, and get new firmware.
pub(super) const IN_WORKSHOP: usize = 8;

/// Who is at sea: a name in the cast, and the group.
const AT_SEA: [(&str, &str); 12] = [
    ("bay", "Monterey"),
    ("tired", "Monterey"),
    ("faial", "Azores"),
    ("unsigned", "Azores"),
    ("gaps", "Liguria"),
    ("sur", "Monterey"),
    ("canyon", "Monterey"),
    ("silent", "Azores"),
    ("garbler", "Azores"),
    ("knots", "Liguria"),
    ("veteran", "Azores"),
    ("crew", "Liguria"),
];

/// The one aboard a boat.
pub(super) const HANDSET: &str = "crew";

/// A device with a line.
#[derive(Clone, Debug)]
pub(super) struct OnLine {
    pub(super) id: DeviceId,
    pub(super) name: String,
}

/// The devices of the registry that are at sea, by their names in the cast, and the groups.
pub(super) struct AtSea {
    devices: Vec<(&'static str, OnLine)>,
    groups: HashMap<&'static str, GroupId>,
}

impl AtSea {
    /// The device that this one of the cast is.
    pub(super) fn device(&self, name: &str) -> anyhow::Result<&OnLine> {
        let found = self.devices.iter().find(|(of_cast, _)| *of_cast == name);
        found.map(|(_, device)| device).ok_or_else(|| anyhow::anyhow!("nobody is {name}"))
    }

    /// A group.
    pub(super) fn group(&self, name: &str) -> anyhow::Result<GroupId> {
        self.groups.get(name).copied().ok_or_else(|| anyhow::anyhow!("there is no group {name}"))
    }
}

/// The devices of the registry that are ashore.
pub(super) struct Ashore {
    /// Those that get new firmware.
    pub(super) workshop: Vec<OnLine>,
    /// The one to talk to.
    pub(super) bench: OnLine,
}

/// A device that is to be registered.
struct Entrant {
    kind: DeviceKind,
    group: &'static str,
    modem: Option<(Imei, Option<Time>)>,
}

/// Registers everything, as a person would. Modems are their devices' since their first message of the time `past`.
pub(super) async fn register(
    store: &Store,
    clock: &Clock,
    world: &World,
    past: std::ops::Range<Time>,
) -> anyhow::Result<(AtSea, Ashore)> {
    let mut first: HashMap<Imei, Time> = HashMap::new();
    for sent in world.events(past) {
        first.entry(sent.imei).or_insert(sent.at);
    }
    let at_sea = AT_SEA.iter().map(|(name, group)| Entrant {
        kind: if *name == HANDSET { DeviceKind::Handset } else { DeviceKind::Buoy },
        group,
        modem: world.modem(name).map(|imei| (imei, first.get(&imei).copied())),
    });
    let ashore = |group| Entrant { kind: DeviceKind::Buoy, group, modem: None };
    let workshop = (0..IN_WORKSHOP).map(|_| ashore("workshop"));
    let entrants: Vec<Entrant> = at_sea.chain(workshop).chain([ashore("bench")]).collect();
    let clock = clock.clone();
    let (made, groups) = store.write(move |tx| register_all(tx, &clock, &entrants)).await?;
    let mut made = made.into_iter();
    let devices = AT_SEA.iter().map(|(name, _)| *name).zip(made.by_ref().take(AT_SEA.len())).collect();
    let workshop = made.by_ref().take(IN_WORKSHOP).collect();
    let bench = made.next().ok_or_else(|| anyhow::anyhow!("no device is on the bench"))?;
    Ok((AtSea { devices, groups }, Ashore { workshop, bench }))
}

fn register_all(
    tx: &mut Tx<'_>,
    clock: &Clock,
    entrants: &[Entrant],
) -> Result<(Vec<OnLine>, HashMap<&'static str, GroupId>), StoreError> {
    let mut known: HashMap<&'static str, GroupId> = HashMap::new();
    let mut made = Vec::with_capacity(entrants.len());
    for entrant in entrants {
        let group = match known.get(entrant.group) {
            Some(group) => *group,
            None => *known.entry(entrant.group).or_insert(add_group(tx, clock, entrant.group)?),
        };
        let row = add(tx, clock, entrant, group)?;
        made.push(OnLine { id: row.id.into(), name: row.name });
    }
    Ok((made, known))
}

fn add_group(tx: &mut Tx<'_>, clock: &Clock, name: &str) -> Result<GroupId, StoreError> {
    let group = groups::add(tx, clock, name)?.map_err(refused)?;
    let subject = format!("group {}", group.id);
    audit::record(tx, clock, &Entry { actor: NAME, action: "group.add", subject, detail: name })?;
    Ok(group.id)
}

fn add(tx: &mut Tx<'_>, clock: &Clock, entrant: &Entrant, group: GroupId) -> Result<DeviceRow, StoreError> {
    let new = NewDevice {
        kind: entrant.kind,
        name: None,
        modem: entrant.modem.map(|(imei, _)| ModemChoice::Imei(imei.to_string())),
        serial: None,
        since: entrant.modem.and_then(|(_, since)| since),
        groups: vec![group],
    };
    let row = devices::create(tx, clock, &new, NAME)?.map_err(refused)?;
    let subject = format!("device {}", DeviceId::from(row.id));
    let modem = entrant.modem.map(|(imei, _)| format!(", modem {imei}")).unwrap_or_default();
    let detail = format!("{}: {}{modem}", row.name, row.kind);
    audit::record(tx, clock, &Entry { actor: NAME, action: "device.create", subject, detail: &detail })?;
    Ok(row)
}

fn refused(flaws: Vec<Flaw>) -> StoreError {
    StoreError::Refused(flaws.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
}
