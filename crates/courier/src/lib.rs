#![doc = include_str!("../README.md")]

mod audience;
mod budget;
mod calendar;
mod deliveries;
mod drivers;
mod endpoints;
mod http;
mod jobs;
mod news;
mod order;
mod proof;
mod reach;
mod rules;
mod service;
mod settings;
mod trial;

pub use http::api_doc;
pub use service::Courier;
pub use settings::Settings;
