#![doc = include_str!("../README.md")]

mod git;
mod http;
mod jobs;
mod library;
mod news;
mod service;
mod settings;
mod signature;
mod sources;

pub use http::api_doc;
pub use service::Firmware;
pub use settings::Settings;
