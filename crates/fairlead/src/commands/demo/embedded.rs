//! The demo's Fairlead in this process, on the embedded default.

use fairlead_runtime::{Arguments, Process, Running, Shape};
use fairlead_store::Store;

use super::Stage;
use crate::command_line::load;
use crate::services;

/// A Fairlead in this process.
pub(super) struct Embedded(Running);

/// Starts all services in this process. `own`: what single services are set to, as `key=value`.
pub(super) async fn start(stage: &Stage, own: &[String]) -> anyhow::Result<Embedded> {
    let mut set = stage.settings();
    set.push(format!("data.dir={}", stage.folder.display()));
    set.push(format!("http.listen={}", stage.listen));
    set.extend_from_slice(own);
    let loaded = load(&Arguments { config: None, set })?;
    fairlead_runtime::start_logging(&loaded)?;
    let process =
        Process { loaded, services: services::all(), shape: Shape::OneProcess, clock: stage.clock.clone() };
    Ok(Embedded(process.start().await?))
}

impl Embedded {
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.0.address)
    }

    pub(super) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(super) async fn stop(self) {
        self.0.stop().await;
    }
}
