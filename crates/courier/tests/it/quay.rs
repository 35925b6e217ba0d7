//! A handset and its buoys, whose messages routes pass on to devices.

use std::time::Duration;

use fairlead_model::delivery::DeliveryAttributes;
use fairlead_model::device::DeviceKind;
use fairlead_model::mt::Order;
use fairlead_model::queue::DeliveryWaiting;
use fairlead_model::route::{NewRoute, RouteMessage, RouteSource, RouteTarget};
use fairlead_model::{DeliveryId, DeviceId, MessageId, ModemId, RouteId, Time, Trust};
use fairlead_store::registry::ModemChoice;
use fairlead_store::registry::devices::{self, NewDevice};
use fairlead_store::registry::links;
use fairlead_store::routing::deliveries::{self, DeliveryRow, NewDelivery};
use fairlead_store::routing::routes;
use fairlead_store::satellite::messages::{self, MessageRow};
use fairlead_store::{Tx, problems};
use fairlead_testkit::Backend;
use serde_json::Value;

use crate::desk::{Desk, imei};

pub const HANDSET: u32 = 9;
pub const BUOY: u32 = 0;
pub const V3_BUOY: u32 = 1;

/// A device in the registry, with its modem where it has one.
#[derive(Clone, Copy)]
pub struct Device {
    pub n: u32,
    pub id: DeviceId,
    pub modem: Option<ModemId>,
}

pub struct Quay {
    pub desk: Desk,
    pub handset: Device,
    pub buoy: Device,
    pub v3_buoy: Device,
}

impl Quay {
    pub async fn open(backend: Backend, set: &[&str]) -> Self {
        let desk = Desk::open(backend, set).await;
        let handset = device(&desk, HANDSET, DeviceKind::Handset, Some("handset")).await;
        let buoy = device(&desk, BUOY, DeviceKind::Buoy, Some("v2_buoy")).await;
        let v3_buoy = device(&desk, V3_BUOY, DeviceKind::Buoy, Some("v3_buoy")).await;
        Self { desk, handset, buoy, v3_buoy }
    }

    pub fn now(&self) -> Time {
        self.desk.system.clock.now()
    }

    pub async fn route(&self, from: Device, to: Device, message: RouteMessage) -> RouteId {
        self.route_from(RouteSource::Device { id: from.id }, to, message, 1_800).await
    }

    pub async fn route_from(
        &self,
        source: RouteSource,
        to: Device,
        message: RouteMessage,
        lives_s: i64,
    ) -> RouteId {
        let clock = self.desk.system.clock.clone();
        let new = NewRoute {
            name: String::new(),
            enabled: true,
            source,
            messages: vec![message],
            conditions: Vec::new(),
            target: RouteTarget::Device { id: to.id },
            format: None,
            lives_s: Some(lives_s),
        };
        let work =
            move |tx: &mut Tx<'_>| Ok(routes::create(tx, &clock, &new, Vec::new(), "tests")?.unwrap().id);
        self.desk.system.store.write(work).await.unwrap()
    }

