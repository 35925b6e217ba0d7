//! A fleet that wakes together: ten times as fast as it ordinarily reports, from its pushes by the tracker and a route to an
//! endpoint and to an open page.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, ensure};
use fairlead_model::{Clock, Imei};
use fairlead_simulator::satellite::{Delivery, DeliveryForm, Faults, Provider, ProviderSettings, World};
use futures_util::StreamExt;
use serde_json::Value;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::site::{Site, taken, until_taken};
use super::{Arguments, Rows};
use crate::connection::{Connection, post};
use crate::histogram::Histogram;

const SEED: u64 = 1;
const WEBHOOK: &str = "/rockblock/incoming";
/// How much faster than ordinarily the fleet reports.
const BURST: f64 = 10.0;
/// How long the fleet has been at sea: each has reported twice by then.
const AGE: Duration = Duration::from_secs(4 * 3_600);
/// Connections of the provider.
const CONNECTIONS: usize = 64;
/// How long news may be on their way.
const SETTLE: Duration = Duration::from_secs(5);

/// One push, ready to be sent.
struct Push {
    key: Key,
    request: Vec<u8>,
}

/// What tells one message of the burst from another.
type Key = (Imei, u16);

pub(super) async fn measure(site: &Site, arguments: &Arguments, rows: &mut Rows) -> Result<()> {
    let address = site.fairlead.server.address;
    let (first, second) = fleet(arguments.buoys)?;
    let end = site.end("all of the fleet", arguments.concurrency).await?;
    tracing::info!("{} buoys are heard for the first time", first.len());
    let before = site.messages().await?;
    let known = u64::try_from(first.len())?;
    send(address, first, 0.0, &Rc::default()).await?;
    site.settle(before + known).await?;
    let waiting = site.waiting(&end).await?;
    site.switch(&end, "enable").await?;
    until_taken(&[&end], &[0], waiting).await?;

    let rate = BURST * f64::from(arguments.buoys) / arguments.interval_s.max(1) as f64;
    tracing::info!("{} buoys wake together: {rate:.0} messages a second", second.len());
    let count = u64::try_from(second.len())?;
    let marks: Rc<Marks> = Rc::default();
    let local = LocalSet::new();
    let burst = local
        .run_until(async {
            let page = tokio::task::spawn_local(look(address, site.token.clone(), marks.clone()));
            marks.until_open(&page).await?;
            let (taken_before, cpu, start) = (taken(&[&end]), site.cpu_s()?, Instant::now());
            send(address, second, rate, &marks).await?;
            let pushed = start.elapsed();
            site.settle(before + known + count).await?;
            let tracked = start.elapsed();
            // Not every message has a position: all is delivered once nothing waits any more.
            while site.waiting(&end).await? > 0 {
                ensure!(start.elapsed() < super::site::PATIENCE, "deliveries wait for too long");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let (drained, cpu) = (start.elapsed(), site.cpu_s()? - cpu);
            let waited = Instant::now();
            while marks.heard.get() < count && waited.elapsed() < SETTLE {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            page.abort();
            anyhow::Ok(Burst { pushed, tracked, drained, cpu, taken_before })
        })
        .await?;
    let Burst { pushed, tracked, drained, cpu, taken_before } = burst;
    let delivered = taken(&[&end]).iter().sum::<u64>() - taken_before.iter().sum::<u64>();
    let latency = marks.latency.borrow();
    rows.push((
        "fleet that wakes together: pushed, tracked, delivered",
        format!(
            "{count} in {:.1} s, {:.1} s, {:.1} s",
            pushed.as_secs_f64(),
            tracked.as_secs_f64(),
            drained.as_secs_f64()
        ),
    ));
    rows.push((
        "drained, of the wake window",
        format!(
            "{:.2} of {} s",
            drained.as_secs_f64() / arguments.interval_s.max(1) as f64,
            arguments.interval_s
        ),
    ));
    rows.push((
        "push to open page: p50, p99",
        format!("{:.0}, {:.0} ms", latency.quantile_ms(0.5), latency.quantile_ms(0.99)),
    ));
    rows.push((
        "messages seen by the page, deliveries taken",
        format!("{} of {count}, {delivered}", marks.heard.get()),
    ));
    rows.push((
        "CPU for 1,000 messages of that fleet",
        format!("{:.2} s", 1_000.0 * cpu / count.max(1) as f64),
    ));
    Ok(())
}

/// What became of a fleet that woke together, from its first push.
struct Burst {
    pushed: Duration,
    tracked: Duration,
    drained: Duration,
    /// CPU seconds of the server until then.
    cpu: f64,
    /// What the receiver had taken before.
    taken_before: Vec<u64>,
}

/// The first and the second report of each buoy, as requests.
fn fleet(buoys: u32) -> Result<(Vec<Push>, Vec<Push>)> {
    let now = Clock::system().now();
    let world = World::fleet(SEED, now.minus(AGE), buoys);
    let provider = Provider::new("http://127.0.0.1:1/", Clock::system(), ProviderSettings::default())?;
    let mut reports: HashMap<Imei, u8> = HashMap::new();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for mut delivery in world.deliveries(now.minus(AGE)..now, Faults::NONE) {
        let reported = reports.entry(delivery.sent.imei).or_default();
        *reported = reported.saturating_add(1);
        let into = match *reported {
            1 => &mut first,
            2 => &mut second,
            _ => continue,
        };
        into.push(push(&provider, &mut delivery)?);
    }
    ensure!(!second.is_empty(), "no buoy has reported twice");
    Ok((first, second))
}

fn push(provider: &Provider, delivery: &mut Delivery) -> Result<Push> {
    Arc::make_mut(&mut delivery.sent).form = DeliveryForm::PlainForm;
    let body = provider.body(delivery)?;
    let key = (delivery.sent.imei, delivery.sent.momsn);
    Ok(Push { key, request: post(WEBHOOK, body.content_type, &body.text) })
}

/// When each message was due to be pushed, and what the page has heard of.
#[derive(Default)]
struct Marks {
    due: RefCell<HashMap<Key, Instant>>,
    open: Cell<bool>,
    heard: Cell<u64>,
    latency: RefCell<Histogram>,
}

impl Marks {
    async fn until_open(&self, page: &tokio::task::JoinHandle<Result<()>>) -> Result<()> {
        while !self.open.get() {
            ensure!(!page.is_finished(), "the page could not be opened");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Its snapshot is no news.
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(())
    }

    fn note(&self, change: &Value) {
        let key = || {
            let message = change.get("message")?;
            let imei = message.get("imei")?.as_str()?.parse().ok()?;
            Some((imei, u16::try_from(message.get("momsn")?.as_u64()?).ok()?))
        };
        if let Some(due) = key().and_then(|key| self.due.borrow_mut().remove(&key)) {
            self.latency.borrow_mut().record(due.elapsed());
            self.heard.set(self.heard.get() + 1);
        }
    }
}

/// Sends at a rate, or, where that is 0, as fast as is answered.
async fn send(address: SocketAddr, pushes: Vec<Push>, rate: f64, marks: &Rc<Marks>) -> Result<()> {
    let (all, next, refused) = (Rc::new(pushes), Rc::new(Cell::new(0_usize)), Rc::new(Cell::new(0_u64)));
    let start = Instant::now();
    let local = LocalSet::new();
    local
        .run_until(async {
            let mut tasks = JoinSet::new();
            for _ in 0..CONNECTIONS {
                let (all, next, refused, marks) = (all.clone(), next.clone(), refused.clone(), marks.clone());
                tasks.spawn_local(async move {
                    let mut connection = Connection::new(address);
                    while let Some(push) = all.get(next.get()) {
                        let after = if rate > 0.0 { next.get() as f64 / rate } else { 0.0 };
                        next.set(next.get() + 1);
                        let due = (start + Duration::from_secs_f64(after)).max(start);
                        tokio::time::sleep_until(due).await;
                        let due = if rate > 0.0 { due } else { Instant::now() };
                        marks.due.borrow_mut().insert(push.key, due);
                        if !matches!(connection.send(&push.request).await, Ok(200)) {
                            refused.set(refused.get() + 1);
                        }
                    }
                });
            }
            while tasks.join_next().await.is_some() {}
        })
        .await;
    ensure!(refused.get() == 0, "{} pushes were not taken", refused.get());
    Ok(())
}

/// An open page.
async fn look(address: SocketAddr, token: String, marks: Rc<Marks>) -> Result<()> {
    let mut request = format!("ws://{address}/api/v1/live").into_client_request()?;
    request.headers_mut().insert("Authorization", format!("Bearer {token}").parse()?);
    let stream = TcpStream::connect(address).await?;
    let (mut page, _) = tokio_tungstenite::client_async(request, stream).await?;
    marks.open.set(true);
    while let Some(Ok(message)) = page.next().await {
        if let Message::Text(text) = message {
            // A frame is a line for each change.
            let changes = text.lines().filter_map(|line| serde_json::from_str(line).ok());
            changes.for_each(|change: Value| marks.note(&change));
        }
    }
    Ok(())
}
