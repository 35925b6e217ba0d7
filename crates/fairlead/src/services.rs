//! The services that there are. A family adds one line here.

use fairlead_console::Console;
use fairlead_hub::Hub;
use fairlead_intake::Intake;
use fairlead_runtime::{Host, Hosted};
use fairlead_tracker::Tracker;

/// All services. The console is the last, because it answers every address that is nobody else's.
pub(crate) fn all() -> Vec<Box<dyn Hosted>> {
    vec![
        Box::new(Host::<Intake>::new()),
        Box::new(Host::<Tracker>::new()),
        Box::new(Host::<Hub>::new()),
        Box::new(Host::<Console>::new()),
    ]
}

/// Names of the binaries that run one service each.
pub(crate) const BINARIES: [&str; 4] =
    ["fairlead-intake", "fairlead-tracker", "fairlead-hub", "fairlead-console"];

/// The services' parts of the API's description.
pub(crate) fn api_docs() -> Vec<utoipa::openapi::OpenApi> {
    vec![fairlead_intake::api_doc(), fairlead_tracker::api_doc(), fairlead_hub::api_doc(), fairlead_console::api_doc()]
}
