//! One test's hub, the pages that look, and the one who tells news.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use fairlead_bus::Bus;
use fairlead_hub::Hub;
use fairlead_model::live::LiveEvent;
use fairlead_model::problem::{ProblemKind, ProblemState, ProblemView};
use fairlead_model::queue::TopicMessage;
use fairlead_model::{Clock, ProblemId};
use fairlead_runtime::settings::reference::Section;
use fairlead_runtime::{Context, Host, Hosted, Loaded, Mount};
use fairlead_store::sign_in;
use fairlead_testkit::{Backend, PATIENCE, System, Urls};
use futures_util::StreamExt;
use schemars::Schema;
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::{Error, Message};

/// A hub of one's own.
pub struct Port {
    pub system: System,
    speaker: Arc<OnceLock<Bus>>,
}

/// A service that lends its bus to the test.
struct Speaker(Arc<OnceLock<Bus>>);

impl Hosted for Speaker {
    fn name(&self) -> &'static str {
        "tracker"
    }

    fn schema(&self) -> Schema {
        Host::<Hub>::new().schema()
    }

    fn section(&self, _: Option<&Loaded>) -> anyhow::Result<Section> {
        Host::<Hub>::new().section(None)
    }

    fn listen(&self, _: &Loaded) -> anyhow::Result<String> {
        Ok("127.0.0.1:0".to_owned())
    }

    fn start<'a>(
        &'a self,
        _: &'a Loaded,
        context: Context,
    ) -> Pin<Box<dyn Future<Output = anyhow::Result<Mount>> + Send + 'a>> {
        let _ = self.0.set(context.bus);
        Box::pin(async { Ok(Mount::new(|_| {})) })
    }
}

/// One page's end of its line.
pub struct Page {
    pub line: WebSocketStream<TcpStream>,
    /// What came in one text with what was taken already.
    heard: VecDeque<Value>,
}

impl Port {
    pub async fn open(backend: Backend, set: &[&str]) -> Self {
        let urls = match backend {
            Backend::Embedded => None,
            Backend::Servers => Some(Urls::shared()),
        };
        Self::open_on(urls, set).await
    }

    pub async fn open_on(urls: Option<Urls>, set: &[&str]) -> Self {
        let speaker = Arc::new(OnceLock::new());
        let services: Vec<Box<dyn Hosted>> =
            vec![Box::new(Host::<Hub>::new()), Box::new(Speaker(speaker.clone()))];
        Self { system: System::start_on(urls, services, set).await, speaker }
    }

    /// Tells something else to all who listen.
    pub fn publish(&self, message: &impl TopicMessage) {
        self.speaker.get().unwrap().publish(message);
    }

    /// Tells news to all who listen.
    pub fn tell(&self, event: &LiveEvent) {
        self.speaker.get().unwrap().publish(event);
    }

    /// The request of a page, without any proof of who it is.
    pub fn request(&self) -> Request {
        let url = self.system.url("hub", "/api/v1/live").replace("http://", "ws://");
        url.into_client_request().unwrap()
    }

    /// The request of a page of somebody who has signed in.
    pub async fn signed_in(&self) -> Request {
        let clock = self.system.clock.clone();
        let begin = move |tx: &mut fairlead_store::Tx<'_>| {
            let until = clock.now().plus(PATIENCE);
            let secret = clock.new_id().to_string();
            sign_in::create_session(
                tx,
                &clock,
                &secret,
                "csrf",
                "Ada",
                fairlead_model::role::Role::Viewer,
                until,
            )?;
            Ok(secret)
        };
        let secret = self.system.store.write(begin).await.unwrap();
        let mut request = self.request();
        request.headers_mut().insert("Cookie", format!("fairlead_session={secret}").parse().unwrap());
        request
    }

    /// Opens a page's websocket; `room` bounds what the page's side of the line holds unread.
    pub async fn page(&self, request: Request, room: Option<u32>) -> Result<Page, Error> {
        let address = request.uri().authority().unwrap().as_str().parse().unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(room) = room {
            socket.set_recv_buffer_size(room).unwrap();
        }
        let stream = socket.connect(address).await.unwrap();
        let (line, _) = tokio_tungstenite::client_async(request, stream).await?;
        Ok(Page { line, heard: VecDeque::new() })
    }

    /// A page that has its first snapshot.
    pub async fn ready_page(&self) -> (Page, Value) {
        let mut page = self.page(self.signed_in().await, None).await.unwrap();
        let first = next(&mut page).await;
        assert_eq!(first["type"], "snapshot", "{first}");
        (page, first)
    }
}

/// The next thing that a page is told; fails where its line ends.
pub async fn next(page: &mut Page) -> Value {
    loop {
        if let Some(told) = page.heard.pop_front() {
            return told;
        }
        let frame =
            tokio::time::timeout(PATIENCE, page.line.next()).await.expect("the page is told something");
        match frame.expect("the line is open").unwrap() {
            Message::Text(text) => {
                page.heard.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
            }
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// A problem as news; `n` is its reason.
pub fn news(clock: &Clock, n: usize, excerpt: &str) -> LiveEvent {
    let problem = ProblemView {
        id: ProblemId::new(clock),
        kind: ProblemKind::FailedWork,
        title: "A test".to_owned(),
        reason: n.to_string(),
        state: ProblemState::Open,
        created_at: clock.now(),
        changed_at: clock.now(),
        modem_id: None,
        imei: None,
        message_id: None,
        held_id: None,
        excerpt: Some(excerpt.to_owned()),
    };
    LiveEvent::Problem { problem }
}
