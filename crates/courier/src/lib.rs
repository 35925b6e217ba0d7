#![doc = include_str!("../README.md")]

mod drivers;
mod http;
mod jobs;
mod news;
mod order;
mod proof;
mod rules;
mod service;
mod settings;

pub use http::api_doc;
pub use service::Courier;
pub use settings::Settings;
