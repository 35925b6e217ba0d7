#![doc = include_str!("../README.md")]

mod http;
mod pages;
mod passwords;
mod service;
mod settings;
mod throttle;

pub use http::api_doc;
pub use service::{Console, sign_in_link};
pub use settings::Settings;
