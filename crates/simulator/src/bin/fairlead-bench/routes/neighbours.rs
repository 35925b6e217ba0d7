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

    // The store grows from drain to drain, so each one beside the two stands between two without them.
    let mut alone = vec![by_themselves(site, &mut source, arguments, &others).await?];
    let mut shares = Vec::new();
    let (mut rates, mut cpu) = (Vec::new(), 0.0);
    for _ in 0..arguments.rounds {
        tracing::info!("the same, beside a dead and a slow one");
        for end in [dead, slow] {
            site.switch(end, "enable").await?;
        }
        let before = site.cpu_s()?;
        let beside = drain(site, &mut source, arguments.messages, &others).await?;
        cpu += site.cpu_s()? - before;
        for end in [dead, slow] {
            site.switch(end, "disable").await?;
        }
        let earlier = alone.last().copied().unwrap_or(beside);
        let later = by_themselves(site, &mut source, arguments, &others).await?;
        shares.push(2.0 * beside / (earlier + later));
        rates.push(beside);
        alone.push(later);
    }
    let each: Vec<String> = shares.iter().map(|share| format!("{share:.2}")).collect();
    rows.push((
        "endpoints beside a dead and a slow one: rate, of their rate without those",
        format!("{:.0}/s, {:.2} (of each: {})", mean(&rates), mean(&shares), each.join(", ")),
    ));
    let each_s = cpu / f64::from(arguments.rounds);
    rows.push(("CPU for those deliveries, the pushes and the two others", format!("{each_s:.2} s")));
    Ok(())
}

async fn by_themselves(
    site: &Site,
    source: &mut Source,
    arguments: &Arguments,
    others: &[&End],
) -> Result<f64> {
    tracing::info!("{} endpoints by themselves", others.len());
    drain(site, source, arguments.messages, others).await
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Pushes while the endpoints are off, switches them on, and returns the rate at which all of them together take what waits.
/// They are off again afterwards.
async fn drain(site: &Site, source: &mut Source, messages: usize, ends: &[&End]) -> Result<f64> {
    site.push(source, messages).await?;
    let count = site.waiting(ends.first().context("there are no endpoints")?).await?;
    let before = taken(ends);
    for end in ends {
        site.switch(end, "enable").await?;
    }
    let elapsed = until_taken(ends, &before, count).await?;
    for end in ends {
        site.switch(end, "disable").await?;
    }
    let all = count as f64 * ends.len() as f64;
    Ok(all / elapsed.as_secs_f64().max(1e-9))
}
