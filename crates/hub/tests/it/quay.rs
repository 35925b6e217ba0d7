//! A hub with devices of the registry, and the pages that talk to them.

use std::net::SocketAddr;

use fairlead_model::DeviceId;
use fairlead_model::device::DeviceKind;
use fairlead_model::role::Role;
use fairlead_store::registry::devices::{self, NewDevice};
use fairlead_store::sign_in;
use fairlead_testkit::{Backend, PATIENCE, System};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::buoy::{Buoy, within};
use crate::port::Port;

/// A hub, and its two ports.
pub struct Quay {
    pub port: Port,
    pub devices: SocketAddr,
    pub pages: SocketAddr,
}

/// One page's end of a line.
pub type Socket = WebSocketStream<TcpStream>;

/// A page of Fairlead's own.
pub struct Page {
    pub socket: Socket,
    orders: u64,
}

impl Quay {
    /// A hub that knows `PK001` and `PK002`.
    pub async fn open(backend: Backend, set: &[&str]) -> Self {
        Self::of(Port::open(backend, set).await).await
    }

    pub async fn of(port: Port) -> Self {
        let (devices, pages) = (port.system.address("hub", "devices"), port.system.address("hub", "pages"));
        let quay = Self { port, devices, pages };
        quay.register("PK001", None).await;
        quay.register("PK002", None).await;
        quay
    }

    pub fn system(&self) -> &System {
        &self.port.system
    }

    /// Adds a device to the registry.
    pub async fn register(&self, name: &str, key: Option<&str>) -> DeviceId {
        self.add(vec![name.to_owned()], key.map(str::to_owned)).await
    }

    /// Adds `F0000` and so on to the registry.
    pub async fn register_fleet(&self, count: usize) {
        self.add((0..count).map(|n| format!("F{n:04}")).collect(), None).await;
    }

    /// Adds devices; returns the last one.
    async fn add(&self, names: Vec<String>, key: Option<String>) -> DeviceId {
        let clock = self.system().clock.clone();
        let work = move |tx: &mut fairlead_store::Tx<'_>| {
            let mut last = None;
            for name in &names {
                let new = NewDevice {
                    kind: DeviceKind::Buoy,
                    name: Some(name.clone()),
                    modem: None,
                    serial: None,
                    since: None,
                    groups: Vec::new(),
                };
                let id = devices::create(tx, &clock, &new, "test")?.unwrap().id.into();
                devices::set_key(tx, id, key.as_deref())?;
                last = Some(id);
            }
            Ok(last.unwrap())
        };
        self.system().store.write(work).await.unwrap()
    }

    pub async fn dial(&self, path: &str) -> Buoy {
        Buoy::dial(self.devices, path).await
    }

    /// A page with an administrator's token.
    pub async fn page(&self, name: &str) -> Page {
        let token = self.token(Role::Operator, "Ada").await;
        self.page_with(name, &token).await.unwrap()
    }

    pub async fn page_with(&self, name: &str, token: &str) -> Result<Page, Error> {
        let url = self.system().url("hub", &format!("/api/v1/rooms/{name}/line"));
        page_at(&url, token).await
    }

    /// The token of somebody with this role.
    pub async fn token(&self, role: Role, name: &'static str) -> String {
        let (clock, secret) =
            (self.system().clock.clone(), fairlead_model::NodeId::new(&self.system().clock));
        let kept = format!("fl_{secret}");
        let token = kept.clone();
        let create =
            move |tx: &mut fairlead_store::Tx<'_>| sign_in::create_token(tx, &clock, name, role, &kept, None);
        self.system().store.write(create).await.unwrap();
        token
    }

    /// A page of the hub that Fairlead takes the place of.
    pub async fn old_page(&self, path: &str) -> Result<Socket, Error> {
        connect(self.pages, old_request(self.pages, path)).await
    }

    /// Waits until a room is as wanted.
    pub async fn until_room(&self, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.system().until("hub", &format!("/api/v1/rooms/{name}"), wanted).await
    }

    /// Waits until the list has a room, which the store knows then.
    pub async fn until_written(&self, name: &str, connected: bool) {
        let path = format!("/api/v1/rooms?connected={connected}");
        let listed = |list: &Value| list["items"].as_array().unwrap().iter().any(|room| room["name"] == name);
        self.system().until("hub", &path, listed).await;
    }
}

pub fn old_request(pages: SocketAddr, path: &str) -> Request {
    format!("ws://{pages}{path}").into_client_request().unwrap()
}

pub async fn page_at(url: &str, token: &str) -> Result<Page, Error> {
    let mut request = url.replace("http://", "ws://").into_client_request().unwrap();
    request.headers_mut().insert("Authorization", format!("Bearer {token}").parse().unwrap());
    let address = request.uri().authority().unwrap().as_str().parse().unwrap();
    Ok(Page { socket: connect(address, request).await?, orders: 0 })
}

pub async fn connect(address: SocketAddr, request: Request) -> Result<Socket, Error> {
    let stream = TcpStream::connect(address).await.unwrap();
    Ok(tokio_tungstenite::client_async(request, stream).await?.0)
}

/// The next text of an old page.
pub async fn next_text(socket: &mut Socket) -> String {
    loop {
        match within(socket.next()).await.expect("the line is open").unwrap() {
            Message::Text(text) => return text.to_string(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// The code with which a page's line ends.
pub async fn end(socket: &mut Socket) -> Option<u16> {
    let mut code = None;
    while let Some(Ok(message)) = within(socket.next()).await {
        if let Message::Close(frame) = message {
            code = frame.map(|frame| frame.code.into());
        }
    }
    code
}

impl Page {
    /// The next event.
    pub async fn next(&mut self) -> Value {
        serde_json::from_str(&next_text(&mut self.socket).await).unwrap()
    }

    /// The next event of a kind; others are left out.
    pub async fn next_of(&mut self, kind: &str) -> Value {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let event = self.next().await;
            if event["type"] == kind {
                return event;
            }
            assert!(tokio::time::Instant::now() < deadline, "no {kind} came");
        }
    }

    /// Waits until the line is told to be so.
    pub async fn until_connected(&mut self, connected: bool) -> Value {
        loop {
            let event = self.next_of("room").await;
            if event["room"]["presence"]["connected"] == connected {
                return event["room"].clone();
            }
        }
    }

    /// The next text of the device.
    pub async fn hears(&mut self) -> String {
        self.next_of("heard").await["text"].as_str().unwrap().to_owned()
    }

    /// Says something to the device, and answers what became of it.
    pub async fn say(&mut self, text: &str) -> Value {
        self.orders += 1;
        let order = json!({ "id": self.orders, "text": text }).to_string();
        self.socket.send(Message::text(order)).await.unwrap();
        loop {
            let event = self.next().await;
            if event["id"] == self.orders {
                return event;
            }
        }
    }
}
