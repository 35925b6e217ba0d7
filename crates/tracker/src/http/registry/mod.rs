//! The registry: devices, their links with modems, groups, and who may register by itself.

pub(crate) mod body;
pub(crate) mod devices;
pub(crate) mod groups;
pub(crate) mod import;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod registration;

use actix_web::web;
use fairlead_model::device::LinkEffects;
use fairlead_model::{DeviceId, ModemId};
use fairlead_store::registry::{Checked, Flaw, Status};
use fairlead_web::{ApiError, Code};

use crate::jobs::understand::Changed;
use crate::service::State;

pub(crate) fn mount(config: &mut web::ServiceConfig) {
    config
        .route("/api/v1/devices", web::get().to(devices::list))
        .route("/api/v1/devices", web::post().to(devices::create))
        .route("/api/v1/devices/import", web::post().to(import::import))
        .route("/api/v1/devices/{id}", web::get().to(devices::get))
        .route("/api/v1/devices/{id}", web::patch().to(devices::change))
        .route("/api/v1/devices/{id}", web::delete().to(devices::remove))
        .route("/api/v1/devices/{id}/key", web::post().to(keys::make))
        .route("/api/v1/devices/{id}/key", web::delete().to(keys::remove))
        .route("/api/v1/devices/{id}/link", web::post().to(links::link))
        .route("/api/v1/devices/{id}/unlink", web::post().to(links::unlink))
        .route("/api/v1/devices/{id}/links", web::get().to(links::of_device))
        .route("/api/v1/modems/{id}/links", web::get().to(links::of_modem))
        .route("/api/v1/groups", web::get().to(groups::list))
        .route("/api/v1/groups", web::post().to(groups::add))
        .route("/api/v1/groups/{id}", web::delete().to(groups::remove))
        .route("/api/v1/groups/{id}/devices", web::put().to(groups::set_devices))
        .route("/api/v1/registration", web::get().to(registration::get))
        .route("/api/v1/registration", web::post().to(registration::open))
        .route("/api/v1/registration", web::delete().to(registration::shut));
}

/// What was made, or all that stands against it: 409 where that is only what is there already, else 422.
pub(super) fn made<T>(checked: Checked<T>) -> Result<T, ApiError> {
    checked.map_err(|flaws| {
        let in_the_way = flaws.iter().all(|flaw| flaw.status() == Status::InTheWay);
        let code = if in_the_way { Code::InTheWay } else { Code::Unprocessable };
        ApiError::all(code, flaws.iter().map(Flaw::to_string).collect())
    })
}

/// Tells the pages how devices and modems are now.
pub(super) fn tell(
    state: &State,
    devices: impl IntoIterator<Item = DeviceId>,
    modems: impl IntoIterator<Item = ModemId>,
) {
    let devices = devices.into_iter().collect();
    state.news.changed(Changed { devices, modems: modems.into_iter().collect(), ..Changed::default() });
}

/// Tells the pages what a link has changed.
pub(super) fn tell_link(state: &State, effects: &LinkEffects) {
    tell(state, [effects.device.id], effects.modem.id);
}
