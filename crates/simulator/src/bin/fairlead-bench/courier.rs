//! The courier's figures: a thousand messages through a provider that takes 50 ms, beside a bare client that posts as many
//! at a time; and how soon the provider has what a person clicks.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fairlead_model::{Clock, Secret};
use fairlead_simulator::satellite::mt::{Mailboxes, Mood, MtApi, MtSettings, serve};
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::histogram::Histogram;
use crate::load::{Shape, put};
use crate::pool::Source;
use crate::process::Watched;
use crate::server::{Fairlead, Server, Services};

const USERNAME: &str = "bench";
const PASSWORD: &str = "bench";
/// What the provider takes for an answer.
const ANSWER: Duration = Duration::from_millis(50);
/// Calls at a time, of the courier and of the bare client.
const AT_A_TIME: usize = 16;
/// Clicks whose way is measured.
const CLICKS: usize = 200;
/// Between two looks.
const LOOK: Duration = Duration::from_millis(1);
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(120);

/// What `courier` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The `fairlead` to measure, with the services beside it; the one beside this program if not given
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,
    /// Messages through the slow provider
    #[arg(long, default_value_t = 1_000)]
    messages: usize,
    /// Measure the separate services too, on this empty database
    #[arg(long, value_name = "URL", requires = "amqp")]
    mysql: Option<String>,
    /// And this broker
    #[arg(long, value_name = "URL", requires = "mysql")]
    amqp: Option<String>,
}

/// Measures one shape after the other, and prints the table.
pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let program = match &arguments.server {
        Some(program) => program.canonicalize().with_context(|| program.display().to_string())?,
        None => std::env::current_exe()?.with_file_name("fairlead"),
    };
    let mut rows = Vec::new();
    {
        let provider = provider().await?;
        let fairlead = Fairlead::start(&program, &settings(&provider)).await?;
        let token = fairlead.token("operator").await?;
        let server = &fairlead.server;
        let line = Line::new([server, server, server], token, provider)?;
        line.measure("one process", arguments.messages, &mut rows).await?;
    }
    if let (Some(mysql), Some(amqp)) = (&arguments.mysql, &arguments.amqp) {
        let provider = provider().await?;
        let services = Services::start(&program, mysql, amqp, &settings(&provider)).await?;
        let servers = [&services.intake, &services.tracker, &services.courier];
        let line = Line::new(servers, services.token.clone(), provider)?;
        line.measure("separate", arguments.messages, &mut rows).await?;
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "| shape | figure | value |\n|---|---|---|")?;
    for (shape, figure, value) in rows {
        writeln!(out, "| {shape} | {figure} | {value} |")?;
    }
    Ok(())
}

async fn provider() -> Result<MtApi> {
    let settings = MtSettings::new(USERNAME, Secret::new(PASSWORD));
    serve("127.0.0.1:0", settings, Clock::system(), Mailboxes::of_every_modem()).await
}

fn settings(provider: &MtApi) -> String {
    format!(
        "\n[courier]\nconcurrency = {AT_A_TIME}\nrockblock.url = \"{}\"\nrockblock.username = \"{USERNAME}\"\n\
         rockblock.password = \"{PASSWORD}\"\nrockblock.calls_per_minute = 1000000\n",
        provider.url()
    )
}

type Rows = Vec<(&'static str, &'static str, String)>;

/// A running Fairlead and the provider that it sends by.
struct Line {
    client: Client,
    intake: std::net::SocketAddr,
    tracker: String,
    courier: String,
    process: Watched,
    provider: MtApi,
}

impl Line {
    fn new([intake, tracker, courier]: [&Server; 3], token: String, provider: MtApi) -> Result<Self> {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert(reqwest::header::AUTHORIZATION, format!("Bearer {token}").parse()?);
        let client =
            Client::builder().no_proxy().timeout(Duration::from_secs(30)).default_headers(headers).build()?;
        Ok(Self {
            client,
            intake: intake.address,
            tracker: format!("http://{}/api/v1", tracker.address),
            courier: format!("http://{}/api/v1", courier.address),
            process: courier.process,
            provider,
        })
    }

