//! The services that there are. A family adds one line here.

use fairlead_console::Console;
use fairlead_courier::Courier;
use fairlead_firmware::Firmware;
use fairlead_hub::Hub;
use fairlead_intake::Intake;
use fairlead_runtime::{Host, Hosted};
use fairlead_tracker::Tracker;

/// All services. The console is the last, because it answers every address that is nobody else's.
pub(crate) fn all() -> Vec<Box<dyn Hosted>> {
    vec![
        Box::new(Host::<Intake>::new()),
        Box::new(Host::<Tracker>::new()),
        Box::new(Host::<Courier>::new()),
        Box::new(Host::<Firmware>::new()),
        Box::new(Host::<Hub>::new()),
        Box::new(Host::<Console>::new()),
    ]
}

/// The names of all services.
pub(crate) fn names() -> Vec<&'static str> {
    all().iter().map(|service| service.name()).collect()
}

/// Which addresses belong to which service, for the proxy before separate binaries.
pub(crate) const ROUTES: [(&str, &str); 38] = [
    ("/rockblock/", "intake"),
    ("/rockstar/", "intake"),
    ("/cloudloop/", "intake"),
    ("/connection/hc", "intake"),
    ("/api/v1/held/", "intake"),
    ("/api/v1/first-run/test", "intake"),
    ("/api/v1/modems", "tracker"),
    ("/api/v1/messages", "tracker"),
    ("/api/v1/problems", "tracker"),
    ("/api/v1/outgoing", "courier"),
    ("/api/v1/downlinks/", "courier"),
    ("/api/v1/accounts", "courier"),
    ("/api/v1/credits", "courier"),
    ("/api/v1/budgets", "courier"),
    ("/api/v1/schedules", "courier"),
    ("/api/v1/endpoints", "courier"),
    ("/api/v1/deliveries", "courier"),
    ("/api/v1/routes", "tracker"),
    ("/api/v1/formats", "tracker"),
    ("/api/v1/import", "intake"),
    ("/api/v1/devices", "tracker"),
    ("/api/v1/groups", "tracker"),
    ("/api/v1/registration", "tracker"),
    ("/v1/", "tracker"),
    ("/v1/app", "console"),
    ("/v1/device/", "console"),
    ("/v1/buoy/", "firmware"),
    ("/v1/handset/", "firmware"),
    ("/d/", "firmware"),
    ("/api/v1/firmware/", "firmware"),
    ("/api/v1/firmware/hooks/", "firmware"),
    ("/api/v1/firmware/rollouts", "firmware"),
    ("/api/v1/rooms", "hub"),
    ("/api/v1/rooms/", "hub"),
    ("/api/v1/knocks", "hub"),
    ("/api/v1/live", "hub"),
    ("/api/v1/feed", "hub"),
    ("/", "console"),
];

/// The services' parts of the API's description.
pub(crate) fn api_docs() -> Vec<utoipa::openapi::OpenApi> {
    vec![
        fairlead_intake::api_doc(),
        fairlead_tracker::api_doc(),
        fairlead_courier::api_doc(),
        fairlead_firmware::api_doc(),
        fairlead_hub::api_doc(),
        fairlead_console::api_doc(),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nginx_routes_as_the_demo_does() {
        let file = include_str!("../../../nginx/fairlead.conf");
        let blocks = file.split("location ").skip(1);
        let routes: BTreeSet<(String, String)> = blocks
            .filter_map(|block| {
                let (path, rest) = block.split_once(" {")?;
                let (_, service) = rest.split_once("proxy_pass http://fairlead_")?;
                let path = path.trim_start_matches(['=', '^', '~', ' ']);
                Some((path.to_owned(), service.split_once(';')?.0.to_owned()))
            })
            .collect();
        let ours = ROUTES.map(|(path, service)| (path.to_owned(), service.to_owned()));
        assert_eq!(routes, BTreeSet::from(ours));
    }
}
