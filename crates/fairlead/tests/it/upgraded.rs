//! Devices with the firmware's own habits get new firmware from the real programs, past nginx and through it, cut off
//! again and again; and a person talks to one by its line, and tells it to fetch the next.

use std::net::TcpListener;
use std::path::Path;

use fairlead_model::Clock;
use fairlead_model::device::{DeviceKind, DeviceView};
use fairlead_model::firmware::{JobState, JobView, VersionState, VersionView};
use fairlead_model::role::Role;
use fairlead_model::room::{LineEvent, LineOrder};
use fairlead_simulator::firmware_tree::{FirmwareTree, Repository, write_repository};
use fairlead_simulator::satellite::bench::{
    BenchSettings, Doing, Ended, Flash, Habits, Powered, Trouble, UpgradeClient, register, switch_on,
};
use fairlead_store::{Store, sign_in};
use futures_util::{SinkExt, StreamExt};
use reqwest::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::process::{PATIENCE, Service, until};
use crate::proxy::Proxy;
use crate::servers::Servers;

/// What devices show to be registered.
const SECRET: &str = "all-of-the-fleet";
/// How often the power of a device fails in mid-transfer.
const CUTS: u32 = 5;
/// Within so many bytes it fails: less than the whole transfer, so that it does.
const WITHIN: u64 = 450_000;
/// Files of the tree.
const FILES: usize = 107;
const SEED: u64 = 11;

/// Our programs with nginx before them, and a repository of firmware.
struct Site {
    /// Where a device comes past nginx.
    direct: String,
    proxy: Proxy,
    /// Where devices find the hub.
    hub: String,
    token: String,
    client: reqwest::Client,
    repository: Repository,
}

/// What the programs are set to beside store and bus, and the address of the devices' port.
async fn settings(folder: &Path) -> (Vec<String>, String, Repository) {
    let repository = write_repository(&folder.join("scout"), SEED, 3).await.unwrap();
    let hub = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings = vec![
        format!("firmware.sources.scout.url={}", repository.url()),
        format!("firmware.registration_secret={SECRET}"),
        format!("hub.device_listen={hub}"),
        "console.print_link=false".to_owned(),
        "log.filter=error".to_owned(),
    ];
    (settings, format!("ws://{hub}"), repository)
}

async fn token(store: &Store) -> String {
    let secret = fairlead_web::auth::fresh_token();
    let kept = secret.clone();
    let work = move |tx: &mut fairlead_store::Tx<'_>| {
        sign_in::create_token(tx, &Clock::system(), "technician", Role::Operator, &kept, None)
    };
    store.write(work).await.unwrap();
    secret
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_get_new_firmware_from_the_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let (mut set, hub, repository) = settings(folder.path()).await;
    set.push(format!("data.dir={}", folder.path().join("data").display()));
    let mut fairlead = Service::new("fairlead", "http.listen", &set);
    fairlead.start().await;
    let path = folder.path().join("data/fairlead.sqlite");
    let store = Store::open(format!("sqlite:{}", path.display()).parse().unwrap()).unwrap();
    let site = Site {
        direct: fairlead.url(),
        proxy: Proxy::before_one(fairlead.address()).await,
        hub,
        token: token(&store).await,
        client: reqwest::Client::new(),
        repository,
    };
    site.assert_devices_get_new_firmware().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_get_new_firmware_from_services_of_their_own() {
    let servers = Servers::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (own, hub, repository) = settings(folder.path()).await;
    let set = [servers.settings(&folder.path().join("data")), own].concat();
    let mut services = [
        Service::new("fairlead-tracker", "tracker.listen", &set),
        Service::new("fairlead-firmware", "firmware.listen", &set),
        Service::new("fairlead-hub", "hub.listen", &set),
    ];
    for service in &mut services {
        service.start().await;
    }
    let [tracker, firmware, rooms] = &services;
    let moved = [
        (tracker.address(), "127.0.0.1:8082"),
        (rooms.address(), "127.0.0.1:8083"),
        (firmware.address(), "127.0.0.1:8086"),
    ];
    let store = Store::open(servers.mysql().parse().unwrap()).unwrap();
    let site = Site {
        direct: firmware.url(),
        proxy: Proxy::before_several(&moved).await,
        hub,
        token: token(&store).await,
        client: reqwest::Client::new(),
        repository,
    };
    site.assert_devices_get_new_firmware().await;
    drop(services);
    servers.stop().await;
}

