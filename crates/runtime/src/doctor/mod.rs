//! What a process stands on, looked at with care: for `fairlead doctor`, and for the findings that a running process
//! reports. Each look says what to do about what it finds.

mod address;
mod certificate;
mod disk;
mod secrets;

use std::time::Duration;

use fairlead_bus::Bus;
use fairlead_model::{Clock, Time};
use fairlead_store::Store;
use fairlead_web::health::{Check, Health};

pub use disk::fsync;

use crate::settings::ClockSettings;
use crate::{Hosted, Loaded, Shape};

/// This program was not there before; a clock that says so is wrong.
const RELEASED: &str = "2026-11-01T00:00:00Z";

/// How long the broker is waited for.
const BROKER: Duration = Duration::from_secs(5);

/// How often the broker is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(100);

/// What there is to look at for a process with these services, its servers left out.
///
/// # Errors
/// A sentence about a setting of a service that cannot be used.
pub fn looks(loaded: &Loaded, services: &[Box<dyn Hosted>], shape: Shape) -> anyhow::Result<Health> {
    let doctor = Health::default();
    let common = &loaded.common;
    let settings = common.clock.clone();
    doctor.add(move || std::future::ready(clock(&settings)));
    let dir = common.data.dir.clone();
    doctor.add(move || disk::folder(dir.clone()));
    let dir = common.data.dir.clone();
    doctor.add(move || disk::room(dir.clone()));
    let found = secrets::servers(&common.store.url, &common.bus.url);
    doctor.add(move || std::future::ready(found.clone()));
    let found = address::encrypted(&common.http, &addresses(loaded, services, shape)?);
    doctor.add(move || std::future::ready(found.clone()));
    if common.http.tls.is_set() {
        let settings = common.http.tls.clone();
        doctor.add(move || std::future::ready(certificate::good(&settings, Clock::system().now())));
    }
    services.iter().try_for_each(|service| service.doctor(loaded, &doctor))?;
    Ok(doctor)
}

/// Where the services listen.
fn addresses(loaded: &Loaded, services: &[Box<dyn Hosted>], shape: Shape) -> anyhow::Result<Vec<String>> {
    match shape {
        Shape::OneProcess => Ok(vec![loaded.common.http.listen.clone()]),
        Shape::Several => services.iter().map(|service| service.listen(loaded)).collect(),
    }
}

/// A clock before the release of this program is wrong for certain.
fn clock(settings: &ClockSettings) -> Check {
    let now = Clock::system().now();
    if Time::parse_rfc3339(RELEASED).is_some_and(|released| now < released) {
        return Check::bad("clock", format!("It is {now} here, which cannot be."))
            .bearable()
            .advice("Set the clock, and let NTP keep it.");
    }
    match settings.speed {
        1 => Check::good("clock", format!("It is {now} here.")),
        n => Check::bad("clock", format!("It runs {n} times as fast."))
            .bearable()
            .advice("Remove clock.speed; it is for demos."),
    }
}

/// Whether the store answers, with the schema of this build.
pub async fn store(store: &Store) -> Check {
    match store.schema_version().await {
        Ok((Some(has), wants)) if has == wants => Check::good("store", format!("It has schema {has}.")),
        Ok((has, wants)) if has.as_ref() > Some(&wants) => {
            let has = has.unwrap_or_default();
            Check::bad("store", format!("Its schema {has} is newer than this build's {wants}."))
                .bearable()
                .advice("Install the newer release.")
        }
        Ok((has, wants)) => {
            let has = has.unwrap_or_else(|| "empty".to_owned());
            Check::bad("store", format!("Its schema is {has}; this build wants {wants}."))
                .bearable()
                .advice("Start the server, or run `fairlead migrate`.")
        }
        Err(e) => Check::bad("store", format!("It does not answer: {e}."))
            .bearable()
            .advice("Start the database server, or correct store.url."),
    }
}

/// Whether the broker is reached; it is given a few seconds.
pub async fn bus(bus: &Bus) -> Check {
    let reached = async {
        while !bus.state().reachable {
            tokio::time::sleep(LOOK).await;
        }
    };
    // What became of it is looked at anyway.
    let _ = tokio::time::timeout(BROKER, reached).await;
    let state = bus.state();
    match (state.reachable, state.kind) {
        (true, "local") => Check::good("bus", "In the process; nothing to reach."),
        (true, _) => Check::good("bus", "The broker is reached."),
        (false, _) => {
            Check::bad("bus", state.reason.unwrap_or_else(|| "The broker is not reached.".to_owned()))
                .bearable()
                .advice("Start RabbitMQ, or correct bus.url.")
        }
    }
}
