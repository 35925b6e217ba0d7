//! An endpoint as others run it: a real HTTP server that checks signatures by the standard's own words.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web::{self, Bytes};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

/// How it answers.
#[derive(Clone, Debug)]
pub enum Mood {
    /// With this status.
    Status(u16),
    /// With this status and `Retry-After`.
    RetryAfter(u16, u64),
    /// With a redirect to this address.
    Redirect(String),
    /// 200, and a body without end.
    Endless,
    /// 200, and a body of so many bytes.
    Long(usize),
    /// Not before it is let go on.
    Held,
}

/// A server of one's own.
pub struct Receiver {
    pub address: SocketAddr,
    inner: Arc<Inner>,
    handle: actix_web::dev::ServerHandle,
}

struct Inner {
    mood: Mutex<Mood>,
    /// The signing secrets that it checks with; one of the signatures must be by one of them.
    secrets: Mutex<Vec<String>>,
    /// How often each letter came, and what was in it.
    got: Mutex<BTreeMap<String, (usize, String)>>,
    /// What was not as it must be.
    wrong: Mutex<Vec<String>>,
    signatures: Mutex<BTreeSet<usize>>,
    go_on: watch::Sender<bool>,
}

impl Receiver {
    pub async fn open() -> Self {
        Self::open_at("127.0.0.1:0").await
    }

    pub async fn open_at(address: &str) -> Self {
        let inner = Arc::new(Inner {
            mood: Mutex::new(Mood::Status(200)),
            secrets: Mutex::default(),
            got: Mutex::default(),
            wrong: Mutex::default(),
            signatures: Mutex::default(),
            go_on: watch::channel(false).0,
        });
        let state = web::Data::from(inner.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(state.clone())
                .app_data(web::PayloadConfig::new(1 << 24))
                .route("/hook", web::post().to(take))
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(0)
        .bind(address)
        .unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { address, inner, handle }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub fn mood(&self, mood: Mood) {
        *self.inner.mood.lock().unwrap() = mood;
    }

    /// Lets all answers go that are held, with 200.
    pub fn go_on(&self) {
        self.mood(Mood::Status(200));
        self.inner.go_on.send_replace(true);
    }

    pub fn trust(&self, secret: &str) {
        self.inner.secrets.lock().unwrap().push(secret.to_owned());
    }

    /// The letters that came, by their ids, with how often each came and what was in it.
    pub fn got(&self) -> BTreeMap<String, (usize, String)> {
        self.inner.got.lock().unwrap().clone()
    }

    /// How many requests came.
    pub fn requests(&self) -> usize {
        self.got().values().map(|(times, _)| times).sum()
    }

    /// How many signatures letters had.
    pub fn signatures(&self) -> Vec<usize> {
        self.inner.signatures.lock().unwrap().iter().copied().collect()
    }

    /// Waits until so many requests have come.
    pub async fn until_requests(&self, count: usize) {
        for _ in 0..6_000 {
            if self.requests() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} requests came, not {count}", self.requests());
    }

    /// Ends it; nothing may have been wrong with what came.
    pub async fn close(self) {
        self.inner.go_on.send_replace(true);
        self.handle.stop(false).await;
        assert_eq!(*self.inner.wrong.lock().unwrap(), Vec::<String>::new());
    }
}

async fn take(request: HttpRequest, body: Bytes, inner: web::Data<Inner>) -> HttpResponse {
    let header = |name: &str| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let id = header("webhook-id");
    check(&inner, &id, &header("webhook-timestamp"), &header("webhook-signature"), &body);
    {
        let mut got = inner.got.lock().unwrap();
        let letter = got.entry(id).or_insert((0, String::from_utf8_lossy(&body).into_owned()));
        letter.0 += 1;
    }
    let mood = inner.mood.lock().unwrap().clone();
    let status = |status: u16| HttpResponse::build(status.try_into().unwrap());
    match mood {
        Mood::Status(code) => status(code).body("noted"),
        Mood::RetryAfter(code, seconds) => {
            status(code).insert_header(("Retry-After", seconds.to_string())).finish()
        }
        Mood::Redirect(to) => status(302).insert_header(("Location", to)).finish(),
        Mood::Endless => status(200)
            .streaming(stream::repeat_with(|| Ok::<_, actix_web::Error>(Bytes::from_static(&[b'x'; 512])))),
        Mood::Long(bytes) => status(200).body(vec![b'x'; bytes]),
        Mood::Held => {
            let mut go_on = inner.go_on.subscribe();
            let _ = go_on.wait_for(|go_on| *go_on).await;
            status(200).finish()
        }
    }
}

fn check(inner: &Inner, id: &str, timestamp: &str, signatures: &str, body: &[u8]) {
    let wrong = |what: String| inner.wrong.lock().unwrap().push(what);
    if uuid::Uuid::parse_str(id).is_err() || timestamp.parse::<i64>().is_err() {
        wrong(format!("webhook-id `{id}`, webhook-timestamp `{timestamp}`"));
    }
    let signed: Vec<&str> = signatures.split(' ').collect();
    inner.signatures.lock().unwrap().insert(signed.len());
    let secrets = inner.secrets.lock().unwrap().clone();
    let mut text = format!("{id}.{timestamp}.").into_bytes();
    text.extend_from_slice(body);
    let fits = secrets.iter().any(|secret| {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        signed.contains(&format!("v1,{}", STANDARD.encode(hmac_sha256(&key, &text))).as_str())
    });
    if !fits && !secrets.is_empty() {
        wrong(format!("{id}: `{signatures}` is by none of the known secrets"));
    }
}

/// RFC 2104 in its own words, so that what signs and what checks have nothing in common.
fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

/// A server that takes a connection and cuts it off without a word.
pub async fn resetting() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // What has arrived and is not read makes the end a reset.
            let _ = stream.readable().await;
            drop(stream);
        }
    });
    address
}