impl Site {
    async fn assert_devices_get_new_firmware(&self) {
        let [old, new, newest] = self.repository.versions.as_slice() else { panic!("three versions") };
        let version = self.version(&new.tag).await;
        assert_eq!((version.files, &version.commit), (i64::try_from(FILES).unwrap(), &new.commit));
        // One that a person made known, past nginx; one that registers itself, through it.
        let made: DeviceView = self.post("devices", &json!({"kind": "buoy"})).await.unwrap();
        let through = format!("{}/d/{SECRET}/v1", self.proxy.url());
        let name = register(&through, DeviceKind::Buoy, None).await.unwrap();
        let itself = self.device(&name).await;
        assert_eq!((made.name.as_str(), itself.name.as_str()), ("PK001", "PK002"));
        self.assert_upgraded(&format!("{}/v1", self.direct), &made, &old.tree, (&version, &new.tree)).await;
        self.assert_upgraded(&format!("{}/v1", self.proxy.url()), &itself, &old.tree, (&version, &new.tree))
            .await;
        let log = self.proxy.log("fairlead.log");
        assert!(log.contains("/v1/buoy/PK002/upgrade") && !log.contains(SECRET), "{log}");
        self.assert_failure_is_told(&itself, &old.tree, &version).await;
        let newest = (self.version(&newest.tag).await, &newest.tree);
        self.assert_talked_to(&made, &new.tree, (&newest.0, newest.1)).await;
    }

    /// A version of the repository, chosen as soon as that was mirrored, ready to be given out.
    async fn version(&self, tag: &str) -> VersionView {
        let wanted = json!({"source": "scout", "revision": tag});
        until("the repository was mirrored", || async {
            match self.post::<VersionView>("firmware/versions", &wanted).await {
                Ok(_) => true,
                Err(status) => {
                    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
                    false
                }
            }
        })
        .await;
        let version: VersionView = self.post("firmware/versions", &wanted).await.unwrap();
        let path = format!("firmware/versions/{}", version.id);
        until("the version is ready", || async {
            self.get::<VersionView>(&path).await.state != VersionState::Preparing
        })
        .await;
        let version: VersionView = self.get(&path).await;
        assert_eq!((version.state, &version.cause), (VersionState::Ready, &None));
        version
    }

    async fn device(&self, name: &str) -> DeviceView {
        let found: Value = self.get(&format!("devices?q={name}")).await;
        serde_json::from_value(found["items"][0].clone()).unwrap()
    }

    async fn job(&self, device: &DeviceView, version: &VersionView, call_device: bool) -> JobView {
        let wanted = json!({"device_id": device.id, "version_id": version.id, "call_device": call_device});
        self.post("firmware/jobs", &wanted).await.unwrap()
    }

    /// The device fetches the version over several cuts of its power, and has it then, file by file.
    async fn assert_upgraded(
        &self,
        server: &str,
        device: &DeviceView,
        old: &FirmwareTree,
        (version, tree): (&VersionView, &FirmwareTree),
    ) {
        let mut flash = Flash::running(old);
        let client = UpgradeClient::new(server, DeviceKind::Buoy, &device.name, SEED).unwrap();
        let client = client.with_habits(Habits::HURRIED);
        assert_eq!(client.clone().run(&mut flash).await, Ended::Nothing, "there is no job yet");
        let mut client = client.with_trouble(Trouble::Cut { times: CUTS, within: WITHIN });
        let job = self.job(device, version, false).await;
        let mut cuts = 0;
        let ended = loop {
            match tokio::time::timeout(PATIENCE, client.run(&mut flash)).await.unwrap() {
                Ended::PowerCut => cuts += 1,
                ended => break ended,
            }
            assert_eq!(**flash.files(), *old.files(), "half a version runs");
        };
        assert_eq!((ended, cuts), (Ended::Upgraded, CUTS));
        assert_same(flash.files(), tree);
        let ended: JobView = self.get(&format!("firmware/jobs/{}", job.id)).await;
        assert_eq!(
            (ended.state, ended.files_done, ended.bytes_done),
            (JobState::Succeeded, ended.files, ended.bytes)
        );
        let seen = self.device(&device.name).await.firmware.unwrap();
        assert_eq!((seen.version_id, &seen.commit), (version.id, &version.commit));
        assert_eq!(client.run(&mut flash).await, Ended::Nothing, "it was done");
    }

    /// A device that says that it failed has fetched all that is shown.
    async fn assert_failure_is_told(&self, device: &DeviceView, old: &FirmwareTree, version: &VersionView) {
        let client =
            UpgradeClient::new(&format!("{}/v1", self.proxy.url()), DeviceKind::Buoy, &device.name, SEED);
        let mut client = client.unwrap().with_habits(Habits::HURRIED).with_trouble(Trouble::SaysFailed);
        let job = self.job(device, version, false).await;
        let mut flash = Flash::running(old);
        assert_eq!(client.run(&mut flash).await, Ended::SaidFailed);
        let ended: JobView = self.get(&format!("firmware/jobs/{}", job.id)).await;
        assert_eq!((ended.state, ended.files_done), (JobState::Failed, ended.files), "{:?}", ended.cause);
        assert_eq!(**flash.files(), *old.files());
    }

