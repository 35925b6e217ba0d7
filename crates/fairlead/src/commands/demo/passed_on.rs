//! What the demo's routes pass on, and to whom: a webhook's receiver, one that is dead, a handset, a buoy, and an MQTT broker
//! where there is one. All of it is made by the API, as a person would.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use fairlead_model::endpoint::EndpointMade;
use fairlead_model::route::RouteView;
use fairlead_model::{EndpointId, Imei, Secret, Time};
use fairlead_simulator::ledger::Ledger;
use fairlead_simulator::receiver::{Behaviour, Receiver};
use fairlead_simulator::satellite::{Said, World};
use fairlead_simulator::subscriber::Subscriber;
use fairlead_simulator::verify::{DeliveryReport, Owed, verify_deliveries};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use super::Stage;
use super::devices::{AtSea, HANDSET};
use super::person::Person;
use super::separate::free_address;
use crate::command_line::tell;

/// The buoys that the handset's crew is after; both drift in the Ligurian Sea.
const FOLLOWED: [&str; 2] = ["gaps", "knots"];

/// Below this somebody should row out, volts.
const LOW_BATTERY_V: f64 = 3.4;

/// The group whose positions go to the endpoint that is dead.
const TO_THE_DEAD: &str = "Azores";

/// Where mosquitto lies where it is not on the path.
const MOSQUITTO: [&str; 3] = ["mosquitto", "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"];

/// How long the broker may take to listen.
const BROKER: Duration = Duration::from_secs(10);

/// Ends of routes, before there are any.
pub(super) struct Ends {
    receiver: Receiver,
    dead: Receiver,
    broker: Option<Broker>,
}

/// A private broker, and somebody who listens there.
struct Broker {
    url: String,
    subscriber: Subscriber,
    page: String,
    // Ends with the demo.
    _process: Child,
}

/// Routes at work.
pub(super) struct PassedOn {
    /// The endpoint that is owed every position of a buoy.
    endpoint: EndpointId,
    since: Time,
}

impl Ends {
    /// Opens what routes lead to.
    pub(super) async fn open(stage: &Stage) -> anyhow::Result<Self> {
        let receiver = Receiver::serve("127.0.0.1:0", stage.clock.clone()).await?;
        let dead = Receiver::serve("127.0.0.1:0", stage.clock.clone()).await?;
        dead.behave(Behaviour::Dead);
        let broker = Broker::start(stage).await?;
        if broker.is_none() {
            tell(
                "The program mosquitto is not installed, so this demo has no MQTT (Debian: apt install mosquitto).",
            );
        }
        Ok(Self { receiver, dead, broker })
    }

    /// What the courier is set to, as `key=value`: the receivers are on this machine.
    pub(super) fn settings() -> Vec<String> {
        vec!["courier.webhook_networks=127.0.0.0/8".to_owned()]
    }

    /// Makes endpoints and routes.
    pub(super) async fn connect(
        &self,
        stage: &Stage,
        person: &Person,
        at_sea: &AtSea,
    ) -> anyhow::Result<PassedOn> {
        let handset = at_sea.device(HANDSET)?;
        for name in FOLLOWED {
            let buoy = at_sea.device(name)?;
            let label = format!("{} for the crew", buoy.name);
            let (from, to) =
                (json!({"type": "device", "id": buoy.id}), json!({"type": "device", "id": handset.id}));
            route(person, &label, from, "position", json!([]), (to, None)).await?;
        }
        let (from, to) = (json!({"type": "device", "id": handset.id}), at_sea.device(FOLLOWED[0])?);
        let label = format!("{} steers {}", handset.name, to.name);
        let to = json!({"type": "device", "id": to.id});
        route(person, &label, from, "command", json!([]), (to, None)).await?;

        let buoys = || json!({"type": "kind", "kind": "buoy"});
        let all = self.webhook(person, "Positions", &self.receiver.url(), Some(&self.receiver)).await?;
        route(person, "All positions", buoys(), "position", json!([]), to_endpoint(all, "json")).await?;
        let watch = format!("{}/battery", self.receiver.url());
        let watch = self.webhook(person, "Night watch", &watch, Some(&self.receiver)).await?;
        let low = json!([{"type": "battery_below", "volts": LOW_BATTERY_V}]);
        route(person, "Low batteries", buoys(), "position", low, to_endpoint(watch, "geojson")).await?;
        let dead = self.webhook(person, "Unplugged", &self.dead.url(), None).await?;
        let azores = json!({"type": "group", "id": at_sea.group(TO_THE_DEAD)?});
        route(person, "To an office that is shut", azores, "position", json!([]), to_endpoint(dead, "json"))
            .await?;
        if let Some(broker) = &self.broker {
            let config = json!({
                "kind": "mqtt", "url": broker.url, "retain": true, "discovery_prefix": "homeassistant",
            });
            let made = endpoint(person, "Home Assistant", config).await?;
            let to = to_endpoint(made.endpoint.id, "json");
            route(person, "For Home Assistant", buoys(), "position", json!([]), to).await?;
        }
        Ok(PassedOn { endpoint: all, since: stage.clock.now() })
    }

