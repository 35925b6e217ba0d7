#![doc = include_str!("../README.md")]

mod http;
mod pages;
mod service;
mod settings;

pub use http::api_doc;
pub use service::{Console, sign_in_link};
pub use settings::Settings;
