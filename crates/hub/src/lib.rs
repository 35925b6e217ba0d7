#![doc = include_str!("../README.md")]

mod http;
mod jobs;
mod ports;
mod rooms;
mod service;
mod settings;
mod snapshot;

pub use http::api_doc;
pub use service::Hub;
pub use settings::Settings;
