//! What a service wants to be known of it, and what it has looked at, stand in its process's report.

use fairlead_model::Time;
use fairlead_runtime::{Common, Context, Host, Hosted, Mount, Service, ServiceSettings};
use fairlead_store::reports;
use fairlead_testkit::{Backend, PATIENCE, System};
use fairlead_web::health::{Check, Health, Report};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

fairlead_testkit::on_both_backends!(a_report_tells_of_the_service);

struct Lighthouse;

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Settings {
    listen: String,
    lamp: String,
}

impl ServiceSettings for Settings {
    fn listen(&self) -> &str {
        &self.listen
    }
}

impl Service for Lighthouse {
    const NAME: &'static str = "lighthouse";
    type Settings = Settings;

    async fn start(settings: Settings, context: Context) -> anyhow::Result<Mount> {
        context.facts.set("lamp", json!(settings.lamp));
        context.facts.set("lamp", json!({"colour": settings.lamp}));
        context.health.add(|| std::future::ready(Check::bad("lamp", "It is dark.").advice("Light it.")));
        Ok(Mount::new(|_| {}))
    }

    fn doctor(settings: &Settings, _: &Common, doctor: &Health) {
        let found = Check::good("colour", format!("It is {}.", settings.lamp));
        doctor.add(move || std::future::ready(found.clone()));
    }
}

async fn a_report_tells_of_the_service(backend: Backend) {
    let services: Vec<Box<dyn Hosted>> = vec![Box::new(Host::<Lighthouse>::new())];
    let system = System::start(backend, services, &["lighthouse.lamp=red"]).await;
    let report = tokio::time::timeout(PATIENCE, looked_at(&system)).await.unwrap();
    assert_eq!((report.services, report.ready), (vec!["lighthouse".to_owned()], false));
    assert_eq!(json!(report.facts), json!({"lamp": {"colour": "red"}}));
    assert_eq!(report.started_at, Time::parse_rfc3339(fairlead_testkit::START).unwrap());
    let dark = Check::bad("lamp", "It is dark.").advice("Light it.");
    assert!(report.checks.contains(&dark), "{:?}", report.checks);
    assert!(report.findings.contains(&Check::good("colour", "It is red.")), "{:?}", report.findings);
    system.stop().await;
}

/// The first report after the doctor's look.
async fn looked_at(system: &System) -> Report {
    loop {
        let rows = system.store.read(reports::list).await.unwrap();
        let report = rows.first().map(|row| serde_json::from_str::<Report>(&row.report).unwrap());
        match report {
            Some(report) if !report.findings.is_empty() => return report,
            _ => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
        }
    }
}
