#![doc = include_str!("../README.md")]

mod cloudloop;
mod decode;
mod http;
mod jobs;
mod rockstar;
mod routing;
mod rules;
mod service;
mod settings;

pub use http::api_doc;
pub use service::Tracker;
pub use settings::Settings;