    /// A page talks to the device by its line, and a job calls it away and brings it back with its new version.
    async fn assert_talked_to(
        &self,
        device: &DeviceView,
        old: &FirmwareTree,
        (version, tree): (&VersionView, &FirmwareTree),
    ) {
        let settings = BenchSettings {
            habits: Habits::HURRIED,
            flash: Flash::running(old),
            ..BenchSettings::new(&self.hub, &format!("{}/v1", self.proxy.url()), &device.name)
        };
        let powered = switch_on(settings, &Clock::system()).unwrap();
        until("the device is on the line", || async { powered.report().doing == Doing::OnLine }).await;
        let mut page = self.page(&device.name).await;
        page.say(7, r#"["GET","wifi",[]]"#).await;
        page.hear(|event| matches!(event, LineEvent::Said { id: 7 })).await;
        page.hear(|event| matches!(event, LineEvent::Heard { text, .. } if text.contains("wifi/net/mac")))
            .await;
        page.hear(|event| matches!(event, LineEvent::Room { room } if room.presence.connected)).await;
        let job = self.job(device, version, true).await;
        page.hear(|event| matches!(event, LineEvent::Room { room } if !room.presence.connected)).await;
        until("it was upgraded", || async { powered.report().upgrades > 0 }).await;
        assert_eq!(powered.report().last_upgrade, Some(Ended::Upgraded));
        assert_same(&powered.report().files, tree);
        page.hear(|event| matches!(event, LineEvent::Room { room } if room.presence.connected)).await;
        let ended: JobView = self.get(&format!("firmware/jobs/{}", job.id)).await;
        assert_eq!(ended.state, JobState::Succeeded, "{:?}", ended.cause);
        assert_eq!(powered.report().lines, 2, "it came back once");
        Powered::stop(powered).await;
        page.hear(|event| matches!(event, LineEvent::Room { room } if !room.presence.connected)).await;
        page.say(8, r#"["GET","wifi",[]]"#).await;
        page.hear(|event| matches!(event, LineEvent::Refused { id: 8, .. })).await;
    }

    async fn page(&self, name: &str) -> Page {
        let url = format!("{}/api/v1/rooms/{name}/line", self.proxy.url()).replacen("http", "ws", 1);
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("Authorization", format!("Bearer {}", self.token).parse().unwrap());
        let (line, _) = connect_async(request).await.unwrap();
        Page { line, heard: Vec::new() }
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let url = format!("{}/api/v1/{path}", self.proxy.url());
        let answer = self.client.get(url).bearer_auth(&self.token).send().await.unwrap();
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// What is made, or the status that says why not.
    async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, StatusCode> {
        let url = format!("{}/api/v1/{path}", self.proxy.url());
        let answer = self.client.post(url).bearer_auth(&self.token).json(body).send().await.unwrap();
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        if status.is_success() { Ok(serde_json::from_str(&body).unwrap()) } else { Err(status) }
    }
}

fn assert_same(has: &fairlead_simulator::satellite::bench::Files, tree: &FirmwareTree) {
    assert_eq!(has.len(), FILES);
    assert!(has.values().any(|content| content.is_empty()), "some files are empty");
    for (path, content) in tree.files() {
        assert_eq!(has.get(path), Some(content), "{path}");
    }
}

/// A page on a device's line.
struct Page {
    line: WebSocketStream<MaybeTlsStream<TcpStream>>,
    heard: Vec<LineEvent>,
}

impl Page {
    async fn say(&mut self, id: u32, text: &str) {
        let order = serde_json::to_string(&LineOrder { id, text: text.to_owned() }).unwrap();
        self.line.send(Message::text(order)).await.unwrap();
    }

    /// Waits until this was heard; what was heard before and not yet asked for counts too.
    async fn hear(&mut self, wanted: impl Fn(&LineEvent) -> bool) {
        loop {
            if let Some(place) = self.heard.iter().position(&wanted) {
                self.heard.remove(place);
                return;
            }
            let next = tokio::time::timeout(PATIENCE, self.line.next()).await;
            match next.unwrap_or_else(|_| panic!("not heard; what was: {:?}", self.heard)) {
                Some(Ok(Message::Text(text))) => self.heard.push(serde_json::from_str(&text).unwrap()),
                Some(Ok(_)) => {}
                other => panic!("the line ended: {other:?}; heard: {:?}", self.heard),
            }
        }
    }
}
