#![doc = include_str!("../README.md")]

mod http;
pub mod import;
mod jobs;
mod pushed;
mod record;
mod round_trip;
mod rules;
mod service;
mod settings;
mod trust;

pub use http::api_doc;
pub use service::Intake;
pub use settings::Settings;