    async fn webhook(
        &self,
        person: &Person,
        name: &str,
        url: &str,
        receiver: Option<&Receiver>,
    ) -> anyhow::Result<EndpointId> {
        let made = endpoint(person, name, json!({"kind": "webhook", "url": url, "timeout_s": 5})).await?;
        let secret = made.signing_secret.context("a webhook without a signing secret")?;
        if let Some(receiver) = receiver {
            receiver.trust(&secret)?;
        }
        Ok(made.endpoint.id)
    }

    /// Where to look.
    pub(super) fn invite(&self, stage_url: &str, screen: &str, provider: &str) {
        tell(&format!(
            "\n  Routes pass messages on:  {stage_url}/routes\n  A webhook's receiver shows what it gets:  {}\n  What the \
             handset shows of the buoys that it follows:  {screen}\n  What the satellite provider was told, platform by platform:  {provider}",
            self.receiver.page()
        ));
        if let Some(broker) = &self.broker {
            tell(&format!("  What is published by MQTT ({}):  {}", broker.url, broker.page));
        }
        tell("  The endpoint Unplugged is dead on purpose: it rests, and nobody waits for it.");
    }

    /// What the receiver was owed, and what it got.
    pub(super) async fn verify(
        &self,
        passed_on: &PassedOn,
        (world, ledger): (&World, &Ledger),
        (api, token): (&str, &Secret),
        patience: Duration,
    ) -> anyhow::Result<DeliveryReport> {
        let (endpoint, since) = (passed_on.endpoint, passed_on.since);
        let owed = Owed { endpoint, receiver: &self.receiver, since, courier: None };
        let handset: Option<Imei> = world.modem(HANDSET);
        let is_owed = |sent: &fairlead_simulator::satellite::Sent| {
            Some(sent.imei) != handset && matches!(sent.said, Said::Position(_))
        };
        verify_deliveries(ledger, &owed, is_owed, (api, token), patience).await
    }

    /// How much was published by MQTT, in a sentence.
    pub(super) fn published(&self) -> Option<String> {
        let broker = self.broker.as_ref()?;
        Some(format!("published   {:>8}   heard by a subscriber of the broker", broker.subscriber.count()))
    }
}

impl Broker {
    /// Starts mosquitto on a free port; `None` where it is not installed.
    async fn start(stage: &Stage) -> anyhow::Result<Option<Self>> {
        let Some(program) = MOSQUITTO.iter().map(PathBuf::from).find(|program| answers(program)) else {
            return Ok(None);
        };
        let address = free_address()?;
        let port = address.rsplit(':').next().context("an address without a port")?;
        let config = stage.folder.join("mosquitto.conf");
        std::fs::write(
            &config,
            format!("listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n"),
        )?;
        let process = Command::new(&program)
            .arg("-c")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        let url = format!("mqtt://{address}");
        let subscriber = Subscriber::start(&url, "#", stage.clock.clone())?;
        let deadline = tokio::time::Instant::now() + BROKER;
        while !subscriber.is_subscribed() {
            anyhow::ensure!(tokio::time::Instant::now() < deadline, "mosquitto does not listen on {address}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let page = subscriber.show("127.0.0.1:0").await?;
        Ok(Some(Self { url, subscriber, page, _process: process }))
    }
}

/// Whether there is such a program. Asked for its help, mosquitto says it and ends with 3.
fn answers(program: &Path) -> bool {
    let asked =
        std::process::Command::new(program).arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok()
}

async fn endpoint(person: &Person, name: &str, config: Value) -> anyhow::Result<EndpointMade> {
    person.post("endpoints", &json!({"name": name, "config": config}), None).await
}

/// Where a route leads to, and in which format.
type To = (Value, Option<&'static str>);

fn to_endpoint(id: EndpointId, format: &'static str) -> To {
    (json!({"type": "endpoint", "id": id}), Some(format))
}

async fn route(
    person: &Person,
    name: &str,
    source: Value,
    message: &str,
    conditions: Value,
    (target, format): To,
) -> anyhow::Result<RouteView> {
    let body = json!({
        "name": name, "source": source, "messages": [message], "conditions": conditions, "target": target,
        "format": format,
    });
    person.post("routes", &body, None).await.with_context(|| format!("the route `{name}`"))
}
