#![doc = include_str!("../README.md")]

pub mod auth;
pub mod error;
pub mod health;
pub mod networks;
pub mod page;
pub mod password;
mod reason;
pub mod request;

pub use auth::{Admin, Caller, Operator, Viewer};
pub use error::{ApiError, Code};
pub use page::{Page, PageQuery};
pub use reason::ChangeReason;