    /// A message of a device that was passed on by routes to devices, as the tracker writes it down.
    pub async fn says(
        &self,
        from: Device,
        told: Told,
        to: &[(RouteId, Device)],
    ) -> (MessageId, Vec<DeliveryId>) {
        let clock = self.desk.system.clock.clone();
        let to = to.to_vec();
        let work = move |tx: &mut Tx<'_>| {
            let message = MessageId::new(&clock);
            messages::insert_repaired(tx, row(message, from, &told, clock.now()))?;
            let new: Vec<NewDelivery> =
                to.iter().map(|(route, target)| delivery(*route, target.id, from, message, &told)).collect();
            let ids = deliveries::insert(tx, &clock, &new)?;
            for (_, target) in to.iter().chain(&to) {
                // The queue delivers at least once.
                let waiting = DeliveryWaiting { target_id: target.id.uuid() };
                fairlead_bus::enqueue(tx, &clock, &waiting, None)?;
            }
            Ok((message, ids))
        };
        self.desk.system.store.write(work).await.unwrap()
    }

    /// Gives a bare handset its modem.
    pub async fn gets_a_modem(&self, device: Device) {
        let modem = self.desk.modem(device.n, Some("handset")).await;
        let clock = self.desk.system.clock.clone();
        let link = move |tx: &mut Tx<'_>| {
            let wish = links::Wish { modem: ModemChoice::Id(modem), since: None };
            Ok(links::link(tx, &clock, device.id, &wish, "tests")?.unwrap())
        };
        self.desk.system.store.write(link).await.unwrap();
    }

    /// Wakes the lane of a device.
    pub async fn wake(&self, device: Device) {
        let (clock, target_id) = (self.desk.system.clock.clone(), device.id.uuid());
        let work =
            move |tx: &mut Tx<'_>| fairlead_bus::enqueue(tx, &clock, &DeliveryWaiting { target_id }, None);
        self.desk.system.store.write(work).await.unwrap();
    }

    /// A delivery, once it is in this state.
    pub async fn until(&self, id: DeliveryId, state: &str) -> DeliveryRow {
        let mut last = None;
        for _ in 0..3_000 {
            let row = self.desk.system.store.read(move |conn| deliveries::get(conn, id)).await.unwrap();
            if row.state == state {
                return row;
            }
            last = Some(row);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it did not become {state}: {last:?}");
    }

    /// The reasons of the problems that a message has led to.
    pub async fn reasons(&self, id: MessageId) -> Vec<String> {
        let all =
            self.desk.system.store.read(|conn| problems::list(conn, &problems::Filter::default(), 100)).await;
        all.unwrap().into_iter().filter(|p| p.message_id == Some(id)).map(|p| p.reason).collect()
    }

    pub async fn outgoing(&self) -> Vec<Value> {
        self.desk.get("/api/v1/outgoing").await["items"].as_array().unwrap().clone()
    }

    pub async fn until_newest(&self, state: &str) {
        let is_newest = |list: &Value| list["items"][0]["state"] == state;
        self.desk.system.until("courier", "/api/v1/outgoing", is_newest).await;
    }

    pub async fn until_accepted(&self, count: usize) -> Vec<Value> {
        let list = self.desk.system.until("courier", "/api/v1/outgoing", |list| {
            list["items"].as_array().unwrap().iter().filter(|mt| mt["state"] == "accepted").count() == count
        });
        list.await["items"].as_array().unwrap().clone()
    }

    /// Halts sending, so that what was made stays queued; or goes on.
    pub async fn account(&self, word: &str) {
        let path = format!("/api/v1/accounts/rockblock/{word}");
        self.desk.done(&path, &serde_json::json!({"reason": "a test"})).await;
    }
}

/// What a message says.
#[derive(Clone)]
pub struct Told {
    pub order: Order,
    pub at: Time,
    pub position_at: Option<Time>,
    pub trust: Trust,
}

pub fn command(minutes: u32, at: Time) -> Told {
    Told { order: Order::Interval { minutes }, at, position_at: None, trust: Trust::Signed }
}

/// A position as the handset gets it; the speed tells one from another.
pub fn position(speed: u32, at: Time) -> Told {
    let text = format!("+DATA:PK004,3749.5074,N,12216.6021,W,{speed},45.5,210501.0000,1");
    Told { order: Order::Position { text }, at, position_at: Some(at), trust: Trust::Signed }
}

pub async fn device(desk: &Desk, n: u32, kind: DeviceKind, dialect: Option<&'static str>) -> Device {
    let modem = match dialect {
        Some(_) => Some(desk.modem(n, dialect).await),
        None => None,
    };
    let clock = desk.system.clock.clone();
    let work = move |tx: &mut Tx<'_>| {
        let new = NewDevice {
            kind,
            name: None,
            modem: modem.map(|_| ModemChoice::Imei(imei(n).to_string())),
            serial: None,
            since: None,
            groups: Vec::new(),
        };
        Ok(devices::create(tx, &clock, &new, "tests")?.unwrap().id.into())
    };
    Device { n, id: desk.system.store.write(work).await.unwrap(), modem }
}

pub fn row(id: MessageId, from: Device, told: &Told, now: Time) -> MessageRow {
    MessageRow {
        id: id.into(),
        provider: "rockblock".into(),
        imei: imei(from.n).to_string(),
        momsn: Some(1),
        transmitted_at: Some(told.at.into()),
        transmit_time_raw: None,
        received_at: now.into(),
        trust: told.trust.as_str().into(),
        state: "decoded".into(),
        payload: None,
        payload_raw: None,
        device_type: None,
        serial: None,
        iridium_latitude: None,
        iridium_longitude: None,
        iridium_cep_km: None,
        session_status: None,
        modem_id: from.modem.map(Into::into),
        summary: None,
        marks: None,
        replaces: None,
        body: Vec::new(),
        source: "{}".into(),
    }
}

pub fn delivery(
    route: RouteId,
    target: DeviceId,
    from: Device,
    message: MessageId,
    told: &Told,
) -> NewDelivery {
    NewDelivery {
        route: Some(route),
        target: RouteTarget::Device { id: target },
        message: Some(message),
        modem: from.modem,
        device: Some(from.id),
        format: "mt".into(),
        content_type: "application/json".into(),
        attributes: DeliveryAttributes {
            device: format!("device {}", from.n),
            kind: "buoy".into(),
            imei: imei(from.n),
            message: "position".into(),
            at: told.at,
            position_at: told.position_at,
        },
        body: serde_json::to_vec(&told.order).unwrap(),
    }
}
