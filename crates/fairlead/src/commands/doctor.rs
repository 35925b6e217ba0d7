//! `fairlead doctor`: looks at what the server stands on, and says what to do.

use std::process::ExitCode;

use clap::Args;
use fairlead_bus::{Bus, BusUrl, Options};
use fairlead_model::Clock;
use fairlead_runtime::{Arguments, Loaded, Shape, doctor};
use fairlead_store::Store;
use fairlead_web::health::Check;

use crate::command_line::{load, say};
use crate::services;

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(crate) async fn run(self, settings: Arguments) -> anyhow::Result<ExitCode> {
        let loaded = load(&settings)?;
        let bus = loaded.common.bus_url();
        let shape = if matches!(bus, Ok(BusUrl::Amqp(_))) { Shape::Several } else { Shape::OneProcess };
        let mut findings = doctor::looks(&loaded, &services::all(), shape)?.checks().await;
        findings.extend(servers(&loaded, bus).await);
        if self.json {
            say(&serde_json::to_string_pretty(&findings)?);
        } else {
            findings.iter().for_each(|finding| say(&line(finding)));
        }
        Ok(if findings.iter().all(|finding| finding.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Store and broker, as far as the settings lead to them.
async fn servers(loaded: &Loaded, bus: Result<BusUrl, String>) -> Vec<Check> {
    let store = match loaded.common.store_url().map(Store::open) {
        Ok(Ok(store)) => store,
        Ok(Err(e)) => {
            let check = Check::bad("store", format!("It cannot be opened: {e}."));
            return vec![check.advice("Check store.url and the rights on the file.")];
        }
        Err(e) => return vec![Check::bad("store", e).advice("Correct store.url.")],
    };
    let schema = doctor::store(&store).await;
    let reached = match bus {
        Ok(url) => doctor::bus(&Bus::open(url, store, Clock::system(), Options::default())).await,
        Err(e) => Check::bad("bus", e).advice("Correct bus.url."),
    };
    vec![schema, reached]
}

fn line(finding: &Check) -> String {
    let mark = if finding.ok { "ok " } else { "!! " };
    let advice = finding.advice.as_ref().map_or_else(String::new, |a| format!("\n     do: {a}"));
    format!("{mark} {:<8} {}{advice}", finding.name, finding.reason)
}
