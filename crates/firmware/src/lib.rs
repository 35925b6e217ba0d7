#![doc = include_str!("../README.md")]

mod http;
mod library;
mod service;
mod settings;

pub use http::api_doc;
pub use service::Firmware;
pub use settings::Settings;
