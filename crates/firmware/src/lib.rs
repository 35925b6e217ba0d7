#![doc = include_str!("../README.md")]

mod door;
mod git;
mod http;
mod jobs;
mod library;
mod news;
mod plan;
mod progress;
mod rollback;
mod rollout;
mod rules;
mod service;
mod settings;
mod signature;
mod sources;
mod upgrade;

pub use http::api_doc;
pub use service::Firmware;
pub use settings::Settings;