    async fn measure(&self, shape: &'static str, messages: usize, rows: &mut Rows) -> Result<()> {
        let modems = self.modems(messages).await?;
        tracing::info!("{shape}: {CLICKS} clicks");
        let mut clicks = Histogram::default();
        for modem in modems.iter().take(CLICKS) {
            let before = self.provider.charges().len();
            let start = Instant::now();
            self.ask(modem).await?;
            self.until_charged(before + 1).await?;
            clicks.record(start.elapsed());
        }
        let (p50, p99) = (clicks.quantile_ms(0.5), clicks.quantile_ms(0.99));
        rows.push((shape, "click until the provider has it: p50, p99", format!("{p50:.1}, {p99:.1} ms")));

        tracing::info!("{shape}: {messages} messages wait, then go");
        self.account("pause").await?;
        stream::iter(&modems)
            .map(|modem| self.ask(modem))
            .buffer_unordered(8)
            .try_for_each(|()| async { Ok(()) })
            .await?;
        let before = self.provider.charges().len();
        self.slow(messages);
        let (cpu, start) = (self.process.cpu_s()?, Instant::now());
        self.account("resume").await?;
        self.until_charged(before + messages).await?;
        let (elapsed, cpu) = (start.elapsed(), self.process.cpu_s()? - cpu);
        let bare = self.bare(messages).await?;
        let rate = |elapsed: Duration| messages as f64 / elapsed.as_secs_f64();
        rows.push((
            shape,
            "messages through a 50 ms provider",
            format!("{messages} in {:.1} s", elapsed.as_secs_f64()),
        ));
        rows.push((
            shape,
            "of a bare client's rate",
            format!("{:.2} of {:.0}/s", rate(elapsed) / rate(bare), rate(bare)),
        ));
        rows.push((shape, "CPU for all of them", format!("{cpu:.2} s")));
        Ok(())
    }

    /// The modems of a fleet that has just been heard.
    async fn modems(&self, wanted: usize) -> Result<Vec<String>> {
        let mut source = Source::new(false)?;
        let requests = source.requests(4 * wanted, "/rockblock/incoming")?;
        let count = u64::try_from(4 * wanted)?;
        put(self.intake, requests, Shape::Count(count), 8).await;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (mut ids, mut cursor) = (Vec::new(), String::new());
            loop {
                let url = format!("{}/modems?limit=500{cursor}", self.tracker);
                let page: Value = self.client.get(url).send().await?.error_for_status()?.json().await?;
                let items = page.get("items").and_then(Value::as_array).context("no list of modems")?;
                ids.extend(items.iter().filter_map(|m| m.get("id")?.as_str().map(str::to_owned)));
                let Some(next) = page.get("next_cursor").and_then(Value::as_str) else { break };
                cursor = format!("&cursor={next}");
            }
            if ids.len() >= wanted {
                ids.truncate(wanted);
                return Ok(ids);
            }
            ensure!(Instant::now() < deadline, "only {} of {wanted} modems are known", ids.len());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn ask(&self, modem: &str) -> Result<()> {
        let body = json!({"modem_id": modem, "order": {"type": "sleep", "seconds": 600}});
        let answer = self.client.post(format!("{}/outgoing", self.courier)).json(&body).send().await?;
        answer.error_for_status()?;
        Ok(())
    }

    async fn account(&self, word: &str) -> Result<()> {
        let url = format!("{}/accounts/rockblock/{word}", self.courier);
        self.client.post(url).json(&json!({"reason": "measured"})).send().await?.error_for_status()?;
        Ok(())
    }

    fn slow(&self, times: usize) {
        let millis = u64::try_from(ANSWER.as_millis()).unwrap_or(u64::MAX);
        self.provider.force(Mood::Slow { millis }, u32::try_from(times).unwrap_or(u32::MAX));
    }

    async fn until_charged(&self, count: usize) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.provider.charges().len() < count {
            ensure!(Instant::now() < deadline, "the provider has not got {count} messages");
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// The ceiling: as many posts at a time, by a client that remembers nothing.
    async fn bare(&self, messages: usize) -> Result<Duration> {
        self.slow(messages);
        let client = Client::builder().no_proxy().build()?;
        let form = [
            ("imei", "300434063830001"),
            ("username", USERNAME),
            ("password", PASSWORD),
            ("data", "41"),
            ("flush", "yes"),
        ];
        let start = Instant::now();
        let posts = stream::iter(0..messages).map(|_| client.post(self.provider.url()).form(&form).send());
        posts
            .buffer_unordered(AT_A_TIME)
            .try_for_each(|answer| async { answer.error_for_status().map(drop) })
            .await?;
        Ok(start.elapsed())
    }
}
