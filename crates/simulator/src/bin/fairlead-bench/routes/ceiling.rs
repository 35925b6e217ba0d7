//! Deliveries to one endpoint, beside a client that posts as many at a time and remembers nothing.

use std::time::Duration;

use anyhow::Result;
use fairlead_simulator::receiver::sign;
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::Client;
use tokio::time::Instant;

use super::site::{End, Site, taken, until_taken};
use super::{Arguments, Rows};
use crate::pool::Source;

pub(super) async fn measure(site: &Site, arguments: &Arguments, rows: &mut Rows) -> Result<()> {
    let end = site.end("the only one", arguments.concurrency).await?;
    let mut source = Source::new(false)?;
    let (mut ours, mut theirs, mut cpu, mut all) = (Vec::new(), Vec::new(), 0.0, 0);
    for _ in 0..arguments.rounds {
        tracing::info!("{} messages to one endpoint", arguments.messages);
        site.push(&mut source, arguments.messages).await?;
        let (count, before, before_cpu) = (site.waiting(&end).await?, taken(&[&end]), site.cpu_s()?);
        site.switch(&end, "enable").await?;
        let elapsed = until_taken(&[&end], &before, count).await?;
        cpu += site.cpu_s()? - before_cpu;
        all += count;
        site.switch(&end, "disable").await?;
        let body = end.receiver.heard().pop().map(|heard| heard.body).unwrap_or_default();
        tracing::info!("a bare client");
        let bare = bare(&end, count, usize::from(arguments.concurrency), &body).await?;
        let rate = |elapsed: Duration| count as f64 / elapsed.as_secs_f64().max(1e-9);
        ours.push(rate(elapsed));
        theirs.push(rate(bare));
    }
    let each = |of: &[f64]| of.iter().map(|rate| format!("{rate:.0}")).collect::<Vec<_>>().join(", ");
    let (sum, bare_sum): (f64, f64) = (ours.iter().sum(), theirs.iter().sum());
    rows.push(("deliveries to one endpoint, a second", each(&ours)));
    rows.push(("a bare client's, a second", each(&theirs)));
    rows.push(("of a bare client's rate", format!("{:.2}", sum / bare_sum)));
    rows.push(("CPU for 1,000 deliveries", format!("{:.2} s", 1_000.0 * cpu / all as f64)));
    Ok(())
}

/// The same body as often, to the same receiver, signed so that it does the same work.
async fn bare(end: &End, count: u64, at_a_time: usize, body: &str) -> Result<Duration> {
    let client = Client::builder().no_proxy().build()?;
    let url = end.receiver.url();
    let start = Instant::now();
    let posts = stream::iter(0..count).map(|number| {
        let (client, url, secret) = (client.clone(), url.clone(), end.secret.clone());
        async move {
            let id = format!("bare-{number}");
            let seconds = fairlead_model::Clock::system().now().micros() / 1_000_000;
            let signature = sign(&secret, &id, seconds, body.as_bytes())?;
            let request = client
                .post(url)
                .header("content-type", "application/json")
                .header("webhook-id", id)
                .header("webhook-timestamp", seconds)
                .header("webhook-signature", signature)
                .body(body.to_owned());
            request.send().await?.error_for_status()?;
            anyhow::Ok(())
        }
    });
    posts.buffer_unordered(at_a_time).try_for_each(|()| async { Ok(()) }).await?;
    Ok(start.elapsed())
}
