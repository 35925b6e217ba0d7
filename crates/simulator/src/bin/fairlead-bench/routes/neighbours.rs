//! What a dead and a slow endpoint cost the others.

use anyhow::{Context, Result};
use fairlead_simulator::receiver::Behaviour;

use super::site::{End, Site, taken, until_taken};
use super::{Arguments, Rows};
use crate::pool::Source;

/// What the slow one takes for an answer.
const SLOW_MS: u64 = 2_000;

pub(super) async fn measure(site: &Site, arguments: &Arguments, rows: &mut Rows) -> Result<()> {
    let mut ends = Vec::new();
    for number in 0..arguments.endpoints {
        ends.push(site.end(&format!("endpoint {number}"), arguments.concurrency).await?);
    }
    let [dead, slow, others @ ..] = ends.as_slice() else { anyhow::bail!("there are too few endpoints") };
    dead.receiver.behave(Behaviour::Dead);
    slow.receiver.behave(Behaviour::Slow { millis: SLOW_MS });
    let others: Vec<&End> = others.iter().collect();
    let mut source = Source::new(false)?;

    tracing::info!("{} endpoints by themselves", others.len());
    let alone = drain(site, &mut source, arguments.messages, &others).await?;
    for end in &others {
        site.switch(end, "disable").await?;
    }
    tracing::info!("the same, beside a dead and a slow one");
    for end in [dead, slow] {
        site.switch(end, "enable").await?;
    }
    let cpu = site.cpu_s()?;
    let beside = drain(site, &mut source, arguments.messages, &others).await?;
    let cpu = site.cpu_s()? - cpu;
    rows.push((
        "endpoints beside a dead and a slow one: rate, of their rate without those",
        format!("{beside:.0}/s, {:.2}", beside / alone),
    ));
    rows.push(("CPU for those deliveries, the pushes and the two others", format!("{cpu:.2} s")));
    Ok(())
}

/// Pushes while the endpoints are off, switches them on, and returns the rate at which all of them together take what waits.
async fn drain(site: &Site, source: &mut Source, messages: usize, ends: &[&End]) -> Result<f64> {
    site.push(source, messages).await?;
    let count = site.waiting(ends.first().context("there are no endpoints")?).await?;
    let before = taken(ends);
    for end in ends {
        site.switch(end, "enable").await?;
    }
    let elapsed = until_taken(ends, &before, count).await?;
    let all = count as f64 * ends.len() as f64;
    Ok(all / elapsed.as_secs_f64().max(1e-9))
}
